//! `plimsoll check` on a terminal.

use std::io::{self, Write};

use plimsoll_model::wire::{
    CheckReport, CoverageReport, DiagnosticLevel, DiagnosticReport, GapState, GoalReport,
};

use super::{
    Line, Paper,
    assets::{self, SEVERITY, assets},
    components::components,
    plan::{Detail, steps},
};
use crate::{
    lookup::Lookup,
    style::{Style, Tone},
    text::{count, number, ppm},
    words,
};

/// Room for a label: the longest is `unverified`.
pub(super) const LABEL: usize = 12;
/// Gaps and diagnostics that are shown without `--verbose`.
const NOTES: usize = 5;
/// Cells of the bar of attainment.
const CELLS: usize = 24;

/// Writes the report of a check.
pub(crate) fn check(report: &CheckReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    let lookup = Lookup::new(report);
    paper.text(
        0,
        &Line::of(report.verdict.into(), &words::headline(report)),
    )?;
    if style.quiet() {
        for goal in &report.goals {
            quiet(paper, goal)?;
        }
        return Ok(());
    }
    let estate = format!(
        "cluster {}, {} in scope, {}",
        report.cluster,
        count(report.assets.len() as u64, "asset"),
        words::minute(report.now),
    );
    paper.text(0, &Line::of(Tone::Faint, &estate))?;
    if report.starter_line {
        paper.text(0, &Line::plain(words::STARTER))?;
    }
    for goal in &report.goals {
        paper.blank()?;
        self::goal(paper, &lookup, goal)?;
    }
    if !report.goals.is_empty() {
        paper.blank()?;
        let summary = &report.fix_plan.summary;
        let sentence = words::plan(report.fix_plan.steps.len(), summary, "every goal");
        let line = Line::of(Tone::Strong, "Fix plan: ").and(&sentence);
        paper.text(0, &line)?;
        steps(paper, &report.fix_plan.steps, Detail::Brief)?;
    }
    components(paper, report)?;
    if style.verbose() {
        findings(paper, report)?;
    }
    paper.blank()?;
    diagnostics(paper, &report.diagnostics)?;
    coverage(paper, &report.coverage)?;
    if !report.severities.values().all(|n| *n == 0) {
        let line = format!("{} on these assets", words::severities(&report.severities));
        paper.field(
            0,
            &Line::of(Tone::Strong, "Findings"),
            LABEL,
            &Line::plain(&line),
        )?;
    }
    next(paper, &words::next(report))
}

/// One line for one goal.
fn quiet(paper: &mut Paper<'_>, goal: &GoalReport) -> io::Result<()> {
    let line = Line::of(Tone::Strong, &goal.name)
        .put(Tone::Faint, &format!("  {}", words::attainment(goal)));
    let label = Line::of(goal.verdict.into(), words::verdict(goal.verdict));
    paper.field(0, &label, LABEL, &line)
}

/// A goal with all that explains its verdict.
fn goal(paper: &mut Paper<'_>, lookup: &Lookup<'_>, goal: &GoalReport) -> io::Result<()> {
    let word = words::verdict(goal.verdict);
    let label = Line::of(goal.verdict.into(), word);
    let name = Line::of(Tone::Strong, &goal.name);
    paper.apart(
        0,
        (&label, LABEL),
        &name,
        &Line::of(Tone::Faint, &goal.owner),
    )?;

    let mut facts: Vec<(&str, Line)> = Vec::new();
    if !paper.style.verbose() {
        let clauses: Vec<String> = goal.clauses.iter().map(|c| c.text.clone()).collect();
        if !clauses.is_empty() {
            facts.push(("asks", Line::plain(&clauses.join("; "))));
        }
    }
    let line = bar(paper.style, goal)
        .and("  ")
        .and(&words::attainment(goal));
    facts.push(("attainment", line));
    facts.push(("", Line::plain(&words::scope(&goal.counts))));
    if let Some(window) = &goal.window {
        facts.push(("window", Line::plain(&words::window(window))));
    }
    if let Some(risk) = &goal.at_risk {
        let text = format!("until {}: ", words::when(risk.at));
        facts.push(("holds", Line::of(Tone::Warn, &text).and(&risk.because)));
    }
    if let Some(since) = goal.since {
        let text = format!("{word} since {}", words::when(since));
        facts.push(("since", Line::of(Tone::Faint, &text)));
    }
    if paper.style.verbose() {
        if !goal.why.is_empty() {
            facts.push(("why", Line::plain(&goal.why)));
        }
        facts.push(("line", Line::plain(&words::place(&goal.file, goal.line, 0))));
        for clause in &goal.clauses {
            let text = format!("{}: {}", clause.text, words::scope(&clause.counts));
            facts.push(("clause", Line::plain(&text)));
        }
        if goal.mandatory {
            facts.push((
                "mandatory",
                Line::plain("no annotation or exception waives it"),
            ));
        }
    }
    facts.extend(
        goal.changes
            .iter()
            .map(|change| ("changed", Line::plain(change))),
    );
    facts.extend(
        goal.notes
            .iter()
            .map(|note| ("note", Line::of(Tone::Warn, note))),
    );
    facts.extend(
        goal.settled_by
            .iter()
            .map(|what| ("settle by", Line::plain(what))),
    );
    let mut before = "";
    for (label, line) in &facts {
        let shown = if *label == before { "" } else { label };
        before = label;
        paper.field(2, &Line::of(Tone::Faint, shown), LABEL - 2 + 2, line)?;
    }

    assets(paper, lookup, goal)
}

/// The interval of attainment with the target in it.
fn bar(style: Style, goal: &GoalReport) -> Line {
    let a = &goal.attainment;
    let cells = |fraction: f64| (ppm(fraction) as usize * CELLS) / 1_000_000;
    let (lower, upper) = (cells(a.lower), cells(a.upper).max(cells(a.lower)));
    // The mark stands behind as many cells as the target needs.
    let target = (ppm(a.target) as usize * CELLS).div_ceil(1_000_000);
    let [full, maybe, none, mark] = if style.unicode {
        ["█", "▒", "·", "│"]
    } else {
        ["#", "?", ".", "|"]
    };
    let mut line = Line::new();
    for (from, to, glyph, tone) in [
        (0, lower, full, Tone::from(goal.verdict)),
        (lower, upper, maybe, Tone::Unsure),
        (upper, CELLS, none, Tone::Faint),
    ] {
        let before = target.clamp(from, to) - from;
        let here = (from < target || target == 0 && from == 0) && target <= to;
        if here {
            line = line
                .put(tone, &glyph.repeat(before))
                .put(Tone::Plain, mark)
                .put(tone, &glyph.repeat(to - from - before));
        } else {
            line = line.put(tone, &glyph.repeat(to - from));
        }
    }
    line
}

/// All findings, for `--verbose`.
fn findings(paper: &mut Paper<'_>, report: &CheckReport) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.text(0, &Line::of(Tone::Strong, "All findings, worst first"))?;
    for finding in &report.findings {
        assets::findings(paper, 2, &[finding], None)?;
        if !finding.fix.summary.is_empty() {
            paper.text(
                2 + SEVERITY,
                &Line::of(Tone::Faint, "fix: ").and(&finding.fix.summary),
            )?;
        }
    }
    Ok(())
}

/// What went wrong or must be known.
pub(super) fn diagnostics(
    paper: &mut Paper<'_>,
    diagnostics: &[DiagnosticReport],
) -> io::Result<()> {
    let verbose = paper.style.verbose();
    let mut left = 0;
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        // Errors are never left out.
        if !verbose && index >= NOTES && diagnostic.level != DiagnosticLevel::Error {
            left += 1;
            continue;
        }
        let tone = match diagnostic.level {
            DiagnosticLevel::Error => Tone::Bad,
            DiagnosticLevel::Warning => Tone::Warn,
            DiagnosticLevel::Note => Tone::Faint,
        };
        let mut line = Line::new();
        if let Some(place) = words::diagnostic_place(diagnostic) {
            line = line.and(&place).and(": ");
        }
        let label = Line::of(tone, words::level(diagnostic.level));
        paper.field(0, &label, LABEL, &line.and(&diagnostic.message))?;
    }
    if left > 0 {
        let text = format!("and {} more: -v shows all", number(left));
        paper.text(LABEL, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// What was read and what was not.
pub(super) fn coverage(paper: &mut Paper<'_>, coverage: &CoverageReport) -> io::Result<()> {
    let line = Line::plain(&words::coverage(coverage));
    paper.field(0, &Line::of(Tone::Strong, "Coverage"), LABEL, &line)?;
    let verbose = paper.style.verbose();
    // What was skipped holds no asset: only the other two change a verdict.
    let gaps: Vec<_> = coverage
        .gaps
        .iter()
        .filter(|g| verbose || g.state != GapState::Skipped)
        .collect();
    let shown = if verbose {
        gaps.len()
    } else {
        gaps.len().min(NOTES)
    };
    for gap in &gaps[..shown] {
        let tone = if gap.state == GapState::Failed {
            Tone::Bad
        } else {
            Tone::Unsure
        };
        let line = Line::of(tone, words::gap(gap.state))
            .and(" ")
            .and(&words::place(&gap.file, gap.line, gap.column))
            .and(": ")
            .and(&gap.reason);
        paper.text(LABEL, &line)?;
    }
    if shown < gaps.len() {
        let text = format!(
            "and {} more: -v shows all",
            number((gaps.len() - shown) as u64)
        );
        paper.text(LABEL, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// The last lines: what to do now.
pub(super) fn next(paper: &mut Paper<'_>, next: &[(String, &str)]) -> io::Result<()> {
    if next.is_empty() {
        return Ok(());
    }
    let room = next
        .iter()
        .map(|(command, _)| crate::text::width(command))
        .max()
        .unwrap_or(0);
    // In two columns where they fit for every line, else in none.
    let fits = next
        .iter()
        .all(|(_, what)| LABEL + room + 3 + what.len() <= paper.style.columns());
    for (index, (command, what)) in next.iter().enumerate() {
        let label = if index == 0 { "Next" } else { "" };
        let pad = room - crate::text::width(command);
        let line = if fits {
            Line::of(Tone::Strong, label)
                .and(&" ".repeat(LABEL - label.len()))
                .put(Tone::Good, command)
                .and(&" ".repeat(pad + 2))
                .and(what)
        } else {
            let line = Line::of(Tone::Good, command).and(" # ").and(what);
            paper.field(0, &Line::of(Tone::Strong, label), LABEL, &line)?;
            continue;
        };
        paper.put(0, &line)?;
    }
    Ok(())
}
