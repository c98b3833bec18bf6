//! Whether policies of network plugins isolate the pods of a workload.

use crate::{
    Inventory, Object, ObjectIx,
    index::account_name,
    object::PodLabels,
    relations::templates_of,
    view::{
        labels::Labelled,
        network_policy::Direction,
        plugin_policy::{Endpoint, PluginPolicy, Truth},
        pod::PodTemplate,
    },
};

/// Policies that are asked for one workload. All that may select its pods are
/// known by their labels and are few; past this many it is unknown.
const MOST_POLICIES: usize = 256;

/// Whether pods are isolated in a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// No policy isolates them.
    No,
    /// A policy may: which, and that it can't be told, in one sentence.
    Unknown(String),
    /// A policy isolates them.
    Yes,
}

impl Inventory {
    /// Whether a policy of Cilium or Calico isolates pods of a workload.
    /// NetworkPolicies of Kubernetes itself are not asked: see
    /// [`network_policies_selecting`](Self::network_policies_selecting).
    pub fn plugin_isolation(&self, workload: ObjectIx, direction: Direction) -> Isolation {
        let Some((object, namespace)) = self
            .get(workload)
            .and_then(|object| Some((object, object.namespace()?)))
        else {
            return Isolation::No;
        };
        let mut unknown = None;
        let mut asked = 0;
        for (template, labels) in templates_of(object).into_iter().zip(&object.pods) {
            let policies = self.plugin_policies(namespace, labels);
            if policies.is_empty() {
                continue;
            }
            let account = account_name(PodTemplate::new(template.node));
            let space = self.namespace(namespace);
            let account_object = self
                .find(&self.account_id(namespace, account))
                .and_then(|ix| self.get(ix));
            let endpoint = Endpoint {
                labels,
                namespace,
                namespace_labels: space
                    .filter(|space| space.object.is_some())
                    .map(|space| &space.labels as &dyn Labelled),
                account,
                account_labels: account_object
                    .as_ref()
                    .map(|account| account as &dyn Labelled),
            };
            for policy in policies {
                asked += 1;
                if asked > MOST_POLICIES {
                    let reason = format!(
                        "more than {MOST_POLICIES} policies of network plugins may select the pods: not all of them were looked at"
                    );
                    return Isolation::Unknown(reason);
                }
                match isolates(policy, direction, &endpoint) {
                    Truth::Yes => return Isolation::Yes,
                    Truth::Unknown => unknown = unknown.or(Some(policy)),
                    Truth::No => {}
                }
            }
        }
        unknown.map_or(Isolation::No, |policy| {
            let namespace = policy
                .namespace()
                .map_or(String::new(), |name| format!("{name}/"));
            Isolation::Unknown(format!(
                "whether the {} `{namespace}{}` isolates the pods can't be told from what is here",
                policy.asset.object.kind,
                policy.name()
            ))
        })
    }

    /// The policies that may select a pod of these labels, in the order of ids.
    fn plugin_policies(&self, namespace: &str, labels: &PodLabels) -> Vec<&Object> {
        let own = self
            .namespace(namespace)
            .into_iter()
            .flat_map(|space| space.plugin_policies.candidates(labels));
        let found = self.index.plugin_policies.candidates(labels).chain(own);
        self.in_order(found.collect())
            .into_iter()
            .filter_map(|ix| self.get(ix))
            .collect()
    }
}

/// Whether a policy isolates the pod, at one of the places it is written at.
fn isolates(policy: &Object, direction: Direction, endpoint: &Endpoint<'_>) -> Truth {
    let named = &policy.asset.object;
    policy
        .roots()
        .filter_map(|root| PluginPolicy::new(named.group(), &named.kind, root))
        .map(|policy| policy.isolates(direction, endpoint))
        .fold(Truth::No, Truth::or)
}
