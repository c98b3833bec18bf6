//! Large files of compressed layers, judged while they go by: kept whole only
//! where an analyzer that wants one can't tell otherwise.

use std::{
    io,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use memchr::memmem::Finder;

use super::{
    FileRecord,
    hashing::Feed,
    look::{Outcome, Shared},
    packed::{Packed, Packer},
};
use crate::{
    Analyzer, Candidate, ReadAt, Sink,
    analyzer::{self, Passing, Search},
    lang::compiled::{binary::section_table, go},
};

/// Bytes of a file's beginning that are kept, and looked at to decide whether
/// all of it is.
const START: usize = 64 << 10;

/// Bytes before the table of sections that are kept: the sections' names are
/// there as a rule.
const NAMES: u64 = 64 << 10;

/// Bytes of names and table that are kept.
const MOST_TABLE: u64 = 1 << 20;

/// What is done with a file's bytes.
pub(super) enum Keeper {
    /// Its beginning is awaited.
    Undecided {
        start: Vec<u8>,
        watch: Watch,
        most: u64,
    },
    /// It is kept, compressed.
    Packing(Packer),
    /// It is let go.
    Watching(Watch),
}

/// What came of a file.
pub(super) enum Passed {
    /// It was kept; none when it was too large for that.
    Kept(Option<Packed>),
    /// It was let go.
    Gone(Watch),
}

impl Keeper {
    /// Keeps a file of at most `most` compressed bytes.
    pub fn pack(most: u64) -> Self {
        Keeper::Packing(Packer::new(most))
    }

    /// Lets a file go by, unless its beginning shows that somebody will have to
    /// read it. None where somebody must in any case.
    pub fn watch(
        analyzers: &[&'static Analyzer],
        path: &str,
        record: &FileRecord,
        head: &[u8],
        most: u64,
    ) -> Option<Self> {
        Some(Keeper::Undecided {
            start: Vec::new(),
            watch: Watch::new(analyzers, path, record, head)?,
            most,
        })
    }

    /// What came of the file, when it was fed.
    pub fn finish(mut self) -> Passed {
        self.decide();
        match self {
            Keeper::Packing(mut packer) => Passed::Kept(packer.packed()),
            Keeper::Watching(watch) | Keeper::Undecided { watch, .. } => Passed::Gone(watch),
        }
    }

    fn decide(&mut self) {
        let Keeper::Undecided { start, watch, most } = self else {
            return;
        };
        let start = std::mem::take(start);
        let mut decided = if watch.is_program && go::is_noted(&start) {
            Keeper::pack(*most)
        } else {
            Keeper::Watching(std::mem::take(watch))
        };
        decided.feed(&start);
        *self = decided;
    }
}

impl Feed for Keeper {
    fn feed(&mut self, bytes: &[u8]) {
        match self {
            Keeper::Undecided { start, .. } => {
                start.extend_from_slice(bytes);
                if start.len() >= START {
                    self.decide();
                }
            }
            Keeper::Packing(packer) => packer.feed(bytes),
            Keeper::Watching(watch) => watch.feed(bytes),
        }
    }
}

/// Looks for what analyzers would find in a file.
#[derive(Default)]
pub(super) struct Watch {
    marks: Vec<Mark>,
    searches: Vec<(&'static Analyzer, Box<dyn Search>)>,
    by_head: Vec<&'static Analyzer>,
    is_program: bool,
    kept: Kept,
    /// The last bytes that were fed: a mark may begin in them.
    last: Vec<u8>,
}

/// Bytes without which an analyzer finds nothing.
struct Mark {
    analyzer: &'static Analyzer,
    finder: Finder<'static>,
    is_there: bool,
}

impl Watch {
    fn new(
        analyzers: &[&'static Analyzer],
        path: &str,
        record: &FileRecord,
        head: &[u8],
    ) -> Option<Self> {
        let mut watch = Watch {
            is_program: record.binary,
            kept: Kept::new(record.size, head),
            ..Watch::default()
        };
        for &analyzer in analyzers {
            match analyzer::passing(analyzer)? {
                Passing::Head => watch.by_head.push(analyzer),
                Passing::Mark(mark) => watch.marks.push(Mark {
                    analyzer,
                    finder: Finder::new(mark),
                    is_there: false,
                }),
                Passing::Search(search) => watch.searches.push((analyzer, search(path, record))),
            }
        }
        Some(watch)
    }

    /// What the analyzers found; none where one has to read the file.
    pub fn finish(self, path: &str, record: &FileRecord, shared: &Shared<'_>) -> Option<Outcome> {
        let candidate = Candidate {
            path,
            record,
            content: &self.kept,
            limits: shared.limits,
        };
        let (marks, mut searches) = (self.marks, self.searches);
        let mut outcome = Outcome::default();
        // In the order in which they would have read it.
        for &analyzer in shared.analyzers {
            let is_it = |other: &Analyzer| other.name == analyzer.name;
            let reads = self.by_head.iter().any(|other| is_it(other))
                || marks
                    .iter()
                    .any(|mark| mark.is_there && is_it(mark.analyzer));
            let mut sink = Sink::default();
            if let Some(at) = searches.iter().position(|(other, _)| is_it(other)) {
                if !searches.swap_remove(at).1.finish(&candidate, &mut sink) {
                    return None;
                }
            } else if reads {
                (analyzer.run)(&candidate, &mut sink);
            }
            if self.kept.was_missed.load(Ordering::Relaxed) {
                return None;
            }
            shared.take(analyzer.name, sink, &mut outcome);
        }
        Some(outcome)
    }
}

impl Feed for Watch {
    fn feed(&mut self, bytes: &[u8]) {
        self.kept.feed(bytes);
        for (_, search) in &mut self.searches {
            search.feed(bytes);
        }
        let before = self.last.len();
        for mark in &mut self.marks {
            let most = mark.finder.needle().len().saturating_sub(1);
            if mark.is_there {
                continue;
            }
            let across = [
                &self.last[before.saturating_sub(most)..],
                &bytes[..most.min(bytes.len())],
            ];
            mark.is_there =
                mark.finder.find(&across.concat()).is_some() || mark.finder.find(bytes).is_some();
        }
        let longest = self.marks.iter().map(|mark| mark.finder.needle().len());
        let most = longest.max().unwrap_or_default();
        self.last
            .extend_from_slice(&bytes[bytes.len().saturating_sub(most)..]);
        self.last.drain(..self.last.len().saturating_sub(most));
    }
}

/// Parts of a file; reading others is an error, which is noted.
#[derive(Default)]
struct Kept {
    size: u64,
    fed: u64,
    /// By where they begin.
    parts: Vec<(Range<u64>, Vec<u8>)>,
    was_missed: AtomicBool,
}

impl Kept {
    /// Keeps the beginning of a file that begins with `head`, and the table of
    /// its sections.
    fn new(size: u64, head: &[u8]) -> Self {
        let start = 0..START as u64;
        let mut parts = vec![start.clone()];
        let table = section_table(head)
            .map(|table| table.start.saturating_sub(NAMES)..table.end.min(size))
            // Whoever reads a longer one finds it missing.
            .filter(|table| table.end.saturating_sub(table.start) <= MOST_TABLE);
        if let Some(table) = table {
            if table.start <= start.end {
                parts[0].end = start.end.max(table.end);
            } else if table.start < table.end {
                parts.push(table);
            }
        }
        Kept {
            size,
            fed: 0,
            parts: parts.into_iter().map(|part| (part, Vec::new())).collect(),
            was_missed: AtomicBool::new(false),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let (from, to) = (self.fed, self.fed + bytes.len() as u64);
        for (part, kept) in &mut self.parts {
            let (start, end) = (part.start.max(from), part.end.min(to));
            if start < end {
                let taken = bytes.get((start - from) as usize..(end - from) as usize);
                kept.extend_from_slice(taken.unwrap_or_default());
            }
        }
        self.fed = to;
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
        let there = self.parts.iter().find_map(|(part, kept)| {
            let into = usize::try_from(offset.checked_sub(part.start)?).ok()?;
            kept.get(into..).filter(|bytes| !bytes.is_empty())
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

#[cfg(test)]
mod tests;
