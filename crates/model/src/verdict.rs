//! Verdicts: whether the line holds, with the numbers that add up, the assets
//! and the plan.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fix, Location, ObjectRef, Percent, Severity, Timestamp, resource::PostureGoal};

/// Whether a goal holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The lower bound of attainment reaches the target.
    Met,
    /// It holds now, and will not on a named day unless something is done.
    AtRisk,
    /// Neither the lower bound reaches the target nor does the upper bound
    /// miss it, or nothing is in scope: an empty scope proves nothing.
    Unverified,
    /// The upper bound misses the target.
    Breached,
}

impl Verdict {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::AtRisk => "at-risk",
            Verdict::Unverified => "unverified",
            Verdict::Breached => "breached",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The state of one asset for one goal: the first of these that holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AssetState {
    /// A clause is violated.
    Violated,
    /// A clause can't be judged.
    Unknown,
    /// A finding is inside its grace period.
    Pending,
    /// It would be violated but for an exception.
    Excepted,
    /// Every clause is satisfied.
    Satisfied,
}

impl AssetState {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetState::Violated => "violated",
            AssetState::Unknown => "unknown",
            AssetState::Pending => "pending",
            AssetState::Excepted => "excepted",
            AssetState::Satisfied => "satisfied",
        }
    }
}

impl fmt::Display for AssetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many assets are in which state. The five add up to `in_scope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All assets in scope.
    pub in_scope: u64,
    /// Assets that meet every clause.
    pub satisfied: u64,
    /// Assets that violate a clause.
    pub violated: u64,
    /// Assets with a finding inside its grace period.
    pub pending: u64,
    /// Assets that can't be judged.
    pub unknown: u64,
    /// Assets that meet the goal only by an exception.
    pub excepted: u64,
}

impl Counts {
    /// Counts one asset in this state.
    pub fn add(&mut self, state: AssetState) {
        self.in_scope += 1;
        *self.of_mut(state) += 1;
    }

    /// Takes one asset in this state out.
    pub fn remove(&mut self, state: AssetState) {
        self.in_scope -= 1;
        *self.of_mut(state) -= 1;
    }

    fn of_mut(&mut self, state: AssetState) -> &mut u64 {
        match state {
            AssetState::Violated => &mut self.violated,
            AssetState::Unknown => &mut self.unknown,
            AssetState::Pending => &mut self.pending,
            AssetState::Excepted => &mut self.excepted,
            AssetState::Satisfied => &mut self.satisfied,
        }
    }

    /// How many count as meeting the goal for certain.
    pub fn lower(&self) -> u64 {
        self.satisfied + self.excepted + self.pending
    }

    /// How many may meet it: the certain ones and the unknown.
    pub fn upper(&self) -> u64 {
        self.lower() + self.unknown
    }
}

/// Attainment as an interval with the target it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attainment {
    /// What is certain, in parts per million of the scope, rounded down.
    pub lower: Percent,
    /// What is possible, in parts per million of the scope, rounded down.
    pub upper: Percent,
    /// The goal's target.
    pub target: Percent,
    /// What is required today: the target, or the level on the ramp to it.
    pub required: Percent,
}

/// Attainment over a window of time, in asset-seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowResult {
    /// Asset-seconds in scope; the time without data is counted with the
    /// number of assets known last.
    pub total: u64,
    /// Asset-seconds that certainly met the goal.
    pub good: u64,
    /// Asset-seconds without data, or with assets that could not be judged.
    pub unknown: u64,
}

/// A class an asset is in, and the rule that gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassAssignment {
    /// The class.
    pub class: String,
    /// Its rank; higher is more critical.
    pub rank: u32,
    /// The label or rule that gave it, in words.
    pub because: String,
}

/// One clause over one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseOutcome {
    /// The clause's place in `require`, from 0.
    pub clause: usize,
    /// Its state for this asset.
    pub state: AssetState,
    /// The findings that count against it, excepted and pending ones too,
    /// as indexes into the assessment's findings. Those that violate it now
    /// stand first.
    pub findings: Vec<u32>,
    /// How many of `findings` violate it now: neither excepted nor inside
    /// their grace period. The fix plan must clear all of these but `max`.
    pub violating: u32,
    /// Why, in words: for unknown, what would make it known; for pending,
    /// until when.
    pub because: String,
    /// For pending: when it becomes violated if nothing is done.
    pub until: Option<Timestamp>,
}

/// One asset in scope of one goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetVerdict {
    /// Its index in the assessment's assets.
    pub asset: u32,
    /// Its state.
    pub state: AssetState,
    /// The clauses that are not simply satisfied.
    pub clauses: Vec<ClauseOutcome>,
}

/// One clause over all assets in scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseVerdict {
    /// The clause in words: `configuration pss/restricted@1.36, max 0`.
    pub text: String,
    /// The word it begins with.
    pub word: &'static str,
    /// How many assets are in which state for this clause alone.
    pub counts: Counts,
    /// What would make the unknown known; none when nothing is unknown.
    pub settled_by: Option<String>,
}

/// Why and when a goal that holds now will not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AtRisk {
    /// The first instant at which it no longer holds, if nothing is done.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Why, in words.
    pub because: String,
}

/// A goal's verdict.
#[derive(Clone, Debug)]
pub struct GoalVerdict {
    /// The goal.
    pub goal: Arc<PostureGoal>,
    /// Where it is written.
    pub location: Location,
    /// The verdict.
    pub verdict: Verdict,
    /// Attainment as an interval.
    pub attainment: Attainment,
    /// The parts of the scope.
    pub counts: Counts,
    /// Over the goal's window, when it has one.
    pub window: Option<WindowResult>,
    /// When it will stop to hold, for `at-risk`.
    pub at_risk: Option<AtRisk>,
    /// Since when the verdict is what it is, as far as the state file knows.
    pub since: Option<Timestamp>,
    /// What changed since the last run, in words; empty when nothing did or
    /// there is no state file.
    pub changes: Vec<String>,
    /// Things a reader must know: review overdue, expired exceptions, no
    /// state file, a baseline without version.
    pub notes: Vec<String>,
    /// Each clause over all assets.
    pub clauses: Vec<ClauseVerdict>,
    /// Each asset in scope, by index order.
    pub assets: Vec<AssetVerdict>,
    /// What would settle it, for `unverified`.
    pub settled_by: Vec<String>,
    /// The fewest changes that reach the target.
    pub plan: FixPlan,
}

/// How good a fix plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PlanProof {
    /// No cheaper plan exists.
    Optimal,
    /// Found greedily: at most `ratio_percent` of the cheapest one's effort.
    Greedy {
        /// The bound on effort, in percent of the optimum.
        ratio_percent: u32,
    },
}

/// The fewest changes that bring a goal, or all goals, to their target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixPlan {
    /// The steps, the one that clears most first.
    pub steps: Vec<FixStep>,
    /// How good it is.
    pub proof: PlanProof,
    /// Whether the target is reached once all steps are done.
    pub reaches_target: bool,
    /// Violations that no known change clears, in number: findings without a
    /// fix where the goal needs them gone, and clauses violated by something
    /// that is no finding (where an image comes from, from where an asset can
    /// be reached), one per asset and clause.
    pub out_of_reach: u64,
}

impl Default for FixPlan {
    fn default() -> Self {
        FixPlan {
            steps: Vec::new(),
            proof: PlanProof::Optimal,
            reaches_target: true,
            out_of_reach: 0,
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixStep {
    /// What to do, in one sentence in the imperative.
    pub summary: String,
    /// The object or shared cause it edits: `Deployment shop/web`,
    /// `anchor &defaults of web.yaml`, `chart shop-1.2.3`.
    pub cause: String,
    /// The object it edits or adds.
    pub object: ObjectRef,
    /// Where it is.
    pub location: Option<Location>,
    /// How much work it is; a plain edit is 10.
    pub effort: u32,
    /// Whether a person must decide something first, and what.
    pub decisions: Vec<String>,
    /// The fixes it consists of, each with the finding (index) it comes from.
    pub fixes: Vec<(u32, Fix)>,
    /// The findings it clears, as indexes into the assessment's findings.
    pub clears: Vec<u32>,
    /// The assets it brings above the line, in number.
    pub assets: u64,
    /// The worst severity among what it clears.
    pub severity: Severity,
}
