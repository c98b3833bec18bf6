//! All formats count alike, whatever they leave out.

use plimsoll_model::{Counts, wire::CheckReport};
use plimsoll_report::{Format, Style};

use crate::{check, scan, support};

/// The counts in `in scope 24 = 18 satisfied + 3 violated`, for each such sum.
fn sums(text: &str) -> Vec<Counts> {
    let mut sums = Vec::new();
    for part in text.split("in scope ").skip(1) {
        let separators = [' ', '\n', ',', ':', '|'];
        let words: Vec<&str> = part
            .split(separators)
            .filter(|word| !word.is_empty())
            .collect();
        let Ok(in_scope) = words[0].parse() else {
            continue;
        };
        let mut counts = Counts {
            in_scope,
            ..Counts::default()
        };
        if words.get(1) == Some(&"=") {
            for pair in words[2..].split(|word| *word == "+") {
                let [n, state, ..] = pair else { break };
                let n = n.parse().expect("a number before a state");
                match *state {
                    "satisfied" => counts.satisfied = n,
                    "violated" => counts.violated = n,
                    "pending" => counts.pending = n,
                    "unknown" => counts.unknown = n,
                    "excepted" => counts.excepted = n,
                    other => panic!("no state: {other}"),
                }
                if pair.len() > 2 {
                    break;
                }
            }
        }
        sums.push(counts);
    }
    sums
}

/// Text between tags.
fn without_tags(html: &str) -> String {
    let mut out = String::new();
    for part in html.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push('\n');
    }
    out
}

/// The number in `name="3"`, for each.
fn attributes(xml: &str, name: &str) -> Vec<u64> {
    xml.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| {
            rest.split('"')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number")
        })
        .collect()
}

/// How many of OSCAL's observations are findings.
fn observed(result: &serde_json::Value) -> usize {
    let list = result["observations"].as_array();
    let list = list.into_iter().flatten();
    list.filter(|one| one["types"] == serde_json::json!(["finding"]))
        .count()
}

fn all_formats_count_alike(report: &CheckReport) {
    let expect: Vec<Counts> = report.goals.iter().map(|goal| goal.counts).collect();
    let total = report.findings.len();
    let wide = Style {
        width: 400,
        ..Style::default()
    };
    let show = |format| check(report, format, wide);

    let terminal = show(Format::Terminal);
    assert_eq!(sums(&terminal), expect, "terminal");

    let json: CheckReport = plimsoll_report::read_check(&show(Format::Json)).expect("our own JSON");
    assert_eq!(
        json.goals.iter().map(|g| g.counts).collect::<Vec<_>>(),
        expect,
        "json"
    );
    assert_eq!(json.findings.len(), total, "json");

    let markdown = show(Format::Markdown);
    assert_eq!(sums(&markdown), expect, "markdown");
    if total > 0 {
        assert!(
            markdown.contains(&format!("{total} findings (")),
            "markdown"
        );
    }

    let html = show(Format::Html);
    let cards: Vec<Counts> = html
        .split("<article ")
        .skip(1)
        .map(|card| sums(&without_tags(&format!("<{card}")))[0])
        .collect();
    assert_eq!(cards, expect, "html");
    assert_eq!(html.matches("<tr data-severity=").count(), total, "html");

    let sarif: serde_json::Value =
        serde_json::from_str(&show(Format::Sarif)).expect("our own SARIF");
    let run = &sarif["runs"][0];
    let counts: Vec<Counts> = run["properties"]["goals"]
        .as_array()
        .expect("the goals")
        .iter()
        .map(|goal| serde_json::from_value(goal["counts"].clone()).expect("counts"))
        .collect();
    assert_eq!(counts, expect, "sarif");
    assert_eq!(
        run["results"].as_array().expect("results").len(),
        total,
        "sarif"
    );

    let oscal: serde_json::Value =
        serde_json::from_str(&show(Format::Oscal)).expect("our own OSCAL");
    let result = &oscal["assessment-results"]["results"][0];
    let number = |goal: &serde_json::Value, name: &str| -> u64 {
        let props = goal["props"].as_array().expect("the numbers of a goal");
        let prop = props.iter().find(|prop| prop["name"] == name);
        let value = prop.and_then(|prop| prop["value"].as_str());
        value.and_then(|n| n.parse().ok()).expect("a number")
    };
    let goals = result["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let counts: Vec<Counts> = goals
        .iter()
        .map(|goal| Counts {
            in_scope: number(goal, "in-scope"),
            satisfied: number(goal, "satisfied"),
            violated: number(goal, "violated"),
            pending: number(goal, "pending"),
            unknown: number(goal, "unknown"),
            excepted: number(goal, "excepted"),
        })
        .collect();
    assert_eq!(counts, expect, "oscal");
    assert_eq!(observed(result), total, "oscal");

    let junit = show(Format::JUnit);
    let cases: Vec<u64> = expect.iter().map(|c| c.in_scope.max(1)).collect();
    assert_eq!(attributes(&junit, "tests")[1..], cases, "junit");
    assert_eq!(
        junit.matches("<testcase ").count() as u64,
        cases.iter().sum::<u64>(),
        "junit"
    );
    let violated: u64 = expect.iter().map(|c| c.violated).sum();
    assert_eq!(attributes(&junit, "failures")[0], violated, "junit");
    assert_eq!(junit.matches("<failure ").count() as u64, violated, "junit");
    // An empty scope is one error: it must not be green.
    let unknown: u64 = expect
        .iter()
        .map(|c| c.unknown + u64::from(c.in_scope == 0))
        .sum();
    assert_eq!(junit.matches("<error ").count() as u64, unknown, "junit");
}

#[test]
fn formats_of_a_check_count_alike() {
    all_formats_count_alike(&support::shop());
    all_formats_count_alike(&support::vulnerable::check());
    all_formats_count_alike(&support::extremes::huge(150));
    all_formats_count_alike(&support::extremes::empty());
}

#[test]
fn formats_of_a_scan_count_alike() {
    let show = |format| {
        scan(
            support::extremes::scan(),
            format,
            Style {
                width: 400,
                ..Style::default()
            },
        )
    };
    let total = support::extremes::scan().1.len();
    assert!(show(Format::Terminal).starts_with(&format!("{total} findings on 6 objects")));
    assert!(show(Format::Markdown).contains(&format!("{total} findings on 6 objects")));
    assert_eq!(
        show(Format::Html).matches("<tr data-severity=").count(),
        total
    );
    let json: serde_json::Value = serde_json::from_str(&show(Format::Json)).expect("JSON");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(total));
    let sarif: serde_json::Value = serde_json::from_str(&show(Format::Sarif)).expect("JSON");
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(total)
    );
    let oscal: serde_json::Value = serde_json::from_str(&show(Format::Oscal)).expect("JSON");
    assert_eq!(observed(&oscal["assessment-results"]["results"][0]), total);
    let junit = show(Format::JUnit);
    let skipped = junit.matches("<skipped ").count();
    assert_eq!(skipped, 3, "two excepted findings and a waived one");
    assert_eq!(junit.matches("<failure ").count() + skipped, total);
}
