//! From an index to the one image that was asked for.

use std::{collections::BTreeMap, io};

use plimsoll_model::image::Platform;
use sha2::{Digest as _, Sha256};

use super::{DOCKER_LIST, Document, Entry, Manifest, ManifestError, OCI_INDEX, parse};
use crate::{
    Digest, Limits,
    source::{Descriptor, SourceError},
};

/// How deep indexes in indexes are followed.
const NESTED: u32 = 4;
/// How many documents are fetched to find one image.
const FETCHES: u32 = 64;

/// An image that was found from a manifest or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its manifest.
    pub manifest: Manifest,
    /// The digest of the manifest's bytes.
    pub digest: Digest,
    /// The digest of the outermost index it was chosen from, if any.
    pub index: Option<Digest>,
    /// Platforms that were not chosen, each once, sorted.
    pub other_platforms: Vec<Platform>,
    /// Annotations of the index entry and, above them, of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The bytes of the configuration, verified.
    pub config: Vec<u8>,
}

/// A manifest that may be the one.
struct Candidate {
    descriptor: Descriptor,
    platform: Option<Platform>,
}

struct Walk<'a> {
    fetch: &'a mut dyn FnMut(&Descriptor) -> io::Result<Vec<u8>>,
    limits: &'a Limits,
    left: u32,
    candidates: Vec<Candidate>,
}

/// Finds the image for `wanted` in the manifest or index `bytes`. `fetch`
/// gives the bytes of what they refer to; they are verified here.
///
/// Without a wish it is `linux/amd64`, or the only platform there is.
/// Attestations and other artifacts of an index are no platforms of it.
///
/// # Errors
/// There is no such platform (what there is, is told), a document is missing,
/// wrong or not what its digest says.
pub fn resolve(
    bytes: &[u8],
    wanted: Option<&Platform>,
    fetch: &mut dyn FnMut(&Descriptor) -> io::Result<Vec<u8>>,
    limits: &Limits,
) -> Result<Resolved, SourceError> {
    let own = Digest(Sha256::digest(bytes).into());
    let mut walk = Walk {
        fetch,
        limits,
        left: FETCHES,
        candidates: Vec::new(),
    };
    match parse(bytes, limits)? {
        Document::Manifest(manifest) => {
            let resolved = walk.finish(*manifest, own, None, Vec::new(), &BTreeMap::new())?;
            // A platform that was asked for is checked against the
            // configuration, the only place that says it here.
            if let Some(wanted) = wanted {
                let is = crate::config::platform(&resolved.config);
                if is != Platform::default() && rank(&is, wanted).is_none() {
                    return Err(SourceError::NoPlatform {
                        wanted: wanted.to_string(),
                        there: is.to_string(),
                    });
                }
            }
            Ok(resolved)
        }
        Document::Index(index) => walk.among(&index.manifests, Some(own), wanted),
    }
}

/// [`resolve`], among entries that are of no index of the image itself.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_entries(
    entries: &[Entry],
    wanted: Option<&Platform>,
    fetch: &mut dyn FnMut(&Descriptor) -> io::Result<Vec<u8>>,
    limits: &Limits,
) -> Result<Resolved, SourceError> {
    let mut walk = Walk {
        fetch,
        limits,
        left: FETCHES,
        candidates: Vec::new(),
    };
    walk.among(entries, None, wanted)
}

impl Walk<'_> {
    /// The image for `wanted` among those that these entries lead to.
    fn among(
        &mut self,
        entries: &[Entry],
        index: Option<Digest>,
        wanted: Option<&Platform>,
    ) -> Result<Resolved, SourceError> {
        self.collect(entries, 1)?;
        let (at, others) = pick(&self.candidates, wanted)?;
        let chosen = self.candidates.swap_remove(at).descriptor;
        let bytes = self.get(&chosen)?;
        match parse(&bytes, self.limits)? {
            Document::Manifest(manifest) => {
                self.finish(*manifest, chosen.digest, index, others, &chosen.annotations)
            }
            // Its entry had no media type or a wrong one.
            Document::Index(_) => Err(ManifestError::MediaType(OCI_INDEX.to_owned()).into()),
        }
    }

    /// The bytes of a document: not more than it should have, and those.
    fn get(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(SourceError::TooNested);
        };
        self.left = left;
        if descriptor.size > self.limits.document_bytes {
            return Err(ManifestError::TooLarge {
                size: descriptor.size,
                most: self.limits.document_bytes,
            }
            .into());
        }
        let digest = descriptor.digest;
        let bytes = (self.fetch)(descriptor).map_err(|error| SourceError::Fetch {
            what: digest.to_string(),
            error,
        })?;
        let is = Digest(Sha256::digest(&bytes).into());
        if is != digest {
            return Err(SourceError::WrongDigest { digest, is });
        }
        Ok(bytes)
    }

    /// Notes every image an index leads to.
    fn collect(&mut self, entries: &[Entry], depth: u32) -> Result<(), SourceError> {
        for entry in entries {
            let descriptor = &entry.descriptor;
            if is_artifact(entry) {
                continue;
            }
            if matches!(descriptor.media_type.as_str(), OCI_INDEX | DOCKER_LIST) {
                if depth >= NESTED {
                    return Err(SourceError::TooNested);
                }
                let bytes = self.get(descriptor)?;
                if let Document::Index(index) = parse(&bytes, self.limits)? {
                    self.collect(&index.manifests, depth + 1)?;
                    continue;
                }
            }
            self.candidates.push(Candidate {
                platform: descriptor.platform.clone(),
                descriptor: descriptor.clone(),
            });
        }
        Ok(())
    }

    fn finish(
        &mut self,
        manifest: Manifest,
        digest: Digest,
        index: Option<Digest>,
        other_platforms: Vec<Platform>,
        entry: &BTreeMap<String, String>,
    ) -> Result<Resolved, SourceError> {
        manifest.must_be_image()?;
        let config = self.get(&manifest.config)?;
        let mut annotations = entry.clone();
        annotations.extend(manifest.annotations.clone());
        Ok(Resolved {
            manifest,
            digest,
            index,
            other_platforms,
            annotations,
            config,
        })
    }
}

/// Whether an entry is about an image rather than one: an attestation of
/// BuildKit, or what names a type of artifact.
pub(crate) fn is_artifact(entry: &Entry) -> bool {
    let attestation = entry.descriptor.platform.as_ref().is_some_and(|platform| {
        platform.os == "unknown" && matches!(platform.arch.as_str(), "unknown" | "")
    });
    attestation
        || entry
            .descriptor
            .annotations
            .get("vnd.docker.reference.type")
            .is_some_and(|kind| kind.starts_with("attestation"))
        || !entry.artifact_type.is_empty()
}

/// The candidate for `wanted`, and the platforms of the others.
fn pick(
    candidates: &[Candidate],
    wanted: Option<&Platform>,
) -> Result<(usize, Vec<Platform>), SourceError> {
    let default = Platform {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        ..Platform::default()
    };
    let best = |wanted: &Platform| {
        candidates
            .iter()
            .enumerate()
            .filter_map(|(at, candidate)| {
                let platform = candidate.platform.as_ref()?;
                Some((rank(platform, wanted)?, at))
            })
            .min()
            .map(|(_, at)| at)
    };
    let only = || (candidates.len() == 1).then_some(0);
    let chosen = match wanted {
        Some(wanted) => best(wanted).or_else(|| {
            // An entry that says nothing may be it: its configuration tells.
            only().filter(|&at| candidates[at].platform.is_none())
        }),
        None => best(&default)
            .or_else(only)
            .or_else(|| candidates.iter().position(|c| c.platform.is_none())),
    };
    let platforms = |skip: Option<usize>| {
        let mut all: Vec<Platform> = candidates
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != skip)
            .filter_map(|(_, candidate)| candidate.platform.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    };
    match chosen {
        Some(at) => Ok((at, platforms(Some(at)))),
        None => {
            let there: Vec<String> = platforms(None).iter().map(ToString::to_string).collect();
            Err(SourceError::NoPlatform {
                wanted: wanted.unwrap_or(&default).to_string(),
                there: if there.is_empty() {
                    "no image at all".to_owned()
                } else {
                    there.join(", ")
                },
            })
        }
    }
}

/// Whether an image for `is` is one for `wanted`.
#[must_use]
pub fn fits(is: &Platform, wanted: &Platform) -> bool {
    rank(is, wanted).is_some()
}

/// How well a platform fits what is wanted, 0 best; none when it does not.
///
/// A variant that was asked for must be it. Without one, arm64 prefers the
/// plain or v8, arm the newest of v7, v6 and v5, amd64 the plainest.
fn rank(is: &Platform, wanted: &Platform) -> Option<u32> {
    let (arch, variant) = normal(&is.arch, &is.variant);
    let (wanted_arch, wanted_variant) = normal(&wanted.arch, &wanted.variant);
    if !is.os.eq_ignore_ascii_case(&wanted.os) || arch != wanted_arch {
        return None;
    }
    if !wanted.os_version.is_empty() && !is.os_version.starts_with(&wanted.os_version) {
        return None;
    }
    let number = variant
        .strip_prefix('v')
        .and_then(|digits| digits.parse::<u32>().ok())
        .map(|number| number.min(1_000));
    if !wanted_variant.is_empty() {
        return (variant == wanted_variant).then_some(0);
    }
    match (variant, arch) {
        ("", _) => Some(0),
        (_, "arm") => Some(8u32.saturating_sub(number.unwrap_or(0)).max(1)),
        _ => Some(number.unwrap_or(999).max(1)),
    }
}

/// The names that Go's platforms go by, of those that others write.
fn normal<'a>(arch: &'a str, variant: &'a str) -> (&'a str, &'a str) {
    match (arch, variant) {
        ("x86_64" | "x86-64", v) => ("amd64", v),
        ("amd64", "v1") => ("amd64", ""),
        ("aarch64", "v8" | "") | ("arm64", "v8") => ("arm64", ""),
        ("aarch64", v) => ("arm64", v),
        ("armhf", "") => ("arm", "v7"),
        ("armel", "") => ("arm", "v6"),
        ("i386", v) => ("386", v),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        Platform {
            os: parts.next().unwrap_or_default(),
            arch: parts.next().unwrap_or_default(),
            variant: parts.next().unwrap_or_default(),
            os_version: parts.next().unwrap_or_default(),
        }
    }

    #[test]
    fn the_platform_asked_for_is_taken_else_amd64_else_the_only_one() {
        let check = |there: &[&str], wanted: Option<&str>, expect: Result<&str, &str>| {
            let candidates: Vec<Candidate> = there
                .iter()
                .map(|text| Candidate {
                    descriptor: Descriptor {
                        media_type: String::new(),
                        digest: Digest([0; 32]),
                        size: 0,
                        urls: Vec::new(),
                        annotations: BTreeMap::new(),
                        platform: None,
                    },
                    platform: (*text != "-").then(|| platform(text)),
                })
                .collect();
            let wanted = wanted.map(platform);
            let chosen = pick(&candidates, wanted.as_ref());
            match (chosen, expect) {
                (Ok((at, others)), Ok(expect)) => {
                    assert_eq!(there[at], expect, "{there:?}");
                    assert!(others.len() < there.len());
                }
                (Err(error), Err(words)) => {
                    assert!(error.to_string().contains(words), "{error}");
                }
                (is, expect) => panic!("{there:?}: {} {expect:?}", is.is_ok()),
            }
        };
        let many = &[
            "linux/arm/v5",
            "linux/arm/v7",
            "linux/arm64/v8",
            "linux/amd64",
            "windows/amd64//10.0.20348.1",
            "windows/amd64//10.0.17763.2",
        ];
        check(many, None, Ok("linux/amd64"));
        check(many, Some("linux/arm"), Ok("linux/arm/v7"));
        check(many, Some("linux/arm/v5"), Ok("linux/arm/v5"));
        check(many, Some("linux/arm64"), Ok("linux/arm64/v8"));
        check(many, Some("linux/aarch64"), Ok("linux/arm64/v8"));
        check(
            many,
            Some("windows/amd64"),
            Ok("windows/amd64//10.0.20348.1"),
        );
        check(
            many,
            Some("windows/amd64//10.0.17763"),
            Ok("windows/amd64//10.0.17763.2"),
        );
        check(
            many,
            Some("linux/arm/v6"),
            Err("linux/arm/v5, linux/arm/v7"),
        );
        check(many, Some("linux/s390x"), Err("no image for linux/s390x"));
        check(&["linux/arm64"], None, Ok("linux/arm64"));
        check(&["-"], None, Ok("-"));
        check(&["-"], Some("linux/arm64"), Ok("-"));
        check(
            &["linux/s390x", "linux/arm64"],
            None,
            Err("linux/arm64, linux/s390x"),
        );
        check(
            &["linux/amd64/v3", "linux/amd64/v2"],
            None,
            Ok("linux/amd64/v2"),
        );
        check(&[], None, Err("no image at all"));
    }
}
