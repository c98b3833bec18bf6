//! Scopes, clauses, states and verdicts, line by line of the semantics.

use plimsoll_model::{AssetKind, Exposure, ExposureLevel, ResolvedBaseline, Unevaluated};
use serde_json::{Value, json};

use super::*;
use crate::testing::{
    BASE, Drawn, Estate, HOST_PATH, LIMITS, PRIVILEGED, SECCOMP, at, diagnostics, internet, now,
    place, said, verdict,
};

/// One workload with two violations of the baseline and one of a control that
/// is not in it.
fn one() -> Estate {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.finding("shop/web", &PRIVILEGED);
    estate.finding("shop/web", &SECCOMP);
    estate.finding("shop/web", &LIMITS);
    estate
}

/// The state and the reason of the first clause over the first asset.
fn first(verdict: &GoalVerdict) -> String {
    let asset = &verdict.assets[0];
    match asset.clauses.first() {
        Some(outcome) => format!("{}: {}", outcome.state, outcome.because),
        None => asset.state.to_string(),
    }
}

fn clause(clause: Value) -> Drawn {
    Drawn::goal(json!({"require": [clause]}))
}

#[test]
fn configuration_counts_by_baseline_control_and_severity() {
    let check = |configuration: Value, expect: &str| {
        let drawn = clause(json!({"configuration": configuration}));
        assert_eq!(first(&verdict(&drawn, &one(), None, now())), expect);
    };
    check(
        json!({"baseline": BASE}),
        "violated: 2 violations, at most 0 allowed: privileged (container c: privileged), seccomp (container c: seccomp)",
    );
    check(json!({"baseline": BASE, "max": 2}), "satisfied");
    check(
        json!({"baseline": BASE, "max": 1, "severity": ">=low"}),
        "violated: 2 violations, at most 1 allowed: privileged (container c: privileged), seccomp (container c: seccomp)",
    );
    check(
        json!({"baseline": BASE, "severity": ">=high"}),
        "violated: 1 violation, at most 0 allowed: privileged (container c: privileged)",
    );
    check(
        json!({"controls": ["limits"]}),
        "violated: 1 violation, at most 0 allowed: limits (container c: limits)",
    );
    check(json!({"controls": ["host-path"]}), "satisfied");
    check(
        json!({"baseline": BASE, "controls": ["limits"], "severity": "=medium"}),
        "violated: 1 violation, at most 0 allowed: limits (container c: limits)",
    );
}

#[test]
fn an_outcome_lists_what_violates_first() {
    let mut estate = one();
    estate.findings[0].waiver = crate::testing::waiver();
    let verdict = verdict(&Drawn::goal(json!({})), &estate, None, now());
    let outcome = &verdict.assets[0].clauses[0];
    assert_eq!((&outcome.findings[..], outcome.violating), (&[1, 0][..], 1));
}

#[test]
fn what_was_not_evaluated_is_unknown_and_says_why() {
    let gap = |estate: &mut Estate, control| {
        let asset = estate.assets[0].asset.id.clone();
        let reason = "the image is a variable".to_owned();
        let location = place("web.yaml");
        estate.evaluation.unevaluated.push(Unevaluated {
            asset,
            control,
            reason,
            location,
        });
    };
    let check = |change: &dyn Fn(&mut Estate), configuration: Value, expect: &str| {
        let mut estate = Estate::default();
        estate.workload("shop/web");
        change(&mut estate);
        let drawn = clause(json!({"configuration": configuration}));
        assert_eq!(first(&verdict(&drawn, &estate, None, now())), expect);
    };
    let missing = |estate: &mut Estate| {
        let reason = "baseline base@2 is not known; the newest is base@1".to_owned();
        estate
            .evaluation
            .missing
            .insert("base@2".to_owned(), reason);
    };
    check(
        &missing,
        json!({"baseline": "base@2"}),
        "unknown: baseline base@2 is not known; the newest is base@1",
    );
    check(
        &missing,
        json!({"baseline": "base@3"}),
        "unknown: baseline `base@3` was not evaluated",
    );
    check(
        &missing,
        json!({"controls": ["nope"]}),
        "unknown: control `nope` was not evaluated",
    );
    check(
        &|estate| gap(estate, Some(HOST_PATH.id)),
        json!({"baseline": BASE}),
        "unknown: control host-path could not be evaluated: the image is a variable (web.yaml:1:1)",
    );
    check(
        &|estate| gap(estate, None),
        json!({"controls": ["limits"]}),
        "unknown: the image is a variable (web.yaml:1:1)",
    );
    check(
        &|estate| gap(estate, Some(HOST_PATH.id)),
        json!({"controls": ["limits"]}),
        "satisfied",
    );
}

#[test]
fn a_violated_part_violates_whatever_is_unknown() {
    let mut estate = one();
    let baseline = json!({"baseline": "base@2", "controls": ["limits"]});
    let drawn = clause(json!({"configuration": baseline}));
    assert!(first(&verdict(&drawn, &estate, None, now())).starts_with("violated: "));
    // A pending part does not: the unknown one may be violated.
    let grace = json!({"baseline": "base@2", "controls": ["limits"], "within": "1d"});
    let drawn = clause(json!({"configuration": grace}));
    assert!(first(&verdict(&drawn, &estate, None, now())).starts_with("unknown: "));
    estate.assets[0].exposure = internet();
    let drawn = clause(json!({"exposure": {"internet": false, "attackPaths": 0}}));
    assert!(first(&verdict(&drawn, &estate, None, now())).starts_with("violated: "));
}

#[test]
fn registries_are_judged_by_full_names() {
    let check = |(images, supply_chain): (&[&str], Value), expect: &str| {
        let mut estate = Estate::default();
        estate.workload("shop/web").images = images.iter().map(|i| (*i).into()).collect();
        let drawn = clause(json!({"supplyChain": supply_chain}));
        assert_eq!(
            first(&verdict(&drawn, &estate, None, now())),
            expect,
            "{images:?}"
        );
    };
    let own = json!({"registries": ["registry.example.com/*", "docker.io/library/nginx"]});
    check((&[], own.clone()), "satisfied");
    check(
        (
            &["registry.example.com/shop/web:1", "nginx:1.27"],
            own.clone(),
        ),
        "satisfied",
    );
    check(
        (
            &["registry.example.com/shop/web:1", "evil/nginx"],
            own.clone(),
        ),
        "violated: image docker.io/evil/nginx comes from none of registry.example.com/*, docker.io/library/nginx",
    );
    check(
        (&["$(IMAGE)"], own.clone()),
        "unknown: image `$(IMAGE)` is no complete name: write it out where the asset is checked",
    );
    check(
        (
            &["nginx"],
            json!({"registries": ["docker.io/*"], "signedBy": ["key"], "sbom": true}),
        ),
        "unknown: image nginx was not looked into: give the folder or registry it is in with --images; no signature facts: this version does not verify image signatures",
    );
    check(
        (
            &["busybox"],
            json!({"registries": ["quay.io/*"], "signedBy": ["key"]}),
        ),
        "violated: image docker.io/library/busybox comes from none of quay.io/*",
    );
    check((&["nginx"], json!({"sbom": false})), "satisfied");
    check(
        (&[], json!({"signedBy": ["key"], "sbom": true})),
        "satisfied",
    );
}

#[test]
fn exposure_is_judged_from_what_leads_to_the_asset() {
    let check = |(exposure, clause_): (Exposure, Value), expect: &str| {
        let mut estate = Estate::default();
        estate.workload("shop/web").exposure = exposure;
        let drawn = clause(json!({"exposure": clause_}));
        assert_eq!(first(&verdict(&drawn, &estate, None, now())), expect);
    };
    let internal = Exposure {
        level: ExposureLevel::Internal,
        ..Exposure::default()
    };
    let hidden = Exposure {
        unknown: Some("Services can't be seen".into()),
        ..Exposure::default()
    };
    check(
        (hidden, json!({"internet": false})),
        "unknown: whether it can be reached from outside is not known: Services can't be seen",
    );
    check(
        (internet(), json!({"internet": false})),
        "violated: it can be reached from outside: Service shop/web of type LoadBalancer selects it",
    );
    check((internet(), json!({"internet": true})), "satisfied");
    check((internal, json!({"internet": false})), "satisfied");
    check(
        (
            Exposure::default(),
            json!({"attackPaths": 0, "internet": false}),
        ),
        "unknown: no attack path facts: this version does not compute attack paths",
    );
}

#[test]
fn what_no_engine_observes_is_unknown_with_what_is_missing() {
    let check = |clause_: Value, text: &str, settled: Option<&str>| {
        let drawn = clause(clause_);
        let verdict = verdict(&drawn, &one(), None, now());
        assert_eq!(verdict.clauses[0].text, text);
        assert_eq!(verdict.clauses[0].settled_by.as_deref(), settled);
        assert_eq!(verdict.settled_by, Vec::from_iter(settled));
    };
    check(
        json!({"runtime": {"drift": "block", "openAlerts": {"severity": "high", "within": "4h"}}}),
        "runtime drift blocked, open alerts of severity >=high max 0 within 4h",
        Some("no runtime facts: this version does not observe running containers"),
    );
    check(
        json!({"coverage": {"sensor": "healthy", "imageScan": "24h", "auditLog": true, "admission": "enforcing"}}),
        "coverage sensor healthy, images scanned within 24h, audit log, admission enforcing",
        Some(
            "no coverage facts: manifests do not say who observes what runs; look at a cluster with `plimsoll cluster coverage`",
        ),
    );
    check(
        json!({"coverage": {"auditLog": false}}),
        "coverage audit log not needed",
        None,
    );
}

#[test]
fn scopes() {
    let estate = || {
        let mut estate = Estate::default();
        estate
            .workload("shop/web")
            .labels
            .insert("plimsoll.dev/class".into(), "jewel".into());
        estate.workload("shop/db");
        estate.workload("other/web");
        estate.unread("unread/web");
        estate.asset(AssetKind::Object, "v1", "Service", "shop/web");
        estate
    };
    let check = |assets: Value, expect: &[&str]| {
        let drawn = Drawn::goal(json!({"assets": assets}))
            .class("jewel", json!({"rank": 900}))
            .class(
                "services",
                json!({"rank": 10, "match": {"kinds": ["Service"]}}),
            );
        let estate = estate();
        let verdict = verdict(&drawn, &estate, None, now());
        let got: Vec<String> = verdict
            .assets
            .iter()
            .map(|a| {
                format!(
                    "{} {}",
                    estate.assets[a.asset as usize].asset.object, a.state
                )
            })
            .collect();
        assert_eq!(got, expect, "{:?}", drawn.goals[0].0.spec.assets);
    };
    let unread = "Deployment unread/web unknown";
    check(
        json!({"all": true}),
        &[
            "Deployment shop/web satisfied",
            "Deployment shop/db satisfied",
            "Deployment other/web satisfied",
            unread,
        ],
    );
    check(
        json!({"match": {"namespaces": ["shop"], "names": ["web"]}}),
        &["Deployment shop/web satisfied", unread],
    );
    check(
        json!({"match": {"kinds": ["Service"]}}),
        &["Service shop/web satisfied"],
    );
    check(json!({"match": {"clusters": ["prod"]}}), &[]);
    check(
        json!({"class": "jewel"}),
        &["Deployment shop/web satisfied", unread],
    );
    check(
        json!({"class": "services"}),
        &[unread, "Service shop/web satisfied"],
    );
    check(json!({"class": "internet-facing"}), &[unread]);
    check(json!({"class": "nope"}), &[]);
}

#[test]
fn verdicts_are_three_valued() {
    let check = |(good, bad, unread, target): (u32, u32, u32, &str), expect: &str| {
        let mut estate = Estate::default();
        for i in 0..good {
            estate.workload(&format!("shop/good-{i}"));
        }
        for i in 0..bad {
            estate.workload(&format!("shop/bad-{i}"));
            estate.finding(&format!("shop/bad-{i}"), &PRIVILEGED);
        }
        for i in 0..unread {
            estate.unread(&format!("shop/unread-{i}"));
        }
        let drawn = Drawn::goal(json!({"target": target}));
        assert_eq!(said(&verdict(&drawn, &estate, None, now())), expect);
    };
    check(
        (99, 0, 1, "100%"),
        "unverified 99%..100% of 100%: 99 satisfied, 1 unknown",
    );
    check(
        (99, 0, 1, "99%"),
        "met 99%..100% of 99%: 99 satisfied, 1 unknown",
    );
    check(
        (99, 1, 0, "100%"),
        "breached 99%..99% of 100%: 99 satisfied, 1 violated",
    );
    check(
        (98, 1, 1, "100%"),
        "breached 98%..99% of 100%: 98 satisfied, 1 unknown, 1 violated",
    );
    check(
        (98, 1, 1, "99%"),
        "unverified 98%..99% of 99%: 98 satisfied, 1 unknown, 1 violated",
    );
    check((0, 0, 0, "50%"), "unverified 0%..100% of 50%: ");
    check((0, 0, 3, "0%"), "unverified 0%..100% of 0%: 3 unknown");
    check(
        (2, 1, 0, "66.6666%"),
        "met 66.6666%..66.6666% of 66.6666%: 2 satisfied, 1 violated",
    );
    check(
        (2, 1, 0, "66.6667%"),
        "breached 66.6666%..66.6666% of 66.6667%: 2 satisfied, 1 violated",
    );
}

#[test]
fn unverified_names_what_settles_it() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.unread("shop/chart");
    let drawn = Drawn::goal(json!({}));
    let unread = verdict(&drawn, &estate, None, now());
    assert_eq!(unread.settled_by, ["render the chart and check its output"]);
    assert_eq!(
        unread.assets[1].clauses[0].because,
        "the chart template is not rendered"
    );
    let empty = verdict(&drawn, &Estate::default(), None, now());
    assert_eq!(
        empty.settled_by,
        [
            "nothing is in scope, which proves nothing: no asset falls under all workloads; check the scope and the paths that are read"
        ]
    );
}

#[test]
fn the_grace_clock_starts_at_first_seen_and_a_new_run_does_not_restart_it() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.finding("shop/web", &PRIVILEGED);
    let drawn = clause(json!({"configuration": {"baseline": BASE, "within": "14d"}}));
    let mut history = estate.seen("2026-12-01T00:00:00Z");
    let check = |history: &History, day: &str, expect: &str| {
        assert_eq!(
            first(&verdict(&drawn, &estate, Some(history), at(day))),
            expect,
            "{day}"
        );
    };
    let pending =
        "pending: 1 violation in grace until 2026-12-15: privileged (container c: privileged)";
    let violated = "violated: 1 violation for longer than 14d, at most 0 allowed: privileged (container c: privileged)";
    check(&history, "2026-12-01T00:00:00Z", pending);
    check(&history, "2026-12-14T00:00:00Z", pending);
    check(&history, "2026-12-14T23:59:59Z", pending);
    check(&history, "2026-12-15T00:00:00Z", violated);
    check(&history, "2026-12-16T00:00:00Z", violated);
    crate::record(
        &mut history,
        &[],
        estate.facts(),
        at("2026-12-14T00:00:00Z"),
    );
    check(&history, "2026-12-14T00:00:00Z", pending);
    check(&history, "2026-12-16T00:00:00Z", violated);
    // A clock that was set back gives no time.
    let future = estate.seen("2030-01-01T00:00:00Z");
    let verdict = verdict(&drawn, &estate, Some(&future), at("2026-12-01T00:00:00Z"));
    assert_eq!(
        verdict.assets[0].clauses[0].until,
        Some(at("2026-12-15T00:00:00Z"))
    );
}

#[test]
fn pending_lasts_until_the_measure_is_full() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    let mut history = History::default();
    for (day, container) in ["a", "b", "c"].into_iter().enumerate() {
        estate.finding_in("shop/web", &PRIVILEGED, container);
        let day = at(&format!("2026-12-0{}T00:00:00Z", day + 1));
        crate::record(&mut history, &[], estate.facts(), day);
    }
    let drawn = clause(json!({"configuration": {"baseline": BASE, "max": 1, "within": "10d"}}));
    let check = |day: &str, state: AssetState, until: Option<&str>| {
        let verdict = verdict(&drawn, &estate, Some(&history), at(day));
        let outcome = &verdict.assets[0].clauses[0];
        assert_eq!(
            (outcome.state, outcome.until),
            (state, until.map(at)),
            "{day}"
        );
    };
    check(
        "2026-12-03T00:00:00Z",
        AssetState::Pending,
        Some("2026-12-12T00:00:00Z"),
    );
    check(
        "2026-12-11T00:00:00Z",
        AssetState::Pending,
        Some("2026-12-12T00:00:00Z"),
    );
    check("2026-12-12T00:00:00Z", AssetState::Violated, None);
}

#[test]
fn numbers_add_up_over_clauses_and_assets() {
    let mut estate = one();
    estate.workload("shop/db");
    estate.unread("shop/chart");
    let drawn = Drawn::goal(json!({"require": [
        {"configuration": {"baseline": BASE}},
        {"exposure": {"internet": false}},
        {"coverage": {"sensor": "present"}},
    ]}));
    let verdict = verdict(&drawn, &estate, None, now());
    assert_eq!(
        said(&verdict),
        "breached 0%..66.6666% of 100%: 2 unknown, 1 violated"
    );
    for clause in &verdict.clauses {
        let c = clause.counts;
        assert_eq!(c.in_scope, 3);
        assert_eq!(
            c.satisfied + c.violated + c.pending + c.unknown + c.excepted,
            3
        );
    }
    let texts: Vec<&str> = verdict
        .clauses
        .iter()
        .map(|clause| clause.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "configuration base@1, max 0",
            "exposure not from the internet",
            "coverage sensor present",
        ]
    );
}

#[test]
fn notes_say_what_a_reader_must_know() {
    let check = |spec: Value, expect: &[&str]| {
        assert_eq!(
            verdict(&Drawn::goal(spec), &one(), None, now()).notes,
            expect
        );
    };
    check(json!({}), &[]);
    check(json!({"reviewBy": "2026-11-25"}), &[]);
    check(
        json!({"reviewBy": "2026-11-24", "approvedBy": "board"}),
        &["review overdue: board was to look at this line again by 2026-11-24"],
    );
    check(
        json!({"require": [{"configuration": {"baseline": "base"}}]}),
        &[
            "baseline base is named without a version and was taken as base@1; write `base@1` so that an update does not change what the goal means",
        ],
    );
    check(
        json!({"require": [{"configuration": {"baseline": BASE, "within": "1d"}}]}),
        &["no state file: grace periods start now"],
    );
}

/// FEATURES A13: what a newer baseline says counts for those who name it.
#[test]
fn new_controls_never_move_a_pinned_goal() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    let drawn = Drawn::goal(json!({}));
    let before = said(&verdict(&drawn, &estate, None, now()));
    let two = ResolvedBaseline {
        pinned: "base@2".into(),
        controls: vec![LIMITS.id, PRIVILEGED.id],
        floating: false,
    };
    estate.evaluation.baselines.insert("base@2".to_owned(), two);
    estate.finding("shop/web", &LIMITS).baselines = Arc::from(["base@2".into()]);
    assert_eq!(said(&verdict(&drawn, &estate, None, now())), before);
    let newer = clause(json!({"configuration": {"baseline": "base@2"}}));
    assert!(said(&verdict(&newer, &estate, None, now())).starts_with("breached "));
}

#[test]
fn what_is_wrong_with_the_line_is_said() {
    let drawn = Drawn::goal(json!({"assets": {"class": "internet-facin"}}))
        .and_goal("g", json!({}))
        .and_goal("h", json!({"assets": {"class": "production"}}));
    let mut estate = one();
    estate.assets.pop();
    assert_eq!(diagnostics(&drawn, &estate).len(), 6);
    assert_eq!(
        diagnostics(&drawn, &one()),
        [
            "Error: goal `g` is about class `internet-facin`, which does not exist; did you mean `internet-facing`?",
            "Error: goal `h` is about class `production`, which does not exist; define an AssetClass `production`; there is internet-facing",
            "Warning: goal `g` is written twice, first at goals.yaml:1:1; rename one: the state file knows goals by name",
        ]
    );
}

mod bases;
mod coverage;
mod images;
mod vulnerabilities;
