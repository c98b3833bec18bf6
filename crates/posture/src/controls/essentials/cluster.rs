//! Namespaces, webhooks and volumes: what an administrator sets up.

use plimsoll_manifest::{FieldPath, Node};
use plimsoll_model::{Rule, Severity};

use super::words::{HOST_PATH, NAMESPACES, attack, cis, nist, nsa, pci};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

const PSA: &str = "https://kubernetes.io/docs/concepts/security/pod-security-admission/";
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Namespaces that Kubernetes itself needs as they are.
fn is_system(name: &str) -> bool {
    matches!(name, "kube-system" | "kube-public" | "kube-node-lease")
}

fn enforce_path() -> Path {
    Path::object(
        FieldPath::new()
            .key("metadata")
            .key("labels")
            .key(ENFORCE)
            .to_string(),
    )
}

/// Namespaces have a Pod Security level.
pub static PSA_MISSING: Control = Control::object(
    &Rule {
        id: "namespace-psa-missing",
        title: "Namespaces enforce a Pod Security level",
        severity: Severity::Medium,
        category: "pod-security",
        why: "Without the label the API server lets any pod in, privileged ones too: whoever may create pods there can take a node.",
        remediation: "Label the namespace with pod-security.kubernetes.io/enforce: baseline or restricted; try it first with warn.",
        test: "kubectl get namespaces -L pod-security.kubernetes.io/enforce",
        references: &[PSA],
        mappings: &[
            cis("5.2.1"),
            nsa("Pod security enforcement"),
            attack("T1610"),
            nist("4.4.3"),
            pci("2.2.6"),
        ],
        aliases: &["kubescape:C-0192"],
    },
    &["/Namespace"],
    psa_missing,
);

fn psa_missing(object: &ObjectContext<'_>, sink: &mut Sink) {
    let labelled = object
        .object
        .labels()
        .any(|(key, value)| key == ENFORCE && !value.is_empty());
    if labelled || is_system(object.name()) {
        return;
    }
    let decision = "Pods below the level are refused from then on, at their next start: set pod-security.kubernetes.io/warn first and read the warnings.";
    let remedy = |summary: &'static str, level: &'static str| {
        Remedy::new(summary)
            .set(enforce_path(), level)
            .decision(decision)
    };
    sink.report(
        Violation::new(
            ENFORCE,
            enforce_path(),
            "the namespace enforces no Pod Security level: privileged pods are let in",
        )
        .remedy(remedy("Enforce the level baseline", "baseline"))
        .remedy(remedy("Enforce the level restricted", "restricted")),
    );
}

/// No namespace is privileged.
pub static PSA_PRIVILEGED: Control = Control::object(
    &Rule {
        id: "namespace-psa-privileged",
        title: "Namespaces enforce a Pod Security level that restricts something",
        severity: Severity::Medium,
        category: "pod-security",
        why: "The level `privileged` lets everything in. It is right for a few namespaces of node agents, and there only with few who may create pods.",
        remediation: "Enforce baseline or restricted; move what needs more to a namespace of its own.",
        test: "kubectl get namespaces -l pod-security.kubernetes.io/enforce=privileged",
        references: &[PSA],
        mappings: &[
            cis("5.2.1"),
            nsa("Pod security enforcement"),
            attack("T1610"),
            nist("4.4.3"),
            pci("2.2.6"),
        ],
        aliases: &[],
    },
    &["/Namespace"],
    psa_privileged,
);

fn psa_privileged(object: &ObjectContext<'_>, sink: &mut Sink) {
    let label = object
        .root()
        .get("metadata")
        .and_then(|metadata| metadata.get("labels")?.get(ENFORCE));
    if label.and_then(Node::scalar_text) != Some("privileged") || is_system(object.name()) {
        return;
    }
    sink.report(
        Violation::new(ENFORCE, enforce_path(), "the namespace enforces the level privileged, which lets every pod in")
            .observed(label)
            .remedy(
                Remedy::new("Enforce the level baseline")
                    .set(enforce_path(), "baseline")
                    .decision("Pods that need more are refused at their next start: move them to a namespace of their own first."),
            ),
    );
}

/// Namespaces have a default for containers.
pub static LIMIT_RANGE_MISSING: Control = Control::object(
    &Rule {
        id: "namespace-limit-range-missing",
        title: "Namespaces have a LimitRange",
        severity: Severity::Info,
        category: "reliability",
        why: "A LimitRange gives containers that say nothing a request and a limit; without it one forgotten field is a container without bounds.",
        remediation: "Add a LimitRange with default and defaultRequest for containers.",
        test: "kubectl get limitranges -A",
        references: &["https://kubernetes.io/docs/concepts/policy/limit-range/"],
        mappings: &[nsa("Resource policies")],
        aliases: &["trivy:KSV-0039"],
    },
    &["/Namespace"],
    limit_range_missing,
);

fn limit_range_missing(object: &ObjectContext<'_>, sink: &mut Sink) {
    if is_system(object.name()) || !object.inventory.limit_ranges(object.name()).is_empty() {
        return;
    }
    sink.report(
        Violation::new(
            "limit range",
            Path::object("metadata.name"),
            "no LimitRange gives the namespace's containers a default",
        )
        .observed(
            object
                .root()
                .get("metadata")
                .and_then(|metadata| metadata.get("name")),
        )
        .remedy(Remedy::manual(
            "Add a LimitRange",
            "Which request and limit suit containers that say nothing.",
        )),
    );
}

/// Namespaces have a quota.
pub static RESOURCE_QUOTA_MISSING: Control = Control::object(
    &Rule {
        id: "namespace-resource-quota-missing",
        title: "Namespaces have a ResourceQuota",
        severity: Severity::Info,
        category: "reliability",
        why: "Without a quota one namespace, by mistake or by a stolen token, takes all of the cluster's capacity.",
        remediation: "Add a ResourceQuota for CPU, memory, volumes and the number of objects.",
        test: "kubectl get resourcequotas -A",
        references: &[
            "https://kubernetes.io/docs/concepts/policy/resource-quotas/",
            NAMESPACES,
        ],
        mappings: &[nsa("Resource policies"), attack("T1496")],
        aliases: &["trivy:KSV-0040"],
    },
    &["/Namespace"],
    resource_quota_missing,
);

fn resource_quota_missing(object: &ObjectContext<'_>, sink: &mut Sink) {
    if is_system(object.name()) || !object.inventory.resource_quotas(object.name()).is_empty() {
        return;
    }
    sink.report(
        Violation::new(
            "resource quota",
            Path::object("metadata.name"),
            "no ResourceQuota bounds what the namespace takes of the cluster",
        )
        .observed(
            object
                .root()
                .get("metadata")
                .and_then(|metadata| metadata.get("name")),
        )
        .remedy(Remedy::manual(
            "Add a ResourceQuota",
            "How much the namespace may take: what it uses, and room to grow.",
        )),
    );
}

const WEBHOOK_PRACTICE: &str =
    "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/";

/// Checks of admission hold when the checker is away.
pub static WEBHOOK_FAILURE_IGNORE: Control = Control::object(
    &Rule {
        id: "webhook-failure-policy-ignore",
        title: "Validating webhooks refuse when they can't be asked",
        severity: Severity::Medium,
        category: "lifecycle",
        why: "With failurePolicy Ignore everything passes while the webhook is away: whoever can overload or delete it gets past the policy.",
        remediation: "Set failurePolicy to Fail, run several replicas, and leave kube-system and the webhook's own namespace out by namespaceSelector.",
        test: "kubectl get validatingwebhookconfigurations -o json | jq -r '.items[] | .metadata.name as $n | .webhooks[] | select(.failurePolicy == \"Ignore\") | $n + \" \" + .name'",
        references: &[WEBHOOK_PRACTICE],
        mappings: &[attack("T1562"), nist("4.3.2")],
        aliases: &[],
    },
    &["admissionregistration.k8s.io/ValidatingWebhookConfiguration"],
    webhook_failure_ignore,
);

fn webhook_failure_ignore(object: &ObjectContext<'_>, sink: &mut Sink) {
    for (index, name, webhook) in webhooks(object) {
        let policy = webhook
            .get("failurePolicy")
            .filter(|policy| !policy.is_null());
        let ignores = match policy.and_then(Node::as_str) {
            Some(policy) => policy == "Ignore",
            None => is_beta(object),
        };
        if !ignores {
            continue;
        }
        let path = Path::object(format!("webhooks[{index}].failurePolicy"));
        sink.report(
            Violation::new(format!("webhook {name}"), path.clone(), "everything passes while the webhook can't be asked")
                .observed(policy)
                .remedy(Remedy::new("Refuse while the webhook can't be asked").set(path, "Fail").decision(
                    "While the webhook is away nothing it is asked about can be changed: run several replicas, and leave kube-system and its own namespace out.",
                )),
        );
    }
}

/// Webhooks answer soon.
pub static WEBHOOK_TIMEOUT: Control = Control::object(
    &Rule {
        id: "webhook-timeout",
        title: "Webhooks that can refuse answer within ten seconds",
        severity: Severity::Low,
        category: "lifecycle",
        why: "Each request waits for each webhook. One that hangs and has half a minute for it holds up all requests it is asked about, those of controllers and kubelets too.",
        remediation: "Set timeoutSeconds to a few seconds.",
        test: "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o json | jq -r '.items[] | .metadata.name as $n | .webhooks[] | select(.timeoutSeconds > 10) | $n + \" \" + .name'",
        references: &[WEBHOOK_PRACTICE],
        mappings: &[],
        aliases: &[],
    },
    &[
        "admissionregistration.k8s.io/MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
    ],
    webhook_timeout,
);

fn webhook_timeout(object: &ObjectContext<'_>, sink: &mut Sink) {
    for (index, name, webhook) in webhooks(object) {
        let written = webhook
            .get("timeoutSeconds")
            .filter(|timeout| !timeout.is_null());
        let message = match written.and_then(Node::as_i64) {
            Some(seconds) if seconds > 10 => {
                "requests wait for the webhook for more than ten seconds when it hangs"
            }
            None if is_beta(object) => {
                "requests wait for the webhook for thirty seconds when it hangs: it names no timeout"
            }
            _ => continue,
        };
        let path = Path::object(format!("webhooks[{index}].timeoutSeconds"));
        sink.report(
            Violation::new(format!("webhook {name}"), path.clone(), message)
                .observed(written)
                .remedy(Remedy::new("Wait for ten seconds at most").set(path, 10_i64)),
        );
    }
}

fn webhooks<'a>(object: &ObjectContext<'a>) -> impl Iterator<Item = (usize, &'a str, Node<'a>)> {
    let list = object.root().get("webhooks");
    list.into_iter()
        .flat_map(Node::items)
        .enumerate()
        .map(|(index, webhook)| {
            let name = webhook
                .get("name")
                .and_then(Node::scalar_text)
                .unwrap_or_default();
            (index, name, webhook)
        })
}

/// `v1beta1` ignores failures and waits for thirty seconds by default.
fn is_beta(object: &ObjectContext<'_>) -> bool {
    object.object.asset.object.api_version.ends_with("/v1beta1")
}

/// Volumes are not the node's disk.
pub static HOST_PATH_VOLUME: Control = Control::object(
    &Rule {
        id: "persistent-volume-host-path",
        title: "PersistentVolumes are not paths of the node",
        severity: Severity::Medium,
        category: "pod-security",
        why: "A claim on such a volume mounts the node's own folder, past what Pod Security says of hostPath in pods. And the data is there on one node only.",
        remediation: "Use a storage class of a CSI driver, or a `local` volume with a node affinity for disks that are made for it.",
        test: "kubectl get persistentvolumes -o json | jq -r '.items[] | select(.spec.hostPath) | .metadata.name + \" \" + .spec.hostPath.path'",
        references: &[
            HOST_PATH,
            "https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
        ],
        mappings: &[cis("5.2.11"), attack("T1611"), nist("4.5.5")],
        aliases: &[],
    },
    &["/PersistentVolume"],
    host_path_volume,
);

fn host_path_volume(object: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(source) = object
        .root()
        .get("spec")
        .and_then(|spec| spec.get("hostPath"))
        .filter(|source| !source.is_null())
    else {
        return;
    };
    sink.report(
        Violation::new(
            "hostPath",
            Path::object("spec.hostPath.path"),
            "the volume is a folder of the node: whoever claims it reads and writes there",
        )
        .observed(source.get("path"))
        .remedy(Remedy::manual(
            "Use storage that is made for it",
            "Which storage class or CSI driver; the data must be moved.",
        )),
    );
}
