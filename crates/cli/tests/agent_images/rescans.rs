//! What was looked into too long ago is looked into again.

use std::sync::atomic::Ordering;

use plimsoll_model::{AssetId, Period};
use plimsoll_registry::sboms::Sboms;

use super::{Agent, Kind, WORKS, counted, database, push, run_pod, server, start, verdict};

#[test]
fn an_image_that_was_looked_into_too_long_ago_is_pulled_again() {
    let Some(server) = server(&["shop"]) else {
        return;
    };
    let Some(registry) = start(Kind::Distribution) else {
        return;
    };
    let digest = push(&registry, "team/web", &[("musl", "1.2.4-r2")]);
    let (host, count) = counted(registry.host());
    database(server.folder(), &[("busybox", "1.36.1-r10")]);
    let image = format!("{host}/team/web:1");
    run_pod(&server, "shop", "web", &image, &digest, "");
    let kubeconfig = server.kubeconfig();
    let begin = || {
        let more = ["--insecure-registry", &host, "--rescan-after", "1d"];
        Agent::start(&server, &kubeconfig, &more)
    };
    const OK: &str = "plimsoll_image_scans_total{state=\"ok\"}";
    let agent = begin();
    agent.until("met", || verdict(&server, "shop") == "met");
    assert_eq!(agent.metric(OK), Some(1));
    drop(agent);

    // It is young enough: another agent knows it from the first.
    let asked = count.load(Ordering::Relaxed);
    let agent = begin();
    agent.until("it is known", || {
        agent.metric("plimsoll_images{state=\"scanned\"}") == Some(1)
    });
    assert_eq!(count.load(Ordering::Relaxed), asked);
    drop(agent);

    // As if that had been two days ago.
    let store = Sboms::new(server.folder().join("state/images/images"), 1_000);
    let id = AssetId::image(
        &format!("{host}/team/web"),
        Some(&digest.parse().expect(WORKS)),
    );
    let mut stored = store.get(&id).expect("the agent keeps it");
    let was = stored.at;
    stored.at = Period::days(2).before(was);
    store.put(&id, &stored).expect(WORKS);
    let agent = begin();
    agent.until("it is looked into again", || agent.metric(OK) == Some(1));
    assert!(count.load(Ordering::Relaxed) > asked);
    agent.until("it is kept", || {
        store.get(&id).is_some_and(|stored| stored.at > was)
    });
    agent.until("met still", || verdict(&server, "shop") == "met");
}
