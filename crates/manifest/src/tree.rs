//! The arena one document (or one list of them) is kept in.
//!
//! Sixteen bytes a value and sixteen more for a key with its place: a manifest of sixty fields
//! takes about two kilobytes beside its text. Texts are slices of the file wherever they stand
//! there as they are.

use std::sync::Arc;

use crate::{Kind, Source, Span};

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A word without quotes, or nothing at all.
    Plain = 0,
    /// `'...'`
    Single = 1,
    /// `"..."`
    Double = 2,
    /// `|` or `>`
    Text = 3,
    /// A sequence or mapping by indentation.
    Block = 4,
    /// `[...]` or `{...}`
    Flow = 5,
}

/// Where the meaning of a scalar or key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text(pub u32);

impl Text {
    /// The span itself.
    pub(crate) const SPAN: Self = Self(0);
    /// The span without its first and last byte (quotes).
    pub(crate) const INNER: Self = Self(1);
    /// A merge key `<<`, which never stays in a finished mapping.
    pub(crate) const MERGE: Self = Self(u32::MAX);

    /// The `index`th of [`Tree::strings`].
    pub(crate) fn decoded(index: usize) -> Self {
        Self((index as u32).saturating_add(2))
    }
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeData {
    pub start: u32,
    pub end: u32,
    /// Of a scalar: its [`Text`]. Of a collection: the first of its children.
    pub first: u32,
    /// Bits 0-2 [`Kind`], 3-5 [`Style`], 6 aliased, 7 has an anchor or tag, 8-31 child count.
    pub meta: u32,
}

const ALIASED: u32 = 1 << 6;
const PROPERTIES: u32 = 1 << 7;

impl NodeData {
    pub(crate) fn new(span: Span, first: u32, kind: Kind, style: Style, properties: bool) -> Self {
        let meta = kind as u32 | (style as u32) << 3 | if properties { PROPERTIES } else { 0 };
        Self {
            start: span.start,
            end: span.end,
            first,
            meta,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self.meta & 7 {
            0 => Kind::Null,
            1 => Kind::Bool,
            2 => Kind::Int,
            3 => Kind::Float,
            4 => Kind::String,
            5 => Kind::Sequence,
            _ => Kind::Mapping,
        }
    }

    pub(crate) fn style(self) -> Style {
        match self.meta >> 3 & 7 {
            0 => Style::Plain,
            1 => Style::Single,
            2 => Style::Double,
            3 => Style::Text,
            4 => Style::Block,
            _ => Style::Flow,
        }
    }

    pub(crate) fn span(self) -> Span {
        Span::new(self.start, self.end)
    }

    pub(crate) fn count(self) -> usize {
        (self.meta >> 8) as usize
    }

    pub(crate) fn set_count(&mut self, count: usize) {
        self.meta = self.meta & 0xff | (count as u32) << 8;
    }

    /// Whether an alias repeats this value.
    pub(crate) fn aliased(self) -> bool {
        self.meta & ALIASED != 0
    }

    pub(crate) fn set_aliased(&mut self) {
        self.meta |= ALIASED;
    }

    /// Whether an anchor or a tag stands before the value.
    pub(crate) fn properties(self) -> bool {
        self.meta & PROPERTIES != 0
    }
}

/// A reference to a value and how it was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge(pub u32);

impl Edge {
    const ALIAS: u32 = 1 << 31;
    const MERGED: u32 = 1 << 30;

    pub(crate) fn to(id: u32) -> Self {
        Self(id)
    }

    pub(crate) fn id(self) -> usize {
        (self.0 & !(Self::ALIAS | Self::MERGED)) as usize
    }

    /// Written as `*name` here, or merged out of such a one.
    pub(crate) fn is_alias(self) -> bool {
        self.0 & Self::ALIAS != 0
    }

    /// Here by a merge key.
    pub(crate) fn is_merged(self) -> bool {
        self.0 & Self::MERGED != 0
    }

    pub(crate) fn aliased(self) -> Self {
        Self(self.0 | Self::ALIAS)
    }

    pub(crate) fn merged(self) -> Self {
        Self(self.0 | Self::MERGED)
    }
}

/// One field of a mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub start: u32,
    pub end: u32,
    pub text: Text,
    pub value: Edge,
}

/// A finished arena. Immutable.
#[derive(Debug)]
pub(crate) struct Tree {
    pub source: Arc<Source>,
    pub nodes: Box<[NodeData]>,
    pub entries: Box<[Entry]>,
    pub items: Box<[Edge]>,
    /// Bytes of every alias `*name` that stands for a value, in order.
    pub aliases: Box<[Span]>,
    /// Ranges of `scratch`.
    pub strings: Box<[(u32, u32)]>,
    /// Texts that do not stand in the file as they are: escapes, folded lines.
    pub scratch: Box<str>,
}

/// What a [`Text`] code means.
pub(crate) fn resolve_text<'a>(
    text: Text,
    span: Span,
    source: &'a str,
    strings: &[(u32, u32)],
    scratch: &'a str,
) -> &'a str {
    match text {
        Text::SPAN => source.get(span.range()),
        Text::INNER => source.get(span.start as usize + 1..(span.end as usize).saturating_sub(1)),
        Text::MERGE => Some("<<"),
        Text(code) => strings
            .get(code as usize - 2)
            .and_then(|(start, end)| scratch.get(*start as usize..*end as usize)),
    }
    .unwrap_or_default()
}

impl Tree {
    pub(crate) fn node(&self, id: usize) -> NodeData {
        const NOTHING: NodeData = NodeData {
            start: 0,
            end: 0,
            first: 0,
            meta: 0,
        };
        self.nodes.get(id).copied().unwrap_or(NOTHING)
    }

    pub(crate) fn text(&self, text: Text, span: Span) -> &str {
        resolve_text(text, span, self.source.text(), &self.strings, &self.scratch)
    }

    pub(crate) fn entries_of(&self, node: NodeData) -> &[Entry] {
        if node.kind() != Kind::Mapping {
            return &[];
        }
        let first = node.first as usize;
        self.entries
            .get(first..first + node.count())
            .unwrap_or_default()
    }

    pub(crate) fn items_of(&self, node: NodeData) -> &[Edge] {
        if node.kind() != Kind::Sequence {
            return &[];
        }
        let first = node.first as usize;
        self.items
            .get(first..first + node.count())
            .unwrap_or_default()
    }
}
