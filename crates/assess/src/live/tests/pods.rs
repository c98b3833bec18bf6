//! Pods are observations of what controls them.

use plimsoll_model::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{GOAL, at, difference, json as report, line, live};
use crate::live::{
    Change, Live, LiveOptions,
    trim::{self, tests::pod},
};

fn seen(object: Value) -> Change {
    trim::seen(object, "files").expect("an object")
}

fn safe(image: &str) -> Value {
    json!({
        "name": "a", "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": false, "runAsNonRoot": true,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
        },
    })
}

fn deployment(container: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}},
    })
}

fn replica_set(replicas: u32, container: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": "web-1", "namespace": "shop",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}],
        },
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}},
    })
}

fn running(name: &str, containers: Value) -> Value {
    let mut pod = pod(name, "n1", "a");
    pod["spec"]["containers"] = containers;
    pod
}

#[test]
fn a_workload_of_many_pods_is_one_asset_and_its_findings_are_not_doubled() {
    let mut live = live();
    let bad = json!({"name": "a", "image": "a", "securityContext": {"privileged": true}});
    let alone = live.apply([line(&[GOAL]), seen(deployment(bad.clone()))], at(0));
    let found = alone.opened.len();
    assert!(found > 3);
    let more = live.apply(
        [
            seen(replica_set(2, bad.clone())),
            seen(running("web-1-a", json!([bad.clone()]))),
            seen(running("web-1-b", json!([bad]))),
        ],
        at(1),
    );
    assert_eq!((more.opened, more.closed), (Vec::new(), Vec::new()));
    assert_eq!(live.standings()[0].counts.in_scope, 1);
    assert_eq!(live.assessment().assets.len(), 1);
    assert_eq!(live.pods(), (2, 1));
}

#[test]
fn what_only_a_running_pod_shows_is_found_on_its_workload_and_names_the_pod() {
    let mut live = live();
    let first = live.apply(
        [
            line(&[GOAL]),
            seen(deployment(safe("a"))),
            seen(replica_set(1, safe("a"))),
            seen(running("web-1-a", json!([safe("a")]))),
        ],
        at(0),
    );
    assert_eq!(first.flips[0].to, Some(Verdict::Met), "{:?}", first.opened);

    let mut debugged = running("web-1-a", json!([safe("a")]));
    debugged["spec"]["ephemeralContainers"] =
        json!([{"name": "debugger", "image": "busybox", "securityContext": {"privileged": true}}]);
    let flipped = live.apply([seen(debugged)], at(1));
    assert_eq!(flipped.flips[0].to, Some(Verdict::Breached));
    let assessment = live.assessment();
    let findings = || assessment.findings.iter();
    assert!(findings().all(|f| f.asset.id.as_str() == "cluster/files/ns/shop/apps.Deployment/web"));
    let privileged = findings().find(|f| f.rule.id == "pss-privileged");
    let finding = privileged.unwrap_or_else(|| panic!("{:?}", assessment.findings));
    assert_eq!(&*finding.evidence().location().file, "ns/shop/Pod/web-1-a");
    assert!(
        finding
            .evidence()
            .path()
            .to_string()
            .starts_with("spec.ephemeralContainers[0]")
    );
    assert!(
        finding.message.contains("running pod web-1-a"),
        "{}",
        finding.message
    );
    assert!(finding.fixes.iter().all(|fix| !fix.is_automatic()));
    assert!(
        assessment.assets[0]
            .images
            .iter()
            .any(|image| &**image == "busybox")
    );

    let closed = live.apply([seen(running("web-1-a", json!([safe("a")])))], at(2));
    assert_eq!(closed.flips[0].to, Some(Verdict::Met));
}

#[test]
fn the_status_of_a_pod_is_kept_and_judges_nothing() {
    let mut live = live();
    live.apply(
        [
            line(&[GOAL]),
            seen(deployment(safe("a"))),
            seen(running("web-1-a", json!([safe("a")]))),
        ],
        at(0),
    );
    let mut restarted = running("web-1-a", json!([safe("a")]));
    restarted["status"]["containerStatuses"][0]["restartCount"] = json!(7);
    restarted["spec"]["nodeName"] = json!("n2");
    let transition = live.apply([seen(restarted)], at(1));
    assert_eq!(transition.evaluated, 0);
    assert!(!transition.changed && !transition.counts());
    let (_, _, status) = live.running().next().expect("a pod");
    assert_eq!(status.containers[0].restarts, 7);
    assert_eq!(status.node.as_deref(), Some("n2"));
}

/// What a cluster of few names may look like.
fn object() -> impl Strategy<Value = Value> {
    let images = prop::sample::select(vec!["a", "b"]);
    (0..5u8, 0..3u8, images, any::<bool>()).prop_map(|(kind, name, image, good)| {
        let container = if good {
            safe(image)
        } else {
            json!({"name": "a", "image": image, "securityContext": {"privileged": true}})
        };
        match kind {
            0 => deployment(container),
            1 => replica_set(u32::from(name), container),
            _ => running(&format!("web-1-{name}"), json!([container])),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pods_come_and_go_and_what_is_said_is_what_a_new_watch_says(
        steps in prop::collection::vec((object(), any::<bool>()), 1..24),
    ) {
        let mut watched: Live = live();
        watched.apply([line(&[GOAL])], at(0));
        let mut there: Vec<(String, Value)> = Vec::new();
        for (object, goes) in steps {
            let key = format!("{} {}", object["kind"], object["metadata"]["name"]);
            there.retain(|(known, _)| *known != key);
            let change = if goes {
                trim::gone(&object, "files").expect("an object")
            } else {
                there.push((key, object.clone()));
                seen(object)
            };
            watched.apply([change], at(0));
            let mut fresh = Live::new(LiveOptions {
                cluster: "files".into(),
                now: at(0),
                history: watched.history(),
            });
            let all = there.iter().map(|(_, object)| seen(object.clone()));
            fresh.load([line(&[GOAL])].into_iter().chain(all));
            fresh.apply([], at(0));
            let (said, new) = (report(&watched.assessment()), report(&fresh.assessment()));
            prop_assert!(said == new, "{}", difference(&said, &new));
            let numbers = |live: &Live| {
                let standing = &live.standings()[0];
                (standing.verdict, standing.counts)
            };
            prop_assert_eq!(numbers(&watched), numbers(&fresh));
            prop_assert_eq!(watched.pods(), fresh.pods());
        }
    }
}
