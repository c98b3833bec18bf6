//! An image as it was found: layers, packages with their places, secrets,
//! configuration and what could not be read. The image engine and the readers
//! of SBOMs make it; matching, goals and reports work on it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, Package};

/// What an image (a root file system, a source folder, an SBOM) holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Image {
    /// How the user named it: a reference, a file, a folder.
    pub name: String,
    /// Which form it was read from.
    pub form: ImageForm,
    /// Tags and references that the form itself states for it.
    pub tags: Vec<String>,
    /// The digest of its manifest, where it has one: what a registry knows it by.
    pub digest: Option<Digest>,
    /// The digest of the index the manifest was chosen from, if any.
    pub index: Option<Digest>,
    /// The digest of its configuration: what container engines call the image id.
    pub id: Option<Digest>,
    /// What it is built for.
    pub platform: Platform,
    /// Platforms of the index that were not looked into, written `os/arch/variant`.
    pub other_platforms: Vec<String>,
    /// Its configuration.
    pub config: ImageConfig,
    /// Annotations of its manifest and its index entry.
    pub annotations: BTreeMap<String, String>,
    /// Its layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// Which of the lowest layers come from a base image, when that is known.
    pub base: Option<BaseImage>,
    /// The operating system it holds; none for an image from scratch.
    pub release: Option<ImageRelease>,
    /// Its packages, each once, sorted by package.
    pub packages: Vec<ImagePackage>,
    /// Secrets, sorted by place.
    pub secrets: Vec<ImageSecret>,
    /// Things of files that controls look at, sorted by path.
    pub marks: Vec<FileMark>,
    /// What is known of its files as a whole.
    pub files: FileSummary,
    /// SBOMs that come with it: in it, or attached to it in its registry; what
    /// shows each, such as `referrer sha256:...` or `/opt/app/bom.json`.
    pub sboms: Vec<String>,
    /// What could not be read: anything here makes the image incomplete.
    pub gaps: Vec<ImageGap>,
}

impl Image {
    /// Whether everything in it was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// The form an image was read from.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ImageForm {
    /// What `docker save` writes.
    #[default]
    DockerArchive,
    /// An OCI image layout, as a folder or a tar.
    OciLayout,
    /// A registry.
    Registry,
    /// A node's containerd store.
    Containerd,
    /// A root file system.
    RootFs,
    /// A folder of sources: its lock files.
    Source,
    /// An SBOM.
    Sbom,
}

/// What an image is built for (OCI image-spec, image-index.md).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct Platform {
    /// `linux`, `windows`.
    pub os: String,
    /// `amd64`, `arm64`: GOARCH.
    pub arch: String,
    /// `v7`.
    pub variant: String,
    /// The version of the operating system; Windows has it.
    pub os_version: String,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

/// The text is no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write it as os/arch or os/arch/variant, such as linux/arm64/v8")]
pub struct ParsePlatformError;

impl std::str::FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let parts: Vec<&str> = text.trim().split('/').collect();
        if !parts.iter().all(is_word) {
            return Err(ParsePlatformError);
        }
        let (os, arch, variant) = match *parts {
            [os, arch] => (os, arch, ""),
            [os, arch, variant] => (os, arch, variant),
            _ => return Err(ParsePlatformError),
        };
        Ok(Platform {
            os: os.to_lowercase(),
            arch: arch.to_lowercase(),
            variant: variant.to_lowercase(),
            os_version: String::new(),
        })
    }
}

/// An image's configuration (OCI image-spec, config.md).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageConfig {
    /// When it was made, as it says itself (RFC 3339).
    pub created: Option<String>,
    /// Who made it.
    pub author: String,
    /// The user it runs as; empty is root.
    pub user: String,
    /// `KEY=VALUE` of its environment; values that are secrets are redacted.
    pub env: Vec<String>,
    /// The entry point.
    pub entrypoint: Vec<String>,
    /// The command.
    pub cmd: Vec<String>,
    /// The working folder.
    pub working_dir: String,
    /// Ports it says it listens on: `22/tcp`, sorted.
    pub exposed_ports: Vec<String>,
    /// Volumes, sorted.
    pub volumes: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The command of its health check, when it has one that is not `NONE`.
    pub healthcheck: Vec<String>,
    /// The signal that stops it.
    pub stop_signal: String,
    /// How it was built, the first step first.
    pub history: Vec<BuildStep>,
}

/// One step of how an image was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildStep {
    /// When (RFC 3339).
    pub created: Option<String>,
    /// The step; secrets in it are redacted.
    pub created_by: String,
    /// A remark.
    pub comment: String,
    /// Whether it made no layer.
    pub empty_layer: bool,
}

/// One layer of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageLayer {
    /// The digest of its uncompressed bytes.
    pub diff_id: Option<Digest>,
    /// The digest of the blob as it is stored.
    pub digest: Option<Digest>,
    /// Its media type.
    pub media_type: String,
    /// Bytes of the blob as it is stored.
    pub stored_bytes: u64,
    /// Uncompressed bytes.
    pub bytes: u64,
    /// How many paths it holds.
    pub entries: u64,
    /// Bytes of its files that a layer above hides or replaces.
    pub wasted_bytes: u64,
    /// The build step that made it, where the history tells.
    pub created_by: String,
    /// How many packages it brought.
    pub packages_added: u64,
    /// How many packages of layers below it took away.
    pub packages_removed: u64,
}

/// Which layers come from a base image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BaseImage {
    /// Its name, where it is known.
    pub name: String,
    /// Its digest, where it is known.
    pub digest: Option<Digest>,
    /// How many of the lowest layers are its.
    pub layers: u32,
    /// When it was built, as it says itself (RFC 3339), where it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What shows it: `org.opencontainers.image.base.name`, `the layers of debian:12`.
    pub evidence: String,
}

/// The operating system an image holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageRelease {
    /// `ID` of os-release: `debian`.
    pub id: String,
    /// `ID_LIKE`.
    pub id_like: Vec<String>,
    /// `VERSION_ID`: `12`.
    pub version: String,
    /// `VERSION_CODENAME`: `bookworm`.
    pub codename: String,
    /// `VARIANT_ID`.
    pub variant: String,
    /// `PRETTY_NAME`.
    pub name: String,
    /// `CPE_NAME`.
    pub cpe: String,
    /// The file that says so.
    pub path: String,
    /// When its support ends or ended, as far as the built-in table knows.
    pub support: Option<Support>,
}

/// Until when a release gets fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Support {
    /// The last day of general support (`YYYY-MM-DD`).
    pub until: String,
    /// The last day of extended support that has to be paid for or asked for, if any.
    pub extended_until: Option<String>,
    /// Where the table has it from.
    pub source: String,
    /// The date of the table (`YYYY-MM-DD`).
    pub as_of: String,
}

/// A package of an image, with every place it was found in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImagePackage {
    /// The package.
    #[serde(flatten)]
    pub package: Package,
    /// Its package URL.
    pub purl: String,
    /// CPE 2.3 names, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<String>,
    /// Every place it was found in, the visible ones first.
    pub locations: Vec<PackageLocation>,
    /// The layer (index from 0) that took it away again, when it is not there
    /// in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<u32>,
    /// Whether it comes from the base image; none when no base is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_base: Option<bool>,
    /// Whether it is there for development or tests only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    /// Names of the packages it needs, as its manager writes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Digests of the package as its manager states them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
    /// Symbols of it that are in the binary, where the form tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
}

impl ImagePackage {
    /// A package of which nothing more is known: no place, no layer, no file.
    #[must_use]
    pub fn of(package: Package) -> Self {
        ImagePackage {
            purl: package.purl(),
            package,
            cpes: Vec::new(),
            locations: Vec::new(),
            removed_by: None,
            from_base: None,
            dev: false,
            needs: Vec::new(),
            checksums: Vec::new(),
            symbols: Vec::new(),
        }
    }
}

/// One place a package was found in.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct PackageLocation {
    /// The layer that brought it there, index from 0.
    pub layer: u32,
    /// The path in the image, without a leading slash; `app.jar!/lib/a.jar`
    /// for an archive in it.
    pub path: String,
    /// How it is known there: `installed`, `embedded`, `lock`, `manifest`,
    /// `classifier`, `sbom`.
    pub how: String,
    /// What shows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

/// A secret in an image. Its value is kept nowhere.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageSecret {
    /// The path in the image without a leading slash; `env`, `history` or
    /// `label` and a name for the configuration: `env:API_TOKEN`.
    pub path: String,
    /// Line, from 1; 0 in the configuration.
    pub line: u32,
    /// Column in characters, from 1; 0 in the configuration.
    pub column: u32,
    /// The kind's id: `aws-access-key-id`.
    pub rule: String,
    /// The layer that brought it, index from 0; none for the configuration.
    pub layer: Option<u32>,
    /// The layer that took it away again: it can still be had from the image.
    pub removed_by: Option<u32>,
    /// The line it stands in, with the value replaced by asterisks.
    pub excerpt: String,
    /// To tell that two places hold the same secret.
    pub fingerprint: String,
}

/// A thing of a file that controls look at.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct FileMark {
    /// The path, without a leading slash.
    pub path: String,
    /// The layer that brought the file, index from 0.
    pub layer: u32,
    /// A short name: `setuid`, `world-writable`, `upx-packed`, `changed`,
    /// `unowned-program`, `package-manager-cache`, `shell`.
    pub name: String,
    /// Words for a person: `mode 4755, owner root`.
    pub detail: String,
}

/// What is known of an image's files as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FileSummary {
    /// Regular files that are there in the end.
    pub files: u64,
    /// Programs and libraries among them.
    pub programs: u64,
    /// Programs and libraries that no package of the operating system owns.
    pub unowned_programs: u64,
    /// Of these, those in which no package was found either: nothing is known of them.
    pub unidentified_programs: u64,
    /// Files whose digest was compared with their package's record.
    pub verified: u64,
    /// Of these, those that differ.
    pub changed: u64,
    /// Packages of languages, and programs, that are part of a package of the
    /// operating system: they are told of among its locations and not apart.
    pub packages_owned: u64,
}

/// Something of an image that could not be read.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageGap {
    /// The layer, index from 0, where it is about one.
    pub layer: Option<u32>,
    /// The path, where it is about a file.
    pub path: Option<String>,
    /// The byte offset in the file, or in the layer when there is no path.
    pub offset: Option<u64>,
    /// What went wrong, for a person.
    pub message: String,
}

impl std::fmt::Display for ImageGap {
    /// `layer 2, /app/a.jar at byte 17: cut short`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut place = Vec::new();
        if let Some(layer) = self.layer {
            place.push(format!("layer {}", layer + 1));
        }
        if let Some(path) = &self.path {
            place.push(format!("/{path}"));
        }
        f.write_str(&place.join(", "))?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        if !place.is_empty() || self.offset.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}
