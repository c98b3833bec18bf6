//! Roles, and who has them.
//!
//! What Kubernetes makes for itself (`system:*`, what carries the label of
//! bootstrapping, `cluster-admin`, `admin`, `edit`, `view`) is left alone.

pub(super) mod bindings;
mod grants;
pub(super) mod roles;
pub(super) mod takeover;

use plimsoll_inventory::{ObjectIx, view::rbac::PolicyRule};

use crate::ObjectContext;

const ROLES: &[&str] = &[
    "rbac.authorization.k8s.io/ClusterRole",
    "rbac.authorization.k8s.io/Role",
];
const BINDINGS: &[&str] = &[
    "rbac.authorization.k8s.io/ClusterRoleBinding",
    "rbac.authorization.k8s.io/RoleBinding",
];

/// Whether Kubernetes, or a distribution of it, made an object for itself.
fn is_built_in(object: &ObjectContext<'_>) -> bool {
    let name = object.name();
    let by_default = matches!(name, "admin" | "cluster-admin" | "edit" | "view");
    name.starts_with("system:")
        || name.starts_with("kubeadm:")
        || by_default && object.kind() == "ClusterRole"
        || object
            .object
            .labels()
            .any(|(key, value)| key == "kubernetes.io/bootstrapping" && value == "rbac-defaults")
}

/// Whether a rule is for everything there is.
fn is_everything(rule: PolicyRule<'_>) -> bool {
    rule.verbs().any(|verb| verb == "*")
        && rule.resources().any(|resource| resource == "*")
        && rule.api_groups().any(|group| group == "*")
        && rule.resource_names().next().is_none()
}

/// Whether the role of a binding is cluster-admin, by its name or by its
/// rules.
fn is_admin(object: &ObjectContext<'_>, binding: ObjectIx) -> bool {
    let inventory = object.inventory;
    let named = inventory.get(binding).is_some_and(|binding| {
        let role = binding.document.root().get("roleRef");
        let field = |field: &str| role.and_then(|role| role.get(field)?.scalar_text());
        field("kind") == Some("ClusterRole") && field("name") == Some("cluster-admin")
    });
    named
        || inventory.role_of(binding).is_some_and(|role| {
            inventory
                .rules_of(role)
                .into_iter()
                .any(|(_, rule)| is_everything(rule))
        })
}
