//! SARIF against the schema of the standard.

use plimsoll_report::{Format, Style};
use serde_json::Value;

use crate::{check, scan, support};

fn valid(text: &str) -> Value {
    // The published schema has a pattern for languages that is no regular
    // expression of ECMA 262 (a stray bracket); we write no language.
    let schema = include_str!("../data/sarif-2.1.0.schema.json")
        .replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is valid");
    let log: Value = serde_json::from_str(text).expect("JSON");
    let errors: Vec<String> = schema
        .iter_errors(&log)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    log
}

#[test]
fn every_log_is_valid() {
    for report in [
        support::shop(),
        support::extremes::empty(),
        support::extremes::hostile(),
    ] {
        valid(&check(&report, Format::Sarif, Style::default()));
    }
    valid(&scan(
        support::extremes::scan(),
        Format::Sarif,
        Style::default(),
    ));
}

#[test]
fn results_name_their_rule_place_and_identity() {
    let report = support::shop();
    let log = valid(&check(&report, Format::Sarif, Style::default()));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let mut ids: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each rule once");
    for (result, finding) in run["results"]
        .as_array()
        .expect("results")
        .iter()
        .zip(&report.findings)
    {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(
            result["partialFingerprints"]["plimsollFindingId/v1"],
            finding.id.to_string().as_str()
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], finding.file.as_str());
        assert_eq!(place["region"]["startLine"], finding.line);
        assert_eq!(place["region"]["startColumn"], finding.column);
        let accepted = finding.excepted_by.is_some() || finding.waived_by.is_some();
        assert_eq!(result.get("suppressions").is_some(), accepted, "{result}");
    }
    assert_eq!(
        run["invocations"][0]["executionSuccessful"], false,
        "a file could not be read"
    );
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
    assert_eq!(
        notes.map(Vec::len),
        Some(5),
        "two diagnostics and three gaps"
    );
}

#[test]
fn a_waiver_that_does_not_count_suppresses_nothing() {
    let mut report = support::shop();
    let id = report.goals[0].assets[0].because[0].findings[0];
    for finding in report.findings.iter_mut().filter(|f| f.id == id) {
        finding.waived_by = Some("ignore-check.kube-linter.io/privileged".to_owned());
    }
    let log = valid(&check(&report, Format::Sarif, Style::default()));
    let results = log["runs"][0]["results"].as_array().expect("results");
    let result = results
        .iter()
        .find(|r| r["partialFingerprints"]["plimsollFindingId/v1"] == id.to_string().as_str())
        .expect("the finding");
    assert!(
        result.get("suppressions").is_none(),
        "a goal counts it: {result}"
    );
}

#[test]
fn rules_say_why_and_where_to_read_more() {
    let report = support::shop();
    let log = valid(&check(&report, Format::Sarif, Style::default()));
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    let control = &report.controls[rule["id"].as_str().expect("an id")];
    assert_eq!(rule["fullDescription"]["text"], control.why.as_str());
    assert_eq!(rule["helpUri"], control.references[0].as_str());
    assert_eq!(
        rule["properties"]["tags"],
        serde_json::json!(["security", "pod-security", "PSS", "NSA/CISA 1.2"])
    );
    let help = &rule["help"];
    for text in [&help["text"], &help["markdown"]] {
        let text = text.as_str().expect("help");
        assert!(text.contains("How to fix it"), "{text}");
    }
    // A report without the controls' words still has rules.
    let mut older = report;
    older.controls.clear();
    let log = valid(&check(&older, Format::Sarif, Style::default()));
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    assert!(rule.get("helpUri").is_none() && rule["help"]["text"].is_string());
}

#[test]
fn a_vulnerability_is_a_rule_of_its_own_with_its_score_and_what_suppresses_it() {
    let log = valid(&scan(
        support::vulnerable::scan(),
        Format::Sarif,
        Style::default(),
    ));
    valid(&check(
        &support::vulnerable::check(),
        Format::Sarif,
        Style::default(),
    ));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules
        .iter()
        .find(|rule| rule["id"] == "CVE-2022-3602")
        .expect("the rule");
    assert_eq!(
        rule["shortDescription"]["text"],
        "CVE-2022-3602: X.509 e-mail address buffer overflow"
    );
    assert_eq!(
        rule["helpUri"],
        "https://www.openssl.org/news/secadv/20221101.txt"
    );
    assert_eq!(rule["properties"]["security-severity"], "9.5");
    assert_eq!(
        rule["properties"]["tags"],
        serde_json::json!(["security", "vulnerability", "external/cwe/cwe-787"])
    );
    let results = run["results"].as_array().expect("results");
    let of = |id: &str| {
        let found = results.iter().find(|result| result["ruleId"] == id);
        found.expect("the result")
    };
    let worst = of("CVE-2022-3602");
    assert_eq!(
        worst["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .map(|uri| uri.ends_with("var/lib/dpkg/status")),
        Some(true)
    );
    let properties = &worst["properties"];
    assert_eq!(properties["fixed"], "3.0.7-1");
    assert_eq!(properties["kev"]["due"], "2022-11-22");
    assert_eq!(properties["priority"]["level"], "now");
    assert!(properties["epss"]["score"].is_number());
    assert!(worst.get("suppressions").is_none());
    let suppressed = &of("CVE-2025-0001")["suppressions"][0];
    assert_eq!(suppressed["kind"], "external");
    assert_eq!(
        suppressed["justification"],
        "suppressed by vex/zlib.json (until 2027-01-31): not_affected"
    );
}
