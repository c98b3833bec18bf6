//! From where a workload can be reached, each way with the objects that say so (B7).

use serde_json::Value;

use crate::{
    check_at, items, plain, resource,
    support::{NOW, Sandbox},
    text, texts,
};

/// An object of the namespace `shop`.
fn object(api: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec: {spec}\n"
    )
}

fn service(name: &str, of: &str) -> String {
    let spec = format!("{{{of}selector: {{app: a}}, ports: [{{port: 80, targetPort: 8080}}]}}");
    object("v1", "Service", name, &spec)
}

fn ingress() -> String {
    object(
        "networking.k8s.io/v1",
        "Ingress",
        "front",
        "{rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: \
         {service: {name: inner, port: {number: 80}}}}]}}]}",
    ) + &service("inner", "")
}

fn gateway() -> String {
    object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "door",
        "{gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}",
    ) + &object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "way",
        "{parentRefs: [{name: door}], rules: [{backendRefs: [{name: inner, port: 80}]}]}",
    ) + &service("inner", "")
}

fn policy(ingress: &str) -> String {
    let spec = format!(
        "{{podSelector: {{matchLabels: {{app: a}}}}, policyTypes: [Ingress], ingress: [{ingress}]}}"
    );
    object("networking.k8s.io/v1", "NetworkPolicy", "fence", &spec)
}

/// The Deployment `a` on the network of its node.
fn on_the_host() -> String {
    plain("a").replace(
        "      containers:",
        "      hostNetwork: true\n      containers:",
    )
}

/// The Deployment `a` with a port of its node.
fn with_a_host_port() -> String {
    plain("a") + "          ports: [{containerPort: 8080, hostPort: 8443}]\n"
}

/// How far away the Deployment `a` can be reached from, and why; whether a goal that forbids the
/// internet is violated says the same.
#[track_caller]
fn exposed(manifests: &str) -> (String, Vec<String>) {
    let sandbox = Sandbox::empty();
    sandbox.write("all.yaml", manifests);
    sandbox.write(
        "line.yaml",
        &(resource(
            "PostureGoal",
            "inside",
            "  owner: platform\n  assets: {all: true}\n  require:\n    - exposure: {internet: \
             false}\n",
        ) + &resource(
            "PostureGoal",
            "outside",
            "  owner: platform\n  assets: {class: internet-facing}\n  target: 0%\n  require:\n    \
             - exposure: {internet: false}\n",
        )),
    );
    let run = check_at(&sandbox, NOW, &[]);
    let report = run.json();
    let assets = items(&report["assets"]);
    assert_eq!(assets.len(), 1, "{run}");
    let level = text(&assets[0]["exposure"]).to_owned();
    let why: Vec<String> = items(&assets[0]["exposedBy"])
        .iter()
        .map(|why| text(why).to_owned())
        .collect();
    let facing = level == "internet";
    assert_eq!(
        report["goals"][0]["counts"]["violated"],
        u64::from(facing),
        "{run}"
    );
    assert_eq!(
        report["goals"][1]["counts"]["inScope"],
        u64::from(facing),
        "{run}"
    );
    let classes = &assets[0]["classes"];
    let because: &Value = &classes[0]["because"];
    assert_eq!(
        texts(classes, "class"),
        vec!["internet-facing"; usize::from(facing)],
        "{run}"
    );
    assert!(
        !facing || why.iter().any(|why| because == why.as_str()),
        "{run}"
    );
    (level, why)
}

/// B7
#[test]
fn each_way_from_outside_is_found_and_names_its_object() {
    let check = |manifests: &str, named: &[&str]| {
        let (level, why) = exposed(manifests);
        assert_eq!(level, "internet", "{why:?}");
        assert_eq!(why.len(), 1, "{why:?}");
        for name in named {
            assert!(why[0].contains(name), "{name}: {why:?}");
        }
    };
    let a = plain("a");
    check(
        &(a.clone() + &service("balanced", "type: LoadBalancer, ")),
        &["Service shop/balanced", "LoadBalancer"],
    );
    check(
        &(a.clone() + &service("on-nodes", "type: NodePort, ")),
        &["Service shop/on-nodes", "NodePort"],
    );
    check(
        &(a.clone() + &ingress()),
        &[
            "Ingress shop/front",
            "shop.example.com",
            "Service shop/inner",
        ],
    );
    check(
        &(a.clone() + &gateway()),
        &[
            "Gateway shop/door",
            "HTTPRoute shop/way",
            "Service shop/inner",
        ],
    );
    check(&with_a_host_port(), &["8443", "main"]);
    check(&on_the_host(), &["host"]);
}

/// B7
#[test]
fn what_does_not_lead_outside_is_not_called_exposed() {
    let a = plain("a");
    let check = |manifests: &str, expect: &str| {
        let (level, why) = exposed(manifests);
        assert_eq!(level, expect, "{why:?}");
    };
    check(&a, "none");
    check(&(a.clone() + &service("inner", "")), "cluster");
    check(
        &(a.clone() + &service("other", "type: LoadBalancer, ").replace("{app: a}", "{app: z}")),
        "none",
    );
    // An Ingress that leads to a Service that is not there.
    check(
        &(a + &ingress().replace("name: inner, namespace", "name: gone, namespace")),
        "cluster",
    );
}

/// B7
#[test]
fn a_network_policy_narrows_each_way_and_is_named() {
    let closed = policy("");
    let private = policy("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}");
    let other_port = policy("{ports: [{port: 9090}]}");
    let open = policy("{ports: [{port: 8080}]}");
    let a = plain("a");
    let balanced = service("balanced", "type: LoadBalancer, ");
    let check = |manifests: &str, policy: &str, expect: &str, named: bool| {
        let (level, why) = exposed(&format!("{manifests}{policy}"));
        assert_eq!(level, expect, "{why:?}");
        let says = why
            .iter()
            .any(|why| why.contains("NetworkPolicy shop/fence"));
        assert_eq!(says, named, "{why:?}");
    };
    let ways = [
        a.clone() + &balanced,
        a.clone() + &service("on-nodes", "type: NodePort, "),
        with_a_host_port(),
    ];
    for way in ways {
        check(&way, "", "internet", false);
        check(&way, &closed, "none", true);
        check(&way, &private, "internal", true);
        check(&way, &other_port, "none", true);
        check(&way, &open, "internet", false);
    }
    for way in [ingress(), gateway()] {
        check(&(a.clone() + &way), &closed, "none", true);
        check(&(a.clone() + &way), &open, "internet", false);
    }
    // No policy applies to pods on the network of their node.
    check(&on_the_host(), &closed, "internet", false);
    // A policy for other pods, or of another namespace, narrows nothing.
    let exposed = a + &balanced;
    check(
        &exposed,
        &closed.replace("{app: a}", "{app: z}"),
        "internet",
        false,
    );
    check(
        &exposed,
        &closed.replace("namespace: shop", "namespace: bank"),
        "internet",
        false,
    );
}
