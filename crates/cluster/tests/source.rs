//! Lists and watches against a real API server, in the small form of the test cluster.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use plimsoll_assess::live::{Change, Flip, Live, LiveOptions};
use plimsoll_cluster::{Access, News, Server, Source, SourceOptions, source};
use plimsoll_model::{History, Timestamp, Verdict};
use serde_json::json;

#[path = "source/admission.rs"]
mod admission;
#[path = "source/bookmarks.rs"]
mod bookmarks;
#[path = "../../../tests/cluster/harness.rs"]
mod cluster;
#[path = "../../../tests/cluster/proxy.rs"]
mod proxy;

use cluster::Cluster;
use proxy::Proxy;

/// How long anything may take that should take no time at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster, or the reason why there is none.
fn start(flags: &[&str]) -> Option<Cluster> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match cluster::program(&repo) {
        Ok(program) => Some(Cluster::start_with(&program, flags).expect("it starts")),
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            None
        }
    }
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(test);
}

async fn server(cluster: &Cluster) -> Server {
    open(cluster.kubeconfig()).await
}

async fn open(kubeconfig: PathBuf) -> Server {
    let access = Access {
        kubeconfig: Some(kubeconfig),
        context: None,
    };
    Server::open(&access).await.expect("a way to it")
}

fn options() -> SourceOptions {
    SourceOptions {
        rediscover: Duration::from_secs(1),
        ..SourceOptions::new("test")
    }
}

fn live() -> Live {
    Live::new(LiveOptions {
        cluster: "test".into(),
        now: Timestamp::now(),
        history: History::default(),
    })
}

/// A namespace with the account that pods need.
const SHOP: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n\
                    apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: shop}\n";

fn deployment(name: &str, privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      \
         - {{name: main, image: busybox, securityContext: {{privileged: {privileged}}}}}\n"
    )
}

/// Makes pods, as many at a time as a server takes.
async fn pods(server: &Server, count: usize) {
    let resource = ApiResource {
        group: String::new(),
        version: "v1".into(),
        api_version: "v1".into(),
        kind: "Pod".into(),
        plural: "pods".into(),
    };
    let mut made = tokio::task::JoinSet::new();
    for worker in 0..16 {
        let (client, resource) = (server.client().clone(), resource.clone());
        made.spawn(async move {
            let api: Api<DynamicObject> = Api::namespaced_with(client, "shop", &resource);
            for at in (worker..count).step_by(16) {
                let mut pod = DynamicObject::new(&format!("pod-{at:05}"), &resource);
                pod.data = json!({"spec": {"containers": [{"name": "main", "image": "busybox"}]}});
                api.create(&PostParams::default(), &pod)
                    .await
                    .expect("it is made");
            }
        });
    }
    while let Some(joined) = made.join_next().await {
        joined.expect("it ends");
    }
}

/// The next news, in time.
async fn next(source: &mut Source) -> News {
    let news = tokio::time::timeout(PATIENCE, source.next()).await;
    news.expect("news in time").expect("it goes on")
}

/// Everything until the whole cluster was seen.
async fn all(source: &mut Source) -> Vec<Change> {
    let mut changes = Vec::new();
    loop {
        let news = next(source).await;
        changes.extend(news.changes);
        if news.complete {
            return changes;
        }
    }
}

/// The flips of what happens until `done`.
async fn flips_until(
    source: &mut Source,
    live: &mut Live,
    done: impl Fn(&Live) -> bool,
) -> Vec<Flip> {
    let mut flips = Vec::new();
    let begun = Instant::now();
    while !done(live) {
        assert!(begun.elapsed() < PATIENCE, "in time");
        let news = next(source).await;
        flips.extend(live.apply(news.changes, Timestamp::now()).flips);
    }
    flips
}

/// Ids of all objects, as a fresh look finds them.
async fn looked(server: &Server) -> BTreeSet<String> {
    let look = source::collect(server, &options())
        .await
        .expect("it answers");
    let mut live = live();
    live.apply(look.changes, Timestamp::now());
    ids(&live)
}

fn ids(live: &Live) -> BTreeSet<String> {
    let assets = live.assessment().assets;
    assets
        .iter()
        .map(|asset| asset.asset.id.to_string())
        .collect()
}

#[test]
fn everything_is_found_in_pages_and_a_restart_loses_and_doubles_nothing() {
    on_a_runtime(pages_and_a_restart());
}

async fn pages_and_a_restart() {
    let Some(mut cluster) = start(&[]) else {
        return;
    };
    let server = server(&cluster).await;
    assert!(
        server
            .version()
            .await
            .expect("it works")
            .git_version
            .starts_with('v')
    );
    cluster.apply(SHOP).expect("it works");
    cluster.apply(&deployment("web", false)).expect("it works");
    pods(&server, 1_200).await;

    // Pages of 500 and of 7 give the same.
    let look = source::collect(&server, &options())
        .await
        .expect("it works");
    assert_eq!(look.gaps, []);
    assert_eq!(look.counts["Pod"], 1_200);
    assert_eq!(look.counts["apps/Deployment"], 1);
    assert!(look.counts["rbac.authorization.k8s.io/ClusterRole"] > 50);
    assert!(look.counts["apiregistration.k8s.io/APIService"] > 10);
    assert!(!look.counts.contains_key("Secret"), "not asked for");
    let small = SourceOptions {
        page: 7,
        ..options()
    };
    let pieces = source::collect(&server, &small).await.expect("it works");
    assert_eq!(pieces.counts, look.counts);

    // One namespace: its objects, and those that are in none.
    let one = SourceOptions {
        namespace: Some("kube-system".into()),
        ..options()
    };
    let one = source::collect(&server, &one).await.expect("it works");
    assert_eq!(one.counts["Pod"], 0);
    assert_eq!(one.counts["Namespace"], 1);
    assert!(one.counts["rbac.authorization.k8s.io/ClusterRole"] > 50);

    // A change is seen, once, with its reason.
    let mut source = Source::start(&server, options());
    let mut live = live();
    live.apply(all(&mut source).await, Timestamp::now());
    let line = live.starter_line();
    live.apply([Change::Line(line, Vec::new())], Timestamp::now());
    assert_eq!(ids(&live), looked(&server).await);
    // The source tells the line that is in the cluster; here it is ours.
    drop(source);
    let ours = SourceOptions {
        line: false,
        ..options()
    };
    let mut source = Source::start(&server, ours);
    let mut flips = live.apply(all(&mut source).await, Timestamp::now()).flips;
    assert_eq!(flips, [], "what is known already changes nothing");
    let before = live.standings().to_vec();
    assert!(before.iter().all(|goal| goal.verdict != Verdict::Breached));

    let asked = Instant::now();
    cluster.apply(&deployment("web", true)).expect("it works");
    let applied = asked.elapsed();
    let breached = |live: &Live| {
        let mut goals = live.standings().iter();
        goals.any(|goal| goal.verdict == Verdict::Breached)
    };
    flips.extend(flips_until(&mut source, &mut live, breached).await);
    eprintln!(
        "applied in {applied:?}, the verdict flipped {:?} after it was asked for",
        asked.elapsed()
    );
    assert!(
        flips.iter().all(|flip| flip.because.text.contains("web")),
        "{flips:?}"
    );
    let broken = flips.len();

    // The API server dies and comes back; meanwhile nothing flips. What is done
    // as soon as it is back is seen, and once.
    cluster.kill_api();
    tokio::time::sleep(Duration::from_secs(2)).await;
    cluster.restart_api().expect("it works");
    cluster
        .kubectl(&["delete", "pod", "-n", "shop", "pod-00007", "--force"])
        .expect("it works");
    cluster.apply(&deployment("api", false)).expect("it works");
    cluster.apply(&deployment("web", false)).expect("it works");
    let mended = |live: &Live| !breached(live) && live.objects() > 0;
    let back = flips_until(&mut source, &mut live, mended).await;
    assert_eq!(
        back.len(),
        broken,
        "each that broke is mended once: {back:?}"
    );
    let expect = looked(&server).await;
    let same = |live: &Live| ids(live) == expect;
    let more = flips_until(&mut source, &mut live, same).await;
    assert_eq!(more, []);
    assert!(expect.iter().any(|id| id.ends_with("/api")));
    assert!(!expect.iter().any(|id| id.ends_with("/pod-00007")));
    let pods = &source.status()["Pod"];
    assert_eq!(pods.objects, 1_199);
    eprintln!("after the restart: {pods:?}");
}

#[test]
fn kinds_that_come_and_go_and_etcd_that_halts_are_followed() {
    on_a_runtime(kinds_and_etcd());
}

async fn kinds_and_etcd() {
    let Some(cluster) = start(&[]) else {
        return;
    };
    let server = server(&cluster).await;
    cluster.apply(SHOP).expect("it works");
    let mut source = Source::start(&server, options());
    let mut live = live();
    live.apply(all(&mut source).await, Timestamp::now());

    // A custom kind of the table, from its definition to its first object.
    cluster
        .apply(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
             metadata: {name: rollouts.argoproj.io}\nspec:\n  group: argoproj.io\n  scope: Namespaced\n  \
             names: {plural: rollouts, singular: rollout, kind: Rollout}\n  versions:\n  \
             - name: v1alpha1\n    served: true\n    storage: true\n    schema:\n      \
             openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}\n",
        )
        .expect("it works");
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop}\n\
                   spec: {template: {spec: {containers: [{name: main, image: busybox}]}}}\n";
    let begun = Instant::now();
    while cluster.apply(rollout).is_err() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let there = |live: &Live| ids(live).contains("cluster/test/ns/shop/argoproj.io.Rollout/web");
    flips_until(&mut source, &mut live, there).await;

    // etcd halts: nothing is taken for gone. It goes on, and so does the watch.
    cluster.stop_etcd().expect("it works");
    let quiet = tokio::time::timeout(Duration::from_secs(5), source.next()).await;
    let gone = quiet
        .ok()
        .flatten()
        .map(|news| news.changes)
        .unwrap_or_default();
    assert!(
        !gone.iter().any(|change| matches!(change, Change::Gone(_))),
        "{gone:?}"
    );
    cluster.continue_etcd().expect("it works");
    live.apply(gone, Timestamp::now());

    // Its definition goes, and with it its objects.
    cluster
        .kubectl(&["delete", "crd", "rollouts.argoproj.io", "--wait=false"])
        .expect("it works");
    flips_until(&mut source, &mut live, |live| !there(live)).await;
}

#[test]
fn a_server_that_is_too_busy_is_asked_again() {
    on_a_runtime(busy());
}

async fn busy() {
    let Some(cluster) = start(&[
        "--enable-priority-and-fairness=false",
        "--max-requests-inflight=1",
    ]) else {
        return;
    };
    let server = server(&cluster).await;
    let look = source::collect(&server, &options())
        .await
        .expect("it works");
    assert_eq!(look.gaps, []);
    assert!(look.counts["rbac.authorization.k8s.io/ClusterRole"] > 50);
}

#[test]
fn a_list_that_expires_on_the_way_is_whole_all_the_same() {
    on_a_runtime(expiring());
}

/// Bytes in a second of a line on which a page of 50 pods takes longer than 2 seconds.
const SLOW: u64 = 10_000;

async fn expiring() {
    // Versions are forgotten after two seconds.
    let Some(cluster) = start(&["--etcd-compaction-interval=1s"]) else {
        return;
    };
    let direct = server(&cluster).await;
    cluster.apply(SHOP).expect("it works");
    pods(&direct, 300).await;
    let expect = looked(&direct).await;

    let proxy = Proxy::start(cluster.port()).expect("a free port");
    let through = cluster.kubeconfig_through(proxy.port());
    let slow = open(through.expect("it works")).await;
    let options = SourceOptions {
        page: 50,
        ..options()
    };
    // Something happens all the time: else there is but one version.
    let busy = tokio::spawn({
        let client = direct.client().clone();
        async move {
            let resource = ApiResource {
                group: String::new(),
                version: "v1".into(),
                api_version: "v1".into(),
                kind: "ConfigMap".into(),
                plural: "configmaps".into(),
            };
            let api: Api<DynamicObject> = Api::namespaced_with(client, "shop", &resource);
            for at in 0.. {
                let mut map = DynamicObject::new(&format!("noise-{at}"), &resource);
                map.data = json!({"data": {}});
                // While the server is busy there is less noise.
                let _ = api.create(&PostParams::default(), &map).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    // So slow that a page takes longer than versions are kept, until some expired.
    proxy.slow(SLOW);
    let looking = tokio::spawn({
        let (slow, options) = (slow.clone(), options.clone());
        async move { source::collect(&slow, &options).await }
    });
    let expired = expire(&cluster, &proxy, 0, || looking.is_finished()).await;
    let look = looking.await.expect("it ends").expect("it answers");
    assert_eq!(look.gaps, []);
    assert_eq!(look.counts["Pod"], 300);
    let mut once = live();
    once.apply(look.changes, Timestamp::now());
    assert_eq!(ids(&once), expect);
    // The same while it is watched: what expires is neither gone nor doubled.
    proxy.slow(SLOW);
    let mut source = Source::start(&slow, options);
    let mut watched = live();
    let watching = tokio::spawn(async move { (all(&mut source).await, source) });
    expire(&cluster, &proxy, expired, || watching.is_finished()).await;
    let (changes, mut source) = watching.await.expect("it ends");
    assert!(
        !changes
            .iter()
            .any(|change| matches!(change, Change::Gone(_)))
    );
    watched.apply(changes, Timestamp::now());
    assert_eq!(ids(&watched), expect);
    // At full speed again, the list is of one version, and changes are seen.
    cluster.apply(&deployment("web", false)).expect("it works");
    let there = |live: &Live| ids(live).len() == expect.len() + 1;
    flips_until(&mut source, &mut watched, there).await;
    busy.abort();
}

/// Lets versions expire until three more than so many have, then is as fast as it goes. How many it
/// was by then.
async fn expire(cluster: &Cluster, proxy: &Proxy, before: u64, ended: impl Fn() -> bool) -> u64 {
    loop {
        let (ended, expired) = (ended(), gone(cluster));
        if expired >= before + 3 {
            proxy.slow(0);
            return expired;
        }
        assert!(
            !ended,
            "{expired} versions expired, {before} of them before"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How often the server said that a version is too old.
fn gone(cluster: &Cluster) -> u64 {
    let output = cluster.kubectl(&["get", "--raw=/metrics"]);
    let text = cluster::said(output.expect("it works")).expect("it works");
    let lines = text.lines().filter(|line| {
        line.starts_with("apiserver_request_total{") && line.contains("code=\"410\"")
    });
    let counts = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum()
}

/// Prints figures; the optimised build's are those of `docs/cluster.md`. Run it by its name with
/// `--ignored --nocapture`.
#[test]
#[ignore = "it measures, and takes minutes"]
fn ten_thousand_pods_are_listed_and_judged() {
    on_a_runtime(ten_thousand_pods());
}

async fn ten_thousand_pods() {
    let Some(cluster) = start(&[]) else {
        return;
    };
    let server = server(&cluster).await;
    cluster.apply(SHOP).expect("it works");
    pods(&server, 10_000).await;
    let begun = Instant::now();
    let look = source::collect(&server, &options())
        .await
        .expect("it works");
    eprintln!(
        "listed {} pods in {:?}",
        look.counts["Pod"],
        begun.elapsed()
    );
    let mut live = live();
    let begun = Instant::now();
    live.apply(look.changes, Timestamp::now());
    live.apply(
        [Change::Line(live.starter_line(), Vec::new())],
        Timestamp::now(),
    );
    eprintln!("judged {} objects in {:?}", live.objects(), begun.elapsed());
    let begun = Instant::now();
    let findings = live.assessment().findings.len();
    eprintln!(
        "assessment with plans, {findings} findings, in {:?}",
        begun.elapsed()
    );
}
