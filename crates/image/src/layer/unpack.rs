//! A layer's bytes, read once: decompressed, hashed, its tar unpacked.

use std::{
    io::{BufRead, Read},
    sync::Arc,
};

use super::{
    FileKind, FileRecord, LayerAnalysis,
    again::{self, Again},
    digests::Digester,
    hashing::{Hashing, Part, Pool, Streams},
    look::{Content, Outcome, Shared},
    passing::{Keeper, Passed},
    path,
    stream::{From, Plain, Stored},
    walk::{Walk, Walked, Wanted},
};
use crate::{
    Analyzer, Diagnostic, Digest, Limits, Place, ReadAt,
    analyzer::HEAD,
    compress::{Compression, Decompressed},
    read_at::Window,
    sha256::Sha256,
    source::{Blob, Descriptor, Progress},
    tar::{Entry, EntryKind, Input, Problem, Reader},
};

/// Files up to this size are held even where they could be read in place: that
/// is faster.
const SMALL: u64 = 64 << 10;

/// Files below this size are copied out of their chunk, which else would be kept
/// for little.
const COPIED: usize = 32 << 10;

/// Files of compressed layers up to this size are held as they are; larger ones
/// are packed while they go by, so that a few programs at once cost little.
const HELD: u64 = 4 << 20;

/// Reads a layer once: decompresses it (gzip, zstd or none, by its bytes, not
/// its media type), hashes it on both sides, tells its entries and has the
/// [analyzers](crate::analyzer::all) look into its files. What can't be read,
/// a wrong digest or a limit that is hit is a diagnostic of the result.
/// `layer` is its index, for `progress`, which hears of bytes; that the layer
/// is done is the caller's to tell.
pub fn analyze(
    blob: Blob,
    descriptor: &Descriptor,
    layer: usize,
    limits: &Limits,
    progress: &dyn Progress,
) -> LayerAnalysis {
    analyze_beside(blob, descriptor, layer, limits, progress, &Arc::default())
}

/// [`analyze`], beside other layers, whose bytes are `streams`.
pub(crate) fn analyze_beside(
    blob: Blob,
    descriptor: &Descriptor,
    layer: usize,
    limits: &Limits,
    progress: &dyn Progress,
    streams: &Arc<Streams>,
) -> LayerAnalysis {
    let analyzers: Vec<&'static Analyzer> = crate::analyzer::all().collect();
    let analysis = Analysis {
        analyzers: &analyzers,
        descriptor,
        layer,
        limits,
        progress,
        streams,
    };
    match blob {
        Blob::At(bytes) => analysis.run(From::At(&*bytes), Some(&*bytes)),
        Blob::Stream(mut stream) => analysis.run(From::Stream(&mut *stream), None),
    }
}

/// [`analyze`], of bytes that come once, from a reader that is the caller's.
pub fn analyze_stream(
    stream: &mut dyn Read,
    descriptor: &Descriptor,
    layer: usize,
    limits: &Limits,
    progress: &dyn Progress,
) -> LayerAnalysis {
    let analyzers: Vec<&'static Analyzer> = crate::analyzer::all().collect();
    let analysis = Analysis {
        analyzers: &analyzers,
        descriptor,
        layer,
        limits,
        progress,
        streams: &Arc::default(),
    };
    analysis.run(From::Stream(stream), None)
}

/// What [`analyze`] is asked.
pub(super) struct Analysis<'a> {
    pub analyzers: &'a [&'static Analyzer],
    pub descriptor: &'a Descriptor,
    pub layer: usize,
    pub limits: &'a Limits,
    pub progress: &'a dyn Progress,
    pub streams: &'a Arc<Streams>,
}

/// What reading the bytes gave.
struct Reading {
    walked: Walked,
    /// Digests of the stored and of the decompressed bytes, where they were
    /// read to their end.
    stored: Option<Digest>,
    plain: Option<Digest>,
    size: u64,
}

impl Analysis<'_> {
    /// Reads the layer; `place` is where its stored bytes can be read at any
    /// place, if they can.
    pub fn run(&self, from: From<'_>, place: Option<&dyn ReadAt>) -> LayerAnalysis {
        let shared = Shared::new(self.analyzers, self.limits);
        let read = self.read(from, place, &shared);
        let (outcomes, too_many) = shared.finish();
        let mut analysis = read.walked.into_analysis(outcomes, too_many);
        analysis.size = read.size;
        analysis.diff_id = read.plain;
        analysis.blob = read.stored;
        let wanted = self.descriptor.digest;
        if let Some(stored) = read.stored
            && wanted != crate::source::UNKNOWN
            && stored != wanted
            && read.plain != Some(wanted)
        {
            analysis.diagnostics.push(Diagnostic {
                place: Place::default(),
                message: format!(
                    "these are not the bytes of the layer: their digest is {stored}, not {wanted}"
                ),
            });
        }
        let place = read.plain.unwrap_or(wanted);
        for diagnostic in &mut analysis.diagnostics {
            diagnostic.place.layer = Some(place);
        }
        analysis
    }

    fn read<'s>(
        &self,
        mut from: From<'_>,
        place: Option<&'s dyn ReadAt>,
        shared: &'s Shared<'s>,
    ) -> Reading {
        let pool = Arc::new(Pool::default());
        let [stored_hash, plain_hash] = [(); 2]
            .map(|()| Hashing::beside(Sha256::new(), Arc::clone(&pool), Arc::clone(self.streams)));
        let most = match (place, self.descriptor.size) {
            (Some(place), _) => place.size(),
            (None, 0) => self.limits.layer_bytes,
            (None, size) => size,
        };
        rayon::in_place_scope(|scope| {
            let mut walk = Walk::new(shared, scope);
            let mut stored = Stored::new(
                from.lend(),
                most,
                Arc::clone(&stored_hash),
                Arc::clone(&pool),
                scope,
                self.progress,
                self.layer,
            );
            let head = stored.fill_buf().unwrap_or_default();
            let compression = Compression::of(head);
            let unread = Compression::unread_name(head);
            let source = match Decompressed::new(stored, compression) {
                Ok(source) => source,
                Err(error) => {
                    walk.tell(None, None, error.to_string());
                    return Reading {
                        walked: walk.finish(),
                        stored: None,
                        plain: None,
                        size: 0,
                    };
                }
            };
            let stored_place = place;
            let place = place.filter(|_| compression == Compression::None);
            let hashing = Arc::clone(&plain_hash);
            let plain = Plain::new(source, hashing, pool, scope, self.limits);
            let mut unpack = Unpack {
                reader: Reader::new(plain),
                walk,
                place,
                limits: self.limits,
                can_again: stored_place.is_some(),
                again: Vec::new(),
            };
            if let Some(name) = unread {
                unpack.walk.tell(
                    None,
                    Some(0),
                    format!("the layer is {name}, which is not read"),
                );
            } else {
                unpack.entries();
            }
            let whole = unpack.drain();
            let Unpack {
                mut reader,
                mut walk,
                again,
                ..
            } = unpack;
            let plain = reader.input();
            let size = plain.size();
            let stored = plain.stored().finish();
            if let Err(error) = &stored
                && whole
            {
                walk.tell(None, None, error.to_string());
            }
            let stored = stored.is_ok().then(|| stored_hash.digest());
            let plain = match compression {
                Compression::None => stored,
                _ => whole.then(|| plain_hash.digest()),
            };
            if let Some(place) = stored_place
                && !again.is_empty()
            {
                again::read(place, again, self.limits, self.progress, &mut walk);
            }
            Reading {
                walked: walk.finish(),
                stored,
                plain: plain.filter(|_| whole),
                size,
            }
        })
    }
}

/// Entries of a tar, on their way.
struct Unpack<'a, 's> {
    reader: Reader<Plain<'a, 's>>,
    walk: Walk<'a, 's>,
    /// The layer's bytes where they can be read at any place.
    place: Option<&'s dyn ReadAt>,
    limits: &'a Limits,
    /// Whether the layer's bytes can be had again, and the files for which they
    /// have to be.
    can_again: bool,
    again: Vec<Again>,
}

impl<'s> Unpack<'_, 's> {
    /// Takes all entries that can be read.
    fn entries(&mut self) {
        while !self.walk.is_full() {
            let next = self.reader.next();
            for problem in self.reader.take_problems() {
                self.tell(problem);
            }
            let done = match next {
                Ok(Some(entry)) => self.entry(entry),
                Ok(None) => return,
                Err(problem) => Err(problem),
            };
            if let Err(problem) = done {
                self.tell(problem);
                return;
            }
        }
    }

    fn tell(&mut self, problem: Problem) {
        let shown = |path: Vec<u8>| path::shown(&path[..path.len().min(200)]);
        self.walk.tell(
            problem.path.map(shown),
            Some(problem.offset),
            problem.message,
        );
    }

    /// Reads what is left, for its digest. False when that can't be done.
    fn drain(&mut self) -> bool {
        let mut at = self.reader.offset();
        let mut clean = !self.walk.has_diagnostics();
        loop {
            let bytes = match self.reader.input().fill() {
                Ok(bytes) => bytes,
                Err(error) => {
                    let message = error.to_string();
                    if !self.walk.has_told(&message) {
                        self.walk.tell(None, Some(at), message);
                    }
                    return false;
                }
            };
            let count = bytes.len();
            if count == 0 {
                return true;
            }
            // After what can't be read, or a limit, there are of course more.
            if clean && let Some(first) = bytes.iter().position(|&byte| byte != 0) {
                clean = false;
                let message = "bytes after the end of the archive: no files of the image, \
                    not looked into";
                self.walk.tell(None, Some(at + first as u64), message);
            }
            self.reader.input().consume(count);
            at += count as u64;
        }
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Problem> {
        let at = entry.header_at;
        if !self.walk.count(at, entry.path.len() + entry.link.len()) {
            return Ok(());
        }
        let is_folder = entry.kind == EntryKind::Directory;
        let Some(path) = self.walk.path_of(&entry.path, is_folder, at) else {
            return Ok(());
        };
        if self.walk.is_whiteout(&path, at) {
            return Ok(());
        }
        let kind = match entry.kind {
            EntryKind::Regular => FileKind::Regular,
            EntryKind::Directory => FileKind::Directory,
            EntryKind::Special | EntryKind::Other(_) => FileKind::Special,
            EntryKind::Symlink => match self.walk.symlink(&path, &entry.link, at) {
                Some(target) => FileKind::Symlink(target),
                None => return Ok(()),
            },
            EntryKind::Hardlink => match self.walk.target(&path, &entry.link, at) {
                Some(target) => FileKind::Hardlink(target),
                None => return Ok(()),
            },
        };
        let record = FileRecord {
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
            ..FileRecord::new(kind, entry.size)
        };
        if entry.kind != EntryKind::Regular || self.reader.left() != entry.stored {
            self.walk.entry(path, record);
            return Ok(());
        }
        match entry.sparse {
            Some(_) => self.sparse(path, record, entry),
            None => self.file(path, record, &entry),
        }
    }

    fn file(&mut self, path: String, record: FileRecord, entry: &Entry) -> Result<(), Problem> {
        let mut head = [0; HEAD];
        let size = usize::try_from(entry.stored).unwrap_or(HEAD).min(HEAD);
        let head = &mut head[..size];
        if let Err(problem) = self.reader.data_exact(head) {
            self.walk.entry(path, record);
            return Err(problem);
        }
        let wanted = self.walk.file(&path, record, head);
        if wanted.is_nothing() {
            return Ok(());
        }
        if entry.stored > SMALL
            && let Some(place) = self.place
        {
            let window = Window::new(place, entry.data_at, entry.stored);
            self.walk.look(wanted, Content::InPlace(window), None);
            return Ok(());
        }
        if entry.stored <= HELD.min(self.limits.held_bytes) {
            let content = match self.in_chunk(head.len()) {
                Some(part) => Content::InChunk(part),
                None => Content::Held(self.held(head, entry.stored)?),
            };
            self.walk.look(wanted, content, None);
            return Ok(());
        }
        self.large(wanted, &path, head, entry)
    }

    /// A file that is too large to be held as it is: it gets its digests as it
    /// goes by, and is packed when somebody wants to look into it.
    fn large(
        &mut self,
        mut wanted: Wanted,
        path: &str,
        head: &[u8],
        entry: &Entry,
    ) -> Result<(), Problem> {
        let digester = Digester::new(std::mem::take(&mut wanted.kinds));
        let is_looked_into = !wanted.analyzers.is_empty();
        let watched = || {
            self.can_again
                .then(|| self.walk.watch(&wanted, head))
                .flatten()
        };
        let keeper = is_looked_into
            .then(|| watched().unwrap_or_else(|| Keeper::pack(self.limits.held_bytes)));
        let feeding = Hashing::new((digester, keeper), self.reader.input().pool());
        let scope = self.walk.scope;
        feeding.push(Arc::new(head.to_vec()), 0..head.len(), scope);
        while self.reader.left() > 0 {
            let count = self.reader.fill()?.len();
            let (chunk, at) = self.reader.input().chunk();
            feeding.push(Arc::clone(chunk), at..at + count, scope);
            self.reader.consume(count);
        }
        let (digests, passed) = feeding.finish(|(digester, keeper)| {
            let passed = keeper.take().map(Keeper::finish);
            (std::mem::take(digester).digests(), passed)
        });
        let mut outcome = Outcome {
            digests,
            ..Outcome::default()
        };
        match passed {
            Some(Passed::Kept(Some(packed))) => {
                self.walk.keep(wanted.index, outcome);
                self.walk.look(wanted, Content::Packed(packed), None);
                return Ok(());
            }
            Some(Passed::Kept(None)) => self.walk.too_large(path, &wanted, entry.stored),
            Some(Passed::Gone(watch)) => match self.walk.passed(wanted.index, watch) {
                Some(found) => {
                    outcome.found = found.found;
                    outcome.problems = found.problems;
                }
                None => {
                    self.walk.keep(wanted.index, outcome);
                    self.again.push(Again {
                        wanted,
                        path: path.to_owned(),
                        place: (entry.data_at, entry.stored),
                    });
                    return Ok(());
                }
            },
            None => {}
        }
        self.walk.keep(wanted.index, outcome);
        Ok(())
    }

    /// The whole of an entry, of which so many bytes were read before, where it
    /// is in one chunk and makes enough of it.
    fn in_chunk(&mut self, read: usize) -> Option<Part> {
        let left = usize::try_from(self.reader.left()).ok()?;
        if read.checked_add(left)? < COPIED || self.reader.fill().ok()?.len() < left {
            return None;
        }
        let part = self.reader.input().part(read, left)?;
        self.reader.consume(left);
        Some(part)
    }

    /// The whole of an entry's stored bytes, of which `head` was read before.
    fn held(&mut self, head: &[u8], stored: u64) -> Result<Vec<u8>, Problem> {
        // A header may lie, but memory that nothing is written to costs nothing.
        let size = usize::try_from(stored).unwrap_or(usize::MAX);
        let mut held = self.walk.buffer(size);
        held.extend_from_slice(head);
        while self.reader.left() > 0 {
            let bytes = self.reader.fill()?;
            let count = bytes.len();
            held.extend_from_slice(bytes);
            self.reader.consume(count);
        }
        Ok(held)
    }

    /// A sparse file: its stored bytes are held or read in place, its holes
    /// are made when they are read.
    fn sparse(&mut self, path: String, record: FileRecord, entry: Entry) -> Result<(), Problem> {
        let pieces = entry.sparse.unwrap_or_default();
        let content = if let Some(place) = self.place {
            Content::InPlace(Window::new(place, entry.data_at, entry.stored))
        } else if entry.stored <= self.limits.held_bytes {
            match self.held(&[], entry.stored) {
                Ok(held) => Content::Held(held),
                Err(problem) => {
                    self.walk.entry(path, record);
                    return Err(problem);
                }
            }
        } else {
            let message = "a sparse file that is too large to be held: not looked into";
            self.walk
                .tell(Some(path.clone()), Some(entry.header_at), message);
            self.walk.entry(path, record);
            return Ok(());
        };
        self.walk
            .sparse(path, record, content, pieces, entry.header_at);
        Ok(())
    }
}
