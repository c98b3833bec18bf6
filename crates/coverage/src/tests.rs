//! Clusters to matrices and gaps.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    AssetId, CoverageState, Engine, ImageFacts, ImageLink, ImageLinks, Observation, Period,
    UnknownAsset,
};
use proptest::prelude::*;

use crate::{
    Coverage, Exclusion, Hidden, Input, Scope, Seen, Settings, Source, coverage,
    testing::{CLUSTER, inventory, now},
};

fn watch(kind: &str, heard: &str) -> Source {
    Source {
        engine: Engine::KubernetesWatch,
        scope: Scope::Kind {
            kind: kind.into(),
            namespace: None,
        },
        version: Some("v1.36.1".into()),
        since: "2026-11-26T08:00:00Z".parse().ok(),
        heard: heard.parse().ok(),
        cadence: Period::minutes(1),
    }
}

const HEARD: &str = "2026-11-26T11:59:30Z";

fn watches() -> Vec<Source> {
    ["Node", "Namespace", "Pod", "apps/Deployment"]
        .map(|kind| watch(kind, HEARD))
        .to_vec()
}

fn image(at: &str) -> ImageLink {
    ImageLink::Known(Arc::new(ImageFacts {
        asset: AssetId::from_text("image/registry.example.com/shop/web@sha256:11"),
        observed: Observation {
            source: "registry".into(),
            at: at.parse().expect("a timestamp"),
        },
        created: None,
        bytes: 1,
        user: String::new(),
        release: None,
        base: None,
        shells: Vec::new(),
        sbom: Ok(None),
        gaps: Vec::new(),
        advisories: Err("no advisories were given".to_owned()),
    }))
}

fn images() -> ImageLinks {
    BTreeMap::from([
        (
            Arc::from("registry.example.com/shop/web:1"),
            image("2026-11-25T08:00:00Z"),
        ),
        (
            Arc::from("registry.example.com/shop/old:1"),
            ImageLink::Unknown(UnknownAsset {
                reason: "no pull secret was granted".to_owned(),
                remedy: "grant get of the secret".to_owned(),
            }),
        ),
    ])
}

/// The matrix of the cluster, with what is otherwise than usual.
fn judged(
    sources: &[Source],
    images: Option<&ImageLinks>,
    change: impl FnOnce(&mut Settings, &mut Vec<Exclusion>, &mut Vec<Hidden>),
) -> Coverage {
    let inventory = inventory(CLUSTER);
    let mut settings = Settings::new("prod".into(), now());
    let (mut exclusions, mut hidden) = (Vec::new(), Vec::new());
    change(&mut settings, &mut exclusions, &mut hidden);
    coverage(Input {
        assets: &inventory.all_facts(),
        images,
        seen: &Seen::of(&inventory, Some("v1.36.1")),
        sources,
        exclusions: &exclusions,
        hidden: &hidden,
        settings: &settings,
    })
}

fn state(coverage: &Coverage, asset: &str, engine: Engine) -> (CoverageState, String) {
    let row = coverage
        .rows
        .iter()
        .find(|row| row.asset.id.as_str() == asset);
    let row = row.unwrap_or_else(|| panic!("no row of {asset}"));
    let cell = row.cells.of(engine);
    (cell.state, cell.reason.to_string())
}

/// `rule asset subject`, in order.
fn gaps(coverage: &Coverage) -> Vec<String> {
    let mut gaps: Vec<String> = coverage
        .findings
        .iter()
        .map(|f| format!("{} {} {}", f.rule.id, f.asset.id, f.subject.field))
        .collect();
    gaps.sort();
    gaps
}

#[test]
fn an_engine_that_is_not_there_is_never_silently_green() {
    let coverage = judged(&watches(), None, |_, _, _| {});
    for row in &coverage.rows {
        for engine in [Engine::AuditLog, Engine::Sensor, Engine::Admission] {
            let cell = row.cells.of(engine);
            assert_ne!(cell.state, CoverageState::Observed, "{}", row.asset.id);
            if cell.state == CoverageState::NotDeployed {
                assert!(!cell.reason.is_empty() && !cell.fix.is_empty());
            }
        }
    }
    let of = |asset| state(&coverage, asset, Engine::AuditLog).0;
    assert_eq!(of("cluster/prod"), CoverageState::NotDeployed);
    assert_eq!(
        of("cluster/prod/ns/shop/apps.Deployment/web"),
        CoverageState::NotDeployed
    );
    assert_eq!(of("cluster/prod/node/good"), CoverageState::NotApplicable);
}

#[test]
fn silence_of_five_minutes_is_a_gap_of_the_node_and_of_the_source() {
    let mut sources = watches();
    sources.push(watch("Service", "2026-11-26T11:54:00Z"));
    let coverage = judged(&sources, None, |_, _, _| {});
    let of = |asset| state(&coverage, asset, Engine::KubernetesWatch);
    assert_eq!(
        of("cluster/prod/node/good").0,
        CoverageState::Observed,
        "a lease of five seconds ago"
    );
    assert_eq!(
        of("cluster/prod/node/mute"),
        (
            CoverageState::Silent,
            "its lease was last renewed 6m ago".to_owned()
        ),
        "whatever its conditions say"
    );
    assert_eq!(of("cluster/prod/node/bare").0, CoverageState::Missing);
    assert_eq!(of("cluster/prod").0, CoverageState::Silent);
    assert_eq!(
        gaps(&coverage),
        [
            "coverage/node-silent cluster/prod/node/bare kubernetes-watch",
            "coverage/node-silent cluster/prod/node/mute kubernetes-watch",
            "coverage/source-silent cluster/prod kubernetes-watch/Service",
            "coverage/unsupported cluster/prod/node/bare sensor",
            "coverage/unsupported cluster/prod/ns/shop/apps.Deployment/box sensor",
        ]
    );
    let finding = coverage
        .findings
        .iter()
        .find(|f| f.asset.id.as_str() == "cluster/prod/node/mute")
        .expect("a finding");
    let evidence = finding.evidence();
    assert_eq!(evidence.observed(), Some("2026-11-26T11:54:00Z"));
    assert!(!finding.fixes.is_empty());
}

#[test]
fn a_node_without_a_time_of_its_own_is_as_the_control_plane_says() {
    let check = |status: &str, expect: CoverageState| {
        let inventory = inventory(&format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{conditions: [{{type: Ready, status: '{status}'}}]}}\n"
        ));
        let settings = Settings::new("prod".into(), now());
        let coverage = coverage(Input {
            assets: &inventory.all_facts(),
            images: None,
            seen: &Seen::of(&inventory, None),
            sources: &watches(),
            exclusions: &[],
            hidden: &[],
            settings: &settings,
        });
        let (state, _) = state(&coverage, "cluster/prod/node/n", Engine::KubernetesWatch);
        assert_eq!(state, expect, "{status}");
    };
    check("True", CoverageState::Observed);
    check("Unknown", CoverageState::Silent);
}

#[test]
fn when_every_source_of_an_engine_is_silent_that_is_one_gap_and_nodes_are_not_blamed() {
    let sources: Vec<Source> = ["Node", "Pod", "Namespace"]
        .map(|kind| watch(kind, "2026-11-26T11:40:00Z"))
        .to_vec();
    let coverage = judged(&sources, None, |_, _, _| {});
    assert_eq!(
        gaps(&coverage),
        [
            "coverage/source-silent cluster/prod kubernetes-watch",
            "coverage/unsupported cluster/prod/node/bare sensor",
            "coverage/unsupported cluster/prod/ns/shop/apps.Deployment/box sensor",
        ]
    );
}

#[test]
fn images_are_observed_as_lately_as_they_were_looked_into() {
    let images = images();
    let coverage = judged(&watches(), Some(&images), |settings, _, _| {
        settings.image_scan = Some(Period::hours(24));
    });
    let of = |asset| state(&coverage, asset, Engine::ImageScan);
    let (state, reason) = of("image/registry.example.com/shop/web@sha256:11");
    assert_eq!(state, CoverageState::Stale);
    assert_eq!(reason, "it was looked into 28h ago, longer than 24h");
    assert_eq!(
        of("image/registry.example.com/shop/old:1"),
        (
            CoverageState::Missing,
            "no pull secret was granted".to_owned()
        )
    );
    assert_eq!(
        of("image/registry.example.com/shop/new:1").0,
        CoverageState::Missing,
        "nobody looked into it yet"
    );
    // A workload is observed as its worst image is.
    assert_eq!(
        of("cluster/prod/ns/shop/apps.Deployment/web").0,
        CoverageState::Missing
    );
    let found = gaps(&coverage);
    for gap in [
        "coverage/image-scan-stale image/registry.example.com/shop/web@sha256:11 image-scan",
        "coverage/image-not-scanned image/registry.example.com/shop/new:1 image-scan",
        "coverage/image-not-scanned image/registry.example.com/shop/old:1 image-scan",
    ] {
        assert!(found.iter().any(|known| known == gap), "{gap}: {found:?}");
    }
    let owner = coverage.owner(&AssetId::from_text("image/registry.example.com/shop/new:1"));
    assert_eq!(owner.map(|owner| &**owner), Some("payments"));
}

#[test]
fn a_scan_that_nobody_asks_to_be_fresh_is_never_too_old() {
    let images = images();
    let coverage = judged(&watches(), Some(&images), |_, _, _| {});
    let asset = "image/registry.example.com/shop/web@sha256:11";
    assert_eq!(
        state(&coverage, asset, Engine::ImageScan).0,
        CoverageState::Observed
    );
}

#[test]
fn what_is_excluded_is_named_with_who_did_it_and_what_is_in_it_is_no_other_gap() {
    let images = images();
    let coverage = judged(&watches(), Some(&images), |_, exclusions, _| {
        exclusions.push(Exclusion {
            namespace: "lab".into(),
            by: "--exclude-namespace".into(),
        });
    });
    for asset in ["cluster/prod/ns/lab", "cluster/prod/ns/lab/Pod/toy"] {
        let (state, reason) = state(&coverage, asset, Engine::KubernetesWatch);
        assert_eq!(state, CoverageState::Excluded, "{asset}");
        assert_eq!(reason, "namespace lab is excluded by --exclude-namespace");
    }
    let found = gaps(&coverage);
    assert!(found.contains(&"coverage/namespace-excluded cluster/prod/ns/lab all engines".into()));
    assert!(
        !found.iter().any(|gap| gap.contains("lab/toy")),
        "{found:?}"
    );
}

#[test]
fn a_kind_that_permissions_hide_is_a_gap_with_what_would_grant_it() {
    let coverage = judged(&watches(), None, |_, _, hidden| {
        hidden.push(Hidden {
            kind: "networking.k8s.io/NetworkPolicy".into(),
            namespace: None,
            reason: "RBAC forbids to list it".into(),
            fix: "grant list and watch of networkpolicies".into(),
        });
        hidden.push(Hidden {
            kind: "Service".into(),
            namespace: Some("shop".into()),
            reason: "RBAC forbids to list it".into(),
            fix: "grant list and watch of services in shop".into(),
        });
    });
    let (cluster, reason) = state(&coverage, "cluster/prod", Engine::KubernetesWatch);
    assert_eq!(cluster, CoverageState::Missing);
    assert_eq!(
        reason,
        "can't be seen: Service, networking.k8s.io/NetworkPolicy"
    );
    let found = gaps(&coverage);
    for gap in [
        "coverage/kind-hidden cluster/prod kind networking.k8s.io/NetworkPolicy",
        "coverage/kind-hidden cluster/prod/ns/shop kind Service",
    ] {
        assert!(found.iter().any(|known| known == gap), "{gap}: {found:?}");
    }
}

#[test]
fn a_sensor_is_judged_on_the_nodes_that_a_workload_runs_on() {
    let mut sources = watches();
    sources.push(Source {
        engine: Engine::Sensor,
        scope: Scope::Node("good".into()),
        ..watch("", HEARD)
    });
    let coverage = judged(&sources, None, |_, _, _| {});
    let of = |asset| state(&coverage, asset, Engine::Sensor);
    assert_eq!(of("cluster/prod/node/good").0, CoverageState::Observed);
    assert_eq!(of("cluster/prod/node/mute").0, CoverageState::Missing);
    assert_eq!(of("cluster/prod/node/bare").0, CoverageState::Unsupported);
    assert_eq!(of("cluster/prod/ns/lab/Pod/toy").0, CoverageState::Observed);
    assert!(
        of("cluster/prod/ns/shop/apps.Deployment/box")
            .1
            .contains("gVisor")
    );
}

#[test]
fn an_engine_that_someone_relies_on_and_that_is_not_there_is_a_gap() {
    let coverage = judged(&watches(), None, |settings, _, _| {
        settings.expected.push(Engine::AuditLog);
    });
    assert!(gaps(&coverage).contains(&"coverage/engine-missing cluster/prod audit-log".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was heard whenever: every asset has a row, rows ascend, no
    /// finding comes twice, and the order of the sources does not show.
    #[test]
    fn the_matrix_is_whole_and_does_not_depend_on_the_order_of_sources(
        heard in proptest::collection::vec((0..6_usize, 0..4_usize, -1000_i64..1000), 0..12),
        swap in any::<bool>(),
    ) {
        let mut sources: Vec<Source> = heard
            .iter()
            .enumerate()
            .map(|(at, (engine, scope, ago))| Source {
                engine: Engine::ALL[*engine],
                scope: match scope {
                    0 => Scope::Cluster,
                    1 => Scope::Node("good".into()),
                    2 => Scope::Namespace("shop".into()),
                    _ => Scope::Kind { kind: format!("Kind{at}").into(), namespace: None },
                },
                version: None,
                since: None,
                heard: plimsoll_model::Timestamp::new(now().as_second() - ago, 0).ok(),
                cadence: Period::minutes(1),
            })
            .collect();
        sources.dedup_by(|a, b| a.engine == b.engine && a.scope == b.scope);
        let one = judged(&sources, None, |_, _, _| {});
        if swap {
            sources.reverse();
        }
        let other = judged(&sources, None, |_, _, _| {});
        prop_assert!(one.rows.is_sorted_by(|a, b| a.asset.id < b.asset.id));
        prop_assert_eq!(gaps(&one), gaps(&other));
        let mut ids: Vec<_> = one.findings.iter().map(|finding| finding.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), count);
        prop_assert_eq!(one.links().len(), one.rows.len());
    }
}
