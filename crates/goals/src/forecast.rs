//! When a goal that holds now will hold no longer, if nothing but time
//! happens: grace periods end, exceptions end, the ramp rises, and a window
//! fills with what is now and loses what was good.
//!
//! The same facts are taken to be observed all along. Then the named instant
//! is exact: one second earlier the goal still holds.

use std::collections::BTreeSet;

use plimsoll_model::{AssetState, Counts, Percent, Timestamp};

use crate::{
    clause::{Bucket, Event, Tally, worst},
    exceptions::Exceptions,
    ramp::Ramp,
    window::{Known, Segment},
    words,
};

/// One clause over one asset that time may change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meter {
    /// Time does not change it.
    Fixed(AssetState),
    /// Time may change it.
    Counting(Tally),
}

impl Meter {
    fn state(&self) -> AssetState {
        match self {
            Meter::Fixed(state) => *state,
            Meter::Counting(tally) => tally.state(),
        }
    }
}

/// All that time alone will change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Future {
    /// The clauses of each asset that events move.
    assets: Vec<Vec<Meter>>,
    events: Vec<Event>,
}

/// From an instant on, the numbers are these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    at: Timestamp,
    counts: Counts,
}

/// What is required as time passes, and how far to look.
pub(crate) struct Demand<'a> {
    pub(crate) now: Timestamp,
    pub(crate) target: Percent,
    pub(crate) ramp: Option<&'a Ramp>,
    /// The last instant that is looked at; none for any.
    pub(crate) horizon: Option<Timestamp>,
}

impl Demand<'_> {
    fn at(&self, at: Timestamp) -> Percent {
        self.ramp.map_or(self.target, |ramp| ramp.at(at))
    }

    fn within(&self, at: Timestamp) -> bool {
        self.horizon.is_none_or(|horizon| at <= horizon)
    }
}

impl Future {
    /// Adds an asset with its clauses and what will happen to them.
    pub(crate) fn add(&mut self, clauses: Vec<Meter>, events: impl Iterator<Item = Event>) {
        let asset = u32::try_from(self.assets.len()).unwrap_or(u32::MAX);
        self.assets.push(clauses);
        self.events
            .extend(events.map(|event| Event { asset, ..event }));
    }

    /// Puts what will happen in order; once, when all assets are added.
    pub(crate) fn sort(&mut self) {
        self.events.sort_unstable();
    }

    /// Plays the events up to `until` in order. `tick` is told after each
    /// instant at which something happened, with the numbers from then on.
    fn play(
        &self,
        mut counts: Counts,
        until: Option<Timestamp>,
        mut tick: impl FnMut(Timestamp, Counts),
    ) -> Vec<Vec<Meter>> {
        let mut assets = self.assets.clone();
        for events in self.events.chunk_by(|a, b| a.at == b.at) {
            let at = events[0].at;
            if until.is_some_and(|until| until < at) {
                break;
            }
            for event in events {
                let clauses = &mut assets[event.asset as usize];
                let before = worst(clauses.iter().map(Meter::state));
                if let Some(Meter::Counting(tally)) = clauses.get_mut(event.clause as usize) {
                    tally.shift(event.from, event.to);
                }
                let after = worst(clauses.iter().map(Meter::state));
                if before != after {
                    counts.remove(before);
                    counts.add(after);
                }
            }
            tick(at, counts);
        }
        assets
    }

    fn steps(&self, counts: &Counts, until: Option<Timestamp>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut last = *counts;
        self.play(*counts, until, |at, counts| {
            if counts != last {
                last = counts;
                steps.push(Step { at, counts });
            }
        });
        steps
    }

    /// What happens by `at`, in words, to the assets that are violated then
    /// and were not before; and how many assets meet the goal then.
    fn told(&self, counts: &Counts, at: Timestamp, exceptions: &Exceptions<'_>) -> (String, u64) {
        let mut lower = counts.lower();
        let assets = self.play(*counts, Some(at), |_, counts| lower = counts.lower());
        let fell: Vec<bool> = assets
            .iter()
            .zip(&self.assets)
            .map(|(then, now)| {
                let state = |clauses: &[Meter]| worst(clauses.iter().map(Meter::state));
                state(then) == AssetState::Violated && state(now) != AssetState::Violated
            })
            .collect();
        let mut overdue = 0;
        let mut ended: BTreeSet<u32> = BTreeSet::new();
        for event in self
            .events
            .iter()
            .filter(|e| e.at <= at && fell[e.asset as usize])
        {
            match event.exception {
                Some(exception) => {
                    ended.insert(exception);
                }
                None if event.to == Bucket::Overdue => overdue += 1,
                None => {}
            }
        }
        let mut parts = Vec::new();
        if overdue > 0 {
            let verb = if overdue == 1 {
                "leaves its"
            } else {
                "leave their"
            };
            parts.push(format!(
                "{} {verb} grace period",
                words::count(overdue, "finding")
            ));
        }
        if !ended.is_empty() {
            let names = words::list(ended.iter().map(|e| exceptions.name(*e)), 3);
            parts.push(match ended.len() {
                1 => format!("exception {names} ends"),
                _ => format!("exceptions {names} end"),
            });
        }
        (parts.join(" and "), lower)
    }

    /// The first instant after now at which too few assets meet the goal, and
    /// why. The goal holds now.
    pub(crate) fn of_scope(
        &self,
        counts: &Counts,
        demand: &Demand<'_>,
        exceptions: &Exceptions<'_>,
    ) -> Option<(Timestamp, String)> {
        let at = self
            .first_of_scope(counts, demand)
            .filter(|at| demand.within(*at))?;
        let (told, lower) = self.told(counts, at, exceptions);
        let required = demand.at(at);
        let level = crate::attainment::Level {
            lower,
            upper: lower,
            whole: counts.in_scope,
        };
        let [share, required] = words::shares(level.lower_share(), required);
        let because = if told.is_empty() {
            format!("{share} of assets is not enough from then on: the ramp requires {required}")
        } else {
            format!("{told}: {share} of assets would remain, {required} required")
        };
        Some((at, because))
    }

    fn first_of_scope(&self, counts: &Counts, demand: &Demand<'_>) -> Option<Timestamp> {
        let whole = counts.in_scope;
        let mut lower = counts.lower();
        let passes = |lower: u64, after: Timestamp| {
            demand
                .ramp
                .and_then(|ramp| ramp.passes(lower, whole, after))
        };
        let mut crossing = passes(lower, demand.now);
        for step in self.steps(counts, demand.horizon) {
            if crossing.is_some_and(|crossing| crossing <= step.at) {
                break;
            }
            if step.counts.lower() != lower {
                lower = step.counts.lower();
                if !demand.at(step.at).reached_by(lower, whole) {
                    return Some(step.at);
                }
                crossing = passes(lower, step.at);
            }
        }
        crossing
    }

    /// The first second after now at which too little of the window's
    /// asset-time is good, and why. The goal holds now; `past` is the window
    /// that ends now, without a hole; `demand` has a horizon.
    pub(crate) fn of_window(
        &self,
        past: &[Segment],
        counts: &Counts,
        demand: &Demand<'_>,
        exceptions: &Exceptions<'_>,
    ) -> Option<(Timestamp, String)> {
        let second = self.first_of_window(past, counts, demand)?;
        let at = Timestamp::from_second(second).ok()?;
        let (told, _) = self.told(counts, at, exceptions);
        let required = demand.at(at);
        let because = if told.is_empty() {
            format!(
                "with the assets as they are now, less than {required} of the window is good from then on"
            )
        } else {
            format!("{told}: less than {required} of the window is good from then on")
        };
        Some((at, because))
    }

    fn first_of_window(
        &self,
        past: &[Segment],
        counts: &Counts,
        demand: &Demand<'_>,
    ) -> Option<i64> {
        let now = demand.now.as_second();
        let horizon = demand.horizon?.as_second();
        let window = now - past.first()?.start;
        let all = self.with_future(past, counts, now, horizon, demand.horizon);
        let mut stops: Vec<i64> = all
            .iter()
            .flat_map(|segment| [segment.start, segment.start + window])
            .chain(
                demand
                    .ramp
                    .into_iter()
                    .flat_map(|_| midnights(now, horizon)),
            )
            .chain([horizon])
            .filter(|at| now < *at && *at <= horizon)
            .collect();
        stops.sort_unstable();
        stops.dedup();

        let sums = crate::window::sum(past);
        let (mut good, mut total) = (i128::from(sums.good), i128::from(sums.total));
        let (mut at, mut entering, mut leaving) = (now, past.len(), 0);
        for stop in stops {
            // Both stay inside one segment up to the stop.
            while all.get(entering).is_some_and(|segment| segment.end <= at) {
                entering += 1;
            }
            while all
                .get(leaving)
                .is_some_and(|segment| segment.end <= at - window)
            {
                leaving += 1;
            }
            let (new, old) = (all.get(entering)?.known, all.get(leaving)?.known);
            let good_rate = i128::from(new.good) - i128::from(old.good);
            let total_rate = i128::from(new.total) - i128::from(old.total);
            let holds = |second: i64, required: Percent| {
                let passed = i128::from(second - at);
                let (good, total) = (good + good_rate * passed, total + total_rate * passed);
                good * 1_000_000 >= i128::from(required.ppm()) * total
            };
            // What is required changes only at a stop.
            let required = demand.at(Timestamp::from_second(at).ok()?);
            if stop - at > 1 && !holds(stop - 1, required) {
                let (mut low, mut high) = (at, stop - 1);
                while low + 1 < high {
                    let middle = low + (high - low) / 2;
                    if holds(middle, required) {
                        low = middle
                    } else {
                        high = middle
                    }
                }
                return Some(high);
            }
            if !holds(stop, demand.at(Timestamp::from_second(stop).ok()?)) {
                return Some(stop);
            }
            good += good_rate * i128::from(stop - at);
            total += total_rate * i128::from(stop - at);
            at = stop;
        }
        None
    }

    /// The past followed by what comes, up to the horizon.
    fn with_future(
        &self,
        past: &[Segment],
        counts: &Counts,
        now: i64,
        horizon: i64,
        until: Option<Timestamp>,
    ) -> Vec<Segment> {
        let mut all = past.to_vec();
        let (mut start, mut known) = (now, Known::of(counts));
        for step in self.steps(counts, until) {
            // A change inside a second is seen from the next one on.
            let partial = i64::from(step.at.subsec_nanosecond() > 0);
            let end = (step.at.as_second() + partial).min(horizon);
            if start < end {
                all.push(Segment { start, end, known });
                start = end;
            }
            known = Known::of(&step.counts);
        }
        if start < horizon {
            all.push(Segment {
                start,
                end: horizon,
                known,
            });
        }
        all
    }
}

/// The seconds in `after..=until` at which a day begins in UTC.
fn midnights(after: i64, until: i64) -> impl Iterator<Item = i64> {
    const DAY: i64 = 86_400;
    let first = (after.div_euclid(DAY) + 1) * DAY;
    (0..)
        .map(move |day| first + day * DAY)
        .take_while(move |at| *at <= until)
}

#[cfg(test)]
mod tests;
