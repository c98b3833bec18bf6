//! What confines a container from outside: seccomp, AppArmor, SELinux, the
//! masks over /proc, and kernel parameters.

use plimsoll_inventory::view::pod::Container;
use plimsoll_manifest::Node;
use plimsoll_model::{Mapping, Rule, Severity};

use super::{
    STANDARD,
    scope::{Scope, scopes},
};
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

/// How profiles were named before 1.30 had a field for them; the container's
/// name follows.
const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// AppArmor stays on.
pub static APPARMOR: Control = Control::pod(
    &Rule {
        id: "pss-apparmor",
        title: "AppArmor profiles are the runtime's or a local one",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Where AppArmor is there, the runtime confines every container with a profile that keeps it from mounting file systems and writing to the kernel's files. Asking for none takes that away.",
        remediation: "Remove the annotation or the appArmorProfile, or name RuntimeDefault or Localhost.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select([.metadata.annotations // {} | to_entries[] | select(.key | startswith(\"container.apparmor.security.beta.kubernetes.io/\")) | .value] + [.spec.securityContext.appArmorProfile.type, .spec.containers[].securityContext.appArmorProfile.type] | any(. == \"unconfined\" or . == \"Unconfined\")) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            STANDARD,
            "https://kubernetes.io/docs/tutorials/security/apparmor/",
        ],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: AppArmor",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.6.3",
            },
            Mapping {
                framework: "NSA/CISA 1.2",
                requirement: "Hardening container environments",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.4.3",
            },
        ],
        aliases: &["trivy:KSV-0002"],
    },
    apparmor,
);

fn apparmor(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.appArmorProfile.type";
    for (key, value) in pod.template.annotations() {
        let Some(container) = key.strip_prefix(APPARMOR_ANNOTATION) else {
            continue;
        };
        if value.is_empty() || value == "runtime/default" || value.starts_with("localhost/") {
            continue;
        }
        let path = Path::template(format!("metadata.annotations[\"{key}\"]"));
        let container = pod
            .containers()
            .iter()
            .find(|found| found.name() == container);
        // A field decides from 1.30 on, and the API server wants both to agree.
        let has_field = pod.security_context().mapping("appArmorProfile").is_some()
            || container.is_some_and(|c| c.security_context().mapping("appArmorProfile").is_some());
        let remedy = if has_field {
            Remedy::new("Leave the AppArmor profile to the field").remove(path.clone())
        } else {
            Remedy::new("Use the runtime's AppArmor profile").set(path.clone(), "runtime/default")
        };
        let mut violation = Violation::new(
            format!("annotation {key}"),
            path,
            "an annotation takes the container out of AppArmor's default profile",
        )
        .observed(pod.annotation_node(key))
        .remedy(remedy);
        if let Some(container) = container {
            violation = violation.in_container(container);
        }
        sink.report(violation);
    }
    for scope in scopes(pod) {
        let Some(kind) = scope.context.profile_type("appArmorProfile") else {
            continue;
        };
        if !matches!(kind, "RuntimeDefault" | "Localhost") {
            let message = "the AppArmor profile is neither the runtime's nor a local one";
            let remedy = Remedy::new("Use the runtime's AppArmor profile")
                .set(scope.at(FIELD), "RuntimeDefault");
            let remedy = without_annotations(pod, &scope, remedy);
            sink.report(scope.violation(FIELD, message).remedy(remedy));
        }
    }
}

/// Removes the annotations of the containers that the field of this scope is
/// for where they name another profile than the runtime's: the API server
/// refuses the two side by side.
fn without_annotations(pod: &PodContext<'_>, scope: &Scope<'_, '_>, remedy: Remedy) -> Remedy {
    let applies = |container: &Container<'_>| match scope.container {
        Some(own) => own.name() == container.name(),
        None => container
            .security_context()
            .mapping("appArmorProfile")
            .is_none(),
    };
    pod.containers()
        .iter()
        .filter(|container| applies(container))
        .map(|container| format!("{APPARMOR_ANNOTATION}{}", container.name()))
        .filter(|key| {
            let value = pod.template.annotation(key);
            value.is_some_and(|value| value != "runtime/default")
        })
        .fold(remedy, |remedy, key| {
            remedy.remove(Path::template(format!("metadata.annotations[\"{key}\"]")))
        })
}

/// SELinux keeps its types for containers.
pub static SELINUX: Control = Control::pod(
    &Rule {
        id: "pss-selinux",
        title: "SELinux options name only the types meant for containers, no user and no role",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The SELinux type decides what of the node a container may touch, even as root. A type such as spc_t, or another user or role, lifts that boundary.",
        remediation: "Remove user, role and type from seLinuxOptions, or use container_t, container_init_t or container_kvm_t (and container_engine_t from 1.31 on). level is free.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.securityContext.seLinuxOptions, .spec.containers[].securityContext.seLinuxOptions] | map(select(.)) | tostring)'",
        references: &[STANDARD, "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Baseline: SELinux" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.6.3" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Hardening container environments" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
        ],
        aliases: &["trivy:KSV-0025"],
    },
    selinux,
)
.changing_at(&[31]);

fn selinux(pod: &PodContext<'_>, sink: &mut Sink) {
    let allowed = |kind: &str| match kind {
        "container_t" | "container_init_t" | "container_kvm_t" => true,
        "container_engine_t" => pod.minor.0 >= 31,
        _ => false,
    };
    for scope in scopes(pod) {
        let Some(options) = scope.context.mapping("seLinuxOptions") else {
            continue;
        };
        for (name, field, message) in [
            (
                "type",
                "securityContext.seLinuxOptions.type",
                "the SELinux type is not one for containers",
            ),
            (
                "user",
                "securityContext.seLinuxOptions.user",
                "an SELinux user is set",
            ),
            (
                "role",
                "securityContext.seLinuxOptions.role",
                "an SELinux role is set",
            ),
        ] {
            let text = options
                .get(name)
                .and_then(Node::scalar_text)
                .unwrap_or_default();
            if text.is_empty() || name == "type" && allowed(text) {
                continue;
            }
            let remedy = Remedy::new("Leave the SELinux label to the runtime")
                .remove(scope.at(field))
                .decision("A program that uses files of the node under that label may lose access to them.");
            sink.report(scope.violation(field, message).remedy(remedy));
        }
    }
}

/// The kernel's masks over /proc stay.
pub static PROC_MOUNT: Control = Control::pod(
    &Rule {
        id: "pss-proc-mount",
        title: "The masks over /proc stay in place",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The runtime hides or write-protects the parts of /proc through which a process could read the node's keys and memory or change the kernel. Unmasked shows them to the container.",
        remediation: "Remove procMount or set it to Default. Containers that build containers need it: run those with hostUsers: false.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .securityContext.procMount == \"Unmasked\")) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Baseline: /proc Mount Type" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.6.3" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
        ],
        aliases: &["kube-linter:unsafe-proc-mount", "polaris:procMount", "trivy:KSV-0027"],
    },
    proc_mount,
)
.changing_at(&[35]);

fn proc_mount(pod: &PodContext<'_>, sink: &mut Sink) {
    // With a user namespace of its own the pod's root can't use what the masks
    // hide: since 1.35 baseline lets it.
    if !(pod.minor.0 >= 35 && pod.has_user_namespace()) {
        proc_mount_restricted(pod, sink);
    }
}

/// The kernel's masks over /proc stay, user namespace or not.
pub static PROC_MOUNT_RESTRICTED: Control = Control::pod(
    &Rule {
        id: "pss-proc-mount-restricted",
        title: "The masks over /proc stay in place, in a user namespace too",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The runtime hides or write-protects the parts of /proc through which a process could read the node's keys and memory or change the kernel. A user namespace takes most of the danger away, but what is shown can still be read.",
        remediation: "Remove procMount or set it to Default.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .securityContext.procMount == \"Unmasked\")) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Restricted: /proc Mount Type",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.6.3",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.4.3",
            },
        ],
        aliases: &[
            "kube-linter:unsafe-proc-mount",
            "polaris:procMount",
            "trivy:KSV-0027",
        ],
    },
    proc_mount_restricted,
);

fn proc_mount_restricted(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.procMount";
    for container in pod.containers() {
        let context = container.security_context();
        if context.proc_mount().is_some_and(|kind| kind != "Default") {
            sink.report(
                Violation::of(container, FIELD, "the masks over /proc are taken away")
                    .observed(context.get("procMount"))
                    .remedy(
                        Remedy::new("Keep the masks over /proc")
                            .set(container.at(FIELD), "Default")
                            .decision(
                                "A program that starts containers of its own may need them gone.",
                            ),
                    ),
            );
        }
    }
}

/// Pods set only kernel parameters that are theirs alone.
pub static SYSCTLS: Control = Control::pod(
    &Rule {
        id: "pss-sysctls",
        title: "Pods set only kernel parameters known as safe",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Most kernel parameters belong to the whole node: setting one can switch off a protection or disturb every other pod there. The safe ones are separate for each pod.",
        remediation: "Remove the parameter from spec.securityContext.sysctls, or set it on the node where all of its pods shall have it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.securityContext.sysctls) | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.securityContext.sysctls[].name] | join(\",\"))'",
        references: &[STANDARD, "https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/"],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Baseline: Sysctls" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
        ],
        aliases: &["kube-linter:unsafe-sysctls", "trivy:KSV-0026"],
    },
    sysctls,
)
.changing_at(&[27, 29, 32, 37]);

/// Safe kernel parameters, with the minor version since which the standard
/// lets pods set them.
const SAFE_SYSCTLS: &[(&str, u8)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

fn sysctls(pod: &PodContext<'_>, sink: &mut Sink) {
    let Some(list) = pod.security_context().get("sysctls") else {
        return;
    };
    for (index, item) in list.items().enumerate() {
        let Some(name) = item.get("name").and_then(Node::scalar_text) else {
            continue;
        };
        if SAFE_SYSCTLS
            .iter()
            .any(|(safe, since)| *safe == name && *since <= pod.minor.0)
        {
            continue;
        }
        let at = format!("spec.securityContext.sysctls[{index}]");
        sink.report(
            Violation::new(
                format!("sysctl {name}"),
                Path::template(format!("{at}.name")),
                "the pod sets a kernel parameter that is not known as safe",
            )
            .observed(item.get("name"))
            .remedy(
                Remedy::new("Leave the kernel parameter alone")
                    .remove(Path::template(at))
                    .decision("The program then runs with the node's value of the parameter."),
            ),
        );
    }
}
