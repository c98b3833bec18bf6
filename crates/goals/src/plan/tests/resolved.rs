//! How fixes are grouped by cause.

use super::*;
use crate::testing::{HOST_PATH, PRIVILEGED};

/// Each cause as `key: name, effort E[, shared]: finding.fix ...`.
fn causes(estate: &Estate, sharing: &[SharedFix]) -> Vec<String> {
    let resolved = resolve(&estate.findings, sharing);
    let mut lines: Vec<String> = resolved
        .causes
        .iter()
        .zip(0_u32..)
        .map(|(cause, index)| {
            let ways = resolved.of.iter().enumerate().flat_map(|(finding, ways)| {
                let here = ways.iter().filter(move |(cause, _)| *cause == index);
                here.map(move |(_, fix)| format!("{finding}.{fix}"))
            });
            let ways: Vec<String> = ways.collect();
            let shared = if cause.shared { ", shared" } else { "" };
            let Cause {
                key, cause, effort, ..
            } = cause;
            format!(
                "{key}: {cause}, effort {effort}{shared}: {}",
                ways.join(" ")
            )
        })
        .collect();
    lines.sort();
    lines
}

fn estate() -> Estate {
    let mut estate = Estate::default();
    for name in ["shop/a", "shop/b"] {
        estate.workload(name);
        estate.finding(name, &PRIVILEGED).fixes = Arc::from([own("privileged"), account("web")]);
        estate.finding(name, &HOST_PATH).fixes =
            Arc::from([missing("deny"), Fix::manual("Choose", "which")]);
    }
    estate
}

#[test]
fn fixes_are_grouped_by_what_they_change() {
    assert_eq!(
        causes(&estate(), &[]),
        [
            "cluster/files/identity/serviceaccount/shop/web: ServiceAccount shop/web, effort 10, shared: 0.1 2.1",
            "cluster/files/ns/shop/NetworkPolicy/deny: NetworkPolicy shop/deny, effort 15, shared: 1.0 3.0",
            "cluster/files/ns/shop/apps.Deployment/a: Deployment shop/a, effort 10: 0.0 1.1",
            "cluster/files/ns/shop/apps.Deployment/b: Deployment shop/b, effort 10: 2.0 3.1",
        ]
    );
}

#[test]
fn a_shared_thing_is_offered_beside_the_objects() {
    let shared = |finding, fix, key: &str| SharedFix {
        finding,
        fix,
        key: key.into(),
        label: "chart shop-1.2.3".into(),
        effort: SHARED_BASE,
    };
    // The last two name no finding and no fix.
    let sharing = [
        shared(2, 0, "c"),
        shared(0, 0, "c"),
        shared(9, 0, "c"),
        shared(0, 9, "c"),
    ];
    let lines = causes(&estate(), &sharing);
    assert_eq!(lines.len(), 5);
    assert_eq!(
        lines[4],
        "shared/c: chart shop-1.2.3, effort 12, shared: 0.0 2.0"
    );
}

#[test]
fn the_effort_of_a_fix_says_who_can_make_it() {
    let check = |fix: &Fix, expect| assert_eq!(effort_of(fix), expect, "{}", fix.summary);
    check(&own("x"), AUTOMATIC);
    check(&own("x").with_decision("may break"), DECISION);
    check(&Fix::manual("Choose", "which"), MANUAL);
    check(&missing("deny"), NEW_OBJECT);
    check(&missing("deny").with_decision("may break"), DECISION);
}
