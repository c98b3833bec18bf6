//! Fixes that the API server takes: whichever of an object's fixes are
//! applied, alone or together, and whichever findings are left as they are.

mod support;

#[path = "fixes/validation.rs"]
mod validation;

use std::collections::BTreeSet;

use plimsoll_model::Finding;
use plimsoll_posture::{Request, catalogue};
use serde_json::Value;
use support::{documents, fixed, scan_for};
use validation::refusals;

fn findings(yaml: &str, controls: &[&str]) -> Vec<Finding> {
    let all = catalogue().iter().map(|control| control.id());
    let request = Request {
        controls: all
            .filter(|id| controls.is_empty() || controls.contains(id))
            .map(str::to_owned)
            .collect::<BTreeSet<String>>(),
        ..Request::default()
    };
    scan_for(yaml, &request).0
}

fn object(yaml: &str) -> Value {
    let documents = documents("test.yaml", yaml);
    documents.first().expect("one document").root().to_json()
}

/// Each fix as if it were the usual one of its finding.
fn automatic(findings: &[Finding]) -> Vec<Finding> {
    findings
        .iter()
        .flat_map(|finding| {
            finding
                .fixes
                .iter()
                .filter(|fix| fix.is_automatic())
                .map(|fix| {
                    let mut finding = finding.clone();
                    finding.fixes = [fix.clone()].into();
                    finding
                })
        })
        .collect()
}

/// Applies each fix of an object alone, each two together, and all but each.
fn check(yaml: &str) {
    assert_eq!(refusals(&object(yaml)), [""; 0], "before any fix\n{yaml}");
    let fixes = automatic(&findings(yaml, &[]));
    assert!(!fixes.is_empty(), "nothing to fix in\n{yaml}");
    let mut choices: Vec<Vec<&Finding>> = vec![fixes.iter().collect()];
    for (at, one) in fixes.iter().enumerate() {
        choices.push(vec![one]);
        choices.push(
            fixes
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, other)| other)
                .collect(),
        );
        choices.extend(fixes.iter().skip(at + 1).map(|two| vec![one, two]));
    }
    for choice in choices {
        let chosen: Vec<Finding> = choice.into_iter().cloned().collect();
        let after = fixed(yaml, &chosen);
        let rules: Vec<String> = chosen
            .iter()
            .map(|finding| format!("{} {}", finding.rule.id, finding.evidence().path()))
            .collect();
        assert_eq!(
            refusals(&object(&after)),
            [""; 0],
            "after {rules:?}\n{after}"
        );
    }
}

fn pod(meta: &str, spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: n\n{meta}spec:\n{spec}  containers:\n    - name: web\n      image: registry.example.com/web:1\n{container}"
    )
}

#[test]
fn privileges_go_together() {
    check(&pod(
        "",
        "",
        "      securityContext:\n        privileged: true\n",
    ));
    check(&pod(
        "",
        "",
        "      securityContext:\n        allowPrivilegeEscalation: true\n        capabilities: {add: [CAP_SYS_ADMIN, NET_ADMIN, CAP_SYS_ADMIN]}\n",
    ));
    check(&pod(
        "",
        "  volumes: [{name: run, hostPath: {path: /srv/run}}, {name: s, hostPath: {path: /run/docker.sock}}]\n",
        "      volumeMounts:\n        - {name: s, mountPath: /s, mountPropagation: Bidirectional}\n        - {name: run, mountPath: /run/x, mountPropagation: Bidirectional}\n      securityContext: {privileged: true, capabilities: {add: [CAP_SYS_ADMIN]}}\n",
    ));
}

#[test]
fn the_network_of_the_node() {
    check(&pod(
        "",
        "  hostNetwork: true\n  hostPID: true\n",
        "      ports: [{containerPort: 80, hostPort: 80}, {containerPort: 443, hostPort: 443}]\n",
    ));
}

#[test]
fn processes_of_a_windows_node() {
    check(&pod(
        "",
        "  os: {name: windows}\n  hostNetwork: true\n  securityContext:\n    windowsOptions: {hostProcess: true}\n",
        "      ports: [{containerPort: 80, hostPort: 80}]\n      securityContext: {windowsOptions: {hostProcess: true}}\n    - name: log\n      image: registry.example.com/log:1\n",
    ));
    check(&pod(
        "",
        "  os: {name: windows}\n  hostNetwork: true\n",
        "      securityContext: {windowsOptions: {hostProcess: true}}\n    - name: log\n      image: registry.example.com/log:1\n      securityContext: {windowsOptions: {hostProcess: true}}\n",
    ));
}

#[test]
fn profiles_in_annotations_and_fields() {
    check(&pod(
        "  annotations:\n    seccomp.security.alpha.kubernetes.io/pod: unconfined\n    container.seccomp.security.alpha.kubernetes.io/web: localhost/x\n    container.apparmor.security.beta.kubernetes.io/web: unconfined\n",
        "  securityContext: {appArmorProfile: {type: Unconfined}, seccompProfile: {type: Unconfined}}\n",
        "",
    ));
    check(&pod(
        "  annotations:\n    container.seccomp.security.alpha.kubernetes.io/web: unconfined\n    container.apparmor.security.beta.kubernetes.io/web: unconfined\n",
        "",
        "      securityContext: {appArmorProfile: {type: Unconfined}, seccompProfile: {type: Unconfined}}\n",
    ));
    check(&pod(
        "  annotations:\n    seccomp.security.alpha.kubernetes.io/pod: unconfined\n    container.seccomp.security.alpha.kubernetes.io/web: unconfined\n    container.apparmor.security.beta.kubernetes.io/web: unconfined\n",
        "",
        "",
    ));
}

#[test]
fn root_by_number() {
    check(&pod(
        "",
        "  securityContext: {runAsUser: 0}\n",
        "      securityContext: {runAsUser: 0}\n    - name: log\n      image: registry.example.com/log:1\n",
    ));
    check(&pod(
        "",
        "  securityContext: {runAsUser: 0, runAsNonRoot: false}\n",
        "      securityContext: {runAsNonRoot: false}\n",
    ));
}

#[test]
fn services_that_nobody_outside_reaches() {
    let service = |spec: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n}}\nspec:\n{spec}")
    };
    check(&service(
        "  type: NodePort\n  externalTrafficPolicy: Local\n  externalIPs: [203.0.113.7]\n  ports: [{port: 80, nodePort: 30080}]\n",
    ));
    check(&service(
        "  type: NodePort\n  externalTrafficPolicy: Local\n  ports: [{port: 80, nodePort: 30080}]\n",
    ));
    check(&service(
        "  externalTrafficPolicy: Local\n  externalIPs: [203.0.113.7]\n  ports: [{port: 80}]\n",
    ));
}

/// What one control's fix leaves, with everything else as it was.
fn shown(yaml: &str, control: &str) -> (String, Vec<String>) {
    let found = findings(yaml, &[control]);
    let decisions = found
        .iter()
        .flat_map(|finding| finding.fixes.first())
        .map(|fix| fix.decision.as_deref().unwrap_or_default().to_owned())
        .collect();
    (fixed(yaml, &found), decisions)
}

#[test]
fn a_fix_says_what_else_it_takes() {
    let yaml = pod(
        "",
        "",
        "      volumeMounts: [{name: a, mountPath: /a, mountPropagation: Bidirectional}]\n      securityContext:\n        # the installer insists\n        privileged: true\n        capabilities: {add: [CAP_SYS_ADMIN, CHOWN]}\n",
    );
    let network = pod(
        "",
        "  hostNetwork: true\n",
        "      ports: [{containerPort: 80, hostPort: 80}]\n",
    );
    let all: Vec<String> = [
        (&yaml, "pss-allow-privilege-escalation"),
        (&yaml, "pss-privileged"),
        (&network, "pss-host-ports"),
    ]
    .into_iter()
    .map(|(yaml, control)| {
        let (after, decisions) = shown(yaml, control);
        format!("{control}: {}\n{after}", decisions.join("\n"))
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn older_standards_ask_of_windows_what_the_server_refuses() {
    let yaml = pod("", "  os: {name: windows}\n", "");
    let request = support::baselines(&["pss/restricted@1.24"]);
    let (found, _) = scan_for(&yaml, &request);
    assert_eq!(found.len(), 4);
    for finding in found {
        let automatic = finding.fixes.iter().any(|fix| fix.is_automatic());
        assert_eq!(
            automatic,
            finding.rule.id == "pss-run-as-non-root",
            "{}",
            finding.rule.id
        );
    }
}

#[test]
fn versions_whose_fields_changed() {
    let check = |yaml: &str, expect: Option<&str>| {
        let found = findings(yaml, &["deprecated-api"]);
        let fix = found
            .first()
            .and_then(|finding| finding.fixes.first())
            .expect("a finding with a fix");
        let after = fix.is_automatic().then(|| fixed(yaml, &found));
        assert_eq!(after.as_deref(), expect, "{yaml}");
    };
    check(
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  rollbackTo: {revision: 1}\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}}\n",
        Some(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}}\n",
        ),
    );
    check(
        "apiVersion: extensions/v1beta1\nkind: DaemonSet\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n  templateGeneration: 3\n",
        Some(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n",
        ),
    );
    check(
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2}\n",
        None,
    );
    let binding = |subject: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1alpha1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\nsubjects:\n  - {subject}\n"
        )
    };
    check(
        &binding("{kind: User, apiVersion: rbac.authorization.k8s.io/v1alpha1, name: ann}"),
        None,
    );
    check(&binding("{kind: User, name: \"*\"}"), None);
    let plain = binding("{kind: ServiceAccount, name: a, namespace: n}");
    check(&plain, Some(&plain.replacen("v1alpha1", "v1", 1)));
    // An item of a list has no version of its own to change.
    check(
        "apiVersion: policy/v1beta1\nkind: PodDisruptionBudgetList\nitems:\n- metadata: {name: b}\n  spec: {selector: {matchLabels: {a: b}}}\n",
        None,
    );
}
