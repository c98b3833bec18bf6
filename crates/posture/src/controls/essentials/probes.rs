//! How the kubelet learns that a container is well.

use plimsoll_inventory::view::pod::ContainerKind;
use plimsoll_model::{Rule, Severity};

use super::{relations::runs_to_an_end, words::PROBES};
use crate::{Control, ObjectContext, Remedy, Sink, Violation};

/// Containers have a liveness probe.
pub static LIVENESS: Control = Control::workload(
    &Rule {
        id: "probe-liveness",
        title: "Long-running containers have a liveness probe",
        severity: Severity::Low,
        category: "reliability",
        why: "A program that hangs without ending is not restarted unless a probe tells the kubelet that it no longer answers.",
        remediation: "Add a livenessProbe that asks the program itself and nothing it depends on, with a startupProbe where it starts slowly.",
        test: "kubectl get deploy,sts,ds -A -o json | jq -r '.items[] | select(any(.spec.template.spec.containers[]; .livenessProbe == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[PROBES],
        mappings: &[],
        aliases: &[
            "kube-linter:no-liveness-probe",
            "kubescape:C-0056",
            "polaris:livenessProbeMissing",
        ],
    },
    liveness,
);

fn liveness(workload: &ObjectContext<'_>, sink: &mut Sink) {
    missing(
        workload,
        sink,
        "livenessProbe",
        "the container has no liveness probe: when it hangs, nothing restarts it",
        "Which endpoint or command tells that the program itself works. One that fails when a database is away restarts all replicas at once.",
    );
}

/// Containers that serve have a readiness probe.
pub static READINESS: Control = Control::workload(
    &Rule {
        id: "probe-readiness",
        title: "Long-running containers have a readiness probe",
        severity: Severity::Low,
        category: "reliability",
        why: "Without it a pod gets traffic the moment its process starts and for as long as it runs: requests fail during every rollout, and a rollout of a broken version looks healthy.",
        remediation: "Add a readinessProbe that succeeds when the program can serve requests.",
        test: "kubectl get deploy,sts,ds -A -o json | jq -r '.items[] | select(any(.spec.template.spec.containers[]; .readinessProbe == null)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[PROBES],
        mappings: &[],
        aliases: &[
            "kube-linter:no-readiness-probe",
            "kubescape:C-0018",
            "polaris:readinessProbeMissing",
        ],
    },
    readiness,
);

fn readiness(workload: &ObjectContext<'_>, sink: &mut Sink) {
    missing(
        workload,
        sink,
        "readinessProbe",
        "the container has no readiness probe: it gets traffic before it can answer, and a broken rollout looks healthy",
        "Which endpoint or command tells that the program can serve.",
    );
}

/// Probes are for what runs on and on: jobs end, init containers are waited
/// for, ephemeral containers can't have any. Sidecars can, but seldom serve.
fn missing(
    workload: &ObjectContext<'_>,
    sink: &mut Sink,
    field: &'static str,
    message: &'static str,
    decision: &'static str,
) {
    for (template, pod) in workload.pods() {
        if runs_to_an_end(workload, &pod) {
            continue;
        }
        sink.enter_template(template);
        for container in pod.containers() {
            if container.kind() == ContainerKind::Main && container.probe(field).is_none() {
                sink.report(
                    Violation::of(container, field, message)
                        .remedy(Remedy::manual("Add the probe", decision)),
                );
            }
        }
    }
}
