//! SARIF 2.1.0, for code scanning. Results are written one by one; the rules
//! they name come after them, which the form allows.

mod vulnerabilities;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Write},
};

use plimsoll_model::{
    AssetState, FindingId, Severity, Timestamp,
    wire::{
        CheckReport, ControlReport, CoverageReport, DiagnosticLevel, DiagnosticReport,
        FindingReport, GapState, PlaceReport, ScanReport,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use self::vulnerabilities::Vulnerable;
use crate::{
    components,
    json::{self, Stream},
    markdown::text as md,
    text::clean,
    uri::Reference,
    words,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A rule, as far as findings tell.
struct Rule<'a> {
    id: String,
    title: String,
    help: String,
    severity: Severity,
    /// The control's own words, where the report has them.
    control: Option<&'a ControlReport>,
    /// The vulnerability, for a rule that is one.
    vulnerability: Option<Vulnerable>,
}

/// The rules by the order of their first result.
struct Rules<'a> {
    list: Vec<Rule<'a>>,
    index: FxHashMap<String, usize>,
    controls: &'a BTreeMap<String, ControlReport>,
}

impl<'a> Rules<'a> {
    fn new(controls: &'a BTreeMap<String, ControlReport>) -> Self {
        Rules {
            list: Vec::new(),
            index: FxHashMap::default(),
            controls,
        }
    }

    fn index(&mut self, finding: &FindingReport) -> usize {
        let v = finding.vulnerability.as_deref();
        let id = rule_id(finding);
        if let Some(at) = self.index.get(id) {
            let rule = &mut self.list[*at];
            rule.severity = rule.severity.max(finding.severity);
            if let (Some(known), Some(v)) = (&mut rule.vulnerability, v) {
                known.also(v);
            }
            return *at;
        }
        let at = self.list.len();
        self.index.insert(id.to_owned(), at);
        self.list.push(Rule {
            id: id.to_owned(),
            vulnerability: v.map(Vulnerable::new),
            title: finding.title.clone(),
            help: finding.fix.summary.clone(),
            severity: finding.severity,
            control: self.controls.get(&finding.control),
        });
        at
    }
}

/// The id of the rule a finding is a result of: a vulnerability is a rule of
/// its own, so that code scanning lists, filters and dismisses it by name.
fn rule_id(finding: &FindingReport) -> &str {
    match &finding.vulnerability {
        Some(v) => &v.vulnerability,
        None => &finding.control,
    }
}

/// The tool with its rules, read when it is written: after the results.
struct Tool<'a> {
    generator: &'a str,
    rules: &'a RefCell<Rules<'a>>,
}

impl Serialize for Tool<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules: Vec<Value> = self.rules.borrow().list.iter().map(rule).collect();
        let (name, version) = self
            .generator
            .split_once(' ')
            .unwrap_or((self.generator, ""));
        let mut driver = json!({ "name": clean(name) });
        if !version.is_empty() {
            driver["version"] = clean(version).into();
        }
        driver["rules"] = rules.into();
        json!({ "driver": driver }).serialize(serializer)
    }
}

/// A rule as code scanning shows it: what it says, why it matters, what to
/// do, and where more is written.
fn rule(rule: &Rule<'_>) -> Value {
    if let Some(v) = &rule.vulnerability {
        return v.rule(&rule.id, rule.severity, rule.control);
    }
    let id = clean(&rule.id);
    let more = format!("More: plimsoll explain {id}");
    let mut tags = vec!["security".to_owned()];
    let mut value = json!({
        "id": id,
        "shortDescription": { "text": clean(&rule.title) },
    });
    let Some(control) = rule.control else {
        let help = format!(
            "{}\n\nHow to fix it: {}\n\n{more}",
            clean(&rule.title),
            clean(&rule.help)
        );
        value["help"] = json!({ "text": help });
        return finish(value, rule.severity, tags);
    };
    let [title, why, fix] =
        [&control.title, &control.why, &control.remediation].map(|text| clean(text));
    value["shortDescription"] = json!({ "text": title });
    value["fullDescription"] = json!({ "text": why });
    let meets: Vec<String> = control
        .mappings
        .iter()
        .map(|m| format!("{}: {}", clean(&m.framework), clean(&m.requirement)))
        .collect();
    let mut text = format!("{title}\n\n{why}\n\nHow to fix it: {fix}");
    let mut markdown = format!("{}\n\n**How to fix it**: {}", md(why.as_ref()), md(&fix));
    if !meets.is_empty() {
        text.push_str(&format!("\n\nHelps to meet: {}", meets.join("; ")));
        markdown.push_str(&format!("\n\n**Helps to meet**: {}", md(&meets.join("; "))));
    }
    text.push_str(&format!("\n\n{more}"));
    markdown.push_str(&format!("\n\n{}", md(&more)));
    value["help"] = json!({ "text": text, "markdown": markdown });
    let address = control
        .references
        .iter()
        .find(|at| crate::uri::is_https(at));
    if let Some(address) = address {
        value["helpUri"] = address.as_str().into();
    }
    tags.push(clean(&control.category).into_owned());
    tags.extend(
        control
            .mappings
            .iter()
            .map(|m| clean(&m.framework).into_owned()),
    );
    finish(value, rule.severity, tags)
}

fn finish(mut rule: Value, severity: Severity, mut tags: Vec<String>) -> Value {
    rule["defaultConfiguration"] = json!({ "level": level(severity) });
    // A tag stands once.
    let mut seen = FxHashSet::default();
    tags.retain(|tag| !tag.is_empty() && seen.insert(tag.clone()));
    // What code scanning sorts by: a number like a CVSS score.
    rule["properties"] = json!({ "security-severity": score(severity), "tags": tags });
    rule
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.5",
    }
}

/// A file as a URI reference: relative to the source root, or absolute.
fn artifact(file: &str) -> Value {
    match Reference::of(file) {
        Reference::Absolute(uri) => json!({ "uri": uri }),
        Reference::Relative(uri) => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}

fn physical(file: &str, line: u32, column: u32) -> Value {
    let mut location = json!({ "artifactLocation": artifact(file) });
    if line > 0 {
        location["region"] = json!({ "startLine": line });
        if column > 0 {
            location["region"]["startColumn"] = column.into();
        }
    }
    json!({ "physicalLocation": location })
}

fn result(finding: &FindingReport, rule: usize, counts: bool) -> Value {
    let mut location = physical(&finding.file, finding.line, finding.column);
    location["logicalLocations"] = json!([{
        "name": clean(&finding.object.name),
        "fullyQualifiedName": clean(finding.asset.as_str()),
        "kind": "resource",
    }]);
    let mut result = json!({
        "ruleId": clean(rule_id(finding)),
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": clean(&finding.message) },
        "locations": [location],
        "partialFingerprints": { "plimsollFindingId/v1": finding.id },
    });
    if !finding.also.is_empty() {
        let also = |(id, at): (usize, &PlaceReport)| {
            let mut location = physical(&at.file, at.line, at.column);
            location["id"] = (id + 1).into();
            location["message"] = json!({ "text": format!("also at {}", clean(&at.path)) });
            location
        };
        result["relatedLocations"] = finding.also.iter().enumerate().map(also).collect();
    }
    // A finding that counts against a goal in spite of its waiver (a
    // mandatory goal) is not suppressed.
    if !counts {
        let suppressions = [
            ("external", finding.excepted_by.as_deref(), "exception"),
            match finding.vulnerability {
                Some(_) => ("external", finding.waived_by.as_deref(), "suppressed by"),
                None => ("inSource", finding.waived_by.as_deref(), "annotation"),
            },
        ];
        let suppressions: Vec<Value> = suppressions
            .into_iter()
            .filter_map(|(kind, by, what)| {
                let justification = format!("{what} {}", clean(by?));
                Some(json!({
                    "kind": kind, "status": "accepted", "justification": justification,
                }))
            })
            .collect();
        // An empty list would say that it is known not to be suppressed.
        if !suppressions.is_empty() {
            result["suppressions"] = suppressions.into();
        }
    }
    let mut properties = json!({
        "severity": finding.severity,
        "object": clean(&finding.object.to_string()),
        "path": clean(&finding.path),
        "fix": clean(&finding.fix.summary),
        "baselines": finding.baselines.iter().map(|b| clean(b)).collect::<Vec<_>>(),
    });
    if let Some(v) = &finding.vulnerability {
        vulnerabilities::properties(v, &mut properties);
    }
    result["properties"] = properties;
    result
}

/// What was not read, what went wrong, and what of a cluster was not compared
/// with advisories, as notifications.
fn invocation(
    now: Timestamp,
    coverage: &CoverageReport,
    diagnostics: &[DiagnosticReport],
    not_compared: &[String],
) -> Value {
    let notify = |level: &str, text: &str, at: Option<(&str, u32, u32)>| {
        let mut value = json!({ "level": level, "message": { "text": clean(text) } });
        if let Some((file, line, column)) = at {
            value["locations"] = json!([physical(file, line, column)]);
        }
        value
    };
    let gaps = coverage.gaps.iter().map(|gap| {
        let level = match gap.state {
            GapState::Skipped => "note",
            GapState::NotRendered | GapState::Unmatched => "warning",
            GapState::Failed => "error",
        };
        let text = format!("{}: {}", words::gap(gap.state), gap.reason);
        notify(level, &text, Some((&gap.file, gap.line, gap.column)))
    });
    let notes = diagnostics.iter().map(|d| {
        let at = d
            .file
            .as_deref()
            .map(|f| (f, d.line.unwrap_or(0), d.column.unwrap_or(0)));
        notify(words::level(d.level), &d.message, at)
    });
    let unsure = not_compared
        .iter()
        .map(|text| notify("warning", text, None));
    let notifications: Vec<Value> = notes.chain(gaps).chain(unsure).collect();
    let failed = coverage.failed > 0
        || diagnostics
            .iter()
            .any(|d| d.level == DiagnosticLevel::Error);
    json!({
        "executionSuccessful": !failed,
        "endTimeUtc": now,
        "toolExecutionNotifications": notifications,
    })
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    #[serde(rename = "automationDetails")]
    automation: Value,
    // A column counts characters, not UTF-16 units.
    column_kind: &'static str,
    original_uri_base_ids: Value,
    invocations: [Value; 1],
    properties: Value,
    results: Stream<'a, Value>,
    tool: Tool<'a>,
}

/// What a log says beside its results.
struct About<'a> {
    verb: &'a str,
    generator: &'a str,
    controls: &'a BTreeMap<String, ControlReport>,
    invocation: Value,
    properties: Value,
}

fn write(
    about: About<'_>,
    findings: &mut dyn Iterator<Item = FindingReport>,
    counting: &FxHashSet<FindingId>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rules = RefCell::new(Rules::new(about.controls));
    let mut results = findings.map(|finding| {
        let rule = rules.borrow_mut().index(&finding);
        result(&finding, rule, counting.contains(&finding.id))
    });
    let run = Run {
        automation: json!({ "id": format!("plimsoll {}/", about.verb) }),
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: json!({
            "%SRCROOT%": { "description": { "text": "The folder Plimsoll was started in." } },
        }),
        invocations: [about.invocation],
        properties: about.properties,
        results: Stream(RefCell::new(&mut results)),
        tool: Tool {
            generator: about.generator,
            rules: &rules,
        },
    };
    json::write(
        &Log {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        },
        out,
    )
}

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let counting = report
        .goals
        .iter()
        .flat_map(|goal| &goal.assets)
        .flat_map(|asset| &asset.because)
        .filter(|because| because.state == AssetState::Violated)
        .flat_map(|because| because.findings.iter().copied())
        .collect();
    let goals: Vec<Value> = report
        .goals
        .iter()
        .map(|goal| {
            json!({
                "name": clean(&goal.name),
                "owner": clean(&goal.owner),
                "verdict": goal.verdict,
                "attainment": goal.attainment,
                "counts": goal.counts,
            })
        })
        .collect();
    let about = About {
        verb: "check",
        generator: &report.generator,
        controls: &report.controls,
        invocation: invocation(
            report.now,
            &report.coverage,
            &report.diagnostics,
            &components::not_compared(report),
        ),
        properties: json!({
            "verdict": report.verdict,
            "headline": words::headline(report),
            "goals": goals,
            "severities": report.severities,
        }),
    };
    write(about, &mut report.findings.iter().cloned(), &counting, out)
}

/// Writes the report of a scan.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let about = About {
        verb: "scan",
        generator: &header.generator,
        controls: &header.controls,
        invocation: invocation(header.now, &header.coverage, &header.diagnostics, &[]),
        properties: json!({
            "baselines": header.baselines,
            "severities": header.severities,
        }),
    };
    write(about, findings, &FxHashSet::default(), out)
}
