//! `plimsoll scan` on a terminal.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use plimsoll_model::{
    ObjectRef, Severity,
    wire::{FindingReport, ScanReport},
};

use super::{
    Line, Paper,
    assets::{SEVERITY, findings},
    check::{coverage, diagnostics, next},
    image,
    vulnerabilities::Vulnerable,
};
use crate::{
    group::{Groups, Limits},
    style::{Style, Tone, Verbosity},
    text::{count, number},
    words,
};

/// What is shown without `--verbose`.
const NORMAL: Limits = Limits {
    groups: 20,
    findings: 5,
};

/// Controls that are listed without `--verbose`.
const CONTROLS: usize = 12;

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
    let mut vulnerable = Vulnerable::new(style);
    let groups = Groups::collect_but(findings, limits, |finding| vulnerable.take(finding));
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
    let about = if header.kind == "image" {
        format!("{}, against {against}", words::minute(header.now))
    } else {
        format!(
            "cluster {}, {}, against {against}",
            header.cluster,
            words::minute(header.now)
        )
    };
    paper.text(0, &Line::of(Tone::Faint, &about))?;
    for image in &header.images {
        image::summary(paper, image)?;
    }
    vulnerable.list(paper, header.coverage.unmatched)?;
    for group in &groups.list {
        paper.blank()?;
        object(paper, &group.object, group.total, &group.findings)?;
    }
    if groups.hidden() > 0 {
        paper.blank()?;
        let (more, objects) = (
            count(groups.hidden(), "more finding"),
            count(groups.unlisted, "object"),
        );
        let what = match groups.elsewhere {
            0 => more,
            n if n == groups.hidden() => format!("{more} on {objects} not listed"),
            n => format!("{more}, {} of them on {objects} not listed", number(n)),
        };
        let text = format!("{what}: -v shows all, -o json=FILE keeps all");
        paper.text(0, &Line::of(Tone::Faint, &text))?;
    }
    if !groups.controls.is_empty() {
        table(paper, header, &groups)?;
    }
    paper.blank()?;
    diagnostics(paper, &header.diagnostics)?;
    coverage(paper, &header.coverage)?;
    if header.kind == "image" && !header.images.is_empty() && !paper.style.verbose() {
        let text = "-v lists every package; plimsoll image sbom writes them as an SBOM";
        paper.text(0, &Line::of(Tone::Faint, text))?;
    }
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
    // The place of the object's first finding; a line within it is enough then.
    let file = findings.first().map(|finding| finding.file.as_str());
    let right = Line::of(Tone::Faint, &words::place(file.unwrap_or_default(), 0, 0));
    paper.apart(0, (&Line::new(), 0), &name, &right)?;
    let list: Vec<&FindingReport> = findings.iter().collect();
    if paper.style.verbose() {
        for finding in list {
            self::findings(paper, 2, &[finding], file)?;
            if !finding.fix.summary.is_empty() {
                let line = Line::of(Tone::Faint, "fix: ").put(Tone::Faint, &finding.fix.summary);
                paper.text(2 + SEVERITY, &line)?;
            }
        }
    } else {
        self::findings(paper, 2, &list, file)?;
    }
    let left = total - findings.len() as u64;
    if left > 0 {
        let text = format!("and {} on this object", count(left, "more finding"));
        paper.text(2 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// The controls that most findings violate.
fn table(paper: &mut Paper<'_>, header: &ScanReport, groups: &Groups) -> io::Result<()> {
    paper.blank()?;
    let mut rows: Vec<_> = groups.controls.iter().collect();
    rows.sort_by_key(|(id, (n, worst))| (Reverse(*worst), Reverse(*n), *id));
    let shown = if paper.style.verbose() {
        rows.len()
    } else {
        rows.len().min(CONTROLS)
    };
    let title = format!("Controls that are violated: {}", number(rows.len() as u64));
    paper.text(0, &Line::of(Tone::Strong, &title))?;
    for (id, (n, worst)) in &rows[..shown] {
        let title = header.controls.get(*id).map_or("", |c| c.title.as_str());
        let severity = Line::of((*worst).into(), worst.as_str());
        let pad = SEVERITY - worst.as_str().len();
        let head = severity.and(&format!("{:pad$}{:>5}", "", number(*n)));
        let mut line = Line::plain(id);
        if !title.is_empty() {
            line = line.put(Tone::Faint, ": ").put(Tone::Faint, title);
        }
        paper.field(2, &head, SEVERITY + 7, &line)?;
    }
    if shown < rows.len() {
        let left = (rows.len() - shown) as u64;
        let text = format!("and {}: -v shows all", count(left, "more control"));
        paper.text(2 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}
