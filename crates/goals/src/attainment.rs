//! Attainment as an interval, and the verdict it gives.

use plimsoll_model::{Attainment, Counts, GoalVerdict, Percent, Verdict, WindowResult};

/// What certainly and what possibly meets the goal, of how much: in assets, or
/// in asset-seconds for a goal with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) lower: u64,
    pub(crate) upper: u64,
    pub(crate) whole: u64,
}

impl Level {
    /// The level of the scope now.
    pub(crate) fn now(counts: &Counts) -> Self {
        Level {
            lower: counts.lower(),
            upper: counts.upper(),
            whole: counts.in_scope,
        }
    }

    /// The level over a window.
    pub(crate) fn over(window: &WindowResult) -> Self {
        Level {
            lower: window.good,
            upper: window.good.saturating_add(window.unknown).min(window.total),
            whole: window.total,
        }
    }

    /// Whether anything in scope is known. An empty scope proves nothing, and
    /// neither does one in which nothing could be judged, whatever the target.
    pub(crate) fn is_known(&self) -> bool {
        self.whole > 0 && !(self.lower == 0 && self.upper == self.whole)
    }

    /// The level that is certain, rounded down.
    pub(crate) fn lower_share(&self) -> Percent {
        share(self.lower, self.whole, Percent::ZERO)
    }

    /// The level that is possible, rounded down; all where nothing is in
    /// scope, since nothing speaks against it.
    pub(crate) fn upper_share(&self) -> Percent {
        share(self.upper, self.whole, Percent::WHOLE)
    }

    /// The interval as it is reported.
    pub(crate) fn attainment(&self, target: Percent, required: Percent) -> Attainment {
        Attainment {
            lower: self.lower_share(),
            upper: self.upper_share(),
            target,
            required,
        }
    }

    /// The verdict when `required` is what counts now. Missing it before the
    /// due day is being behind, not a breach.
    pub(crate) fn verdict(&self, required: Percent, before_due: bool) -> Verdict {
        if !self.is_known() {
            Verdict::Unverified
        } else if required.reached_by(self.lower, self.whole) {
            Verdict::Met
        } else if required.reached_by(self.upper, self.whole) {
            Verdict::Unverified
        } else if before_due {
            Verdict::AtRisk
        } else {
            Verdict::Breached
        }
    }
}

/// Whether what is certain reaches what is required at the time of the
/// verdict: `met`, or `at-risk` because of what is still to come. An `at-risk`
/// goal that is behind its ramp does not hold.
pub fn holds(verdict: &GoalVerdict) -> bool {
    match verdict.verdict {
        Verdict::Met => true,
        // Both are rounded down to the same unit, so the comparison is exact.
        Verdict::AtRisk => verdict.attainment.lower >= verdict.attainment.required,
        Verdict::Unverified | Verdict::Breached => false,
    }
}

/// `part` of `whole`, rounded down to parts per million.
fn share(part: u64, whole: u64, of_nothing: Percent) -> Percent {
    if whole == 0 {
        return of_nothing;
    }
    let ppm = u128::from(part) * 1_000_000 / u128::from(whole);
    Percent::from_ppm(u32::try_from(ppm).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_of_levels() {
        let check = |(lower, upper, whole, target): (u64, u64, u64, &str), expect: [Verdict; 2]| {
            let level = Level {
                lower,
                upper,
                whole,
            };
            let target = target.parse().expect("a percentage");
            let got = [level.verdict(target, false), level.verdict(target, true)];
            assert_eq!(got, expect, "{level:?} against {target}");
        };
        use Verdict::{AtRisk, Breached, Met, Unverified};
        check((100, 100, 100, "100%"), [Met, Met]);
        check((99, 100, 100, "100%"), [Unverified, Unverified]);
        check((99, 99, 100, "100%"), [Breached, AtRisk]);
        check((99, 99, 100, "99%"), [Met, Met]);
        check((98, 98, 99, "99%"), [Breached, AtRisk]);
        check((0, 0, 0, "0%"), [Unverified, Unverified]);
        check((0, 0, 0, "100%"), [Unverified, Unverified]);
        check((0, 7, 7, "0%"), [Unverified, Unverified]);
        check((0, 0, 7, "0%"), [Met, Met]);
        check((1, 7, 7, "0%"), [Met, Met]);
    }

    #[test]
    fn shares_round_down() {
        let check = |(lower, upper, whole): (u64, u64, u64), expect: [&str; 2]| {
            let level = Level {
                lower,
                upper,
                whole,
            };
            let got = [
                level.lower_share().to_string(),
                level.upper_share().to_string(),
            ];
            assert_eq!(got, expect, "{level:?}");
        };
        check((2, 3, 3), ["66.6666%", "100%"]);
        check((999_999, 1_000_000, 1_000_000), ["99.9999%", "100%"]);
        check((0, 0, 0), ["0%", "100%"]);
    }
}
