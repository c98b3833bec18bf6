//! What is told of a vulnerability beside that it is there.

use std::collections::BTreeSet;

use plimsoll_model::{Digest, Severity, Tristate, image::ImageLayer};

use super::{
    super::{Options, match_image},
    *,
};
use crate::advisory::{Epss, Exploitation, Kev, SeverityStatement};

fn word(by: &str, word: &str, level: Option<Severity>) -> SeverityStatement {
    SeverityStatement {
        by: by.into(),
        word: word.into(),
        level,
        vector: String::new(),
    }
}

#[test]
fn the_vendors_word_on_the_severity_counts_first_and_all_are_kept() {
    let mut debian = record("CVE-2024-1").says("debian/12 source", "a", "..2");
    let mut nvd = record("CVE-2024-1");
    nvd.source.feed = "nvd".into();
    nvd.severities = vec![word("nvd", "critical", Some(Severity::Critical))];
    let mut cna = record("CVE-2024-1");
    cna.source.feed = "cna".into();
    cna.severities = vec![word("redhat", "high", Some(Severity::High))];
    let mut ubuntu =
        record("UBUNTU-CVE-2024-1")
            .alias("CVE-2024-1")
            .says("ubuntu/22.04 source", "a", "..2");
    ubuntu.severities = vec![word("ubuntu", "low", Some(Severity::Low))];
    let image = image("debian 12", &["deb a 1 a"]);
    let check = |debian: &Advisory, level: Severity, order: &[&str]| {
        let all = [nvd.clone(), cna.clone(), debian.clone(), ubuntu.clone()];
        let found = matched(&image, &all);
        let hit = &found.vulnerabilities[0];
        let by: Vec<&str> = hit.severities.iter().map(|said| &*said.by).collect();
        assert_eq!((hit.severity, by.as_slice()), (Some(level), order));
    };
    // Debian says nothing: then whoever named it; never another distribution.
    check(&debian, Severity::High, &["redhat", "nvd", "ubuntu"]);
    debian.severities = vec![
        word("nvd", "critical", Some(Severity::Critical)),
        word("debian", "unimportant", Some(Severity::Info)),
    ];
    check(
        &debian,
        Severity::Info,
        &["debian", "nvd", "redhat", "ubuntu"],
    );
    debian.severities = vec![word("debian", "not yet assigned", None)];
    check(
        &debian,
        Severity::High,
        &["debian", "redhat", "nvd", "ubuntu"],
    );
}

#[test]
fn a_vector_speaks_where_no_word_does() {
    let mut record = record("GHSA-1").says("npm", "a", "..2.0.0");
    let vector = |vector: &str| SeverityStatement {
        vector: vector.into(),
        ..word("github", "", None)
    };
    record.severities = vec![
        vector("AV:N/AC:L/Au:N/C:P/I:P/A:P"),
        vector("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        vector("CVSS:3.1/AV:nonsense"),
    ];
    let found = matched(&image("", &["npm a 1.0.0"]), &[record]);
    let hit = &found.vulnerabilities[0];
    assert_eq!(hit.severity, Some(Severity::Critical));
    let scores: Vec<Option<f64>> = hit.severities.iter().map(|said| said.score).collect();
    assert_eq!(scores, [Some(9.8), None, Some(7.5)]);
    let why = &hit.priority.as_ref().unwrap().why;
    assert!(why.contains("critical"), "{why}");
}

#[test]
fn what_is_known_of_exploits_is_told() {
    let mut db: Memory = [record("GHSA-1")
        .alias("CVE-2024-1")
        .alias("CVE-2024-2")
        .says("npm", "a", "..2.0.0")]
    .into_iter()
    .collect();
    let epss = |score| Epss {
        score,
        percentile: 0.9,
        day: "2026-08-16".parse().ok(),
    };
    db.add_exploitation(
        "CVE-2024-1",
        Exploitation {
            kev: None,
            epss: Some(epss(0.25)),
            exploits: vec!["EDB-1".into()],
        },
    );
    let kev = Kev {
        added: "2024-02-01".parse().unwrap(),
        due: "2024-02-22".parse().ok(),
        ransomware: true,
        name: "A".into(),
    };
    db.add_exploitation(
        "CVE-2024-2",
        Exploitation {
            kev: Some(kev.clone()),
            epss: Some(epss(0.5)),
            exploits: vec![],
        },
    );
    let found = match_image(&image("", &["npm a 1.0.0"]), &db, &Options::default());
    let hit = &found.vulnerabilities[0];
    assert_eq!(hit.kev, Some(kev));
    assert_eq!(hit.epss, Some(epss(0.5)));
    assert_eq!(hit.exploits, ["EDB-1"]);
}

#[test]
fn places_sources_and_dates_are_told() {
    let mut dsa =
        record("DSA-1-1")
            .about("CVE-2024-1 CVE-2024-2")
            .says("debian/12 source", "a", "..2");
    dsa.summary = "a - security update".into();
    dsa.source.published = "2024-03-01T10:00:00Z".parse().ok();
    dsa.affected[0].notes = [("urgency".to_owned(), "low".to_owned())].into();
    let mut nvd = record("CVE-2024-1");
    nvd.source.feed = "nvd".into();
    nvd.summary = "A buffer overflow".into();
    nvd.weaknesses = vec!["CWE-787".into()];
    nvd.references = vec!["https://example.com/1".into()];
    let mut image = image("debian 12", &["deb a 1 a"]);
    image.layers = vec![ImageLayer {
        diff_id: Some(Digest([7; 32])),
        ..ImageLayer::default()
    }];
    image.packages[0].from_base = Some(true);
    image.packages[0].locations.push(PackageLocation {
        path: "usr/lib/x.jar".into(),
        evidence: "holds pkg:maven/a/b@1".into(),
        ..PackageLocation::default()
    });
    let db: Memory = [dsa, nvd].into_iter().collect();
    let options = Options {
        in_use: Some(BTreeSet::from([image.packages[0].purl.clone()])),
        ..Options::default()
    };
    let found = match_image(&image, &db, &options);
    let [one, two] = found.vulnerabilities.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(one.summary, "A buffer overflow");
    assert_eq!(one.weaknesses, ["CWE-787"]);
    assert_eq!(one.references, ["https://example.com/1"]);
    assert_eq!(two.summary, "a - security update");
    assert_eq!(one.aliases, ["DSA-1-1"]);
    assert_eq!(one.source.record, "DSA-1-1");
    assert_eq!(one.fix_published, "2024-03-01".parse().ok());
    assert_eq!(one.notes, ["urgency: low"]);
    assert_eq!((one.from_base, one.in_use), (Some(true), Tristate::Yes));
    let places: Vec<_> = one
        .locations
        .iter()
        .map(|place| (place.layer, place.path.as_str(), place.diff_id))
        .collect();
    assert_eq!(places, [(0, "app", Some(Digest([7; 32])))]);
    let feeds: Vec<&str> = found.feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(feeds, ["test"]);
    assert_eq!(found.compared, 1);
}

#[test]
fn a_vulnerability_is_the_same_finding_in_every_build() {
    let advisories = [record("CVE-1").says("debian/12 source", "a", "..9")];
    let subject = |version: &str| {
        let mut image = image(
            "debian 12",
            &[&format!("deb debian/a {version} a arch=amd64")],
        );
        image.packages[0].locations[0].layer = version.len() as u32;
        matched(&image, &advisories).vulnerabilities[0].subject()
    };
    assert_eq!(subject("1.0-1"), "CVE-1 pkg:deb/debian/a");
    assert_eq!(subject("1.0-1"), subject("1.0-1+deb12u1"));
}
