//! Which kinds live in a namespace.

/// Groups all of whose kinds are cluster-scoped.
const CLUSTER_GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.crossplane.io",
    "config.openshift.io",
    "constraints.gatekeeper.sh",
    "flowcontrol.apiserver.k8s.io",
    "mutations.gatekeeper.sh",
    "pkg.crossplane.io",
    "plimsoll.dev",
    "templates.gatekeeper.sh",
];

/// Cluster-scoped kinds by group: Kubernetes' own, then those of common
/// extensions. Sorted, for the binary search.
const CLUSTER_KINDS: &[(&str, &str)] = &[
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("aquasecurity.github.io", "ClusterComplianceReport"),
    ("aquasecurity.github.io", "ClusterConfigAuditReport"),
    ("aquasecurity.github.io", "ClusterRbacAssessmentReport"),
    ("aquasecurity.github.io", "ClusterVulnerabilityReport"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("authentication.k8s.io", "SelfSubjectReview"),
    ("authentication.k8s.io", "TokenReview"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("cert-manager.io", "ClusterIssuer"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("cilium.io", "CiliumBGPClusterConfig"),
    ("cilium.io", "CiliumCIDRGroup"),
    ("cilium.io", "CiliumClusterwideEnvoyConfig"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("cilium.io", "CiliumEgressGatewayPolicy"),
    ("cilium.io", "CiliumExternalWorkload"),
    ("cilium.io", "CiliumIdentity"),
    ("cilium.io", "CiliumL2AnnouncementPolicy"),
    ("cilium.io", "CiliumLoadBalancerIPPool"),
    ("cilium.io", "CiliumNode"),
    ("cilium.io", "TracingPolicy"),
    ("crd.projectcalico.org", "BGPConfiguration"),
    ("crd.projectcalico.org", "BGPPeer"),
    ("crd.projectcalico.org", "ClusterInformation"),
    ("crd.projectcalico.org", "FelixConfiguration"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkSet"),
    ("crd.projectcalico.org", "HostEndpoint"),
    ("crd.projectcalico.org", "IPPool"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterPushSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("karpenter.k8s.aws", "EC2NodeClass"),
    ("karpenter.sh", "NodeClaim"),
    ("karpenter.sh", "NodePool"),
    ("kueue.x-k8s.io", "AdmissionCheck"),
    ("kueue.x-k8s.io", "ClusterQueue"),
    ("kueue.x-k8s.io", "ResourceFlavor"),
    ("kyverno.io", "ClusterAdmissionReport"),
    ("kyverno.io", "ClusterCleanupPolicy"),
    ("kyverno.io", "ClusterPolicy"),
    ("kyverno.io", "GlobalContextEntry"),
    ("metrics.k8s.io", "NodeMetrics"),
    ("networking.gke.io", "GKENetworkParamSet"),
    ("networking.internal.knative.dev", "ClusterDomainClaim"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("openreports.io", "ClusterReport"),
    ("operator.tigera.io", "APIServer"),
    ("operator.tigera.io", "Installation"),
    ("policies.kubewarden.io", "ClusterAdmissionPolicy"),
    ("policies.kubewarden.io", "ClusterAdmissionPolicyGroup"),
    ("policies.kubewarden.io", "PolicyServer"),
    ("policies.kyverno.io", "GeneratingPolicy"),
    ("policies.kyverno.io", "ImageValidatingPolicy"),
    ("policies.kyverno.io", "MutatingPolicy"),
    ("policies.kyverno.io", "ValidatingPolicy"),
    ("policy", "PodSecurityPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkSet"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("secrets-store.csi.x-k8s.io", "SecretProviderClassPodStatus"),
    ("security.openshift.io", "SecurityContextConstraints"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
    ("tekton.dev", "ClusterTask"),
    ("topology.node.k8s.io", "NodeResourceTopology"),
    ("trust.cert-manager.io", "Bundle"),
    ("wgpolicyk8s.io", "ClusterPolicyReport"),
];

/// Whether objects of this kind have no namespace, whatever is written in them.
///
/// Kubernetes' own kinds and those of common extensions are known; every other
/// kind counts as namespaced, since nearly all are.
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    CLUSTER_GROUPS.binary_search(&group).is_ok()
        || CLUSTER_KINDS.binary_search(&(group, kind)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(CLUSTER_GROUPS.is_sorted());
        assert!(CLUSTER_KINDS.is_sorted());
    }

    #[test]
    fn kinds_have_their_scope() {
        let check = |group: &str, kind: &str, expect: bool| {
            assert_eq!(is_cluster_scoped(group, kind), expect, "{group}/{kind}");
        };
        check("", "Namespace", true);
        check("", "Node", true);
        check("", "PersistentVolume", true);
        check("", "PersistentVolumeClaim", false);
        check("", "Pod", false);
        check("", "ServiceAccount", false);
        check("apps", "Deployment", false);
        check("rbac.authorization.k8s.io", "ClusterRole", true);
        check("rbac.authorization.k8s.io", "Role", false);
        check("rbac.authorization.k8s.io", "RoleBinding", false);
        check("networking.k8s.io", "IngressClass", true);
        check("networking.k8s.io", "Ingress", false);
        check("networking.k8s.io", "NetworkPolicy", false);
        check(
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy",
            true,
        );
        check("constraints.gatekeeper.sh", "K8sRequiredLabels", true);
        check("kyverno.io", "ClusterPolicy", true);
        check("kyverno.io", "Policy", false);
        check("cert-manager.io", "ClusterIssuer", true);
        check("cert-manager.io", "Issuer", false);
        check("gateway.networking.k8s.io", "GatewayClass", true);
        check("gateway.networking.k8s.io", "Gateway", false);
        // A kind of the same name in a group that is not known.
        check("example.com", "Node", false);
        check("example.com", "ClusterPolicy", false);
    }
}
