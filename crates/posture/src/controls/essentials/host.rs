//! Paths of the node inside a container.

use plimsoll_inventory::view::pod::{Container, Volume, VolumeMount};
use plimsoll_model::{Rule, Severity};

use super::words::{HOST_PATH, attack, cis, nist, nsa, pci};
use crate::{At, Control, PodContext, Remedy, Sink, Violation};

/// Containers do not get the socket of the container runtime.
pub static RUNTIME_SOCKET: Control = Control::pod(
    &Rule {
        id: "docker-socket-mount",
        title: "Containers do not get the socket of the container runtime",
        severity: Severity::Critical,
        category: "pod-security",
        why: "Whoever can write to the socket of Docker, containerd or CRI-O can start a privileged container on the node: it is root on the node by one request, past every admission check. A read-only mount changes nothing, since a socket is not written to but talked to.",
        remediation: "Remove the mount. Build images with a builder that needs no daemon (BuildKit rootless, Buildah), and read container metrics from the kubelet.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.volumes[]?; .hostPath.path // \"\" | test(\"(docker|containerd|crio|cri-dockerd|podman)\\\\.sock\"))) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            HOST_PATH,
            "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
        ],
        mappings: &[
            cis("5.2.11"),
            nsa("Pod security enforcement"),
            attack("T1611"),
            attack("T1610"),
            nist("4.4.3"),
            pci("2.2.6"),
        ],
        aliases: &[
            "kube-linter:docker-sock",
            "kubescape:C-0074",
            "trivy:KSV-0006",
        ],
    },
    runtime_socket,
);

/// Sockets of runtimes, by the file's name.
const SOCKETS: [&str; 7] = [
    "containerd.sock",
    "cri-dockerd.sock",
    "crio.sock",
    "docker.sock",
    "dockershim.sock",
    "k3s.sock",
    "podman.sock",
];

/// Folders whose purpose is to hold such a socket.
const SOCKET_FOLDERS: [&str; 4] = ["containerd", "crio", "docker", "podman"];

/// Whether a path of the node is a runtime's socket or the folder it lies in.
fn is_socket(path: &str) -> bool {
    let clean = clean(path);
    let mut parts = clean.rsplit('/');
    if parts.next().is_some_and(|name| SOCKETS.contains(&name)) {
        return true;
    }
    ["/run/", "/var/run/"].iter().any(|run| {
        clean
            .strip_prefix(run)
            .is_some_and(|folder| SOCKET_FOLDERS.contains(&folder) || folder == "k3s/containerd")
    })
}

fn runtime_socket(pod: &PodContext<'_>, sink: &mut Sink) {
    for volume in host_paths(pod) {
        let Some(path) = volume.host_path().filter(|path| is_socket(path)) else {
            continue;
        };
        let message = format!(
            "the node's `{path}` is mounted: whoever gets into the container can start any other on the node"
        );
        let mut violation = on_volume(&volume, message);
        let mut remedy = Remedy::new("Remove the volume and its mounts");
        for (container, mount) in mounts_last_first(pod, &volume) {
            let path = container.at(format!("volumeMounts[{}]", mount.index()));
            violation = violation.also(path.clone());
            remedy = remedy.remove(path);
        }
        remedy = remedy.remove(volume.at(""));
        sink.report(violation.remedy(remedy.decision(
            "What the program does through the socket stops working: image builds need a builder without a daemon.",
        )));
    }
}

/// Containers do not get folders that are the node itself.
pub static SENSITIVE_HOST_MOUNT: Control = Control::pod(
    &Rule {
        id: "sensitive-host-mount",
        title: "Containers do not get folders that are the node itself",
        severity: Severity::High,
        category: "pod-security",
        why: "The root folder, /etc, /root, /proc, /boot or the kubelet's folder hold the node's configuration, keys, and the secrets of every pod on it. To read them is to be the node; to write them is to stay there.",
        remediation: "Mount the one file or folder that is needed, read-only; better, take it from a ConfigMap, the downward API or a metrics endpoint.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.volumes[]?.hostPath.path // empty] | join(\",\"))' | grep /",
        references: &[HOST_PATH],
        mappings: &[
            cis("5.2.11"),
            nsa("Pod security enforcement"),
            attack("T1611"),
            attack("T1552"),
            nist("4.5.5"),
            pci("2.2.6"),
        ],
        aliases: &["kube-linter:sensitive-host-mounts"],
    },
    sensitive_host_mount,
);

/// Folders of the node that hold its keys or what it runs.
const SENSITIVE: [&str; 22] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/run",
    "/var/log/pods",
];

/// Folders all of whose contents are as sensitive as they are themselves.
const SENSITIVE_BELOW: [&str; 8] = [
    "/boot",
    "/etc/cni",
    "/etc/kubernetes",
    "/etc/ssh",
    "/root",
    "/var/lib/etcd",
    "/var/lib/kubelet/pki",
    "/var/lib/kubelet/pods",
];

fn is_sensitive(path: &str) -> bool {
    let clean = clean(path);
    if clean.is_empty() || clean == "/var/lib/kubelet/pods" || SENSITIVE.contains(&&*clean) {
        return true;
    }
    const FILES: [&str; 4] = ["/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/crontab"];
    FILES.contains(&&*clean)
        || SENSITIVE_BELOW.iter().any(|folder| {
            clean
                .strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn sensitive_host_mount(pod: &PodContext<'_>, sink: &mut Sink) {
    for volume in host_paths(pod) {
        let Some(path) = volume.host_path().filter(|path| is_sensitive(path)) else {
            continue;
        };
        let message = format!(
            "the node's `{path}` is mounted: it holds the node's keys, programs or other pods' data"
        );
        sink.report(on_volume(&volume, message).remedy(Remedy::manual(
            "Mount less than that, or nothing",
            "Which file or folder the program really reads; whether a ConfigMap, the downward API or an endpoint gives the same.",
        )));
    }
}

/// Host paths are mounted read-only.
pub static WRITABLE_HOST_MOUNT: Control = Control::pod(
    &Rule {
        id: "writable-host-mount",
        title: "Folders of the node are mounted read-only",
        severity: Severity::Medium,
        category: "pod-security",
        why: "What a container writes to the node's disk stays after the pod is gone and is read by programs of the node: that is how an intruder gets out of the container and survives a restart.",
        remediation: "Set readOnly on the mount, or write to an emptyDir or a PersistentVolume instead.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | . as $p | .spec.volumes[]? | select(.hostPath) | .name as $v | $p.spec.containers[] | .volumeMounts[]? | select(.name == $v and .readOnly != true) | $p.metadata.namespace + \"/\" + $p.metadata.name + \" \" + .mountPath'",
        references: &[HOST_PATH],
        mappings: &[cis("5.2.11"), attack("T1611"), nist("4.5.5")],
        aliases: &["kube-linter:writable-host-mount", "kubescape:C-0045"],
    },
    writable_host_mount,
);

fn writable_host_mount(pod: &PodContext<'_>, sink: &mut Sink) {
    for volume in host_paths(pod) {
        let Some(path) = volume.host_path() else {
            continue;
        };
        // Read-only says nothing about sockets; they have a control of their own.
        let kind = volume
            .source("hostPath")
            .and_then(|source| source.get("type")?.as_str());
        if is_socket(path) || matches!(kind, Some("Socket" | "CharDevice" | "BlockDevice")) {
            continue;
        }
        let name = volume.name().unwrap_or_default();
        for (container, mount) in mounts_last_first(pod, &volume) {
            if mount.read_only() {
                continue;
            }
            let rest = format!("volumeMounts[{}].readOnly", mount.index());
            let fix = Remedy::new("Mount it read-only")
                .set(container.at(rest.clone()), true)
                .decision("The program can't write there any more: what it writes must go to a volume of its own.");
            sink.report(
                Violation::of(
                    &container,
                    rest,
                    "the container can write to a folder of the node",
                )
                .about(format!(
                    "mount {name} at {}",
                    mount.mount_path().unwrap_or_default()
                ))
                .also(volume.at("hostPath.path"))
                .observed(
                    volume
                        .source("hostPath")
                        .and_then(|source| source.get("path")),
                )
                .remedy(fix),
            );
        }
    }
}

fn host_paths<'a>(pod: &PodContext<'a>) -> impl Iterator<Item = Volume<'a>> + use<'a> {
    pod.volumes().filter(|volume| volume.host_path().is_some())
}

fn on_volume(volume: &Volume<'_>, message: String) -> Violation {
    let name = volume.name().unwrap_or_default();
    Violation::new(
        format!("volume {name}"),
        volume.at("hostPath.path"),
        message,
    )
    .observed(
        volume
            .source("hostPath")
            .and_then(|source| source.get("path")),
    )
}

/// The mounts of a volume, those later in a list first: so that removing one
/// does not move the next.
fn mounts_last_first<'a>(
    pod: &PodContext<'a>,
    volume: &Volume<'a>,
) -> Vec<(Container<'a>, VolumeMount<'a>)> {
    let Some(name) = volume.name() else {
        return Vec::new();
    };
    let mut mounts = Vec::new();
    for container in pod.containers() {
        let mut of_container: Vec<_> = container
            .volume_mounts()
            .filter(|mount| mount.name() == Some(name))
            .collect();
        of_container.reverse();
        mounts.extend(of_container.into_iter().map(|mount| (*container, mount)));
    }
    mounts
}

/// A path without doubled and trailing slashes and `.` parts; the root is
/// empty. `..` is refused by Kubernetes.
fn clean(path: &str) -> String {
    let mut clean = String::with_capacity(path.len());
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        clean.push('/');
        clean.push_str(part);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_known_by_name_and_folder() {
        let check = |path: &str, expect: bool| assert_eq!(is_socket(path), expect, "{path}");
        check("/var/run/docker.sock", true);
        check("/run/containerd/containerd.sock", true);
        check("/run/containerd", true);
        check("/run/k3s/containerd/", true);
        check("//var//run/docker.sock", true);
        check("/var/run/crio/crio.sock", true);
        check("/var/run/postgresql/.s.PGSQL.5432", false);
        check("/var/lib/docker", false);
        check("/run/docker-registry", false);
        check("/data/docker.sock.bak", false);
    }

    #[test]
    fn folders_of_the_node_are_told_from_folders_on_it() {
        let check = |path: &str, expect: bool| assert_eq!(is_sensitive(path), expect, "{path}");
        check("/", true);
        check("", true);
        check("/etc", true);
        check("/etc/", true);
        check("/etc/kubernetes/pki/ca.key", true);
        check("/etc/shadow", true);
        check("/etc/machine-id", false);
        check("/etc/localtime", false);
        check("/proc", true);
        check("/var/lib/kubelet", true);
        check("/var/lib/kubelet/pods", true);
        check("/var/lib/kubelet/device-plugins", false);
        check("/var/log", false);
        check("/data", false);
        check("/rootfs", false);
        check("/mnt/disks/ssd0", false);
    }
}
