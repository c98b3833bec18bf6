//! What of an assessment is kept for statuses: little, so that who writes them
//! need not hold all that is known of a cluster.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    AssetState, AtRisk, Attainment, Counts, GoalVerdict, Severity, Timestamp, Verdict,
    resource::PostureGoal,
};
use serde_json::{Value, json};

use super::cut;
use crate::Assessment;

/// Findings that are named.
pub(super) const MOST_FINDINGS: usize = 10;
/// Steps of the fix plan that are named.
const MOST_STEPS: usize = 5;
/// Lines of other lists.
const MOST_LINES: usize = 5;

/// What all statuses say, but for what each says already.
#[derive(Clone, Debug)]
pub struct Statuses {
    /// The clock of the assessment.
    pub now: Timestamp,
    /// In order of names.
    pub goals: Vec<GoalStatus>,
    /// Findings that are open, by how bad they are.
    pub findings: BTreeMap<Severity, u64>,
    /// Assets, by class.
    classes: BTreeMap<String, u64>,
    /// Controls, by baseline as goals name it.
    controls: BTreeMap<String, u64>,
    /// Findings, by the exception that accepts them.
    accepted: BTreeMap<String, u64>,
}

/// What the status of a goal says.
#[derive(Clone, Debug)]
pub struct GoalStatus {
    /// The goal.
    pub goal: Arc<PostureGoal>,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The level against the target.
    pub attainment: Attainment,
    /// The parts of its scope.
    pub counts: Counts,
    /// Since when the verdict is what it is, as far as the past knows.
    pub since: Option<Timestamp>,
    pub(super) at_risk: Option<AtRisk>,
    pub(super) because: String,
    pub(super) top: Vec<Value>,
    pub(super) steps: Vec<Value>,
    pub(super) settled_by: Vec<Value>,
    pub(super) notes: Vec<Value>,
}

impl Statuses {
    /// What statuses say of an assessment.
    #[must_use]
    pub fn of(assessment: &Assessment) -> Self {
        let mut classes = BTreeMap::new();
        for class in assessment.classes.iter().flatten() {
            count(&mut classes, &class.class);
        }
        let mut accepted = BTreeMap::new();
        for by in assessment.excepted_by.values() {
            count(&mut accepted, by);
        }
        let mut findings = BTreeMap::new();
        for finding in &assessment.findings {
            *findings.entry(finding.severity).or_default() += 1;
        }
        let baselines = assessment.evaluation.baselines.iter();
        let controls = baselines.map(|(name, found)| (name.clone(), found.controls.len() as u64));
        Statuses {
            now: assessment.now,
            goals: assessment
                .goals
                .iter()
                .map(|goal| GoalStatus::of(assessment, goal))
                .collect(),
            findings,
            classes,
            controls: controls.collect(),
            accepted,
        }
    }

    pub(super) fn in_class(&self, name: &str) -> u64 {
        self.classes.get(name).copied().unwrap_or(0)
    }

    /// None where no goal names the baseline.
    pub(super) fn controls_of(&self, name: &str, version: &str) -> Option<u64> {
        let pinned = || self.controls.get(&format!("{name}@{version}"));
        self.controls.get(name).or_else(pinned).copied()
    }

    pub(super) fn accepted_by(&self, exception: &str) -> u64 {
        self.accepted.get(exception).copied().unwrap_or(0)
    }
}

impl GoalStatus {
    fn of(assessment: &Assessment, goal: &GoalVerdict) -> Self {
        let steps = goal.plan.steps.iter().take(MOST_STEPS);
        GoalStatus {
            goal: goal.goal.clone(),
            verdict: goal.verdict,
            counts: goal.counts,
            since: goal.since,
            at_risk: goal.at_risk.clone(),
            attainment: goal.attainment,
            because: because(assessment, goal),
            top: top_findings(assessment, goal),
            steps: steps
                .map(|step| json!({"change": cut(&step.summary), "clears": step.clears.len()}))
                .collect(),
            settled_by: lines(&goal.settled_by),
            notes: lines(&goal.notes),
        }
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn lines(lines: &[String]) -> Vec<Value> {
    let kept = lines.iter().take(MOST_LINES);
    kept.map(|line| cut(line).into()).collect()
}

/// The verdict in one sentence: the numbers, and the worst of what is wrong.
fn because(assessment: &Assessment, goal: &GoalVerdict) -> String {
    let counts = &goal.counts;
    if counts.in_scope == 0 {
        return "nothing is in scope, which proves nothing".to_owned();
    }
    let meeting = counts.satisfied + counts.excepted + counts.pending;
    let mut text = format!("{meeting} of {} assets meet it", counts.in_scope);
    for (number, what) in [
        (counts.violated, "violate it"),
        (counts.pending, "are pending"),
        (counts.unknown, "are unknown"),
        (counts.excepted, "by an exception"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    let state = match goal.verdict {
        Verdict::Unverified => AssetState::Unknown,
        _ => AssetState::Violated,
    };
    let worst = goal.assets.iter().find(|asset| asset.state == state);
    let why = worst.and_then(|asset| {
        let clause = asset.clauses.iter().find(|clause| clause.state == state)?;
        let id = &assessment.assets.get(asset.asset as usize)?.asset.id;
        Some(format!("{id}: {}", clause.because))
    });
    match why {
        Some(why) => cut(&format!("{text}; {why}")),
        None => text,
    }
}

/// The worst findings that violate it. They are listed worst first, so that
/// the lowest indexes are the worst.
fn top_findings(assessment: &Assessment, goal: &GoalVerdict) -> Vec<Value> {
    let mut worst = std::collections::BTreeSet::new();
    for clause in goal.assets.iter().flat_map(|asset| &asset.clauses) {
        let violating = clause.violating as usize;
        for index in clause.findings.iter().take(violating) {
            worst.insert(*index);
            if worst.len() > MOST_FINDINGS {
                worst.pop_last();
            }
        }
    }
    worst
        .into_iter()
        .filter_map(|index| assessment.findings.get(index as usize))
        .map(|finding| {
            json!({
                "id": finding.id.to_string(),
                "rule": finding.rule.id,
                "severity": finding.severity.as_str(),
                "asset": finding.asset.id.to_string(),
                "message": cut(&finding.message),
            })
        })
        .collect()
}
