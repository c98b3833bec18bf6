//! What is known of the observers decides; what nobody can say is unknown.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    AssetCoverage, AssetState, CoverageCell, CoverageState, Engine, ImageFacts, ImageLink,
    Observation,
};
use serde_json::{Value, json};

use super::*;

/// The state of the only asset for a clause, and why, where every engine
/// observes it like this.
fn judged(clause_: Value, states: &[(Engine, CoverageState)]) -> (AssetState, String) {
    let mut estate = one();
    let cells = Engine::ALL.map(|engine| {
        let state = states.iter().find(|(of, _)| *of == engine);
        Arc::new(CoverageCell {
            state: state.map_or(CoverageState::NotDeployed, |(_, state)| *state),
            reason: "a reason".into(),
            fix: "a fix".into(),
            ..CoverageCell::default()
        })
    });
    let id = estate.assets[0].asset.id.clone();
    estate.coverage = Some(BTreeMap::from([(id, AssetCoverage(cells))]));
    let drawn = clause(clause_);
    let verdict = verdict(&drawn, &estate, None, now());
    let asset = &verdict.assets[0];
    let because = asset.clauses.first().map(|c| c.because.clone());
    (asset.state, because.unwrap_or_default())
}

#[test]
fn a_coverage_clause_is_decided_by_what_is_known_and_unknown_where_no_engine_is_deployed() {
    use CoverageState::*;
    let check = |asked: Value, engine: Engine, state: CoverageState, expect: AssetState| {
        let (judged, because) = judged(json!({ "coverage": asked.clone() }), &[(engine, state)]);
        assert_eq!(judged, expect, "{asked} {state}: {because}");
    };
    let audit = json!({"auditLog": true});
    check(
        audit.clone(),
        Engine::AuditLog,
        Observed,
        AssetState::Satisfied,
    );
    check(
        audit.clone(),
        Engine::AuditLog,
        Silent,
        AssetState::Violated,
    );
    check(
        audit.clone(),
        Engine::AuditLog,
        Missing,
        AssetState::Violated,
    );
    check(
        audit.clone(),
        Engine::AuditLog,
        Excluded,
        AssetState::Violated,
    );
    check(
        audit.clone(),
        Engine::AuditLog,
        NotApplicable,
        AssetState::Satisfied,
    );
    check(audit, Engine::AuditLog, NotDeployed, AssetState::Unknown);
    let present = json!({"sensor": "present"});
    check(
        present.clone(),
        Engine::Sensor,
        Stale,
        AssetState::Satisfied,
    );
    check(present, Engine::Sensor, Silent, AssetState::Violated);
    let healthy = json!({"sensor": "healthy"});
    check(healthy.clone(), Engine::Sensor, Stale, AssetState::Violated);
    check(
        healthy.clone(),
        Engine::Sensor,
        Unsupported,
        AssetState::Violated,
    );
    check(healthy, Engine::Sensor, Observed, AssetState::Satisfied);
    let enforcing = json!({"admission": "enforcing"});
    check(enforcing, Engine::Admission, Observed, AssetState::Unknown);
    let observing = json!({"admission": "observing"});
    check(
        observing,
        Engine::Admission,
        Observed,
        AssetState::Satisfied,
    );
    // A violated part violates the clause whatever is unknown.
    let both = json!({"sensor": "healthy", "auditLog": true});
    check(both, Engine::Sensor, Silent, AssetState::Violated);
}

#[test]
fn what_is_unknown_says_why_and_what_would_settle_it() {
    let (state, because) = judged(json!({"coverage": {"auditLog": true}}), &[]);
    assert_eq!(state, AssetState::Unknown);
    assert_eq!(because, "audit-log: not deployed, a reason: a fix");
}

#[test]
fn an_image_scan_is_as_old_as_it_is_and_one_that_was_not_made_is_unknown() {
    let check = |scanned: Option<&str>, expect: AssetState, text: &str| {
        let mut estate = one();
        estate.assets[0].images = vec!["web:1".into()];
        estate.images = scanned.map(|scanned| {
            let facts = ImageFacts {
                asset: estate.assets[0].asset.id.clone(),
                observed: Observation {
                    source: "registry".into(),
                    at: at(scanned),
                },
                created: None,
                bytes: 1,
                user: String::new(),
                release: None,
                base: None,
                shells: Vec::new(),
                sbom: Ok(None),
                gaps: Vec::new(),
                advisories: Err("nothing was compared".to_owned()),
            };
            BTreeMap::from([("web:1".into(), ImageLink::Known(Arc::new(facts)))])
        });
        let drawn = clause(json!({"coverage": {"imageScan": "24h"}}));
        let verdict = verdict(&drawn, &estate, None, now());
        let asset = &verdict.assets[0];
        assert_eq!(asset.state, expect, "{scanned:?}");
        let because = asset.clauses.first().map_or("", |c| &*c.because);
        assert!(because.contains(text), "{because}");
    };
    check(Some("2026-11-25T11:00:00Z"), AssetState::Satisfied, "");
    check(Some("2026-11-24T12:00:00Z"), AssetState::Satisfied, "");
    check(
        Some("2026-11-24T11:59:59Z"),
        AssetState::Violated,
        "image web:1 was looked into on",
    );
    check(None, AssetState::Unknown, "was not looked into");
}
