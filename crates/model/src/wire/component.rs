//! What a cluster runs on, compared with advisories.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetId, FindingId};

/// A program of a cluster or a node, and what is known of its vulnerabilities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentReport {
    /// The cluster or the node.
    pub asset: AssetId,
    /// Which: `kube-apiserver`, `kubelet`, `containerd`, `runc`, `kernel`,
    /// `packages`.
    pub component: String,
    /// Its version as it says itself; none where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How far it could be compared.
    pub state: ComponentState,
    /// The findings it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
    /// What its version has by its number and is in another program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<ElsewhereReport>,
    /// Why vulnerabilities may be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

impl ComponentReport {
    /// One that was compared, of which nothing is known.
    #[must_use]
    pub fn compared(asset: AssetId, component: &str, version: Option<&str>) -> Self {
        ComponentReport {
            asset,
            component: component.to_owned(),
            version: version.map(str::to_owned),
            state: ComponentState::Compared,
            findings: Vec::new(),
            elsewhere: Vec::new(),
            reasons: Vec::new(),
        }
    }
}

/// How far a component could be compared with advisories.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentState {
    /// It was.
    Compared,
    /// What it has is told with the packages of its node.
    InPackage,
    /// It was not, or not with all there is.
    Unknown,
    /// Nothing tells its version.
    NotTold,
}

impl ComponentState {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            ComponentState::Compared => "compared",
            ComponentState::InPackage => "in a package",
            ComponentState::Unknown => "unknown",
            ComponentState::NotTold => "not told",
        }
    }
}

/// A vulnerability of a version that is not in this program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ElsewhereReport {
    /// Its id.
    pub id: String,
    /// Why it is not.
    pub why: String,
}
