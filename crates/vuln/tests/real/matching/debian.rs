//! Systems of Debian against its lists of advisories, read line by line.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Package, PackageType, image::ImagePackage};
use plimsoll_vuln::{Scheme, version::compare};

use super::feeds::{feed, found, image, installed, same, source};
use crate::data::{files, text, unpack};

/// What a line says of a source package in a release: the version that fixes
/// it, or a mark such as `<unfixed>`, and the CVEs.
#[derive(Debug)]
struct Line {
    codename: String,
    name: String,
    fixed: String,
    cves: Vec<String>,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut cves = Vec::new();
    for line in text.lines() {
        let word = line.trim();
        if line.starts_with('[') {
            cves.clear();
        } else if let Some(list) = word.strip_prefix('{') {
            let list = list.trim_end_matches('}').split_whitespace();
            cves.extend(list.filter(|id| id.starts_with("CVE-")).map(str::to_owned));
        } else if let Some(rest) = word.strip_prefix('[')
            && let Some((codename, rest)) = rest.split_once("] - ")
        {
            let mut words = rest.split_whitespace();
            let name = words.next().unwrap_or_default();
            let fixed = words.next().unwrap_or_default();
            lines.push(Line {
                codename: codename.to_owned(),
                name: name.to_owned(),
                fixed: fixed.to_owned(),
                cves: cves.clone(),
            });
        }
    }
    lines
}

/// What is expected of packages: package and CVE.
fn expected(packages: &[ImagePackage], lines: &[&Line]) -> BTreeSet<(String, String)> {
    let mut expect = BTreeSet::new();
    for package in packages {
        let own = &package.package;
        let (name, version) = match &own.source {
            Some(source) => (&source.name, &source.version),
            None => (&own.name, &own.version),
        };
        let beside = ["linux-libc-dev", "linux-headers"];
        if beside.iter().any(|kernel| own.name.starts_with(kernel)) {
            continue;
        }
        for line in lines.iter().filter(|line| line.name == *name) {
            let hit = match line.fixed.as_str() {
                "<unfixed>" | "<end-of-life>" => true,
                mark if mark.starts_with('<') => false,
                fixed => compare(Scheme::Dpkg, version, fixed).is_lt(),
            };
            if hit {
                expect.extend(line.cves.iter().map(|cve| (own.name.clone(), cve.clone())));
            }
        }
    }
    // Where Debian says of the same that it is not affected, it is not.
    let not: BTreeSet<(&str, &str)> = lines
        .iter()
        .filter(|line| line.fixed == "<not-affected>")
        .flat_map(|line| line.cves.iter().map(|cve| (&*line.name, &**cve)))
        .collect();
    expect.retain(|(name, cve)| {
        let package = packages.iter().find(|p| p.package.name == *name);
        let source = package.and_then(|p| p.package.source.as_ref());
        !not.contains(&(source.map_or(&**name, |source| &source.name), &**cve))
    });
    expect
}

/// The packages of a `status` of dpkg.
fn status(text: &str) -> Vec<ImagePackage> {
    let mut packages = Vec::new();
    for block in text.split("\n\n") {
        let field = |key: &str| {
            let mut lines = block.lines();
            lines.find_map(|line| line.strip_prefix(key)).map(str::trim)
        };
        let (Some(name), Some(version)) = (field("Package:"), field("Version:")) else {
            continue;
        };
        let mut package = Package::new(PackageType::Deb, "debian", name, version);
        package.source = match field("Source:") {
            None => source(name, version),
            Some(of) => match of.split_once(" (") {
                Some((name, version)) => source(name, version.trim_end_matches(')')),
                None => source(of, version),
            },
        };
        packages.push(installed(package));
    }
    packages
}

#[test]
fn systems_of_debian_have_what_its_lists_say() {
    let (Some(lists), Some(samples)) = (
        unpack("feeds/debian-dsa-dla-2023.tar.gz"),
        unpack("feeds/published-format-samples.tar.xz"),
    ) else {
        return;
    };
    let db = feed(lists.path());
    let mut all = Vec::new();
    for path in files(lists.path()) {
        all.extend(lines(&text(&path)));
    }
    let releases = [
        ("bullseye", "11"),
        ("buster", "10"),
        ("stretch", "9"),
        ("jessie", "8"),
    ];
    for (codename, release) in releases {
        let lines: Vec<&Line> = all
            .iter()
            .filter(|line| line.codename == codename)
            .collect();
        let mut systems: Vec<(Vec<ImagePackage>, usize)> = Vec::new();
        // Every source package of the lists in one of its versions.
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in lines.iter().filter(|line| !line.fixed.starts_with('<')) {
            versions.entry(&line.name).or_default().push(&line.fixed);
        }
        let whole = versions.into_iter().map(|(name, mut versions)| {
            versions.sort_by(|a, b| compare(Scheme::Dpkg, a, b));
            let version = versions[versions.len() / 2];
            installed(Package::new(PackageType::Deb, "debian", name, version))
        });
        systems.push((whole.collect(), 300));
        // A large system, of another distribution, as if it were one.
        for path in files(samples.path()) {
            if path.ends_with("dpkg/testdata/texlive.status") {
                systems.push((status(&text(&path)), 10));
            }
        }
        for (packages, least) in systems {
            let expect = expected(&packages, &lines);
            let image = image("debian", release, packages);
            let (mut found, _) = found(&image, &db);
            // The lists' own ids, where they name no CVE.
            found.retain(|(_, id)| id.starts_with("CVE-"));
            same(&found, &expect);
            assert!(found.len() > least, "{codename}: {}", found.len());
        }
    }
}
