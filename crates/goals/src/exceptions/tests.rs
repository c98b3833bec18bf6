//! Exceptions never hide, end on their day, and say what they hid.

use serde_json::{Value, json};

use crate::testing::{
    BASE, Drawn, Estate, HOST_PATH, PRIVILEGED, at, diagnostics, now, said, verdict, waiver,
};

fn two() -> Estate {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.workload("shop/db");
    estate.finding("shop/web", &PRIVILEGED);
    estate.finding("shop/db", &HOST_PATH);
    estate
}

#[test]
fn exceptions_match_by_asset_and_control_or_by_finding() {
    let by_id = two().findings[0].id.to_string();
    let check = |exception: Value, expect: &str| {
        let drawn = Drawn::goal(json!({"target": "0%"})).exception("e", exception);
        let verdict = verdict(&drawn, &two(), None, now());
        let counts = verdict.counts;
        assert_eq!(format!("{} {}", counts.excepted, counts.violated), expect);
    };
    check(json!({}), "2 0");
    check(json!({"controls": ["priv*"]}), "1 1");
    check(json!({"assets": {"names": ["db"]}}), "1 1");
    check(
        json!({"assets": {"names": ["db"]}, "controls": ["priv*"]}),
        "0 2",
    );
    check(
        json!({"assets": null, "controls": [], "findings": [by_id]}),
        "1 1",
    );
    check(
        json!({"assets": {"names": ["db"]}, "findings": [by_id]}),
        "2 0",
    );
    check(json!({"expires": "2026-11-25"}), "2 0");
    check(json!({"expires": "2026-11-24"}), "0 2");
}

#[test]
fn an_excepted_finding_stays_visible() {
    let drawn = Drawn::goal(json!({})).exception("legacy", json!({"controls": ["priv*"]}));
    let mut estate = two();
    estate.findings[1].waiver = waiver();
    let verdict = verdict(&drawn, &estate, None, at("2026-11-25T12:00:00Z"));
    assert_eq!(
        verdict
            .assets
            .iter()
            .map(|a| &a.clauses[0].because[..])
            .collect::<Vec<_>>(),
        [
            "1 violation accepted by exception legacy until 2026-12-31: privileged (container c: privileged)",
            "1 violation waived by annotation ignore.example.com/x on the object (legacy): host-path (container c: host-path)",
        ]
    );
    assert_eq!(verdict.assets[0].clauses[0].findings, [0]);
    assert_eq!(
        verdict.notes,
        [
            "1 finding accepted by exception legacy of team until 2026-12-31: it is legacy",
            "1 finding waived by annotation ignore.example.com/x on the object, without an end",
        ]
    );
}

#[test]
fn expired_exceptions_count_for_nothing_and_are_called_out() {
    let drawn = Drawn::goal(json!({})).exception("old", json!({"expires": "2026-11-24"}));
    let verdict = verdict(&drawn, &two(), None, now());
    assert_eq!(said(&verdict), "breached 0%..0% of 100%: 2 violated");
    assert_eq!(
        verdict.notes,
        [
            "exception old expired on 2026-11-24 and counts for nothing: 2 findings would fall under it"
        ]
    );
    assert_eq!(
        diagnostics(&drawn, &two()),
        [
            "Warning: exception `old` expired on 2026-11-24 and counts for nothing: 2 findings would fall under it; fix what it accepted, or have team decide again, then remove it or give a new date"
        ]
    );
}

/// Two that overlap: the one that holds longest counts.
#[test]
fn the_exception_that_holds_longest_counts() {
    for names in [["a", "b"], ["b", "a"]] {
        let drawn = Drawn::goal(json!({}))
            .exception(names[0], json!({"expires": "2026-11-30"}))
            .exception(names[1], json!({"expires": "2027-11-30"}));
        let verdict = verdict(&drawn, &two(), None, now());
        let at_risk = verdict.at_risk.expect("it ends some day");
        assert_eq!(at_risk.at, at("2027-12-01T00:00:00Z"));
    }
}

/// FEATURES A16.
#[test]
fn a_mandatory_goal_is_waived_by_nothing_and_says_so() {
    let mut estate = two();
    estate.findings[1].waiver = waiver();
    let drawn = Drawn::goal(json!({"mandatory": true}))
        .exception("legacy", json!({"controls": ["priv*"]}))
        .exception("old", json!({"expires": "2026-01-01"}));
    let verdict = verdict(&drawn, &estate, None, now());
    assert_eq!(said(&verdict), "breached 0%..0% of 100%: 2 violated");
    assert_eq!(
        verdict.notes,
        [
            "the goal is mandatory: 2 findings kept although exceptions (legacy) and annotations (ignore.example.com/x) would waive them"
        ]
    );
}

#[test]
fn what_is_wrong_with_exceptions_is_said() {
    let none = json!({"controls": ["nothing"]});
    let said =
        |estate: &Estate| diagnostics(&Drawn::goal(json!({})).exception("e", none.clone()), estate);
    assert_eq!(
        said(&two()),
        [
            "Warning: exception `e` matches no finding; remove it when what it accepted is fixed, otherwise check its `assets`, `controls` and `findings`"
        ]
    );
    // What can't be read may hold what it accepts.
    let mut unread = two();
    unread.unread("shop/chart");
    assert!(said(&unread).is_empty());
    let twice = Drawn::goal(json!({}))
        .exception("e", json!({}))
        .exception("e", json!({}));
    assert_eq!(
        diagnostics(&twice, &two()),
        [
            "Warning: exception `e` is written twice, first at exceptions.yaml:1:1; both count: rename one"
        ]
    );
}

#[test]
fn an_exception_before_a_grace_period_is_an_exception() {
    let grace = json!({"require": [{"configuration": {"baseline": BASE, "within": "7d"}}]});
    let drawn = Drawn::goal(grace).exception("e", json!({"controls": ["priv*"]}));
    let counts = verdict(&drawn, &two(), None, now()).counts;
    assert_eq!((counts.excepted, counts.pending), (1, 1));
}
