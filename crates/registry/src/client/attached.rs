//! What is attached to an image: the blobs of what refers to it.

use plimsoll_image::{bounded::read_all, source::Descriptor};
use plimsoll_model::Digest;
use serde::Deserialize;

use super::Client;
use crate::{Error, reference::Reference};

/// Manifests that are asked for, of all that refer to one image.
const MOST_MANIFESTS: usize = 100;
/// Blobs of one manifest.
const MOST_BLOBS: usize = 100;
/// Bytes of one blob.
const MOST_BLOB: u64 = 64 << 20;
/// Bytes of all blobs of one image.
const MOST_BYTES: u64 = 256 << 20;

/// A blob that is attached to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The manifest that refers to the image.
    pub referrer: Digest,
    /// What the blob is: `application/vnd.openvex+json`.
    pub media_type: String,
    /// Its bytes; their digest is verified, nothing else.
    pub bytes: Vec<u8>,
}

/// What is attached to an image, as far as it could be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachments {
    /// The blobs, in the order in which the registry lists what they belong to.
    pub blobs: Vec<Attached>,
    /// What could not be had, and why.
    pub problems: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Artifact {
    artifact_type: String,
    config: Option<Part>,
    layers: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    media_type: String,
    digest: String,
    size: u64,
}

impl Client {
    /// The blobs of a kind that are attached to the image with this digest: by the
    /// referrers API, by its tag where there is no API, and by the tag
    /// `sha256-HEX.att` that cosign puts attestations under. `wanted` is asked of
    /// types of artifacts and of blobs.
    ///
    /// # Errors
    /// The list of what refers to it can't be had.
    pub fn attached(
        &self,
        reference: &Reference,
        subject: Digest,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Attachments, Error> {
        let listing = self.referrers(reference, subject, None)?;
        let mut found = Attachments::default();
        if let Some(cut) = listing.cut {
            found
                .problems
                .push(format!("more may refer to {subject}: {cut}"));
        }
        let mut asked = 0;
        let mut bytes = 0;
        for referrer in &listing.items {
            let kind = &referrer.artifact_type;
            // Some registries tell the type of the configuration, which is then empty.
            let says_nothing = kind.is_empty() || kind.contains("oci.empty");
            if !says_nothing && !wanted(kind) {
                continue;
            }
            if asked >= MOST_MANIFESTS {
                found.problems.push(format!(
                    "more than {MOST_MANIFESTS} things refer to {subject}: the others were not looked at"
                ));
                break;
            }
            asked += 1;
            let digest = referrer.descriptor.digest;
            match self.manifest(&reference.at(digest)) {
                Ok(manifest) => {
                    let kind = Some(kind.as_str()).filter(|_| !says_nothing);
                    self.blobs(
                        reference,
                        digest,
                        &manifest.bytes,
                        kind,
                        wanted,
                        &mut bytes,
                        &mut found,
                    );
                }
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => found.problems.push(format!("referrer {digest}: {error}")),
            }
        }
        let tag = format!("sha256-{}.att", subject.hex());
        if let Ok(tagged) = reference.tagged(&tag) {
            match self.manifest(&tagged) {
                Ok(manifest) => {
                    let digest = manifest.digest;
                    self.blobs(
                        reference,
                        digest,
                        &manifest.bytes,
                        None,
                        wanted,
                        &mut bytes,
                        &mut found,
                    );
                }
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                // Those that have none say so in several ways.
                Err(
                    Error::NotFound { .. }
                    | Error::Unauthorized { .. }
                    | Error::Status {
                        status: 400..500, ..
                    },
                ) => {}
                Err(error) => found.problems.push(format!("the tag {tag}: {error}")),
            }
        }
        Ok(found)
    }

    /// Adds the blobs of one manifest that are wanted.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of the loop above, for both places manifests are at"
    )]
    fn blobs(
        &self,
        reference: &Reference,
        referrer: Digest,
        manifest: &[u8],
        kind: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
        bytes: &mut u64,
        found: &mut Attachments,
    ) {
        let mut problem = |what: &dyn std::fmt::Display| {
            found.problems.push(format!("referrer {referrer}: {what}"));
        };
        let Ok(artifact) = serde_json::from_slice::<Artifact>(manifest) else {
            return problem(&"its manifest can't be read");
        };
        let config = artifact.config.unwrap_or_default().media_type;
        let of_kind = kind
            .into_iter()
            .chain([artifact.artifact_type.as_str(), config.as_str()])
            .any(wanted);
        if artifact.layers.len() > MOST_BLOBS {
            problem(&format!("at most {MOST_BLOBS} of its blobs are read"));
        }
        for layer in artifact.layers.into_iter().take(MOST_BLOBS) {
            if !of_kind && !wanted(&layer.media_type) {
                continue;
            }
            let Ok(digest) = layer.digest.parse::<Digest>() else {
                problem(&"the digest of a blob can't be read");
                continue;
            };
            if layer.size > MOST_BLOB || *bytes + layer.size > MOST_BYTES {
                problem(&format!(
                    "the blob {digest} has {} bytes, more than are read",
                    layer.size
                ));
                continue;
            }
            let descriptor = Descriptor {
                media_type: layer.media_type.clone(),
                digest,
                size: layer.size,
                urls: Vec::new(),
                annotations: std::collections::BTreeMap::new(),
                platform: None,
            };
            let read = self
                .blob(reference, &descriptor)
                .map_err(|error| error.to_string())
                .and_then(|reader| read_all(reader, MOST_BLOB).map_err(|error| error.to_string()));
            match read {
                Ok(content) => {
                    *bytes += content.len() as u64;
                    found.blobs.push(Attached {
                        referrer,
                        media_type: layer.media_type,
                        bytes: content,
                    });
                }
                Err(error) => problem(&error),
            }
        }
    }
}
