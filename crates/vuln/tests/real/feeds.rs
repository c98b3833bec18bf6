//! The readers over feeds as their publishers have them. The files are not part
//! of the repository: without them the tests say so and pass.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use plimsoll_vuln::{
    advisory::{Advisory, End, Origin},
    read::{self, Format, Records},
};

use crate::data::{bytes, files, text, unpack};

/// What a feed comes to: every file by its detected format.
#[derive(Default)]
struct Feed {
    formats: BTreeMap<Format, usize>,
    all: Records,
}

fn feed(folder: &Path) -> Feed {
    let mut feed = Feed::default();
    for path in files(folder) {
        let bytes = bytes(&path);
        let name = path.strip_prefix(folder).expect("below").to_string_lossy();
        let first = &bytes[..bytes.len().min(4096)];
        let Some(format) = read::detect(&name, first) else {
            continue;
        };
        *feed.formats.entry(format).or_default() += 1;
        let records = read::read(format, &name, &bytes);
        feed.all.advisories.extend(records.advisories);
        feed.all.exploitation.extend(records.exploitation);
        feed.all.lifecycles.extend(records.lifecycles);
        feed.all.skipped.extend(records.skipped);
    }
    feed
}

/// How many files below a folder have a name that ends so.
fn count(folder: &Path, ending: &str) -> usize {
    let named = |path: &&PathBuf| path.to_string_lossy().ends_with(ending);
    files(folder).iter().filter(named).count()
}

fn find<'a>(feed: &'a Feed, id: &str) -> &'a Advisory {
    let found = feed.all.advisories.iter().find(|found| found.id == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn every_record_of_the_go_database_is_read_with_its_symbols() {
    let Some(folder) = unpack("feeds/go-vulndb-osv.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".json");
    assert_eq!(feed.formats, BTreeMap::from([(Format::Osv, records)]));
    assert_eq!(feed.all.skipped, []);
    assert_eq!(feed.all.advisories.len(), records);
    // The second way: the text of the files.
    let mut symbols = 0;
    let mut withdrawn = 0;
    for path in files(folder.path()) {
        let text = text(&path);
        symbols += text.matches("\"symbols\": [").count();
        withdrawn += usize::from(text.contains("\n  \"withdrawn\":"));
    }
    let imports = feed.all.advisories.iter().flat_map(|found| &found.affected);
    let with_symbols = imports
        .flat_map(|affected| &affected.imports)
        .filter(|import| !import.symbols.is_empty())
        .count();
    assert_eq!(with_symbols, symbols);
    let taken_back = feed.all.advisories.iter().filter(|a| a.withdrawn.is_some());
    assert_eq!(taken_back.count(), withdrawn);
    let known = find(&feed, "GO-2023-1840");
    assert_eq!(known.affected[0].name, "stdlib");
    assert_eq!(known.affected[0].imports[0].path, "runtime");
}

#[test]
fn every_erratum_of_almalinux_is_read_or_is_a_bug_fix() {
    let Some(folder) = unpack("feeds/almalinux-osv.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".json");
    assert_eq!(feed.formats, BTreeMap::from([(Format::Osv, records)]));
    assert_eq!(feed.all.advisories.len() + feed.all.skipped.len(), records);
    for skipped in &feed.all.skipped {
        assert!(
            skipped.reason.contains("about no vulnerability"),
            "{skipped:?}"
        );
    }
    let security = files(folder.path())
        .iter()
        .filter(|path| path.to_string_lossy().contains("/ALSA-"))
        .count();
    let read = feed.all.advisories.iter();
    assert_eq!(read.filter(|a| a.id.starts_with("ALSA-")).count(), security);
    for advisory in &feed.all.advisories {
        for affected in &advisory.affected {
            assert!(
                matches!(&affected.origin, Origin::Distribution { id, release, source: false, .. }
                    if id == "almalinux" && ["8", "9", "10"].contains(&release.as_str()))
            );
            assert!(affected.fix_published.is_some());
        }
    }
    let modules = feed.all.advisories.iter();
    let modules = modules.filter(|a| a.affected.iter().any(|p| !p.module.is_empty()));
    assert!(modules.count() > 400);
}

#[test]
fn every_record_of_bitnami_is_read_for_its_components_and_for_programs() {
    let Some(folder) = unpack("feeds/bitnami-osv.tar.xz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".json");
    assert_eq!(feed.formats, BTreeMap::from([(Format::Osv, records)]));
    assert_eq!(feed.all.skipped, []);
    assert_eq!(feed.all.advisories.len(), records);
    let programs = feed.all.advisories.iter();
    let programs = programs.filter(|a| a.affected.iter().any(|p| p.origin == Origin::Program));
    assert!(programs.count() > records * 9 / 10);
}

#[test]
fn every_advisory_of_pypi_is_read_from_yaml() {
    let Some(folder) = unpack("feeds/pypa-advisories.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".yaml");
    assert_eq!(feed.formats, BTreeMap::from([(Format::Osv, records)]));
    assert_eq!(feed.all.skipped, []);
    assert_eq!(feed.all.advisories.len(), records);
    // Versions beside the ranges are few: those that no range has.
    let sky = find(&feed, "PYSEC-2020-342");
    assert_eq!(sky.affected[0].name, "apache-skywalking");
    assert_eq!(sky.affected[0].versions, [""; 0]);
}

/// `(release, package)` of what an advisory says is fixed, and where.
fn fixed(advisory: &Advisory) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for affected in &advisory.affected {
        let Origin::Distribution { release, .. } = &affected.origin else {
            continue;
        };
        for range in &affected.ranges {
            if let Some(End::Fixed(version)) = &range.end {
                found.push((release.clone(), affected.name.clone(), version.clone()));
            }
        }
    }
    found
}

#[test]
fn every_fix_of_the_lists_of_debian_is_read() {
    let Some(folder) = unpack("feeds/debian-dsa-dla-2023.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    assert_eq!(feed.formats, BTreeMap::from([(Format::DebianList, 2)]));
    let (mut headlines, mut fixes) = (0, 0);
    for path in files(folder.path()) {
        let text = text(&path);
        headlines += text.lines().filter(|line| line.starts_with('[')).count();
        let package = |line: &&str| {
            let line = line.trim_start();
            line.starts_with('[') && line.contains("] - ") && !line.contains(" <")
        };
        let indented = text.lines().filter(|line| line.starts_with([' ', '\t']));
        fixes += indented.filter(package).count();
    }
    assert_eq!(
        feed.all.advisories.len() + feed.all.skipped.len(),
        headlines
    );
    let read: usize = feed.all.advisories.iter().map(|a| fixed(a).len()).sum();
    let routine = feed.all.skipped.iter();
    let routine = routine.filter(|skipped| !skipped.reason.contains("names no package"));
    // What is left out is of regression updates and the like, one or two fixes each.
    assert!(
        read <= fixes && fixes - read <= 2 * routine.count(),
        "{read} of {fixes}"
    );
    let xorg = find(&feed, "DSA-5380-1");
    assert_eq!(
        fixed(xorg),
        [(
            "11".to_owned(),
            "xorg-server".to_owned(),
            "2:1.20.11-1+deb11u6".to_owned()
        )]
    );
}

#[test]
fn every_fix_of_alpines_secdb_is_read() {
    let Some(folder) = unpack("feeds/alpine-secdb.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".yaml");
    assert_eq!(feed.formats, BTreeMap::from([(Format::Secdb, records)]));
    // The second way: lines of the text, for the newest release.
    let mut expect = std::collections::BTreeSet::new();
    for repository in ["main", "community"] {
        let path = files(folder.path())
            .into_iter()
            .find(|path| path.ends_with(format!("v3.11/{repository}.yaml")));
        let text = text(&path.expect("v3.11"));
        let mut name = "";
        for line in text.lines().map(str::trim) {
            if let Some(found) = line.strip_prefix("name: ") {
                name = found;
            } else if let Some(id) = line.strip_prefix("- CVE-") {
                let id = id.split([' ', '.']).next().unwrap_or_default();
                let id: Vec<&str> = id.split('-').take(2).collect();
                expect.insert((name.to_owned(), format!("CVE-{}", id.join("-"))));
            }
        }
    }
    let mut got = std::collections::BTreeSet::new();
    for advisory in &feed.all.advisories {
        for (release, name, _) in fixed(advisory) {
            if release == "3.11" && advisory.id.starts_with("CVE-") {
                got.insert((name, advisory.id.clone()));
            }
        }
    }
    expect.retain(|(_, id)| !id.contains('?'));
    let lost: Vec<_> = expect.difference(&got).collect();
    assert_eq!(lost, Vec::<&(String, String)>::new());
    assert!(
        got.len() - expect.len() < 20,
        "{:?}",
        got.difference(&expect)
    );
}

#[test]
fn every_advisory_of_rustsec_is_read() {
    let Some(folder) = unpack("feeds/rustsec.tar.gz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = files(folder.path()).into_iter().filter(|path| {
        let text = text(path);
        text.starts_with("```toml")
    });
    let records = records.count();
    assert_eq!(feed.formats.get(&Format::RustSec), Some(&records));
    assert_eq!(feed.all.advisories.len() + feed.all.skipped.len(), records);
    for skipped in &feed.all.skipped {
        let expect = ["no version is affected", "it is the example"];
        assert!(expect.contains(&skipped.reason.as_str()), "{skipped:?}");
    }
    assert!(feed.all.skipped.len() < 5, "{:?}", feed.all.skipped);
    let known = find(&feed, "RUSTSEC-2020-0105");
    assert_eq!(
        known.affected[0].ranges[0].end,
        Some(End::Fixed("0.9.1".to_owned()))
    );
}

#[test]
fn every_advisory_of_rubysec_is_read() {
    let Some(folder) = unpack("feeds/ruby-advisories.tar.xz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".yml");
    assert_eq!(feed.formats, BTreeMap::from([(Format::RubySec, records)]));
    // Two name as unaffected, by one requirement or the other, all versions there are.
    for skipped in &feed.all.skipped {
        assert_eq!(skipped.reason, "no version is affected", "{skipped:?}");
    }
    assert!(feed.all.skipped.len() < 5, "{:?}", feed.all.skipped);
    assert_eq!(feed.all.advisories.len() + feed.all.skipped.len(), records);
    let pagy = find(&feed, "CVE-2026-54659");
    assert_eq!(pagy.affected[0].ranges.len(), 1);
    assert_eq!(
        pagy.affected[0].ranges[0].introduced.as_deref(),
        Some("43.0.0")
    );
    assert_eq!(
        pagy.affected[0].ranges[0].end,
        Some(End::Fixed("43.5.6".to_owned()))
    );
}

#[test]
fn every_advisory_of_friendsofphp_is_read() {
    let Some(folder) = unpack("feeds/php-advisories.tar.xz") else {
        return;
    };
    let feed = feed(folder.path());
    // The second way: files that name a package of Composer.
    let named = files(folder.path()).into_iter().filter(|path| {
        let text = text(path);
        path.extension().is_some_and(|ending| ending == "yaml")
            && text.lines().any(|line| line.starts_with("reference:"))
    });
    let records = named.count();
    assert_eq!(
        feed.formats,
        BTreeMap::from([(Format::FriendsOfPhp, records)])
    );
    assert_eq!(feed.all.skipped, []);
    assert_eq!(feed.all.advisories.len(), records);
}

#[test]
fn every_known_exploited_vulnerability_and_every_score_is_read() {
    let Some(folder) = unpack("feeds/epss.tar.gz") else {
        return;
    };
    let scores = feed(folder.path());
    let mut lines = 0;
    for path in files(folder.path()) {
        if path.extension().is_some_and(|ending| ending == "csv") {
            let text = text(&path);
            lines += text.lines().filter(|line| line.starts_with("CVE-")).count();
        }
    }
    assert_eq!(scores.all.skipped, []);
    assert_eq!(scores.all.exploitation.len(), lines);
}

#[test]
fn every_product_of_end_of_life_is_read() {
    let Some(folder) = unpack("feeds/end-of-life.tar.xz") else {
        return;
    };
    let feed = feed(folder.path());
    let records = count(folder.path(), ".md");
    assert_eq!(feed.formats, BTreeMap::from([(Format::EndOfLife, records)]));
    let mut cycles = 0;
    for path in files(folder.path()) {
        let text = text(&path);
        cycles += text.matches("\n    releaseDate:").count();
    }
    assert_eq!(feed.all.skipped, []);
    assert_eq!(feed.all.lifecycles.len(), records);
    let read: usize = feed.all.lifecycles.iter().map(|p| p.cycles.len()).sum();
    assert_eq!(read, cycles);
    let alpine = feed.all.lifecycles.iter();
    let alpine = alpine
        .filter(|p| p.product == "alpine-linux")
        .collect::<Vec<_>>();
    assert!(alpine[0].cycles.iter().any(|cycle| cycle.name == "3.10"));
}

#[test]
fn records_in_the_publishers_own_forms_are_read() {
    let Some(folder) = unpack("feeds/published-format-samples.tar.xz") else {
        return;
    };
    let path = |ending: &str| {
        let found = files(folder.path());
        let found = found.into_iter().find(|path| path.ends_with(ending));
        bytes(&found.expect("a sample"))
    };
    let read = |name: &str| {
        let bytes = path(name);
        let format = read::detect(name, &bytes[..bytes.len().min(4096)]);
        let records = read::read(format.expect("a format"), name, &bytes);
        assert_eq!(records.skipped, [], "{name}");
        records
    };
    let nvd = read("cvss/testdata/feed.json");
    let ids: Vec<&str> = nvd.advisories.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, ["CVE-2016-2781", "CVE-2016-3197", "CVE-2016-3674"]);
    assert_eq!(nvd.advisories[0].affected[0].name, "gnu:coreutils");
    assert_eq!(nvd.advisories[0].severities.len(), 3);
    assert!(nvd.advisories[1].withdrawn.is_some());
    let kev = read("kev/testdata/known_exploited_vulnerabilities.json");
    assert!(!kev.exploitation.is_empty());
    let epss = read("epss/testdata/data.csv");
    assert!(epss.exploitation.iter().all(|(_, found)| {
        found
            .epss
            .and_then(|epss| epss.day)
            .map(|day| day.to_string())
            == Some("2024-10-25".to_owned())
    }));
    let secdb = read("fetch/v3.10/community.json");
    assert!(secdb.advisories.iter().any(|a| a.id == "CVE-2018-20187"));
}
