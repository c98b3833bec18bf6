//! `plimsoll scan` on a terminal.

use std::io::{self, Write};

use plimsoll_model::{
    ObjectRef, Severity,
    wire::{FindingReport, ScanReport},
};

use super::{
    Line, Paper,
    check::{SEVERITY, coverage, diagnostics, finding, next},
};
use crate::{
    group::{Groups, Limits},
    style::{Style, Tone, Verbosity},
    text::{count, number},
    words,
};

/// What is shown without `--verbose`.
const NORMAL: Limits = Limits {
    groups: 30,
    findings: 6,
};

/// Writes the report of a scan.
pub(crate) fn scan(
    header: &ScanReport,
    findings: &mut dyn Iterator<Item = FindingReport>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    let limits = match style.verbosity {
        Verbosity::Quiet => Limits {
            groups: 0,
            findings: 0,
        },
        Verbosity::Normal => NORMAL,
        Verbosity::Verbose => Limits {
            groups: usize::MAX,
            findings: usize::MAX,
        },
    };
    let groups = Groups::collect(findings, limits);
    let total = groups.total;
    let headline = if total == 0 {
        Line::of(Tone::Good, "No findings.")
    } else {
        let worst = groups
            .severities
            .keys()
            .next_back()
            .copied()
            .unwrap_or(Severity::Info);
        Line::of(
            worst.into(),
            &format!(
                "{} on {}: {}.",
                count(total, "finding"),
                count(groups.objects, "object"),
                words::severities(&groups.severities)
            ),
        )
    };
    paper.text(0, &headline)?;
    if style.quiet() {
        return Ok(());
    }
    let against = match header.baselines.as_slice() {
        [] => "all controls".to_owned(),
        names => names.join(", "),
    };
    let about = format!(
        "cluster {}, {}, against {against}",
        header.cluster,
        words::minute(header.now)
    );
    paper.text(0, &Line::of(Tone::Faint, &about))?;
    for group in &groups.list {
        paper.blank()?;
        object(paper, &group.object, group.total, &group.findings)?;
    }
    if groups.hidden() > 0 {
        paper.blank()?;
        let text = format!(
            "{} more, {} of them on {} not listed: -v shows all, -o json=FILE keeps all",
            count(groups.hidden(), "finding"),
            number(groups.elsewhere),
            count(groups.objects - groups.list.len() as u64, "object"),
        );
        paper.text(0, &Line::of(Tone::Faint, &text))?;
    }
    if total > 0 {
        table(paper, &groups)?;
    }
    paper.blank()?;
    diagnostics(paper, &header.diagnostics)?;
    coverage(paper, &header.coverage)?;
    if let Some(first) = groups.list.first().and_then(|group| group.findings.first()) {
        let command = format!("plimsoll explain {}", crate::text::clean(&first.control));
        next(paper, &[(command, "says why, and how to fix it")])?;
    }
    Ok(())
}

/// An object with its findings.
fn object(
    paper: &mut Paper<'_>,
    object: &ObjectRef,
    total: u64,
    findings: &[FindingReport],
) -> io::Result<()> {
    let name = Line::of(Tone::Strong, &object.to_string());
    let total_line = Line::of(Tone::Faint, &count(total, "finding"));
    paper.apart(0, (&Line::new(), 0), &name, &total_line)?;
    for finding in findings {
        self::finding(paper, 2, finding)?;
        if !finding.fix.summary.is_empty() {
            paper.text(
                2 + SEVERITY,
                &Line::of(Tone::Faint, "fix: ").put(Tone::Faint, &finding.fix.summary),
            )?;
        }
    }
    let left = total - findings.len() as u64;
    if left > 0 {
        let text = format!("and {} more on this object", number(left));
        paper.text(2 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// How many findings there are of each severity, and on how many objects.
fn table(paper: &mut Paper<'_>, groups: &Groups) -> io::Result<()> {
    paper.blank()?;
    let head = Line::of(Tone::Strong, "Severity    findings");
    paper.put(0, &head)?;
    for severity in Severity::WORST_FIRST {
        let n = groups.severities.get(&severity).copied().unwrap_or(0);
        let line = Line::of(severity.into(), &format!("{severity:<10}"))
            .and(&format!("{:>10}", number(n)));
        paper.put(0, &line)?;
    }
    let line = Line::plain(&format!("{:<10}{:>10}", "all", number(groups.total)));
    paper.put(0, &line)
}
