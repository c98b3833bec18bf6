//! What a pod shares with its node.

use plimsoll_inventory::view::pod::Container;
use plimsoll_manifest::Node;
use plimsoll_model::{Mapping, Rule, Severity};

use super::STANDARD;
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

const HOST_PROCESS: &str = "securityContext.windowsOptions.hostProcess";

/// Pods share no namespace with their node.
pub static HOST_NAMESPACES: Control = Control::pod(
    &Rule {
        id: "pss-host-namespaces",
        title: "Pods do not share the node's network, process or IPC namespace",
        severity: Severity::High,
        category: "pod-security",
        why: "A pod in the node's namespaces reaches what belongs to the node: with hostPID the processes of all pods with their environment and secrets, with hostNetwork the node's interfaces, its loopback-only services and the cloud's metadata address, past every NetworkPolicy, with hostIPC the shared memory of the node's processes.",
        remediation: "Remove hostNetwork, hostPID and hostIPC, or set them to false. Expose ports through a Service. Keep agents that really need the node in a namespace of their own.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.hostNetwork or .spec.hostPID or .spec.hostIPC) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: Host Namespaces",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.3",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.4",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.5",
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
            "kube-linter:host-ipc",
            "kube-linter:host-network",
            "kube-linter:host-pid",
            "kubescape:C-0038",
            "kubescape:C-0041",
            "polaris:hostIPCSet",
            "polaris:hostNetworkSet",
            "polaris:hostPIDSet",
            "trivy:KSV-0008",
            "trivy:KSV-0009",
            "trivy:KSV-0010",
        ],
    },
    host_namespaces,
);

fn host_namespaces(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELDS: [(&str, &str, &str, &str, &str); 3] = [
        (
            "hostNetwork",
            "spec.hostNetwork",
            "the pod uses the node's network",
            "Give the pod a network of its own",
            "Clients that use the node's address must go through a Service, and a program that watches or configures the node's network can't do so any more.",
        ),
        (
            "hostPID",
            "spec.hostPID",
            "the pod sees the node's processes",
            "Give the pod a process namespace of its own",
            "A program that watches or signals the node's processes can't do so any more.",
        ),
        (
            "hostIPC",
            "spec.hostIPC",
            "the pod shares the node's IPC namespace",
            "Give the pod an IPC namespace of its own",
            "A program that shares memory with processes of the node can't do so any more.",
        ),
    ];
    for (name, path, message, summary, decision) in FIELDS {
        let field = pod.spec.get(name);
        if field.and_then(Node::as_bool) == Some(true) {
            let path = Path::template(path);
            let remedy = Remedy::new(summary).decision(decision);
            let remedy = if name == "hostNetwork" {
                own_network(pod, remedy)
            } else {
                remedy.set(path.clone(), false)
            };
            sink.report(
                Violation::new(name, path, message)
                    .observed(field)
                    .remedy(remedy),
            );
        }
    }
}

/// Takes the pod out of the node's network. The API server wants containers
/// that are processes of a Windows node to stay there: they become containers.
fn own_network(pod: &PodContext<'_>, remedy: Remedy) -> Remedy {
    no_host_process(pod, remedy.set(Path::template("spec.hostNetwork"), false))
}

/// Makes every process of a Windows node a container. The API server takes no
/// pod in which some are and some are not.
fn no_host_process(pod: &PodContext<'_>, mut remedy: Remedy) -> Remedy {
    if pod.security_context().host_process() == Some(true) {
        let path = Path::template(format!("spec.{HOST_PROCESS}"));
        remedy = remedy.set(path, false);
    }
    pod.containers()
        .iter()
        .filter(|container| container.security_context().host_process() == Some(true))
        .fold(remedy, |remedy, container| {
            remedy.set(container.at(HOST_PROCESS), false)
        })
}

/// Containers take no port of the node.
pub static HOST_PORTS: Control = Control::pod(
    &Rule {
        id: "pss-host-ports",
        title: "Containers do not take ports of the node",
        severity: Severity::Medium,
        category: "pod-security",
        why: "A host port opens the container to whoever reaches the node, past Services and often past network policies, and lets a pod take the place of a service that clients expect on that node.",
        remediation: "Remove hostPort and expose the container through a Service.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[].ports[]?; .hostPort)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: Host Ports",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.12",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1133",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.4.2",
            },
        ],
        aliases: &["kubescape:C-0044", "polaris:hostPortSet", "trivy:KSV-0024"],
    },
    host_ports,
);

fn host_ports(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        for port in container.ports() {
            let Some(number) = port.host_port() else {
                continue;
            };
            let path = container.at(format!("ports[{}].hostPort", port.index()));
            sink.report(
                Violation::new(
                    format!("hostPort {number}/{}", port.protocol()),
                    path.clone(),
                    "the container takes a port of the node",
                )
                .in_container(container)
                .observed(port.node().get("hostPort"))
                .remedy(closed(pod, path)),
            );
        }
    }
}

/// Removes the port of the node. In the node's network every port of the
/// container is one of the node, and the API server writes it down again.
fn closed(pod: &PodContext<'_>, port: Path) -> Remedy {
    let remedy = Remedy::new("Close the port of the node").remove(port);
    if pod.spec.host_network() == Some(true) {
        own_network(pod, remedy).decision("The pod leaves the node's network, where every port is the node's: clients that use the node's address must go through a Service, and a program that watches or configures the node's network can't do so any more.")
    } else {
        remedy.decision("Clients that use the node's address must go through a Service.")
    }
}

/// No container runs as a process of a Windows node.
pub static WINDOWS_HOST_PROCESS: Control = Control::pod(
    &Rule {
        id: "pss-windows-host-process",
        title: "Windows containers do not run as processes of the node",
        severity: Severity::Critical,
        category: "pod-security",
        why: "A HostProcess container is no container: it runs as a process of the Windows node, with its file system and network and, as SYSTEM, with all of its rights.",
        remediation: "Remove windowsOptions.hostProcess or set it to false, and keep agents that administer Windows nodes in a namespace of their own.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.securityContext.windowsOptions.hostProcess or any(.spec.containers[]; .securityContext.windowsOptions.hostProcess)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            STANDARD,
            "https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/",
        ],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: HostProcess",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.10",
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
        aliases: &["kubescape:C-0202", "polaris:hostProcess", "trivy:KSV-0103"],
    },
    windows_host_process,
);

fn windows_host_process(pod: &PodContext<'_>, sink: &mut Sink) {
    let remedy = || {
        no_host_process(pod, Remedy::new("Run the pod's containers as such")).decision(
            "A program that administers the node can't do so from a container; hostNetwork is no longer needed either.",
        )
    };
    let observed = |context: plimsoll_inventory::view::pod::SecurityContext<'_>| {
        context
            .mapping("windowsOptions")
            .and_then(|options| options.get("hostProcess"))
            .is_some()
    };
    let context = pod.security_context();
    if context.host_process() == Some(true) && observed(context) {
        let path = Path::template(format!("spec.{HOST_PROCESS}"));
        sink.report(
            Violation::new(
                HOST_PROCESS,
                path,
                "the pod's containers run as processes of the Windows node",
            )
            .remedy(remedy()),
        );
    }
    for container in pod.containers() {
        if container.security_context().host_process() == Some(true) {
            sink.report(
                Violation::of(
                    container,
                    HOST_PROCESS,
                    "the container runs as a process of the Windows node",
                )
                .remedy(remedy()),
            );
        }
    }
}

/// Probes and lifecycle hooks go to the pod itself.
pub static HOST_PROBES: Control = Control::pod(
    &Rule {
        id: "pss-host-probes",
        title: "Probes and lifecycle hooks name no host",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The kubelet carries out probes and hooks from the node's network. One that names a host makes the node send requests to wherever the author of the pod wants: services on its loopback, the cloud's metadata address, machines behind the firewall.",
        remediation: "Remove host from httpGet and tcpSocket: they then go to the pod's own address.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select([.spec.containers[] | (.livenessProbe, .readinessProbe, .startupProbe, .lifecycle.postStart, .lifecycle.preStop) | (.httpGet.host?, .tcpSocket.host?)] | any) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, "https://github.com/kubernetes/kubernetes/issues/99425"],
        mappings: &[
            Mapping { framework: "PSS", requirement: "Baseline: Host Probes / Lifecycle Hooks" },
            Mapping { framework: "ATT&CK Containers", requirement: "T1046" },
            Mapping { framework: "NIST 800-190", requirement: "4.4.2" },
        ],
        aliases: &[],
    },
    host_probes,
)
.changing_at(&[34]);

fn host_probes(pod: &PodContext<'_>, sink: &mut Sink) {
    const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
    const HOOKS: [&str; 2] = ["postStart", "preStop"];
    for container in pod.containers() {
        for probe in PROBES {
            if let Some(found) = container.probe(probe) {
                host_of(container, probe, found, sink);
            }
        }
        for hook in HOOKS {
            if let Some(found) = container.lifecycle(hook) {
                host_of(container, &format!("lifecycle.{hook}"), found, sink);
            }
        }
    }
}

fn host_of(
    container: &Container<'_>,
    field: &str,
    probe: plimsoll_inventory::view::pod::Probe<'_>,
    sink: &mut Sink,
) {
    for handler in ["httpGet", "tcpSocket"] {
        if probe.host(handler).is_none() {
            continue;
        }
        let rest = format!("{field}.{handler}.host");
        sink.report(
            Violation::of(container, rest.clone(), "the kubelet is sent to a host that the pod names")
                .observed(probe.handler(handler).and_then(|handler| handler.get("host")))
                .remedy(
                    Remedy::new("Send the request to the pod itself")
                        .remove(container.at(rest))
                        .decision("The program must answer on the pod's own address, not on its loopback only."),
                ),
        );
    }
}
