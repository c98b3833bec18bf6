//! The Helm chart, with real Helm against a real API server: it meets our own
//! line, gives the agent what it needs and no more, and leaves nothing behind
//! but the definitions and what users wrote, even with the agent dead.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "../../../tests/cluster/node.rs"]
mod node;
#[path = "chart/on_a_node.rs"]
mod on_a_node;

const LINE: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: restricted}
spec:
  owner: platform
  assets: {all: true}
  require:
  - configuration: {baseline: pss/restricted@1.36, max: 0}
";

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn chart() -> String {
    repo().join("charts/plimsoll").display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Helm, where it was built.
fn helm_program() -> Option<PathBuf> {
    cluster::built(&repo(), "helm")
        .inspect_err(|why| eprintln!("SKIPPED: no Helm for tests: {why}"))
        .ok()
}

fn helm(program: &Path, home: &Path, kubeconfig: Option<&Path>, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command
        .args(args)
        .env("HOME", home)
        .env_remove("KUBECONFIG")
        .stdin(Stdio::null());
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    command.output().expect("Helm runs")
}

fn sound(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn plimsoll(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .env_remove("KUBECONFIG")
        .stdin(Stdio::null())
        .output()
        .expect("plimsoll runs")
}

/// The rules of the chart are those that `cluster rbac` prints.
#[test]
fn the_chart_grants_what_the_agent_reads_and_no_more() {
    let printed = text(&plimsoll(&["cluster", "rbac", "--print"]).stdout);
    let rules: String = printed
        .lines()
        .skip_while(|line| *line != "rules:")
        .skip(1)
        .take_while(|line| !line.starts_with("---"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let kept = include_str!("../../../charts/plimsoll/files/rules.yaml");
    assert_eq!(
        kept, rules,
        "copy the rules of `plimsoll cluster rbac --print` into charts/plimsoll/files/rules.yaml"
    );
}

#[test]
fn the_chart_meets_the_restricted_standard_and_refuses_values_that_are_none() {
    let Some(program) = helm_program() else {
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let lint = helm(&program, home.path(), None, &["lint", "--strict", &chart()]);
    sound(&lint);
    let template = [
        "template",
        "plimsoll",
        &chart(),
        "-n",
        "plimsoll",
        "--kube-version",
        "v1.36.0",
    ];
    let rendered = sound(&helm(&program, home.path(), None, &template));
    let manifests = home.path().join("rendered.yaml");
    std::fs::write(&manifests, &rendered).expect("it can be written");
    let line = home.path().join("line.yaml");
    std::fs::write(&line, LINE).expect("it can be written");
    let check = plimsoll(&[
        "check",
        &manifests.display().to_string(),
        "--goals",
        &line.display().to_string(),
    ]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stdout));
    let goals = ["--set", "goalsVolume.configMap.name=line"];
    let owned = sound(&helm(
        &program,
        home.path(),
        None,
        &[&template[..], &goals].concat(),
    ));
    for part in ["--goals=/etc/plimsoll/goals", "name: line", "name: goals"] {
        assert!(owned.contains(part) && !rendered.contains(part), "{part}");
    }
    // Secrets are granted one by one, and none without being named.
    assert!(!rendered.contains("secrets]"), "{rendered}");
    let images = [
        "--set",
        "images.enabled=true,images.pullSecrets={shop/pull,bank/*},images.registryPorts={5000}",
        "--set",
        "networkPolicy.apiServerPorts={16443},excludeNamespaces={lab}",
        "--set",
        "images.databaseVolume.persistentVolumeClaim.claimName=advisories",
    ];
    let granted = sound(&helm(
        &program,
        home.path(),
        None,
        &[&template[..], &images].concat(),
    ));
    assert_eq!(granted.matches("resources: [secrets]").count(), 2);
    for part in [
        "resourceNames: [pull]",
        "namespace: bank",
        "--pull-secret=shop/pull",
        "--exclude-namespace=lab",
        "--images",
        "{port: 5000, protocol: TCP}",
        "{port: 16443, protocol: TCP}",
        "claimName: advisories",
    ] {
        assert!(granted.contains(part), "{part}\n{granted}");
    }
    for wrong in [
        "image.digest=latest",
        "replicas=-1",
        "replica=2",
        "networkPolicy.apiServerPorts={}",
        "images.pullSecrets={pull}",
        "excludeNamespaces={kube-*}",
    ] {
        let refused = helm(
            &program,
            home.path(),
            None,
            &[&template[..], &["--set", wrong]].concat(),
        );
        assert!(!refused.status.success(), "{wrong}");
    }
}

#[test]
fn it_installs_upgrades_and_goes_without_a_trace_with_the_agent_dead() {
    let Some(program) = helm_program() else {
        return;
    };
    let kubernetes = match cluster::program(&repo()) {
        Ok(kubernetes) => kubernetes,
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            return;
        }
    };
    let server = cluster::Cluster::start(&kubernetes).expect("the API server starts");
    let kubectl = |args: &[&str]| text(&server.kubectl(args).expect("kubectl runs").stdout);
    let home = tempfile::tempdir().expect("a folder");
    let kubeconfig = server.kubeconfig();
    let run = |args: &[&str]| sound(&helm(&program, home.path(), Some(&kubeconfig), args));
    let before = everything(&kubectl);
    run(&[
        "install",
        "plimsoll",
        &chart(),
        "-n",
        "plimsoll",
        "--create-namespace",
    ]);
    assert!(!everything(&kubectl).is_empty());
    server.apply(LINE).expect("the goal is taken");

    // With the account of the chart, and nothing else, the agent does its work.
    let account = server
        .kubeconfig_of("plimsoll", "plimsoll")
        .expect("the account is there");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["agent", "--log", "json", "--listen", "127.0.0.1:0"])
        .args(["--lease", "plimsoll", "--lease-namespace", "plimsoll"])
        .args(["--kubeconfig", &account.display().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the agent starts");
    let begin = Instant::now();
    // Only the chart's own Deployment is there, and it is restricted.
    let verdict = || {
        kubectl(&[
            "get",
            "posturegoal",
            "restricted",
            "-o",
            "jsonpath={.status.verdict}",
        ])
    };
    while verdict() != "met" {
        assert!(begin.elapsed() < Duration::from_secs(60), "{}", verdict());
        std::thread::sleep(Duration::from_millis(200));
    }
    let events = kubectl(&["get", "events", "-n", "default", "-o", "name"]);
    assert!(events.contains("restricted"), "{events}");

    run(&[
        "upgrade",
        "plimsoll",
        &chart(),
        "-n",
        "plimsoll",
        "--set",
        "replicas=2",
    ]);
    let replicas = kubectl(&[
        "get",
        "deployment",
        "-n",
        "plimsoll",
        "plimsoll",
        "-o",
        "jsonpath={.spec.replicas}",
    ]);
    assert_eq!(replicas, "2");

    // Dead, not drained: nothing of the cluster waits for it.
    agent.kill().expect("it runs");
    agent.wait().expect("it ended");
    run(&[
        "uninstall",
        "plimsoll",
        "-n",
        "plimsoll",
        "--timeout",
        "60s",
    ]);
    assert_eq!(everything(&kubectl), before);
    let goals = kubectl(&["get", "posturegoals", "-o", "name"]);
    assert_eq!(goals.trim(), "posturegoal.plimsoll.dev/restricted");
    let finalizers = kubectl(&[
        "get",
        "posturegoal",
        "restricted",
        "-o",
        "jsonpath={.metadata.finalizers}",
    ]);
    assert_eq!(finalizers, "");
}

/// What a chart could leave, by name: all kinds it makes, and those that stop
/// a cluster when they are left behind.
fn everything(kubectl: &impl Fn(&[&str]) -> String) -> Vec<String> {
    let kinds = "deployments,services,serviceaccounts,configmaps,secrets,roles,rolebindings,\
                 clusterroles,clusterrolebindings,networkpolicies,poddisruptionbudgets,\
                 validatingwebhookconfigurations,mutatingwebhookconfigurations,\
                 validatingadmissionpolicies,validatingadmissionpolicybindings";
    let listed = kubectl(&["get", kinds, "-A", "-o", "name"]);
    let mut names: Vec<String> = listed
        .lines()
        .filter(|name| name.contains("plimsoll"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}
