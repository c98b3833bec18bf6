//! What is said of the document, the line, the controls and the run.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    Severity, Timestamp,
    wire::{ControlReport, CoverageReport, DiagnosticReport, GoalReport},
};
use serde_json::{Value, json};

use super::{
    form::{Props, code, list, markup, string, uuid},
    inventory::{Owners, party},
    parts,
};
use crate::{
    uri::{Reference, is_https},
    words,
};

/// The version of OSCAL that is written. Later 1.x versions read it too.
const OSCAL_VERSION: &str = "1.1.3";

pub(super) fn metadata(title: &str, now: Timestamp, generator: &str, owners: &Owners<'_>) -> Value {
    let mut metadata = json!({
        "title": markup(title),
        "last-modified": now,
        // A document is made anew by each run, so its version is the run's time.
        "version": now,
        "oscal-version": OSCAL_VERSION,
    });
    Props::default()
        .add("generator", generator)
        .into(&mut metadata);
    if !owners.0.is_empty() {
        metadata["roles"] = json!([{ "id": "asset-owner", "title": "Asset owner" }]);
        let parties = owners.0.iter().map(
            |name| json!({ "uuid": party(name), "type": "organization", "name": string(name) }),
        );
        metadata["parties"] = parties.collect();
    }
    metadata
}

/// What is assessed against: the files of the goals. A document must name a
/// plan; this one stands in the document itself.
pub(super) fn resource(uuid: &str, verb: &str, goals: &[GoalReport]) -> Value {
    let (title, text) = match verb {
        "scan" => (
            "No plan",
            "A scan lists findings and holds nothing against a goal.",
        ),
        _ => (
            "The posture goals",
            "The goals are the plan: what is asked, of which assets, by whom.",
        ),
    };
    let mut resource = json!({
        "uuid": uuid,
        "title": title,
        "description": text,
        "citation": { "text": text },
    });
    let files: BTreeSet<&str> = goals.iter().map(|goal| goal.file.as_str()).collect();
    let files = files.into_iter().filter(|file| !file.is_empty());
    let files = files.map(|file| json!({ "href": Reference::of(file).into_string() }));
    list(&mut resource, "rlinks", files.collect());
    resource
}

/// The goals and the controls, as activities of the assessment. OSCAL has local
/// objectives too, with constraints that its own other rules contradict.
pub(super) fn definitions(
    goals: &[GoalReport],
    controls: &BTreeMap<String, ControlReport>,
) -> Option<Value> {
    let goals = goals.iter().map(|goal| {
        let mut activity = activity(
            &uuid(&["goal", &goal.name]),
            &format!("goal {}", goal.name),
            match goal.why.as_str() {
                "" => "Holds assets above the line its clauses draw.",
                why => why,
            },
            Props::default()
                .add("goal", &goal.name)
                .add("objective", parts::objective(goal))
                .add("owner", &goal.owner),
        );
        let steps = goal.clauses.iter().enumerate().map(|(at, clause)| {
            json!({
                "uuid": uuid(&["clause", &goal.name, &at.to_string()]),
                "description": markup(&clause.text),
            })
        });
        list(&mut activity, "steps", steps.collect());
        activity
    });
    let controls = controls.iter().map(|(id, control)| {
        let mut props = Props::default()
            .add("control", id)
            .add("severity", control.severity)
            .add("category", &control.category);
        for mapping in &control.mappings {
            let text = format!("{}: {}", mapping.framework, mapping.requirement);
            props = props.add("mapping", text);
        }
        let uuid = uuid(&["control", id]);
        let mut activity = activity(&uuid, &control.title, &control.why, props);
        let links = control.references.iter().filter(|at| is_https(at));
        let links = links.map(|at| json!({ "href": at, "rel": "reference" }));
        list(&mut activity, "links", links.collect());
        activity["remarks"] = format!("How to fix it: {}", markup(&control.remediation)).into();
        activity
    });
    let all: Vec<Value> = goals.chain(controls).collect();
    (!all.is_empty()).then(|| json!({ "activities": all }))
}

fn activity(uuid: &str, title: &str, why: &str, props: Props) -> Value {
    let mut activity = json!({
        "uuid": uuid,
        "title": markup(title),
        "description": markup(why),
    });
    props.method("EXAMINE").into(&mut activity);
    activity
}

pub(super) fn reviewed(baselines: &[String]) -> Value {
    let names: Vec<String> = baselines.iter().map(|name| code(name)).collect();
    let what = match names.as_slice() {
        [] => "Every control that was asked for.".to_owned(),
        names => format!(
            "Every control of {}, and those named one by one.",
            names.join(", ")
        ),
    };
    json!({ "control-selections": [{ "description": what, "include-all": {} }] })
}

/// What was not read, and what went wrong or must be known.
pub(super) fn log(
    now: Timestamp,
    cluster: &str,
    coverage: &CoverageReport,
    diagnostics: &[DiagnosticReport],
) -> Option<Value> {
    let diagnostics = diagnostics.iter().map(|d| {
        let at = words::diagnostic_place(d).unwrap_or_default();
        (words::level(d.level), at, d.message.as_str())
    });
    let gaps = coverage.gaps.iter().map(|gap| {
        let at = words::place(&gap.file, gap.line, gap.column);
        (words::gap(gap.state), at, gap.reason.as_str())
    });
    let entries: Vec<Value> = diagnostics
        .chain(gaps)
        .enumerate()
        .map(|(n, (what, at, text))| {
            let mut entry = json!({
                "uuid": uuid(&["log", cluster, &now.to_string(), &n.to_string()]),
                "title": what,
                "description": markup(text),
                "start": now,
            });
            Props::default().add("place", at).into(&mut entry);
            entry
        })
        .collect();
    (!entries.is_empty()).then(|| json!({ "entries": entries }))
}

/// Numbers of the run.
pub(super) fn numbers(
    props: Props,
    cluster: &str,
    coverage: &CoverageReport,
    severities: &BTreeMap<Severity, u64>,
) -> Props {
    let mut props = props
        .add("cluster", cluster)
        .add("files", coverage.files)
        .add("objects", coverage.read)
        .add("workloads", coverage.workloads)
        .add("skipped", coverage.skipped)
        .add("not-rendered", coverage.not_rendered)
        .add("failed", coverage.failed);
    for (severity, n) in severities.iter().rev() {
        props = props.add(&format!("findings-{severity}"), n);
    }
    props
}
