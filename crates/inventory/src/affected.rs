//! What must be looked at again when an object comes, changes or goes.

use plimsoll_model::AssetId;
use rustc_hash::FxHashSet;

use crate::{
    Inventory, Object, ObjectIx, ObjectRole, SubjectKey,
    index::account_name,
    object::PodLabels,
    rbac::subject_key,
    relations::templates_of,
    view::{
        gateway::Route, ingress::Ingress, pod::PodTemplate, rbac::Binding, workload::TargetRef,
    },
};

impl Inventory {
    /// The objects whose facts or findings may change when this one comes,
    /// changes or goes, itself among them, in the order of ids.
    ///
    /// It speaks of what is in the inventory now: ask after an object has come,
    /// before it goes, and both before and after it changes.
    pub fn affected_by(&self, ix: ObjectIx) -> Vec<ObjectIx> {
        let Some(object) = self.get(ix) else {
            return Vec::new();
        };
        let mut affected = vec![ix];
        match object.role {
            ObjectRole::Workload => self.around_workload(ix, object, &mut affected),
            ObjectRole::Service => {
                affected.extend(self.carriers_selected(ix));
                affected.extend(self.ingresses_to(ix));
                affected.extend(self.routes_to(ix));
            }
            ObjectRole::NetworkPolicy => {
                affected.extend(self.carriers_selected(ix));
                affected.extend(
                    object
                        .namespace()
                        .and_then(|name| self.namespace_object(name)),
                );
            }
            ObjectRole::PluginPolicy => {
                let spaces = match object.namespace() {
                    Some(name) => self.namespace(name).into_iter().collect(),
                    None => self.index.namespaces.values().collect::<Vec<_>>(),
                };
                let carriers = spaces
                    .into_iter()
                    .flat_map(|space| space.carriers.as_slice());
                affected.extend(carriers.copied());
            }
            ObjectRole::DisruptionBudget => affected.extend(self.carriers_selected(ix)),
            ObjectRole::Ingress => {
                let space = object.namespace().unwrap_or_default();
                let backends = object
                    .roots()
                    .flat_map(|root| Ingress::new(root).backends());
                for backend in backends {
                    self.behind_service(space, backend.service, &mut affected);
                }
            }
            ObjectRole::Route => self.behind_route(object, &mut affected),
            ObjectRole::Gateway => {
                for route in self.routes_of_gateway(ix) {
                    affected.push(route);
                    if let Some(route) = self.get(route) {
                        self.behind_route(route, &mut affected);
                    }
                }
            }
            ObjectRole::ServiceAccount => {
                self.around_account(
                    object.namespace().unwrap_or_default(),
                    object.name(),
                    &mut affected,
                );
            }
            ObjectRole::Namespace => self.around_namespace(object.name(), &mut affected),
            ObjectRole::Role => self.around_role(ix, object, &mut affected),
            ObjectRole::Binding => self.around_binding(ix, object, &mut affected),
            ObjectRole::Autoscaler => self.around_autoscaler(object, &mut affected),
            ObjectRole::LimitRange | ObjectRole::ResourceQuota => {
                let space = object.namespace().and_then(|name| self.namespace(name));
                affected.extend(space.into_iter().flat_map(|space| {
                    space
                        .carriers
                        .as_slice()
                        .iter()
                        .copied()
                        .chain(space.object)
                }));
            }
            ObjectRole::Node | ObjectRole::Other => {}
        }
        self.in_order(affected)
    }

    fn around_workload(&self, ix: ObjectIx, object: &Object, affected: &mut Vec<ObjectIx>) {
        let below = self.descendants(&object.asset.id);
        // What is below it is an asset of its own or not because of it: whoever
        // selects that sees another workload.
        let mut seen: FxHashSet<&PodLabels> = FxHashSet::default();
        let mut accounts: FxHashSet<&str> = FxHashSet::default();
        for ix in std::iter::once(ix).chain(below.iter().copied()) {
            let Some(carrier) = self.get(ix) else {
                continue;
            };
            if carrier.pods.iter().any(|labels| seen.insert(labels)) {
                affected.extend(self.services_selecting(ix));
                affected.extend(self.network_policies_selecting(ix));
                affected.extend(self.pdbs_selecting(ix));
            }
            accounts.extend(
                templates_of(carrier)
                    .into_iter()
                    .map(|template| account_name(PodTemplate::new(template.node))),
            );
        }
        affected.extend(below);
        affected.extend(self.controller_of(ix));
        affected.extend(self.hpas_targeting(ix));
        let Some(namespace) = object.namespace() else {
            return;
        };
        affected.extend(self.namespace_object(namespace));
        for name in accounts {
            affected.extend(self.find(&self.account_id(namespace, name)));
        }
    }

    /// What carries pods behind a Service, which need not be there.
    fn behind_service(&self, namespace: &str, name: &str, affected: &mut Vec<ObjectIx>) {
        let id = AssetId::object(
            &self.settings().cluster,
            "",
            "Service",
            Some(namespace),
            name,
        );
        if let Some(service) = self.find(&id) {
            affected.push(service);
            affected.extend(self.carriers_selected(service));
        }
    }

    fn behind_route(&self, route: &Object, affected: &mut Vec<ObjectIx>) {
        let own = route.namespace().unwrap_or_default();
        for backend in route.roots().flat_map(|root| Route::new(root).backends()) {
            self.behind_service(backend.namespace.unwrap_or(own), backend.service, affected);
        }
    }

    fn around_account(&self, namespace: &str, name: &str, affected: &mut Vec<ObjectIx>) {
        if let Some(space) = self.namespace(namespace) {
            affected.extend(space.account_users.get(name));
        }
        let key = SubjectKey::ServiceAccount(namespace.into(), name.into());
        affected.extend(self.bindings_of_subject(&key));
    }

    fn around_namespace(&self, name: &str, affected: &mut Vec<ObjectIx>) {
        let Some(space) = self.namespace(name) else {
            return;
        };
        for member in space.members.as_slice() {
            affected.push(*member);
            // Gateways take routes by the labels of their namespace, and these
            // may lead to others.
            if let Some(route) = self
                .get(*member)
                .filter(|member| member.role == ObjectRole::Route)
            {
                self.behind_route(route, affected);
            }
        }
    }

    fn around_role(&self, ix: ObjectIx, role: &Object, affected: &mut Vec<ObjectIx>) {
        for role in std::iter::once(ix).chain(self.gatherers_of(role)) {
            affected.push(role);
            for binding in self.bindings_of_role(role) {
                if let Some(object) = self.get(binding) {
                    self.around_binding(binding, object, affected);
                }
            }
        }
    }

    fn around_binding(&self, ix: ObjectIx, binding: &Object, affected: &mut Vec<ObjectIx>) {
        affected.push(ix);
        affected.extend(self.role_of(ix));
        for subject in binding
            .roots()
            .flat_map(|root| Binding::new(root).subjects())
        {
            if let Some(SubjectKey::ServiceAccount(namespace, name)) =
                subject_key(subject, binding.namespace())
            {
                affected.extend(self.find(&self.account_id(&namespace, &name)));
                if let Some(space) = self.namespace(&namespace) {
                    affected.extend(space.account_users.get(&name));
                }
            }
        }
    }

    fn around_autoscaler(&self, autoscaler: &Object, affected: &mut Vec<ObjectIx>) {
        let space = autoscaler.namespace().and_then(|name| self.namespace(name));
        for target in autoscaler.roots().filter_map(TargetRef::of_autoscaler) {
            let scaled = |ix: &ObjectIx| {
                self.get(*ix).is_some_and(|object| {
                    &*object.asset.object.kind == target.kind()
                        && Some(object.name()) == target.name()
                })
            };
            let members = space
                .into_iter()
                .flat_map(|space| space.carriers.as_slice());
            affected.extend(members.copied().filter(scaled));
        }
    }
}
