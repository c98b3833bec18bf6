//! One document everywhere (A1), three values (A2), nothing waives what is mandatory (A16), and
//! what is proposed holds (A9).

use serde_json::{Value, json};

use crate::{
    check_at, goal, id, items, named, plain, privileged,
    support::{NOW, Sandbox},
    text, unprivileged,
};

/// A1
#[test]
fn a_goal_gives_the_same_bytes_as_yaml_as_json_and_in_a_list() {
    let spec = json!({
        "owner": "platform",
        "approvedBy": "board",
        "reviewBy": "2026-01-31",
        "why": "the floor",
        "assets": {"match": {"namespaces": ["shop"]}},
        "require": [{"configuration": {"baseline": "pss/baseline@1.29", "max": 0}}],
        "target": "50%",
    });
    let document = json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "PostureGoal",
        "metadata": {"name": "floor"},
        "spec": spec,
    });
    let yaml = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata:\n  name: floor\n\
                spec:\n  owner: platform\n  approvedBy: board\n  reviewBy: 2026-01-31\n  why: the \
                floor\n  assets:\n    match: {namespaces: [shop]}\n  require:\n  - configuration: \
                {baseline: pss/baseline@1.29, max: 0}\n  target: 50%\n";
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [document]});
    // As a cluster gives it back: the verdict it was told stands in the object and is not used.
    let mut object = document.clone();
    object["status"] = json!({"verdict": "breached"});
    let judged = |file: &str, goal: &str| {
        let sandbox = Sandbox::empty();
        sandbox.write("work.yaml", &(plain("a") + &privileged("b")));
        sandbox.write(file, goal);
        let folder = file.split('/').next().expect("a folder");
        let args = [
            "check",
            "work.yaml",
            "--goals",
            folder,
            "--now",
            NOW,
            "-o",
            "json",
        ];
        sandbox.run(&args).exits(0).stdout
    };
    let expect = judged("line/goal.yaml", yaml);
    let report: Value = serde_json::from_str(&expect).expect("JSON");
    assert_eq!(report["goals"][0]["verdict"], "met");
    assert_eq!(report["goals"][0]["counts"]["violated"], 1);
    // At the same place: all of the report, byte for byte.
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    for (what, text) in [
        ("JSON", document.to_string()),
        ("a List in YAML's flow style", list.to_string()),
        ("an object with a status", object.to_string()),
    ] {
        assert_eq!(judged("line/goal.yaml", &text), expect, "{what}");
    }
    // Elsewhere: all but the place.
    let placeless = |report: &str| {
        let mut report: Value = serde_json::from_str(report).expect("JSON");
        let goal = &mut report["goals"][0];
        assert!(text(&goal["file"]).starts_with("line/"));
        goal["file"] = Value::Null;
        goal["line"] = Value::Null;
        report.to_string()
    };
    for (file, text) in [
        ("line/goal.json", pretty(&document)),
        ("line/all/list.json", pretty(&list)),
        ("line/later.yml", format!("# A comment.\n---\n{yaml}")),
    ] {
        assert_eq!(
            placeless(&judged(file, &text)),
            placeless(&expect),
            "{file}"
        );
    }
}

/// A2
#[test]
fn one_of_a_hundred_that_can_not_be_read_leaves_the_goal_unverified() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &unprivileged(""));
    for at in 0..100 {
        sandbox.write(&format!("w{at}.yaml"), &plain(&format!("w{at}")));
    }
    let whole = check_at(&sandbox, NOW, &[]).exits(0).json();
    assert_eq!(whole["goals"][0]["verdict"], "met");
    assert_eq!(whole["goals"][0]["counts"]["satisfied"], 100);
    let broken = [
        // Text that ends too early.
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w57\n",
        // Text that is no YAML.
        "kind: Deployment\n\tspec: [",
        // A chart's template before it is rendered.
        "kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n{{- if .Values.on }}\n",
    ];
    for text in broken {
        sandbox.write("w57.yaml", text);
        let run = check_at(&sandbox, NOW, &[]).exits(3);
        let report = run.json();
        let goal = &report["goals"][0];
        assert_eq!(goal["verdict"], "unverified", "{run}");
        assert_eq!(
            (
                &goal["counts"]["inScope"],
                &goal["counts"]["satisfied"],
                &goal["counts"]["unknown"]
            ),
            (&json!(100), &json!(99), &json!(1)),
            "{run}"
        );
        assert_eq!(
            goal["attainment"],
            json!({"lower": 0.99, "upper": 1.0, "target": 1.0, "required": 1.0})
        );
        assert!(
            goal["settledBy"].to_string().contains("w57.yaml")
                || goal["assets"].to_string().contains("w57.yaml"),
            "{run}"
        );
        assert!(!goal["settledBy"].to_string().contains("w56"));
        // A person sees the same, and the file's name.
        let seen = sandbox.run(&["check", ".", "--now", NOW]).exits(3);
        assert!(seen.stdout.contains("unverified  unprivileged"), "{seen}");
        assert!(seen.stdout.contains("w57.yaml"), "{seen}");
        assert!(!seen.stdout.contains("\nmet "), "{seen}");
    }
    // A violation that is known is not outweighed by what is not: 98 or 99 of 100 is no 100%.
    sandbox.write("w3.yaml", &privileged("w3"));
    let worse = check_at(&sandbox, NOW, &[]).exits(2).json();
    assert_eq!(worse["goals"][0]["verdict"], "breached");
}

/// A2
#[test]
fn what_nobody_observes_is_unverified_and_names_what_is_missing() {
    let check = |clause: &str, missing: &str| {
        let sandbox = Sandbox::empty();
        sandbox.write(
            "goal.yaml",
            &goal("g", &format!("  require:\n    - {clause}\n")),
        );
        sandbox.write("a.yaml", &(plain("a") + &plain("b")));
        let run = check_at(&sandbox, NOW, &[]).exits(3);
        let goal = run.json()["goals"][0].clone();
        assert_eq!(goal["verdict"], "unverified", "{run}");
        assert_eq!(goal["counts"]["unknown"], 2, "{run}");
        assert_eq!(goal["attainment"]["lower"], 0.0, "{run}");
        assert!(goal["settledBy"].to_string().contains(missing), "{run}");
    };
    check("coverage: {sensor: healthy}", "no coverage facts");
    check("coverage: {auditLog: true}", "no coverage facts");
    check("vulnerabilities: {severity: \">=high\"}", "image");
    check("runtime: {drift: block}", "runtime");
    check("supplyChain: {signedBy: [release]}", "sign");
    check("exposure: {attackPaths: 0}", "attack path");
    // A control that this build does not have is no control that holds.
    check(
        "configuration: {controls: [pss-priviledged]}",
        "pss-privileged",
    );
    check("configuration: {baseline: pss/restricted@1.99}", "1.37");
}

/// A2
#[test]
fn an_empty_scope_proves_nothing() {
    let sandbox = Sandbox::empty();
    sandbox.write("goal.yaml", &unprivileged("  target: 0%\n"));
    let run = check_at(&sandbox, NOW, &[]).exits(3);
    assert_eq!(run.json()["goals"][0]["verdict"], "unverified", "{run}");
}

/// A9
#[test]
fn each_new_violation_breaks_the_proposed_line() {
    let check = |field: &str, worse: &str| {
        let sandbox = Sandbox::empty();
        let good = plain("a") + &plain("b");
        sandbox.write("all.yaml", &good);
        sandbox
            .run(&["goals", "init", ".", "--write", "--now", NOW])
            .exits(0);
        let before = check_at(&sandbox, NOW, &[]).exits(0).json();
        assert_ne!(before["starterLine"], true);
        assert_eq!(items(&before["diagnostics"]), [] as [Value; 0]);
        sandbox.write("all.yaml", &good.replacen(field, worse, 1));
        let after = check_at(&sandbox, NOW, &[]).exits(2).json();
        let goal = named(&after, "goals", "everything-hold");
        let violated: Vec<_> = items(&goal["assets"])
            .iter()
            .map(|asset| (text(&asset["state"]), text(&asset["asset"])))
            .collect();
        assert_eq!(violated, [("violated", id("a").as_str())], "{worse}");
    };
    check("privileged: false", "privileged: true");
    check(
        "      containers:\n",
        "      hostNetwork: true\n      containers:\n",
    );
    check("privileged: false", "capabilities: {add: [SYS_ADMIN]}");
}

/// A16
#[test]
fn no_annotation_and_no_exception_waives_what_is_mandatory() {
    let waive = |annotation: &str| {
        privileged("a").replace(
            "  namespace: shop\n",
            &format!("  namespace: shop\n  annotations:\n    {annotation}: \"needed\"\n"),
        )
    };
    for annotation in [
        "ignore.plimsoll.dev/pss-privileged",
        "ignore-check.kube-linter.io/privileged-container",
        "kube-linter.io/ignore-all",
    ] {
        let sandbox = Sandbox::empty();
        sandbox.write("a.yaml", &waive(annotation));
        // Where the goal lets it, the annotation waives: the same object is excepted.
        sandbox.write("goal.yaml", &unprivileged(""));
        let run = check_at(&sandbox, NOW, &[]).exits(0);
        let report = run.json();
        assert_eq!(report["goals"][0]["counts"]["excepted"], 1, "{run}");
        let by = format!("{annotation}: needed");
        assert_eq!(report["findings"][0]["waivedBy"], by.as_str(), "{run}");
        // Where it is mandatory, the finding stays and it is said what would have waived it.
        sandbox.write("goal.yaml", &unprivileged("  mandatory: true\n"));
        let run = check_at(&sandbox, NOW, &["-o", "sarif=out.sarif"]).exits(2);
        let report = run.json();
        let goal = &report["goals"][0];
        assert_eq!(goal["verdict"], "breached", "{run}");
        assert_eq!(goal["counts"]["violated"], 1, "{run}");
        let note = goal["notes"].to_string();
        assert!(
            note.contains("mandatory") && note.contains(annotation),
            "{note}"
        );
        assert_eq!(items(&report["findings"]).len(), 1, "{run}");
        let seen = sandbox.run(&["check", ".", "--now", NOW]).exits(2).stdout;
        let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("mandatory") && words.contains(annotation),
            "{seen}"
        );
        let sarif: Value = serde_json::from_str(&sandbox.read("out.sarif")).expect("JSON");
        assert_eq!(sarif["runs"][0]["results"][0].get("suppressions"), None);
    }
    // Nor does an exception.
    let sandbox = Sandbox::empty();
    sandbox.write("a.yaml", &privileged("a"));
    sandbox.write(
        "line.yaml",
        &(unprivileged("  mandatory: true\n")
            + &goal(
                "lenient",
                "  require:\n    - configuration: {controls: [pss-privileged]}\n",
            )
            + &crate::resource(
                "PostureException",
                "accepted",
                "  owner: ops\n  reason: known\n  expires: 2027-01-31\n  assets: {names: [a]}\n  \
                 controls: [\"*\"]\n",
            )),
    );
    let report = check_at(&sandbox, NOW, &[]).exits(2).json();
    assert_eq!(named(&report, "goals", "lenient")["counts"]["excepted"], 1);
    let goal = named(&report, "goals", "unprivileged");
    assert_eq!(goal["counts"]["violated"], 1);
    assert!(goal["notes"].to_string().contains("accepted"), "{goal:#}");
}
