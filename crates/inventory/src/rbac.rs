//! Who may do what: subjects, bindings, roles.

use std::sync::Arc;

use plimsoll_model::AssetId;

use crate::{
    Inventory, Object, ObjectIx, ObjectRole,
    set::IxSet,
    view::rbac::{self, Binding, PolicyRule, Role, RoleRef, Subject},
};

/// Whom a binding gives something to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKey {
    /// A service account by namespace and name.
    ServiceAccount(Arc<str>, Arc<str>),
    /// A user.
    User(Arc<str>),
    /// A group.
    Group(Arc<str>),
}

/// A subject of a binding of this namespace.
pub(crate) fn subject_key(subject: Subject<'_>, namespace: Option<&str>) -> Option<SubjectKey> {
    let name = subject.name()?.into();
    match subject.kind()? {
        "ServiceAccount" => {
            let namespace = subject.namespace().or(namespace)?;
            Some(SubjectKey::ServiceAccount(namespace.into(), name))
        }
        "User" => Some(SubjectKey::User(name)),
        "Group" => Some(SubjectKey::Group(name)),
        _ => None,
    }
}

/// The id of the role that a binding of this namespace refers to.
pub(crate) fn role_id(
    role: RoleRef<'_>,
    namespace: Option<&str>,
    cluster: &str,
) -> Option<AssetId> {
    let (kind, name) = (role.kind()?, role.name()?);
    let namespace = match kind {
        "Role" => Some(namespace?),
        "ClusterRole" => None,
        _ => return None,
    };
    Some(AssetId::object(cluster, rbac::GROUP, kind, namespace, name))
}

impl Inventory {
    /// The bindings that name a subject. Groups a service account or user is
    /// in are subjects of their own.
    pub fn bindings_of_subject(&self, subject: &SubjectKey) -> Vec<ObjectIx> {
        let bindings = self.index.subject_bindings.get(subject);
        self.in_order(bindings.map_or_else(Vec::new, |set| set.as_slice().to_vec()))
    }

    /// The bindings that refer to a role.
    pub fn bindings_of_role(&self, role: ObjectIx) -> Vec<ObjectIx> {
        let bindings = self
            .get(role)
            .and_then(|role| self.index.role_bindings.get(&role.asset.id));
        self.in_order(bindings.map_or_else(Vec::new, |set| set.as_slice().to_vec()))
    }

    /// The role a binding refers to; none when it is not in the inventory.
    pub fn role_of(&self, binding: ObjectIx) -> Option<ObjectIx> {
        let binding = self
            .get(binding)
            .filter(|binding| binding.role == ObjectRole::Binding)?;
        let role = Binding::new(binding.document.root()).role_ref()?;
        self.find(&role_id(
            role,
            binding.namespace(),
            &self.settings().cluster,
        )?)
    }

    /// The rules of a role, each with the role it is written in: its own, and
    /// those of the ClusterRoles it gathers.
    pub fn rules_of(&self, role: ObjectIx) -> Vec<(ObjectIx, PolicyRule<'_>)> {
        let mut rules = Vec::new();
        for ix in std::iter::once(role).chain(self.gathered_by(role)) {
            let object = self
                .get(ix)
                .filter(|object| object.role == ObjectRole::Role);
            let own = object
                .into_iter()
                .flat_map(|object| Role::new(object.document.root()).rules());
            rules.extend(own.map(|rule| (ix, rule)));
        }
        rules
    }

    /// The ClusterRoles whose rules a ClusterRole gathers, in the order of ids.
    pub fn gathered_by(&self, role: ObjectIx) -> Vec<ObjectIx> {
        let Some(object) = self.get(role).filter(|_| self.aggregates(role)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for selector in Role::new(object.document.root()).aggregates() {
            // A selector that requires no label would gather everything; no
            // cluster has one, and nothing is claimed for it.
            let rarest = selector
                .required()
                .map(|(key, value)| self.index.cluster_roles.get(key, value))
                .min_by_key(|set| set.len());
            found.extend(rarest.unwrap_or_default().iter().copied().filter(|ix| {
                *ix != role
                    && self
                        .get(*ix)
                        .is_some_and(|object| selector.matches(&object))
            }));
        }
        self.in_order(found)
    }

    /// The ClusterRoles that gather the rules of this one.
    pub(crate) fn gatherers_of(&self, role: &Object) -> Vec<ObjectIx> {
        if role.role != ObjectRole::Role || role.namespace().is_some() {
            return Vec::new();
        }
        let gathers = |ix: &ObjectIx| {
            self.get(*ix).is_some_and(|object| {
                Role::new(object.document.root())
                    .aggregates()
                    .any(|selector| selector.matches(&role))
            })
        };
        self.index
            .aggregating
            .as_slice()
            .iter()
            .copied()
            .filter(gathers)
            .collect()
    }

    fn aggregates(&self, role: ObjectIx) -> bool {
        IxSet::as_slice(&self.index.aggregating)
            .binary_search(&role)
            .is_ok()
    }
}
