//! Shares of the node that a container asks for and may not exceed.

use plimsoll_inventory::view::pod::{Container, ContainerKind};
use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Severity};

use super::{
    relations,
    words::{NSA_GUIDE, RESOURCES, attack, nist, nsa},
};
use crate::{At, Control, ObjectContext, PodContext, Remedy, Sink, Violation};

/// Containers have a memory limit.
pub static MEMORY_LIMIT: Control = Control::workload(
    &Rule {
        id: "resources-memory-limit",
        title: "Containers have a memory limit",
        severity: Severity::Medium,
        category: "reliability",
        why: "Without a limit a leak or a flood of requests takes the node's memory. The kernel then kills what it finds, most often a neighbour, and the node may stop answering altogether.",
        remediation: "Set resources.limits.memory to what the container uses at its peak and some reserve; the same value as the request is the most predictable. A LimitRange gives the namespace a default.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .resources.limits.memory == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RESOURCES, NSA_GUIDE],
        mappings: &[nsa("Resource policies"), attack("T1499"), nist("4.4.3")],
        aliases: &[
            "kube-linter:unset-memory-requirements",
            "kubescape:C-0004",
            "kubescape:C-0009",
            "kubescape:C-0271",
            "polaris:memoryLimitsMissing",
            "trivy:KSV-0018",
        ],
    },
    memory_limit,
);

fn memory_limit(workload: &ObjectContext<'_>, sink: &mut Sink) {
    const LIMIT: &str = "resources.limits.memory";
    each_container(workload, sink, |pod, container, sink| {
        if amount(container, "limits", "memory").is_some()
            || pod_level(pod, "limits", "memory")
            || relations::default_limit(workload, "memory")
        {
            return;
        }
        let violation = Violation::of(
            container,
            LIMIT,
            "the container has no memory limit: it can take all of the node's memory",
        )
        .observed(container.resource("limits", "memory"));
        let request = amount(container, "requests", "memory");
        let remedy = match request {
            Some(request) => Remedy::new("Limit the memory to what is requested")
                .set(container.at(LIMIT), request.to_json())
                .decision("A container that uses more than it requests is killed then: look at its peak first and raise both if it is near."),
            None => Remedy::manual(
                "Set a memory limit",
                "How much: its peak over some weeks and a reserve. A request of the same amount makes it predictable.",
            ),
        };
        sink.report(violation.remedy(remedy));
    });
}

/// Containers request memory.
pub static MEMORY_REQUEST: Control = Control::workload(
    &Rule {
        id: "resources-memory-request",
        title: "Containers request memory",
        severity: Severity::Low,
        category: "reliability",
        why: "The scheduler counts requests, not use: a container that requests nothing is put on a node that is full, and is among the first to be killed there when memory runs out.",
        remediation: "Set resources.requests.memory to what the container usually needs. A limit alone is a request of the same amount.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .resources.requests.memory == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RESOURCES, NSA_GUIDE],
        mappings: &[nsa("Resource policies")],
        aliases: &[
            "kube-linter:unset-memory-requirements",
            "kubescape:C-0004",
            "kubescape:C-0269",
            "polaris:memoryRequestsMissing",
            "trivy:KSV-0016",
        ],
    },
    memory_request,
);

fn memory_request(workload: &ObjectContext<'_>, sink: &mut Sink) {
    request_of(
        workload,
        sink,
        "memory",
        "resources.requests.memory",
        "the container requests no memory: it may start on a node that has none left, and is killed early there",
        "What it usually uses: `kubectl top pod --containers` over some days.",
    );
}

/// Containers request CPU.
pub static CPU_REQUEST: Control = Control::workload(
    &Rule {
        id: "resources-cpu-request",
        title: "Containers request CPU",
        severity: Severity::Low,
        category: "reliability",
        why: "On a busy node CPU time is shared out by requests. A container that requests none gets what is left, which is nothing when it matters, and autoscaling by CPU has nothing to measure against.",
        remediation: "Set resources.requests.cpu to what the container usually needs.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .resources.requests.cpu == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RESOURCES, NSA_GUIDE],
        mappings: &[nsa("Resource policies")],
        aliases: &[
            "kube-linter:unset-cpu-requirements",
            "kubescape:C-0050",
            "kubescape:C-0268",
            "polaris:cpuRequestsMissing",
            "trivy:KSV-0015",
        ],
    },
    cpu_request,
);

fn cpu_request(workload: &ObjectContext<'_>, sink: &mut Sink) {
    request_of(
        workload,
        sink,
        "cpu",
        "resources.requests.cpu",
        "the container requests no CPU: on a busy node it gets what is left",
        "What it usually uses: `kubectl top pod --containers` over some days.",
    );
}

/// Containers have a CPU limit.
pub static CPU_LIMIT: Control = Control::workload(
    &Rule {
        id: "resources-cpu-limit",
        title: "Containers have a CPU limit",
        severity: Severity::Info,
        category: "reliability",
        why: "A limit keeps a container from using idle CPU of the node. Among tenants that do not trust each other, and against stolen capacity, that is wanted; elsewhere requests share CPU fairly already and a limit mostly slows the program down.",
        remediation: "Set resources.limits.cpu where tenants must not affect each other; otherwise leave this control out of your baseline.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .resources.limits.cpu == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RESOURCES, NSA_GUIDE],
        mappings: &[nsa("Resource policies"), attack("T1496"), nist("4.4.3")],
        aliases: &[
            "kube-linter:unset-cpu-requirements",
            "kubescape:C-0050",
            "kubescape:C-0270",
            "polaris:cpuLimitsMissing",
            "trivy:KSV-0011",
        ],
    },
    cpu_limit,
);

fn cpu_limit(workload: &ObjectContext<'_>, sink: &mut Sink) {
    limit_of(
        workload,
        sink,
        "cpu",
        "resources.limits.cpu",
        "the container has no CPU limit: it can use all that is idle on the node",
        "How much: a limit below what it needs at start or at its peak slows it down.",
    );
}

/// Containers have a limit of local storage.
pub static EPHEMERAL_STORAGE_LIMIT: Control = Control::workload(
    &Rule {
        id: "resources-ephemeral-storage-limit",
        title: "Containers have a limit of local storage",
        severity: Severity::Info,
        category: "reliability",
        why: "Logs, emptyDir volumes and the writable layer lie on the node's disk. A container that fills it makes the kubelet evict pods, its own and others'.",
        remediation: "Set resources.limits.ephemeral-storage to what logs and scratch files take at most.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.containers[]; .resources.limits[\"ephemeral-storage\"] == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RESOURCES, NSA_GUIDE],
        mappings: &[nsa("Resource policies"), attack("T1499")],
        aliases: &[],
    },
    ephemeral_storage_limit,
);

fn ephemeral_storage_limit(workload: &ObjectContext<'_>, sink: &mut Sink) {
    limit_of(
        workload,
        sink,
        "ephemeral-storage",
        "resources.limits.ephemeral-storage",
        "the container has no limit of local storage: its logs and files can fill the node's disk",
        "How much: logs until they are rotated, emptyDir volumes, and what it writes to its root file system.",
    );
}

fn limit_of(
    workload: &ObjectContext<'_>,
    sink: &mut Sink,
    resource: &str,
    field: &'static str,
    message: &'static str,
    decision: &'static str,
) {
    each_container(workload, sink, |pod, container, sink| {
        if amount(container, "limits", resource).is_some()
            || pod_level(pod, "limits", resource)
            || relations::default_limit(workload, resource)
        {
            return;
        }
        sink.report(
            Violation::of(container, field, message)
                .observed(container.resource("limits", resource))
                .remedy(Remedy::manual("Set a limit", decision)),
        );
    });
}

fn request_of(
    workload: &ObjectContext<'_>,
    sink: &mut Sink,
    resource: &str,
    field: &'static str,
    message: &'static str,
    decision: &'static str,
) {
    each_container(workload, sink, |pod, container, sink| {
        // A limit without a request is a request too, and so is a default.
        let requested = ["requests", "limits"].into_iter().any(|list| {
            amount(container, list, resource).is_some() || pod_level(pod, list, resource)
        });
        if requested || relations::default_request(workload, resource) {
            return;
        }
        sink.report(
            Violation::of(container, field, message)
                .observed(container.resource("requests", resource))
                .remedy(Remedy::manual("Set a request", decision)),
        );
    });
}

/// Main and init containers; ephemeral ones can't have resources.
fn each_container(
    workload: &ObjectContext<'_>,
    sink: &mut Sink,
    mut check: impl FnMut(&PodContext<'_>, &Container<'_>, &mut Sink),
) {
    for (template, pod) in workload.pods() {
        sink.enter_template(template);
        for container in pod.containers() {
            if container.kind() != ContainerKind::Ephemeral {
                check(&pod, container, sink);
            }
        }
    }
}

/// The amount that is written down, unless it is zero, which limits nothing.
fn amount<'a>(container: &Container<'a>, list: &str, resource: &str) -> Option<Node<'a>> {
    container
        .resource(list, resource)
        .filter(|node| is_amount(*node))
}

/// Whether the pod as a whole has such a limit or request (`spec.resources`).
fn pod_level(pod: &PodContext<'_>, list: &str, resource: &str) -> bool {
    pod.spec
        .get("resources")
        .and_then(|resources| resources.get(list)?.get(resource))
        .is_some_and(is_amount)
}

/// Whether a quantity is more than zero.
pub(super) fn is_amount(node: Node<'_>) -> bool {
    node.scalar_text()
        .is_some_and(|text| text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)))
}
