//! Files that are not manifests yet: chart templates with their `{{ actions }}` still inside.

use crate::{Place, Source};

/// A file (or some of its documents) that has to be rendered before it can be read.
///
/// What it would become is unknown, not absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRendered {
    /// The first template action found in the way.
    pub place: Place,
    /// Why it could not be read, in plain words.
    pub reason: String,
    /// What the parts look like they would become, one for each document that names a kind.
    pub guesses: Vec<GuessedObject>,
}

/// What a part of a template looks like it would become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuessedObject {
    /// The word after `kind:` where it is plain.
    pub kind: Option<String>,
    /// The text after the first `name:` of the metadata, actions and all.
    pub name: Option<String>,
    /// The `kind:` line, or the part's first line.
    pub place: Place,
}

/// The offset of the first action of `text[start..end]` that stands outside of quotes and
/// comments and looks like one of a chart: a line of its own, a whole value, or one that calls
/// what charts call.
pub(crate) fn find_action(text: &str, start: usize, end: usize) -> Option<usize> {
    let part = text.get(start..end)?;
    memchr::memmem::find(part.as_bytes(), b"{{")?;
    let mut offset = start;
    for line in part.split_inclusive('\n') {
        if let Some(at) = action_in_line(line) {
            return Some(offset + at);
        }
        offset += line.len();
    }
    None
}

/// One pass over the line, quotes kept in mind: lines of foreign files may be megabytes long.
fn action_in_line(line: &str) -> Option<usize> {
    if !line.contains("{{") || line.trim_start().starts_with('#') {
        return None;
    }
    let mut quote = None;
    let (mut previous, mut before_space) = (' ', None);
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open && previous != '\\' => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') && matches!(previous, ' ' | '[' | '{' | ',' | '\t') => {
                quote = Some(c)
            }
            None if c == '{' && line.get(at..).is_some_and(|rest| rest.starts_with("{{")) => {
                let whole = matches!(before_space, None | Some(':' | '-'));
                let chart = previous != '$' && is_chart_action(line.get(at..)?);
                if whole && previous != '{' || chart {
                    return Some(at);
                }
            }
            None => {}
        }
        if !c.is_whitespace() {
            before_space = Some(c);
        }
        previous = c;
    }
    None
}

/// Whether an action (from its `{{`) reads like one of Helm and not of a workflow or dashboard.
pub(crate) fn is_chart_action(action: &str) -> bool {
    // Enough to tell; an action may be as long as the file.
    let action = action
        .char_indices()
        .nth(80)
        .and_then(|(end, _)| action.get(..end))
        .unwrap_or(action);
    let body = action
        .trim_start_matches('{')
        .trim_start_matches('-')
        .trim_start();
    let word: String = body
        .chars()
        .take_while(|c| c.is_ascii_alphabetic())
        .collect();
    let calls = matches!(
        word.as_str(),
        "if" | "else"
            | "end"
            | "range"
            | "with"
            | "include"
            | "template"
            | "define"
            | "block"
            | "tpl"
            | "toYaml"
            | "default"
            | "required"
            | "quote"
            | "squote"
            | "printf"
            | "lookup"
            | "fail"
            | "ternary"
            | "nindent"
    ) && body
        .get(word.len()..)
        .is_some_and(|rest| rest.starts_with([' ', '}', '-', '(']));
    calls
        || body.starts_with("/*")
        || body.starts_with("$.")
        || body.starts_with('(')
        || body
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// What a part that cannot be read looks like it would become.
pub(crate) fn guess(source: &Source, start: usize, end: usize) -> Option<GuessedObject> {
    let part = source.text().get(start..end)?;
    let mut kind: Option<(String, usize)> = None;
    let mut name = None;
    let mut metadata: Option<usize> = None;
    let mut offset = start;
    for line in part.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if kind.is_none()
            && indent == 0
            && let Some(value) = value_of(content, "kind:")
        {
            kind = Some((value, offset));
        }
        if name.is_none()
            && let Some(outer) = metadata
            && indent > outer
        {
            name = value_of(content, "name:");
        }
        if metadata.is_none() && indent == 0 && content.trim_end() == "metadata:" {
            metadata = Some(indent);
        }
        offset += line.len();
    }
    let at = kind.as_ref().map(|(_, at)| *at);
    let kind = kind.map(|(kind, _)| kind);
    if kind.is_none() && name.is_none() {
        return None;
    }
    Some(GuessedObject {
        kind,
        name,
        place: source.place(at.unwrap_or(start) as u32),
    })
}

/// The text after a key at the start of a line, without its comment and quotes.
fn value_of(line: &str, key: &str) -> Option<String> {
    let value = line.strip_prefix(key)?;
    if !value.starts_with([' ', '\t']) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or_default().trim();
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| {
            value
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
        })
        .unwrap_or(value);
    // A name can be a long expression; what is shown stays short.
    (!value.is_empty()).then(|| value.chars().take(200).collect())
}
