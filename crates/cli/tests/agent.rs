//! `plimsoll agent` against a real API server: verdicts appear in the goals'
//! status, flip when workloads change, and neither an agent that is killed nor
//! a server that is restarted loses a flip or tells it twice.

use std::{process::Command, time::Duration};

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "agent/excluded.rs"]
mod excluded;
#[path = "agent/harness.rs"]
mod harness;

use harness::{Agent, GOAL, deployment, events, get, goal, server, state_file, until, verdict};

#[test]
fn a_verdict_flips_in_the_status_of_its_goal_and_is_told_once() {
    let Some(mut server) = server() else { return };
    let kubeconfig = server.kubeconfig();
    let state = state_file(&server);
    let mut agent = Agent::start(&kubeconfig, "one", Some(&state));

    until("met", &agent, || verdict(&server) == "met");
    assert!(agent.ask("/readyz").starts_with("HTTP/1.1 200"));
    let before = goal(&server, ".metadata.generation");

    server
        .apply(&deployment("bad", true))
        .expect("what the test itself does works");
    until("breached", &agent, || verdict(&server) == "breached");
    let listed = get(&server, &["get", "posturegoals"]);
    let line: Vec<&str> = listed
        .lines()
        .nth(1)
        .expect("what the test itself does works")
        .split_whitespace()
        .collect();
    assert_eq!(
        line[..6],
        ["no-privilege", "platform", "breached", "50%", "1", "0"]
    );
    assert!(goal(&server, ".status.because").contains("apps.Deployment/bad"));
    assert_eq!(
        goal(&server, ".status.topFindings[*].rule"),
        "pss-privileged"
    );
    assert!(!goal(&server, ".status.fixPlan[0].change").is_empty());

    // Killed while the workload is mended: who comes after it tells the flip.
    drop(agent);
    server
        .apply(&deployment("bad", false))
        .expect("what the test itself does works");
    agent = Agent::start(&kubeconfig, "two", Some(&state));
    until("met again", &agent, || verdict(&server) == "met");

    // The server goes away and comes back.
    server
        .restart_api()
        .expect("what the test itself does works");
    server
        .apply(&deployment("bad", true))
        .expect("what the test itself does works");
    until("breached again", &agent, || verdict(&server) == "breached");
    assert_eq!(
        events(&server),
        [
            "VerdictMet",
            "VerdictBreached",
            "VerdictMet",
            "VerdictBreached"
        ]
    );

    // Nothing but the status was written, and nothing is written while
    // nothing changes.
    assert_eq!(goal(&server, ".metadata.generation"), before);
    let managers = goal(
        &server,
        ".metadata.managedFields[?(@.manager==\"plimsoll-agent\")].subresource",
    );
    assert_eq!(managers, "status");
    let version = goal(&server, ".metadata.resourceVersion");
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(goal(&server, ".metadata.resourceVersion"), version);

    // A workload that is deleted takes its findings with it.
    get(&server, &["delete", "deployment", "-n", "shop", "bad"]);
    until("met without it", &agent, || verdict(&server) == "met");

    // What nobody observes is never silently green: no sensor is on the node.
    server
        .apply("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n")
        .expect("what the test itself does works");
    until("coverage gaps are counted", &agent, || {
        let metrics = agent.ask("/metrics");
        let gaps = metrics
            .lines()
            .find_map(|line| line.strip_prefix("plimsoll_coverage_gaps "));
        gaps.is_some_and(|gaps| gaps != "0")
    });
    let metrics = agent.ask("/metrics");
    for line in [
        "plimsoll_goal_verdict{goal=\"no-privilege\",verdict=\"met\"} 1",
        "plimsoll_leader 1",
    ] {
        assert!(metrics.lines().any(|got| got == line), "{line}\n{metrics}");
    }
    agent.signal("TERM");
    let ended = agent.child.wait().expect("what the test itself does works");
    assert_eq!(ended.code(), Some(0), "{}", agent.log());
    let holder = get(
        &server,
        &[
            "get",
            "lease",
            "-n",
            "plimsoll",
            "plimsoll-agent",
            "-o",
            "jsonpath={.spec.holderIdentity}",
        ],
    );
    assert_eq!(holder, "", "the lease is given back");
    assert!(state.is_file());
}

#[test]
fn of_two_agents_one_writes_and_the_other_takes_over() {
    let Some(server) = server() else { return };
    let kubeconfig = server.kubeconfig();
    let one = Agent::start(&kubeconfig, "one", None);
    until("met", &one, || verdict(&server) == "met");
    let two = Agent::start(&kubeconfig, "two", None);
    until("the second is ready", &two, || {
        two.ask("/readyz").starts_with("HTTP/1.1 200")
    });
    assert!(two.ask("/metrics").contains("plimsoll_leader 0"));
    one.signal("TERM");
    until("the second writes", &two, || {
        two.ask("/metrics").contains("plimsoll_leader 1")
    });
    server
        .apply(&deployment("bad", true))
        .expect("what the test itself does works");
    until("breached", &two, || verdict(&server) == "breached");
    assert_eq!(events(&server), ["VerdictMet", "VerdictBreached"]);
}

#[test]
fn a_goal_that_is_wrong_says_so_in_its_status() {
    let Some(server) = server() else { return };
    // What no rule of the definition can say, the parser says.
    let odd = GOAL
        .replace("no-privilege", "odd")
        .replace("  assets:", "  window: 40000d\n  assets:");
    server.apply(&odd).expect("what the test itself does works");
    let agent = Agent::start(&server.kubeconfig(), "one", None);
    until("refused", &agent, || {
        get(
            &server,
            &[
                "get",
                "goal",
                "odd",
                "-o",
                "jsonpath={.status.conditions[0].message}",
            ],
        )
        .contains("40000d")
    });
    // The others are judged all the same.
    until("met", &agent, || verdict(&server) == "met");
}

/// The JSON of a check of the workload against the line in `line/goal.yaml`.
fn check(goal: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("line")).expect("a folder");
    std::fs::write(folder.path().join("line/goal.yaml"), goal).expect("it can be written");
    std::fs::write(folder.path().join("work.yaml"), deployment("good", false))
        .expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["check", "work.yaml", "--goals", "line", "-o", "json"])
        .args(["--now", "2026-11-26"])
        .current_dir(folder.path())
        .output()
        .expect("plimsoll runs");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_goal_as_a_file_and_as_a_resource_has_the_same_verdict_byte_for_byte() {
    let Some(server) = server() else { return };
    let agent = Agent::start(&server.kubeconfig(), "one", None);
    until("met", &agent, || verdict(&server) == "met");
    // With all that the server and the agent wrote into it.
    let resource = get(&server, &["get", "goal", "no-privilege", "-o", "yaml"]);
    assert!(resource.contains("resourceVersion"), "{resource}");
    assert!(resource.contains("verdict: met"), "{resource}");
    assert_eq!(check(&resource), check(GOAL));
}

#[test]
fn an_edit_of_a_goal_that_a_folder_owns_is_drift_and_is_not_judged() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("goal.yaml");
    std::fs::write(&file, GOAL).expect("it can be written");
    server
        .apply(&deployment("bad", true))
        .expect("what the test itself does works");
    let goals = folder.path().display().to_string();
    let agent = Agent::start_with(&server.kubeconfig(), "one", None, &["--goals", &goals]);
    let drifted = |field: &str| {
        let path = format!(".status.conditions[?(@.type==\"Drifted\")].{field}");
        goal(&server, &path)
    };
    until("as written", &agent, || {
        verdict(&server) == "breached" && drifted("status") == "False"
    });

    // Somebody draws the line lower, in the cluster alone.
    server
        .apply(&GOAL.replace("max: 0", "max: 5"))
        .expect("what the test itself does works");
    until("drift", &agent, || drifted("status") == "True");
    let message = drifted("message");
    assert!(
        message.contains("spec.require[0].configuration.max is 5, not 0"),
        "{message}"
    );
    assert!(message.contains("goal.yaml"), "{message}");
    assert_eq!(verdict(&server), "breached");
    assert!(
        agent
            .ask("/metrics")
            .contains("plimsoll_drifted_resources 1")
    );
    assert_eq!(events(&server), ["VerdictBreached", "Drifted"]);

    // Written where it belongs, it is in force.
    std::fs::write(&file, GOAL.replace("max: 0", "max: 5")).expect("it can be written");
    until("in force", &agent, || {
        verdict(&server) == "met" && drifted("status") == "False"
    });
    // What can't be read takes nothing away.
    std::fs::write(&file, "kind: [").expect("it can be written");
    until("told", &agent, || {
        agent.ask("/metrics").contains("plimsoll_owner_failing 1")
    });
    assert_eq!(verdict(&server), "met");
}
