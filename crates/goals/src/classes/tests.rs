//! FEATURES A7: every class names the rule or label that gave it.

use serde_json::json;

use super::*;
use crate::testing::{Drawn, Estate, diagnostics, internet};

fn drawn() -> Drawn {
    Drawn::default()
        .class("crown-jewel", json!({"rank": 900}))
        .class(
            "sandbox",
            json!({"rank": 100, "match": {"namespaces": ["sand*"]}}),
        )
        .class(
            "shop",
            json!({
                "rank": 300,
                "match": {"labels": {"app": "web"}},
                "matchAny": [{"namespaces": ["shop"]}, {"kinds": ["Role"], "namespaces": ["shop"]}],
            }),
        )
}

/// The classes of the only asset: `class: because`, and the conflict.
fn check(drawn: &Drawn, name: &str, change: impl Fn(&mut AssetFacts), expect: &[&str]) {
    let mut estate = Estate::default();
    change(estate.workload(name));
    let classes = classes(drawn.line(), estate.facts());
    let said: Vec<String> = classes.of[0]
        .iter()
        .map(|c| format!("{}: {}", c.class, c.because))
        .chain(classes.conflicts[0].clone())
        .collect();
    assert_eq!(said, expect);
}

fn labels(of: &mut BTreeMap<std::sync::Arc<str>, std::sync::Arc<str>>, key: &str, value: &str) {
    of.insert(key.into(), value.into());
}

#[test]
fn labels_annotations_and_namespaces_assign() {
    let drawn = drawn();
    check(&drawn, "x/web", |_| {}, &[]);
    check(
        &drawn,
        "x/web",
        |a| labels(&mut a.labels, CLASS_KEY, "crown-jewel"),
        &["crown-jewel: it has the label plimsoll.dev/class"],
    );
    check(
        &drawn,
        "x/web",
        |a| labels(&mut a.annotations, CLASS_KEY, " crown-jewel "),
        &["crown-jewel: it has the annotation plimsoll.dev/class"],
    );
    check(
        &drawn,
        "x/web",
        |a| {
            let of = BTreeMap::from([(CLASS_KEY.into(), "crown-jewel".into())]);
            a.namespace_labels = of.into();
        },
        &["crown-jewel: namespace x has the label plimsoll.dev/class"],
    );
}

#[test]
fn selectors_assign_and_say_which() {
    let drawn = drawn();
    check(
        &drawn,
        "sand-1/web",
        |_| {},
        &["sandbox: namespace is sand-1"],
    );
    check(&drawn, "shop/db", |_| {}, &["shop: namespace is shop"]);
    check(
        &drawn,
        "x/db",
        |a| labels(&mut a.labels, "app", "web"),
        &["shop: label app is web"],
    );
}

#[test]
fn exposure_assigns_unless_the_line_says() {
    check(
        &drawn(),
        "x/web",
        |a| a.exposure = internet(),
        &["internet-facing: Service shop/web of type LoadBalancer selects it"],
    );
    let own = drawn().class(
        BUILT_IN_CLASS,
        json!({"rank": 7, "match": {"namespaces": ["edge"]}}),
    );
    check(&own, "x/web", |a| a.exposure = internet(), &[]);
    check(
        &own,
        "edge/web",
        |_| {},
        &["internet-facing: namespace is edge"],
    );
}

#[test]
fn conflicts_resolve_by_rank_and_say_so() {
    check(
        &drawn(),
        "sand-1/web",
        |a| labels(&mut a.labels, CLASS_KEY, "crown-jewel"),
        &[
            "crown-jewel: it has the label plimsoll.dev/class",
            "sandbox: namespace is sand-1",
            "crown-jewel (rank 900) outranks sandbox (rank 100)",
        ],
    );
    check(
        &drawn().class(
            "alpha",
            json!({"rank": 100, "match": {"namespaces": ["sand*"]}}),
        ),
        "sand-1/web",
        |_| {},
        &[
            "alpha: namespace is sand-1",
            "sandbox: namespace is sand-1",
            "alpha (rank 100) comes before sandbox of the same rank by name",
        ],
    );
}

#[test]
fn a_class_twice_named_on_an_asset_keeps_both_reasons() {
    check(
        &drawn(),
        "shop/web",
        |a| labels(&mut a.labels, CLASS_KEY, "shop"),
        &["shop: it has the label plimsoll.dev/class; namespace is shop"],
    );
}

#[test]
fn unread_assets_get_no_class_from_a_selector() {
    let unread = |a: &mut AssetFacts| {
        a.unknown = Some(plimsoll_model::UnknownAsset {
            reason: String::new(),
            remedy: String::new(),
        });
    };
    check(&drawn(), "shop/web", unread, &[]);
}

#[test]
fn what_is_wrong_is_said() {
    let mut estate = Estate::default();
    for name in ["x/b", "x/a"] {
        labels(&mut estate.workload(name).labels, CLASS_KEY, "crown-jewl");
    }
    labels(&mut estate.workload("x/c").labels, CLASS_KEY, "production");
    let twice = drawn().class("sandbox", json!({"rank": 50}));
    assert_eq!(
        diagnostics(&twice, &estate),
        [
            "Warning: class `sandbox` is defined twice, first at classes.yaml:1:1: both count, with the higher rank; make it one, with `matchAny` for the alternatives",
            "Warning: `plimsoll.dev/class` of Deployment x/a names class `crown-jewl`, which does not exist (and of 1 more); did you mean `crown-jewel`?",
            "Warning: `plimsoll.dev/class` of Deployment x/c names class `production`, which does not exist; define an AssetClass `production`, or change the label",
        ]
    );
}
