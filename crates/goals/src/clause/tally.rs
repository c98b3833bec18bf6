//! Counting findings against a maximum, and how time moves the count.

use plimsoll_model::{AssetState, Timestamp};

/// Where a finding is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bucket {
    /// Not accepted, and out of its grace period or without one.
    Overdue,
    /// Not accepted, inside its grace period.
    Pending,
    /// Accepted by an exception or an annotation.
    Excepted,
}

/// The findings one clause counts on one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many are accepted by the clause.
    pub(crate) max: u64,
    overdue: u64,
    pending: u64,
    excepted: u64,
    /// Whether a part of the clause can't be judged.
    pub(crate) unknown: bool,
}

impl Tally {
    /// Nothing counted yet.
    pub(crate) fn new(max: u32, unknown: bool) -> Self {
        Tally {
            max: u64::from(max),
            unknown,
            ..Tally::default()
        }
    }

    /// Counts a finding.
    pub(crate) fn add(&mut self, bucket: Bucket) {
        *self.of(bucket) += 1;
    }

    /// Moves a finding that was counted.
    pub(crate) fn shift(&mut self, from: Bucket, to: Bucket) {
        *self.of(from) -= 1;
        *self.of(to) += 1;
    }

    /// How many are in a bucket.
    pub(crate) fn get(mut self, bucket: Bucket) -> u64 {
        *self.of(bucket)
    }

    /// How many there are.
    pub(crate) fn all(&self) -> u64 {
        self.overdue + self.pending + self.excepted
    }

    /// The state: the first that holds. An unknown part comes after a
    /// violation, which it can't undo, and before all else, which it can.
    pub(crate) fn state(&self) -> AssetState {
        if self.overdue > self.max {
            AssetState::Violated
        } else if self.unknown {
            AssetState::Unknown
        } else if self.overdue + self.pending > self.max {
            AssetState::Pending
        } else if self.all() > self.max {
            AssetState::Excepted
        } else {
            AssetState::Satisfied
        }
    }

    fn of(&mut self, bucket: Bucket) -> &mut u64 {
        match bucket {
            Bucket::Overdue => &mut self.overdue,
            Bucket::Pending => &mut self.pending,
            Bucket::Excepted => &mut self.excepted,
        }
    }
}

/// A finding that time alone moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// When.
    pub(crate) at: Timestamp,
    /// On which asset: its place among those that events move. Set by the
    /// caller.
    pub(crate) asset: u32,
    /// In which clause. Set by the caller.
    pub(crate) clause: u32,
    /// Where it is counted before.
    pub(crate) from: Bucket,
    /// Where it is counted from then on.
    pub(crate) to: Bucket,
    /// The exception that ends, when that is why.
    pub(crate) exception: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_state_that_holds() {
        let check = |(max, unknown, overdue, pending, excepted): (u32, bool, u64, u64, u64),
                     expect: AssetState| {
            let tally = Tally {
                overdue,
                pending,
                excepted,
                ..Tally::new(max, unknown)
            };
            assert_eq!(tally.state(), expect, "{tally:?}");
        };
        check((0, false, 0, 0, 0), AssetState::Satisfied);
        check((0, false, 1, 1, 1), AssetState::Violated);
        check((0, false, 0, 1, 1), AssetState::Pending);
        check((0, false, 0, 0, 1), AssetState::Excepted);
        check((0, true, 1, 0, 0), AssetState::Violated);
        check((0, true, 0, 1, 0), AssetState::Unknown);
        check((0, true, 0, 0, 0), AssetState::Unknown);
        check((2, false, 2, 0, 0), AssetState::Satisfied);
        check((2, false, 2, 1, 0), AssetState::Pending);
        check((2, false, 1, 1, 1), AssetState::Excepted);
        check((2, false, 3, 0, 0), AssetState::Violated);
    }
}
