//! What a cluster runs on, each version once, in words that all formats share.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    FindingId,
    wire::{CheckReport, ComponentReport, ComponentState, FindingReport},
};

use crate::{
    style::Tone,
    text::{count, number},
    words,
};

/// The title of what is told of them.
pub(crate) const TITLE: &str = "What the cluster runs on";

/// A version of a program, wherever it runs.
pub(crate) struct Version<'a> {
    /// `kubelet v1.30.2`.
    pub(crate) label: String,
    /// `3 nodes`, or the name of the only one.
    pub(crate) whose: String,
    /// What it has, each once.
    pub(crate) findings: Vec<&'a FindingReport>,
    state: ComponentState,
    reasons: &'a [String],
}

/// What is alike on several nodes.
type Alike<'a> = (&'a str, Option<&'a str>, ComponentState, &'a [String]);

/// Each version once, with how many have it and what it has.
pub(crate) fn versions(report: &CheckReport) -> Vec<Version<'_>> {
    if report.components.is_empty() {
        return Vec::new();
    }
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
    alike
        .into_iter()
        .map(|(of, rows)| version(report, &by_id, of, &rows))
        .collect()
}

/// What was not compared, or not with all there is, and why: a text for each.
pub(crate) fn not_compared(report: &CheckReport) -> Vec<String> {
    let mut texts = Vec::new();
    for of in versions(report) {
        let unsure = of.summary().into_iter();
        for (_, word, why) in unsure.filter(|(tone, ..)| *tone == Tone::Unsure) {
            texts.push(format!("{} ({}): {word}: {why}", of.label, of.whose));
        }
    }
    texts
}

fn version<'a>(
    report: &CheckReport,
    by_id: &BTreeMap<FindingId, &'a FindingReport>,
    (name, version, state, reasons): Alike<'a>,
    rows: &[&ComponentReport],
) -> Version<'a> {
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    Version {
        label: match version {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        },
        whose: whose(report, rows),
        findings: rows
            .iter()
            .flat_map(|row| &row.findings)
            .filter_map(|id| by_id.get(id).copied())
            // The same on another node.
            .filter(|finding| told.insert((&*finding.control, &*finding.message)))
            .collect(),
        state,
        reasons,
    }
}

impl Version<'_> {
    /// How far it was compared and what came of it: words, and what more
    /// there is to say of them.
    pub(crate) fn summary(&self) -> Vec<(Tone, String, String)> {
        let mut parts = Vec::new();
        if !self.findings.is_empty() {
            let mut severities = BTreeMap::new();
            for finding in &self.findings {
                *severities.entry(finding.severity).or_default() += 1;
            }
            let all = match self.findings.len() {
                1 => "1 known vulnerability".to_owned(),
                n => format!("{} known vulnerabilities", number(n as u64)),
            };
            parts.push((Tone::Bad, all, words::severities(&severities)));
        }
        let (tone, word, why) = match self.state {
            ComponentState::Compared if self.findings.is_empty() => {
                (Tone::Good, "no known vulnerability", String::new())
            }
            ComponentState::Compared => return parts,
            ComponentState::InPackage => (Tone::Plain, "as its package", String::new()),
            ComponentState::Unknown | ComponentState::NotTold => {
                (Tone::Unsure, self.state.as_str(), self.reasons.join("; "))
            }
        };
        parts.push((tone, word.to_owned(), why));
        parts
    }
}

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
