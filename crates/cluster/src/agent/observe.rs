//! From what statuses say to metrics.

use plimsoll_assess::{live::Flip, status::Statuses};
use plimsoll_model::{Severity, Verdict};

use super::metrics::{AttainmentLabels, GoalLabels, Metrics, SeverityLabels, VerdictLabels};

const VERDICTS: [Verdict; 4] = [
    Verdict::Met,
    Verdict::AtRisk,
    Verdict::Breached,
    Verdict::Unverified,
];

impl Metrics {
    /// Shows what is known now, and nothing of what was shown before.
    pub fn observe(&self, statuses: &Statuses) {
        self.verdict.clear();
        self.attainment.clear();
        self.violating.clear();
        self.unknown.clear();
        for goal in &statuses.goals {
            let name = &goal.goal.metadata.name;
            for verdict in VERDICTS {
                let labels = VerdictLabels {
                    goal: name.clone(),
                    verdict: verdict.as_str().to_owned(),
                };
                let is = i64::from(verdict == goal.verdict);
                self.verdict.get_or_create(&labels).set(is);
            }
            let bounds = [
                ("lower", goal.attainment.lower),
                ("upper", goal.attainment.upper),
            ];
            for (bound, value) in bounds {
                let labels = AttainmentLabels {
                    goal: name.clone(),
                    bound: bound.to_owned(),
                };
                self.attainment
                    .get_or_create(&labels)
                    .set(value.as_fraction());
            }
            let labels = GoalLabels { goal: name.clone() };
            self.violating
                .get_or_create(&labels)
                .set(count(goal.counts.violated));
            self.unknown
                .get_or_create(&labels)
                .set(count(goal.counts.unknown));
        }
        for severity in Severity::WORST_FIRST {
            let number = statuses.findings.get(&severity).copied().unwrap_or(0);
            let labels = SeverityLabels {
                severity: severity.as_str().to_owned(),
            };
            self.findings.get_or_create(&labels).set(count(number));
        }
    }

    /// Counts verdicts that flipped.
    pub fn count(&self, flips: &[Flip]) {
        for flip in flips {
            let labels = VerdictLabels {
                goal: flip.goal.clone(),
                verdict: flip
                    .to
                    .map_or_else(|| "gone".to_owned(), |to| to.as_str().to_owned()),
            };
            // A first verdict is no flip.
            if flip.from.is_some() {
                self.flips.get_or_create(&labels).inc();
            }
        }
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
