//! New values in the place of old ones.

use serde_json::Value;

use super::{Slot, Writer};
use crate::edit::style::{column, line_end, line_indent, rest_is_blank, skip_space};
use crate::edit::{TextEdit, render};
use crate::tree::Style as Written;
use crate::{Kind, Node, Span};

impl<'t> Writer<'t> {
    pub(super) fn replace(&self, slot: Slot<'t>, value: &Value) -> Vec<TextEdit> {
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

    pub(super) fn replace_in_flow(
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
    pub(super) fn flow_value(
        &self,
        parent: Node<'t>,
        value: &Value,
        at: u32,
        old: Written,
    ) -> String {
        if self.multi_line(parent) && self.style.json {
            render::pretty(value, &self.style, line_indent(self.text, at), old)
        } else {
            render::flow(value, &self.style, old)
        }
    }

    /// Whether a flow collection's first child is on a line of its own.
    pub(super) fn multi_line(&self, node: Node<'t>) -> bool {
        let start = node.span().start;
        let next = skip_space(self.text, start + 1);
        self.text
            .get(start as usize..next as usize)
            .is_some_and(|gap| gap.contains('\n'))
    }
}
