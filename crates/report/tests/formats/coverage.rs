//! The coverage of a cluster in every form.

use plimsoll_model::wire::ClusterCoverageReport;
use plimsoll_report::{Format, Style, coverage::coverage};
use serde_json::{Value, json};

fn cell(state: &str, heard: Option<&str>, reason: &str) -> Value {
    let mut cell = json!({"state": state, "reason": reason, "fix": ""});
    if let Some(heard) = heard {
        cell["since"] = json!("2026-11-20T08:00:00Z");
        cell["heard"] = json!(heard);
    }
    cell
}

/// A cluster with a node that is not heard, an excluded namespace and no
/// sensor.
fn report(message: &str) -> ClusterCoverageReport {
    let absent = cell("not-deployed", None, "there is no sensor here");
    let heard = cell("observed", Some("2026-11-26T11:59:30Z"), "");
    let none = cell("not-applicable", None, "");
    let engines = |watch: &Value, sensor: &Value| json!({"kubernetes-watch": watch, "image-scan": none, "advisories": none, "audit-log": none, "sensor": sensor, "admission": none});
    let engine = |name: &str, whole: &Value, counts: Value| {
        let mut engine = whole.clone();
        engine["engine"] = json!(name);
        engine["counts"] = counts;
        engine
    };
    let object = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "name": name});
    let silent = cell(
        "silent",
        Some("2026-11-26T11:53:00Z"),
        "its lease was last renewed 7m ago",
    );
    let excluded = cell(
        "excluded",
        None,
        "namespace lab is excluded by --exclude-namespace",
    );
    let value = json!({
        "schemaVersion": "1.0", "kind": "cluster-coverage", "generator": "plimsoll 0.0.0-test",
        "now": "2026-11-26T12:00:00Z", "cluster": "prod",
        "engines": [
            engine("kubernetes-watch", &heard, json!({"node": {"observed": 1, "silent": 1}, "namespace": {"excluded": 1}})),
            engine("sensor", &absent, json!({"node": {"not-deployed": 2}})),
        ],
        "assets": [
            {"id": "cluster/prod/node/n1", "kind": "node", "object": object("Node", "n1"), "engines": engines(&heard, &absent)},
            {"id": "cluster/prod/node/n2", "kind": "node", "object": object("Node", "n2"), "owner": "platform", "engines": engines(&silent, &absent)},
            {"id": "cluster/prod/ns/lab", "kind": "namespace", "object": object("Namespace", "lab"), "engines": engines(&excluded, &none)},
        ],
        "gaps": [
            {"id": "00112233445566778899aabbccddeeff", "kind": "coverage-gap", "rule": "coverage/node-silent", "title": "every node has a heartbeat", "severity": "high", "asset": "cluster/prod/node/n2", "subject": "kubernetes-watch", "owner": "platform", "message": message, "source": "kubernetes-watch/cluster/prod/node/n2", "observed": "2026-11-26T11:53:00Z", "fix": "look at the machine and its kubelet; delete the node if it is gone"},
            {"id": "10112233445566778899aabbccddeeff", "kind": "coverage-gap", "rule": "coverage/namespace-excluded", "title": "no namespace is excluded", "severity": "low", "asset": "cluster/prod/ns/lab", "subject": "all engines", "message": "namespace lab is excluded by --exclude-namespace", "source": "--exclude-namespace", "observed": "lab", "fix": "take the namespace back in, or accept the gap with an exception"},
        ],
        "versions": [
            {"asset": "cluster/prod", "part": "kubernetes", "version": "v1.36.1", "state": "supported", "until": "2027-06-28", "source": "https://endoflife.date/kubernetes"},
            {"asset": "cluster/prod/node/n2", "part": "runtime", "version": "cri-o://1.36.0", "state": "unknown", "reason": "the table has no dates of cri-o"},
        ],
        "versionsAsOf": "2026-08-22",
    });
    serde_json::from_value(value).expect("a report")
}

fn written(report: &ClusterCoverageReport, format: Format) -> String {
    let mut out = Vec::new();
    coverage(report, format, Style::default(), &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn the_coverage_of_a_cluster_is_a_table_of_engines_then_every_gap_with_its_fix() {
    let report = report("Node n2: its lease was last renewed 7m ago");
    insta::assert_snapshot!("coverage_terminal", written(&report, Format::Terminal));
    insta::assert_snapshot!("coverage_markdown", written(&report, Format::Markdown));
    insta::assert_snapshot!("coverage_csv", written(&report, Format::Csv));
}

#[test]
fn coverage_is_read_back_from_json_as_it_was_written() {
    let report = report("Node n2 is silent");
    let text = written(&report, Format::Json);
    let back: ClusterCoverageReport = serde_json::from_str(&text).expect("a report");
    assert_eq!(back, report);
}

#[test]
fn what_a_cluster_says_of_itself_is_shown_and_never_obeyed() {
    let report = report("<script>alert(1)</script>\u{1b}[31m | `x`");
    for format in Format::COVERAGE {
        let text = written(&report, format);
        assert!(!text.contains('\u{1b}'), "{format}");
        if format == Format::Html || format == Format::Markdown {
            assert!(!text.contains("<script>alert"), "{format}");
        }
    }
    assert!(coverage(&report, Format::Sarif, Style::default(), &mut Vec::new()).is_err());
}
