//! What the Pod Security Standards leave open.

use plimsoll_inventory::view::pod::ContainerKind;
use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Severity};

use super::words::{CHECKLIST, attack, cis, nist, nsa, pci};
use crate::{At, Control, Path, PodContext, Remedy, Sink, Violation};

const SECURITY_CONTEXT: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/";

/// Containers can't change their own programs.
pub static ROOT_FILESYSTEM_WRITABLE: Control = Control::pod(
    &Rule {
        id: "root-filesystem-writable",
        title: "Containers have a read-only root file system",
        severity: Severity::Low,
        category: "pod-security",
        why: "An intruder's first step is to fetch tools and write them down. Where the root file system is read-only the programs stay those of the image, and what is written lies in volumes one can see.",
        remediation: "Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the program writes (/tmp, /var/run, caches).",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .securityContext.readOnlyRootFilesystem != true)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SECURITY_CONTEXT, CHECKLIST],
        mappings: &[
            cis("5.6.3"),
            nsa("Immutable container file systems"),
            attack("T1036"),
            nist("4.4.4"),
        ],
        aliases: &[
            "kube-linter:no-read-only-root-fs",
            "kubescape:C-0017",
            "polaris:notReadOnlyRootFilesystem",
            "trivy:KSV-0014",
        ],
    },
    root_filesystem_writable,
);

fn root_filesystem_writable(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "securityContext.readOnlyRootFilesystem";
    // Windows needs to write to its root for the registry and its services.
    if pod.is_windows() {
        return;
    }
    for container in pod.containers() {
        // A person works in an ephemeral container, and it ends with the visit.
        let context = container.security_context();
        if container.kind() == ContainerKind::Ephemeral
            || context.read_only_root_filesystem() == Some(true)
        {
            continue;
        }
        sink.report(
            Violation::of(
                container,
                FIELD,
                "the container can write to its root file system, and so can an intruder",
            )
            .observed(context.get("readOnlyRootFilesystem"))
            .remedy(
                Remedy::new("Make the root file system read-only")
                    .set(container.at(FIELD), true)
                    .decision(
                        "Folders that the program writes to, often /tmp, need an emptyDir volume.",
                    ),
            ),
        );
    }
}

/// Containers do not get capabilities that are root by another name.
pub static DANGEROUS_CAPABILITIES: Control = Control::pod(
    &Rule {
        id: "dangerous-capabilities",
        title: "Containers do not get capabilities that reach the node",
        severity: Severity::High,
        category: "pod-security",
        why: "With SYS_ADMIN a container mounts the node's disks, with SYS_MODULE it loads kernel code, with SYS_PTRACE it reads other processes, with NET_ADMIN it redirects traffic: each is a known way from the container to the node.",
        remediation: "Remove the capability. Where a program really needs one, keep it in a namespace of its own and give it nothing else.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.containers[].securityContext.capabilities.add // [] | .[]] | join(\",\"))' | grep -E 'ALL|SYS_|NET_ADMIN|BPF|DAC_READ_SEARCH'",
        references: &[
            SECURITY_CONTEXT,
            "https://man7.org/linux/man-pages/man7/capabilities.7.html",
        ],
        mappings: &[
            cis("5.2.9"),
            nsa("Pod security enforcement"),
            attack("T1611"),
            nist("4.4.3"),
            pci("2.2.6"),
        ],
        aliases: &[
            "kubescape:C-0046",
            "polaris:dangerousCapabilities",
            "trivy:KSV-0005",
            "trivy:KSV-0120",
        ],
    },
    dangerous_capabilities,
);

/// Capabilities that reach beyond the container, and how.
const DANGEROUS: [(&str, &str); 14] = [
    ("ALL", "it gives all of them"),
    ("BPF", "it loads programs into the kernel"),
    (
        "DAC_READ_SEARCH",
        "it reads any file of the node that has a handle",
    ),
    ("MAC_ADMIN", "it changes the kernel's access rules"),
    ("MAC_OVERRIDE", "it passes the kernel's access rules"),
    ("NET_ADMIN", "it changes routes and firewalls"),
    ("PERFMON", "it observes the kernel and other processes"),
    ("SYSLOG", "it reads the kernel's messages and addresses"),
    (
        "SYS_ADMIN",
        "it mounts file systems and is root by another name",
    ),
    ("SYS_BOOT", "it restarts the node"),
    ("SYS_MODULE", "it loads kernel modules"),
    ("SYS_PTRACE", "it reads and changes other processes"),
    (
        "SYS_RAWIO",
        "it reads and writes the node's devices and memory",
    ),
    ("SYS_TIME", "it sets the node's clock"),
];

fn dangerous_capabilities(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        let added = |index: u32| {
            let list = container
                .security_context()
                .mapping("capabilities")?
                .get("add")?;
            list.at(usize::try_from(index).ok()?)
        };
        for (index, written) in container.security_context().capabilities("add") {
            // Runtimes take either spelling, in whatever case.
            let upper = written.to_ascii_uppercase();
            let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
            let Some((name, effect)) = DANGEROUS.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            let rest = format!("securityContext.capabilities.add[{index}]");
            let remedy = Remedy::new("Take the capability away")
                .remove(container.at(rest.clone()))
                .decision("What the program does with the capability fails without it.");
            sink.report(
                Violation::of(
                    container,
                    rest,
                    format!("the container has the capability {name}: {effect}"),
                )
                .about(format!("capability {name}"))
                .observed(added(index))
                .remedy(remedy),
            );
        }
    }
}

/// Containers of a pod do not see each other's processes.
pub static SHARED_PROCESS_NAMESPACE: Control = Control::pod(
    &Rule {
        id: "shared-process-namespace",
        title: "Containers of a pod do not share their processes",
        severity: Severity::Low,
        category: "pod-security",
        why: "With shareProcessNamespace every container of the pod sees the others' processes, can signal them, and reads their files and environment through /proc: a small sidecar's weakness becomes the main program's.",
        remediation: "Remove shareProcessNamespace; attach an ephemeral container when one must look into a running pod.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.spec.shareProcessNamespace) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/",
        ],
        mappings: &[attack("T1552"), nist("4.4.3")],
        aliases: &[],
    },
    shared_process_namespace,
);

fn shared_process_namespace(pod: &PodContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "spec.shareProcessNamespace";
    let field = pod.spec.get("shareProcessNamespace");
    // One container alone shares with nobody.
    let beside = pod
        .containers()
        .iter()
        .filter(|container| container.kind() == ContainerKind::Main || container.is_sidecar())
        .count();
    if field.and_then(Node::as_bool) != Some(true) || beside < 2 {
        return;
    }
    sink.report(
        Violation::new(
            "shareProcessNamespace",
            Path::template(FIELD),
            "the containers of the pod see each other's processes, files and environment",
        )
        .observed(field)
        .remedy(
            Remedy::new("Give each container its own processes")
                .set(Path::template(FIELD), false)
                .decision(
                    "A sidecar that signals or watches the main process can't do so any more.",
                ),
        ),
    );
}

/// Containers do not serve SSH.
pub static SSH_PORT: Control = Control::pod(
    &Rule {
        id: "ssh-port",
        title: "Containers do not serve SSH",
        severity: Severity::Low,
        category: "pod-security",
        why: "An SSH server in a container is a second way in, with passwords or keys of its own, that Kubernetes neither authorises nor records.",
        remediation: "Remove the server and its port; use kubectl exec or an ephemeral container, which are authorised and audited. A Git server that speaks SSH is better off on another port of the pod behind a Service.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[].ports[]?; .containerPort == 22)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[CHECKLIST],
        mappings: &[attack("T1133"), nist("4.4.3")],
        aliases: &["kube-linter:ssh-port", "kubescape:C-0042"],
    },
    ssh_port,
);

fn ssh_port(pod: &PodContext<'_>, sink: &mut Sink) {
    on_ports(
        pod,
        |port| port == 22,
        "port 22",
        "the container serves port 22, which is SSH: a way in that Kubernetes does not authorise",
        sink,
        || {
            Remedy::manual(
                "Remove the SSH server and its port",
                "How people get in instead: kubectl exec, kubectl debug.",
            )
        },
    );
}

/// Containers open ports above 1023.
pub static PRIVILEGED_PORT: Control = Control::pod(
    &Rule {
        id: "privileged-port",
        title: "Containers open ports that need no privilege",
        severity: Severity::Info,
        category: "pod-security",
        why: "On many systems a port below 1024 can only be opened by root or with NET_BIND_SERVICE. A Service can publish port 80 or 443 while the container listens on 8080.",
        remediation: "Let the program listen on a port above 1023 and set the Service's targetPort to it.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[].ports[]?; .containerPort < 1024)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[CHECKLIST],
        mappings: &[],
        aliases: &["kube-linter:privileged-ports", "trivy:KSV-0117"],
    },
    privileged_port,
);

fn privileged_port(pod: &PodContext<'_>, sink: &mut Sink) {
    on_ports(
        pod,
        |port| (1..1024).contains(&port),
        "privileged port",
        "the container opens a port below 1024, which may need root",
        sink,
        || {
            Remedy::manual(
                "Listen on a port above 1023",
                "Which port; the program's own configuration and the Service's targetPort change with it.",
            )
        },
    );
}

fn on_ports(
    pod: &PodContext<'_>,
    applies: impl Fn(i64) -> bool,
    what: &str,
    message: &'static str,
    sink: &mut Sink,
    remedy: impl Fn() -> Remedy,
) {
    for container in pod.containers() {
        for port in container.ports() {
            let Some(number) = port.container_port().filter(|number| applies(*number)) else {
                continue;
            };
            sink.report(
                Violation::of(
                    container,
                    format!("ports[{}].containerPort", port.index()),
                    message,
                )
                .about(format!("{what} {number}/{}", port.protocol()))
                .observed(port.node().get("containerPort"))
                .remedy(remedy()),
            );
        }
    }
}

/// Containers run as a user that no account of the node has.
pub static RUN_AS_LOW_UID: Control = Control::pod(
    &Rule {
        id: "run-as-low-uid",
        title: "Containers run as a user that the node does not know",
        severity: Severity::Info,
        category: "pod-security",
        why: "Without a user namespace a container's user number is the node's. One who gets out as user 33 or 1000 owns what that account of the node owns; numbers from 10000 on belong to nobody.",
        remediation: "Set runAsUser to a number of 10000 or more that the image's files allow, or give the pod a user namespace (hostUsers: false).",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; (.securityContext.runAsUser // 99999) < 10000)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SECURITY_CONTEXT],
        mappings: &[
            nsa("Non-root containers and \"rootless\" container engines"),
            attack("T1611"),
        ],
        aliases: &["trivy:KSV-0020"],
    },
    run_as_low_uid,
);

fn run_as_low_uid(pod: &PodContext<'_>, sink: &mut Sink) {
    // Root has controls of its own; a number that is not written down is the
    // image's and not seen here.
    let low = |user: Option<i64>| user.is_some_and(|user| (1..10_000).contains(&user));
    if pod.is_windows() || pod.has_user_namespace() {
        return;
    }
    const MESSAGE: &str = "the user's number is below 10000 and may be an account of the node";
    let remedy = || {
        Remedy::manual(
            "Run as a user of 10000 or more",
            "Which number: files of the image and of volumes must be readable for it.",
        )
    };
    let context = pod.security_context();
    if low(context.run_as_user()) {
        sink.report(
            Violation::new(
                "securityContext.runAsUser",
                Path::template("spec.securityContext.runAsUser"),
                MESSAGE,
            )
            .observed(context.get("runAsUser"))
            .remedy(remedy()),
        );
    }
    for container in pod.containers() {
        let context = container.security_context();
        if low(context.run_as_user()) {
            sink.report(
                Violation::of(container, "securityContext.runAsUser", MESSAGE)
                    .observed(context.get("runAsUser"))
                    .remedy(remedy()),
            );
        }
    }
}
