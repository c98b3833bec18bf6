//! The clauses of a goal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Period, SeverityBound};

/// One requirement of a goal. An asset meets the goal when all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Clause {
    /// Known vulnerabilities in the asset's images.
    Vulnerabilities(VulnerabilitiesClause),
    /// The asset's configuration against controls.
    Configuration(ConfigurationClause),
    /// What happens while it runs.
    Runtime(RuntimeClause),
    /// Who observes it.
    Coverage(CoverageClause),
    /// Where its images come from.
    SupplyChain(SupplyChainClause),
    /// From where it can be reached.
    Exposure(ExposureClause),
    /// Secrets in its images.
    Secrets(SecretsClause),
    /// What its images must be like.
    Image(ImageClause),
}

impl Clause {
    /// The word the clause begins with in a goal.
    pub fn word(&self) -> &'static str {
        match self {
            Clause::Vulnerabilities(_) => "vulnerabilities",
            Clause::Configuration(_) => "configuration",
            Clause::Runtime(_) => "runtime",
            Clause::Coverage(_) => "coverage",
            Clause::SupplyChain(_) => "supplyChain",
            Clause::Exposure(_) => "exposure",
            Clause::Secrets(_) => "secrets",
            Clause::Image(_) => "image",
        }
    }
}

/// At most so many vulnerabilities of a kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VulnerabilitiesClause {
    /// Which severities count; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityBound>,
    /// Whether only those with a fix count (or, with `false`, without).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixable: Option<bool>,
    /// Whether only those known to be exploited count (CISA KEV).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploited: Option<bool>,
    /// Count those whose EPSS score is at least this, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub epss: Option<f64>,
    /// Whether those whose vulnerable code is known not to be in the program
    /// are left out (or, with `false`, only they count). Where nobody knows, it
    /// is taken for reachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// How many are accepted.
    pub max: u32,
    /// How long one may stay before it counts as a violation: from when it was
    /// first seen or its fix was published, whichever is later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
    /// How old the advisories may be: with older ones nothing is known. 30 days
    /// without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_feed_age: Option<Period>,
}

/// At most so many violations of controls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConfigurationClause {
    /// The baseline whose controls count, with its version:
    /// `pss/restricted@1.36`. Without a version, the newest one known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Single controls that count, by id; beside the baseline's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// Which severities count; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityBound>,
    /// How many violations are accepted.
    pub max: u32,
    /// How long one may stay before it counts as a violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
}

/// What may happen while the asset runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RuntimeClause {
    /// What must happen to programs that are not from the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftMode>,
    /// How many alerts may be open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_alerts: Option<OpenAlerts>,
}

/// What happens to programs that are not from the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftMode {
    /// They are noticed.
    Detect,
    /// They are kept from running.
    Block,
}

/// At most so many open alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OpenAlerts {
    /// Which severities count; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityBound>,
    /// How many are accepted.
    pub max: u32,
    /// How long one may stay open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
}

/// Who must observe the asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CoverageClause {
    /// The state of the node sensor where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<SensorState>,
    /// How old the newest scan of its images may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_scan: Option<Period>,
    /// Whether the cluster's audit log must arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_log: Option<bool>,
    /// What the admission gate must be doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<AdmissionState>,
}

/// The state of the sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SensorState {
    /// There.
    Present,
    /// There, and proven to see what happens.
    Healthy,
}

/// The state of the admission gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionState {
    /// It sees every request.
    Observing,
    /// It refuses what breaks the line.
    Enforcing,
}

/// Where images may come from and what must come with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SupplyChainClause {
    /// The registries and repositories images may come from, as globs on the
    /// full name: `registry.example.com/*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registries: Vec<String>,
    /// The signers, one of whom must have signed each image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<String>,
    /// Whether each image must come with an SBOM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sbom: Option<bool>,
}

/// From where the asset may be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExposureClause {
    /// How many attack paths may lead to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack_paths: Option<u32>,
    /// `false`: it must not be reachable from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet: Option<bool>,
}

/// At most so many secrets in images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecretsClause {
    /// Which severities count; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityBound>,
    /// How many are accepted.
    pub max: u32,
    /// How long one may stay before it counts as a violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
}

/// What images must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageClause {
    /// How long ago an image may have been built, as it says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// Whether a release whose support has ended is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<Leave>,
    /// Whether an image may start its program as root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_as_root: Option<Leave>,
    /// Whether an image may hold a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Leave>,
    /// How many mebibytes its layers may have, uncompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u32>,
    /// The images that an image may be built on, as globs on the full name:
    /// `docker.io/library/debian`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<String>,
    /// How long ago the image that it is built on may have been built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_base_age: Option<Period>,
}

/// Whether something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Leave {
    /// It is.
    Allow,
    /// It is not.
    Forbid,
}
