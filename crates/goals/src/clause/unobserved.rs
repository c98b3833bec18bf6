//! Clauses that ask for what this version does not observe: unknown, with what
//! is missing said.

use plimsoll_model::resource::{AdmissionState, Clause, CoverageClause, DriftMode, SensorState};

use super::Judged;

/// What is not observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unobserved {
    /// What a container does.
    Runtime,
    /// Who observes the asset.
    Coverage,
    /// The clause asks for nothing, such as `auditLog: false`.
    Nothing,
}

impl Unobserved {
    /// What a coverage clause asks for.
    pub(super) fn coverage(clause: &CoverageClause) -> Self {
        let asks = clause.sensor.is_some()
            || clause.image_scan.is_some()
            || clause.audit_log == Some(true)
            || clause.admission.is_some();
        if asks {
            Unobserved::Coverage
        } else {
            Unobserved::Nothing
        }
    }

    pub(super) fn judge(self) -> Judged {
        let missing = match self {
            Unobserved::Runtime => {
                "no runtime facts: this version does not observe running containers"
            }
            Unobserved::Coverage => {
                "no coverage facts: this version reads manifests and has no sensor, image scan, audit log or admission gate to ask"
            }
            Unobserved::Nothing => return Judged::satisfied(),
        };
        Judged::unknown(missing.to_owned(), vec![missing.to_owned()])
    }
}

/// The clause in words.
pub(super) fn text(clause: &Clause) -> String {
    let mut parts: Vec<String> = Vec::new();
    match clause {
        Clause::Runtime(clause) => {
            parts.extend(clause.drift.map(|drift| match drift {
                DriftMode::Detect => "drift detected".to_owned(),
                DriftMode::Block => "drift blocked".to_owned(),
            }));
            if let Some(alerts) = &clause.open_alerts {
                let severity = alerts.severity.map(|b| format!(" of severity {b}"));
                let within = alerts.within.map(|within| format!(" within {within}"));
                parts.push(format!(
                    "open alerts{} max {}{}",
                    severity.unwrap_or_default(),
                    alerts.max,
                    within.unwrap_or_default()
                ));
            }
        }
        Clause::Coverage(clause) => {
            parts.extend(clause.sensor.map(|state| match state {
                SensorState::Present => "sensor present".to_owned(),
                SensorState::Healthy => "sensor healthy".to_owned(),
            }));
            parts.extend(
                clause
                    .image_scan
                    .map(|age| format!("images scanned within {age}")),
            );
            parts.extend(
                clause
                    .audit_log
                    .map(|yes| choose(yes, "audit log", "audit log not needed")),
            );
            parts.extend(clause.admission.map(|state| match state {
                AdmissionState::Observing => "admission observing".to_owned(),
                AdmissionState::Enforcing => "admission enforcing".to_owned(),
            }));
        }
        // The others have texts of their own.
        Clause::Configuration(_)
        | Clause::Vulnerabilities(_)
        | Clause::SupplyChain(_)
        | Clause::Exposure(_)
        | Clause::Secrets(_)
        | Clause::Image(_) => {}
    }
    format!("{} {}", clause.word(), parts.join(", "))
}

fn choose(yes: bool, then: &str, otherwise: &str) -> String {
    if yes {
        then.to_owned()
    } else {
        otherwise.to_owned()
    }
}
