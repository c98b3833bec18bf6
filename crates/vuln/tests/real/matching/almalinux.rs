//! A system of AlmaLinux with every package that it ever published an advisory
//! for, each in the version of some advisory.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Package, PackageType};
use plimsoll_vuln::{Scheme, version::compare};
use serde_json::Value;

use super::feeds::{feed, found, image, installed, same};
use crate::data::{bytes, files, unpack};

/// One line of the publisher's records: a package, the version that fixes it,
/// the modules of the title, and the CVEs.
struct Line {
    name: String,
    fixed: String,
    modules: Vec<String>,
    cves: Vec<String>,
}

#[expect(clippy::indexing_slicing, reason = "absent members are null")]
fn lines(folder: &std::path::Path, ecosystem: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for path in files(folder) {
        let Ok(record) = serde_json::from_slice::<Value>(&bytes(&path)) else {
            continue;
        };
        let strings = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        let mut cves = strings(&record["related"]);
        cves.retain(|id| id.starts_with("CVE-"));
        let id = record["id"].as_str().unwrap_or_default();
        if cves.is_empty() && id.starts_with("ALSA-") {
            cves.push(id.to_owned());
        }
        let title = record["summary"].as_str().unwrap_or_default();
        for affected in record["affected"].as_array().into_iter().flatten() {
            if affected["package"]["ecosystem"] != ecosystem {
                continue;
            }
            let fixed = &affected["ranges"][0]["events"][1]["fixed"];
            let fixed = fixed.as_str().unwrap_or_default().to_owned();
            let is_module = fixed.contains(".module");
            lines.push(Line {
                name: affected["package"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                modules: title
                    .split([' ', ','])
                    .filter(|word| is_module && word.contains(':') && !word.ends_with(':'))
                    .map(str::to_owned)
                    .collect(),
                fixed,
                cves: cves.clone(),
            });
        }
    }
    lines
}

#[test]
fn every_package_of_almalinux_has_what_its_advisories_say() {
    let Some(folder) = unpack("feeds/almalinux-osv.tar.gz") else {
        return;
    };
    let db = feed(folder.path());
    for (release, least) in [("8", 5_000), ("9", 5_000), ("10", 500)] {
        let lines = lines(folder.path(), &format!("AlmaLinux:{release}"));
        // The middle one of each package's versions.
        let mut by_name: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in &lines {
            by_name.entry(&line.name).or_default().push(line);
        }
        let system: BTreeMap<&str, &Line> = by_name
            .into_iter()
            .map(|(name, mut lines)| {
                lines.sort_by(|a, b| (&a.fixed, &a.modules).cmp(&(&b.fixed, &b.modules)));
                (name, lines[lines.len() / 2])
            })
            .collect();
        let mut expect: BTreeSet<(String, String)> = BTreeSet::new();
        for line in &lines {
            let Some(own) = system.get(&*line.name) else {
                continue;
            };
            let beside = ["headers", "devel", "doc", "abi", "macros"];
            let is_kernel = line.name == "kernel" || line.name.starts_with("kernel-");
            if is_kernel && beside.iter().any(|word| line.name.contains(word)) {
                continue;
            }
            let is_module = |version: &str| version.contains(".module");
            let about = is_module(&own.fixed) == is_module(&line.fixed)
                && (line.modules.is_empty()
                    || own.modules.is_empty()
                    || own
                        .modules
                        .first()
                        .is_some_and(|own| line.modules.contains(own)));
            if about && compare(Scheme::Rpm, &own.fixed, &line.fixed).is_lt() {
                let name = || line.name.clone();
                expect.extend(line.cves.iter().map(|cve| (name(), cve.clone())));
            }
        }
        let packages = system.values().map(|line| {
            let mut package =
                Package::new(PackageType::Rpm, "almalinux", &*line.name, &*line.fixed);
            if let Some(module) = line.modules.first() {
                package
                    .qualifiers
                    .insert("modularity".into(), format!("{module}:8060020220:ad008a3a"));
            }
            installed(package)
        });
        let image = image("almalinux", release, packages.collect());
        let (found, matched) = found(&image, &db);
        same(&found, &expect);
        assert!(found.len() > least, "{release}: {}", found.len());
        assert!(
            matched
                .vulnerabilities
                .iter()
                .all(|hit| hit.fixed.is_some())
        );
    }
}
