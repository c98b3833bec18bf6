//! Budgets for disruptions: how many replicas may be away.

use plimsoll_inventory::view::workload::Workload;
use plimsoll_model::{AssetId, ObjectRef, Rule, Severity};

use super::{
    availability::is_replicated,
    relations::{replicas, yaml},
    words::DISRUPTIONS,
};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

/// Replicas are not all taken away at once.
pub static PDB_MISSING: Control = Control::workload(
    &Rule {
        id: "pdb-missing",
        title: "Replicated services have a PodDisruptionBudget",
        severity: Severity::Low,
        category: "reliability",
        why: "Draining nodes for an upgrade may take all replicas at the same time, unless a budget says how many may be away.",
        remediation: "Add a PodDisruptionBudget with maxUnavailable: 1.",
        test: "kubectl get poddisruptionbudgets -A",
        references: &[DISRUPTIONS],
        mappings: &[],
        aliases: &["polaris:missingPodDisruptionBudget"],
    },
    pdb_missing,
);

fn pdb_missing(workload: &ObjectContext<'_>, sink: &mut Sink) {
    let many = replicas(workload) > 1
        || workload
            .inventory
            .hpas_targeting(workload.ix)
            .iter()
            .any(|ix| {
                let least = workload.inventory.get(*ix).and_then(|hpa| {
                    hpa.document
                        .root()
                        .get("spec")?
                        .get("minReplicas")?
                        .as_i64()
                });
                least.is_some_and(|least| least > 1)
            });
    if !is_replicated(workload)
        || !many
        || !workload.inventory.pdbs_selecting(workload.ix).is_empty()
    {
        return;
    }
    let mut violation = Violation::new(
        "disruption budget",
        Path::object("spec.replicas"),
        "no PodDisruptionBudget selects the pods: an upgrade of the nodes may take all replicas at once",
    );
    if let Some(remedy) = new_budget(workload) {
        violation = violation.remedy(remedy);
    }
    sink.report(violation.remedy(Remedy::manual(
        "Add a PodDisruptionBudget",
        "How many replicas may be away at a time.",
    )));
}

/// A budget that lets one pod be away, unless there is one of that name.
fn new_budget(workload: &ObjectContext<'_>) -> Option<Remedy> {
    let selector = Workload::new(workload.root()).selector().node()?;
    let namespace = workload.namespace()?;
    let name = workload.name();
    let cluster = &workload.inventory.settings().cluster;
    let id = AssetId::object(
        cluster,
        "policy",
        "PodDisruptionBudget",
        Some(namespace),
        name,
    );
    if workload.inventory.find(&id).is_some() || name.ends_with('*') {
        return None;
    }
    let object = ObjectRef {
        api_version: "policy/v1".into(),
        kind: "PodDisruptionBudget".into(),
        namespace: Some(namespace.into()),
        name: name.into(),
    };
    // JSON is YAML, whatever stands in the labels.
    let manifest = format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {}\n  namespace: {}\nspec:\n  maxUnavailable: 1\n  selector: {}\n",
        yaml(name),
        yaml(namespace),
        selector.to_json()
    );
    Some(Remedy::new_object(
        "Let one pod be away at a time",
        object,
        manifest,
    ))
}

/// Budgets let some pod go.
pub static PDB_BLOCKS_EVICTION: Control = Control::object(
    &Rule {
        id: "pdb-blocks-eviction",
        title: "PodDisruptionBudgets let a pod go",
        severity: Severity::Medium,
        category: "reliability",
        why: "A budget that lets no pod go stops every drain: nodes can't be upgraded, patched or scaled down until somebody deletes the pods by hand.",
        remediation: "Set maxUnavailable to 1 or more, or minAvailable below the number of replicas.",
        test: "kubectl get poddisruptionbudgets -A -o json | jq -r '.items[] | select(.status.disruptionsAllowed == 0) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[DISRUPTIONS],
        mappings: &[],
        aliases: &[
            "kube-linter:pdb-max-unavailable",
            "kube-linter:pdb-min-available",
            "polaris:pdbDisruptionsIsZero",
        ],
    },
    &["policy/PodDisruptionBudget"],
    pdb_blocks_eviction,
);

fn pdb_blocks_eviction(object: &ObjectContext<'_>, sink: &mut Sink) {
    let field = |name: &str| {
        object
            .root()
            .get("spec")?
            .get(name)
            .filter(|value| !value.is_null())
    };
    let (name, value, message) = if let Some(value) = field("maxUnavailable") {
        if !matches!(value.scalar_text(), Some("0" | "0%")) {
            return;
        }
        (
            "maxUnavailable",
            value,
            "the budget lets no pod go: no node they run on can be drained",
        )
    } else if let Some(value) = field("minAvailable") {
        let fewest = || {
            let workloads = object.inventory.workloads_selected_by(object.ix);
            let counts = workloads.into_iter().filter_map(|ix| {
                let root = object.inventory.get(ix)?.document.root();
                let scaled = !object.inventory.hpas_targeting(ix).is_empty();
                (!scaled).then(|| Workload::new(root).replicas().unwrap_or(1))
            });
            counts.sum::<i64>()
        };
        let all = value.scalar_text() == Some("100%");
        let enough = value.as_i64().is_some_and(|least| {
            let there = fewest();
            there > 0 && least >= there
        });
        if !all && !enough {
            return;
        }
        (
            "minAvailable",
            value,
            "the budget wants all replicas all the time: no node they run on can be drained",
        )
    } else {
        return;
    };
    sink.report(
        Violation::new(name, Path::object(format!("spec.{name}")), message)
            .observed(Some(value))
            .remedy(
                Remedy::new("Let one pod be away at a time")
                    .remove(Path::object("spec.minAvailable"))
                    .set(Path::object("spec.maxUnavailable"), 1_i64)
                    .decision("Whether the program bears that: one that runs once only is away during each drain."),
            ),
    );
}
