//! Equal things kept once: a large estate repeats the same few paths, names
//! and fixes, and millions of findings must fit in memory.

use std::sync::Arc;

use plimsoll_model::Fix;
use rustc_hash::FxHashSet;

#[derive(Default)]
pub(crate) struct Interner {
    texts: FxHashSet<Arc<str>>,
    fixes: FxHashSet<Arc<[Fix]>>,
    names: FxHashSet<Arc<[Arc<str>]>>,
}

impl Interner {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.texts.insert(new.clone());
        new
    }

    pub(crate) fn fixes(&mut self, fixes: Vec<Fix>) -> Arc<[Fix]> {
        if let Some(known) = self.fixes.get(fixes.as_slice()) {
            return known.clone();
        }
        let new: Arc<[Fix]> = fixes.into();
        self.fixes.insert(new.clone());
        new
    }

    /// The sorted union of two sorted lists of names.
    pub(crate) fn union(
        &mut self,
        one: &Arc<[Arc<str>]>,
        two: &Arc<[Arc<str>]>,
    ) -> Arc<[Arc<str>]> {
        if Arc::ptr_eq(one, two) || two.is_empty() {
            return one.clone();
        }
        let mut all: Vec<Arc<str>> = one.iter().chain(two.iter()).cloned().collect();
        all.sort();
        all.dedup();
        if let Some(known) = self.names.get(all.as_slice()) {
            return known.clone();
        }
        let new: Arc<[Arc<str>]> = all.into();
        self.names.insert(new.clone());
        new
    }
}
