//! Vulnerabilities as rules, and what a result says of one.

use plimsoll_model::{
    Severity, StatedSeverity,
    wire::{ControlReport, VulnerabilityReport},
};
use serde_json::{Value, json};

use super::finish;
use crate::{markdown::text as md, text::clean, uri::is_https, vulnerability};

/// Addresses that a rule's help lists.
const REFERENCES: usize = 20;

/// What a rule says of a vulnerability, whichever package has it.
pub(super) struct Vulnerable {
    summary: String,
    aliases: Vec<String>,
    weaknesses: Vec<String>,
    references: Vec<String>,
    /// The highest score of the source that counts.
    score: Option<f64>,
}

impl Vulnerable {
    pub(super) fn new(v: &VulnerabilityReport) -> Self {
        let https = v.references.iter().filter(|at| is_https(at));
        Vulnerable {
            summary: v.summary.clone(),
            aliases: v.aliases.clone(),
            weaknesses: v.weaknesses.clone(),
            references: https.take(REFERENCES).cloned().collect(),
            score: score(&v.severities),
        }
    }

    /// Another package has it too.
    pub(super) fn also(&mut self, v: &VulnerabilityReport) {
        if self.summary.is_empty() {
            self.summary.clone_from(&v.summary);
        }
        if let Some(other) = score(&v.severities) {
            self.score = Some(self.score.map_or(other, |known| known.max(other)));
        }
    }

    pub(super) fn rule(
        &self,
        id: &str,
        severity: Severity,
        control: Option<&ControlReport>,
    ) -> Value {
        let id = clean(id);
        let short = match clean(self.summary.trim()) {
            summary if summary.is_empty() => id.to_string(),
            summary => format!("{id}: {summary}"),
        };
        let mut parts: Vec<(&str, String)> = Vec::new();
        if !self.aliases.is_empty() {
            parts.push((
                "Also known as",
                clean(&self.aliases.join(", ")).into_owned(),
            ));
        }
        if let Some(control) = control {
            parts.push(("Why it matters", clean(&control.why).into_owned()));
            let remediation = clean(&control.remediation);
            parts.push(("How to fix it", remediation.into_owned()));
        }
        let mut text = short.clone();
        let mut markdown = md(&short);
        for (what, said) in &parts {
            text.push_str(&format!("\n\n{what}: {said}"));
            markdown.push_str(&format!("\n\n**{what}**: {}", md(said)));
        }
        if !self.references.is_empty() {
            text.push_str("\n\nMore:");
            markdown.push_str("\n\n**More**:");
            for address in &self.references {
                text.push_str(&format!("\n{}", clean(address)));
                markdown.push_str(&format!("\n- {}", md(address)));
            }
        }
        let mut rule = json!({
            "id": id,
            "name": id,
            "shortDescription": { "text": short },
            "fullDescription": { "text": short },
            "help": { "text": text, "markdown": markdown },
        });
        if let Some(address) = self.references.first() {
            rule["helpUri"] = address.as_str().into();
        }
        let weaknesses = self.weaknesses.iter().map(|cwe| {
            // The form that code scanning knows weaknesses by.
            format!("external/cwe/{}", clean(&cwe.to_ascii_lowercase()))
        });
        let tags = ["security", "vulnerability"].map(str::to_owned);
        let mut rule = finish(rule, severity, tags.into_iter().chain(weaknesses).collect());
        if let Some(score) = self.score {
            rule["properties"]["security-severity"] = format!("{score:.1}").into();
        }
        rule
    }
}

/// The score of the source that counts most and gives one: sources stand in
/// that order. Where the first only gives a word, the word counts, and no
/// score of another source may say less or more.
fn score(severities: &[StatedSeverity]) -> Option<f64> {
    let first = severities.first()?;
    first.score.filter(|score| (0.0..=10.0).contains(score))
}

/// What a result says beside what every result says.
pub(super) fn properties(v: &VulnerabilityReport, properties: &mut Value) {
    properties["purl"] = clean(&v.package.purl).into();
    properties["package"] = clean(&v.package.name).into();
    properties["version"] = clean(&v.package.version).into();
    properties["state"] = v.state.as_str().into();
    properties["fixAdvice"] = clean(&vulnerability::fix(v)).into();
    properties["source"] = format!("{} {}", clean(&v.source.feed), clean(&v.source.record)).into();
    if let Some(fixed) = &v.fixed {
        properties["fixed"] = clean(fixed).into();
    }
    if let Some(epss) = &v.epss {
        properties["epss"] = json!(epss);
    }
    if let Some(kev) = &v.kev {
        properties["kev"] = json!({
            "added": kev.added,
            "due": kev.due,
            "ransomware": kev.ransomware,
        });
    }
    if let Some(priority) = &v.priority {
        properties["priority"] = json!({
            "level": priority.level,
            "why": clean(&priority.why),
        });
    }
    if !v.severities.is_empty() {
        properties["severities"] = clean(&vulnerability::severities(v)).into();
    }
}
