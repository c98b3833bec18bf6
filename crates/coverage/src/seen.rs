//! What of the objects of a cluster coverage and versions rest on.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_inventory::{Inventory, Object, ObjectIx, ObjectRole};
use plimsoll_manifest::Span;
use plimsoll_model::{AssetId, Location};
use rustc_hash::FxHashMap;

use crate::{
    node::{NodeSeen, short, text, time},
    unsupported,
};

/// Where the leases of nodes are.
const LEASES: &str = "kube-node-lease";

/// Where the API server tells its version: no file, but an answer of its own.
#[must_use]
pub fn server_place() -> Location {
    Location {
        file: "kubernetes-watch/version".into(),
        line: 0,
        column: 0,
        span: Span { start: 0, end: 0 },
    }
}

/// What the objects of a cluster say of themselves.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The version of the API server: `v1.36.0`.
    pub server: Option<Arc<str>>,
    /// The nodes, in order of their names.
    pub nodes: Vec<NodeSeen>,
    /// Why no sensor can observe a workload, for those that none can.
    pub unsupported: FxHashMap<AssetId, Arc<str>>,
    /// The nodes that the pods of a workload run on, sorted.
    pub runs_on: FxHashMap<AssetId, Vec<Arc<str>>>,
}

impl Seen {
    /// Reads the objects. `server` is the version that the API server gives,
    /// where there is one.
    pub fn of(inventory: &Inventory, server: Option<&str>) -> Self {
        let mut nodes: BTreeMap<Arc<str>, NodeSeen> = BTreeMap::new();
        let mut handlers: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, object) in inventory.objects() {
            let named = &object.asset.object;
            if object.role == ObjectRole::Node {
                nodes.insert(named.name.clone(), NodeSeen::of(object));
            } else if &*named.kind == "RuntimeClass"
                && let Some(handler) = text(object.document.root(), "handler")
            {
                handlers.insert(&named.name, handler);
            }
        }
        let mut seen = Seen {
            server: server.and_then(short),
            ..Seen::default()
        };
        for (ix, object) in inventory.objects() {
            if object.role == ObjectRole::Workload {
                seen.take_workload(inventory, ix, object, &handlers);
            } else if let Some((name, renewed)) = lease(object)
                && let Some(node) = nodes.get_mut(name)
            {
                node.heartbeat = node.heartbeat.filter(|_| node.leased).max(Some(renewed));
                node.leased = true;
            }
        }
        for nodes in seen.runs_on.values_mut() {
            nodes.sort_unstable();
            nodes.dedup();
        }
        seen.nodes = nodes.into_values().collect();
        seen
    }

    fn take_workload(
        &mut self,
        inventory: &Inventory,
        ix: ObjectIx,
        object: &Object,
        handlers: &BTreeMap<&str, &str>,
    ) {
        let top = inventory
            .controller_of(ix)
            .and_then(|top| inventory.get(top))
            .unwrap_or(object);
        for template in inventory.pod_templates(ix) {
            let Some(spec) = template.node.get("spec") else {
                continue;
            };
            if let Some(class) = text(spec, "runtimeClassName")
                && let Some(why) = unsupported::class(class, handlers.get(class).copied())
            {
                self.unsupported.insert(top.asset.id.clone(), why);
            }
            let is_pod = &*object.asset.object.kind == "Pod";
            if is_pod && let Some(node) = text(spec, "nodeName").and_then(short) {
                let nodes = self.runs_on.entry(top.asset.id.clone()).or_default();
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
    }
}

/// The node that an object is the lease of, and when it was renewed.
fn lease(object: &Object) -> Option<(&str, plimsoll_model::Timestamp)> {
    let named = &object.asset.object;
    let is_one = &*named.kind == "Lease"
        && named.group() == "coordination.k8s.io"
        && named.namespace.as_deref() == Some(LEASES);
    let spec = object.document.root().get("spec").filter(|_| is_one)?;
    Some((&named.name, time(spec, "renewTime")?))
}
