//! What publishers offer: each feed's name, addresses and licence.
//!
//! The addresses are the publishers' own as of November 2026; a mirror that
//! keeps the same files under `NAME/FILE` can stand in for all of them.

mod distributions;

/// A feed of a publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as records and reports show it.
    pub name: &'static str,
    /// What it is about, for a person.
    pub about: &'static str,
    /// Its licence, as SPDX writes it or in words.
    pub licence: &'static str,
    /// Its files.
    pub parts: Vec<Part>,
    /// Where a directory of CSAF documents says what changed since its archive,
    /// which is the only part then.
    pub changes: Option<&'static str>,
}

/// A file of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called in the store and at mirrors.
    pub file: String,
    /// Where the publisher has it.
    pub url: String,
    /// What is at that address.
    pub at: At,
    /// Whether it is no failure when it is not there: releases to come and
    /// those that are gone.
    pub optional: bool,
}

/// What the address of a part leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The file.
    File,
    /// A package repository, whose `repodata/repomd.xml` names the `updateinfo`.
    Repository,
    /// A list of such repositories; the first is taken.
    MirrorList,
    /// A text that names the file beside it.
    Latest,
}

impl Part {
    fn new(file: impl Into<String>, url: impl Into<String>, at: At) -> Self {
        Part {
            file: file.into(),
            url: url.into(),
            at,
            optional: false,
        }
    }

    fn optional(self) -> Self {
        Part {
            optional: true,
            ..self
        }
    }
}

/// Ecosystems of osv.dev, by the feed's name, with the licence of their records.
const OSV: [(&str, &str, &str, &str); 25] = [
    ("osv-almalinux", "AlmaLinux", "AlmaLinux errata", "MIT"),
    ("osv-alpine", "Alpine", "Alpine", "CC-BY-4.0"),
    ("osv-azure-linux", "Azure Linux", "Azure Linux", "MIT"),
    (
        "osv-bitnami",
        "Bitnami",
        "programs outside any package manager",
        "Apache-2.0",
    ),
    ("osv-chainguard", "Chainguard", "Chainguard", "CC-BY-4.0"),
    ("osv-conan", "ConanCenter", "Conan (C and C++)", "CC-BY-4.0"),
    ("osv-cran", "CRAN", "R packages", "Apache-2.0"),
    ("osv-crates", "crates.io", "Rust crates", "CC0-1.0"),
    ("osv-debian", "Debian", "Debian advisories", "MIT"),
    (
        "osv-go",
        "Go",
        "Go modules and the standard library, with symbols",
        "CC-BY-4.0",
    ),
    ("osv-hackage", "Hackage", "Haskell packages", "CC0-1.0"),
    ("osv-hex", "Hex", "Elixir and Erlang packages", "CC-BY-4.0"),
    ("osv-maven", "Maven", "Java packages", "CC-BY-4.0"),
    ("osv-minimos", "MinimOS", "MinimOS", "CC-BY-4.0"),
    (
        "osv-npm",
        "npm",
        "JavaScript packages, malicious ones among them",
        "CC-BY-4.0",
    ),
    ("osv-nuget", "NuGet", ".NET packages", "CC-BY-4.0"),
    ("osv-openeuler", "openEuler", "openEuler", "CC-BY-4.0"),
    ("osv-packagist", "Packagist", "PHP packages", "CC-BY-4.0"),
    ("osv-pub", "Pub", "Dart packages", "CC-BY-4.0"),
    (
        "osv-pypi",
        "PyPI",
        "Python packages, malicious ones among them",
        "CC-BY-4.0",
    ),
    (
        "osv-rocky",
        "Rocky Linux",
        "Rocky Linux errata",
        "BSD-3-Clause",
    ),
    ("osv-rubygems", "RubyGems", "Ruby gems", "CC-BY-4.0"),
    ("osv-suse", "SUSE", "SUSE Linux Enterprise", "CC-BY-4.0"),
    ("osv-opensuse", "openSUSE", "openSUSE", "CC-BY-4.0"),
    (
        "osv-ubuntu",
        "Ubuntu",
        "Ubuntu, Pro told apart",
        "CC-BY-SA-4.0",
    ),
];

/// Releases of Alpine that its secdb has.
const ALPINE: [&str; 16] = [
    "v3.10", "v3.11", "v3.12", "v3.13", "v3.14", "v3.15", "v3.16", "v3.17", "v3.18", "v3.19",
    "v3.20", "v3.21", "v3.22", "v3.23", "v3.24", "edge",
];

/// The first year that NVD has a file of.
const NVD_SINCE: i16 = 2002;

/// All feeds, by name; `year` is the current one.
#[must_use]
pub fn all(year: i16) -> Vec<Source> {
    let mut sources: Vec<Source> = OSV
        .into_iter()
        .map(|(name, ecosystem, about, licence)| {
            let path = ecosystem.replace(' ', "%20");
            let url = format!("https://osv-vulnerabilities.storage.googleapis.com/{path}/all.zip");
            one(name, about, licence, "all.zip", &url)
        })
        .collect();
    let alpine = ALPINE.iter().flat_map(|release| {
        ["main", "community"].into_iter().map(move |repository| {
            Part::new(
                format!("{release}-{repository}.json"),
                format!("https://secdb.alpinelinux.org/{release}/{repository}.json"),
                At::File,
            )
            .optional()
        })
    });
    sources.push(Source {
        name: "alpine-secdb",
        about: "Alpine's own list of fixed versions",
        licence: "none stated",
        parts: alpine.collect(),
        changes: None,
    });
    let nvd = (NVD_SINCE..=year.max(NVD_SINCE)).map(|year| {
        Part::new(
            format!("nvdcve-2.0-{year}.json.gz"),
            format!("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz"),
            At::File,
        )
    });
    sources.push(Source {
        name: "nvd",
        about: "NVD: severities, weaknesses, programs by CPE",
        licence: "public domain",
        parts: nvd.collect(),
        changes: None,
    });
    sources.extend(distributions::all());
    sources.extend([
        one(
            "wolfi-secdb",
            "Wolfi's own list of fixed versions",
            "none stated",
            "security.json",
            "https://packages.wolfi.dev/os/security.json",
        ),
        one(
            "chainguard-secdb",
            "Chainguard's own list of fixed versions",
            "none stated",
            "security.json",
            "https://packages.cgr.dev/chainguard/security.json",
        ),
        one(
            "debian-security-tracker",
            "Debian's security tracker: every release, with what will not be fixed",
            "none stated",
            "tracker.json",
            "https://security-tracker.debian.org/tracker/data/json",
        ),
        one(
            "arch",
            "Arch Linux",
            "none stated",
            "all.json",
            "https://security.archlinux.org/all.json",
        ),
        one(
            "cisa-kev",
            "CISA's catalogue of known exploited vulnerabilities",
            "CC0-1.0",
            "known_exploited_vulnerabilities.json",
            "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        ),
        one(
            "epss",
            "FIRST's predictions of exploitation",
            "free to use",
            "epss_scores-current.csv.gz",
            "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
        ),
        one(
            "exploit-db",
            "exploit-db's index of published exploits",
            "GPL-2.0-or-later",
            "files_exploits.csv",
            "https://gitlab.com/exploit-database/exploitdb/-/raw/main/files_exploits.csv",
        ),
        one(
            "rubysec",
            "Ruby's advisory database",
            "public domain",
            "master.tar.gz",
            "https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz",
        ),
        one(
            "friendsofphp",
            "FriendsOfPHP's advisories",
            "Unlicense",
            "master.tar.gz",
            "https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz",
        ),
        one(
            "end-of-life",
            "endoflife.date: how long products are maintained",
            "MIT",
            "master.tar.gz",
            "https://github.com/endoflife-date/endoflife.date/archive/refs/heads/master.tar.gz",
        ),
    ]);
    sources.sort_by_key(|source| source.name);
    sources
}

fn one(
    name: &'static str,
    about: &'static str,
    licence: &'static str,
    file: &str,
    url: &str,
) -> Source {
    Source {
        name,
        about,
        licence,
        parts: vec![Part::new(file, url, At::File)],
        changes: None,
    }
}

/// Where a part is had from: at the publisher, or at a mirror that keeps
/// `NAME/FILE`.
#[must_use]
pub fn address(source: &Source, part: &Part, mirror: Option<&str>) -> String {
    match mirror {
        None => part.url.clone(),
        Some(mirror) => format!(
            "{}/{}/{}",
            mirror.trim_end_matches('/'),
            source.name,
            part.file
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_files_are_unique_and_plain() {
        let sources = all(2026);
        let names: BTreeSet<&str> = sources.iter().map(|source| source.name).collect();
        assert_eq!(names.len(), sources.len());
        for source in &sources {
            let files: BTreeSet<&str> = source.parts.iter().map(|p| p.file.as_str()).collect();
            assert_eq!(files.len(), source.parts.len(), "{}", source.name);
            for part in &source.parts {
                assert!(part.url.starts_with("https://"), "{}", part.url);
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                assert!(part.file.chars().all(is_plain), "{}", part.file);
            }
        }
    }

    #[test]
    fn a_mirror_stands_in_for_the_publisher() {
        let sources = all(2026);
        let kev = sources
            .iter()
            .find(|s| s.name == "cisa-kev")
            .expect("it is");
        assert_eq!(
            address(kev, &kev.parts[0], Some("http://mirror.example.com/feeds/")),
            "http://mirror.example.com/feeds/cisa-kev/known_exploited_vulnerabilities.json"
        );
        assert_eq!(address(kev, &kev.parts[0], None), kev.parts[0].url);
    }
}
