//! Isolation by policies of network plugins.

use crate::{Isolation, testing::Estate, view::network_policy::Direction};

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: robot, containers: [{name: web}]}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop, labels: {role: reader}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: payments}}
";

fn check(policies: &str, direction: Direction, expect: &Isolation) {
    let estate = Estate::of(&format!("{WEB}---\n{policies}"));
    let web = estate.ix("Deployment/web");
    assert_eq!(
        &estate.inventory.plugin_isolation(web, direction),
        expect,
        "{policies}"
    );
}

fn policy(api: &str, kind: &str, namespace: &str, spec: &str) -> String {
    let namespace = match namespace {
        "" => String::new(),
        name => format!(", namespace: {name}"),
    };
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: p{namespace}}}\nspec: {{{spec}}}\n---\n"
    )
}

#[test]
fn policies_of_the_namespace_and_of_all_isolate() {
    let cilium = |namespace: &str, spec: &str| {
        policy("cilium.io/v2", "CiliumNetworkPolicy", namespace, spec)
    };
    let own = cilium(
        "shop",
        "endpointSelector: {matchLabels: {app: web}}, ingress: [{}]",
    );
    check(&own, Direction::Ingress, &Isolation::Yes);
    check(&own, Direction::Egress, &Isolation::No);
    let other = cilium("other", "endpointSelector: {}, ingress: [{}]");
    check(&other, Direction::Ingress, &Isolation::No);
    check("", Direction::Ingress, &Isolation::No);
    let wide = policy(
        "cilium.io/v2",
        "CiliumClusterwideNetworkPolicy",
        "",
        "endpointSelector: {matchLabels: {\"k8s:io.cilium.k8s.namespace.labels.team\": payments}}, egress: [{}]",
    );
    check(&wide, Direction::Egress, &Isolation::Yes);
    for api in ["projectcalico.org/v3", "crd.projectcalico.org/v1"] {
        let global = policy(
            api,
            "GlobalNetworkPolicy",
            "",
            "serviceAccountSelector: role == 'reader'",
        );
        check(&global, Direction::Ingress, &Isolation::Yes);
        let own = policy(
            api,
            "NetworkPolicy",
            "shop",
            "selector: app == 'db', egress: [{}]",
        );
        check(&own, Direction::Egress, &Isolation::No);
    }
}

#[test]
fn what_may_isolate_is_named() {
    let odd = policy(
        "projectcalico.org/v3",
        "NetworkPolicy",
        "shop",
        "selector: app like 'w'",
    );
    let unknown = |text: &str| Isolation::Unknown(text.to_owned());
    check(
        &odd,
        Direction::Ingress,
        &unknown(
            "whether the NetworkPolicy `shop/p` isolates the pods can't be told from what is here",
        ),
    );
    check(&odd, Direction::Egress, &Isolation::No);
    // One that certainly does settles it.
    let sure = policy(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        "shop",
        "endpointSelector: {}, ingress: [{}]",
    );
    check(&format!("{odd}{sure}"), Direction::Ingress, &Isolation::Yes);
    let tier = policy(
        "projectcalico.org/v3",
        "GlobalNetworkPolicy",
        "",
        "tier: platform",
    );
    check(
        &tier,
        Direction::Ingress,
        &unknown(
            "whether the GlobalNetworkPolicy `p` isolates the pods can't be told from what is here",
        ),
    );
}

#[test]
fn policies_are_asked_in_bounds() {
    let many = |selector: &dyn Fn(usize) -> String| -> String {
        (0..300)
            .map(|at| {
                format!(
                    "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p{at}, namespace: shop}}\nspec: {{selector: {}}}\n---\n",
                    selector(at)
                )
            })
            .collect()
    };
    // Those of other pods are never asked.
    check(
        &many(&|at| format!("app == 'a{at}'")),
        Direction::Ingress,
        &Isolation::No,
    );
    check(
        &many(&|at| format!("app ends with '{at}'")),
        Direction::Ingress,
        &Isolation::Unknown(
            "more than 256 policies of network plugins may select the pods: not all of them were looked at"
                .to_owned(),
        ),
    );
}
