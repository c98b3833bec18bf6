//! What analyzers found in files, followed through the layers: since when it
//! has been there without a gap, and which layer took it away.

use std::{collections::BTreeMap, hash::Hash};

use rustc_hash::FxHashMap;

use super::tree::{Id, Tree};
use crate::Found;

/// The versions of one file that something was found in, the lowest first.
pub(super) struct Chain<'a> {
    /// The path in the image.
    pub path: &'a str,
    /// The versions and what was found in them.
    pub versions: Vec<(Id, &'a [Found])>,
}

/// Something found in a file, for as long as it stayed in it without a gap.
#[derive(Clone)]
pub(super) struct Spot<'a, T> {
    /// The layer since which it has been there.
    pub layer: u32,
    /// The layer that took it away, if one did.
    pub removed_by: Option<u32>,
    /// Where it is: by the name of a hard link when only that is left.
    pub path: &'a str,
    /// The last version of the file it is in.
    pub file: Id,
    /// What was found there: in archives the same thing may be there often.
    pub items: Vec<&'a T>,
}

/// Every file of any layer that something was found in, sorted by path.
pub(super) fn chains<'a>(tree: &'a Tree<'_>) -> Vec<Chain<'a>> {
    let mut chains: BTreeMap<&'a str, Vec<(Id, &'a [Found])>> = BTreeMap::new();
    for layer in 0..tree.layer_count() {
        let layer = u32::try_from(layer).unwrap_or(u32::MAX);
        for (path, found) in &tree.layer(layer).found {
            // An analysis tells of no finding without its file.
            let Some(id) = tree.find_in(layer, path) else {
                continue;
            };
            chains
                .entry(tree.path(id))
                .or_default()
                .push((id, found.as_slice()));
        }
    }
    chains
        .into_iter()
        .map(|(path, versions)| Chain { path, versions })
        .collect()
}

impl<'a> Chain<'a> {
    /// The version that is there in the end, when there is one: what was found
    /// in it, and the name it has.
    pub fn visible(&self, tree: &Tree<'_>) -> Option<(Id, &'a [Found])> {
        self.versions
            .iter()
            .rev()
            .find(|(id, _)| tree.removed_by(*id).is_none())
            .copied()
    }

    /// What `pick` takes of the findings, each by its key, followed through
    /// the versions of the file. In the order of the layers they end in, then
    /// that of the findings.
    pub fn spots<T: 'a, K: Hash + Eq + Clone>(
        &self,
        tree: &'a Tree<'_>,
        pick: impl Fn(&'a Found) -> Option<(K, &'a T)>,
    ) -> Vec<Spot<'a, T>> {
        let mut done = Vec::new();
        // What is there in the version that was last looked at, and since when.
        let mut open: FxHashMap<K, (u32, Vec<&'a T>)> = FxHashMap::default();
        let mut order: Vec<K> = Vec::new();
        let mut last: Option<Id> = None;
        let mut close = |items: (u32, Vec<&'a T>), file: Id, by: Option<u32>| {
            let path = match (by, tree.hidden_by(file)) {
                // There by another name.
                (None, Some(_)) => tree
                    .links_to(file)
                    .iter()
                    .find(|link| tree.hidden_by(**link).is_none())
                    .map_or(self.path, |link| tree.path(*link)),
                _ => self.path,
            };
            done.push(Spot {
                layer: items.0,
                removed_by: by,
                path,
                file,
                items: items.1,
            });
        };
        for (id, found) in &self.versions {
            let replaces = last.is_some_and(|last| tree.hidden_by(last) == Some(id.layer));
            let mut now: FxHashMap<K, (u32, Vec<&'a T>)> = FxHashMap::default();
            let mut now_order = Vec::new();
            for (key, item) in found.iter().filter_map(&pick) {
                let since = match open.get(&key) {
                    Some((since, _)) if replaces => *since,
                    _ => id.layer,
                };
                now.entry(key.clone())
                    .or_insert_with(|| {
                        now_order.push(key);
                        (since, Vec::new())
                    })
                    .1
                    .push(item);
            }
            if let Some(last) = last {
                let by = if replaces {
                    Some(id.layer)
                } else {
                    tree.removed_by(last)
                };
                for key in order.drain(..) {
                    if let Some(items) = open.remove(&key)
                        && !(replaces && now.contains_key(&key))
                    {
                        close(items, last, by);
                    }
                }
            }
            open = now;
            order = now_order;
            last = Some(*id);
        }
        if let Some(last) = last {
            for key in order {
                if let Some(items) = open.remove(&key) {
                    close(items, last, tree.removed_by(last));
                }
            }
        }
        done
    }
}
