//! Baselines of one's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Metadata, Served};
use crate::Severity;

/// A named, versioned set of controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Baseline {
    /// `plimsoll.dev/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `Baseline`.
    #[serde(default)]
    pub kind: String,
    /// Goals refer to it as `name@version`.
    pub metadata: Metadata,
    /// What it is.
    pub spec: BaselineSpec,
    /// What a cluster last said of it; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub status: Served,
}

/// What a baseline is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineSpec {
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its version. Change it whenever the controls change: a goal that pins
    /// a version then fails loudly instead of changing its meaning.
    pub version: String,
    /// Baselines whose controls it takes over, each with its version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<String>,
    /// Controls it adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<ControlChoice>,
    /// Controls it leaves out of those it takes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<ControlRemoval>,
}

/// A control in a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlChoice {
    /// The control's id.
    pub control: String,
    /// The severity its findings have in place of the control's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// A control that a baseline leaves out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlRemoval {
    /// The control's id.
    pub control: String,
    /// Why it is left out.
    pub reason: String,
}
