//! Namespaces that the agent was told to leave out: nothing in them is judged, and coverage says who
//! told it.

use super::harness::{Agent, deployment, get, server, until};

/// No workload at all is privileged; no namespace is excluded.
const GOALS: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: everywhere}
spec:
  owner: platform
  assets: {all: true}
  require: [{configuration: {controls: [pss-privileged], max: 0}}]
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: watched}
spec:
  owner: platform
  assets: {match: {kinds: [Namespace]}}
  require: [{configuration: {controls: [coverage/namespace-excluded], max: 0}}]
";

const CONFIG: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: Config
agent: {excludeNamespaces: [lab]}
";

#[test]
fn an_excluded_namespace_is_not_judged_and_coverage_says_who_excluded_it() {
    let Some(server) = server() else { return };
    let apply = |text: &str| server.apply(text).expect("it is applied");
    apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n");
    apply(&deployment("bad", true).replace("namespace: shop", "namespace: lab"));
    apply(GOALS);
    let status = |goal: &str, field: &str| {
        let path = format!("jsonpath={{.status.{field}}}");
        get(&server, &["get", "goal", goal, "-o", &path])
    };
    let config = server.folder().join("agent.yaml");
    std::fs::write(&config, CONFIG).expect("it is written");
    let config = config.display().to_string();
    let start = |identity: &str, more: &[&str], env: &[(&str, &str)]| {
        let more = [&["--config", &config], more].concat();
        Agent::start_in(&server.kubeconfig(), identity, None, &more, env)
    };
    let told = |agent: &Agent, excluded: &str, by: &str| {
        let message = format!("namespace {excluded} is excluded by {by}");
        until(&message, agent, || {
            status("watched", "topFindings[*].message") == message
        });
    };

    // What is privileged is in `lab`, which the configuration leaves out.
    let agent = start("one", &[], &[]);
    until("met", &agent, || status("everywhere", "verdict") == "met");
    assert_eq!(status("everywhere", "counts.inScope"), "1");
    told(
        &agent,
        "lab",
        &format!("agent.excludeNamespaces in {config}"),
    );
    assert_eq!(status("watched", "verdict"), "breached");
    drop(agent);

    // The environment wins over the configuration, and the command line over both.
    let variable = [("PLIMSOLL_EXCLUDE_NAMESPACES", "shop,default")];
    let agent = start("two", &["--exclude-namespace", "lab"], &variable);
    told(&agent, "lab", "--exclude-namespace");
    assert_eq!(status("everywhere", "verdict"), "met");
    drop(agent);
    let agent = start("three", &[], &variable[..1]);
    until("breached", &agent, || {
        status("everywhere", "verdict") == "breached"
    });
    let by = "is excluded by PLIMSOLL_EXCLUDE_NAMESPACES";
    until("both are named", &agent, || {
        status("watched", "topFindings[*].message")
            == format!("namespace default {by} namespace shop {by}")
    });
}
