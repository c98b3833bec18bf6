//! What is looked at in a cluster, and why: one table, of which the watcher's
//! lists and the permissions that it needs are both made.
// Sorted by group and kind; a test holds it to that.

/// Whose kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Kubernetes itself.
    Kubernetes,
    /// An extension, which a cluster need not have.
    Extension,
    /// Plimsoll's own resources.
    Plimsoll,
}

/// One kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its group; empty for the core group.
    pub group: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    /// What it is looked at for.
    pub why: &'static str,
    /// Whose it is.
    pub origin: Origin,
}

impl Kind {
    /// `apps/Deployment`, or `Pod` for the core group.
    #[must_use]
    pub fn name(&self) -> String {
        if self.group.is_empty() {
            self.kind.to_owned()
        } else {
            format!("{}/{}", self.group, self.kind)
        }
    }
}

const fn own(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    why: &'static str,
) -> Kind {
    Kind {
        group,
        kind,
        plural,
        why,
        origin: Origin::Kubernetes,
    }
}

const fn ext(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    why: &'static str,
) -> Kind {
    Kind {
        group,
        kind,
        plural,
        why,
        origin: Origin::Extension,
    }
}

const fn line(kind: &'static str, plural: &'static str) -> Kind {
    Kind {
        group: "plimsoll.dev",
        kind,
        plural,
        why: LINE,
        origin: Origin::Plimsoll,
    }
}

const WORKLOAD: &str = "workloads: their pod templates are judged";
const EXPOSURE: &str = "exposure: what can be reached from where";
const ISOLATION: &str = "isolation: which traffic is allowed";
const IDENTITY: &str = "identities: who may do what";
const ADMISSION: &str = "coverage: what admission enforces or exempts";
const STORAGE: &str = "what pods' claims lead to";
const LIMITS: &str = "limits and availability of workloads";
const LINE: &str = "the line: goals, classes, baselines and exceptions";
const SERVED: &str = "coverage: which APIs and kinds there are";

/// Every kind that is looked at.
pub const KINDS: &[Kind] = &[
    own("", "LimitRange", "limitranges", LIMITS),
    own(
        "",
        "Namespace",
        "namespaces",
        "scope: labels of namespaces, Pod Security levels",
    ),
    own(
        "",
        "Node",
        "nodes",
        "versions and health of nodes, where pods run",
    ),
    own("", "PersistentVolume", "persistentvolumes", STORAGE),
    own(
        "",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        STORAGE,
    ),
    own(
        "",
        "Pod",
        "pods",
        "what runs: images by digest, what admission changed",
    ),
    own("", "PodTemplate", "podtemplates", WORKLOAD),
    own(
        "",
        "ReplicationController",
        "replicationcontrollers",
        WORKLOAD,
    ),
    own("", "ResourceQuota", "resourcequotas", LIMITS),
    own("", "Service", "services", EXPOSURE),
    own("", "ServiceAccount", "serviceaccounts", IDENTITY),
    own(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy",
        "mutatingadmissionpolicies",
        ADMISSION,
    ),
    own(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
        ADMISSION,
    ),
    own(
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        ADMISSION,
    ),
    own(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        ADMISSION,
    ),
    own(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        ADMISSION,
    ),
    own(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        ADMISSION,
    ),
    own(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        SERVED,
    ),
    own(
        "apiregistration.k8s.io",
        "APIService",
        "apiservices",
        SERVED,
    ),
    own("apps", "DaemonSet", "daemonsets", WORKLOAD),
    own("apps", "Deployment", "deployments", WORKLOAD),
    own(
        "apps",
        "ReplicaSet",
        "replicasets",
        "owners between pods and Deployments",
    ),
    own("apps", "StatefulSet", "statefulsets", WORKLOAD),
    ext(
        "apps.kruise.io",
        "AdvancedCronJob",
        "advancedcronjobs",
        WORKLOAD,
    ),
    ext("apps.kruise.io", "BroadcastJob", "broadcastjobs", WORKLOAD),
    ext("apps.kruise.io", "CloneSet", "clonesets", WORKLOAD),
    ext("apps.kruise.io", "DaemonSet", "daemonsets", WORKLOAD),
    ext("apps.kruise.io", "StatefulSet", "statefulsets", WORKLOAD),
    ext("argoproj.io", "Rollout", "rollouts", WORKLOAD),
    own(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        LIMITS,
    ),
    own("batch", "CronJob", "cronjobs", WORKLOAD),
    own("batch", "Job", "jobs", WORKLOAD),
    ext(
        "cilium.io",
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
        ISOLATION,
    ),
    ext(
        "cilium.io",
        "CiliumNetworkPolicy",
        "ciliumnetworkpolicies",
        ISOLATION,
    ),
    ext(
        "crd.projectcalico.org",
        "GlobalNetworkPolicy",
        "globalnetworkpolicies",
        ISOLATION,
    ),
    ext(
        "crd.projectcalico.org",
        "NetworkPolicy",
        "networkpolicies",
        ISOLATION,
    ),
    own(
        "discovery.k8s.io",
        "EndpointSlice",
        "endpointslices",
        EXPOSURE,
    ),
    ext(
        "gateway.networking.k8s.io",
        "GRPCRoute",
        "grpcroutes",
        EXPOSURE,
    ),
    ext("gateway.networking.k8s.io", "Gateway", "gateways", EXPOSURE),
    ext(
        "gateway.networking.k8s.io",
        "GatewayClass",
        "gatewayclasses",
        EXPOSURE,
    ),
    ext(
        "gateway.networking.k8s.io",
        "HTTPRoute",
        "httproutes",
        EXPOSURE,
    ),
    ext(
        "gateway.networking.k8s.io",
        "TCPRoute",
        "tcproutes",
        EXPOSURE,
    ),
    ext(
        "gateway.networking.k8s.io",
        "TLSRoute",
        "tlsroutes",
        EXPOSURE,
    ),
    ext(
        "gateway.networking.k8s.io",
        "UDPRoute",
        "udproutes",
        EXPOSURE,
    ),
    ext("keda.sh", "ScaledObject", "scaledobjects", LIMITS),
    own("networking.k8s.io", "Ingress", "ingresses", EXPOSURE),
    own(
        "networking.k8s.io",
        "IngressClass",
        "ingressclasses",
        EXPOSURE,
    ),
    own(
        "networking.k8s.io",
        "NetworkPolicy",
        "networkpolicies",
        ISOLATION,
    ),
    own(
        "node.k8s.io",
        "RuntimeClass",
        "runtimeclasses",
        "coverage: which pods run where no engine sees into",
    ),
    line("AssetClass", "assetclasses"),
    line("Baseline", "baselines"),
    line("PostureException", "postureexceptions"),
    line("PostureGoal", "posturegoals"),
    own(
        "policy",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        LIMITS,
    ),
    own(
        "rbac.authorization.k8s.io",
        "ClusterRole",
        "clusterroles",
        IDENTITY,
    ),
    own(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "clusterrolebindings",
        IDENTITY,
    ),
    own("rbac.authorization.k8s.io", "Role", "roles", IDENTITY),
    own(
        "rbac.authorization.k8s.io",
        "RoleBinding",
        "rolebindings",
        IDENTITY,
    ),
    ext(
        "serving.knative.dev",
        "Configuration",
        "configurations",
        WORKLOAD,
    ),
    ext("serving.knative.dev", "Revision", "revisions", WORKLOAD),
    ext("serving.knative.dev", "Service", "services", WORKLOAD),
    own("storage.k8s.io", "StorageClass", "storageclasses", STORAGE),
];

/// Secrets, which are looked at only where somebody asks for it. Their values
/// are never asked for; but RBAC has no permission for metadata alone, so that
/// whoever may list them could read them.
pub const SECRETS: Kind = own(
    "",
    "Secret",
    "secrets",
    "names and labels of Secrets (opted in; the permission covers their values, which are never asked for)",
);

/// The table, with Secrets where they are opted in.
pub fn table(secrets: bool) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain(secrets.then_some(&SECRETS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_kinds_is_sorted_and_names_each_once() {
        assert!(
            KINDS
                .iter()
                .map(|kind| (kind.group, kind.kind))
                .is_sorted_by(|a, b| a < b)
        );
    }

    #[test]
    fn no_secret_is_looked_at_unless_asked_for() {
        assert!(!table(false).any(|kind| kind.kind == "Secret" || kind.kind == "ConfigMap"));
        assert!(table(true).any(|kind| kind.kind == "Secret"));
    }
}
