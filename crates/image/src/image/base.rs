//! Which of an image's layers come from the image it was built on.

use std::collections::BTreeMap;

use plimsoll_model::{ImageName, image::BaseImage};
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
    created: Option<String>,
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
            self.by_chain.entry(chain).or_insert_with(|| Base {
                name: name.to_owned(),
                digest,
                created: created.map(str::to_owned),
                layers: diff_ids.len(),
            });
        }
    }

    /// Every image, in a form that is equal for equal tables.
    pub(crate) fn told(&self) -> String {
        format!("{:?}", self.by_chain)
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

    /// The image with this digest, if these layers begin with its own.
    fn by_digest(&self, digest: Digest, diff_ids: &[Digest]) -> Option<&Base> {
        chain_ids(diff_ids)
            .iter()
            .filter_map(|chain| self.by_chain.get(chain))
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
            created: base.created.clone(),
            evidence: format!("the layers of {}", base.name),
        }),
        (Some((name, digest)), known) => {
            // The annotation is the builder's word for what was built on; the
            // table tells how much of the image that is.
            let same = digest.and_then(|digest: Digest| table.by_digest(digest, diff_ids));
            let base = same.or(known);
            let (layers, evidence) = match base {
                Some(base) => (
                    count(base.layers),
                    format!("{NAME}, and the layers of {}", base.name),
                ),
                None => (0, NAME.to_owned()),
            };
            // The layers may be those of an image below the one that is named:
            // its age is not the age of that one.
            let same = same.or(known.filter(|base| digest.is_none() && is_same(&name, &base.name)));
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
                let base = find(&table, &layers, a, b);
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
}
