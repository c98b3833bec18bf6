//! As whom containers run.

use plimsoll_model::{Mapping, Rule, Severity};

use super::STANDARD;
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

const USER_NAMESPACES: &str = "https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/";

/// Containers run as a user that is not root.
pub static RUN_AS_NON_ROOT: Control = Control::pod(
    &Rule {
        id: "pss-run-as-non-root",
        title: "Containers must run as a user that is not root",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Root in a container is root of the node as soon as it gets out, and inside it may change whatever the image holds. With runAsNonRoot the kubelet refuses to start a container whose user is root, whatever the image says.",
        remediation: "Set spec.securityContext.runAsNonRoot to true, and see to it that the image names a numeric user, or set runAsUser.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.securityContext.runAsNonRoot != true and any(.spec.containers[]; .securityContext.runAsNonRoot != true)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, USER_NAMESPACES],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Restricted: Running as Non-root" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.2.7" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Non-root containers and rootless container engines" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
            Mapping { framework: "PCI DSS 4.0", requirement: "2.2.6" },
        ],
        aliases: &[
            "kube-linter:run-as-non-root",
            "kubescape:C-0013",
            "polaris:runAsRootAllowed",
            "trivy:KSV-0012",
        ],
    },
    run_as_non_root,
)
.changing_at(&[35]);

fn run_as_non_root(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.runAsNonRoot";
    const IMAGE: &str = "The image must name a numeric user other than 0, or runAsUser must be set: otherwise the kubelet refuses to start the container.";
    if root_is_nobody(pod) {
        return;
    }
    let path = || Path::template("spec.securityContext.runAsNonRoot");
    // The kubelet starts no container that must not be root and asks for it.
    let no_root_of_pod = |remedy: Remedy| match pod.security_context().run_as_user() {
        Some(0) => remedy.remove(Path::template("spec.securityContext.runAsUser")),
        _ => remedy,
    };
    let of_pod = || {
        let remedy = Remedy::new("Require that the pod's containers do not run as root")
            .set(path(), true)
            .decision(IMAGE);
        pod.containers()
            .iter()
            .filter(|container| {
                let context = container.security_context();
                context.run_as_non_root().is_none() && context.run_as_user() == Some(0)
            })
            .fold(no_root_of_pod(remedy), |remedy, container| {
                remedy.remove(container.at("securityContext.runAsUser"))
            })
    };

    let context = pod.security_context();
    let pod_wide = context.run_as_non_root();
    if pod_wide == Some(false) {
        sink.report(
            Violation::new(FIELD, path(), "the pod lets its containers run as root")
                .observed(context.get("runAsNonRoot"))
                .remedy(of_pod()),
        );
    }
    for container in pod.containers() {
        let context = container.security_context();
        let of_container = || {
            let remedy = Remedy::new("Require that the container does not run as root")
                .set(container.at(FIELD), true)
                .decision(IMAGE);
            match context.run_as_user() {
                Some(0) => no_root_of_pod(remedy.remove(container.at("securityContext.runAsUser"))),
                Some(_) => remedy,
                None => no_root_of_pod(remedy),
            }
        };
        match (context.run_as_non_root(), pod_wide) {
            (Some(true), _) | (None, Some(true)) => {}
            (Some(false), _) => sink.report(
                Violation::of(container, FIELD, "the container may run as root")
                    .observed(context.get("runAsNonRoot"))
                    .remedy(of_container()),
            ),
            // Said once, for the pod.
            (None, Some(false)) => {}
            (None, None) => sink.report(
                Violation::of(
                    container,
                    FIELD,
                    "neither the pod nor the container sets runAsNonRoot to true",
                )
                .remedy(of_pod())
                .remedy(of_container()),
            ),
        }
    }
}

/// Containers do not ask for user 0.
pub static RUN_AS_USER: Control = Control::pod(
    &Rule {
        id: "pss-run-as-user",
        title: "Containers do not ask for user 0",
        severity: Severity::Medium,
        category: "pod-security",
        why: "runAsUser 0 makes the container run as root even when its image names another user.",
        remediation: "Remove runAsUser or set it to a number other than 0.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.securityContext.runAsUser == 0 or any(.spec.containers[]; .securityContext.runAsUser == 0)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, USER_NAMESPACES],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Restricted: Running as Non-root user" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.2.7" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Non-root containers and rootless container engines" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
            Mapping { framework: "PCI DSS 4.0", requirement: "2.2.6" },
        ],
        aliases: &["trivy:KSV-0105"],
    },
    run_as_user,
)
.changing_at(&[23, 35]);

fn run_as_user(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.runAsUser";
    if root_is_nobody(pod) {
        return;
    }
    let remedy = |path: Path| {
        Remedy::new("Let the image say as whom it runs")
            .remove(path)
            .decision("The image must name a numeric user other than 0, and its files must be that user's to use: or set runAsUser to such a number.")
    };
    let context = pod.security_context();
    if context.run_as_user() == Some(0) {
        let path = Path::template("spec.securityContext.runAsUser");
        sink.report(
            Violation::new(
                FIELD,
                path.clone(),
                "the pod asks to run its containers as root",
            )
            .observed(context.get("runAsUser"))
            .remedy(remedy(path)),
        );
    }
    for container in pod.containers() {
        let context = container.security_context();
        if context.run_as_user() == Some(0) {
            sink.report(
                Violation::of(container, FIELD, "the container asks to run as root")
                    .observed(context.get("runAsUser"))
                    .remedy(remedy(container.at(FIELD))),
            );
        }
    }
}

/// In a user namespace of its own the pod's root is nobody on the node: since
/// 1.35 the standard asks such a pod for no other user.
fn root_is_nobody(pod: &PodContext<'_>) -> bool {
    pod.minor.0 >= 35 && pod.has_user_namespace()
}
