//! Asset classes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Metadata, Selector, Served};

/// How critical a group of assets is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetClass {
    /// `plimsoll.dev/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `AssetClass`.
    #[serde(default)]
    pub kind: String,
    /// Its name is what goals and the label `plimsoll.dev/class` refer to.
    pub metadata: Metadata,
    /// What it is.
    pub spec: AssetClassSpec,
    /// What a cluster last said of it; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub status: Served,
}

/// What an asset class is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetClassSpec {
    /// How critical its assets are, from 1 to 1000; higher is more critical.
    /// An asset that several classes claim ranks by the highest.
    #[schemars(range(min = 1, max = 1000))]
    pub rank: u32,
    /// What the class is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The assets in it. Without `match` and `matchAny` only the label
    /// `plimsoll.dev/class` puts an asset into it.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// Alternatives: an asset that one of them matches is in the class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_any: Vec<Selector>,
}

impl AssetClassSpec {
    /// All its selectors.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.selector.iter().chain(&self.match_any)
    }
}
