//! Images of Alpine, and all packages of its releases, against its secdb read
//! line by line.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use plimsoll_model::{Package, PackageType, image::ImagePackage};
use plimsoll_vuln::{Scheme, version::compare};

use super::feeds::{feed, found, image, installed, same, source};
use crate::data::{data, files, text, unpack, unpack_into};

/// A fix of the secdb: source package, version, and names of what it fixes.
type Fix = (String, String, BTreeSet<String>);

/// The names in an entry: its CVEs, else its first word.
fn names(entry: &str) -> BTreeSet<String> {
    let plain = entry.replace("CVE_", "CVE-");
    let cves: BTreeSet<String> = plain
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| {
            let mut parts = word.split('-').skip(1);
            let number = |part: Option<&str>| {
                part.is_some_and(|part| part.len() > 3 && part.bytes().all(|b| b.is_ascii_digit()))
            };
            word.starts_with("CVE-") && number(parts.next()) && number(parts.next())
        })
        .map(str::to_owned)
        .collect();
    if !cves.is_empty() {
        return cves;
    }
    let words = plain.split_whitespace();
    words
        .filter(|word| word.starts_with("XSA-"))
        .take(1)
        .map(str::to_owned)
        .collect()
}

fn fixes(folder: &Path, release: &str) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = Vec::new();
    for path in files(folder) {
        let path_text = path.to_string_lossy();
        if !path_text.contains(&format!("/v{release}/")) || !path_text.ends_with(".yaml") {
            continue;
        }
        let mut name = String::new();
        let mut in_fixes = false;
        for line in text(&path).lines() {
            let indent = line.len() - line.trim_start().len();
            let word = line.trim();
            if let Some(of) = word.strip_prefix("name: ") {
                name = of.to_owned();
                in_fixes = false;
            } else if word == "secfixes:" {
                in_fixes = true;
            } else if in_fixes && indent == 8 && word.ends_with(':') {
                let version = word.trim_end_matches(':').trim_matches(['"', '\'']);
                fixes.push((name.clone(), version.to_owned(), BTreeSet::new()));
            } else if in_fixes
                && let Some(entry) = word.strip_prefix("- ")
                && let Some(fix) = fixes.last_mut()
            {
                fix.2.extend(names(entry));
            }
        }
    }
    fixes
}

/// What a package list has by these fixes: package, vulnerability.
fn expected(packages: &[ImagePackage], fixes: &[Fix]) -> BTreeSet<(String, String)> {
    let mut expect = BTreeSet::new();
    for package in packages {
        let own = &package.package;
        let origin = own.source.as_ref().map_or(&own.name, |source| &source.name);
        for (name, fixed, ids) in fixes {
            if name == origin && compare(Scheme::Apk, &own.version, fixed).is_lt() {
                expect.extend(ids.iter().map(|id| (own.name.clone(), id.clone())));
            }
        }
    }
    expect
}

#[test]
fn the_images_of_alpine_have_what_its_secdb_says() {
    let Some(secdb) = unpack("feeds/alpine-secdb.tar.gz") else {
        return;
    };
    let db = feed(secdb.path());
    for (release, id) in [("3.10", "alpine-310"), ("3.11", "alpine-311")] {
        let Some(archive) = data(&format!("images/{id}.tar.gz")) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        if unpack_into(&archive, folder.path()).is_none() {
            return;
        }
        let layers = files(folder.path());
        for layer in layers.iter().filter(|file| file.ends_with("layer.tar")) {
            let to = layer.parent().expect("a folder");
            if unpack_into(layer, to).is_none() {
                return;
            }
        }
        let all = files(folder.path());
        let list = all
            .iter()
            .find(|file| file.ends_with("lib/apk/db/installed"));
        let mut packages = Vec::new();
        for block in text(list.expect("apk's list")).split("\n\n") {
            let field = |key: &str| {
                let mut lines = block.lines();
                lines
                    .find_map(|line| line.strip_prefix(key))
                    .map(str::to_owned)
            };
            let (Some(name), Some(version)) = (field("P:"), field("V:")) else {
                continue;
            };
            let mut package = Package::new(PackageType::Apk, "alpine", name, &*version);
            package.source = field("o:").and_then(|origin| source(&origin, &version));
            packages.push(installed(package));
        }
        assert!(
            packages.len() > 10,
            "{release}: {} packages",
            packages.len()
        );
        let expect = expected(&packages, &fixes(secdb.path(), release));
        let image = image("alpine", &format!("{release}.1"), packages);
        let (found, matched) = found(&image, &db);
        same(&found, &expect);
        eprintln!(
            "alpine {release}: {} packages compared, {} vulnerabilities",
            matched.compared,
            found.len()
        );
    }
}

#[test]
fn every_package_of_alpine_has_what_the_secdb_says_of_older_versions() {
    let Some(secdb) = unpack("feeds/alpine-secdb.tar.gz") else {
        return;
    };
    let db = feed(secdb.path());
    for release in ["3.5", "3.8", "3.10", "3.11"] {
        let fixes = fixes(secdb.path(), release);
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, fixed, _) in &fixes {
            versions.entry(name).or_default().push(fixed);
        }
        let packages: Vec<ImagePackage> = versions
            .into_iter()
            .map(|(name, mut versions)| {
                versions.sort_by(|a, b| compare(Scheme::Apk, a, b));
                let version = versions[versions.len() / 2];
                installed(Package::new(PackageType::Apk, "alpine", name, version))
            })
            .collect();
        let expect = expected(&packages, &fixes);
        let image = image("alpine", &format!("{release}.2"), packages);
        let (found, _) = found(&image, &db);
        same(&found, &expect);
        assert!(found.len() > 100, "{release}: {}", found.len());
    }
}
