//! What a cluster runs on, for a person.

use plimsoll_model::{
    AssetId,
    wire::{CheckReport, ComponentReport, ComponentState},
};
use plimsoll_report::{Format, Style};

use crate::{check, support};

fn row(node: &str, component: &str, version: Option<&str>) -> ComponentReport {
    let asset = AssetId::object("files", "", "Node", None, node);
    ComponentReport::compared(asset, component, version)
}

/// Two nodes: of one version something is known, of one program nothing.
fn report() -> CheckReport {
    let mut report = support::shop();
    let first = &report.findings[0];
    let other = report
        .findings
        .iter()
        .find(|f| f.message != first.message)
        .expect("the shop has several");
    let known = vec![first.id, other.id];
    for node in ["one", "two"] {
        report.components.push(ComponentReport {
            findings: known.clone(),
            ..row(node, "kubelet", Some("v1.30.2"))
        });
        report.components.push(ComponentReport {
            state: ComponentState::NotTold,
            reasons: vec!["no API tells its version".to_owned()],
            ..row(node, "runc", None)
        });
    }
    report
        .components
        .push(row("one", "containerd", Some("1.7.27")));
    report
}

#[test]
fn each_format_for_a_person_tells_what_the_cluster_runs_on() {
    let report = report();
    let check = |format, parts: &[&str]| {
        let text = check(&report, format, Style::default());
        for part in parts {
            assert!(text.contains(part), "{format}: {part}: {text}");
        }
        let message = &report.findings[0].message;
        let start = message.split(['`', '\'', '"']).next().unwrap_or_default();
        let told = text.split("What the cluster runs on").nth(1);
        assert!(
            told.expect("a section").contains(start),
            "{format}: {start}"
        );
    };
    let all = [
        "What the cluster runs on",
        "kubelet v1.30.2",
        "2 nodes",
        "2 known vulnerabilities",
        "containerd 1.7.27",
        "node one",
        "no known vulnerability",
        "not told",
        "no API tells its version",
    ];
    check(Format::Terminal, &all);
    check(Format::Html, &all);
    check(Format::Markdown, &all);
}

#[test]
fn what_was_not_compared_is_a_notification_for_code_scanning() {
    let sarif = check(&report(), Format::Sarif, Style::default());
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let told = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .expect("a list");
    let told: Vec<&str> = told
        .iter()
        .filter_map(|one| one["message"]["text"].as_str())
        .filter(|text| text.contains("no API"))
        .collect();
    assert_eq!(told, ["runc (2 nodes): not told: no API tells its version"]);
}

#[test]
fn where_nothing_was_compared_no_format_claims_it() {
    for format in [Format::Terminal, Format::Html, Format::Markdown] {
        let text = check(&support::shop(), format, Style::default());
        assert!(!text.contains("What the cluster runs on"), "{format}");
    }
}
