//! A watched estate of 50,000 pods: how long the first look takes, how much
//! memory it holds, how long a change takes until its verdict is known.
//!
//! Figures only; nothing is asserted.

use std::{
    io::{BufRead, BufReader},
    time::{Duration, Instant},
};

use plimsoll_assess::{
    Limits, Line, Source,
    live::{Change, Live, LiveOptions, trim},
};
use plimsoll_model::Timestamp;
use serde_json::{Value, json};

/// The command's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PODS: usize = 50_000;
const CHANGES: usize = 400;
const NAMESPACES: usize = 100;
/// Objects that a list brings together at the most, as the agent takes them in.
const TOGETHER: usize = 2_000;

const GOALS: [&str; 3] = [
    "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: restricted}
spec: {owner: a, assets: {all: true}, require: [{configuration: {baseline: pss/restricted@1.36, max: 0, within: 14d}}], target: 99%}
",
    "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: baseline}
spec: {owner: a, assets: {all: true}, require: [{configuration: {baseline: pss/baseline@1.36, max: 0}}], target: 95%}
",
    "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: outside}
spec: {owner: a, assets: {class: internet-facing}, require: [{exposure: {internet: false}}], target: 10%}
",
];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).expect("a time")
}

fn line() -> Change {
    let limits = Limits::default();
    let documents: Vec<_> = (0..)
        .zip(GOALS)
        .map(|(at, text): (usize, _)| {
            let source = Source::new(format!("goal-{at}.yaml"), text.into(), &limits);
            plimsoll_manifest::load_one(&source.expect("text"), &limits)
                .expect("YAML")
                .expect("a goal")
        })
        .collect();
    let (line, said) = Line::read(&documents);
    Change::Line(line, said)
}

/// As an API server gives it back, with what it adds.
fn spec(app: usize, version: usize) -> Value {
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
        "containers": [{
            "name": "app", "image": format!("registry.example.com/team/app-{app}:1.{version}"),
            "imagePullPolicy": "IfNotPresent", "securityContext": context, "env": env,
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http", "scheme": "HTTP"}, "failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "serviceAccount": "app", "serviceAccountName": "app",
        "terminationGracePeriodSeconds": 30,
    })
}

fn namespace(app: usize) -> String {
    format!("team-{}", app % NAMESPACES)
}

fn owner(kind: &str, name: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "0f1e2d3c-0000-4000-8000-000000000000", "controller": true, "blockOwnerDeletion": true}])
}

fn labels(app: usize) -> Value {
    json!({"app.kubernetes.io/name": format!("app-{app}"), "team": format!("team-{}", app % NAMESPACES)})
}

fn deployment(app: usize, version: usize) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("app-{app}"), "namespace": namespace(app), "labels": labels(app), "uid": "u", "resourceVersion": "1"},
        "spec": {"replicas": 10, "selector": {"matchLabels": labels(app)}, "template": {"metadata": {"labels": labels(app)}, "spec": spec(app, version)}},
    })
}

fn replica_set(app: usize, version: usize) -> Value {
    let name = format!("app-{app}-7c9d{version}");
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": namespace(app), "labels": labels(app), "ownerReferences": owner("Deployment", &format!("app-{app}"))},
        "spec": {"replicas": 10, "template": {"metadata": {"labels": labels(app)}, "spec": spec(app, version)}},
        "status": {"replicas": 10},
    })
}

fn service(app: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": format!("app-{app}"), "namespace": namespace(app)},
        "spec": {"selector": labels(app), "type": if app.is_multiple_of(50) { "LoadBalancer" } else { "ClusterIP" }, "ports": [{"port": 80, "targetPort": "http", "protocol": "TCP"}]},
    })
}

fn pod(app: usize, version: usize, replica: usize, owned: bool) -> Value {
    let name = format!("app-{app}-7c9d{version}-{replica:05}");
    let mut spec = spec(app, version);
    spec["nodeName"] = format!("node-{}", (app * 7 + replica) % 500).into();
    spec["volumes"] = json!([{"name": format!("kube-api-access-{replica:05}"), "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}]);
    let mut metadata = json!({
        "name": name, "generateName": format!("app-{app}-7c9d{version}-"), "namespace": namespace(app),
        "labels": labels(app), "uid": format!("0f1e2d3c-0000-4000-8000-{app:06}{replica:06}"), "resourceVersion": "1",
    });
    if owned {
        metadata["ownerReferences"] = owner("ReplicaSet", &format!("app-{app}-7c9d{version}"));
    }
    let image = format!("registry.example.com/team/app-{app}:1.{version}");
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
        "status": {
            "phase": "Running", "podIP": "10.1.2.3",
            "containerStatuses": [{"name": "app", "image": image, "imageID": format!("registry.example.com/team/app-{app}@sha256:{app:064}"), "restartCount": 0, "state": {"running": {"startedAt": "2026-11-26T12:00:00Z"}}}],
        },
    })
}

fn seen(object: Value) -> Change {
    trim::seen(object, "bench").expect("an object")
}

fn resident() -> u64 {
    memory("VmRSS:")
}

/// A figure of this process in MiB.
fn memory(what: &str) -> u64 {
    let status = std::fs::File::open("/proc/self/status").expect("Linux");
    let lines = BufReader::new(status).lines().map_while(Result::ok);
    lines
        .filter_map(|line| {
            line.strip_prefix(what)?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        })
        .next()
        .unwrap_or_default()
        / 1024
}

fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * share / 100).min(times.len() - 1)]
}

fn told(what: &str, times: &mut [Duration], evaluated: u64) {
    println!(
        "{what}: median {:?}, p99 {:?}, worst {:?}; {} objects looked at in all",
        percentile(times, 50),
        percentile(times, 99),
        percentile(times, 100),
        evaluated
    );
}

fn measure(live: &mut Live, what: &str, mut change: impl FnMut(usize) -> Change) {
    let mut times = Vec::with_capacity(CHANGES);
    let mut evaluated = 0;
    for number in 0..CHANGES {
        let change = change(number);
        let start = Instant::now();
        // A clock that is set back would have everything judged anew.
        let now = Timestamp::from_second(live.now().as_second() + 1).expect("a time");
        let transition = live.apply([change], now);
        times.push(start.elapsed());
        evaluated += transition.evaluated;
    }
    told(what, &mut times, evaluated);
}

fn begin(name: &str, objects: impl Iterator<Item = Value>) -> Live {
    let mut live = Live::new(LiveOptions {
        cluster: "bench".into(),
        now: at(0),
        history: Default::default(),
    });
    let mut trimming = Duration::ZERO;
    let mut changes = Vec::with_capacity(TOGETHER);
    for object in objects {
        let start = Instant::now();
        changes.push(seen(object));
        trimming += start.elapsed();
        if changes.len() == TOGETHER {
            live.load(changes.drain(..));
        }
    }
    live.load(changes);
    let start = Instant::now();
    let transition = live.apply([line()], at(0));
    println!(
        "{name}: {} objects trimmed in {trimming:?}; first look {:?}: {} findings; resident {} MiB",
        live.objects(),
        start.elapsed(),
        transition.opened.len() as u64 + transition.opened_more,
        resident()
    );
    for standing in live.standings() {
        println!(
            "  {} {} {:?}",
            standing.goal.metadata.name, standing.verdict, standing.counts
        );
    }
    live
}

fn owned() {
    let apps = PODS / 10;
    let objects = (0..apps).flat_map(|app| {
        let own = [deployment(app, 1), replica_set(app, 1), service(app)];
        own.into_iter()
            .chain((0..10).map(move |replica| pod(app, 1, replica, true)))
    });
    let mut live = begin("50,000 pods in 5,000 Deployments", objects);
    println!("  pods and shapes: {:?}", live.pods());
    measure(&mut live, "a Deployment changes", |n| {
        seen(deployment(n * 7 % apps, 2 + n % 2))
    });
    measure(&mut live, "a Service changes", |n| {
        let mut service = service(n * 11 % apps);
        service["spec"]["type"] = ["NodePort", "ClusterIP"][n % 2].into();
        seen(service)
    });
    measure(&mut live, "a pod comes", |n| {
        seen(pod(n * 13 % apps, 1, 100 + n, true))
    });
    measure(&mut live, "a pod's status changes", |n| {
        let mut pod = pod(n * 13 % apps, 1, 0, true);
        pod["status"]["containerStatuses"][0]["restartCount"] = (n + 1).into();
        seen(pod)
    });
    measure(&mut live, "a pod is debugged", |n| {
        let mut pod = pod(n * 17 % apps, 1, 3, true);
        pod["spec"]["ephemeralContainers"] =
            json!([{"name": format!("debug-{n}"), "image": "busybox"}]);
        seen(pod)
    });
    measure(&mut live, "a namespace's labels change", |n| {
        seen(
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("team-{}", n % NAMESPACES), "labels": {"n": n.to_string()}}}),
        )
    });
    let mut times = Vec::new();
    for n in 0..100 {
        let start = Instant::now();
        live.apply([], at(100_000 + n));
        times.push(start.elapsed());
    }
    told("time passes", &mut times, 0);
    println!("  resident {} MiB", resident());
    let start = Instant::now();
    let statuses = live.statuses();
    println!(
        "  statuses {:?}, {} findings; resident {} MiB",
        start.elapsed(),
        statuses.findings.values().sum::<u64>(),
        resident()
    );
    let start = Instant::now();
    let assessment = live.assessment();
    println!(
        "  whole assessment with plans {:?}, {} findings; at the most {} MiB",
        start.elapsed(),
        assessment.findings.len(),
        memory("VmHWM:")
    );
}

fn bare() {
    let objects = (0..PODS).map(|at| pod(at, 1, 0, false));
    let mut live = begin("50,000 bare pods", objects);
    measure(&mut live, "a pod changes", |n| {
        seen(pod(n * 7 % PODS, 2 + n % 2, 0, false))
    });
    println!("  resident {} MiB", resident());
}

fn main() {
    // One estate a process: what the allocator keeps of another would count.
    match std::env::args().nth(1).as_deref() {
        Some("bare") => bare(),
        _ => owned(),
    }
}
