//! What every verb says of itself.

use crate::support::run;

#[test]
fn help_of_every_verb() {
    let check = |name: &str, args: &[&str]| {
        insta::assert_snapshot!(format!("help-{name}"), run(args).exits(0));
    };
    check("plimsoll", &["--help"]);
    check("plimsoll-short", &["-h"]);
    check("check", &["check", "--help"]);
    check("scan", &["scan", "--help"]);
    check("image", &["image", "--help"]);
    check("image-scan", &["image", "scan", "--help"]);
    check("image-sbom", &["image", "sbom", "--help"]);
    check("image-ls", &["image", "ls", "--help"]);
    check("image-diff", &["image", "diff", "--help"]);
    check("image-fix", &["image", "fix", "--help"]);
    check("image-vex", &["image", "vex", "--help"]);
    check("image-rematch", &["image", "rematch", "--help"]);
    check("db", &["db", "--help"]);
    for verb in [
        "update", "import", "info", "verify", "search", "export", "sign",
    ] {
        check(&format!("db-{verb}"), &["db", verb, "--help"]);
    }
    check("db-compare", &["db", "compare", "--help"]);
    check("cluster", &["cluster", "--help"]);
    for verb in ["scan", "watch", "coverage", "drift", "rbac"] {
        check(&format!("cluster-{verb}"), &["cluster", verb, "--help"]);
    }
    check("cache", &["cache", "--help"]);
    check("goals", &["goals", "--help"]);
    check("goals-init", &["goals", "init", "--help"]);
    check("goals-simulate", &["goals", "simulate", "--help"]);
    check("goals-diff", &["goals", "diff", "--help"]);
    check("fix", &["fix", "--help"]);
    check("explain", &["explain", "--help"]);
    check("schema", &["schema", "--help"]);
    check("completion", &["completion", "--help"]);
    check("version", &["version", "--help"]);
}

#[test]
fn without_a_verb_help_is_shown_and_usage_fails() {
    let bare = run(&[]).exits(64);
    assert_eq!(bare.stdout, "");
    assert!(bare.stderr.contains("Usage: plimsoll"), "{bare}");
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    for verb in [
        "check",
        "scan",
        "fix",
        "explain",
        "schema",
        "completion",
        "version",
    ] {
        for line in run(&[verb, "--help"]).stdout.lines() {
            assert!(line.chars().count() <= 100, "{verb}: {line}");
        }
    }
}
