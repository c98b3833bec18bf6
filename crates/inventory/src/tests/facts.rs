//! What goals and classes are told.

use crate::testing::Estate;

fn facts(yaml: &str, of: &str) -> plimsoll_model::AssetFacts {
    let estate = Estate::of(yaml);
    estate.inventory.facts(estate.ix(of)).expect("it is there")
}

#[test]
fn a_workload_has_its_own_labels_over_those_of_its_pods() {
    let facts = facts(
        "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web, tier: outer}
  annotations: {plimsoll.dev/note: why, other: no}
spec:
  template:
    metadata: {labels: {app: pod, tier: inner, n: 1}}
    spec:
      initContainers: [{name: i, image: init:1}]
      containers: [{name: a, image: web:1}, {name: b, image: side:1}, {name: c, image: web:1}, {name: d}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {env: prod}}
",
        "Deployment/web",
    );
    let show = |map: &std::collections::BTreeMap<std::sync::Arc<str>, std::sync::Arc<str>>| {
        map.iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(show(&facts.labels), "app=web n=1 tier=outer");
    assert_eq!(show(&facts.annotations), "plimsoll.dev/note=why");
    assert_eq!(show(&facts.namespace_labels), "env=prod");
    let images: Vec<&str> = facts.images.iter().map(|image| &**image).collect();
    assert_eq!(images, ["web:1", "side:1", "init:1"]);
    assert_eq!(
        facts.location.map(|location| location.to_string()),
        Some("a.yaml:2:1".to_owned())
    );
    assert_eq!(
        (&*facts.observed.source, &*facts.cluster),
        ("files", "prod")
    );
}

#[test]
fn someone_answers_for_it() {
    let check = |own: &str, namespace: &str, expect: Option<&str>| {
        let yaml = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop, {own}}}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, {namespace}}}\n"
        );
        assert_eq!(
            facts(&yaml, "Service/web").owner.as_deref(),
            expect,
            "{own} {namespace}"
        );
    };
    check(
        "labels: {plimsoll.dev/owner: a, team: b, owner: c}",
        "labels: {team: d}",
        Some("a"),
    );
    check(
        "annotations: {plimsoll.dev/owner: a}, labels: {team: b}",
        "labels: {}",
        Some("a"),
    );
    check(
        "labels: {team: b, owner: c}",
        "labels: {plimsoll.dev/owner: d}",
        Some("b"),
    );
    check("labels: {owner: c}", "labels: {}", Some("c"));
    check("labels: {team: ''}", "labels: {}", None);
    check("labels: {}", "labels: {plimsoll.dev/owner: d}", Some("d"));
    check(
        "labels: {}",
        "annotations: {plimsoll.dev/owner: e}, labels: {team: f}",
        Some("e"),
    );
    check("labels: {}", "labels: {team: f}", Some("f"));
    check("labels: {}", "labels: {}", None);
    // A namespace answers for itself.
    let yaml = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: f}}\n";
    assert_eq!(facts(yaml, "ns/shop").owner.as_deref(), Some("f"));
}

#[test]
fn a_pods_label_names_the_owner_of_its_workload() {
    let yaml = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {team: a}}, spec: {containers: [{name: a}]}}}\n";
    assert_eq!(facts(yaml, "Deployment/web").owner.as_deref(), Some("a"));
}
