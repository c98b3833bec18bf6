//! At-risk names the instant (FEATURES A4): on it the goal holds no longer,
//! one second earlier it still does.

use plimsoll_model::{History, Percent, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::holds;
use crate::testing::{BASE, Drawn, Estate, HOST_PATH, PRIVILEGED, SECCOMP, at, now, verdict};

/// Four workloads: three with a finding each, seen first on three days.
fn estate() -> (Estate, History) {
    let mut estate = Estate::default();
    let mut history = History::default();
    estate.workload("shop/good");
    let days = [
        "2026-11-20T10:00:00Z",
        "2026-11-22T10:00:00Z",
        "2026-11-24T10:00:00Z",
    ];
    for (day, rule) in days.into_iter().zip([&PRIVILEGED, &HOST_PATH, &SECCOMP]) {
        let name = format!("shop/{}", rule.id);
        estate.workload(&name);
        estate.finding(&name, rule);
        crate::record(&mut history, &[], estate.facts(), at(day));
    }
    (estate, history)
}

fn grace(rest: Value) -> Drawn {
    let mut spec = json!({"require": [{"configuration": {"baseline": BASE, "within": "7d"}}]});
    spec.as_object_mut()
        .expect("an object")
        .extend(rest.as_object().cloned().unwrap_or_default());
    Drawn::goal(spec)
}

fn check(drawn: &Drawn, expect: Option<(&str, &str)>) {
    let (estate, history) = estate();
    let seen = |time| verdict(drawn, &estate, Some(&history), time);
    let today = seen(now());
    let got = today
        .at_risk
        .as_ref()
        .map(|risk| (risk.at.to_string(), risk.because.clone()));
    assert_eq!(
        got,
        expect.map(|(at, because)| (at.to_owned(), because.to_owned()))
    );
    let Some(risk) = today.at_risk else {
        assert_eq!(today.verdict, Verdict::Met);
        return;
    };
    assert_eq!(today.verdict, Verdict::AtRisk);
    assert!(holds(&seen(risk.at - one_second())));
    assert!(!holds(&seen(risk.at)));
}

fn one_second() -> std::time::Duration {
    std::time::Duration::from_secs(1)
}

#[test]
fn grace_periods_end() {
    check(
        &grace(json!({})),
        Some((
            "2026-11-27T10:00:00Z",
            "1 finding leaves its grace period: 75% of assets would remain, 100% required",
        )),
    );
    check(
        &grace(json!({"target": "50%"})),
        Some((
            "2026-12-01T10:00:00Z",
            "3 findings leave their grace period: 25% of assets would remain, 50% required",
        )),
    );
    check(&grace(json!({"target": "25%"})), None);
}

#[test]
fn exceptions_end() {
    let drawn = |expires: &str| {
        grace(json!({"target": "75%"})).exception(
            "legacy",
            json!({"controls": ["host-path"], "expires": expires}),
        )
    };
    // While the grace period runs, the end of the exception changes nothing.
    check(
        &drawn("2026-11-26"),
        Some((
            "2026-11-29T10:00:00Z",
            "2 findings leave their grace period and exception legacy ends: 50% of assets would remain, 75% required",
        )),
    );
    check(
        &drawn("2026-11-29"),
        Some((
            "2026-11-30T00:00:00Z",
            "1 finding leaves its grace period and exception legacy ends: 50% of assets would remain, 75% required",
        )),
    );
    check(
        &drawn("2027-11-29"),
        Some((
            "2026-12-01T10:00:00Z",
            "2 findings leave their grace period: 50% of assets would remain, 75% required",
        )),
    );
}

#[test]
fn a_waiver_has_no_end() {
    let mut estate = Estate::default();
    estate.workload("shop/web");
    estate.finding("shop/web", &PRIVILEGED).waiver = crate::testing::waiver();
    let verdict = verdict(&Drawn::goal(json!({})), &estate, None, now());
    assert_eq!((verdict.verdict, verdict.at_risk), (Verdict::Met, None));
}

#[test]
fn the_ramp_rises() {
    let ramp = |due: &str, start: &str, from: &str| {
        grace(json!({"target": "80%", "due": due, "ramp": {"start": start, "from": from}}))
    };
    // 100% now, 75% from the 27th on, 50% from the 29th on.
    check(
        &ramp("2026-12-05", "2026-11-25", "20%"),
        Some((
            "2026-12-01T00:00:00Z",
            "2 findings leave their grace period: 50% of assets would remain, 56% required",
        )),
    );
    check(
        &ramp("2026-12-05", "2026-11-20", "50%"),
        Some((
            "2026-11-29T10:00:00Z",
            "2 findings leave their grace period: 50% of assets would remain, 68% required",
        )),
    );
    // The level crosses while nothing happens.
    check(
        &ramp("2026-11-29", "2026-11-20", "50%"),
        Some((
            "2026-11-28T00:00:00Z",
            "1 finding leaves its grace period: 75% of assets would remain, 76.7% required",
        )),
    );
    // What happens after the due day is not foretold before it.
    check(&ramp("2026-11-27", "2026-11-20", "10%"), None);
}

#[test]
fn a_mandatory_goal_knows_no_end_of_exceptions() {
    let drawn = grace(json!({"mandatory": true, "target": "75%"}))
        .exception("legacy", json!({"expires": "2026-11-26"}));
    check(
        &drawn,
        Some((
            "2026-11-29T10:00:00Z",
            "2 findings leave their grace period: 50% of assets would remain, 75% required",
        )),
    );
}

/// A past of `window` seconds up to `now`, in segments.
fn past(parts: &[(i64, u64, u64)], now: i64) -> Vec<Segment> {
    let mut start = now - parts.iter().map(|(seconds, ..)| seconds).sum::<i64>();
    let mut segments = Vec::new();
    for &(seconds, good, bad) in parts {
        let known = Known {
            good,
            unknown: 0,
            total: good + bad,
        };
        segments.push(Segment {
            start,
            end: start + seconds,
            known,
        });
        start += seconds;
    }
    segments
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The first second of a window is what counting every second gives.
    #[test]
    fn the_first_second_is_found(
        parts in prop::collection::vec((1i64..30, 0u64..5, 0u64..5), 1..8),
        good in 1u64..5,
        bad in 0u64..3,
        deadlines in prop::collection::vec(1i64..120, 0..4),
        ppm in 0u32..=1_000_000,
        horizon in 1i64..150,
    ) {
        let now = 1_000_000i64;
        let past = past(&parts, now);
        let instant = |second: i64| Timestamp::from_second(second).expect("a small number");
        // Good assets, of which some become violated one by one.
        let mut future = Future::default();
        let falling = deadlines.iter().take(good as usize);
        let mut counts = Counts::default();
        (0..good).for_each(|_| counts.add(AssetState::Satisfied));
        (0..bad).for_each(|_| counts.add(AssetState::Violated));
        for deadline in falling.clone() {
            let mut tally = Tally::new(0, false);
            tally.add(Bucket::Pending);
            counts.remove(AssetState::Satisfied);
            counts.add(AssetState::Pending);
            let event = Event {
                at: instant(now + deadline),
                asset: 0,
                clause: 0,
                from: Bucket::Pending,
                to: Bucket::Overdue,
                exception: None,
            };
            future.add(vec![Meter::Counting(tally)], std::iter::once(event));
        }
        future.sort();
        let target = Percent::from_ppm(ppm);
        let demand =
            Demand { now: instant(now), target, ramp: None, horizon: Some(instant(now + horizon)) };

        let window = now - past[0].start;
        let at_second = |second: i64| -> (u64, u64) {
            match past.iter().find(|s| s.start <= second && second < s.end) {
                Some(segment) => (segment.known.good, segment.known.total),
                None => {
                    let fallen = falling.clone().filter(|d| now + **d <= second).count() as u64;
                    (good - fallen, good + bad)
                }
            }
        };
        let holds = |end: i64| {
            let (mut good, mut total) = (0, 0);
            for second in end - window..end {
                let (g, t) = at_second(second);
                good += g;
                total += t;
            }
            u128::from(good) * 1_000_000 >= u128::from(ppm) * u128::from(total)
        };
        prop_assume!(holds(now));
        let expect = (now + 1..=now + horizon).find(|second| !holds(*second));
        prop_assert_eq!(future.first_of_window(&past, &counts, &demand), expect);
    }
}
