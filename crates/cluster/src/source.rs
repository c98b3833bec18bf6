//! A cluster as a stream of changes.
//!
//! [`collect`] looks once. [`Source::start`] looks and goes on looking: one
//! task for each kind lists, watches from there, and lists anew where the
//! watch can't go on; what was there before and is not in the new list is
//! gone. A kind that can't be seen is a gap and stops no other.

mod follow;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use plimsoll_assess::{Line, live::Change, live::Gap};
use plimsoll_manifest::Document;
use plimsoll_model::AssetId;
use plimsoll_model::resource::is_resource;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep},
};

use self::follow::{Follower, gap_of};
use crate::{
    AskError, Server,
    ask::Backoff,
    discover::{Discovered, Served, discover},
    kept::Kept,
    kinds::{self, Kind, Origin},
    list::{self, Listed, Told},
};

/// What is looked at, and how patiently.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The cluster's name in the ids of assets.
    pub cluster: Arc<str>,
    /// The only namespace whose objects are looked at. Kinds without a
    /// namespace are looked at all the same, where RBAC allows it.
    pub namespace: Option<String>,
    /// Whether names and labels of Secrets are.
    pub secrets: bool,
    /// Whether Plimsoll's own resources are: not where the line is given
    /// apart.
    pub line: bool,
    /// Whether everything else is: not where only the line matters.
    pub objects: bool,
    /// Objects of one page of a list.
    pub page: u32,
    /// How long a kind may fail before it counts as not seen.
    pub grace: Duration,
    /// How long a watch may be silent before it counts as dead.
    pub silent: Duration,
    /// How often it is asked again which kinds there are, and whether what
    /// was forbidden is allowed.
    pub rediscover: Duration,
}

impl SourceOptions {
    /// What fits nearly all clusters.
    pub fn new(cluster: impl Into<Arc<str>>) -> Self {
        SourceOptions {
            cluster: cluster.into(),
            namespace: None,
            secrets: false,
            line: true,
            objects: true,
            page: list::PAGE,
            grace: Duration::from_secs(300),
            silent: Duration::from_secs(150),
            rediscover: Duration::from_secs(60),
        }
    }

    fn table(&self) -> Vec<&'static Kind> {
        kinds::table(self.secrets)
            .filter(|kind| match kind.origin {
                Origin::Plimsoll => self.line,
                _ => self.objects,
            })
            .collect()
    }
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Look {
    /// Everything that is there, the line, and the gaps.
    pub changes: Vec<Change>,
    /// How many objects there are of each kind that was seen.
    pub counts: BTreeMap<String, u64>,
    /// The kinds that could not be seen, or not whole.
    pub gaps: Vec<Gap>,
}

/// How many kinds are listed at a time.
const AT_ONCE: usize = 6;
/// How long one look waits for a kind that fails.
const LOOK_PATIENCE: Duration = Duration::from_secs(60);

/// Looks once.
///
/// # Errors
/// The server does not say what kinds it has. Whatever else fails is a gap.
pub async fn collect(server: &Server, options: &SourceOptions) -> Result<Look, AskError> {
    let table = options.table();
    let begun = Instant::now();
    let mut backoff = Backoff::default();
    let discovered = loop {
        match discover(server.client(), &table).await {
            Ok(discovered) => break discovered,
            Err(error) => wait(error, begun, &mut backoff).await?,
        }
    };
    let mut look = Look {
        gaps: discovered.gaps,
        ..Look::default()
    };
    let mut waiting: Vec<Served> = discovered.served;
    waiting.reverse();
    let mut running = JoinSet::new();
    let mut resources = Resources::default();
    loop {
        while running.len() < AT_ONCE
            && let Some(served) = waiting.pop()
        {
            let (server, options) = (server.clone(), options.clone());
            running.spawn(async move {
                let (kept, outcome) = look_at(&server, &options, &served, begun).await;
                (served, kept, outcome)
            });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        // A task that panicked is a mistake of ours: it is not hidden.
        let (served, kept, outcome) = match joined {
            Ok(joined) => joined,
            Err(error) => return Err(AskError::Malformed(error.to_string())),
        };
        let name = served.kind.name();
        let namespace = options.namespace.as_deref();
        match &outcome {
            // A CRD that went since it was discovered.
            Err(AskError::NotFound) => {}
            Err(error) => look.gaps.push(gap_of(&served, namespace, error)),
            Ok(listed) if listed.skipped > 0 => {
                look.gaps.push(follow::skipped(
                    &served,
                    namespace,
                    listed.skipped,
                    &listed.reasons,
                ));
            }
            Ok(_) => {}
        }
        if outcome.is_ok() || !kept.is_empty() {
            look.counts.insert(name, kept.len() as u64);
        }
        for object in kept {
            resources.take(object.change, &options.cluster, &mut look.changes);
        }
    }
    if options.line {
        look.changes.push(resources.line());
    }
    look.gaps.sort();
    look.changes
        .extend(look.gaps.iter().cloned().map(Change::Gap));
    Ok(look)
}

/// Lists one kind, again while what keeps it from being listed may pass.
async fn look_at(
    server: &Server,
    options: &SourceOptions,
    served: &Served,
    begun: Instant,
) -> (Vec<Kept>, Result<Listed, AskError>) {
    let mut backoff = Backoff::default();
    loop {
        let mut kept = Vec::new();
        let mut pages = list::Pages::of(server.client(), served, options);
        let error = loop {
            match pages.next().await {
                Ok(Some(Told::Again)) => kept.clear(),
                Ok(Some(Told::Page(page))) => kept.extend(page),
                Ok(None) => return (kept, Ok(pages.listed())),
                Err(error) => break error,
            }
        };
        if let Err(error) = wait(error, begun, &mut backoff).await {
            return (kept, Err(error));
        }
    }
}

/// Waits while what keeps a question from being answered may pass.
///
/// # Errors
/// It will not pass, or not in time.
async fn wait(error: AskError, begun: Instant, backoff: &mut Backoff) -> Result<(), AskError> {
    let wait = backoff.next(&error);
    if !error.is_passing() || begun.elapsed() + wait > LOOK_PATIENCE {
        return Err(error);
    }
    sleep(wait).await;
    Ok(())
}

/// Plimsoll's own resources, which are a line together.
#[derive(Debug, Default)]
struct Resources(BTreeMap<AssetId, Document>);

impl Resources {
    /// Takes a change; what is of the estate goes on. Whether the line is
    /// another.
    fn take(&mut self, change: Change, cluster: &Arc<str>, changes: &mut Vec<Change>) -> bool {
        match change {
            Change::Set(document) if is_resource(&document) => {
                let root = document.root();
                let metadata = root.get("metadata");
                let word = |field: &str| metadata?.get(field)?.as_str();
                let id = AssetId::object(
                    cluster,
                    "plimsoll.dev",
                    document.kind(),
                    word("namespace"),
                    word("name").unwrap_or_default(),
                );
                let old = self.0.insert(id, document.clone());
                old.is_none_or(|old| old.source().text() != document.source().text())
            }
            Change::Gone(id) if self.0.contains_key(&id) => self.0.remove(&id).is_some(),
            other => {
                changes.push(other);
                false
            }
        }
    }

    fn line(&self) -> Change {
        let (line, said) = Line::read(self.0.values());
        Change::Line(line, said)
    }
}

/// What a source tells.
#[derive(Debug)]
pub struct News {
    /// What happened, in its order.
    pub changes: Vec<Change>,
    /// Whether every kind was listed once, or is a gap: only from then on the
    /// changes are the whole of the cluster.
    pub complete: bool,
}

/// How a kind is being watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindStatus {
    /// Objects that are there.
    pub objects: u64,
    /// Whether it was listed, or is a gap, since the start.
    pub settled: bool,
    /// Lists of everything, the first one too.
    pub lists: u64,
    /// Events of watches.
    pub events: u64,
    /// Objects and events that could not be read.
    pub skipped: u64,
    /// Questions that failed.
    pub failures: u64,
    /// Why it can't be seen now; none where it can.
    pub failing: Option<String>,
    /// When it was last heard, be it that nothing happened.
    pub heard: Option<Instant>,
}

type Statuses = Arc<Mutex<BTreeMap<String, KindStatus>>>;

/// What a follower sends.
enum Sent {
    Changes(Vec<Change>),
    /// The kind was listed, or is a gap.
    Settled(String),
    /// All kinds that there are: the supervisor has asked.
    Kinds(Vec<String>),
}

/// A cluster that is watched. Dropping it ends the watches.
#[derive(Debug)]
pub struct Source {
    receiver: mpsc::Receiver<Sent>,
    supervisor: AbortHandle,
    cluster: Arc<str>,
    statuses: Statuses,
    resources: Resources,
    with_line: bool,
    /// Kinds that have not settled yet; none before it is known which there
    /// are.
    unsettled: Option<Vec<String>>,
    settled: Vec<String>,
    told_line: bool,
}

/// Messages that wait at most; each holds a page.
const QUEUE: usize = 4;
/// Changes that are told together at most: what waits takes memory.
const TOGETHER: usize = 2_000;

impl Source {
    /// Starts to watch, on the runtime that this is called on.
    pub fn start(server: &Server, options: SourceOptions) -> Source {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let statuses = Statuses::default();
        let (cluster, with_line) = (options.cluster.clone(), options.line);
        let task = tokio::spawn(supervise(server.clone(), options, sender, statuses.clone()));
        Source {
            receiver,
            supervisor: task.abort_handle(),
            cluster,
            statuses,
            resources: Resources::default(),
            with_line,
            unsettled: None,
            settled: Vec::new(),
            told_line: false,
        }
    }

    /// What happened next, with all that happened until this is asked. None
    /// only if the watching ended, which it does not by itself.
    pub async fn next(&mut self) -> Option<News> {
        let was_complete = self.is_complete();
        let mut changes = Vec::new();
        let mut line = false;
        let first = self.receiver.recv().await?;
        self.take(first, &mut changes, &mut line);
        while changes.len() < TOGETHER
            && let Ok(sent) = self.receiver.try_recv()
        {
            self.take(sent, &mut changes, &mut line);
        }
        let complete = self.is_complete();
        // Goals that come in piece by piece are no goals that flip.
        if self.with_line && complete && (line || !was_complete || !self.told_line) {
            self.told_line = true;
            changes.push(self.resources.line());
        }
        Some(News { changes, complete })
    }

    fn take(&mut self, sent: Sent, changes: &mut Vec<Change>, line: &mut bool) {
        match sent {
            Sent::Changes(sent) => {
                for change in sent {
                    *line |= self.resources.take(change, &self.cluster, changes);
                }
            }
            Sent::Settled(kind) => {
                if let Some(unsettled) = &mut self.unsettled {
                    unsettled.retain(|of| *of != kind);
                }
                self.settled.push(kind);
            }
            Sent::Kinds(kinds) => {
                let settled = &self.settled;
                self.unsettled.get_or_insert_with(|| {
                    let open = kinds.into_iter().filter(|kind| !settled.contains(kind));
                    open.collect()
                });
            }
        }
    }

    /// Whether every kind was listed once, or is a gap.
    pub fn is_complete(&self) -> bool {
        self.unsettled.as_ref().is_some_and(Vec::is_empty)
    }

    /// How each kind is being watched, by its name.
    pub fn status(&self) -> BTreeMap<String, KindStatus> {
        self.statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// Asks which kinds there are, again and again, and has each followed.
async fn supervise(
    server: Server,
    options: SourceOptions,
    sender: mpsc::Sender<Sent>,
    statuses: Statuses,
) {
    let options = Arc::new(options);
    let table = options.table();
    let mut backoff = Backoff::default();
    let mut followed = JoinSet::new();
    // Those that are followed now, and those whose API was away.
    let mut running: BTreeMap<String, AbortHandle> = BTreeMap::new();
    let mut away: BTreeMap<String, Gap> = BTreeMap::new();
    let mut told = false;
    loop {
        let wait = match discover(server.client(), &table).await {
            Err(error) => {
                tracing::warn!(%error, "the API server does not say which kinds it has");
                backoff.next(&error)
            }
            Ok(Discovered { served, gaps }) => {
                backoff.reset();
                while let Some(ended) = followed.try_join_next() {
                    if let Err(error) = ended
                        && error.is_panic()
                    {
                        tracing::error!(%error, "a watch ended by a mistake in it");
                    }
                }
                running.retain(|_, handle| !handle.is_finished());
                let mut changes = Vec::new();
                let now: BTreeMap<String, Gap> = gaps
                    .into_iter()
                    .map(|gap| (gap.kind.to_string(), gap))
                    .collect();
                for gap in now.values() {
                    changes.push(Change::Gap(gap.clone()));
                }
                for (kind, gap) in &away {
                    if !now.contains_key(kind) {
                        changes.push(Change::Seen(gap.kind.clone(), gap.namespace.clone()));
                    }
                }
                away = now;
                let names = served.iter().map(|served| served.kind.name()).collect();
                for served in served {
                    let name = served.kind.name();
                    if running.contains_key(&name) {
                        continue;
                    }
                    let follower = Follower::new(
                        server.clone(),
                        served,
                        options.clone(),
                        sender.clone(),
                        statuses.clone(),
                    );
                    running.insert(name, followed.spawn(follower.run()));
                }
                if !changes.is_empty() && sender.send(Sent::Changes(changes)).await.is_err() {
                    return;
                }
                if !told {
                    told = true;
                    if sender.send(Sent::Kinds(names)).await.is_err() {
                        return;
                    }
                }
                options.rediscover
            }
        };
        sleep(wait).await;
    }
}
