//! References that lead nowhere.

use plimsoll_inventory::view::{service::Service, workload::Workload};
use plimsoll_manifest::FieldPath;
use plimsoll_model::{AssetId, Rule, Severity};
use serde_json::Value;

use super::{relations::TemplateLabels, words::SERVICES};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

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
    if selector.node().is_none() || !object.inventory.workloads_selected_by(object.ix).is_empty() {
        return;
    }
    sink.report(
        Violation::new(
            "selector",
            Path::object("spec.selector"),
            "the Service selects no workload among what was read: nothing answers, or whatever comes along with these labels does",
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
    let (owner, path) = match workload.kind() {
        "DaemonSet"
        | "Deployment"
        | "Job"
        | "ReplicaSet"
        | "ReplicationController"
        | "StatefulSet" => (Some(workload.root()), "spec.selector"),
        "CronJob" => (
            workload
                .root()
                .get("spec")
                .and_then(|spec| spec.get("jobTemplate")),
            "spec.jobTemplate.spec.selector",
        ),
        _ => return,
    };
    let (Some(owner), Some((template, pod))) = (owner, workload.pods().next()) else {
        return;
    };
    let selector = Workload::new(owner).selector();
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
            Path::object(path),
            "the selector does not match the labels of the workload's own pods: the API server refuses it",
        )
        .also(Path::template("metadata.labels"))
        .remedy(remedy),
    );
}
