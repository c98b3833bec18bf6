//! The essentials against the examples of two other tools, for calibration:
//! their failing manifests and their passing ones. The examples are not part
//! of this repository; where they are absent the tests say so loudly.
//!
//! Where a verdict differs on purpose the case is listed with the reason, and
//! the test fails as well when a listed difference is none any more.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use plimsoll_manifest::Document;
use plimsoll_posture::{Request, evaluate};
use support::{documents, inventory};

/// An archive of examples, unpacked.
fn archive(name: &str) -> Option<tempfile::TempDir> {
    let shared = std::env::var_os("PLIMSOLL_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let archive = shared.join("data/conformance").join(name);
    if !archive.is_file() {
        eprintln!(
            "SKIPPED: {name} is not there; set PLIMSOLL_SHARED to the folder with data/conformance/{name}"
        );
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unpacked = Command::new("tar")
        .arg("-xJf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path())
        .status();
    assert!(
        unpacked.is_ok_and(|status| status.success()),
        "tar can't unpack {}",
        archive.display()
    );
    Some(folder)
}

#[expect(
    clippy::disallowed_methods,
    reason = "examples of an archive that the test itself names"
)]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text file")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// `Kind/name` of all objects that one of the controls objects to.
fn found(documents: Vec<Document>, controls: &[&str]) -> BTreeSet<String> {
    let request = Request {
        controls: controls.iter().map(|id| (*id).to_owned()).collect(),
        ..Request::default()
    };
    let (findings, evaluation) = evaluate(&inventory(documents), &request);
    assert!(evaluation.missing.is_empty(), "{:?}", evaluation.missing);
    findings
        .iter()
        .map(|finding| {
            format!(
                "{}/{}",
                finding.asset.object.kind, finding.asset.object.name
            )
        })
        .collect()
}

/// Differences that are listed, and those that are there.
fn compare(expected: &[(&str, &str)], wrong: &BTreeMap<String, String>, seen: &BTreeSet<String>) {
    let listed: BTreeSet<&str> = expected.iter().map(|(case, _)| *case).collect();
    let unlisted: Vec<String> = wrong
        .iter()
        .filter(|(case, _)| !listed.contains(case.as_str()))
        .map(|(case, what)| format!("{case}: {what}"))
        .collect();
    assert!(
        unlisted.is_empty(),
        "{} of {} differ:\n{}",
        unlisted.len(),
        seen.len(),
        unlisted.join("\n")
    );
    for case in listed {
        assert!(
            wrong.contains_key(case),
            "{case} is listed as a difference and is none"
        );
    }
}

/// Checks of Polaris and what they are here.
const POLARIS: &[(&str, &[&str])] = &[
    ("cpuLimitsMissing", &["resources-cpu-limit"]),
    ("cpuRequestsMissing", &["resources-cpu-request"]),
    ("dangerousCapabilities", &["dangerous-capabilities"]),
    ("deploymentMissingReplicas", &["replicas-single"]),
    ("hostIPCSet", &["pss-host-namespaces"]),
    ("hostPIDSet", &["pss-host-namespaces"]),
    ("hostProcess", &["pss-windows-host-process"]),
    ("livenessProbeMissing", &["probe-liveness"]),
    ("memoryRequestsMissing", &["resources-memory-request"]),
    (
        "missingNetworkPolicy",
        &["network-policy-missing", "network-policy-egress-missing"],
    ),
    (
        "privilegeEscalationAllowed",
        &["pss-allow-privilege-escalation"],
    ),
    ("procMount", &["pss-proc-mount"]),
    ("readinessProbeMissing", &["probe-readiness"]),
    ("rolePodExecAttach", &["rbac-pod-exec"]),
];

const POLARIS_DIFFERENCES: &[(&str, &str)] = &[
    (
        "deploymentMissingReplicas/failure.yaml",
        "a Deployment of `v1` is no kind there is",
    ),
    (
        "missingNetworkPolicy/failure.netpol_missing_egress_rules.yaml",
        "a policy without rules isolates: it denies everything, which is what is wanted",
    ),
    (
        "missingNetworkPolicy/failure.netpol_missing_ingress_rules.yaml",
        "a policy without rules isolates: it denies everything, which is what is wanted",
    ),
    (
        "rolePodExecAttach/success.gce_calico_binding.yaml",
        "only what Kubernetes itself makes is left alone, and not what one cloud once made",
    ),
];

#[test]
fn polaris_examples() {
    let Some(folder) = archive("polaris-check-tests.tar.xz") else {
        return;
    };
    let (mut seen, mut wrong) = (BTreeSet::new(), BTreeMap::new());
    for (check, controls) in POLARIS {
        for path in sorted(&folder.path().join("polaris-check-tests").join(check)) {
            let file = name(&path);
            let passes = match file.split('.').next() {
                Some("success") => true,
                Some("failure") => false,
                _ => continue,
            };
            let case = format!("{check}/{file}");
            let found = found(documents(&file, &read(&path)), controls);
            if found.is_empty() != passes {
                wrong.insert(
                    case.clone(),
                    format!("must pass: {passes}, found {found:?}"),
                );
            }
            seen.insert(case);
        }
    }
    compare(POLARIS_DIFFERENCES, &wrong, &seen);
    assert!(seen.len() >= 50, "{} examples", seen.len());
}

/// Rules of Kubescape and what they are here.
const KUBESCAPE: &[(&str, &[&str])] = &[
    ("alert-any-hostpath", &["pss-host-path"]),
    ("automount-service-account", &["token-automount"]),
    ("cluster-admin-role", &["rbac-cluster-admin-binding"]),
    ("container-hostPort", &["pss-host-ports"]),
    (
        "ensure-default-service-accounts-has-only-default-roles",
        &["rbac-default-service-account-binding"],
    ),
    (
        "ensure_network_policy_configured_in_labels",
        &["network-policy-missing"],
    ),
    ("exec-into-container-v1", &["rbac-pod-exec"]),
    ("host-network-access", &["pss-host-namespaces"]),
    ("host-pid-ipc-privileges", &["pss-host-namespaces"]),
    (
        "immutable-container-filesystem",
        &["root-filesystem-writable"],
    ),
    ("ingress-no-tls", &["ingress-no-tls"]),
    ("insecure-capabilities", &["dangerous-capabilities"]),
    ("mismatching-selector", &["selector-mismatch"]),
    (
        "pod-security-admission-applied-1",
        &["namespace-psa-missing"],
    ),
    ("pods-in-default-namespace", &["default-namespace"]),
    ("resources-cpu-limits", &["resources-cpu-limit"]),
    (
        "rule-allow-privilege-escalation",
        &["pss-allow-privilege-escalation"],
    ),
    (
        "rule-can-bind-escalate",
        &["rbac-escalate-bind-impersonate"],
    ),
    ("rule-can-create-pv", &["rbac-persistent-volume-create"]),
    (
        "rule-can-create-service-account-token",
        &["rbac-token-create"],
    ),
    (
        "rule-can-impersonate-users-groups-v1",
        &["rbac-escalate-bind-impersonate"],
    ),
    ("rule-can-list-get-secrets-v1", &["rbac-secrets-read"]),
    ("rule-credentials-configmap", &["secret-in-configmap"]),
    ("rule-list-all-cluster-admins-v1", &["rbac-wildcard"]),
];

const KUBESCAPE_DIFFERENCES: &[(&str, &str)] = &[
    (
        "ensure_network_policy_configured_in_labels/success_pod_cilium_label_match",
        "`ingress: []` isolates nothing in Cilium: a rule applies to the directions it has entries for",
    ),
    (
        "exec-into-container-v1/clusterrole",
        "`pods/*` matches nothing in Kubernetes: it knows `*` and `*/exec` only",
    ),
    (
        "immutable-container-filesystem/pod-ephemeralcontainer",
        "a person works in an ephemeral container; it ends with the visit",
    ),
    (
        "rule-can-create-pv/role-rolebinding",
        "PersistentVolumes are in no namespace: a Role gives no right to them",
    ),
    (
        "rule-credentials-configmap/env-value-akia-key",
        "the key is the one of the vendor's documentation",
    ),
];

#[test]
fn kubescape_examples() {
    let Some(folder) = archive("kubescape-control-tests.tar.xz") else {
        return;
    };
    let root = folder.path().join("kubescape-control-tests");
    let (mut seen, mut wrong) = (BTreeSet::new(), BTreeMap::new());
    for line in read(&root.join("expected.jsonl")).lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let (rule, test) = (text("rule"), text("test"));
        let Some((_, controls)) = KUBESCAPE.iter().find(|(known, _)| *known == rule) else {
            continue;
        };
        // What it names is `Kind/namespace/name`; users and groups, which it
        // blames for roles, have a prefix and are roles and bindings here.
        let named: Vec<String> = row["fails"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|fail| fail["objects"].as_array().into_iter().flatten())
            .filter_map(|object| object.as_str().map(str::to_owned))
            .collect();
        let expected: BTreeSet<String> = named
            .iter()
            .filter(|object| !object.starts_with("external:"))
            .map(|object| {
                let mut parts = object.split('/');
                let kind = parts.next().unwrap_or_default();
                format!("{kind}/{}", parts.next_back().unwrap_or_default())
            })
            .collect();
        let input = root.join(&rule).join(&test).join("input");
        let all = sorted(&input)
            .iter()
            .flat_map(|path| documents(&name(path), &read(path)))
            .collect();
        let found = found(all, controls);
        let case = format!("{rule}/{test}");
        let right = if expected.is_empty() {
            found.is_empty() == named.is_empty()
        } else {
            found == expected
        };
        if !right {
            wrong.insert(case.clone(), format!("expected {named:?}, found {found:?}"));
        }
        seen.insert(case);
    }
    compare(KUBESCAPE_DIFFERENCES, &wrong, &seen);
    assert!(seen.len() >= 90, "{} examples", seen.len());
}
