//! Controls, by their id or by what other tools call them.

use plimsoll_assess::catalogue::{self, BuiltinBaseline};
use plimsoll_model::Rule;

use super::page::Page;

pub fn explain(what: &str, page: &mut Page) -> bool {
    if what.eq_ignore_ascii_case("controls") {
        list(page);
        return true;
    }
    if let Some(rule) = catalogue::rule(&what.to_ascii_lowercase()) {
        one(rule, page);
        return true;
    }
    // One check of another tool may be several controls here.
    let known: Vec<_> = catalogue::rules()
        .filter(|rule| has_alias(rule, what))
        .collect();
    for (at, rule) in known.iter().enumerate() {
        if at > 0 {
            page.raw("\n");
        }
        one(rule, page);
    }
    !known.is_empty()
}

/// Whether another tool calls the control so: `tool:name`, or the name alone.
fn has_alias(rule: &Rule, what: &str) -> bool {
    rule.aliases.iter().any(|alias| {
        let name = alias.split_once(':').map_or(*alias, |(_, name)| name);
        alias.eq_ignore_ascii_case(what) || name.eq_ignore_ascii_case(what)
    })
}

fn list(page: &mut Page) {
    let mut rules: Vec<_> = catalogue::rules().collect();
    rules.sort_by_key(|rule| (rule.category, rule.id));
    page.title("controls", &format!("{} of them, by topic", rules.len()));
    let width = rules
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    let mut category = "";
    for rule in rules {
        if rule.category != category {
            category = rule.category;
            page.heading(category);
        }
        page.row(
            width,
            rule.id,
            &format!("{}: {}", rule.severity, rule.title),
        );
    }
}

/// Everything that is said of a control wherever it is explained.
pub fn reasons(rule: &Rule, page: &mut Page) {
    page.heading("Why it matters");
    page.text(rule.why);
    page.heading("How to test");
    page.text(rule.test);
}

fn one(rule: &Rule, page: &mut Page) {
    page.title(
        rule.id,
        &format!("control, {}, {}", rule.severity, rule.category),
    );
    page.heading("What must hold");
    page.text(rule.title);
    reasons(rule, page);
    page.heading("How to fix");
    page.text(rule.remediation);
    let within: Vec<String> = catalogue::baselines()
        .iter()
        .filter_map(|baseline| versions(baseline, rule.id))
        .collect();
    if !within.is_empty() {
        page.heading("Baselines");
        within.iter().for_each(|baseline| page.item(baseline));
    }
    if !rule.mappings.is_empty() {
        page.heading("Frameworks");
        for mapping in rule.mappings {
            page.item(&format!("{}: {}", mapping.framework, mapping.requirement));
        }
    }
    if !rule.aliases.is_empty() {
        page.heading("Other tools call it");
        rule.aliases
            .iter()
            .for_each(|alias| page.item(&alias.replace(':', ": ")));
    }
    page.heading("Read more");
    rule.references
        .iter()
        .for_each(|reference| page.item(reference));
}

/// In which versions of a baseline a control is.
fn versions(baseline: &BuiltinBaseline, id: &str) -> Option<String> {
    let has = |version: &&String| {
        let controls = baseline.controls(version).unwrap_or_default();
        controls.iter().any(|(control, _)| control.id() == id)
    };
    let within: Vec<&String> = baseline.versions.iter().filter(has).collect();
    let (first, last) = (within.first()?, within.last()?);
    let all = within.len() == baseline.versions.len();
    Some(match (all, first == last) {
        (true, _) => format!("{}, all versions", baseline.name),
        (_, true) => format!("{}@{first}", baseline.name),
        _ if Some(*last) == baseline.versions.last() => {
            format!("{}, from {first} on", baseline.name)
        }
        _ => format!("{}, from {first} to {last}", baseline.name),
    })
}
