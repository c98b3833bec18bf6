//! Which format a file of a feed has.

use std::fmt;

/// A format that advisories, or what is beside them, are published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The OSV schema, JSON or YAML, one record or an array of them.
    Osv,
    /// RustSec's own: TOML in Markdown.
    RustSec,
    /// `data/json` of Debian's security tracker.
    DebianTracker,
    /// The lists of Debian's advisories, `data/DSA/list` and `data/DLA/list`.
    DebianList,
    /// Alpine's secdb, and those of Wolfi and Chainguard; JSON or YAML.
    Secdb,
    /// Arch Linux's `all.json`.
    Arch,
    /// NVD's JSON 2.0, a feed's file or an answer of its API.
    Nvd,
    /// CISA's catalogue of known exploited vulnerabilities, JSON.
    Kev,
    /// FIRST's exploit prediction, CSV.
    Epss,
    /// exploit-db's `files_exploits.csv`.
    ExploitDb,
    /// An advisory of rubysec, YAML.
    RubySec,
    /// An advisory of FriendsOfPHP, YAML.
    FriendsOfPhp,
    /// A product of endoflife.date: YAML before Markdown.
    EndOfLife,
    /// CSAF 2.0, JSON: Red Hat, SUSE, openEuler.
    Csaf,
    /// OVAL definitions, XML: Red Hat, Oracle, SUSE, Photon, Azure Linux.
    Oval,
    /// `updateinfo.xml`: Amazon, Fedora, EPEL, AlmaLinux, Rocky.
    UpdateInfo,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 16] = [
        Self::Osv,
        Self::RustSec,
        Self::DebianTracker,
        Self::DebianList,
        Self::Secdb,
        Self::Arch,
        Self::Nvd,
        Self::Kev,
        Self::Epss,
        Self::ExploitDb,
        Self::RubySec,
        Self::FriendsOfPhp,
        Self::EndOfLife,
        Self::Csaf,
        Self::Oval,
        Self::UpdateInfo,
    ];

    /// Its name, as written in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Osv => "osv",
            Self::RustSec => "rustsec",
            Self::DebianTracker => "debian-tracker",
            Self::DebianList => "debian-list",
            Self::Secdb => "secdb",
            Self::Arch => "arch",
            Self::Nvd => "nvd",
            Self::Kev => "kev",
            Self::Epss => "epss",
            Self::ExploitDb => "exploit-db",
            Self::RubySec => "rubysec",
            Self::FriendsOfPhp => "friendsofphp",
            Self::EndOfLife => "end-of-life",
            Self::Csaf => "csaf",
            Self::Oval => "oval",
            Self::UpdateInfo => "updateinfo",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The format of a file, by its name and its first bytes (4 KiB are enough; fewer where the file
/// is shorter). None for what is no file of a feed, such as a licence or a read-me.
#[must_use]
pub fn detect(file_name: &str, first_bytes: &[u8]) -> Option<Format> {
    let first = first_bytes.get(..first_bytes.len().min(64 << 10))?;
    let text = String::from_utf8_lossy(first);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = base
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    match text.bytes().next()? {
        b'{' => json_object(base, text),
        b'[' if text.contains("] DSA-") || text.contains("] DLA-") || text.contains("] DTSA-") => {
            Some(Format::DebianList)
        }
        b'[' if text.contains("\"AVG-") => Some(Format::Arch),
        b'[' => is_osv(text).then_some(Format::Osv),
        b'<' if text.contains("oval_definitions") => Some(Format::Oval),
        b'<' if text.contains("<updates") || text.contains("<update ") => Some(Format::UpdateInfo),
        b'#' if text.starts_with("#model_version") => Some(Format::Epss),
        _ => match ending.as_deref()? {
            "csv" => csv(text),
            "md" => markdown(text),
            "yml" | "yaml" => yaml(text),
            _ => None,
        },
    }
}

fn json_object(base: &str, text: &str) -> Option<Format> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("catalogVersion") {
        Some(Format::Kev)
    } else if has("NVD_CVE") {
        Some(Format::Nvd)
    } else if has("csaf_version") || (has("document") && (has("category") || has("title"))) {
        Some(Format::Csaf)
    } else if has("distroversion") || has("apkurl") || has("reponame") {
        Some(Format::Secdb)
    } else if has("@context") || has("bomFormat") || has("spdxVersion") {
        None
    } else if has("releases") && (has("repositories") || base.contains("debian")) {
        Some(Format::DebianTracker)
    } else {
        is_osv(text).then_some(Format::Osv)
    }
}

fn is_osv(text: &str) -> bool {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    has("id")
        && [
            "schema_version",
            "modified",
            "affected",
            "published",
            "aliases",
        ]
        .into_iter()
        .any(has)
}

fn csv(text: &str) -> Option<Format> {
    let line = text.lines().next().unwrap_or_default().to_lowercase();
    if line.starts_with("cve,epss") || line.starts_with("cve;epss") {
        return Some(Format::Epss);
    }
    if line.starts_with("id,file,description") {
        return Some(Format::ExploitDb);
    }
    let mut fields = line.split([',', ';']);
    let is_score = |field: Option<&str>| field.is_some_and(|text| text.parse::<f32>().is_ok());
    (fields.next()?.starts_with("cve-") && is_score(fields.next()) && is_score(fields.next()))
        .then_some(Format::Epss)
}

fn markdown(text: &str) -> Option<Format> {
    if text.starts_with("```toml") && text.contains("[advisory]") {
        return Some(Format::RustSec);
    }
    let front = text.starts_with("---");
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    (front && has("title:") && (has("releases:") || has("category:"))).then_some(Format::EndOfLife)
}

fn yaml(text: &str) -> Option<Format> {
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    if has("distroversion:") || has("reponame:") {
        Some(Format::Secdb)
    } else if has("gem:") || has("engine:") {
        Some(Format::RubySec)
    } else if has("branches:") || text.contains("composer://") {
        Some(Format::FriendsOfPhp)
    } else {
        (has("id:") && (has("modified:") || has("affected:") || has("published:")))
            .then_some(Format::Osv)
    }
}
