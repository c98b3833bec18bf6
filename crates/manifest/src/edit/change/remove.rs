//! Taking fields and items away.

use serde_json::Value;

use super::{Slot, Writer, last_scalar};
use crate::edit::style::{column, line_end, line_indent, next_line, skip_space};
use crate::edit::{EditError, TextEdit};
use crate::tree::Style as Written;
use crate::{FieldPath, Kind, Node, Span};

impl<'t> Writer<'t> {
    pub(super) fn remove(&self, path: &FieldPath) -> Result<Vec<TextEdit>, EditError> {
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
    pub(super) fn lines_of(&self, slot: Slot<'t>, own: Span) -> Span {
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

    pub(super) fn remove_from_flow(&self, parent: Node<'t>, own: Span) -> Vec<TextEdit> {
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
