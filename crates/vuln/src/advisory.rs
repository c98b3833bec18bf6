//! What a feed says, in one form for all feeds.
//!
//! A reader of a published format makes [`Advisory`] values; the database
//! keeps them by package; the matcher compares their ranges with what an
//! image holds. Nothing here judges: which statement wins, and what several
//! names of one vulnerability have in common, is the matcher's.

use std::collections::BTreeMap;

use plimsoll_model::{Date, Severity, Timestamp};
pub use plimsoll_model::{Epss, Kev, VulnerabilityState as State};
use serde::{Deserialize, Serialize};

use crate::Scheme;

/// One record of one feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// The record's own id: `DSA-5390-1`, `GHSA-...`, `GO-2023-1234`, `CVE-2023-1234`.
    pub id: String,
    /// Other ids of *the same* vulnerability, as the feed says.
    pub aliases: Vec<String>,
    /// Ids of the vulnerabilities it is about, when it is an advisory of a
    /// distribution that fixes several at once (OSV `upstream`, `related` of
    /// such feeds, the CVE list of a DSA).
    pub about: Vec<String>,
    /// Where it comes from.
    pub source: Source,
    /// One line.
    pub summary: String,
    /// What it is, at most a few paragraphs.
    pub details: String,
    /// What is said of its severity.
    pub severities: Vec<SeverityStatement>,
    /// Kinds of weakness: `CWE-79`.
    pub weaknesses: Vec<String>,
    /// Addresses where more is written; at most ten.
    pub references: Vec<String>,
    /// Which packages it is about.
    pub affected: Vec<Affected>,
    /// When it was taken back: it then says that nothing is affected.
    pub withdrawn: Option<Timestamp>,
}

/// Where an advisory comes from: what a person can check.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The feed: `debian-security-tracker`, `alpine-secdb`, `osv-go`.
    pub feed: String,
    /// The record in it, when it has another name than the advisory, or its address.
    pub record: String,
    /// When it was first published.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
}

/// What one source says of the severity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeverityStatement {
    /// Who says so: `debian`, `nvd`, `github`, `redhat`, `osv`.
    pub by: String,
    /// The level in the source's own word (`unimportant`, `moderate`), lower
    /// case; empty when it gives only a vector.
    pub word: String,
    /// The level it comes to, where the word is known.
    pub level: Option<Severity>,
    /// A CVSS vector, of whatever version; empty when there is none.
    pub vector: String,
}

/// One package that an advisory is about, in one place it can come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// Where the package comes from.
    pub origin: Origin,
    /// Its name there, as its purl has it with the namespace before it:
    /// `org.apache.logging.log4j:log4j-core`, `@types/node`,
    /// `github.com/gogo/protobuf`, `openssl`. Names of PyPI are normalised.
    pub name: String,
    /// How its versions are ordered.
    pub scheme: Scheme,
    /// Intervals of affected versions; any of them.
    pub ranges: Vec<Range>,
    /// Single affected versions, beside the ranges.
    pub versions: Vec<String>,
    /// What the source says is going to happen, or not.
    pub state: State,
    /// The module stream the package belongs to (`nodejs:18`), for RPM
    /// packages of modules: it says nothing of others. Where the source names
    /// several, separated by spaces, the package is of one of them.
    pub module: String,
    /// The architectures it is about; all when empty.
    pub architectures: Vec<String>,
    /// When the fix was published, where the source says so.
    pub fix_published: Option<Date>,
    /// Go: the packages of the module and their symbols that are vulnerable;
    /// an import without symbols is vulnerable as a whole.
    pub imports: Vec<Import>,
    /// What the feed says beside, kept for a person: `urgency: unimportant`.
    pub notes: BTreeMap<String, String>,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A distribution's release.
    Distribution {
        /// `ID` of its os-release: `debian`, `alpine`, `rhel`, `almalinux`.
        id: String,
        /// The release as its advisories name it: `12`, `3.19`, `9`, `22.04`;
        /// empty for rolling ones.
        release: String,
        /// What of the release: `main`, `community` (Alpine repositories),
        /// `esm`, `esm-apps` (Ubuntu), `eus-9.2`, `aus-8.4`
        /// (Red Hat); empty is the release as such.
        stream: String,
        /// Whether [`Affected::name`] is the name of a source package; else
        /// of a binary one.
        source: bool,
    },
    /// A language's or another registry, by the purl type of its packages.
    Registry(plimsoll_model::PackageType),
    /// A program that no package manager knows, by a CPE's `vendor:product`.
    Program,
}

/// Affected versions: from one on, up to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The first affected version; none for all up to the end.
    pub introduced: Option<String>,
    /// Where it ends; none when no fix is known.
    pub end: Option<End>,
}

/// Where a range ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum End {
    /// The first version that is not affected any more.
    Fixed(String),
    /// The last affected version: a later one that fixes it is not named.
    LastAffected(String),
}

/// A package of a Go module and its symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Import {
    /// The import path.
    pub path: String,
    /// Names of functions and methods: `Decode`, `Reader.Read`.
    pub symbols: Vec<String>,
    /// Operating systems it is about; all when empty.
    pub os: Vec<String>,
    /// Architectures it is about; all when empty.
    pub arch: Vec<String>,
}

/// What is known of how a vulnerability is exploited, by its CVE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exploitation {
    /// CISA's catalogue of known exploited vulnerabilities.
    pub kev: Option<Kev>,
    /// FIRST's exploit prediction.
    pub epss: Option<Epss>,
    /// Published exploits: ids or addresses; at most ten.
    pub exploits: Vec<String>,
}

/// How long a product is maintained, cycle by cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Its short name: `alpine-linux`, `kubernetes`, `nodejs`.
    pub product: String,
    /// Its name for people.
    pub title: String,
    /// What it is: `os`, `lang`, `server-app`, `framework`.
    pub category: String,
    /// Other names of it: purls without version, CPEs, as the feed has them.
    pub identifiers: Vec<String>,
    /// Its cycles, newest first as published.
    pub cycles: Vec<Cycle>,
}

/// A line of releases that is maintained as one: `3.19`, `1.31`, `22.04`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its name.
    pub name: String,
    /// Its code name, where it has one: `bookworm`.
    pub codename: String,
    /// When it was first released.
    pub released: Option<Date>,
    /// When it gets no security fixes any more.
    pub end: Ending,
    /// When paid or extended fixes end, where there are some.
    pub extended_end: Ending,
    /// Its newest release.
    pub latest: String,
    /// Whether it is maintained for long.
    pub long_term: bool,
}

/// When something ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// No end is set.
    Open,
    /// It has ended, at an unknown day.
    Past,
    /// At the end of this day.
    On(Date),
}

/// A record that could not be read. It is passed over and counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Skipped {
    /// The file of the feed.
    pub file: String,
    /// The record, by id where it has one, else by its place (`line 17`, `record 3`).
    pub record: String,
    /// Why.
    pub reason: String,
}

/// What a reader makes of a file: what it read, and what it could not.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The records.
    pub records: Vec<T>,
    /// Those that were passed over.
    pub skipped: Vec<Skipped>,
}

impl<T> Default for Read<T> {
    fn default() -> Self {
        Read {
            records: Vec::new(),
            skipped: Vec::new(),
        }
    }
}
