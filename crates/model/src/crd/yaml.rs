//! A JSON value as YAML that a person reads: blocks, and every text in quotes.

use std::fmt::Write;

use serde_json::Value;

/// The value as one YAML document.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (at, (key, value)) in members.iter().enumerate() {
                // The first key of an item stands beside its dash.
                if at > 0 || text.ends_with('\n') || text.is_empty() {
                    pad(indent, text);
                }
                text.push_str(&name(key));
                text.push(':');
                under(value, indent + 2, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                pad(indent, text);
                text.push_str("- ");
                if item.is_object() {
                    block(item, indent + 2, text);
                } else {
                    scalar(item, text);
                }
            }
        }
        other => scalar(other, text),
    }
}

/// What stands after `key:`.
fn under(value: &Value, indent: usize, text: &mut String) {
    let nested = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        text.push('\n');
        block(value, indent, text);
    } else {
        text.push(' ');
        scalar(value, text);
    }
}

/// JSON's own form, which YAML reads alike.
fn scalar(value: &Value, text: &mut String) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{value}");
}

fn name(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '_');
    let first = key.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .contains(&key.to_ascii_lowercase().as_str());
    if first && key.chars().all(plain) && !word {
        key.to_owned()
    } else {
        Value::from(key).to_string()
    }
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use plimsoll_manifest::{Limits, Source, de, load};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same_value() {
        let value = json!({
            "apiVersion": "v1", "kind": "Test",
            "a": {"b": [1, {"c": "x: \"y\" #z\n", "d": []}, "t"], "e": {}},
            "on": true, "f": null, "g": [{"h": [{"i": 1}]}], "1": "2",
        });
        let limits = Limits::default();
        let read = |value: &Value| -> Value {
            let source = Source::new("c.yaml", write(value).into_bytes(), &limits).unwrap();
            let loaded = load(&source, &limits);
            assert!(
                loaded.errors.is_empty(),
                "{:?}\n{}",
                loaded.errors,
                write(value)
            );
            de::from_node(loaded.documents[0].root()).unwrap()
        };
        assert_eq!(read(&value), value);
        for (_, definition) in super::super::all() {
            assert_eq!(read(&definition), definition);
        }
    }
}
