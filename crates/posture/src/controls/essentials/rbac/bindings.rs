//! Who has which role.

use plimsoll_inventory::view::rbac::{Binding, Subject};
use plimsoll_model::{Rule, Severity};

use super::{BINDINGS, is_admin, is_built_in};
use crate::{
    Control, ObjectContext, Path, Remedy, Sink, Violation,
    controls::essentials::{
        relations::{account, mounts_token, subject},
        words::{RBAC, attack, cis, nist, nsa, pci},
    },
};

const CLUSTER_BINDINGS: &[&str] = &["rbac.authorization.k8s.io/ClusterRoleBinding"];
const NAMESPACE_BINDINGS: &[&str] = &["rbac.authorization.k8s.io/RoleBinding"];

/// Nobody is cluster-admin.
pub static CLUSTER_ADMIN: Control = Control::object(
    &Rule {
        id: "rbac-cluster-admin-binding",
        title: "Nobody is bound to cluster-admin",
        severity: Severity::Critical,
        category: "rbac",
        why: "cluster-admin may do everything, everywhere, and change the rules as well. Each binding is one stolen token or laptop away from the loss of the cluster.",
        remediation: "Bind a role with the rights that are used; keep cluster-admin for a break-glass identity that is watched.",
        test: "kubectl get clusterrolebindings -o json | jq -r '.items[] | select(.roleRef.name == \"cluster-admin\") | .metadata.name + \" \" + ([.subjects[]? | .kind + \":\" + .name] | join(\",\"))'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.1"),
            nsa("Role-based access control"),
            attack("T1078"),
            nist("4.3.1"),
            pci("7.2.2"),
        ],
        aliases: &[
            "kube-linter:cluster-admin-role-binding",
            "kubescape:C-0035",
            "kubescape:C-0185",
            "polaris:clusterrolebindingClusterAdmin",
            "trivy:KSV-0111",
        ],
    },
    CLUSTER_BINDINGS,
    cluster_admin,
);

fn cluster_admin(object: &ObjectContext<'_>, sink: &mut Sink) {
    admin(
        object,
        sink,
        "the binding makes its subjects administrators of the whole cluster",
    );
}

/// Nobody may do everything in a namespace by cluster-admin.
pub static NAMESPACE_ADMIN: Control = Control::object(
    &Rule {
        id: "rbac-namespace-admin-binding",
        title: "Nobody is bound to cluster-admin within a namespace",
        severity: Severity::Medium,
        category: "rbac",
        why: "Within its namespace cluster-admin reads all Secrets, acts as each service account, changes quotas and the bindings themselves: more than the role `admin`, which is made for owners of a namespace.",
        remediation: "Bind the ClusterRole admin or edit, or a role with the rights that are used.",
        test: "kubectl get rolebindings -A -o json | jq -r '.items[] | select(.roleRef.name == \"cluster-admin\") | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.1"),
            nsa("Role-based access control"),
            attack("T1078"),
            pci("7.2.2"),
        ],
        aliases: &[
            "polaris:rolebindingClusterAdminClusterRole",
            "polaris:rolebindingClusterAdminRole",
        ],
    },
    NAMESPACE_BINDINGS,
    namespace_admin,
);

fn namespace_admin(object: &ObjectContext<'_>, sink: &mut Sink) {
    admin(
        object,
        sink,
        "the binding gives its subjects every right in the namespace, over its Secrets and bindings too",
    );
}

fn admin(object: &ObjectContext<'_>, sink: &mut Sink, message: &'static str) {
    // Kubernetes' own binding of cluster-admin may have lost its label.
    let own = object.name() == "cluster-admin"
        && Binding::new(object.root())
            .subjects()
            .all(|subject| is(subject, "Group", "system:masters"));
    let empty = Binding::new(object.root()).subjects().next().is_none();
    if is_built_in(object) || own || empty || !is_admin(object, object.ix) {
        return;
    }
    let role = object
        .root()
        .get("roleRef")
        .and_then(|role| role.get("name"));
    sink.report(
        Violation::new("roleRef", Path::object("roleRef.name"), message)
            .observed(role)
            .also(Path::object("subjects"))
            .remedy(Remedy::manual(
                "Bind a role with the rights that are used",
                "Which rights its subjects use: the audit log says it. A binding's role can't be changed: make a new one and delete this.",
            )),
    );
}

/// Who has not logged in has no role.
pub static ANONYMOUS: Control = Control::object(
    &Rule {
        id: "rbac-anonymous-binding",
        title: "Anonymous requests have no role",
        severity: Severity::High,
        category: "rbac",
        why: "system:anonymous and system:unauthenticated are everybody who reaches the API server, without any login: what they may do, the whole network may do.",
        remediation: "Remove the subject, or the binding.",
        test: "kubectl get rolebindings,clusterrolebindings -A -o json | jq -r '.items[] | select(any(.subjects[]?; .name == \"system:anonymous\" or .name == \"system:unauthenticated\")) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            nsa("Authentication"),
            attack("T1078.001"),
            attack("T1133"),
            nist("4.3.2"),
            pci("7.2.2"),
        ],
        aliases: &["kubescape:C-0262", "trivy:KSV-0122"],
    },
    BINDINGS,
    anonymous,
);

fn anonymous(object: &ObjectContext<'_>, sink: &mut Sink) {
    subjects(
        object,
        sink,
        |subject| {
            is(subject, "User", "system:anonymous")
                || is(subject, "Group", "system:unauthenticated")
        },
        "everybody who reaches the API server has the role, without any login",
        "Whatever reads the API without a login stops working: health checks need no binding.",
    );
}

/// Who has merely logged in has no role.
pub static AUTHENTICATED: Control = Control::object(
    &Rule {
        id: "rbac-authenticated-binding",
        title: "Not every login has a role",
        severity: Severity::High,
        category: "rbac",
        why: "system:authenticated is every user and every pod's token, in some clouds everybody with an account there; system:serviceaccounts is every pod of the cluster. A role for them is a role for whoever got into any of these.",
        remediation: "Bind the role to the users, groups or service accounts that need it.",
        test: "kubectl get rolebindings,clusterrolebindings -A -o json | jq -r '.items[] | select(any(.subjects[]?; .name == \"system:authenticated\" or .name == \"system:serviceaccounts\")) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            nsa("Role-based access control"),
            attack("T1078"),
            nist("4.3.2"),
            pci("7.2.2"),
        ],
        aliases: &["kubescape:C-0265", "trivy:KSV-01011"],
    },
    BINDINGS,
    authenticated,
);

fn authenticated(object: &ObjectContext<'_>, sink: &mut Sink) {
    // These roles say what the API is, and nothing of what is in it.
    let role = object
        .root()
        .get("roleRef")
        .and_then(|role| role.get("name")?.scalar_text());
    let harmless = [
        "system:basic-user",
        "system:discovery",
        "system:public-info-viewer",
        "system:service-account-issuer-discovery",
    ];
    if role.is_some_and(|role| harmless.contains(&role)) {
        return;
    }
    subjects(
        object,
        sink,
        |subject| {
            is(subject, "Group", "system:authenticated")
                || is(subject, "Group", "system:serviceaccounts")
        },
        "every user or every pod of the cluster has the role, whoever it is",
        "Who needs the role loses it: bind it to them first.",
    );
}

/// The default service account has no role.
pub static DEFAULT_SERVICE_ACCOUNT: Control = Control::object(
    &Rule {
        id: "rbac-default-service-account-binding",
        title: "Default service accounts have no role",
        severity: Severity::Medium,
        category: "rbac",
        why: "Every pod that names no service account runs as `default`: a right given to it is given to all of them, and to whatever is deployed there next.",
        remediation: "Make a service account for the program that needs the right, bind the role to it and name it in the pod.",
        test: "kubectl get rolebindings,clusterrolebindings -A -o json | jq -r '.items[] | select(any(.subjects[]?; .kind == \"ServiceAccount\" and .name == \"default\")) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[
            cis("5.1.5"),
            nsa("Role-based access control"),
            attack("T1078.001"),
            pci("7.2.5"),
        ],
        aliases: &["kubescape:C-0189"],
    },
    BINDINGS,
    default_service_account,
);

fn default_service_account(object: &ObjectContext<'_>, sink: &mut Sink) {
    subjects(
        object,
        sink,
        |subject| is(subject, "ServiceAccount", "default"),
        "every pod of the namespace that names no service account has the role",
        "Pods that use the role through the default account lose it: give them an account of their own first.",
    );
}

/// Nobody is in the group that no rule binds.
pub static SYSTEM_MASTERS: Control = Control::object(
    &Rule {
        id: "rbac-system-masters",
        title: "No binding leans on the group system:masters",
        severity: Severity::Medium,
        category: "rbac",
        why: "Members of system:masters pass every check of authorisation, whatever bindings say, and a certificate that names the group can't be revoked. A binding that names it shows that somebody uses it.",
        remediation: "Bind the role to a group of your identity provider and stop issuing certificates with O=system:masters.",
        test: "kubectl get rolebindings,clusterrolebindings -A -o json | jq -r '.items[] | select(any(.subjects[]?; .name == \"system:masters\")) | .kind + \" \" + .metadata.name'",
        references: &[RBAC],
        mappings: &[cis("5.1.7"), attack("T1078"), nist("4.3.1"), pci("7.2.2")],
        aliases: &["kubescape:C-0246", "trivy:KSV-0123"],
    },
    BINDINGS,
    system_masters,
);

fn system_masters(object: &ObjectContext<'_>, sink: &mut Sink) {
    if object.name() == "cluster-admin" {
        return;
    }
    subjects(
        object,
        sink,
        |subject| is(subject, "Group", "system:masters"),
        "the binding names system:masters, whose members pass every check whatever is bound",
        "Members of the group keep every right in any case: the binding only hides that.",
    );
}

fn is(subject: Subject<'_>, kind: &str, name: &str) -> bool {
    subject.kind() == Some(kind) && subject.name() == Some(name)
}

/// Reports the subjects of a binding that are meant, with their removal as
/// the remedy.
fn subjects(
    object: &ObjectContext<'_>,
    sink: &mut Sink,
    meant: impl Fn(Subject<'_>) -> bool,
    message: &'static str,
    decision: &'static str,
) {
    if is_built_in(object) {
        return;
    }
    for subject in Binding::new(object.root())
        .subjects()
        .filter(|subject| meant(*subject))
    {
        let name = subject.name().unwrap_or_default();
        let about = match subject.namespace() {
            Some(namespace) => format!("subject {namespace}/{name}"),
            None => format!("subject {name}"),
        };
        let item = format!("subjects[{}]", subject.index());
        sink.report(
            Violation::new(about, Path::object(format!("{item}.name")), message)
                .observed(subject.node().get("name"))
                .remedy(
                    Remedy::new("Remove the subject")
                        .remove(Path::object(item))
                        .decision(decision),
                ),
        );
    }
}

/// No pod is cluster-admin.
pub static WORKLOAD_CLUSTER_ADMIN: Control = Control::workload(
    &Rule {
        id: "workload-cluster-admin",
        title: "No pod has every right in the cluster",
        severity: Severity::Critical,
        category: "rbac",
        why: "A pod whose service account is bound to cluster-admin carries the cluster's keys: one hole in its program, or in any image it is built from, is the whole cluster.",
        remediation: "Bind the service account to a role with the rights the program uses, or take the token away.",
        test: "kubectl auth can-i '*' '*' -A --as=system:serviceaccount:NAMESPACE:NAME",
        references: &[RBAC],
        mappings: &[
            cis("5.1.1"),
            nsa("Role-based access control"),
            attack("T1528"),
            nist("4.3.1"),
            pci("7.2.5"),
        ],
        aliases: &["kubescape:C-0267", "kubescape:C-0272"],
    },
    workload_cluster_admin,
);

fn workload_cluster_admin(workload: &ObjectContext<'_>, sink: &mut Sink) {
    let namespace = workload.namespace().unwrap_or_default();
    for (template, pod) in workload.pods() {
        let (name, _, root) = account(workload, &pod);
        if !mounts_token(&pod, root) {
            continue;
        }
        let bindings = workload
            .inventory
            .bindings_of_subject(&subject(namespace, name));
        let admin = bindings
            .into_iter()
            .filter_map(|ix| Some((ix, workload.inventory.get(ix)?)))
            .find(|(ix, binding)| {
                &*binding.asset.object.kind == "ClusterRoleBinding" && is_admin(workload, *ix)
            });
        let Some((_, binding)) = admin else {
            continue;
        };
        sink.enter_template(template);
        sink.report(
            Violation::new(
                "serviceAccountName",
                Path::template("spec.serviceAccountName"),
                format!("the pod's service account has every right in the cluster, by ClusterRoleBinding {}", binding.name()),
            )
            .observed(pod.spec.get("serviceAccountName"))
            .remedy(Remedy::manual(
                "Bind the service account to a role with the rights the program uses",
                "Which rights the program uses: the audit log and its documentation say it.",
            ))
            .remedy(
                Remedy::new("Give the pod no token")
                    .set(Path::template("spec.automountServiceAccountToken"), false)
                    .decision("A program that calls the Kubernetes API needs the token: look whether it does."),
            ),
        );
    }
}
