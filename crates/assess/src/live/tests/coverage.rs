//! What the coverage engine finds, as goals read it.

use plimsoll_model::Verdict;

use super::{at, document, fresh, line, live};
use crate::live::{Change, CoverageAsked, Live};

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
        exclusions: Vec::new(),
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
