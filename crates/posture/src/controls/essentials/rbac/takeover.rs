//! Rules of roles by which one becomes somebody else.

use plimsoll_model::{Rule, Severity};

use super::{
    ROLES,
    grants::{Grant, report},
};
use crate::{
    Control, ObjectContext, Sink,
    controls::essentials::words::{RBAC, attack, cis, nist, nsa, pci},
};

/// Nobody gives himself rights he has not.
pub static ESCALATE: Control = Control::object(
    &Rule {
        id: "rbac-escalate-bind-impersonate",
        title: "Roles do not escalate, bind or impersonate",
        severity: Severity::High,
        category: "rbac",
        why: "Kubernetes lets nobody grant what he has not, with three exceptions: escalate writes any rule into a role, bind gives any role to anybody, impersonate acts as anybody. Each is every right there is, one step away.",
        remediation: "Remove the verbs. Where a tool must grant roles, list in resourceNames which roles it may bind or whom it may impersonate.",
        test: "kubectl get roles,clusterroles -A -o json | jq -r '.items[] | select(any(.rules[]?; .verbs | (index(\"escalate\") or index(\"bind\") or index(\"impersonate\")))) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.8"),
            nsa("Role-based access control"),
            attack("T1098.006"),
            nist("4.3.1"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kubescape:C-0065",
            "kubescape:C-0191",
            "trivy:KSV-0043",
            "trivy:KSV-0050",
        ],
    },
    ROLES,
    escalate,
);

fn escalate(object: &ObjectContext<'_>, sink: &mut Sink) {
    const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
    const GRANTS: [Grant; 2] = [
        Grant {
            verbs: &["escalate", "bind"],
            resources: &[(RBAC_GROUP, "clusterroles"), (RBAC_GROUP, "roles")],
            named_too: false,
        },
        Grant {
            verbs: &["impersonate"],
            resources: &[("", "groups"), ("", "serviceaccounts"), ("", "users")],
            named_too: false,
        },
    ];
    report(
        object,
        sink,
        &GRANTS,
        "the rule lets its holder take rights that nobody gave it",
        "Which roles it may bind, or whom it may impersonate: name them in resourceNames.",
    );
}

/// Nobody talks to the kubelet through the API.
pub static NODE_PROXY: Control = Control::object(
    &Rule {
        id: "rbac-node-proxy",
        title: "Roles do not reach the kubelet through nodes/proxy",
        severity: Severity::High,
        category: "rbac",
        why: "nodes/proxy, even with get alone, is the kubelet's own API: commands in every container of every node, past admission and past the audit log.",
        remediation: "Use nodes/metrics, nodes/stats or nodes/log, which monitoring needs.",
        test: "kubectl auth can-i get nodes/proxy --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[
            RBAC,
            "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
        ],
        mappings: &[cis("5.1.10"), attack("T1609"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0279", "trivy:KSV-0047"],
    },
    ROLES,
    node_proxy,
);

fn node_proxy(object: &ObjectContext<'_>, sink: &mut Sink) {
    // A namespaced role has no nodes.
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create", "get"],
            resources: &[("", "nodes/proxy")],
            named_too: true,
        }],
        "the rule reaches the kubelet: commands in every container, past admission and audit",
        "What it is used for: metrics and logs have resources of their own (nodes/metrics, nodes/stats, nodes/log).",
    );
}

/// Nobody makes tokens of other accounts.
pub static TOKEN_CREATE: Control = Control::object(
    &Rule {
        id: "rbac-token-create",
        title: "Roles do not make tokens of every service account",
        severity: Severity::High,
        category: "rbac",
        why: "Who can create serviceaccounts/token makes himself a token of any account in reach, and has its rights for as long as he wants.",
        remediation: "Name the service accounts in resourceNames.",
        test: "kubectl auth can-i create serviceaccounts/token -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.13"), attack("T1528"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0282"],
    },
    ROLES,
    token_create,
);

fn token_create(object: &ObjectContext<'_>, sink: &mut Sink) {
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create"],
            resources: &[("", "serviceaccounts/token")],
            named_too: false,
        }],
        "the rule makes tokens of every service account in its reach, and so has their rights",
        "Of which service accounts: name them in resourceNames.",
    );
}

/// Nobody changes admission without need.
pub static WEBHOOK_WRITE: Control = Control::object(
    &Rule {
        id: "rbac-webhook-config-write",
        title: "Roles do not write webhook configurations",
        severity: Severity::High,
        category: "rbac",
        why: "A webhook sees every object it is registered for, Secrets too, and a mutating one changes them: who can write its configuration can read and rewrite whatever anybody applies, or switch the others off.",
        remediation: "Name in resourceNames the one configuration that the program keeps up to date; let a person or the deployment tool create it.",
        test: "kubectl auth can-i update mutatingwebhookconfigurations --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.12"), attack("T1562"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0281", "trivy:KSV-0114"],
    },
    ROLES,
    webhook_write,
);

fn webhook_write(object: &ObjectContext<'_>, sink: &mut Sink) {
    const GROUP: &str = "admissionregistration.k8s.io";
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create", "update", "patch", "delete", "deletecollection"],
            resources: &[
                (GROUP, "mutatingwebhookconfigurations"),
                (GROUP, "validatingwebhookconfigurations"),
            ],
            named_too: false,
        }],
        "the rule writes webhook configurations: its holder sees and changes whatever anybody applies",
        "Which configuration it keeps up to date: name it in resourceNames.",
    );
}

/// Nobody approves certificates.
pub static CSR_APPROVE: Control = Control::object(
    &Rule {
        id: "rbac-csr-approve",
        title: "Roles do not approve certificate requests",
        severity: Severity::High,
        category: "rbac",
        why: "An approved request for a client certificate is a login with any name and group, and certificates can't be revoked.",
        remediation: "Leave approval to the controller manager, or restrict the signers the role may approve for.",
        test: "kubectl auth can-i update certificatesigningrequests/approval --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[
            RBAC,
            "https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
        ],
        mappings: &[cis("5.1.11"), attack("T1078"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0280"],
    },
    ROLES,
    csr_approve,
);

fn csr_approve(object: &ObjectContext<'_>, sink: &mut Sink) {
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["update", "patch"],
            resources: &[("certificates.k8s.io", "certificatesigningrequests/approval")],
            named_too: true,
        }],
        "the rule approves certificate requests: a login with any name, which can't be revoked",
        "Which program must approve, and for which signer.",
    );
}

/// Nobody makes volumes of the node's disk.
pub static PERSISTENT_VOLUME_CREATE: Control = Control::object(
    &Rule {
        id: "rbac-persistent-volume-create",
        title: "Roles do not create PersistentVolumes",
        severity: Severity::Medium,
        category: "rbac",
        why: "A PersistentVolume may be a path of the node. Who can create one mounts the node's files through a claim, past what Pod Security says of hostPath.",
        remediation: "Let people create claims, and a provisioner the volumes.",
        test: "kubectl auth can-i create persistentvolumes --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[cis("5.1.9"), attack("T1611"), pci("7.2.2")],
        aliases: &["kubescape:C-0278"],
    },
    ROLES,
    persistent_volume_create,
);

fn persistent_volume_create(object: &ObjectContext<'_>, sink: &mut Sink) {
    if object.kind() != "ClusterRole" {
        return;
    }
    report(
        object,
        sink,
        &[Grant {
            verbs: &["create"],
            resources: &[("", "persistentvolumes")],
            named_too: true,
        }],
        "the rule creates volumes, which may be the node's own files",
        "Whether the holder is a provisioner: others need claims only.",
    );
}
