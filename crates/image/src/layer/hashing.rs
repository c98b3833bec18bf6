//! Hashing beside the reading: chunks are queued, and a task drains the queue.
//!
//! Whoever finds the queue full drains it himself, so nothing ever waits for a
//! task that has not begun: it works on a pool of one thread, and when every
//! thread of the pool reads a layer.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{Digest, sha256::Sha256};
use rayon::Scope;

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 256 << 10;

/// Chunks that wait to be hashed, at most.
const WAITING: usize = 8;

/// Chunks that are kept to be filled again, at most: those that wait on both
/// sides of a decompressor.
const UNUSED: usize = 2 * WAITING;

/// Bytes that went through, shared with what still hashes them.
pub(super) type Chunk = Arc<Vec<u8>>;

/// Chunks that are not in use, to be filled again.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// A chunk of [`CHUNK`] bytes of no particular content.
    pub fn take(&self) -> Vec<u8> {
        let used = lock(&self.0).pop();
        let mut chunk = used.unwrap_or_default();
        chunk.resize(CHUNK, 0);
        chunk
    }

    /// Takes a chunk back when nobody else has it.
    pub fn give(&self, chunk: Chunk) {
        if let Ok(chunk) = Arc::try_unwrap(chunk)
            && chunk.capacity() >= CHUNK
        {
            let mut unused = lock(&self.0);
            if unused.len() < UNUSED {
                unused.push(chunk);
            }
        }
    }
}

/// A part of a chunk, for as long as somebody needs it.
pub(super) struct Part {
    chunk: Chunk,
    range: Range<usize>,
    pool: Arc<Pool>,
}

impl Part {
    /// These bytes of a chunk of the pool.
    pub fn new(chunk: Chunk, range: Range<usize>, pool: Arc<Pool>) -> Self {
        Part { chunk, range, pool }
    }
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        self.chunk.get(self.range.clone()).unwrap_or_default()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.chunk));
    }
}

/// Something that is fed bytes in order.
pub(super) trait Feed: Send {
    /// The next bytes.
    fn feed(&mut self, bytes: &[u8]);
}

impl Feed for Sha256 {
    fn feed(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// Two that are fed the same.
impl<A: Feed, B: Feed> Feed for (A, B) {
    fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
        self.1.feed(bytes);
    }
}

/// Nothing, where nobody is to be fed.
impl<F: Feed> Feed for Option<F> {
    fn feed(&mut self, bytes: &[u8]) {
        if let Some(feed) = self {
            feed.feed(bytes);
        }
    }
}

/// Feeds chunks to something, beside the one who has them.
pub(super) struct Hashing<F> {
    queue: Mutex<Queue>,
    feed: Mutex<F>,
    pool: Arc<Pool>,
    /// How many are in the queue, to look without a lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    chunks: VecDeque<(Chunk, Range<usize>)>,
    /// Whether a task drains it or will.
    drained: bool,
}

impl<F: Feed> Hashing<F> {
    /// Nothing fed yet.
    pub fn new(feed: F, pool: Arc<Pool>) -> Arc<Self> {
        Arc::new(Hashing {
            queue: Mutex::default(),
            feed: Mutex::new(feed),
            pool,
            waiting: AtomicUsize::new(0),
        })
    }

    /// Feeds a part of a chunk, now or soon.
    pub fn push<'s>(self: &Arc<Self>, chunk: Chunk, part: Range<usize>, scope: &Scope<'s>)
    where
        F: 's,
    {
        let mut queue = lock(&self.queue);
        queue.chunks.push_back((chunk, part));
        let waiting = queue.chunks.len();
        self.waiting.store(waiting, Ordering::Relaxed);
        let start = !std::mem::replace(&mut queue.drained, true);
        drop(queue);
        if start {
            let hashing = Arc::clone(self);
            scope.spawn(move |_| while hashing.step(true) {});
        }
        if waiting >= WAITING {
            while self.waiting.load(Ordering::Relaxed) > WAITING / 2 && self.step(false) {}
        }
    }

    /// Feeds one chunk. False when there was none; `task` then takes note that
    /// it ends.
    fn step(&self, task: bool) -> bool {
        let mut feed = lock(&self.feed);
        let mut queue = lock(&self.queue);
        let Some((chunk, part)) = queue.chunks.pop_front() else {
            queue.drained &= !task;
            return false;
        };
        self.waiting.store(queue.chunks.len(), Ordering::Relaxed);
        drop(queue);
        feed.feed(chunk.get(part).unwrap_or_default());
        drop(feed);
        self.pool.give(chunk);
        true
    }

    /// What was fed, when everything is: drains what waits.
    pub fn finish<T>(&self, done: impl FnOnce(&mut F) -> T) -> T {
        while self.step(false) {}
        done(&mut lock(&self.feed))
    }
}

impl Hashing<Sha256> {
    /// The digest of all that was fed.
    pub fn digest(&self) -> Digest {
        self.finish(|sha| std::mem::take(sha).finish())
    }
}

/// A lock that outlives a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_hashed_in_order_on_a_pool_of_any_size() {
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("a pool");
            let hash = || {
                let chunks = Arc::new(Pool::default());
                let hashing = Hashing::new(Sha256::new(), Arc::clone(&chunks));
                let mut alone = Sha256::new();
                rayon::in_place_scope(|scope| {
                    for number in 0..100_u8 {
                        let mut chunk = chunks.take();
                        chunk.fill(number);
                        alone.update(&chunk[10..5000]);
                        hashing.push(Arc::new(chunk), 10..5000, scope);
                    }
                });
                assert_eq!(hashing.digest(), alone.finish());
            };
            pool.install(hash);
            pool.install(|| rayon::join(hash, hash));
        }
    }
}
