//! Examples of controls over single objects: roles, bindings, namespaces,
//! webhooks, versions of APIs.

use super::Case;

fn case(id: &'static str, yaml: String, expect: &[&str]) -> Case {
    Case {
        id,
        yaml,
        expect: expect.iter().map(|path| (*path).to_owned()).collect(),
    }
}

fn role(kind: &str, name: &str, rules: &str) -> String {
    let namespace = if kind == "Role" {
        ", namespace: shop"
    } else {
        ""
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: '{name}'{namespace}}}\nrules: [{rules}]\n"
    )
}

fn rule(groups: &str, resources: &str, verbs: &str) -> String {
    format!("{{apiGroups: ['{groups}'], resources: [{resources}], verbs: [{verbs}]}}")
}

fn binding(kind: &str, name: &str, role: &str, subjects: &str) -> String {
    let namespace = if kind == "RoleBinding" {
        ", namespace: shop"
    } else {
        ""
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: '{name}'{namespace}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, {role}}}\nsubjects: [{subjects}]\n"
    )
}

pub fn cases() -> Vec<Case> {
    let mut cases = roles();
    cases.extend(bindings());
    cases.extend(cluster());
    cases.extend(upkeep());
    cases
}

fn roles() -> Vec<Case> {
    const RBAC: &str = "rbac.authorization.k8s.io";
    const ADMISSION: &str = "admissionregistration.k8s.io";
    const VERB: &[&str] = &["rules[0].verbs[0]"];
    let cluster = |id, rule: String, expect| case(id, role("ClusterRole", "r", &rule), expect);
    let named = |text: &str| text.replace("verbs:", "resourceNames: [one], verbs:");
    let mut cases = vec![
        cluster("rbac-wildcard", rule("", "pods", "'*'"), VERB),
        cluster(
            "rbac-wildcard",
            rule("", "'*'", "get"),
            &["rules[0].resources[0]"],
        ),
        cluster("rbac-wildcard", rule("*", "'*'", "'*'"), VERB),
        case(
            "rbac-wildcard",
            role("ClusterRole", "admin", &rule("*", "'*'", "get")),
            &[],
        ),
        case(
            "rbac-wildcard",
            role("Role", "admin", &rule("", "pods", "'*'")),
            VERB,
        ),
        cluster("rbac-wildcard", rule("apps", "'*/scale'", "get"), &[]),
        cluster("rbac-wildcard", rule("*", "pods", "get"), &[]),
        cluster("rbac-wildcard", named(&rule("", "configmaps", "'*'")), &[]),
        case(
            "rbac-wildcard",
            role("ClusterRole", "system:x", &rule("*", "'*'", "'*'")),
            &[],
        ),
        case(
            "rbac-wildcard",
            role("Role", "r", &rule("", "pods", "get, '*'")),
            &["rules[0].verbs[1]"],
        ),
        case(
            "rbac-wildcard",
            role("ClusterRole", "cluster-admin", &rule("*", "'*'", "'*'")).replace(
                "metadata: {",
                "metadata: {labels: {kubernetes.io/bootstrapping: rbac-defaults}, ",
            ),
            &[],
        ),
        cluster(
            "rbac-secrets-read",
            rule("", "configmaps, secrets", "list"),
            VERB,
        ),
        cluster("rbac-secrets-read", rule("*", "'*'", "'*'"), VERB),
        case(
            "rbac-secrets-read",
            role("Role", "r", &rule("", "secrets", "watch")),
            VERB,
        ),
        cluster("rbac-secrets-read", named(&rule("", "secrets", "get")), &[]),
        cluster("rbac-secrets-read", rule("", "secrets", "create"), &[]),
        cluster(
            "rbac-secrets-read",
            rule("shop.example.com", "secrets", "get"),
            &[],
        ),
        cluster(
            "rbac-escalate-bind-impersonate",
            rule(RBAC, "clusterroles", "get, bind"),
            &["rules[0].verbs[1]"],
        ),
        cluster(
            "rbac-escalate-bind-impersonate",
            rule(RBAC, "roles", "escalate"),
            VERB,
        ),
        cluster(
            "rbac-escalate-bind-impersonate",
            rule("", "users", "impersonate"),
            VERB,
        ),
        cluster(
            "rbac-escalate-bind-impersonate",
            named(&rule(RBAC, "clusterroles", "bind")),
            &[],
        ),
        cluster(
            "rbac-escalate-bind-impersonate",
            rule(RBAC, "clusterroles", "create, update"),
            &[],
        ),
        cluster("rbac-pod-create", rule("", "pods", "create"), VERB),
        cluster(
            "rbac-pod-create",
            rule("apps", "deployments", "create"),
            VERB,
        ),
        cluster("rbac-pod-create", rule("", "pods", "get, delete"), &[]),
        cluster("rbac-pod-create", rule("", "pods/eviction", "create"), &[]),
        cluster("rbac-pod-exec", rule("", "pods/exec", "create"), VERB),
        cluster("rbac-pod-exec", rule("", "pods/attach", "get"), VERB),
        cluster("rbac-pod-exec", rule("", "'*/exec'", "create"), VERB),
        cluster("rbac-pod-exec", rule("", "pods", "create, get"), &[]),
        cluster("rbac-pod-exec", rule("", "pods/exec", "list"), &[]),
        cluster("rbac-node-proxy", rule("", "nodes/proxy", "get"), VERB),
        cluster(
            "rbac-node-proxy",
            rule("", "nodes/metrics, nodes/stats", "get"),
            &[],
        ),
        case(
            "rbac-node-proxy",
            role("Role", "r", &rule("", "nodes/proxy", "get")),
            &[],
        ),
        cluster(
            "rbac-token-create",
            rule("", "serviceaccounts/token", "create"),
            VERB,
        ),
        cluster(
            "rbac-token-create",
            named(&rule("", "serviceaccounts/token", "create")),
            &[],
        ),
        cluster(
            "rbac-token-create",
            rule("", "serviceaccounts", "create"),
            &[],
        ),
        cluster(
            "rbac-webhook-config-write",
            rule(ADMISSION, "validatingwebhookconfigurations", "patch"),
            VERB,
        ),
        cluster(
            "rbac-webhook-config-write",
            named(&rule(ADMISSION, "mutatingwebhookconfigurations", "update")),
            &[],
        ),
        cluster(
            "rbac-webhook-config-write",
            rule(ADMISSION, "mutatingwebhookconfigurations", "get, list"),
            &[],
        ),
        cluster(
            "rbac-csr-approve",
            rule(
                "certificates.k8s.io",
                "certificatesigningrequests/approval",
                "update",
            ),
            VERB,
        ),
        cluster(
            "rbac-csr-approve",
            rule(
                "certificates.k8s.io",
                "certificatesigningrequests",
                "create",
            ),
            &[],
        ),
        cluster(
            "rbac-persistent-volume-create",
            rule("", "persistentvolumes", "create"),
            VERB,
        ),
        cluster(
            "rbac-persistent-volume-create",
            rule("", "persistentvolumeclaims", "create"),
            &[],
        ),
    ];
    // A subject of an aggregated role has no rules of its own to judge.
    cases.push(case(
        "rbac-wildcard",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\n".to_owned(),
        &[],
    ));
    cases
}

fn bindings() -> Vec<Case> {
    const ADMIN: &str = "kind: ClusterRole, name: cluster-admin";
    const VIEW: &str = "kind: ClusterRole, name: view";
    const USER: &str = "{kind: User, name: ada}";
    let cluster = |id, role, subjects, expect| {
        case(
            id,
            binding("ClusterRoleBinding", "b", role, subjects),
            expect,
        )
    };
    let group = |name: &str| format!("{{kind: Group, name: '{name}'}}");
    let named = &["subjects[0].name"][..];
    let everything = format!(
        "{}---\n{}",
        role("ClusterRole", "all", &rule("*", "'*'", "'*'")),
        binding(
            "ClusterRoleBinding",
            "b",
            "kind: ClusterRole, name: all",
            USER
        )
    );
    vec![
        cluster("rbac-cluster-admin-binding", ADMIN, USER, &["roleRef.name"]),
        case("rbac-cluster-admin-binding", everything, &["roleRef.name"]),
        cluster("rbac-cluster-admin-binding", VIEW, USER, &[]),
        cluster("rbac-cluster-admin-binding", ADMIN, "", &[]),
        case(
            "rbac-cluster-admin-binding",
            binding(
                "ClusterRoleBinding",
                "cluster-admin",
                ADMIN,
                &group("system:masters"),
            ),
            &[],
        ),
        case(
            "rbac-cluster-admin-binding",
            binding("ClusterRoleBinding", "system:x", ADMIN, USER),
            &[],
        ),
        case(
            "rbac-cluster-admin-binding",
            binding("RoleBinding", "b", ADMIN, USER),
            &[],
        ),
        // A Role of that name is another role.
        case(
            "rbac-namespace-admin-binding",
            binding("RoleBinding", "b", "kind: Role, name: cluster-admin", USER),
            &[],
        ),
        case(
            "rbac-namespace-admin-binding",
            binding("RoleBinding", "b", ADMIN, USER),
            &["roleRef.name"],
        ),
        case(
            "rbac-namespace-admin-binding",
            binding("RoleBinding", "b", "kind: ClusterRole, name: admin", USER),
            &[],
        ),
        cluster(
            "rbac-anonymous-binding",
            VIEW,
            &group("system:unauthenticated"),
            named,
        ),
        cluster(
            "rbac-anonymous-binding",
            VIEW,
            "{kind: User, name: 'system:anonymous'}",
            named,
        ),
        cluster("rbac-anonymous-binding", VIEW, USER, &[]),
        case(
            "rbac-anonymous-binding",
            binding(
                "ClusterRoleBinding",
                "system:public-info-viewer",
                "kind: ClusterRole, name: system:public-info-viewer",
                &group("system:unauthenticated"),
            ),
            &[],
        ),
        cluster(
            "rbac-authenticated-binding",
            VIEW,
            &group("system:authenticated"),
            named,
        ),
        cluster(
            "rbac-authenticated-binding",
            VIEW,
            &group("system:serviceaccounts"),
            named,
        ),
        cluster(
            "rbac-authenticated-binding",
            VIEW,
            &group("system:serviceaccounts:shop"),
            &[],
        ),
        cluster(
            "rbac-authenticated-binding",
            "kind: ClusterRole, name: system:discovery",
            &group("system:authenticated"),
            &[],
        ),
        cluster(
            "rbac-default-service-account-binding",
            VIEW,
            "{kind: User, name: ada}, {kind: ServiceAccount, name: default, namespace: shop}",
            &["subjects[1].name"],
        ),
        cluster(
            "rbac-default-service-account-binding",
            VIEW,
            "{kind: User, name: default}",
            &[],
        ),
        cluster(
            "rbac-default-service-account-binding",
            VIEW,
            "{kind: ServiceAccount, name: web, namespace: default}",
            &[],
        ),
        cluster("rbac-system-masters", VIEW, &group("system:masters"), named),
        cluster("rbac-system-masters", VIEW, &group("masters"), &[]),
        case(
            "rbac-system-masters",
            binding(
                "ClusterRoleBinding",
                "cluster-admin",
                ADMIN,
                &group("system:masters"),
            ),
            &[],
        ),
    ]
}

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n")
}

fn webhooks(kind: &str, version: &str, fields: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: w}}\nwebhooks: [{{name: a.example.com{fields}}}]\n"
    )
}

fn cluster() -> Vec<Case> {
    const LABEL: &[&str] = &["metadata.labels[\"pod-security.kubernetes.io/enforce\"]"];
    const VALIDATING: &str = "ValidatingWebhookConfiguration";
    const FAILURE: &[&str] = &["webhooks[0].failurePolicy"];
    const TIMEOUT: &[&str] = &["webhooks[0].timeoutSeconds"];
    let in_shop = |kind: &str| {
        format!(
            "{}---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n",
            namespace("shop", "")
        )
    };
    let volume = |source: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: v}}\nspec: {{{source}}}\n"
        )
    };
    vec![
        case("namespace-psa-missing", namespace("shop", ""), LABEL),
        case(
            "namespace-psa-missing",
            namespace("shop", "pod-security.kubernetes.io/warn: baseline"),
            LABEL,
        ),
        case(
            "namespace-psa-missing",
            namespace("shop", "pod-security.kubernetes.io/enforce: baseline"),
            &[],
        ),
        case("namespace-psa-missing", namespace("kube-system", ""), &[]),
        case(
            "namespace-psa-privileged",
            namespace("shop", "pod-security.kubernetes.io/enforce: privileged"),
            LABEL,
        ),
        case(
            "namespace-psa-privileged",
            namespace("shop", "pod-security.kubernetes.io/enforce: restricted"),
            &[],
        ),
        case(
            "namespace-psa-privileged",
            namespace("shop", "pod-security.kubernetes.io/warn: privileged"),
            &[],
        ),
        case(
            "namespace-limit-range-missing",
            namespace("shop", ""),
            &["metadata.name"],
        ),
        case("namespace-limit-range-missing", in_shop("LimitRange"), &[]),
        case(
            "namespace-resource-quota-missing",
            namespace("shop", ""),
            &["metadata.name"],
        ),
        case(
            "namespace-resource-quota-missing",
            in_shop("ResourceQuota"),
            &[],
        ),
        case(
            "webhook-failure-policy-ignore",
            webhooks(VALIDATING, "v1", ", failurePolicy: Ignore"),
            FAILURE,
        ),
        case(
            "webhook-failure-policy-ignore",
            webhooks(VALIDATING, "v1beta1", ""),
            FAILURE,
        ),
        case(
            "webhook-failure-policy-ignore",
            webhooks(VALIDATING, "v1", ""),
            &[],
        ),
        case(
            "webhook-failure-policy-ignore",
            webhooks(
                "MutatingWebhookConfiguration",
                "v1",
                ", failurePolicy: Ignore",
            ),
            &[],
        ),
        case(
            "webhook-timeout",
            webhooks(VALIDATING, "v1", ", timeoutSeconds: 30"),
            TIMEOUT,
        ),
        case(
            "webhook-timeout",
            webhooks(VALIDATING, "v1beta1", ""),
            TIMEOUT,
        ),
        case("webhook-timeout", webhooks(VALIDATING, "v1", ""), &[]),
        case(
            "webhook-timeout",
            webhooks("MutatingWebhookConfiguration", "v1", ", timeoutSeconds: 10"),
            &[],
        ),
        case(
            "persistent-volume-host-path",
            volume("hostPath: {path: /data}"),
            &["spec.hostPath.path"],
        ),
        case(
            "persistent-volume-host-path",
            volume("local: {path: /mnt/disks/ssd1}"),
            &[],
        ),
    ]
}

fn upkeep() -> Vec<Case> {
    let object = |api: &str, kind: &str, rest: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n{rest}")
    };
    const API: &[&str] = &["apiVersion"];
    let pod = |meta: &str, spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop{meta}}}\nspec: {{containers: [{{name: a}}]{spec}}}\n"
        )
    };
    vec![
        case(
            "deprecated-api",
            object("batch/v1beta1", "CronJob", ""),
            API,
        ),
        case(
            "deprecated-api",
            object("extensions/v1beta1", "Ingress", ""),
            API,
        ),
        case(
            "deprecated-api",
            object(
                "policy/v1beta1",
                "PodDisruptionBudget",
                "spec: {selector: {matchLabels: {a: b}}}\n",
            ),
            API,
        ),
        case(
            "deprecated-api",
            object(
                "policy/v1beta1",
                "PodDisruptionBudget",
                "spec: {selector: {}}\n",
            ),
            API,
        ),
        case(
            "deprecated-api",
            object(
                "apps/v1beta1",
                "Deployment",
                "spec: {selector: {matchLabels: {a: b}}}\n",
            ),
            API,
        ),
        case(
            "deprecated-api",
            object("apps/v1beta2", "StatefulSet", "spec: {}\n"),
            API,
        ),
        case(
            "deprecated-api",
            "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: x}\n".to_owned(),
            API,
        ),
        case("deprecated-api", object("batch/v1", "CronJob", ""), &[]),
        case(
            "deprecated-api",
            object("networking.k8s.io/v1", "Ingress", ""),
            &[],
        ),
        case(
            "deprecated-api",
            object("networking.example.com/v1beta1", "Ingress", ""),
            &[],
        ),
        case("naked-pod", pod("", ""), &["kind"]),
        case("naked-pod", pod("", ", restartPolicy: Never"), &[]),
        case(
            "naked-pod",
            pod(
                ", ownerReferences: [{apiVersion: v1, kind: ReplicaSet, name: r, controller: true}]",
                "",
            ),
            &[],
        ),
        case(
            "naked-pod",
            pod(", annotations: {helm.sh/hook: test}", ""),
            &[],
        ),
        case(
            "job-ttl-missing",
            object(
                "batch/v1",
                "Job",
                "spec: {template: {spec: {containers: []}}}\n",
            ),
            &["spec.ttlSecondsAfterFinished"],
        ),
        case(
            "job-ttl-missing",
            object("batch/v1", "Job", "spec: {ttlSecondsAfterFinished: 0}\n"),
            &[],
        ),
        case(
            "job-ttl-missing",
            object("batch/v1", "CronJob", "spec: {}\n"),
            &[],
        ),
        case(
            "cronjob-concurrency",
            object("batch/v1", "CronJob", "spec: {}\n"),
            &["spec.concurrencyPolicy"],
        ),
        case(
            "cronjob-concurrency",
            object("batch/v1", "CronJob", "spec: {concurrencyPolicy: Allow}\n"),
            &[],
        ),
    ]
}
