//! Who writes: leader election by a Lease (`coordination.k8s.io/v1`).
//!
//! As the controllers of Kubernetes do it, whether a holder is alive is judged
//! by the time since its Lease was last *seen to change*, on a clock that only
//! goes forward, and never by the times in it: two machines' clocks may differ,
//! and either may jump.

use std::time::Duration;

/// How long a Lease holds, and how often it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// A holder that is silent for this long has lost it.
    pub duration: Duration,
    /// A holder that could not renew for this long stops writing. Less than
    /// `duration`, so that there are never two who write.
    pub deadline: Duration,
    /// How often it is renewed, or looked at.
    pub retry: Duration,
}

impl Default for Timings {
    /// Those of Kubernetes' own controllers.
    fn default() -> Self {
        Timings {
            duration: Duration::from_secs(15),
            deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who holds it; empty when it was given back.
    pub holder: String,
    /// How long the holder wants it to hold.
    pub duration: Duration,
    /// Changes with every write of it.
    pub resource_version: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: make it.
    Create,
    /// It is ours: renew it.
    Renew,
    /// Nobody holds it, or who did is gone: take it.
    Take,
    /// Another holds it.
    Wait,
}

/// Decides from what is seen of a Lease. It has no clock: `at` is the time
/// since some beginning, and never goes back.
#[derive(Debug)]
pub struct Elector {
    me: String,
    /// The version that was seen last, and when it was first seen.
    seen: Option<(String, Duration)>,
}

impl Elector {
    /// One that stands for `me`.
    pub fn new(me: impl Into<String>) -> Self {
        Elector {
            me: me.into(),
            seen: None,
        }
    }

    /// Whom it stands for.
    pub fn me(&self) -> &str {
        &self.me
    }

    /// What to do, given the Lease as it is now.
    pub fn decide(&mut self, lease: Option<&Record>, at: Duration) -> Step {
        let Some(lease) = lease else {
            self.seen = None;
            return Step::Create;
        };
        if lease.holder == self.me {
            return Step::Renew;
        }
        if lease.holder.is_empty() {
            return Step::Take;
        }
        match &self.seen {
            Some((version, since)) if *version == lease.resource_version => {
                if at.saturating_sub(*since) > lease.duration {
                    Step::Take
                } else {
                    Step::Wait
                }
            }
            _ => {
                self.seen = Some((lease.resource_version.clone(), at));
                Step::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(holder: &str, version: u32) -> Record {
        Record {
            holder: holder.to_owned(),
            duration: Duration::from_secs(15),
            resource_version: version.to_string(),
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_lease_is_made_renewed_or_taken_when_it_was_given_back() {
        let mut elector = Elector::new("me");
        assert_eq!(elector.decide(None, at(0)), Step::Create);
        assert_eq!(elector.decide(Some(&record("me", 1)), at(1)), Step::Renew);
        assert_eq!(elector.decide(Some(&record("", 2)), at(2)), Step::Take);
    }

    #[test]
    fn a_silent_holder_loses_it_only_after_its_whole_time_was_watched() {
        let mut elector = Elector::new("me");
        // It may have been written long ago: we have seen nothing of it yet.
        assert_eq!(elector.decide(Some(&record("you", 7)), at(100)), Step::Wait);
        assert_eq!(elector.decide(Some(&record("you", 7)), at(115)), Step::Wait);
        assert_eq!(elector.decide(Some(&record("you", 7)), at(116)), Step::Take);
    }

    #[test]
    fn a_holder_that_renews_keeps_it_whatever_the_clock_says() {
        let mut elector = Elector::new("me");
        for step in 0..100 {
            let record = record("you", step);
            assert_eq!(
                elector.decide(Some(&record), at(u64::from(step) * 14)),
                Step::Wait
            );
        }
    }

    #[test]
    fn of_two_who_take_it_turns_there_is_one_at_a_time() {
        // One Lease, two electors; a write takes effect only on the version
        // that was read. "a" dies after some time.
        let (mut a, mut b) = (Elector::new("a"), Elector::new("b"));
        let mut lease: Option<Record> = None;
        let mut version = 0;
        let mut holders = Vec::new();
        for second in (0..60).step_by(2) {
            for (elector, alive) in [(&mut a, second < 20), (&mut b, true)] {
                if !alive {
                    continue;
                }
                match elector.decide(lease.as_ref(), at(second)) {
                    Step::Wait => {}
                    Step::Create | Step::Renew | Step::Take => {
                        version += 1;
                        lease = Some(record(elector.me(), version));
                        if holders.last() != Some(&elector.me().to_owned()) {
                            holders.push(elector.me().to_owned());
                        }
                    }
                }
            }
        }
        assert_eq!(holders, ["a", "b"]);
    }
}
