//! What can be wrong with a file, in words a person can act on.

use std::fmt;
use std::sync::Arc;

use crate::{Place, Span};

/// One reason why a file or one of its documents could not be read, with its place.
///
/// `Display` is `file:line:column: what is wrong; what to do`, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// Name of the file as given to [`Source::new`](crate::Source::new).
    pub file: Arc<str>,
    /// Line and column of `span.start`.
    pub place: Place,
    /// The bytes the error is about; may be empty.
    pub span: Span,
    /// What is wrong.
    pub kind: LoadErrorKind,
    /// A second place that belongs to it and what stands there,
    /// such as the first of two equal keys.
    pub other: Option<(Place, String)>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.place, self.kind)?;
        if let Some((place, what)) = &self.other {
            write!(f, " ({what} is at {place})")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}

/// Kinds of [`LoadError`]; `Display` says what is wrong and what to do next, without the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadErrorKind {
    /// The text is neither YAML nor JSON.
    #[error("{0}")]
    Syntax(String),
    /// A tab where YAML wants spaces.
    #[error("a tab is used for indentation, which YAML forbids; use spaces")]
    Tab,
    /// A mapping names one key twice.
    #[error("the key `{key}` is written twice in one mapping; remove one of them")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A sequence or mapping stands where the name of a field belongs.
    #[error("a sequence or mapping is used as a key; keys here are plain names")]
    KeyNotScalar,
    /// More bytes than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error(
        "the file has {size} bytes, more than the limit of {limit}; split it or raise the limit"
    )]
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes it may have.
        limit: u64,
    },
    /// Deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("nested deeper than {limit} levels; no manifest needs that")]
    TooDeep {
        /// Levels allowed.
        limit: u32,
    },
    /// More than [`Limits::max_nodes`](crate::Limits::max_nodes), aliases written out.
    #[error("the document has more than {limit} values once its aliases are written out; split it")]
    TooManyNodes {
        /// Nodes allowed.
        limit: u64,
    },
    /// More than [`Limits::max_aliases`](crate::Limits::max_aliases).
    #[error("the document has more than {limit} aliases; split it")]
    TooManyAliases {
        /// Aliases allowed.
        limit: u32,
    },
    /// More than [`Limits::max_documents`](crate::Limits::max_documents).
    #[error("the file has more than {limit} documents; the rest was not read, split the file")]
    TooManyDocuments {
        /// Documents allowed.
        limit: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("byte {offset} of the file is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// Offset of the first such byte in the file.
        offset: usize,
    },
    /// The file starts with the mark of UTF-16 or UTF-32.
    #[error("the file is UTF-16 or UTF-32; save it as UTF-8")]
    Utf16,
    /// A control character that YAML and JSON forbid; NUL usually means a binary file.
    #[error("control character U+{code:04X} is not allowed; is this a binary file?")]
    ControlCharacter {
        /// Its code point.
        code: u32,
    },
    /// `*name` without `&name` before it in the same document.
    #[error("the alias `*{name}` has no anchor `&{name}` before it in this document")]
    UnknownAlias {
        /// Name without the star.
        name: String,
    },
    /// `*name` inside the very node `&name` marks.
    #[error("an alias stands inside the value it repeats, which has no end")]
    RecursiveAlias,
    /// `<<` over something that is no mapping.
    #[error("the merge key `<<` wants a mapping, an alias of one, or a sequence of those")]
    UnresolvedMerge,
}
