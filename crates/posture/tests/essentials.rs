//! The essentials by example: what each control reports and what it leaves
//! alone, and that its fixes make it pass.

mod support;

#[path = "essentials/objects.rs"]
mod objects;
#[path = "essentials/relations.rs"]
mod relations;
#[path = "essentials/workloads.rs"]
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_manifest::{
    Document,
    edit::{self, Op},
};
use plimsoll_model::{AssetId, Finding, Fix, FixEdit, FixTarget, Severity};
use plimsoll_posture::{Request, baselines as built_in, catalogue};
use support::{documents, inventory, scan_for};

/// One example: documents, and the paths at which the control objects.
pub struct Case {
    /// The control.
    pub id: &'static str,
    /// The documents.
    pub yaml: String,
    /// The path of each finding, in any order.
    pub expect: Vec<String>,
}

fn cases() -> Vec<Case> {
    [workloads::cases(), relations::cases(), objects::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn request(id: &str) -> Request {
    Request {
        controls: BTreeSet::from([id.to_owned()]),
        ..Request::default()
    }
}

fn findings(id: &str, yaml: &str) -> Vec<Finding> {
    scan_for(yaml, &request(id)).0
}

#[test]
fn examples_get_their_findings() {
    let mut wrong = Vec::new();
    for mut case in cases() {
        case.expect.sort();
        let mut found: Vec<String> = findings(case.id, &case.yaml)
            .iter()
            .map(|finding| finding.evidence().path().to_string())
            .collect();
        found.sort();
        if found != case.expect {
            wrong.push(format!(
                "{}: found {found:?}, expected {:?} in\n{}",
                case.id, case.expect, case.yaml
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn each_control_has_examples_that_fail_and_near_misses_that_pass() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases() {
        let count = counts.entry(case.id).or_default();
        if case.expect.is_empty() {
            count.1 += 1;
        } else {
            count.0 += 1;
        }
    }
    for control in catalogue()
        .iter()
        .filter(|control| !control.id().starts_with("pss-") && !control.is_of_images())
    {
        let (fail, pass) = counts.get(control.id()).copied().unwrap_or_default();
        assert!(
            fail > 0 && pass > 0,
            "{}: {fail} failing and {pass} passing examples",
            control.id()
        );
    }
}

/// The documents after a fix; none when only a person can make it.
fn after(yaml: &str, finding: &Finding, fix: &Fix) -> Option<String> {
    if !fix.is_automatic() {
        return None;
    }
    let id = match &fix.target {
        FixTarget::New { manifest, .. } => return Some(format!("{yaml}---\n{manifest}")),
        FixTarget::Own => finding.asset.id.clone(),
        FixTarget::Other(object) => AssetId::object(
            "files",
            object.group(),
            &object.kind,
            object.namespace.as_deref(),
            &object.name,
        ),
    };
    let all = inventory(documents("test.yaml", yaml));
    let document: &Document = all
        .find(&id)
        .and_then(|ix| all.get(ix))
        .map(|object| &object.document)
        .expect("a fix names an object that is there");
    let ops: Vec<Op> = fix
        .edits
        .iter()
        .map(|edit| {
            let path = edit.path().to_path().expect("a fix names a path");
            match edit {
                FixEdit::Set(_, value) => Op::Set {
                    path,
                    value: value.to_json(),
                },
                FixEdit::Add(_, value) => Op::Add {
                    path,
                    value: value.to_json(),
                },
                FixEdit::Remove(_) => Op::Remove { path },
            }
        })
        .collect();
    let planned = edit::plan(document, &ops)
        .unwrap_or_else(|error| panic!("{}: {error} in\n{yaml}", finding.rule.id));
    Some(edit::apply(yaml, &planned.edits).expect("edits of this text"))
}

#[test]
fn fixes_make_the_control_pass() {
    let mut tried = BTreeSet::new();
    for case in cases() {
        for finding in findings(case.id, &case.yaml) {
            assert!(!finding.fixes.is_empty(), "{}: no way to clear it", case.id);
            for fix in finding.fixes.iter() {
                assert!(!fix.summary.is_empty());
                assert!(
                    fix.is_automatic() || fix.decision.is_some(),
                    "{}: nothing to do",
                    case.id
                );
                let Some(text) = after(&case.yaml, &finding, fix) else {
                    continue;
                };
                tried.insert(case.id);
                let left = findings(case.id, &text);
                assert!(
                    left.iter().all(|one| one.id != finding.id),
                    "{}: `{}` does not clear it:\n{text}",
                    case.id,
                    fix.summary
                );
            }
        }
    }
    assert!(
        tried.len() >= 25,
        "fixes of {} controls were tried: {tried:?}",
        tried.len()
    );
}

#[test]
fn nothing_repeats_a_secret() {
    for case in cases()
        .iter()
        .filter(|case| case.id.starts_with("secret-in"))
    {
        for finding in findings(case.id, &case.yaml) {
            let told = format!("{finding:?}");
            for secret in ["hunter2", "not-a-real-password"] {
                assert!(!told.contains(secret), "{}: {told}", case.id);
            }
        }
    }
}

#[test]
fn malformed_objects_do_not_panic() {
    let kinds = [
        ("apps/v1", "Deployment"),
        ("v1", "Pod"),
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("v1", "PersistentVolume"),
        ("networking.k8s.io/v1", "Ingress"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("policy/v1", "PodDisruptionBudget"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
        ),
    ];
    let bodies = [
        "spec: 5",
        "spec: []\nrules: 7\nsubjects: {a: b}\nwebhooks: [1]\ndata: [x]",
        "spec: {template: [], selector: 5, replicas: many, rules: [1], tls: [a], ingress: [~], ports: {}}",
        "spec: {template: {spec: {containers: [{env: [1], args: {a: b}, image: [x], ports: [2], resources: 3}], volumes: [3]}}}",
        "rules: [{verbs: x, resources: {a: b}}, 5]\nroleRef: []\nsubjects: [5, {kind: [a]}]",
        "spec: {maxUnavailable: [], minAvailable: {}, scaleTargetRef: 3, externalIPs: 4, type: 9}",
        "data: {a: [1], b: ~, c: 5}",
    ];
    let request = Request {
        everything: true,
        ..Request::default()
    };
    for (api, kind) in kinds {
        for body in bodies {
            scan_for(
                &format!(
                    "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, labels: 5, annotations: [1]}}\n{body}\n"
                ),
                &request,
            );
        }
    }
}

#[test]
fn the_baseline_is_what_is_worth_holding() {
    let essentials = built_in()
        .iter()
        .find(|baseline| baseline.name == "plimsoll/essentials")
        .expect("built in");
    let held: Vec<&str> = essentials
        .controls("1")
        .expect("version 1")
        .into_iter()
        .map(|(control, _)| control.id())
        .collect();
    let expected: Vec<&str> = catalogue()
        .iter()
        .filter(|control| {
            !control.id().starts_with("pss-")
                && !control.is_of_images()
                && control.rule.severity > Severity::Info
        })
        .map(|control| control.id())
        .collect();
    assert_eq!(held, expected);
}

/// A page to review: what there is, and how bad it is said to be.
#[test]
fn catalogue_at_a_glance() {
    let lines: Vec<String> = catalogue()
        .iter()
        .map(|control| {
            format!(
                "{:<38} {:<8} {}",
                control.id(),
                control.rule.severity,
                control.rule.title
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
