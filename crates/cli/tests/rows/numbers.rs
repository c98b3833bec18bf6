//! Numbers with their parts (B14), the same in every format (H11), and words for every id (H7).

use serde_json::Value;

use crate::{
    check_at, goal, items, plain, privileged, resource,
    support::{NOW, Run, Sandbox},
    text,
};

const STATES: [&str; 5] = ["satisfied", "violated", "pending", "unknown", "excepted"];

/// An estate with assets in every state: 3 satisfied, 2 violated, 4 pending, 1 unknown, and one
/// by an exception and one by an annotation.
fn estate() -> Sandbox {
    let sandbox = Sandbox::empty();
    let on_the_host = |name: &str| {
        plain(name).replace(
            "      containers:",
            "      hostNetwork: true\n      containers:",
        )
    };
    let waived = privileged("waived").replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations: {ignore.plimsoll.dev/pss-privileged: known}\n",
    );
    let many = |what: &dyn Fn(&str) -> String, name: &str, count: usize| -> String {
        (0..count).map(|at| what(&format!("{name}-{at}"))).collect()
    };
    sandbox.write("good.yaml", &many(&plain, "good", 3));
    sandbox.write("bad.yaml", &many(&privileged, "bad", 2));
    sandbox.write("late.yaml", &many(&on_the_host, "late", 4));
    sandbox.write("accepted.yaml", &(privileged("accepted") + &waived));
    sandbox.write("broken.yaml", "kind: Deployment\nmetadata: {name: [\n");
    sandbox.write(
        "line.yaml",
        &(goal(
            "first",
            "  target: 90%\n  require:\n    - configuration: {controls: [pss-privileged]}\n    - \
             configuration: {controls: [pss-host-namespaces], within: 14d}\n",
        ) + &goal(
            "second",
            "  require:\n    - configuration: {baseline: plimsoll/essentials@1, max: 1}\n",
        ) + &goal("third", "  require:\n    - coverage: {sensor: healthy}\n")
            + &resource(
                "AssetClass",
                "jewel",
                "  rank: 900\n  match: {names: [good-0]}\n",
            )
            + &resource(
                "Baseline",
                "floor",
                "  version: \"1\"\n  include: [{control: pss-privileged}]\n",
            )
            + &resource(
                "PostureException",
                "known",
                "  owner: ops\n  reason: known\n  expires: 2027-01-31\n  assets: {names: \
                 [accepted]}\n  controls: [pss-privileged]\n",
            )),
    );
    sandbox
}

/// Every state's number of a goal, and that of its scope.
fn parts(goal: &Value) -> (u64, [u64; 5]) {
    let number = |name: &str| goal["counts"][name].as_u64().expect("a number");
    (number("inScope"), STATES.map(number))
}

/// `in scope 12 = 3 satisfied + ...`, as people read it; a state without assets is left out.
fn sum(whole: u64, parts: [u64; 5]) -> String {
    let shown: Vec<String> = STATES
        .iter()
        .zip(parts)
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    format!("in scope {whole} = {}", shown.join(" + "))
}

/// Text with one space between words, without tags.
fn plain_text(text: &str) -> String {
    let mut out = String::new();
    for part in text.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push(' ');
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One run in all formats: JSON on standard output, the others as files.
fn all_formats(sandbox: &Sandbox) -> Run {
    let formats = ["terminal", "sarif", "oscal", "html", "markdown", "junit"]
        .map(|format| format!("{format}=out.{format}"));
    let mut args = vec!["--verbose"];
    for format in &formats {
        args.extend(["-o", format.as_str()]);
    }
    check_at(sandbox, NOW, &args)
}

/// B14
#[test]
fn the_parts_add_up_to_the_scope_in_json_terminal_and_html() {
    let sandbox = estate();
    let report = all_formats(&sandbox).exits(2).json();
    assert_eq!(parts(&report["goals"][0]), (12, [3, 2, 4, 1, 2]));
    let terminal = plain_text(&sandbox.read("out.terminal"));
    let html = plain_text(&sandbox.read("out.html"));
    for goal in items(&report["goals"]) {
        let (whole, states) = parts(goal);
        assert_eq!(states.iter().sum::<u64>(), whole, "{goal:#}");
        // The lists have as many assets as the numbers say.
        let listed = items(&goal["assets"]).len() + items(&goal["satisfied"]).len();
        assert_eq!(listed as u64, whole, "{goal:#}");
        for (state, count) in STATES.iter().zip(states).skip(1) {
            let assets = items(&goal["assets"]).iter();
            let of_it = assets.filter(|asset| asset["state"] == *state).count();
            assert_eq!(of_it as u64, count, "{state}: {goal:#}");
        }
        // Each clause alone adds up, too.
        for clause in items(&goal["clauses"]) {
            let (whole, states) = parts(clause);
            assert_eq!(states.iter().sum::<u64>(), whole, "{clause:#}");
        }
        let sum = sum(whole, states);
        assert!(terminal.contains(&sum), "{sum}: {terminal}");
        assert!(html.contains(&sum), "{sum}: {html}");
        // The share is made of the parts, and of nothing else: unknown is not met.
        let [satisfied, _, pending, unknown, excepted] = states;
        let sure = satisfied + pending + excepted;
        let share = |part: u64| part as f64 / whole as f64;
        let shown = |name: &str| goal["attainment"][name].as_f64().expect("a number");
        // Shown rounded down, so that what is missing never shows as nothing.
        for (name, part) in [("lower", sure), ("upper", sure + unknown)] {
            let missing = share(part) - shown(name);
            assert!((0.0..1e-5).contains(&missing), "{name}: {goal:#}");
        }
    }
}

/// H11
#[test]
fn terminal_json_sarif_and_oscal_count_alike() {
    let sandbox = estate();
    let report = all_formats(&sandbox).exits(2).json();
    let terminal = plain_text(&sandbox.read("out.terminal"));
    let read = |name: &str| -> Value { serde_json::from_str(&sandbox.read(name)).expect("JSON") };
    let (sarif, oscal) = (read("out.sarif"), read("out.oscal"));
    let run = &sarif["runs"][0];
    let result = &oscal["assessment-results"]["results"][0];
    let findings = items(&report["findings"]);

    // The findings: the same ids, none left out, none twice.
    let ids = |list: Vec<&str>| {
        let mut list: Vec<String> = list.into_iter().map(str::to_owned).collect();
        list.sort();
        list
    };
    let expect = ids(findings
        .iter()
        .map(|finding| text(&finding["id"]))
        .collect());
    let of_sarif = items(&run["results"])
        .iter()
        .map(|result| text(&result["partialFingerprints"]["plimsollFindingId/v1"]));
    assert_eq!(ids(of_sarif.collect()), expect);
    let observed = items(&result["observations"])
        .iter()
        .filter(|one| one["types"] == serde_json::json!(["finding"]));
    assert_eq!(observed.count(), expect.len());
    // What is accepted is there in all, marked.
    let accepted = findings.iter().filter(|finding| {
        finding.get("waivedBy").is_some()
            || finding.get("excepted_by").is_some()
            || finding.get("exceptedBy").is_some()
    });
    let suppressed = items(&run["results"])
        .iter()
        .filter(|result| result.get("suppressions").is_some());
    let accepted = accepted.count();
    assert!(accepted > 0);
    assert_eq!(suppressed.count(), accepted);

    // By severity, as the terminal says it.
    for (severity, count) in report["severities"].as_object().expect("a mapping") {
        let count = count.as_u64().expect("a number");
        let of_it = findings
            .iter()
            .filter(|finding| finding["severity"] == severity.as_str());
        assert_eq!(of_it.count() as u64, count, "{severity}");
        if count > 0 {
            let said = format!("{count} {severity}");
            assert!(terminal.contains(&said), "{said}: {terminal}");
        }
    }

    // The goals.
    let goals = items(&report["goals"]);
    let of_sarif = items(&run["properties"]["goals"]);
    let of_oscal = items(&result["findings"]);
    assert_eq!((of_sarif.len(), of_oscal.len()), (goals.len(), goals.len()));
    for ((goal, in_sarif), in_oscal) in goals.iter().zip(of_sarif).zip(of_oscal) {
        assert_eq!(in_sarif["counts"], goal["counts"]);
        assert_eq!(in_sarif["verdict"], goal["verdict"]);
        let prop = |name: &str| {
            let props = items(&in_oscal["props"]).iter();
            let prop = props
                .clone()
                .find(|prop| prop["name"] == name)
                .expect("it is there");
            text(&prop["value"]).to_owned()
        };
        assert_eq!(prop("verdict"), text(&goal["verdict"]));
        let (whole, states) = parts(goal);
        assert_eq!(prop("in-scope"), whole.to_string());
        for (state, count) in STATES.iter().zip(states) {
            assert_eq!(prop(state), count.to_string(), "{state}");
        }
        assert!(terminal.contains(&sum(whole, states)), "{terminal}");
        // "Passed" never stands beside what is not met.
        let holds = in_oscal["target"]["status"]["state"] == "satisfied";
        assert_eq!(holds, ["met", "at-risk"].contains(&text(&goal["verdict"])));
    }

    // What was read.
    for (name, words) in [("notRendered", "not rendered"), ("failed", "failed")] {
        let said = format!("{} {words}", report["coverage"][name]);
        assert!(terminal.contains(&said), "{said}: {terminal}");
    }
}

/// H7
#[test]
fn any_id_of_a_report_can_be_explained() {
    let sandbox = estate();
    let report = check_at(&sandbox, NOW, &[]).exits(2).json();
    let page = |what: &str| {
        let run = sandbox.run(&["explain", what, ".", "--now", NOW]).exits(0);
        assert_eq!(run.stderr, "", "{what}");
        run.stdout
    };
    let shows = |what: &str, parts: &[&str]| {
        let page = page(what);
        for part in parts {
            assert!(page.contains(part), "{what}: {part}: {page}");
        }
    };
    // What, evidence, why it matters, how to test, how to fix.
    for finding in items(&report["findings"]) {
        let place = format!(
            "{}:{}:{}",
            text(&finding["file"]),
            finding["line"],
            finding["column"]
        );
        shows(
            text(&finding["id"]),
            &[
                "What is wrong",
                text(&finding["control"]),
                "Evidence",
                &place,
                "Why it matters",
                "How to test",
                "How to fix",
            ],
        );
    }
    for control in report["controls"].as_object().expect("a mapping").keys() {
        shows(
            control,
            &[
                "What must hold",
                "Why it matters",
                "How to test",
                "How to fix",
            ],
        );
    }
    for goal in items(&report["goals"]) {
        let place = format!("{}:{}", text(&goal["file"]), goal["line"]);
        shows(
            text(&goal["name"]),
            &[
                "What it demands",
                text(&goal["clauses"][0]["text"]),
                &place,
                "in scope",
            ],
        );
    }
    for asset in items(&report["assets"]) {
        shows(
            text(&asset["id"]),
            &[text(&asset["object"]["name"]), text(&asset["file"])],
        );
    }
    for baseline in items(&report["baselines"]) {
        page(text(baseline));
    }
    shows("floor@1", &["pss-privileged"]);
    shows("jewel", &["900", "good-0"]);
    shows("known", &["ops", "2027-01-31", "accepted"]);
    for verdict in ["met", "at-risk", "breached", "unverified"] {
        page(verdict);
    }
    for state in STATES {
        page(state);
    }
    // What is not there says so and names what is near.
    let run = sandbox
        .run(&["explain", "pss-priviledged", ".", "--now", NOW])
        .exits(1);
    assert!(run.stderr.contains("`pss-privileged`"), "{run}");
}
