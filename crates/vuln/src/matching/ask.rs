//! Questions to the database, each asked once for an image.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use plimsoll_model::PackageType;

use crate::{
    advisory::Exploitation,
    gist::Gist,
    lookup::{Coverage, Entry, FeedInfo, Head, Lookup, Place},
};

/// A database, and what it has answered already.
pub(super) struct Ask<'a> {
    db: &'a dyn Lookup,
    /// By place, name and what was kept.
    about: HashMap<(usize, String, String), Arc<[Entry]>>,
    heads: HashMap<String, Arc<[Head]>>,
    covers: BTreeMap<PackageType, Option<Coverage>>,
    /// Feeds that said something, or would have.
    feeds: BTreeSet<String>,
    /// What went wrong.
    pub errors: BTreeSet<String>,
}

impl<'a> Ask<'a> {
    pub fn new(db: &'a dyn Lookup) -> Self {
        Ask {
            db,
            about: HashMap::new(),
            heads: HashMap::new(),
            covers: BTreeMap::new(),
            feeds: BTreeSet::new(),
            errors: BTreeSet::new(),
        }
    }

    /// What `keep` leaves of what is said of a name in a place; `key` stands
    /// for the place, and `filter` for what `keep` goes by. Withdrawn
    /// advisories say nothing.
    pub fn about(
        &mut self,
        (key, place): (usize, Place<'_>),
        name: &str,
        filter: String,
        keep: &mut dyn FnMut(&Gist<'_>) -> bool,
    ) -> Arc<[Entry]> {
        let question = (key, name.to_owned(), filter);
        if let Some(known) = self.about.get(&question) {
            return Arc::clone(known);
        }
        let mut entries = match self.db.about_if(place, name, keep) {
            Ok(entries) => entries,
            Err(error) => {
                self.errors.insert(error.to_string());
                Vec::new()
            }
        };
        entries.retain(|entry| entry.advisory.withdrawn.is_none());
        let entries: Arc<[Entry]> = entries.into();
        self.about.insert(question, Arc::clone(&entries));
        entries
    }

    /// What is known of a place. Its feeds count as used.
    pub fn covers(&mut self, place: Place<'_>) -> Option<Coverage> {
        let coverage = self.db.covers(place)?;
        self.feeds.extend(coverage.feeds.iter().cloned());
        Some(coverage)
    }

    /// The same for a registry, remembered.
    pub fn covers_registry(&mut self, kind: PackageType) -> bool {
        if let Some(known) = self.covers.get(&kind) {
            return known.is_some();
        }
        let coverage = self.covers(Place::Registry(kind));
        let is_some = coverage.is_some();
        self.covers.insert(kind, coverage);
        is_some
    }

    /// The records of this name that are not withdrawn, in order of their feeds.
    pub fn heads(&mut self, id: &str) -> Arc<[Head]> {
        if let Some(known) = self.heads.get(id) {
            return Arc::clone(known);
        }
        let mut heads = match self.db.heads(id) {
            Ok(heads) => heads,
            Err(error) => {
                self.errors.insert(error.to_string());
                Vec::new()
            }
        };
        heads.retain(|head| head.record.withdrawn.is_none());
        heads.sort_by(|a, b| {
            let (a, b) = (&a.record, &b.record);
            (&a.source.feed, &a.id).cmp(&(&b.source.feed, &b.id))
        });
        let heads: Arc<[Head]> = heads.into();
        self.heads.insert(id.to_owned(), Arc::clone(&heads));
        heads
    }

    pub fn exploitation(&mut self, cve: &str) -> Option<Exploitation> {
        match self.db.exploitation(cve) {
            Ok(known) => known,
            Err(error) => {
                self.errors.insert(error.to_string());
                None
            }
        }
    }

    /// Counts what another asked, and what went wrong there.
    pub fn join(&mut self, other: Self) {
        self.feeds.extend(other.feeds);
        self.errors.extend(other.errors);
    }

    /// The feeds that were asked.
    pub fn feeds(&self) -> Vec<FeedInfo> {
        self.db
            .feeds()
            .iter()
            .filter(|feed| self.feeds.contains(&feed.name))
            .cloned()
            .collect()
    }
}
