//! Names of fields, as Kubernetes writes them: `spec.containers[0].image`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a mapping.
    Key(Box<str>),
    /// Into a sequence, from 0.
    Index(u32),
}

/// The way from an object's root to one of its fields.
///
/// Written `metadata.annotations["example.com/a.b"]`, `spec.containers[0].image`;
/// the empty path is the root. Serialised as that string.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(pub Vec<Segment>);

impl FieldPath {
    /// The root.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// This path with one more key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// This path with one more index.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0
            .push(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        self
    }

    /// This path followed by another.
    #[must_use]
    pub fn join(mut self, rest: &Self) -> Self {
        self.0.extend(rest.0.iter().cloned());
        self
    }

    /// The path without its last step; `None` at the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The steps.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `self` is `other` or leads to it.
    #[must_use]
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Reads the written form.
    ///
    /// # Errors
    /// Where a bracket or quote is not closed, an index is no number or a key is empty.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut path = Self::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(tail) = rest.strip_prefix('[') {
                rest = parse_bracket(&mut path, tail).ok_or_else(|| PathError::new(text, at))?;
            } else {
                if !path.is_empty() {
                    rest = rest
                        .strip_prefix('.')
                        .ok_or_else(|| PathError::new(text, at))?;
                }
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, tail) = rest.split_at(end);
                if key.is_empty() || key.contains([']', '"']) {
                    return Err(PathError::new(text, text.len() - rest.len()));
                }
                path.0.push(Segment::Key(key.into()));
                rest = tail;
            }
        }
        Ok(path)
    }

    /// As RFC 6901 writes it: `/spec/containers/0/image`.
    #[must_use]
    pub fn to_json_pointer(&self) -> String {
        use fmt::Write as _;
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Index(index) => {
                    let _ = write!(pointer, "{index}");
                }
            }
        }
        pointer
    }
}

/// Reads `"key"]` or `12]` and returns what follows.
fn parse_bracket<'a>(path: &mut FieldPath, tail: &'a str) -> Option<&'a str> {
    if !tail.starts_with('"') {
        let (digits, rest) = tail.split_once(']')?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        path.0
            .push(Segment::Index(plain.then(|| digits.parse().ok())??));
        return Some(rest);
    }
    let mut stream = serde_json::Deserializer::from_str(tail).into_iter::<String>();
    let key = stream.next()?.ok()?;
    let end = stream.byte_offset();
    path.0.push(Segment::Key(key.into()));
    tail.get(end..)?.strip_prefix(']')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_simple(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Segment::Key(key) => {
                    write!(f, "[{}]", serde_json::Value::from(key.as_ref()))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a key can stand between dots without quotes.
fn is_simple(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$' | '*'))
}

impl FromStr for FieldPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A text that is no field path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no field path: at byte {offset} a key, `[number]` or `[\"key\"]` was expected"
)]
pub struct PathError {
    /// What was given.
    pub text: String,
    /// Byte where it stops making sense.
    pub offset: usize,
}

impl PathError {
    fn new(text: &str, offset: usize) -> Self {
        Self {
            text: text.to_owned(),
            offset,
        }
    }
}
