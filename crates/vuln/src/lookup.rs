//! What the matcher asks of a database.
//!
//! [`Lookup`] is the question; the database file answers it, and [`Memory`]
//! does for a handful of advisories.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{Package, PackageType, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    advisory::{Advisory, Affected, Exploitation, Origin},
    gist::Gist,
};

/// Where packages come from, as it is asked for: all streams of a release,
/// names of source and of binary packages alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place<'a> {
    /// A release of a distribution.
    Distribution {
        /// As [`Origin::Distribution`] has it.
        id: &'a str,
        /// As [`Origin::Distribution`] has it.
        release: &'a str,
    },
    /// A registry.
    Registry(PackageType),
    /// Programs, named `vendor:product`.
    Program,
}

impl Origin {
    /// The place that an advisory with this origin is found under.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        match self {
            Origin::Distribution { id, release, .. } => Place::Distribution { id, release },
            Origin::Registry(kind) => Place::Registry(*kind),
            Origin::Program => Place::Program,
        }
    }
}

/// The name by which advisories know a package of a language: the namespace
/// before it, as its ecosystem writes it. Of packages of an operating system
/// the name alone.
#[must_use]
pub fn full_name(package: &Package) -> String {
    match (&*package.namespace, package.kind) {
        ("", _) => package.name.clone(),
        _ if package.kind.is_os() => package.name.clone(),
        (namespace, PackageType::Maven) => format!("{namespace}:{}", package.name),
        (namespace, _) => format!("{namespace}/{}", package.name),
    }
}

/// A name as a key: two names of a place are the same package when their keys
/// are equal. Databases keep advisories by it, and answer whatever way the
/// name is written.
#[must_use]
pub fn key<'a>(place: Place<'_>, name: &'a str) -> Cow<'a, str> {
    let Place::Registry(kind) = place else {
        return Cow::Borrowed(name);
    };
    match kind {
        // Of these, purl keeps the case and the registry does not.
        PackageType::Nuget => Cow::Owned(name.to_lowercase()),
        PackageType::Maven => Cow::Borrowed(name),
        _ => match name.rsplit_once('/') {
            None => kind.canonical_name(name),
            Some((namespace, rest)) => {
                let (namespace, rest) = (
                    kind.canonical_namespace(namespace),
                    kind.canonical_name(rest),
                );
                match (&namespace, &rest) {
                    (Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(name),
                    _ => Cow::Owned(format!("{namespace}/{rest}")),
                }
            }
        },
    }
}

/// What one advisory says of one package.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The advisory. A database may have left out of `affected` what was not
    /// asked for.
    pub advisory: Arc<Advisory>,
    /// Which of its `affected` it is; one past its end is nothing.
    pub affected: usize,
}

impl Entry {
    /// What is said.
    #[must_use]
    pub fn affected(&self) -> Option<&Affected> {
        self.advisory.affected.get(self.affected)
    }
}

/// A record as such, without what it says of packages.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The record. A database may have left out what is in `affected`.
    pub record: Arc<Advisory>,
    /// Whether it is about a package of a distribution.
    pub of_distribution: bool,
}

impl From<Arc<Advisory>> for Head {
    fn from(record: Arc<Advisory>) -> Self {
        let is_theirs = |of: &Affected| matches!(of.origin, Origin::Distribution { .. });
        Head {
            of_distribution: record.affected.iter().any(is_theirs),
            record,
        }
    }
}

/// What a database knows of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The feeds that say something of it, sorted.
    pub feeds: Vec<String>,
    /// As of when the oldest of them is, where that is known.
    pub as_of: Option<Timestamp>,
}

/// One feed of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedInfo {
    /// Its name: `debian-security-tracker`.
    pub name: String,
    /// Where it was had from; empty when it was given as a file.
    pub url: String,
    /// Its licence, as SPDX writes it or in words.
    pub licence: String,
    /// As of when its data is: what the publisher says, else when it was had.
    pub as_of: Option<Timestamp>,
    /// Records that were read.
    pub records: u64,
    /// Records that were passed over.
    pub skipped: u64,
}

/// The database can't answer: a part of it is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the advisory database can't be read: {0}")]
pub struct LookupError(pub String);

/// A database of advisories.
pub trait Lookup: Sync {
    /// What is said of the package of this name in this place, in any order,
    /// by its [`key`]. Withdrawn advisories may be among it.
    ///
    /// # Errors
    /// The part of the database that has it is damaged.
    fn about(&self, place: Place<'_>, name: &str) -> Result<Vec<Entry>, LookupError>;

    /// As [`Lookup::about`], without what `keep` refuses. A database does not
    /// read the rest and the advisories of those: of a package such as `linux`, thousands of
    /// which hardly any are about the version at hand.
    ///
    /// # Errors
    /// The part of the database that has it is damaged.
    fn about_if(
        &self,
        place: Place<'_>,
        name: &str,
        keep: &mut dyn FnMut(&Gist<'_>) -> bool,
    ) -> Result<Vec<Entry>, LookupError> {
        let mut entries = self.about(place, name)?;
        entries.retain(|entry| entry.affected().is_some_and(|said| keep(&said.into())));
        Ok(entries)
    }

    /// What is known of a place as a whole; none when no feed is about it.
    fn covers(&self, place: Place<'_>) -> Option<Coverage>;

    /// The advisories that have this id, or this id among their aliases, in
    /// any order. Not those that are only about it.
    ///
    /// # Errors
    /// The part of the database that has it is damaged.
    fn by_id(&self, id: &str) -> Result<Vec<Arc<Advisory>>, LookupError>;

    /// As [`Lookup::by_id`], without what the records say of packages: a database
    /// does not read that, which of many a record is much.
    ///
    /// # Errors
    /// The part of the database that has it is damaged.
    fn heads(&self, id: &str) -> Result<Vec<Head>, LookupError> {
        Ok(self.by_id(id)?.into_iter().map(Head::from).collect())
    }

    /// What is known of how a CVE is exploited.
    ///
    /// # Errors
    /// The part of the database that has it is damaged.
    fn exploitation(&self, cve: &str) -> Result<Option<Exploitation>, LookupError>;

    /// The feeds it was made from, by name.
    fn feeds(&self) -> &[FeedInfo];
}

/// What is said of packages, by their name.
type Names = BTreeMap<String, Vec<Entry>>;

/// A few advisories, in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    distributions: BTreeMap<String, BTreeMap<String, Names>>,
    registries: BTreeMap<PackageType, Names>,
    programs: Names,
    by_id: BTreeMap<String, Vec<Arc<Advisory>>>,
    exploitation: BTreeMap<String, Exploitation>,
    feeds: Vec<FeedInfo>,
}

impl Memory {
    /// One that holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an advisory; its feed is made known when it is not yet.
    pub fn add(&mut self, advisory: Advisory) {
        if self.feed(&advisory.source.feed).is_err() {
            self.describe(FeedInfo {
                name: advisory.source.feed.clone(),
                ..FeedInfo::default()
            });
        }
        let advisory = Arc::new(advisory);
        for (affected, of) in advisory.affected.iter().enumerate() {
            let names = match &of.origin {
                Origin::Distribution { id, release, .. } => self
                    .distributions
                    .entry(id.clone())
                    .or_default()
                    .entry(release.clone())
                    .or_default(),
                Origin::Registry(kind) => self.registries.entry(*kind).or_default(),
                Origin::Program => &mut self.programs,
            };
            let key = key(of.origin.place(), &of.name).into_owned();
            names.entry(key).or_default().push(Entry {
                advisory: Arc::clone(&advisory),
                affected,
            });
        }
        let ids: BTreeSet<&String> = std::iter::once(&advisory.id)
            .chain(&advisory.aliases)
            .collect();
        for id in ids {
            self.by_id
                .entry(id.clone())
                .or_default()
                .push(Arc::clone(&advisory));
        }
    }

    /// Says how a CVE is exploited.
    pub fn add_exploitation(&mut self, cve: impl Into<String>, exploitation: Exploitation) {
        self.exploitation.insert(cve.into(), exploitation);
    }

    /// Says what a feed is.
    pub fn describe(&mut self, feed: FeedInfo) {
        match self.feed(&feed.name) {
            Ok(at) => self.feeds[at] = feed,
            Err(at) => self.feeds.insert(at, feed),
        }
    }

    fn feed(&self, name: &str) -> Result<usize, usize> {
        self.feeds
            .binary_search_by(|feed| feed.name.as_str().cmp(name))
    }

    fn names(&self, place: Place<'_>) -> Option<&Names> {
        match place {
            Place::Distribution { id, release } => self.distributions.get(id)?.get(release),
            Place::Registry(kind) => self.registries.get(&kind),
            Place::Program => Some(&self.programs),
        }
    }
}

impl Lookup for Memory {
    fn about(&self, place: Place<'_>, name: &str) -> Result<Vec<Entry>, LookupError> {
        let entries = self
            .names(place)
            .and_then(|names| names.get(&*key(place, name)));
        Ok(entries.cloned().unwrap_or_default())
    }

    fn covers(&self, place: Place<'_>) -> Option<Coverage> {
        let entries = self.names(place)?.values().flatten();
        let feeds: BTreeSet<&String> = entries.map(|entry| &entry.advisory.source.feed).collect();
        if feeds.is_empty() {
            return None;
        }
        let as_of = feeds
            .iter()
            .filter_map(|feed| self.feeds[self.feed(feed).ok()?].as_of)
            .min();
        Some(Coverage {
            feeds: feeds.into_iter().cloned().collect(),
            as_of,
        })
    }

    fn by_id(&self, id: &str) -> Result<Vec<Arc<Advisory>>, LookupError> {
        Ok(self.by_id.get(id).cloned().unwrap_or_default())
    }

    fn exploitation(&self, cve: &str) -> Result<Option<Exploitation>, LookupError> {
        Ok(self.exploitation.get(cve).cloned())
    }

    fn feeds(&self) -> &[FeedInfo] {
        &self.feeds
    }
}

impl FromIterator<Advisory> for Memory {
    fn from_iter<T: IntoIterator<Item = Advisory>>(advisories: T) -> Self {
        let mut memory = Memory::new();
        for advisory in advisories {
            memory.add(advisory);
        }
        memory
    }
}
