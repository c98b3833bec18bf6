//! JUnit XML: a suite per goal with a case per asset, or per object with a
//! case per finding. What is unknown is an error: a CI server must not show it
//! green.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use plimsoll_model::{
    AssetState,
    wire::{AssetReport, CheckReport, FindingReport, GoalAssetReport, GoalReport, ScanReport},
};

use crate::{
    group::{Groups, Limits},
    lookup::Lookup,
    words,
};

/// Findings named in one failure.
const FINDINGS: usize = 50;

/// Text for an attribute or an element; characters XML has no place for are
/// dropped.
fn xml(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push_str(&crate::text::clean(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let lookup = Lookup::new(report);
    let sum = |of: fn(&GoalReport) -> u64| report.goals.iter().map(of).sum::<u64>();
    out.write_all(HEADER.as_bytes())?;
    writeln!(
        out,
        "<testsuites name=\"plimsoll check\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        sum(tests),
        sum(|goal| goal.counts.violated),
        sum(errors)
    )?;
    for goal in &report.goals {
        suite(report, &lookup, goal, out)?;
    }
    out.write_all(b"</testsuites>\n")
}

/// The cases of a suite: its assets, or one that stands for an empty scope.
fn tests(goal: &GoalReport) -> u64 {
    goal.counts.in_scope.max(1)
}

fn errors(goal: &GoalReport) -> u64 {
    goal.counts.unknown + u64::from(goal.counts.in_scope == 0)
}

fn suite(
    report: &CheckReport,
    lookup: &Lookup<'_>,
    goal: &GoalReport,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = xml(&goal.name);
    writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" \
         timestamp=\"{}\">",
        tests(goal),
        goal.counts.violated,
        errors(goal),
        // The form of JUnit has no zone.
        report.now.strftime("%Y-%m-%dT%H:%M:%S"),
    )?;
    out.write_all(b"    <properties>\n")?;
    for (key, value) in [
        ("verdict", goal.verdict.to_string()),
        ("owner", goal.owner.clone()),
        ("attainment", words::attainment(goal)),
        ("scope", words::scope(&goal.counts)),
    ] {
        writeln!(
            out,
            "      <property name=\"{key}\" value=\"{}\"/>",
            xml(&value)
        )?;
    }
    out.write_all(b"    </properties>\n")?;
    if goal.counts.in_scope == 0 {
        writeln!(
            out,
            "    <testcase name=\"scope\" classname=\"{name}\">\n      <error type=\"unknown\" \
             message=\"nothing is in scope: an empty scope proves nothing\"/>\n    </testcase>"
        )?;
    }
    for asset in lookup.worst_first(goal) {
        case(lookup, goal, asset, out)?;
    }
    match lookup.satisfied(goal) {
        Some(assets) => {
            for asset in assets {
                let object = xml(&asset.object.to_string());
                let file = file(Some(asset));
                writeln!(
                    out,
                    "    <testcase name=\"{object}\" classname=\"{name}\"{file}/>"
                )?;
            }
        }
        // The report does not name them; their number is certain.
        None => {
            for n in 1..=goal.counts.satisfied {
                let all = goal.counts.satisfied;
                writeln!(
                    out,
                    "    <testcase name=\"satisfied asset {n} of {all}\" classname=\"{name}\"/>"
                )?;
            }
        }
    }
    out.write_all(b"  </testsuite>\n")
}

/// The attribute that names an asset's file.
fn file(asset: Option<&AssetReport>) -> String {
    let file = asset.and_then(|asset| asset.file.as_deref());
    file.map(|file| format!(" file=\"{}\"", xml(file)))
        .unwrap_or_default()
}

fn case(
    lookup: &Lookup<'_>,
    goal: &GoalReport,
    listed: &GoalAssetReport,
    out: &mut dyn Write,
) -> io::Result<()> {
    let file = file(lookup.asset(&listed.asset));
    writeln!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\"{file}>",
        xml(&listed.object.to_string()),
        xml(&goal.name),
    )?;
    let message: Vec<&str> = listed
        .because
        .iter()
        .map(|because| because.text.as_str())
        .collect();
    let message = xml(&message.join("; "));
    let mut body = String::new();
    for because in &listed.because {
        let _ = writeln!(body, "{}", words::because(goal, because));
        let findings = lookup.findings(&because.findings);
        for finding in findings.iter().take(FINDINGS) {
            let place = words::finding_place(finding);
            let _ = writeln!(body, "  {place}: {}: {}", finding.severity, finding.message);
        }
        if findings.len() > FINDINGS {
            let _ = writeln!(body, "  and {} more", findings.len() - FINDINGS);
        }
    }
    let body = xml(body.trim_end());
    let state = listed.state;
    match state {
        AssetState::Violated => {
            writeln!(
                out,
                "      <failure type=\"{state}\" message=\"{message}\">{body}</failure>"
            )
        }
        AssetState::Unknown => {
            writeln!(
                out,
                "      <error type=\"{state}\" message=\"{message}\">{body}</error>"
            )
        }
        AssetState::Pending | AssetState::Excepted | AssetState::Satisfied => {
            writeln!(
                out,
                "      <system-out>{state}: {message}&#10;{body}</system-out>"
            )
        }
    }?;
    out.write_all(b"    </testcase>\n")
}

/// Writes the report of a scan: every finding that nothing accepts is a
/// failure.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    // A suite says how many cases it has before the first of them.
    let all = Groups::collect(
        findings,
        Limits {
            groups: usize::MAX,
            findings: usize::MAX,
        },
    );
    let accepted = |findings: &[FindingReport]| {
        findings
            .iter()
            .filter(|finding| words::accepted(finding).is_some())
            .count() as u64
    };
    let skipped: u64 = all.list.iter().map(|group| accepted(&group.findings)).sum();
    let errors = header.coverage.not_rendered + header.coverage.failed;
    out.write_all(HEADER.as_bytes())?;
    writeln!(
        out,
        "<testsuites name=\"plimsoll scan\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\" \
         skipped=\"{skipped}\">",
        all.total + errors,
        all.total - skipped,
    )?;
    for group in &all.list {
        let name = xml(&group.object.to_string());
        let skipped = accepted(&group.findings);
        writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" \
             skipped=\"{skipped}\" timestamp=\"{}\">",
            group.total,
            group.total - skipped,
            header.now.strftime("%Y-%m-%dT%H:%M:%S"),
        )?;
        for finding in &group.findings {
            let place = words::finding_place(finding);
            let message = xml(&finding.message);
            let inner = match words::accepted(finding) {
                Some(how) => format!("<skipped message=\"{}\"/>", xml(&how)),
                None => format!(
                    "<failure type=\"{}\" message=\"{message}\">{}&#10;{}&#10;fix: {}</failure>",
                    finding.severity,
                    xml(&place),
                    xml(&finding.path),
                    xml(&finding.fix.summary),
                ),
            };
            writeln!(
                out,
                "    <testcase name=\"{}\" classname=\"{name}\" file=\"{}\">\n      {inner}\n    \
                 </testcase>",
                xml(&title(finding)),
                xml(&finding.file),
            )?;
        }
        out.write_all(b"  </testsuite>\n")?;
    }
    if errors > 0 {
        unread(header, errors, out)?;
    }
    out.write_all(b"</testsuites>\n")
}

/// What a case is called: many vulnerabilities are in one place.
fn title(finding: &FindingReport) -> String {
    match &finding.vulnerability {
        Some(v) => format!("{} {}", v.vulnerability, v.package.name),
        None => format!("{} {}", finding.control, finding.path),
    }
}

/// What could not be read, as errors.
fn unread(header: &ScanReport, errors: u64, out: &mut dyn Write) -> io::Result<()> {
    use plimsoll_model::wire::GapState;
    writeln!(
        out,
        "  <testsuite name=\"not read\" tests=\"{errors}\" failures=\"0\" errors=\"{errors}\" \
         skipped=\"0\">"
    )?;
    for gap in header
        .coverage
        .gaps
        .iter()
        .filter(|gap| gap.state != GapState::Skipped)
    {
        writeln!(
            out,
            "    <testcase name=\"{}\" classname=\"coverage\">\n      <error type=\"{}\" \
             message=\"{}\"/>\n    </testcase>",
            xml(&words::place(&gap.file, gap.line, gap.column)),
            words::gap(gap.state),
            xml(&gap.reason),
        )?;
    }
    out.write_all(b"  </testsuite>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_any_text() {
        let check = |raw: &str, expect: &str| assert_eq!(xml(raw), expect);
        check("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;");
        check("a\u{1b}[0m\u{0}\u{ffff}", "a[0m");
        check("two\nlines", "two&#10;lines");
    }
}
