//! The state file over many runs.

use serde_json::Value;

use crate::support::{Run, Sandbox, command, deployment, finish};

const STATE: &str = ".plimsoll/state.json";

fn goal(spec: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: g}}\nspec:\n  \
         owner: me\n  assets: {{all: true}}\n{spec}"
    )
}

/// The time of the `day`-th nightly run: day 0 is 1 November 2026, 02:00.
fn night(day: i64) -> String {
    let first: plimsoll_model::Timestamp = "2026-11-01T02:00:00Z".parse().expect("a time");
    let seconds = first.as_second() + day * 86_400;
    plimsoll_model::Timestamp::from_second(seconds)
        .expect("in range")
        .to_string()
}

fn check(sandbox: &Sandbox, day: i64) -> Run {
    sandbox.run(&[
        "check",
        ".",
        "--state",
        STATE,
        "--now",
        &night(day),
        "-o",
        "json",
    ])
}

fn first_goal(run: &Run) -> Value {
    run.json()["goals"][0].clone()
}

#[test]
fn grace_begins_when_it_was_first_seen_and_is_not_restarted() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "goal.yaml",
        &goal(
            "  require:\n    - configuration: {controls: [pss-privileged], max: 0, within: 14d}\n",
        ),
    );
    sandbox.write("a.yaml", &deployment("a", true));
    let expect = |day: i64, code: i32, state: &str| {
        let run = check(&sandbox, day).exits(code);
        let goal = first_goal(&run);
        assert_eq!(goal["counts"][state], 1, "day {day}: {run}");
        let seen = &run.json()["findings"][0]["firstSeen"];
        if day > 0 {
            assert_eq!(*seen, night(0).as_str(), "day {day}");
        }
    };
    expect(0, 0, "pending");
    expect(5, 0, "pending");
    expect(13, 0, "pending");
    expect(15, 2, "violated");
    // An edit that moves it, and gives it company, does not restart it.
    let moved = format!("# moved\n\n{}", deployment("a", true));
    sandbox.write("a.yaml", &moved);
    expect(16, 2, "violated");
    // Mended and broken again soon after: the same finding still.
    sandbox.write("a.yaml", &deployment("a", false));
    assert_eq!(first_goal(&check(&sandbox, 17).exits(0))["verdict"], "met");
    sandbox.write("a.yaml", &deployment("a", true));
    expect(18, 2, "violated");
}

/// `count` deployments, of which the first `bad` are privileged.
fn estate(sandbox: &Sandbox, count: usize, bad: usize) {
    let all: Vec<String> = (0..count)
        .map(|at| deployment(&format!("w{at}"), at < bad))
        .collect();
    sandbox.write("all.yaml", &all.join("---\n"));
}

const WINDOW: &str = "  require:\n    - configuration: {controls: [pss-privileged], max: 0}\n  \
                      target: 99%\n  window: 30d\n";

#[test]
fn thirty_nights_at_98_7_percent_against_99_are_breached() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &goal(WINDOW));
    // 76 of 77 are 98.7%.
    estate(&sandbox, 77, 1);
    for day in 0..30 {
        check(&sandbox, day);
    }
    let run = check(&sandbox, 30).exits(2);
    let goal = first_goal(&run);
    assert_eq!(goal["verdict"], "breached", "{run}");
    let lower = goal["attainment"]["lower"].as_f64().expect("a number");
    assert!((0.986..0.988).contains(&lower), "{lower}");
    assert_eq!(goal["window"]["unknown"], 0);
    // Until the window was full enough to say so, it was not known.
    assert_eq!(goal["since"], night(24).as_str());
}

#[test]
fn nights_without_data_are_unknown_and_not_met() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &goal(WINDOW));
    estate(&sandbox, 10, 0);
    for day in (0..10).chain(20..30) {
        check(&sandbox, day);
    }
    let run = check(&sandbox, 30).exits(3);
    let judged = first_goal(&run);
    assert_eq!(judged["verdict"], "unverified", "{run}");
    assert!(
        judged["window"]["unknown"]
            .as_u64()
            .is_some_and(|time| time > 9 * 86_400 * 10)
    );
    // The nights between were not lost for those that have data.
    let mended = Sandbox::empty();
    mended.write("goal.yaml", &goal(WINDOW));
    estate(&mended, 10, 0);
    for day in 0..30 {
        check(&mended, day);
    }
    assert_eq!(first_goal(&check(&mended, 30).exits(0))["verdict"], "met");
}

#[test]
fn a_run_says_what_changed_since_the_last_one() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "goal.yaml",
        &goal("  require:\n    - configuration: {controls: [pss-privileged], max: 0}\n"),
    );
    sandbox.write("a.yaml", &deployment("a", false));
    check(&sandbox, 0).exits(0);
    sandbox.write("a.yaml", &deployment("a", true));
    let goal = first_goal(&check(&sandbox, 1).exits(2));
    let changes = goal["changes"].to_string();
    assert!(changes.contains("it was met"), "{changes}");
    assert!(changes.contains("newly violated"), "{changes}");
}

#[test]
fn a_dry_run_leaves_the_state_as_it_is() {
    let sandbox = Sandbox::of("shop");
    let args = ["check", "--state", STATE, "--now", "2026-11-25"];
    sandbox.run(&args).exits(2);
    let before = sandbox.read(STATE);
    sandbox
        .run(&[&args[..4], &["2026-11-26", "--dry-run"]].concat())
        .exits(2);
    assert_eq!(sandbox.read(STATE), before);
    // The same run again is the same state, byte for byte.
    sandbox.run(&args).exits(2);
    assert_eq!(sandbox.read(STATE), before);
}

#[test]
fn a_second_writer_is_kept_out_and_told_who_holds_it() {
    let sandbox = Sandbox::of("shop");
    let lock = sandbox.path().join("state.json.lock");
    std::fs::write(&lock, "process 4711\n").expect("writable");
    let file = std::fs::File::open(&lock).expect("there");
    file.lock().expect("nobody holds it");
    let args = [
        "check",
        "--state",
        "state.json",
        "--lock-timeout",
        "0s",
        "--now",
        "2026-11-25",
    ];
    let run = sandbox.run(&args).exits(1);
    insta::assert_snapshot!("error-locked-state", run);
    assert!(!sandbox.path().join("state.json").exists());
    // Reading alone needs no lock.
    sandbox.run(&[&args[..], &["--dry-run"]].concat()).exits(2);
    // Who waits long enough gets it.
    let patient = [
        "check",
        "--state",
        "state.json",
        "--lock-timeout",
        "60s",
        "--now",
        "2026-11-25",
    ];
    let child = command(sandbox.path(), &patient)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    file.unlock().expect("it is held");
    finish(child.wait_with_output().expect("it ends")).exits(2);
    assert!(sandbox.path().join("state.json").exists());
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let sandbox = Sandbox::of("shop");
    let children: Vec<_> = (0..6)
        .map(|day| {
            let now = night(day);
            command(
                sandbox.path(),
                &[
                    "check",
                    "--state",
                    STATE,
                    "--lock-timeout",
                    "2m",
                    "-q",
                    "--now",
                    &now,
                ],
            )
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts")
        })
        .collect();
    for mut child in children {
        assert_eq!(child.wait().expect("it ends").code(), Some(2));
    }
    let state: Value = serde_json::from_str(&sandbox.read(STATE)).expect("whole");
    assert_eq!(state["runs"].as_array().map(Vec::len), Some(6));
}

#[test]
fn states_that_can_not_be_read_are_left_alone() {
    let check = |text: &str, expect: &str| {
        let sandbox = Sandbox::of("shop");
        sandbox.write("state.json", text);
        let run = sandbox
            .run(&["check", "--state", "state.json", "--now", "2026-11-25"])
            .exits(1);
        assert!(run.stderr.contains(expect), "{run}");
        assert_eq!(sandbox.read("state.json"), text);
    };
    check(
        "{\"schemaVersion\": 1, \"runs\": [",
        "state.json:1:30 is damaged: EOF while parsing a list. It is left",
    );
    check("{\"schemaVersion\": 2}", "was written by a newer Plimsoll");
}

#[test]
fn what_a_newer_version_wrote_comes_back() {
    let sandbox = Sandbox::of("shop");
    sandbox.write(
        "state.json",
        r#"{"schemaVersion": 1, "later": {"kept": true}}"#,
    );
    sandbox
        .run(&["check", "--state", "state.json", "--now", "2026-11-25"])
        .exits(2);
    let state: Value = serde_json::from_str(&sandbox.read("state.json")).expect("whole");
    assert_eq!(state["later"]["kept"], true);
    assert_eq!(state["runs"].as_array().map(Vec::len), Some(1));
}
