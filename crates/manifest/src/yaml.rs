//! Full YAML through the events of `saphyr-parser`, with places made exact.
//!
//! The parser's spans count characters, start block scalars at their first line of text, include
//! anchors and tags, and end block collections at the next token. Here spans are bytes of exactly
//! what was written for the value.

mod flow;
mod offsets;
mod scan;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use self::offsets::Offsets;
use self::words::in_words;
use crate::builder::{Builder, Built, Fault};
use crate::scalar;
use crate::tree::{Style, Text, Tree};
use crate::{Kind, LoadErrorKind, Span};

/// A finished document: its arena and root (`None` where nothing was written), or its faults.
pub(crate) type Outcome = Result<Option<(Arc<Tree>, u32)>, Vec<Fault>>;

/// Bytes that may be read again, in total, because of brackets or quotes that close too far left.
const REREAD: usize = 256 << 20;

/// Reads all documents of `text[start..end]`; stops at the first syntax error or limit.
pub(crate) fn read(
    builder: &mut Builder<'_>,
    text: &str,
    start: usize,
    end: usize,
    out: &mut dyn FnMut(Outcome),
) {
    let Some(part) = text.get(start..end) else {
        return;
    };
    let mut joined: Option<String> = None;
    let mut budget = REREAD;
    loop {
        let mut outcomes = Vec::new();
        let input = joined.as_deref().unwrap_or(part);
        let read = read_once(builder, text, start, input, &mut |outcome| {
            outcomes.push(outcome)
        });
        let failed = match read {
            Ok(()) => None,
            Err((fault, cure)) => {
                builder.reset();
                let again = cure.filter(|_| budget >= part.len());
                if let Some(cure) = again {
                    budget -= part.len();
                    let mut bytes = input.as_bytes().to_vec();
                    let changed = match cure {
                        Cure::Brackets(at) => flow::join_lines(&mut bytes, at - start),
                        Cure::Quotes(at) => flow::join_quoted(&mut bytes, at - start),
                    };
                    if changed && let Ok(without) = String::from_utf8(bytes) {
                        joined = Some(without);
                        continue;
                    }
                }
                Some(fault)
            }
        };
        outcomes.into_iter().for_each(&mut *out);
        if let Some(fault) = failed {
            out(Err(vec![fault]));
        }
        return;
    }
}

/// The offset of what closes too far left for the parser, and which may be read as one line.
enum Cure {
    Brackets(usize),
    Quotes(usize),
}

/// Reads `input`, which stands for the bytes of `text` from `start` on. A fault comes with what
/// may cure it.
fn read_once(
    builder: &mut Builder<'_>,
    text: &str,
    start: usize,
    input: &str,
    out: &mut dyn FnMut(Outcome),
) -> Result<(), (Fault, Option<Cure>)> {
    let mut reader = Reader {
        offsets: Offsets::new(input, start),
        text,
        input,
        base: start,
        limit: start + input.len(),
        anchors: FxHashMap::default(),
        open: Vec::new(),
        last_end: start,
        content: false,
    };
    let mut parser = Parser::new(StrInput::new(input));
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => reader
                .event(builder, event, span, out)
                .map_err(|fault| (fault, None))?,
            Err(error) => return Err((reader.syntax(&error), reader.cure(&error))),
        }
    }
    Ok(())
}

/// A collection that is open.
struct Open {
    start: usize,
    anchor: usize,
    /// Between brackets, its own or outer ones.
    flow: bool,
    /// Has brackets of its own.
    brackets: bool,
}

struct Reader<'t> {
    offsets: Offsets,
    text: &'t str,
    /// What the parser reads for `text` from `base` on: the same but for joined lines.
    input: &'t str,
    base: usize,
    limit: usize,
    anchors: FxHashMap<usize, Built>,
    open: Vec<Open>,
    /// End of the last thing read: a lower bound for the next.
    last_end: usize,
    /// Whether the document has anything but an empty root.
    content: bool,
}

impl Reader<'_> {
    fn event(
        &mut self,
        builder: &mut Builder<'_>,
        event: Event<'_>,
        span: saphyr_parser::Span,
        out: &mut dyn FnMut(Outcome),
    ) -> Result<(), Fault> {
        let start = self.offsets.byte(self.text, span.start.index());
        let end = self.offsets.byte(self.text, span.end.index());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(_) => {
                self.anchors.clear();
                self.last_end = self.last_end.max(end);
                self.content = false;
            }
            Event::DocumentEnd => match builder.finish() {
                Ok(_) if !self.content => out(Ok(None)),
                outcome => out(outcome),
            },
            Event::Alias(anchor) => self.alias(builder, anchor, start, end)?,
            Event::Scalar(value, style, anchor, tag) => {
                self.scalar(builder, &value, style, anchor, tag.as_deref(), start, end)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(builder, false, anchor, tag.is_some(), start, end)?
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(builder, true, anchor, tag.is_some(), start, end)?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop();
                let brackets = open.as_ref().is_some_and(|open| open.brackets);
                // The closing bracket's span takes in the space and comment after it.
                let built = builder.close(brackets.then_some(start as u32 + 1))?;
                if brackets {
                    self.last_end = start + 1;
                }
                if let Some(Open {
                    anchor: anchor @ 1..,
                    ..
                }) = open
                {
                    self.anchors.insert(anchor, built);
                }
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        builder: &mut Builder<'_>,
        mapping: bool,
        anchor: usize,
        tagged: bool,
        start: usize,
        end: usize,
    ) -> Result<(), Fault> {
        self.content = true;
        let properties = anchor != 0 || tagged;
        let mut at = if properties {
            self.skip_properties(start)
        } else {
            start
        };
        if builder.wants_key() {
            return Err(Fault::new(
                Span::new(start as u32, end as u32),
                LoadErrorKind::KeyNotScalar,
            ));
        }
        let outer = self.open.last().is_some_and(|open| open.flow);
        let bracket = if mapping { b'{' } else { b'[' };
        let brackets = self.byte(at) == Some(bracket) && (outer || end > start);
        let style = if brackets || outer {
            Style::Flow
        } else {
            Style::Block
        };
        if !mapping && style == Style::Block && builder.wants_value() {
            // A sequence at its key's own indentation is reported at its first item.
            let dash = self.skip_gap(self.last_end, false);
            at = if dash < at && self.is_dash(dash) {
                dash
            } else {
                at
            };
        }
        builder.open(at as u32, mapping, style, properties)?;
        self.last_end = if brackets { at + 1 } else { at };
        self.open.push(Open {
            start: at,
            anchor,
            flow: style == Style::Flow,
            brackets,
        });
        Ok(())
    }

    fn alias(
        &mut self,
        builder: &mut Builder<'_>,
        anchor: usize,
        start: usize,
        end: usize,
    ) -> Result<(), Fault> {
        self.content = true;
        self.last_end = end;
        let span = Span::new(start as u32, end as u32);
        let Some(target) = self.anchors.get(&anchor).copied() else {
            if self.open.iter().any(|open| open.anchor == anchor) {
                return Err(Fault::new(span, LoadErrorKind::RecursiveAlias));
            }
            return Err(self.unknown_alias(start));
        };
        if builder.wants_key() {
            let Some(text) = builder.scalar_text(target)? else {
                return Err(Fault::new(span, LoadErrorKind::KeyNotScalar));
            };
            builder.key(span, text);
            return Ok(());
        }
        builder.alias(span, target)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one event, taken apart once"
    )]
    fn scalar(
        &mut self,
        builder: &mut Builder<'_>,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        start: usize,
        end: usize,
    ) -> Result<(), Fault> {
        let properties = anchor != 0 || tag.is_some();
        let empty = style == ScalarStyle::Plain && value.is_empty();
        self.content |= !(empty && self.open.is_empty() && !properties);
        let (span, style) = if empty {
            (
                Span::empty(self.nothing(builder, start, properties) as u32),
                Style::Plain,
            )
        } else {
            self.written(style, properties, start, end)
        };
        self.last_end = self.last_end.max(span.end as usize);
        let unjoined = self.unjoined(span, style)?;
        let value = unjoined.as_deref().unwrap_or(value);
        let (kind, decoded) = kind_of(value, style, tag);
        let value = decoded.as_deref().unwrap_or(value);
        let text = self.text(builder, span, style, value);
        if builder.wants_key() {
            let merge = value == "<<" && style == Style::Plain && tag.is_none();
            builder.key(span, if merge { Text::MERGE } else { text });
            if anchor != 0 {
                // An anchor on a key: keep its text as a value nobody refers to otherwise.
                let built = builder.detached(span, text, kind, style);
                self.anchors.insert(anchor, built);
            }
            return Ok(());
        }
        let built = builder.scalar(span, text, kind, style, properties)?;
        if anchor != 0 {
            self.anchors.insert(anchor, built);
        }
        Ok(())
    }

    fn text(&self, builder: &mut Builder<'_>, span: Span, style: Style, value: &str) -> Text {
        let slice = self.text.get(span.range()).unwrap_or_default();
        if slice == value {
            Text::SPAN
        } else if matches!(style, Style::Single | Style::Double)
            && slice.len() >= 2
            && slice.get(1..slice.len() - 1) == Some(value)
        {
            Text::INNER
        } else {
            builder.keep(value)
        }
    }

    /// What a quoted text says whose lines were joined for the parser: by itself, nothing has to
    /// be deeper than anything.
    fn unjoined(&self, span: Span, style: Style) -> Result<Option<String>, Fault> {
        if !matches!(style, Style::Single | Style::Double) {
            return Ok(None);
        }
        let written = self.text.get(span.range()).unwrap_or_default();
        let from = (span.start as usize).saturating_sub(self.base);
        if self.input.get(from..from + written.len()) == Some(written) {
            return Ok(None);
        }
        for next in Parser::new(StrInput::new(written)) {
            match next {
                Ok((Event::Scalar(value, ..), _)) => return Ok(Some(value.into_owned())),
                Ok(_) => {}
                Err(error) => {
                    let words = LoadErrorKind::Syntax(in_words(error.info()));
                    return Err(Fault::new(span, words));
                }
            }
        }
        Ok(None)
    }

    /// The exact bytes of a scalar that is written.
    fn written(
        &self,
        style: ScalarStyle,
        properties: bool,
        start: usize,
        end: usize,
    ) -> (Span, Style) {
        let mut from = if properties {
            self.skip_properties(start)
        } else {
            start
        };
        let mut to = end;
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Text,
        };
        match style {
            Style::Single | Style::Double => to = self.close_quote(from).unwrap_or(to),
            Style::Text => {
                from = self.skip_gap(self.last_end.min(start), true);
                if !matches!(self.byte(from), Some(b'|' | b'>')) {
                    let before = self.text.get(self.last_end..start).unwrap_or_default();
                    from = before
                        .rfind(['|', '>'])
                        .map_or(start, |at| self.last_end + at);
                }
                let body = self.text.get(from..to.max(from)).unwrap_or_default();
                to = from + body.trim_end_matches([' ', '\t', '\n', '\r']).len();
            }
            _ => {
                let body = self.text.get(from..to.max(from)).unwrap_or_default();
                to = from + body.trim_end_matches([' ', '\t', '\n', '\r']).len();
            }
        }
        (Span::new(from as u32, to.max(from) as u32), style)
    }

    fn unknown_alias(&self, start: usize) -> Fault {
        let end = self.skip_token(start);
        let name = self.text.get(start + 1..end).unwrap_or_default().to_owned();
        Fault::new(
            Span::new(start as u32, end as u32),
            LoadErrorKind::UnknownAlias { name },
        )
    }

    /// What an error about indentation may be cured by.
    fn cure(&self, error: &ScanError) -> Option<Cure> {
        if error.info() == "invalid indentation in quoted scalar" {
            let at = self.offsets.byte(self.text, error.marker().index());
            return Some(Cure::Quotes(at));
        }
        self.outer_bracket(error).map(Cure::Brackets)
    }

    /// Where the outermost brackets begin that an error about indentation is inside of.
    fn outer_bracket(&self, error: &ScanError) -> Option<usize> {
        if !matches!(
            error.info(),
            "invalid indentation" | "invalid indentation in flow construct"
        ) {
            return None;
        }
        if let Some(open) = self.open.iter().find(|open| open.flow) {
            return Some(open.start);
        }
        // The parser looks ahead of what it reports: the bracket may come next.
        let next = self.skip_gap(self.last_end, true);
        matches!(self.byte(next), Some(b'[' | b'{')).then_some(next)
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let at = self.offsets.byte(self.text, error.marker().index());
        let line_start = self
            .text
            .get(..at)
            .and_then(|text| text.rfind('\n'))
            .map_or(0, |at| at + 1);
        let line = self.text.get(line_start..self.limit).unwrap_or_default();
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line
            .get(indent..)
            .is_some_and(|rest| rest.starts_with('\t'))
            && at <= line_start + indent + 1
        {
            let tab = (line_start + indent) as u32;
            return Fault::new(Span::new(tab, tab + 1), LoadErrorKind::Tab);
        }
        if error.info().contains("unknown anchor") {
            return self.unknown_alias(at);
        }
        let length = self
            .text
            .get(at..self.limit)
            .and_then(|rest| rest.chars().next());
        let length = length.filter(|c| !c.is_control()).map_or(0, char::len_utf8);
        let span = Span::new(at as u32, (at + length) as u32);
        Fault::new(span, LoadErrorKind::Syntax(in_words(error.info())))
    }
}

/// The type of a scalar and, for `!!binary`, the text it stands for.
fn kind_of<'v>(value: &'v str, style: Style, tag: Option<&Tag>) -> (Kind, Option<Cow<'v, str>>) {
    let untagged = if style == Style::Plain {
        scalar::resolve_plain(value)
    } else {
        Kind::String
    };
    let Some(tag) = tag else {
        return (untagged, None);
    };
    if tag.handle.is_empty() && tag.suffix == "!" {
        return (Kind::String, None);
    }
    if !tag.is_yaml_core_schema() {
        return (untagged, None);
    }
    let decoded = if tag.suffix == "binary" {
        scalar::decode_binary(value)
    } else {
        None
    };
    let kind = scalar::resolve_tagged(&tag.suffix, value).unwrap_or(untagged);
    (kind, decoded.map(Cow::Owned))
}
