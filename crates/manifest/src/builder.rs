//! Builds an arena from what a reader reports; keeps the limits and the rules of mappings.

mod mapping;

use std::sync::Arc;

use crate::tree::{Edge, Entry, NodeData, Style, Text, Tree, resolve_text};
use crate::{Kind, Limits, LoadErrorKind, Source, Span};

/// An error without its file: what, where, and the second place.
#[derive(Debug)]
pub(crate) struct Fault {
    pub span: Span,
    pub kind: LoadErrorKind,
    /// Where the other half of it stands and what that is.
    pub other: Option<(u32, String)>,
}

impl Fault {
    pub(crate) fn new(span: Span, kind: LoadErrorKind) -> Self {
        Self {
            span,
            kind,
            other: None,
        }
    }
}

/// Most faults of one document that are told one by one.
const MAX_FAULTS: usize = 16;

/// Bytes of text that count as one node where an alias repeats them.
const TEXT_UNIT: u64 = 64;

/// A finished value that may be repeated by an alias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Built {
    pub id: u32,
    /// Nodes it stands for, aliases written out; long texts count one more for every
    /// [`TEXT_UNIT`] bytes, so that repeating them is bounded too.
    pub size: u64,
    /// Levels below and including it; 0 for scalars.
    pub height: u32,
}

struct Frame {
    node: u32,
    mapping: bool,
    /// Length of the pending list when this collection began.
    first: usize,
    size: u64,
    height: u32,
    key: Option<(Span, Text)>,
    merges: bool,
}

/// Collects one document after another into arenas, reusing its buffers.
pub(crate) struct Builder<'s> {
    source: &'s Arc<Source>,
    text: &'s str,
    limits: &'s Limits,
    nodes: Vec<NodeData>,
    entries: Vec<Entry>,
    items: Vec<Edge>,
    strings: Vec<(u32, u32)>,
    scratch: String,
    frames: Vec<Frame>,
    pending_entries: Vec<Entry>,
    pending_items: Vec<Edge>,
    total: u64,
    aliases: Vec<Span>,
    root: Option<Edge>,
    faults: Vec<Fault>,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(source: &'s Arc<Source>, limits: &'s Limits) -> Self {
        Self {
            source,
            text: source.text(),
            limits,
            nodes: Vec::new(),
            entries: Vec::new(),
            items: Vec::new(),
            strings: Vec::new(),
            scratch: String::new(),
            frames: Vec::new(),
            pending_entries: Vec::new(),
            pending_items: Vec::new(),
            total: 0,
            aliases: Vec::new(),
            root: None,
            faults: Vec::new(),
        }
    }

    /// Forgets everything of the document begun.
    pub(crate) fn reset(&mut self) {
        self.nodes.clear();
        self.entries.clear();
        self.items.clear();
        self.strings.clear();
        self.scratch.clear();
        self.frames.clear();
        self.pending_entries.clear();
        self.pending_items.clear();
        self.total = 0;
        self.aliases.clear();
        self.root = None;
        self.faults.clear();
    }

    /// Whether the next scalar is a key.
    pub(crate) fn wants_key(&self) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| frame.mapping && frame.key.is_none())
    }

    /// Whether the value that comes next belongs to a key, and not to a sequence or the root.
    pub(crate) fn wants_value(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.key.is_some())
    }

    /// Levels open at the moment.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Keeps a text that does not stand in the file as it is.
    pub(crate) fn keep(&mut self, text: &str) -> Text {
        let start = self.scratch.len() as u32;
        self.scratch.push_str(text);
        self.strings.push((start, self.scratch.len() as u32));
        Text::decoded(self.strings.len() - 1)
    }

    /// Remembers a fault that does not stop the reading. The document will not be built.
    pub(crate) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// A key of the mapping that is open.
    pub(crate) fn key(&mut self, span: Span, text: Text) {
        if let Some(frame) = self.frames.last_mut() {
            frame.merges |= text == Text::MERGE;
            frame.key = Some((span, text));
        }
    }

    /// A scalar value.
    pub(crate) fn scalar(
        &mut self,
        span: Span,
        text: Text,
        kind: Kind,
        style: Style,
        properties: bool,
    ) -> Result<Built, Fault> {
        let id = self.nodes.len() as u32;
        self.nodes
            .push(NodeData::new(span, text.0, kind, style, properties));
        let built = Built {
            id,
            size: 1 + u64::from(span.len()) / TEXT_UNIT,
            height: 0,
        };
        self.attach(Edge::to(id), built, span)?;
        Ok(built)
    }

    /// A scalar that is part of nothing; an alias may still repeat it.
    pub(crate) fn detached(&mut self, span: Span, text: Text, kind: Kind, style: Style) -> Built {
        let id = self.nodes.len() as u32;
        self.nodes
            .push(NodeData::new(span, text.0, kind, style, true));
        Built {
            id,
            size: 1 + u64::from(span.len()) / TEXT_UNIT,
            height: 0,
        }
    }

    /// A repetition of something built before in this document.
    pub(crate) fn alias(&mut self, span: Span, target: Built) -> Result<(), Fault> {
        self.aliases.push(span);
        if self.aliases.len() > self.limits.max_aliases as usize {
            let limit = self.limits.max_aliases;
            return Err(Fault::new(span, LoadErrorKind::TooManyAliases { limit }));
        }
        if self.frames.len() as u64 + u64::from(target.height) > u64::from(self.limits.depth()) {
            return Err(self.too_deep(span));
        }
        if let Some(node) = self.nodes.get_mut(target.id as usize) {
            node.set_aliased();
        }
        self.attach(Edge::to(target.id).aliased(), target, span)
    }

    /// The text of a scalar built before, for an alias used as a key.
    ///
    /// It is copied once however often it is used: from then on the scalar itself refers to the
    /// copy.
    pub(crate) fn scalar_text(&mut self, target: Built) -> Result<Option<Text>, Fault> {
        let Some(node) = self.nodes.get(target.id as usize).copied() else {
            return Ok(None);
        };
        if node.kind() >= Kind::Sequence {
            return Ok(None);
        }
        self.count(target.size, node.span())?;
        let mut text = Text(node.first);
        if text == Text::SPAN || text == Text::INNER {
            let copy = self.text_of(text, node.span()).to_owned();
            text = self.keep(&copy);
            if let Some(node) = self.nodes.get_mut(target.id as usize) {
                node.first = text.0;
            }
        }
        Ok(Some(text))
    }

    /// The beginning of a sequence or mapping.
    pub(crate) fn open(
        &mut self,
        start: u32,
        mapping: bool,
        style: Style,
        properties: bool,
    ) -> Result<(), Fault> {
        if self.frames.len() >= self.limits.depth() as usize {
            return Err(self.too_deep(Span::empty(start)));
        }
        let kind = if mapping {
            Kind::Mapping
        } else {
            Kind::Sequence
        };
        let node = self.nodes.len() as u32;
        self.nodes.push(NodeData::new(
            Span::empty(start),
            0,
            kind,
            style,
            properties,
        ));
        let first = if mapping {
            self.pending_entries.len()
        } else {
            self.pending_items.len()
        };
        self.frames.push(Frame {
            node,
            mapping,
            first,
            size: 1,
            height: 1,
            key: None,
            merges: false,
        });
        Ok(())
    }

    /// The end of the innermost collection. `end` is `None` for block style: it ends where its
    /// last value does.
    pub(crate) fn close(&mut self, end: Option<u32>) -> Result<Built, Fault> {
        let Some(mut frame) = self.frames.pop() else {
            return Ok(Built {
                id: 0,
                size: 1,
                height: 0,
            });
        };
        let last = if frame.mapping {
            self.pending_entries
                .get(frame.first..)
                .and_then(<[Entry]>::last)
                .map(|entry| entry.value)
        } else {
            self.pending_items
                .get(frame.first..)
                .and_then(<[Edge]>::last)
                .copied()
        };
        let node_start = self
            .nodes
            .get(frame.node as usize)
            .map_or(0, |node| node.start);
        let end =
            end.unwrap_or_else(|| self.block_end(node_start, frame.mapping, frame.first, last));
        let (first, count) = if frame.mapping {
            if frame.merges {
                self.merge(&mut frame);
            }
            self.find_duplicates(frame.first);
            let first = self.entries.len();
            self.entries
                .extend(self.pending_entries.drain(frame.first..));
            (first, self.entries.len() - first)
        } else {
            let first = self.items.len();
            self.items.extend(self.pending_items.drain(frame.first..));
            (first, self.items.len() - first)
        };
        if let Some(node) = self.nodes.get_mut(frame.node as usize) {
            node.end = end.max(node.start);
            node.first = first as u32;
            node.set_count(count);
        }
        let built = Built {
            id: frame.node,
            size: frame.size,
            height: frame.height,
        };
        self.attach(Edge::to(frame.node), built, Span::new(node_start, end))?;
        Ok(built)
    }

    /// Where a block collection ends: after its last value, or after its last key when an alias
    /// or nothing stands there.
    fn block_end(&self, start: u32, mapping: bool, first: usize, last: Option<Edge>) -> u32 {
        let value = last.filter(|edge| !edge.is_alias());
        let end = value
            .and_then(|edge| self.nodes.get(edge.id()))
            .map_or(start, |node| node.end);
        let key = if mapping {
            self.pending_entries
                .get(first..)
                .and_then(<[Entry]>::last)
                .map_or(start, |entry| entry.end)
        } else {
            start
        };
        let end = end.max(key);
        let alias = self
            .aliases
            .last()
            .filter(|_| last.is_some_and(Edge::is_alias));
        alias.map_or(end, |alias| end.max(alias.end))
    }

    /// Ends the document: its tree and root, or what is wrong with it.
    pub(crate) fn finish(&mut self) -> Result<Option<(Arc<Tree>, u32)>, Vec<Fault>> {
        if !self.faults.is_empty() {
            let faults = std::mem::take(&mut self.faults);
            self.reset();
            return Err(faults);
        }
        let Some(root) = self.root else {
            self.reset();
            return Ok(None);
        };
        let tree = Tree {
            source: self.source.clone(),
            nodes: Box::from(self.nodes.as_slice()),
            entries: Box::from(self.entries.as_slice()),
            items: Box::from(self.items.as_slice()),
            aliases: Box::from(self.aliases.as_slice()),
            strings: Box::from(self.strings.as_slice()),
            scratch: Box::from(self.scratch.as_str()),
        };
        self.reset();
        Ok(Some((Arc::new(tree), root.id() as u32)))
    }

    fn attach(&mut self, edge: Edge, built: Built, span: Span) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(edge);
            return Ok(());
        };
        frame.size = frame.size.saturating_add(built.size);
        frame.height = frame.height.max(built.height + 1);
        if frame.mapping {
            if let Some((key, text)) = frame.key.take() {
                frame.size = frame.size.saturating_add(u64::from(key.len()) / TEXT_UNIT);
                self.pending_entries.push(Entry {
                    start: key.start,
                    end: key.end,
                    text,
                    value: edge,
                });
            }
        } else {
            self.pending_items.push(edge);
        }
        // Only what is new counts: a collection's own nodes were counted one by one.
        self.count(if edge.is_alias() { built.size } else { 1 }, span)
    }

    fn count(&mut self, more: u64, span: Span) -> Result<(), Fault> {
        self.total = self.total.saturating_add(more);
        if self.total > self.limits.nodes() {
            let limit = self.limits.nodes();
            return Err(Fault::new(span, LoadErrorKind::TooManyNodes { limit }));
        }
        Ok(())
    }

    fn too_deep(&self, span: Span) -> Fault {
        Fault::new(
            span,
            LoadErrorKind::TooDeep {
                limit: self.limits.depth(),
            },
        )
    }

    fn text_of(&self, text: Text, span: Span) -> &str {
        resolve_text(text, span, self.text, &self.strings, &self.scratch)
    }

    fn key_of(&self, entry: &Entry) -> &str {
        self.text_of(entry.text, Span::new(entry.start, entry.end))
    }
}
