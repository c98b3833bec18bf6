//! What differs between two images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, PackageType};

/// What differs between two images: packages, files, configuration, layers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageDiff {
    /// The version of this form, as in all reports.
    pub schema_version: String,
    /// The first image.
    pub from: ComparedImage,
    /// The second.
    pub to: ComparedImage,
    /// How many of the lowest layers both have.
    pub shared_layers: u32,
    /// Packages, sorted by type and name.
    pub packages: Vec<PackageChange>,
    /// Files.
    pub files: FileChanges,
    /// Fields of the configuration.
    pub config: Vec<FieldChange>,
    /// Why the comparison is not whole, if it is not.
    pub not_compared: Vec<String>,
}

impl ImageDiff {
    /// Whether nothing differs, as far as was compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.files.total() == 0 && self.config.is_empty()
    }
}

/// One of two images that are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ComparedImage {
    /// How the user named it.
    pub name: String,
    /// The digest of its manifest, else of its configuration.
    pub digest: Option<Digest>,
    /// `linux/amd64`.
    pub platform: String,
    /// How many layers it has.
    pub layers: u32,
    /// Bytes of its layers, uncompressed.
    pub bytes: u64,
    /// How many packages it has.
    pub packages: u64,
}

/// How something differs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Only the second image has it.
    Added,
    /// Only the first image has it.
    Removed,
    /// A newer version.
    Upgraded,
    /// An older version.
    Downgraded,
    /// Both have it, and it is not the same.
    Changed,
}

/// A package that is not the same in both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackageChange {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// Its name as its manager writes it.
    pub name: String,
    /// Its architecture, where it is told.
    pub arch: Option<String>,
    /// How it differs.
    pub change: ChangeKind,
    /// Its versions in the first image; several where it is there several times.
    pub from: Vec<String>,
    /// Its versions in the second.
    pub to: Vec<String>,
}

/// Files that are not the same in both images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FileChanges {
    /// How many only the second image has.
    pub added: u64,
    /// How many only the first image has.
    pub removed: u64,
    /// How many both have, and differ.
    pub changed: u64,
    /// Bytes that came with files that were added or changed.
    pub bytes_added: u64,
    /// Bytes that went with files that were removed or changed.
    pub bytes_removed: u64,
    /// The files, sorted by path.
    pub list: Vec<FileChange>,
    /// How many more there are than the list has.
    pub left_out: u64,
}

impl FileChanges {
    /// How many files differ.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.added + self.removed + self.changed
    }
}

/// A file that is not the same in both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The path, without a leading slash.
    pub path: String,
    /// How it differs.
    pub change: ChangeKind,
    /// What of it differs: `content`, `time` (the bytes were not compared),
    /// `mode 755 to 644`, `owner 0:0 to 10:10`, `link a to b`,
    /// `file to folder`; empty for one that was added or removed.
    pub what: Vec<String>,
    /// Bytes in the first image.
    pub from_bytes: Option<u64>,
    /// Bytes in the second.
    pub to_bytes: Option<u64>,
}

/// A field of the configuration that is not the same in both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field: `user`, `env PATH`, `label version`, `port 80/tcp`.
    pub field: String,
    /// What it is in the first image; none when it is not there.
    pub from: Option<String>,
    /// What it is in the second.
    pub to: Option<String>,
}
