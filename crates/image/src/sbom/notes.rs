//! What Plimsoll knows and SBOM formats have no field for, as JSON in a
//! property (CycloneDX) or an annotation (SPDX), so that nothing that is used
//! is lost on the way through an SBOM.

use std::collections::BTreeMap;

use plimsoll_model::{
    Digest, Package,
    image::{
        BaseImage, Image, ImageConfig, ImageGap, ImageLayer, ImagePackage, ImageRelease,
        PackageLocation, Platform,
    },
};
use serde::{Deserialize, Serialize};

/// Before the JSON, wherever it stands.
pub(super) const PREFIX: &str = "plimsoll:";

/// What is noted of an image.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ImageNotes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Digest>,
    #[serde(skip_serializing_if = "is_default")]
    pub platform: Platform,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_platforms: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sboms: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub config: ImageConfig,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseImage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ImageRelease>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<ImageLayer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<ImageGap>,
}

impl ImageNotes {
    pub(super) fn of(image: &Image) -> Self {
        ImageNotes {
            tags: image.tags.clone(),
            digest: image.digest,
            index: image.index,
            id: image.id,
            platform: image.platform.clone(),
            other_platforms: image.other_platforms.clone(),
            sboms: image.sboms.clone(),
            config: image.config.clone(),
            annotations: image.annotations.clone(),
            base: image.base.clone(),
            release: image.release.clone(),
            layers: image.layers.clone(),
            gaps: image.gaps.clone(),
        }
    }

    pub(super) fn put_into(self, image: &mut Image) {
        image.tags = self.tags;
        image.digest = self.digest;
        image.index = self.index;
        image.id = self.id;
        image.platform = self.platform;
        image.other_platforms = self.other_platforms;
        image.sboms = self.sboms;
        image.config = self.config;
        image.annotations = self.annotations;
        image.base = self.base;
        image.release = self.release;
        image.layers = self.layers;
        image.gaps.extend(self.gaps);
    }
}

/// What is noted of a package.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PackageNotes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<PackageLocation>,
    /// The package as it is, where reading the other fields gives another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_base: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<String>,
    /// Those that the format can't write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
    /// Those that are no package of the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl PackageNotes {
    pub(super) fn is_empty(&self) -> bool {
        *self == PackageNotes::default()
    }

    pub(super) fn of(package: &ImagePackage) -> Self {
        PackageNotes {
            locations: package.locations.clone(),
            from_base: package.from_base,
            dev: package.dev,
            ..PackageNotes::default()
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// As JSON text.
pub(super) fn json(value: &impl Serialize) -> String {
    // These types have no map with keys that are no text: it can't fail.
    serde_json::to_string(value).unwrap_or_default()
}
