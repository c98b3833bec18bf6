//! What a cluster runs on, with what is known of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use plimsoll_model::{
    FindingId,
    wire::{CheckReport, ComponentReport, ComponentState, FindingReport},
};

use super::{Line, Paper};
use crate::{
    style::Tone,
    text::{count, number},
    words,
};

/// Findings of one version that are listed without `--verbose`.
const FINDINGS: usize = 3;
/// Columns of a name with its version.
const NAME: usize = 30;

/// What is alike on several nodes.
type Alike<'a> = (&'a str, Option<&'a str>, ComponentState, &'a [String]);

/// Each version once, with how many have it and what it has.
pub(super) fn components(paper: &mut Paper<'_>, report: &CheckReport) -> io::Result<()> {
    if report.components.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.text(0, &Line::of(Tone::Strong, "What the cluster runs on"))?;
    let by_id: BTreeMap<FindingId, &FindingReport> =
        report.findings.iter().map(|f| (f.id, f)).collect();
    let mut alike: BTreeMap<Alike<'_>, Vec<&ComponentReport>> = BTreeMap::new();
    for row in &report.components {
        let key = (
            &*row.component,
            row.version.as_deref(),
            row.state,
            &*row.reasons,
        );
        alike.entry(key).or_default().push(row);
    }
    for ((name, version, state, reasons), rows) in alike {
        let label = match version {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        };
        let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
        let findings: Vec<&FindingReport> = rows
            .iter()
            .flat_map(|row| &row.findings)
            .filter_map(|id| by_id.get(id).copied())
            // The same on another node.
            .filter(|finding| told.insert((&*finding.control, &*finding.message)))
            .collect();
        let whose = whose(report, &rows);
        paper.field(
            2,
            &Line::of(Tone::Strong, &label),
            NAME,
            &summary(state, &findings, reasons).put(Tone::Faint, &format!("  {whose}")),
        )?;
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

fn summary(state: ComponentState, findings: &[&FindingReport], reasons: &[String]) -> Line {
    let mut parts: Vec<(Tone, String)> = Vec::new();
    if !findings.is_empty() {
        let mut severities = BTreeMap::new();
        for finding in findings {
            *severities.entry(finding.severity).or_default() += 1;
        }
        let text = match findings.len() {
            1 => format!("1 known vulnerability: {}", words::severities(&severities)),
            n => format!(
                "{} known vulnerabilities: {}",
                number(n as u64),
                words::severities(&severities)
            ),
        };
        parts.push((Tone::Bad, text));
    }
    match state {
        ComponentState::Compared if findings.is_empty() => {
            parts.push((Tone::Good, "no known vulnerability".to_owned()));
        }
        ComponentState::Compared => {}
        ComponentState::InPackage => parts.push((Tone::Plain, "as its package".to_owned())),
        ComponentState::Unknown | ComponentState::NotTold => {
            let why = format!("{}: {}", state.as_str(), reasons.join("; "));
            parts.push((Tone::Unsure, why));
        }
    }
    let mut line = Line::new();
    for (at, (tone, text)) in parts.iter().enumerate() {
        let between = if at == 0 { "" } else { "; " };
        line = line.and(between).put(*tone, text);
    }
    line
}

/// `3 nodes`, or the name of the only one.
fn whose(report: &CheckReport, rows: &[&ComponentReport]) -> String {
    match rows {
        [row] => {
            let cluster = format!("cluster/{}", report.cluster);
            match row.asset.as_str() {
                id if id == cluster => "the cluster".to_owned(),
                id => id
                    .rsplit('/')
                    .next()
                    .map_or(String::new(), |name| format!("node {name}")),
            }
        }
        rows => count(rows.len() as u64, "node"),
    }
}
