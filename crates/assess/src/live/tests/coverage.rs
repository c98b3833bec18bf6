//! What the coverage engine finds, as goals read it.

use plimsoll_coverage::Exclusion;
use plimsoll_model::Verdict;

use super::{at, document, fresh, line, live};
use crate::live::{Change, CoverageAsked, Live, trim};

const GOAL: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: PostureGoal
metadata: {name: supported}
spec:
  owner: platform
  assets: {match: {kinds: [node]}}
  require: [{configuration: {controls: [kubernetes-end-of-life, kubelet-skew], max: 0}}]
";

fn node(kubelet: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{conditions: [{{type: Ready, status: 'True'}}], nodeInfo: {{kubeletVersion: {kubelet}, operatingSystem: linux, architecture: amd64}}}}\n"
    )
}

fn look(live: &mut Live, server: &str) {
    let coverage = live.coverage(CoverageAsked {
        server: Some(server.to_owned()),
        sources: Vec::new(),
        settings: live.coverage_settings(live.now()),
    });
    live.apply([Change::Coverage(coverage.observed())], live.now());
}

#[test]
fn a_goal_names_rules_of_coverage_and_versions_as_controls() {
    let mut live = live();
    let set = |kubelet: &str| Change::Set(document("Node/n1", &node(kubelet)));
    live.apply([line(&[GOAL]), set("v1.36.1")], at(0));
    let verdict = |live: &Live| live.standings()[0].verdict;
    // Nobody looked yet.
    assert_eq!(verdict(&live), Verdict::Unverified);
    look(&mut live, "v1.36.1");
    assert_eq!(verdict(&live), Verdict::Met);
    live.apply([set("v1.31.0")], at(1));
    look(&mut live, "v1.36.1");
    assert_eq!(verdict(&live), Verdict::Breached);
    let goals = live.assessment().goals;
    assert!(plimsoll_goals::agrees(&live.standings()[0], &goals[0]));

    // Manifests alone say nothing of it, and not that there is no such control.
    let files = vec![
        ("goal.yaml".to_owned(), GOAL.to_owned()),
        ("node.yaml".to_owned(), node("v1.31.0")),
    ];
    let report = fresh(&live, files);
    assert!(
        report.contains("control `kubelet-skew` was not evaluated"),
        "{report}"
    );
    assert!(!report.contains("there is no control"), "{report}");
}

#[test]
fn what_a_goal_relies_on_and_nobody_runs_is_a_gap() {
    let mut live = live();
    let goal = GOAL.replace(
        "configuration: {controls: [kubernetes-end-of-life, kubelet-skew], max: 0}",
        "coverage: {imageScan: 24h, admission: enforcing}",
    );
    live.apply([line(&[&goal])], at(0));
    let settings = live.coverage_settings(at(0));
    assert_eq!(settings.image_scan, Some(plimsoll_model::Period::hours(24)));
    look(&mut live, "v1.36.1");
    let assessment = live.assessment();
    let gaps: Vec<&str> = assessment
        .findings
        .iter()
        .filter(|finding| finding.rule.id == "coverage/engine-missing")
        .map(|finding| &*finding.subject.field)
        .collect();
    assert_eq!(gaps, ["admission", "image-scan", "kubernetes-watch"]);
}

#[test]
fn nothing_in_an_excluded_namespace_is_judged_and_it_leads_to_others_all_the_same() {
    let lab = Exclusion {
        namespace: "lab".into(),
        by: "whoever tests".into(),
    };
    let goals = [
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: a}\nspec: {owner: a, assets: {all: true}, require: [{configuration: {controls: [pss-privileged], max: 0}}]}\n",
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: b}\nspec: {owner: a, assets: {match: {kinds: [Namespace]}}, require: [{configuration: {controls: [coverage/namespace-excluded], max: 0}}]}\n",
    ];
    let mut live = live().excluding(vec![lab]);
    let set = |path: &str, text: &str| Change::Set(document(path, text));
    let pod = |namespace: &str, privileged: bool| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {namespace}, labels: {{app: web}}}}\nspec: {{containers: [{{name: a, image: {namespace}, securityContext: {{privileged: {privileged}}}}}]}}\nstatus: {{containerStatuses: [{{name: a, image: {namespace}, imageID: 'r.example.com/{namespace}@sha256:1'}}]}}\n"
        );
        set(&format!("{namespace}/web"), &text)
    };
    live.apply(
        [
            line(&goals),
            set("lab", "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n"),
            set("shop", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"),
            pod("lab", true),
            pod("shop", false),
            // A way in that stands there and leads to the shop.
            set("lab/gate", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gate, namespace: lab}\nspec: {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]}\n"),
            set("shop/route", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: shop}\nspec: {parentRefs: [{name: gate, namespace: lab}], rules: [{backendRefs: [{name: web, port: 80}]}]}\n"),
            set("shop/service", "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"),
        ],
        at(0),
    );
    look(&mut live, "v1.36.1");
    let standing = |live: &Live, at: usize| {
        let standing = &live.standings()[at];
        (standing.verdict, standing.counts.in_scope)
    };
    assert_eq!(standing(&live, 0), (Verdict::Met, 1));
    assert_eq!(standing(&live, 1), (Verdict::Breached, 2));
    let assessment = live.assessment();
    for (standing, verdict) in live.standings().iter().zip(&assessment.goals) {
        assert!(plimsoll_goals::agrees(standing, verdict));
    }
    let statuses = live.statuses();
    assert_eq!(statuses.goals[0].counts, assessment.goals[0].counts);
    let of = |id: &str| assessment.assets.iter().find(|a| a.asset.id.as_str() == id);
    assert!(of("cluster/files/ns/lab/Pod/web").is_none());
    let shop = of("cluster/files/ns/shop/Pod/web").expect("it is judged");
    assert_eq!(shop.exposure.level, plimsoll_model::ExposureLevel::Internet);
    let found: Vec<&str> = assessment.findings.iter().map(|f| &*f.message).collect();
    assert!(
        found.contains(&"namespace lab is excluded by whoever tests"),
        "{found:?}"
    );
    assert!(live.running_images().keys().all(|key| key.contains("shop")));
    assert!(live.named_images().iter().map(|name| &**name).eq(["shop"]));

    // What is done there changes nothing.
    let quiet = live.apply([pod("lab", false)], at(1));
    assert_eq!(
        (quiet.opened.len(), quiet.closed.len(), quiet.moved),
        (0, 0, false)
    );
    let object = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "lab"}});
    live.apply(
        [trim::gone(&object, "files").expect("it has a name")],
        at(2),
    );
    assert_eq!(standing(&live, 0), (Verdict::Met, 1));
}
