//! The machine interface: written, read back, and its schemas.

use plimsoll_model::wire::ScanReport;
use plimsoll_report::{Format, ReadError, Style, read_check, schemas};

use crate::{check, scan, support};

#[test]
fn a_stored_report_renders_like_a_fresh_one() {
    for report in [
        support::shop(),
        support::extremes::empty(),
        support::extremes::hostile(),
    ] {
        let stored = check(&report, Format::Json, Style::default());
        assert!(stored.ends_with("}\n"));
        let again = read_check(&stored).expect("what was written is read");
        assert_eq!(again, report);
        for format in Format::ALL {
            let style = Style::default();
            assert_eq!(
                check(&again, format, style),
                check(&report, format, style),
                "{format}"
            );
        }
    }
}

#[test]
fn only_what_is_understood_is_read() {
    let stored = check(&support::shop(), Format::Json, Style::default());
    let with = |from: &str, to: &str| read_check(&stored.replacen(from, to, 1));
    assert!(
        with("\"1.0\"", "\"1.7\"").is_ok(),
        "a later minor version only adds"
    );
    assert!(with("\"kind\": \"check\",", "\"kind\": \"check\", \"new\": [1],").is_ok());
    let check = |got: Result<_, ReadError>, expect: &str| match got {
        Ok(_) => panic!("read, but expected: {expect}"),
        Err(error) => assert!(error.to_string().contains(expect), "{error}"),
    };
    check(
        with("\"1.0\"", "\"2.0\"").map(drop),
        "schemaVersion 2.0, and this Plimsoll reads 1.x: use the Plimsoll that wrote it \
         (plimsoll 0.1.0)",
    );
    check(
        with("\"check\"", "\"scan\"").map(drop),
        "the report of a scan, which has no goals",
    );
    check(
        with("\"verdict\": \"breached\"", "\"verdict\": 1").map(drop),
        "at line",
    );
    check(
        read_check("").map(drop),
        "this is no report of `plimsoll check -o json`",
    );
    check(read_check("[]").map(drop), "this is no report");
    check(
        read_check(&"[".repeat(100_000)).map(drop),
        "this is no report",
    );
}

#[test]
fn a_report_of_an_older_build_is_read() {
    let stored = check(&support::shop(), Format::Json, Style::default());
    let mut older: serde_json::Value = serde_json::from_str(&stored).expect("JSON");
    let report = older.as_object_mut().expect("an object");
    report.remove("baselines");
    report.remove("baselineControls");
    report.remove("controls");
    for goal in report["goals"].as_array_mut().expect("goals") {
        goal.as_object_mut().expect("a goal").remove("satisfied");
    }
    let older = read_check(&older.to_string()).expect("fields are only added");
    assert!(older.controls.is_empty() && older.goals[0].satisfied.is_empty());
    for format in Format::ALL {
        assert!(!check(&older, format, Style::default()).is_empty());
    }
}

#[test]
fn a_streamed_scan_is_the_whole_value() {
    let (header, findings) = support::extremes::scan();
    let whole = ScanReport {
        findings: findings.clone(),
        ..header.clone()
    };
    let expect = serde_json::to_value(&whole).expect("a report is JSON");
    let count = findings.len();
    let streamed = scan((header.clone(), findings), Format::Json, Style::default());
    let got: serde_json::Value = serde_json::from_str(&streamed).expect("JSON");
    assert_eq!(got, expect);
    let lines = streamed
        .lines()
        .filter(|line| line.starts_with("    {\"id\":"));
    assert_eq!(lines.count(), count, "each finding is one line");
    assert_eq!(
        scan((whole, Vec::new()), Format::Json, Style::default()),
        streamed
    );
    let none = scan((header, Vec::new()), Format::Json, Style::default());
    assert!(none.ends_with("\"findings\": []\n}\n"), "{none}");
}

#[test]
fn what_is_written_is_valid_against_the_published_schemas() {
    let schemas = schemas();
    let valid = |name: &str, json: &str| {
        let schema = schemas
            .iter()
            .find(|(n, _)| *n == name)
            .expect("a schema of that name");
        let schema = jsonschema::validator_for(&schema.1).expect("a valid schema");
        let value = serde_json::from_str(json).expect("JSON");
        let errors: Vec<String> = schema
            .iter_errors(&value)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    };
    for report in [
        support::shop(),
        support::vulnerable::check(),
        support::extremes::empty(),
    ] {
        valid(
            "check-report",
            &check(&report, Format::Json, Style::default()),
        );
    }
    valid(
        "scan-report",
        &scan(support::extremes::scan(), Format::Json, Style::default()),
    );
    let (before, after) = (support::shop(), support::extremes::empty());
    let mut out = Vec::new();
    plimsoll_report::diff::diff(&before, &after)
        .json(&mut out)
        .expect("a vector takes all");
    valid("diff-report", &String::from_utf8(out).expect("text"));
    let mut out = Vec::new();
    plimsoll_report::simulate::simulate(None, &before)
        .json(&mut out)
        .expect("a vector");
    valid("simulate-report", &String::from_utf8(out).expect("text"));
    let mut out = Vec::new();
    plimsoll_report::plan::Plan::of(&before)
        .json(&mut out)
        .expect("a vector takes all");
    valid("plan-report", &String::from_utf8(out).expect("text"));
}
