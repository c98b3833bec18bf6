//! What is to be looked into next: images that run, each once, by what they
//! can be pulled by. No I/O and no clock: times come in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{Period, Timestamp};
use serde::{Deserialize, Serialize};

/// Images that are looked into at most; what is more is unknown, and said.
pub const MOST: usize = 20_000;
/// Seconds until the first failure is tried again; each further one doubles it.
const BACK_OFF: i64 = 60;
/// Seconds that are waited at most: a registry or a Secret may be mended any time.
const LONGEST: i64 = 3600;

/// What the cluster wants to know of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// How many pods run it.
    pub pods: u64,
    /// The Secrets that these pods pull by, as namespace and name.
    pub secrets: BTreeSet<(Arc<str>, Arc<str>)>,
    /// A name with a tag, for people; empty where there is none.
    pub name: Arc<str>,
    /// What the nodes are that run it, `linux/arm64`; empty where nobody knows.
    pub platforms: BTreeSet<Arc<str>>,
}

/// One image to look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What it is pulled by.
    pub key: Arc<str>,
    /// Why.
    pub demand: Demand,
}

/// How far an image is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Waiting,
    Working,
    Scanned,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    demand: Demand,
    state: State,
    first_seen: Timestamp,
    /// When it was looked into last.
    scanned: Option<Timestamp>,
    tries: u32,
    not_before: Timestamp,
}

/// How many images are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting for a worker, or for their next try.
    pub waiting: usize,
    /// Being looked into.
    pub working: usize,
    /// Looked into.
    pub scanned: usize,
    /// Waiting after a failure.
    pub failing: usize,
}

/// What of an image survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Saved {
    /// What it is pulled by.
    pub image: Arc<str>,
    /// When it was first seen running.
    pub first_seen: Timestamp,
    /// How often it failed.
    #[serde(default)]
    pub tries: u32,
    /// When it may be tried again.
    #[serde(default)]
    pub not_before: Timestamp,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    images: BTreeMap<Arc<str>, Entry>,
    /// What an earlier run left of images that were not seen again yet.
    earlier: BTreeMap<Arc<str>, Saved>,
    /// Images that run and are not taken.
    beyond: usize,
}

impl Queue {
    /// With what an earlier run left.
    pub fn restored(saved: impl IntoIterator<Item = Saved>) -> Self {
        let earlier = saved.into_iter().take(MOST);
        Queue {
            earlier: earlier.map(|one| (one.image.clone(), one)).collect(),
            ..Queue::default()
        }
    }

    /// Takes in everything that runs now: what is new waits, what is gone
    /// leaves. Gives what is new.
    pub fn want(&mut self, running: &BTreeMap<Arc<str>, Demand>, now: Timestamp) -> Vec<Arc<str>> {
        self.images.retain(|key, _| running.contains_key(key));
        let mut new = Vec::new();
        self.beyond = 0;
        for (key, demand) in running {
            if let Some(entry) = self.images.get_mut(key) {
                if entry.demand.secrets != demand.secrets && entry.tries > 0 {
                    // Another secret may open what was closed.
                    entry.not_before = now;
                }
                // Of an index, another node may run another image.
                let moved = entry.demand.platforms != demand.platforms;
                if moved && entry.state == State::Scanned {
                    entry.state = State::Waiting;
                    entry.not_before = now;
                }
                entry.demand = demand.clone();
            } else if self.images.len() < MOST {
                let earlier = self.earlier.remove(key);
                let entry = Entry {
                    demand: demand.clone(),
                    state: State::Waiting,
                    first_seen: earlier.as_ref().map_or(now, |earlier| earlier.first_seen),
                    scanned: None,
                    tries: earlier.as_ref().map_or(0, |earlier| earlier.tries),
                    // A clock that was set back must not keep it for years.
                    not_before: earlier
                        .map_or(now, |earlier| earlier.not_before)
                        .min(after(now, LONGEST)),
                };
                self.images.insert(key.clone(), entry);
                new.push(key.clone());
            } else {
                self.beyond += 1;
            }
        }
        // What runs now was seen; the rest of what was left is gone.
        self.earlier.clear();
        new
    }

    /// The next image to look into: those of which nothing is known first, of
    /// them those that did not fail yet, then the one that came last, then the
    /// one that most pods run.
    pub fn take(&mut self, now: Timestamp) -> Option<Job> {
        // Nothing waits longer than that; a clock that was set back must not
        // keep it.
        let longest = after(now, LONGEST);
        let (key, entry) = self
            .images
            .iter_mut()
            .filter(|(_, entry)| {
                let due = entry.not_before <= now || entry.not_before > longest;
                entry.state == State::Waiting && due
            })
            .min_by_key(|(key, entry)| {
                let last = std::cmp::Reverse(entry.first_seen);
                (
                    entry.scanned.is_some(),
                    entry.tries,
                    last,
                    std::cmp::Reverse(entry.demand.pods),
                    (*key).clone(),
                )
            })?;
        entry.state = State::Working;
        Some(Job {
            key: key.clone(),
            demand: entry.demand.clone(),
        })
    }

    /// It was looked into.
    pub fn scanned(&mut self, key: &str, at: Timestamp) {
        if let Some(entry) = self.images.get_mut(key) {
            entry.state = State::Scanned;
            entry.scanned = Some(at);
            entry.tries = 0;
        }
    }

    /// It was looked into by an earlier run. How often it failed since then
    /// stays known.
    pub fn known(&mut self, key: &str, at: Timestamp) {
        if let Some(entry) = self.images.get_mut(key) {
            entry.state = State::Scanned;
            entry.scanned = Some(at);
        }
    }

    /// Has images looked into again that were when they were last this long
    /// ago; gives how many.
    pub fn age(&mut self, oldest: Period, now: Timestamp) -> usize {
        let mut aged = 0;
        for entry in self.images.values_mut() {
            let scanned = entry.scanned.filter(|_| entry.state == State::Scanned);
            if scanned.is_some_and(|at| oldest.after(at) <= now) {
                entry.state = State::Waiting;
                aged += 1;
            }
        }
        aged
    }

    /// It could not be, or not wholly: it is tried again, later each time.
    pub fn failed(&mut self, key: &str, now: Timestamp) {
        if let Some(entry) = self.images.get_mut(key) {
            entry.state = State::Waiting;
            let wait = BACK_OFF << entry.tries.min(10);
            entry.tries = entry.tries.saturating_add(1);
            entry.not_before = after(now, wait.min(LONGEST));
        }
    }

    /// It was not finished, for no fault of its own.
    pub fn put_back(&mut self, key: &str) {
        if let Some(entry) = self.images.get_mut(key) {
            entry.state = State::Waiting;
        }
    }

    /// How often it failed since it was last looked into.
    pub fn tries(&self, key: &str) -> u32 {
        self.images.get(key).map_or(0, |entry| entry.tries)
    }

    /// Whether it runs and is taken.
    pub fn has(&self, key: &str) -> bool {
        self.images.contains_key(key)
    }

    /// When the next image may be tried; none where none waits.
    pub fn due(&self) -> Option<Timestamp> {
        let waiting = self.images.values().filter(|e| e.state == State::Waiting);
        waiting.map(|entry| entry.not_before).min()
    }

    /// How many images are how far.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.images.values() {
            match entry.state {
                State::Waiting => counts.waiting += 1,
                State::Working => counts.working += 1,
                State::Scanned => counts.scanned += 1,
            }
            counts.failing += usize::from(entry.tries > 0);
        }
        counts
    }

    /// How many run and are not taken, for there are too many.
    pub fn beyond(&self) -> usize {
        self.beyond
    }

    /// What survives a restart: what waits, and what is being looked into.
    pub fn saved(&self) -> Vec<Saved> {
        let unfinished = self
            .images
            .iter()
            .filter(|(_, e)| e.state != State::Scanned);
        let saved = unfinished.map(|(key, entry)| Saved {
            image: key.clone(),
            first_seen: entry.first_seen,
            tries: entry.tries,
            not_before: entry.not_before,
        });
        saved.chain(self.earlier.values().cloned()).collect()
    }
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    let second = now.as_second().saturating_add(seconds);
    Timestamp::from_second(second).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("a time")
    }

    fn running(images: &[(&str, u64)]) -> BTreeMap<Arc<str>, Demand> {
        let of = |pods| Demand {
            pods,
            ..Demand::default()
        };
        images
            .iter()
            .map(|(key, pods)| ((*key).into(), of(*pods)))
            .collect()
    }

    fn taken(queue: &mut Queue, second: i64) -> Vec<String> {
        std::iter::from_fn(|| queue.take(at(second)))
            .map(|job| job.key.to_string())
            .collect()
    }

    #[test]
    fn the_newest_goes_first_then_what_most_pods_run_and_each_once() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 1), ("b", 9), ("c", 3)]), at(0));
        queue.want(&running(&[("a", 1), ("b", 9), ("c", 3), ("d", 1)]), at(5));
        assert_eq!(taken(&mut queue, 5), ["d", "b", "c", "a"]);
        assert_eq!(taken(&mut queue, 9), [""; 0]);
    }

    #[test]
    fn a_failure_waits_longer_each_time_and_blocks_nobody() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 9), ("b", 1)]), at(0));
        assert_eq!(queue.take(at(0)).map(|job| job.key), Some("a".into()));
        queue.failed("a", at(0));
        assert_eq!(taken(&mut queue, 0), ["b"]);
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..9 {
            let due = queue.due().expect("it waits");
            let wait = due.as_second() - at(now).as_second();
            waits.push(wait);
            assert_eq!(taken(&mut queue, now + wait - 1), [""; 0]);
            now += wait;
            assert_eq!(taken(&mut queue, now), ["a"]);
            queue.failed("a", at(now));
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        queue.scanned("b", at(now));
        assert_eq!(queue.counts().scanned, 1);
        assert_eq!(queue.counts().failing, 1);
    }

    #[test]
    fn an_image_that_no_longer_runs_leaves() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 1), ("b", 1)]), at(0));
        queue.want(&running(&[("b", 1)]), at(1));
        queue.scanned("a", at(1));
        assert!(!queue.has("a"));
        assert_eq!(taken(&mut queue, 1), ["b"]);
    }

    #[test]
    fn a_new_secret_has_a_closed_image_tried_at_once() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 1)]), at(0));
        taken(&mut queue, 0);
        queue.failed("a", at(0));
        let mut with = running(&[("a", 1)]);
        for demand in with.values_mut() {
            demand.secrets.insert(("shop".into(), "pull".into()));
        }
        queue.want(&with, at(1));
        assert_eq!(taken(&mut queue, 1), ["a"]);
    }

    #[test]
    fn on_nodes_of_another_kind_an_image_is_looked_into_again() {
        let mut queue = Queue::default();
        let on = |platforms: &[&str]| {
            let mut wanted = running(&[("a", 1)]);
            for demand in wanted.values_mut() {
                demand.platforms = platforms
                    .iter()
                    .map(|platform| (*platform).into())
                    .collect();
            }
            wanted
        };
        queue.want(&on(&["linux/amd64"]), at(0));
        assert_eq!(taken(&mut queue, 0), ["a"]);
        queue.scanned("a", at(0));
        queue.want(&on(&["linux/amd64"]), at(1));
        assert_eq!(taken(&mut queue, 1), [""; 0]);
        queue.want(&on(&["linux/amd64", "linux/arm64"]), at(2));
        assert_eq!(taken(&mut queue, 2), ["a"]);
    }

    #[test]
    fn a_restart_keeps_first_seen_times_and_back_off() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 1), ("b", 1), ("c", 1)]), at(0));
        taken(&mut queue, 0);
        queue.failed("a", at(0));
        queue.scanned("c", at(0));
        let saved = serde_json::to_vec(&queue.saved()).expect("written");
        let read: Vec<Saved> = serde_json::from_slice(&saved).expect("read");
        let mut queue = Queue::restored(read);
        queue.want(&running(&[("a", 1), ("b", 1), ("d", 1)]), at(10));
        // What was being looked into is looked into again.
        assert_eq!(taken(&mut queue, 10), ["d", "b"]);
        assert_eq!(taken(&mut queue, 60), ["a"]);
    }

    #[test]
    fn what_was_looked_into_too_long_ago_is_again_after_what_is_not_known() {
        let day = Period::hours(24);
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 9)]), at(0));
        taken(&mut queue, 0);
        queue.scanned("a", at(0));
        assert_eq!(queue.age(day, at(86_399)), 0);
        assert_eq!(queue.age(day, at(86_400)), 1);
        assert_eq!(queue.age(day, at(86_400)), 0, "it waits already");
        queue.want(&running(&[("a", 9), ("b", 1)]), at(86_400));
        assert_eq!(taken(&mut queue, 86_400), ["b", "a"]);

        // Its registry is away, and the agent restarts: it is tried again as
        // late as if it had not.
        queue.failed("a", at(86_400));
        queue.failed("a", at(86_460));
        let mut queue = Queue::restored(queue.saved());
        queue.want(&running(&[("a", 9)]), at(86_470));
        queue.known("a", at(0));
        assert_eq!(queue.age(day, at(86_470)), 1);
        assert_eq!(taken(&mut queue, 86_579), [""; 0]);
        assert_eq!(taken(&mut queue, 86_580), ["a"]);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_waiting() {
        let mut queue = Queue::default();
        queue.want(&running(&[("a", 1)]), at(1_000_000));
        taken(&mut queue, 1_000_000);
        queue.failed("a", at(1_000_000));
        assert_eq!(taken(&mut queue, 0), ["a"]);
    }

    proptest! {
        #[test]
        fn no_image_is_lost_or_worked_on_twice(
            steps in prop::collection::vec((0_u8..5, 0_u8..8, 0_i64..600), 0..120),
        ) {
            let mut queue = Queue::default();
            let mut working = BTreeSet::new();
            let mut wanted = BTreeSet::new();
            let mut now = 0;
            for (what, which, pass) in steps {
                now += pass;
                let key = format!("image-{which}");
                match what {
                    0 => { wanted.insert(key); }
                    1 => { wanted.remove(&key); }
                    2 => if let Some(job) = queue.take(at(now)) {
                        prop_assert!(working.insert(job.key.to_string()));
                    },
                    3 => if working.remove(&key) { queue.scanned(&key, at(now)); },
                    _ => if working.remove(&key) { queue.failed(&key, at(now)); },
                }
                let list: Vec<(&str, u64)> = wanted.iter().map(|key| (key.as_str(), 1)).collect();
                queue.want(&running(&list), at(now));
                working.retain(|key| wanted.contains(key));
                let counts = queue.counts();
                prop_assert_eq!(counts.waiting + counts.working + counts.scanned, wanted.len());
                prop_assert_eq!(counts.working, working.len());
                let restored = Queue::restored(queue.saved());
                prop_assert_eq!(restored.earlier.len(), counts.waiting + counts.working);
            }
        }
    }
}
