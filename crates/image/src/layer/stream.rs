//! The bytes of a layer, stored and decompressed, hashed as they go by.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
};

use rayon::Scope;

use super::hashing::{CHUNK, Chunk, Hashing, Part, Pool};
use crate::{Limits, ReadAt, compress::Decompressed, sha256::Sha256, source::Progress, tar::Input};

/// Where stored bytes come from.
pub(super) enum From<'a> {
    /// Bytes that can be read at any place.
    At(&'a dyn ReadAt),
    /// Bytes that come once.
    Stream(&'a mut dyn Read),
}

impl From<'_> {
    /// The same, for a shorter time.
    pub fn lend(&mut self) -> From<'_> {
        match self {
            From::At(source) => From::At(*source),
            From::Stream(stream) => From::Stream(&mut **stream),
        }
    }
}

/// The stored bytes.
pub(super) struct Stored<'a, 's> {
    from: From<'a>,
    scope: &'a Scope<'s>,
    pool: Arc<Pool>,
    hashing: Arc<Hashing<Sha256>>,
    chunk: Chunk,
    used: usize,
    /// Bytes read.
    read: u64,
    /// Bytes there may be.
    most: u64,
    ended: bool,
    /// What ended the last chunk: told after it, and from then on.
    error: Option<Failure>,
    progress: &'a dyn Progress,
    layer: usize,
}

impl<'a, 's> Stored<'a, 's> {
    /// At most `most` bytes of `from`.
    pub fn new(
        from: From<'a>,
        most: u64,
        hashing: Arc<Hashing<Sha256>>,
        pool: Arc<Pool>,
        scope: &'a Scope<'s>,
        progress: &'a dyn Progress,
        layer: usize,
    ) -> Self {
        Stored {
            from,
            scope,
            pool,
            hashing,
            chunk: Chunk::default(),
            used: 0,
            read: 0,
            most,
            ended: false,
            error: None,
            progress,
            layer,
        }
    }

    /// How many bytes were used.
    pub fn used(&self) -> u64 {
        self.read - (self.chunk.len() - self.used) as u64
    }

    /// Reads what is left, for its digest. Gives how many bytes there are.
    ///
    /// # Errors
    /// As the medium has them; more bytes than there may be; the user's wish.
    pub fn finish(&mut self) -> io::Result<u64> {
        loop {
            let count = self.fill_buf()?.len();
            if count == 0 {
                return Ok(self.read);
            }
            BufRead::consume(self, count);
        }
    }

    /// The current chunk and where in it reading is.
    fn chunk(&self) -> (&Chunk, usize) {
        (&self.chunk, self.used)
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        self.pool.give(std::mem::take(&mut self.chunk));
        self.used = 0;
        if self.error.is_none() && self.progress.cancelled() {
            self.error = Some(Failure(io::ErrorKind::Other, "reading was stopped".into()));
        }
        if let Some(failure) = &self.error {
            return Err(failure.told());
        }
        let mut bytes = self.pool.take();
        let (mut filled, error) = match &mut self.from {
            From::At(source) => {
                let at = self.read;
                fill(&mut bytes, |filled, part| {
                    source.read_at(at + filled as u64, part)
                })
            }
            From::Stream(stream) => fill(&mut bytes, |_, part| stream.read(part)),
        };
        self.error = error.map(|error| Failure::of(&error));
        self.ended = filled < CHUNK && self.error.is_none();
        let left = usize::try_from(self.most - self.read).unwrap_or(usize::MAX);
        if filled > left {
            filled = left;
            let message = format!("there are more than its {} bytes", self.most);
            self.error = Some(Failure(io::ErrorKind::FileTooLarge, message));
            self.ended = false;
        }
        bytes.truncate(filled);
        self.read += filled as u64;
        self.progress.read(self.layer, filled as u64);
        self.chunk = Arc::new(bytes);
        if filled > 0 {
            let chunk = Arc::clone(&self.chunk);
            self.hashing.push(chunk, 0..filled, self.scope);
            return Ok(());
        }
        self.error
            .as_ref()
            .map_or(Ok(()), |failure| Err(failure.told()))
    }
}

impl Read for Stored<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        BufRead::consume(self, count);
        Ok(count)
    }
}

impl BufRead for Stored<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.chunk.len() && !self.ended {
            self.next_chunk()?;
        }
        Ok(&self.chunk[self.used..])
    }

    fn consume(&mut self, count: usize) {
        self.used = self.chunk.len().min(self.used + count);
    }
}

/// The decompressed bytes.
pub(super) struct Plain<'a, 's> {
    source: Decompressed<Stored<'a, 's>>,
    /// Not there when nothing is compressed: the bytes are hashed already.
    own: Option<Own<'a, 's>>,
    limits: &'a Limits,
    /// Decompressed bytes so far.
    size: u64,
    /// What ended the last chunk: told after it, and from then on.
    error: Option<Failure>,
}

/// An error that is told again and again.
struct Failure(io::ErrorKind, String);

impl Failure {
    fn of(error: &io::Error) -> Self {
        Failure(error.kind(), error.to_string())
    }

    fn told(&self) -> io::Error {
        io::Error::new(self.0, self.1.clone())
    }
}

struct Own<'a, 's> {
    scope: &'a Scope<'s>,
    pool: Arc<Pool>,
    hashing: Arc<Hashing<Sha256>>,
    chunk: Chunk,
    used: usize,
    ended: bool,
}

impl<'a, 's> Plain<'a, 's> {
    /// What `source` decompresses; `hashing` is for those bytes.
    pub fn new(
        source: Decompressed<Stored<'a, 's>>,
        hashing: Arc<Hashing<Sha256>>,
        pool: Arc<Pool>,
        scope: &'a Scope<'s>,
        limits: &'a Limits,
    ) -> Self {
        let own = match source {
            Decompressed::None(_) => None,
            _ => Some(Own {
                scope,
                pool,
                hashing,
                chunk: Chunk::default(),
                used: 0,
                ended: false,
            }),
        };
        Plain {
            source,
            own,
            limits,
            size: 0,
            error: None,
        }
    }

    /// The stored bytes.
    pub fn stored(&mut self) -> &mut Stored<'a, 's> {
        self.source.inner()
    }

    /// Decompressed bytes so far.
    pub fn size(&self) -> u64 {
        match (&self.own, &self.source) {
            (None, Decompressed::None(stored)) => stored.read,
            _ => self.size,
        }
    }

    /// The chunk that [`fill`](Input::fill) gives a part of, and where that is.
    pub fn chunk(&mut self) -> (&Chunk, usize) {
        match &self.own {
            Some(own) => (&own.chunk, own.used),
            None => self.source.inner().chunk(),
        }
    }

    /// Where chunks come from and go to.
    pub fn pool(&mut self) -> Arc<Pool> {
        match &self.own {
            Some(own) => Arc::clone(&own.pool),
            None => Arc::clone(&self.source.inner().pool),
        }
    }

    /// Bytes of that chunk: `before` that were used last, and `after` that come
    /// next. None where it does not have them.
    pub fn part(&mut self, before: usize, after: usize) -> Option<Part> {
        let pool = self.pool();
        let (chunk, used) = self.chunk();
        let range = used.checked_sub(before)?..used.checked_add(after)?;
        let is_there = range.end <= chunk.len();
        is_there.then(|| Part::new(Arc::clone(chunk), range, pool))
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let Some(own) = &mut self.own else {
            return Ok(());
        };
        own.pool.give(std::mem::take(&mut own.chunk));
        own.used = 0;
        if let Some(failure) = &self.error {
            return Err(failure.told());
        }
        let mut bytes = own.pool.take();
        let source = &mut self.source;
        let (filled, error) = fill(&mut bytes, |_, part| source.read(part));
        bytes.truncate(filled);
        self.size += filled as u64;
        let error = error.or_else(|| {
            let stored = source.inner().used();
            over_limit(self.size, stored, self.limits)
        });
        self.error = error.map(|error| Failure::of(&error));
        own.ended = filled < CHUNK && self.error.is_none();
        own.chunk = Arc::new(bytes);
        if filled > 0 {
            let chunk = Arc::clone(&own.chunk);
            own.hashing.push(chunk, 0..filled, own.scope);
            return Ok(());
        }
        self.error
            .as_ref()
            .map_or(Ok(()), |failure| Err(failure.told()))
    }
}

impl Input for Plain<'_, '_> {
    fn fill(&mut self) -> io::Result<&[u8]> {
        let Some(own) = &self.own else {
            if self.size() > self.limits.layer_bytes {
                return Err(too_many(self.limits));
            }
            return self.source.inner().fill_buf();
        };
        if own.used == own.chunk.len() && !own.ended {
            self.next_chunk()?;
        }
        let own = self.own.as_ref();
        Ok(own.map_or(&[][..], |own| &own.chunk[own.used..]))
    }

    fn consume(&mut self, count: usize) {
        match &mut self.own {
            Some(own) => own.used = own.chunk.len().min(own.used + count),
            None => BufRead::consume(self.source.inner(), count),
        }
    }
}

fn over_limit(size: u64, stored: u64, limits: &Limits) -> Option<io::Error> {
    if size > limits.layer_bytes {
        return Some(too_many(limits));
    }
    if size > limits.ratio_from && stored.saturating_mul(limits.ratio) < size {
        let message = format!(
            "{stored} compressed bytes make more than {} times as many: not read further",
            limits.ratio
        );
        return Some(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    None
}

fn too_many(limits: &Limits) -> io::Error {
    let message = format!(
        "more than {} decompressed bytes: not read further",
        limits.layer_bytes
    );
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

/// Fills a buffer; gives how many bytes there were and the error that ended it.
fn fill(
    buffer: &mut [u8],
    mut read: impl FnMut(usize, &mut [u8]) -> io::Result<usize>,
) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match read(filled, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}
