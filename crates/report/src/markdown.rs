//! Markdown for a comment on a pull request: what matters on one screen, the
//! rest folded, and never longer than such a comment may be.

use std::io::{self, Write};

use plimsoll_model::{
    AssetState, Severity,
    wire::{
        CheckReport, CoverageReport, DiagnosticReport, FindingReport, GapState, GoalReport,
        ScanReport, StepReport,
    },
};

use crate::{
    components,
    group::{Groups, Limits},
    lookup::Lookup,
    plan::Plan,
    text::{clean, count, number},
    words,
};

/// GitHub takes 65,536 characters; this leaves room for what a workflow adds.
const BUDGET: usize = 60_000;
/// What is kept free for closing tags and the note on what was left out.
const RESERVE: usize = 1_000;
/// Assets listed for one goal.
const ASSETS: usize = 50;
/// Findings listed for one asset.
const FINDINGS: usize = 5;
/// Rows of a list that is one of several.
const ROWS: usize = 100;

/// Text that shows as it is, whatever it holds: no markup, mention, reference
/// or link can come from it. Entities, not backslashes: they mean the same in
/// Markdown and in the HTML inside of it.
pub(crate) fn text(raw: &str) -> String {
    let raw = clean(raw);
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.as_ref();
    while let Some(c) = rest.chars().next() {
        let link = rest.starts_with("://")
            || rest
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("www."));
        let special = matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '@' | '$'
        );
        if link || special {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The same in a fixed width.
pub(crate) fn code(raw: &str) -> String {
    format!("<code>{}</code>", text(raw))
}

/// A document that stays below its budget and counts what it leaves out.
pub(crate) struct Doc {
    text: String,
    left_out: u64,
}

impl Doc {
    pub(crate) fn new() -> Self {
        Doc {
            text: String::new(),
            left_out: 0,
        }
    }

    /// Whether there is room for so many bytes. Bytes are no fewer than
    /// characters, so the limit on these holds too.
    fn fits(&self, bytes: usize) -> bool {
        self.text.len() + bytes + RESERVE < BUDGET
    }

    /// Adds a line whose text is safe.
    pub(crate) fn line(&mut self, line: &str) {
        if self.fits(line.len() + 1) {
            self.text.push_str(line);
            self.text.push('\n');
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn blank(&mut self) {
        if self.fits(1) && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A folded list under a title; nothing when it is empty.
    pub(crate) fn details(&mut self, title: &str, items: impl IntoIterator<Item = String>) {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return };
        let open = format!("<details><summary>{title}</summary>\n\n");
        if !self.fits(open.len() + first.len()) {
            self.left_out += 1 + items.count() as u64;
            return;
        }
        self.blank();
        self.text.push_str(&open);
        let mut dropped = 0;
        for item in std::iter::once(first).chain(items) {
            if dropped == 0 && self.fits(item.len() + 1) {
                self.text.push_str(&item);
                self.text.push('\n');
            } else {
                dropped += 1;
            }
        }
        if dropped > 0 {
            self.text
                .push_str(&format!("\nand {} more\n", number(dropped)));
        }
        self.left_out += dropped;
        self.text.push_str("\n</details>\n");
    }

    pub(crate) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.left_out > 0 {
            let lines = count(self.left_out, "entry").replace("entrys", "entries");
            self.text.push_str(&format!(
                "\n_{lines} left out to keep this comment short; `-o json` has all._\n"
            ));
        }
        out.write_all(self.text.trim_end().as_bytes())?;
        out.write_all(b"\n")
    }
}

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let lookup = Lookup::new(report);
    let mut doc = Doc::new();
    doc.line(&format!("### Plimsoll: {}", text(&words::headline(report))));
    doc.blank();
    if report.starter_line {
        doc.line(&format!("> {}", text(words::STARTER)));
        doc.blank();
    }
    if !report.goals.is_empty() {
        doc.line("| goal | verdict | attainment | scope | owner |");
        doc.line("| --- | --- | --- | --- | --- |");
        for goal in &report.goals {
            doc.line(&format!(
                "| {} | **{}** | {} | {} | {} |",
                text(&goal.name),
                words::verdict(goal.verdict),
                text(&words::attainment(goal)),
                text(&words::scope(&goal.counts)),
                text(&goal.owner),
            ));
        }
        doc.blank();
        for goal in &report.goals {
            facts(&mut doc, goal);
        }
        let sentence = words::plan(
            report.fix_plan.steps.len(),
            &report.fix_plan.summary,
            "every goal",
        );
        doc.line(&format!("**Fix plan**: {}", text(&sentence)));
        doc.details(
            "the steps",
            report.fix_plan.steps.iter().enumerate().map(step),
        );
    }
    for goal in &report.goals {
        assets(&mut doc, &lookup, goal);
    }
    runs_on(&mut doc, report);
    notes(&mut doc, &report.diagnostics, &report.coverage);
    doc.blank();
    let found = match words::severities(&report.severities).as_str() {
        "" => "no findings".to_owned(),
        some => format!(
            "{} ({some})",
            count(report.findings.len() as u64, "finding")
        ),
    };
    doc.line(&format!(
        "{}; {}",
        found,
        text(&words::coverage(&report.coverage))
    ));
    doc.line(&format!(
        "<sub>{}, {}</sub>",
        text(&report.generator),
        words::minute(report.now)
    ));
    doc.finish(out)
}

/// What a reader must know of a goal beside its row.
fn facts(doc: &mut Doc, goal: &GoalReport) {
    let name = text(&goal.name);
    if let Some(risk) = &goal.at_risk {
        doc.line(&format!(
            "- {name} holds until {}: {}",
            words::when(risk.at),
            text(&risk.because)
        ));
    }
    let lists = [
        ("changed", &goal.changes),
        ("note", &goal.notes),
        ("settle by", &goal.settled_by),
    ];
    for (label, list) in lists {
        for entry in list {
            doc.line(&format!("- {name}, {label}: {}", text(entry)));
        }
    }
    doc.blank();
}

/// The assets of a goal that are not satisfied, folded.
fn assets(doc: &mut Doc, lookup: &Lookup<'_>, goal: &GoalReport) {
    let listed = lookup.worst_first(goal);
    let interesting = |state| {
        matches!(
            state,
            AssetState::Violated | AssetState::Unknown | AssetState::Pending
        )
    };
    let listed: Vec<_> = listed
        .into_iter()
        .filter(|asset| interesting(asset.state))
        .collect();
    let title = format!(
        "{}: {} violated, {} unknown, {} pending",
        text(&goal.name),
        number(goal.counts.violated),
        number(goal.counts.unknown),
        number(goal.counts.pending)
    );
    let more = listed.len().saturating_sub(ASSETS);
    let items = listed.iter().take(ASSETS).map(|asset| {
        let place = lookup
            .place(&asset.asset)
            .map(|at| format!(" {}", code(&at)));
        let mut item = format!(
            "- **{}** {}{}",
            asset.state,
            text(&asset.object.to_string()),
            place.unwrap_or_default()
        );
        if let Some(class) = lookup.asset(&asset.asset).and_then(words::class) {
            item.push_str(&format!("\n  - class {}", text(&class)));
        }
        for because in &asset.because {
            let why = words::because(goal, because);
            if !why.is_empty() {
                item.push_str(&format!("\n  - {}", text(&why)));
            }
            let findings = lookup.findings(&because.findings);
            for finding in findings.iter().take(FINDINGS) {
                item.push_str(&format!("\n  - {}", self::finding(finding)));
            }
            if findings.len() > FINDINGS {
                let left = (findings.len() - FINDINGS) as u64;
                item.push_str(&format!("\n  - and {}", count(left, "more finding")));
            }
        }
        item
    });
    let rest = (more > 0).then(|| format!("- and {}", count(more as u64, "more asset")));
    doc.details(&title, items.chain(rest));
}

/// What the cluster runs on, folded.
fn runs_on(doc: &mut Doc, report: &CheckReport) {
    let versions = components::versions(report);
    let items = versions.iter().map(|version| {
        let known: Vec<String> = version
            .summary()
            .iter()
            .map(|(_, words, more)| match more.as_str() {
                "" => format!("**{}**", text(words)),
                more => format!("**{}**: {}", text(words), text(more)),
            })
            .collect();
        let mut item = format!(
            "- {} ({}): {}",
            text(&version.label),
            text(&version.whose),
            known.join("; ")
        );
        for finding in version.findings.iter().take(FINDINGS) {
            item.push_str(&format!(
                "\n  - {} {}",
                finding.severity,
                text(&finding.message)
            ));
        }
        if version.findings.len() > FINDINGS {
            let left = (version.findings.len() - FINDINGS) as u64;
            item.push_str(&format!("\n  - and {}", count(left, "more finding")));
        }
        item
    });
    doc.details(components::TITLE, items);
}

fn finding(finding: &FindingReport) -> String {
    let accepted = words::accepted(finding).map(|how| format!(" ({})", text(&how)));
    format!(
        "{} {} {}{}",
        finding.severity,
        code(&words::finding_place(finding)),
        text(&finding.message),
        accepted.unwrap_or_default()
    )
}

fn step((index, step): (usize, &StepReport)) -> String {
    let place = words::step_place(step).map(|at| format!(", at {}", code(&at)));
    let mut item = format!(
        "{}. {} ({}, worst {}{})",
        index + 1,
        text(&words::step(step)),
        words::clears(step),
        step.severity,
        place.unwrap_or_default()
    );
    for edit in step.edits.iter().take(FINDINGS) {
        item.push_str(&format!("\n   - {}", code(&words::edit(edit))));
    }
    if step.edits.len() > FINDINGS {
        let left = (step.edits.len() - FINDINGS) as u64;
        item.push_str(&format!("\n   - and {}", count(left, "more edit")));
    }
    for decision in &step.decisions {
        item.push_str(&format!("\n   - decide: {}", text(decision)));
    }
    item
}

/// Diagnostics and gaps, folded.
fn notes(doc: &mut Doc, diagnostics: &[DiagnosticReport], coverage: &CoverageReport) {
    doc.details(
        &format!("Notes on the run ({})", diagnostics.len()),
        diagnostics.iter().take(ROWS).map(|d| {
            let place = words::diagnostic_place(d).map(|at| format!("{}: ", code(&at)));
            format!(
                "- {}: {}{}",
                words::level(d.level),
                place.unwrap_or_default(),
                text(&d.message)
            )
        }),
    );
    let gaps = coverage
        .gaps
        .iter()
        .filter(|gap| gap.state != GapState::Skipped);
    doc.details(
        &format!("Not read ({})", gaps.clone().count()),
        gaps.take(ROWS).map(|gap| {
            let place = code(&words::place(&gap.file, gap.line, gap.column));
            format!("- {} {place}: {}", words::gap(gap.state), text(&gap.reason))
        }),
    );
}

/// Writes the report of a scan.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let groups = Groups::collect(
        findings,
        Limits {
            groups: 300,
            findings: 20,
        },
    );
    let mut doc = Doc::new();
    if groups.total == 0 {
        doc.line("### Plimsoll: no findings");
    } else {
        doc.line(&format!(
            "### Plimsoll: {} on {}",
            count(groups.total, "finding"),
            count(groups.objects, "object")
        ));
        doc.blank();
        doc.line("| severity | findings |");
        doc.line("| --- | --: |");
        for severity in Severity::WORST_FIRST {
            let n = groups.severities.get(&severity).copied().unwrap_or(0);
            doc.line(&format!("| {severity} | {} |", number(n)));
        }
        let hidden = groups.hidden();
        let rest = (hidden > 0).then(|| format!("- and {}", count(hidden, "more finding")));
        let items = groups.list.iter().map(|group| {
            let name = text(&group.object.to_string());
            let mut item = format!("- **{name}** ({})", count(group.total, "finding"));
            for finding in &group.findings {
                item.push_str(&format!("\n  - {}", self::finding(finding)));
            }
            item
        });
        doc.details("the findings, worst first", items.chain(rest));
    }
    notes(&mut doc, &header.diagnostics, &header.coverage);
    doc.blank();
    doc.line(&text(&words::coverage(&header.coverage)));
    doc.line(&format!(
        "<sub>{}, {}</sub>",
        text(&header.generator),
        words::minute(header.now)
    ));
    doc.finish(out)
}

/// Writes a fix plan alone.
pub(crate) fn plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut doc = Doc::new();
    let sentence = words::plan(plan.steps.len(), &plan.summary, &plan.whose());
    doc.line("### Plimsoll: fix plan");
    doc.blank();
    doc.line(&text(&sentence));
    doc.blank();
    for item in plan.steps.iter().enumerate().map(step) {
        doc.line(&item);
    }
    doc.finish(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_shows_as_it_is() {
        let check = |raw: &str, expect: &str| assert_eq!(text(raw), expect);
        check("plain-name.v1", "plain-name.v1");
        check("<script>", "&#60;script&#62;");
        check("a|b", "a&#124;b");
        check("[x](http://e)", "&#91;x&#93;(http&#58;//e)");
        check("@team #1 **b**", "&#64;team &#35;1 &#42;&#42;b&#42;&#42;");
        check("WWW.e.com", "&#87;WW.e.com");
        check("new\nline", "new line");
    }

    #[test]
    fn a_document_stays_below_its_budget() {
        let mut doc = Doc::new();
        doc.details("title", (0..100_000).map(|n| format!("- item {n}")));
        doc.line("the end");
        let mut out = Vec::new();
        doc.finish(&mut out).expect("a vector takes all");
        let text = String::from_utf8(out).expect("text");
        assert!(text.len() <= BUDGET, "{}", text.len());
        assert!(
            text.contains("more\n\n</details>"),
            "{}",
            &text[text.len() - 200..]
        );
        assert!(text.contains("entries left out"));
    }
}
