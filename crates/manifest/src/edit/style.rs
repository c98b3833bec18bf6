//! How a document is written: what new text has to look like beside it.

use crate::tree::Style as Written;
use crate::{Kind, Node};

/// Habits of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Style {
    /// `\n` or `\r\n`.
    pub newline: &'static str,
    /// Columns a nested mapping is indented by.
    pub unit: usize,
    /// Columns a list is indented by below its key: 0 or the unit.
    pub list: usize,
    /// Keys and strings are in double quotes, as JSON wants.
    pub json: bool,
    /// What stands between items on one line: `, ` or `,`.
    pub comma: &'static str,
    /// What stands between key and value: `: ` or `:`.
    pub colon: &'static str,
}

impl Style {
    pub(super) fn of(root: Node<'_>) -> Self {
        let text = root.source().text();
        let newline = match memchr::memchr(b'\n', text.as_bytes()) {
            Some(at) if at > 0 && text.as_bytes().get(at - 1) == Some(&b'\r') => "\r\n",
            _ => "\n",
        };
        let flow = root.style() == Written::Flow;
        let first = root.raw_entries().first();
        let json = flow
            && first.is_none_or(|entry| text.as_bytes().get(entry.start as usize) == Some(&b'"'));
        let colon = match first {
            Some(entry)
                if json
                    && !text
                        .get(entry.end as usize..)
                        .unwrap_or_default()
                        .starts_with(": ") =>
            {
                ":"
            }
            _ => ": ",
        };
        let comma = match root.raw_entries().get(1) {
            Some(entry)
                if json
                    && text
                        .get(..entry.start as usize)
                        .is_some_and(|before| before.ends_with(',')) =>
            {
                ","
            }
            None if colon == ":" => ",",
            _ => ", ",
        };
        let mut style = Self {
            newline,
            unit: 0,
            list: usize::MAX,
            json,
            comma,
            colon,
        };
        if flow {
            style.unit = first.map_or(0, |entry| column(text, entry.start));
            let indent = line_indent(text, root.span().start);
            style.unit = style.unit.saturating_sub(indent);
        } else {
            style.look(root, 0);
        }
        if style.unit == 0 {
            style.unit = 2;
        }
        if style.list == usize::MAX {
            style.list = 0;
        }
        style
    }

    /// Finds the first nested mapping and the first list below a key.
    fn look(&mut self, node: Node<'_>, depth: usize) {
        if depth > 8 || self.unit > 0 && self.list != usize::MAX {
            return;
        }
        let text = node.source().text();
        let here = column(text, node.span().start);
        for entry in node.raw_entries() {
            let value = node.entry_value(entry);
            if entry.value.is_alias() || entry.value.is_merged() || value.style() != Written::Block
            {
                continue;
            }
            let column = column(text, value.span().start);
            match value.kind() {
                Kind::Mapping if self.unit == 0 && column > here => self.unit = column - here,
                Kind::Sequence if self.list == usize::MAX => {
                    self.list = column.saturating_sub(here)
                }
                _ => {}
            }
            self.look(value, depth + 1);
        }
        for (edge, item) in node.raw_items().iter().zip(node.items()) {
            if !edge.is_alias() {
                self.look(item, depth + 1);
            }
        }
    }
}

/// Bytes between the start of the line and an offset.
pub(super) fn column(text: &str, offset: u32) -> usize {
    let before = text.get(..offset as usize).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |at| at + 1)
}

/// Spaces (or tabs) the line of an offset starts with.
pub(super) fn line_indent(text: &str, offset: u32) -> usize {
    let start = offset as usize - column(text, offset);
    let line = text.get(start..).unwrap_or_default();
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The offset of the end of the line, before its line break.
pub(super) fn line_end(text: &str, offset: u32) -> u32 {
    let rest = text.get(offset as usize..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    offset + line.strip_suffix('\r').unwrap_or(line).len() as u32
}

/// The offset of the next line, or the end of the text.
pub(super) fn next_line(text: &str, offset: u32) -> u32 {
    let rest = text.get(offset as usize..).unwrap_or_default();
    rest.find('\n')
        .map_or(text.len() as u32, |at| offset + at as u32 + 1)
}

/// Whether only white space follows on the line.
pub(super) fn rest_is_blank(text: &str, offset: u32) -> bool {
    let rest = text
        .get(offset as usize..line_end(text, offset) as usize)
        .unwrap_or_default();
    rest.trim().is_empty()
}

/// Past white space, line breaks and comments.
pub(super) fn skip_space(text: &str, mut at: u32) -> u32 {
    loop {
        let rest = text.get(at as usize..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        at += (rest.len() - trimmed.len()) as u32;
        if !trimmed.starts_with('#') {
            return at;
        }
        at = line_end(text, at);
    }
}
