//! What looks into one file and says what it found there.
//!
//! An analyzer sees one file at a time and nothing else: that is what makes
//! its result a property of the layer, cached and shared. What needs several
//! files (ownership, removal by a later layer) is put together in
//! [`crate::image`].

use std::borrow::Cow;

use crate::{Found, Limits, ReadAt, layer::FileRecord};

/// One analyzer. [`all`] lists them.
#[derive(Clone, Copy)]
pub struct Analyzer {
    /// Its name, as diagnostics and evidence show it: `dpkg`, `go-binary`.
    pub name: &'static str,
    /// Raised with every change that changes what it finds: cached layers of
    /// older versions are analysed again.
    pub version: u32,
    /// Whether it wants this file, judged by its path (no leading slash) and
    /// record. Called for every file of a layer: must be cheap.
    pub by_path: fn(&str, &FileRecord) -> bool,
    /// Whether it wants a regular file, judged by path, record and the first
    /// [`HEAD`] bytes (fewer when the file is shorter). Called for every
    /// regular file that `by_path` did not take.
    pub by_head: fn(&str, &FileRecord, &[u8]) -> bool,
    /// Looks into it.
    pub run: fn(&Candidate<'_>, &mut Sink),
}

/// How many bytes of a file's beginning [`Analyzer::by_head`] sees.
pub const HEAD: usize = 512;

/// Never: for analyzers that do not judge by one of the two.
pub fn never_by_path(_: &str, _: &FileRecord) -> bool {
    false
}

/// Never: for analyzers that do not judge by one of the two.
pub fn never_by_head(_: &str, _: &FileRecord, _: &[u8]) -> bool {
    false
}

/// Every analyzer, in the order of their results.
pub fn all() -> impl Iterator<Item = &'static Analyzer> {
    [
        crate::os::ANALYZERS,
        crate::lang::compiled::ANALYZERS,
        crate::lang::scripted::ANALYZERS,
        crate::program::ANALYZERS,
        crate::sbom::ANALYZERS,
        crate::secret::ANALYZERS,
    ]
    .into_iter()
    .flatten()
}

/// How an analyzer does with a large file that goes by once, and of which little
/// is kept.
#[derive(Clone, Copy)]
pub(crate) enum Passing {
    /// It reads nothing of the file: its beginning was enough.
    Head,
    /// It finds nothing, and nothing wrong, in a file that does not hold these
    /// bytes anywhere.
    Mark(&'static [u8]),
    /// It searches the bytes as they go by.
    Search(fn(&str, &FileRecord) -> Box<dyn Search>),
}

/// A search in a file that goes by.
pub(crate) trait Search: Send {
    /// The next bytes.
    fn feed(&mut self, bytes: &[u8]);

    /// Tells what was found, when everything was fed. Of the file's content only
    /// parts are there: others are errors. False, with whatever told, when it
    /// can't be known without all of it.
    fn finish(self: Box<Self>, file: &Candidate<'_>, sink: &mut Sink) -> bool;
}

/// How this analyzer does with a file that goes by; none for one that must be
/// able to read it at any place.
pub(crate) fn passing(analyzer: &Analyzer) -> Option<Passing> {
    [
        crate::lang::compiled::PASSING,
        std::slice::from_ref(&crate::program::PASSING),
    ]
    .into_iter()
    .flatten()
    .find(|(name, _)| *name == analyzer.name)
    .map(|(_, passing)| *passing)
}

/// A file that an analyzer asked for.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Its path in the image, without a leading slash.
    pub path: &'a str,
    /// What the layer says of it.
    pub record: &'a FileRecord,
    /// Its bytes.
    pub content: &'a dyn ReadAt,
    /// The limits of the run.
    pub limits: &'a Limits,
}

/// Why a file could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is larger than what is read of a file of its kind.
    #[error("it has {size} bytes; at most {most} are read of such a file")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        most: u64,
    },
    /// Its bytes could not be had.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl<'a> Candidate<'a> {
    /// The whole file, when it has at most `most` bytes.
    ///
    /// # Errors
    /// It is larger, or can't be read.
    pub fn whole(&self, most: u64) -> Result<Cow<'a, [u8]>, ReadError> {
        let size = self.content.size();
        if size > most {
            return Err(ReadError::TooLarge { size, most });
        }
        if let Some(bytes) = self.content.as_slice() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        crate::read_at::read_exact_at(self.content, 0, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// [`whole`](Self::whole); when it can't be, says so in `sink` and gives none.
    pub fn whole_or_tell(&self, most: u64, sink: &mut Sink) -> Option<Cow<'a, [u8]>> {
        match self.whole(most) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                sink.incomplete(format!("not read: {error}"));
                None
            }
        }
    }
}

/// What an analyzer found in one file.
#[derive(Default)]
pub struct Sink {
    /// What was found.
    pub found: Vec<Found>,
    /// What could not be read: the message, and the byte offset in the file
    /// where that is known. Each makes the result incomplete.
    pub problems: Vec<(String, Option<u64>)>,
}

impl Sink {
    /// Something was found.
    pub fn push(&mut self, found: impl Into<Found>) {
        self.found.push(found.into());
    }

    /// Something in the file could not be read: the result is incomplete.
    pub fn incomplete(&mut self, message: impl Into<String>) {
        self.problems.push((message.into(), None));
    }

    /// Something at a byte offset of the file could not be read.
    pub fn incomplete_at(&mut self, offset: u64, message: impl Into<String>) {
        self.problems.push((message.into(), Some(offset)));
    }
}

/// What tests of analyzers share.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Analyzer, Candidate, HEAD, Sink};
    use crate::{FileKind, FileRecord, Found, FoundPackage, Limits};

    /// A regular file of this size.
    pub(crate) fn record(size: u64) -> FileRecord {
        FileRecord {
            kind: FileKind::Regular,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size,
            mtime: 0,
            digests: Vec::new(),
            binary: false,
        }
    }

    /// Whether the analyzer asks for a file of this path and these bytes.
    pub(crate) fn claims(analyzer: &Analyzer, path: &str, bytes: &[u8]) -> bool {
        let record = record(bytes.len() as u64);
        (analyzer.by_path)(path, &record)
            || (analyzer.by_head)(path, &record, &bytes[..bytes.len().min(HEAD)])
    }

    /// What the analyzer finds in a file of this path and these bytes.
    pub(crate) fn run(analyzer: &Analyzer, path: &str, bytes: &[u8]) -> Sink {
        let mut sink = Sink::default();
        let candidate = Candidate {
            path,
            record: &record(bytes.len() as u64),
            content: &bytes,
            limits: &Limits::default(),
        };
        (analyzer.run)(&candidate, &mut sink);
        sink
    }

    /// The packages among what was found.
    pub(crate) fn packages(sink: &Sink) -> Vec<&FoundPackage> {
        sink.found
            .iter()
            .filter_map(|found| match found {
                Found::Package(package) => Some(&**package),
                _ => None,
            })
            .collect()
    }
}
