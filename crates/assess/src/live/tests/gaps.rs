//! Where a kind can't be seen, what rests on it is unknown.

use plimsoll_model::{AssetState, Verdict};

use super::{at, document, line, live, pod};
use crate::live::{Change, CloseReason, Gap, Live};

const POLICIES: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: policies}
spec: {owner: shop, assets: {all: true}, require: [{configuration: {controls: [network-policy-missing], max: 0}}]}
";
const OUTSIDE: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: outside}
spec: {owner: shop, assets: {all: true}, require: [{exposure: {internet: false}}]}
";
const ROOT: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: root}
spec: {owner: shop, assets: {all: true}, require: [{configuration: {controls: [workload-cluster-admin], max: 0}}]}
";

fn gap(kind: &str, namespace: Option<&str>) -> Change {
    Change::Gap(Gap {
        kind: kind.into(),
        namespace: namespace.map(Into::into),
        reason: "RBAC forbids to list it".to_owned(),
        remedy: "grant list and watch".to_owned(),
    })
}

fn watched(goal: &str) -> Live {
    let mut live = live();
    live.apply(
        [
            line(&[goal]),
            Change::Set(document("shop/web", &pod("web", true))),
        ],
        at(0),
    );
    live
}

fn check(goal: &str, kind: &str, before: Verdict, after: Verdict) {
    let mut live = watched(goal);
    assert_eq!(live.standings()[0].verdict, before, "{kind}");
    let hidden = live.apply([gap(kind, None)], at(1));
    assert!(
        hidden
            .closed
            .iter()
            .all(|c| c.reason == CloseReason::NotSeen)
    );
    assert_eq!(live.standings()[0].verdict, after, "{kind}");
    let assessment = live.assessment();
    assert_eq!(assessment.goals[0].verdict, after, "{kind}");
    assert!(assessment.is_incomplete());
    let gaps = &assessment.coverage.gaps;
    assert!(gaps.iter().any(|gap| gap.file == kind), "{gaps:?}");

    live.apply(
        [
            gap(kind, Some("elsewhere")),
            Change::Seen(kind.into(), None),
        ],
        at(2),
    );
    let here = live.assessment();
    let of_web = |state| {
        let states = here.goals[0].assets.iter();
        let name = |asset: u32| &here.assets[asset as usize].asset.object.name;
        states
            .filter(|a| &**name(a.asset) == "web")
            .all(|a| a.state != state)
    };
    assert!(
        of_web(AssetState::Unknown),
        "a gap elsewhere concerns nobody here"
    );
    live.apply([Change::Seen(kind.into(), Some("elsewhere".into()))], at(3));
    assert_eq!(live.standings()[0].verdict, before, "{kind}");
}

#[test]
fn no_policy_is_missing_where_policies_can_not_be_seen() {
    check(
        POLICIES,
        "networking.k8s.io/NetworkPolicy",
        Verdict::Breached,
        Verdict::Unverified,
    );
}

#[test]
fn nothing_is_safe_from_outside_where_services_can_not_be_seen() {
    check(OUTSIDE, "Service", Verdict::Met, Verdict::Unverified);
}

#[test]
fn nobody_is_without_rights_where_bindings_can_not_be_seen() {
    check(
        ROOT,
        "rbac.authorization.k8s.io/ClusterRoleBinding",
        Verdict::Met,
        Verdict::Unverified,
    );
}

#[test]
fn workloads_that_can_not_be_seen_are_in_scope_and_unknown() {
    check(ROOT, "apps/Deployment", Verdict::Met, Verdict::Unverified);
    let mut live = watched(ROOT);
    live.apply([gap("apps/Deployment", None)], at(1));
    assert_eq!(live.standings()[0].counts.unknown, 1);
    assert_eq!(live.standings()[0].counts.in_scope, 2);
}
