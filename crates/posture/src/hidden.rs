//! What a control can't know where a kind of object can't be seen.
//!
//! Some controls find what is *not* there: no policy selects the pods. Where
//! policies can't be seen that proves nothing. Others find what is there: a
//! binding gives the account all rights. Where bindings can't be seen, silence
//! proves nothing.

/// How what a control says rests on a kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// It finds that none is there: its findings prove nothing.
    OnAbsence,
    /// It finds one that is there: its silence proves nothing.
    OnPresence,
}

use Rests::{OnAbsence, OnPresence};

/// Kinds, and the controls that rest on each of them.
type Row = (&'static [&'static str], &'static [(&'static str, Rests)]);

/// Controls by the kinds that they rest on, beside the kind they look at.
/// A kind is `group/Kind`, and `Kind` in the core group.
const TABLE: &[Row] = &[
    (
        &[
            "networking.k8s.io/NetworkPolicy",
            "cilium.io/CiliumNetworkPolicy",
            "cilium.io/CiliumClusterwideNetworkPolicy",
            "crd.projectcalico.org/NetworkPolicy",
            "crd.projectcalico.org/GlobalNetworkPolicy",
            "projectcalico.org/NetworkPolicy",
            "projectcalico.org/GlobalNetworkPolicy",
        ],
        &[
            ("network-policy-missing", OnAbsence),
            ("network-policy-egress-missing", OnAbsence),
            ("dashboard-exposed", OnAbsence),
        ],
    ),
    (
        &["LimitRange"],
        &[
            ("namespace-limit-range-missing", OnAbsence),
            ("resources-memory-limit", OnAbsence),
            ("resources-memory-request", OnAbsence),
            ("resources-cpu-request", OnAbsence),
            ("resources-cpu-limit", OnAbsence),
            ("resources-ephemeral-storage-limit", OnAbsence),
        ],
    ),
    (
        &["ResourceQuota"],
        &[("namespace-resource-quota-missing", OnAbsence)],
    ),
    (
        &["ServiceAccount"],
        &[
            ("token-automount", OnAbsence),
            ("token-automount", OnPresence),
        ],
    ),
    (
        &[
            "rbac.authorization.k8s.io/RoleBinding",
            "rbac.authorization.k8s.io/ClusterRoleBinding",
        ],
        &[
            ("token-automount", OnAbsence),
            ("workload-cluster-admin", OnPresence),
        ],
    ),
    (
        &[
            "rbac.authorization.k8s.io/Role",
            "rbac.authorization.k8s.io/ClusterRole",
        ],
        &[
            ("workload-cluster-admin", OnPresence),
            ("rbac-cluster-admin-binding", OnPresence),
            ("rbac-namespace-admin-binding", OnPresence),
        ],
    ),
    (
        &[
            "autoscaling/HorizontalPodAutoscaler",
            "keda.sh/ScaledObject",
        ],
        &[
            ("replicas-single", OnAbsence),
            ("pdb-missing", OnPresence),
            ("pdb-blocks-eviction", OnAbsence),
        ],
    ),
    (
        &["policy/PodDisruptionBudget"],
        &[("pdb-missing", OnAbsence)],
    ),
    (
        &[
            "Service",
            "networking.k8s.io/Ingress",
            "gateway.networking.k8s.io/Gateway",
            "gateway.networking.k8s.io/HTTPRoute",
            "gateway.networking.k8s.io/GRPCRoute",
            "gateway.networking.k8s.io/TCPRoute",
            "gateway.networking.k8s.io/TLSRoute",
            "gateway.networking.k8s.io/UDPRoute",
        ],
        &[("dashboard-exposed", OnPresence)],
    ),
    (
        &[
            "Pod",
            "apps/Deployment",
            "apps/StatefulSet",
            "apps/DaemonSet",
            "apps/ReplicaSet",
            "ReplicationController",
            "batch/Job",
            "batch/CronJob",
        ],
        &[
            ("service-selector-dangling", OnAbsence),
            ("hpa-dangling", OnAbsence),
            ("pdb-blocks-eviction", OnPresence),
        ],
    ),
];

/// The controls that rest on this kind of object, by id.
pub fn resting_on(kind: &str) -> impl Iterator<Item = (&'static str, Rests)> + use<'_> {
    TABLE
        .iter()
        .filter(move |(kinds, _)| kinds.contains(&kind))
        .flat_map(|(_, controls)| controls.iter().copied())
}

/// Whether from where workloads can be reached rests on this kind of object,
/// beside their own.
pub fn leads_to_workloads(kind: &str) -> bool {
    resting_on(kind).any(|rest| rest == ("dashboard-exposed", OnPresence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_of_the_table_is_one() {
        for (id, _) in TABLE.iter().flat_map(|(_, controls)| controls.iter()) {
            assert!(crate::find(id).is_some(), "{id}");
        }
    }

    #[test]
    fn what_rests_on_what() {
        let check = |kind: &str, expect: &[&str]| {
            let found: Vec<&str> = resting_on(kind).map(|(id, _)| id).collect();
            assert_eq!(found, expect, "{kind}");
        };
        check("policy/PodDisruptionBudget", &["pdb-missing"]);
        check("Service", &["dashboard-exposed"]);
        check("example.com/Service", &[]);
        assert!(leads_to_workloads("networking.k8s.io/Ingress"));
        assert!(!leads_to_workloads("LimitRange"));
    }
}
