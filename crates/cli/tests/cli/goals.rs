//! Goals proposed, tried out and compared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{NOW, Sandbox, deployment};

#[test]
fn a_proposal_passes_at_once_and_fails_after_one_new_violation() {
    let sandbox = Sandbox::of("shop");
    std::fs::remove_file(sandbox.path().join("goals.yaml")).expect("it is there");
    let init = ["goals", "init", ".", "--write", "--now", NOW];
    sandbox.run(&init).exits(0);
    assert!(sandbox.files().contains(&".plimsoll/goals.yaml".to_owned()));
    sandbox.run(&["check", "--now", NOW]).exits(0);
    sandbox.write("new.yaml", &deployment("new", true));
    sandbox.run(&["check", "--now", NOW]).exits(2);
    // It does not overwrite what a person may have changed.
    let run = sandbox.run(&init).exits(1);
    assert!(run.stderr.contains("replace it with --force"), "{run}");
    sandbox.run(&[&init[..], &["--force"]].concat()).exits(0);
    sandbox.run(&["check", "--now", NOW]).exits(0);
}

#[test]
fn a_proposal_can_be_printed_and_written_elsewhere() {
    let sandbox = Sandbox::of("plain");
    let printed = sandbox
        .run(&["goals", "init", "--now", NOW])
        .exits(0)
        .stdout;
    sandbox
        .run(&["goals", "init", "--write=line", "--now", NOW])
        .exits(0);
    assert_eq!(sandbox.read("line/goals.yaml"), printed);
    // Even where nothing holds yet, the first line is one that passes.
    sandbox
        .run(&["check", "--goals", "line", "--now", NOW])
        .exits(0);
}

/// The assets violated for each goal of a check.
fn violated(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let goals = report["goals"].as_array().expect("a list");
    let pairs = goals.iter().flat_map(|goal| {
        let assets = goal["assets"].as_array().expect("a list");
        assets
            .iter()
            .filter(|asset| asset["state"] == "violated")
            .map(move |asset| (text(&goal["name"]), text(&asset["asset"])))
    });
    pairs.collect()
}

#[test]
fn what_a_simulation_flips_is_what_applying_it_flips() {
    let sandbox = Sandbox::of("shop");
    let stricter = sandbox
        .read("goals.yaml")
        .replace("pss/baseline@1.29", "pss/restricted@1.29")
        .replace(
            "controls: [pss-privileged]",
            "baseline: plimsoll/essentials@1",
        );
    sandbox.write("next/goals.yaml", &stricter);
    let json = ["-o", "json", "--now", NOW];
    let args = [&["check", ".", "--exclude", "next/"][..], &json].concat();
    let before = violated(&sandbox.run(&args).exits(2).json());
    let args = [&["goals", "simulate", ".", "--goals", "next"][..], &json].concat();
    let simulation = sandbox.run(&args).exits(0).json();
    let flips: BTreeSet<(String, String)> = simulation["goals"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|goal| {
            let name = goal["name"].as_str().expect("a name").to_owned();
            let assets = goal["toViolated"].as_array().expect("a list");
            assets.iter().map(move |change| {
                (
                    name.clone(),
                    change["asset"].as_str().expect("an id").to_owned(),
                )
            })
        })
        .collect();
    assert!(!flips.is_empty(), "{simulation:#}");
    // Applied for real.
    sandbox.write("goals.yaml", &stricter);
    std::fs::remove_dir_all(sandbox.path().join("next")).expect("removable");
    let after = violated(
        &sandbox
            .run(&[&["check", "."][..], &json].concat())
            .exits(2)
            .json(),
    );
    let flipped: BTreeSet<_> = after.difference(&before).cloned().collect();
    assert_eq!(flips, flipped);
}

#[test]
fn a_diff_of_reports_and_of_paths_agree() {
    let sandbox = Sandbox::of("shop");
    sandbox
        .run(&["check", ".", "--now", NOW, "-q", "-o", "json=a.json"])
        .exits(2);
    sandbox.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
    sandbox
        .run(&["check", ".", "--now", NOW, "-q", "-o", "json=b.json"])
        .exits(0);
    let diff = sandbox
        .run(&["goals", "diff", "a.json", "b.json", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&diff["from"]["verdict"], &diff["to"]["verdict"]),
        (&"breached".into(), &"at-risk".into())
    );
    assert!(
        diff["counts"]["fixed"]
            .as_u64()
            .is_some_and(|fixed| fixed > 0),
        "{diff:#}"
    );
    // A saved report against what is there now.
    let mixed = sandbox
        .run(&["goals", "diff", "a.json", ".", "-o", "json", "--now", NOW])
        .exits(0);
    assert_eq!(mixed.json(), diff);
    // As a gate, only one direction is worse.
    sandbox
        .run(&["goals", "diff", "a.json", "b.json", "--exit-code"])
        .exits(0);
    sandbox
        .run(&["goals", "diff", "b.json", "a.json", "--exit-code"])
        .exits(2);
    sandbox
        .run(&["goals", "diff", "a.json", "a.json", "--exit-code"])
        .exits(0);
}
