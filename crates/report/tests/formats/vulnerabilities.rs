//! Vulnerabilities in every format.

use plimsoll_report::{Format, Style, Verbosity};

use crate::{check, scan, support::vulnerable};

#[test]
fn a_terminal_lists_vulnerabilities_by_package_worst_first() {
    let of = |style| scan(vulnerable::scan(), Format::Terminal, style);
    let style = Style::default();
    let with = |verbosity| Style { verbosity, ..style };
    insta::assert_snapshot!("vulnerabilities_terminal", of(style));
    insta::assert_snapshot!(
        "vulnerabilities_terminal_verbose",
        of(with(Verbosity::Verbose))
    );
    assert_eq!(of(with(Verbosity::Quiet)).lines().count(), 1);
    for width in [40, 80, 120] {
        for line in of(Style { width, ..style }).lines() {
            assert!(line.chars().count() <= width, "{line:?}");
        }
    }
}

#[test]
fn a_terminal_stays_short_however_many_there_are() {
    let (header, few) = vulnerable::scan();
    let mut many = Vec::new();
    for n in 0..3_000 {
        for finding in few.iter().filter(|f| f.vulnerability.is_some()) {
            let mut finding = finding.clone();
            let v = finding.vulnerability.as_mut().expect("it is one");
            v.package.name = format!("{}-{n}", v.package.name);
            many.push(finding);
        }
    }
    let text = scan((header, many), Format::Terminal, Style::default());
    assert!(text.lines().count() < 250, "{}", text.lines().count());
    assert!(
        text.contains("21,000 in more than 2,000 packages: "),
        "{text}"
    );
    assert!(text.contains("in more packages: -v shows all"), "{text}");
    assert!(text.contains("Suppressed: 3,000"), "{text}");
}

#[test]
fn every_format_names_each_vulnerability_and_its_package() {
    let style = Style {
        width: 400,
        verbosity: Verbosity::Verbose,
        ..Style::default()
    };
    let names = |text: &str, format: Format| {
        for finding in vulnerable::findings() {
            let v = finding.vulnerability.expect("it is one");
            for name in [&v.vulnerability, &v.package.name] {
                assert!(text.contains(name.as_str()), "{format}: {name}");
            }
        }
    };
    for format in Format::ALL {
        names(&scan(vulnerable::scan(), format, style), format);
        let text = check(&vulnerable::check(), format, style);
        // These name a few findings of an asset, and count the others.
        match format {
            Format::JUnit | Format::Markdown => assert!(text.contains("CVE-2022-3602"), "{text}"),
            format => names(&text, format),
        }
    }
}

#[test]
fn json_holds_all_that_is_known_of_a_vulnerability() {
    let (header, mut findings) = vulnerable::scan();
    findings.truncate(1);
    let json = scan((header, findings), Format::Json, Style::default());
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    insta::assert_snapshot!(
        "vulnerability_json",
        serde_json::to_string_pretty(&json["findings"][0]).expect("JSON")
    );
}

#[test]
fn a_diff_names_new_and_fixed_vulnerabilities_and_what_became_of_the_package() {
    let mut before = vulnerable::check();
    let asset = vulnerable::findings()[0].asset.clone();
    let mut report = before.assets[0].clone();
    report.id = asset;
    before.assets.push(report);
    let mut after = before.clone();
    after.findings.retain(|finding| {
        let v = finding.vulnerability.as_ref();
        v.is_none_or(|v| v.vulnerability != "CVE-2022-3602")
    });
    for finding in &mut after.findings {
        let v = finding.vulnerability.as_mut();
        if let Some(v) = v.filter(|v| v.package.name == "openssl") {
            v.package.version = "3.0.7-1".to_owned();
        }
    }
    let told = |from, to| {
        let mut out = Vec::new();
        let style = Style {
            width: 400,
            ..Style::default()
        };
        plimsoll_report::diff::diff(from, to)
            .terminal(style, &mut out)
            .expect("a vector takes all");
        String::from_utf8(out).expect("text")
    };
    let text = told(&before, &after);
    assert!(text.contains("Findings fixed (1)"), "{text}");
    assert!(text.contains("openssl 3.0.1-1 has CVE-2022-3602"), "{text}");
    assert!(
        text.contains("openssl was 3.0.1-1 and is 3.0.7-1"),
        "{text}"
    );
    let text = told(&after, &before);
    assert!(text.contains("Findings new (1)"), "{text}");
    assert!(
        text.contains("openssl was 3.0.7-1 and is 3.0.1-1"),
        "{text}"
    );
}
