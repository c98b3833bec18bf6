//! What keeps a service up while nodes and pods come and go.

use plimsoll_inventory::view::{service::Service, workload::Workload};
use plimsoll_manifest::{FieldPath, Kind, Node};
use plimsoll_model::{AssetId, AssetKind, ObjectRef, Rule, Severity};
use serde_json::{Value, json};

use super::{
    relations::{TemplateLabels, replicas, yaml},
    words::{DISRUPTIONS, SERVICES},
};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

/// Kinds that keep a number of replicas.
fn is_replicated(workload: &ObjectContext<'_>) -> bool {
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

/// Autoscalers scale something.
pub static HPA_DANGLING: Control = Control::object(
    &Rule {
        id: "hpa-dangling",
        title: "Autoscalers name a workload that is there",
        severity: Severity::Low,
        category: "reliability",
        why: "An autoscaler whose target was renamed or removed does nothing, and nobody notices before the load comes.",
        remediation: "Correct spec.scaleTargetRef, or remove the autoscaler.",
        test: "kubectl get hpa -A",
        references: &["https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"],
        mappings: &[],
        aliases: &[
            "kube-linter:dangling-horizontalpodautoscaler",
            "kubescape:C-0300",
        ],
    },
    &["autoscaling/HorizontalPodAutoscaler"],
    hpa_dangling,
);

fn hpa_dangling(object: &ObjectContext<'_>, sink: &mut Sink) {
    let target = object
        .root()
        .get("spec")
        .and_then(|spec| spec.get("scaleTargetRef"));
    let field = |field: &str| target.and_then(|target| target.get(field)?.scalar_text());
    let (Some(kind), Some(name)) = (field("kind"), field("name")) else {
        return;
    };
    // Any version of the group is the same object.
    let group = field("apiVersion")
        .unwrap_or("apps/v1")
        .split_once('/')
        .map_or("", |(group, _)| group);
    let cluster = &object.inventory.settings().cluster;
    let there = |group: &str| {
        let id = AssetId::object(cluster, group, kind, object.namespace(), name);
        object.inventory.find(&id).is_some()
    };
    if there(group) || there("apps") {
        return;
    }
    sink.report(
        Violation::new(
            "scaleTargetRef",
            Path::object("spec.scaleTargetRef.name"),
            format!("the autoscaler scales {kind} {name}, which is not among what was read"),
        )
        .observed(target.and_then(|target| target.get("name")))
        .remedy(Remedy::manual(
            "Name a workload that is there",
            "Which workload is meant, or whether the autoscaler can go.",
        )),
    );
}

/// Services lead somewhere.
pub static SERVICE_SELECTOR_DANGLING: Control = Control::object(
    &Rule {
        id: "service-selector-dangling",
        title: "Services select a workload that is there",
        severity: Severity::Low,
        category: "reliability",
        why: "A Service whose selector matches no pod answers nothing; and whoever starts a pod with these labels gets the traffic that clients send to it.",
        remediation: "Correct spec.selector, or remove the Service.",
        test: "kubectl get endpointslices -A",
        references: &[SERVICES],
        mappings: &[],
        aliases: &["kube-linter:dangling-service", "kubescape:C-0293"],
    },
    &["/Service"],
    service_selector_dangling,
);

fn service_selector_dangling(object: &ObjectContext<'_>, sink: &mut Sink) {
    let selector = Service::new(object.root()).selector();
    // A List or an operator may bring the pods: without any workload of the
    // namespace at hand nothing can be said.
    let Some(namespace) = object.namespace() else {
        return;
    };
    if selector.node().is_none() || !object.inventory.workloads_selected_by(object.ix).is_empty() {
        return;
    }
    let any = object.inventory.members(namespace).into_iter().any(|ix| {
        object
            .inventory
            .get(ix)
            .is_some_and(|member| member.asset.kind == AssetKind::Workload)
    });
    if !any {
        return;
    }
    sink.report(
        Violation::new(
            "selector",
            Path::object("spec.selector"),
            "the Service selects no workload of its namespace among what was read: nothing answers, or what comes along with these labels does",
        )
        .remedy(Remedy::manual("Select a workload that is there", "Which labels the pods have, or whether the Service can go.")),
    );
}

/// Workloads select their own pods.
pub static SELECTOR_MISMATCH: Control = Control::workload(
    &Rule {
        id: "selector-mismatch",
        title: "Workloads select the pods they make",
        severity: Severity::Medium,
        category: "reliability",
        why: "The API server refuses a Deployment whose selector does not match its own pods: the next rollout fails, whatever was in it.",
        remediation: "Give the template the labels that the selector names.",
        test: "kubectl apply --dry-run=server -f FILE",
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
        ],
        mappings: &[],
        aliases: &["kube-linter:mismatching-selector", "kubescape:C-0296"],
    },
    selector_mismatch,
);

fn selector_mismatch(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if !matches!(
        workload.kind(),
        "DaemonSet" | "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet"
    ) {
        return;
    }
    let selector = Workload::new(workload.root()).selector();
    let Some((template, pod)) = workload.pods().next() else {
        return;
    };
    if selector.node().is_none_or(|node| node.is_empty())
        || selector.matches(&TemplateLabels(pod.template))
    {
        return;
    }
    let mut remedy = Remedy::new("Give the pods the labels that are selected");
    let has = |key: &str, value: &str| pod.template.labels().any(|(k, v)| k == key && v == value);
    for (key, value) in selector.required().filter(|(key, value)| !has(key, value)) {
        let label = FieldPath::new()
            .key("metadata")
            .key("labels")
            .key(key)
            .to_string();
        remedy = remedy.set(Path::template(label), Value::from(value));
    }
    let remedy = if remedy.edits.is_empty() {
        Remedy::manual(
            "Make selector and labels agree",
            "Which labels the pods must have.",
        )
    } else {
        remedy
    };
    sink.enter_template(template);
    sink.report(
        Violation::new(
            "selector",
            Path::object("spec.selector"),
            "the selector does not match the labels of the workload's own pods: the API server refuses it",
        )
        .also(Path::template("metadata.labels"))
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
