//! What changed between two reports, and why.
//!
//! A report lists, for each goal, the assets that are not simply satisfied,
//! and names the satisfied ones. Where an older report does not name these, an
//! asset that a goal does not list is [`Standing::Clear`]: satisfied, or not in
//! that goal's scope.

mod compute;
mod render;
mod why;

use std::io::{self, Write};

use plimsoll_model::{
    AssetId, AssetState, Counts, FindingId, ObjectRef, Severity, Timestamp, Verdict,
    wire::AttainmentReport,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Style, json};

pub use compute::diff;
pub(crate) use compute::flips;
pub(crate) use render::{asset as asset_lines, asset_item};

/// What changed between two reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The version of this form.
    pub schema_version: String,
    /// `diff`.
    pub kind: String,
    /// The first report.
    pub from: Side,
    /// The second report.
    pub to: Side,
    /// How many findings changed in which way.
    pub counts: ChangeCounts,
    /// The goals that are in both reports and changed, by name.
    pub goals: Vec<GoalDiff>,
    /// The goals only the second report has.
    pub goals_added: Vec<GoalSide>,
    /// The goals only the first report has.
    pub goals_removed: Vec<GoalSide>,
    /// The assets only the second report has.
    pub assets_added: Vec<AssetSide>,
    /// The assets only the first report has.
    pub assets_removed: Vec<AssetSide>,
    /// The findings that changed, by kind of change, worst first.
    pub findings: Vec<FindingChange>,
    /// What is read differently, in words; a verdict over less is worth less.
    pub coverage: Vec<String>,
}

/// One of the two reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Which Plimsoll wrote it.
    pub generator: String,
    /// The clock of its run.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// The name of its cluster.
    pub cluster: String,
    /// Its overall verdict.
    pub verdict: Verdict,
    /// How many findings it has.
    pub findings: u64,
}

/// How many findings changed in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeCounts {
    /// Only in the second report.
    pub new: u64,
    /// Gone, and looked for.
    pub fixed: u64,
    /// Still there, and accepted now.
    pub excepted: u64,
    /// Still there, and no longer accepted.
    pub lapsed: u64,
    /// Gone because nobody could look.
    pub became_unknown: u64,
    /// The same in both.
    pub unchanged: u64,
}

/// A goal in one report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoalSide {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The parts of its scope.
    pub counts: Counts,
}

/// An asset in one report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetSide {
    /// The asset.
    pub asset: AssetId,
    /// The object it is.
    pub object: ObjectRef,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `file:line`, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A goal that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoalDiff {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// What the admission gate is told to do, in the second report.
    pub admission: String,
    /// Its verdict in the first report.
    pub from: Verdict,
    /// Its verdict in the second report.
    pub to: Verdict,
    /// Attainment in the first report.
    pub attainment_from: AttainmentReport,
    /// Attainment in the second report.
    pub attainment_to: AttainmentReport,
    /// The parts of the scope in the first report.
    pub counts_from: Counts,
    /// The parts of the scope in the second report.
    pub counts_to: Counts,
    /// What is written differently in the goal itself; empty when the line
    /// stayed and only what is held against it moved.
    pub line: Vec<LineChange>,
    /// The assets whose standing changed.
    pub assets: Vec<AssetChange>,
}

/// A part of a goal that is written differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineChange {
    /// The part: `target`, `clause`, `owner`, `mandatory`, `admission`.
    pub what: String,
    /// In the first report; none where it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// In the second report; none where it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// How an asset stands for a goal.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A clause is violated.
    Violated,
    /// A clause can't be judged.
    Unknown,
    /// A finding is inside its grace period.
    Pending,
    /// Met only by an exception.
    Excepted,
    /// Every clause is satisfied.
    Satisfied,
    /// Satisfied, or not in this goal's scope: the report does not tell which,
    /// or it has no such goal.
    Clear,
    /// Not in this goal's scope.
    OutOfScope,
    /// In no goal's scope, or not there at all.
    Absent,
}

impl Standing {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Violated => "violated",
            Standing::Unknown => "unknown",
            Standing::Pending => "pending",
            Standing::Excepted => "excepted",
            Standing::Satisfied => "satisfied",
            Standing::Clear => "clear",
            Standing::OutOfScope => "out of scope",
            Standing::Absent => "absent",
        }
    }
}

impl From<AssetState> for Standing {
    fn from(state: AssetState) -> Standing {
        match state {
            AssetState::Violated => Standing::Violated,
            AssetState::Unknown => Standing::Unknown,
            AssetState::Pending => Standing::Pending,
            AssetState::Excepted => Standing::Excepted,
            AssetState::Satisfied => Standing::Satisfied,
        }
    }
}

/// An asset whose standing for a goal changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetChange {
    /// The asset.
    pub asset: AssetId,
    /// The object it is.
    pub object: ObjectRef,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How it stood in the first report.
    pub from: Standing,
    /// How it stands in the second report.
    pub to: Standing,
    /// Why, in words.
    pub why: Vec<String>,
}

/// In which way a finding changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Only in the second report.
    New,
    /// Still there, and no longer accepted.
    Lapsed,
    /// Gone because nobody could look.
    BecameUnknown,
    /// Still there, and accepted now.
    Excepted,
    /// Gone, and looked for.
    Fixed,
}

impl Change {
    /// All, in the order of the listing.
    pub const ALL: [Change; 5] = [
        Change::New,
        Change::Lapsed,
        Change::BecameUnknown,
        Change::Excepted,
        Change::Fixed,
    ];

    /// The words used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Lapsed => "no longer excepted",
            Change::BecameUnknown => "became unknown",
            Change::Excepted => "excepted",
            Change::Fixed => "fixed",
        }
    }
}

/// A finding that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingChange {
    /// In which way.
    pub change: Change,
    /// Its identity.
    pub id: FindingId,
    /// The id of the control.
    pub control: String,
    /// How bad it is.
    pub severity: Severity,
    /// The asset it is on.
    pub asset: AssetId,
    /// The object it is on.
    pub object: ObjectRef,
    /// `file:line:column`, in the report that has it (the second if both do).
    pub place: String,
    /// The field's path in the object.
    pub path: String,
    /// What is or was wrong.
    pub message: String,
    /// Why it changed, in words.
    pub why: String,
}

impl Diff {
    /// Whether nothing changed that anyone should look at.
    pub fn is_empty(&self) -> bool {
        self.goals.is_empty()
            && self.goals_added.is_empty()
            && self.goals_removed.is_empty()
            && self.assets_added.is_empty()
            && self.assets_removed.is_empty()
            && self.findings.is_empty()
            && self.coverage.is_empty()
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn terminal(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        render::terminal(self, style, out)
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// Writes it as Markdown.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        render::markdown(self, out)
    }
}
