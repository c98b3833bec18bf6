//! Examples of controls that look at several objects: identities, networks,
//! availability.

use super::{Case, workloads::deployment};

/// An example: the control, the documents, the paths it must report.
fn case(id: &'static str, documents: &[&str], expect: &[&str]) -> Case {
    Case {
        id,
        yaml: documents.join("---\n"),
        expect: expect.iter().map(|path| (*path).to_owned()).collect(),
    }
}

fn account(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n{rest}"
    )
}

fn binding(kind: &str, role: &str, subjects: &str) -> String {
    let namespace = if kind == "RoleBinding" {
        ", namespace: shop"
    } else {
        ""
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{namespace}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, {role}}}\nsubjects: [{subjects}]\n"
    )
}

const POD: &str = "spec.template.spec";
const OFF: &str = "automountServiceAccountToken: false\n";
const WEB: &str = "{kind: ServiceAccount, name: web, namespace: shop}";

pub fn cases() -> Vec<Case> {
    let mut cases = identity();
    cases.extend(network());
    cases.extend(plugin_policies());
    cases.extend(exposure());
    cases.extend(availability());
    cases
}

fn identity() -> Vec<Case> {
    let automount = &format!("{POD}.automountServiceAccountToken")[..];
    let name = &format!("{POD}.serviceAccountName")[..];
    let plain = &deployment("", "")[..];
    let own = &deployment("serviceAccountName: web", "")[..];
    let off = &deployment("automountServiceAccountToken: false", "")[..];
    let on = &deployment("automountServiceAccountToken: true", "")[..];
    let role = &binding("RoleBinding", "kind: Role, name: r", WEB)[..];
    let admin = &binding(
        "ClusterRoleBinding",
        "kind: ClusterRole, name: cluster-admin",
        WEB,
    )[..];
    let everything = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n";
    let bound_to_all = &binding("ClusterRoleBinding", "kind: ClusterRole, name: all", WEB)[..];
    vec![
        case("token-automount", &[plain], &[automount]),
        case("token-automount", &[on], &[automount]),
        case("token-automount", &[off], &[]),
        case("token-automount", &[plain, &account("default", OFF)], &[]),
        case(
            "token-automount",
            &[plain, &account("default", "")],
            &[automount],
        ),
        case(
            "token-automount",
            &[on, &account("default", OFF)],
            &[automount],
        ),
        case("token-automount", &[own, &account("web", "")], &[automount]),
        case("token-automount", &[own, role], &[]),
        case("default-service-account", &[plain], &[name]),
        case("default-service-account", &[own], &[]),
        case("default-service-account", &[off], &[]),
        case(
            "default-service-account",
            &[plain, &account("default", OFF)],
            &[],
        ),
        case(
            "default-namespace",
            &[&plain.replace("namespace: shop", "namespace: default")],
            &["metadata.namespace"],
        ),
        case(
            "default-namespace",
            &[&plain.replace(", namespace: shop", "")],
            &["metadata.namespace"],
        ),
        case("default-namespace", &[plain], &[]),
        case("workload-cluster-admin", &[own, admin], &[name]),
        case(
            "workload-cluster-admin",
            &[own, everything, bound_to_all],
            &[name],
        ),
        case("workload-cluster-admin", &[own, role], &[]),
        case("workload-cluster-admin", &[plain, admin], &[]),
        case(
            "workload-cluster-admin",
            &[
                &deployment(
                    "serviceAccountName: web, automountServiceAccountToken: false",
                    "",
                ),
                admin,
            ],
            &[],
        ),
    ]
}

fn policy(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )
}

fn plugin_policy(api: &str, kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
    )
}

fn plugin_policies() -> Vec<Case> {
    let web = &deployment("", "")[..];
    let labels = "spec.template.metadata.labels";
    let cilium = |spec: &str| plugin_policy("cilium.io/v2", "CiliumNetworkPolicy", spec);
    let calico = |spec: &str| plugin_policy("projectcalico.org/v3", "GlobalNetworkPolicy", spec);
    let own = "endpointSelector: {matchLabels: {\"k8s:app\": web}}, ingress: [{}]";
    vec![
        case("network-policy-missing", &[web, &cilium(own)], &[]),
        case(
            "network-policy-egress-missing",
            &[web, &cilium(own)],
            &[labels],
        ),
        case(
            "network-policy-missing",
            &[
                web,
                &cilium("endpointSelector: {matchLabels: {app: db}}, ingress: [{}]"),
            ],
            &[labels],
        ),
        case(
            "network-policy-egress-missing",
            &[
                web,
                &calico("selector: app == 'web', egress: [{action: Deny}]"),
            ],
            &[],
        ),
        case(
            "network-policy-missing",
            &[web, &calico("selector: app != 'web'")],
            &[labels],
        ),
        // What can't be told is no finding.
        case(
            "network-policy-missing",
            &[web, &calico("selector: app resembles 'web'")],
            &[],
        ),
    ]
}

fn network() -> Vec<Case> {
    let web = &deployment("", "")[..];
    let labels = "spec.template.metadata.labels";
    vec![
        case("network-policy-missing", &[web], &[labels]),
        case(
            "network-policy-missing",
            &[web, &policy("shop", "podSelector: {}")],
            &[],
        ),
        case(
            "network-policy-missing",
            &[
                web,
                &policy(
                    "shop",
                    "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]",
                ),
            ],
            &[],
        ),
        case(
            "network-policy-missing",
            &[
                web,
                &policy("shop", "podSelector: {matchLabels: {app: db}}"),
            ],
            &[labels],
        ),
        case(
            "network-policy-missing",
            &[
                web,
                &policy("shop", "podSelector: {}, policyTypes: [Egress]"),
            ],
            &[labels],
        ),
        case(
            "network-policy-missing",
            &[web, &policy("other", "podSelector: {}")],
            &[labels],
        ),
        case(
            "network-policy-missing",
            &[&deployment("hostNetwork: true", "")],
            &[],
        ),
        case(
            "network-policy-egress-missing",
            &[web, &policy("shop", "podSelector: {}")],
            &[labels],
        ),
        case(
            "network-policy-egress-missing",
            &[web, &policy("shop", "podSelector: {}, egress: [{}]")],
            &[],
        ),
        case(
            "network-policy-egress-missing",
            &[
                web,
                &policy("shop", "podSelector: {}, policyTypes: [Egress]"),
            ],
            &[],
        ),
        case(
            "network-policy-allow-all",
            &[&policy("shop", "podSelector: {}, ingress: [{}]")],
            &["spec.ingress[0]"],
        ),
        case(
            "network-policy-allow-all",
            &[&policy(
                "shop",
                "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
            )],
            &["spec.ingress[0]"],
        ),
        case(
            "network-policy-allow-all",
            &[&policy(
                "shop",
                "podSelector: {}, ingress: [{ports: [{port: 80}]}]",
            )],
            &[],
        ),
        case(
            "network-policy-allow-all",
            &[&policy(
                "shop",
                "podSelector: {}, ingress: [{from: [{podSelector: {}}]}]",
            )],
            &[],
        ),
        case(
            "network-policy-allow-all",
            &[&policy("shop", "podSelector: {}, ingress: []")],
            &[],
        ),
        case(
            "network-policy-allow-all",
            &[&policy(
                "shop",
                "podSelector: {}, egress: [{}], policyTypes: [Egress]",
            )],
            &[],
        ),
    ]
}

fn service(annotations: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: shop, annotations: {{{annotations}}}}}\nspec: {{{spec}}}\n"
    )
}

fn ingress(annotations: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: shop, annotations: {{{annotations}}}}}\nspec: {{{spec}}}\n"
    )
}

fn exposure() -> Vec<Case> {
    let ranges = "spec.loadBalancerSourceRanges";
    let dashboard = deployment(
        "",
        "image: 'kubernetesui/dashboard:v2.7.0', ports: [{containerPort: 8443}]",
    );
    let open = service(
        "",
        "type: LoadBalancer, selector: {app: web}, ports: [{port: 443, targetPort: 8443}]",
    );
    let inside = service(
        "",
        "selector: {app: web}, ports: [{port: 443, targetPort: 8443}]",
    );
    vec![
        case(
            "service-load-balancer-open",
            &[&service("", "type: LoadBalancer")],
            &[ranges],
        ),
        case(
            "service-load-balancer-open",
            &[&service(
                "",
                "type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/0]",
            )],
            &[ranges],
        ),
        case(
            "service-load-balancer-open",
            &[&service(
                "",
                "type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]",
            )],
            &[],
        ),
        case(
            "service-load-balancer-open",
            &[&service(
                "service.beta.kubernetes.io/azure-load-balancer-internal: 'true'",
                "type: LoadBalancer",
            )],
            &[],
        ),
        case(
            "service-load-balancer-open",
            &[&service(
                "service.beta.kubernetes.io/azure-load-balancer-internal: 'false'",
                "type: LoadBalancer",
            )],
            &[ranges],
        ),
        case(
            "service-load-balancer-open",
            &[&service(
                "networking.gke.io/load-balancer-type: Internal",
                "type: LoadBalancer",
            )],
            &[],
        ),
        case(
            "service-load-balancer-open",
            &[&service("", "type: NodePort")],
            &[],
        ),
        case(
            "service-node-port",
            &[&service(
                "",
                "type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 81}]",
            )],
            &["spec.type"],
        ),
        case("service-node-port", &[&service("", "type: ClusterIP")], &[]),
        case(
            "service-node-port",
            &[&service("", "type: LoadBalancer")],
            &[],
        ),
        case(
            "service-node-port",
            &[
                "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\nspec: {type: NodePort}\n",
            ],
            &[],
        ),
        case(
            "service-external-ips",
            &[&service("", "externalIPs: [203.0.113.7]")],
            &["spec.externalIPs[0]"],
        ),
        case(
            "service-external-ips",
            &[&service("", "externalIPs: []")],
            &[],
        ),
        case(
            "ingress-no-tls",
            &[&ingress("", "rules: [{host: a.example.com}]")],
            &["spec.tls"],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "",
                "rules: [{host: a.example.com}], tls: [{hosts: [a.example.com], secretName: a}]",
            )],
            &[],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "",
                "rules: [{host: a.example.com}, {host: b.example.com}], tls: [{hosts: [a.example.com]}]",
            )],
            &["spec.rules[1].host"],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "",
                "rules: [{host: a.example.com}], tls: [{hosts: ['*.example.com']}]",
            )],
            &[],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "",
                "rules: [{host: a.b.example.com}], tls: [{hosts: ['*.example.com']}]",
            )],
            &["spec.rules[0].host"],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "",
                "rules: [{host: a.example.com}], tls: [{secretName: a}]",
            )],
            &[],
        ),
        case(
            "ingress-no-tls",
            &[&ingress(
                "alb.ingress.kubernetes.io/certificate-arn: 'arn:x'",
                "rules: []",
            )],
            &[],
        ),
        case(
            "ingress-nginx-snippet",
            &[&ingress(
                "nginx.ingress.kubernetes.io/configuration-snippet: 'x;'",
                "",
            )],
            &["metadata.annotations[\"nginx.ingress.kubernetes.io/configuration-snippet\"]"],
        ),
        case(
            "ingress-nginx-snippet",
            &[&ingress(
                "nginx.ingress.kubernetes.io/rewrite-target: /",
                "",
            )],
            &[],
        ),
        case(
            "ingress-wildcard-host",
            &[&ingress("", "rules: [{host: '*.example.com'}, {http: {}}]")],
            &["spec.rules[0].host", "spec.rules[1].host"],
        ),
        case(
            "ingress-wildcard-host",
            &[&ingress("", "rules: [{host: a.example.com}]")],
            &[],
        ),
        case(
            "dashboard-exposed",
            &[&dashboard, &open],
            &["spec.template.spec.containers[0].image"],
        ),
        case("dashboard-exposed", &[&dashboard, &inside], &[]),
        case(
            "dashboard-exposed",
            &[
                &deployment("", "image: 'shop/web:1', ports: [{containerPort: 8443}]"),
                &open,
            ],
            &[],
        ),
    ]
}

fn budget(spec: &str) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b, namespace: shop}}\nspec: {{selector: {{matchLabels: {{app: web}}}}, {spec}}}\n"
    )
}

fn scaler(name: &str, least: u8) -> String {
    format!(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h, namespace: shop}}\nspec: {{minReplicas: {least}, maxReplicas: 9, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}}}\n"
    )
}

fn availability() -> Vec<Case> {
    let web = &deployment("", "")[..];
    let single = &web.replace("replicas: 2, ", "")[..];
    let one = &web.replace("replicas: 2", "replicas: 1")[..];
    let none = &web.replace("replicas: 2", "replicas: 0")[..];
    let agent = &single.replace("Deployment", "DaemonSet")[..];
    let stateful = &one.replace("Deployment", "StatefulSet")[..];
    let selects = service("", "selector: {app: web}");
    let selects_none = service("", "selector: {app: db}");
    let mismatch = web.replace(
        "{matchLabels: {app: web}}",
        "{matchLabels: {app: web, tier: front}}",
    );
    let mismatch_in = web.replace(
        "{matchLabels: {app: web}}",
        "{matchExpressions: [{key: app, operator: In, values: [a, b]}]}",
    );
    vec![
        case("replicas-single", &[single], &["spec.replicas"]),
        case("replicas-single", &[one], &["spec.replicas"]),
        case("replicas-single", &[stateful], &["spec.replicas"]),
        case("replicas-single", &[web], &[]),
        case("replicas-single", &[none], &[]),
        case("replicas-single", &[agent], &[]),
        case("replicas-single", &[single, &scaler("web", 2)], &[]),
        case("pdb-missing", &[web], &["spec.replicas"]),
        case("pdb-missing", &[one, &scaler("web", 2)], &["spec.replicas"]),
        case("pdb-missing", &[one], &[]),
        case("pdb-missing", &[web, &budget("maxUnavailable: 1")], &[]),
        case("pdb-missing", &[agent], &[]),
        case(
            "pdb-blocks-eviction",
            &[&budget("maxUnavailable: 0")],
            &["spec.maxUnavailable"],
        ),
        case(
            "pdb-blocks-eviction",
            &[&budget("minAvailable: 100%")],
            &["spec.minAvailable"],
        ),
        case(
            "pdb-blocks-eviction",
            &[&budget("minAvailable: 2"), web],
            &["spec.minAvailable"],
        ),
        case(
            "pdb-blocks-eviction",
            &[&budget("minAvailable: 1"), web],
            &[],
        ),
        case("pdb-blocks-eviction", &[&budget("minAvailable: 2")], &[]),
        case("pdb-blocks-eviction", &[&budget("maxUnavailable: 1")], &[]),
        case(
            "pdb-blocks-eviction",
            &[&budget("minAvailable: 2"), web, &scaler("web", 3)],
            &[],
        ),
        case(
            "hpa-dangling",
            &[&scaler("gone", 2), web],
            &["spec.scaleTargetRef.name"],
        ),
        case("hpa-dangling", &[&scaler("web", 2), web], &[]),
        case(
            "service-selector-dangling",
            &[&selects_none, web],
            &["spec.selector"],
        ),
        case("service-selector-dangling", &[&selects, web], &[]),
        case(
            "service-selector-dangling",
            &[&service("", "clusterIP: None"), web],
            &[],
        ),
        case(
            "service-selector-dangling",
            &[
                &service(
                    "",
                    "type: ExternalName, externalName: a.example.com, selector: {app: db}",
                ),
                web,
            ],
            &[],
        ),
        case("selector-mismatch", &[&mismatch], &["spec.selector"]),
        case("selector-mismatch", &[&mismatch_in], &["spec.selector"]),
        case("selector-mismatch", &[web], &[]),
        case(
            "selector-mismatch",
            &[
                "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c, namespace: shop}\nspec: {jobTemplate: {spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: a}]}}}}}\n",
            ],
            &["spec.jobTemplate.spec.selector"],
        ),
        case(
            "selector-mismatch",
            &[
                "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: shop}\nspec: {template: {spec: {containers: [{name: a}]}}}\n",
            ],
            &[],
        ),
        case(
            "anti-affinity-missing",
            &[web],
            &["spec.template.spec.topologySpreadConstraints"],
        ),
        case("anti-affinity-missing", &[one], &[]),
        case(
            "anti-affinity-missing",
            &[&deployment("topologySpreadConstraints: [{maxSkew: 1}]", "")],
            &[],
        ),
        case(
            "anti-affinity-missing",
            &[&deployment(
                "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1}]}}",
                "",
            )],
            &[],
        ),
    ]
}
