//! Plans of estates that a person can follow.

use plimsoll_model::Verdict;
use serde_json::{Value, json};

use super::*;
use crate::testing::{HOST_PATH, LIMITS, PRIVILEGED, SECCOMP};

fn check(spec: Value, estate: &Estate, expect: &[&str]) {
    check_shared(spec, estate, &[], expect);
}

fn check_shared(spec: Value, estate: &Estate, sharing: &[SharedFix], expect: &[&str]) {
    let verdicts = verdicts(&Drawn::goal(spec), estate);
    let causes = resolve(&estate.findings, sharing);
    assert_eq!(said(&plan(&verdicts[0], &estate.findings, &causes)), expect);
}

/// So many Deployments named `shop/00`, ... each privileged, with this fix.
fn privileged(count: usize, fixes: impl Fn(usize) -> Vec<Fix>) -> Estate {
    let mut estate = Estate::default();
    for index in 0..count {
        let name = format!("shop/{index:02}");
        estate.workload(&name);
        estate.finding(&name, &PRIVILEGED).fixes = fixes(index).into();
    }
    estate
}

#[test]
fn one_change_of_what_forty_share_beats_forty_changes() {
    let estate = privileged(40, |_| vec![own("privileged")]);
    let shared = |finding| SharedFix {
        finding,
        fix: 0,
        key: "base".into(),
        label: "anchor at shop/web.yaml:12, used by 40 objects".into(),
        effort: SHARED_BASE,
    };
    let sharing: Vec<SharedFix> = (0..40).map(shared).collect();
    check_shared(
        json!({}),
        &estate,
        &sharing,
        &[
            "anchor at shop/web.yaml:12, used by 40 objects: Set privileged \
             (effort 12, clears 40, assets 40)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn a_service_account_that_two_use_is_one_change() {
    let estate = privileged(2, |_| vec![own("automount"), account("web")]);
    check(
        json!({}),
        &estate,
        &[
            "ServiceAccount shop/web: Set automount (effort 10, clears 2, assets 2)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn the_easier_of_two_alternatives_is_taken_and_only_one() {
    let estate = privileged(1, |_| {
        vec![own("privileged").with_decision("may break"), account("web")]
    });
    check(
        json!({}),
        &estate,
        &[
            "ServiceAccount shop/web: Set automount (effort 10, clears 1, assets 1)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn a_partial_target_leaves_the_hard_ones() {
    let estate = privileged(4, |index| match index {
        0 => vec![Fix::manual("Choose", "which")],
        1 => vec![own("privileged").with_decision("may break")],
        _ => vec![own("privileged")],
    });
    let easy = [
        "Deployment shop/02: Set privileged (effort 10, clears 1, assets 1)",
        "Deployment shop/03: Set privileged (effort 10, clears 1, assets 1)",
        "optimal, reaches the target, 0 out of reach",
    ];
    check(json!({"target": "50%"}), &estate, &easy);
    check(
        json!({"target": "51%"}),
        &estate,
        &[
            "Deployment shop/01: Set privileged (effort 25, clears 1, assets 1) [may break]",
            easy[0],
            easy[1],
            easy[2],
        ],
    );
}

#[test]
fn accepted_violations_are_left_where_they_are_hardest() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.finding("shop/web", &PRIVILEGED).fixes = Arc::from([Fix::manual("Choose", "which")]);
    estate.finding("shop/web", &HOST_PATH).fixes = Arc::from([own("a")]);
    estate.finding("shop/web", &SECCOMP).fixes = Arc::from([own("b")]);
    let accept =
        |max: u32| json!({"require": [{"configuration": {"baseline": "base@1", "max": max}}]});
    let reaches = "optimal, reaches the target, 0 out of reach";
    check(
        accept(0),
        &estate,
        &[
            "Deployment shop/web: Make 3 changes in Deployment shop/web \
             (effort 42, clears 3, assets 1) [which]",
            reaches,
        ],
    );
    check(
        accept(1),
        &estate,
        &[
            "Deployment shop/web: Make 2 changes in Deployment shop/web \
             (effort 11, clears 2, assets 1)",
            reaches,
        ],
    );
    // The less severe one stays.
    check(
        accept(2),
        &estate,
        &[
            "Deployment shop/web: Set a (effort 10, clears 1, assets 1)",
            reaches,
        ],
    );
    check(accept(3), &estate, &[reaches]);
}

#[test]
fn what_nothing_clears_is_counted() {
    let estate = privileged(3, |index| {
        if index == 0 {
            vec![]
        } else {
            vec![own("privileged")]
        }
    });
    check(
        json!({}),
        &estate,
        &[
            "Deployment shop/01: Set privileged (effort 10, clears 1, assets 1)",
            "Deployment shop/02: Set privileged (effort 10, clears 1, assets 1)",
            "optimal, misses the target, 1 out of reach",
        ],
    );
    let mut estate = privileged(1, |_| vec![own("privileged")]);
    estate.assets[0].images = vec!["elsewhere.example.com/web:1".into()];
    check(
        json!({"require": [
            {"configuration": {"baseline": "base@1"}},
            {"supplyChain": {"registries": ["registry.example.com/*"]}},
        ]}),
        &estate,
        &["optimal, misses the target, 1 out of reach"],
    );
}

#[test]
fn where_nothing_can_be_certain_the_goal_is_at_least_no_longer_breached() {
    let estate = privileged(2, |_| vec![own("privileged")]);
    check(
        json!({"target": "50%", "require": [
            {"configuration": {"baseline": "base@1"}},
            {"runtime": {"drift": "detect"}},
        ]}),
        &estate,
        &[
            "Deployment shop/00: Set privileged (effort 10, clears 1, assets 0)",
            "optimal, misses the target, 0 out of reach",
        ],
    );
}

#[test]
fn a_missing_object_is_added_once_for_all_that_lack_it() {
    let estate = privileged(3, |_| vec![missing("deny")]);
    check(
        json!({}),
        &estate,
        &[
            "NetworkPolicy shop/deny: Add a default-deny policy (effort 15, clears 3, assets 3)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn an_asset_that_needs_two_steps_is_credited_to_the_last() {
    let mut estate = privileged(2, |_| vec![account("web")]);
    estate.finding("shop/00", &SECCOMP).fixes = Arc::from([own("seccomp")]);
    check(
        json!({}),
        &estate,
        &[
            "ServiceAccount shop/web: Set automount (effort 10, clears 2, assets 1)",
            "Deployment shop/00: Set seccomp (effort 10, clears 1, assets 1)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn an_edit_that_clears_two_findings_counts_once() {
    let mut estate = privileged(1, |_| vec![own("securityContext")]);
    estate.finding("shop/00", &SECCOMP).fixes = Arc::from([own("securityContext")]);
    check(
        json!({}),
        &estate,
        &[
            "Deployment shop/00: Set securityContext (effort 10, clears 2, assets 1)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn a_goal_that_holds_or_proves_nothing_has_an_empty_plan() {
    let estate = privileged(2, |_| vec![own("privileged")]);
    check(
        json!({"target": "0%"}),
        &estate,
        &["optimal, reaches the target, 0 out of reach"],
    );
    check(
        json!({}),
        &Estate::default(),
        &["optimal, misses the target, 0 out of reach"],
    );
    let pending = json!({"require": [{"configuration": {"baseline": "base@1", "within": "9d"}}]});
    check(
        pending,
        &estate,
        &["optimal, reaches the target, 0 out of reach"],
    );
}

#[test]
fn all_goals_together_share_their_changes() {
    let mut estate = privileged(2, |_| vec![own("privileged"), account("web")]);
    for name in ["shop/00", "shop/01"] {
        estate.finding(name, &LIMITS).fixes = Arc::from([own("limits"), account("web")]);
    }
    let drawn = Drawn::goal(json!({})).and_goal(
        "limits",
        json!({"require": [{"configuration": {"controls": ["limits"]}}]}),
    );
    let verdicts = verdicts(&drawn, &estate);
    assert!(
        verdicts
            .iter()
            .all(|verdict| verdict.verdict == Verdict::Breached)
    );
    let causes = resolve(&estate.findings, &[]);
    assert_eq!(
        said(&plan_all(&verdicts, &estate.findings, &causes)),
        [
            "ServiceAccount shop/web: Set automount (effort 10, clears 4, assets 2)",
            "optimal, reaches the target, 0 out of reach",
        ]
    );
}

#[test]
fn a_shared_change_counts_what_it_clears_beside_what_is_needed() {
    let mut estate = privileged(2, |_| vec![account("web")]);
    // Nothing brings the first asset above the line.
    estate.finding("shop/00", &SECCOMP);
    let plan = {
        let verdicts = verdicts(&Drawn::goal(json!({"target": "50%"})), &estate);
        plan(
            &verdicts[0],
            &estate.findings,
            &resolve(&estate.findings, &[]),
        )
    };
    assert_eq!(
        said(&plan),
        [
            "ServiceAccount shop/web: Set automount (effort 10, clears 2, assets 1)",
            "optimal, reaches the target, 1 out of reach",
        ]
    );
}

#[test]
fn what_an_edit_does_for_others_is_counted_and_what_nobody_needs_is_left_out() {
    let mut estate = privileged(3, |_| vec![account("web")]);
    let limits = |field| Fix {
        edits: own(field).edits,
        ..account("web")
    };
    // Accepted, and another edit of the account: left out.
    estate.finding("shop/00", &SECCOMP).fixes = Arc::from([limits("other")]);
    // Accepted, and the same edit: cleared with it.
    estate.finding("shop/01", &SECCOMP).fixes = Arc::from([account("web")]);
    check(
        json!({"require": [
            {"configuration": {"controls": ["privileged"], "max": 0}},
            {"configuration": {"baseline": "base@1", "max": 1}},
        ]}),
        &estate,
        &[
            "ServiceAccount shop/web: Set automount (effort 10, clears 4, assets 3)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}

#[test]
fn a_machine_does_what_it_can_also_where_the_hand_is_needed_for_something_else() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    let choose = |field: &str| Fix::manual(format!("Choose {field}"), "which");
    let by_hand = |field: &str| Fix {
        target: FixTarget::Other(object("ServiceAccount", "web")),
        ..choose(field)
    };
    // Both places are edited anyway; the account is the shared one.
    estate.finding("shop/web", &PRIVILEGED).fixes = Arc::from([by_hand("rights")]);
    estate.finding("shop/web", &HOST_PATH).fixes = Arc::from([own("a")]);
    estate.finding("shop/web", &SECCOMP).fixes = Arc::from([by_hand("profile"), own("b")]);
    estate.workload("shop/other");
    estate.finding("shop/other", &PRIVILEGED).fixes = Arc::from([by_hand("rights")]);
    check(
        json!({"require": [{"configuration": {"baseline": "base@1"}}]}),
        &estate,
        &[
            "ServiceAccount shop/web: Choose rights (effort 40, clears 2, assets 1) [which]",
            "Deployment shop/web: Make 2 changes in Deployment shop/web \
             (effort 11, clears 2, assets 1)",
            "optimal, reaches the target, 0 out of reach",
        ],
    );
}
