//! Asset classes, each with the rule that gave it (A7).

use serde_json::Value;

use crate::{
    check_at, goal, id, items, plain, resource,
    support::{NOW, Sandbox},
    text, texts,
};

const GOAL: &str = "  require:\n    - configuration: {controls: [pss-privileged]}\n";

fn class(name: &str, rank: u32, more: &str) -> String {
    resource("AssetClass", name, &format!("  rank: {rank}\n{more}"))
}

fn labelled(name: &str, label: &str) -> String {
    plain(name).replace(
        "  namespace: shop\n",
        &format!("  namespace: shop\n  labels: {{{label}}}\n"),
    )
}

/// The asset of that name in a report.
#[track_caller]
fn asset<'a>(report: &'a Value, name: &str) -> &'a Value {
    items(&report["assets"])
        .iter()
        .find(|asset| asset["id"] == id(name).as_str())
        .unwrap_or_else(|| panic!("no {name}: {report:#}"))
}

/// A7
#[test]
fn every_class_names_the_label_or_rule_that_gave_it() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "line.yaml",
        &(goal("g", GOAL)
            + &class("jewel", 900, "")
            + &class(
                "edge",
                600,
                "  matchAny:\n    - labels: {tier: edge}\n    - names: [b-*]\n",
            )
            + &class("toy", 10, "  match: {namespaceLabels: {purpose: play}}\n")),
    );
    let annotated = plain("annotated").replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations: {plimsoll.dev/class: jewel}\n",
    );
    let elsewhere = |name: &str, namespace: &str| {
        plain(name).replace("namespace: shop", &format!("namespace: {namespace}"))
    };
    sandbox.write(
        "all.yaml",
        &(labelled("by-label", "plimsoll.dev/class: jewel")
            + &annotated
            + &labelled("at-the-edge", "tier: edge")
            + &plain("b-named")
            + &plain("free")
            + &elsewhere("in-vault", "vault")
            + &elsewhere("in-play", "play")
            + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: vault, labels: \
               {plimsoll.dev/class: jewel}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: \
               {name: play, labels: {purpose: play}}\n---\napiVersion: v1\nkind: Service\nmetadata: \
               {name: front, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: free}, \
               ports: [{port: 80}]}\n"),
    );
    let report = check_at(&sandbox, NOW, &[]).exits(0).json();
    let check = |name: &str, namespace: &str, class: &str, because: &[&str]| {
        let id = id(name).replace("/shop/", &format!("/{namespace}/"));
        let asset = items(&report["assets"])
            .iter()
            .find(|asset| asset["id"] == id.as_str())
            .expect("it is in scope");
        assert_eq!(texts(&asset["classes"], "class"), [class], "{asset:#}");
        let why = text(&asset["classes"][0]["because"]);
        for part in because {
            assert!(why.contains(part), "{part}: {why}");
        }
        // `explain` gives the same reason.
        let page = sandbox
            .run(&["explain", &id, ".", "--now", NOW])
            .exits(0)
            .stdout;
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(class) && words.contains(why), "{page}");
    };
    check(
        "by-label",
        "shop",
        "jewel",
        &["label", "plimsoll.dev/class"],
    );
    check(
        "annotated",
        "shop",
        "jewel",
        &["annotation", "plimsoll.dev/class"],
    );
    check(
        "in-vault",
        "vault",
        "jewel",
        &["namespace vault", "plimsoll.dev/class"],
    );
    check("at-the-edge", "shop", "edge", &["tier"]);
    check("b-named", "shop", "edge", &["name", "b-named"]);
    check("in-play", "play", "toy", &["purpose"]);
    check(
        "free",
        "shop",
        "internet-facing",
        &["Service shop/front", "LoadBalancer"],
    );
}

/// A7
#[test]
fn two_rules_in_conflict_resolve_by_rank_and_say_so() {
    let check = |jewel: u32, toy: u32, first: &str, says: &str| {
        let sandbox = Sandbox::empty();
        sandbox.write(
            "line.yaml",
            &(goal("g", GOAL)
                + &class("jewel", jewel, "  match: {labels: {pays: \"yes\"}}\n")
                + &class("toy", toy, "  match: {namespaces: [shop]}\n")),
        );
        let both =
            labelled("both", "pays: \"yes\"").replace("privileged: false", "privileged: true");
        sandbox.write("all.yaml", &(both + &plain("one")));
        let report = check_at(&sandbox, NOW, &["-o", "html=out.html"])
            .exits(2)
            .json();
        let both = asset(&report, "both");
        assert_eq!(text(&both["classes"][0]["class"]), first);
        assert_eq!(items(&both["classes"]).len(), 2, "the other is named, too");
        assert_eq!(text(&both["classConflict"]), says);
        assert_eq!(asset(&report, "one").get("classConflict"), None);
        let seen = sandbox.run(&["check", ".", "-v", "--now", NOW]).exits(2);
        let words = seen.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(says), "{seen}");
        assert!(sandbox.read("out.html").contains(says));
    };
    check(900, 10, "jewel", "jewel (rank 900) outranks toy (rank 10)");
    check(10, 900, "toy", "toy (rank 900) outranks jewel (rank 10)");
}

/// A7
#[test]
fn a_goal_on_a_class_covers_what_another_class_outranks() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "line.yaml",
        &(goal("toys", GOAL).replace("{all: true}", "{class: toy}")
            + &class("jewel", 900, "  match: {labels: {pays: \"yes\"}}\n")
            + &class("toy", 10, "  match: {namespaces: [shop]}\n")),
    );
    sandbox.write(
        "all.yaml",
        &(labelled("both", "pays: \"yes\"") + &plain("one")),
    );
    let report = check_at(&sandbox, NOW, &[]).exits(0).json();
    assert_eq!(report["goals"][0]["counts"]["inScope"], 2);
}
