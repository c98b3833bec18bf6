use serde_json::json;

use super::*;
use crate::advisory::{Affected, End, Range, State};

fn matched(criteria: &str, bounds: &[(&str, &str)]) -> Value {
    let mut value = json!({"vulnerable": true, "criteria": criteria, "matchCriteriaId": "x"});
    for (key, version) in bounds {
        value[*key] = json!(version);
    }
    value
}

fn affected(configurations: Value) -> Vec<Affected> {
    let value = json!({"format": "NVD_CVE", "vulnerabilities": [{"cve": {
        "id": "CVE-2024-0001", "published": "2024-01-02T03:04:05.678", "configurations": configurations,
    }}]});
    let read = read("nvd.json", value.to_string().as_bytes());
    assert_eq!(read.skipped, []);
    read.records[0].affected.clone()
}

#[test]
fn matches_become_ranges_and_versions_of_programs() {
    let nginx = "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*";
    let got = affected(
        json!([{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
            matched(nginx, &[("versionStartIncluding", "1.0"), ("versionEndExcluding", "1.2")]),
            matched(nginx, &[("versionEndIncluding", "0.9")]),
            matched("cpe:2.3:a:f5:nginx:1.5.0:rc1:*:*:*:*:*:*", &[]),
            matched("cpe:2.3:o:debian:debian_linux:8.0:*:*:*:*:*:*:*", &[]),
            matched("cpe:2.3:h:f5:box:-:*:*:*:*:*:*:*", &[]),
            {"vulnerable": false, "criteria": "cpe:2.3:a:x:y:*:*:*:*:*:*:*:*"},
            matched("cpe:2.3:a:x:z:-:*:*:*:*:*:*:*", &[]),
        ]}]}]),
    );
    let [first, second] = got.as_slice() else {
        panic!("{got:?}");
    };
    assert_eq!(first.name, "f5:nginx");
    assert_eq!(
        first.ranges,
        [
            Range {
                introduced: None,
                end: Some(End::LastAffected("0.9".into()))
            },
            Range {
                introduced: Some("1.0".into()),
                end: Some(End::Fixed("1.2".into()))
            },
        ]
    );
    assert_eq!(first.versions, ["1.5.0-rc1"]);
    assert_eq!(first.state, State::Fixed);
    assert_eq!(second.name, "x:z");
    assert!(second.ranges.is_empty() && second.versions.is_empty());
}

#[test]
fn a_version_that_is_excluded_at_the_start_is_not_in_the_range() {
    let got = affected(json!([{"nodes": [{"cpeMatch": [
        matched("cpe:2.3:a:a:b:*:*:*:*:*:*:*:*", &[("versionStartExcluding", "1.0")]),
    ]}]}]));
    let from = got[0].ranges[0].introduced.as_deref().expect("a start");
    let order = |asked: &str| crate::version::compare(got[0].scheme, asked, from);
    assert!(order("1.0").is_lt() && order("1.0.1").is_ge());
}

#[test]
fn what_a_program_must_run_on_is_a_note() {
    let got = affected(json!([{"operator": "AND", "nodes": [
        {"operator": "OR", "cpeMatch": [matched("cpe:2.3:a:a:b:*:*:*:*:*:wordpress:*:*", &[])]},
        {"operator": "OR", "cpeMatch": [{"vulnerable": false,
            "criteria": "cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*"}]},
        {"operator": "OR", "negate": true, "cpeMatch": [matched("cpe:2.3:a:c:d:*:*:*:*:*:*:*:*", &[])]},
    ]}]));
    assert_eq!(got.len(), 1);
    assert_eq!(
        got[0].notes.get("runs in").map(String::as_str),
        Some("wordpress microsoft:windows")
    );
    assert_eq!(got[0].ranges, [Range::default()]);
}

#[test]
fn a_rejected_record_says_nothing_and_a_broken_one_is_named() {
    let text = r#"{"vulnerabilities": [
        {"cve": {"id": "CVE-2024-1", "vulnStatus": "Rejected", "lastModified": "2024-01-02T03:04:05.678"}},
        {"cve": {"id": "odd"}}, {},
        {"cve": {"id": "CVE-2024-2", "configurations": [{"nodes": [{"cpeMatch": [{"vulnerable": true, "criteria": "x"}]}]}]}}]}"#;
    let read = read("nvd.json", text.as_bytes());
    assert!(read.records[0].withdrawn.is_some());
    let skipped: Vec<&str> = read.skipped.iter().map(|s| s.record.as_str()).collect();
    assert_eq!(skipped, ["odd", "record 3", "CVE-2024-2"]);
}

#[test]
fn severities_of_all_versions_are_kept_nvds_first() {
    let metric = |source: &str, vector: &str, word: &str| json!({"source": source, "cvssData": {"vectorString": vector, "baseSeverity": word}});
    let found = severities(&json!({
        "cvssMetricV40": [metric("security-advisories@github.com", "CVSS:4.0/AV:N", "HIGH")],
        "cvssMetricV31": [metric("nvd@nist.gov", "CVSS:3.1/AV:N", "CRITICAL")],
        "cvssMetricV2": [{"source": "nvd@nist.gov", "baseSeverity": "LOW",
            "cvssData": {"vectorString": "AV:L/AC:L/Au:N/C:N/I:P/A:N"}}],
    }));
    let got: Vec<(&str, &str, &str)> = found
        .iter()
        .map(|found| {
            (
                found.by.as_str(),
                found.word.as_str(),
                found.vector.as_str(),
            )
        })
        .collect();
    assert_eq!(
        got,
        [
            ("nvd", "critical", "CVSS:3.1/AV:N"),
            ("nvd", "low", "AV:L/AC:L/Au:N/C:N/I:P/A:N"),
            ("github", "high", "CVSS:4.0/AV:N"),
        ]
    );
}
