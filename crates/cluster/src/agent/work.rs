//! The evaluating thread: changes in, rounds out.
//!
//! It takes everything that waits as one round, so that a burst of changes
//! costs one evaluation, and tells time to the engines even when nothing
//! changes.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use plimsoll_assess::{
    Assessment,
    coverage::{Settings, Source},
    live::{Change, CoverageAsked, Flip, Live, LiveOptions},
};
use plimsoll_model::{History, Timestamp};

use tokio::sync::Notify;

use super::{metrics::Metrics, serve::Health};
use crate::images::Scanner;

/// How long it waits for more before it tells the time.
const TICK: Duration = Duration::from_secs(5);
/// How many changes one round takes at most.
const ROUND: usize = 20_000;

/// What is told to the thread.
#[derive(Debug)]
pub enum Input {
    /// What happened.
    Changes(Vec<Change>),
    /// Who observes what.
    Observers {
        /// The version of the API server.
        server: Option<String>,
        /// What was heard of each source.
        sources: Vec<Source>,
    },
    /// Images were looked into: the scanner has what came of it.
    Images,
    /// Everything was listed once: verdicts mean something from now on.
    Listed,
    /// Give what is to be remembered, and end.
    End,
}

/// What rounds brought since it was last asked.
#[derive(Clone, Debug)]
pub struct Round {
    /// The verdicts that flipped, in the order in which they did.
    pub flips: Vec<Flip>,
    /// Everything that is known.
    pub assessment: Arc<Assessment>,
}

impl Round {
    /// The same state, told again: its flips were told.
    pub fn again(&self) -> Round {
        Round {
            flips: Vec::new(),
            assessment: self.assessment.clone(),
        }
    }
}

/// Flips that are kept for a writer that is slow; of more the oldest go.
const MOST_FLIPS: usize = 1_000;

/// The rounds that wait for the writer: one assessment, the newest, and every
/// flip on the way to it.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    waiting: Arc<Mutex<Option<Round>>>,
    came: Arc<Notify>,
}

impl Rounds {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Round>> {
        self.waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Adds what a round brought.
    pub fn put(&self, flips: Vec<Flip>, assessment: Arc<Assessment>) {
        let mut waiting = self.lock();
        let mut all = waiting.take().map(|round| round.flips).unwrap_or_default();
        all.extend(flips);
        if let Some(more) = all.len().checked_sub(MOST_FLIPS) {
            all.drain(..more);
        }
        *waiting = Some(Round {
            flips: all,
            assessment,
        });
        self.came.notify_one();
    }

    /// Waits for what rounds brought.
    pub async fn take(&self) -> Round {
        loop {
            let came = self.came.notified();
            if let Some(round) = self.lock().take() {
                return round;
            }
            came.await;
        }
    }
}

/// How often what is to be remembered is kept.
const KEEP: Duration = Duration::from_secs(300);

/// Keeps what is to be remembered.
pub type Keep = Box<dyn FnMut(&History) + Send>;

/// What the thread works with.
pub struct Work {
    live: Live,
    cluster: Arc<str>,
    keep: Keep,
    kept: Instant,
    listed: bool,
    /// Flips before everything was listed once.
    early: Vec<Flip>,
    /// Who observes what, where it was told since the last round.
    observers: Option<(Option<String>, Vec<Source>)>,
    /// Running images; none when nobody looks into them.
    scanner: Option<Scanner>,
    /// Whether anything happened since the scanner looked.
    happened: bool,
    metrics: Metrics,
    health: Health,
}

impl Work {
    /// Nothing is known yet.
    pub fn new(
        options: LiveOptions,
        keep: Keep,
        scanner: Option<Scanner>,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        Work {
            cluster: options.cluster.clone(),
            live: Live::new(options),
            keep,
            kept: Instant::now(),
            listed: false,
            early: Vec::new(),
            observers: None,
            scanner,
            happened: false,
            metrics,
            health,
        }
    }

    /// Works until it is told to end, or nobody is left to tell it anything.
    pub fn run(mut self, inputs: &Receiver<Input>, rounds: &Rounds) {
        loop {
            self.health.beat();
            let mut changes = Vec::new();
            let mut end = false;
            match inputs.recv_timeout(TICK) {
                Ok(input) => end |= self.take(input, &mut changes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while !end && changes.len() < ROUND {
                match inputs.try_recv() {
                    Ok(input) => end |= self.take(input, &mut changes),
                    Err(_) => break,
                }
            }
            if let Some((flips, assessment)) = self.round(changes) {
                rounds.put(flips, assessment);
            }
            if end {
                break;
            }
            if self.listed && self.kept.elapsed() > KEEP {
                (self.keep)(&self.live.history());
                self.kept = Instant::now();
            }
        }
        if let Some(scanner) = &mut self.scanner {
            scanner.save();
        }
        // Half a cluster would make what is not listed yet look gone.
        if self.listed {
            (self.keep)(&self.live.history());
        }
    }

    /// Whether this was the end.
    fn take(&mut self, input: Input, changes: &mut Vec<Change>) -> bool {
        match input {
            Input::End => return true,
            Input::Images => {}
            Input::Listed => self.listed = true,
            Input::Observers { server, sources } => self.observers = Some((server, sources)),
            Input::Changes(new) => {
                self.metrics.changes.inc_by(new.len() as u64);
                changes.extend(new);
            }
        }
        false
    }

    /// What nobody observes is a finding like any other.
    fn observe(&mut self) -> Option<Change> {
        let (server, sources) = self.observers.take()?;
        let coverage = self.live.coverage(CoverageAsked {
            server,
            sources,
            exclusions: Vec::new(),
            settings: Settings::new(self.cluster.clone(), Timestamp::now()),
        });
        let observed = coverage.observed();
        let gaps = observed.findings.len();
        self.metrics
            .gaps
            .set(i64::try_from(gaps).unwrap_or(i64::MAX));
        Some(Change::Coverage(observed))
    }

    /// One round; none while not everything was listed once: half a cluster
    /// has no verdict.
    fn round(&mut self, changes: Vec<Change>) -> Option<(Vec<Flip>, Arc<Assessment>)> {
        let begin = Instant::now();
        self.happened |= !changes.is_empty();
        let mut transition = self.live.apply(changes, Timestamp::now());
        if !self.listed {
            self.early.append(&mut transition.flips);
            return None;
        }
        transition.flips.splice(..0, self.early.drain(..));
        if let Some(scanner) = &mut self.scanner {
            let happened = std::mem::take(&mut self.happened);
            let images = scanner.look(&self.live, happened, &self.health);
            if !images.is_empty() {
                let then = self.live.apply(images, Timestamp::now());
                transition.flips.extend(then.flips);
                transition.changed |= then.changed;
            }
        }
        if !self.health.is_ready() {
            settle(&mut transition.flips);
        }
        if let Some(observed) = self.observe() {
            let then = self.live.apply([observed], Timestamp::now());
            transition.flips.extend(then.flips);
            transition.changed |= then.changed;
        }
        self.metrics.count(&transition);
        if !transition.changed && transition.flips.is_empty() && self.health.is_ready() {
            return None;
        }
        let assessment = self.live.assessment();
        self.metrics
            .evaluation
            .0
            .observe(begin.elapsed().as_secs_f64());
        self.metrics.observe(&assessment);
        self.health.ready();
        Some((transition.flips, Arc::new(assessment)))
    }
}

/// Before there is a first verdict nothing flipped to and fro: what counts is
/// what stood when an earlier run ended, and what stands now.
fn settle(flips: &mut Vec<Flip>) {
    let mut settled: Vec<Flip> = Vec::new();
    for flip in flips.drain(..) {
        match settled.iter_mut().find(|earlier| earlier.goal == flip.goal) {
            Some(earlier) => {
                let from = earlier.from.take();
                *earlier = Flip { from, ..flip };
            }
            None => settled.push(flip),
        }
    }
    settled.retain(|flip| flip.from != flip.to);
    *flips = settled;
}
