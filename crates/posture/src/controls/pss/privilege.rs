//! What a container may do that an ordinary process may not.

use plimsoll_inventory::view::pod::Container;
use plimsoll_manifest::Node;
use plimsoll_model::{Mapping, Rule, Severity};

use super::{STANDARD, scope::unless_windows};
use crate::{At, Control, PodContext, Remedy, Sink, Violation};

/// Containers are not privileged.
pub static PRIVILEGED: Control = Control::pod(
    &Rule {
        id: "pss-privileged",
        title: "Containers are not privileged",
        severity: Severity::Critical,
        category: "pod-security",
        why: "A privileged container has every capability and every device of the node and none of the usual confinement: whoever gets into it owns the node, and through its credentials often the cluster.",
        remediation: "Remove privileged or set it to false, and add only the capabilities the program needs.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[], .spec.initContainers[]?; .securityContext.privileged)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: Privileged Containers",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.2",
            },
            Mapping {
                framework: "NSA/CISA 1.2",
                requirement: "Pod security enforcement",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.4.3",
            },
            Mapping {
                framework: "PCI DSS 4.0",
                requirement: "2.2.6",
            },
        ],
        aliases: &[
            "kube-linter:privileged-container",
            "kubescape:C-0057",
            "polaris:runAsPrivileged",
            "trivy:KSV-0017",
        ],
    },
    privileged,
);

fn privileged(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.privileged";
    for container in pod.containers() {
        let context = container.security_context();
        if context.privileged() == Some(true) {
            sink.report(
                Violation::of(container, FIELD, "the container is privileged")
                    .observed(context.get("privileged"))
                    .remedy(
                        unprivileged(container, Remedy::new("Run the container without privileges"))
                            .decision(if passes_mounts(container).next().is_none() {
                                "The program may rely on devices or capabilities of the node: give it the single capabilities it needs."
                            } else {
                                "The program may rely on devices or capabilities of the node: give it the single capabilities it needs. What it mounts no longer reaches the node."
                            }),
                    ),
            );
        }
    }
}

/// Containers can't gain more privileges than they started with.
pub static ALLOW_PRIVILEGE_ESCALATION: Control = Control::pod(
    &Rule {
        id: "pss-allow-privilege-escalation",
        title: "Containers can't gain privileges they did not start with",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Unless allowPrivilegeEscalation is false, a process can become root through a setuid program or file capabilities of the image, whatever user it started as.",
        remediation: "Set securityContext.allowPrivilegeEscalation to false in every container. It can't be set for the pod.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .securityContext.allowPrivilegeEscalation != false)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, "https://docs.kernel.org/userspace-api/no_new_privs.html"],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Restricted: Privilege Escalation" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.2.6" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Pod security enforcement" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1068" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
        ],
        aliases: &[
            "kube-linter:privilege-escalation-container",
            "kubescape:C-0016",
            "polaris:privilegeEscalationAllowed",
            "trivy:KSV-0001",
        ],
    },
    allow_privilege_escalation,
)
.changing_at(&[8, 25]);

fn allow_privilege_escalation(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.allowPrivilegeEscalation";
    // Windows has no such thing, and since 1.25 the standard says so.
    if pod.is_windows() && pod.minor.0 >= 25 {
        return;
    }
    for container in pod.containers() {
        let context = container.security_context();
        let message = match context.allow_privilege_escalation() {
            Some(false) => continue,
            Some(true) => "the container may gain privileges it did not start with",
            None => "the container does not set allowPrivilegeEscalation to false",
        };
        sink.report(
            Violation::of(container, FIELD, message)
                .observed(context.get("allowPrivilegeEscalation"))
                .remedy(unless_windows(pod, no_escalation(container, FIELD))),
        );
    }
}

/// The fix that the API server takes: it refuses `allowPrivilegeEscalation:
/// false` beside `privileged: true` and beside the added capability
/// `CAP_SYS_ADMIN`, in this spelling (validation of `SecurityContext`).
fn no_escalation(container: &Container<'_>, field: &'static str) -> Remedy {
    let context = container.security_context();
    let mut remedy =
        Remedy::new("Forbid the container to gain privileges").set(container.at(field), false);
    let mut decisions = vec!["Setuid programs in the image, such as sudo, no longer work."];
    if context.privileged() == Some(true) {
        remedy = unprivileged(container, remedy);
        decisions.push("Kubernetes refuses it for a privileged container, so that this one loses its privileges too: give it the single capabilities it needs.");
    }
    // From the last to the first, so that each index is still right when it is used.
    let added: Vec<(u32, &str)> = context.capabilities("add").collect();
    let mut takes = false;
    for (index, _) in added
        .into_iter()
        .rev()
        .filter(|(_, name)| *name == "CAP_SYS_ADMIN")
    {
        remedy = remedy.remove(container.at(format!("securityContext.capabilities.add[{index}]")));
        takes = true;
    }
    if takes {
        decisions
            .push("Kubernetes refuses it beside CAP_SYS_ADMIN, so that this capability goes too.");
    }
    match decisions.as_slice() {
        [one] => remedy.decision(*one),
        several => remedy.decision(several.join(" ")),
    }
}

/// Takes the container's privileges, and what the API server refuses without
/// them: a mount that is passed on to the node.
fn unprivileged(container: &Container<'_>, remedy: Remedy) -> Remedy {
    let remedy = remedy.set(container.at("securityContext.privileged"), false);
    passes_mounts(container).fold(remedy, |remedy, index| {
        let field = format!("volumeMounts[{index}].mountPropagation");
        remedy.set(container.at(field), "HostToContainer")
    })
}

/// The mounts through which what the container mounts reaches the node.
fn passes_mounts(container: &Container<'_>) -> impl Iterator<Item = u32> {
    container
        .volume_mounts()
        .filter(|mount| {
            let propagation = mount.node().get("mountPropagation");
            propagation.and_then(Node::as_str) == Some("Bidirectional")
        })
        .map(|mount| mount.index())
}

/// Containers add none but the capabilities of the runtime's default set.
pub static CAPABILITIES_BASELINE: Control = Control::pod(
    &Rule {
        id: "pss-capabilities-baseline",
        title: "Containers add no capabilities beyond the default set",
        severity: Severity::High,
        category: "pod-security",
        why: "Capabilities are the parts that root's power was cut into. Those beyond the default set change the node: SYS_ADMIN mounts file systems, SYS_PTRACE reads other processes, SYS_MODULE loads kernel code, NET_ADMIN rewrites routes; several are root by another name.",
        remediation: "Remove the capability from securityContext.capabilities.add, or keep the workload in a namespace with few rights around it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.containers[].securityContext.capabilities.add // [] | .[]] | join(\",\"))'",
        references: &[
            STANDARD,
            "https://man7.org/linux/man-pages/man7/capabilities.7.html",
        ],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: Capabilities",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.9",
            },
            Mapping {
                framework: "NSA/CISA 1.2",
                requirement: "Pod security enforcement",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.4.3",
            },
            Mapping {
                framework: "PCI DSS 4.0",
                requirement: "2.2.6",
            },
        ],
        aliases: &[
            "kubescape:C-0046",
            "polaris:dangerousCapabilities",
            "trivy:KSV-0005",
            "trivy:KSV-0022",
            "trivy:KSV-0120",
        ],
    },
    capabilities_baseline,
);

/// The capabilities that container runtimes give by default and the standard
/// lets containers name, less those it leaves out (NET_RAW).
const DEFAULT_SET: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities_baseline(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        added_but(
            container,
            &DEFAULT_SET,
            "the container adds a capability beyond the default set",
            sink,
        );
    }
}

/// Containers drop all capabilities and add back none but NET_BIND_SERVICE.
pub static CAPABILITIES_RESTRICTED: Control = Control::pod(
    &Rule {
        id: "pss-capabilities-restricted",
        title: "Containers drop all capabilities",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Even the default capabilities let a process change owners of files, forge packets and become other users. Most programs need none of them; what is not there can't be used by whoever breaks in.",
        remediation: "Set securityContext.capabilities.drop to [ALL] in every container, and add back NET_BIND_SERVICE only where a port below 1024 is opened.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; (.securityContext.capabilities.drop // []) | index(\"ALL\") | not)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, "https://man7.org/linux/man-pages/man7/capabilities.7.html"],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Restricted: Capabilities" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.2.8" },
            Mapping { framework: "CIS Kubernetes 1.12", requirement: "5.2.9" },
            Mapping { framework: "NSA/CISA 1.2", requirement: "Pod security enforcement" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1611" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.3" },
            Mapping { framework: "PCI DSS 4.0", requirement: "2.2.6" },
        ],
        aliases: &[
            "kube-linter:drop-net-raw-capability",
            "polaris:insecureCapabilities",
            "trivy:KSV-0003",
            "trivy:KSV-0004",
            "trivy:KSV-0106",
            "trivy:KSV-0119",
        ],
    },
    capabilities_restricted,
)
.changing_at(&[22, 25]);

fn capabilities_restricted(pod: &PodContext<'_>, sink: &mut Sink) {
    const DROP: &str = "securityContext.capabilities.drop";
    // Windows has no capabilities, and since 1.25 the standard says so.
    if pod.is_windows() && pod.minor.0 >= 25 {
        return;
    }
    for container in pod.containers() {
        let context = container.security_context();
        if !context.capabilities("drop").any(|(_, name)| name == "ALL") {
            sink.report(
                Violation::of(container, DROP, "the container does not drop all capabilities").remedy(
                    unless_windows(pod, Remedy::new("Drop all capabilities")
                        .add(container.at(DROP), "ALL")
                        .decision("A program that needs a capability fails without it: one that opens a port below 1024 needs NET_BIND_SERVICE added.")),
                ),
            );
        }
        added_but(
            container,
            &["NET_BIND_SERVICE"],
            "the container adds a capability other than NET_BIND_SERVICE",
            sink,
        );
    }
}

/// Reports the added capabilities that are not among `allowed`.
fn added_but(container: &Container<'_>, allowed: &[&str], message: &'static str, sink: &mut Sink) {
    for (index, name) in container.security_context().capabilities("add") {
        if allowed.contains(&name) {
            continue;
        }
        let path = container.at(format!("securityContext.capabilities.add[{index}]"));
        let added = container
            .security_context()
            .mapping("capabilities")
            .and_then(|capabilities| capabilities.get("add")?.at(index as usize));
        sink.report(
            Violation::new(format!("capability {name}"), path.clone(), message)
                .in_container(container)
                .observed(added)
                .remedy(
                    Remedy::new("Take the capability away")
                        .remove(path)
                        .decision("What the program does with the capability fails without it."),
                ),
        );
    }
}
