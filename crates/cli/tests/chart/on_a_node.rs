//! The whole of it on a real node: the agent's own image, pulled and started by
//! the kubelet from what Helm installed, verdicts that flip as workloads are
//! made worse and better, an agent that is killed, and an uninstall with the
//! agent dead.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{LINE, chart, everything, helm_program, repo, sound, text};
use crate::{
    cluster,
    node::{self, Node, REGISTRY},
};

/// How long anything may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

const GOALS: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: no-privilege}
spec:
  owner: shop
  assets: {match: {namespaces: [shop]}}
  require:
  - configuration: {controls: [pss-privileged], max: 0}
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: no-root}
spec:
  owner: shop
  assets: {match: {namespaces: [shop, plimsoll]}}
  require:
  - image: {runsAsRoot: forbid}
";

fn workload(privileged: bool) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop}}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         terminationGracePeriodSeconds: 0\n      containers:\n      \
         - name: main\n        image: {REGISTRY}/web:test\n        command: [sleep, '3600']\n        \
         securityContext: {{privileged: {privileged}}}\n"
    )
}

/// A node with a registry, that ends with it.
struct Site {
    node: Node,
    helm: PathBuf,
    registry: Child,
}

impl Drop for Site {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.registry.kill();
        let _ = self.registry.wait();
    }
}

impl Site {
    fn start(kubernetes: &Path, helm: PathBuf, registry: &Path) -> Result<Site, String> {
        let node = Node::start(kubernetes)?;
        let registry = node
            .command(registry)
            .args(["--address", REGISTRY])
            .env("PLIMSOLL_REGISTRY_LIFELINE", "stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        Ok(Site {
            node,
            helm,
            registry,
        })
    }

    /// Puts an image of the node into the registry, as NAME:test.
    fn push(&self, image: &str, name: &str) -> Result<(), String> {
        let to = format!("{REGISTRY}/{name}:test");
        self.node.ctr(&["images", "tag", image, &to])?;
        self.node.ctr(&["images", "push", "--plain-http", &to])?;
        // So that the node has it from there alone.
        self.node
            .ctr(&["images", "rm", "--sync", image, &to])
            .map(drop)
    }

    fn helm(&self, args: &[&str]) {
        let output = self.node.command(&self.helm).args(args).output();
        let output = output.expect("Helm runs");
        if !output.status.success() {
            self.fail(&text(&output.stderr));
        }
    }

    /// Ends the test with what is known of the cluster.
    fn fail(&self, why: &str) -> ! {
        let all = self.kubectl(&["get", "pods,events,posturegoals", "-A", "-o", "wide"]);
        let pods = self.kubectl(&["describe", "pods", "-n", "plimsoll"]);
        let log = self.kubectl(&["logs", "-n", "plimsoll", "deployment/plimsoll", "--tail=60"]);
        panic!(
            "{}",
            self.node.with_logs(&format!("{why}\n{all}\n{pods}\n{log}"))
        );
    }

    fn kubectl(&self, args: &[&str]) -> String {
        let output = self.node.kubectl(args).expect("kubectl runs");
        text(&output.stdout)
    }

    fn field(&self, what: &str, path: &str) -> String {
        let [kind, name] = what.split('/').collect::<Vec<_>>()[..] else {
            panic!("{what} is not KIND/NAME");
        };
        self.kubectl(&["get", kind, name, "-o", &format!("jsonpath={{{path}}}")])
    }

    /// How long it took until this was so.
    fn until(&self, what: &str, mut is: impl FnMut() -> bool) -> Duration {
        let begin = Instant::now();
        while !is() {
            if begin.elapsed() > PATIENCE {
                self.fail(&format!("never: {what}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        begin.elapsed()
    }

    fn until_verdict(&self, goal: &str, verdict: &str) -> Duration {
        let what = format!("{goal} is {verdict}");
        self.until(&what, || {
            self.field(&format!("posturegoal/{goal}"), ".status.verdict") == verdict
        })
    }

    /// What was told of a goal, oldest first.
    fn told(&self, goal: &str) -> Vec<String> {
        let events = self.kubectl(&[
            "get",
            "events",
            "-n",
            "default",
            "--sort-by=.metadata.creationTimestamp",
            "--field-selector",
            &format!("involvedObject.kind=PostureGoal,involvedObject.name={goal}"),
            "-o",
            "jsonpath={range .items[*]}{.reason}{\"\\n\"}{end}",
        ]);
        events.lines().map(str::to_owned).collect()
    }

    /// Kills every agent of the node as the kernel would.
    fn kill_agents(&self) {
        let script = "for p in /proc/[0-9]*; do read -r name <$p/comm 2>/dev/null || continue; \
                      [ \"$name\" = plimsoll ] && kill -9 ${p#/proc/}; done; true";
        let killed = self
            .node
            .command(Path::new("/bin/sh"))
            .args(["-c", script])
            .status();
        assert!(killed.expect("sh runs").success());
    }
}

/// The agent's image, as an archive, made by the project's own task.
fn archive(folder: &Path) -> PathBuf {
    let archive = folder.join("agent.tar");
    let made = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "plimsoll-xtask",
            "--",
            "image",
        ])
        .args([
            "--binary",
            env!("CARGO_BIN_EXE_plimsoll"),
            "--name",
            "plimsoll.test/agent:1",
        ])
        .arg("--to")
        .arg(folder.join("layout"))
        .arg("--archive")
        .arg(&archive)
        .current_dir(repo())
        .stdin(Stdio::null())
        .output()
        .expect("cargo runs");
    sound(&made);
    archive
}

#[test]
fn an_agent_that_helm_installs_on_a_real_node_keeps_verdicts_and_goes_without_a_trace() {
    let (Some(helm), Ok(kubernetes)) = (helm_program(), cluster::program(&repo())) else {
        eprintln!("SKIPPED: no Kubernetes or no Helm");
        return;
    };
    let registry = match cluster::built(&repo(), "registry") {
        Ok(registry) => registry,
        Err(why) => return eprintln!("SKIPPED: {why}"),
    };
    if let Err(why) = node::missing() {
        return eprintln!("SKIPPED: {why}");
    }
    let site = Site::start(&kubernetes, helm, &registry).expect("the node starts");
    let archive = archive(site.node.folder());
    site.node
        .import(&archive)
        .expect("containerd takes the image");
    for (image, name) in [("plimsoll.test/agent:1", "agent"), (node::IMAGE, "web")] {
        site.push(image, name).expect("the registry takes it");
    }

    let chart = chart();
    let image = format!("image.repository={REGISTRY}/agent,image.tag=test");
    let looks = format!("images.enabled=true,images.insecureRegistries={{{REGISTRY}}}");
    let values = ["--set", &image, "--set", &looks, "--set", "cluster=test"];
    let wait = ["-n", "plimsoll", "--wait", "--timeout", "180s"];
    let installed = Instant::now();
    site.helm(
        &[
            &["install", "plimsoll", &chart, "--create-namespace"][..],
            &wait,
            &values,
        ]
        .concat(),
    );
    eprintln!("installed and ready after {:?}", installed.elapsed());

    // Its pod is as restricted on the node as the chart says, and meets the line itself.
    site.node
        .apply(&format!("{}---\n{GOALS}---\n{LINE}", workload(false)))
        .expect("taken");
    site.node
        .ask(&[
            "wait",
            "-n",
            "shop",
            "--for=condition=Available",
            "deployment/web",
            "--timeout=120s",
        ])
        .expect("the workload runs");
    site.until_verdict("no-privilege", "met");
    let user = "for p in /proc/[0-9]*; do read -r name <$p/comm 2>/dev/null || continue; \
                [ \"$name\" = plimsoll ] && grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' $p/status; done";
    let status = site
        .node
        .command(Path::new("/bin/sh"))
        .args(["-c", user])
        .output();
    let status = text(&status.expect("sh runs").stdout);
    for line in [
        "Uid:\t65532\t65532",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "{line}\n{status}");
    }
    // `web` runs without any of it.
    site.until_verdict("restricted", "breached");

    // Images of the node's own pods are looked into by the digests that the kubelet gives.
    site.until_verdict("no-root", "met");

    let columns = site.kubectl(&["get", "posturegoals", "no-privilege"]);
    let columns: Vec<Vec<&str>> = columns
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        columns[0],
        [
            "NAME",
            "OWNER",
            "VERDICT",
            "ATTAINMENT",
            "BREACHES",
            "UNVERIFIED",
            "AGE"
        ]
    );
    assert_eq!(
        columns[1][..6],
        ["no-privilege", "shop", "met", "100%", "0", "0"]
    );

    // Worse, and better again, with the reason.
    site.node.apply(&workload(true)).expect("taken");
    eprintln!(
        "breached after {:?}",
        site.until_verdict("no-privilege", "breached")
    );
    // A pod may be heard of before its ReplicaSet is: until then it stands for itself.
    site.until("the reason is the Deployment's", || {
        let reasons = site.field("posturegoal/no-privilege", ".status.topFindings");
        reasons.contains("pss-privileged")
            && reasons.contains("ns/shop/apps.Deployment/web")
            && !reasons.contains("/Pod/")
    });
    site.until("it is told", || site.told("no-privilege").len() == 2);
    site.node.apply(&workload(false)).expect("taken");
    eprintln!("met after {:?}", site.until_verdict("no-privilege", "met"));
    site.until("it is told", || site.told("no-privilege").len() == 3);
    let told = site.told("no-privilege");

    // Killed, it comes back with what it knew, and tells nothing again.
    let pod = site.kubectl(&["get", "pods", "-n", "plimsoll", "-o", "name"]);
    let pod = pod.trim();
    let restarts = || {
        site.kubectl(&["get", "-n", "plimsoll", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount},{.status.containerStatuses[0].ready}"])
    };
    assert_eq!(restarts(), "0,true");
    site.kill_agents();
    site.until("it is started again", || restarts() == "1,true");
    site.node.apply(&workload(true)).expect("taken");
    site.until_verdict("no-privilege", "breached");
    site.until("it is told", || {
        site.told("no-privilege").len() == told.len() + 1
    });
    assert_eq!(site.told("no-privilege")[..told.len()], told);

    site.helm(
        &[
            &["upgrade", "plimsoll", &chart, "--set", "replicas=2"][..],
            &wait,
            &values,
        ]
        .concat(),
    );
    let ready = [
        "get",
        "deployment",
        "-n",
        "plimsoll",
        "plimsoll",
        "-o",
        "jsonpath={.status.readyReplicas}",
    ];
    assert_eq!(site.kubectl(&ready), "2");

    // Dead on the node: nothing waits for it.
    site.kill_agents();
    site.helm(&[
        "uninstall",
        "plimsoll",
        "-n",
        "plimsoll",
        "--wait",
        "--timeout",
        "120s",
    ]);
    site.until("the containers are gone", || {
        let containers = site.node.ctr(&["containers", "ls"]).expect("ctr runs");
        !containers.contains("/agent:test")
    });
    let left = everything(&|args| site.kubectl(args));
    assert!(left.is_empty(), "{left:?}");
    site.node
        .ask(&["delete", "namespace", "plimsoll", "--timeout=60s"])
        .expect("nothing holds the namespace");
    let goals = site.kubectl(&["get", "posturegoals", "-o", "name"]);
    assert_eq!(goals.lines().count(), 3, "{goals}");
}
