//! Replicas, and where they run.

use plimsoll_inventory::view::workload::Workload;
use plimsoll_manifest::{Kind, Node};
use plimsoll_model::{Rule, Severity};
use serde_json::json;

use super::{relations::replicas, words::DISRUPTIONS};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

/// Kinds that keep a number of replicas.
pub(super) fn is_replicated(workload: &ObjectContext<'_>) -> bool {
    matches!(workload.kind(), "Deployment" | "StatefulSet" | "Rollout")
}

/// More than one replica runs.
pub static REPLICAS_SINGLE: Control = Control::workload(
    &Rule {
        id: "replicas-single",
        title: "Services run more than one replica",
        severity: Severity::Low,
        category: "reliability",
        why: "With one replica every node that is drained, every rollout and every crash is an outage.",
        remediation: "Run two replicas or more, or let an autoscaler with minReplicas of two or more do it.",
        test: "kubectl get deployments,statefulsets -A -o json | jq -r '.items[] | select(.spec.replicas == 1) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[DISRUPTIONS],
        mappings: &[],
        aliases: &[
            "kube-linter:minimum-three-replicas",
            "polaris:deploymentMissingReplicas",
        ],
    },
    replicas_single,
);

fn replicas_single(workload: &ObjectContext<'_>, sink: &mut Sink) {
    // An autoscaler says itself how many; zero is switched off.
    let scaled = !workload.inventory.hpas_targeting(workload.ix).is_empty();
    if !is_replicated(workload) || scaled || replicas(workload) != 1 {
        return;
    }
    let path = Path::object("spec.replicas");
    let remedy = if workload.kind() == "StatefulSet" {
        Remedy::manual(
            "Run more than one replica",
            "How the program keeps its copies in step: a second replica of a database is a database of its own unless it replicates.",
        )
    } else {
        Remedy::new("Run two replicas")
            .set(path.clone(), 2_i64)
            .decision("Whether the program can run twice at a time: what keeps state in memory or holds a lock on a volume can't.")
    };
    sink.report(
        Violation::new(
            "replicas",
            path,
            "one replica runs: every rollout, drained node and crash is an outage",
        )
        .observed(
            workload
                .root()
                .get("spec")
                .and_then(|spec| spec.get("replicas")),
        )
        .remedy(remedy),
    );
}

/// Replicas do not all share a node.
pub static ANTI_AFFINITY_MISSING: Control = Control::workload(
    &Rule {
        id: "anti-affinity-missing",
        title: "Replicas are spread over nodes",
        severity: Severity::Info,
        category: "reliability",
        why: "Two replicas on one node fail together. The scheduler spreads them by itself where it can, but does not promise it.",
        remediation: "Add a topologySpreadConstraint over kubernetes.io/hostname, or a podAntiAffinity.",
        test: "kubectl get pods -A -o wide",
        references: &[
            "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
        ],
        mappings: &[],
        aliases: &[
            "kube-linter:no-anti-affinity",
            "polaris:topologySpreadConstraint",
        ],
    },
    anti_affinity_missing,
);

fn anti_affinity_missing(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if !is_replicated(workload) || replicas(workload) < 2 {
        return;
    }
    const FIELD: &str = "spec.topologySpreadConstraints";
    for (template, pod) in workload.pods() {
        let spread = pod
            .spec
            .get("topologySpreadConstraints")
            .is_some_and(|list| !list.is_empty());
        let apart = pod
            .spec
            .get("affinity")
            .and_then(|affinity| affinity.get("podAntiAffinity"));
        if spread || apart.is_some_and(|apart| !apart.is_empty()) {
            continue;
        }
        let selector = Workload::new(workload.root())
            .selector()
            .node()
            .filter(|node| node.kind() == Kind::Mapping);
        let remedy = match selector.map(Node::to_json) {
            Some(selector) => Remedy::new("Spread the replicas where the nodes allow it").add(
                Path::template(FIELD),
                json!({
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": selector,
                }),
            ),
            None => Remedy::manual(
                "Spread the replicas",
                "By which labels the replicas are known.",
            ),
        };
        sink.enter_template(template);
        sink.report(
            Violation::new(
                "topologySpreadConstraints",
                Path::template(FIELD),
                "nothing keeps the replicas apart: they may all run on one node and fail with it",
            )
            .remedy(remedy),
        );
    }
}
