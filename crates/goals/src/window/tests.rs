//! Goals over asset-time (FEATURES A5).

use plimsoll_model::{AtRisk, GoalVerdict, Verdict};
use serde_json::{Value, json};

use super::*;
use crate::testing::{BASE, Drawn, Estate, PRIVILEGED, at, said, verdict};

const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

/// A thousand workloads of which some are bad and some unread.
fn estate(bad: u32, unread: u32) -> Estate {
    let mut estate = Estate::default();
    for i in 0..1000 {
        let name = format!("shop/w{i:03}");
        if i < unread {
            estate.unread(&name);
            continue;
        }
        estate.workload(&name);
        if i < unread + bad {
            estate.finding(&name, &PRIVILEGED);
        }
    }
    estate
}

fn drawn(rest: Value) -> Drawn {
    let mut spec = json!({"target": "99%", "window": "30d"});
    spec.as_object_mut()
        .expect("an object")
        .extend(rest.as_object().cloned().unwrap_or_default());
    Drawn::goal(spec)
}

fn run(history: &mut History, drawn: &Drawn, estate: &Estate, now: Timestamp) -> GoalVerdict {
    let verdict = verdict(drawn, estate, Some(history), now);
    crate::record(history, std::slice::from_ref(&verdict), estate.facts(), now);
    verdict
}

/// Nightly runs on the days `days`, all with the same estate.
fn nightly(history: &mut History, drawn: &Drawn, estate: &Estate, days: std::ops::Range<u32>) {
    let first = at("2026-10-01T02:00:00Z");
    for day in days {
        run(history, drawn, estate, first + HOUR * 24 * day);
    }
}

fn day(day: u32) -> Timestamp {
    at("2026-10-01T02:00:00Z") + HOUR * 24 * day
}

#[test]
fn thirty_days_are_judged_by_their_share() {
    let check = |(bad, unread, target): (u32, u32, &str), expect: &str| {
        let drawn = drawn(json!({"target": target}));
        let estate = estate(bad, unread);
        let mut history = History::default();
        nightly(&mut history, &drawn, &estate, 0..30);
        let verdict = verdict(&drawn, &estate, Some(&history), day(30));
        let attainment = verdict.attainment;
        let got = format!(
            "{} {}..{}",
            verdict.verdict, attainment.lower, attainment.upper
        );
        assert_eq!(got, expect, "{bad} bad, {unread} unread against {target}");
        let window = verdict.window.expect("the goal has a window");
        assert_eq!(window.total, 1000 * 30 * 86_400);
    };
    check((13, 0, "99%"), "breached 98.7%..98.7%");
    check((10, 0, "99%"), "met 99%..99%");
    check((9, 2, "99%"), "unverified 98.9%..99.1%");
    check((9, 1, "99%"), "met 99%..99.1%");
}

#[test]
fn hours_without_data_are_unknown() {
    let drawn = drawn(json!({}));
    let estate = estate(0, 0);
    let mut history = History::default();
    nightly(&mut history, &drawn, &estate, 0..10);
    nightly(&mut history, &drawn, &estate, 12..30);
    // Day 9 speaks for 26 hours; until day 12 nothing is known: 46 hours.
    let verdict = verdict(&drawn, &estate, Some(&history), day(30));
    let window = verdict.window.expect("the goal has a window");
    assert_eq!(window.unknown, 46 * 3600 * 1000);
    assert_eq!(window.good + window.unknown, window.total);
    assert_eq!(verdict.verdict, Verdict::Unverified);
    assert_eq!(
        verdict.settled_by,
        ["run at least every 26h: time that no run speaks for is unknown"]
    );
    let patient = self::drawn(json!({"maxGap": "3d"}));
    let verdict = crate::testing::verdict(&patient, &estate, Some(&history), day(30));
    assert_eq!(verdict.window.expect("the goal has a window").unknown, 0);
    assert_eq!(verdict.verdict, Verdict::Met);
}

#[test]
fn before_the_first_run_nothing_is_known() {
    let drawn = drawn(json!({"target": "60%"}));
    let estate = estate(0, 0);
    let mut history = History::default();
    let check = |verdict: GoalVerdict, expect: &str| assert_eq!(said(&verdict), expect);
    check(
        verdict(&drawn, &estate, None, day(0)),
        "unverified 0%..100% of 60%: 1000 satisfied",
    );
    check(
        run(&mut history, &drawn, &estate, day(0)),
        "unverified 0%..100% of 60%: 1000 satisfied",
    );
    nightly(&mut history, &drawn, &estate, 1..15);
    check(
        verdict(&drawn, &estate, Some(&history), day(15)),
        "unverified 50%..100% of 60%: 1000 satisfied",
    );
    nightly(&mut history, &drawn, &estate, 15..18);
    check(
        verdict(&drawn, &estate, Some(&history), day(18)),
        "met 60%..100% of 60%: 1000 satisfied",
    );
}

#[test]
fn no_state_file_is_said() {
    let verdict = verdict(&drawn(json!({})), &estate(0, 0), None, day(0));
    assert_eq!(
        verdict.notes,
        ["no state file: nothing is known of the window's past"]
    );
    assert_eq!(
        verdict.settled_by,
        ["keep a state file: the window is judged from the runs it remembers"]
    );
}

#[test]
fn a_window_over_an_empty_scope_proves_nothing() {
    let drawn = drawn(json!({}));
    let mut history = History::default();
    nightly(&mut history, &drawn, &estate(0, 0), 0..30);
    let verdict = verdict(&drawn, &Estate::default(), Some(&history), day(30));
    assert_eq!(verdict.verdict, Verdict::Unverified);
}

/// Plays the future that a forecast supposes: a run every hour and at every
/// `event`, the facts staying as they are.
fn observe(
    history: &mut History,
    drawn: &Drawn,
    estate: &Estate,
    from: Timestamp,
    until: Timestamp,
    events: &[Timestamp],
) {
    let hours = (0..)
        .map(|hour| from + HOUR * hour)
        .take_while(|at| *at < until);
    let events = events
        .iter()
        .copied()
        .filter(|at| from <= *at && *at < until);
    let mut times: Vec<Timestamp> = hours.chain(events).collect();
    times.sort();
    times.dedup();
    for at in times {
        run(history, drawn, estate, at);
    }
}

/// The instant a goal is at risk at, tried: on it the goal holds no longer.
fn check_forecast(
    drawn: &Drawn,
    estate: &Estate,
    mut history: History,
    now: Timestamp,
    events: &[&str],
) -> AtRisk {
    let risk = verdict(drawn, estate, Some(&history), now)
        .at_risk
        .expect("it is at risk");
    let events: Vec<Timestamp> = events.iter().map(|text| at(text)).collect();
    observe(&mut history, drawn, estate, now, risk.at, &events);
    let holds = |time| {
        let verdict = verdict(drawn, estate, Some(&history), time);
        verdict.attainment.lower >= verdict.attainment.required
    };
    assert!(
        holds(risk.at - std::time::Duration::from_secs(1)),
        "{} comes too late",
        risk.at
    );
    assert!(!holds(risk.at), "{} comes too early", risk.at);
    risk
}

/// A small estate, so that a thousand runs are quick.
fn small(bad: u32) -> Estate {
    let mut estate = Estate::default();
    for i in 0..10 {
        let name = format!("shop/w{i}");
        estate.workload(&name);
        if i < bad {
            estate.finding(&name, &PRIVILEGED);
        }
    }
    estate
}

#[test]
fn a_budget_that_burns_names_the_second_it_is_spent() {
    let drawn = drawn(json!({"target": "98%"}));
    let mut history = History::default();
    nightly(&mut history, &drawn, &small(0), 0..31);
    // One of ten is bad from now on: 2% of the window is spent in 6 days.
    let risk = check_forecast(&drawn, &small(1), history, day(30), &[]);
    assert_eq!(risk.at, day(36) + std::time::Duration::from_secs(1));
    assert_eq!(
        risk.because,
        "with the assets as they are now, less than 98% of the window is good from then on"
    );
}

#[test]
fn a_window_foresees_the_end_of_a_grace_period() {
    let mut spec = json!({"target": "98%"});
    spec["require"] = json!([{"configuration": {"baseline": BASE, "within": "2d"}}]);
    let drawn = drawn(spec);
    let mut history = History::default();
    nightly(&mut history, &drawn, &small(0), 0..31);
    crate::record(&mut history, &[], small(1).facts(), day(30));
    let overdue = day(32).to_string();
    let risk = check_forecast(&drawn, &small(1), history, day(30), &[&overdue]);
    assert_eq!(risk.at, day(38) + std::time::Duration::from_secs(1));
    assert_eq!(
        risk.because,
        "1 finding leaves its grace period: less than 98% of the window is good from then on"
    );
}

/// What was good leaves the window and what was bad stays: the share falls
/// although the present is good enough in itself.
#[test]
fn a_window_foresees_what_leaves_it() {
    let drawn = drawn(json!({"target": "95%"}));
    let mut history = History::default();
    nightly(&mut history, &drawn, &small(0), 0..20);
    nightly(&mut history, &drawn, &small(1), 20..31);
    let risk = check_forecast(&drawn, &small(1), history, day(30), &[]);
    assert_eq!(risk.at, day(35) + std::time::Duration::from_secs(1));
}

#[test]
fn a_window_that_heals_is_not_at_risk() {
    let drawn = drawn(json!({"target": "95%"}));
    let mut history = History::default();
    nightly(&mut history, &drawn, &small(1), 0..10);
    nightly(&mut history, &drawn, &small(0), 10..31);
    let verdict = verdict(&drawn, &small(0), Some(&history), day(30));
    assert_eq!((verdict.verdict, verdict.at_risk), (Verdict::Met, None));
}

#[test]
fn numbers_of_a_state_file_never_overflow() {
    let drawn = drawn(json!({}));
    let estate = small(0);
    let mut history = History::default();
    nightly(&mut history, &drawn, &estate, 0..3);
    for run in &mut history.runs {
        let record = run.goals.get_mut("g").expect("the goal was judged");
        record.counts = Counts {
            in_scope: u64::MAX,
            satisfied: u64::MAX,
            violated: u64::MAX,
            pending: u64::MAX,
            unknown: u64::MAX,
            excepted: u64::MAX,
        };
    }
    history.runs.reverse();
    let verdict = verdict(&drawn, &estate, Some(&history), day(3));
    assert!(verdict.attainment.lower <= verdict.attainment.upper);
}
