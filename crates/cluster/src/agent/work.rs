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
    ComponentsAsked,
    coverage::{Exclusion, Source},
    live::{Change, CoverageAsked, Flip, Live, LiveOptions},
    status::Statuses,
};
use plimsoll_model::{History, Timestamp};

use tokio::sync::Notify;

use super::{metrics::Metrics, serve::Health};
use crate::images::Scanner;

/// How long it waits for more before it tells the time.
const TICK: Duration = Duration::from_secs(5);
/// How many changes one round takes at most.
const ROUND: usize = 20_000;
/// The least time between two assessments: what is written is for people.
const PACE: Duration = Duration::from_secs(1);
/// The least time where no verdict flipped, as a multiple of what the last
/// assessment took: changes wait meanwhile, and one in two hundred may.
const SHARE: u32 = 200;
/// The most of it.
const LONGEST: Duration = Duration::from_secs(300);
/// The least time where no number is otherwise either.
const QUIET: Duration = Duration::from_secs(30);

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
    /// What is known, as far as statuses say it.
    pub statuses: Arc<Statuses>,
}

impl Round {
    /// The same state, told again: its flips were told.
    pub fn again(&self) -> Round {
        Round {
            flips: Vec::new(),
            statuses: self.statuses.clone(),
        }
    }
}

/// Flips that are kept for a writer that is slow; of more the oldest go.
const MOST_FLIPS: usize = 1_000;

/// The rounds that wait for the writer: what is known now, and every
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
    pub fn put(&self, flips: Vec<Flip>, statuses: Arc<Statuses>) {
        let mut waiting = self.lock();
        let mut all = waiting.take().map(|round| round.flips).unwrap_or_default();
        all.extend(flips);
        if let Some(more) = all.len().checked_sub(MOST_FLIPS) {
            all.drain(..more);
        }
        *waiting = Some(Round {
            flips: all,
            statuses,
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
    keep: Keep,
    kept: Instant,
    listed: bool,
    /// Flips that are in no round yet.
    flips: Vec<Flip>,
    /// Whether anything changed since the last assessment.
    changed: bool,
    /// Whether numbers did.
    counts: bool,
    /// When the last assessment was, and how long it took.
    assessed: Option<(Instant, Duration)>,
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
        excluded: Vec<Exclusion>,
        keep: Keep,
        scanner: Option<Scanner>,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        Work {
            live: Live::new(options).excluding(excluded),
            keep,
            kept: Instant::now(),
            listed: false,
            flips: Vec::new(),
            changed: false,
            counts: false,
            assessed: None,
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
            match inputs.recv_timeout(self.wait()) {
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
            self.round(changes);
            if self.listed && self.wait().is_zero() {
                rounds.put(std::mem::take(&mut self.flips), self.assess());
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

    /// What nobody observes is a finding like any other, and so is what the cluster
    /// runs on and has a vulnerability.
    fn observe(&mut self) -> Option<Vec<Change>> {
        let (server, sources) = self.observers.take()?;
        let asked = ComponentsAsked {
            server: server.clone(),
            ..ComponentsAsked::default()
        };
        let components = self.live.components(&asked, Timestamp::now());
        let coverage = self.live.coverage(CoverageAsked {
            server,
            sources,
            settings: self.live.coverage_settings(Timestamp::now()),
        });
        let observed = coverage.observed();
        let gaps = observed.findings.len();
        self.metrics
            .gaps
            .set(i64::try_from(gaps).unwrap_or(i64::MAX));
        let components = components.map(Change::Components);
        Some(
            [Change::Coverage(observed)]
                .into_iter()
                .chain(components)
                .collect(),
        )
    }

    /// One round: changes to verdicts.
    fn round(&mut self, changes: Vec<Change>) {
        let begin = Instant::now();
        let came = !changes.is_empty();
        self.happened |= came;
        // Half a cluster has no verdict.
        if !self.listed {
            self.live.load(changes);
            return;
        }
        self.apply(changes);
        if let Some(scanner) = &mut self.scanner {
            let happened = std::mem::take(&mut self.happened);
            let images = scanner.look(&self.live, happened, &self.health);
            self.apply(images);
        }
        if let Some(observed) = self.observe() {
            self.apply(observed);
        }
        if !self.health.is_ready() {
            settle(&mut self.flips);
            self.metrics.count(&self.flips);
        }
        if came {
            let seconds = begin.elapsed().as_secs_f64();
            self.metrics.evaluation.0.observe(seconds);
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        let transition = self.live.apply(changes, Timestamp::now());
        self.changed |= transition.changed;
        self.counts |= transition.counts();
        if self.health.is_ready() {
            self.metrics.count(&transition.flips);
        }
        self.flips.extend(transition.flips);
    }

    /// How long until there is something to do though nothing happens: an
    /// assessment of all costs more than the changes since the last one.
    fn wait(&self) -> Duration {
        let Some((last, took)) = self.assessed.filter(|_| self.listed) else {
            return if self.listed { Duration::ZERO } else { TICK };
        };
        let pace = match (self.flips.is_empty(), self.counts, self.changed) {
            (false, _, _) => PACE.max(took),
            (true, true, _) => PACE.max(took * SHARE).min(LONGEST),
            (true, false, true) => QUIET.max(took * SHARE).min(LONGEST),
            (true, false, false) => return TICK,
        };
        pace.saturating_sub(last.elapsed()).min(TICK)
    }

    /// What is known now.
    fn assess(&mut self) -> Arc<Statuses> {
        let begin = Instant::now();
        let statuses = self.live.statuses();
        self.metrics.observe(&statuses);
        self.health.ready();
        self.changed = false;
        self.counts = false;
        self.assessed = Some((Instant::now(), begin.elapsed()));
        Arc::new(statuses)
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
