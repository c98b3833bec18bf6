//! What is forgotten: pods nobody keeps, jobs nobody cleans up, Helm 2.

use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Severity};

use super::words::{attack, cis};
use crate::{Control, ObjectContext, Path, PodContext, Remedy, Sink, Violation};

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
