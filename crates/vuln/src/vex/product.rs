//! What a statement is about, and whether an image or a package is it.

use std::collections::BTreeMap;

use plimsoll_model::{
    ImageName, Vulnerability,
    image::{Image, ImageForm},
};

use super::{PurlPattern, range::Range};
use crate::read::{bounds, cpe::Cpe};

/// A product, and the parts of it that are meant; all of it when none are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Its names; any of them is it.
    pub names: Vec<ProductName>,
    /// The parts of it that are meant, each with its names.
    pub parts: Vec<Vec<ProductName>>,
}

impl Product {
    /// For a person: its first name, and how many parts.
    #[must_use]
    pub fn title(&self) -> String {
        let first = |names: &[ProductName]| {
            names
                .first()
                .map_or_else(|| "nothing".to_owned(), ProductName::to_string)
        };
        match self.parts.as_slice() {
            [] => first(&self.names),
            [one] => format!("{} in {}", first(one), first(&self.names)),
            [one, rest @ ..] => format!(
                "{} and {} more in {}",
                first(one),
                rest.len(),
                first(&self.names)
            ),
        }
    }
}

/// One name of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductName {
    /// A package URL.
    Purl(PurlPattern),
    /// A digest, `sha256:...`.
    Digest(String),
    /// A CPE.
    Cpe(String),
    /// A reference to an image.
    Image(String),
    /// Something that says nothing to a machine.
    Other(String),
}

impl std::fmt::Display for ProductName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ProductName::Purl(purl) => &purl.text,
            ProductName::Digest(text)
            | ProductName::Cpe(text)
            | ProductName::Image(text)
            | ProductName::Other(text) => text,
        })
    }
}

impl ProductName {
    /// What a text names; none for an empty one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > 4 * bounds::NAME {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        Some(if lower.starts_with("pkg:") {
            PurlPattern::parse(text)
                .map_or_else(|| ProductName::Other(text.to_owned()), ProductName::Purl)
        } else if lower.starts_with("cpe:") {
            ProductName::Cpe(lower)
        } else if let Some(hex) = lower.strip_prefix("sha256:")
            && is_sha256(hex)
        {
            ProductName::Digest(lower)
        } else if !lower.contains("://")
            && !lower.starts_with("urn:")
            && ImageName::parse(text).is_some()
        {
            ProductName::Image(text.to_owned())
        } else {
            ProductName::Other(text.to_owned())
        })
    }

    /// A digest from its algorithm and value; none for another algorithm.
    #[must_use]
    pub(super) fn digest(algorithm: &str, value: &str) -> Option<Self> {
        let algorithm = algorithm.to_ascii_lowercase().replace('-', "");
        let hex = value.trim().to_ascii_lowercase();
        let hex = hex.strip_prefix("sha256:").unwrap_or(&hex);
        (algorithm == "sha256" && is_sha256(hex))
            .then(|| ProductName::Digest(format!("sha256:{hex}")))
    }

    /// Whether it names a container image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        match self {
            ProductName::Purl(purl) => purl.is_image(),
            ProductName::Digest(_) | ProductName::Image(_) => true,
            ProductName::Cpe(_) | ProductName::Other(_) => false,
        }
    }

    pub(super) fn within(self, range: Range) -> Self {
        match self {
            ProductName::Purl(purl) => ProductName::Purl(purl.within(range)),
            other => other,
        }
    }

    pub(super) fn at(self, version: &str) -> Self {
        match self {
            ProductName::Purl(purl) => ProductName::Purl(purl.at(version)),
            other => other,
        }
    }
}

fn is_sha256(hex: &str) -> bool {
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What an image is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// References to it.
    pub names: Vec<String>,
    /// Digests of its manifest, its index and its configuration.
    pub digests: Vec<String>,
    /// The architecture it is for.
    pub arch: String,
    /// CPEs of the operating system it holds.
    pub cpes: Vec<String>,
    /// Its packages by package URL, with their CPEs.
    pub packages: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// What an image is known by.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let digests = [image.digest, image.index, image.id];
        // A path is no reference, however much it looks like one.
        let named = matches!(image.form, ImageForm::Registry | ImageForm::Containerd);
        Identity {
            names: std::iter::once(&image.name)
                .filter(|_| named)
                .chain(&image.tags)
                .filter(|name| !name.is_empty())
                .cloned()
                .collect(),
            digests: digests.iter().flatten().map(ToString::to_string).collect(),
            arch: image.platform.arch.clone(),
            cpes: image
                .release
                .iter()
                .map(|release| release.cpe.clone())
                .filter(|cpe| !cpe.is_empty())
                .collect(),
            packages: image
                .packages
                .iter()
                .filter(|package| package.removed_by.is_none())
                .map(|package| (package.purl.clone(), package.cpes.clone()))
                .collect(),
        }
    }
}

/// An image and its packages, ready to be compared.
pub(super) struct Known<'a> {
    names: Vec<ImageName>,
    digests: &'a [String],
    arch: &'a str,
    cpes: Vec<Cpe>,
    packages: BTreeMap<&'a str, (Option<PurlPattern>, Vec<Cpe>)>,
}

impl<'a> Known<'a> {
    pub(super) fn new(identity: &'a Identity) -> Self {
        let cpes = |texts: &[String]| texts.iter().filter_map(|text| Cpe::read(text)).collect();
        Known {
            names: identity
                .names
                .iter()
                .filter_map(|name| ImageName::parse(name))
                .collect(),
            digests: &identity.digests,
            arch: &identity.arch,
            cpes: cpes(&identity.cpes),
            packages: identity
                .packages
                .iter()
                .map(|(purl, texts)| (purl.as_str(), (PurlPattern::parse(purl), cpes(texts))))
                .collect(),
        }
    }

    /// Whether a product and its parts mean this package.
    pub(super) fn means(&self, product: &Product, found: &Vulnerability) -> bool {
        let own = |names: &[ProductName]| names.iter().any(|name| self.is_package(name, found));
        if product.parts.is_empty() {
            return self.is_image(&product.names) || own(&product.names);
        }
        product.parts.iter().any(|part| own(part))
            && (self.is_image(&product.names) || own(&product.names) || self.holds(&product.names))
    }

    /// Whether the image is the product, by name, digest or operating system.
    pub(super) fn is_image(&self, names: &[ProductName]) -> bool {
        names.iter().any(|name| match name {
            ProductName::Purl(purl) => purl.matches_image(&self.names, self.digests, self.arch),
            ProductName::Digest(digest) => self.digests.contains(digest),
            ProductName::Image(text) => self.is_named(text),
            // Repositories of a release are named as applications: `cpe:/a:redhat:enterprise_linux`.
            ProductName::Cpe(text) => Cpe::read(text).is_some_and(|cpe| {
                self.cpes.iter().any(|own| {
                    let part = own.part;
                    includes(
                        &Cpe {
                            part,
                            ..cpe.clone()
                        },
                        own,
                    )
                })
            }),
            ProductName::Other(_) => false,
        })
    }

    fn is_named(&self, text: &str) -> bool {
        let Some(wanted) = ImageName::parse(text) else {
            return false;
        };
        if let Some(digest) = wanted.digest() {
            return self.digests.iter().any(|own| own == digest)
                && (self.names.is_empty() || self.in_repository(&wanted));
        }
        let tagged = text
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains(':'));
        self.names.iter().any(|name| {
            name.repository() == wanted.repository() && (!tagged || name.tag() == wanted.tag())
        })
    }

    fn in_repository(&self, wanted: &ImageName) -> bool {
        self.names
            .iter()
            .any(|name| name.repository() == wanted.repository())
    }

    /// Whether the product is a package of the image.
    fn holds(&self, names: &[ProductName]) -> bool {
        names.iter().any(|name| match name {
            ProductName::Purl(purl) => self
                .packages
                .values()
                .filter_map(|(own, _)| own.as_ref())
                .any(|own| purl.matches(own)),
            ProductName::Cpe(text) => Cpe::read(text).is_some_and(|cpe| {
                self.packages
                    .values()
                    .flat_map(|(_, cpes)| cpes)
                    .any(|own| includes(&cpe, own))
            }),
            _ => false,
        })
    }

    fn is_package(&self, name: &ProductName, found: &Vulnerability) -> bool {
        let package = &found.package;
        let known = self.packages.get(package.purl.as_str());
        match name {
            ProductName::Purl(purl) => {
                let parsed;
                let own = match known {
                    Some((own, _)) => own.as_ref(),
                    None => {
                        parsed = PurlPattern::parse(&package.purl);
                        parsed.as_ref()
                    }
                };
                own.is_some_and(|own| {
                    purl.matches(own)
                        || package.source.as_ref().is_some_and(|source| {
                            purl.matches_source(own, &source.name, &source.version)
                        })
                })
            }
            ProductName::Cpe(text) => Cpe::read(text).is_some_and(|cpe| {
                known.is_some_and(|(_, cpes)| cpes.iter().any(|own| includes(&cpe, own)))
            }),
            ProductName::Digest(_) | ProductName::Image(_) | ProductName::Other(_) => false,
        }
    }
}

/// Whether one CPE stands for another: what it leaves open can be anything.
fn includes(pattern: &Cpe, own: &Cpe) -> bool {
    let field = |pattern: &str, own: &str| matches!(pattern, "*" | "") || pattern == own;
    pattern.part == own.part
        && pattern.vendor == own.vendor
        && pattern.product == own.product
        && field(&pattern.version, &own.version)
        && field(&pattern.update, &own.update)
        && field(&pattern.target, &own.target)
}
