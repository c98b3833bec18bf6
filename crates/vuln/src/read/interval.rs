//! Sets of versions as feeds write them by comparisons: joined, and turned into
//! what is outside of them.

use std::cmp::Ordering;

use super::bounds;
use crate::{
    Scheme,
    advisory::{End, Range},
    version,
};

/// A place between versions: just before one, or just after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    version: String,
    after: bool,
}

/// All versions from one place to another; none is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    from: Option<Point>,
    to: Option<Point>,
}

fn order(scheme: Scheme, a: &Point, b: &Point) -> Ordering {
    version::compare(scheme, &a.version, &b.version).then(a.after.cmp(&b.after))
}

impl Interval {
    /// Makes it as narrow as one comparison says.
    ///
    /// # Errors
    /// The operator is not one of `=`, `==`, `>`, `>=`, `<`, `<=`, or the version is none.
    pub(crate) fn narrow(&mut self, scheme: Scheme, op: &str, text: &str) -> Result<(), String> {
        let version = bounds::word(text).map_err(|why| format!("a version {why}"))?;
        let point = |after: bool| Point {
            version: version.clone(),
            after,
        };
        match op {
            ">=" => self.start(scheme, point(false)),
            ">" => self.start(scheme, point(true)),
            "<" => self.stop(scheme, point(false)),
            "<=" => self.stop(scheme, point(true)),
            "=" | "==" => {
                self.start(scheme, point(false));
                self.stop(scheme, point(true));
            }
            _ => return Err(format!("`{op}` is no comparison that is known")),
        }
        Ok(())
    }

    fn start(&mut self, scheme: Scheme, point: Point) {
        let later = |from: &Point| order(scheme, &point, from).is_gt();
        if self.from.as_ref().is_none_or(later) {
            self.from = Some(point);
        }
    }

    fn stop(&mut self, scheme: Scheme, point: Point) {
        let earlier = |to: &Point| order(scheme, &point, to).is_lt();
        if self.to.as_ref().is_none_or(earlier) {
            self.to = Some(point);
        }
    }

    fn is_empty(&self, scheme: Scheme) -> bool {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => order(scheme, from, to).is_ge(),
            _ => false,
        }
    }

    /// As a range of an advisory.
    pub(crate) fn range(&self, scheme: Scheme) -> Range {
        Range {
            introduced: self.from.as_ref().map(|point| match point.after {
                false => point.version.clone(),
                true => following(scheme, &point.version),
            }),
            end: self.to.as_ref().map(|point| match point.after {
                false => End::Fixed(point.version.clone()),
                true => End::LastAffected(point.version.clone()),
            }),
        }
    }
}

/// The versions in none of the intervals.
pub(crate) fn outside(scheme: Scheme, mut intervals: Vec<Interval>) -> Vec<Range> {
    intervals.retain(|interval| !interval.is_empty(scheme));
    intervals.sort_by(|a, b| match (&a.from, &b.from) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => order(scheme, a, b),
    });
    let mut ranges = Vec::new();
    // Where what is outside goes on: from the beginning, or from a point.
    let mut open: Option<Point> = None;
    for interval in intervals {
        if let Some(from) = interval.from {
            let gap = Interval {
                from: open.clone(),
                to: Some(from),
            };
            if !gap.is_empty(scheme) {
                ranges.push(gap.range(scheme));
            }
        }
        match interval.to {
            None => return ranges,
            Some(to) => {
                if open
                    .as_ref()
                    .is_none_or(|open| order(scheme, &to, open).is_gt())
                {
                    open = Some(to);
                }
            }
        }
    }
    let rest = Interval {
        from: open,
        to: None,
    };
    ranges.push(rest.range(scheme));
    ranges
}

/// A version just after another: a range begins with a version that is in it.
/// Where none is to be had, the version itself, which errs on the side of
/// "affected".
pub(crate) fn following(scheme: Scheme, text: &str) -> String {
    let numbers: Vec<&str> = text.split('.').collect();
    let last = numbers.last().and_then(|last| last.parse::<u64>().ok());
    let bumped = last.map(|last| {
        let head = text.rsplit_once('.').map_or("", |(head, _)| head);
        let dot = if head.is_empty() { "" } else { "." };
        format!("{head}{dot}{}", last.saturating_add(1))
    });
    let tries = match scheme {
        Scheme::Semver | Scheme::Go | Scheme::Pub | Scheme::Nuget => [
            bumped
                .filter(|_| numbers.len() == 3)
                .map(|next| format!("{next}-0")),
            Some(format!("{text}.0")),
        ],
        Scheme::Gem => [Some(format!("{text}.0.0.0.1.a")), Some(format!("{text}.1"))],
        Scheme::Packagist if numbers.len() < 4 => {
            let zeros = ".0".repeat(3 - numbers.len().min(3));
            [
                Some(format!("{text}{zeros}.1-dev")),
                Some(format!("{text}.1")),
            ]
        }
        Scheme::Maven => [Some(format!("{text}-0.1")), Some(format!("{text}-1"))],
        _ => [Some(format!("{text}.0.0.1")), Some(format!("{text}.1"))],
    };
    tries
        .into_iter()
        .flatten()
        .find(|next| version::compare(scheme, next, text).is_gt())
        .unwrap_or_else(|| text.to_owned())
}

/// The operator that a comparison begins with, and the version after it.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !"<>=!~^".contains(c))
        .unwrap_or(text.len());
    let (op, version) = text.split_at(end);
    (op, version.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(scheme: Scheme, text: &str) -> Interval {
        let mut interval = Interval::default();
        for part in text.split(',') {
            let (op, version) = split(part);
            interval.narrow(scheme, op, version).expect("a comparison");
        }
        interval
    }

    fn has(ranges: &[Range], scheme: Scheme, asked: &str) -> bool {
        ranges.iter().any(|range| {
            let from = range.introduced.as_deref();
            from.is_none_or(|from| version::compare(scheme, asked, from).is_ge())
                && match &range.end {
                    None => true,
                    Some(End::Fixed(end)) => version::compare(scheme, asked, end).is_lt(),
                    Some(End::LastAffected(end)) => version::compare(scheme, asked, end).is_le(),
                }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// A version is outside exactly when no interval has it.
        #[test]
        fn outside_is_what_no_interval_has(
            spans in proptest::collection::vec((0_u32..20, 0_u32..20, any::<bool>(), any::<bool>()), 0..6),
            asked in 0_u32..22,
        ) {
            for scheme in [Scheme::Semver, Scheme::Gem, Scheme::Maven, Scheme::Packagist] {
                let texts: Vec<String> = spans.iter().map(|(a, b, c, d)| format!(
                    "{} {a}.0.0, {} {b}.0.0", if *c { ">=" } else { ">" }, if *d { "<=" } else { "<" },
                )).collect();
                let inside = spans.iter().any(|(a, b, c, d)| {
                    (asked > *a || (*c && asked == *a)) && (asked < *b || (*d && asked == *b))
                });
                let intervals = texts.iter().map(|text| interval(scheme, text)).collect();
                let ranges = outside(scheme, intervals);
                prop_assert_eq!(
                    has(&ranges, scheme, &format!("{asked}.0.0")), !inside,
                    "{} {:?} {:?}", scheme, texts, ranges
                );
            }
        }
    }

    #[test]
    fn a_following_version_is_greater_and_no_release_lies_between() {
        for (scheme, text, next) in [
            (Scheme::Semver, "1.2.3", "1.2.4-0"),
            (Scheme::Semver, "1.2.3-rc.1", "1.2.3-rc.1.0"),
            (Scheme::Gem, "1.0", "1.0.0.1"),
            (Scheme::Packagist, "1.2.3", "1.2.4"),
            (Scheme::Maven, "1.1.1k", "1.1.1l"),
            (Scheme::Maven, "2.4", "2.4.1"),
        ] {
            let got = following(scheme, text);
            assert!(
                version::compare(scheme, &got, text).is_gt(),
                "{scheme} {got}"
            );
            assert!(
                version::compare(scheme, &got, next).is_le(),
                "{scheme} {got}"
            );
        }
    }
}
