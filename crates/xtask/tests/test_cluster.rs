//! What tests build on holds by itself: the test cluster's API server comes back where it was, its
//! etcd can be halted, and nodes run side by side and leave nothing behind.

use std::path::PathBuf;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;

#[path = "../../../tests/cluster/node.rs"]
mod node;

use cluster::Cluster;
use node::Node;
use plimsoll_xtask::shell;

const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [\"\"], resources: [namespaces], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
";

/// The program, or a word that the test is skipped.
fn program() -> Option<PathBuf> {
    cluster::program(&shell::root())
        .inspect_err(|why| eprintln!("SKIPPED: {why}"))
        .ok()
}

#[test]
fn an_api_server_comes_back_where_it_was_with_what_it_had() {
    let Some(program) = program() else { return };
    let mut cluster =
        Cluster::start_with(&program, &["--max-requests-inflight=50"]).expect("it starts");
    cluster.apply(ACCOUNT).expect("an account and its rights");
    let config = cluster
        .kubeconfig_of("default", "reader")
        .expect("a configuration of the account");
    let seen = |cluster: &Cluster, what: &str| {
        let config = format!("--kubeconfig={}", config.display());
        cluster
            .kubectl(&["get", what, &config, "--request-timeout=5s"])
            .expect("kubectl starts")
            .status
            .success()
    };
    assert!(seen(&cluster, "namespaces"), "what the role grants");
    assert!(!seen(&cluster, "pods"), "what it does not");

    let url = cluster.url();
    cluster.kill_api();
    assert!(!seen(&cluster, "namespaces"), "nobody is there");
    cluster.restart_api().expect("it comes back");
    assert_eq!(cluster.url(), url);
    assert!(seen(&cluster, "namespaces"), "the token is still good");

    cluster.stop_etcd().expect("etcd is halted");
    assert!(!seen(&cluster, "namespaces"), "etcd does not answer");
    cluster.continue_etcd().expect("etcd goes on");
    cluster.wait().expect("it is ready again");
    assert!(seen(&cluster, "namespaces"));
    assert!(cluster.kubeconfig().is_file() && cluster.folder().join("etcd.log").is_file());
}

const SLEEPERS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: sleepers}
spec:
  replicas: 2
  selector: {matchLabels: {app: sleepers}}
  template:
    metadata: {labels: {app: sleepers}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: sleeper
        image: IMAGE
        command: [sleep, '3600']
";

#[test]
fn two_nodes_side_by_side_run_pods_and_leave_nothing() {
    let Some(program) = program() else { return };
    if let Err(why) = node::missing() {
        eprintln!("SKIPPED: {why}");
        return;
    }
    let folders: Vec<PathBuf> = std::thread::scope(|scope| {
        let run = || {
            let node = Node::start(&program).expect("the node starts");
            let done = sleepers(&node);
            assert_eq!(done.map_err(|error| node.with_logs(&error)), Ok(()));
            node.folder().to_owned()
        };
        let both = [scope.spawn(run), scope.spawn(run)];
        both.map(|thread| thread.join().expect("the node did its work"))
            .into()
    });
    let mounts = mounts();
    for folder in folders {
        assert!(!folder.exists(), "{} is still there", folder.display());
        let name = folder.file_name().expect("a name").to_string_lossy();
        assert!(!mounts.contains(&*name), "something is still mounted");
        let group = format!("plimsoll-{}", name.trim_start_matches('.'));
        for line in mounts.lines().filter(|line| line.contains(" - cgroup")) {
            let root = line.split(' ').nth(4).expect("where it is mounted");
            let group = PathBuf::from(root).join(&group);
            assert!(!group.exists(), "{} is still there", group.display());
        }
    }
}

/// A Deployment becomes available, its pods have addresses, and they reach the API server at the
/// address of its Service.
fn sleepers(node: &Node) -> Result<(), String> {
    node.apply(&SLEEPERS.replace("IMAGE", node::IMAGE))?;
    node.ask(&[
        "wait",
        "--for=condition=Available",
        "deployment/sleepers",
        "--timeout=120s",
    ])?;
    let address = node.ask(&["get", "pods", "-o", "jsonpath={.items[*].status.podIP}"])?;
    assert_eq!(
        address
            .split(' ')
            .filter(|ip| ip.starts_with("10.88."))
            .count(),
        2
    );
    let connects = "nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && id -u";
    let user = node.ask(&["exec", "deployment/sleepers", "--", "sh", "-c", connects])?;
    assert_eq!(user.trim(), "65532");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the kernel's own list of mounts")]
fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mountinfo").expect("the kernel tells")
}
