//! Sets of objects, and objects by their labels.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ObjectIx;

/// A set as a sorted list: most sets are tiny, and new objects have the highest
/// numbers, so that adding is appending.
#[derive(Clone, Debug, Default)]
pub(crate) struct IxSet(Vec<ObjectIx>);

impl IxSet {
    pub fn add(&mut self, ix: ObjectIx) {
        if self.0.last().is_none_or(|last| *last < ix) {
            self.0.push(ix);
        } else if let Err(at) = self.0.binary_search(&ix) {
            self.0.insert(at, ix);
        }
    }

    pub fn remove(&mut self, ix: ObjectIx) {
        if let Ok(at) = self.0.binary_search(&ix) {
            self.0.remove(at);
        }
    }

    pub fn as_slice(&self) -> &[ObjectIx] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sets by a name, without empty ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named(FxHashMap<Arc<str>, IxSet>);

impl Named {
    pub fn add(&mut self, name: &Arc<str>, ix: ObjectIx) {
        self.0.entry(name.clone()).or_default().add(ix);
    }

    pub fn remove(&mut self, name: &str, ix: ObjectIx) {
        if let Some(set) = self.0.get_mut(name) {
            set.remove(ix);
            if set.is_empty() {
                self.0.remove(name);
            }
        }
    }

    pub fn get(&self, name: &str) -> &[ObjectIx] {
        self.0.get(name).map_or(&[], IxSet::as_slice)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sets by a label's key and value.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByLabel(FxHashMap<Arc<str>, Named>);

impl ByLabel {
    pub fn add(&mut self, key: &Arc<str>, value: &Arc<str>, ix: ObjectIx) {
        self.0.entry(key.clone()).or_default().add(value, ix);
    }

    pub fn remove(&mut self, key: &str, value: &str, ix: ObjectIx) {
        if let Some(values) = self.0.get_mut(key) {
            values.remove(value, ix);
            if values.is_empty() {
                self.0.remove(key);
            }
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, key: &str, value: &str) -> &[ObjectIx] {
        self.0.get(key).map_or(&[], |values| values.get(value))
    }
}
