//! How much memory and how much of a core the agent takes. Prints figures;
//! those of the optimised build are in `docs/install.md`:
//!
//! ```text
//! cargo build --release -p plimsoll-cli
//! PODS=1000 PLIMSOLL_PROGRAM=target/release/plimsoll \
//!     cargo test --workspace --test agent_size -- --ignored --nocapture
//! ```
//!
//! A program that is named must be so from the folder of `crates/cli`, or by its full path.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    time::{Duration, Instant},
};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use plimsoll_cluster::{Access, Server};
use plimsoll_model::Timestamp;
use serde_json::{Value, json};

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "agent/harness.rs"]
mod harness;

use harness::{Agent, server, until};

const WORKS: &str = "what the test itself does works";
/// Pods of one Deployment.
const REPLICAS: usize = 10;
/// Requests at a time.
const AT_ONCE: usize = 16;
/// How long a share of a core is measured.
const WHILE: Duration = Duration::from_secs(60);

const GOALS: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: restricted}
spec: {owner: a, assets: {all: true}, require: [{configuration: {baseline: pss/restricted@1.36, max: 0, within: 14d}}], target: 99%}
---
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: baseline}
spec: {owner: a, assets: {all: true}, require: [{configuration: {baseline: pss/baseline@1.36, max: 0}}], target: 95%}
";

fn resource(group: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version = match group {
        "" => "v1".to_owned(),
        group => format!("{group}/v1"),
    };
    ApiResource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        api_version,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn api(client: &Client, resource: &ApiResource) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), "shop", resource)
}

/// As a team writes it, with what most leave out.
fn template(app: usize) -> Value {
    let context = match app % 10 {
        0 => json!({"privileged": true}),
        1 | 2 => json!({}),
        _ => json!({
            "allowPrivilegeEscalation": false, "runAsNonRoot": true, "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
        }),
    };
    let env: Vec<Value> = (0..8)
        .map(|at| json!({"name": format!("SETTING_{at}"), "value": format!("value-{at}")}))
        .collect();
    json!({
        "metadata": {"labels": {"app": format!("app-{app}")}},
        "spec": {"containers": [{
            "name": "app", "image": format!("registry.example.com/team/app-{app}:1"),
            "securityContext": context, "env": env,
            "ports": [{"containerPort": 8080, "name": "http"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}},
        }]},
    })
}

fn owner(kind: &str, object: &DynamicObject) -> Value {
    json!([{
        "apiVersion": "apps/v1", "kind": kind, "name": object.metadata.name,
        "uid": object.metadata.uid, "controller": true,
    }])
}

async fn create(client: &Client, resource: &ApiResource, object: Value) -> DynamicObject {
    let object: DynamicObject = serde_json::from_value(object).expect(WORKS);
    let (api, params) = (api(client, resource), PostParams::default());
    api.create(&params, &object).await.expect(WORKS)
}

/// A Deployment with its ReplicaSet and its pods, as controllers and kubelets
/// would leave them.
async fn workload(client: &Client, app: usize) {
    let name = format!("app-{app:05}");
    let replica_sets = resource("apps", "ReplicaSet", "replicasets");
    let deployments = resource("apps", "Deployment", "deployments");
    let pods = resource("", "Pod", "pods");
    let spec = json!({
        "replicas": REPLICAS, "selector": {"matchLabels": {"app": format!("app-{app}")}},
        "template": template(app),
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec,
    });
    let deployment = create(client, &deployments, deployment).await;
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec,
        "metadata": {"name": format!("{name}-1"), "ownerReferences": owner("Deployment", &deployment)},
    });
    let set = create(client, &replica_sets, set).await;
    for replica in 0..REPLICAS {
        let mut pod = template(app);
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = format!("{name}-1-{replica}").into();
        pod["metadata"]["ownerReferences"] = owner("ReplicaSet", &set);
        pod["spec"]["nodeName"] = format!("node-{}", (app * 7 + replica) % 100).into();
        let mut made = create(client, &pods, pod).await;
        let image = format!("registry.example.com/team/app-{app}");
        made.data["status"] = json!({
            "phase": "Running", "podIP": "10.1.2.3",
            "containerStatuses": [{
                "name": "app", "image": format!("{image}:1"), "imageID": format!("{image}@sha256:{app:064}"),
                "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-11-26T12:00:00Z"}},
            }],
        });
        let name = made.metadata.name.clone().expect(WORKS);
        let pods = api(client, &pods);
        let params = PostParams::default();
        pods.replace_status(&name, &params, &made)
            .await
            .expect(WORKS);
    }
}

async fn workloads(client: &Client, count: usize) {
    let mut making = tokio::task::JoinSet::new();
    for worker in 0..AT_ONCE {
        let client = client.clone();
        making.spawn(async move {
            for app in (worker..count).step_by(AT_ONCE) {
                workload(&client, app).await;
            }
        });
    }
    while let Some(made) = making.join_next().await {
        made.expect(WORKS);
    }
}

/// A figure of `/proc/PID/status` in MiB.
fn memory(agent: &Agent, what: &str) -> u64 {
    let status = File::open(format!("/proc/{}/status", agent.child.id())).expect(WORKS);
    let lines = BufReader::new(status).lines().map_while(Result::ok);
    let kib = lines
        .filter_map(|line| {
            line.strip_prefix(what)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .next();
    kib.unwrap_or(0) / 1024
}

/// Seconds of a core that it took so far.
fn seconds(agent: &Agent) -> f64 {
    let stat = File::open(format!("/proc/{}/stat", agent.child.id())).expect(WORKS);
    let mut line = String::new();
    BufReader::new(stat).read_line(&mut line).expect(WORKS);
    let after = line.rsplit(") ").next().unwrap_or_default();
    let ticks = after.split(' ').skip(11).take(2);
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Seconds since everything was listed once, as the log says.
fn since_listed(agent: &Agent) -> f64 {
    let log = agent.log();
    let mut lines = log.lines();
    let listed = lines.find(|line| line.contains("everything was listed once"));
    let line: Value = serde_json::from_str(listed.expect(WORKS)).expect(WORKS);
    let at: Timestamp = line["timestamp"]
        .as_str()
        .expect(WORKS)
        .parse()
        .expect(WORKS);
    (Timestamp::now().as_millisecond() - at.as_millisecond()) as f64 / 1000.0
}

#[test]
#[ignore = "it measures, and takes minutes"]
fn memory_and_share_of_a_core() {
    let pods: usize = std::env::var("PODS")
        .ok()
        .and_then(|pods| pods.parse().ok())
        .unwrap_or(1_000);
    let Some(cluster) = server() else { return };
    cluster.apply(GOALS).expect(WORKS);
    let account =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: shop}\n";
    cluster.apply(account).expect(WORKS);
    let runtime = tokio::runtime::Runtime::new().expect(WORKS);
    let access = Access {
        kubeconfig: Some(cluster.kubeconfig()),
        context: None,
    };
    let client = runtime.block_on(async {
        let server = Server::open(&access).await.expect(WORKS);
        server.client().clone()
    });
    let begun = Instant::now();
    runtime.block_on(workloads(&client, pods / REPLICAS));
    eprintln!("{pods} pods made in {:?}", begun.elapsed());

    let begun = Instant::now();
    let agent = Agent::start(&cluster.kubeconfig(), "one", None);
    let ready = || agent.ask("/readyz").starts_with("HTTP/1.1 200");
    until("ready", &agent, ready);
    eprintln!(
        "listed and judged in {:?}, judged {} s after it was listed; at the most {} MiB",
        begun.elapsed(),
        since_listed(&agent),
        memory(&agent, "VmHWM:")
    );
    for at in [5, 30, 60] {
        std::thread::sleep(
            (begun + Duration::from_secs(at)).saturating_duration_since(Instant::now()),
        );
        eprintln!("after {at} s {} MiB", memory(&agent, "VmRSS:"));
    }
    let (before, begun) = (seconds(&agent), Instant::now());
    std::thread::sleep(WHILE);
    let share = (seconds(&agent) - before) / begun.elapsed().as_secs_f64();
    eprintln!("nothing changes: {:.2} % of a core", share * 100.0);

    let (before, begun) = (seconds(&agent), Instant::now());
    let changes = runtime.block_on(async {
        let deployments = api(&client, &resource("apps", "Deployment", "deployments"));
        let pod_api = api(&client, &resource("", "Pod", "pods"));
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let mut changes = 0;
        while begun.elapsed() < WHILE {
            tick.tick().await;
            let app = changes * 7 % (pods / REPLICAS);
            // One in ten is another template, the others are of pods.
            if changes % 10 == 0 {
                let change = json!({"spec": {"template": {"metadata": {"annotations": {"at": changes.to_string()}}}}});
                let name = format!("app-{app:05}");
                let patch = Patch::Merge(&change);
                deployments
                    .patch(&name, &PatchParams::default(), &patch)
                    .await
                    .expect(WORKS);
            } else {
                let change = json!({"status": {"message": changes.to_string()}});
                let name = format!("app-{app:05}-1-{}", changes % REPLICAS);
                let patch = Patch::Merge(&change);
                pod_api
                    .patch_status(&name, &PatchParams::default(), &patch)
                    .await
                    .expect(WORKS);
            }
            changes += 1;
        }
        changes
    });
    let elapsed = begun.elapsed().as_secs_f64();
    let share = (seconds(&agent) - before) / elapsed;
    eprintln!(
        "{:.1} changes a second: {:.2} % of a core; {} MiB",
        changes as f64 / elapsed,
        share * 100.0,
        memory(&agent, "VmRSS:")
    );
    eprintln!("at the most {} MiB", memory(&agent, "VmHWM:"));
    for line in agent.ask("/metrics").lines() {
        if line.starts_with("plimsoll_evaluation_seconds") {
            eprintln!("{line}");
        }
    }
}
