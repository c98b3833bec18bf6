//! What all resources have beside what they say: a name, and what a cluster
//! that keeps them adds.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The metadata of a resource: its name, the labels and annotations that
/// Kubernetes objects have, and what an API server writes into them, so that
/// what `kubectl get -o yaml` prints is read like the file that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The name: unique among resources of its kind.
    pub name: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub creation_timestamp: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub deletion_grace_period_seconds: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub deletion_timestamp: Served,
    /// For controllers of the cluster; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub finalizers: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub generation: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub managed_fields: Served,
    /// For controllers of the cluster; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub owner_references: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub resource_version: Served,
    /// Written by old API servers; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub self_link: Served,
    /// Written by the API server; accepted and not used.
    #[serde(default, skip_serializing_if = "Served::is_unused")]
    pub uid: Served,
}

/// A value of any shape that a cluster writes and nothing here reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served;

impl Served {
    /// Always: what a resource is written as has none of it.
    pub(super) fn is_unused(&self) -> bool {
        true
    }
}

impl Serialize for Served {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Served {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Served {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Served".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}
