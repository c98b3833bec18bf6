//! The text of one file, its name, and places in it.

use std::sync::{Arc, OnceLock};

use crate::{Limits, LoadError, LoadErrorKind, Place, Span};

/// Bytes between two checkpoints of the character count in a text that is not ASCII.
const CHECKPOINT: usize = 1024;

/// One file: its name and its text, shared by every document read from it.
///
/// The text is the file byte for byte. A byte order mark at its start is kept in
/// [`text`](Self::text), so that edits write it back, and is skipped by the reader.
pub struct Source {
    name: Arc<str>,
    text: Box<str>,
    lines: OnceLock<Lines>,
}

/// Line starts, found when the first place is asked for.
struct Lines {
    starts: Box<[u32]>,
    /// Characters before every [`CHECKPOINT`]th byte; empty for ASCII.
    chars: Box<[u32]>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("bytes", &self.text.len())
            .finish()
    }
}

impl Source {
    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// Where there are more bytes than the limit, or they are not UTF-8.
    pub fn new(
        name: impl Into<Arc<str>>,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Arc<Self>, LoadError> {
        let name = name.into();
        let fail = |name: Arc<str>, place, kind| {
            Err(LoadError {
                file: name,
                place,
                span: Span::empty(0),
                kind,
                other: None,
            })
        };
        if bytes.len() as u64 > limits.bytes() {
            let kind = LoadErrorKind::TooLarge {
                size: bytes.len() as u64,
                limit: limits.bytes(),
            };
            return fail(name, Place::START, kind);
        }
        if looks_wide(&bytes) {
            return fail(name, Place::START, LoadErrorKind::Utf16);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Arc::new(Self {
                name,
                text: text.into_boxed_str(),
                lines: OnceLock::new(),
            })),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let valid = error.as_bytes().get(..offset).unwrap_or_default();
                let valid = std::str::from_utf8(valid).unwrap_or_default();
                let place = place_by_scan(valid, valid.len());
                fail(name, place, LoadErrorKind::NotUtf8 { offset })
            }
        }
    }

    /// The file's name, as given.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole file, a byte order mark included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a span; empty where it lies outside of the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of a byte offset. Past the end it is the place of the end.
    #[must_use]
    pub fn place(&self, offset: u32) -> Place {
        let lines = self.lines.get_or_init(|| Lines::of(&self.text));
        let offset = offset.min(self.text.len() as u32);
        let line = lines
            .starts
            .partition_point(|start| *start <= offset)
            .max(1);
        let start = lines.starts.get(line - 1).copied().unwrap_or_default();
        let mut column = if lines.chars.is_empty() {
            offset - start
        } else {
            lines.chars_before(&self.text, offset) - lines.chars_before(&self.text, start)
        };
        if line == 1 && column > 0 && self.text.starts_with('\u{feff}') {
            column -= 1;
        }
        Place {
            line: line as u32,
            column: column + 1,
        }
    }

    pub(crate) fn error(self: &Arc<Self>, span: Span, kind: LoadErrorKind) -> LoadError {
        LoadError {
            file: self.name.clone(),
            place: self.place(span.start),
            span,
            kind,
            other: None,
        }
    }
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut chars = Vec::new();
        if !text.is_ascii() {
            let mut count = 0u32;
            for block in text.as_bytes().chunks(CHECKPOINT) {
                chars.push(count);
                count += count_chars(block);
            }
            chars.push(count);
        }
        Self {
            starts: starts.into(),
            chars: chars.into(),
        }
    }

    fn chars_before(&self, text: &str, offset: u32) -> u32 {
        let block = offset as usize / CHECKPOINT;
        let rest = text
            .as_bytes()
            .get(block * CHECKPOINT..offset as usize)
            .unwrap_or_default();
        self.chars.get(block).copied().unwrap_or_default() + count_chars(rest)
    }
}

/// Characters that start in a piece of UTF-8.
fn count_chars(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count() as u32
}

fn place_by_scan(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |at| at + 1);
    let tail = before
        .get(start..)
        .unwrap_or_default()
        .trim_start_matches('\u{feff}');
    Place {
        line: line as u32,
        column: count_chars(tail.as_bytes()) + 1,
    }
}

/// UTF-16 or UTF-32 by their byte order marks, or by the NULs beside ASCII at the start.
fn looks_wide(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..]
    ) || matches!(
        bytes,
        [0, 1..=0x7f, 0, 1..=0x7f, ..] | [1..=0x7f, 0, 1..=0x7f, 0, ..]
    )
}
