//! What is read of a CycloneDX document, from JSON or XML.

use serde::Deserialize;

use crate::sbom::lenient::{List, Maybe, Text, Texts};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Bom {
    pub spec_version: Text,
    pub metadata: Maybe<Metadata>,
    pub components: List<Component>,
    pub dependencies: List<Dependency>,
    pub compositions: List<Composition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub component: Maybe<Component>,
    pub properties: List<Property>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub kind: Text,
    #[serde(rename = "bom-ref")]
    pub bom_ref: Text,
    pub group: Text,
    pub name: Text,
    pub version: Text,
    pub description: Text,
    pub scope: Text,
    pub cpe: Text,
    pub purl: Text,
    pub hashes: List<Hash>,
    pub licenses: List<Licence>,
    pub properties: List<Property>,
    pub evidence: Maybe<Evidence>,
    pub components: List<Component>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Hash {
    pub alg: Text,
    pub content: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Licence {
    pub license: Maybe<Named>,
    pub expression: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub id: Text,
    pub name: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Property {
    pub name: Text,
    pub value: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Evidence {
    pub occurrences: List<Occurrence>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Occurrence {
    pub location: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Dependency {
    #[serde(rename = "ref")]
    pub who: Text,
    pub depends_on: Texts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Composition {
    pub aggregate: Text,
    pub assemblies: Texts,
}
