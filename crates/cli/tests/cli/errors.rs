//! What users see when something is wrong: where, what, and what next.

use crate::support::{NOW, Sandbox, command, run, run_in};

#[test]
fn main_errors() {
    let check = |name: &str, code: i32, args: &[&str]| {
        insta::assert_snapshot!(format!("error-{name}"), run(args).exits(code));
    };
    check("bad-path", 1, &["check", "nowhere", "--now", NOW]);
    check("bad-yaml", 3, &["scan", "bad/broken.yaml", "--now", NOW]);
    check(
        "bad-yaml-json",
        3,
        &[
            "scan",
            "bad/broken.yaml",
            "--control",
            "pss-privileged",
            "--now",
            NOW,
            "-o",
            "json",
        ],
    );
    check(
        "duplicate-keys",
        3,
        &["scan", "bad/twice.yaml", "--now", NOW],
    );
    check(
        "goal-field",
        1,
        &["check", "plain", "--goals", "bad/goal.yaml", "--now", NOW],
    );
    check(
        "no-goals",
        1,
        &["check", "plain", "--goals", "plain/job.yaml", "--now", NOW],
    );
    check(
        "goal-baseline",
        3,
        &[
            "check",
            "plain",
            "--goals",
            "bad/unknown-baseline.yaml",
            "--now",
            NOW,
        ],
    );
    check(
        "unknown-baseline",
        1,
        &["scan", "shop", "--baseline", "pss/restrictd", "--now", NOW],
    );
    check(
        "unknown-control",
        1,
        &["scan", "shop", "--control", "pss-privilegd", "--now", NOW],
    );
    check("not-rendered", 3, &["check", "chart", "--now", NOW]);
    check("usage-option", 64, &["check", "--fial-on", "at-risk"]);
    check("usage-value", 64, &["check", "--fail-on", "sometimes"]);
    check("usage-format", 64, &["check", "-o", "serif"]);
    check("usage-now", 64, &["check", "--now", "tomorrow"]);
    check("usage-severity", 64, &["scan", "--severity", "<high"]);
    check("usage-verb", 64, &["chekc"]);
    check(
        "usage-two-stdout",
        64,
        &["check", "shop", "-o", "json", "-o", "sarif"],
    );
    check("usage-fix-format", 64, &["fix", "shop", "-o", "sarif"]);
    check(
        "usage-goals-at-path",
        64,
        &["check", "shop", "--goals", ".", "--now", NOW],
    );
    check(
        "unknown-goal",
        1,
        &[
            "fix",
            "shop",
            "--goal",
            "storefront-restrictd",
            "--now",
            NOW,
        ],
    );
    check("unknown-schema", 1, &["schema", "PostureGaol"]);
    check(
        "unknown-explain",
        1,
        &["explain", "pss-privilegd", "shop", "--now", NOW],
    );
    check(
        "unknown-finding",
        1,
        &["explain", "deadbeef", "shop", "--now", NOW],
    );
    check(
        "diff-scan-report",
        1,
        &["goals", "diff", "saved/scan.json", "shop", "--now", NOW],
    );
    check(
        "diff-newer-report",
        1,
        &["goals", "diff", "saved/newer.json", "shop", "--now", NOW],
    );
}

#[test]
fn one_bad_file_never_sinks_the_run() {
    let sandbox = Sandbox::of("shop");
    sandbox.write("broken.yaml", "a: [\n");
    let report = sandbox
        .run(&["check", "--now", NOW, "-o", "json"])
        .exits(2)
        .json();
    assert_eq!(report["coverage"]["failed"], 1);
    // The part that is not known is in scope and unknown.
    let goal = &report["goals"][0];
    assert_eq!(goal["name"], "nothing-privileged");
    assert_eq!(
        (&goal["counts"]["unknown"], &goal["verdict"]),
        (&1.into(), &"unverified".into())
    );
}

#[test]
fn a_file_that_is_too_large_says_so() {
    let named = run(&[
        "check",
        "shop/web.yaml",
        "--max-file-size",
        "64",
        "--now",
        NOW,
    ])
    .exits(1);
    assert_eq!(
        named.stderr,
        "error: shop/web.yaml: it is larger than 64 B; raise the limit with --max-file-size\n"
    );
    // In a folder it is one part that failed.
    let report = run(&[
        "scan",
        "shop",
        "--max-file-size",
        "64",
        "-o",
        "json",
        "--now",
        NOW,
    ])
    .exits(3);
    assert_eq!(report.json()["coverage"]["failed"], 3);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::io::Read;
    let mut child = command(
        &crate::support::fixtures(),
        &["scan", "../../../../examples/shop", "-o", "json"],
    )
    .stdout(std::process::Stdio::piped())
    .stderr(std::process::Stdio::piped())
    .spawn()
    .expect("it starts");
    let mut pipe = child.stdout.take().expect("it is piped");
    pipe.read_exact(&mut [0]).expect("it writes");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_output_that_can_not_be_written_fails() {
    let sandbox = Sandbox::of("shop");
    let run = sandbox
        .run(&["check", "--now", NOW, "-o", "json=no/such/folder.json"])
        .exits(1);
    assert_eq!(
        run.stderr,
        "error: no/such/folder.json: can't be written: there is no such file or folder\n"
    );
}

#[test]
fn configurations_give_defaults_and_are_strict() {
    let sandbox = Sandbox::of("shop");
    let head = "apiVersion: plimsoll.dev/v1alpha1\nkind: Config\n";
    let write = |body: &str| sandbox.write(".plimsoll/config.yaml", &format!("{head}{body}"));
    write(
        "cluster: prod\noutput: [json]\nexclude: [worker.yaml]\nbaselines: [pss/baseline@1.29]\n",
    );
    let report = sandbox.run(&["scan", "--now", NOW]).exits(0).json();
    assert_eq!(report["cluster"], "prod");
    assert_eq!(
        report["baselines"],
        serde_json::json!(["pss/baseline@1.29"])
    );
    assert_eq!(report["coverage"]["workloads"], 1);
    // The command line wins.
    let report = sandbox
        .run(&["scan", "--now", NOW, "--cluster", "test", "-o", "json"])
        .json();
    assert_eq!(report["cluster"], "test");

    write("clutser: prod\n");
    let run = sandbox.run(&["scan"]).exits(1);
    assert!(
        run.stderr
            .contains(".plimsoll/config.yaml:3:1: unknown field `clutser`"),
        "{run}"
    );
    let missing = run_in(sandbox.path(), &["scan", "--config", "none.yaml"]).exits(1);
    assert_eq!(
        missing.stderr,
        "error: none.yaml: there is no such file or folder\n"
    );
}

#[test]
fn a_name_that_no_namespace_has_is_refused() {
    for verb in [&["agent"][..], &["cluster", "coverage"]] {
        let seen = run(&[verb, &["--exclude-namespace", "Lab"]].concat()).exits(64);
        for part in ["Lab", "--exclude-namespace", "lower case letters"] {
            assert!(seen.stderr.contains(part), "{part}: {seen}");
        }
    }
}
