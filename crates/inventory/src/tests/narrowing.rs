//! What network policies take away.

use super::exposure::exposure_of;

const POD: &str = "{containers: [{name: web, ports: [{containerPort: 8080, name: http}]}]}";

fn estate(pod: &str, service: &str, more: &str, policies: &[&str]) -> String {
    let mut yaml = super::exposure::workload(pod);
    yaml += &format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: http}}], {service}}}\n{more}"
    );
    for (index, spec) in policies.iter().enumerate() {
        yaml += &format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{index}, namespace: shop}}\nspec: {spec}\n"
        );
    }
    yaml
}

/// The level, and of each reason its level and whether it is blocked.
fn short(yaml: &str) -> String {
    let text = exposure_of(yaml);
    let mut lines = text.lines();
    let level = lines.next().unwrap_or_default();
    let reasons = lines.map(|line| {
        let level = line.split(':').next().unwrap_or_default();
        let blocked = line
            .rsplit_once('[')
            .map(|(_, by)| format!(" blocked by {}", by.trim_end_matches(']')));
        format!("{level}{}", blocked.unwrap_or_default())
    });
    std::iter::once(level.to_owned())
        .chain(reasons)
        .collect::<Vec<_>>()
        .join("; ")
}

fn check_load_balancer(policies: &[&str], expect: &str) {
    assert_eq!(
        short(&estate(POD, "type: LoadBalancer", "", policies)),
        expect,
        "{policies:?}"
    );
}

const OPEN: &str = "internet; internet";
const CLUSTER_ONLY: &str = "cluster; cluster; internet blocked by NetworkPolicy shop/p0";
const CLOSED: &str = "none; internet blocked by NetworkPolicy shop/p0; cluster blocked by NetworkPolicy shop/p0; cluster blocked by NetworkPolicy shop/p0";

#[test]
fn a_load_balancer_needs_a_rule_that_lets_the_world_in() {
    let check = |ingress: &str, expect: &str| {
        check_load_balancer(
            &[&format!(
                "{{podSelector: {{matchLabels: {{app: web}}}}, ingress: {ingress}}}"
            )],
            expect,
        );
    };
    check("[]", CLOSED);
    check("null", CLOSED);
    check("[{}]", OPEN);
    check("[{from: []}]", OPEN);
    check("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", OPEN);
    check(
        "[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]",
        OPEN,
    );
    check("[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]", OPEN);
    check("[{from: [{ipBlock: {cidr: unreadable}}]}]", OPEN);
    check(
        "[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/0]}}]}]",
        CLOSED,
    );
    check("[{from: [{namespaceSelector: {}}]}]", CLUSTER_ONLY);
    check("[{from: [{podSelector: {}}]}]", CLUSTER_ONLY);
    check("[{from: [{}]}]", CLOSED);
    // What can't be read is not called blocked.
    check("text", OPEN);
    check("[{from: text}]", OPEN);
    // From private addresses it is reached still.
    check(
        "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]",
        "internal; internal",
    );
    check(
        "[{from: [{namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]",
        "internal; internal",
    );
    check(
        "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
        OPEN,
    );
}

#[test]
fn a_rule_lets_in_at_its_ports_only() {
    let check = |ports: &str, expect: &str| {
        check_load_balancer(
            &[&format!(
                "{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}"
            )],
            expect,
        );
    };
    check("[{port: 8080}]", OPEN);
    check("[{port: http}]", OPEN);
    check("[{port: 8000, endPort: 9000}]", OPEN);
    check("[{protocol: TCP}]", OPEN);
    check("[]", OPEN);
    // 80 is the Service's port; policies see the pods'.
    check("[{port: 80}]", CLOSED);
    check("[{port: 8081, endPort: 9000}]", CLOSED);
    check("[{port: metrics}]", CLOSED);
    check("[{protocol: UDP, port: 8080}]", CLOSED);
    check("[{port: 80}, {port: 8080}]", OPEN);
}

#[test]
fn a_policy_must_select_and_isolate() {
    let check = |spec: &str, expect: &str| check_load_balancer(&[spec], expect);
    check("{podSelector: {}}", CLOSED);
    check("{}", CLOSED);
    check("{podSelector: {matchLabels: {app: api}}}", OPEN);
    check(
        "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}}",
        CLOSED,
    );
    check(
        "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}",
        OPEN,
    );
    check("{podSelector: {}, policyTypes: [Ingress]}", CLOSED);
    check("{podSelector: {}, policyTypes: [Egress]}", OPEN);
    check("{podSelector: {}, egress: []}", CLOSED);
    check("{podSelector: text}", OPEN);
}

#[test]
fn policies_add_up() {
    check_load_balancer(
        &["{podSelector: {}}", "{podSelector: {}, ingress: [{}]}"],
        OPEN,
    );
    check_load_balancer(
        &[
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
        ],
        "cluster; cluster; internet blocked by NetworkPolicy shop/p0, NetworkPolicy shop/p1",
    );
    let other = estate(POD, "type: LoadBalancer", "", &["{podSelector: {}}"]).replace(
        "{name: p0, namespace: shop}",
        "{name: p0, namespace: other}",
    );
    assert_eq!(short(&other), OPEN);
}

#[test]
fn private_addresses_are_named() {
    let policies = ["{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"];
    assert_eq!(
        exposure_of(&estate(POD, "type: NodePort", "", &policies)),
        "internal\ninternal: Service shop/web of type NodePort selects it; NetworkPolicy shop/p0 admits private addresses only (9)"
    );
}

#[test]
fn internal_ways_need_private_addresses_only() {
    let policies = ["{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"];
    assert_eq!(
        short(&estate(POD, "externalIPs: [10.0.0.1]", "", &policies)),
        "internal; internal"
    );
}

#[test]
fn host_ports_are_narrowed_and_host_networks_are_not() {
    let port = "{containers: [{name: web, ports: [{containerPort: 8080, hostPort: 80}]}]}";
    assert_eq!(
        short(&estate(port, "selector: {app: api}", "", &[]).replace("selector: {app: web}, ", "")),
        "internet; internet"
    );
    let closed = estate(port, "selector: {app: api}", "", &["{podSelector: {}}"])
        .replace("selector: {app: web}, ", "");
    assert_eq!(
        short(&closed),
        "none; internet blocked by NetworkPolicy shop/p0; cluster blocked by NetworkPolicy shop/p0"
    );
    let host = "{hostNetwork: true, containers: [{name: web}]}";
    assert_eq!(
        short(&estate(
            host,
            "type: LoadBalancer",
            "",
            &["{podSelector: {}}"]
        )),
        "internet; internet; internet"
    );
}

#[test]
fn an_ingress_controller_comes_from_other_namespaces() {
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front, namespace: shop}\nspec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    let check = |rules: &str, expect: &str| {
        let policy = format!("{{podSelector: {{}}, ingress: {rules}}}");
        assert_eq!(
            short(&estate(POD, "type: ClusterIP", ingress, &[&policy])),
            expect,
            "{rules}"
        );
    };
    check("[]", CLOSED);
    check("[{}]", OPEN);
    check("[{from: [{namespaceSelector: {}}]}]", OPEN);
    check(
        "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}, podSelector: {matchLabels: {app: nginx}}}]}]",
        OPEN,
    );
    check("[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]", OPEN);
    check("[{from: [{podSelector: {}}]}]", CLUSTER_ONLY);
    check(
        "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}]",
        CLUSTER_ONLY,
    );
    check(
        "[{from: [{namespaceSelector: {}}], ports: [{port: 9090}]}]",
        CLOSED,
    );
}

#[test]
fn a_gateway_of_the_same_namespace_is_let_in_by_pod() {
    let through = |namespace: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: web, namespace: shop}}\nspec: {{parentRefs: [{{name: gw, namespace: {namespace}}}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]}}\n"
        )
    };
    let policy = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}";
    assert_eq!(
        short(&estate(POD, "type: ClusterIP", &through("shop"), &[policy])),
        OPEN
    );
    assert_eq!(
        short(&estate(
            POD,
            "type: ClusterIP",
            &through("infra"),
            &[policy]
        )),
        CLUSTER_ONLY
    );
}
