//! What is known of each image that runs, told to the evaluation as changes:
//! never silently clean. The evaluating thread calls it between rounds; the
//! workers give it what they found.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use plimsoll_assess::{
    LookedInto,
    live::{Change, Live, RunningImage},
};
use plimsoll_model::{AssetId, ImageName, Period, Timestamp, UnknownAsset, image::Image};
use plimsoll_registry::{
    Reference, packed,
    sboms::{Sboms, Stored},
};
use tokio::sync::Notify;

use super::{
    Settings,
    queue::{Demand, Job, MOST, Queue, Saved},
    rematch::DatabaseFile,
};
use crate::agent::{
    Health, Metrics,
    metrics::{ImageLabels, QueueLabels},
};

/// How often it is looked what runs, while the cluster changes.
const LOOK: Duration = Duration::from_secs(2);
/// How often it is looked whether the database's file changed.
const DATABASE: Duration = Duration::from_secs(5);
/// How often it is looked whether images were looked into too long ago.
const AGE: Duration = Duration::from_secs(60);
/// No image is looked into again sooner, whatever is asked for.
const SHORTEST: Period = Period::minutes(5);
/// Bytes of the queue's file.
const MOST_QUEUE: u64 = 64 << 20;
/// Tries after which what could be read of an image is all that is known of it.
const ENOUGH: u32 = 5;

/// What came of looking into an image.
#[derive(Debug)]
pub enum Done {
    /// It was read; parts may be missing.
    Read(Box<Image>),
    /// It could not be had.
    Failed(UnknownAsset),
    /// The agent ends.
    Stopped,
}

#[derive(Clone, Debug)]
enum Outcome {
    Known(Arc<Image>, Timestamp),
    Unknown(UnknownAsset),
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    outcomes: BTreeMap<Arc<str>, (u64, Outcome)>,
    serial: u64,
    dirty: bool,
}

impl State {
    fn put(&mut self, key: Arc<str>, outcome: Outcome) {
        self.serial += 1;
        self.outcomes.insert(key, (self.serial, outcome));
        self.dirty = true;
    }
}

/// What the workers and the evaluating thread share.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    woken: Notify,
    store: Sboms,
    metrics: Metrics,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next image to look into.
    pub fn take(&self, now: Timestamp) -> Option<Job> {
        self.lock().queue.take(now)
    }

    /// When the next one may be tried.
    pub fn due(&self) -> Option<Timestamp> {
        self.lock().queue.due()
    }

    /// Waits until there is something new to do.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Takes what came of an image. Blocks: what is in it is kept on disk.
    pub fn done(&self, key: &Arc<str>, done: Done, now: Timestamp) {
        let mut result = "ok";
        match done {
            Done::Read(image) => {
                let unread = image
                    .gaps
                    .iter()
                    .any(|gap| gap.layer.is_some() && gap.path.is_none());
                let mut state = self.lock();
                if !state.queue.has(key) {
                    return;
                }
                let again = unread && state.queue.tries(key) < ENOUGH;
                let image = Arc::new(*image);
                state.put(key.clone(), Outcome::Known(image.clone(), now));
                if again {
                    result = "incomplete";
                    state.queue.failed(key, now);
                } else {
                    state.queue.scanned(key, now);
                }
                drop(state);
                if !again {
                    self.keep(key, &image, now);
                }
            }
            Done::Failed(unknown) => {
                result = "failed";
                tracing::warn!(
                    image = &**key,
                    reason = unknown.reason,
                    "an image could not be looked into"
                );
                let mut state = self.lock();
                state.queue.failed(key, now);
                let known = matches!(state.outcomes.get(key), Some((_, Outcome::Known(..))));
                // What is known of a digest stays true.
                if !known && state.queue.has(key) {
                    state.put(key.clone(), Outcome::Unknown(unknown));
                }
            }
            Done::Stopped => {
                self.lock().queue.put_back(key);
                return;
            }
        }
        let labels = ImageLabels {
            state: result.to_owned(),
        };
        self.metrics.image_scans.get_or_create(&labels).inc();
    }

    fn keep(&self, key: &str, image: &Arc<Image>, at: Timestamp) {
        let Some(id) = id(key) else { return };
        let stored = Stored {
            image: (**image).clone(),
            at,
            ..Stored::default()
        };
        if let Err(error) = self.store.put(&id, &stored) {
            tracing::warn!(image = key, %error, "what is in the image can't be kept: it is looked into again after a restart");
        }
    }
}

/// What an image is kept under: the digest that runs, be it that of an index.
fn id(key: &str) -> Option<AssetId> {
    let reference: Reference = key.parse().ok()?;
    let repository = format!("{}/{}", reference.registry(), reference.repository());
    Some(AssetId::image(&repository, Some(&reference.digest()?)))
}

/// What was told of an image last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    names: BTreeSet<Arc<str>>,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Outcome(u64),
    Unknown(UnknownAsset),
}

/// Plans what is looked into, and tells what came of it.
#[derive(Debug)]
pub struct Scanner {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    database: Option<DatabaseFile>,
    database_seen: Option<Instant>,
    aged: Option<Instant>,
    looked: Option<Instant>,
    stale: bool,
    running: BTreeMap<Arc<str>, RunningImage>,
    named: BTreeSet<Arc<str>>,
    /// Names that nothing runs by now, with what they ran last.
    remembered: BTreeMap<Arc<str>, Arc<str>>,
    told: BTreeMap<Arc<str>, Told>,
    /// What was written down last.
    saved: Option<Vec<Saved>>,
}

impl Scanner {
    /// With what an earlier run left in the folder.
    pub fn new(settings: Settings, metrics: Metrics) -> Self {
        let folder = &settings.folder;
        let saved: Vec<Saved> = match packed::read(&folder.join(QUEUE), MOST_QUEUE) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, "the queue of images can't be read: it begins anew");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        let shared = Shared {
            state: Mutex::new(State {
                queue: Queue::restored(saved),
                ..State::default()
            }),
            woken: Notify::new(),
            store: Sboms::new(folder.join("images"), MOST as u64 * 2),
            metrics,
        };
        Scanner {
            shared: Arc::new(shared),
            database: settings.database.clone(),
            settings: Arc::new(settings),
            database_seen: None,
            aged: None,
            looked: None,
            stale: true,
            running: BTreeMap::new(),
            named: BTreeSet::new(),
            remembered: BTreeMap::new(),
            told: BTreeMap::new(),
            saved: None,
        }
    }

    /// What the workers work with.
    pub fn shared(&self) -> (Arc<Shared>, Arc<Settings>) {
        (self.shared.clone(), self.settings.clone())
    }

    /// What is to be told to the evaluation now; `changed` says whether
    /// anything happened in the cluster since the last call.
    pub fn look(&mut self, live: &Live, changed: bool, health: &Health) -> Vec<Change> {
        let mut changes = Vec::new();
        if self
            .database_seen
            .is_none_or(|seen| seen.elapsed() > DATABASE)
        {
            self.database_seen = Some(Instant::now());
            changes.extend(self.database.as_mut().and_then(DatabaseFile::changed));
        }
        self.stale |= changed;
        let mut tell = std::mem::take(&mut self.shared.lock().dirty);
        if self.stale && self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            self.take_in(live.running_images(), live.named_images(), health);
            self.looked = Some(Instant::now());
            self.stale = false;
            tell = true;
        }
        // After a restart, of what an earlier run looked into, too.
        self.age(live);
        if tell {
            changes.extend(self.tell());
            self.save();
        }
        self.show();
        changes
    }

    /// Has images looked into again before a goal finds that too long ago.
    fn age(&mut self, live: &Live) {
        if self.aged.is_some_and(|aged| aged.elapsed() < AGE) {
            return;
        }
        self.aged = Some(Instant::now());
        // The last quarter is for the queue, and for registries that are away.
        let asked = live.image_scan_asked();
        let asked = asked.map(|asked| {
            let minutes = asked.as_secs() * 3 / 4 / 60;
            Period::minutes(u32::try_from(minutes).unwrap_or(u32::MAX))
        });
        let oldest = asked.into_iter().chain(self.settings.rescan_after).min();
        let Some(oldest) = oldest.map(|oldest| oldest.max(SHORTEST)) else {
            return;
        };
        let aged = self.shared.lock().queue.age(oldest, Timestamp::now());
        if aged > 0 {
            tracing::info!(
                images = aged,
                "images are looked into again: it was too long ago"
            );
            self.shared.woken.notify_one();
        }
    }

    fn take_in(
        &mut self,
        running: BTreeMap<Arc<str>, RunningImage>,
        named: BTreeSet<Arc<str>>,
        health: &Health,
    ) {
        let now = Timestamp::now();
        self.remember(&running, &named);
        let wanted = running
            .iter()
            .filter(|(_, image)| image.digest.is_some())
            .map(|(key, image)| (key.clone(), demand(key, image)))
            .collect();
        let new = self.shared.lock().queue.want(&wanted, now);
        for key in new {
            health.beat();
            // What was looked into by an earlier run, or before the last pod
            // that ran it went.
            let stored = id(&key).and_then(|id| self.shared.store.get(&id));
            let mut state = self.shared.lock();
            if let Some(stored) = stored {
                state.queue.known(&key, stored.at);
                let image = Arc::new(stored.image);
                state.put(key, Outcome::Known(image, stored.at));
            }
        }
        let kept: BTreeSet<&Arc<str>> = self.remembered.values().collect();
        let mut state = self.shared.lock();
        state
            .outcomes
            .retain(|key, _| running.contains_key(key) || kept.contains(key));
        state.dirty = false;
        drop(state);
        self.running = running;
        self.named = named;
        self.shared.woken.notify_one();
    }

    /// A workload that is between two runs, or scaled to none, is what it ran
    /// last.
    fn remember(&mut self, running: &BTreeMap<Arc<str>, RunningImage>, named: &BTreeSet<Arc<str>>) {
        let run: BTreeSet<&Arc<str>> = running.values().flat_map(|image| &image.written).collect();
        for (key, told) in &self.told {
            if matches!(told.what, What::Outcome(_)) {
                for name in &told.names {
                    self.remembered.insert(name.clone(), key.clone());
                }
            }
        }
        self.remembered
            .retain(|name, _| named.contains(name) && !run.contains(name));
    }

    /// What is otherwise than it was told last.
    fn tell(&mut self) -> Vec<Change> {
        let state = self.shared.lock();
        let mut by_name: BTreeMap<&Arc<str>, BTreeSet<&Arc<str>>> = BTreeMap::new();
        for (key, image) in &self.running {
            for name in &image.written {
                by_name.entry(name).or_default().insert(key);
            }
        }
        for (name, key) in &self.remembered {
            by_name.entry(name).or_insert_with(|| BTreeSet::from([key]));
        }
        let mut now: BTreeMap<Arc<str>, Told> = BTreeMap::new();
        let keys = self.running.keys().chain(self.remembered.values());
        for key in keys {
            let what = match state.outcomes.get(key) {
                Some((serial, Outcome::Known(..))) => What::Outcome(*serial),
                Some((_, Outcome::Unknown(unknown))) => What::Unknown(unknown.clone()),
                None => What::Unknown(not_yet(key, state.queue.has(key))),
            };
            now.entry(key.clone()).or_insert_with(|| Told {
                names: BTreeSet::from([key.clone()]),
                what,
            });
        }
        for (name, keys) in &by_name {
            let Some(key) = keys.first().filter(|_| keys.len() == 1) else {
                let told = Told {
                    names: BTreeSet::from([(*name).clone()]),
                    what: What::Unknown(several(keys)),
                };
                now.insert((*name).clone(), told);
                continue;
            };
            if let Some(told) = now.get_mut(&***key) {
                told.names.insert((*name).clone());
            }
        }
        // A name by digest is its own key.
        let linked: BTreeSet<Arc<str>> = now.values().flat_map(|told| told.names.clone()).collect();
        let idle: BTreeSet<Arc<str>> = self.named.difference(&linked).cloned().collect();
        if !idle.is_empty() {
            let told = Told {
                names: idle.clone(),
                what: What::Unknown(not_started()),
            };
            now.insert("".into(), told);
        }
        let before = self.told.values().flat_map(|told| &told.names);
        let gone: Vec<Arc<str>> = before
            .filter(|name| !linked.contains(*name) && !idle.contains(*name))
            .cloned()
            .collect();
        let new: Vec<LookedInto> = now
            .iter()
            .filter(|(key, told)| self.told.get(*key) != Some(*told))
            .map(|(key, told)| {
                let (outcome, at) = match &told.what {
                    What::Unknown(unknown) => (Err(unknown.clone()), None),
                    What::Outcome(_) => match state.outcomes.get(key) {
                        Some((_, Outcome::Known(image, at))) => (Ok(image.clone()), Some(*at)),
                        _ => (Err(not_yet(key, true)), None),
                    },
                };
                LookedInto {
                    names: told.names.iter().cloned().collect(),
                    outcome,
                    at,
                }
            })
            .collect();
        drop(state);
        self.told = now;
        let mut changes = Vec::new();
        if !gone.is_empty() {
            changes.push(Change::Unnamed(gone));
        }
        if !new.is_empty() {
            changes.push(Change::Images(new));
        }
        changes
    }

    /// Writes down what survives a restart, where it is otherwise than it was.
    pub fn save(&mut self) {
        let saved = self.shared.lock().queue.saved();
        if self.saved.as_ref() == Some(&saved) {
            return;
        }
        let path = self.settings.folder.join(QUEUE);
        let written = serde_json::to_vec(&saved)
            .map_err(std::io::Error::other)
            .and_then(|bytes| packed::write(&path, &bytes));
        match written {
            Ok(()) => self.saved = Some(saved),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the queue of images can't be kept");
            }
        }
    }

    fn show(&self) {
        let counts = self.shared.lock().queue.counts();
        let metrics = &self.shared.metrics;
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let queue = QueueLabels {
            queue: "images".to_owned(),
        };
        metrics
            .queue
            .get_or_create(&queue)
            .set(number(counts.waiting + counts.working));
        let unknown = self
            .told
            .values()
            .filter(|told| matches!(told.what, What::Unknown(_)))
            .count();
        for (state, count) in [
            ("scanned", counts.scanned),
            ("failing", counts.failing),
            ("unknown", unknown),
        ] {
            let labels = ImageLabels {
                state: state.to_owned(),
            };
            metrics.images.get_or_create(&labels).set(number(count));
        }
    }
}

/// The queue's file.
const QUEUE: &str = "queue.json";

fn demand(key: &str, image: &RunningImage) -> Demand {
    // A tag of the same repository says more to people than a digest.
    let repository = |name: &str| Some(ImageName::parse(name)?.repository().to_owned());
    let own = repository(key);
    let name = image
        .names
        .iter()
        .chain(&image.written)
        .find(|name| !name.contains('@') && own.is_some() && repository(name) == own);
    Demand {
        pods: image.pods,
        secrets: image.pull_secrets.clone(),
        name: name.cloned().unwrap_or_else(|| "".into()),
        platforms: image.platforms.clone(),
    }
}

fn not_yet(key: &str, taken: bool) -> UnknownAsset {
    let (reason, remedy) = if !key.contains('@') {
        (
            "the container runtime gives no digest of it that a registry knows".to_owned(),
            "pull it from a registry instead of loading it into the node",
        )
    } else if taken {
        (
            "it is not scanned yet".to_owned(),
            "it is in the agent's queue of images: wait for it",
        )
    } else {
        (
            format!("more than {MOST} images run, and it is beyond them"),
            "run fewer different images in one cluster",
        )
    };
    UnknownAsset {
        reason,
        remedy: remedy.to_owned(),
    }
}

fn not_started() -> UnknownAsset {
    UnknownAsset {
        reason: "no container that runs it has started, so its digest is not known".to_owned(),
        remedy: "it is scanned as soon as a pod runs it".to_owned(),
    }
}

fn several(keys: &BTreeSet<&Arc<str>>) -> UnknownAsset {
    let shown: Vec<&str> = keys.iter().take(3).map(|key| &***key).collect();
    UnknownAsset {
        reason: format!(
            "{} different images run by this name: {}",
            keys.len(),
            shown.join(", ")
        ),
        remedy: "name the image by its digest, or restart the pods that run the older one"
            .to_owned(),
    }
}
