//! VEX repositories: documents about packages, found by the package's name.
//!
//! <https://github.com/aquasecurity/vex-repo-spec>, version 0.1. A manifest says where the archive
//! of the repository is, an index in it which document is about which package. Reading either is
//! here; having them is somebody else's.

use std::collections::BTreeMap;

use plimsoll_model::Timestamp;
use serde_json::Value;

use super::{Document, bounds, purl::PurlPattern, tree};

/// Bytes of a manifest.
pub const MOST_MANIFEST: u64 = 1 << 20;
/// Bytes of an index.
pub const MOST_INDEX: u64 = 256 << 20;
/// Packages of one index.
const MOST_PACKAGES: usize = 1_000_000;
/// Places of one version.
const MOST_LOCATIONS: usize = 20;
/// The version of the specification that is read.
const KNOWN: &str = "v0.";

/// What a repository says of itself (`vex-repository.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Where its archive can be had, the first that answers.
    pub locations: Vec<Location>,
    /// How often to ask for a newer one, in seconds; none where it does not say.
    pub update_interval: Option<u64>,
}

/// Where an archive is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Its address.
    pub url: String,
    /// The folder in it where the repository is; empty for its root.
    pub folder: String,
}

/// Which documents a repository has (`index.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// The path of each document, by the key of its package.
    paths: BTreeMap<String, String>,
    /// Entries that could not be read, the first few named.
    pub skipped: Vec<String>,
}

/// A manifest or an index that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// It is not JSON.
    #[error("{file}: no JSON: {problem}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// It is not what it should be.
    #[error("{file}: {problem}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

/// Documents of a repository about one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The documents; none where it has none.
    pub documents: Vec<Document>,
    /// What of them could not be read.
    pub problems: Vec<String>,
}

/// Where documents about packages are.
pub trait Repository: Send + Sync {
    /// What it is called.
    fn name(&self) -> &str;

    /// What it has about the packages with these keys (see [`key`]), by key; nothing for those
    /// it does not know.
    fn about(&self, keys: &[String]) -> BTreeMap<String, Said>;
}

/// The key of a package in an index: its package URL without version, qualifiers and subpath, as
/// one reader of package URLs writes it. Of an image the repository stays, since many have one
/// name. None for what is no package URL.
#[must_use]
pub fn key(purl: &str) -> Option<String> {
    PurlPattern::parse(purl).map(|purl| purl.lineage())
}

fn json(file: &str, bytes: &[u8]) -> Result<Value, RepositoryError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| RepositoryError::Json {
        file: bounds::prose(file, bounds::NAME),
        problem: error.to_string(),
    })
}

impl Manifest {
    /// Reads a manifest: of its versions the newest that is understood.
    ///
    /// # Errors
    /// It is none, or has no version that is understood.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, RepositoryError> {
        let root = json(file, bytes)?;
        let unusable = |problem: String| RepositoryError::Unusable {
            file: bounds::prose(file, bounds::NAME),
            problem,
        };
        let Some(Value::Object(versions)) = root.get("versions") else {
            return Err(unusable(
                "it is no manifest of a VEX repository: it has no `versions`".to_owned(),
            ));
        };
        let newest = versions
            .iter()
            .filter(|(_, version)| tree::text(version, "spec_version").starts_with(KNOWN))
            .filter_map(|(name, version)| {
                Some((name.strip_prefix('v')?.parse::<u32>().ok()?, version))
            })
            .max_by_key(|(number, _)| *number);
        let Some((_, version)) = newest else {
            let there: Vec<&str> = versions.keys().map(String::as_str).take(5).collect();
            return Err(unusable(format!(
                "none of its versions ({}) is of the specification {KNOWN}x, which is read here",
                bounds::prose(&there.join(", "), bounds::NAME)
            )));
        };
        let locations: Vec<Location> = tree::items(version, "locations")
            .iter()
            .filter_map(|location| Location::parse(tree::text(location, "url")))
            .take(MOST_LOCATIONS)
            .collect();
        if locations.is_empty() {
            return Err(unusable("it names no address of its archive".to_owned()));
        }
        Ok(Manifest {
            name: bounds::prose(tree::text(&root, "name"), bounds::NAME),
            locations,
            update_interval: interval(tree::text(version, "update_interval")),
        })
    }
}

impl Location {
    /// An address, and the folder that is written after `//`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        if !matches!(scheme, "https" | "http") || text.len() > bounds::NAME {
            return None;
        }
        let (rest, folder) = rest.split_once("//").unwrap_or((rest, ""));
        let folder = folder.trim_matches('/');
        if !folder.is_empty() && !is_inside(folder) {
            return None;
        }
        Some(Location {
            url: format!("{scheme}://{rest}"),
            folder: folder.to_owned(),
        })
    }
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// It is none.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, RepositoryError> {
        let root = json(file, bytes)?;
        let Some(Value::Array(packages)) = root.get("packages") else {
            return Err(RepositoryError::Unusable {
                file: bounds::prose(file, bounds::NAME),
                problem: "it is no index of a VEX repository: it has no `packages`".to_owned(),
            });
        };
        let mut index = Index {
            updated: tree::time(tree::text(&root, "updated_at")),
            ..Index::default()
        };
        for package in packages.iter().take(MOST_PACKAGES) {
            let (id, location) = (tree::text(package, "id"), tree::text(package, "location"));
            match key(id) {
                None => index.skip(id, "it is no package URL"),
                Some(_) if !is_inside(location) => {
                    index.skip(id, "its location is no path inside the repository");
                }
                // Of two about one package the first counts.
                Some(key) => {
                    index
                        .paths
                        .entry(key)
                        .or_insert_with(|| location.to_owned());
                }
            }
        }
        if packages.len() > MOST_PACKAGES {
            index.skip("", &format!("at most {MOST_PACKAGES} packages are read"));
        }
        Ok(index)
    }

    fn skip(&mut self, id: &str, reason: &str) {
        const NAMED: usize = 100;
        if self.skipped.len() < NAMED {
            let id = bounds::prose(&id.escape_debug().to_string(), bounds::NAME);
            self.skipped.push(format!("`{id}`: {reason}"));
        }
    }

    /// Where the document about a package is: a path inside the repository.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<&str> {
        self.paths.get(key).map(String::as_str)
    }

    /// The paths of all documents, each once, sorted.
    #[must_use]
    pub fn documents(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.paths.values().map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// How many packages it knows.
    #[must_use]
    pub fn packages(&self) -> usize {
        self.paths.len()
    }
}

/// Whether a path stays inside the folder it is taken from.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= bounds::NAME
        && !path.starts_with('/')
        && !path.contains(['\\', ':'])
        && !path.chars().any(char::is_control)
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

/// Seconds of a duration as Go writes it: `1h30m`.
fn interval(text: &str) -> Option<u64> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..end)?.parse().ok()?;
        let unit = match rest.get(end..=end)? {
            "h" => 3_600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(end + 1..)?;
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_manifest_the_newest_version_that_is_understood_counts() {
        let check = |versions: &str, expect: Result<(&str, &str, Option<u64>), &str>| {
            let text = format!(r#"{{"name": "Hub", "versions": {versions}}}"#);
            let read = Manifest::read("m", text.as_bytes());
            match (&read, expect) {
                (Ok(read), Ok((url, folder, interval))) => {
                    assert_eq!(read.name, "Hub");
                    assert_eq!(read.locations[0].url, url, "{versions}");
                    assert_eq!(read.locations[0].folder, folder, "{versions}");
                    assert_eq!(read.update_interval, interval, "{versions}");
                }
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{error}");
                }
                _ => panic!("{versions}: {read:?}"),
            }
        };
        let version = |spec: &str, url: &str| {
            format!(
                r#"{{"spec_version": "{spec}", "locations": [{{"url": "ftp://x"}}, {{"url": "{url}"}}], "update_interval": "1h30m"}}"#
            )
        };
        let old = version("v0.1", "https://e.com/0.tar.gz");
        let sub = version("v0.2", "https://e.com/1.tar.gz//repo-main/x/");
        let new = version("v1.0", "https://e.com/2.tar.gz");
        check(
            &format!(r#"{{"v0": {old}, "v2": {new}}}"#),
            Ok(("https://e.com/0.tar.gz", "", Some(5_400))),
        );
        check(
            &format!(r#"{{"v0": {old}, "v1": {sub}}}"#),
            Ok(("https://e.com/1.tar.gz", "repo-main/x", Some(5_400))),
        );
        check(&format!(r#"{{"v2": {new}}}"#), Err("v0.x"));
        let out = version("v0.1", "https://e.com/1.tar.gz//../x");
        check(&format!(r#"{{"v0": {out}}}"#), Err("no address"));
        check("[]", Err("no manifest"));
        assert!(Manifest::read("m", b"{").is_err());
    }

    #[test]
    fn an_index_leads_from_a_package_to_a_path_inside() {
        let text = r#"{"updated_at": "2026-11-20T00:00:00Z", "packages": [
            {"id": "pkg:deb/debian/curl", "location": "pkg/deb/debian/curl/vex.json"},
            {"id": "pkg:npm/%40angular/core", "location": "a.json", "format": "csaf"},
            {"id": "pkg:oci/web?repository_url=ghcr.io%2Fshop%2Fweb", "location": "w.json"},
            {"id": "pkg:npm/x", "location": "../x.json"},
            {"id": "pkg:npm/y", "location": "/etc/passwd"},
            {"id": "z", "location": "z.json"}]}"#;
        let index = Index::read("index.json", text.as_bytes()).expect("an index");
        let path = |purl: &str| key(purl).and_then(|key| index.path(&key).map(str::to_owned));
        let found = |purl: &str| path(purl).unwrap_or_default();
        assert_eq!(
            found("pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12"),
            "pkg/deb/debian/curl/vex.json"
        );
        assert_eq!(found("pkg:npm/%40angular/core@17.0.0"), "a.json");
        assert_eq!(
            found("pkg:oci/web@sha256%3A00?arch=amd64&repository_url=ghcr.io/shop/web"),
            "w.json"
        );
        assert_eq!(found("pkg:oci/web?repository_url=ghcr.io/other/web"), "");
        assert_eq!(found("pkg:npm/x@1"), "");
        assert_eq!(found("pkg:npm/y@1"), "");
        assert_eq!(index.packages(), 3);
        assert_eq!(index.skipped.len(), 3, "{:?}", index.skipped);
        assert!(index.updated.is_some());
        assert!(Index::read("index.json", b"{}").is_err());
    }
}
