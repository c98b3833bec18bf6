//! Values as text in the style of their surroundings.

use std::fmt::Write as _;

use serde_json::Value;

use super::style::Style;
use crate::tree::Style as Written;
use crate::{Kind, scalar};

/// A key or string, with quotes where YAML needs them. `like` is how what it replaces was
/// written.
pub(super) fn string(text: &str, style: &Style, flow: bool, like: Written) -> String {
    let simple = !text.chars().any(needs_escape);
    if style.json {
        return Value::from(text).to_string();
    }
    match like {
        Written::Single if simple => format!("'{}'", text.replace('\'', "''")),
        Written::Double => double(text),
        _ if is_plain(text, flow) => text.to_owned(),
        _ => double(text),
    }
}

/// Line breaks and what YAML calls not printable.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if needs_escape(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a text can stand without quotes and is still that text, to any reader of YAML 1.1
/// or 1.2.
fn is_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let starts_well = match first {
        '-' | '?' | ':' => text
            .chars()
            .nth(1)
            .is_some_and(|c| !c.is_whitespace() && !matches!(c, ',' | '[' | ']' | '{' | '}')),
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' | '=' => false,
        c => !c.is_whitespace(),
    };
    starts_well
        && scalar::resolve_plain(text) == Kind::String
        && text != "<<"
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with(':')
        && !text.ends_with(char::is_whitespace)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains("{{")
        && !text.chars().any(|c| needs_escape(c) || c == '\t')
        && !(flow && text.contains([',', '[', ']', '{', '}', ':', '#', '"', '\'']))
        && !looks_like_time(text)
}

/// Dates and base-60 numbers, which YAML 1.1 does not take for strings.
fn looks_like_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0
        && match text.as_bytes().get(digits) {
            Some(b'-') => digits == 4,
            Some(b':') => true,
            _ => false,
        }
}

fn scalar_text(value: &Value, style: &Style, flow: bool, like: Written) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number_text(number, style)),
        Value::String(text) => Some(string(text, style, flow, like)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("{}".to_owned()),
        _ => None,
    }
}

/// YAML 1.1 wants a point before an exponent to take it for a float.
fn number_text(number: &serde_json::Number, style: &Style) -> String {
    let text = number.to_string();
    match text.split_once('e') {
        Some((mantissa, exponent)) if !style.json && !mantissa.contains('.') => {
            format!("{mantissa}.0e{exponent}")
        }
        _ => text,
    }
}

/// A value on one line.
pub(super) fn flow(value: &Value, style: &Style, like: Written) -> String {
    if let Some(text) = scalar_text(value, style, true, like) {
        return text;
    }
    let parts: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| flow(item, style, Written::Plain))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let key = string(key, style, true, Written::Plain);
                format!("{key}{}{}", style.colon, flow(value, style, Written::Plain))
            })
            .collect(),
        _ => Vec::new(),
    };
    let inner = parts.join(style.comma);
    if value.is_array() {
        format!("[{inner}]")
    } else {
        format!("{{{inner}}}")
    }
}

/// A value over several lines with brackets, as JSON is printed. `indent` is that of its line.
pub(super) fn pretty(value: &Value, style: &Style, indent: usize, like: Written) -> String {
    if let Some(text) = scalar_text(value, style, true, like) {
        return text;
    }
    let inner = indent + style.unit;
    let parts: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| pretty(item, style, inner, Written::Plain))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let key = string(key, style, true, Written::Plain);
                format!(
                    "{key}{}{}",
                    style.colon,
                    pretty(value, style, inner, Written::Plain)
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    let (open, close) = if value.is_array() {
        ('[', ']')
    } else {
        ('{', '}')
    };
    let (pad, outer) = (" ".repeat(inner), " ".repeat(indent));
    let separator = format!(",{}{pad}", style.newline);
    format!(
        "{open}{nl}{pad}{}{nl}{outer}{close}",
        parts.join(&separator),
        nl = style.newline
    )
}

/// What follows `key:` in block style, from the space or line break on, without a line break at
/// the end. `column` is the key's.
pub(super) fn after_key(value: &Value, style: &Style, column: usize, like: Written) -> String {
    if let Some(text) = scalar_text(value, style, false, like) {
        return format!(" {text}");
    }
    let indent = column
        + if value.is_array() {
            style.list
        } else {
            style.unit
        };
    format!(
        "{}{}{}",
        style.newline,
        " ".repeat(indent),
        block(value, style, indent, like)
    )
}

/// A value in block style whose first line begins at `column`, where the cursor stands.
pub(super) fn block(value: &Value, style: &Style, column: usize, like: Written) -> String {
    if let Some(text) = scalar_text(value, style, false, like) {
        return text;
    }
    let separator = format!("{}{}", style.newline, " ".repeat(column));
    let parts: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| format!("- {}", block(item, style, column + 2, Written::Plain)))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let key = string(key, style, false, Written::Plain);
                format!("{key}:{}", after_key(value, style, column, Written::Plain))
            })
            .collect(),
        _ => Vec::new(),
    };
    parts.join(&separator)
}
