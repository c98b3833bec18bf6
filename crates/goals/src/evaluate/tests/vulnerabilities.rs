//! The clause `vulnerabilities`.

use std::sync::Arc;

use plimsoll_model::{
    AdvisoryFacts, ComponentLinks, Epss, FindingKind, ImageFacts, Kev, Reachability, Severity,
    Tristate, Vulnerability, VulnerabilityKind, VulnerabilitySource, VulnerabilityState,
    VulnerablePackage, resource::PostureException,
};
use serde_json::{Value, json};

use super::{images::estate, *};
use crate::testing::{at, place, waiver};

/// A flaw that nobody knows to be exploited, with a fix.
fn flaw(id: &str) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: vec!["GHSA-xxxx-yyyy-zzzz".to_owned()],
        kind: VulnerabilityKind::Flaw,
        package: VulnerablePackage {
            name: "openssl".to_owned(),
            version: "3.0.1-1".to_owned(),
            purl: "pkg:deb/debian/openssl@3.0.1-1".to_owned(),
            lineage: "pkg:deb/debian/openssl".to_owned(),
            source: None,
        },
        locations: Vec::new(),
        fixed: Some("3.0.2-1".to_owned()),
        fix_needs: String::new(),
        fix_published: None,
        state: VulnerabilityState::Fixed,
        severity: Some(Severity::High),
        severities: Vec::new(),
        kev: None,
        epss: Some(Epss {
            score: 0.2,
            percentile: 0.9,
            day: None,
        }),
        exploits: Vec::new(),
        priority: None,
        reachable: Reachability::default(),
        in_use: Tristate::Unknown,
        source: VulnerabilitySource::default(),
        also: Vec::new(),
        summary: String::new(),
        weaknesses: Vec::new(),
        references: Vec::new(),
        notes: Vec::new(),
        from_base: None,
        dev: false,
        suppressed: Vec::new(),
    }
}

fn known(image: &mut ImageFacts) {
    image.advisories = Ok(AdvisoryFacts {
        as_of: Some(at("2026-11-20T00:00:00Z")),
        unknown: Vec::new(),
        knows_exploited: true,
        knows_epss: true,
    });
}

/// A workload whose image has this vulnerability.
fn with(v: Vulnerability, change: impl Fn(&mut ImageFacts)) -> Estate {
    let mut estate = estate(|image| {
        known(image);
        change(image);
    });
    add(&mut estate, v);
    estate
}

fn add(estate: &mut Estate, v: Vulnerability) {
    let finding = estate.finding("/web:1", &LIMITS);
    finding.kind = FindingKind::Vulnerability;
    finding.severity = v.severity.unwrap_or(Severity::Medium);
    finding.vulnerability = Some(Arc::new(v));
}

#[test]
fn the_clause_is_told_in_words() {
    let check = |of: Value, expect: &str| {
        let drawn = clause(json!({"vulnerabilities": of}));
        let verdict = verdict(&drawn, &estate(known), None, now());
        assert_eq!(verdict.clauses[0].text, expect);
    };
    check(
        json!({"severity": ">=high", "fixable": true, "max": 0, "within": "14d"}),
        "vulnerabilities severity >=high, fixable, max 0, within 14d",
    );
    check(
        json!({"exploited": true, "epss": 0.5, "reachable": true, "maxFeedAge": "7d"}),
        "vulnerabilities exploited, EPSS at least 0.5, reachable, max 0, by advisories of the last 7d",
    );
}

fn judged(estate: &Estate, of: Value) -> String {
    first(&verdict(
        &clause(json!({"vulnerabilities": of})),
        estate,
        None,
        now(),
    ))
}

#[test]
fn each_bound_of_the_clause_says_what_counts() {
    const ONE: &str = "violated: 1 vulnerability, at most 0 allowed: CVE-2026-1 (openssl 3.0.1-1)";
    let check = |change: fn(&mut Vulnerability), of: Value, violated: bool| {
        let mut v = flaw("CVE-2026-1");
        change(&mut v);
        let expect = if violated { ONE } else { "satisfied" };
        assert_eq!(judged(&with(v, |_| {}), of.clone()), expect, "{of}");
    };
    check(|_| {}, json!({"max": 0}), true);
    check(|_| {}, json!({"max": 1}), false);
    check(|_| {}, json!({"severity": ">=high"}), true);
    check(|_| {}, json!({"severity": ">=critical"}), false);
    check(|_| {}, json!({"fixable": true}), true);
    check(|v| v.fixed = None, json!({"fixable": true}), false);
    check(|v| v.fixed = None, json!({"fixable": false}), true);
    // A fix that has to be paid for is none to be had by an upgrade.
    check(
        |v| v.fix_needs = "Ubuntu Pro".to_owned(),
        json!({"fixable": true}),
        false,
    );
    check(|_| {}, json!({"exploited": true}), false);
    let exploited = |v: &mut Vulnerability| {
        v.kev = Some(Kev {
            added: plimsoll_model::time::date_of(at("2026-11-01T00:00:00Z")),
            due: None,
            ransomware: false,
            name: String::new(),
        });
    };
    check(exploited, json!({"exploited": true}), true);
    check(|_| {}, json!({"epss": 0.1}), true);
    check(|_| {}, json!({"epss": 0.3}), false);
    check(|_| {}, json!({"reachable": true}), true);
    let unreachable = |v: &mut Vulnerability| v.reachable.answer = Tristate::No;
    check(unreachable, json!({"reachable": true}), false);
    check(unreachable, json!({"max": 0}), true);
}

#[test]
fn what_the_advisories_can_not_tell_is_unknown() {
    let check = |change: fn(&mut ImageFacts), of: Value, expect: &str| {
        let estate = estate(|image| {
            known(image);
            change(image);
        });
        assert_eq!(judged(&estate, of), expect);
    };
    check(|_| {}, json!({"max": 0}), "satisfied");
    check(
        |image| image.advisories = Err("its packages were not compared".to_owned()),
        json!({"max": 0}),
        "unknown: image web:1: its packages were not compared",
    );
    let gap = |image: &mut ImageFacts| {
        if let Ok(advisories) = &mut image.advisories {
            advisories.unknown = vec!["12 deb packages: no advisories of debian 4".to_owned()];
        }
    };
    check(
        gap,
        json!({"max": 0}),
        "unknown: image web:1: 12 deb packages: no advisories of debian 4",
    );
    let old = |image: &mut ImageFacts| {
        if let Ok(advisories) = &mut image.advisories {
            advisories.as_of = Some(at("2026-10-01T00:00:00Z"));
        }
    };
    check(
        old,
        json!({"max": 0}),
        "unknown: image web:1: advisories are of 2026-10-01, older than 30d: update the database",
    );
    check(old, json!({"maxFeedAge": "90d"}), "satisfied");
    let no_lists = |image: &mut ImageFacts| {
        if let Ok(advisories) = &mut image.advisories {
            advisories.knows_exploited = false;
            advisories.knows_epss = false;
        }
    };
    check(no_lists, json!({"max": 0}), "satisfied");
    check(
        no_lists,
        json!({"exploited": true}),
        "unknown: image web:1: the database has no list of exploited vulnerabilities: add the feed `cisa-kev`",
    );
    check(
        no_lists,
        json!({"epss": 0.5}),
        "unknown: image web:1: the database has no predictions of exploitation: add the feed `epss`",
    );
}

#[test]
fn a_bound_on_the_severity_needs_somebody_who_says_it() {
    let mut v = flaw("CVE-2026-1");
    v.severity = None;
    let estate = with(v, |_| {});
    assert_eq!(
        judged(&estate, json!({"severity": ">=high"})),
        "unknown: nobody says how bad CVE-2026-1 is: add a feed that does, such as `nvd`"
    );
    assert!(judged(&estate, json!({"max": 0})).starts_with("violated"));
}

#[test]
fn grace_begins_when_it_was_seen_or_its_fix_was_published() {
    let published = |day: Option<&str>| {
        let mut v = flaw("CVE-2026-1");
        v.fix_published = day.and_then(|day| day.parse().ok());
        with(v, |_| {})
    };
    let check = |estate: &Estate, expect: &str| {
        let history = estate.seen("2026-11-01T00:00:00Z");
        let drawn = clause(json!({"vulnerabilities": {"within": "14d"}}));
        let is = first(&verdict(&drawn, estate, Some(&history), now()));
        assert!(is.starts_with(expect), "{is}");
    };
    check(&published(None), "violated");
    check(&published(Some("2026-10-01")), "violated");
    check(&published(Some("2026-11-20")), "pending");
}

#[test]
fn what_is_suppressed_is_excepted_and_named() {
    let mut estate = with(flaw("CVE-2026-1"), |_| {});
    if let Some(finding) = estate.findings.first_mut() {
        finding.waiver = waiver();
    }
    assert_eq!(
        judged(&estate, json!({"max": 0})),
        "excepted: 1 vulnerability suppressed by ignore.example.com/x (legacy): CVE-2026-1 (openssl 3.0.1-1)"
    );
}

#[test]
fn an_exception_for_one_name_covers_the_others() {
    for name in ["CVE-2026-1", "GHSA-xxxx-yyyy-zzzz", "CVE-2026-*"] {
        let estate = with(flaw("CVE-2026-1"), |_| {});
        let mut drawn = clause(json!({"vulnerabilities": {"max": 0}}));
        let exception: PostureException = serde_json::from_value(json!({
            "apiVersion": "plimsoll.dev/v1alpha1",
            "kind": "PostureException",
            "metadata": {"name": "x"},
            "spec": {
                "owner": "web", "reason": "no fix yet", "expires": "2027-01-01",
                "assets": {"kinds": ["image"], "names": ["web:1"]}, "controls": [name],
            },
        }))
        .expect("an exception");
        drawn
            .exceptions
            .push((Arc::new(exception), place("x.yaml")));
        let is = first(&verdict(&drawn, &estate, None, now()));
        assert!(is.starts_with("excepted"), "{name}: {is}");
    }
}

#[test]
fn what_a_node_runs_on_is_unknown_until_it_was_compared() {
    let mut estate = Estate::default();
    estate.asset(AssetKind::Node, "v1", "Node", "n1");
    let id = estate.assets[0].asset.id.clone();
    let drawn = Drawn::goal(json!({
        "assets": {"match": {"kinds": ["Node"]}},
        "require": [{"vulnerabilities": {"max": 0}}],
    }));
    let judged = |estate: &Estate| first(&verdict(&drawn, estate, None, now()));
    assert!(judged(&estate).starts_with("unknown: what it runs on was compared with no"));
    let known = |unknown: &[&str]| AdvisoryFacts {
        as_of: Some(at("2026-11-20T00:00:00Z")),
        unknown: unknown.iter().map(|why| (*why).to_owned()).collect(),
        knows_exploited: true,
        knows_epss: true,
    };
    let mut links = ComponentLinks::new();
    links.insert(id.clone(), known(&["runc: nobody says"]));
    estate.components = Some(links);
    assert_eq!(judged(&estate), "unknown: node n1: runc: nobody says");
    let links = estate.components.as_mut().expect("there");
    links.insert(id, known(&[]));
    assert_eq!(judged(&estate), "satisfied");
    let finding = estate.finding("/n1", &LIMITS);
    finding.kind = FindingKind::Vulnerability;
    finding.vulnerability = Some(Arc::new(flaw("CVE-1")));
    assert!(judged(&estate).starts_with("violated: 1 vulnerability"));
}
