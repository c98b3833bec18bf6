//! The rows of `docs/features.md`, each shown from end to end by the built command: what a user
//! sees, on folders made for it, with a clock that is set. What one engine promises by itself is
//! tested beside that engine.

#[path = "rows/change.rs"]
mod change;
#[path = "rows/classes.rs"]
mod classes;
#[path = "rows/exposure.rs"]
mod exposure;
#[path = "rows/numbers.rs"]
mod numbers;
#[path = "rows/plan.rs"]
mod plan;
#[expect(dead_code, reason = "the tests of the verbs use the rest of it")]
#[path = "cli/support.rs"]
mod support;
#[path = "rows/time.rs"]
mod time;
#[path = "rows/verdicts.rs"]
mod verdicts;

use serde_json::Value;
use support::{Run, Sandbox};

/// A document of the line: `kind`, its name, and the lines of its `spec`.
fn resource(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: plimsoll.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n\
         spec:\n{spec}"
    )
}

/// A goal over all workloads, with further lines of its `spec`.
fn goal(name: &str, spec: &str) -> String {
    resource(
        "PostureGoal",
        name,
        &format!("  owner: platform\n  assets: {{all: true}}\n{spec}"),
    )
}

/// A goal over all workloads: none is privileged.
fn unprivileged(more: &str) -> String {
    goal(
        "unprivileged",
        &format!("  require:\n    - configuration: {{controls: [pss-privileged]}}\n{more}"),
    )
}

/// A Deployment in the namespace `shop` of which a test changes parts of the text.
const PLAIN: &str = "\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  namespace: shop
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata:
      labels: {app: NAME}
    spec:
      containers:
        - name: main
          image: registry.example.com/NAME:1.0
          securityContext:
            privileged: false
";

/// A Deployment that is not privileged.
fn plain(name: &str) -> String {
    PLAIN.replace("NAME", name)
}

/// A Deployment that is.
fn privileged(name: &str) -> String {
    plain(name).replace("privileged: false", "privileged: true")
}

/// The id of a Deployment in the namespace `shop`.
fn id(name: &str) -> String {
    format!("cluster/files/ns/shop/apps.Deployment/{name}")
}

/// Judges all that is in the folder at a time, as JSON; the state file is used where it is asked
/// for.
fn check_at(sandbox: &Sandbox, now: &str, more: &[&str]) -> Run {
    sandbox.run(&[&["check", ".", "--now", now, "-o", "json"][..], more].concat())
}

/// The goal of that name in a report.
#[track_caller]
fn named<'a>(report: &'a Value, list: &str, name: &str) -> &'a Value {
    items(&report[list])
        .iter()
        .find(|item| item["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list}: {report:#}"))
}

/// The items of a list.
#[track_caller]
fn items(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value:#}"))
}

/// A text.
#[track_caller]
fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value:#}"))
}

/// The texts under a key of the items of a list.
#[track_caller]
fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    items(list).iter().map(|item| text(&item[key])).collect()
}
