//! `plimsoll cluster` against a real API server: what a user sees.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use serde_json::Value;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[expect(dead_code, reason = "the tests of the verbs use the rest of it")]
#[path = "cli/support.rs"]
mod support;

#[path = "cluster/components.rs"]
mod components;
#[path = "cluster/coverage.rs"]
mod coverage;

use cluster::Cluster;
use support::{Run, Sandbox, run};

const PATIENCE: Duration = Duration::from_secs(60);

/// A line over what the tests apply: nothing privileged in `shop`.
const LINE: &str = "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\n\
                    metadata: {name: shop-holds}\nspec:\n  owner: test\n  \
                    assets: {match: {namespaces: [shop]}}\n  require:\n    \
                    - configuration: {controls: [pss-privileged], max: 0}\n";

/// A namespace and what it takes to look at it.
const SHOP: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

fn start() -> Option<Cluster> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match cluster::program(&repo) {
        Ok(program) => Some(Cluster::start(&program).expect("it starts")),
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            None
        }
    }
}

/// Runs a verb of `plimsoll cluster` as someone.
fn as_who(sandbox: &Sandbox, kubeconfig: &Path, args: &[&str]) -> Run {
    let kubeconfig = kubeconfig.display().to_string();
    let [verb, args @ ..] = args else {
        panic!("no verb");
    };
    let all = [&["cluster", verb, "--kubeconfig", &kubeconfig], args].concat();
    sandbox.run(&all)
}

/// What the report names as not read, as `file: reason`.
fn gaps(report: &Value) -> Vec<String> {
    let gaps = report["coverage"]["gaps"].as_array().expect("a list");
    gaps.iter()
        .map(|gap| {
            format!(
                "{}: {}",
                gap["file"].as_str().unwrap_or_default(),
                gap["reason"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn exactly_the_permissions_that_are_printed_are_enough_and_what_is_hidden_is_named() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", LINE);
    cluster.apply(SHOP).unwrap();
    cluster.apply(&support::deployment("web", false)).unwrap();

    // The account that `rbac --print` makes sees everything.
    cluster
        .apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: plimsoll}\n")
        .unwrap();
    let printed = run(&["cluster", "rbac", "--print"]).exits(0).stdout;
    cluster.apply(&printed).unwrap();
    let granted = cluster.kubeconfig_of("plimsoll", "plimsoll").unwrap();
    as_who(&sandbox, &granted, &["rbac", "--check"]).exits(0);
    let scan = [
        "scan",
        "--goals",
        "line.yaml",
        "-o",
        "json",
        "--cluster",
        "test",
    ];
    let whole = as_who(&sandbox, &granted, &scan).exits(0);
    assert!(whole.stderr.contains("apps/Deployment"), "{whole}");
    let report = whole.json();
    assert_eq!(gaps(&report), [""; 0]);
    let admin = as_who(&sandbox, &cluster.kubeconfig(), &scan)
        .exits(0)
        .json();
    assert_eq!(report["coverage"]["read"], admin["coverage"]["read"]);
    // Nothing more than reading: it can't even write a ConfigMap of its own.
    let denied = cluster
        .kubectl(&[
            "auth",
            "can-i",
            "create",
            "configmaps",
            "--as=system:serviceaccount:plimsoll:plimsoll",
        ])
        .unwrap();
    assert!(!denied.status.success());

    // One that may not see everything: each kind is named, with what grants it.
    cluster
        .apply(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: half, namespace: plimsoll}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: half}\nrules:\n\
             - {apiGroups: ['', apps, batch], resources: ['*'], verbs: [list, watch]}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: half}\n\
             roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half}\n\
             subjects: [{kind: ServiceAccount, name: half, namespace: plimsoll}]\n",
        )
        .unwrap();
    let half = cluster.kubeconfig_of("plimsoll", "half").unwrap();
    let partial = as_who(&sandbox, &half, &scan).exits(3);
    let named = gaps(&partial.json());
    let of = |kind: &str| named.iter().find(|gap| gap.contains(kind));
    for kind in [
        "networking.k8s.io/NetworkPolicy",
        "rbac.authorization.k8s.io/Role",
    ] {
        let gap = of(kind).unwrap_or_else(|| panic!("{kind} is not named: {named:?}"));
        assert!(gap.contains("RBAC forbids"), "{gap}");
        assert!(gap.contains("apiGroups"), "{gap}");
    }
    assert!(of("apps/Deployment").is_none());
    let missing = as_who(&sandbox, &half, &["rbac", "--check"]).exits(3);
    assert!(
        missing.stdout.contains("networkpolicies.networking.k8s.io"),
        "{missing}"
    );
    assert!(!missing.stdout.contains("deployments.apps"), "{missing}");
}

#[test]
fn a_cluster_scan_finds_what_a_check_of_the_same_manifests_finds() {
    let Some(cluster) = start() else {
        return;
    };
    let manifests = format!("{SHOP}---\n{}", include_str!("fixtures/same.yaml"));
    let sandbox = Sandbox::empty();
    sandbox.write("manifests.yaml", &manifests);
    sandbox.write(
        "line/line.yaml",
        &LINE.replace(
            "controls: [pss-privileged]",
            "baseline: pss/restricted@1.36",
        ),
    );
    cluster.apply(&manifests).unwrap();
    let shop = |report: &Value| -> BTreeSet<(String, String)> {
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .filter(|finding| finding["asset"].as_str().unwrap().contains("/ns/shop/"))
            .map(|finding| {
                let text = |key: &str| finding[key].as_str().unwrap().to_owned();
                (text("id"), format!("{} {}", text("control"), text("asset")))
            })
            .collect()
    };
    let files = sandbox.run(&[
        "check",
        "manifests.yaml",
        "--goals",
        "line",
        "--cluster",
        "test",
        "-o",
        "json",
    ]);
    let files = shop(&files.exits(2).json());
    let live = as_who(
        &sandbox,
        &cluster.kubeconfig(),
        &["scan", "--goals", "line", "--cluster", "test", "-o", "json"],
    );
    let live = shop(&live.exits(2).json());
    assert!(files.len() >= 10, "{files:?}");
    let only = |one: &BTreeSet<_>, other: &BTreeSet<_>| -> Vec<_> {
        one.difference(other).cloned().collect()
    };
    assert_eq!(only(&files, &live), [], "only from files");
    assert_eq!(only(&live, &files), [], "only from the cluster");
}

/// A watch that is under way.
#[cfg(unix)]
struct Watch {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

#[cfg(unix)]
impl Watch {
    /// Starts one over `line.yaml` of the sandbox.
    fn start(sandbox: &Sandbox, cluster: &Cluster, more: &[&str]) -> Self {
        let kubeconfig = cluster.kubeconfig().display().to_string();
        let args = [
            "cluster",
            "watch",
            "--kubeconfig",
            &kubeconfig,
            "--goals",
            "line.yaml",
            "-o",
            "json",
        ];
        let mut child = support::command(sandbox.path(), &[&args[..], more].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let out = child.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str::<Value>(&line).expect("JSON"));
            }
        });
        Watch { child, lines }
    }

    /// The next line of this sort.
    fn until(&self, sort: &str) -> Value {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line = self
                .lines
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("no {sort} in time"));
            if line["type"] == sort {
                return line;
            }
        }
    }

    /// Presses Ctrl-C; the last line.
    fn end(mut self) -> Value {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args(["-INT", &pid]).status();
        assert!(killed.expect("kill runs").success());
        let end = self.until("end");
        assert!(self.child.wait().expect("it ends").success());
        end
    }
}

#[cfg(unix)]
#[test]
fn a_watch_tells_the_flip_of_a_verdict_with_its_reason_and_ends_with_a_summary() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line.yaml", LINE);
    cluster.apply(SHOP).unwrap();
    let web = |privileged| support::deployment("web", privileged);
    cluster.apply(&web(false)).unwrap();

    let watch = Watch::start(&sandbox, &cluster, &[]);
    watch.until("begin");
    assert_eq!(watch.until("goal")["verdict"], "met");

    cluster.apply(&web(true)).unwrap();
    let applied = Instant::now();
    let opened = watch.until("opened");
    assert_eq!(opened["rule"], "pss-privileged");
    let flip = watch.until("flip");
    eprintln!(
        "the flip was told {:?} after kubectl returned",
        applied.elapsed()
    );
    assert_eq!(
        (&flip["from"], &flip["to"]),
        (&"met".into(), &"breached".into())
    );
    assert!(flip["because"].as_str().unwrap().contains("web"), "{flip}");

    cluster
        .kubectl(&["delete", "deployment", "web", "-n", "shop"])
        .unwrap();
    assert_eq!(watch.until("closed")["reason"], "asset gone");

    let end = watch.end();
    assert!(end["flips"].as_u64().unwrap() >= 1, "{end}");
}

#[test]
fn a_cluster_that_is_not_there_is_an_error_that_says_what_to_do() {
    let sandbox = Sandbox::empty();
    let none = as_who(&sandbox, Path::new("nowhere.yaml"), &["scan"]).exits(1);
    assert!(none.stderr.contains("nowhere.yaml"), "{none}");
    sandbox.write(
        "closed.yaml",
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n\
         users: [{name: a, user: {}}]\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n",
    );
    let closed = as_who(&sandbox, Path::new("closed.yaml"), &["scan"]).exits(1);
    assert!(
        closed
            .stderr
            .contains("the connection to the API server failed"),
        "{closed}"
    );
}

#[test]
fn drift_names_what_was_edited_and_what_is_missing() {
    let Some(cluster) = start() else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.write("line/goal.yaml", LINE);
    let kubeconfig = cluster.kubeconfig();
    // Without the definitions nothing of it is there.
    let missing = as_who(&sandbox, &kubeconfig, &["drift", "line"]);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
    assert!(
        missing.stdout.contains("missing PostureGoal shop-holds"),
        "{}",
        missing.stdout
    );

    for (name, text) in plimsoll_model::crd::files() {
        cluster
            .apply(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let crd = format!("crd/{}", name.trim_end_matches(".yaml"));
        let wait = ["wait", "--for=condition=Established", "--timeout=60s", &crd];
        assert!(cluster.kubectl(&wait).unwrap().status.success(), "{name}");
    }
    cluster.apply(LINE).unwrap();
    let same = as_who(&sandbox, &kubeconfig, &["drift", "line"]);
    assert_eq!(
        (same.code, same.stdout.as_str()),
        (Some(0), ""),
        "{}",
        same.stderr
    );

    cluster.apply(&LINE.replace("max: 0", "max: 3")).unwrap();
    let edited = as_who(&sandbox, &kubeconfig, &["drift", "line", "-o", "json"]);
    assert_eq!(edited.code, Some(2), "{}", edited.stderr);
    let report: Value = serde_json::from_str(&edited.stdout).unwrap();
    let drift = &report["drift"][0];
    assert_eq!(drift["change"], "edited");
    let field = &drift["fields"][0];
    assert_eq!(field["path"], "spec.require[0].configuration.max");
    assert_eq!(
        (&field["owner"], &field["cluster"]),
        (&"0".into(), &"3".into())
    );
}
