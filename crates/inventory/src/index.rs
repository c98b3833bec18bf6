//! What stands where: the look-ups that all relations are made of.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::AssetId;
use rustc_hash::FxHashMap;

use crate::{
    Object, ObjectIx, ObjectRole, Settings, SubjectKey,
    object::PodLabels,
    owners::controller_id,
    rbac::{role_id, subject_key},
    set::{ByLabel, IxSet, Named},
    strings::Strings,
    view::{
        gateway::{self, Route},
        ingress::Ingress,
        labels::Selector,
        network_policy::NetworkPolicy,
        plugin_policy::PluginPolicy,
        pod::PodTemplate,
        rbac::{Binding, Role},
        service::Service,
        workload::TargetRef,
    },
};

/// The labels of a namespace, shared by all that is in it.
pub(crate) type SharedLabels = Arc<BTreeMap<Arc<str>, Arc<str>>>;

/// Objects that select pods, found by one of the labels they require.
#[derive(Debug, Default)]
pub(crate) struct Selectors {
    anchored: ByLabel,
    /// Those that require no single label.
    broad: IxSet,
}

impl Selectors {
    fn change(&mut self, ix: ObjectIx, selector: Selector<'_>, how: Change, strings: &mut Strings) {
        let required: Vec<_> = selector.required().collect();
        self.change_required(ix, &required, how, strings);
    }

    /// The same for a selector that requires these labels.
    fn change_required(
        &mut self,
        ix: ObjectIx,
        required: &[(&str, &str)],
        how: Change,
        strings: &mut Strings,
    ) {
        if how == Change::Remove {
            for (key, value) in required {
                self.anchored.remove(key, value, ix);
            }
            self.broad.remove(ix);
            return;
        }
        // Of all labels it requires, the one that fewest others are found by:
        // a label that everything has would make every look-up long.
        let rarest = required
            .iter()
            .min_by_key(|(key, value)| self.anchored.get(key, value).len());
        match rarest {
            Some((key, value)) => {
                self.anchored
                    .add(&strings.share(key), &strings.share(value), ix);
            }
            None => self.broad.add(ix),
        }
    }

    #[cfg(test)]
    fn is_vacant(&self) -> bool {
        self.anchored.is_empty() && self.broad.is_empty()
    }

    /// Those that may select a pod of these labels.
    pub fn candidates<'s>(&'s self, labels: &'s PodLabels) -> impl Iterator<Item = ObjectIx> + 's {
        let anchored = labels
            .0
            .iter()
            .flat_map(|(key, value)| self.anchored.get(key, value));
        anchored.chain(self.broad.as_slice()).copied()
    }
}

/// What is in one namespace.
#[derive(Debug, Default)]
pub(crate) struct NamespaceIndex {
    /// The Namespace itself.
    pub object: Option<ObjectIx>,
    pub labels: SharedLabels,
    pub members: IxSet,
    /// What carries pods.
    pub carriers: IxSet,
    /// What carries pods, by the labels of these.
    pub pods: ByLabel,
    pub services: Selectors,
    pub policies: Selectors,
    pub budgets: Selectors,
    /// Policies of network plugins.
    pub plugin_policies: Selectors,
    pub limit_ranges: IxSet,
    pub quotas: IxSet,
    /// What carries pods, by their service account.
    pub account_users: Named,
    /// Ingresses by the Service they lead to.
    pub ingresses: Named,
    /// Routes, of any namespace, by the Service of this one they lead to.
    pub routes: Named,
    /// Autoscalers by `Kind/name` of their target.
    pub autoscalers: Named,
}

impl NamespaceIndex {
    /// What may carry pods that this selector selects.
    pub fn candidates(&self, selector: Selector<'_>) -> &[ObjectIx] {
        selector
            .required()
            .map(|(key, value)| self.pods.get(key, value))
            .min_by_key(|set| set.len())
            .unwrap_or_else(|| self.carriers.as_slice())
    }

    fn is_vacant(&self) -> bool {
        self.object.is_none() && self.members.is_empty() && self.routes.is_empty()
    }
}

/// Whether an object comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Add,
    /// An object that is there is written in one more place: what counts of its
    /// first place only stays as it is.
    Extend,
    Remove,
}

/// All look-ups. It is changed by what an object says by itself only, so that
/// removing takes away exactly what adding brought.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub strings: Strings,
    pub namespaces: FxHashMap<Arc<str>, NamespaceIndex>,
    /// What carries pods, by the id of what controls it.
    pub children: FxHashMap<AssetId, IxSet>,
    /// Routes by the Gateways they name.
    pub gateway_routes: FxHashMap<AssetId, IxSet>,
    /// Bindings by the roles they name.
    pub role_bindings: FxHashMap<AssetId, IxSet>,
    pub subject_bindings: FxHashMap<SubjectKey, IxSet>,
    /// ClusterRoles that gather the rules of others.
    pub aggregating: IxSet,
    /// ClusterRoles by their labels.
    pub cluster_roles: ByLabel,
    /// Policies of network plugins that are for all namespaces.
    pub plugin_policies: Selectors,
}

impl Index {
    /// Takes an object in, or out again.
    pub fn change(&mut self, ix: ObjectIx, object: &Object, settings: &Settings, how: Change) {
        let namespace = object.asset.object.namespace.clone();
        if let Some(namespace) = &namespace {
            let space = self.namespaces.entry(namespace.clone()).or_default();
            set(&mut space.members, ix, how);
            change_member(space, &mut self.strings, ix, object, how);
        } else if object.role == ObjectRole::PluginPolicy {
            change_plugin_policy(
                &mut self.plugin_policies,
                &mut self.strings,
                ix,
                object,
                how,
            );
        }
        match object.role {
            ObjectRole::Workload if how != Change::Extend => {
                if let Some(owner) = controller_id(object, &settings.cluster) {
                    keyed(&mut self.children, owner, ix, how);
                }
            }
            ObjectRole::Route => self.change_route(ix, object, settings, how),
            ObjectRole::Role => self.change_role(ix, object, how),
            ObjectRole::Binding => {
                for root in object.roots() {
                    let binding = Binding::new(root);
                    let role = binding
                        .role_ref()
                        .and_then(|role| role_id(role, object.namespace(), &settings.cluster));
                    if let Some(role) = role {
                        keyed(&mut self.role_bindings, role, ix, how);
                    }
                    for subject in binding.subjects() {
                        if let Some(key) = subject_key(subject, object.namespace()) {
                            keyed(&mut self.subject_bindings, key, ix, how);
                        }
                    }
                }
            }
            ObjectRole::Namespace if how != Change::Extend => {
                let name = object.asset.object.name.clone();
                let labels = match how {
                    Change::Add | Change::Extend => object
                        .labels()
                        .map(|(key, value)| (self.strings.share(key), self.strings.share(value)))
                        .collect(),
                    Change::Remove => BTreeMap::new(),
                };
                let space = self.namespaces.entry(name).or_default();
                space.object = (how == Change::Add).then_some(ix);
                space.labels = Arc::new(labels);
            }
            _ => {}
        }
        if how == Change::Remove {
            let name = namespace.as_deref().unwrap_or(object.name());
            self.drop_vacant(name);
        }
    }

    fn drop_vacant(&mut self, name: &str) {
        if self
            .namespaces
            .get(name)
            .is_some_and(NamespaceIndex::is_vacant)
        {
            self.namespaces.remove(name);
        }
    }

    fn change_route(&mut self, ix: ObjectIx, object: &Object, settings: &Settings, how: Change) {
        let own = object.namespace().unwrap_or_default();
        for root in object.roots() {
            let route = Route::new(root);
            for backend in route.backends() {
                let namespace = backend.namespace.unwrap_or(own);
                if how != Change::Remove {
                    let namespace = self.strings.share(namespace);
                    let service = self.strings.share(backend.service);
                    self.namespaces
                        .entry(namespace)
                        .or_default()
                        .routes
                        .add(&service, ix);
                } else {
                    if let Some(space) = self.namespaces.get_mut(namespace) {
                        space.routes.remove(backend.service, ix);
                    }
                    self.drop_vacant(namespace);
                }
            }
            for parent in route.parents().filter(|parent| parent.is_gateway()) {
                let Some(name) = parent.name() else { continue };
                let namespace = parent.namespace().unwrap_or(own);
                let gateway = gateway_id(&settings.cluster, namespace, name);
                keyed(&mut self.gateway_routes, gateway, ix, how);
            }
        }
    }

    fn change_role(&mut self, ix: ObjectIx, object: &Object, how: Change) {
        if object.namespace().is_some() {
            return;
        }
        for (key, value) in object.labels() {
            match how {
                Change::Extend => {}
                Change::Add => {
                    let (key, value) = (self.strings.share(key), self.strings.share(value));
                    self.cluster_roles.add(&key, &value, ix);
                }
                Change::Remove => self.cluster_roles.remove(key, value, ix),
            }
        }
        if object
            .roots()
            .any(|root| Role::new(root).aggregates().next().is_some())
        {
            set(&mut self.aggregating, ix, how);
        }
    }
}

/// The parts of a namespace that one of its members is found by.
fn change_member(
    space: &mut NamespaceIndex,
    strings: &mut Strings,
    ix: ObjectIx,
    object: &Object,
    how: Change,
) {
    match object.role {
        ObjectRole::Workload => {
            set(&mut space.carriers, ix, how);
            for (key, value) in object.pods.iter().flat_map(|labels| &labels.0) {
                match how {
                    Change::Add | Change::Extend => space.pods.add(key, value, ix),
                    Change::Remove => space.pods.remove(key, value, ix),
                }
            }
            for template in crate::relations::templates_of(object) {
                let name = account_name(PodTemplate::new(template.node));
                named(&mut space.account_users, name, ix, how, strings);
            }
        }
        ObjectRole::Service => {
            for root in object.roots() {
                space
                    .services
                    .change(ix, Service::new(root).selector(), how, strings);
            }
        }
        ObjectRole::NetworkPolicy => {
            for root in object.roots() {
                space
                    .policies
                    .change(ix, NetworkPolicy::new(root).selector(), how, strings);
            }
        }
        ObjectRole::PluginPolicy => {
            change_plugin_policy(&mut space.plugin_policies, strings, ix, object, how);
        }
        ObjectRole::DisruptionBudget => {
            for root in object.roots() {
                space
                    .budgets
                    .change(ix, budget_selector(root), how, strings);
            }
        }
        ObjectRole::Ingress => {
            for backend in object
                .roots()
                .flat_map(|root| Ingress::new(root).backends())
            {
                named(&mut space.ingresses, backend.service, ix, how, strings);
            }
        }
        ObjectRole::Autoscaler => {
            for target in object.roots().filter_map(TargetRef::of_autoscaler) {
                let Some(name) = target.name() else { continue };
                let key = format!("{}/{name}", target.kind());
                named(&mut space.autoscalers, &key, ix, how, strings);
            }
        }
        ObjectRole::LimitRange => set(&mut space.limit_ranges, ix, how),
        ObjectRole::ResourceQuota => set(&mut space.quotas, ix, how),
        _ => {}
    }
}

fn change_plugin_policy(
    policies: &mut Selectors,
    strings: &mut Strings,
    ix: ObjectIx,
    object: &Object,
    how: Change,
) {
    let named = &object.asset.object;
    for root in object.roots() {
        let policy = PluginPolicy::new(named.group(), &named.kind, root);
        for required in policy.into_iter().flat_map(PluginPolicy::required) {
            policies.change_required(ix, &required, how, strings);
        }
    }
}

fn set(set: &mut IxSet, ix: ObjectIx, how: Change) {
    match how {
        Change::Add | Change::Extend => set.add(ix),
        Change::Remove => set.remove(ix),
    }
}

fn named(sets: &mut Named, name: &str, ix: ObjectIx, how: Change, strings: &mut Strings) {
    match how {
        Change::Add | Change::Extend => sets.add(&strings.share(name), ix),
        Change::Remove => sets.remove(name, ix),
    }
}

fn keyed<K: Eq + std::hash::Hash>(
    sets: &mut FxHashMap<K, IxSet>,
    key: K,
    ix: ObjectIx,
    how: Change,
) {
    match how {
        Change::Add | Change::Extend => sets.entry(key).or_default().add(ix),
        Change::Remove => {
            if let Some(found) = sets.get_mut(&key) {
                found.remove(ix);
                if found.is_empty() {
                    sets.remove(&key);
                }
            }
        }
    }
}

/// The service account that pods of this template run as.
pub(crate) fn account_name<'a>(template: PodTemplate<'a>) -> &'a str {
    template
        .spec()
        .and_then(|spec| spec.service_account_name())
        .unwrap_or("default")
}

/// The pods a PodDisruptionBudget is for.
pub(crate) fn budget_selector(root: plimsoll_manifest::Node<'_>) -> Selector<'_> {
    Selector::labels(root.get("spec").and_then(|spec| spec.get("selector")))
}

/// The id of a Gateway.
pub(crate) fn gateway_id(cluster: &str, namespace: &str, name: &str) -> AssetId {
    AssetId::object(cluster, gateway::GROUP, "Gateway", Some(namespace), name)
}

#[cfg(test)]
impl Index {
    /// Whether nothing stands in it any more.
    pub fn is_vacant(&self) -> bool {
        self.namespaces.is_empty()
            && self.children.is_empty()
            && self.gateway_routes.is_empty()
            && self.role_bindings.is_empty()
            && self.subject_bindings.is_empty()
            && self.aggregating.is_empty()
            && self.plugin_policies.is_vacant()
    }
}
