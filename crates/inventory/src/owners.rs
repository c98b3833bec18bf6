//! Who controls what.

use plimsoll_manifest::Source;
use plimsoll_model::AssetId;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Inventory, Object, ObjectIx, ObjectRole, is_cluster_scoped,
    set::IxSet,
    template::{Bases, Known},
    view::workload::Workload,
};

/// How many controllers are followed upwards. Real chains have three.
const MAX_CHAIN: usize = 16;

/// The id of what an object names as its controller.
pub(crate) fn controller_id(object: &Object, cluster: &str) -> Option<AssetId> {
    let owner = Workload::new(object.document.root()).controller()?;
    let (group, kind, name) = (owner.group(), owner.kind()?, owner.name()?);
    let namespace = object
        .namespace()
        .filter(|_| !is_cluster_scoped(group, kind));
    Some(AssetId::object(cluster, group, kind, namespace, name))
}

impl Inventory {
    /// The top controller of a Pod, ReplicaSet or Job: the last workload of the
    /// inventory in its chain of owners. None for what no workload of the
    /// inventory controls, and in a chain that bites its tail.
    pub fn controller_of(&self, ix: ObjectIx) -> Option<ObjectIx> {
        let mut top = None;
        let mut current = ix;
        for _ in 0..MAX_CHAIN {
            match self.owner(current) {
                Some(owner) if owner == ix => return None,
                Some(owner) => (top, current) = (Some(owner), owner),
                None => return top,
            }
        }
        None
    }

    /// What carries pods and is controlled by this object, directly or through
    /// others, in the order of ids.
    pub fn controlled_by(&self, ix: ObjectIx) -> Vec<ObjectIx> {
        let Some(object) = self.get(ix) else {
            return Vec::new();
        };
        let mut below = self.descendants(&object.asset.id);
        below.retain(|below| *below != ix && self.controller_of(*below).is_some());
        self.in_order(below)
    }

    /// The pods that this workload stands for, one of each document: the first
    /// by id of those that are alike.
    pub fn observed_pods(&self, ix: ObjectIx) -> Vec<ObjectIx> {
        let Some(object) = self.get(ix) else {
            return Vec::new();
        };
        let mut pods = self.descendants(&object.asset.id);
        pods.retain(|below| {
            let is_pod = |object: &Object| object.bases == Bases::Known(Known::Pod);
            self.get(*below).is_some_and(is_pod)
        });
        let mut seen: FxHashMap<(*const Source, u32), ObjectIx> = FxHashMap::default();
        for pod in pods {
            let Some(object) = self.get(pod) else {
                continue;
            };
            let document = (
                std::sync::Arc::as_ptr(object.document.source()),
                object.document.index(),
            );
            let first = seen.entry(document).or_insert(pod);
            let id = |ix: ObjectIx| self.get(ix).map(|object| &object.asset.id);
            if id(pod) < id(*first) {
                *first = pod;
            }
        }
        self.in_order(seen.into_values().collect())
    }

    /// The workload that an object names as its controller.
    fn owner(&self, ix: ObjectIx) -> Option<ObjectIx> {
        let object = self
            .get(ix)
            .filter(|object| object.role == ObjectRole::Workload)?;
        let owner = self.find(&controller_id(object, &self.settings().cluster)?)?;
        let carries_pods = self
            .get(owner)
            .is_some_and(|owner| owner.role == ObjectRole::Workload);
        (carries_pods && owner != ix).then_some(owner)
    }

    /// Everything that names `id`, or something below it, as its controller, as
    /// far down as chains are followed up.
    pub(crate) fn descendants(&self, id: &AssetId) -> Vec<ObjectIx> {
        let children = |id: &AssetId| self.index.children.get(id).map_or(&[][..], IxSet::as_slice);
        let mut all: Vec<ObjectIx> = children(id).to_vec();
        let mut seen: FxHashSet<ObjectIx> = all.iter().copied().collect();
        let mut level = 0..all.len();
        for _ in 1..=MAX_CHAIN {
            for at in level.clone() {
                let Some(object) = all.get(at).and_then(|ix| self.get(*ix)) else {
                    continue;
                };
                let below = children(&object.asset.id).iter();
                all.extend(below.filter(|ix| seen.insert(**ix)));
            }
            level = level.end..all.len();
        }
        all
    }
}
