use plimsoll_model::Severity;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::advisory::SeverityStatement;

fn one(value: &Value) -> Advisory {
    let read = read("record.json", value.to_string().as_bytes());
    assert_eq!(read.skipped, [], "{value}");
    let [advisory] = read.records.as_slice() else {
        panic!("{} records of {value}", read.records.len());
    };
    advisory.clone()
}

fn refused(value: &Value) -> String {
    let read = read("record.json", value.to_string().as_bytes());
    assert_eq!(read.records, [], "{value}");
    read.skipped.first().expect("a reason").reason.clone()
}

fn record(id: &str, ecosystem: &str, name: &str) -> Value {
    json!({
        "id": id,
        "modified": "2024-05-01T00:00:00Z",
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}],
        }],
    })
}

/// Ranges as people write them: `[1,2)`, `[,3]`, `[4,`.
fn shown(ranges: &[Range]) -> String {
    let one = |range: &Range| {
        let from = range.introduced.as_deref().unwrap_or_default();
        match &range.end {
            None => format!("[{from},"),
            Some(End::Fixed(end)) => format!("[{from},{end})"),
            Some(End::LastAffected(end)) => format!("[{from},{end}]"),
        }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn events_become_intervals_in_the_order_of_versions() {
    let check = |events: Value, expect: &str| {
        let range = json!({"type": "SEMVER", "events": events});
        let ranges = events::ranges(&range, Scheme::Semver);
        assert_eq!(
            shown(&ranges.unwrap_or_default()),
            expect,
            "{}",
            range["events"]
        );
    };
    check(json!([{"introduced": "0"}, {"fixed": "1.2.0"}]), "[,1.2.0)");
    check(
        json!([{"fixed": "2.1.0"}, {"introduced": "2.0.0"}, {"fixed": "1.10.0"}, {"introduced": "0"}]),
        "[,1.10.0) [2.0.0,2.1.0)",
    );
    check(
        json!([{"introduced": "1.0.0"}, {"last_affected": "1.5.0"}]),
        "[1.0.0,1.5.0]",
    );
    check(json!([{"introduced": "1.0.0"}]), "[1.0.0,");
    check(
        json!([{"introduced": "1.0.0", "fixed": "1.1.0"}]),
        "[1.0.0,1.1.0)",
    );
    check(json!([{"introduced": "0"}, {"limit": "3.0.0"}]), "[,3.0.0)");
    check(json!([{"introduced": "0"}, {"limit": "*"}]), "[,");
    check(json!([{"fixed": "1.0.0"}]), "[,1.0.0)");
    check(
        json!([{"introduced": "0"}, {"last_affected": "1.4.0"}, {"fixed": "1.5.0"}]),
        "[,1.5.0)",
    );
    check(
        json!([{"introduced": "1.0.0-0"}, {"introduced": "0"}]),
        "[,",
    );
    check(json!([{"since": "1.0.0"}]), "");
    check(json!([]), "");
}

#[test]
fn each_ecosystem_names_an_origin_and_an_order() {
    let check = |ecosystem: &str, name: &str, purl: &str, expect: &str| {
        let got = match ecosystem::package(ecosystem, name, purl) {
            Err(why) => why,
            Ok(found) => match found.origin {
                Origin::Program => format!("program {} {}", found.name, found.scheme),
                Origin::Registry(kind) => format!("{kind} {} {}", found.name, found.scheme),
                Origin::Distribution {
                    id,
                    release,
                    stream,
                    source,
                } => {
                    let kind = if source { "source" } else { "binary" };
                    format!(
                        "{id}/{release}/{stream} {kind} {} {}",
                        found.name, found.scheme
                    )
                }
            },
        };
        assert_eq!(got, expect, "{ecosystem}");
    };
    check("npm", "@types/node", "", "npm @types/node semver");
    check("PyPI", "Foo._Bar", "", "pypi foo-bar pep440");
    check("Go", "stdlib", "", "golang stdlib go");
    check(
        "Maven:https://repo.example/maven",
        "g:a",
        "",
        "maven g:a maven",
    );
    check(
        "Packagist",
        "Drupal/Core",
        "",
        "composer drupal/core packagist",
    );
    check("crates.io", "Inflector", "", "cargo Inflector semver");
    check(
        "SwiftURL",
        "https://github.com/apple/swift-nio.git",
        "",
        "swift github.com/apple/swift-nio semver",
    );
    check("Debian:12", "curl", "", "debian/12/ source curl dpkg");
    check("Debian", "curl", "", "`Debian` names no release");
    check("Alpine:v3.19", "curl", "", "alpine/3.19/ source curl apk");
    check("Alpine:edge", "curl", "", "alpine/edge/ source curl apk");
    check("Wolfi", "curl", "", "wolfi// source curl apk");
    check("AlmaLinux:9", "curl", "", "almalinux/9/ binary curl rpm");
    check("Rocky Linux:8", "curl", "", "rocky/8/ source curl rpm");
    check(
        "Rocky Linux:8",
        "kernel",
        "pkg:rpm/rocky-linux/kernel?distro=rocky-linux-8-sig-cloud&epoch=0",
        "rocky/8/sig-cloud source kernel rpm",
    );
    check(
        "Red Hat:enterprise_linux:9::appstream",
        "curl",
        "",
        "rhel/9/ binary curl rpm",
    );
    check(
        "Red Hat:rhel_eus:9.2::baseos",
        "curl",
        "",
        "rhel/9/eus-9.2 binary curl rpm",
    );
    check(
        "Red Hat:openshift:4.12::el8",
        "curl",
        "",
        "`Red Hat:openshift:4.12::el8` is no release of Red Hat Enterprise Linux",
    );
    check(
        "Ubuntu:22.04:LTS",
        "curl",
        "",
        "ubuntu/22.04/ source curl dpkg",
    );
    check("Ubuntu:23.10", "curl", "", "ubuntu/23.10/ source curl dpkg");
    check(
        "Ubuntu:Pro:16.04:LTS",
        "curl",
        "pkg:deb/ubuntu/curl@7.47?arch=source&distro=esm-infra/xenial",
        "ubuntu/16.04/esm-infra source curl dpkg",
    );
    check(
        "Ubuntu:Pro:14.04:LTS",
        "curl",
        "pkg:deb/ubuntu/curl@7.35?arch=source&distro=trusty/esm",
        "ubuntu/14.04/esm-infra source curl dpkg",
    );
    check(
        "Ubuntu:Pro:18.04:LTS",
        "curl",
        "",
        "ubuntu/18.04/esm source curl dpkg",
    );
    check(
        "Ubuntu:Pro:FIPS-updates:20.04:LTS",
        "openssl",
        "",
        "ubuntu/20.04/fips-updates source openssl dpkg",
    );
    check(
        "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
        "curl",
        "",
        "sles/15.5/ source curl rpm",
    );
    check(
        "SUSE:Linux Enterprise Server 15 SP2-LTSS",
        "curl",
        "",
        "sles/15.2/ltss source curl rpm",
    );
    check(
        "openSUSE:Leap 15.5",
        "curl",
        "",
        "opensuse-leap/15.5/ source curl rpm",
    );
    check(
        "openEuler:22.03-LTS-SP3",
        "curl",
        "",
        "openEuler/22.03-LTS-SP3/ source curl rpm",
    );
    check("Photon OS:5.0", "curl", "", "photon/5.0/ binary curl rpm");
    check(
        "Azure Linux:3",
        "curl",
        "",
        "azurelinux/3.0/ source curl rpm",
    );
    check("Linux", "Kernel", "", "program linux:linux_kernel semver");
    check(
        "OSS-Fuzz",
        "curl",
        "",
        "packages of `OSS-Fuzz` are not known",
    );
    check("npm", "", "", "the name of a package is empty");
}

#[test]
fn an_advisory_of_github_keeps_its_word_vector_and_known_range() {
    let advisory = one(&json!({
        "id": "GHSA-aaaa-bbbb-cccc",
        "modified": "2024-05-01T00:00:00Z",
        "published": "0001-01-01T00:00:00Z",
        "aliases": ["CVE-2024-0001"],
        "related": ["CVE-2024-9999"],
        "summary": "A thing",
        "details": "Long.",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": "npm", "name": "thing"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
            "database_specific": {"last_known_affected_version_range": "<= 1.2.3"},
        }],
        "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-79", "none"]},
    }));
    assert_eq!(advisory.source.feed, "osv-github");
    assert_eq!(advisory.source.published, None);
    assert_eq!(advisory.aliases, ["CVE-2024-0001"]);
    assert_eq!(advisory.weaknesses, ["CWE-79"]);
    assert_eq!(shown(&advisory.affected[0].ranges), "[,1.2.3]");
    assert_eq!(advisory.affected[0].state, State::Affected);
    assert_eq!(
        advisory.severities,
        [SeverityStatement {
            by: "github".into(),
            word: "moderate".into(),
            level: Some(Severity::Medium),
            vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
        }]
    );
}

#[test]
fn an_erratum_is_about_its_cves_and_a_record_of_a_cve_is_its_alias() {
    let mut value = record("ALSA-2023:1234", "AlmaLinux:9", "nodejs");
    value["summary"] = json!("Important: nodejs:18 security update");
    value["published"] = json!("2023-03-04T05:06:07Z");
    value["related"] = json!(["CVE-2023-0001", "CVE-2023-0002"]);
    value["affected"][0]["ranges"][0]["events"][1]["fixed"] =
        json!("18.1-1.module_el9.4.0+101+d58a8d95");
    let advisory = one(&value);
    assert_eq!(advisory.about, ["CVE-2023-0001", "CVE-2023-0002"]);
    assert_eq!(advisory.affected[0].module, "nodejs:18");
    value["summary"] = json!("Moderate: pki-core:10.6 and pki-deps:10.6 security update");
    assert_eq!(
        one(&value).affected[0].module,
        "pki-core:10.6 pki-deps:10.6"
    );
    assert_eq!(
        advisory.affected[0]
            .fix_published
            .map(|day| day.to_string()),
        Some("2023-03-04".to_owned())
    );
    assert_eq!(advisory.severities[0].level, Some(Severity::High));

    let mut value = record("UBUNTU-CVE-2023-0001", "Ubuntu:22.04:LTS", "curl");
    value["upstream"] = json!(["CVE-2023-0001"]);
    value["severity"] = json!([{"type": "Ubuntu", "score": "negligible"}]);
    let advisory = one(&value);
    assert_eq!(advisory.aliases, ["CVE-2023-0001"]);
    assert_eq!(advisory.about, [""; 0]);
    assert_eq!(advisory.severities[0].word, "negligible");

    let mut value = record("USN-6000-1", "Ubuntu:22.04:LTS", "curl");
    value["upstream"] = json!(["CVE-2023-0001", "UBUNTU-CVE-2023-0002"]);
    assert_eq!(one(&value).about, ["CVE-2023-0001", "CVE-2023-0002"]);
}

#[test]
fn a_bug_fix_is_no_vulnerability() {
    let value = record("ALBA-2023:1", "AlmaLinux:9", "curl");
    assert!(refused(&value).contains("about no vulnerability"));
}

#[test]
fn only_versions_that_no_range_has_are_kept() {
    let mut value = record("PYSEC-2023-1", "PyPI", "thing");
    value["affected"][0]["versions"] = json!(["1.0", "1.9rc1", "3.1", "2.0", "3.1"]);
    assert_eq!(one(&value).affected[0].versions, ["2.0", "3.1"]);
}

#[test]
fn commits_alone_name_no_versions() {
    let mut value = record("OSV-2020-1", "Go", "example.org/x");
    value["affected"][0]["ranges"] =
        json!([{"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abc"}]}]);
    assert!(refused(&value).contains("commits"));
    value["affected"][0]["versions"] = json!(["1.0.0"]);
    assert_eq!(one(&value).affected[0].versions, ["1.0.0"]);
}

#[test]
fn what_is_known_of_a_record_is_read_and_the_rest_is_named() {
    let mut value = record("CVE-2024-0001", "npm", "thing");
    let more = json!({"package": {"ecosystem": "Mars", "name": "x"}, "versions": ["1"]});
    value["affected"].as_array_mut().unwrap().push(more);
    let read = read("a.json", value.to_string().as_bytes());
    assert_eq!(read.records.len(), 1);
    assert_eq!(read.records[0].affected.len(), 1);
    assert_eq!(read.skipped[0].record, "CVE-2024-0001");
    assert_eq!(
        read.skipped[0].reason,
        "in part: packages of `Mars` are not known"
    );
}

#[test]
fn malware_says_so() {
    let advisory = one(&record("MAL-2024-1", "npm", "thing"));
    assert_eq!(
        advisory.affected[0].notes.get("kind").map(String::as_str),
        Some("malware")
    );
    assert_eq!(advisory.severities[0].level, Some(Severity::Critical));
}

#[test]
fn a_withdrawn_record_is_read_even_without_packages() {
    let advisory = one(&json!({
        "id": "GHSA-x", "modified": "2024-05-01T00:00:00Z", "withdrawn": "2024-05-02T00:00:00Z",
    }));
    assert!(advisory.withdrawn.is_some());
}

#[test]
fn broken_files_are_named_and_never_panic() {
    for (text, expect) in [
        ("", "it is empty"),
        ("{", "EOF"),
        ("[{\"id\": \"X\"}, 5, {", "it names no package"),
        ("{\"id\": 5}", "its id is empty"),
        ("- a", "its id is empty"),
    ] {
        let read = read("x", text.as_bytes());
        assert_eq!(read.records, []);
        let reasons: Vec<&str> = read.skipped.iter().map(|s| s.reason.as_str()).collect();
        assert!(
            reasons.iter().any(|reason| reason.contains(expect)) || expect == "its id is empty",
            "{text}: {reasons:?}"
        );
        assert!(!read.skipped.is_empty(), "{text}");
    }
}

#[test]
fn programs_have_the_ranges_of_bitnamis_components() {
    let mut value = record("BIT-nginx-2023-1", "Bitnami", "nginx");
    value["database_specific"] = json!({
        "severity": "High", "cpes": ["cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"],
    });
    let advisory = one(&value);
    let names: Vec<&str> = advisory.affected.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["nginx", "f5:nginx"]);
    assert_eq!(advisory.affected[1].origin, Origin::Program);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_or_named(text in "[\\[{]?[ -~\n]{0,200}") {
        let read = read("x", text.as_bytes());
        prop_assert!(!read.records.is_empty() || !read.skipped.is_empty());
    }

    /// Whether a version is affected is what the events say of it, in whatever order they stand.
    #[test]
    fn the_order_of_events_says_nothing(
        cuts in proptest::collection::btree_set(1_u32..40, 1..8),
        order in any::<u64>(),
        asked in 0_u32..45,
    ) {
        let kinds = ["introduced", "fixed"];
        let mut events: Vec<Value> = cuts.iter().enumerate()
            .map(|(at, cut)| json!({kinds[at % 2]: format!("{cut}.0.0")}))
            .collect();
        let open = cuts.iter().filter(|cut| **cut <= asked).count() % 2 == 1;
        let length = events.len();
        events.rotate_left(order as usize % length);
        if order & 64 == 0 {
            events.reverse();
        }
        let ranges = events::ranges(&json!({"events": events}), Scheme::Semver).unwrap();
        prop_assert_eq!(events::covered(&ranges, Scheme::Semver, &format!("{asked}.0.0")), open);
    }
}
