//! One kind, followed for as long as it is there.

use std::{
    hash::{BuildHasher, Hasher},
    sync::{Arc, PoisonError},
    time::Duration,
};

use plimsoll_assess::live::{Change, Gap};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{KindStatus, Sent, SourceOptions, Statuses};
use crate::{
    AskError, Server,
    ask::Backoff,
    discover::Served,
    kept::{self, Kept},
    list::{self, Told},
    watch::{End, Event, Watching},
};

/// The least and the most seconds a watch is asked to last: not all of them
/// end together.
const WATCH: (u32, u32) = (240, 120);
/// The least time from the begin of one watch to that of the next.
const BREATH: Duration = Duration::from_secs(1);

/// Follows one kind.
pub(super) struct Follower {
    server: Server,
    served: Served,
    options: Arc<SourceOptions>,
    sender: mpsc::Sender<Sent>,
    statuses: Statuses,
    name: String,
    /// The version of each object that was told, as a hash.
    known: FxHashMap<Box<str>, u64>,
    gap: Option<Gap>,
    settled: bool,
    /// Since when it fails.
    failing: Option<Instant>,
    backoff: Backoff,
}

impl Follower {
    pub(super) fn new(
        server: Server,
        served: Served,
        options: Arc<SourceOptions>,
        sender: mpsc::Sender<Sent>,
        statuses: Statuses,
    ) -> Self {
        Follower {
            server,
            name: served.kind.name(),
            served,
            options,
            sender,
            statuses,
            known: FxHashMap::default(),
            gap: None,
            settled: false,
            failing: None,
            backoff: Backoff::default(),
        }
    }

    /// Lists, watches, and lists again, until the kind is gone or nobody
    /// listens.
    pub(super) async fn run(mut self) {
        loop {
            let listed = match self.list().await {
                Ok(listed) => listed,
                Err(AskError::NotFound) => return self.left().await,
                Err(error) => {
                    let wait = self.failed(&error).await;
                    if self.sender.is_closed() {
                        return;
                    }
                    sleep(wait).await;
                    continue;
                }
            };
            self.seen(&listed).await;
            if !self.served.watchable || !listed.consistent {
                sleep(self.options.rediscover).await;
                continue;
            }
            let mut version = listed.version;
            loop {
                let begun = Instant::now();
                match self.watch(&mut version).await {
                    End::Over => {
                        self.answered();
                        // One that ends at once, again and again, is no watch.
                        sleep(BREATH.saturating_sub(begun.elapsed())).await;
                    }
                    End::Expired => {
                        tracing::info!(
                            kind = self.name,
                            "the version is too old: it is listed anew"
                        );
                        break;
                    }
                    End::Failed(AskError::NotFound) => return self.left().await,
                    // Who may list it and not watch it lists it again and again.
                    End::Failed(AskError::Forbidden(_) | AskError::Unauthorized(_)) => {
                        sleep(self.options.rediscover).await;
                        break;
                    }
                    End::Failed(error) => {
                        // It held for a while: this is a new failure.
                        if begun.elapsed() > Duration::from_secs(10) {
                            self.answered();
                        }
                        tracing::debug!(kind = self.name, %error, "a watch ended");
                        let wait = self.failed(&error).await;
                        sleep(wait).await;
                    }
                }
                if self.sender.is_closed() {
                    return;
                }
            }
        }
    }

    async fn list(&mut self) -> Result<list::Listed, AskError> {
        let mut present: FxHashSet<Box<str>> = FxHashSet::default();
        let mut pages = list::Pages::of(self.server.client(), &self.served, &self.options);
        while let Some(told) = pages.next().await? {
            let page = match told {
                Told::Again => {
                    present.clear();
                    continue;
                }
                Told::Page(page) => page,
            };
            let mut changes = Vec::with_capacity(page.len());
            for object in page {
                let key = key(&object);
                present.insert(key.clone());
                self.set(key, object, &mut changes);
            }
            self.send(changes).await;
        }
        let listed = pages.listed();
        // What could not be read this time may well be there.
        if listed.skipped == 0 {
            let mut changes = Vec::new();
            let (served, options) = (&self.served, &self.options);
            self.known.retain(|key, _| {
                let still = present.contains(key);
                if !still {
                    changes.push(Self::gone(served, options, key));
                }
                still
            });
            self.send(changes).await;
        }
        Ok(listed)
    }

    /// An object as it is now: a change, unless that is known.
    fn set(&mut self, key: Box<str>, object: Kept, changes: &mut Vec<Change>) {
        let version = hash(&object.version);
        if self.known.insert(key, version) != Some(version) {
            changes.push(object.change);
        }
    }

    async fn send(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            // Whether anybody listens is seen by the loop.
            let _ = self.sender.send(Sent::Changes(changes)).await;
        }
    }

    async fn watch(&mut self, version: &mut String) -> End {
        let whole = Duration::from_secs(u64::from(WATCH.0 + self.backoff.random(WATCH.1)));
        let client = self.server.client();
        let opened = Watching::open(client, &self.served, &self.options, version, whole).await;
        let mut watching = match opened {
            Ok(watching) => watching,
            Err(end) => return end,
        };
        loop {
            let events = match watching.next().await {
                Ok(events) => events,
                Err(end) => return end,
            };
            self.heard(events).await;
            version.clone_from(&watching.version);
            if self.sender.is_closed() {
                return End::Over;
            }
        }
    }

    /// Takes events of a watch.
    async fn heard(&mut self, events: Vec<Event>) {
        let (mut changes, mut skipped, told) = (Vec::new(), 0, events.len() as u64);
        for event in events {
            match event {
                Event::Set(object) => self.set(key(&object), object, &mut changes),
                Event::Gone(object) => {
                    let key = key(&object);
                    if self.known.remove(&key).is_some() {
                        changes.push(Self::gone(&self.served, &self.options, &key));
                    }
                }
                Event::Unreadable(reason) => {
                    tracing::warn!(kind = self.name, reason, "an event is left out");
                    skipped += 1;
                }
            }
        }
        let objects = self.known.len() as u64;
        update(&self.statuses, &self.name, |status| {
            status.objects = objects;
            status.events += told;
            status.skipped += skipped;
            status.failing = None;
            status.heard = Some(Instant::now());
        });
        self.send(changes).await;
    }

    fn gone(served: &Served, options: &SourceOptions, key: &str) -> Change {
        let (namespace, name) = key.split_once('/').unwrap_or(("", key));
        Change::Gone(kept::id(&options.cluster, served, namespace, name))
    }

    /// The server answers again.
    fn answered(&mut self) {
        self.failing = None;
        self.backoff.reset();
    }

    /// A list went through.
    async fn seen(&mut self, listed: &list::Listed) {
        self.answered();
        let objects = self.known.len() as u64;
        update(&self.statuses, &self.name, |status| {
            status.objects = objects;
            status.settled = true;
            status.lists += 1;
            status.skipped += listed.skipped as u64;
            status.failing = None;
            status.heard = Some(Instant::now());
        });
        let namespace = self.options.namespace.as_deref();
        if listed.skipped > 0 {
            let gap = skipped(&self.served, namespace, listed.skipped, &listed.reasons);
            self.hide(gap).await;
        } else if let Some(gap) = self.gap.take() {
            let seen = Change::Seen(gap.kind, gap.namespace);
            let _ = self.sender.send(Sent::Changes(vec![seen])).await;
        }
        self.settle().await;
    }

    /// A question failed: for good, or for too long, it is a gap. How long to
    /// wait before the next.
    async fn failed(&mut self, error: &AskError) -> Duration {
        let since = *self.failing.get_or_insert_with(Instant::now);
        update(&self.statuses, &self.name, |status| {
            status.failures += 1;
            status.failing = Some(error.to_string());
        });
        let wait = if error.is_passing() {
            self.backoff.next(error)
        } else {
            self.options.rediscover
        };
        // Before the first list there is nothing that could be kept meanwhile.
        let grace = if self.settled {
            self.options.grace
        } else {
            self.options.grace.min(super::LOOK_PATIENCE)
        };
        if !error.is_passing() || since.elapsed() >= grace {
            let namespace = self.options.namespace.as_deref();
            self.hide(gap_of(&self.served, namespace, error)).await;
            self.settle().await;
        }
        wait
    }

    async fn hide(&mut self, gap: Gap) {
        if self.gap.as_ref() != Some(&gap) {
            self.gap = Some(gap.clone());
            let _ = self
                .sender
                .send(Sent::Changes(vec![Change::Gap(gap)]))
                .await;
        }
    }

    async fn settle(&mut self) {
        if !self.settled {
            self.settled = true;
            update(&self.statuses, &self.name, |status| status.settled = true);
            let _ = self.sender.send(Sent::Settled(self.name.clone())).await;
        }
    }

    /// The server no longer has the kind: nothing of it is left.
    async fn left(mut self) {
        let mut changes: Vec<Change> = self
            .known
            .keys()
            .map(|key| Self::gone(&self.served, &self.options, key))
            .collect();
        if let Some(gap) = self.gap.take() {
            changes.push(Change::Seen(gap.kind, gap.namespace));
        }
        let _ = self.sender.send(Sent::Changes(changes)).await;
        self.settle().await;
        self.statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
    }
}

fn update(statuses: &Statuses, name: &str, change: impl FnOnce(&mut KindStatus)) {
    let mut statuses = statuses.lock().unwrap_or_else(PoisonError::into_inner);
    change(statuses.entry(name.to_owned()).or_default());
}

fn key(object: &Kept) -> Box<str> {
    format!("{}/{}", object.namespace, object.name).into()
}

fn hash(version: &str) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    hasher.write(version.as_bytes());
    hasher.finish()
}

/// The namespace of a gap, of what is in one.
fn scope(served: &Served, namespace: Option<&str>) -> Option<Arc<str>> {
    namespace.filter(|_| served.namespaced).map(Into::into)
}

/// What keeps a kind from being seen, as a gap.
pub(super) fn gap_of(served: &Served, namespace: Option<&str>, error: &AskError) -> Gap {
    let kind = served.kind;
    let remedy = match error {
        AskError::Forbidden(_) => format!(
            "grant it: apiGroups [{:?}], resources [{:?}], verbs [\"list\", \"watch\"]; `plimsoll cluster rbac --print` writes all that is needed",
            kind.group, kind.plural
        ),
        AskError::Unauthorized(_) => "renew the credentials".to_owned(),
        _ => format!(
            "kubectl get --raw '{}?limit=1' says more",
            served.path(namespace)
        ),
    };
    Gap {
        kind: kind.name().into(),
        namespace: scope(served, namespace),
        reason: match error {
            AskError::Forbidden(_) => "RBAC forbids to list it".to_owned(),
            other => other.to_string(),
        },
        remedy,
    }
}

/// Objects of a kind that can't be read, as a gap.
pub(super) fn skipped(
    served: &Served,
    namespace: Option<&str>,
    count: usize,
    reasons: &[String],
) -> Gap {
    let mut reasons = reasons.to_vec();
    reasons.dedup();
    Gap {
        kind: served.kind.name().into(),
        namespace: scope(served, namespace),
        reason: format!("{count} objects can't be read: {}", reasons.join("; ")),
        remedy: format!("kubectl get --raw '{}'", served.path(namespace)),
    }
}
