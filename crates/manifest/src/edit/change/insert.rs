//! New fields and items.

use serde_json::Value;

use super::{Slot, Writer, last_scalar};
use crate::edit::style::{column, line_end, line_indent, next_line, skip_space};
use crate::edit::{TextEdit, render};
use crate::tree::Style as Written;
use crate::{Node, Span};

impl<'t> Writer<'t> {
    /// Adds a field. `slot` is where the mapping hangs, if it may be rewritten there.
    pub(super) fn insert(
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

    pub(super) fn append(
        &self,
        list: Node<'t>,
        slot: Option<Slot<'t>>,
        value: &Value,
    ) -> Vec<TextEdit> {
        if list.style() == Written::Flow {
            let array = || Value::Array(vec![value.clone()]);
            return self.add_to_flow(list, slot, array, value, str::to_owned);
        }
        let indent = column(self.text, list.span().start);
        let value = render::block(value, &self.style, indent + 2, Written::Plain);
        self.insert_line(list, indent, format!("- {value}"))
    }

    /// A new line after the last of a block collection.
    pub(super) fn insert_line(
        &self,
        collection: Node<'t>,
        indent: usize,
        line: String,
    ) -> Vec<TextEdit> {
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
    pub(super) fn keeps_blank_lines(&self, node: Node<'_>) -> bool {
        let written = node.source().slice(node.span());
        let header = written.lines().next().unwrap_or_default();
        header.split(" #").next().unwrap_or_default().contains('+')
    }

    pub(super) fn past_blank_lines(&self, mut end: u32) -> u32 {
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

    pub(super) fn add_to_flow(
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
    pub(super) fn last_child_end(&self, collection: Node<'t>) -> u32 {
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
}
