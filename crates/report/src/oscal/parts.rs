//! Observations, risks and findings.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetId, AssetState, FindingId, ObjectRef, Timestamp, Verdict,
    wire::{AttainmentReport, CheckReport, FindingReport, GoalAssetReport, GoalReport, StepReport},
};
use serde_json::{Value, json};

use super::form::{Props, code, list, markup, string, token, uuid};
use crate::{
    lookup::Lookup,
    text::{clean, count},
    uri::Reference,
    words,
};

/// What is the same in all parts: who says it, and when.
pub(super) struct Origin {
    pub(super) now: Timestamp,
    /// The tool, as a component.
    pub(super) tool: String,
}

impl Origin {
    pub(super) fn json(&self) -> Value {
        json!([{ "actors": [{ "type": "tool", "actor-uuid": self.tool }] }])
    }
}

/// The identifier of an asset in every document.
pub(super) fn asset_uuid(asset: &AssetId) -> String {
    uuid(&["asset", asset.as_str()])
}

fn observation_uuid(finding: FindingId) -> String {
    uuid(&["observation", &finding.to_string()])
}

fn subject(asset: &AssetId, object: &ObjectRef) -> Value {
    json!([{
        "subject-uuid": asset_uuid(asset),
        "type": "inventory-item",
        "title": markup(&object.to_string()),
    }])
}

/// A place in a file as evidence.
fn evidence(file: &str, line: u32, column: u32, path: &str, observed: Option<&str>) -> Value {
    let mut text = code(&words::place(file, line, column));
    if !path.is_empty() {
        text.push_str(&format!(": {}", code(path)));
    }
    if let Some(observed) = observed {
        text.push_str(&format!(" is {}", code(observed)));
    }
    let mut href = Reference::of(file).into_string();
    if line > 0 {
        href.push_str(&format!("#L{line}"));
    }
    let mut evidence = json!({ "href": href, "description": text });
    Props::default()
        .add("file", file)
        .maybe("line", (line > 0).then_some(line))
        .maybe("column", (column > 0).then_some(column))
        .add("path", path)
        .maybe("observed", observed)
        .into(&mut evidence);
    evidence
}

/// One of our findings: what was seen where.
pub(super) fn observation(origin: &Origin, finding: &FindingReport) -> Value {
    let mut object = json!({
        "uuid": observation_uuid(finding.id),
        "title": markup(&finding.title),
        "description": markup(&finding.message),
    });
    Props::default()
        .add("finding-id", finding.id)
        .add("control", &finding.control)
        .add("severity", finding.severity)
        .maybe("container", finding.container.as_deref())
        .maybe("excepted-by", finding.excepted_by.as_deref())
        .maybe("waived-by", finding.waived_by.as_deref())
        .maybe("first-seen", finding.first_seen)
        .into(&mut object);
    object["methods"] = json!(["EXAMINE"]);
    object["types"] = json!(["finding"]);
    object["origins"] = origin.json();
    object["subjects"] = subject(&finding.asset, &finding.object);
    let first = evidence(
        &finding.file,
        finding.line,
        finding.column,
        &finding.path,
        finding.observed.as_deref(),
    );
    let also = finding
        .also
        .iter()
        .map(|at| evidence(&at.file, at.line, at.column, &at.path, None));
    object["relevant-evidence"] = std::iter::once(first).chain(also).collect();
    object["collected"] = json!(origin.now);
    let mut remarks = vec![format!("How to clear it: {}", markup(&finding.fix.summary))];
    remarks.extend(words::accepted(finding).map(|how| markup(&how)));
    object["remarks"] = remarks.join("\n\n").into();
    object
}

/// An asset whose state for a goal is not known: no finding says so.
fn unknown_uuid(report: &CheckReport, goal: &GoalReport, asset: &GoalAssetReport) -> String {
    uuid(&["unknown", &report.cluster, &goal.name, asset.asset.as_str()])
}

/// What is not known, as observations: nothing was seen, and that counts.
pub(super) fn unknown<'a>(
    origin: &'a Origin,
    report: &'a CheckReport,
) -> impl Iterator<Item = Value> + 'a {
    let of = |goal: &'a GoalReport| goal.assets.iter().map(move |asset| (goal, asset));
    let unknown = report.goals.iter().flat_map(of);
    unknown.filter(|(_, asset)| asset.state == AssetState::Unknown).map(|(goal, asset)| {
        let why: Vec<String> = asset
            .because
            .iter()
            .map(|because| markup(&words::because(goal, because)))
            .collect();
        let mut object = json!({
            "uuid": unknown_uuid(report, goal, asset),
            "title": markup(&format!("{} can't be judged for goal {}", asset.object, goal.name)),
            "description": string(&why.join("; ")),
        });
        Props::default()
            .add("state", asset.state)
            .add("goal", &goal.name)
            .into(&mut object);
        object["methods"] = json!(["EXAMINE"]);
        object["types"] = json!(["control-objective"]);
        object["origins"] = origin.json();
        object["subjects"] = subject(&asset.asset, &asset.object);
        object["collected"] = json!(origin.now);
        object
    })
}

/// The observations a goal's verdict rests on, each once.
fn related(report: &CheckReport, lookup: &Lookup<'_>, goal: &GoalReport) -> Vec<Value> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut list = Vec::new();
    for asset in &goal.assets {
        let ids = asset.because.iter().flat_map(|because| &because.findings);
        let known = ids.filter(|id| lookup.finding(**id).is_some());
        let mut all: Vec<String> = known.map(|id| observation_uuid(*id)).collect();
        if asset.state == AssetState::Unknown {
            all.push(unknown_uuid(report, goal, asset));
        }
        for id in all {
            if seen.insert(id.clone()) {
                list.push(json!({ "observation-uuid": id }));
            }
        }
    }
    list
}

fn risk_uuid(report: &CheckReport, goal: &GoalReport) -> String {
    uuid(&["risk", &report.cluster, &goal.name])
}

/// The goal where OSCAL wants the id of a control objective.
pub(super) fn objective(goal: &GoalReport) -> String {
    token("goal", &goal.name)
}

/// A goal's verdict.
pub(super) fn finding(
    origin: &Origin,
    report: &CheckReport,
    lookup: &Lookup<'_>,
    goal: &GoalReport,
) -> Value {
    let (state, reason) = match goal.verdict {
        Verdict::Met | Verdict::AtRisk => ("satisfied", "pass"),
        Verdict::Breached => ("not-satisfied", "fail"),
        // OSCAL knows no third state; what is not known is not satisfied, and
        // the reason says that it is no failure either.
        Verdict::Unverified => ("not-satisfied", "other"),
    };
    let sentence = sentence(goal);
    let mut object = json!({
        "uuid": uuid(&["finding", &report.cluster, &goal.name]),
        "title": markup(&format!("{}: {}", goal.name, words::verdict(goal.verdict))),
        "description": sentence,
    });
    props(goal).into(&mut object);
    object["origins"] = origin.json();
    let mut status = json!({ "state": state, "reason": reason });
    let remarks = remarks(goal);
    if !remarks.is_empty() {
        status["remarks"] = remarks.into();
    }
    object["target"] = json!({
        "type": "objective-id",
        "target-id": objective(goal),
        "title": markup(&goal.name),
        "status": status,
    });
    list(
        &mut object,
        "related-observations",
        related(report, lookup, goal),
    );
    if goal.verdict != Verdict::Met {
        object["related-risks"] = json!([{ "risk-uuid": risk_uuid(report, goal) }]);
    }
    object
}

/// A goal's numbers in one sentence.
fn sentence(goal: &GoalReport) -> String {
    markup(&format!(
        "{}; {}",
        words::attainment(goal),
        words::scope(&goal.counts)
    ))
}

/// A goal's numbers, exact.
fn props(goal: &GoalReport) -> Props {
    let AttainmentReport {
        lower,
        upper,
        target,
        required,
    } = goal.attainment;
    let counts = &goal.counts;
    Props::default()
        .add("verdict", goal.verdict)
        .add("owner", &goal.owner)
        .add("attainment-lower", lower)
        .add("attainment-upper", upper)
        .add("target", target)
        .add("required", required)
        .add("in-scope", counts.in_scope)
        .add("satisfied", counts.satisfied)
        .add("violated", counts.violated)
        .add("pending", counts.pending)
        .add("unknown", counts.unknown)
        .add("excepted", counts.excepted)
        .add("mandatory", goal.mandatory)
        .add("admission", &goal.admission)
        .maybe("since", goal.since)
}

/// What a reader must know beside the numbers, a paragraph each.
fn remarks(goal: &GoalReport) -> String {
    let mut lines = Vec::new();
    lines.extend(goal.window.as_ref().map(words::window));
    lines.extend(
        goal.at_risk
            .as_ref()
            .map(|risk| format!("holds until {}: {}", words::when(risk.at), risk.because)),
    );
    lines.extend(goal.notes.iter().cloned());
    lines.extend(
        goal.settled_by
            .iter()
            .map(|what| format!("settled by: {what}")),
    );
    let lines: Vec<String> = lines.iter().map(|line| markup(line)).collect();
    lines.join("\n\n")
}

/// The risks: each goal that is not simply met, with its fix plan, and each
/// exception that accepts findings.
pub(super) fn risks(origin: &Origin, report: &CheckReport, lookup: &Lookup<'_>) -> Vec<Value> {
    let goals = report
        .goals
        .iter()
        .filter(|goal| goal.verdict != Verdict::Met);
    let mut risks: Vec<Value> = goals
        .map(|goal| risk(origin, report, lookup, goal))
        .collect();
    let mut accepted: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(name) = finding.excepted_by.as_deref() {
            let related = json!({ "observation-uuid": observation_uuid(finding.id) });
            accepted.entry(name).or_default().push(related);
        }
    }
    risks.extend(accepted.into_iter().map(|(name, related)| {
        let text = format!(
            "Exception {} accepts {}.",
            clean(name),
            count(related.len() as u64, "finding")
        );
        json!({
            "uuid": uuid(&["exception", &report.cluster, name]),
            "title": markup(&format!("exception {name}")),
            "description": markup(&text),
            "statement": "The findings stay, are counted, and do not violate a goal that exceptions may waive.",
            "status": "deviation-approved",
            "origins": origin.json(),
            "related-observations": related,
        })
    }));
    risks
}

fn risk(origin: &Origin, report: &CheckReport, lookup: &Lookup<'_>, goal: &GoalReport) -> Value {
    let word = words::verdict(goal.verdict);
    let plan = words::plan(
        goal.fix_plan.len(),
        &goal.plan,
        &format!("goal {}", goal.name),
    );
    let mut object = json!({
        "uuid": risk_uuid(report, goal),
        "title": markup(&format!("goal {} is {word}", goal.name)),
        "description": sentence(goal),
        "statement": markup(match goal.why.as_str() {
            "" => "The goal gives no reason why its line is where it is.",
            why => why,
        }),
    });
    let mut severity = None;
    for asset in &goal.assets {
        for because in &asset.because {
            let worst = lookup
                .findings(&because.findings)
                .first()
                .map(|f| f.severity);
            severity = severity.max(worst);
        }
    }
    Props::default()
        .add("goal", &goal.name)
        .add("verdict", goal.verdict)
        .maybe("worst-severity", severity)
        .add("plan-reaches-target", goal.plan.reaches_target)
        .add("plan-out-of-reach", goal.plan.out_of_reach)
        .into(&mut object);
    object["status"] = "open".into();
    object["origins"] = origin.json();
    if let Some(at_risk) = &goal.at_risk {
        object["deadline"] = json!(at_risk.at);
    }
    let steps = goal.fix_plan.iter().enumerate();
    let steps = steps.map(|(at, step)| remediation(origin, report, goal, at, step, &plan));
    list(&mut object, "remediations", steps.collect());
    list(
        &mut object,
        "related-observations",
        related(report, lookup, goal),
    );
    object
}

/// One step of a fix plan.
fn remediation(
    origin: &Origin,
    report: &CheckReport,
    goal: &GoalReport,
    at: usize,
    step: &StepReport,
    plan: &str,
) -> Value {
    let mut text = vec![format!("{}.", words::clears(step))];
    text.extend(
        step.edits
            .iter()
            .map(|edit| format!("- {}", code(&words::edit(edit)))),
    );
    text.extend(
        step.decisions
            .iter()
            .map(|what| format!("- decide: {}", markup(what))),
    );
    let mut object = json!({
        // A step is known by what it edits and says; the number tells twins apart.
        "uuid": uuid(&[
            "step", &report.cluster, &goal.name, &step.cause, &step.summary, &at.to_string(),
        ]),
        "lifecycle": "recommendation",
        "title": markup(&words::step(step)),
        "description": text.join("\n"),
    });
    Props::default()
        .add("step", at + 1)
        .add("clears", step.clears)
        .add("assets", step.assets)
        .add("effort", step.effort)
        .add("automatic", step.automatic)
        .add("severity", step.severity)
        .maybe("file", step.file.as_deref())
        .maybe("line", step.line)
        .into(&mut object);
    object["origins"] = origin.json();
    if at == 0 {
        object["remarks"] = markup(plan).into();
    }
    object
}
