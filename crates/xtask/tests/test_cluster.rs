//! What tests build on holds by itself: the test cluster's API server comes back where it was,
//! and its etcd can be halted.

use std::path::PathBuf;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;

use cluster::Cluster;
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
