//! The small forms OSCAL is made of: identifiers, properties and texts.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::text::clean;

/// The namespace of what OSCAL has no name for.
pub(super) const NAMESPACE: &str = "https://plimsoll.dev/ns/oscal";

/// A UUID that the same names give in every run: one subject keeps its
/// identifier over revisions, as OSCAL asks. OSCAL takes the versions 4 and 5
/// alone, so it is laid out as version 5 (by name, RFC 9562); its bits come
/// from BLAKE3, in place of SHA-1.
pub(super) fn uuid(names: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for name in std::iter::once(&NAMESPACE).chain(names) {
        // A length before each name: no two lists of names hash alike.
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
    }
    let hash = hasher.finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// Text for a plain string: one line that begins and ends with a visible
/// character.
pub(super) fn string(raw: &str) -> String {
    let text = clean(raw);
    match text.trim() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

/// A name for a goal where OSCAL wants a token. What a token can't hold is
/// replaced, and told apart by the end of a hash.
pub(super) fn token(prefix: &str, name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let kept: String = name.chars().take(80).filter(|c| allowed(*c)).collect();
    if kept == name && !name.is_empty() {
        return format!("{prefix}-{name}");
    }
    let hash = uuid(&["token", name]);
    format!("{prefix}-{kept}_{}", &hash[24..])
}

/// Text for a line or paragraph of OSCAL's markup, which is Markdown: code
/// between backticks stays code, everything else is text. No link, image or
/// element can come from it.
pub(super) fn markup(raw: &str) -> String {
    let text = string(raw);
    // Single backticks in pairs are code; anything else could hide markup.
    let code = !text.contains("``") && text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '`' if code => inside = !inside,
            '`' | '\\' | '<' | '>' | '[' | ']' | '*' | '{' | '}' | '~' if !inside => out.push('\\'),
            // A name in the middle of a word needs none, and reads worse with it.
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Text shown as code in markup.
pub(super) fn code(raw: &str) -> String {
    format!("`{}`", string(raw).replace('`', "'"))
}

/// Properties in our namespace.
#[derive(Default)]
pub(super) struct Props(Vec<Value>);

impl Props {
    /// Adds one; an empty value is no property.
    pub(super) fn add(mut self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        if !clean(&value).trim().is_empty() {
            self.0
                .push(json!({ "name": name, "ns": NAMESPACE, "value": string(&value) }));
        }
        self
    }

    /// Adds one if there is a value.
    pub(super) fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.add(name, value),
            None => self,
        }
    }

    /// Adds OSCAL's own property for how something is assessed.
    pub(super) fn method(mut self, method: &str) -> Self {
        self.0.push(json!({ "name": "method", "value": method }));
        self
    }

    /// Puts them into an object; OSCAL has no empty lists.
    pub(super) fn into(self, object: &mut Value) {
        list(object, "props", self.0);
    }
}

/// Puts a list into an object, unless it is empty.
pub(super) fn list(object: &mut Value, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        object[name] = items.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_one_uuid() {
        let id = uuid(&["asset", "cluster/prod/ns/shop"]);
        assert_eq!(id, uuid(&["asset", "cluster/prod/ns/shop"]));
        assert_ne!(id, uuid(&["asset", "cluster/prod/ns/shop", ""]));
        assert_ne!(uuid(&["ab", "c"]), uuid(&["a", "bc"]));
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "5");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
    }

    #[test]
    fn markup_is_text_but_for_code() {
        let check = |raw: &str, expect: &str| assert_eq!(markup(raw), expect);
        check(
            "container `main` may run as root",
            "container `main` may run as root",
        );
        check("`containers[main]` is set", "`containers[main]` is set");
        check("[x](http://evil.example)", "\\[x\\](http://evil.example)");
        check("<script>", "\\<script\\>");
        check("`a [x](y)", "\\`a \\[x\\](y)");
        check("``a`[x](y)`b", "\\`\\`a\\`\\[x\\](y)\\`b");
        check("\\`[x](y)`", "\\\\`[x](y)`");
        check(" \u{1b}\n ", "-");
    }

    #[test]
    fn goals_are_tokens() {
        assert_eq!(token("goal", "crown-jewels-hold"), "goal-crown-jewels-hold");
        let [a, b] = ["a b", "a/b"].map(|name| token("goal", name));
        assert!(a.starts_with("goal-ab_") && a != b, "{a} {b}");
        assert!(token("goal", "").starts_with("goal-_"));
    }
}
