//! The parts of a file that are kept of it when it goes by.

use std::{
    io,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    ReadAt,
    lang::compiled::{
        binary::{section_names, section_table},
        go,
    },
};

/// Bytes of a file's beginning that are kept.
const START: usize = 64 << 10;

/// Bytes before the table of sections that are kept: the sections' names are
/// there as a rule.
const NAMES: u64 = 64 << 10;

/// Bytes of names and table that are kept.
const MOST_TABLE: u64 = 1 << 20;

/// Bytes of what an analyzer of Go programs reads that are kept; the names of
/// functions of the largest have some 10 MB.
const MOST_GO: u64 = 16 << 20;

/// Parts of a file that are kept, and beginnings of such at a time. A Go program
/// has two besides its beginning and its table of sections.
const MOST_PARTS: usize = 8;

/// Parts of a file; reading others is an error, which is noted.
#[derive(Default)]
pub(super) struct Kept {
    size: u64,
    fed: u64,
    parts: Vec<Part>,
    /// Whether the beginning, when it is there, is to be asked for Go's note.
    may_be_go: bool,
    is_go: bool,
    /// What may be the beginning of a part that is needed of a Go program.
    heads: Vec<Part>,
    /// Bytes of such parts that may still be kept.
    go_left: u64,
    was_missed: AtomicBool,
}

struct Part {
    place: Range<u64>,
    bytes: Vec<u8>,
}

impl Part {
    fn new(place: Range<u64>) -> Self {
        Part {
            place,
            bytes: Vec::new(),
        }
    }

    /// Takes what it lacks of the bytes that begin at `from`.
    fn feed(&mut self, from: u64, bytes: &[u8]) {
        let start = self.place.start.saturating_add(self.bytes.len() as u64);
        let end = self.place.end.min(from + bytes.len() as u64);
        // What began before, and was not known to be a part, is missing.
        if from <= start && start < end {
            let taken = bytes.get((start - from) as usize..(end - from) as usize);
            self.bytes.extend_from_slice(taken.unwrap_or_default());
        }
    }
}

impl Kept {
    /// Keeps the beginning of a file that begins with `head`, and where that is
    /// of a program the table of its sections.
    pub fn new(size: u64, head: &[u8]) -> Self {
        let start = 0..START as u64;
        let mut parts = vec![Part::new(start.clone())];
        let section_table = section_table(head);
        let may_be_go = section_table.is_some();
        let table = section_table
            .map(|table| table.start.saturating_sub(NAMES)..table.end.min(size))
            // Whoever reads a longer one finds it missing.
            .filter(|table| table.end.saturating_sub(table.start) <= MOST_TABLE);
        if let Some(table) = table {
            if table.start <= start.end {
                parts[0].place.end = start.end.max(table.end);
            } else if table.start < table.end {
                parts.push(Part::new(table));
            }
        }
        Kept {
            size,
            parts,
            may_be_go,
            go_left: MOST_GO,
            ..Kept::default()
        }
    }

    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let from = self.fed;
        self.fed += bytes.len() as u64;
        for part in &mut self.parts {
            part.feed(from, bytes);
        }
        if self.may_be_go && self.fed >= START as u64 {
            self.may_be_go = false;
            let start = &self.parts[0].bytes;
            self.is_go = go::is_noted(start);
            let names = section_names(start)
                .filter(|names| names.end.saturating_sub(names.start) <= MOST_TABLE);
            if let Some(mut names) = names.map(Part::new).filter(|_| self.is_go) {
                names.feed(from, bytes);
                self.parts.push(names);
            }
        }
        if self.is_go {
            self.feed_go(from, bytes);
        }
    }

    /// Keeps what the analyzer of Go programs will read, wherever it is in these
    /// bytes.
    fn feed_go(&mut self, from: u64, bytes: &[u8]) {
        for head in std::mem::take(&mut self.heads) {
            self.feed_head(head, from, bytes);
        }
        // What begins further up is kept with the beginning.
        let first = from.max(START as u64).next_multiple_of(go::ALIGN as u64) - from;
        let words = bytes.get(first as usize..).unwrap_or_default();
        for (number, word) in words.chunks_exact(go::ALIGN).enumerate() {
            if go::may_begin(word) {
                let start = from + first + (number * go::ALIGN) as u64;
                self.feed_head(Part::new(start..start + go::HEAD), from, bytes);
            }
        }
    }

    /// Feeds what may be the beginning of a part; when it is there whole, it says
    /// whether it is one.
    fn feed_head(&mut self, mut head: Part, from: u64, bytes: &[u8]) {
        head.feed(from, bytes);
        if (head.bytes.len() as u64) < go::HEAD {
            if self.heads.len() < MOST_PARTS {
                self.heads.push(head);
            }
            return;
        }
        let needed = go::needed(&head.bytes).map(|size| size.max(go::HEAD));
        if let Some(size) = needed.filter(|_| self.parts.len() < MOST_PARTS) {
            let size = size.min(self.go_left);
            self.go_left -= size;
            head.place.end = head.place.start + size;
            head.feed(from, bytes);
            self.parts.push(head);
        }
    }

    /// Bytes that are kept.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }

    /// Whether something was read that was not kept.
    pub fn was_missed(&self) -> bool {
        self.was_missed.load(Ordering::Relaxed)
    }
}

impl ReadAt for Kept {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size {
            return Ok(0);
        }
        let there = self.parts.iter().find_map(|part| {
            let into = usize::try_from(offset.checked_sub(part.place.start)?).ok()?;
            part.bytes.get(into..).filter(|bytes| !bytes.is_empty())
        });
        let Some(there) = there else {
            self.was_missed.store(true, Ordering::Relaxed);
            return Err(io::Error::other("not kept"));
        };
        let count = there.len().min(buffer.len());
        buffer[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }
}
