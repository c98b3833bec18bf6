//! What is read of an SPDX 2 document, from JSON or tag-value.

use serde::Deserialize;

use crate::sbom::lenient::{List, Text, Texts};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Document {
    pub spdx_version: Text,
    pub name: Text,
    pub packages: List<Package>,
    pub has_extracted_licensing_infos: List<Extracted>,
    pub relationships: List<Relationship>,
    pub document_describes: Texts,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Package {
    pub name: Text,
    #[serde(rename = "SPDXID")]
    pub id: Text,
    pub version_info: Text,
    pub license_concluded: Text,
    pub license_declared: Text,
    pub primary_package_purpose: Text,
    pub source_info: Text,
    pub checksums: List<Checksum>,
    pub external_refs: List<Reference>,
    pub annotations: List<Annotation>,
    pub attribution_texts: Texts,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Checksum {
    pub algorithm: Text,
    pub checksum_value: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Reference {
    pub reference_type: Text,
    pub reference_locator: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotation {
    pub comment: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Extracted {
    pub license_id: Text,
    pub name: Text,
    pub extracted_text: Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Relationship {
    pub spdx_element_id: Text,
    pub relationship_type: Text,
    pub related_spdx_element: Text,
}
