//! Exceptions: findings someone accepts, for a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Metadata, Selector, Served};
use crate::{Date, FindingId};

/// An accepted finding. It never hides: an excepted finding stays visible and
/// counted, and after its date the exception counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostureException {
    /// `plimsoll.dev/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `PostureException`.
    #[serde(default)]
    pub kind: String,
    /// Its name.
    pub metadata: Metadata,
    /// What it accepts.
    pub spec: ExceptionSpec,
    /// What a cluster last said of it; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub status: Served,
}

/// What an exception accepts, where, by whom and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExceptionSpec {
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Why the finding is acceptable.
    pub reason: String,
    /// The last day it holds. There is no exception for ever.
    #[schemars(schema_with = "crate::time::date_schema")]
    pub expires: Date,
    /// The assets it holds for. Without it only `findings` say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Selector>,
    /// The controls it accepts violations of, as globs on their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// Single findings it accepts, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
    /// What limits the harm meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensating_control: Option<String>,
}
