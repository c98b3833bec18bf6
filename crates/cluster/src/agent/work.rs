//! The evaluating thread: changes in, rounds out.
//!
//! It takes everything that waits as one round, so that a burst of changes
//! costs one evaluation, and tells time to the engines even when nothing
//! changes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use plimsoll_assess::{
    Assessment, Line,
    live::{Change, Flip, Live, LiveOptions},
};
use plimsoll_manifest::{Document, Node};
use plimsoll_model::{AssetId, History, Timestamp, resource::is_resource};

use tokio::sync::Notify;

use super::{metrics::Metrics, serve::Health};

/// How long it waits for more before it tells the time.
const TICK: Duration = Duration::from_secs(5);
/// How many changes one round takes at most.
const ROUND: usize = 20_000;

/// What is told to the thread.
#[derive(Debug)]
pub enum Input {
    /// What happened.
    Changes(Vec<Change>),
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

/// What the thread works with.
#[derive(Debug)]
pub struct Work {
    live: Live,
    cluster: Arc<str>,
    /// Plimsoll's own resources, as the cluster has them.
    drawn: BTreeMap<AssetId, Document>,
    /// Those that a folder owns.
    owned: Vec<Document>,
    redraw: bool,
    listed: bool,
    metrics: Metrics,
    health: Health,
}

impl Work {
    /// Nothing is known yet.
    pub fn new(
        options: LiveOptions,
        owned: Vec<Document>,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        Work {
            cluster: options.cluster.clone(),
            live: Live::new(options),
            drawn: BTreeMap::new(),
            redraw: !owned.is_empty(),
            owned,
            listed: false,
            metrics,
            health,
        }
    }

    /// Works until it is told to end, or nobody is left to tell it anything.
    /// Gives what is to be remembered.
    pub fn run(mut self, inputs: &Receiver<Input>, rounds: &Rounds) -> History {
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
        }
        self.live.history()
    }

    /// Whether this was the end.
    fn take(&mut self, input: Input, changes: &mut Vec<Change>) -> bool {
        match input {
            Input::End => return true,
            Input::Listed => {
                self.listed = true;
                self.redraw = true;
            }
            Input::Changes(new) => {
                self.metrics.changes.inc_by(new.len() as u64);
                for change in new {
                    match change {
                        Change::Set(document) if is_resource(&document) => {
                            if let Some(id) = resource_id(&self.cluster, &document) {
                                self.drawn.insert(id, document);
                                self.redraw = true;
                            }
                        }
                        Change::Gone(id) if self.drawn.contains_key(&id) => {
                            self.drawn.remove(&id);
                            self.redraw = true;
                        }
                        other => changes.push(other),
                    }
                }
            }
        }
        false
    }

    /// One round; none while not everything was listed once: half a cluster
    /// has no verdict.
    fn round(&mut self, mut changes: Vec<Change>) -> Option<(Vec<Flip>, Arc<Assessment>)> {
        if self.listed && std::mem::take(&mut self.redraw) {
            let (line, said) = Line::read(self.owned.iter().chain(self.drawn.values()));
            changes.push(Change::Line(line, said));
        }
        let begin = Instant::now();
        let transition = self.live.apply(changes, Timestamp::now());
        if !self.listed {
            return None;
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

/// The id of one of Plimsoll's own resources.
fn resource_id(cluster: &str, document: &Document) -> Option<AssetId> {
    let root = document.root();
    let text = |node: Option<Node<'_>>| node.and_then(|node| node.as_str()).map(str::to_owned);
    let group = text(root.get("apiVersion"))?;
    let (group, _) = group.split_once('/')?;
    let metadata = root.get("metadata")?;
    Some(AssetId::object(
        cluster,
        group,
        &text(root.get("kind"))?,
        text(metadata.get("namespace")).as_deref(),
        &text(metadata.get("name"))?,
    ))
}
