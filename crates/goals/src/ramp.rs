//! The level that is required on a day: the target, or a point on the straight
//! line that leads to it on the due day.
//!
//! The line has one level per day, in UTC: what is required changes at
//! midnight and is the same for everyone who checks on one day.

use plimsoll_model::{Date, History, Percent, Timestamp, resource::GoalSpec, time};

use crate::{attainment::Level, words};

/// The line from where it started to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ramp {
    start: Date,
    from: Percent,
    due: Date,
    target: Percent,
}

impl Ramp {
    /// The level required on a day.
    pub(crate) fn on(&self, day: Date) -> Percent {
        if day >= self.due {
            return self.target;
        }
        if day <= self.start {
            return self.from;
        }
        let passed = number(day) - number(self.start);
        let whole = number(self.due) - number(self.start);
        // `from` is not above `target`, and `passed` is inside `whole`.
        let rise = u64::from(self.target.ppm() - self.from.ppm());
        let risen = rise * passed.unsigned_abs() / whole.unsigned_abs();
        Percent::from_ppm(self.from.ppm() + u32::try_from(risen).unwrap_or(u32::MAX))
    }

    /// The level required at an instant.
    pub(crate) fn at(&self, at: Timestamp) -> Percent {
        self.on(time::date_of(at))
    }

    /// The first instant of the due day: from then on the target counts.
    pub(crate) fn end(&self) -> Timestamp {
        time::start_of(self.due)
    }

    /// The first instant after `after` at which `lower` of `whole` is too
    /// little; none when it is enough on the due day.
    pub(crate) fn passes(&self, lower: u64, whole: u64, after: Timestamp) -> Option<Timestamp> {
        if self.target.reached_by(lower, whole) {
            return None;
        }
        // The level never falls: bisect for the first day on which it is
        // above. On `high` it is.
        let (mut low, mut high) = (number(time::date_of(after)), number(self.due));
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.on(from_number(middle)?).reached_by(lower, whole) {
                low = middle;
            } else {
                high = middle;
            }
        }
        (low < high)
            .then(|| from_number(high))
            .flatten()
            .map(time::start_of)
    }
}

/// What is required of a goal today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    /// The level.
    pub(crate) today: Percent,
    /// The line it is on, while the due day is ahead.
    pub(crate) ramp: Option<Ramp>,
    /// What a reader must know of it.
    pub(crate) note: Option<String>,
}

/// What is required of the goal today, when `level` is what it has.
pub(crate) fn required(
    name: &str,
    spec: &GoalSpec,
    history: Option<&History>,
    level: &Level,
    now: Timestamp,
) -> Required {
    let target = spec.target;
    let today = time::date_of(now);
    let Some(due) = spec.due.filter(|due| today < *due) else {
        return Required {
            today: target,
            ramp: None,
            note: None,
        };
    };
    let (start, from, origin) = match spec.ramp {
        Some(ramp) => (ramp.start, ramp.from, None),
        None => match history.and_then(|history| first_level(name, history, now)) {
            Some((start, from)) => (start, from, Some("the first run that the state file knows")),
            None => (
                today,
                level.lower_share(),
                Some("the present level, since no state file knows an earlier one"),
            ),
        },
    };
    let ramp = Ramp {
        start,
        from: from.min(target),
        due,
        target,
    };
    let required = ramp.on(today);
    let [_, shown] = words::shares(level.lower_share(), required);
    let mut note = format!("the target is {target} by {due}; {shown} is required today");
    if let Some(origin) = origin {
        let [from, _] = words::shares(ramp.from, ramp.target);
        note.push_str(&format!(", on a line from {from} on {start}: {origin}"));
    }
    Required {
        today: required,
        ramp: Some(ramp),
        note: Some(note),
    }
}

/// Day and certain level of the first run that knows the goal.
fn first_level(name: &str, history: &History, now: Timestamp) -> Option<(Date, Percent)> {
    let known = history.runs.iter().filter(|run| run.at <= now);
    let (at, record) = known
        .filter_map(|run| run.goals.get(name).map(|record| (run.at, record)))
        .min_by_key(|(at, _)| *at)?;
    let counts = crate::window::Known::of(&record.counts);
    let level = Level {
        lower: counts.good,
        upper: counts.total,
        whole: counts.total,
    };
    Some((time::date_of(at), level.lower_share()))
}

/// Why a goal before its due day is at risk already.
pub(crate) fn behind(level: &Level, required: Percent, ramp: &Ramp, what: &str) -> String {
    let [reached, required] = words::shares(level.upper_share(), required);
    format!(
        "behind the ramp: {reached} of {what}, {required} required today, {} by {}",
        ramp.target,
        words::when(ramp.end())
    )
}

/// Days since 1970-01-01.
fn number(date: Date) -> i64 {
    time::start_of(date).as_second().div_euclid(86_400)
}

fn from_number(day: i64) -> Option<Date> {
    Timestamp::from_second(day.checked_mul(86_400)?)
        .ok()
        .map(time::date_of)
}

#[cfg(test)]
mod tests;
