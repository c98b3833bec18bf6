//! Who must observe the asset: what is known decides, and what nobody can say
//! is unknown.

use plimsoll_model::{
    AssetFacts, CoverageState, Engine, Period,
    resource::{AdmissionState, CoverageClause, SensorState},
};

use super::{Context, Judged, Parts, images};
use crate::words;

/// What is said where nobody looked at who observes what.
const NO_FACTS: &str = "no coverage facts: manifests do not say who observes what runs; look at a cluster with `plimsoll cluster coverage`";

pub(super) fn judge(clause: &CoverageClause, asset: &AssetFacts, context: &Context<'_>) -> Judged {
    let mut parts = Parts::default();
    if let Some(most) = clause.image_scan {
        scan(most, asset, context, &mut parts);
    }
    if let Some(wanted) = clause.sensor {
        let enough = |state| match wanted {
            SensorState::Present => {
                matches!(state, CoverageState::Observed | CoverageState::Stale)
            }
            SensorState::Healthy => state == CoverageState::Observed,
        };
        engine(Engine::Sensor, enough, asset, context, &mut parts);
    }
    let is_observed = |state| state == CoverageState::Observed;
    if clause.audit_log == Some(true) {
        engine(Engine::AuditLog, is_observed, asset, context, &mut parts);
    }
    if let Some(wanted) = clause.admission {
        let before = parts.violated.len() + parts.unknown.len();
        engine(Engine::Admission, is_observed, asset, context, &mut parts);
        let holds = before == parts.violated.len() + parts.unknown.len();
        let applies = state(Engine::Admission, asset, context) == Some(CoverageState::Observed);
        if wanted == AdmissionState::Enforcing && holds && applies {
            parts
                .unknown
                .push("whether the admission gate enforces is not known".to_owned());
        }
    }
    parts.judged()
}

/// How old the scans of its images may be.
fn scan(most: Period, asset: &AssetFacts, context: &Context<'_>, parts: &mut Parts) {
    images::each(asset, context, parts, |name, image, parts| {
        let at = image.observed.at;
        let until = most.after(at);
        if until < context.now {
            parts.violated.push(format!(
                "image {name} was looked into on {}, longer than {most} ago",
                words::when(at)
            ));
        } else {
            parts.holds_until(until, context.now);
        }
    });
}

fn state(engine: Engine, asset: &AssetFacts, context: &Context<'_>) -> Option<CoverageState> {
    let coverage = context.facts.coverage?.get(&asset.asset.id)?;
    Some(coverage.of(engine).state)
}

/// What an engine must be doing for the asset.
fn engine(
    engine: Engine,
    enough: impl Fn(CoverageState) -> bool,
    asset: &AssetFacts,
    context: &Context<'_>,
    parts: &mut Parts,
) {
    let Some(coverage) = context.facts.coverage else {
        if !parts.unknown.iter().any(|known| known == NO_FACTS) {
            parts.unknown.push(NO_FACTS.to_owned());
        }
        return;
    };
    let Some(coverage) = coverage.get(&asset.asset.id) else {
        let kind = asset.asset.kind;
        parts.unknown.push(format!(
            "whether the {engine} observes it is not known: coverage has no row for this {kind}"
        ));
        return;
    };
    let cell = coverage.of(engine);
    let why = |state: CoverageState| match &*cell.reason {
        "" => format!("{engine}: {state}"),
        reason => format!("{engine}: {state}, {reason}"),
    };
    match cell.state {
        // There is nothing that it could observe.
        CoverageState::NotApplicable => {}
        state if enough(state) => {}
        // Nobody can say what it would have seen.
        CoverageState::NotDeployed => {
            let fix = &cell.fix;
            parts.unknown.push(format!("{}: {fix}", why(cell.state)));
        }
        state => parts.violated.push(why(state)),
    }
}

/// The clause in words.
pub(super) fn text(clause: &CoverageClause) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(clause.sensor.map(|state| match state {
        SensorState::Present => "sensor present".to_owned(),
        SensorState::Healthy => "sensor healthy".to_owned(),
    }));
    let age = clause.image_scan;
    parts.extend(age.map(|age| format!("images scanned within {age}")));
    parts.extend(clause.audit_log.map(|yes| {
        let text = if yes {
            "audit log"
        } else {
            "audit log not needed"
        };
        text.to_owned()
    }));
    parts.extend(clause.admission.map(|state| match state {
        AdmissionState::Observing => "admission observing".to_owned(),
        AdmissionState::Enforcing => "admission enforcing".to_owned(),
    }));
    format!("coverage {}", parts.join(", "))
}
