//! A Python environment of known old packages, against the versions that the
//! Python advisories enumerate one by one.

use std::collections::BTreeSet;

use plimsoll_model::{Package, PackageType};

use super::feeds::{feed, found, image, installed, same};
use crate::data::{files, text, unpack};

const OLD: &[(&str, &str)] = &[
    ("aiohttp", "3.7.3"),
    ("ansible", "2.8.0"),
    ("bleach", "3.0.0"),
    ("certifi", "2022.9.24"),
    ("cryptography", "3.2"),
    ("Django", "2.2.3"),
    ("Flask", "0.12.2"),
    ("httplib2", "0.17.0"),
    ("ipython", "7.16.1"),
    ("Jinja2", "2.10"),
    ("jupyter_server", "1.0.0"),
    ("lxml", "4.6.2"),
    ("Mako", "1.1.0"),
    ("notebook", "5.7.0"),
    ("numpy", "1.16.0"),
    ("paramiko", "2.4.0"),
    ("Pillow", "8.0.0"),
    ("pip", "20.0"),
    ("PyYAML", "3.13"),
    ("requests", "2.19.1"),
    ("rsa", "4.0"),
    ("Scrapy", "1.8.0"),
    ("SQLAlchemy", "1.3.0"),
    ("tensorflow", "2.4.0"),
    ("tornado", "6.0"),
    ("Twisted", "20.3.0"),
    ("urllib3", "1.24"),
    ("waitress", "1.3.0"),
    ("Werkzeug", "0.14.1"),
    ("zope.interface", "5.0.0"),
];

/// What one file says, line by line: the names of the vulnerability, and for
/// each package the versions.
#[derive(Default)]
struct Record {
    names: Vec<String>,
    packages: Vec<(String, Vec<String>)>,
    withdrawn: bool,
}

fn record(text: &str) -> Record {
    let mut record = Record::default();
    let mut list = "";
    for line in text.lines() {
        let bare = line
            .trim()
            .trim_start_matches("- ")
            .trim_matches(['\'', '"']);
        if let Some(id) = line.strip_prefix("id: ") {
            record.names.push(id.trim().to_owned());
        } else if line.starts_with("withdrawn:") {
            record.withdrawn = true;
        } else if line.trim_end().ends_with("versions:") {
            list = "versions";
        } else if line.trim_end() == "aliases:" {
            list = "aliases";
        } else if let Some(name) = line.trim().strip_prefix("name: ") {
            list = "";
            record.packages.push((name.to_lowercase(), Vec::new()));
        } else if !line.trim_start().starts_with("- ") {
            list = "";
        } else if list == "versions" {
            if let Some((_, versions)) = record.packages.last_mut() {
                versions.push(bare.to_owned());
            }
        } else if list == "aliases" {
            record.names.push(bare.to_owned());
        }
    }
    record
}

#[test]
fn old_python_packages_have_what_the_advisories_enumerate() {
    let Some(folder) = unpack("feeds/pypa-advisories.tar.gz") else {
        return;
    };
    let db = feed(folder.path());
    let mut expect: Vec<(String, Vec<String>)> = Vec::new();
    for path in files(folder.path()) {
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let record = record(&text(&path));
        for (name, version) in OLD {
            let plain = name.to_lowercase().replace(['_', '.'], "-");
            let has = record.packages.iter().any(|(of, versions)| {
                of.replace(['_', '.'], "-") == plain && versions.iter().any(|one| one == version)
            });
            if has && !record.withdrawn {
                expect.push(((*name).to_owned(), record.names.clone()));
            }
        }
    }
    let packages = OLD
        .iter()
        .map(|(name, version)| installed(Package::new(PackageType::Pypi, "", *name, *version)));
    let (found, matched) = found(&image("", "", packages.collect()), &db);
    // Every record is found under one of its names, once.
    let mut hits: BTreeSet<(String, String)> = BTreeSet::new();
    for (name, names) in &expect {
        let hit = matched.vulnerabilities.iter().find(|hit| {
            hit.package.name == *name && hit.names().any(|of| names.iter().any(|n| n == of))
        });
        let hit = hit.unwrap_or_else(|| panic!("{name} lacks {names:?}"));
        hits.insert((name.clone(), hit.id.clone()));
    }
    same(&found, &hits);
    assert!(found.len() > 300, "{}", found.len());
    let cves = found
        .iter()
        .filter(|(_, id)| id.starts_with("CVE-"))
        .count();
    assert!(cves * 10 > found.len() * 9, "{cves} of {}", found.len());
}
