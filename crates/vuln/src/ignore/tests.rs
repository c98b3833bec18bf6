use plimsoll_model::{SourcePackage, VulnerabilityState, VulnerablePlace};
use proptest::prelude::*;

use super::*;
use crate::{testing::vulnerability, vex::Status};

fn day(text: &str) -> plimsoll_model::Date {
    text.parse().expect("a day")
}

fn skipped(file: &IgnoreFile) -> Vec<String> {
    file.skipped
        .iter()
        .map(|skipped| format!("{}: {}", skipped.record, skipped.reason))
        .collect()
}

#[test]
fn trivyignore_takes_an_id_to_a_line_with_an_end_and_a_reason() {
    let text = "\u{feff}# accepted by the board\nCVE-2023-1\n\nGHSA-aaaa-bbbb-cccc exp:2026-02-01\n\
                CVE-2023-3 # not built in\nAVD-DS-0002\naws-access-key-id\n\
                CVE-2023-4 exp:soon\nCVE-2023-5 and more\nCVE-2023-9\n";
    let file = read(".trivyignore", text.as_bytes()).expect("lines");
    assert_eq!(
        skipped(&file),
        [
            "line 8: `soon` is no date such as 2026-01-31",
            "line 9: `and` is neither an id nor `exp:` and a date",
        ]
    );
    let mut found = vec![
        vulnerability("CVE-2023-1", "pkg:npm/a@1"),
        vulnerability("CVE-2023-2", "pkg:npm/a@1"),
        vulnerability("CVE-2023-3", "pkg:npm/a@1"),
        vulnerability("CVE-2023-4", "pkg:npm/a@1"),
    ];
    found[1].aliases = vec!["GHSA-aaaa-bbbb-cccc".to_owned()];
    let mut later = found.clone();
    let files = [file];
    let applied = apply(&files, &mut found, &[], day("2026-01-31"));
    let by: Vec<_> = found
        .iter()
        .map(|v| {
            v.suppressed
                .first()
                .map(|by| (by.by.as_str(), by.reason.as_str(), by.until))
        })
        .collect();
    assert_eq!(
        by,
        [
            Some((".trivyignore:2", "accepted by the board", None)),
            Some((".trivyignore:4", "", Some(day("2026-01-31")))),
            Some((".trivyignore:5", "not built in", None)),
            None,
        ]
    );
    assert_eq!(applied.suppressed, 3);
    assert_eq!(applied.expired, []);
    assert_eq!(applied.unused, [".trivyignore:10 CVE-2023-9"]);

    let applied = apply(&files, &mut later, &[], day("2026-02-01"));
    assert!(!later[1].is_suppressed(), "from that day on it is over");
    assert_eq!(
        applied.expired,
        [Expired {
            place: ".trivyignore:4".to_owned(),
            id: "GHSA-aaaa-bbbb-cccc".to_owned(),
            until: day("2026-01-31"),
            about: 1,
        }]
    );
    let control = &files[0].rules[3];
    assert!(control.is_about(Kind::Misconfiguration, "AVD-DS-0002", "Dockerfile"));
    assert!(!control.is_for_vulnerabilities());
    assert!(files[0].rules[4].is_about(Kind::Secret, "aws-access-key-id", "app/.env"));
}

#[test]
fn trivyignore_yaml_narrows_by_path_and_purl() {
    let text = "\
vulnerabilities:
  - id: CVE-2023-1
    paths:
      - \"usr/lib/**/a-*/METADATA\"
    statement: not called
    expired_at: 2027-01-01
  - id: GHSA-aaaa-bbbb-cccc
    purls: [\"pkg:npm/a\"]
  - id: CVE-2023-3
    until: 2027-01-01
  - statement: nothing
misconfigurations:
  - id: AVD-DS-0001
    paths: [\"**/Dockerfile\"]
others: []
";
    let file = read("x/.trivyignore.yaml", text.as_bytes()).expect("YAML");
    assert_eq!(
        skipped(&file),
        [
            "line 9: `until` is nothing that a rule asks for",
            "line 11: it has no `id`",
            "line 15: `others` is no section of it",
        ]
    );
    let check = |id: &str, purl: &str, path: &str, expect: Option<&str>| {
        let mut found = vec![vulnerability(id, purl)];
        found[0].aliases = vec![id.replace("CVE-2023-2", "GHSA-aaaa-bbbb-cccc")];
        found[0].locations = vec![VulnerablePlace {
            path: path.to_owned(),
            ..VulnerablePlace::default()
        }];
        apply(
            std::slice::from_ref(&file),
            &mut found,
            &[],
            day("2026-01-01"),
        );
        let got = found[0].suppressed.first().map(|by| by.by.as_str());
        assert_eq!(got, expect, "{id} of {purl} at {path}");
    };
    let first = Some("x/.trivyignore.yaml:2");
    check(
        "CVE-2023-1",
        "pkg:pypi/a@1",
        "usr/lib/python3/site/a-1/METADATA",
        first,
    );
    check("CVE-2023-1", "pkg:pypi/a@1", "usr/lib/a-1/METADATA", first);
    check(
        "CVE-2023-1",
        "pkg:pypi/a@1",
        "usr/lib/python3/b-1/METADATA",
        None,
    );
    let second = Some("x/.trivyignore.yaml:7");
    check("CVE-2023-2", "pkg:npm/a@1", "app/package-lock.json", second);
    check("CVE-2023-2", "pkg:npm/b@1", "app/package-lock.json", None);
    check("CVE-2023-3", "pkg:npm/a@1", "x", None);
    let control = file.rules.last().expect("a rule");
    assert!(control.is_about(
        Kind::Misconfiguration,
        "AVD-DS-0001",
        "deep/down/Dockerfile"
    ));
    assert!(!control.is_about(Kind::Misconfiguration, "AVD-DS-0001", "Dockerfile.dev"));
    assert!(!control.is_about(Kind::Secret, "AVD-DS-0001", "Dockerfile"));
}

/// The vulnerability that Grype's rules are tried on.
fn openssl() -> plimsoll_model::Vulnerability {
    let mut found = vulnerability("CVE-2023-1", "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64");
    found.aliases = vec!["GHSA-aaaa-bbbb-cccc".to_owned()];
    found.package.source = Some(SourcePackage {
        name: "openssl".to_owned(),
        version: "3.0.9-1".to_owned(),
    });
    found.locations = vec![VulnerablePlace {
        path: "var/lib/dpkg/status".to_owned(),
        ..VulnerablePlace::default()
    }];
    found.state = VulnerabilityState::WillNotFix;
    found
}

#[test]
fn grype_rules_hide_what_they_ask_for_and_nothing_else() {
    let check = |rule: &str, expect: bool| {
        let text = format!("ignore:\n  - {}\n", rule.replace('\n', "\n    "));
        let file = read(".grype.yaml", text.as_bytes()).expect(rule);
        assert_eq!(skipped(&file), [""; 0], "{rule}");
        let mut found = vec![openssl()];
        let statuses = [Some(Status::Affected)];
        let applied = apply(&[file], &mut found, &statuses, day("2026-01-01"));
        assert_eq!(found[0].is_suppressed(), expect, "{rule}");
        assert_eq!(applied.unused.is_empty(), expect, "{rule}");
    };
    check("vulnerability: CVE-2023-1", true);
    check("vulnerability: cve-2023-1\nreason: why not", true);
    check(
        "vulnerability: GHSA-aaaa-bbbb-cccc\ninclude-aliases: true",
        true,
    );
    check("vulnerability: CVE-2023-2", false);
    check("fix-state: wont-fix", true);
    check("fix-state: fixed", false);
    check("package: {name: libssl3}", true);
    check("package: {name: libssl}", false);
    check("package: {name: 'libssl.*'}", true);
    check(
        "package: {name: '^lib(ssl|crypto)[0-9]$', version: 3.0.9-1}",
        true,
    );
    check("package: {name: libssl3, version: 3.0.10-1}", false);
    check("package: {upstream-name: 'open.*'}", true);
    check("package: {upstream-name: linux.*}", false);
    check("package: {type: deb}", true);
    check("package: {type: npm}", false);
    check("package: {language: python}", false);
    check("package: {location: '/var/lib/**'}", true);
    check("package: {location: '/opt/**'}", false);
    check("match-type: exact-indirect-match", true);
    check("match-type: exact-direct-match", false);
    check("vex-status: affected", true);
    check("vex-status: not_affected", false);
    check("vulnerability: CVE-2023-1\nfix-state: fixed", false);
}

#[test]
fn a_rule_that_is_not_understood_hides_nothing() {
    let check = |rule: &str, expect: &str| {
        let text = format!("ignore:\n  - {rule}\n");
        let file = read(".grype.yaml", text.as_bytes()).expect(rule);
        assert_eq!(skipped(&file), [format!("line 2: {expect}")], "{rule}");
        assert!(file.rules.is_empty());
    };
    check("reason: because", "it asks for nothing");
    check("namespace: debian", "`namespace` is not understood");
    check("fix-state: never", "`never` is no fix-state");
    check("package: {type: floppy}", "`floppy` is no type");
    check(
        "package: {colour: red}",
        "`package.colour` is not understood",
    );
    check(
        "package: {name: '(('}",
        "`((` is no regular expression, or too big a one",
    );
    check(
        "package: {name: '(x{1000}){1000}'}",
        "`(x{1000}){1000}` is no regular expression, or too big a one",
    );
}

#[test]
fn what_is_no_ignore_file_is_refused_with_its_reason() {
    let check = |file: &str, bytes: &[u8], expect: &str| {
        let error = read(file, bytes).expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check("a.yaml", b"x: 1", "a.yaml: neither `ignore` (Grype)");
    check("a.yaml", b"x: [", "a.yaml:");
    check(".trivyignore", b"\xff\xfe", ".trivyignore: no UTF-8 text");
    assert!(read("a.yaml", b"").expect("nothing").rules.is_empty());
}

#[test]
fn globs_of_paths_stay_in_their_folder_unless_two_stars_say_else() {
    let check = |glob: &str, path: &str, expect: bool| {
        let got = glob::Glob::parse(glob).map(|glob| glob.matches(path));
        assert_eq!(got, Ok(expect), "{glob} on {path}");
    };
    check("a/*/c", "a/b/c", true);
    check("a/*/c", "a/b/b/c", false);
    check("a/**/c", "a/b/b/c", true);
    check("a/**/c", "a/c", true);
    check("**/c", "c", true);
    check("/etc/**", "etc/x/y", true);
    check("**", "", true);
    check("x/{a,b}.{c,d}", "x/b.c", true);
    check("x/{a,{b,e}}", "x/e", true);
    check("x/{a,b}", "x/c", false);
    check("x?", "xy", true);
    assert!(glob::Glob::parse(&"{a,b}".repeat(20)).is_err());
    assert!(glob::Glob::parse("").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_file_is_read_and_hides_nothing_from_the_list(
        text in "(ignore:|vulnerabilities:|)(\n  ?- ?(id|vulnerability|package|paths|fix-state)?:? ?[\\[{a-zA-Z0-9:,*\\]}-]{0,12}){0,6}",
        yaml in any::<bool>(),
    ) {
        let name = if yaml { "a.yaml" } else { ".trivyignore" };
        if let Ok(file) = read(name, text.as_bytes()) {
            let mut found = vec![openssl(), vulnerability("a-1", "pkg:npm/a@1")];
            let rules = file.rules.len();
            let applied = apply(&[file], &mut found, &[], day("2026-01-01"));
            prop_assert_eq!(found.len(), 2);
            prop_assert!(applied.unused.len() + applied.expired.len() <= rules);
            for by in found.iter().flat_map(|v| &v.suppressed) {
                prop_assert!(by.by.starts_with(name), "each says which line hides it");
            }
        }
    }

    #[test]
    fn any_glob_is_tried_on_any_path(glob in "[a*/?{,}]{0,30}", path in "[a/]{0,30}") {
        if let Ok(glob) = glob::Glob::parse(&glob) {
            let _ = glob.matches(&path);
        }
    }
}
