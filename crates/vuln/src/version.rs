//! The order of versions, each ecosystem by its own rules.
//!
//! [`compare`] is total: any two texts have an order, also those that are no
//! version of the scheme. What a scheme's own tools refuse is ordered the way
//! that makes a package with such a version neither newer nor older without
//! need; each module says how.

mod apk;
mod conan;
mod dpkg;
mod gem;
mod maven;
mod nuget;
mod numeric;
mod packagist;
mod pacman;
mod pep440;
mod rpm;
mod semver;

use std::{cmp::Ordering, fmt, str::FromStr};

/// How versions are ordered.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Alpine, Wolfi, Chainguard (apk-tools).
    Apk,
    /// Bitnami: semantic versions with a revision behind a dash.
    Bitnami,
    /// Conan.
    Conan,
    /// CRAN.
    Cran,
    /// Debian, Ubuntu (deb-version(7)).
    Dpkg,
    /// RubyGems.
    Gem,
    /// Go modules, and Go itself.
    Go,
    /// Hackage.
    Hackage,
    /// Maven.
    Maven,
    /// NuGet.
    Nuget,
    /// Packagist (PHP).
    Packagist,
    /// Arch Linux (vercmp(8)).
    Pacman,
    /// Python (PEP 440).
    Pep440,
    /// pub.dev (Dart): semantic versions whose builds are ordered.
    Pub,
    /// RPM.
    Rpm,
    /// Semantic versions: npm, crates.io, Hex, Swift, Julia.
    Semver,
}

/// The names a scheme goes by: ecosystems of OSV and types of purl.
const NAMES: [(&str, Scheme); 58] = [
    ("alma", Scheme::Rpm),
    ("almalinux", Scheme::Rpm),
    ("alpine", Scheme::Apk),
    ("alpm", Scheme::Pacman),
    ("amazon", Scheme::Rpm),
    ("apk", Scheme::Apk),
    ("arch", Scheme::Pacman),
    ("azurelinux", Scheme::Rpm),
    ("bitnami", Scheme::Bitnami),
    ("cargo", Scheme::Semver),
    ("centos", Scheme::Rpm),
    ("chainguard", Scheme::Apk),
    ("composer", Scheme::Packagist),
    ("conan", Scheme::Conan),
    ("conancenter", Scheme::Conan),
    ("cran", Scheme::Cran),
    ("crates.io", Scheme::Semver),
    ("deb", Scheme::Dpkg),
    ("debian", Scheme::Dpkg),
    ("dpkg", Scheme::Dpkg),
    ("fedora", Scheme::Rpm),
    ("gem", Scheme::Gem),
    ("ghc", Scheme::Hackage),
    ("github actions", Scheme::Semver),
    ("go", Scheme::Go),
    ("golang", Scheme::Go),
    ("hackage", Scheme::Hackage),
    ("hex", Scheme::Semver),
    ("julia", Scheme::Semver),
    ("mageia", Scheme::Rpm),
    ("mariner", Scheme::Rpm),
    ("maven", Scheme::Maven),
    ("minimos", Scheme::Apk),
    ("npm", Scheme::Semver),
    ("nuget", Scheme::Nuget),
    ("openeuler", Scheme::Rpm),
    ("opensuse", Scheme::Rpm),
    ("oracle", Scheme::Rpm),
    ("packagist", Scheme::Packagist),
    ("pacman", Scheme::Pacman),
    ("pep440", Scheme::Pep440),
    ("photon", Scheme::Rpm),
    ("php", Scheme::Packagist),
    ("pub", Scheme::Pub),
    ("pypi", Scheme::Pep440),
    ("python", Scheme::Pep440),
    ("red hat", Scheme::Rpm),
    ("redhat", Scheme::Rpm),
    ("rocky", Scheme::Rpm),
    ("rocky linux", Scheme::Rpm),
    ("rpm", Scheme::Rpm),
    ("rubygems", Scheme::Gem),
    ("rust", Scheme::Semver),
    ("semver", Scheme::Semver),
    ("suse", Scheme::Rpm),
    ("swift", Scheme::Semver),
    ("ubuntu", Scheme::Dpkg),
    ("wolfi", Scheme::Apk),
];

impl Scheme {
    /// Every scheme, in order of names.
    pub const ALL: [Scheme; 16] = [
        Scheme::Apk,
        Scheme::Bitnami,
        Scheme::Conan,
        Scheme::Cran,
        Scheme::Dpkg,
        Scheme::Gem,
        Scheme::Go,
        Scheme::Hackage,
        Scheme::Maven,
        Scheme::Nuget,
        Scheme::Packagist,
        Scheme::Pacman,
        Scheme::Pep440,
        Scheme::Pub,
        Scheme::Rpm,
        Scheme::Semver,
    ];

    /// The name used on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Apk => "apk",
            Scheme::Bitnami => "bitnami",
            Scheme::Conan => "conan",
            Scheme::Cran => "cran",
            Scheme::Dpkg => "dpkg",
            Scheme::Gem => "gem",
            Scheme::Go => "go",
            Scheme::Hackage => "hackage",
            Scheme::Maven => "maven",
            Scheme::Nuget => "nuget",
            Scheme::Packagist => "packagist",
            Scheme::Pacman => "pacman",
            Scheme::Pep440 => "pep440",
            Scheme::Pub => "pub",
            Scheme::Rpm => "rpm",
            Scheme::Semver => "semver",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no ecosystem whose order of versions is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownScheme(String);

impl fmt::Display for UnknownScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` names no ecosystem whose order of versions is known",
            self.0.escape_debug()
        )
    }
}

impl std::error::Error for UnknownScheme {}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    /// By the name of the scheme, of an ecosystem as OSV writes it (`Debian:12`,
    /// `crates.io`) or of a purl type, in whatever case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_lowercase();
        let bare = wanted.split(':').next().unwrap_or_default().trim();
        NAMES
            .iter()
            .find(|(name, _)| *name == bare)
            .map(|(_, scheme)| *scheme)
            .ok_or_else(|| UnknownScheme(text.chars().take(60).collect()))
    }
}

/// The order of two versions of one ecosystem.
#[must_use]
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim(), b.trim());
    if let Some(order) = plain(scheme, a, b) {
        return order;
    }
    by_rules(scheme, a, b)
}

/// The order by all that the scheme knows.
fn by_rules(scheme: Scheme, a: &str, b: &str) -> Ordering {
    match scheme {
        Scheme::Apk => apk::compare(a, b),
        Scheme::Bitnami => semver::bitnami(a, b),
        Scheme::Conan => conan::compare(a, b),
        Scheme::Cran => numeric::cran(a, b),
        Scheme::Dpkg => dpkg::compare(a, b),
        Scheme::Gem => gem::compare(a, b),
        Scheme::Go => semver::go(a, b),
        Scheme::Hackage => numeric::hackage(a, b),
        Scheme::Maven => maven::compare(a, b),
        Scheme::Nuget => nuget::compare(a, b),
        Scheme::Packagist => packagist::compare(a, b),
        Scheme::Pacman => pacman::compare(a, b),
        Scheme::Pep440 => pep440::compare(a, b),
        Scheme::Pub => semver::with_builds(a, b),
        Scheme::Rpm => rpm::compare(a, b),
        Scheme::Semver => semver::compare(a, b),
    }
}

/// The order of two versions that are numbers with dots between and nothing else,
/// as most are: without taking them apart first. None for any other, and for
/// schemes in which a number that is not there is not the same as 0.
fn plain(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = match scheme {
        Scheme::Gem | Scheme::Maven => (a, b),
        Scheme::Bitnami
        | Scheme::Go
        | Scheme::Nuget
        | Scheme::Pep440
        | Scheme::Pub
        | Scheme::Semver => {
            let bare = |text| str::strip_prefix(text, 'v').unwrap_or(text);
            (bare(a), bare(b))
        }
        _ => return None,
    };
    let is_plain = |text: &str| text.split('.').all(is_number);
    if !is_plain(a) || !is_plain(b) {
        return None;
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (one, other) = match (a.next(), b.next()) {
            (None, None) => return Some(Ordering::Equal),
            (one, other) => (one.unwrap_or("0"), other.unwrap_or("0")),
        };
        match digits(one, other) {
            Ordering::Equal => {}
            order => return Some(order),
        }
    }
}

/// Compares two texts of digits as numbers, however long they are.
fn digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    (a.len(), a).cmp(&(b.len(), b))
}

/// How many bytes of `text` are ASCII digits from its beginning on.
fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Whether the text is nothing but digits, and at least one.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
