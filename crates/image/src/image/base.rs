//! Which of an image's layers come from the image it was built on.

use std::collections::BTreeMap;

use plimsoll_model::{
    ImageName,
    image::{BaseImage, Image, ImageForm},
};
use sha2::{Digest as _, Sha256};

use crate::Digest;

/// Knows images that others are built on, by the chain of their layers.
pub trait KnownBases: Sync {
    /// An image whose layers have this chain id (OCI image-spec, config.md,
    /// layer ChainID).
    fn base(&self, chain: &Digest) -> Option<KnownBase>;
}

/// An image that others are built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBase {
    /// What it is called; empty when only its digest is known.
    pub name: String,
    /// The digest of its manifest.
    pub digest: Option<Digest>,
    /// When it says it was built.
    pub created: Option<String>,
    /// The form in which it was looked into, when that is how it is known;
    /// none when the user named it as a base.
    pub seen: Option<ImageForm>,
}

/// Images that a user named as bases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseTable {
    by_chain: BTreeMap<Digest, KnownBase>,
}

impl BaseTable {
    /// Adds an image with these layers, by their uncompressed digests, and when
    /// it says it was built. Of several images with the same layers the first
    /// stays.
    pub fn add(
        &mut self,
        name: &str,
        digest: Option<Digest>,
        created: Option<&str>,
        diff_ids: &[Digest],
    ) {
        if let Some(chain) = chain_ids(diff_ids).pop() {
            self.by_chain.entry(chain).or_insert_with(|| KnownBase {
                name: name.to_owned(),
                digest,
                created: created.map(str::to_owned),
                seen: None,
            });
        }
    }
}

impl KnownBases for BaseTable {
    fn base(&self, chain: &Digest) -> Option<KnownBase> {
        self.by_chain.get(chain).cloned()
    }
}

/// A known base of an image, and how many of its layers that has.
struct Below {
    base: KnownBase,
    layers: usize,
}

/// The known images that these layers begin with, the longest first. An image
/// that was merely seen is no base of one with the very same layers: it may be
/// that image itself, or be built on it.
fn below(known: &dyn KnownBases, diff_ids: &[Digest]) -> Vec<Below> {
    let chains = chain_ids(diff_ids);
    let all = chains.iter().enumerate().rev();
    all.filter_map(|(at, chain)| {
        let (base, layers) = (known.base(chain)?, at + 1);
        let whole = layers == diff_ids.len();
        (base.seen.is_none() || !whole).then_some(Below { base, layers })
    })
    .collect()
}

/// The chain id of each beginning of a list of layers, the shortest first.
#[must_use]
pub fn chain_ids(diff_ids: &[Digest]) -> Vec<Digest> {
    let mut chain = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        let next = match chain.last() {
            None => *diff_id,
            Some(below) => Digest(Sha256::digest(format!("{below} {diff_id}")).into()),
        };
        chain.push(next);
    }
    chain
}

/// Says which image this one was built on, and which of its packages come from
/// there: by the longest chain of layers that is known, and by what its
/// annotations, then its labels, say. Those tell which image it is but not how
/// many layers it has; `layers` is 0 when nothing else tells. Only layers that
/// were read count: what they are is shown by their bytes.
pub fn place_on_base(image: &mut Image, known: &dyn KnownBases) {
    let read = image.layers.iter().map_while(|layer| layer.diff_id);
    let diff_ids: Vec<Digest> = read.collect();
    let labels = &image.config.labels;
    image.base = find(&below(known, &diff_ids), &image.annotations, labels);
    let layers = image.base.as_ref().map_or(0, |base| base.layers);
    for package in &mut image.packages {
        let first = package
            .locations
            .iter()
            .map(|location| location.layer)
            .min();
        package.from_base = first.filter(|_| layers > 0).map(|first| first < layers);
    }
}

fn find(
    below: &[Below],
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Option<BaseImage> {
    const NAME: &str = "org.opencontainers.image.base.name";
    const DIGEST: &str = "org.opencontainers.image.base.digest";
    let stated = [annotations, labels].into_iter().find_map(|map| {
        let name = map.get(NAME).cloned().unwrap_or_default();
        let digest = map.get(DIGEST).and_then(|text| text.parse().ok());
        (!name.is_empty() || digest.is_some()).then_some((name, digest))
    });
    let longest = below.first();
    let count = |below: &Below| u32::try_from(below.layers).unwrap_or(u32::MAX);
    match (stated, longest) {
        (None, None) => None,
        (None, Some(longest)) => Some(BaseImage {
            name: longest.base.name.clone(),
            digest: longest.base.digest,
            layers: count(longest),
            created: longest.base.created.clone(),
            evidence: longest.base.told(),
        }),
        (Some((name, digest)), longest) => {
            // The annotation is the builder's word for what was built on; what
            // is known tells how much of the image that is.
            let same = digest.and_then(|digest: Digest| {
                let mut all = below.iter();
                all.find(|below| below.base.digest == Some(digest))
            });
            let (layers, evidence) = match same.or(longest) {
                Some(below) => (count(below), format!("{NAME}, and {}", below.base.told())),
                None => (0, NAME.to_owned()),
            };
            // The layers may be those of an image below the one that is named:
            // its age is not the age of that one.
            let same = same
                .or(longest.filter(|below| digest.is_none() && is_same(&name, &below.base.name)));
            let same = same.map(|below| &below.base);
            Some(BaseImage {
                name: match same {
                    Some(base) if name.is_empty() => base.name.clone(),
                    _ => name,
                },
                digest: digest.or(same.and_then(|base| base.digest)),
                layers,
                created: same.and_then(|base| base.created.clone()),
                evidence,
            })
        }
    }
}

impl KnownBase {
    /// What shows that an image was built on it.
    fn told(&self) -> String {
        let name = match self.digest {
            Some(digest) if self.name.is_empty() => digest.to_string(),
            _ => self.name.clone(),
        };
        let how = match self.seen {
            None => "",
            Some(ImageForm::Registry) => ", scanned before in its registry",
            Some(ImageForm::Containerd) => ", scanned before in a node's store",
            Some(_) => ", an archive scanned before",
        };
        format!("the layers of {name}{how}")
    }
}

/// Whether two names of images are the same one, written out.
fn is_same(a: &str, b: &str) -> bool {
    match (ImageName::parse(a), ImageName::parse(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_chain_is_the_base() {
        let layer = |byte| Digest([byte; 32]);
        let mut table = BaseTable::default();
        table.add("debian:12", Some(layer(99)), Some("2026"), &[layer(1)]);
        table.add("python:3", None, Some("2027"), &[layer(1), layer(2)]);
        table.add("nothing", None, None, &[]);
        let none = BTreeMap::new();
        let check = |layers: &[u8],
                     annotations: &[(&str, &str)],
                     expect: Option<(&str, u32, Option<&str>)>| {
            let layers: Vec<Digest> = layers.iter().map(|byte| layer(*byte)).collect();
            let annotations: BTreeMap<String, String> = annotations
                .iter()
                .map(|(name, value)| {
                    (
                        format!("org.opencontainers.image.base.{name}"),
                        (*value).to_owned(),
                    )
                })
                .collect();
            for (a, b) in [(&annotations, &none), (&none, &annotations)] {
                let base = find(&below(&table, &layers), a, b);
                let is = base
                    .as_ref()
                    .map(|base| (base.name.as_str(), base.layers, base.created.as_deref()));
                assert_eq!(is, expect, "{layers:?} {annotations:?}");
            }
        };
        check(&[1, 2, 3], &[], Some(("python:3", 2, Some("2027"))));
        check(&[1, 3], &[], Some(("debian:12", 1, Some("2026"))));
        check(&[2, 1], &[], None);
        check(&[], &[], None);
        check(&[7], &[("name", "acme:1")], Some(("acme:1", 0, None)));
        // What is known is below what is named, whose age nobody knows.
        check(&[1, 2], &[("name", "acme:1")], Some(("acme:1", 2, None)));
        check(
            &[1, 2],
            &[("name", "docker.io/library/python:3")],
            Some(("docker.io/library/python:3", 2, Some("2027"))),
        );
        let digest = layer(99).to_string();
        let stated = [("name", "debian:12"), ("digest", digest.as_str())];
        check(&[1, 2], &stated, Some(("debian:12", 1, Some("2026"))));
        check(
            &[1, 2],
            &[("digest", &digest)],
            Some(("debian:12", 1, Some("2026"))),
        );
        // Its layers are not in the image that claims it.
        check(&[7], &stated, Some(("debian:12", 0, None)));
    }
    /// A table of images that were seen.
    struct Seen(BaseTable);

    impl KnownBases for Seen {
        fn base(&self, chain: &Digest) -> Option<KnownBase> {
            let base = self.0.base(chain)?;
            Some(KnownBase {
                seen: Some(ImageForm::Registry),
                ..base
            })
        }
    }

    #[test]
    fn an_image_that_was_seen_is_no_base_of_itself() {
        let layer = |byte| Digest([byte; 32]);
        let mut table = BaseTable::default();
        table.add("debian:12", None, None, &[layer(1)]);
        table.add("shop:1", Some(layer(99)), None, &[layer(1), layer(2)]);
        let none = BTreeMap::new();
        let check = |known: &dyn KnownBases, stated: &BTreeMap<String, String>, expect: &str| {
            let base = find(&below(known, &[layer(1), layer(2)]), stated, &none);
            let base = base.expect("something is known");
            assert_eq!(format!("{} {}", base.layers, base.evidence), expect);
        };
        check(&table, &none, "2 the layers of shop:1");
        let seen = Seen(table);
        check(
            &seen,
            &none,
            "1 the layers of debian:12, scanned before in its registry",
        );
        let name = "org.opencontainers.image.base.name";
        let stated = [(name.to_owned(), "acme:1".to_owned())].into();
        check(
            &seen,
            &stated,
            &format!("1 {name}, and the layers of debian:12, scanned before in its registry"),
        );
    }
}
