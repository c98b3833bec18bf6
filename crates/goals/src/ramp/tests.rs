//! Goals with a due day (FEATURES A6).

use plimsoll_model::Verdict;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Drawn, Estate, PRIVILEGED, at, now, said, verdict};

/// An estate of a hundred workloads.
fn hundred(bad: u32, unread: u32) -> Estate {
    let mut estate = Estate::default();
    for i in 0..100 {
        let name = format!("shop/w{i:02}");
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

/// From 40% on the first of December to 90% on the eleventh.
fn ramped() -> Drawn {
    Drawn::goal(json!({
        "target": "90%",
        "due": "2026-12-11",
        "ramp": {"start": "2026-12-01", "from": "40%"},
    }))
}

#[test]
fn the_ramp_is_what_counts_before_the_due_day() {
    let check = |(day, bad, unread): (&str, u32, u32), expect: &str, at_risk: Option<&str>| {
        let verdict = verdict(&ramped(), &hundred(bad, unread), None, at(day));
        assert_eq!(said(&verdict), expect, "{day}");
        let got = verdict
            .at_risk
            .map(|risk| format!("{}: {}", risk.at, risk.because));
        assert_eq!(got.as_deref(), at_risk, "{day}");
    };
    check(
        ("2026-12-06T12:00:00Z", 5, 0),
        "met 95%..95% of 65%: 95 satisfied, 5 violated",
        None,
    );
    check(
        ("2026-12-06T12:00:00Z", 35, 0),
        "at-risk 65%..65% of 65%: 65 satisfied, 35 violated",
        Some(
            "2026-12-07T00:00:00Z: 65% of assets is not enough from then on: the ramp requires 70%",
        ),
    );
    check(
        ("2026-12-06T12:00:00Z", 36, 0),
        "at-risk 64%..64% of 65%: 64 satisfied, 36 violated",
        Some(
            "2026-12-11T00:00:00Z: behind the ramp: 64% of assets, 65% required today, 90% by 2026-12-11",
        ),
    );
    check(
        ("2026-12-06T12:00:00Z", 35, 1),
        "unverified 64%..65% of 65%: 64 satisfied, 1 unknown, 35 violated",
        None,
    );
    check(
        ("2026-12-11T00:00:00Z", 10, 0),
        "met 90%..90% of 90%: 90 satisfied, 10 violated",
        None,
    );
    check(
        ("2026-12-11T00:00:00Z", 11, 0),
        "breached 89%..89% of 90%: 89 satisfied, 11 violated",
        None,
    );
    check(
        ("2027-12-11T00:00:00Z", 11, 0),
        "breached 89%..89% of 90%: 89 satisfied, 11 violated",
        None,
    );
    check(
        ("2026-11-25T00:00:00Z", 60, 0),
        "at-risk 40%..40% of 40%: 40 satisfied, 60 violated",
        Some(
            "2026-12-02T00:00:00Z: 40% of assets is not enough from then on: the ramp requires 45%",
        ),
    );
}

#[test]
fn a_goal_that_is_due_says_so() {
    let check = |drawn: Drawn, history: Option<&History>, expect: &str| {
        let verdict = verdict(&drawn, &hundred(50, 0), history, at("2026-12-06T12:00:00Z"));
        assert_eq!(verdict.notes, [expect]);
    };
    check(
        ramped(),
        None,
        "the target is 90% by 2026-12-11; 65% is required today",
    );
    let due = |spec: Value| {
        let mut whole = json!({"target": "90%", "due": "2026-12-11"});
        whole
            .as_object_mut()
            .expect("an object")
            .extend(spec.as_object().cloned().unwrap_or_default());
        Drawn::goal(whole)
    };
    check(
        due(json!({})),
        None,
        "the target is 90% by 2026-12-11; 50% is required today, on a line from 50% on 2026-12-06: the present level, since no state file knows an earlier one",
    );
    let mut history = History::default();
    let first = at("2026-12-01T09:00:00Z");
    let estate = hundred(60, 0);
    let (verdicts, _) = crate::evaluate(due(json!({})).line(), estate.facts(), None, first);
    crate::record(&mut history, &verdicts, estate.facts(), first);
    check(
        due(json!({})),
        Some(&history),
        "the target is 90% by 2026-12-11; 65% is required today, on a line from 40% on 2026-12-01: the first run that the state file knows",
    );
}

#[test]
fn a_ramp_may_start_at_the_first_run() {
    let drawn = Drawn::goal(json!({"target": "90%", "due": "2026-12-11"}));
    let mut history = History::default();
    let run = |history: &mut History, day: &str, bad: u32| {
        let estate = hundred(bad, 0);
        let verdict = verdict(&drawn, &estate, Some(history), at(day));
        crate::record(
            history,
            std::slice::from_ref(&verdict),
            estate.facts(),
            at(day),
        );
        verdict.verdict
    };
    // Behind at once the next day unless something was fixed.
    assert_eq!(
        run(&mut history, "2026-12-01T09:00:00Z", 60),
        Verdict::AtRisk
    );
    assert_eq!(
        run(&mut history, "2026-12-02T09:00:00Z", 55),
        Verdict::AtRisk
    );
    assert_eq!(run(&mut history, "2026-12-10T09:00:00Z", 10), Verdict::Met);
    assert_eq!(
        run(&mut history, "2026-12-11T09:00:00Z", 11),
        Verdict::Breached
    );
    assert_eq!(run(&mut history, "2026-12-11T10:00:00Z", 10), Verdict::Met);
}

#[test]
fn a_scope_of_which_nothing_is_known_is_on_no_ramp() {
    let drawn = Drawn::goal(json!({"due": "2027-12-11"}));
    let verdict = verdict(&drawn, &hundred(0, 100), None, now());
    assert_eq!(said(&verdict), "unverified 0%..100% of 0%: 100 unknown");
}

fn ramp() -> Ramp {
    let percent = |text: &str| text.parse::<Percent>().expect("a percentage");
    let date = |text: &str| text.parse::<Date>().expect("a date");
    Ramp {
        start: date("2026-12-01"),
        from: percent("40%"),
        due: date("2026-12-11"),
        target: percent("90%"),
    }
}

#[test]
fn the_required_level_is_on_the_line() {
    let check = |day: &str, expect: &str| {
        let day = day.parse().expect("a date");
        assert_eq!(ramp().on(day).to_string(), expect, "{day}");
    };
    check("2026-11-01", "40%");
    check("2026-12-01", "40%");
    check("2026-12-02", "45%");
    check("2026-12-06", "65%");
    check("2026-12-10", "85%");
    check("2026-12-11", "90%");
    check("2027-12-11", "90%");
}

#[test]
fn a_level_is_passed_on_the_first_day_it_is_too_little() {
    let check = |(lower, after): (u64, &str), expect: Option<&str>| {
        let after = after.parse().expect("a timestamp");
        let got = ramp().passes(lower, 100, after).map(|at| at.to_string());
        assert_eq!(got.as_deref(), expect, "{lower} of 100 after {after}");
    };
    check((40, "2026-11-01T10:00:00Z"), Some("2026-12-02T00:00:00Z"));
    check((44, "2026-12-01T10:00:00Z"), Some("2026-12-02T00:00:00Z"));
    check((45, "2026-12-01T10:00:00Z"), Some("2026-12-03T00:00:00Z"));
    check((89, "2026-12-01T10:00:00Z"), Some("2026-12-11T00:00:00Z"));
    check((90, "2026-12-01T10:00:00Z"), None);
}
