//! Edits of documents that leave every other byte as it is.
//!
//! [`plan`] turns operations on fields into [`TextEdit`]s of the file, in the style of what stands
//! around them: indentation, line ends, quotes, block or flow or JSON. [`apply`] carries out the
//! edits of any number of documents of one file.
//!
//! Operations are carried out one after the other on a draft of the document that is read again
//! after each, and the outcome is compared with what the operations mean: a plan either says
//! exactly that or is refused with [`EditError::Unsafe`].

mod change;
mod draft;
mod render;
mod style;

use serde_json::Value;

use self::draft::Draft;
use crate::path::Segment;
use crate::{Document, FieldPath, Node, Span};

/// One change of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Gives a field a value; parents that are missing or null become mappings. An object in the
    /// place of a mapping replaces it as a whole: set leaves to merge.
    Set {
        /// The field. The last index of a path may be the length of the list, which appends.
        path: FieldPath,
        /// Its new value.
        value: Value,
    },
    /// Appends to a list, which is made where it is missing or null.
    Add {
        /// The list.
        path: FieldPath,
        /// The new item.
        value: Value,
    },
    /// Takes a field or item away. Nothing happens where there is none.
    Remove {
        /// The field or item.
        path: FieldPath,
    },
}

impl Op {
    /// The field it is about.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        match self {
            Self::Set { path, .. } | Self::Add { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// A replacement of some bytes of a file by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes that go, in [`Source::text`](crate::Source::text); empty for an insertion.
    pub span: Span,
    /// The text that comes.
    pub text: String,
}

/// What [`plan`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planned {
    /// The edits, in order, without overlap.
    pub edits: Vec<TextEdit>,
    /// Whether one of them is at an anchor whose value other places repeat: they change too.
    pub shared: bool,
}

/// Why an edit cannot be made. All name the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The whole document cannot be set or removed.
    #[error("the whole document cannot be replaced or removed by an edit of its fields")]
    Root,
    /// A parent is something that has no fields.
    #[error("`{path}` has no fields: it is {found}")]
    NotAMapping {
        /// The parent.
        path: FieldPath,
        /// What it is, in words.
        found: &'static str,
    },
    /// The parent is something that has no items.
    #[error("`{path}` has no items: it is {found}")]
    NotASequence {
        /// The parent.
        path: FieldPath,
        /// What it is, in words.
        found: &'static str,
    },
    /// There is no such item, and it would not be the next one.
    #[error("`{path}` does not exist")]
    NoSuchItem {
        /// The item.
        path: FieldPath,
    },
    /// The field comes by a merge key and can be overridden, but not taken away here.
    #[error("`{path}` comes by the merge key `<<`; remove it where it is merged from")]
    Merged {
        /// The field.
        path: FieldPath,
    },
    /// The way this document is written does not allow the edit without touching other things.
    #[error(
        "`{path}` cannot be edited safely in the way this document is written; edit it by hand"
    )]
    Unsafe {
        /// The field.
        path: FieldPath,
    },
    /// Two edits want the same bytes.
    #[error("two edits overlap at byte {offset}")]
    Overlap {
        /// Where the second begins.
        offset: u32,
    },
    /// An edit of another text.
    #[error("an edit at byte {offset} does not fit this text")]
    OutOfRange {
        /// Where it begins.
        offset: u32,
    },
}

/// Turns operations, carried out in their order, into edits of the document's file.
///
/// A path through an alias changes the anchor's own bytes and is told in [`Planned::shared`].
/// Setting a field that comes by a merge key writes an overriding one.
///
/// # Errors
/// See [`EditError`]; nothing is planned then.
pub fn plan(document: &Document, ops: &[Op]) -> Result<Planned, EditError> {
    let mut draft = Draft::new(document).ok_or_else(|| EditError::Unsafe {
        path: FieldPath::new(),
    })?;
    let mut shared = false;
    for op in ops {
        shared |= is_shared(document.root(), op);
        let mut expected = draft.root().to_json();
        let changed = expect(&mut expected, op)?;
        let changes = change::changes(draft.root(), op)?;
        if !changed {
            continue;
        }
        let fails = || EditError::Unsafe {
            path: op.path().clone(),
        };
        draft.change(changes).ok_or_else(fails)?;
        if !shared && draft.root().to_json() != expected {
            return Err(fails());
        }
    }
    Ok(Planned {
        edits: draft.into_edits(),
        shared,
    })
}

/// Carries out edits of one text.
///
/// Several insertions at one place keep the order they are given in. The same edit given twice
/// is carried out once: two documents of a file may want it at an anchor they share.
///
/// # Errors
/// Where edits overlap or do not fit the text.
pub fn apply(text: &str, edits: &[TextEdit]) -> Result<String, EditError> {
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    sorted.dedup();
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut at = 0u32;
    for edit in sorted {
        let offset = edit.span.start;
        if offset < at {
            return Err(EditError::Overlap { offset });
        }
        let range = EditError::OutOfRange { offset };
        out.push_str(
            text.get(at as usize..offset as usize)
                .ok_or_else(|| range.clone())?,
        );
        text.get(edit.span.range()).ok_or(range)?;
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(
        text.get(at as usize..)
            .ok_or(EditError::OutOfRange { offset: at })?,
    );
    Ok(out)
}

/// Whether an operation changes bytes that serve several places.
fn is_shared(root: Node<'_>, op: &Op) -> bool {
    let mut node = root;
    let mut shared = node.is_shared();
    let segments = op.path().segments();
    let inside = if matches!(op, Op::Add { .. }) {
        segments.len()
    } else {
        segments.len().saturating_sub(1)
    };
    for (at, segment) in segments.iter().enumerate() {
        let Some(edge) = change::step(node, segment) else {
            break;
        };
        let next = match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.at(*index as usize),
        };
        let Some(next) = next else { break };
        // The last step itself: an alias there is replaced, a merged field overridden.
        if at >= inside && (edge.is_alias() || edge.is_merged()) {
            break;
        }
        shared |= next.is_shared();
        node = next;
    }
    shared
}

/// Carries out an operation on JSON; whether anything changed.
fn expect(value: &mut Value, op: &Op) -> Result<bool, EditError> {
    match op {
        Op::Set { path, value: new } => {
            let before = value.clone();
            set(value, path, 0, new.clone())?;
            Ok(before != *value)
        }
        Op::Add { path, value: new } => {
            let mut node = &*value;
            for segment in path.segments() {
                node = match segment {
                    Segment::Key(key) => node.get(key.as_ref()),
                    Segment::Index(index) => node.get(*index as usize),
                }
                .unwrap_or(&Value::Null);
            }
            let length = match node {
                Value::Array(items) => items.len(),
                Value::Null => 0,
                other => {
                    return Err(EditError::NotASequence {
                        path: path.clone(),
                        found: in_words(other),
                    });
                }
            };
            set(value, &path.clone().index(length), 0, new.clone())?;
            Ok(true)
        }
        Op::Remove { path } => {
            let Some((last, parents)) = path.segments().split_last() else {
                return Err(EditError::Root);
            };
            let mut node = &mut *value;
            for segment in parents {
                let next = match segment {
                    Segment::Key(key) => node.get_mut(key.as_ref()),
                    Segment::Index(index) => node.get_mut(*index as usize),
                };
                let Some(next) = next else { return Ok(false) };
                node = next;
            }
            Ok(match (last, node) {
                (Segment::Key(key), Value::Object(fields)) => {
                    fields.shift_remove(key.as_ref()).is_some()
                }
                (Segment::Index(index), Value::Array(items)) if (*index as usize) < items.len() => {
                    items.remove(*index as usize);
                    true
                }
                _ => false,
            })
        }
    }
}

fn set(node: &mut Value, path: &FieldPath, depth: usize, new: Value) -> Result<(), EditError> {
    let here = || FieldPath(path.segments().get(..depth).unwrap_or_default().to_vec());
    match path.segments().get(depth) {
        None if depth == 0 => Err(EditError::Root),
        None => {
            *node = new;
            Ok(())
        }
        Some(Segment::Key(key)) => {
            if node.is_null() {
                *node = Value::Object(serde_json::Map::new());
            }
            let Value::Object(fields) = node else {
                return Err(EditError::NotAMapping {
                    path: here(),
                    found: in_words(node),
                });
            };
            set(
                fields.entry(key.as_ref()).or_insert(Value::Null),
                path,
                depth + 1,
                new,
            )
        }
        Some(Segment::Index(index)) => {
            if node.is_null() {
                *node = Value::Array(Vec::new());
            }
            let Value::Array(items) = node else {
                return Err(EditError::NotASequence {
                    path: here(),
                    found: in_words(node),
                });
            };
            let index = *index as usize;
            if index == items.len() {
                items.push(Value::Null);
            }
            match items.get_mut(index) {
                Some(item) => set(item, path, depth + 1, new),
                None => Err(EditError::NoSuchItem {
                    path: here().index(index),
                }),
            }
        }
    }
}

fn in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests;
