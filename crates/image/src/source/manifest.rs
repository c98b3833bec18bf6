//! Manifests and indexes: OCI (image-spec, manifest.md and image-index.md) and
//! Docker's version 2, schema 2. Schema 1 is refused by name.

use std::collections::BTreeMap;

use plimsoll_model::image::Platform;
use serde::Deserialize;

use crate::{Digest, Limits, source::Descriptor};

mod choose;
#[cfg(test)]
mod tests;

pub(crate) use choose::is_artifact;
pub use choose::{Resolved, fits, resolve, resolve_entries};

/// Media type of an OCI manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of a Docker manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Media type of a Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Entries of an index that are looked at.
const INDEX_ENTRIES: usize = 4_096;

/// What a manifest's bytes turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// One image.
    Manifest(Box<Manifest>),
    /// A choice of images.
    Index(Index),
}

/// An image manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its media type, as it says itself; may be empty in OCI's form.
    pub media_type: String,
    /// What kind of artifact it is, when it says so; empty for images.
    pub artifact_type: String,
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// The manifest it is about (signatures, attestations).
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An image index, or Docker's manifest list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its media type, as it says itself; may be empty in OCI's form.
    pub media_type: String,
    /// What it holds.
    pub manifests: Vec<Entry>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub descriptor: Descriptor,
    /// What kind of artifact it is, when it says so; empty for images.
    pub artifact_type: String,
}

/// Why a manifest could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than are read of a manifest.
    #[error("the manifest has {size} bytes; at most {most} are read")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// No JSON, or JSON of another shape.
    #[error("the manifest is no JSON of the right shape: {0}")]
    Json(String),
    /// Docker's manifest schema 1.
    #[error(
        "the manifest is in Docker's schema 1, which was retired in 2017 and holds no digest of \
         the configuration; push the image again with a current client"
    )]
    Schema1,
    /// Another version of the schema.
    #[error("the manifest has schemaVersion {0}; 2 is understood")]
    Version(i64),
    /// A media type that is no image's.
    #[error("`{0}` is no media type of an image manifest or an index")]
    MediaType(String),
    /// It has the parts of a manifest and of an index.
    #[error("the document has both `manifests` and `layers`: what it is cannot be told")]
    Ambiguous,
    /// It has the parts of neither.
    #[error("the document has no `{0}`")]
    Without(&'static str),
    /// A digest that is not understood.
    #[error("{at}: {message}")]
    Digest {
        /// Which field: `layers[3].digest`.
        at: String,
        /// What is wrong with it.
        message: String,
    },
    /// A size that can't be.
    #[error("{at}.size is {size}")]
    Size {
        /// Which field: `layers[3]`.
        at: String,
        /// What it says.
        size: i64,
    },
    /// More layers or entries than are looked at.
    #[error("{count} {what}; at most {most} are looked at")]
    TooMany {
        /// `layers` or `manifests`.
        what: &'static str,
        /// How many it has.
        count: usize,
        /// The limit.
        most: usize,
    },
    /// An artifact that is no image.
    #[error("it is no container image but an artifact of the type `{0}`")]
    Artifact(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    #[serde(default)]
    schema_version: Option<i64>,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<RawDescriptor>,
    #[serde(default)]
    layers: Option<Vec<RawDescriptor>>,
    #[serde(default)]
    manifests: Option<Vec<RawDescriptor>>,
    #[serde(default)]
    subject: Option<RawDescriptor>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    digest: String,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<RawPlatform>,
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default, rename = "os.version")]
    os_version: Option<String>,
}

/// Reads a manifest or an index.
///
/// # Errors
/// The bytes are neither, or hold something that can't be relied on.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Document, ManifestError> {
    let size = bytes.len() as u64;
    if size > limits.document_bytes {
        return Err(ManifestError::TooLarge {
            size,
            most: limits.document_bytes,
        });
    }
    // Serde takes an array for a struct, its items in the order of the fields.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ManifestError::Json("it is no object".to_owned()));
    }
    let raw: RawDocument = serde_json::from_slice(bytes).map_err(|e| {
        // Schema 1 has other shapes in fields of the same names.
        if is_schema_1(bytes) {
            ManifestError::Schema1
        } else {
            ManifestError::Json(e.to_string())
        }
    })?;
    let media_type = raw.media_type.unwrap_or_default();
    match raw.schema_version {
        Some(1) => return Err(ManifestError::Schema1),
        // OCI's first releases had indexes without it.
        Some(2) | None => {}
        Some(other) => return Err(ManifestError::Version(other)),
    }
    let index = match media_type.as_str() {
        OCI_MANIFEST | DOCKER_MANIFEST => Some(false),
        OCI_INDEX | DOCKER_LIST => Some(true),
        "" => None,
        other if other.contains("manifest.v1") && other.contains("docker") => {
            return Err(ManifestError::Schema1);
        }
        other => return Err(ManifestError::MediaType(short(other))),
    };
    if raw.manifests.is_some() && (raw.layers.is_some() || raw.config.is_some()) {
        return Err(ManifestError::Ambiguous);
    }
    let annotations = raw.annotations.unwrap_or_default();
    let artifact_type = raw.artifact_type.unwrap_or_default();
    if index.unwrap_or(raw.manifests.is_some()) {
        let manifests = raw.manifests.ok_or(ManifestError::Without("manifests"))?;
        at_most("manifests", manifests.len(), INDEX_ENTRIES)?;
        let manifests = manifests
            .into_iter()
            .enumerate()
            .map(|(at, mut raw)| {
                let artifact_type = raw.artifact_type.take().unwrap_or_default();
                descriptor(raw, || format!("manifests[{at}]")).map(|descriptor| Entry {
                    descriptor,
                    artifact_type,
                })
            })
            .collect::<Result<_, _>>()?;
        return Ok(Document::Index(Index {
            media_type,
            manifests,
            annotations,
        }));
    }
    let config = raw.config.ok_or(ManifestError::Without("config"))?;
    let layers = raw.layers.ok_or(ManifestError::Without("layers"))?;
    at_most("layers", layers.len(), limits.layers)?;
    Ok(Document::Manifest(Box::new(Manifest {
        media_type,
        artifact_type,
        config: descriptor(config, || "config".to_owned())?,
        layers: layers
            .into_iter()
            .enumerate()
            .map(|(at, raw)| descriptor(raw, || format!("layers[{at}]")))
            .collect::<Result<_, _>>()?,
        subject: raw
            .subject
            .map(|raw| descriptor(raw, || "subject".to_owned()))
            .transpose()?,
        annotations,
    })))
}

impl Manifest {
    /// Fails when this is no container image but something else that is kept
    /// like one: a Helm chart, a signature, an SBOM.
    ///
    /// # Errors
    /// It names the type of artifact.
    pub fn must_be_image(&self) -> Result<(), ManifestError> {
        // Clients of 2016 pushed configurations as plain bytes.
        let known = matches!(
            self.config.media_type.as_str(),
            "" | "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
                | "application/octet-stream"
        );
        let attestation = !self.layers.is_empty()
            && self
                .layers
                .iter()
                .all(|layer| layer.media_type.starts_with("application/vnd.in-toto"));
        if !known {
            let named = [&self.artifact_type, &self.config.media_type]
                .into_iter()
                .find(|name| !name.is_empty());
            return Err(ManifestError::Artifact(short(named.map_or("", |n| n))));
        }
        if attestation {
            return Err(ManifestError::Artifact(short(&self.layers[0].media_type)));
        }
        Ok(())
    }
}

/// Whether these bytes are a manifest of schema 1, whose parse failed.
fn is_schema_1(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        schema_version: i64,
    }
    serde_json::from_slice::<Version>(bytes).is_ok_and(|v| v.schema_version == 1)
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), ManifestError> {
    if count > most {
        return Err(ManifestError::TooMany { what, count, most });
    }
    Ok(())
}

fn descriptor(raw: RawDescriptor, at: impl Fn() -> String) -> Result<Descriptor, ManifestError> {
    let digest = digest(&raw.digest).map_err(|message| ManifestError::Digest {
        at: format!("{}.digest", at()),
        message,
    })?;
    let size = u64::try_from(raw.size).map_err(|_| ManifestError::Size {
        at: at(),
        size: raw.size,
    })?;
    Ok(Descriptor {
        media_type: raw.media_type.unwrap_or_default(),
        digest,
        size,
        urls: raw.urls.unwrap_or_default(),
        annotations: raw.annotations.unwrap_or_default(),
        platform: raw.platform.map(|raw| Platform {
            os: raw.os.unwrap_or_default(),
            arch: raw.architecture.unwrap_or_default(),
            variant: raw.variant.unwrap_or_default(),
            os_version: raw.os_version.unwrap_or_default(),
        }),
    })
}

/// Reads a digest; a known algorithm other than SHA-256 is told by name.
pub(crate) fn digest(text: &str) -> Result<Digest, String> {
    text.parse::<Digest>()
        .map_err(|error| match text.split_once(':') {
            Some((algorithm @ ("sha512" | "sha384" | "blake3"), _)) => format!(
                "`{}` is a digest of the algorithm {algorithm}; only sha256 is understood",
                short(text)
            ),
            _ => error.to_string(),
        })
}

/// Text of foreign origin, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    text.chars()
        .take(100)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
