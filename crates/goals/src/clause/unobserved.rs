//! Clauses that ask for what this version does not observe: unknown, with what
//! is missing said.

use plimsoll_model::resource::{Clause, DriftMode};

use super::Judged;

/// What is not observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unobserved {
    /// What a container does.
    Runtime,
}

impl Unobserved {
    pub(super) fn judge(self) -> Judged {
        let missing = match self {
            Unobserved::Runtime => {
                "no runtime facts: this version does not observe running containers"
            }
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
        // The others have texts of their own.
        Clause::Configuration(_)
        | Clause::Coverage(_)
        | Clause::Vulnerabilities(_)
        | Clause::SupplyChain(_)
        | Clause::Exposure(_)
        | Clause::Secrets(_)
        | Clause::Image(_) => {}
    }
    format!("{} {}", clause.word(), parts.join(", "))
}
