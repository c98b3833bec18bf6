//! A streaming tar reader: v7, ustar, pax and GNU, bounded in everything.
//!
//! Where writers and readers of tar differ, it does as the container engines
//! do (they use Go's archive/tar): links and the like have no data whatever
//! size they state, a GNU long name goes before a pax path.

#[cfg(test)]
pub(crate) mod build;
mod header;
mod input;
pub mod pax;
mod sparse;
#[cfg(test)]
mod tests;

use std::io;

pub use header::BLOCK;
use header::{Header, NumberError};
pub use input::{InPlace, Input};
use pax::{Extended, MOST_PIECES, decimal};
pub use sparse::{Piece, SparseFile, is_sound};

/// Bytes of an extended header or a long name that are taken at most.
pub const MOST_EXTENSION: u64 = 1 << 20;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    Regular,
    /// A hard link.
    Hardlink,
    /// A symbolic link.
    Symlink,
    /// A folder.
    Directory,
    /// A character or block device or a pipe.
    Special,
    /// Something that no engine unpacks, by its type flag.
    Other(u8),
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path as it is written.
    pub path: Vec<u8>,
    /// The target of a link as it is written; else empty.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky (`0o7777`).
    pub mode: u32,
    /// Owner; the largest number for any that is larger.
    pub uid: u32,
    /// Group; the same.
    pub gid: u32,
    /// Its size, with the holes of a sparse file.
    pub size: u64,
    /// Bytes of it that are in the archive.
    pub stored: u64,
    /// Seconds since 1970.
    pub mtime: i64,
    /// The stored pieces of a sparse file. Sound, or `None` with a problem
    /// told and `stored` passed over.
    pub sparse: Option<Vec<Piece>>,
    /// Where its first header begins in the archive.
    pub header_at: u64,
    /// Where its data begins in the archive.
    pub data_at: u64,
}

/// Something that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The byte of the archive.
    pub offset: u64,
    /// The entry it is about, as it is written, when that is known.
    pub path: Option<Vec<u8>>,
    /// What.
    pub message: String,
}

/// Reads the entries of an archive one by one.
pub struct Reader<I> {
    input: I,
    /// Bytes of the archive that were read or passed over.
    at: u64,
    /// Bytes of the current entry's data not yet used, and of its padding.
    left: u64,
    padding: u64,
    path: Vec<u8>,
    defaults: Extended,
    ended: bool,
    problems: Vec<Problem>,
}

/// Headers before an entry that speak of it.
#[derive(Default)]
struct Before {
    start: Option<u64>,
    extended: Option<Extended>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// Why the entry can't be taken for what it says.
    spoilt: Option<String>,
}

impl<I: Input> Reader<I> {
    /// Reads `input` from where it is.
    pub fn new(input: I) -> Self {
        Reader {
            input,
            at: 0,
            left: 0,
            padding: 0,
            path: Vec::new(),
            defaults: Extended::default(),
            ended: false,
            problems: Vec::new(),
        }
    }

    /// Problems since this was last asked, each of one entry. Those that end
    /// the reading are errors of [`next`](Self::next).
    pub fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Where in the archive the reader is.
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// What the reader reads from, where it now is: after the end of the
    /// archive, what follows it.
    pub fn input(&mut self) -> &mut I {
        &mut self.input
    }

    /// The next entry; none at the end.
    ///
    /// # Errors
    /// The archive can't be read beyond this place. There are no more entries.
    #[expect(
        clippy::should_implement_trait,
        reason = "an entry's data is read from the reader between two calls"
    )]
    pub fn next(&mut self) -> Result<Option<Entry>, Problem> {
        let result = self.next_entry();
        self.ended |= !matches!(result, Ok(Some(_)));
        result
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, Problem> {
        if self.ended {
            return Ok(None);
        }
        self.pass_data()?;
        let mut before = Before::default();
        loop {
            let at = self.at;
            let Some(block) = self.block()? else {
                return match before.start {
                    None => Ok(None),
                    Some(start) => Err(problem(start, "an extended header is the last thing")),
                };
            };
            let header = Header(&block);
            if header.is_zero() {
                if self.is_end(at)? {
                    return match before.start {
                        None => Ok(None),
                        Some(start) => Err(problem(start, "an extended header is the last thing")),
                    };
                }
                continue;
            }
            if !header.checksum_is_right() {
                let what = if at == 0 {
                    "this is no tar archive: its first header has a wrong checksum"
                } else {
                    "the header has a wrong checksum"
                };
                return Err(problem(at, what));
            }
            let start = *before.start.get_or_insert(at);
            let size = header.size().map_err(|error| {
                let mut problem = problem(at, format!("the size in the header {error}"));
                problem.path = Some(header.path());
                problem
            })?;
            match header.kind() {
                b'x' | b'X' => {
                    if let Some(bytes) = self.extension(size, &mut before.spoilt)? {
                        let mut extended = self.defaults.clone();
                        let read = extended.read(&bytes);
                        self.tell_pax(read, at);
                        before.extended = Some(extended);
                    }
                }
                b'g' => {
                    before.start = None;
                    self.global(at, size)?;
                }
                b'L' => before.long_name = self.extension(size, &mut before.spoilt)?.map(name),
                b'K' => before.long_link = self.extension(size, &mut before.spoilt)?.map(name),
                _ => {
                    if let Some(entry) = self.entry(&header, size, start, &mut before)? {
                        return Ok(Some(entry));
                    }
                    before = Before::default();
                    self.pass_data()?;
                }
            }
        }
    }

    /// Whether the zero block at `at` ends the archive: another one or
    /// nothing follows. One alone is told.
    fn is_end(&mut self, at: u64) -> Result<bool, Problem> {
        let (offset, input) = (self.at, &mut self.input);
        let next = input.fill().map_err(|error| io_problem(offset, &error))?;
        let ends = next.first().is_none_or(|&byte| byte == 0);
        if !ends {
            let message = "a zero block that does not end the archive: \
                container engines read no further than this";
            self.problems.push(problem(at, message));
        }
        Ok(ends)
    }

    /// Defaults for all entries that follow. Engines pass over them, others
    /// do not: what would change names or sizes is told and not taken.
    fn global(&mut self, at: u64, size: u64) -> Result<(), Problem> {
        let mut spoilt = None;
        if let Some(bytes) = self.extension(size, &mut spoilt)? {
            let mut global = Extended::default();
            let read = global.read(&bytes);
            self.tell_pax(read, at);
            if global.path.take().is_some()
                | global.link.take().is_some()
                | global.size.take().is_some()
                | global.sparse.take().is_some()
            {
                let message = "a global extended header sets a path, a link or a size for all \
                    entries that follow: not applied, as container engines do not";
                self.problems.push(problem(at, message));
            }
            self.defaults = global;
        } else if let Some(message) = spoilt {
            self.problems.push(problem(at, message));
        }
        Ok(())
    }

    fn entry(
        &mut self,
        header: &Header<'_>,
        size: u64,
        start: u64,
        before: &mut Before,
    ) -> Result<Option<Entry>, Problem> {
        let mut extended = match before.extended.take() {
            Some(extended) => extended,
            None => self.defaults.clone(),
        };
        let mut kind = kind(header.kind());
        let mut sparse = extended.sparse.take();
        let path = before
            .long_name
            .take()
            .or_else(|| sparse.as_mut().and_then(|sparse| sparse.name.take()))
            .or_else(|| extended.path.take())
            .unwrap_or_else(|| header.path());
        if header.kind() == 0 && path.ends_with(b"/") {
            kind = EntryKind::Directory;
        }
        let has_data = matches!(kind, EntryKind::Regular | EntryKind::Other(_));
        let stored = if has_data {
            extended.size.unwrap_or(size)
        } else {
            0
        };
        self.left = stored;
        self.padding = stored.wrapping_neg() % BLOCK as u64;
        self.path.clone_from(&path);
        if let Some(message) = before.spoilt.take() {
            self.tell(start, message);
            return Ok(None);
        }
        if let EntryKind::Other(flag) = kind {
            self.tell(
                start,
                format!(
                    "an entry of type `{}`, which means nothing in a layer",
                    [flag].escape_ascii()
                ),
            );
            return Ok(None);
        }
        let is_link = matches!(kind, EntryKind::Hardlink | EntryKind::Symlink);
        let link = match is_link {
            true => before
                .long_link
                .take()
                .or_else(|| extended.link.take())
                .unwrap_or_else(|| header.link().to_vec()),
            false => Vec::new(),
        };
        let mut number = |name: &str, value: Result<i64, NumberError>| match value {
            Ok(value) => value,
            Err(error) => {
                self.tell(start, format!("the {name} in the header {error}"));
                0
            }
        };
        let mode = (number("mode", header.mode()) & 0o7777) as u32;
        let uid = match extended.uid {
            Some(uid) => uid.try_into().unwrap_or(u32::MAX),
            None => id(number("owner", header.uid())),
        };
        let gid = match extended.gid {
            Some(gid) => gid.try_into().unwrap_or(u32::MAX),
            None => id(number("group", header.gid())),
        };
        let mtime = match extended.mtime {
            Some(mtime) => mtime,
            None => number("time", header.mtime()),
        };
        let mut entry = Entry {
            path,
            link,
            kind,
            mode,
            uid,
            gid,
            size: stored,
            stored,
            mtime,
            sparse: None,
            header_at: start,
            data_at: self.at,
        };
        if kind == EntryKind::Regular {
            self.sparse(header, sparse, &mut entry)?;
        }
        Ok(Some(entry))
    }

    /// Finds out the holes of a file, when it has some.
    fn sparse(
        &mut self,
        header: &Header<'_>,
        extended: Option<Box<pax::Sparse>>,
        entry: &mut Entry,
    ) -> Result<(), Problem> {
        let (pieces, real) = if let Some(mut sparse) = extended {
            let pieces = match sparse.map_in_data {
                true => self.map_in_data()?,
                false => Some(std::mem::take(&mut sparse.map)),
            };
            (pieces, sparse.real)
        } else if header.kind() == b'S' && header.is_gnu() {
            let (pieces, real) = self.map_in_header(header)?;
            (pieces, real)
        } else {
            return Ok(());
        };
        entry.data_at = self.at;
        entry.stored = self.left;
        entry.size = real.unwrap_or(entry.stored);
        match (pieces, real) {
            (Some(pieces), Some(real)) if is_sound(&pieces, real, self.left) => {
                entry.sparse = Some(pieces);
            }
            _ => {
                self.tell(
                    entry.header_at,
                    "the map of this sparse file is malformed: it is not looked into",
                );
                entry.stored = 0;
            }
        }
        Ok(())
    }

    /// The map of GNU.sparse 1.0: numbers, each on a line, at the beginning of
    /// the data and filled up to a block. None when it is malformed.
    fn map_in_data(&mut self) -> Result<Option<Vec<Piece>>, Problem> {
        let (mut numbers, mut wanted) = (Vec::new(), 1_usize);
        let (mut digits, mut block) = (Vec::new(), [0; BLOCK]);
        while numbers.len() < wanted {
            if self.left < BLOCK as u64 {
                return Ok(None);
            }
            self.data_exact(&mut block)?;
            for &byte in &block {
                if byte != b'\n' {
                    digits.push(byte);
                    if digits.len() > 20 {
                        return Ok(None);
                    }
                    continue;
                }
                let Some(number) = decimal(&digits) else {
                    return Ok(None);
                };
                digits.clear();
                numbers.push(number);
                if let [count] = numbers[..] {
                    match usize::try_from(count) {
                        Ok(count) if count <= MOST_PIECES => wanted = 1 + 2 * count,
                        _ => return Ok(None),
                    }
                }
                if numbers.len() == wanted {
                    break;
                }
            }
        }
        let pairs = numbers[1..].chunks_exact(2);
        Ok(Some(
            pairs
                .map(|pair| Piece {
                    offset: pair[0],
                    size: pair[1],
                })
                .collect(),
        ))
    }

    /// The map of old GNU sparse files, in the header and blocks after it.
    fn map_in_header(
        &mut self,
        header: &Header<'_>,
    ) -> Result<(Option<Vec<Piece>>, Option<u64>), Problem> {
        let (pairs, mut more, real) = header.gnu_sparse();
        let mut pieces = Vec::new();
        let mut sound = add_pieces(&mut pieces, pairs);
        while more {
            let at = self.at;
            let Some(block) = self.block()? else {
                return Err(self.cut_off(at));
            };
            let pairs;
            (pairs, more) = Header(&block).gnu_sparse_more();
            sound = sound && add_pieces(&mut pieces, pairs);
        }
        Ok((sound.then_some(pieces), real.ok()))
    }

    /// The data of an extended header or long name. None when it is too large;
    /// `spoilt` then says so.
    fn extension(
        &mut self,
        size: u64,
        spoilt: &mut Option<String>,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let start = self.at;
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        self.path.clear();
        let mut bytes = None;
        if size <= MOST_EXTENSION {
            let mut buffer = vec![0; usize::try_from(size).unwrap_or_default()];
            self.data_exact(&mut buffer)?;
            bytes = Some(buffer);
        } else {
            *spoilt = Some(format!(
                "its extended header has {size} bytes; at most {MOST_EXTENSION} are read: left out"
            ));
        }
        self.pass_data().map_err(|mut problem| {
            problem.offset = problem.offset.max(start);
            problem
        })?;
        Ok(bytes)
    }

    /// A block; none at the end.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Problem> {
        let start = self.at;
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let bytes = match self.input.fill() {
                Ok(bytes) => bytes,
                Err(error) => return Err(io_problem(self.at, &error)),
            };
            if bytes.is_empty() {
                break;
            }
            let count = bytes.len().min(BLOCK - filled);
            block[filled..filled + count].copy_from_slice(&bytes[..count]);
            self.input.consume(count);
            filled += count;
            self.at += count as u64;
        }
        match filled {
            BLOCK => Ok(Some(block)),
            0 => Ok(None),
            _ if start == 0 => {
                let message = "this is no tar archive: it ends within its first header";
                Err(problem(start, message))
            }
            _ => Err(problem(start, "the archive ends within a header")),
        }
    }

    /// The next bytes of the current entry as they are stored; none at its end.
    ///
    /// # Errors
    /// The archive can't be read, or ends before the entry does.
    pub fn fill(&mut self) -> Result<&[u8], Problem> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        match self.input.fill() {
            Ok([]) => Err(Problem {
                offset: self.at,
                path: Some(self.path.clone()),
                message: ends_early(self.left),
            }),
            Ok(bytes) => Ok(&bytes[..bytes.len().min(most)]),
            Err(error) => Err(Problem {
                path: Some(self.path.clone()),
                ..io_problem(self.at, &error)
            }),
        }
    }

    /// So many bytes of the current entry, of those that [`fill`](Self::fill)
    /// gave, were used.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.input.consume(count);
        self.left -= count as u64;
        self.at += count as u64;
    }

    /// Bytes of the current entry that are not yet used.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Fills `buffer` with data of the current entry.
    ///
    /// # Errors
    /// The archive can't be read, or ends before, or the entry has fewer bytes.
    pub fn data_exact(&mut self, buffer: &mut [u8]) -> Result<(), Problem> {
        let mut filled = 0;
        while filled < buffer.len() {
            let bytes = self.fill()?;
            if bytes.is_empty() {
                return Err(problem(self.at, "the entry has fewer bytes than it says"));
            }
            let count = bytes.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&bytes[..count]);
            self.consume(count);
            filled += count;
        }
        Ok(())
    }

    fn pass_data(&mut self) -> Result<(), Problem> {
        let data = std::mem::take(&mut self.left);
        let padding = std::mem::take(&mut self.padding);
        let all = data.saturating_add(padding);
        if all == 0 {
            return Ok(());
        }
        let passed = match self.input.skip(all) {
            Ok(passed) => passed,
            Err(error) => {
                return Err(Problem {
                    path: (!self.path.is_empty()).then(|| self.path.clone()),
                    ..io_problem(self.at, &error)
                });
            }
        };
        self.at = self.at.saturating_add(passed);
        // Padding that is missing at the very end is no loss.
        if passed < data {
            self.left = data - passed;
            return Err(self.cut_off(self.at));
        }
        Ok(())
    }

    fn cut_off(&self, offset: u64) -> Problem {
        Problem {
            offset,
            path: (!self.path.is_empty()).then(|| self.path.clone()),
            message: ends_early(self.left),
        }
    }

    fn tell(&mut self, offset: u64, message: impl Into<String>) {
        self.problems.push(Problem {
            offset,
            path: Some(self.path.clone()),
            message: message.into(),
        });
    }

    fn tell_pax(&mut self, read: Result<(), pax::PaxError>, at: u64) {
        if let Err(error) = read {
            let offset = at + BLOCK as u64 + error.at as u64;
            self.problems.push(problem(offset, error.message));
        }
    }
}

/// The data of the current entry, as it is stored.
impl<I: Input> io::Read for Reader<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self
            .fill()
            .map_err(|problem| io::Error::new(io::ErrorKind::UnexpectedEof, problem.message))?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

fn kind(flag: u8) -> EntryKind {
    match flag {
        0 | b'0' | b'7' | b'S' => EntryKind::Regular,
        b'1' => EntryKind::Hardlink,
        b'2' => EntryKind::Symlink,
        b'3' | b'4' | b'6' => EntryKind::Special,
        b'5' => EntryKind::Directory,
        other => EntryKind::Other(other),
    }
}

/// Adds pairs of old GNU sparse maps; a pair of zero bytes ends them.
fn add_pieces(pieces: &mut Vec<Piece>, pairs: &[u8]) -> bool {
    for pair in pairs.chunks_exact(24) {
        if pair[0] == 0 {
            return true;
        }
        let read = |field| header::number(field).ok()?.try_into().ok();
        let (Some(offset), Some(size)) = (read(&pair[..12]), read(&pair[12..])) else {
            return false;
        };
        if pieces.len() >= MOST_PIECES {
            return false;
        }
        pieces.push(Piece { offset, size });
    }
    true
}

/// A long name: GNU tar ends it with a zero byte.
fn name(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = memchr::memchr(0, &bytes) {
        bytes.truncate(end);
    }
    bytes
}

fn id(number: i64) -> u32 {
    number.clamp(0, i64::from(u32::MAX)) as u32
}

fn problem(offset: u64, message: impl Into<String>) -> Problem {
    Problem {
        offset,
        path: None,
        message: message.into(),
    }
}

fn io_problem(offset: u64, error: &io::Error) -> Problem {
    problem(offset, error.to_string())
}

fn ends_early(left: u64) -> String {
    format!("the archive ends {left} bytes before the end of this entry")
}
