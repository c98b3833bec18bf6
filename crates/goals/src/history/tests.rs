//! What runs leave for the next.

use serde_json::json;

use super::*;
use crate::testing::{BASE, Drawn, Estate, HOST_PATH, PRIVILEGED, at, verdict};

fn estate(bad: &[&str], unread: &[&str]) -> Estate {
    let mut estate = Estate::default();
    for name in ["shop/a", "shop/b", "shop/c", "shop/d"] {
        if unread.contains(&name) {
            estate.unread(name);
        } else {
            estate.workload(name);
        }
        if bad.contains(&name) {
            estate.finding(name, &PRIVILEGED);
        }
    }
    estate
}

fn run(history: &mut History, drawn: &Drawn, estate: &Estate, time: &str) -> GoalVerdict {
    let verdict = verdict(drawn, estate, Some(history), at(time));
    record(
        history,
        std::slice::from_ref(&verdict),
        estate.facts(),
        at(time),
    );
    verdict
}

#[test]
fn a_verdict_says_since_when_and_what_changed() {
    let drawn = Drawn::goal(json!({}));
    let mut history = History::default();
    let mut check = |estate: &Estate, time: &str, since: &str, changes: &[&str]| {
        let verdict = run(&mut history, &drawn, estate, time);
        assert_eq!(verdict.since, Some(at(since)), "{time}");
        assert_eq!(verdict.changes, changes, "{time}");
    };
    let (first, second) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    check(&estate(&[], &[]), first, first, &[]);
    check(&estate(&[], &[]), second, first, &[]);
    let third = "2026-11-03T02:00:00Z";
    check(
        &estate(&["shop/b", "shop/a"], &[]),
        third,
        third,
        &[
            "it was met at 2026-11-02, it is breached",
            "2 assets newly violated: Deployment shop/a, Deployment shop/b",
        ],
    );
    check(
        &estate(&["shop/b"], &["shop/c"]),
        "2026-11-04T00:00:00Z",
        third,
        &[
            "1 asset fixed: Deployment shop/a",
            "1 asset became unknown: Deployment shop/c",
        ],
    );
    let mut smaller = estate(&[], &[]);
    smaller.assets.remove(1);
    check(
        &smaller,
        "2026-11-05T00:00:00Z",
        "2026-11-05T00:00:00Z",
        &[
            "it was breached at 2026-11-04, it is met",
            "3 assets in scope, 4 before",
            "1 asset no longer unknown: Deployment shop/c",
            "1 asset left the scope: cluster/files/ns/shop/apps.Deployment/b",
        ],
    );
}

#[test]
fn states_move_with_words() {
    let check = |drawn: Drawn, expect: &[&str]| {
        let mut history = History::default();
        let bad = estate(&["shop/a"], &[]);
        run(
            &mut history,
            &Drawn::goal(json!({})),
            &bad,
            "2026-11-01T00:00:00Z",
        );
        let verdict = verdict(&drawn, &bad, Some(&history), at("2026-11-02T00:00:00Z"));
        assert_eq!(verdict.changes, expect);
    };
    check(
        Drawn::goal(json!({})).exception("e", json!({})),
        &[
            "it was breached at 2026-11-01, it is at-risk",
            "1 asset newly excepted: Deployment shop/a",
        ],
    );
    check(
        Drawn::goal(json!({"require": [{"configuration": {"baseline": BASE, "within": "9d"}}]})),
        &[
            "it was breached at 2026-11-01, it is at-risk",
            "1 asset newly pending: Deployment shop/a",
        ],
    );
}

#[test]
fn without_a_state_file_nothing_is_said_of_the_past() {
    let verdict = verdict(
        &Drawn::goal(json!({})),
        &estate(&[], &[]),
        None,
        at("2026-11-01T00:00:00Z"),
    );
    assert_eq!((verdict.since, verdict.changes), (None, Vec::new()));
}

#[test]
fn findings_keep_their_first_sight_until_they_are_forgotten() {
    let mut history = History::default();
    let mut estate = estate(&["shop/a"], &[]);
    let id = estate.findings[0].id;
    let see = |history: &mut History, estate: &Estate, time: &str| {
        record(history, &[], estate.facts(), at(time));
    };
    see(&mut history, &estate, "2026-01-01T00:00:00Z");
    see(&mut history, &estate, "2026-02-01T00:00:00Z");
    let kept = &history.findings[&id.to_string()];
    assert_eq!(kept.first_seen, at("2026-01-01T00:00:00Z"));
    assert_eq!(kept.last_seen, at("2026-02-01T00:00:00Z"));
    assert_eq!(
        kept.what,
        "privileged on cluster/files/ns/shop/apps.Deployment/a"
    );
    estate.findings.clear();
    see(&mut history, &estate, "2026-05-02T00:00:00Z");
    assert_eq!(
        history.first_seen(id),
        Some(at("2026-01-01T00:00:00Z")),
        "90 days are not over"
    );
    see(&mut history, &estate, "2026-05-03T00:00:00Z");
    assert_eq!(history.first_seen(id), None);
}

#[test]
fn a_run_at_the_same_time_replaces_the_last() {
    let drawn = Drawn::goal(json!({}));
    let mut history = History::default();
    let time = "2026-11-01T00:00:00Z";
    run(&mut history, &drawn, &estate(&["shop/a"], &[]), time);
    let once = history.clone();
    run(&mut history, &drawn, &estate(&["shop/a"], &[]), time);
    assert_eq!(history, once);
}

#[test]
fn assets_are_kept_of_the_newest_run_of_each_goal() {
    let both = Drawn::goal(json!({})).and_goal("h", json!({}));
    let mut history = History::default();
    let bad = estate(&["shop/a"], &[]);
    let (verdicts, _) = crate::evaluate(both.line(), bad.facts(), None, at("2026-11-01T00:00:00Z"));
    record(
        &mut history,
        &verdicts,
        bad.facts(),
        at("2026-11-01T00:00:00Z"),
    );
    run(
        &mut history,
        &Drawn::goal(json!({})),
        &bad,
        "2026-11-02T00:00:00Z",
    );
    let kept: Vec<(usize, &str, usize)> = history
        .runs
        .iter()
        .enumerate()
        .flat_map(|(i, run)| {
            run.goals
                .iter()
                .map(move |(g, r)| (i, g.as_str(), r.assets.len()))
        })
        .collect();
    assert_eq!(kept, [(0, "g", 0), (0, "h", 1), (1, "g", 1)]);
}

#[test]
fn old_runs_go_but_the_first_of_each_goal_stays() {
    let drawn = Drawn::goal(json!({}));
    let mut history = History::default();
    let good = estate(&[], &[]);
    for time in [
        "2026-01-01T00:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    ] {
        run(&mut history, &drawn, &good, time);
    }
    let times: Vec<String> = history.runs.iter().map(|run| run.at.to_string()).collect();
    assert_eq!(times, ["2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z"]);
    // The verdict is as old as the runs that were dropped said.
    let last = verdict(&drawn, &good, Some(&history), at("2026-11-02T00:00:00Z"));
    assert_eq!(last.since, Some(at("2026-01-01T00:00:00Z")));
    // A longer window keeps more.
    let year = Drawn::goal(json!({"window": "365d"}));
    let mut history = History::default();
    for time in [
        "2026-01-01T00:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    ] {
        run(&mut history, &year, &good, time);
    }
    assert_eq!(history.runs.len(), 3);
}

#[test]
fn many_runs_are_merged_without_a_change_of_any_window() {
    let drawn = Drawn::goal(json!({"window": "90d", "target": "50%"}));
    let (good, bad) = (estate(&[], &[]), estate(&["shop/a", "shop/b"], &[]));
    let start = at("2026-11-01T00:00:00Z");
    let minute = std::time::Duration::from_secs(60);
    let mut history = History::default();
    run(&mut history, &drawn, &good, "2026-11-01T00:00:00Z");
    let record_of = |estate: &Estate| {
        let mut history = History::default();
        run(&mut history, &drawn, estate, "2026-11-01T00:00:00Z");
        history.runs.remove(0)
    };
    let (good_run, bad_run) = (record_of(&good), record_of(&bad));
    for at in 1..=MOST_RUNS as u32 {
        let run = if at % 1000 < 500 { &good_run } else { &bad_run };
        history.runs.push(RunRecord {
            at: start + minute * at,
            ..run.clone()
        });
    }
    let end = start + minute * (MOST_RUNS as u32 + 1);
    let before = verdict(&drawn, &good, Some(&history), end);
    let mut merged = history.clone();
    record(
        &mut merged,
        std::slice::from_ref(&before),
        good.facts(),
        end,
    );
    assert!(merged.runs.len() < 20, "{} runs", merged.runs.len());
    let later = end + minute;
    let (all, few) = (
        {
            let run = record_of(&good);
            history.runs.push(RunRecord { at: end, ..run });
            verdict(&drawn, &good, Some(&history), later)
        },
        verdict(&drawn, &good, Some(&merged), later),
    );
    assert_eq!(all.window, few.window);
    assert_eq!(all.attainment, few.attainment);
}

#[test]
fn the_number_of_runs_is_bounded() {
    let drawn = Drawn::goal(json!({}));
    let good = estate(&[], &[]);
    let mut history = History::default();
    let first = run(&mut history, &drawn, &good, "2026-11-01T00:00:00Z");
    let (start, second) = (
        at("2026-11-01T00:00:00Z"),
        std::time::Duration::from_secs(1),
    );
    let template = history.runs[0].clone();
    for number in 1..(MOST_RUNS as u32 + 500) {
        let mut run = RunRecord {
            at: start + second * number,
            ..template.clone()
        };
        run.extra.insert("n".to_owned(), json!(number));
        history.runs.push(run);
    }
    record(
        &mut history,
        std::slice::from_ref(&first),
        good.facts(),
        start + second * 9000,
    );
    assert_eq!(history.runs.len(), MOST_RUNS);
    assert_eq!(history.runs[0].at, start);
}

#[test]
fn what_a_newer_version_wrote_is_kept() {
    let estate = estate(&["shop/a"], &[]);
    let id = estate.findings[0].id.to_string();
    let newer = json!({
        "schemaVersion": 7,
        "findings": {&id: {
            "firstSeen": "2026-10-01T00:00:00Z",
            "lastSeen": "2026-10-01T00:00:00Z",
            "fixPublished": "2026-10-02",
        }},
        "runs": [{
            "at": "2026-10-01T00:00:00Z",
            "goals": {"g": {
                "verdict": "met",
                "counts": {"inScope": 1, "satisfied": 1, "violated": 0, "pending": 0, "unknown": 0, "excepted": 0},
                "budget": "1%",
            }},
            "host": "ci-3",
        }],
        "signature": "abc",
    });
    let mut history: History = serde_json::from_value(newer).expect("a newer state file reads");
    run(
        &mut history,
        &Drawn::goal(json!({})),
        &estate,
        "2026-10-02T00:00:00Z",
    );
    let written = serde_json::to_value(&history).expect("it writes");
    assert_eq!(written["schemaVersion"], 7);
    assert_eq!(written["signature"], "abc");
    assert_eq!(written["runs"][0]["host"], "ci-3");
    assert_eq!(written["runs"][0]["goals"]["g"]["budget"], "1%");
    assert_eq!(written["findings"][&id]["fixPublished"], "2026-10-02");
    assert_eq!(
        written["findings"][&id]["firstSeen"],
        "2026-10-01T00:00:00Z"
    );
    assert_eq!(written["findings"][&id]["lastSeen"], "2026-10-02T00:00:00Z");
}

#[test]
fn two_findings_of_two_rules_are_two() {
    let mut estate = estate(&["shop/a"], &[]);
    estate.finding("shop/a", &HOST_PATH);
    let mut history = History::default();
    record(
        &mut history,
        &[],
        estate.facts(),
        at("2026-10-02T00:00:00Z"),
    );
    assert_eq!(history.findings.len(), 2);
}
