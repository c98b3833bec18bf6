//! Large files of compressed layers, judged while they go by: kept whole only
//! where an analyzer that wants one can't tell otherwise.
//!
//! Of a program are kept its beginning, the table of its sections, and what the
//! analyzer of Go programs reads of one. Where an analyzer reads anything else,
//! the file is read again.

mod kept;

use memchr::memmem::Finder;

use self::kept::Kept;
use super::{
    FileRecord,
    hashing::Feed,
    look::{Outcome, Shared},
    packed::{Packed, Packer},
};
use crate::{
    Analyzer, Candidate, Sink,
    analyzer::{self, Passing, Search},
};

/// What is done with a file's bytes.
pub(super) enum Keeper {
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

    /// Lets a file go by. None where somebody must read it in any case.
    pub fn watch(
        analyzers: &[&'static Analyzer],
        path: &str,
        record: &FileRecord,
        head: &[u8],
    ) -> Option<Self> {
        Watch::new(analyzers, path, record, head).map(Keeper::Watching)
    }

    /// What came of the file, when it was fed.
    pub fn finish(self) -> Passed {
        match self {
            Keeper::Packing(mut packer) => Passed::Kept(packer.packed()),
            Keeper::Watching(watch) => Passed::Gone(watch),
        }
    }
}

impl Feed for Keeper {
    fn feed(&mut self, bytes: &[u8]) {
        match self {
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
            if self.kept.was_missed() {
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

#[cfg(test)]
mod tests;
