//! Versions of APIs that Kubernetes no longer serves.

use plimsoll_manifest::Node;
use plimsoll_model::{Rule, Severity};

use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

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
    let api = object.object.document.api_version();
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
    sink.report(
        Violation::new("apiVersion", path, message)
            .observed(written)
            .remedy(remedy(object, removed)),
    );
}

/// The new version alone where nothing else changed for this object, with what
/// the new version no longer has taken out.
fn remedy(object: &ObjectContext<'_>, removed: &Removed) -> Remedy {
    if removed.now.is_empty() {
        return Remedy::manual("Replace it", removed.also);
    }
    let manual = |also| Remedy::manual(format!("Change it to {}", removed.now), also);
    if object.root().get("apiVersion").is_none() {
        return manual(
            "The version is that of the list it is an item of: read the list again in the new one.",
        );
    }
    let field = |name: &str| object.root().get("spec")?.get(name);
    let selector = field("selector");
    let mut renamed = Remedy::new("Use the version that replaced it")
        .set(Path::object("apiVersion"), removed.now);
    match removed.also {
        // An empty selector of a budget meant nothing once.
        "" if removed.now == "policy/v1" && selector.is_some_and(Node::is_empty) => {
            manual("An empty selector means every pod of the namespace there.")
        }
        "" if object.root().get("subjects").is_some_and(has_old_subjects) => manual(
            "Subjects name their apiGroup there instead of an apiVersion, and all who log in are the group system:authenticated, not the user `*`.",
        ),
        "" => renamed,
        SELECTOR if selector.is_some_and(|selector| !selector.is_empty()) => {
            for gone in ["rollbackTo", "templateGeneration"] {
                if field(gone).is_some() {
                    renamed = renamed.remove(Path::object(format!("spec.{gone}")));
                }
            }
            renamed
        }
        also => manual(also),
    }
}

/// Whether subjects of a binding are written as only its first version had them.
fn has_old_subjects(subjects: Node<'_>) -> bool {
    subjects.items().any(|subject| {
        subject.get("apiVersion").is_some()
            || subject.get("name").and_then(Node::as_str) == Some("*")
    })
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
