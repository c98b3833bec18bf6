//! OSCAL assessment results, for governance tools: a goal is a control
//! objective, its verdict a finding, our findings are observations on assets,
//! and the fix plan is how a risk is remediated.

mod about;
mod form;
mod inventory;
mod parts;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Write},
};

use plimsoll_model::{
    AssetId, ObjectRef, Timestamp,
    wire::{
        AssetReport, CheckReport, ControlReport, CoverageReport, DiagnosticReport, FindingReport,
        GoalReport, ScanReport,
    },
};
use serde::Serialize;
use serde_json::{Value, json};

use self::{
    about::{definitions, log, metadata, numbers, resource, reviewed},
    form::{Props, markup, uuid},
    inventory::{LocalDefinitions, Owners, Seen},
    parts::Origin,
};
use crate::{
    json::{self, Stream},
    lookup::Lookup,
    text::count,
    words,
};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    assessment_results: AssessmentResults<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AssessmentResults<'a> {
    uuid: String,
    metadata: Value,
    import_ap: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_definitions: Option<Value>,
    results: [ResultSet<'a>; 1],
    back_matter: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ResultSet<'a> {
    uuid: String,
    title: String,
    description: String,
    start: Timestamp,
    end: Timestamp,
    props: Value,
    reviewed_controls: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment_log: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<Stream<'a, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    risks: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Value>,
    // Behind the observations: only then are all their subjects known.
    local_definitions: LocalDefinitions<'a>,
}

/// What a document says beside its observations.
struct About<'a> {
    verb: &'a str,
    generator: &'a str,
    cluster: &'a str,
    now: Timestamp,
    description: String,
    props: Props,
    baselines: &'a [String],
    controls: &'a BTreeMap<String, ControlReport>,
    coverage: &'a CoverageReport,
    diagnostics: &'a [DiagnosticReport],
    goals: &'a [GoalReport],
    assets: &'a [AssetReport],
    risks: Vec<Value>,
    findings: Vec<Value>,
}

fn write(
    about: About<'_>,
    origin: &Origin,
    seen: &RefCell<Seen>,
    observations: &mut dyn Iterator<Item = Value>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let owners = about
        .assets
        .iter()
        .filter_map(|asset| asset.owner.as_deref());
    let goals = about.goals.iter().map(|goal| goal.owner.as_str());
    let owners = Owners(
        owners
            .chain(goals)
            .filter(|name| !name.trim().is_empty())
            .collect(),
    );
    let mut observations = observations.peekable();
    let some = observations.peek().is_some();
    let mut props = json!({});
    about.props.into(&mut props);
    let title = format!("plimsoll {} of cluster {}", about.verb, about.cluster);
    let plan = uuid(&["plan", about.verb, about.cluster]);
    let document = AssessmentResults {
        uuid: uuid(&["document", about.verb, about.cluster]),
        metadata: metadata(&title, about.now, about.generator, &owners),
        import_ap: json!({ "href": format!("#{plan}") }),
        local_definitions: definitions(about.goals, about.controls),
        results: [ResultSet {
            uuid: uuid(&["result", about.verb, about.cluster, &about.now.to_string()]),
            title: markup(&title),
            description: about.description,
            start: about.now,
            end: about.now,
            props: props["props"].take(),
            reviewed_controls: reviewed(about.baselines),
            assessment_log: log(about.now, about.cluster, about.coverage, about.diagnostics),
            observations: some.then(|| Stream(RefCell::new(&mut observations))),
            risks: about.risks,
            findings: about.findings,
            local_definitions: LocalDefinitions {
                generator: about.generator,
                tool: &origin.tool,
                owners: &owners,
                assets: about.assets,
                seen,
            },
        }],
        back_matter: json!({ "resources": [resource(&plan, about.verb, about.goals)] }),
    };
    json::write(
        &Document {
            assessment_results: document,
        },
        out,
    )
}

fn origin(generator: &str, now: Timestamp) -> Origin {
    Origin {
        now,
        tool: uuid(&["tool", generator]),
    }
}

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let lookup = Lookup::new(report);
    let origin = origin(&report.generator, report.now);
    let seen: RefCell<Seen> = RefCell::default();
    let note = |id: &AssetId, object: &ObjectRef| {
        seen.borrow_mut()
            .entry(id.clone())
            .or_insert_with(|| object.clone());
    };
    for asset in report.goals.iter().flat_map(|goal| &goal.assets) {
        note(&asset.asset, &asset.object);
    }
    let findings = report.findings.iter().map(|finding| {
        note(&finding.asset, &finding.object);
        parts::observation(&origin, finding)
    });
    let props = Props::default()
        .add("verdict", report.verdict)
        .add("starter-line", report.starter_line);
    let about = About {
        verb: "check",
        generator: &report.generator,
        cluster: &report.cluster,
        now: report.now,
        description: markup(&words::headline(report)),
        props: numbers(props, &report.cluster, &report.coverage, &report.severities),
        baselines: &report.baselines,
        controls: &report.controls,
        coverage: &report.coverage,
        diagnostics: &report.diagnostics,
        goals: &report.goals,
        assets: &report.assets,
        risks: parts::risks(&origin, report, &lookup),
        findings: report
            .goals
            .iter()
            .map(|goal| parts::finding(&origin, report, &lookup, goal))
            .collect(),
    };
    let mut observations = findings.chain(parts::unknown(&origin, report));
    write(about, &origin, &seen, &mut observations, out)
}

/// Writes the report of a scan: observations alone, for there is no goal they
/// could satisfy or not.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let origin = origin(&header.generator, header.now);
    let seen: RefCell<Seen> = RefCell::default();
    let mut observations = findings.map(|finding| {
        let mut seen = seen.borrow_mut();
        seen.entry(finding.asset.clone())
            .or_insert_with(|| finding.object.clone());
        parts::observation(&origin, &finding)
    });
    let all = header.severities.values().sum();
    let about = About {
        verb: "scan",
        generator: &header.generator,
        cluster: &header.cluster,
        now: header.now,
        description: format!("{}.", count(all, "finding")),
        props: numbers(
            Props::default(),
            &header.cluster,
            &header.coverage,
            &header.severities,
        ),
        baselines: &header.baselines,
        controls: &header.controls,
        coverage: &header.coverage,
        diagnostics: &header.diagnostics,
        goals: &[],
        assets: &[],
        risks: Vec::new(),
        findings: Vec::new(),
    };
    write(about, &origin, &seen, &mut observations, out)
}
