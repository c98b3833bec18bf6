//! A document under change: its text, its tree, and which bytes are still the file's.

use std::sync::Arc;

use super::TextEdit;
use crate::{Document, Limits, Node, Source, Span, load};

/// A piece of the changed text.
#[derive(Debug, Clone)]
enum Piece {
    /// Bytes of the file.
    Kept(Span),
    New(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(span) => span.len() as usize,
            Self::New(text) => text.len(),
        }
    }

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Kept(span) => {
                let middle = span.start + at as u32;
                (
                    Self::Kept(Span::new(span.start, middle)),
                    Self::Kept(Span::new(middle, span.end)),
                )
            }
            Self::New(text) => {
                let (left, right) = text.split_at(at);
                (Self::New(left.to_owned()), Self::New(right.to_owned()))
            }
        }
    }
}

pub(super) struct Draft {
    original: Arc<Source>,
    document: Document,
    /// Bytes of the draft's text before the pieces: spaces that stand for what precedes an item.
    padding: usize,
    pieces: Vec<Piece>,
    /// The bytes of the file the draft is of.
    covered: Span,
    /// Which object of the text this is; `None` when the text is nothing but this object.
    nth: Option<usize>,
}

fn limits() -> Limits {
    Limits {
        max_bytes: u64::MAX,
        max_documents: usize::MAX,
        max_depth: 512,
        max_nodes: u64::MAX,
        max_aliases: u32::MAX,
    }
}

impl Draft {
    /// The smallest text that holds the document by itself: its own lines, or the part of the
    /// file it is in where anchors or directives outside of it matter.
    pub(super) fn new(document: &Document) -> Option<Self> {
        Self::alone(document).or_else(|| Self::whole(document))
    }

    fn alone(document: &Document) -> Option<Self> {
        let source = document.source();
        let text = source.text();
        let span = document.span();
        let flow = document.root().style() == crate::tree::Style::Flow;
        let (padding, covered) = if flow {
            (0, span)
        } else {
            let before = text.get(..span.start as usize)?;
            let line = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
            let rest = text.get(span.end as usize..)?;
            (
                line,
                Span::new(span.start, span.end + tail_length(rest) as u32),
            )
        };
        let draft_text = format!("{}{}", " ".repeat(padding), source.slice(covered));
        let parsed = parse(source, draft_text, None)?;
        if !parsed.root().same(document.root()) {
            return None;
        }
        let pieces = vec![Piece::Kept(covered)];
        Some(Self {
            original: source.clone(),
            document: parsed,
            padding,
            pieces,
            covered,
            nth: None,
        })
    }

    fn whole(document: &Document) -> Option<Self> {
        let source = document.source();
        let start = document.span().start;
        let part =
            load::split(source).find(|part| part.span.start <= start && start < part.span.end)?;
        let text = source.slice(part.span).to_owned();
        let parsed =
            Source::new(source.name().clone(), text.clone().into_bytes(), &limits()).ok()?;
        let found = load(&parsed, &limits()).documents;
        let nth = found
            .iter()
            .position(|other| other.span().start + part.span.start == start)?;
        let parsed = parse(source, text, Some(nth))?;
        let pieces = vec![Piece::Kept(part.span)];
        Some(Self {
            original: source.clone(),
            document: parsed,
            padding: 0,
            pieces,
            covered: part.span,
            nth: Some(nth),
        })
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.document.root()
    }

    /// Carries out changes of the draft's text and reads it again. `None`, and the draft is of no
    /// more use, where they overlap or the outcome cannot be read.
    pub(super) fn change(&mut self, mut changes: Vec<TextEdit>) -> Option<()> {
        changes.sort_by_key(|change| (change.span.start, change.span.end));
        let text = super::apply(self.document.source().text(), &changes).ok()?;
        for change in changes.into_iter().rev() {
            let start = (change.span.start as usize).checked_sub(self.padding)?;
            let end = (change.span.end as usize).checked_sub(self.padding)?;
            self.replace(start, end, change.text);
        }
        self.document = parse(&self.original, text, self.nth)?;
        Some(())
    }

    fn replace(&mut self, start: usize, end: usize, text: String) {
        let from = self.cut(start);
        let to = self.cut(end);
        self.pieces.splice(from..to, [Piece::New(text)]);
    }

    /// Makes a piece begin at an offset and returns its index.
    fn cut(&mut self, offset: usize) -> usize {
        let mut at = 0;
        for index in 0..self.pieces.len() {
            let length = self.pieces.get(index).map_or(0, Piece::len);
            if offset == at {
                return index;
            }
            if offset < at + length {
                let piece = self.pieces.remove(index);
                let (left, right) = piece.split(offset - at);
                self.pieces.splice(index..index, [left, right]);
                return index + 1;
            }
            at += length;
        }
        self.pieces.len()
    }

    /// What became of the file's bytes.
    pub(super) fn into_edits(self) -> Vec<TextEdit> {
        let mut edits: Vec<TextEdit> = Vec::new();
        let mut at = self.covered.start;
        let mut new = String::new();
        let mut flush = |from: u32, to: u32, new: &mut String| {
            if from < to || !new.is_empty() {
                edits.push(TextEdit {
                    span: Span::new(from, to),
                    text: std::mem::take(new),
                });
            }
        };
        for piece in self.pieces {
            match piece {
                Piece::New(text) => new.push_str(&text),
                Piece::Kept(span) if span.is_empty() => {}
                Piece::Kept(span) => {
                    flush(at, span.start, &mut new);
                    at = span.end;
                }
            }
        }
        flush(at, self.covered.end, &mut new);
        edits
    }
}

fn parse(source: &Source, text: String, nth: Option<usize>) -> Option<Document> {
    let parsed = Source::new(source.name().clone(), text.into_bytes(), &limits()).ok()?;
    match nth {
        None => load::parse_one(&parsed, &limits()),
        Some(nth) => load(&parsed, &limits()).documents.get(nth).cloned(),
    }
}

/// The rest of the line and the blank lines after it, which may belong to a text block.
fn tail_length(rest: &str) -> usize {
    let mut length = 0;
    for (at, line) in rest.split_inclusive('\n').enumerate() {
        if at > 0 && !line.trim().is_empty() {
            break;
        }
        length += line.len();
    }
    length
}
