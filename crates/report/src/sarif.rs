//! SARIF 2.1.0, for code scanning. Results are written one by one; the rules
//! they name come after them, which the form allows.

use std::{
    cell::RefCell,
    io::{self, Write},
};

use plimsoll_model::{
    AssetState, FindingId, Severity, Timestamp,
    wire::{
        CheckReport, CoverageReport, DiagnosticLevel, DiagnosticReport, FindingReport, GapState,
        PlaceReport, ScanReport,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    json::{self, Stream},
    text::clean,
    words,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A rule, as far as findings tell.
struct Rule {
    id: String,
    title: String,
    help: String,
    severity: Severity,
}

/// The rules by the order of their first result.
#[derive(Default)]
struct Rules {
    list: Vec<Rule>,
    index: FxHashMap<String, usize>,
}

impl Rules {
    fn index(&mut self, finding: &FindingReport) -> usize {
        if let Some(at) = self.index.get(&finding.control) {
            let rule = &mut self.list[*at];
            rule.severity = rule.severity.max(finding.severity);
            return *at;
        }
        let at = self.list.len();
        self.index.insert(finding.control.clone(), at);
        self.list.push(Rule {
            id: finding.control.clone(),
            title: finding.title.clone(),
            help: finding.fix.summary.clone(),
            severity: finding.severity,
        });
        at
    }
}

/// The tool with its rules, read when it is written: after the results.
struct Tool<'a> {
    generator: &'a str,
    rules: &'a RefCell<Rules>,
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

fn rule(rule: &Rule) -> Value {
    let id = clean(&rule.id);
    let help = format!(
        "{}\n\nHow to fix it: {}\n\nMore: plimsoll explain {id}",
        clean(&rule.title),
        clean(&rule.help)
    );
    json!({
        "id": id,
        "shortDescription": { "text": clean(&rule.title) },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(rule.severity) },
        // What code scanning sorts by: a number like a CVSS score.
        "properties": { "security-severity": score(rule.severity), "tags": ["security"] },
    })
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

/// Characters a path of a URI holds as they are (RFC 3986 `pchar` and `/`,
/// without `:`, which a first segment may not hold).
fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte)
}

/// A file as a URI reference: relative to the source root, or absolute.
fn artifact(file: &str) -> Value {
    let path = file.replace('\\', "/");
    let path = path.trim_start_matches("./");
    let encode = |path: &str| -> String {
        path.bytes()
            .map(|byte| match is_path(byte) {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            })
            .collect()
    };
    if path.starts_with('/') {
        return json!({ "uri": format!("file:///{}", encode(path.trim_start_matches('/'))) });
    }
    json!({ "uri": encode(path), "uriBaseId": "%SRCROOT%" })
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
        "ruleId": clean(&finding.control),
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
            ("inSource", finding.waived_by.as_deref(), "annotation"),
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
    result["properties"] = json!({
        "severity": finding.severity,
        "object": clean(&finding.object.to_string()),
        "path": clean(&finding.path),
        "fix": clean(&finding.fix.summary),
        "baselines": finding.baselines.iter().map(|b| clean(b)).collect::<Vec<_>>(),
    });
    result
}

/// What was not read, and what went wrong, as notifications.
fn invocation(
    now: Timestamp,
    coverage: &CoverageReport,
    diagnostics: &[DiagnosticReport],
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
            GapState::NotRendered => "warning",
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
    let notifications: Vec<Value> = notes.chain(gaps).collect();
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
    invocation: Value,
    properties: Value,
}

fn write(
    about: About<'_>,
    findings: &mut dyn Iterator<Item = FindingReport>,
    counting: &FxHashSet<FindingId>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rules = RefCell::new(Rules::default());
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
        invocation: invocation(report.now, &report.coverage, &report.diagnostics),
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
        invocation: invocation(header.now, &header.coverage, &header.diagnostics),
        properties: json!({
            "baselines": header.baselines,
            "severities": header.severities,
        }),
    };
    write(about, findings, &FxHashSet::default(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uri_references() {
        let check = |file: &str, expect: &str| assert_eq!(artifact(file)["uri"], expect, "{file}");
        check("shop/web.yaml", "shop/web.yaml");
        check("./shop/web.yaml", "shop/web.yaml");
        check("a b/#ü.yaml", "a%20b/%23%C3%BC.yaml");
        check("javascript:alert(1)", "javascript%3Aalert(1)");
        check("win\\dows.yaml", "win/dows.yaml");
        check("/abs/a.yaml", "file:///abs/a.yaml");
        check("<stdin>", "%3Cstdin%3E");
    }
}
