//! Asset-time: how long how many assets met a goal, over a window that ends
//! now.
//!
//! A run speaks for the time after it, until the next run or until its longest
//! gap has passed. What no run speaks for is unknown, with the number of
//! assets known last; before the first run, with that of the first. All in
//! whole seconds.

use plimsoll_model::{Counts, History, Period, Timestamp, WindowResult};

/// How long a run speaks for the time after it, unless the goal says: a
/// nightly run with room to be late.
pub const DEFAULT_MAX_GAP: Period = Period::hours(26);

/// The most assets one run can count: a state file is input as any other, and
/// its numbers must not overflow.
const MOST_ASSETS: u64 = 1_000_000_000;

/// What a run knows, with sums that hold whatever its record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) good: u64,
    pub(crate) unknown: u64,
    pub(crate) total: u64,
}

impl Known {
    /// The numbers of a record.
    pub(crate) fn of(counts: &Counts) -> Self {
        let total = counts.in_scope.min(MOST_ASSETS);
        let good = counts
            .satisfied
            .saturating_add(counts.excepted)
            .saturating_add(counts.pending)
            .min(total);
        Known {
            good,
            unknown: counts.unknown.min(total - good),
            total,
        }
    }

    /// The same number of assets, of which nothing is known.
    fn forgotten(self) -> Self {
        Known {
            good: 0,
            unknown: self.total,
            total: self.total,
        }
    }
}

/// A time in which the numbers stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// First second.
    pub(crate) start: i64,
    /// One past the last.
    pub(crate) end: i64,
    pub(crate) known: Known,
}

/// The window's past in segments without a hole, oldest first, from `window`
/// before `now` to `now`. `current` are the numbers now: they have had no time
/// yet, and say only how many assets there are when no run does.
pub(crate) fn timeline(
    goal: &str,
    history: &History,
    window: Period,
    max_gap: Option<Period>,
    now: Timestamp,
    current: &Counts,
) -> Vec<Segment> {
    let end = now.as_second();
    let start = window.before(now).as_second();
    let gap = i64::try_from(max_gap.unwrap_or(DEFAULT_MAX_GAP).as_secs()).unwrap_or(i64::MAX);
    let mut runs: Vec<(i64, Known)> = history
        .runs
        .iter()
        .filter(|run| run.at <= now)
        .filter_map(|run| {
            run.goals
                .get(goal)
                .map(|record| (run.at.as_second(), Known::of(&record.counts)))
        })
        .collect();
    // A state file is in order; one that was edited may not be.
    runs.sort_by_key(|(at, _)| *at);
    let mut segments = Vec::new();
    let mut push = |from: i64, to: i64, known: Known| {
        let (from, to) = (from.max(start), to.min(end));
        if from < to {
            segments.push(Segment {
                start: from,
                end: to,
                known,
            });
        }
    };
    let first = runs.first().copied().unwrap_or((end, Known::of(current)));
    push(start, first.0, first.1.forgotten());
    for (place, &(at, known)) in runs.iter().enumerate() {
        let next = runs.get(place + 1).map_or(end, |(next, _)| *next);
        let silent = at.saturating_add(gap).min(next);
        push(at, silent, known);
        push(silent, next, known.forgotten());
    }
    segments
}

/// The asset-time of the segments.
pub(crate) fn sum(segments: &[Segment]) -> WindowResult {
    let mut result = WindowResult {
        total: 0,
        good: 0,
        unknown: 0,
    };
    for Segment { start, end, known } in segments {
        let seconds = (end - start).unsigned_abs();
        result.total = result
            .total
            .saturating_add(seconds.saturating_mul(known.total));
        result.good = result
            .good
            .saturating_add(seconds.saturating_mul(known.good));
        result.unknown = result
            .unknown
            .saturating_add(seconds.saturating_mul(known.unknown));
    }
    result
}

#[cfg(test)]
mod tests;
