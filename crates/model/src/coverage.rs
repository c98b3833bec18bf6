//! Who observes an asset, since when and how well. No observation is a fact
//! too, and never silently a good one.

use std::{collections::BTreeMap, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetId, Timestamp};

/// What observes assets.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Lists and watches of the Kubernetes API, and the heartbeats of nodes.
    KubernetesWatch,
    /// The scanner of images.
    ImageScan,
    /// The database of advisories that packages are compared with.
    Advisories,
    /// The audit log of the API server.
    AuditLog,
    /// The sensor on nodes.
    Sensor,
    /// The admission gate.
    Admission,
}

impl Engine {
    /// All of them, in the order of every table.
    pub const ALL: [Engine; 6] = [
        Engine::KubernetesWatch,
        Engine::ImageScan,
        Engine::Advisories,
        Engine::AuditLog,
        Engine::Sensor,
        Engine::Admission,
    ];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Engine::KubernetesWatch => "kubernetes-watch",
            Engine::ImageScan => "image-scan",
            Engine::Advisories => "advisories",
            Engine::AuditLog => "audit-log",
            Engine::Sensor => "sensor",
            Engine::Admission => "admission",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an engine observes an asset, the best first: of an asset with several
/// parts the worst part counts.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageState {
    /// The engine has nothing to observe on such an asset.
    NotApplicable,
    /// It observes the asset, and was heard as lately as it should be.
    Observed,
    /// Someone excluded the asset.
    Excluded,
    /// The engine can't observe such an asset.
    Unsupported,
    /// There is no such engine here: nothing is known of what it would see.
    #[default]
    NotDeployed,
    /// What it observed is older than it may be.
    Stale,
    /// It should speak and does not.
    Silent,
    /// It should observe the asset and never did.
    Missing,
}

impl CoverageState {
    /// All of them, the best first.
    pub const ALL: [CoverageState; 8] = [
        CoverageState::NotApplicable,
        CoverageState::Observed,
        CoverageState::Excluded,
        CoverageState::Unsupported,
        CoverageState::NotDeployed,
        CoverageState::Stale,
        CoverageState::Silent,
        CoverageState::Missing,
    ];

    /// The words used in every output for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            CoverageState::NotApplicable => "not applicable",
            CoverageState::Observed => "observed",
            CoverageState::Excluded => "excluded",
            CoverageState::Unsupported => "unsupported",
            CoverageState::NotDeployed => "not deployed",
            CoverageState::Stale => "stale",
            CoverageState::Silent => "silent",
            CoverageState::Missing => "missing",
        }
    }
}

impl fmt::Display for CoverageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How one engine observes one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoverageCell {
    /// How.
    pub state: CoverageState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it was last heard; of data, as of when that is.
    pub heard: Option<Timestamp>,
    /// Its version.
    pub version: Option<Arc<str>>,
    /// Why it is so; empty where the state says all.
    pub reason: Arc<str>,
    /// What would make it better; empty where nothing has to be.
    pub fix: Arc<str>,
}

/// How every engine observes one asset; cells are shared by the many assets
/// that are observed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetCoverage(pub [Arc<CoverageCell>; Engine::ALL.len()]);

impl AssetCoverage {
    /// How this engine does.
    pub fn of(&self, engine: Engine) -> &CoverageCell {
        // Every engine has its cell: they are in the order of `Engine::ALL`,
        // which is that of the type.
        &self.0[engine as usize]
    }

    /// Whether it says the same as `other`: that something was heard again is
    /// no difference.
    pub fn says_as(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| {
            let said = |cell: &CoverageCell| (cell.state, cell.reason.clone(), cell.fix.clone());
            Arc::ptr_eq(one, other) || said(one) == said(other)
        })
    }
}

/// Coverage by asset.
pub type CoverageLinks = BTreeMap<AssetId, AssetCoverage>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_stands_at_its_place() {
        for (place, engine) in Engine::ALL.into_iter().enumerate() {
            assert_eq!(engine as usize, place);
        }
        assert!(CoverageState::ALL.is_sorted());
    }
}
