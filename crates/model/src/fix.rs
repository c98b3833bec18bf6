//! How a finding can be cleared.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{FieldRef, ObjectRef};

/// The object that a fix edits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixTarget {
    /// The object that the finding is on.
    Own,
    /// Another object that is there, such as the service account that many
    /// workloads use.
    Other(Arc<ObjectRef>),
    /// An object that is missing, such as a default-deny network policy.
    New {
        /// What it would be.
        object: Arc<ObjectRef>,
        /// The manifest to add, a YAML document with a newline at its end.
        manifest: Arc<str>,
    },
}

/// A value to write.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum FixValue {
    /// A boolean.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A constant text.
    Str(&'static str),
    /// Anything else.
    Json(Box<serde_json::Value>),
}

impl Eq for FixValue {}

impl FixValue {
    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            FixValue::Bool(value) => (*value).into(),
            FixValue::Int(value) => (*value).into(),
            FixValue::Str(value) => (*value).into(),
            FixValue::Json(value) => (**value).clone(),
        }
    }
}

/// One edit of one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FixEdit {
    /// Set the field, making the parents it lacks.
    Set(FieldRef, FixValue),
    /// Add to the end of the list, making it if it is missing.
    Add(FieldRef, FixValue),
    /// Remove the field, or the item of a list.
    Remove(FieldRef),
}

impl FixEdit {
    /// The field it touches.
    pub fn path(&self) -> &FieldRef {
        match self {
            FixEdit::Set(path, _) | FixEdit::Add(path, _) | FixEdit::Remove(path) => path,
        }
    }
}

impl fmt::Display for FixEdit {
    /// `set spec.hostPID to false`: what a person would do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixEdit::Set(path, value) => write!(f, "set {path} to {}", value.to_json()),
            FixEdit::Add(path, value) => write!(f, "add {} to {path}", value.to_json()),
            FixEdit::Remove(path) => write!(f, "remove {path}"),
        }
    }
}

/// One way to clear a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    /// The object it edits.
    pub target: FixTarget,
    /// The edits; empty for a new object, and where a person must choose the
    /// value.
    pub edits: Box<[FixEdit]>,
    /// What to do, in one sentence in the imperative.
    pub summary: Cow<'static, str>,
    /// What a person must decide or know first: the value to choose, or what
    /// the edit can break. A fix with a `decision` and no edits can't be
    /// written by a machine.
    pub decision: Option<Cow<'static, str>>,
}

impl Fix {
    /// A fix of the finding's own object by one edit.
    pub fn edit(summary: impl Into<Cow<'static, str>>, edit: FixEdit) -> Self {
        Fix {
            target: FixTarget::Own,
            edits: Box::new([edit]),
            summary: summary.into(),
            decision: None,
        }
    }

    /// A fix that only a person can make, since the value is theirs to choose.
    pub fn manual(
        summary: impl Into<Cow<'static, str>>,
        decision: impl Into<Cow<'static, str>>,
    ) -> Self {
        Fix {
            target: FixTarget::Own,
            edits: Box::new([]),
            summary: summary.into(),
            decision: Some(decision.into()),
        }
    }

    /// The same fix, with what a person must know before it is applied.
    pub fn with_decision(mut self, decision: impl Into<Cow<'static, str>>) -> Self {
        self.decision = Some(decision.into());
        self
    }

    /// Whether it can be written without a person choosing a value.
    pub fn is_automatic(&self) -> bool {
        !self.edits.is_empty() || matches!(self.target, FixTarget::New { .. })
    }
}
