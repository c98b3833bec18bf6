//! The readers over samples of formats as their publishers have them. The files
//! are not part of the repository: without them the tests say so and pass.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use plimsoll_model::VulnerabilityState as State;
use plimsoll_vuln::{
    advisory::{Advisory, End, Origin},
    read::{self, Format, Records},
};
use tempfile::TempDir;

use crate::data::{bytes, unpack};

fn samples() -> Option<(TempDir, PathBuf)> {
    let folder = unpack("feeds/published-format-samples.tar.xz")?;
    let samples = folder.path().join("samples");
    Some((folder, samples))
}

fn read_file(path: &Path, expect: Format) -> (Vec<u8>, Records) {
    let bytes = bytes(path);
    let name = path.file_name().expect("a name").to_string_lossy();
    let format = read::detect(&name, &bytes[..bytes.len().min(4096)]);
    assert_eq!(format, Some(expect), "{name}");
    let records = read::read(expect, &name, &bytes);
    (bytes, records)
}

/// Name, release and stream of the packages in a state, with the ends of their ranges.
fn packages(advisory: &Advisory, state: State) -> BTreeSet<String> {
    let of_state = advisory.affected.iter().filter(|p| p.state == state);
    of_state
        .map(|package| {
            let Origin::Distribution {
                id,
                release,
                stream,
                ..
            } = &package.origin
            else {
                return String::new();
            };
            let ends = package.ranges.iter().filter_map(|range| match &range.end {
                Some(End::Fixed(end)) => Some(end.as_str()),
                _ => None,
            });
            let ends: Vec<&str> = ends.collect();
            format!(
                "{id}/{release}/{stream} {} {}",
                package.name,
                ends.join(" ")
            )
        })
        .collect()
}

#[test]
fn red_hats_vex_of_curl_says_what_its_products_say() {
    let Some((_folder, samples)) = samples() else {
        return;
    };
    let path = samples.join("rhel/vex/testdata/cve-2023-38545.json");
    let (_, records) = read_file(&path, Format::Csaf);
    assert_eq!(records.skipped, []);
    let [advisory] = records.advisories.as_slice() else {
        panic!("one record");
    };
    assert_eq!(advisory.id, "CVE-2023-38545");
    let fixed = packages(advisory, State::Fixed);
    assert!(
        fixed.contains("rhel/9/ curl 7.76.1-23.el9_2.4 7.76.1-26.el9_3.2"),
        "{fixed:#?}"
    );
    assert!(
        fixed.contains("rhel/9/eus-9.0 curl 7.76.1-14.el9_0.9"),
        "{fixed:#?}"
    );
    let not = packages(advisory, State::NotAffected);
    for release in ["6", "7", "8"] {
        assert!(not.contains(&format!("rhel/{release}/ curl ")), "{release}");
    }
    let curl = advisory
        .affected
        .iter()
        .find(|p| p.name == "curl" && p.state == State::Fixed);
    let day = curl
        .and_then(|curl| curl.fix_published)
        .map(|day| day.to_string());
    assert_eq!(day.as_deref(), Some("2023-10-17"));
}

#[test]
fn every_fix_of_red_hats_vex_is_a_fix_of_its_package() {
    let Some((_folder, samples)) = samples() else {
        return;
    };
    // The second way: names and versions as the ids of products have them.
    let path = samples.join("rhel/vex/testdata/cve-2023-38545.json");
    let (bytes, records) = read_file(&path, Format::Csaf);
    let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let ids = value["vulnerabilities"][0]["product_status"]["fixed"].as_array();
    let mut expect = BTreeSet::new();
    for id in ids.expect("ids").iter().filter_map(|id| id.as_str()) {
        let Some((_, rest)) = id.split_once(':') else {
            continue;
        };
        let (rest, arch) = rest.rsplit_once('.').expect("an architecture");
        let mut parts = rest.rsplitn(3, '-');
        let (release, version) = (
            parts.next().expect("release"),
            parts.next().expect("version"),
        );
        if arch != "src" && release.contains(".el") {
            let version = version.strip_prefix("0:").unwrap_or(version);
            expect.insert(format!(
                "{} {version}-{release}",
                parts.next().expect("name")
            ));
        }
    }
    let mut got = BTreeSet::new();
    for package in &records.advisories[0].affected {
        for range in &package.ranges {
            if let Some(End::Fixed(end)) = &range.end {
                got.insert(format!("{} {end}", package.name));
            }
        }
    }
    assert!(expect.len() > 30);
    assert_eq!(got, expect);
}

#[test]
fn deleted_and_broken_documents_of_red_hat_are_told() {
    let Some((_folder, samples)) = samples() else {
        return;
    };
    let vex = samples.join("rhel/vex/testdata");
    let csaf = samples.join("toolkit/types/csaf/testdata");
    for path in [
        vex.join("delete_CVE-2023-0030.json"),
        vex.join("delete_CVE-2023-0031.json"),
        csaf.join("cve-1999-0001-deleted.json"),
    ] {
        let bytes = bytes(&path);
        let records = read::read(Format::Csaf, "x.json", &bytes);
        assert_eq!(records.skipped, []);
        assert!(
            records.advisories[0].withdrawn.is_some(),
            "{}",
            path.display()
        );
    }
    let (_, records) = read_file(&vex.join("cve-2024-24786-bad-rpmmod.json"), Format::Csaf);
    assert!(
        records.skipped[0]
            .reason
            .contains("names no stream of a module")
    );
    let advisory = &records.advisories[0];
    assert_eq!(
        packages(advisory, State::Fixed),
        BTreeSet::from(["rhel/10/ cri-tools 1.29.0-3.1.el9".to_owned()])
    );
    assert_eq!(
        packages(advisory, State::Affected),
        BTreeSet::from(["rhel/10/ good-pkg ".to_owned()])
    );
    let (_, records) = read_file(
        &vex.join("cve-2024-24786-illegal-module.json"),
        Format::Csaf,
    );
    let [package] = records.advisories[0].affected.as_slice() else {
        panic!("one package");
    };
    assert_eq!(
        (package.name.as_str(), package.module.as_str()),
        ("go-toolset", "go-toolset:rhel8")
    );
}

#[test]
fn every_document_of_red_hat_is_read_or_named() {
    let Some((_folder, samples)) = samples() else {
        return;
    };
    let mut fixed = 0;
    for folder in ["rhel/vex/testdata", "toolkit/types/csaf/testdata"] {
        for entry in fs::read_dir(samples.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let bytes = bytes(&path);
            let records = read::read(Format::Csaf, "x.json", &bytes);
            assert!(
                !records.advisories.is_empty() || !records.skipped.is_empty(),
                "{}",
                path.display()
            );
            let packages = records.advisories.iter().flat_map(|a| &a.affected);
            fixed += packages.filter(|p| p.state == State::Fixed).count();
        }
    }
    assert!(fixed > 50, "{fixed}");
    let path = samples.join("toolkit/types/csaf/testdata/rhsa-2022-0011.json");
    let (_, records) = read_file(&path, Format::Csaf);
    let advisory = &records.advisories[0];
    assert_eq!(advisory.id, "RHSA-2022:0011");
    assert_eq!(advisory.about, ["CVE-2020-10188"]);
    assert!(packages(advisory, State::Fixed).contains("rhel/7/aus-7.6 telnet 1:0.17-65.el7_6"));
}

#[test]
fn every_definition_of_photon_is_read_with_its_packages() {
    let Some((_folder, samples)) = samples() else {
        return;
    };
    let path = samples.join("photon/testdata/com.vmware.phsa-photon3.xml");
    let (bytes, records) = read_file(&path, Format::Oval);
    let text = String::from_utf8(bytes).expect("text");
    assert_eq!(records.skipped, []);
    assert_eq!(
        records.advisories.len(),
        text.matches("<definition ").count()
    );
    // The second way: the comments of the criteria.
    let mut expect = BTreeSet::new();
    for part in text.split("<criterion comment=\"").skip(1) {
        let comment = part.split('"').next().expect("a comment");
        if let Some((name, version)) = comment.split_once(" is earlier than 0:") {
            expect.insert(format!("photon/3.0/ {name} {version}"));
        }
    }
    let got: BTreeSet<String> = records
        .advisories
        .iter()
        .flat_map(|advisory| packages(advisory, State::Fixed))
        .collect();
    // Definitions that name two versions of a package have both ends in one line.
    let several = got
        .iter()
        .filter(|line| line.split(' ').count() > 3)
        .count();
    assert_eq!(several, 0);
    assert!(got.is_subset(&expect));
    assert!(
        expect.len() - got.len() < expect.len() / 50,
        "{} of {}",
        got.len(),
        expect.len()
    );
    assert!(
        records
            .advisories
            .iter()
            .all(|a| a.id.starts_with("PHSA-") || a.id.starts_with("CVE-"))
    );
}
