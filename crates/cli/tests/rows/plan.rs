//! The smallest fix plan, written and checked again (A12), with patches that keep what they do
//! not change (G1).

use serde_json::Value;

use crate::{
    check_at, goal, items, plain, privileged,
    support::{NOW, Sandbox, copy, fixtures},
    text, unprivileged,
};

/// Checks that the plan for all that is in the folder is one step, in one file, that clears 40
/// findings on 40 assets; carries it out in a copy, and checks that the target is reached there
/// and that only that file is another one.
fn one_step_clears_forty(sandbox: &Sandbox, file: &str, before: &str, after: &str) {
    let report = check_at(sandbox, NOW, &[]).exits(2).json();
    assert_eq!(report["goals"][0]["counts"]["violated"], 40);
    let own = &report["goals"][0]["fixPlan"];
    for steps in [&report["fixPlan"]["steps"], own] {
        assert_eq!(items(steps).len(), 1, "{steps:#}");
        assert_eq!(
            (&steps[0]["clears"], &steps[0]["assets"]),
            (&40.into(), &40.into())
        );
        assert_eq!(items(&steps[0]["findings"]).len(), 40);
    }
    assert_eq!(report["fixPlan"]["proof"], "optimal");
    assert_eq!(report["fixPlan"]["reachesTarget"], true);
    // Who reads the terminal is told so.
    let seen = sandbox.run(&["check", ".", "--now", NOW]).exits(2).stdout;
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("1 step brings every goal to its target"),
        "{seen}"
    );
    assert!(words.contains("clears 40 findings"), "{seen}");

    let applied = Sandbox::empty();
    copy(sandbox.path(), applied.path());
    applied.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
    let report = check_at(&applied, NOW, &[]).exits(0).json();
    assert_eq!(report["goals"][0]["verdict"], "met");
    assert_eq!(items(&report["findings"]), [] as [Value; 0]);
    assert_eq!(applied.files(), sandbox.files());
    for name in sandbox.files() {
        let mut expect = sandbox.read(&name);
        if name == file {
            assert!(expect.contains(before), "{expect}");
            expect = expect.replacen(before, after, 1);
        }
        assert_eq!(applied.read(&name), expect, "{name}");
    }
}

/// A12
#[test]
fn an_anchor_that_forty_workloads_share_is_one_step() {
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", &unprivileged(""));
    let item = |at: usize| {
        let context = match at {
            0 => "&context {privileged: true} # shared by all",
            _ => "*context",
        };
        let deployment = plain(&format!("w{at}")).replacen("---\n", "", 1).replace(
            "securityContext:\n            privileged: false\n",
            &format!("securityContext: {context}\n"),
        );
        let indented = deployment
            .lines()
            .enumerate()
            .map(|(line, text)| match line {
                0 => format!("- {text}\n"),
                _ => format!("  {text}\n"),
            });
        indented.collect::<String>()
    };
    let all: String = (0..40).map(item).collect();
    sandbox.write(
        "all.yaml",
        &format!("apiVersion: v1\nkind: List\nitems:\n{all}"),
    );
    one_step_clears_forty(
        &sandbox,
        "all.yaml",
        "{privileged: true} # shared by all",
        "{privileged: false} # shared by all",
    );
}

/// A12
#[test]
fn a_service_account_that_forty_workloads_share_is_one_step() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "line.yaml",
        &goal(
            "g",
            "  require:\n    - configuration: {controls: [token-automount]}\n",
        ),
    );
    let account = "# Of all of them.\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app\n  \
                   namespace: shop\n";
    sandbox.write("account.yaml", account);
    for at in 0..40 {
        let of_it = plain(&format!("w{at}")).replace(
            "      containers:",
            "      serviceAccountName: app\n      containers:",
        );
        sandbox.write(&format!("w{at}.yaml"), &of_it);
    }
    one_step_clears_forty(
        &sandbox,
        "account.yaml",
        "  namespace: shop\n",
        "  namespace: shop\nautomountServiceAccountToken: false\n",
    );
}

/// A12
#[test]
fn a_target_below_all_asks_for_no_more_changes_than_it_needs() {
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", &unprivileged("  target: 70%\n"));
    let all: String = (0..10).map(|at| privileged(&format!("w{at}"))).collect();
    sandbox.write("all.yaml", &all);
    let report = check_at(&sandbox, NOW, &[]).exits(2).json();
    assert_eq!(items(&report["fixPlan"]["steps"]).len(), 7);
    sandbox.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
    let report = check_at(&sandbox, NOW, &[]).exits(0).json();
    assert_eq!(report["goals"][0]["counts"]["violated"], 3);
}

/// A12
#[test]
fn automatic_steps_of_the_example_clear_what_they_say_and_nothing_comes_instead() {
    let sandbox = Sandbox::empty();
    copy(
        &fixtures().join("../../../../examples/shop"),
        sandbox.path(),
    );
    let plan = |sandbox: &Sandbox| {
        let run = sandbox.run(&["check", ".", "--now", NOW, "-o", "json"]);
        run.json()
    };
    let before = plan(&sandbox);
    let steps = items(&before["fixPlan"]["steps"]);
    assert!(!steps.is_empty());
    sandbox.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
    let after = plan(&sandbox);
    // What an automatic step clears is gone.
    let left: Vec<&str> = items(&after["findings"])
        .iter()
        .map(|f| text(&f["id"]))
        .collect();
    for step in steps.iter().filter(|step| step["automatic"] == true) {
        for finding in items(&step["findings"]) {
            assert!(!left.contains(&text(finding)), "{finding}: {step:#}");
        }
    }
    // And nothing came in its place.
    let known: Vec<&str> = items(&before["findings"])
        .iter()
        .map(|finding| text(&finding["id"]))
        .collect();
    for finding in left {
        assert!(known.contains(&finding), "{finding}");
    }
    for (before, after) in items(&before["goals"]).iter().zip(items(&after["goals"])) {
        let violated = |goal: &Value| goal["counts"]["violated"].as_u64();
        assert!(violated(after) <= violated(before), "{after:#}");
    }
}

/// G1
#[test]
fn a_patch_keeps_comments_order_quotes_and_indentation() {
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", &unprivileged(""));
    let odd = "# Head.\nkind:   Deployment   # first\napiVersion: \"apps/v1\"\n\nspec:\n    template:\n        \
               spec:\n            containers:\n            -   securityContext:   # why\n                    \
               'privileged': yes   # once needed\n                image: 'registry.example.com/a:1.0'\n                \
               name: \"main\"\n            # No more.\n        metadata: {labels: {  app: a  }}\n    \
               selector:\n        matchLabels: {app:   a}\nmetadata: {name: a,   namespace: shop}\n# Tail.\n";
    for (what, before) in [
        ("as it is", odd.replace("yes", "true")),
        (
            "with CRLF",
            odd.replace("yes", "true").replace('\n', "\r\n"),
        ),
        (
            "with a BOM",
            format!("\u{feff}{}", odd.replace("yes", "true")),
        ),
        (
            "without an end of the last line",
            odd.replace("yes", "true").trim_end().to_owned(),
        ),
    ] {
        sandbox.write("a.yaml", &before);
        check_at(&sandbox, NOW, &[]).exits(2);
        sandbox.run(&["fix", ".", "--write", "--now", NOW]).exits(0);
        let expect = before.replace("'privileged': true", "'privileged': false");
        assert_eq!(sandbox.read("a.yaml"), expect, "{what}");
        check_at(&sandbox, NOW, &[]).exits(0);
    }
}
