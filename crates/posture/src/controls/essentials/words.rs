//! What the words of these controls share: frameworks and sources.

use plimsoll_model::Mapping;

/// A recommendation of the CIS Kubernetes Benchmark 1.12.
pub(super) const fn cis(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "CIS Kubernetes 1.12",
        requirement,
    }
}

/// A section of the NSA/CISA Kubernetes Hardening Guidance 1.2.
pub(super) const fn nsa(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "NSA/CISA 1.2",
        requirement,
    }
}

/// A technique of the ATT&CK matrix for containers that is made harder.
pub(super) const fn attack(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "ATT&CK Containers",
        requirement,
    }
}

/// A countermeasure of NIST SP 800-190.
pub(super) const fn nist(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "NIST 800-190",
        requirement,
    }
}

/// A requirement of PCI DSS 4.0.
pub(super) const fn pci(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "PCI DSS 4.0",
        requirement,
    }
}

/// Kubernetes' page on images.
pub(super) const IMAGES: &str = "https://kubernetes.io/docs/concepts/containers/images/";
/// Kubernetes' page on requests and limits.
pub(super) const RESOURCES: &str =
    "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/";
/// Kubernetes' page on probes.
pub(super) const PROBES: &str =
    "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/";
/// Kubernetes' page on service accounts.
pub(super) const SERVICE_ACCOUNTS: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/";
/// Kubernetes' advice on roles.
pub(super) const RBAC: &str = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/";
/// Kubernetes' page on network policies.
pub(super) const NETWORK_POLICIES: &str =
    "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
/// Kubernetes' page on services.
pub(super) const SERVICES: &str =
    "https://kubernetes.io/docs/concepts/services-networking/service/";
/// Kubernetes' page on ingresses.
pub(super) const INGRESS: &str = "https://kubernetes.io/docs/concepts/services-networking/ingress/";
/// Kubernetes' page on host paths.
pub(super) const HOST_PATH: &str = "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath";
/// Kubernetes' advice on secrets.
pub(super) const SECRETS: &str =
    "https://kubernetes.io/docs/concepts/security/secrets-good-practices/";
/// Kubernetes' page on disruptions.
pub(super) const DISRUPTIONS: &str =
    "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/";
/// Kubernetes' page on namespaces.
pub(super) const NAMESPACES: &str =
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/";
/// Kubernetes' checklist.
pub(super) const CHECKLIST: &str =
    "https://kubernetes.io/docs/concepts/security/security-checklist/";
/// The hardening guidance of NSA and CISA.
pub(super) const NSA_GUIDE: &str = "https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF";
