//! What a cluster runs on, as it changes.

use std::sync::Arc;

use plimsoll_model::Verdict;
use plimsoll_vuln::{
    lookup::Memory,
    matching::Options,
    read::{Format, read},
};

use super::*;
use crate::{Advisories, ComponentsAsked, Statements};

const NODES: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: runs-on}
spec:
  owner: shop
  assets: {match: {kinds: [Node, Cluster]}}
  require: [{vulnerabilities: {max: 0}}]
";

fn advisories() -> Change {
    let record = r#"{"schema_version": "1.3.1", "id": "GO-1", "modified": "2026-11-01T00:00:00Z",
        "summary": "The kubelet runs commands", "affected": [{
            "package": {"name": "k8s.io/kubernetes", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.30.3"}]}]}]}"#;
    let records = read(Format::Osv, "go.json", record.as_bytes());
    assert_eq!(records.skipped, []);
    Change::Advisories(Some(Advisories {
        db: Arc::new(records.advisories.into_iter().collect::<Memory>()),
        options: Options::default(),
        statements: Arc::new(Statements::default()),
    }))
}

fn node(kubelet: &str) -> Change {
    let text = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{nodeInfo: \
         {{kubeletVersion: {kubelet}, operatingSystem: linux}}}}\n"
    );
    Change::Set(document("Node/n1", &text))
}

#[test]
fn a_node_with_an_old_kubelet_breaks_the_goal_over_nodes_until_it_is_upgraded() {
    let mut live = live();
    let asked = ComponentsAsked {
        server: Some("v1.36.0".to_owned()),
        ..ComponentsAsked::default()
    };
    live.apply([line(&[NODES]), node("v1.30.2")], at(0));
    // Nobody compared anything: nobody knows.
    assert!(live.components(&asked, at(0)).is_none());
    assert_eq!(live.standings()[0].verdict, Verdict::Unverified);

    live.apply([advisories()], at(1));
    let compare = |live: &Live, second| {
        let components = live.components(&asked, at(second)).expect("advisories");
        Change::Components(components)
    };
    let found = compare(&live, 1);
    assert!(node("v1.30.2").is_of_components() && !line(&[NODES]).is_of_components());
    let first = live.apply([found], at(1));
    assert_eq!(first.opened.len(), 1, "{first:?}");
    assert_eq!(live.standings()[0].verdict, Verdict::Breached);
    let whole = live.assessment();
    assert_eq!(whole.goals[0].verdict, Verdict::Breached);
    assert_eq!(whole.goals[0].counts, live.standings()[0].counts);
    let report = wire::check(&whole);
    let rows: Vec<&str> = report
        .components
        .iter()
        .map(|row| &*row.component)
        .collect();
    let expect = [
        "kube-apiserver",
        "container runtime",
        "kernel",
        "kubelet",
        "packages",
        "runc",
    ];
    assert_eq!(rows, expect);

    live.apply([node("v1.30.3")], at(2));
    let found = compare(&live, 2);
    let mended = live.apply([found], at(2));
    assert_eq!(mended.closed.len(), 1);
    assert_eq!(mended.closed[0].reason, CloseReason::Fixed);
    // The rest of the node nobody tells: that is not met.
    assert_eq!(live.standings()[0].verdict, Verdict::Unverified);
    assert_eq!(live.assessment().goals[0].verdict, Verdict::Unverified);
    assert_eq!(
        live.assessment().goals[0].counts,
        live.standings()[0].counts
    );
}

#[test]
fn what_a_node_had_goes_with_it() {
    let mut live = live();
    let asked = ComponentsAsked::default();
    live.apply([line(&[NODES]), node("v1.30.2"), advisories()], at(0));
    let found = live.components(&asked, at(0)).expect("advisories");
    let first = live.apply([Change::Components(found)], at(0));
    assert_eq!(first.opened.len(), 1, "{first:?}");
    let node = first.opened[0].asset.clone();
    live.apply([Change::Gone(node)], at(1));
    let none = live.components(&asked, at(1)).expect("advisories");
    let gone = live.apply([Change::Components(none)], at(1));
    assert_eq!(gone.closed.len(), 1, "{gone:?}");
    assert_eq!(gone.closed[0].reason, CloseReason::AssetGone);
}
