//! What a cluster runs on, compared with advisories, against a real API server.

use serde_json::{Value, json};

#[cfg(unix)]
use super::Watch;
use super::{LINE, SHOP, Sandbox, as_who, start};

const NOW: &str = "2026-11-26T12:00:00Z";

/// A record of OSV: of this ecosystem and package, fixed in this version.
fn record(id: &str, summary: &str, ecosystem: &str, package: &str, fixed: &str) -> Value {
    json!({
        "schema_version": "1.6.0", "id": id, "modified": "2026-11-20T00:00:00Z",
        "published": "2026-11-01T00:00:00Z", "summary": summary,
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{
                "type": if ecosystem == "Go" { "SEMVER" } else { "ECOSYSTEM" },
                "events": [{"introduced": "0"}, {"fixed": fixed}],
            }],
        }],
    })
}

/// Advisories of Go and of AlmaLinux 9.
fn feeds() -> String {
    let kubernetes = "k8s.io/kubernetes";
    json!([
        record(
            "GO-2026-0001",
            "Bypass in kube-apiserver",
            "Go",
            kubernetes,
            "1.99.0"
        ),
        record(
            "GO-2026-0002",
            "The kubelet runs commands",
            "Go",
            kubernetes,
            "1.30.3"
        ),
        record(
            "GO-2026-0003",
            "Symlink attack in kubectl cp",
            "Go",
            kubernetes,
            "1.30.3"
        ),
        record(
            "GO-2026-0004",
            "Escape",
            "Go",
            "github.com/containerd/containerd",
            "1.7.27"
        ),
        record(
            "ALSA-2026:0005",
            "kernel",
            "AlmaLinux:9",
            "kernel",
            "5.14.0-362.13.1.el9_3"
        ),
        record(
            "ALSA-2026:0005",
            "kernel",
            "AlmaLinux:9",
            "kernel-core",
            "5.14.0-362.13.1.el9_3"
        ),
        record(
            "ALSA-2026:0006",
            "runc",
            "AlmaLinux:9",
            "runc",
            "4:1.1.12-1.el9_3"
        ),
    ])
    .to_string()
}

/// A node as it tells itself.
fn node(name: &str, kubelet: &str, runtime: &str, os: &str, kernel: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus:\n  \
         nodeInfo: {{kubeletVersion: {kubelet}, containerRuntimeVersion: '{runtime}', \
         osImage: {os}, kernelVersion: {kernel}, operatingSystem: linux, architecture: amd64, \
         machineID: m, systemUUID: u, bootID: b, kubeProxyVersion: ''}}\n"
    )
}

const SCAN: [&str; 7] = [
    "scan",
    "--goals",
    "line.yaml",
    "--cluster",
    "test",
    "--now",
    NOW,
];

/// A line over the nodes.
const NODES: &str = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\n\
                     metadata: {name: nodes}\nspec:\n  owner: test\n  \
                     assets: {match: {kinds: [Node]}}\n  require:\n    \
                     - vulnerabilities: {fixable: true, max: 0}\n";

const ALMA: &str = "AlmaLinux 9.3 (Shamrock Pampas Gallinule)";
const KERNEL: &str = "5.14.0-362.8.1.el9_3.x86_64";

/// The packages of a node of AlmaLinux, as an SBOM.
fn packages() -> String {
    let package = |name: &str, version: &str| {
        let purl = format!("pkg:rpm/almalinux/{name}@{version}?arch=x86_64&distro=almalinux-9.3");
        json!({"type": "library", "name": name, "version": version, "purl": purl})
    };
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "components": [
            {"type": "operating-system", "name": "almalinux", "version": "9.3"},
            package("kernel-core", "5.14.0-362.8.1.el9_3"),
            package("kernel-core", "5.14.0-300.1.1.el9_3"),
            package("runc", "4:1.1.9-1.el9"),
        ],
    })
    .to_string()
}

/// Findings of an asset that are vulnerabilities, as `control subject fixed`.
fn found(report: &Value, asset: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list");
    let mut found: Vec<String> = findings
        .iter()
        .filter(|finding| finding["asset"] == asset)
        .map(|finding| {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {}",
                text(&finding["control"]),
                text(&finding["vulnerability"]),
                text(&finding["package"]["version"]),
                text(&finding["fixed"])
            )
        })
        .collect();
    found.sort();
    found
}

/// `component version state` of an asset.
fn rows(report: &Value, asset: &str) -> Vec<String> {
    let rows = report["components"].as_array().expect("a list");
    rows.iter()
        .filter(|row| row["asset"] == asset)
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or("-");
            format!(
                "{} {} {}",
                text("component"),
                text("version"),
                text("state")
            )
        })
        .collect()
}

#[test]
fn what_a_cluster_runs_on_is_compared_with_advisories() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", LINE);
    sandbox.write("feeds/all.json", &feeds());
    sandbox
        .run(&["db", "import", "feeds", "--db-dir", "db", "--now", NOW])
        .exits(0);
    cluster.apply(SHOP).expect("taken");
    let web = super::support::deployment("web", false);
    cluster.apply(&web).expect("taken");
    let nodes = [
        node("old", "v1.30.2", "containerd://1.7.26", ALMA, KERNEL),
        node(
            "new",
            "v1.36.0",
            "containerd://1.7.27",
            ALMA,
            "5.14.0-362.13.1.el9_3.x86_64",
        ),
    ];
    for node in &nodes {
        cluster.apply(node).expect("taken");
    }
    let scan = |more: &[&str]| as_who(&sandbox, &cluster.kubeconfig(), &[&SCAN[..], more].concat());

    // No goal is about the cluster or its nodes: what they have is told, and the
    // goals decide how the run ends.
    let report = scan(&["--db-dir", "db", "-o", "json"]).exits(0).json();
    let server = found(&report, "cluster/test");
    assert_eq!(server.len(), 1, "{server:?}");
    assert!(
        server[0].starts_with("vulnerable-component GO-2026-0001 v1."),
        "{server:?}"
    );
    let old = "cluster/test/node/old";
    assert_eq!(
        found(&report, old),
        [
            "vulnerable-component ALSA-2026:0005 5.14.0-362.8.1.el9_3 5.14.0-362.13.1.el9_3",
            "vulnerable-component GO-2026-0002 v1.30.2 1.30.3",
            "vulnerable-component GO-2026-0004 v1.7.26 1.7.27",
        ]
    );
    assert_eq!(found(&report, "cluster/test/node/new"), [""; 0]);
    assert_eq!(
        rows(&report, old),
        [
            "containerd 1.7.26 compared",
            &format!("kernel {KERNEL} compared"),
            "kubelet v1.30.2 compared",
            "packages - not-told",
            "runc - not-told",
        ]
    );
    let kubelet = report["components"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["version"] == "v1.30.2"));
    let elsewhere = kubelet.expect("there")["elsewhere"].as_array();
    let why = elsewhere.and_then(|all| all.iter().find(|one| one["id"] == "GO-2026-0003"));
    assert_eq!(why.expect("kubectl's")["why"], "it is in kubectl");
    let text = scan(&["--db-dir", "db"]).exits(0).stdout;
    for part in ["What the cluster runs on", "GO-2026-0002", "not told"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Without a database nothing of it is claimed.
    let without = scan(&["-o", "json"]).exits(0).json();
    assert_eq!(without.get("components"), None);
    scan(&["--node-packages", "old=x.json"]).exits(64);
}

#[test]
fn the_packages_of_a_node_tell_what_versions_can_not() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", NODES);
    sandbox.write("feeds/all.json", &feeds());
    sandbox.write("packages.json", &packages());
    sandbox
        .run(&["db", "import", "feeds", "--db-dir", "db", "--now", NOW])
        .exits(0);
    let scan = |more: &[&str]| {
        let db = ["--db-dir", "db", "-o", "json"];
        as_who(
            &sandbox,
            &cluster.kubeconfig(),
            &[&SCAN[..], &db, more].concat(),
        )
    };
    let fixed = "5.14.0-362.13.1.el9_3.x86_64";
    cluster
        .apply(&node("one", "v1.30.3", "containerd://1.7.27", ALMA, fixed))
        .expect("taken");

    // Nothing that is told has one: what is not told is unknown, and never met.
    let report = scan(&[]).exits(3).json();
    let goal = &report["goals"][0];
    assert_eq!(goal["verdict"], "unverified", "{goal}");
    assert!(
        goal["settledBy"].to_string().contains("--node-packages"),
        "{goal}"
    );

    // The packages: runc has one, and a kernel that is installed and not running.
    let given = ["--node-packages", "one=packages.json"];
    // What a node tells is its kubelet's to change, and nobody else's.
    cluster.kubectl(&["delete", "node", "one"]).expect("gone");
    cluster
        .apply(&node("one", "v1.30.3", "containerd://1.7.27", ALMA, KERNEL))
        .expect("taken");
    let report = scan(&given).exits(2).json();
    let one = "cluster/test/node/one";
    assert_eq!(
        found(&report, one),
        [
            "vulnerable-package ALSA-2026:0005 5.14.0-300.1.1.el9_3 5.14.0-362.13.1.el9_3",
            "vulnerable-package ALSA-2026:0005 5.14.0-362.8.1.el9_3 5.14.0-362.13.1.el9_3",
            "vulnerable-package ALSA-2026:0006 4:1.1.9-1.el9 4:1.1.12-1.el9_3",
        ]
    );
    let in_use = |version: &str| {
        let findings = report["findings"].as_array().expect("a list");
        let of = findings
            .iter()
            .find(|finding| finding["package"]["version"] == version);
        of.expect("there")["inUse"].clone()
    };
    assert_eq!(in_use("5.14.0-362.8.1.el9_3"), "yes");
    assert_eq!(in_use("5.14.0-300.1.1.el9_3"), "no");
    assert_eq!(
        rows(&report, one),
        [
            "containerd 1.7.27 compared",
            "kernel kernel-core 5.14.0-362.8.1.el9_3 in-package",
            "kubelet v1.30.3 compared",
            "packages 3 packages compared",
            "runc runc 4:1.1.9-1.el9 in-package",
        ]
    );
    // A mistake is none that passes.
    let run = scan(&["--node-packages", "two=packages.json"]).exits(1);
    assert!(run.stderr.contains("no such node"), "{run}");

    // A kernel that does not tell its package is told to be unknown.
    let debian = "Debian GNU/Linux 12 (bookworm)";
    cluster
        .apply(&node(
            "two",
            "v1.30.3",
            "frakti://1.0.0",
            debian,
            "6.1.0-18-amd64",
        ))
        .expect("taken");
    let report = scan(&given).exits(2).json();
    let two = rows(&report, "cluster/test/node/two");
    assert!(
        two.contains(&"kernel 6.1.0-18-amd64 unknown".to_owned()),
        "{two:?}"
    );
    assert!(
        two.contains(&"container runtime frakti://1.0.0 unknown".to_owned()),
        "{two:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_watch_compares_nodes_that_come_with_advisories() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", NODES);
    sandbox.write("feeds/all.json", &feeds());
    sandbox
        .run(&["db", "import", "feeds", "--db-dir", "db", "--now", NOW])
        .exits(0);
    let fixed = "5.14.0-362.13.1.el9_3.x86_64";
    let apply = |name: &str, kubelet: &str| {
        let node = node(name, kubelet, "containerd://1.7.27", ALMA, fixed);
        cluster.apply(&node).expect("taken");
    };
    apply("new", "v1.30.3");
    let watch = Watch::start(
        &sandbox,
        &cluster,
        &[
            "--db",
            "db/advisories.db",
            "--db-dir",
            "db",
            "--cluster",
            "test",
        ],
    );
    watch.until("begin");
    assert_eq!(watch.until("goal")["verdict"], "unverified");

    apply("old", "v1.30.2");
    let opened = watch.until("opened");
    assert_eq!(opened["rule"], "vulnerable-component", "{opened}");
    assert_eq!(opened["asset"], "cluster/test/node/old", "{opened}");
    let message = opened["message"].as_str().expect("text");
    for part in ["kubelet v1.30.2", "GO-2026-0002", "1.30.3"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    cluster.kubectl(&["delete", "node", "old"]).expect("gone");
    let closed = watch.until("closed");
    assert_eq!(closed["finding"], opened["finding"], "{closed}");
    assert_eq!(closed["reason"], "asset gone", "{closed}");
    watch.end();
}
