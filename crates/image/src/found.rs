//! What analyzers find in a file. All of it is cached with its layer, so it
//! depends on nothing but the file.

use plimsoll_model::Package;
use serde::{Deserialize, Serialize};

/// Something found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// A package.
    Package(Box<FoundPackage>),
    /// Files that a package of an operating system's package manager owns.
    Owned(OwnedFiles),
    /// Which operating system this is.
    Release(Box<Release>),
    /// A secret.
    Secret(Box<SecretHit>),
    /// A thing of the file that controls look at, by a short name, such as
    /// `upx-packed` or `go-stripped`, with words for a person.
    Mark {
        /// The short name.
        name: String,
        /// What a person reads.
        detail: String,
    },
}

/// How a package is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum How {
    /// A package manager's record of what it installed.
    Installed,
    /// Data embedded in a program or an archive: Go build info, `.dep-v0`, a
    /// jar's manifest.
    Embedded,
    /// A lock file: what would be installed.
    Lock,
    /// A manifest without exact versions.
    Manifest,
    /// A version string in a program, found by the classifier of this name.
    Classifier(String),
    /// An SBOM found in the image.
    Sbom,
}

/// A package found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPackage {
    /// The package.
    pub package: Package,
    /// How it is known.
    pub how: How,
    /// Where in the file, when the file is an archive: `lib/a.jar` of
    /// `app.jar!/lib/a.jar`, levels separated by `!/`; else empty.
    pub inner: String,
    /// What shows it, in a few words or a short excerpt: the matched version
    /// string, `pom.properties`, `h1:...`.
    pub evidence: String,
    /// Whether it is there for development or tests only, as its lock file says.
    pub dev: bool,
    /// The package's own files where that is known and the file the package
    /// was found in is not one of them: an installed Python package's RECORD.
    /// Paths without a leading slash.
    pub files: Vec<String>,
    /// The names of the packages it needs, as its manager writes them.
    pub needs: Vec<String>,
    /// Digests of the package as its manager states them: `sha1:...`.
    pub checksums: Vec<String>,
    /// Names of Go symbols and the like that are in the binary, when the
    /// form has them: kept out of reports, used for reachability.
    pub symbols: Vec<String>,
    /// CPE 2.3 vendor and product, `f5:nginx`, the likeliest first, where
    /// whoever found it knows them.
    pub cpes: Vec<String>,
}

impl FoundPackage {
    /// A package with nothing more known.
    #[must_use]
    pub fn new(package: Package, how: How) -> Self {
        FoundPackage {
            package,
            how,
            inner: String::new(),
            evidence: String::new(),
            dev: false,
            files: Vec::new(),
            needs: Vec::new(),
            checksums: Vec::new(),
            symbols: Vec::new(),
            cpes: Vec::new(),
        }
    }
}

/// Files of one package of the operating system, as far as one file of its
/// manager tells them.
///
/// Whoever puts layers together joins them:
/// - [`package`](Self::package) is `NAME` or `NAME:ARCH`. It means the packages
///   of that name (and architecture) of the same manager: index these by both.
///   Where no package has the key, the files are owned all the same (old
///   distroless images cut names short); it is empty where the manager does
///   not say whose they are (dpkg's diversions).
/// - One package comes in several of these, from several files: dpkg's paths
///   from `info/NAME.list`, digests from `info/NAME.md5sums`, configuration
///   files from `status` and `info/NAME.conffiles`. A path is owned when any
///   has it, is configuration when any says so, and is unchanged when its
///   bytes match any digest recorded for it by any package (diversions, and
///   rpm packages that are installed in several versions).
/// - Paths are as the manager wrote them: `lib/x86_64-linux-gnu/libc.so.6`
///   where the image has `usr/lib/...` and a link `lib`. Folders are left out
///   where the manager tells them apart, and may be among the paths elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedFiles {
    /// The package's key: `bash`, or with its architecture where the manager
    /// keys it so, `libc6:amd64` (dpkg's `Multi-Arch: same`), `glibc:x86_64` (rpm).
    pub package: String,
    /// Its files.
    pub files: Vec<OwnedFile>,
}

/// One file that a package owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedFile {
    /// Its path, without a leading slash.
    pub path: String,
    /// The digest the package manager recorded for it, where it has one.
    pub digest: Option<FileDigest>,
    /// Whether it is a configuration file, which may be edited.
    pub config: bool,
}

/// A digest of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileDigest {
    /// MD5 (dpkg).
    Md5([u8; 16]),
    /// SHA-1 (apk, older rpm).
    Sha1([u8; 20]),
    /// SHA-256 (rpm).
    Sha256([u8; 32]),
}

/// Which operating system an image holds: of `os-release` and its older forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// `ID`, lower case: `debian`, `alpine`, `rhel`.
    pub id: String,
    /// `ID_LIKE`.
    pub id_like: Vec<String>,
    /// `VERSION_ID`, else what the older form says: `12`, `3.19.1`.
    pub version: String,
    /// `VERSION_CODENAME`, where there is one: `bookworm`.
    pub codename: String,
    /// `VARIANT_ID`.
    pub variant: String,
    /// `PRETTY_NAME`, or one made of the others.
    pub name: String,
    /// `CPE_NAME`.
    pub cpe: String,
}

/// A secret in a file, an environment variable or the image's history. The
/// value itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretHit {
    /// The kind's id: `aws-access-key-id`.
    pub rule: String,
    /// Line of the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The line it stands in with every secret of it replaced by asterisks,
    /// shortened.
    pub excerpt: String,
    /// The first characters of a hash of the value, keyed by nothing: to tell
    /// that two places hold the same secret.
    pub fingerprint: String,
}

impl From<FoundPackage> for Found {
    fn from(package: FoundPackage) -> Self {
        Found::Package(Box::new(package))
    }
}

impl From<OwnedFiles> for Found {
    fn from(owned: OwnedFiles) -> Self {
        Found::Owned(owned)
    }
}

impl From<Release> for Found {
    fn from(release: Release) -> Self {
        Found::Release(Box::new(release))
    }
}

impl From<SecretHit> for Found {
    fn from(secret: SecretHit) -> Self {
        Found::Secret(Box::new(secret))
    }
}
