//! What must be judged again when an object comes, changes or goes.

use plimsoll_inventory::{Inventory, ObjectIx, ObjectRole};

use crate::controls::DEFAULT_DENY_NAMES;

/// The objects of which a control may say something else when this one comes,
/// changes or goes, itself among them, in the order of ids.
///
/// As with [`Inventory::affected_by`], on which it builds, ask after an object
/// has come, before it goes, and both before and after it changes. Beside what
/// relations lead to, some fixes are offered only where no object has the name
/// of the one they would make.
pub fn affected_by(inventory: &Inventory, ix: ObjectIx) -> Vec<ObjectIx> {
    let mut affected = inventory.affected_by(ix);
    let Some(object) = inventory.get(ix) else {
        return affected;
    };
    let before = affected.len();
    let members = || {
        object
            .namespace()
            .map_or_else(Vec::new, |name| inventory.members(name))
    };
    let carriers = || {
        members().into_iter().filter(|ix| {
            inventory
                .get(*ix)
                .is_some_and(|member| member.role == ObjectRole::Workload)
        })
    };
    match object.role {
        ObjectRole::NetworkPolicy if DEFAULT_DENY_NAMES.contains(&object.name()) => {
            affected.extend(carriers());
        }
        ObjectRole::DisruptionBudget => {
            affected.extend(carriers().filter(|ix| {
                inventory
                    .get(*ix)
                    .is_some_and(|carrier| carrier.name() == object.name())
            }));
        }
        // Whether a budget lets a pod go depends on who scales what it is for.
        ObjectRole::Autoscaler => {
            let budgets: Vec<ObjectIx> = affected
                .iter()
                .flat_map(|ix| inventory.pdbs_selecting(*ix))
                .collect();
            affected.extend(budgets);
        }
        _ => {}
    }
    if affected.len() > before {
        let id = |ix: &ObjectIx| inventory.get(*ix).map(|object| &object.asset.id);
        affected.sort_by(|one, two| id(one).cmp(&id(two)));
        affected.dedup();
    }
    affected
}
