//! What every verb writes, on a small estate with a fixed clock.

use crate::support::{NOW, Sandbox, run, run_with_stdin};

#[test]
fn check_in_every_format() {
    let check = |name: &str, code: i32, args: &[&str]| {
        let args = [&["check", "shop", "--now", NOW], args].concat();
        insta::assert_snapshot!(format!("check-{name}"), run(&args).exits(code));
    };
    check("terminal", 2, &[]);
    check("quiet", 2, &["-q"]);
    check("verbose", 2, &["-v"]);
    check("colour", 2, &["-q", "--color", "always"]);
    check("json", 2, &["-o", "json"]);
    check("sarif", 2, &["-o", "sarif"]);
    check("junit", 2, &["-o", "junit"]);
    check("markdown", 2, &["-o", "markdown"]);
}

#[test]
fn scan_in_the_formats_of_machines_and_people() {
    let check = |name: &str, code: i32, args: &[&str]| {
        let args = [&["scan", "shop", "--now", NOW], args].concat();
        insta::assert_snapshot!(format!("scan-{name}"), run(&args).exits(code));
    };
    check("terminal", 0, &["--baseline", "pss/baseline@1.29"]);
    check(
        "json",
        0,
        &["--baseline", "pss/restricted@1.29", "-o", "json"],
    );
    check(
        "control",
        2,
        &["--control", "pss-host-namespaces", "--fail-on", "high"],
    );
    check("severity", 0, &["--severity", ">=critical"]);
}

#[test]
fn fix_as_plan_and_diff() {
    let check = |name: &str, args: &[&str]| {
        let args = [&["fix", "shop", "--now", NOW], args].concat();
        insta::assert_snapshot!(format!("fix-{name}"), run(&args).exits(0));
    };
    check("plan", &[]);
    check("plan-json", &["-o", "json"]);
    check("diff", &["--diff"]);
    check("met-goal", &["--goal", "nothing-privileged", "--diff"]);
}

#[test]
fn goals_proposed_simulated_and_compared() {
    insta::assert_snapshot!(
        "goals-init",
        run(&["goals", "init", "shop", "--now", NOW]).exits(0)
    );
    insta::assert_snapshot!(
        "goals-simulate",
        run(&[
            "goals",
            "simulate",
            "shop/web.yaml",
            "shop/worker.yaml",
            "--goals",
            "shop/goals.yaml",
            "--now",
            NOW
        ])
        .exits(0)
    );
    insta::assert_snapshot!(
        "goals-diff",
        run(&[
            "goals",
            "diff",
            "shop/web.yaml",
            "shop",
            "--goals",
            "shop/goals.yaml",
            "--now",
            NOW
        ])
        .exits(0)
    );
}

#[test]
fn the_rest() {
    insta::assert_snapshot!("schema-list", run(&["schema"]).exits(0));
    insta::assert_snapshot!("schema-class", run(&["schema", "AssetClass"]).exits(0));
    let version = run(&["version"]).exits(0);
    assert!(
        version
            .stdout
            .starts_with(concat!("plimsoll ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let version = run(&["version", "-o", "json"]).exits(0).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completion", shell]).exits(0);
        assert!(
            script.stdout.contains("simulate"),
            "{shell} completes verbs"
        );
    }
}

#[test]
fn the_starter_line_says_that_it_is_one() {
    insta::assert_snapshot!(
        "starter-line",
        run(&["check", "plain", "--now", NOW]).exits(2)
    );
    let quiet = run(&["check", "plain", "--now", NOW, "-q"]).exits(2);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_json_report_holds_what_others_rely_on() {
    let report = run(&["check", "shop", "--now", NOW, "-o", "json"])
        .exits(2)
        .json();
    assert_eq!(report["schemaVersion"], "1.0");
    assert!(report["coverage"]["read"].is_u64() && report["coverage"]["notRendered"].is_u64());
    let goal = &report["goals"][1];
    assert_eq!(goal["name"], "storefront-restricted");
    assert_eq!(goal["verdict"], "breached");
    for field in ["lower", "upper", "target"] {
        assert!(goal["attainment"][field].is_f64(), "attainment.{field}");
    }
    for field in [
        "inScope",
        "satisfied",
        "violated",
        "pending",
        "unknown",
        "excepted",
    ] {
        assert!(goal["counts"][field].is_u64(), "counts.{field}");
    }
    assert!(goal["clauses"].is_array() && goal["fixPlan"].is_array());

    let args = [
        "scan",
        "shop",
        "--baseline",
        "pss/restricted@1.29",
        "-o",
        "json",
        "--now",
        NOW,
    ];
    let report = run(&args).exits(0).json();
    assert_eq!(report["schemaVersion"], "1.0");
    let finding = &report["findings"][0];
    for field in [
        "control", "severity", "object", "file", "line", "column", "path", "message", "fix",
    ] {
        assert!(!finding[field].is_null(), "findings[].{field}");
    }
    for field in ["apiVersion", "kind", "namespace", "name"] {
        assert!(finding["object"][field].is_string(), "object.{field}");
    }
}

#[test]
fn at_risk_fails_only_when_asked() {
    let sandbox = Sandbox::of("shop");
    let line = sandbox
        .read("goals.yaml")
        .replace("storefront-restricted", "zz");
    // Without the breached goal, the worst is the one that rests on an exception.
    let kept: Vec<&str> = line
        .split("---\n")
        .filter(|part| !part.contains("name: zz"))
        .collect();
    sandbox.write("goals.yaml", &kept.join("---\n"));
    sandbox.run(&["check", "--now", NOW]).exits(0);
    sandbox
        .run(&["check", "--now", NOW, "--fail-on", "at-risk"])
        .exits(2);
    // The day after it expires, the verdict flips.
    sandbox.run(&["check", "--now", "2027-03-01"]).exits(2);
}

#[test]
fn the_example_is_judged_without_an_operational_error() {
    let shop = [
        "check",
        "../../../../examples/shop",
        "--now",
        NOW,
        "-o",
        "json",
    ];
    let run = run(&shop).exits(2);
    assert_eq!(run.stderr, "");
    let report = run.json();
    let coverage = &report["coverage"];
    assert_eq!(
        (&coverage["failed"], &coverage["notRendered"]),
        (&0.into(), &0.into())
    );
    assert_eq!(report["goals"].as_array().map(Vec::len), Some(5));
}

#[test]
fn several_outputs_at_once() {
    let sandbox = Sandbox::of("shop");
    let args = [
        "check",
        "--now",
        NOW,
        "-o",
        "terminal",
        "-o",
        "json=out.json",
        "-o",
        "html=out.html",
        "-o",
        "sarif=out.sarif",
    ];
    let run = sandbox.run(&args).exits(2);
    assert!(run.stdout.starts_with("The line does not hold"), "{run}");
    assert_eq!(
        run.stderr,
        "note: wrote json to out.json\nnote: wrote html to out.html\nnote: wrote sarif to out.sarif\n"
    );
    assert!(sandbox.read("out.html").starts_with("<!"));
    // A saved report is no manifest, and the next run says the same.
    let direct = sandbox.run(&[
        "check",
        "web.yaml",
        "worker.yaml",
        "goals.yaml",
        "--now",
        NOW,
        "-o",
        "json",
    ]);
    assert_eq!(direct.stdout, sandbox.read("out.json"));
}

#[test]
fn standard_input_is_read_as_a_file() {
    let pod = b"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":\
                {\"hostPID\":true,\"containers\":[{\"name\":\"a\",\"image\":\"a:1\"}]}}";
    let args = [
        "scan",
        "-",
        "--control",
        "pss-host-namespaces",
        "-o",
        "json",
        "-n",
        "prod",
        "--cluster",
        "east",
        "--now",
        NOW,
    ];
    let report = run_with_stdin(&args, pod).exits(0).json();
    let finding = &report["findings"][0];
    assert_eq!(finding["file"], "-");
    assert_eq!(finding["asset"], "cluster/east/ns/prod/Pod/p");
}

#[test]
fn a_simulated_goal_gives_its_own_demand_as_the_reason() {
    let goal = |name: &str| {
        format!(
            "---\napiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: {name}}}\n\
             spec: {{owner: a, assets: {{all: true}}, require: [{{configuration: {{baseline: \
             pss/restricted@1.29}}}}]}}\n"
        )
    };
    let sandbox = Sandbox::empty();
    sandbox.write("new/goals.yaml", &(goal("one") + &goal("two")));
    sandbox.write(
        "app/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n",
    );
    let args = [
        "goals", "simulate", "app", "--goals", "new", "--now", NOW, "-o", "json",
    ];
    let report = sandbox.run(&args).json();
    let goals = report["goals"].as_array().expect("a list");
    assert_eq!(goals.len(), 2);
    for goal in goals {
        let name = goal["name"].as_str().expect("a name");
        let text = goal.to_string();
        assert!(text.contains(&format!("goal {name} now asks")), "{text}");
        let other = if name == "one" { "two" } else { "one" };
        assert!(!text.contains(&format!("goal {other} now")), "{text}");
    }
}
