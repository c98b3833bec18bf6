//! Which system calls containers may make.

use plimsoll_inventory::view::pod::Container;
use plimsoll_model::{Mapping, Rule, Severity};

use super::{
    STANDARD,
    scope::{scopes, unless_windows},
};
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

const TUTORIAL: &str = "https://kubernetes.io/docs/tutorials/security/seccomp/";
const FIELD: &str = "securityContext.seccompProfile.type";
const BAD: &str = "the seccomp profile is neither the runtime's nor a local one";
const SUMMARY: &str = "Use the runtime's seccomp profile";

/// Annotations that named profiles before 1.19 had a field for them.
const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Seccomp is not switched off.
pub static SECCOMP_BASELINE: Control = Control::pod(
    &Rule {
        id: "pss-seccomp-baseline",
        title: "Seccomp profiles are the runtime's or a local one",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The runtime's seccomp profile keeps containers from the few dozen system calls that almost no program needs and many kernel exploits do. Unconfined opens them all.",
        remediation: "Remove the seccompProfile, or set its type to RuntimeDefault or Localhost. Before 1.19 the same is said by annotations.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select([.spec.securityContext.seccompProfile.type, .spec.containers[].securityContext.seccompProfile.type] | any(. == \"Unconfined\")) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, TUTORIAL],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Baseline: Seccomp" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.6.2" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Hardening container environments" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
        ],
        aliases: &["trivy:KSV-0104"],
    },
    seccomp_baseline,
)
.changing_at(&[19]);

fn seccomp_baseline(pod: &PodContext<'_>, sink: &mut Sink) {
    if pod.minor.0 < 19 {
        return annotations(pod, sink);
    }
    for scope in scopes(pod) {
        if scope
            .context
            .profile_type("seccompProfile")
            .is_some_and(|kind| !is_confined(kind))
        {
            let remedy = runtime_default(pod, scope.container, Remedy::new(SUMMARY));
            sink.report(scope.violation(FIELD, BAD).remedy(remedy));
        }
    }
}

/// Sets the field, and removes the annotation of the same pod or container
/// where it says something else: the API server refuses the two side by side.
/// Annotations mean nothing since 1.27.
fn runtime_default(
    pod: &PodContext<'_>,
    container: Option<&Container<'_>>,
    remedy: Remedy,
) -> Remedy {
    let (at, key) = match container {
        None => (Path::template(format!("spec.{FIELD}")), OF_POD.to_owned()),
        Some(container) => (
            container.at(FIELD),
            format!("{OF_CONTAINER}{}", container.name()),
        ),
    };
    let remedy = remedy.set(at, "RuntimeDefault");
    match pod.template.annotation(&key) {
        None | Some("runtime/default" | "docker/default") => remedy,
        Some(_) => remedy.remove(annotation_path(&key)),
    }
}

fn annotation_path(key: &str) -> Path {
    Path::template(format!("metadata.annotations[\"{key}\"]"))
}

fn is_confined(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// How profiles were named before 1.19 had a field for them.
fn annotations(pod: &PodContext<'_>, sink: &mut Sink) {
    let of_containers = pod.containers().iter().map(|container| {
        (
            format!("{OF_CONTAINER}{}", container.name()),
            Some(container),
        )
    });
    for (key, container) in std::iter::once((OF_POD.to_owned(), None)).chain(of_containers) {
        let Some(value) = pod.template.annotation(&key) else {
            continue;
        };
        if matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
        {
            continue;
        }
        let path = annotation_path(&key);
        // A field beside it decides from 1.19 on, and must agree with it.
        let context = container.map_or(pod.security_context(), |c| c.security_context());
        let remedy = match context.mapping("seccompProfile") {
            Some(_) => Remedy::new("Leave the profile to the field").remove(path.clone()),
            None => Remedy::new(SUMMARY).set(path.clone(), "runtime/default"),
        };
        let violation = Violation::new(format!("annotation {key}"), path, BAD)
            .observed(pod.annotation_node(&key))
            .remedy(remedy);
        sink.report(match container {
            Some(container) => violation.in_container(container),
            None => violation,
        });
    }
}

/// Every container has a seccomp profile.
pub static SECCOMP_RESTRICTED: Control = Control::pod(
    &Rule {
        id: "pss-seccomp-restricted",
        title: "Containers run under a seccomp profile",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Unless a profile is set, Kubernetes starts containers without one: all of the kernel's system calls, and the bugs behind them, are within reach of whoever gets in.",
        remediation: "Set spec.securityContext.seccompProfile.type to RuntimeDefault for the whole pod.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.securityContext.seccompProfile.type == null and any(.spec.containers[]; .securityContext.seccompProfile.type == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, TUTORIAL],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Restricted: Seccomp" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.6.2" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Hardening container environments" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
            Mapping { framework: "PCI DSS 4.0", requirement: "2.2.6" },
        ],
        aliases: &["kubescape:C-0210", "trivy:KSV-0030"],
    },
    seccomp_restricted,
)
.changing_at(&[19, 25]);

fn seccomp_restricted(pod: &PodContext<'_>, sink: &mut Sink) {
    // Windows has no seccomp, and since 1.25 the standard says so.
    if pod.is_windows() && pod.minor.0 >= 25 {
        return;
    }
    let pod_wide = pod.security_context().profile_type("seccompProfile");
    let fix = |container: Option<&Container<'_>>, summary: &'static str| {
        unless_windows(pod, runtime_default(pod, container, Remedy::new(summary)))
    };
    for scope in scopes(pod) {
        let Some(kind) = scope.context.profile_type("seccompProfile") else {
            // What the pod says holds; when that is wrong it is said once.
            if let (Some(container), None) = (scope.container, pod_wide) {
                sink.report(
                    Violation::of(
                        container,
                        FIELD,
                        "neither the pod nor the container has a seccomp profile",
                    )
                    .remedy(fix(None, "Use the runtime's seccomp profile for the pod"))
                    .remedy(fix(
                        Some(container),
                        "Use the runtime's seccomp profile for the container",
                    )),
                );
            }
            continue;
        };
        if !is_confined(kind) {
            sink.report(
                scope
                    .violation(FIELD, BAD)
                    .remedy(fix(scope.container, SUMMARY)),
            );
        }
    }
}
