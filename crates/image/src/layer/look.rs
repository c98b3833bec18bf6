//! Files that are looked into, beside the reading of the layer.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use rayon::Scope;

use super::{
    FileRecord,
    buffers::Buffers,
    digests::{self, Digester, Kinds},
    hashing::{CHUNK, Feed, Part, lock},
    packed::Packed,
};
use crate::{
    Analyzer, Candidate, Found, Limits, ReadAt, Sink,
    found::FileDigest,
    read_at::Window,
    tar::{Piece, SparseFile},
};

/// Bytes of files that wait to be looked into, at most; beyond, the reader
/// looks into them itself.
const WAITING: usize = 8 << 20;

/// Bytes and number of files that make a task.
const BATCH: usize = 256 << 10;
const BATCH_FILES: usize = 64;

/// What a file counts for besides its bytes.
const FILE: usize = 16 << 10;

/// The bytes of a file.
pub(super) enum Content<'s> {
    /// In memory.
    Held(Vec<u8>),
    /// In a chunk of the layer.
    InChunk(Part),
    /// Where they are.
    InPlace(Window<'s>),
    /// In memory, compressed.
    Packed(Packed),
    /// Bytes that the giver keeps.
    Given(Box<dyn ReadAt + 's>),
}

impl Content<'_> {
    /// To be read.
    pub fn bytes(&self) -> &dyn ReadAt {
        match self {
            Content::Held(bytes) => bytes,
            Content::InChunk(part) => part,
            Content::InPlace(window) => window,
            Content::Packed(packed) => packed,
            Content::Given(bytes) => &**bytes,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Content::Held(bytes) => bytes.capacity() + FILE,
            // The whole chunk stays; more files of it may wait.
            Content::InChunk(part) => part.as_ref().len().max(CHUNK / 2),
            Content::Packed(packed) => packed.weight() + FILE,
            Content::InPlace(_) | Content::Given(_) => 4 * FILE,
        }
    }
}

/// A file to be looked into.
pub(super) struct Job<'s> {
    /// Its number among the layer's entries.
    pub index: usize,
    /// Its path.
    pub path: String,
    /// What the layer says of it.
    pub record: FileRecord,
    /// Its bytes.
    pub content: Content<'s>,
    /// The pieces of a sparse file; `content` is what is stored of it.
    pub sparse: Option<Vec<Piece>>,
    /// Who wants to look into it.
    pub analyzers: Vec<&'static Analyzer>,
    /// The digests to compute.
    pub kinds: Kinds,
}

/// What came out.
#[derive(Default)]
pub(super) struct Outcome {
    /// Digests.
    pub digests: Vec<FileDigest>,
    /// Findings.
    pub found: Vec<Found>,
    /// What could not be read, with the byte of the file.
    pub problems: Vec<(String, Option<u64>)>,
}

/// What all tasks of a layer share.
pub(super) struct Shared<'s> {
    /// Who looks into files.
    pub analyzers: &'s [&'static Analyzer],
    /// The limits.
    pub limits: &'s Limits,
    /// Memory for files that are held.
    pub buffers: Buffers,
    outcomes: Mutex<Vec<(usize, Outcome)>>,
    waiting: AtomicUsize,
    found: AtomicUsize,
    too_many: AtomicBool,
}

impl<'s> Shared<'s> {
    /// Nothing looked into yet.
    pub fn new(analyzers: &'s [&'static Analyzer], limits: &'s Limits) -> Self {
        Shared {
            analyzers,
            limits,
            buffers: Buffers::default(),
            outcomes: Mutex::default(),
            waiting: AtomicUsize::new(0),
            found: AtomicUsize::new(0),
            too_many: AtomicBool::new(false),
        }
    }

    /// All outcomes by entry, in order, and whether findings were left out.
    pub fn finish(self) -> (Vec<(usize, Outcome)>, bool) {
        let mut outcomes = std::mem::take(&mut *lock(&self.outcomes));
        outcomes.sort_by_key(|(index, _)| *index);
        (outcomes, self.too_many.into_inner())
    }

    /// Keeps what came out of an entry.
    pub fn keep(&self, index: usize, outcome: Outcome) {
        lock(&self.outcomes).push((index, outcome));
    }

    fn look(&self, jobs: Vec<Job<'_>>, weight: usize) {
        let digests = digests_of(&jobs);
        let outcomes: Vec<_> = jobs
            .into_iter()
            .zip(digests)
            .map(|(job, digests)| {
                let outcome = self.look_into(&job, digests);
                if let Content::Held(bytes) = job.content {
                    self.buffers.give(bytes);
                }
                (job.index, outcome)
            })
            .filter(|(_, outcome)| {
                !(outcome.digests.is_empty()
                    && outcome.found.is_empty()
                    && outcome.problems.is_empty())
            })
            .collect();
        lock(&self.outcomes).extend(outcomes);
        self.waiting.fetch_sub(weight, Ordering::Relaxed);
    }

    fn look_into(&self, job: &Job<'_>, digests: Digests) -> Outcome {
        let mut outcome = Outcome::default();
        let stored = job.content.bytes();
        let sparse;
        let content: &dyn ReadAt = match &job.sparse {
            Some(pieces) => {
                sparse = SparseFile::new(stored, pieces, job.record.size);
                &sparse
            }
            None => stored,
        };
        match digests {
            Ok(digests) => outcome.digests = digests,
            Err(error) => outcome.problems.push((error.to_string(), None)),
        }
        let candidate = Candidate {
            path: &job.path,
            record: &job.record,
            content,
            limits: self.limits,
        };
        for analyzer in &job.analyzers {
            let mut sink = Sink::default();
            (analyzer.run)(&candidate, &mut sink);
            self.take(analyzer.name, sink, &mut outcome);
        }
        outcome
    }

    /// Takes what an analyzer found in a file.
    pub fn take(&self, name: &str, mut sink: Sink, outcome: &mut Outcome) {
        let most = self.limits.found;
        if sink.found.len() > most {
            sink.found.truncate(most);
            sink.incomplete(format!(
                "more than {most} findings: those beyond are left out"
            ));
        }
        let before = self.found.fetch_add(sink.found.len(), Ordering::Relaxed);
        if before + sink.found.len() > most.saturating_mul(10) {
            self.too_many.store(true, Ordering::Relaxed);
            sink.found.clear();
        }
        outcome.found.append(&mut sink.found);
        for (message, offset) in sink.problems.into_iter().take(1000) {
            outcome
                .problems
                .push((format!("{name}: {message}"), offset));
        }
    }
}

/// Collects jobs into tasks.
pub(super) struct Jobs<'a, 's> {
    shared: &'s Shared<'s>,
    scope: &'a Scope<'s>,
    batch: Batch<'s>,
    waiting: Arc<Mutex<VecDeque<Batch<'s>>>>,
}

/// Some jobs, the bytes that they hold in memory and those that are to be read.
#[derive(Default)]
struct Batch<'s> {
    jobs: Vec<Job<'s>>,
    weight: usize,
    bytes: u64,
}

impl<'a, 's> Jobs<'a, 's> {
    /// Tasks of `scope`.
    pub fn new(shared: &'s Shared<'s>, scope: &'a Scope<'s>) -> Self {
        Jobs {
            shared,
            scope,
            batch: Batch::default(),
            waiting: Arc::default(),
        }
    }

    /// Has a file looked into, now or soon.
    pub fn push(&mut self, job: Job<'s>) {
        self.batch.weight += job.content.weight();
        self.batch.bytes = self.batch.bytes.saturating_add(job.content.bytes().size());
        self.batch.jobs.push(job);
        if self.batch.weight >= BATCH || self.batch.jobs.len() >= BATCH_FILES {
            self.flush();
        }
    }

    /// Has all files looked into that were pushed.
    pub fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if batch.jobs.is_empty() {
            return;
        }
        let (shared, weight) = (self.shared, batch.weight);
        lock(&self.waiting).push_back(batch);
        let before = shared.waiting.fetch_add(weight, Ordering::Relaxed);
        let look = |waiting: &Mutex<VecDeque<Batch<'s>>>| {
            if let Some(Batch { jobs, weight, .. }) = some_of(waiting) {
                shared.look(jobs, weight);
            }
        };
        if before + weight > WAITING {
            look(&self.waiting);
        } else {
            let waiting = Arc::clone(&self.waiting);
            self.scope.spawn(move |_| look(&waiting));
        }
    }
}

/// The batches that have waited longest, as one: digests of many files take less
/// time than those of each. Not more of them than other threads can wait for.
/// None where others took all.
fn some_of<'s>(waiting: &Mutex<VecDeque<Batch<'s>>>) -> Option<Batch<'s>> {
    let mut waiting = lock(waiting);
    let mut taken = waiting.pop_front()?;
    while let Some(next) = waiting.front()
        && taken.bytes.saturating_add(next.bytes) <= WAITING as u64
        && let Some(next) = waiting.pop_front()
    {
        taken.weight += next.weight;
        taken.bytes += next.bytes;
        taken.jobs.extend(next.jobs);
    }
    Some(taken)
}

/// The digests of a file, or why there are none.
type Digests = io::Result<Vec<FileDigest>>;

/// The digests of all files, in their order: at once for those that are there
/// whole.
fn digests_of(jobs: &[Job<'_>]) -> Vec<Digests> {
    // Holes may make a file of any size of few bytes: those are not hashed.
    let kinds = |job: &Job<'_>| match job.sparse {
        Some(_) => Kinds::default(),
        None => job.kinds,
    };
    let whole: Vec<(Kinds, &[u8])> = jobs
        .iter()
        .map(|job| match job.content.bytes().as_slice() {
            Some(bytes) => (kinds(job), bytes),
            None => (Kinds::default(), &[][..]),
        })
        .collect();
    let found = digests::of_many(&whole).into_iter();
    let jobs = jobs.iter().zip(whole).zip(found);
    jobs.map(|((job, (whole, _)), found)| {
        if whole == kinds(job) {
            Ok(found)
        } else {
            digests(job.content.bytes(), job.kinds)
        }
    })
    .collect()
}

/// The digests of a file that is read part by part.
fn digests(content: &dyn ReadAt, kinds: Kinds) -> Digests {
    let mut digester = Digester::new(kinds);
    let mut buffer = vec![0; 128 << 10];
    let mut at = 0;
    loop {
        match content.read_at(at, &mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                digester.feed(&buffer[..count]);
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if at < content.size() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(digester.digests())
}
