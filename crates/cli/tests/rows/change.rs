//! What another line would change (A10), what pins hold (A13), and what changed (A11).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    goal, id, items, named, plain, privileged, resource,
    support::{NOW, Sandbox},
    text,
};

/// The assets of a state for a goal, of a check of everything in `work` by the line in a folder.
fn of_state(sandbox: &Sandbox, line: &str, goal: &str, state: &str) -> BTreeSet<String> {
    let args = ["check", "work", "--goals", line, "--now", NOW, "-o", "json"];
    let report = sandbox.run(&args).json();
    let assets = items(&named(&report, "goals", goal)["assets"]).iter();
    let of_it = assets.filter(|asset| asset["state"] == state);
    of_it
        .map(|asset| text(&asset["asset"]).to_owned())
        .collect()
}

fn assets(list: &Value) -> BTreeSet<String> {
    let ids: Vec<String> = items(list)
        .iter()
        .map(|item| text(&item["asset"]).to_owned())
        .collect();
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "none stands twice");
    set
}

fn simulated(sandbox: &Sandbox) -> Value {
    let args = [
        "goals",
        "simulate",
        "work",
        "--against",
        "old",
        "--goals",
        "new",
        "--now",
        NOW,
        "-o",
        "json",
    ];
    sandbox.run(&args).exits(0).json()
}

/// An estate whose workloads differ in what they break.
fn work(sandbox: &Sandbox) {
    let context = "          securityContext:\n            privileged: false\n";
    let with = |name: &str, field: &str| {
        plain(name).replace(context, &format!("{context}            {field}\n"))
    };
    let on_the_host = |name: &str| {
        plain(name).replace(
            "      containers:",
            "      hostNetwork: true\n      containers:",
        )
    };
    let limited = plain("limited") + "          resources: {limits: {memory: 64Mi}}\n";
    let all = [
        plain("plain"),
        privileged("privileged"),
        on_the_host("host"),
        on_the_host("host-too"),
        with("capable", "capabilities: {add: [SYS_ADMIN]}"),
        with("rooted", "runAsUser: 0"),
        limited,
    ];
    for (at, text) in all.iter().enumerate() {
        sandbox.write(&format!("work/{at}.yaml"), text);
    }
    sandbox.write("work/broken.yaml", "kind: Deployment\nmetadata: {name: [\n");
}

fn floor(version: &str, content: &str) -> String {
    resource(
        "Baseline",
        "floor",
        &format!("  version: \"{version}\"\n{content}"),
    )
}

/// A10
#[test]
fn a_simulation_lists_exactly_what_drawing_the_line_flips_and_denies() {
    let require = |clause: &str, enforce: &str| {
        goal(
            "g",
            &format!(
                "  require:\n    - configuration: {{{clause}}}\n  enforce: {{admission: {enforce}}}\n"
            ),
        )
    };
    let check = |old: &str, new: &str, flips: usize, heals: usize| {
        let sandbox = Sandbox::empty();
        work(&sandbox);
        sandbox.write("old/line.yaml", old);
        sandbox.write("new/line.yaml", new);
        let simulation = simulated(&sandbox);
        let said = named(&simulation, "goals", "g");
        let state = |line: &str, state: &str| of_state(&sandbox, line, "g", state);
        let (before, after) = (state("old", "violated"), state("new", "violated"));
        let minus = |a: &BTreeSet<String>, b: &BTreeSet<String>| -> BTreeSet<String> {
            a.difference(b).cloned().collect()
        };
        let unknown = minus(&state("new", "unknown"), &state("old", "unknown"));
        assert_eq!(
            assets(&said["toViolated"]),
            minus(&after, &before),
            "{said:#}"
        );
        assert_eq!(
            assets(&said["toMet"]),
            minus(&minus(&before, &after), &unknown),
            "{said:#}"
        );
        assert_eq!(assets(&said["toUnknown"]), unknown, "{said:#}");
        assert_eq!(items(&said["toViolated"]).len(), flips, "{said:#}");
        assert_eq!(items(&said["toMet"]).len(), heals, "{said:#}");
        // What would be denied is what violates the new line, and each says why.
        let denies = new.contains("admission: deny");
        let denied = if denies { after } else { BTreeSet::new() };
        assert_eq!(assets(&said["denied"]), denied, "{said:#}");
        for impact in items(&said["denied"]) {
            assert!(!items(&impact["why"]).is_empty(), "{impact:#}");
        }
        // To try a line is not to draw it.
        let again = simulated(&sandbox);
        assert_eq!(simulation, again);
    };
    let privileged = "controls: [pss-privileged]";
    let old = require(privileged, "audit");
    // The goal changes: another baseline, more controls, fewer, a control there is not.
    check(&old, &require("baseline: pss/baseline@1.29", "deny"), 3, 0);
    check(
        &old,
        &require("baseline: pss/restricted@1.29", "deny"),
        6,
        0,
    );
    check(
        &old,
        &require("controls: [pss-host-namespaces]", "deny"),
        2,
        1,
    );
    check(
        &old,
        &require("controls: [pss-host-namespaces]", "audit"),
        2,
        1,
    );
    check(&old, &require("controls: [pss-priviledged]", "deny"), 0, 0);
    check(&old, &require(privileged, "deny"), 0, 0);
    // The goal stays, and a control comes into the baseline that it names, or leaves it.
    let pinned = require("baseline: floor@1", "deny");
    let with = |controls: &str| pinned.clone() + &floor("1", controls);
    let one = with("  include: [{control: pss-privileged}]\n");
    let two = with("  include: [{control: pss-privileged}, {control: pss-host-namespaces}]\n");
    check(&one, &two, 2, 0);
    check(&two, &one, 0, 2);
}

/// A13
#[test]
fn newer_controls_never_move_a_pinned_goal_and_are_previewed() {
    // Since 1.34 the standard forbids probes of other hosts; 1.35 opens user namespaces.
    let probe = plain("probed")
        + "          livenessProbe: {httpGet: {path: /, port: 80, host: 10.0.0.1}}\n";
    let mend = |text: String| {
        text.replace(
            "            privileged: false\n",
            "            privileged: false\n            allowPrivilegeEscalation: false\n            \
             runAsNonRoot: true\n            seccompProfile: {type: RuntimeDefault}\n            \
             capabilities: {drop: [ALL]}\n",
        )
    };
    let sandbox = Sandbox::empty();
    sandbox.write("work/all.yaml", &(mend(probe) + &mend(plain("strict"))));
    let line = |version: &str| {
        goal(
            "pinned",
            &format!("  require:\n    - configuration: {{baseline: pss/restricted{version}}}\n"),
        )
    };
    sandbox.write("old/line.yaml", &line("@1.24"));
    sandbox.write("new/line.yaml", &line("@1.37"));
    sandbox.write("floating/line.yaml", &line(""));
    let check = |line: &str, code: i32| {
        let args = ["check", "work", "--goals", line, "--now", NOW, "-o", "json"];
        sandbox.run(&args).exits(code).json()
    };
    // This build knows 1.37, and the goal of 1.24 does not move.
    let pinned = check("old", 0);
    assert_eq!(pinned["goals"][0]["verdict"], "met");
    assert_eq!(
        pinned["baselines"],
        serde_json::json!(["pss/restricted@1.24"])
    );
    // The update tells beforehand what it flips.
    let simulation = simulated(&sandbox);
    let said = &simulation["goals"][0];
    assert_eq!(
        (&said["from"], &said["to"]),
        (&"met".into(), &"breached".into())
    );
    assert_eq!(assets(&said["toViolated"]), BTreeSet::from([id("probed")]));
    let why = said["toViolated"][0]["why"].to_string();
    assert!(why.contains("1.24") && why.contains("1.37"), "{why}");
    // And then flips it.
    assert_eq!(
        of_state(&sandbox, "new", "pinned", "violated"),
        BTreeSet::from([id("probed")])
    );
    // Only who asks for the newest gets it, and is told that it moves.
    let floating = check("floating", 2);
    assert!(
        floating["goals"][0]["notes"].to_string().contains("1.37"),
        "{floating:#}"
    );
}

/// A13
#[test]
fn two_more_controls_in_a_new_version_move_no_goal_that_pins_the_old_one() {
    let one = floor("1", "  include: [{control: pss-privileged}]\n");
    let two = floor(
        "2",
        "  extends: [floor@1]\n  include: [{control: pss-host-namespaces}, {control: \
         resources-memory-limit}]\n",
    );
    let line = |version: u32, content: &str| {
        goal(
            "pinned",
            &format!("  require:\n    - configuration: {{baseline: floor@{version}}}\n"),
        ) + content
    };
    let sandbox = Sandbox::empty();
    sandbox.write("work/a.yaml", &(plain("a") + &plain("b")));
    sandbox.write("before/line.yaml", &line(1, &one));
    sandbox.write("old/line.yaml", &line(1, &(one.clone() + &two)));
    sandbox.write("new/line.yaml", &line(2, &(one + &two)));
    sandbox.write(
        "gone/line.yaml",
        &line(1, &two.replace("  extends: [floor@1]\n", "")),
    );
    let report = |line: &str, code: i32| {
        let args = ["check", "work", "--goals", line, "--now", NOW, "-o", "json"];
        let run = sandbox.run(&args).exits(code);
        let mut goal = run.json()["goals"][0].clone();
        goal["file"] = Value::Null;
        goal
    };
    // The update changes nothing of the verdict, byte for byte.
    assert_eq!(
        report("before", 0).to_string(),
        report("old", 0).to_string()
    );
    let said = simulated(&sandbox)["goals"][0].clone();
    assert_eq!(
        assets(&said["toViolated"]),
        BTreeSet::from([id("a"), id("b")])
    );
    assert_eq!(
        of_state(&sandbox, "new", "pinned", "violated"),
        BTreeSet::from([id("a"), id("b")])
    );
    // A version that is gone is not silently another one: nothing is known.
    let gone = report("gone", 3);
    assert_eq!(gone["verdict"], "unverified");
    assert!(
        gone["settledBy"]
            .to_string()
            .contains("`floor` has no version `1`"),
        "{gone:#}"
    );
}

/// A11
#[test]
fn a_diff_names_new_fixed_excepted_and_unknown_findings_and_why() {
    let sandbox = Sandbox::empty();
    let line = goal(
        "g",
        "  require:\n    - configuration: {baseline: pss/baseline@1.29}\n",
    );
    let exception = |name: &str, asset: &str, expires: &str| {
        resource(
            "PostureException",
            name,
            &format!(
                "  owner: ops\n  reason: known\n  expires: {expires}\n  assets: {{names: \
                 [{asset}]}}\n  controls: [pss-privileged]\n"
            ),
        )
    };
    sandbox.write(
        "line.yaml",
        &(line.clone() + &exception("old", "lapses", "2026-11-25")),
    );
    for name in [
        "fixed", "excepted", "unread", "template", "gone", "lapses", "stays",
    ] {
        sandbox.write(&format!("{name}.yaml"), &privileged(name));
    }
    sandbox.write("new.yaml", &plain("new"));
    let args = ["check", ".", "-q", "-o"];
    sandbox
        .run(&[&args[..], &["json=a.json", "--now", "2026-11-25"]].concat())
        .exits(2);

    sandbox.write("new.yaml", &privileged("new"));
    sandbox.write("added.yaml", &privileged("added"));
    sandbox.write("fixed.yaml", &plain("fixed"));
    sandbox.write("unread.yaml", "kind: Deployment\nmetadata: {name: [\n");
    sandbox.write(
        "template.yaml",
        "kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n{{- if .Values.on }}\n",
    );
    std::fs::remove_file(sandbox.path().join("gone.yaml")).expect("it is there");
    sandbox.write(
        "line.yaml",
        &(line
            + &exception("old", "lapses", "2026-11-25")
            + &exception("young", "excepted", "2027-01-31")),
    );
    // Everything moves down: that alone is no change.
    sandbox.write(
        "stays.yaml",
        &format!("# A line more.\n{}", privileged("stays")),
    );
    sandbox
        .run(&[&args[..], &["json=b.json", "--now", "2026-11-26"]].concat())
        .exits(2);

    let run = sandbox
        .run(&["goals", "diff", "a.json", "b.json", "-o", "json"])
        .exits(0);
    let diff = run.json();
    let seen = sandbox
        .run(&["goals", "diff", "a.json", "b.json"])
        .exits(0)
        .stdout;
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let check = |asset: &str, change: &str, why: &[&str]| {
        let found: Vec<&Value> = items(&diff["findings"])
            .iter()
            .filter(|finding| finding["asset"] == id(asset).as_str())
            .collect();
        assert_eq!(found.len(), 1, "{asset}: {run}");
        assert_eq!(text(&found[0]["change"]), change, "{asset}: {run}");
        let reason = text(&found[0]["why"]);
        for part in why {
            assert!(reason.contains(part), "{asset}: {part}: {reason}");
        }
        assert!(words.contains(reason), "{reason}: {seen}");
    };
    check("new", "new", &["privileged", "true"]);
    check("added", "new", &["Deployment shop/added", "added"]);
    check("fixed", "fixed", &["privileged"]);
    check("gone", "fixed", &["Deployment shop/gone", "gone"]);
    check("excepted", "excepted", &["young"]);
    check("lapses", "lapsed", &["old", "expired"]);
    check("unread", "became-unknown", &["unread.yaml"]);
    check("template", "became-unknown", &["template.yaml"]);
    let counts = &diff["counts"];
    for (name, count) in [
        ("new", 2),
        ("fixed", 2),
        ("excepted", 1),
        ("lapsed", 1),
        ("becameUnknown", 2),
        ("unchanged", 1),
    ] {
        assert_eq!(counts[name], count, "{name}: {run}");
    }
    assert_eq!(items(&diff["findings"]).len(), 8, "{run}");
}
