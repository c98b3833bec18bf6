//! One operation on a document as changes of its text.

use serde_json::Value;

use super::style::{Style, column, line_end, line_indent, next_line, rest_is_blank, skip_space};
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

    fn replace(&self, slot: Slot<'t>, value: &Value) -> Vec<TextEdit> {
        let span = self.span(slot);
        let old = if slot.edge.is_alias() {
            Written::Plain
        } else {
            slot.node.style()
        };
        let properties = !slot.edge.is_alias() && slot.node.data().properties();
        let edit = |span, text| vec![TextEdit { span, text }];
        if slot.parent.style() == Written::Flow {
            return self.replace_in_flow(slot, span, value, old);
        }
        let in_mapping = slot.parent.kind() == Kind::Mapping;
        let scalar = !matches!(value, Value::Array(items) if !items.is_empty())
            && !matches!(value, Value::Object(fields) if !fields.is_empty());
        let unwritten = span.is_empty();
        let start = if in_mapping {
            self.after_colon(slot)
        } else {
            None
        };
        let start = start.unwrap_or_else(|| self.after_dash(slot, span));
        if properties {
            let anchor = self.anchors(start, span.start);
            let text = render::flow(value, &self.style, old);
            return edit(Span::new(start, span.end), format!(" {anchor}{text}"));
        }
        if scalar {
            if unwritten {
                return edit(
                    span,
                    format!(" {}", render::block(value, &self.style, 0, old)),
                );
            }
            let one_line = !self
                .text
                .get(start as usize..span.start as usize)
                .unwrap_or_default()
                .contains('\n');
            let text = render::block(value, &self.style, 0, old);
            return if one_line {
                edit(span, text)
            } else {
                edit(Span::new(start, span.end), format!(" {text}"))
            };
        }
        if !in_mapping {
            // The content of an item begins where it did.
            let content = if unwritten {
                column(self.text, start) + 1
            } else {
                column(self.text, span.start)
            };
            let own_line = line_indent(self.text, span.start) == column(self.text, span.start);
            let text = render::block(value, &self.style, content, old);
            return if unwritten && rest_is_blank(self.text, start) {
                edit(span, format!(" {text}"))
            } else if rest_is_blank(self.text, span.end) && (!unwritten || own_line) {
                edit(span, text)
            } else {
                edit(span, self.flow_at(value, slot.node))
            };
        }
        let text = render::after_key(value, &self.style, self.anchor_column(slot), old);
        if rest_is_blank(self.text, span.end) {
            edit(Span::new(start, span.end), text)
        } else if unwritten {
            // A comment stays on the key's line.
            edit(Span::empty(line_end(self.text, span.end)), text)
        } else {
            edit(
                Span::new(start, span.end),
                format!(" {}", render::flow(value, &self.style, old)),
            )
        }
    }

    fn replace_in_flow(
        &self,
        slot: Slot<'t>,
        span: Span,
        value: &Value,
        old: Written,
    ) -> Vec<TextEdit> {
        let mut text = self.flow_value(slot.parent, value, span.start, old);
        let mut span = span;
        if slot.parent.kind() == Kind::Mapping {
            match self.after_colon(slot) {
                None => text = format!(": {text}"),
                Some(colon) if !slot.edge.is_alias() && slot.node.data().properties() => {
                    text = format!(" {}{text}", self.anchors(colon, span.start));
                    span.start = colon;
                }
                Some(_) if span.is_empty() => text = format!(" {text}"),
                Some(_) => {}
            }
        }
        vec![TextEdit { span, text }]
    }

    /// A value for a flow collection: over several lines where the collection is.
    fn flow_value(&self, parent: Node<'t>, value: &Value, at: u32, old: Written) -> String {
        if self.multi_line(parent) && self.style.json {
            render::pretty(value, &self.style, line_indent(self.text, at), old)
        } else {
            render::flow(value, &self.style, old)
        }
    }

    /// Whether a flow collection's first child is on a line of its own.
    fn multi_line(&self, node: Node<'t>) -> bool {
        let start = node.span().start;
        let next = skip_space(self.text, start + 1);
        self.text
            .get(start as usize..next as usize)
            .is_some_and(|gap| gap.contains('\n'))
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

    /// Adds a field. `slot` is where the mapping hangs, if it may be rewritten there.
    fn insert(
        &self,
        mapping: Node<'t>,
        slot: Option<Slot<'t>>,
        key: &str,
        value: &Value,
    ) -> Vec<TextEdit> {
        let span = mapping.span();
        if mapping.style() == Written::Flow {
            let object = || Value::Object([(key.to_owned(), value.clone())].into_iter().collect());
            let key = render::string(key, &self.style, true, Written::Plain);
            let inside = |value: &str| format!("{key}{}{value}", self.style.colon);
            return self.add_to_flow(mapping, slot, object, value, inside);
        }
        let indent = column(self.text, span.start);
        let key = render::string(key, &self.style, false, Written::Plain);
        let value = render::after_key(value, &self.style, indent, Written::Plain);
        self.insert_line(mapping, indent, format!("{key}:{value}"))
    }

    fn append(&self, list: Node<'t>, slot: Option<Slot<'t>>, value: &Value) -> Vec<TextEdit> {
        if list.style() == Written::Flow {
            let array = || Value::Array(vec![value.clone()]);
            return self.add_to_flow(list, slot, array, value, str::to_owned);
        }
        let indent = column(self.text, list.span().start);
        let value = render::block(value, &self.style, indent + 2, Written::Plain);
        self.insert_line(list, indent, format!("- {value}"))
    }

    /// A new line after the last of a block collection.
    fn insert_line(&self, collection: Node<'t>, indent: usize, line: String) -> Vec<TextEdit> {
        let newline = self.style.newline;
        let pad = " ".repeat(indent);
        let mut end = collection.span().end;
        let last = last_scalar(collection);
        if last.is_some_and(|node| node.style() == Written::Text && self.keeps_blank_lines(node)) {
            end = self.past_blank_lines(end);
        }
        let at = next_line(self.text, end);
        let before = self.text.get(..at as usize).unwrap_or_default();
        if before.ends_with('\n') {
            return vec![TextEdit {
                span: Span::empty(at),
                text: format!("{pad}{line}{newline}"),
            }];
        }
        vec![TextEdit {
            span: Span::empty(at),
            text: format!("{newline}{pad}{line}"),
        }]
    }

    /// Whether a block text ends with `+` in its header.
    fn keeps_blank_lines(&self, node: Node<'_>) -> bool {
        let written = node.source().slice(node.span());
        let header = written.lines().next().unwrap_or_default();
        header.split(" #").next().unwrap_or_default().contains('+')
    }

    fn past_blank_lines(&self, mut end: u32) -> u32 {
        loop {
            let next = next_line(self.text, end);
            let line = self
                .text
                .get(next as usize..line_end(self.text, next) as usize)
                .unwrap_or_default();
            if next as usize >= self.text.len() || !line.trim().is_empty() {
                return end;
            }
            end = next;
        }
    }

    fn add_to_flow(
        &self,
        collection: Node<'t>,
        slot: Option<Slot<'t>>,
        alone: impl Fn() -> Value,
        value: &Value,
        inside: impl Fn(&str) -> String,
    ) -> Vec<TextEdit> {
        let span = collection.span();
        let close = span.end.saturating_sub(1);
        let inner = Span::new(span.start + 1, close);
        let blank = skip_space(self.text, inner.start) >= close;
        if blank && let Some(slot) = slot.filter(|slot| slot.parent.style() == Written::Block) {
            return self.replace(slot, &alone());
        }
        if blank {
            let outer = slot.map_or(self.root, |slot| slot.parent);
            let text = if self.style.json && outer.id() != collection.id() && self.multi_line(outer)
            {
                render::pretty(
                    &alone(),
                    &self.style,
                    line_indent(self.text, span.start),
                    Written::Plain,
                )
            } else {
                render::flow(&alone(), &self.style, Written::Plain)
            };
            return vec![TextEdit { span, text }];
        }
        // After the last child: before the space that precedes the closing bracket.
        let last = self.last_child_end(collection);
        let after = skip_space(self.text, last);
        let comma = self.text.as_bytes().get(after as usize) == Some(&b',');
        let last = if comma { after + 1 } else { last };
        let first = skip_space(self.text, inner.start);
        let text = if self.multi_line(collection) {
            let pad = " ".repeat(column(self.text, first));
            let value = self.flow_value(collection, value, first, Written::Plain);
            format!(
                "{}{}{pad}{}",
                if comma { "" } else { "," },
                self.style.newline,
                inside(&value)
            )
        } else {
            let value = render::flow(value, &self.style, Written::Plain);
            let separator = if comma { " " } else { self.style.comma };
            format!("{separator}{}", inside(&value))
        };
        vec![TextEdit {
            span: Span::empty(last),
            text,
        }]
    }

    /// Where the last child of a flow collection ends, aliases and merge keys included.
    fn last_child_end(&self, collection: Node<'t>) -> u32 {
        let span = collection.span();
        let aliases = &collection.document().tree.aliases;
        let before = aliases.partition_point(|alias| alias.end <= span.end);
        let alias = before
            .checked_sub(1)
            .and_then(|at| aliases.get(at))
            .map_or(0, |alias| alias.end);
        let keys = collection
            .raw_entries()
            .iter()
            .filter(|entry| !entry.value.is_merged());
        let key = keys.map(|entry| entry.end).max().unwrap_or_default();
        let written = collection
            .raw_entries()
            .iter()
            .map(|entry| entry.value)
            .chain(collection.raw_items().iter().copied())
            .filter(|edge| !edge.is_alias() && !edge.is_merged());
        let value = written
            .map(|edge| collection.document().tree.node(edge.id()).end)
            .max()
            .unwrap_or_default();
        alias.max(key).max(value).max(span.start + 1)
    }

    fn remove(&self, path: &FieldPath) -> Result<Vec<TextEdit>, EditError> {
        let (slot, depth) = self.reach(path);
        if path.is_empty() {
            return Err(EditError::Root);
        }
        let Some(slot) = slot.filter(|_| depth == path.segments().len()) else {
            return Ok(Vec::new());
        };
        if slot.edge.is_merged() {
            return Err(EditError::Merged { path: path.clone() });
        }
        let parent = slot.parent;
        let value = self.span(slot);
        let start = match parent.raw_entries().get(slot.at) {
            Some(entry) => entry.start,
            None if parent.style() == Written::Flow => value.start,
            None => self.dash(slot).unwrap_or(value.start),
        };
        let end = match parent.raw_entries().get(slot.at) {
            Some(entry) => value.end.max(entry.end),
            None => value.end,
        };
        let own = Span::new(start, end);
        if parent.style() == Written::Flow {
            return Ok(self.remove_from_flow(parent, own));
        }
        let only = if parent.kind() == Kind::Mapping {
            parent.span().start >= start && parent.span().end <= end
        } else {
            parent.len() == 1
        };
        if only {
            let empty = if parent.kind() == Kind::Mapping {
                Value::Object(serde_json::Map::new())
            } else {
                Value::Array(Vec::new())
            };
            let parents = path.parent().ok_or(EditError::Root)?;
            let (outer, _) = self.reach(&parents);
            return match outer.filter(|slot| !slot.edge.is_alias() && !slot.edge.is_merged()) {
                Some(outer) => Ok(self.replace(outer, &empty)),
                None => Err(EditError::Unsafe { path: path.clone() }),
            };
        }
        Ok(vec![TextEdit {
            span: self.lines_of(slot, own),
            text: String::new(),
        }])
    }

    /// The whole lines of a block entry, or up to its neighbour where it shares its first line
    /// with a dash.
    fn lines_of(&self, slot: Slot<'t>, own: Span) -> Span {
        let alone = line_indent(self.text, own.start) == column(self.text, own.start);
        if !alone {
            let next = match slot.parent.raw_entries().get(slot.at + 1) {
                Some(entry) if !entry.value.is_merged() => entry.start,
                _ => skip_space(self.text, line_end(self.text, own.end)),
            };
            return Span::new(own.start, next);
        }
        let line = own.start - column(self.text, own.start) as u32;
        let next = next_line(self.text, own.end);
        let closed = self
            .text
            .get(..next as usize)
            .unwrap_or_default()
            .ends_with('\n');
        let previous =
            slot.at
                .checked_sub(1)
                .and_then(|at| match slot.parent.raw_entries().get(at) {
                    Some(entry) => Some(slot.parent.entry_value(entry)),
                    None => slot.parent.at(at),
                });
        let text_block = previous
            .and_then(last_scalar)
            .is_some_and(|node| node.style() == Written::Text);
        if closed || text_block {
            return Span::new(line, next);
        }
        // A file without a line break at its end stays without one, unless that would change a
        // text block.
        let before = self.text.get(..line as usize).unwrap_or_default();
        Span::new(
            before.trim_end_matches(['\n', '\r', ' ', '\t']).len() as u32,
            next,
        )
    }

    fn remove_from_flow(&self, parent: Node<'t>, own: Span) -> Vec<TextEdit> {
        let gone = |span| {
            vec![TextEdit {
                span,
                text: String::new(),
            }]
        };
        let after = skip_space(self.text, own.end);
        if self.text.as_bytes().get(after as usize) == Some(&b',') {
            let next = skip_space(self.text, after + 1);
            if !matches!(self.text.as_bytes().get(next as usize), Some(b'}' | b']')) {
                return gone(Span::new(own.start, next));
            }
        }
        let before = self
            .text
            .get(..own.start as usize)
            .unwrap_or_default()
            .trim_end();
        if before.ends_with(',') {
            return gone(Span::new(before.len() as u32 - 1, own.end));
        }
        let inner = Span::new(parent.span().start + 1, parent.span().end.saturating_sub(1));
        gone(inner)
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
