//! Who selects, routes to, mounts and limits what.

use std::sync::Arc;

use plimsoll_model::AssetId;

use crate::{
    Inventory, Object, ObjectIx, ObjectRole, TemplateRef,
    index::{NamespaceIndex, account_name, budget_selector},
    object::PodLabels,
    set::IxSet,
    template::Bases,
    view::{network_policy::NetworkPolicy, pod::PodTemplate, service::Service},
};

/// The templates of every place an object is written at.
pub(crate) fn templates_of(object: &Object) -> Vec<TemplateRef<'_>> {
    let mut templates = object.bases.templates(object.document.root());
    for document in &object.also {
        let named = &object.asset.object;
        let bases = Bases::of(named.group(), &named.kind, document.root());
        templates.extend(bases.templates(document.root()));
    }
    templates
}

/// What selects pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selecting {
    Services,
    Policies,
    Budgets,
}

impl Inventory {
    /// The Services that select pods of a workload. All answers here are in the
    /// order of ids.
    pub fn services_selecting(&self, workload: ObjectIx) -> Vec<ObjectIx> {
        self.selecting(workload, Selecting::Services)
    }

    /// The NetworkPolicies that select pods of a workload, whichever direction
    /// they are for.
    pub fn network_policies_selecting(&self, workload: ObjectIx) -> Vec<ObjectIx> {
        self.selecting(workload, Selecting::Policies)
    }

    /// The PodDisruptionBudgets that select pods of a workload.
    pub fn pdbs_selecting(&self, workload: ObjectIx) -> Vec<ObjectIx> {
        self.selecting(workload, Selecting::Budgets)
    }

    /// The workloads whose pods a Service selects. For what another workload
    /// controls, the controller stands.
    pub fn workloads_selected_by(&self, service: ObjectIx) -> Vec<ObjectIx> {
        self.tops(self.carriers_selected(service))
    }

    /// What carries pods, each with the controller that stands for it in its
    /// place.
    fn tops(&self, mut carriers: Vec<ObjectIx>) -> Vec<ObjectIx> {
        for ix in &mut carriers {
            *ix = self.controller_of(*ix).unwrap_or(*ix);
        }
        carriers.sort_unstable();
        carriers.dedup();
        self.in_order(carriers)
    }

    /// The Ingresses that lead to a Service.
    pub fn ingresses_to(&self, service: ObjectIx) -> Vec<ObjectIx> {
        let Some((service, space)) = self.service(service) else {
            return Vec::new();
        };
        self.in_order(space.ingresses.get(service.name()).to_vec())
    }

    /// The routes of the Gateway API that lead to a Service.
    pub fn routes_to(&self, service: ObjectIx) -> Vec<ObjectIx> {
        let Some((service, space)) = self.service(service) else {
            return Vec::new();
        };
        self.in_order(space.routes.get(service.name()).to_vec())
    }

    /// The service account that the pods of a workload run as: namespace, name
    /// and, if it is in the inventory, the object. None for what carries no
    /// pods. Where the templates differ it is that of the first.
    pub fn service_account_of(
        &self,
        workload: ObjectIx,
    ) -> Option<(Arc<str>, Arc<str>, Option<ObjectIx>)> {
        let object = self.get(workload)?;
        let template = self.pod_templates(workload).into_iter().next()?;
        let namespace = object.asset.object.namespace.clone()?;
        let name = account_name(PodTemplate::new(template.node));
        let id = self.account_id(&namespace, name);
        Some((namespace, name.into(), self.find(&id)))
    }

    /// The workloads whose pods run as a service account, by namespace and
    /// name: it need not be in the inventory. For what another workload
    /// controls, the controller stands: an admission webhook may have given
    /// its pods another account than it asks for.
    pub fn workloads_using(&self, namespace: &str, name: &str) -> Vec<ObjectIx> {
        let users = self
            .namespace(namespace)
            .map_or(&[][..], |space| space.account_users.get(name));
        self.tops(users.to_vec())
    }

    /// The Namespace of this name.
    pub fn namespace_object(&self, name: &str) -> Option<ObjectIx> {
        self.namespace(name)?.object
    }

    /// The autoscalers that scale a workload.
    pub fn hpas_targeting(&self, workload: ObjectIx) -> Vec<ObjectIx> {
        let Some((object, space)) = self
            .get(workload)
            .and_then(|object| Some((object, self.namespace(object.namespace()?)?)))
        else {
            return Vec::new();
        };
        let key = format!("{}/{}", object.asset.object.kind, object.name());
        self.in_order(space.autoscalers.get(&key).to_vec())
    }

    /// The LimitRanges of a namespace.
    pub fn limit_ranges(&self, namespace: &str) -> Vec<ObjectIx> {
        self.in_order(
            self.namespace(namespace)
                .map_or(&[][..], |space| space.limit_ranges.as_slice())
                .to_vec(),
        )
    }

    /// The ResourceQuotas of a namespace.
    pub fn resource_quotas(&self, namespace: &str) -> Vec<ObjectIx> {
        self.in_order(
            self.namespace(namespace)
                .map_or(&[][..], |space| space.quotas.as_slice())
                .to_vec(),
        )
    }

    /// Everything in a namespace.
    pub fn members(&self, namespace: &str) -> Vec<ObjectIx> {
        self.in_order(
            self.namespace(namespace)
                .map_or(&[][..], |space| space.members.as_slice())
                .to_vec(),
        )
    }

    pub(crate) fn namespace(&self, name: &str) -> Option<&NamespaceIndex> {
        self.index.namespaces.get(name)
    }

    pub(crate) fn account_id(&self, namespace: &str, name: &str) -> AssetId {
        AssetId::object(
            &self.settings().cluster,
            "",
            "ServiceAccount",
            Some(namespace),
            name,
        )
    }

    fn service(&self, ix: ObjectIx) -> Option<(&Object, &NamespaceIndex)> {
        let object = self
            .get(ix)
            .filter(|object| object.role == ObjectRole::Service)?;
        Some((object, self.namespace(object.namespace()?)?))
    }

    fn selecting(&self, workload: ObjectIx, what: Selecting) -> Vec<ObjectIx> {
        let Some(object) = self.get(workload) else {
            return Vec::new();
        };
        let Some(space) = object.namespace().and_then(|name| self.namespace(name)) else {
            return Vec::new();
        };
        let found = object
            .pods
            .iter()
            .flat_map(|labels| self.selecting_labels(space, labels, what));
        self.in_order(found.collect())
    }

    /// What selects a pod of these labels in a namespace, in no order.
    pub(crate) fn selecting_labels(
        &self,
        space: &NamespaceIndex,
        labels: &PodLabels,
        what: Selecting,
    ) -> Vec<ObjectIx> {
        let selectors = match what {
            Selecting::Services => &space.services,
            Selecting::Policies => &space.policies,
            Selecting::Budgets => &space.budgets,
        };
        let selects = |ix: &ObjectIx| {
            self.get(*ix).is_some_and(|object| {
                object.roots().any(|root| match what {
                    Selecting::Services => Service::new(root).selector().matches(labels),
                    Selecting::Policies => NetworkPolicy::new(root).selects(labels),
                    Selecting::Budgets => budget_selector(root).matches(labels),
                })
            })
        };
        selectors.candidates(labels).filter(selects).collect()
    }

    /// What carries pods that a Service, NetworkPolicy or PodDisruptionBudget
    /// selects, controlled or not, in no order.
    pub(crate) fn carriers_selected(&self, ix: ObjectIx) -> Vec<ObjectIx> {
        let Some(object) = self.get(ix) else {
            return Vec::new();
        };
        let Some(space) = object.namespace().and_then(|name| self.namespace(name)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for root in object.roots() {
            let selector = match object.role {
                ObjectRole::Service => Service::new(root).selector(),
                ObjectRole::DisruptionBudget => budget_selector(root),
                ObjectRole::NetworkPolicy => NetworkPolicy::new(root).selector(),
                _ => continue,
            };
            let selects = |labels: &PodLabels| match object.role {
                ObjectRole::NetworkPolicy => NetworkPolicy::new(root).selects(labels),
                _ => selector.matches(labels),
            };
            let matches = |ix: &&ObjectIx| {
                self.get(**ix)
                    .is_some_and(|carrier| carrier.pods.iter().any(selects))
            };
            found.extend(space.candidates(selector).iter().filter(matches));
        }
        found
    }

    /// The routes that name a Gateway as their parent.
    pub fn routes_of_gateway(&self, gateway: ObjectIx) -> Vec<ObjectIx> {
        let routes = self
            .get(gateway)
            .and_then(|gateway| self.index.gateway_routes.get(&gateway.asset.id));
        self.in_order(routes.map_or(&[][..], IxSet::as_slice).to_vec())
    }
}
