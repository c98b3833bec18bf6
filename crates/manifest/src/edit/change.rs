//! One operation on a document as changes of its text.

mod insert;
mod remove;
mod replace;

use serde_json::Value;

use super::style::{Style, column, skip_space};
use super::{EditError, Op, TextEdit, render};
use crate::path::Segment;
use crate::tree::{Edge, Style as Written};
use crate::{FieldPath, Kind, Node, Span};

/// The edge a step of a path follows.
pub(super) fn step(node: Node<'_>, segment: &Segment) -> Option<Edge> {
    match segment {
        Segment::Key(key) => {
            let entry = node
                .raw_entries()
                .iter()
                .find(|entry| node.entry_key(entry).text == key.as_ref())?;
            Some(entry.value)
        }
        Segment::Index(index) => node.raw_items().get(*index as usize).copied(),
    }
}

/// The changes of the draft that carry out an operation; none where it changes nothing.
pub(super) fn changes(root: Node<'_>, op: &Op) -> Result<Vec<TextEdit>, EditError> {
    let writer = Writer {
        text: root.source().text(),
        style: Style::of(root),
        root,
    };
    match op {
        Op::Set { path, value } => writer.set(path, value),
        Op::Add { path, value } => {
            let length = root.lookup(path).map_or(0, Node::len);
            writer.set(&path.clone().index(length), value)
        }
        Op::Remove { path } => writer.remove(path),
    }
}

struct Writer<'t> {
    text: &'t str,
    style: Style,
    root: Node<'t>,
}

/// A value and where it hangs.
#[derive(Clone, Copy)]
struct Slot<'t> {
    parent: Node<'t>,
    /// Position among the parent's fields or items.
    at: usize,
    edge: Edge,
    node: Node<'t>,
}

impl<'t> Writer<'t> {
    fn slot(&self, parent: Node<'t>, segment: &Segment) -> Option<Slot<'t>> {
        let at = match segment {
            Segment::Key(key) => parent
                .raw_entries()
                .iter()
                .position(|entry| parent.entry_key(entry).text == key.as_ref())?,
            Segment::Index(index) => *index as usize,
        };
        let edge = step(parent, segment)?;
        let node = match segment {
            Segment::Key(key) => parent.get(key)?,
            Segment::Index(index) => parent.at(*index as usize)?,
        };
        Some(Slot {
            parent,
            at,
            edge,
            node,
        })
    }

    /// The slot of a path, as deep as it exists: the deepest slot and the number of steps to it.
    fn reach(&self, path: &FieldPath) -> (Option<Slot<'t>>, usize) {
        let mut reached = (None, 0);
        let mut node = self.root;
        for segment in path.segments() {
            let Some(slot) = self.slot(node, segment) else {
                break;
            };
            node = slot.node;
            reached = (Some(slot), reached.1 + 1);
        }
        reached
    }

    fn set(&self, path: &FieldPath, value: &Value) -> Result<Vec<TextEdit>, EditError> {
        let (slot, depth) = self.reach(path);
        let rest = path.segments().get(depth..).unwrap_or_default();
        let Some((next, deeper)) = rest.split_first() else {
            let slot = slot.ok_or(EditError::Root)?;
            return Ok(if slot.edge.is_merged() {
                let key = path.segments().last();
                match key {
                    Some(Segment::Key(key)) => self.insert(slot.parent, None, key, value),
                    _ => Vec::new(),
                }
            } else {
                self.replace(slot, value)
            });
        };
        let node = slot.map_or(self.root, |slot| slot.node);
        let here = || FieldPath(path.segments().get(..depth).unwrap_or_default().to_vec());
        let nested =
            nest(deeper, value).ok_or_else(|| EditError::NoSuchItem { path: path.clone() })?;
        let slot_here = slot.filter(|slot| !slot.edge.is_merged() && !slot.edge.is_alias());
        match (next, node.kind()) {
            (Segment::Key(key), Kind::Mapping) => Ok(self.insert(node, slot_here, key, &nested)),
            (Segment::Index(index), Kind::Sequence) if *index as usize == node.len() => {
                Ok(self.append(node, slot_here, &nested))
            }
            (_, Kind::Null) => {
                let whole = nest(rest, value)
                    .ok_or_else(|| EditError::NoSuchItem { path: path.clone() })?;
                let slot = slot.ok_or(EditError::Root)?;
                if slot.edge.is_merged() || slot.edge.is_alias() {
                    return Ok(vec![TextEdit {
                        span: node.span(),
                        text: self.flow_at(&whole, node),
                    }]);
                }
                Ok(self.replace(slot, &whole))
            }
            (Segment::Index(_), Kind::Sequence) => {
                Err(EditError::NoSuchItem { path: path.clone() })
            }
            (Segment::Key(_), kind) => Err(EditError::NotAMapping {
                path: here(),
                found: kind.in_words(),
            }),
            (Segment::Index(_), kind) => Err(EditError::NotASequence {
                path: here(),
                found: kind.in_words(),
            }),
        }
    }

    /// A value on one line where nothing may have been written after the colon.
    fn flow_at(&self, value: &Value, node: Node<'_>) -> String {
        let space = if node.span().is_empty() { " " } else { "" };
        format!(
            "{space}{}",
            render::flow(value, &self.style, Written::Plain)
        )
    }

    /// The bytes of a value in its place: the alias where one stands there.
    fn span(&self, slot: Slot<'t>) -> Span {
        if !slot.edge.is_alias() {
            return slot.node.span();
        }
        let aliases = &slot.parent.document().tree.aliases;
        let (from, skip) = match slot.parent.kind() {
            Kind::Mapping => (
                slot.parent
                    .raw_entries()
                    .get(slot.at)
                    .map_or(0, |entry| entry.end),
                0,
            ),
            _ => {
                let before = slot.parent.raw_items().get(..slot.at).unwrap_or_default();
                let aliased = before
                    .iter()
                    .rev()
                    .take_while(|edge| edge.is_alias())
                    .count();
                let last = slot
                    .at
                    .checked_sub(aliased + 1)
                    .and_then(|at| slot.parent.at(at));
                (
                    last.map_or(slot.parent.span().start, |node| node.span().end),
                    aliased,
                )
            }
        };
        let first = aliases.partition_point(|alias| alias.start < from);
        aliases
            .get(first + skip)
            .copied()
            .unwrap_or(slot.node.span())
    }

    /// The column of the key or dash a value hangs on.
    fn anchor_column(&self, slot: Slot<'t>) -> usize {
        column(self.text, slot.parent.span().start)
    }

    /// The offset after the colon of a field; `None` where there is none (`{a, b}`).
    fn after_colon(&self, slot: Slot<'t>) -> Option<u32> {
        let entry = slot.parent.raw_entries().get(slot.at)?;
        let at = skip_space(self.text, entry.end);
        (self.text.as_bytes().get(at as usize) == Some(&b':')).then_some(at + 1)
    }

    /// The anchors (not the tags) written between two offsets, each with a space after it.
    fn anchors(&self, from: u32, to: u32) -> String {
        let between = self
            .text
            .get(from as usize..to as usize)
            .unwrap_or_default();
        let words = between.lines().flat_map(|line| {
            line.split(" #")
                .next()
                .unwrap_or_default()
                .split_whitespace()
        });
        words
            .filter(|word| word.starts_with('&'))
            .map(|word| format!("{word} "))
            .collect()
    }

    /// The offset after the dash of an item.
    fn after_dash(&self, slot: Slot<'t>, span: Span) -> u32 {
        self.dash(slot).map_or(span.start, |dash| dash + 1)
    }

    /// The offset of an item's dash.
    fn dash(&self, slot: Slot<'t>) -> Option<u32> {
        let Some(before) = slot.at.checked_sub(1) else {
            return Some(slot.parent.span().start);
        };
        let edge = slot.parent.raw_items().get(before).copied()?;
        let previous = Slot {
            at: before,
            edge,
            node: slot.parent.at(before)?,
            ..slot
        };
        let at = skip_space(self.text, self.span(previous).end);
        (self.text.as_bytes().get(at as usize) == Some(&b'-')).then_some(at)
    }
}

/// The last scalar written in a collection.
fn last_scalar(mut node: Node<'_>) -> Option<Node<'_>> {
    loop {
        let next = match node.kind() {
            Kind::Mapping => {
                let entries = node.raw_entries();
                let at = entries.iter().rposition(|entry| !entry.value.is_merged())?;
                node.entries().nth(at).map(|(_, value)| value)
            }
            Kind::Sequence => node.items().next_back(),
            _ => return Some(node),
        };
        node = next?;
    }
}

/// A value inside of the parents a path still lacks; `None` for an index other than 0.
fn nest(path: &[Segment], value: &Value) -> Option<Value> {
    path.iter()
        .rev()
        .try_fold(value.clone(), |inner, segment| match segment {
            Segment::Key(key) => Some(Value::Object(
                [(String::from(key.as_ref()), inner)].into_iter().collect(),
            )),
            Segment::Index(0) => Some(Value::Array(vec![inner])),
            Segment::Index(_) => None,
        })
}
