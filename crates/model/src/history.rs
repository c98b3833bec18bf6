//! The past: first-seen times and the verdicts of earlier runs, as the state
//! file and the store keep them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AssetState, Counts, FindingId, Timestamp, Verdict};

/// What earlier runs left. Fields that this version does not know are kept
/// and written back, so that an older and a newer Plimsoll can share a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The version of this form.
    pub schema_version: u32,
    /// Every finding ever seen that was not forgotten since.
    #[serde(default)]
    pub findings: BTreeMap<String, FindingRecord>,
    /// The runs, oldest first.
    #[serde(default)]
    pub runs: Vec<RunRecord>,
    /// What a newer version wrote.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl History {
    /// The version this build writes.
    pub const VERSION: u32 = 1;

    /// When a finding was first seen, if it is known.
    pub fn first_seen(&self, id: FindingId) -> Option<Timestamp> {
        self.findings
            .get(&id.to_string())
            .map(|record| record.first_seen)
    }
}

impl Default for History {
    fn default() -> Self {
        History {
            schema_version: Self::VERSION,
            findings: BTreeMap::new(),
            runs: Vec::new(),
            extra: BTreeMap::new(),
        }
    }
}

/// One finding's past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingRecord {
    /// When it was first seen. It survives as long as the finding comes back
    /// before it is forgotten.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// The rule and the asset, for a person who reads the file.
    #[serde(default)]
    pub what: String,
    /// What a newer version wrote.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// When it was.
    pub at: Timestamp,
    /// Each goal's result, by the goal's name.
    #[serde(default)]
    pub goals: BTreeMap<String, GoalRecord>,
    /// What a newer version wrote.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// One goal's result in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GoalRecord {
    /// The verdict.
    pub verdict: Verdict,
    /// The parts of the scope.
    pub counts: Counts,
    /// Since when the verdict is what it is: the first run of the unbroken
    /// row of runs with the same verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The assets that were not satisfied, by id: what the next run compares
    /// with. Kept for the newest run only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assets: BTreeMap<String, AssetState>,
    /// What a newer version wrote.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}
