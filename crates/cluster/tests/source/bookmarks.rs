//! A watch that is cut goes on from its last bookmark, though nothing of its kind ever happened.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use plimsoll_cluster::Source;

use super::{PATIENCE, Proxy, SHOP, all, on_a_runtime, open, options, start};

/// What is asked of the kind by whoever tests: the API server watches it, too.
const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\n\
                      omitStages: [RequestReceived, ResponseComplete]\nrules:\n\
                      - {level: Metadata, users: [test], verbs: [watch], resources: [{group: '', resources: [resourcequotas]}]}\n\
                      - {level: None}\n";
/// A bookmark comes about once a minute.
const BOOKMARK: Duration = Duration::from_secs(150);

#[test]
fn a_watch_that_is_cut_goes_on_from_its_bookmark_and_lists_nothing_again() {
    on_a_runtime(bookmarks());
}

async fn bookmarks() {
    let folder = tempfile::tempdir().expect("a folder");
    let (policy, log) = (folder.path().join("policy.yaml"), folder.path().join("log"));
    std::fs::write(&policy, POLICY).expect("it is written");
    let flags = [
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", log.display()),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let Some(cluster) = start(&flags) else {
        return;
    };
    cluster.apply(SHOP).expect("it works");
    let proxy = Proxy::start(cluster.port()).expect("a free port");
    let through = cluster.kubeconfig_through(proxy.port());
    let server = open(through.expect("it works")).await;
    let mut source = Source::start(&server, options());
    all(&mut source).await;
    until(&mut source, PATIENCE, |_| versions(&log).len() == 1).await;

    // Other things happen, and the server learns that none of them is of this kind.
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: noise, namespace: shop}\n";
    cluster.apply(map).expect("it works");
    cluster
        .kubectl(&["get", "resourcequotas", "-A"])
        .expect("it works");
    let since = tokio::time::Instant::now();
    let heard = |source: &Source| source.status()["ResourceQuota"].heard;
    until(&mut source, BOOKMARK, |source| heard(source) > Some(since)).await;
    proxy.cut();
    until(&mut source, PATIENCE, |_| versions(&log).len() > 1).await;

    let versions = versions(&log);
    assert!(
        versions[1] > versions[0],
        "from the bookmark on, not from the list: {versions:?}"
    );
    let status = &source.status()["ResourceQuota"];
    assert_eq!((status.lists, status.events), (1, 0), "{status:?}");
}

/// Goes on taking what is told until something is so.
async fn until(source: &mut Source, patience: Duration, so: impl Fn(&Source) -> bool) {
    let begun = Instant::now();
    while !so(source) {
        assert!(begun.elapsed() < patience, "in time");
        // What is told is of other kinds.
        let _ = tokio::time::timeout(Duration::from_millis(500), source.next()).await;
    }
}

/// The versions that watches were asked for from, in their order.
fn versions(log: &Path) -> Vec<u64> {
    let Ok(log) = File::open(log) else {
        return Vec::new();
    };
    let lines = BufReader::new(log).lines().map_while(Result::ok);
    let uris = lines.filter_map(|line| {
        let event: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(event["requestURI"].as_str()?.to_owned())
    });
    let version = |uri: String| {
        let (_, rest) = uri.split_once("&resourceVersion=")?;
        rest.split('&').next()?.parse().ok()
    };
    uris.filter_map(version).collect()
}
