//! The example estate, judged as `plimsoll check examples/shop` does.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_assess::{
    Assessment, Estate, EstateOptions, InputFile, Limits, Options, Purpose, apply, assess, load,
    propose, starter,
};
use plimsoll_model::{Timestamp, Verdict};

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("a time")
}

fn files() -> Vec<InputFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let mut paths: Vec<PathBuf> = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("the example is readable");
            paths.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "json") {
            let name = path
                .strip_prefix(&root)
                .expect("below the root")
                .display()
                .to_string();
            let text = std::fs::File::open(&path).and_then(|mut file| {
                let mut text = Vec::new();
                std::io::copy(&mut file, &mut text).map(|_| text)
            });
            files.push(InputFile {
                name: name.into(),
                content: Ok(text.expect("the file is readable")),
                purpose: Purpose::Estate,
            });
        }
    }
    files
}

fn estate(files: Vec<InputFile>) -> Estate {
    load(
        files,
        &EstateOptions {
            cluster: "files".into(),
            default_namespace: "default".into(),
            now: now(),
            limits: Limits::default(),
            line_given: false,
        },
    )
}

fn judge(estate: &Estate) -> Assessment {
    assess(
        estate,
        &estate.line,
        Options {
            now: now(),
            history: None,
            starter_line: false,
        },
    )
}

#[test]
fn the_five_goals_get_the_verdicts_they_were_written_for() {
    let estate = estate(files());
    let result = judge(&estate);
    assert_eq!(estate.coverage.failed, 0, "{:?}", estate.coverage.gaps);
    let errors: Vec<_> = result
        .diagnostics
        .iter()
        .filter(|d| d.level == plimsoll_model::DiagnosticLevel::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let verdicts: Vec<_> = result
        .goals
        .iter()
        .map(|g| (&*g.goal.metadata.name, g.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("crown-jewels-hold", Verdict::Met),
            ("crown-jewels-patched", Verdict::Unverified),
            ("customer-facing-baseline", Verdict::AtRisk),
            ("everyone-on-the-floor", Verdict::Breached),
            ("no-keys-to-the-cluster", Verdict::Breached),
        ]
    );
}

#[test]
fn input_order_does_not_show() {
    let mut reversed = files();
    reversed.reverse();
    let text = |estate: &Estate| {
        serde_json::to_string(&plimsoll_assess::wire::check(&judge(estate))).expect("serializable")
    };
    assert_eq!(text(&estate(files())), text(&estate(reversed)));
}

#[test]
fn the_plan_applied_reaches_the_targets_it_says() {
    let first = estate(files());
    let before = judge(&first);
    let changes = apply(&first.inventory, &before.findings, &before.plan);
    assert!(!changes.files.is_empty(), "the plan changes files");
    let mut after = files();
    for change in &changes.files {
        match after.iter_mut().find(|file| file.name == change.file) {
            Some(file) => file.content = Ok(change.after.clone().into_bytes()),
            None => after.push(InputFile {
                name: change.file.clone(),
                content: Ok(change.after.clone().into_bytes()),
                purpose: Purpose::Estate,
            }),
        }
    }
    let second = estate(after);
    assert_eq!(second.coverage.failed, 0, "{:?}", second.coverage.gaps);
    let result = judge(&second);
    let manual: std::collections::BTreeSet<usize> =
        changes.not_applied.iter().map(|n| n.step).collect();
    for (number, step) in before.plan.steps.iter().enumerate() {
        if manual.contains(&(number + 1)) {
            continue;
        }
        for finding in &step.clears {
            let id = before.findings[*finding as usize].id;
            assert!(
                result.findings.iter().all(|f| f.id != id),
                "step {} was applied and does not clear {:?}",
                number + 1,
                before.findings[*finding as usize]
            );
        }
    }
}

#[test]
fn the_proposed_line_holds_at_once() {
    let estate = estate(files());
    let proposal = propose(&estate, now());
    let mut with_line: Vec<InputFile> = files();
    with_line.retain(|file| !file.name.starts_with("goals/"));
    with_line.push(InputFile {
        name: Arc::from("goals.yaml"),
        content: Ok(proposal.text.clone().into_bytes()),
        purpose: Purpose::Estate,
    });
    let estate = self::estate(with_line);
    assert_eq!(estate.line.goals.len(), proposal.goals, "{}", proposal.text);
    let result = judge(&estate);
    for goal in &result.goals {
        // A ramp holds, and says when it will not if nothing is done.
        let expect = match goal.goal.spec.ramp {
            None => Verdict::Met,
            Some(_) => Verdict::AtRisk,
        };
        let name = &goal.goal.metadata.name;
        assert_eq!(
            goal.verdict, expect,
            "{name}: {:?}\n{}",
            goal.counts, proposal.text
        );
    }
}

#[test]
fn the_starter_line_judges_every_workload() {
    let estate = estate(files());
    let result = assess(
        &estate,
        &starter::line_for(&estate),
        Options {
            now: now(),
            history: None,
            starter_line: true,
        },
    );
    let everything = result
        .goals
        .iter()
        .find(|g| g.goal.metadata.name == "starter-baseline");
    let counts = everything.expect("the goal is there").counts;
    assert_eq!(counts.in_scope, result.coverage.workloads);
    assert_eq!(
        counts.violated + counts.satisfied + counts.excepted,
        counts.in_scope
    );
}

#[test]
fn the_starter_line_asks_nothing_of_what_is_not_there() {
    let check = |text: &str, expect: &[&str]| {
        let estate = estate(vec![InputFile {
            name: "a.yaml".into(),
            content: Ok(text.as_bytes().to_vec()),
            purpose: Purpose::Estate,
        }]);
        let line = starter::line_for(&estate);
        let result = assess(
            &estate,
            &line,
            Options {
                now: now(),
                history: None,
                starter_line: true,
            },
        );
        let got: Vec<_> = result
            .goals
            .iter()
            .map(|goal| format!("{} {}", goal.goal.metadata.name, goal.verdict))
            .collect();
        assert_eq!(got, expect, "{text}");
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x}]}\n";
    check(pod, &["starter-baseline met", "starter-no-privileged met"]);
    let exposed = pod.replace(
        "image: x",
        "image: x, ports: [{containerPort: 80, hostPort: 80}]",
    );
    check(
        &exposed,
        &[
            "starter-baseline breached",
            "starter-internet-facing breached",
            "starter-no-privileged met",
        ],
    );
    // What can't be read may be exposed.
    check(
        "a: [",
        &[
            "starter-baseline unverified",
            "starter-internet-facing unverified",
            "starter-no-privileged unverified",
        ],
    );
}

#[test]
fn the_report_names_every_asset_and_control_it_counts() {
    let estate = estate(files());
    let report = plimsoll_assess::wire::check(&judge(&estate));
    for goal in &report.goals {
        assert_eq!(
            goal.satisfied.len() as u64,
            goal.counts.satisfied,
            "{}",
            goal.name
        );
        let mut all: Vec<_> = goal.satisfied.iter().collect();
        all.extend(goal.assets.iter().map(|asset| &asset.asset));
        all.sort();
        all.dedup();
        assert_eq!(
            all.len() as u64,
            goal.counts.in_scope,
            "{}: each asset once",
            goal.name
        );
    }
    assert_eq!(
        report.baselines,
        ["pss/baseline@1.36", "pss/restricted@1.36", "shop-floor@1"],
        "pinned, each once"
    );
    for finding in &report.findings {
        let control = report.controls.get(&finding.control);
        assert!(
            control.is_some_and(|c| !c.why.is_empty()),
            "{} is explained",
            finding.control
        );
    }
    assert!(
        report
            .assets
            .iter()
            .any(|asset| asset.class_conflict.is_some()),
        "several classes claim an asset of the shop"
    );
    let scan = plimsoll_assess::wire::scan(&plimsoll_assess::scan(&estate, &[], &[], now()));
    assert!(
        scan.controls.len() > report.controls.len(),
        "a scan names all it evaluated"
    );
}

#[test]
fn a_check_counts_only_findings_of_what_is_in_scope() {
    let mut files = files();
    files.retain(|file| !file.name.starts_with("goals/"));
    files.push(InputFile {
        name: Arc::from("goal.yaml"),
        content: Ok(b"apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: one}\nspec:\n  owner: ops\n  assets: {match: {names: [node-agent]}}\n  require: [{configuration: {baseline: pss/restricted@1.36}}]\n".to_vec()),
        purpose: Purpose::Estate,
    });
    let report = plimsoll_assess::wire::check(&judge(&estate(files)));
    assert!(!report.findings.is_empty());
    assert!(
        report
            .findings
            .iter()
            .all(|f| &*f.object.name == "node-agent")
    );
    assert_eq!(
        report.severities.values().sum::<u64>(),
        report.findings.len() as u64
    );
}
