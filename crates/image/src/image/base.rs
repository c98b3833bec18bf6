//! Which of an image's layers come from the image it was built on.

use std::collections::BTreeMap;

use plimsoll_model::image::BaseImage;
use sha2::{Digest as _, Sha256};

use crate::Digest;

/// Images that others are built on, by the chain of their layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseTable {
    /// By chain id (OCI image-spec, config.md, layer ChainID).
    by_chain: BTreeMap<Digest, Base>,
}

/// An image that others are built on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Base {
    name: String,
    digest: Option<Digest>,
    layers: usize,
}

impl BaseTable {
    /// No image at all.
    #[must_use]
    pub const fn none() -> Self {
        BaseTable {
            by_chain: BTreeMap::new(),
        }
    }

    /// Adds an image with these layers, by their uncompressed digests. Of
    /// several images with the same layers the first stays.
    pub fn add(&mut self, name: &str, digest: Option<Digest>, diff_ids: &[Digest]) {
        if let Some(chain) = chain_ids(diff_ids).pop() {
            self.by_chain.entry(chain).or_insert_with(|| Base {
                name: name.to_owned(),
                digest,
                layers: diff_ids.len(),
            });
        }
    }

    /// The image with the longest chain that these layers begin with.
    fn longest(&self, diff_ids: &[Digest]) -> Option<&Base> {
        if self.by_chain.is_empty() {
            return None;
        }
        chain_ids(diff_ids)
            .iter()
            .rev()
            .find_map(|chain| self.by_chain.get(chain))
    }

    fn by_digest(&self, digest: Digest) -> Option<&Base> {
        self.by_chain
            .values()
            .find(|base| base.digest == Some(digest))
    }
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

/// The image this one was built on: by the longest chain of layers that is
/// known, else by what its annotations, then its labels, say. Those tell which
/// image it is but not how many layers it has; `layers` is 0 when nothing else
/// tells.
pub(super) fn find(
    table: &BaseTable,
    diff_ids: &[Digest],
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
    let known = table.longest(diff_ids);
    let count = |layers: usize| u32::try_from(layers).unwrap_or(u32::MAX);
    match (stated, known) {
        (None, None) => None,
        (None, Some(base)) => Some(BaseImage {
            name: base.name.clone(),
            digest: base.digest,
            layers: count(base.layers),
            evidence: format!("the layers of {}", base.name),
        }),
        (Some((name, digest)), known) => {
            // The annotation is the builder's word for what was built on; the
            // table tells how much of the image that is.
            let base = digest
                .and_then(|digest: Digest| table.by_digest(digest))
                .filter(|base| base.layers <= diff_ids.len())
                .or(known);
            let (layers, evidence) = match base {
                Some(base) => (
                    count(base.layers),
                    format!("{NAME}, and the layers of {}", base.name),
                ),
                None => (0, NAME.to_owned()),
            };
            Some(BaseImage {
                name,
                digest,
                layers,
                evidence,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_chain_is_the_base() {
        let layer = |byte| Digest([byte; 32]);
        let mut table = BaseTable::default();
        table.add("debian:12", Some(layer(99)), &[layer(1)]);
        table.add("python:3", None, &[layer(1), layer(2)]);
        table.add("nothing", None, &[]);
        let none = BTreeMap::new();
        let check = |layers: &[u8], annotations: &[(&str, &str)], expect: Option<(&str, u32)>| {
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
                let base = find(&table, &layers, a, b);
                let is = base.as_ref().map(|base| (base.name.as_str(), base.layers));
                assert_eq!(is, expect, "{layers:?} {annotations:?}");
            }
        };
        check(&[1, 2, 3], &[], Some(("python:3", 2)));
        check(&[1, 3], &[], Some(("debian:12", 1)));
        check(&[2, 1], &[], None);
        check(&[], &[], None);
        check(&[7], &[("name", "acme:1")], Some(("acme:1", 0)));
        check(&[1, 2], &[("name", "acme:1")], Some(("acme:1", 2)));
        let digest = layer(99).to_string();
        check(
            &[1, 2],
            &[("name", "debian:12"), ("digest", &digest)],
            Some(("debian:12", 1)),
        );
    }
}
