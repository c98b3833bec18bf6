//! Time as a value: grace (A3), forecasts (A4), windows (A5) and ramps (A6).

use plimsoll_model::Timestamp;

use crate::{
    check_at, plain, privileged, resource,
    support::{Run, Sandbox},
    unprivileged,
};

const STATE: [&str; 2] = ["--state", "state.json"];
const DAY: i64 = 86_400;

/// So many seconds after 1 November 2026, 00:00.
fn after(seconds: i64) -> String {
    let first: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
    Timestamp::from_second(first.as_second() + seconds)
        .expect("in range")
        .to_string()
}

/// Judges by the state file without a record of it.
fn look(sandbox: &Sandbox, now: &str) -> Run {
    check_at(sandbox, now, &[&STATE[..], &["--dry-run"]].concat())
}

/// So many Deployments, the last of which are privileged.
fn estate(sandbox: &Sandbox, good: usize, bad: usize) {
    let all = (0..good)
        .map(|at| plain(&format!("good-{at}")))
        .chain((0..bad).map(|at| privileged(&format!("bad-{at}"))));
    sandbox.write("all.yaml", &all.collect::<String>());
}

/// A goal over all workloads with a grace period.
fn within(period: &str) -> String {
    unprivileged("").replace(
        "[pss-privileged]",
        &format!("[pss-privileged], within: {period}"),
    )
}

/// A3
#[test]
fn a_finding_is_pending_on_day_13_and_violated_on_day_15_of_14() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &within("14d"));
    sandbox.write("all.yaml", &privileged("a"));
    let expect = |seconds: i64, code: i32, verdict: &str, state: &str| {
        let run = check_at(&sandbox, &after(seconds), &STATE).exits(code);
        let report = run.json();
        let goal = &report["goals"][0];
        assert_eq!(goal["verdict"], verdict, "{seconds}: {run}");
        assert_eq!(goal["counts"][state], 1, "{seconds}: {run}");
        // The run that sees it first has nothing to remember.
        if seconds > 0 {
            assert_eq!(report["findings"][0]["firstSeen"], after(0).as_str());
        }
    };
    // Each of these is a scan: none of them starts the clock again.
    expect(0, 0, "at-risk", "pending");
    expect(DAY, 0, "at-risk", "pending");
    expect(13 * DAY, 0, "at-risk", "pending");
    expect(14 * DAY - 1, 0, "at-risk", "pending");
    expect(14 * DAY, 2, "breached", "violated");
    expect(15 * DAY, 2, "breached", "violated");
}

/// A3
#[test]
fn without_a_state_file_a_grace_period_starts_now_and_says_so() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &within("14d"));
    sandbox.write("all.yaml", &privileged("a"));
    for day in [0, 15] {
        let run = check_at(&sandbox, &after(day * DAY), &[]).exits(0);
        let goal = run.json()["goals"][0].clone();
        assert_eq!(goal["counts"]["pending"], 1, "{run}");
        assert!(goal["notes"].to_string().contains("no state file"), "{run}");
    }
}

/// Asserts that the goal is at risk from `now` on, until exactly `at`: a second before it holds,
/// from then on it is breached.
#[track_caller]
fn at_risk_until(sandbox: &Sandbox, now: &str, at: &str, because: &str) {
    let check = |when: &str, code: i32| look(sandbox, when).exits(code).json()["goals"][0].clone();
    let at: Timestamp = at.parse().expect("a time");
    let before = Timestamp::from_second(at.as_second() - 1).expect("in range");
    for now in [now, &before.to_string()] {
        let goal = check(now, 0);
        assert_eq!(goal["verdict"], "at-risk", "{goal:#}");
        assert_eq!(goal["atRisk"]["at"], at.to_string(), "{goal:#}");
        assert!(
            goal["atRisk"]["because"].to_string().contains(because),
            "{goal:#}"
        );
    }
    let goal = check(&at.to_string(), 2);
    assert_eq!(goal["verdict"], "breached", "{goal:#}");
    assert_eq!(goal.get("atRisk"), None, "{goal:#}");
}

fn exception(name: &str, asset: &str, expires: &str) -> String {
    resource(
        "PostureException",
        name,
        &format!(
            "  owner: ops\n  reason: known\n  expires: {expires}\n  assets: {{names: [{asset}]}}\n  \
             controls: [pss-privileged]\n"
        ),
    )
}

/// A4
#[test]
fn the_clock_at_the_date_of_an_at_risk_verdict_flips_it() {
    // A grace period ends.
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &within("5d"));
    estate(&sandbox, 3, 1);
    check_at(&sandbox, "2026-11-01T02:30:00Z", &STATE).exits(0);
    at_risk_until(
        &sandbox,
        "2026-11-02T00:00:00Z",
        "2026-11-06T02:30:00Z",
        "grace",
    );

    // An exception ends: it holds all of its last day.
    let sandbox = Sandbox::empty();
    sandbox.write(
        "goal.yaml",
        &(unprivileged("") + &exception("known", "bad-0", "2026-12-18")),
    );
    estate(&sandbox, 3, 1);
    at_risk_until(
        &sandbox,
        "2026-11-02T00:00:00Z",
        "2026-12-19T00:00:00Z",
        "exception",
    );

    // Both, with room for one: the second of the two breaks it, whichever that is.
    let both = |expires: &str, at: &str, because: &str| {
        let sandbox = Sandbox::empty();
        sandbox.write(
            "goal.yaml",
            &(within("10d") + "  target: 75%\n" + &exception("known", "bad-0", expires)),
        );
        estate(&sandbox, 2, 2);
        check_at(&sandbox, "2026-11-01T02:30:00Z", &STATE).exits(0);
        at_risk_until(&sandbox, "2026-11-02T00:00:00Z", at, because);
    };
    both("2026-12-18", "2026-12-19T00:00:00Z", "exception");
    both("2026-11-05", "2026-11-11T02:30:00Z", "grace");
}

/// A4
#[test]
fn at_risk_reaches_no_further_than_the_due_day() {
    let sandbox = Sandbox::empty();
    let line = |due: &str| {
        unprivileged(&format!("  due: {due}\n")) + &exception("known", "bad-0", "2026-12-18")
    };
    estate(&sandbox, 3, 1);
    sandbox.write("goal.yaml", &line("2026-12-18"));
    let verdict = |sandbox: &Sandbox| {
        check_at(sandbox, "2026-11-02", &[]).exits(0).json()["goals"][0]["verdict"].clone()
    };
    assert_eq!(verdict(&sandbox), "met");
    sandbox.write("goal.yaml", &line("2026-12-19"));
    assert_eq!(verdict(&sandbox), "at-risk");
}

/// A6
#[test]
fn the_required_level_of_every_day_is_on_the_line() {
    // From 1 November to 1 March are 120 days: from 40% to 100% half a percent a day.
    let sandbox = Sandbox::empty();
    sandbox.write(
        "goal.yaml",
        &unprivileged("  due: 2027-03-01\n  ramp: {start: 2026-11-01, from: 40%}\n"),
    );
    estate(&sandbox, 8, 2);
    for day in -3..=125 {
        let expect = 40.0 + 0.5 * day.clamp(0, 120) as f64;
        // The level is one per day, whatever the hour.
        let hour = (day + 3) % 24 * 3_600;
        let run = check_at(&sandbox, &after(day * DAY + hour), &[]);
        let goal = run.json()["goals"][0].clone();
        let required = goal["attainment"]["required"].as_f64().expect("a number");
        assert!(
            (required * 100.0 - expect).abs() < 1e-6,
            "day {day}: {required} {run}"
        );
        assert_eq!(goal["attainment"]["target"], 1.0);
        // 80% is enough until day 80, is behind the line from day 81 on, and a miss on the day
        // it is due. Enough today is not enough later, so it is never plainly met.
        let (verdict, code) = if day < 120 {
            ("at-risk", 0)
        } else {
            ("breached", 2)
        };
        assert_eq!(
            (&goal["verdict"], run.code),
            (&verdict.into(), Some(code)),
            "day {day}"
        );
        if day < 120 {
            let at = if day <= 80 {
                after(81 * DAY)
            } else {
                after(120 * DAY)
            };
            assert_eq!(goal["atRisk"]["at"], at.as_str(), "day {day}: {run}");
        }
    }
}

/// A6
#[test]
fn behind_the_ramp_is_at_risk_and_ahead_of_it_is_met() {
    let check =
        |bad: usize, verdict: &str, because: &str| {
            let sandbox = Sandbox::empty();
            sandbox.write(
                "goal.yaml",
                &unprivileged("  due: 2026-11-21\n  ramp: {start: 2026-11-01, from: 50%}\n"),
            );
            estate(&sandbox, 10 - bad, bad);
            // On the 11th day half of the rise is asked for: 75%.
            let run = check_at(&sandbox, "2026-11-11", &[]).exits(0);
            let goal = run.json()["goals"][0].clone();
            assert_eq!(goal["attainment"]["required"], 0.75, "{run}");
            assert_eq!(goal["verdict"], verdict, "{run}");
            assert!(goal["atRisk"].to_string().contains(because), "{run}");
            check_at(&sandbox, "2026-11-11", &["--fail-on", "at-risk"])
                .exits(if verdict == "met" { 0 } else { 2 });
        };
    check(0, "met", "null");
    check(2, "at-risk", "ramp");
    check(3, "at-risk", "behind");
}

/// A6
#[test]
fn without_a_start_the_ramp_begins_at_the_first_run() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &unprivileged("  due: 2026-11-21\n"));
    estate(&sandbox, 1, 1);
    let required = |day: i64| {
        let run = check_at(&sandbox, &after(day * DAY), &STATE);
        run.json()["goals"][0]["attainment"]["required"]
            .as_f64()
            .expect("a number")
    };
    assert!((required(0) - 0.5).abs() < 1e-9);
    assert!((required(10) - 0.75).abs() < 1e-9);
    assert!((required(18) - 0.95).abs() < 1e-9);
    assert!((required(20) - 1.0).abs() < 1e-9);
}
