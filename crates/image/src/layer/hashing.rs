//! Hashing beside the reading: chunks are queued, and a task drains the queue.
//!
//! Whoever finds the queue full drains it himself, so nothing ever waits for a
//! task that has not begun: it works on a pool of one thread, and when every
//! thread of the pool reads a layer. He who drains takes a chunk of another
//! queue along: two digests take little more time than one.

use std::{
    cmp::Reverse,
    collections::VecDeque,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{Digest, sha256::Sha256};
use rayon::Scope;

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 256 << 10;

/// Chunks that wait to be hashed before whoever brings more hashes some.
const WAITING: usize = 8;

/// Chunks that wait, at most: while another hashes some of them.
const MOST_WAITING: usize = 12;

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

    /// The next bytes of two.
    fn feed_both(one: (&mut Self, &[u8]), other: (&mut Self, &[u8])) {
        one.0.feed(one.1);
        other.0.feed(other.1);
    }
}

impl Feed for Sha256 {
    fn feed(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn feed_both(one: (&mut Self, &[u8]), other: (&mut Self, &[u8])) {
        Sha256::update_both(one, other);
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

/// What is hashed at the same time: the layers that are read at once, as they
/// are stored and as they are unpacked.
pub(crate) struct Streams<F = Sha256>(Mutex<Vec<Weak<Hashing<F>>>>);

impl<F> Default for Streams<F> {
    fn default() -> Self {
        Streams(Mutex::default())
    }
}

impl<F> Streams<F> {
    fn add(&self, hashing: &Arc<Hashing<F>>) {
        let mut streams = lock(&self.0);
        streams.retain(|other| other.strong_count() > 0);
        streams.push(Arc::downgrade(hashing));
    }

    /// The others of which something waits, those first of which most does.
    fn others(&self, but: &Hashing<F>) -> Vec<Arc<Hashing<F>>> {
        let streams = lock(&self.0);
        let others = streams.iter().filter_map(Weak::upgrade);
        let waits = |hashing: &Arc<Hashing<F>>| hashing.waiting.load(Ordering::Relaxed);
        let is_other = |other: &Arc<Hashing<F>>| !std::ptr::eq(&**other, but) && waits(other) > 0;
        let mut others: Vec<_> = others.filter(is_other).collect();
        others.sort_by_cached_key(|other| Reverse(waits(other)));
        others
    }
}

/// Feeds chunks to something, beside the one who has them.
pub(super) struct Hashing<F> {
    queue: Mutex<Queue>,
    feed: Mutex<F>,
    pool: Arc<Pool>,
    /// How many are in the queue, to look without a lock.
    waiting: AtomicUsize,
    beside: Arc<Streams<F>>,
}

#[derive(Default)]
struct Queue {
    chunks: VecDeque<(Chunk, Range<usize>)>,
    /// Whether a task drains it or will.
    drained: bool,
}

impl<F: Feed> Hashing<F> {
    /// Nothing fed yet; by itself.
    pub fn new(feed: F, pool: Arc<Pool>) -> Arc<Self> {
        Self::beside(feed, pool, Arc::default())
    }

    /// Nothing fed yet; with others at the same time.
    pub fn beside(feed: F, pool: Arc<Pool>, streams: Arc<Streams<F>>) -> Arc<Self> {
        let hashing = Arc::new(Hashing {
            queue: Mutex::default(),
            feed: Mutex::new(feed),
            pool,
            waiting: AtomicUsize::new(0),
            beside: streams,
        });
        hashing.beside.add(&hashing);
        hashing
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
            scope.spawn(move |_| while hashing.step(lock(&hashing.feed), true, false) {});
        }
        if waiting < WAITING {
            return;
        }
        while self.waiting.load(Ordering::Relaxed) > WAITING / 2 {
            let feed = match self.feed.try_lock() {
                Ok(feed) => feed,
                // Another hashes some of them: there is something better to do,
                // as long as he keeps up.
                Err(_) if self.waiting.load(Ordering::Relaxed) < MOST_WAITING => return,
                Err(_) => lock(&self.feed),
            };
            let may_wait = self.waiting.load(Ordering::Relaxed) < MOST_WAITING;
            if !self.step(feed, false, may_wait) {
                return;
            }
        }
    }

    /// Feeds one chunk, and one of another queue. False when there was none;
    /// `task` then takes note that it ends. False too when it `may_wait` and the
    /// others are all in use: whoever has one takes a chunk of this along.
    fn step(&self, mut feed: MutexGuard<'_, F>, task: bool, may_wait: bool) -> bool {
        let Some((chunk, part)) = self.next(task) else {
            return false;
        };
        let others = self.beside.others(self);
        // Whoever has another feed may want this one: nobody waits for both.
        let other = others.iter().find_map(|other| {
            let feed = other.feed.try_lock().ok()?;
            Some((other, feed, other.next(false)?))
        });
        let bytes = chunk.get(part.clone()).unwrap_or_default();
        match other {
            Some((partner, mut other, (chunk, part))) => {
                let others = chunk.get(part).unwrap_or_default();
                F::feed_both((&mut feed, bytes), (&mut other, others));
                drop(other);
                partner.pool.give(chunk);
            }
            None if may_wait && !others.is_empty() => {
                let mut queue = lock(&self.queue);
                queue.chunks.push_front((chunk, part));
                self.waiting.store(queue.chunks.len(), Ordering::Relaxed);
                return false;
            }
            None => feed.feed(bytes),
        }
        drop(feed);
        self.pool.give(chunk);
        true
    }

    /// The next chunk, for whoever has the feed.
    fn next(&self, task: bool) -> Option<(Chunk, Range<usize>)> {
        let mut queue = lock(&self.queue);
        let next = queue.chunks.pop_front();
        queue.drained &= !(task && next.is_none());
        self.waiting.store(queue.chunks.len(), Ordering::Relaxed);
        next
    }

    /// What was fed, when everything is: drains what waits.
    pub fn finish<T>(&self, done: impl FnOnce(&mut F) -> T) -> T {
        while self.step(lock(&self.feed), false, false) {}
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
            let streams = Arc::new(Streams::default());
            let hash = |chunks: usize, size: usize| {
                let pool = Arc::new(Pool::default());
                let streams = Arc::clone(&streams);
                let hashing = Hashing::beside(Sha256::new(), Arc::clone(&pool), streams);
                let mut alone = Sha256::new();
                rayon::in_place_scope(|scope| {
                    for number in 0..chunks {
                        let mut chunk = pool.take();
                        chunk.fill(number as u8);
                        alone.update(&chunk[10..size]);
                        hashing.push(Arc::new(chunk), 10..size, scope);
                        let waiting = hashing.waiting.load(Ordering::Relaxed);
                        assert!(waiting <= MOST_WAITING, "{waiting} wait");
                    }
                });
                assert_eq!(hashing.digest(), alone.finish());
            };
            pool.install(|| hash(100, 5000));
            let three = || rayon::join(|| hash(200, 4106), || hash(150, 200_010));
            pool.install(|| rayon::join(|| hash(300, 5000), three));
            let another = Hashing::new(Sha256::new(), Arc::default());
            assert!(streams.others(&another).is_empty());
        }
    }
}
