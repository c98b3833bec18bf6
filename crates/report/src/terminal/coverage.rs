//! The coverage of a cluster: engines by kinds of assets, then every gap with
//! its fix.

use std::io::{self, Write};

use plimsoll_model::{CoverageState, wire::ClusterCoverageReport};

use super::{Line, Paper};
use crate::{
    Style,
    coverage::{KINDS, counts, freshness, headline, owner},
    style::Tone,
    text::count,
};

/// Columns of a name of an engine.
const ENGINE: usize = 18;
/// Columns of the name of a kind of asset.
const KIND: usize = 11;
/// Gaps that are shown unless everything is asked for.
const GAPS: usize = 20;

/// Writes it.
pub(crate) fn coverage(
    report: &ClusterCoverageReport,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    let tone = if report.gaps.is_empty() {
        Tone::Good
    } else {
        Tone::Bad
    };
    paper.text(
        0,
        &Line::of(Tone::Strong, "coverage of ")
            .put(Tone::Strong, &report.cluster)
            .and(": ")
            .put(tone, &headline(report)),
    )?;
    if style.quiet() {
        return Ok(());
    }
    paper.blank()?;
    for engine in &report.engines {
        let whole = &engine.whole;
        let mut line = Line::of(tone_of(whole.state), whole.state.as_str());
        if whole.state != CoverageState::NotDeployed {
            line = line.put(
                Tone::Faint,
                &format!(", {}", freshness(whole.heard, report.now)),
            );
        }
        if let Some(version) = &whole.version {
            line = line.put(Tone::Faint, &format!(", {version}"));
        }
        if !whole.reason.is_empty() {
            line = line.and(": ").and(&whole.reason);
        }
        let label = Line::of(Tone::Strong, engine.engine.as_str());
        paper.field(2, &label, ENGINE, &line)?;
        if whole.state == CoverageState::NotDeployed {
            continue;
        }
        for kind in &KINDS[1..] {
            let counts = counts(engine, *kind);
            let mut line = Line::new();
            for (at, (state, count)) in counts.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                line = line
                    .and(comma)
                    .put(tone_of(*state), &format!("{count} {state}"));
            }
            if !counts.is_empty() {
                let label = Line::plain(&format!("{kind}s"));
                paper.field(2 + ENGINE, &label, KIND, &line)?;
            }
        }
    }
    gaps(report, &mut paper)?;
    versions(report, &mut paper)
}

fn gaps(report: &ClusterCoverageReport, paper: &mut Paper<'_>) -> io::Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.text(0, &Line::of(Tone::Strong, "gaps"))?;
    let shown = if paper.style.verbose() {
        report.gaps.len()
    } else {
        GAPS
    };
    for gap in report.gaps.iter().take(shown) {
        let label = Line::of(Tone::Bad, gap.severity.as_str());
        paper.field(2, &label, 10, &Line::plain(&gap.message))?;
        let what = Line::of(Tone::Faint, &format!("{} ", gap.rule))
            .put(Tone::Faint, gap.asset.as_str())
            .put(Tone::Faint, ", owner ")
            .put(Tone::Faint, owner(gap));
        paper.text(12, &what)?;
        paper.field(12, &Line::plain("fix:"), 5, &Line::plain(&gap.fix))?;
    }
    let more = report.gaps.len().saturating_sub(shown);
    if more > 0 {
        let text = format!(
            "and {} more: --verbose shows them",
            count(more as u64, "gap")
        );
        paper.text(2, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

fn versions(report: &ClusterCoverageReport, paper: &mut Paper<'_>) -> io::Result<()> {
    let unknown = report.versions.iter().filter(|v| v.state == "unknown");
    let unknown: Vec<_> = unknown.collect();
    if report.versions.is_empty() || (unknown.is_empty() && !paper.style.verbose()) {
        return Ok(());
    }
    paper.blank()?;
    let title = format!("versions, by the table of {}", report.versions_as_of);
    paper.text(0, &Line::of(Tone::Strong, &title))?;
    let all: Vec<_> = report.versions.iter().collect();
    let listed = if paper.style.verbose() {
        &all
    } else {
        &unknown
    };
    for version in listed.iter().take(if paper.style.verbose() {
        usize::MAX
    } else {
        GAPS
    }) {
        let tone = match &*version.state {
            "supported" => Tone::Good,
            "ended" => Tone::Bad,
            "ending" => Tone::Warn,
            _ => Tone::Unsure,
        };
        let line = Line::plain(&format!("{} {} of ", version.part, version.version))
            .and(version.asset.as_str());
        let line = match (&version.until, &version.reason) {
            (Some(until), _) => line.and(&format!(", until {until}")),
            (None, Some(reason)) => line.and(": ").and(reason),
            (None, None) => line,
        };
        paper.field(2, &Line::of(tone, &version.state), 10, &line)?;
    }
    Ok(())
}

fn tone_of(state: CoverageState) -> Tone {
    match state {
        CoverageState::Observed => Tone::Good,
        CoverageState::NotApplicable => Tone::Faint,
        CoverageState::Excluded => Tone::Accepted,
        CoverageState::Unsupported | CoverageState::NotDeployed => Tone::Unsure,
        CoverageState::Stale => Tone::Warn,
        CoverageState::Silent | CoverageState::Missing => Tone::Bad,
    }
}
