//! What works today and will not tomorrow, and what nobody cleans up.

use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Severity};

use super::words::{attack, cis};
use crate::{Control, ObjectContext, Path, PodContext, Remedy, Sink, Violation};

const DEPRECATION: &str = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/";

/// A version of an API that is gone.
struct Removed {
    api: &'static str,
    kinds: &'static [&'static str],
    /// The Kubernetes minor version it was removed in.
    minor: u8,
    /// What to use; empty when there is nothing.
    now: &'static str,
    /// What else must change; empty when only the version does.
    also: &'static str,
}

const fn renamed(
    api: &'static str,
    kinds: &'static [&'static str],
    minor: u8,
    now: &'static str,
) -> Removed {
    Removed {
        api,
        kinds,
        minor,
        now,
        also: "",
    }
}

const fn reworked(
    api: &'static str,
    kinds: &'static [&'static str],
    minor: u8,
    now: &'static str,
    also: &'static str,
) -> Removed {
    Removed {
        api,
        kinds,
        minor,
        now,
        also,
    }
}

const WEBHOOKS: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];
const APPS: &[&str] = &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];
const ROLES: &[&str] = &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
const FLOWS: &[&str] = &["FlowSchema", "PriorityLevelConfiguration"];
const STORAGE: &[&str] = &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"];

const SELECTOR: &str = "spec.selector is required and can't change";
const INGRESS: &str =
    "backends become service.name and service.port, and each path needs a pathType";
const WEBHOOK: &str =
    "sideEffects and admissionReviewVersions are required, and failurePolicy is Fail by default";
const CRD: &str = "each version has a schema of its own, and preserveUnknownFields is false";
const FLOW: &str = "limited.assuredConcurrencyShares is called nominalConcurrencyShares";
const POLICY_GONE: &str =
    "use Pod Security admission: the label pod-security.kubernetes.io/enforce of namespaces";

/// From Kubernetes' deprecation guide.
const REMOVED: &[Removed] = &[
    reworked("extensions/v1beta1", APPS, 16, "apps/v1", SELECTOR),
    reworked("apps/v1beta1", APPS, 16, "apps/v1", SELECTOR),
    reworked("apps/v1beta2", APPS, 16, "apps/v1", SELECTOR),
    renamed(
        "extensions/v1beta1",
        &["NetworkPolicy"],
        16,
        "networking.k8s.io/v1",
    ),
    reworked(
        "extensions/v1beta1",
        &["PodSecurityPolicy"],
        16,
        "",
        POLICY_GONE,
    ),
    renamed("batch/v2alpha1", &["CronJob"], 21, "batch/v1"),
    reworked(
        "admissionregistration.k8s.io/v1beta1",
        WEBHOOKS,
        22,
        "admissionregistration.k8s.io/v1",
        WEBHOOK,
    ),
    reworked(
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        22,
        "apiextensions.k8s.io/v1",
        CRD,
    ),
    renamed(
        "apiregistration.k8s.io/v1beta1",
        &["APIService"],
        22,
        "apiregistration.k8s.io/v1",
    ),
    reworked(
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        22,
        "certificates.k8s.io/v1",
        "spec.signerName and spec.usages are required",
    ),
    renamed(
        "coordination.k8s.io/v1beta1",
        &["Lease"],
        22,
        "coordination.k8s.io/v1",
    ),
    reworked(
        "extensions/v1beta1",
        &["Ingress"],
        22,
        "networking.k8s.io/v1",
        INGRESS,
    ),
    reworked(
        "networking.k8s.io/v1beta1",
        &["Ingress"],
        22,
        "networking.k8s.io/v1",
        INGRESS,
    ),
    renamed(
        "networking.k8s.io/v1beta1",
        &["IngressClass"],
        22,
        "networking.k8s.io/v1",
    ),
    renamed(
        "rbac.authorization.k8s.io/v1alpha1",
        ROLES,
        22,
        "rbac.authorization.k8s.io/v1",
    ),
    renamed(
        "rbac.authorization.k8s.io/v1beta1",
        ROLES,
        22,
        "rbac.authorization.k8s.io/v1",
    ),
    renamed(
        "scheduling.k8s.io/v1beta1",
        &["PriorityClass"],
        22,
        "scheduling.k8s.io/v1",
    ),
    renamed("storage.k8s.io/v1beta1", STORAGE, 22, "storage.k8s.io/v1"),
    reworked(
        "autoscaling/v2beta1",
        &["HorizontalPodAutoscaler"],
        25,
        "autoscaling/v2",
        "targets of metrics have a type and a value of their own",
    ),
    renamed("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    reworked(
        "discovery.k8s.io/v1beta1",
        &["EndpointSlice"],
        25,
        "discovery.k8s.io/v1",
        "endpoints[].topology is replaced by nodeName and zone",
    ),
    renamed(
        "node.k8s.io/v1beta1",
        &["RuntimeClass"],
        25,
        "node.k8s.io/v1",
    ),
    renamed("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    reworked(
        "policy/v1beta1",
        &["PodSecurityPolicy"],
        25,
        "",
        POLICY_GONE,
    ),
    renamed(
        "autoscaling/v2beta2",
        &["HorizontalPodAutoscaler"],
        26,
        "autoscaling/v2",
    ),
    reworked(
        "flowcontrol.apiserver.k8s.io/v1beta1",
        FLOWS,
        26,
        "flowcontrol.apiserver.k8s.io/v1",
        FLOW,
    ),
    renamed(
        "storage.k8s.io/v1beta1",
        &["CSIStorageCapacity"],
        27,
        "storage.k8s.io/v1",
    ),
    reworked(
        "flowcontrol.apiserver.k8s.io/v1beta2",
        FLOWS,
        29,
        "flowcontrol.apiserver.k8s.io/v1",
        FLOW,
    ),
    renamed(
        "flowcontrol.apiserver.k8s.io/v1beta3",
        FLOWS,
        32,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
];

/// Every kind of the table.
const KINDS: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "FlowSchema",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Lease",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ReplicaSet",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "StatefulSet",
    "StorageClass",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// Manifests use versions of APIs that are still there.
pub static DEPRECATED_API: Control = Control::object(
    &Rule {
        id: "deprecated-api",
        title: "Manifests use versions of APIs that Kubernetes still serves",
        severity: Severity::Medium,
        category: "lifecycle",
        why: "A version of an API that was removed is refused: the manifest can't be applied to a current cluster, and the upgrade of an old one breaks whatever deploys it.",
        remediation: "Change apiVersion to the one that replaced it, and what the new version wants besides.",
        test: "kubectl apply --dry-run=server -f FILE",
        references: &[DEPRECATION],
        mappings: &[],
        aliases: &["kube-linter:no-extensions-v1beta", "trivy:KSV-0107"],
    },
    KINDS,
    deprecated_api,
);

fn deprecated_api(object: &ObjectContext<'_>, sink: &mut Sink) {
    let written = object.root().get("apiVersion");
    let Some(api) = written.and_then(Node::as_str) else {
        return;
    };
    let Some(removed) = REMOVED
        .iter()
        .find(|removed| removed.api == api && removed.kinds.contains(&object.kind()))
    else {
        return;
    };
    let path = Path::object("apiVersion");
    let message = format!(
        "Kubernetes 1.{} removed {} of {api}: newer clusters refuse the manifest",
        removed.minor,
        object.kind()
    );
    let spec = object.root().get("spec");
    let selected = spec
        .and_then(|spec| spec.get("selector"))
        .is_some_and(|selector| !selector.is_empty());
    // An empty selector of a budget meant nothing once and means everything now.
    let changed = removed.now == "policy/v1"
        && spec.is_some_and(|spec| spec.get("selector").is_some_and(|s| s.is_empty()));
    let simple = removed.also.is_empty() && !changed || removed.also == SELECTOR && selected;
    let remedy = if removed.now.is_empty() {
        Remedy::manual("Replace it", removed.also)
    } else if simple {
        Remedy::new("Use the version that replaced it").set(path.clone(), removed.now)
    } else if changed {
        Remedy::manual(
            format!("Change it to {}", removed.now),
            "An empty selector means every pod of the namespace there.",
        )
    } else {
        Remedy::manual(format!("Change it to {}", removed.now), removed.also)
    };
    sink.report(
        Violation::new("apiVersion", path, message)
            .observed(written)
            .remedy(remedy),
    );
}

/// Pods are kept by a controller.
pub static NAKED_POD: Control = Control::workload(
    &Rule {
        id: "naked-pod",
        title: "Long-running pods are kept by a controller",
        severity: Severity::Low,
        category: "reliability",
        why: "A pod without a controller is gone when its node is: nothing starts it again elsewhere, and it can't be rolled to a new version.",
        remediation: "Make it a Deployment, StatefulSet, DaemonSet or Job.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(.metadata.ownerReferences == null) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &["https://kubernetes.io/docs/concepts/workloads/pods/#working-with-pods"],
        mappings: &[],
        aliases: &["kubescape:C-0073"],
    },
    naked_pod,
);

fn naked_pod(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if workload.kind() != "Pod" {
        return;
    }
    let metadata = workload.root().get("metadata");
    let owned = metadata
        .and_then(|metadata| metadata.get("ownerReferences"))
        .is_some_and(|owners| !owners.is_empty());
    // The kubelet keeps static pods; hooks and tests of charts come and go.
    let kept = workload.object.annotations().any(|(key, _)| {
        matches!(
            key,
            "kubernetes.io/config.mirror" | "kubernetes.io/config.source" | "helm.sh/hook"
        )
    });
    let once = workload.pods().all(|(_, pod)| {
        matches!(
            pod.spec.get("restartPolicy").and_then(Node::as_str),
            Some("Never" | "OnFailure")
        )
    });
    if owned || kept || once {
        return;
    }
    sink.report(
        Violation::new(
            "kind",
            Path::object("kind"),
            "no controller keeps the pod: when its node goes, it is gone",
        )
        .observed(workload.root().get("kind"))
        .remedy(Remedy::manual(
            "Make it a Deployment or a Job",
            "Whether it runs on and on, once, or on every node.",
        )),
    );
}

/// Finished jobs go away.
pub static JOB_TTL_MISSING: Control = Control::object(
    &Rule {
        id: "job-ttl-missing",
        title: "Finished Jobs are removed",
        severity: Severity::Info,
        category: "lifecycle",
        why: "A Job and its pods stay after they end, with their logs and environment, until somebody deletes them: thousands of them slow the API server down.",
        remediation: "Set spec.ttlSecondsAfterFinished.",
        test: "kubectl get jobs -A -o json | jq -r '.items[] | select(.spec.ttlSecondsAfterFinished == null) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
        ],
        mappings: &[],
        aliases: &["kube-linter:job-ttl-seconds-after-finished"],
    },
    &["batch/Job"],
    job_ttl_missing,
);

fn job_ttl_missing(object: &ObjectContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "spec.ttlSecondsAfterFinished";
    let set = object
        .root()
        .get("spec")
        .and_then(|spec| spec.get("ttlSecondsAfterFinished"));
    let metadata = object.root().get("metadata");
    // A CronJob keeps as many as its history says, and a chart its hooks.
    let owned = metadata
        .and_then(|metadata| metadata.get("ownerReferences"))
        .is_some_and(|owners| !owners.is_empty());
    let hook = object
        .object
        .annotation("helm.sh/hook-delete-policy")
        .is_some()
        || object
            .object
            .annotation("argocd.argoproj.io/hook-delete-policy")
            .is_some();
    if set.is_some_and(|set| !set.is_null()) || owned || hook {
        return;
    }
    sink.report(
        Violation::new(
            "ttlSecondsAfterFinished",
            Path::object(FIELD),
            "the Job stays after it has ended, until somebody deletes it",
        )
        .remedy(
            Remedy::new("Remove it a day after it has ended")
                .set(Path::object(FIELD), 86_400_i64)
                .decision(
                    "Its logs and outcome are gone after that day unless they are kept elsewhere.",
                ),
        ),
    );
}

/// Runs of a CronJob do not overlap unnoticed.
pub static CRONJOB_CONCURRENCY: Control = Control::object(
    &Rule {
        id: "cronjob-concurrency",
        title: "CronJobs say what happens when a run takes too long",
        severity: Severity::Info,
        category: "reliability",
        why: "Unless told otherwise a CronJob starts its next run while the last still works: two backups write one file, and a job that hangs piles up pod after pod.",
        remediation: "Set concurrencyPolicy to Forbid or Replace; write Allow where runs may overlap.",
        test: "kubectl get cronjobs -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,POLICY:.spec.concurrencyPolicy",
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy",
        ],
        mappings: &[attack("T1053.007")],
        aliases: &[],
    },
    &["batch/CronJob"],
    cronjob_concurrency,
);

fn cronjob_concurrency(object: &ObjectContext<'_>, sink: &mut Sink) {
    const FIELD: &str = "spec.concurrencyPolicy";
    let set = object
        .root()
        .get("spec")
        .and_then(|spec| spec.get("concurrencyPolicy"));
    if set.is_some_and(|set| !set.is_null()) {
        return;
    }
    sink.report(
        Violation::new("concurrencyPolicy", Path::object(FIELD), "a run starts while the last one still works").remedy(
            Remedy::new("Skip a run while the last one works")
                .set(Path::object(FIELD), "Forbid")
                .decision("A run that hangs keeps the next ones away: set spec.jobTemplate.spec.activeDeadlineSeconds too."),
        ),
    );
}

/// Tiller is gone.
pub static TILLER_PRESENT: Control = Control::pod(
    &Rule {
        id: "tiller-present",
        title: "Helm 2's Tiller does not run",
        severity: Severity::Critical,
        category: "lifecycle",
        why: "Tiller installs whatever it is asked to, with cluster-admin in most clusters, and asks nobody who he is: every pod that reaches its port owns the cluster. Helm 2 has had no fixes since 2020.",
        remediation: "Move to Helm 3, which has no Tiller, and delete the deployment and its binding.",
        test: "kubectl get deployments -A | grep -i tiller",
        references: &["https://helm.sh/docs/topics/v2_v3_migration/"],
        mappings: &[cis("5.1.1"), attack("T1610")],
        aliases: &["trivy:KSV-0102"],
    },
    tiller_present,
);

fn tiller_present(pod: &PodContext<'_>, sink: &mut Sink) {
    for container in pod.containers() {
        let image = container.image().unwrap_or_default();
        let name = image
            .rsplit('/')
            .next()
            .and_then(|name| name.split([':', '@']).next());
        if name == Some("tiller") {
            sink.report(
                Violation::of(
                    container,
                    "image",
                    "the container is Tiller, which installs whatever any pod asks of it",
                )
                .observed(container.get("image"))
                .remedy(Remedy::manual(
                    "Move to Helm 3 and remove Tiller",
                    "Which releases must be moved: `helm 2to3` does it.",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_kinds_are_those_of_the_table() {
        let table: BTreeSet<&str> = REMOVED
            .iter()
            .flat_map(|removed| removed.kinds.iter().copied())
            .collect();
        let listed: BTreeSet<&str> = KINDS.iter().copied().collect();
        assert_eq!(table, listed);
    }

    #[test]
    fn each_kind_of_a_version_is_there_once() {
        let mut seen = BTreeSet::new();
        for removed in REMOVED {
            for kind in removed.kinds {
                assert!(seen.insert((removed.api, kind)), "{} {kind}", removed.api);
            }
        }
    }
}
