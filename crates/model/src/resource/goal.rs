//! Goals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clause, Metadata, Selector, Served};
use crate::{Date, Percent, Period};

/// A declared objective over assets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostureGoal {
    /// `plimsoll.dev/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `PostureGoal`.
    #[serde(default)]
    pub kind: String,
    /// Its name.
    pub metadata: Metadata,
    /// What it demands.
    pub spec: GoalSpec,
    /// What a cluster last said of it; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub status: Served,
}

/// What a goal demands, of which assets, by when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoalSpec {
    /// Who answers for it.
    pub owner: String,
    /// Who approved the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The last day before the line must be looked at again; past it every
    /// verdict says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::time::date_schema")]
    pub review_by: Option<Date>,
    /// Why the line is where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Whether no annotation and no exception waives it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// The assets in scope.
    pub assets: GoalScope,
    /// The clauses, all of which an asset must meet.
    #[schemars(length(min = 1, max = 100))]
    pub require: Vec<Clause>,
    /// The share of assets in scope that must meet it.
    #[serde(default = "whole")]
    pub target: Percent,
    /// Judge the share of asset-time over this long, as a service level
    /// objective, in place of the share of assets now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Period>,
    /// How long one observation speaks for the time after it; past it the time
    /// is unknown. 26 hours without it: a nightly run with room to be late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gap: Option<Period>,
    /// The day by which the target must be reached; until then the level on
    /// the ramp is what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::time::date_schema")]
    pub due: Option<Date>,
    /// Where the ramp to the due day begins. Without it: at the first run that
    /// the state file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
    /// What is done about violations.
    #[serde(default)]
    pub enforce: Enforce,
}

fn whole() -> Percent {
    Percent::WHOLE
}

/// The assets in scope of a goal: exactly one of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum GoalScope {
    /// The assets of this class.
    Class(String),
    /// The assets that the selector matches.
    Match(Selector),
    /// All workloads (`all: true`).
    All(bool),
}

/// The start of the line that leads to the target on the due day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ramp {
    /// The day it starts.
    #[schemars(schema_with = "crate::time::date_schema")]
    pub start: Date,
    /// The level on that day.
    pub from: Percent,
}

/// What is done about violations of a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Enforce {
    /// At admission.
    pub admission: AdmissionMode,
    /// Afterwards.
    pub remediate: RemediateMode,
}

/// What the admission gate does with a violating object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionMode {
    /// Records it.
    #[default]
    Audit,
    /// Admits it with a warning.
    Warn,
    /// Refuses it.
    Deny,
}

/// What remediation does with a violating object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemediateMode {
    /// Nothing.
    None,
    /// Says what to change.
    #[default]
    Suggest,
    /// Writes the change as a patch or pull request.
    Patch,
    /// Applies it.
    Apply,
}
