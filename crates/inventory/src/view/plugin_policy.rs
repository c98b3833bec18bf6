//! Policies of network plugins: Cilium's and Calico's.
//!
//! Their selectors speak of more than the labels of a pod: of its namespace, its
//! service account, of labels that are set at runtime. What can't be told from
//! the objects that are there is [`Truth::Unknown`], and so is what is written
//! in a way that is not understood.

mod calico;
mod cilium;
mod endpoint;
mod selector;
#[cfg(test)]
mod tests;

use plimsoll_manifest::Node;

pub use self::endpoint::{Endpoint, Truth};
use super::network_policy::Direction;

/// A policy of a network plugin.
#[derive(Clone, Copy, Debug)]
pub struct PluginPolicy<'a> {
    root: Node<'a>,
    plugin: Plugin,
    /// Whether it is for the pods of one namespace only.
    namespaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plugin {
    Cilium,
    Calico,
}

impl<'a> PluginPolicy<'a> {
    /// Whether objects of this kind are such policies.
    #[must_use]
    pub fn is_kind(group: &str, kind: &str) -> bool {
        plugin_of(group, kind).is_some()
    }

    /// The policy that an object of this kind is.
    #[must_use]
    pub fn new(group: &str, kind: &str, root: Node<'a>) -> Option<Self> {
        let (plugin, namespaced) = plugin_of(group, kind)?;
        Some(PluginPolicy {
            root,
            plugin,
            namespaced,
        })
    }

    /// Whether it isolates a pod in this direction: only what it or another
    /// policy allows gets through. Of a policy in a namespace it is asked for
    /// the pods of that namespace only.
    #[must_use]
    pub fn isolates(self, direction: Direction, endpoint: &Endpoint<'_>) -> Truth {
        match self.plugin {
            Plugin::Cilium => cilium::isolates(self.root, self.namespaced, direction, endpoint),
            Plugin::Calico => calico::isolates(self.root, self.namespaced, direction, endpoint),
        }
    }

    /// For each of its rules, the labels that every pod must have which it may
    /// select.
    pub(crate) fn required(self) -> Vec<Vec<(&'a str, &'a str)>> {
        match self.plugin {
            Plugin::Cilium => cilium::required(self.root),
            Plugin::Calico => vec![calico::required(self.root)],
        }
    }
}

fn plugin_of(group: &str, kind: &str) -> Option<(Plugin, bool)> {
    match (group, kind) {
        ("cilium.io", "CiliumNetworkPolicy") => Some((Plugin::Cilium, true)),
        ("cilium.io", "CiliumClusterwideNetworkPolicy") => Some((Plugin::Cilium, false)),
        ("projectcalico.org" | "crd.projectcalico.org", "NetworkPolicy") => {
            Some((Plugin::Calico, true))
        }
        ("projectcalico.org" | "crd.projectcalico.org", "GlobalNetworkPolicy") => {
            Some((Plugin::Calico, false))
        }
        _ => None,
    }
}
