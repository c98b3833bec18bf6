//! Where in a file something stands.

use std::{borrow::Cow, fmt, sync::Arc};

use plimsoll_manifest::{FieldPath, Span};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file as the user named it; `-` is standard input.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The bytes it covers.
    pub span: Span,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The path of a field in its object, kept as a base that many findings share
/// (`spec.template.spec.containers[0]`) and a rest that mostly is a constant
/// (`securityContext.privileged`): two million findings must fit in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRef {
    base: Arc<str>,
    rest: Cow<'static, str>,
}

impl FieldRef {
    /// The field `rest` below `base`; either may be empty.
    pub fn new(base: Arc<str>, rest: impl Into<Cow<'static, str>>) -> Self {
        FieldRef {
            base,
            rest: rest.into(),
        }
    }

    /// The path as a list of keys and indexes; none when it is not one.
    pub fn to_path(&self) -> Option<FieldPath> {
        FieldPath::parse(&self.to_string()).ok()
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        if !self.base.is_empty() && !self.rest.is_empty() && !self.rest.starts_with('[') {
            f.write_str(".")?;
        }
        f.write_str(&self.rest)
    }
}

impl serde::Serialize for FieldRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
