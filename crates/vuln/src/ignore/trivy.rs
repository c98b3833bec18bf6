//! `.trivyignore` and `.trivyignore.yaml`
//! (<https://trivy.dev/latest/docs/configuration/filtering/>).

use plimsoll_manifest::Node;
use plimsoll_model::Date;

use super::{IgnoreFile, IgnoreFormat, Kind, MOST_ITEMS, Rule, glob::Glob};
use crate::{
    read::{bounds, tree},
    vex::PurlPattern,
};

/// Sections of the YAML form.
pub(super) const SECTIONS: [(&str, Kind); 4] = [
    ("vulnerabilities", Kind::Vulnerability),
    ("misconfigurations", Kind::Misconfiguration),
    ("secrets", Kind::Secret),
    ("licenses", Kind::Licence),
];

/// An id to a line, `exp:2026-01-01` behind it, and comments.
pub(super) fn lines(file: &str, text: &str) -> IgnoreFile {
    let mut read = IgnoreFile::new(file, IgnoreFormat::TrivyLines);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut comment = String::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let line = line.trim();
        let (code, own) = match line.find('#') {
            Some(0) => ("", line),
            Some(at) if line[..at].ends_with(char::is_whitespace) => line.split_at(at),
            _ => (line, ""),
        };
        let own = own.trim_start_matches('#').trim();
        if code.is_empty() {
            // What stands above a rule is why.
            own.clone_into(&mut comment);
            continue;
        }
        let reason = if own.is_empty() { &comment } else { own };
        let rule = line_rule(read.place(number), code, reason);
        read.take(number, rule);
        comment.clear();
    }
    read
}

fn line_rule(place: String, code: &str, reason: &str) -> Result<Rule, String> {
    let mut rule = Rule::new(place, Kind::Any);
    for (at, field) in code.split_whitespace().enumerate() {
        if at == 0 {
            rule.id = Some(bounds::word(field).map_err(|why| format!("the id {why}"))?);
        } else if let Some(day) = field.strip_prefix("exp:") {
            rule.until = Some(last_day(day)?);
        } else {
            return Err(format!(
                "`{}` is neither an id nor `exp:` and a date",
                field.chars().take(60).collect::<String>()
            ));
        }
    }
    rule.reason = bounds::prose(reason, bounds::NOTE);
    Ok(rule)
}

/// The last day on which a rule holds that is over from this day on.
fn last_day(text: &str) -> Result<Date, String> {
    tree::date(text)
        .and_then(|day| day.yesterday().ok())
        .ok_or_else(|| {
            format!(
                "`{}` is no date such as 2026-01-31",
                text.chars().take(40).collect::<String>()
            )
        })
}

pub(super) fn yaml(file: &str, root: Node<'_>) -> IgnoreFile {
    let mut read = IgnoreFile::new(file, IgnoreFormat::TrivyYaml);
    for (key, value) in root.entries() {
        let Some((_, kind)) = SECTIONS.iter().find(|(name, _)| *name == key.text) else {
            let line = value.place().line;
            read.skip(line, format!("`{}` is no section of it", key.text));
            continue;
        };
        for item in value.items() {
            let line = item.place().line;
            let rule = yaml_rule(Rule::new(read.place(line), *kind), item);
            read.take(line, rule);
        }
    }
    read
}

fn yaml_rule(mut rule: Rule, item: Node<'_>) -> Result<Rule, String> {
    for (key, value) in item.entries() {
        match key.text {
            "id" => {
                let id = value.scalar_text().unwrap_or_default();
                rule.id = Some(bounds::word(id).map_err(|why| format!("the id {why}"))?);
            }
            "paths" => {
                for path in texts(value)? {
                    rule.paths.push(Glob::parse(path)?);
                }
            }
            "purls" => {
                for purl in texts(value)? {
                    let pattern = PurlPattern::parse(purl)
                        .ok_or_else(|| format!("`{purl}` is no package URL"))?;
                    rule.purls.push(pattern);
                }
            }
            "statement" => {
                rule.reason = bounds::prose(value.scalar_text().unwrap_or_default(), bounds::NOTE);
            }
            "expired_at" => {
                if !value.is_null() {
                    rule.until = Some(last_day(value.scalar_text().unwrap_or_default())?);
                }
            }
            other => return Err(format!("`{other}` is nothing that a rule asks for")),
        }
    }
    if rule.id.is_none() {
        return Err("it has no `id`".to_owned());
    }
    Ok(rule)
}

/// The texts of a list; empty and null lists ask for nothing.
pub(super) fn texts(value: Node<'_>) -> Result<Vec<&str>, String> {
    if value.len() > MOST_ITEMS {
        return Err(format!("a list of more than {MOST_ITEMS}"));
    }
    let texts: Vec<&str> = value.items().filter_map(Node::scalar_text).collect();
    let is_list = value.is_null() || texts.len() == value.len();
    if !is_list || (value.is_empty() && value.scalar_text().is_some_and(|text| !text.is_empty())) {
        return Err("a list of texts is wanted".to_owned());
    }
    Ok(texts)
}
