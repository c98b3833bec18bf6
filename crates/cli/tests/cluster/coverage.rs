//! `plimsoll cluster coverage` against a real API server.

use serde_json::Value;

use super::{SHOP, Sandbox, as_who, start, support};

const NOW: &str = "2026-11-26T12:00:00Z";
/// Every Kubernetes that this is tried on is supported for longer than ninety days from here.
const BEFORE: &str = "2026-07-01T12:00:00Z";

/// A node that nobody hears, with an old kubelet and a runtime of no known
/// date.
const OLD: &str = "apiVersion: v1\nkind: Node\nmetadata: {name: old, labels: {team: platform}}\n\
                   status:\n  conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown, message: m}]\n  \
                   nodeInfo: {kubeletVersion: v1.30.2, containerRuntimeVersion: 'cri-o://1.30.1', \
                   osImage: Ubuntu 20.04.6 LTS, kernelVersion: 5.4.0-100-generic, operatingSystem: linux, \
                   architecture: amd64, machineID: m, systemUUID: u, bootID: b, kubeProxyVersion: ''}\n";

/// An account that may list four kinds.
const HALF: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: half, namespace: shop}\n---\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: half-coverage}\nrules:\n\
    - {apiGroups: ['', apps], resources: [nodes, namespaces, pods, deployments], verbs: [get, list, watch]}\n---\n\
    apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: half-coverage}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half-coverage}\n\
    subjects: [{kind: ServiceAccount, name: half, namespace: shop}]\n";

/// `rule asset`, in the report's order.
fn gaps(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().expect("it is in the report");
    gaps.iter()
        .map(|gap| {
            assert!(
                !gap["fix"].as_str().expect("it is in the report").is_empty(),
                "{gap}"
            );
            let text = |field: &str| gap[field].as_str().expect("it is in the report");
            format!("{} {}", text("rule"), text("asset"))
        })
        .collect()
}

fn state<'a>(report: &'a Value, asset: &str, engine: &str) -> &'a str {
    let assets = report["assets"].as_array().expect("it is in the report");
    let asset = assets
        .iter()
        .find(|row| row["id"] == asset)
        .expect("it is in the report");
    asset["engines"][engine]["state"]
        .as_str()
        .expect("it is in the report")
}

#[test]
fn coverage_names_each_gap_of_a_real_cluster_with_its_fix() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    cluster.apply(SHOP).expect("it is in the report");
    cluster
        .apply(&support::deployment("web", false))
        .expect("it is in the report");
    let at = |now| ["coverage", "-o", "json", "--cluster", "test", "--now", now];
    let ask = at(NOW);

    // Everything is heard, and what is not deployed is not green; nor is a version that is newer
    // than the table.
    let look = as_who(&sandbox, &cluster.kubeconfig(), &at(BEFORE));
    let clean = look.json();
    let versions = clean["versions"].as_array().expect("it is in the report");
    let dated = versions.iter().all(|version| version["state"] != "unknown");
    look.exits(if dated { 0 } else { 3 });
    assert_eq!(gaps(&clean), [""; 0]);
    let web = "cluster/test/ns/shop/apps.Deployment/web";
    assert_eq!(state(&clean, web, "kubernetes-watch"), "observed");
    assert_eq!(state(&clean, web, "sensor"), "not-deployed");
    assert_eq!(state(&clean, "cluster/test", "audit-log"), "not-deployed");

    // A node that nobody hears, and a namespace that is excluded.
    cluster.apply(OLD).expect("it is in the report");
    let excluded = [&ask[..], &["--exclude-namespace", "shop"]].concat();
    let report = as_who(&sandbox, &cluster.kubeconfig(), &excluded)
        .exits(3)
        .json();
    let found = gaps(&report);
    for gap in [
        "coverage/node-silent cluster/test/node/old",
        "coverage/namespace-excluded cluster/test/ns/shop",
        "kubelet-skew cluster/test/node/old",
        "kubernetes-end-of-life cluster/test/node/old",
        "node-os-end-of-life cluster/test/node/old",
    ] {
        assert!(found.iter().any(|known| known == gap), "{gap}: {found:?}");
    }
    assert_eq!(state(&report, web, "kubernetes-watch"), "excluded");
    assert_eq!(
        state(&report, "cluster/test/node/old", "kubernetes-watch"),
        "silent"
    );
    let versions = report["versions"].as_array().expect("it is in the report");
    let runtime = versions.iter().find(|version| version["part"] == "runtime");
    assert_eq!(runtime.expect("it is in the report")["state"], "unknown");

    // What permissions hide is named with what would grant it.
    cluster.apply(HALF).expect("it is in the report");
    let half = cluster
        .kubeconfig_of("shop", "half")
        .expect("it is in the report");
    let report = as_who(&sandbox, &half, &ask).exits(3).json();
    let hidden = "coverage/kind-hidden cluster/test".to_owned();
    assert!(gaps(&report).contains(&hidden), "{:?}", gaps(&report));
    let all = report["gaps"].as_array().expect("it is in the report");
    let of = |kind: &str| {
        all.iter()
            .any(|gap| gap["subject"] == format!("kind {kind}"))
    };
    assert!(of("networking.k8s.io/NetworkPolicy"));
    assert!(!of("apps/Deployment"));
    assert_eq!(
        state(&report, "cluster/test", "kubernetes-watch"),
        "missing"
    );
}
