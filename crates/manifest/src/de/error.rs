//! What can be wrong with a value of a known type, in plain words.

use std::fmt;
use std::sync::Arc;

use serde::de::{Expected, Unexpected};

use crate::path::Segment;
use crate::{FieldPath, Node, Place, Span};

/// A value that does not fit its type.
///
/// `Display` is `file:line:column: message`, with the nearest valid name where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong, in plain words.
    pub message: String,
    /// The field it is about, from the node that was decoded.
    pub path: FieldPath,
    /// Where it stands: the key for unknown fields, the value otherwise.
    pub place: Place,
    /// The bytes there.
    pub span: Span,
    /// Name of the file.
    pub file: Arc<str>,
    /// The valid name nearest to what was written.
    pub suggestion: Option<String>,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.place, self.message)?;
        if let Some(name) = &self.suggestion {
            write!(f, " (did you mean `{name}`?)")?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

/// An error on its way out: the path grows at the front, the place is the innermost known.
#[derive(Debug)]
pub(crate) struct Raw(Box<Parts>);

#[derive(Debug)]
struct Parts {
    message: String,
    suggestion: Option<String>,
    span: Option<Span>,
    /// Innermost first.
    path: Vec<Segment>,
    wrong_type: bool,
}

impl Raw {
    pub(crate) fn new(message: String) -> Self {
        Self(Box::new(Parts {
            message,
            suggestion: None,
            span: None,
            path: Vec::new(),
            wrong_type: false,
        }))
    }

    pub(crate) fn or_span(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// Points elsewhere if it points at `from`.
    pub(crate) fn instead_of(mut self, from: Span, to: Span) -> Self {
        if self.0.span == Some(from) {
            self.0.span = Some(to);
        }
        self
    }

    /// The error is about a key of the mapping being read.
    pub(crate) fn or_key(mut self, key: &str) -> Self {
        if self.0.path.is_empty() {
            self.0.path.push(Segment::Key(key.into()));
        }
        self
    }

    pub(crate) fn inside(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// Whether serde's visitor refused the type as such.
    pub(crate) fn is_wrong_type(&self) -> bool {
        self.0.wrong_type && self.0.path.is_empty()
    }

    pub(crate) fn locate(self, node: Node<'_>, fallback: Span) -> DecodeError {
        let Parts {
            message,
            suggestion,
            span,
            mut path,
            ..
        } = *self.0;
        path.reverse();
        let span = span.unwrap_or(fallback);
        DecodeError {
            message,
            path: FieldPath(path),
            place: node.source().place(span.start),
            span,
            file: node.source().name().clone(),
            suggestion,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Raw {}

impl serde::de::Error for Raw {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let mut raw = Self::new(format!(
            "{} was expected, but here is {}",
            in_words(&wanted.to_string()),
            found_words(found)
        ));
        raw.0.wrong_type = true;
        raw
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(format!(
            "{} was expected, but here is {}",
            in_words(&wanted.to_string()),
            found_words(found)
        ))
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Self {
        Self::new(format!(
            "{} was expected, but here are {length}",
            in_words(&wanted.to_string())
        ))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("value", "values", variant, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("field", "fields", field, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is written twice"))
    }
}

impl Raw {
    fn unknown(one: &str, many: &str, found: &str, names: &[&str]) -> Self {
        let found = shorten(found);
        let mut raw = Self::new(if names.is_empty() {
            format!("unknown {one} `{found}`; there are no {many} here")
        } else {
            format!(
                "unknown {one} `{found}`; the {many} here are {}",
                list(names)
            )
        });
        raw.0.suggestion = nearest(&found, names).map(str::to_owned);
        raw
    }
}

/// The name most alike, if any is alike enough to be meant.
pub(crate) fn nearest<'n>(found: &str, names: &[&'n str]) -> Option<&'n str> {
    let lower = found.to_lowercase();
    let allowed = (found.chars().count() / 3).clamp(1, 4);
    let distances = names.iter().map(|name| {
        (
            strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
            *name,
        )
    });
    let (distance, name) = distances.min()?;
    if distance <= allowed {
        return Some(name);
    }
    let alike = |name: &&&str| strsim::jaro_winkler(&lower, &name.to_lowercase()) > 0.9;
    names.iter().find(alike).copied()
}

/// `a`, `b`, `c`
pub(crate) fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [name] => format!("`{name}`"),
        _ => format!("one of {}", list(names)),
    }
}

/// A text cut to what fits a message.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

/// serde's and Rust's names of types for people who write YAML.
pub(crate) fn in_words(wanted: &str) -> String {
    let words = match wanted {
        "bool" | "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" | "u128" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "a mapping",
        "unit" => "nothing",
        "a character" => "a single character",
        _ if wanted.starts_with("struct ") => "a mapping",
        _ if wanted.starts_with("enum ") => "a name or a mapping with one key",
        _ => wanted,
    };
    words.to_owned()
}

fn found_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("a boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("a whole number `{value}`"),
        Unexpected::Signed(value) => format!("a whole number `{value}`"),
        Unexpected::Float(value) => format!("a number `{value}`"),
        Unexpected::Char(value) => format!("`{value}`"),
        Unexpected::Str(text) => format!("a string `{}`", shorten(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::NewtypeVariant | Unexpected::TupleVariant | Unexpected::StructVariant => {
            "a mapping".to_owned()
        }
        Unexpected::Other(other) => other.replace("integer", "a whole number"),
        _ => "something else".to_owned(),
    }
}
