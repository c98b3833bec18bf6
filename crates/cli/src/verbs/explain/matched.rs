//! What was matched, for a finding that is a vulnerability: names, package, fix, and who says what.

use plimsoll_model::{Tristate, wire::VulnerabilityReport};
use plimsoll_report::vulnerability;

use super::page::Page;

/// Room for the names of rows.
const NAMES: usize = 12;
/// Addresses that are written.
const REFERENCES: usize = 10;

/// What is known of it.
pub fn explain(v: &VulnerabilityReport, page: &mut Page) {
    page.heading("The vulnerability");
    let mut row = |name: &str, text: &str| {
        if !text.is_empty() {
            page.row(NAMES, name, text);
        }
    };
    row("name", &v.vulnerability);
    row("also", &v.aliases.join(", "));
    row("what", &v.summary);
    row("weakness", &v.weaknesses.join(", "));
    let package = &v.package;
    row("package", &format!("{} {}", package.name, package.version));
    if let Some(source) = &package.source {
        row("built from", &format!("{} {}", source.name, source.version));
    }
    row("purl", &package.purl);
    let published = v.fix_published.map(|day| format!(", since {day}"));
    row(
        "fix",
        &format!("{}{}", vulnerability::fix(v), published.unwrap_or_default()),
    );
    row("severity", &vulnerability::severities(v));
    if let Some(priority) = &v.priority {
        row("priority", &format!("{}: {}", priority.level, priority.why));
    }
    row("here", &vulnerability::flags(v).join(", "));
    if v.reachable.answer != Tristate::Unknown {
        row("reachable", &v.reachable.evidence);
    }
    row("exploits", &v.exploits.join(", "));
    for source in std::iter::once(&v.source).chain(&v.other_sources) {
        let date = source.date.map(|date| format!(", changed {date}"));
        let text = format!(
            "{} in {}{}",
            source.record,
            source.feed,
            date.unwrap_or_default()
        );
        row("by", &text);
    }
    for note in &v.notes {
        row("note", note);
    }
    for address in v.references.iter().take(REFERENCES) {
        row("more", address);
    }
}
