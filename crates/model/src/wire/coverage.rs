//! What `plimsoll cluster coverage -o json` writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AssetId, AssetKind, CoverageState, Engine, FindingId, ObjectRef, Severity, Timestamp,
    finding::FindingKind,
};

/// Who observes which asset of a cluster, and what nobody does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterCoverageReport {
    /// The version of this form.
    pub schema_version: String,
    /// `cluster-coverage`.
    pub kind: String,
    /// Which Plimsoll wrote it.
    pub generator: String,
    /// The clock of the run.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// The name of the cluster.
    pub cluster: String,
    /// The engines, in the order of the columns.
    pub engines: Vec<EngineReport>,
    /// Every asset of the matrix, in order of ids.
    pub assets: Vec<AssetCoverageReport>,
    /// What should be observed and is not, and versions past their end, worst
    /// first.
    pub gaps: Vec<CoverageGapReport>,
    /// The versions that run.
    pub versions: Vec<VersionReport>,
    /// The date of the table of ends of support.
    pub versions_as_of: String,
}

/// An engine over the whole cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EngineReport {
    /// Which.
    pub engine: Engine,
    /// How it observes the cluster as a whole.
    #[serde(flatten)]
    pub whole: CoverageCellReport,
    /// How many assets of each kind it observes how.
    pub counts: BTreeMap<AssetKind, BTreeMap<CoverageState, u64>>,
}

/// How one engine observes one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoverageCellReport {
    /// How.
    pub state: CoverageState,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// When it was last heard; of data, as of when that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub heard: Option<Timestamp>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why it is so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What would make it better.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

/// One asset of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetCoverageReport {
    /// Its identity.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// The object it is.
    pub object: ObjectRef,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How each engine observes it.
    pub engines: BTreeMap<Engine, CoverageCellReport>,
}

/// A gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoverageGapReport {
    /// The identity of the finding.
    pub id: FindingId,
    /// Its kind: a gap, or a misconfiguration for a version.
    pub kind: FindingKind,
    /// The rule.
    pub rule: String,
    /// What must hold.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The asset it is on.
    pub asset: AssetId,
    /// The engine, kind or part it is about.
    pub subject: String,
    /// Who answers for the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The source that was last heard, or where it is said.
    pub source: String,
    /// When that was heard, or what it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// What to do.
    pub fix: String,
}

/// One version that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionReport {
    /// The cluster or the node.
    pub asset: AssetId,
    /// `kubernetes`, `kubelet`, `runtime`, `os` or `kernel`.
    pub part: String,
    /// As it says itself.
    pub version: String,
    /// `supported`, `ending`, `ended` or `unknown`.
    pub state: String,
    /// The last day of support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the date is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
