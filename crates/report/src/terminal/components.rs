//! What a cluster runs on, with what is known of it.

use std::io;

use plimsoll_model::wire::CheckReport;
use unicode_width::UnicodeWidthStr;

use super::{Line, Paper};
use crate::{
    components::{TITLE, Version, versions},
    style::Tone,
    text::number,
};

/// Findings of one version that are listed without `--verbose`.
const FINDINGS: usize = 3;
/// Columns of a name with its version.
const NAME: usize = 30;

/// Each version once, with how many have it and what it has.
pub(super) fn components(paper: &mut Paper<'_>, report: &CheckReport) -> io::Result<()> {
    let versions = versions(report);
    if versions.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.text(0, &Line::of(Tone::Strong, TITLE))?;
    for version in &versions {
        let label = Line::of(Tone::Strong, &version.label);
        let whose = format!(" ({})", version.whose);
        let summary = summary(version).put(Tone::Faint, &whose);
        if version.label.width() < NAME {
            paper.field(2, &label, NAME, &summary)?;
        } else {
            paper.text(2, &label)?;
            paper.text(4, &summary)?;
        }
        let findings = &version.findings;
        let shown = if paper.style.verbose() {
            findings.len()
        } else {
            FINDINGS
        };
        for finding in findings.iter().take(shown) {
            let line = Line::of(finding.severity.into(), finding.severity.as_str())
                .and("  ")
                .and(&finding.message);
            paper.text(4, &line)?;
        }
        if findings.len() > shown {
            let more = number((findings.len() - shown) as u64);
            paper.text(
                4,
                &Line::of(
                    Tone::Faint,
                    &format!("and {more} more; --verbose lists them"),
                ),
            )?;
        }
    }
    Ok(())
}

fn summary(version: &Version<'_>) -> Line {
    let mut line = Line::new();
    for (at, (tone, words, more)) in version.summary().iter().enumerate() {
        let between = if at == 0 { "" } else { "; " };
        let text = match more.as_str() {
            "" => words.clone(),
            more => format!("{words}: {more}"),
        };
        line = line.and(between).put(*tone, &text);
    }
    line
}
