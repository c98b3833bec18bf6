//! What of a package decides which vulnerabilities it has.

use std::collections::BTreeSet;

use plimsoll_model::{
    Package, PackageType,
    image::{Image, ImagePackage, ImageRelease, PackageLocation, Platform},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::PackageKey,
    matching::{self, files_with_functions},
};

/// A package without what differs from image to image and does not count: of
/// two that are equal the same is found, wherever they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    release: Option<ImageRelease>,
    os: String,
    arch: String,
    package: Package,
    purl: String,
    cpes: Vec<String>,
    needs: Vec<String>,
    symbols: Vec<String>,
    /// Path, how and evidence, where they count: of Go programs.
    places: Vec<(String, String, String)>,
    /// Whether the functions of all its files are known.
    functions: bool,
}

impl Variant {
    /// The variants of an image's packages, those that are still there.
    #[must_use]
    pub fn all(image: &Image) -> Vec<Variant> {
        let known = files_with_functions(image);
        let release = image.release.as_ref().map(|release| ImageRelease {
            path: String::new(),
            support: None,
            ..release.clone()
        });
        let there = image.packages.iter().filter(|p| p.removed_by.is_none());
        there
            .map(|found| Variant::of(image, release.as_ref(), found, &known))
            .collect()
    }

    fn of(
        image: &Image,
        release: Option<&ImageRelease>,
        found: &ImagePackage,
        known: &BTreeSet<&str>,
    ) -> Self {
        let is_go = found.package.kind == PackageType::Golang;
        let os = found.package.kind.is_os();
        let mut variant = Variant {
            // Of a package of a language it does not matter what it runs on.
            release: release.filter(|_| os).cloned(),
            os: String::new(),
            arch: String::new(),
            package: found.package.clone(),
            purl: found.purl.clone(),
            cpes: found.cpes.clone(),
            needs: Vec::new(),
            symbols: Vec::new(),
            places: Vec::new(),
            functions: false,
        };
        variant.package.licences = Vec::new();
        if is_go {
            variant.os.clone_from(&image.platform.os);
            variant.arch.clone_from(&image.platform.arch);
            variant.needs.clone_from(&found.needs);
            variant.symbols.clone_from(&found.symbols);
            let places = found.locations.iter();
            variant.places = places
                .map(|at| (at.path.clone(), at.how.clone(), at.evidence.clone()))
                .collect();
            variant.functions = !variant.places.is_empty()
                && variant
                    .places
                    .iter()
                    .all(|(path, _, _)| known.contains(path.as_str()));
        }
        variant
    }

    /// What tells it from any other.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = blake3::hash(&self.to_bytes());
        hash.to_hex().chars().take(32).collect()
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // A vector takes what it is given; what would be empty here is refused when read.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`Variant::to_bytes`] wrote; none when it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    /// What it may be known by in databases.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<PackageKey> {
        matching::keys(self.release.as_ref(), &self.found())
    }

    /// An image that holds this package and nothing else: what is found in it
    /// is found in every image with this variant.
    #[must_use]
    pub fn image(&self) -> Image {
        let found = self.found();
        let mut packages = vec![found.clone()];
        if self.functions && self.symbols.is_empty() {
            // That the functions of its files are known is shown by another
            // package of them, which is not matched itself.
            packages.push(ImagePackage {
                symbols: vec!["main.main".to_owned()],
                removed_by: Some(0),
                ..found
            });
        }
        Image {
            platform: Platform {
                os: self.os.clone(),
                arch: self.arch.clone(),
                ..Platform::default()
            },
            release: self.release.clone(),
            packages,
            ..Image::default()
        }
    }

    fn found(&self) -> ImagePackage {
        let places = self.places.iter();
        ImagePackage {
            purl: self.purl.clone(),
            cpes: self.cpes.clone(),
            locations: places
                .map(|(path, how, evidence)| PackageLocation {
                    layer: 0,
                    path: path.clone(),
                    how: how.clone(),
                    evidence: evidence.clone(),
                })
                .collect(),
            needs: self.needs.clone(),
            symbols: self.symbols.clone(),
            ..ImagePackage::of(self.package.clone())
        }
    }
}
