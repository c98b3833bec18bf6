//! OSCAL against the published schema, and against what a schema can't say.

use std::collections::BTreeSet;

use plimsoll_model::Verdict;
use plimsoll_report::{Format, Style};
use serde_json::Value;

use crate::{check, scan, support};

fn valid(text: &str) -> Value {
    let schema = include_str!("../data/oscal-complete-1.2.3.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("the schema is valid");
    let document: Value = serde_json::from_str(text).expect("JSON");
    let errors: Vec<String> = schema
        .iter_errors(&document)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    closed(&document);
    document
}

/// Every reference finds what it names, and nothing is defined twice.
fn closed(document: &Value) {
    let (mut defined, mut named) = (Vec::new(), Vec::new());
    walk(document, &mut defined, &mut named);
    let all: BTreeSet<&str> = defined.iter().copied().collect();
    assert_eq!(all.len(), defined.len(), "an identifier is used twice");
    for name in named {
        assert!(all.contains(name), "{name} names nothing");
    }
}

fn walk<'a>(value: &'a Value, defined: &mut Vec<&'a str>, named: &mut Vec<&'a str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walk(value, defined, named)),
        Value::Object(object) => {
            for (key, value) in object {
                let text = value.as_str();
                match key.as_str() {
                    "uuid" | "id" => defined.extend(text),
                    "href" => named.extend(text.and_then(|text| text.strip_prefix('#'))),
                    "party-uuids" => {
                        let list = value.as_array().into_iter().flatten();
                        named.extend(list.filter_map(Value::as_str));
                    }
                    key if key.ends_with("-uuid") => named.extend(text),
                    "role-id" => named.extend(text),
                    _ => {}
                }
                walk(value, defined, named);
            }
        }
        _ => {}
    }
}

fn list<'a>(result: &'a Value, name: &str) -> &'a [Value] {
    result[name].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_document_is_valid() {
    for report in [
        support::shop(),
        support::extremes::empty(),
        support::extremes::hostile(),
        support::extremes::huge(60),
    ] {
        valid(&check(&report, Format::Oscal, Style::default()));
    }
    let (header, findings) = support::extremes::scan();
    valid(&scan(
        (header.clone(), findings),
        Format::Oscal,
        Style::default(),
    ));
    valid(&scan(
        (header.clone(), Vec::new()),
        Format::Oscal,
        Style::default(),
    ));
    let hostile = support::extremes::hostile().findings;
    valid(&scan((header, hostile), Format::Oscal, Style::default()));
}

#[test]
fn a_goal_is_a_finding_with_its_plan_as_remediation() {
    let report = support::shop();
    let document = valid(&check(&report, Format::Oscal, Style::default()));
    let result = &document["assessment-results"]["results"][0];
    for (finding, goal) in list(result, "findings").iter().zip(&report.goals) {
        let status = &finding["target"]["status"];
        let expect = match goal.verdict {
            Verdict::Met | Verdict::AtRisk => ["satisfied", "pass"],
            Verdict::Breached => ["not-satisfied", "fail"],
            Verdict::Unverified => ["not-satisfied", "other"],
        };
        assert_eq!(
            [&status["state"], &status["reason"]],
            expect,
            "{}",
            goal.name
        );
        let risks = list(finding, "related-risks");
        assert_eq!(risks.is_empty(), goal.verdict == Verdict::Met);
        let Some(risk) = risks.first() else { continue };
        let risk = list(result, "risks")
            .iter()
            .find(|other| other["uuid"] == risk["risk-uuid"])
            .expect("the risk of the goal");
        assert_eq!(list(risk, "remediations").len(), goal.fix_plan.len());
    }
    let observation = &list(result, "observations")[0];
    let finding = &report.findings[0];
    let evidence = &observation["relevant-evidence"][0];
    assert_eq!(
        evidence["href"],
        format!("{}#L{}", finding.file, finding.line).as_str()
    );
    assert!(
        evidence["description"]
            .as_str()
            .is_some_and(|text| text.contains(&finding.path)),
        "{evidence}"
    );
}

#[test]
fn what_is_unknown_is_observed_too() {
    let report = support::shop();
    let document = valid(&check(&report, Format::Oscal, Style::default()));
    let result = &document["assessment-results"]["results"][0];
    let unknown: u64 = report.goals.iter().map(|goal| goal.counts.unknown).sum();
    let all = list(result, "observations").len() as u64;
    assert_eq!(all - report.findings.len() as u64, unknown);
}

#[test]
fn identifiers_stay_over_runs() {
    let ids = |minute: &str| {
        let mut report = support::shop();
        report.now = support::time(minute);
        let document = valid(&check(&report, Format::Oscal, Style::default()));
        let results = &document["assessment-results"];
        let result = &results["results"][0];
        let of = |name: &str| -> Vec<Value> {
            list(result, name)
                .iter()
                .map(|one| one["uuid"].clone())
                .collect()
        };
        let stay = [of("observations"), of("risks"), of("findings")];
        (results["uuid"].clone(), stay, result["uuid"].clone())
    };
    let (first, second) = (ids("2026-11-25T03:31:00Z"), ids("2026-11-26T03:31:00Z"));
    assert_eq!((&first.0, &first.1), (&second.0, &second.1));
    assert_ne!(first.2, second.2, "another run has another result");
}

#[test]
fn text_holds_no_live_markup() {
    let report = support::extremes::hostile();
    let text = check(&report, Format::Oscal, Style::default());
    let document = valid(&text);
    let mut texts = Vec::new();
    marked(&document, &mut texts);
    assert!(texts.len() > 50);
    for text in texts {
        let outside: String = text.split('`').step_by(2).collect();
        let outside = outside
            .replace("\\\\", "")
            .replace("\\[", "")
            .replace("\\<", "");
        assert!(!outside.contains(['[', '<']), "{text}");
    }
}

/// The texts that are markup.
fn marked<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    let keys = ["title", "description", "remarks", "statement", "prose"];
    match value {
        Value::Array(list) => list.iter().for_each(|value| marked(value, texts)),
        Value::Object(object) => {
            for (key, value) in object {
                texts.extend(value.as_str().filter(|_| keys.contains(&key.as_str())));
                marked(value, texts);
            }
        }
        _ => {}
    }
}
