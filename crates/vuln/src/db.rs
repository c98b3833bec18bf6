//! The advisory database: one read-only file.
//!
//! [`Builder`] makes it of what feeds say; [`Database`] answers from its
//! bytes, which any number of processes may have mapped at once. Nothing is
//! read at opening but a header; every part is verified against the signed
//! header before it is used. `docs/advisory-database.md` describes the format.

mod blocks;
mod build;
pub(crate) mod bytes;
mod changed;
mod delta;
mod epss;
mod file;
#[doc(hidden)]
pub mod fuzzing;
mod key;
pub(crate) mod names;
mod recent;
mod table;
mod trim;

pub use build::Builder;
pub use changed::{Changes, changed};
pub use delta::{DeltaError, MAGIC as DELTA_MAGIC, apply, delta};
pub use file::{DbError, FORMAT, MAGIC, Trust};
pub use key::{KeyError, KeyId, PublicKey, SigningKey};
pub use names::{PackageKey, PlaceBuf};

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use plimsoll_model::{Date, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::{
    blocks::{Blocks, Item},
    bytes::{Reader, ascending},
    file::{File, Section, damaged},
    recent::Recent,
    table::Table,
};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Exploitation, Lifecycle, Origin, State},
    gist::{Gist, Span},
    lookup::{Coverage, Entry, FeedInfo, Head, Lookup, LookupError, Place},
};

/// For what was made here: tests and fuzzing.
const LOCAL: Trust<'static> = Trust::SignedOrLocal(&[]);

/// What is read at opening.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Meta {
    feeds: Vec<FeedInfo>,
    /// Which feeds say something of which places.
    places: Vec<(PlaceBuf, Vec<u32>)>,
    records: u32,
    left_out: u64,
    /// The day the packed scores are of.
    epss_day: Option<Date>,
}

/// What a record says of a package, without what its key says already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Statement {
    stream: String,
    source: bool,
    affected: Affected,
}

/// The beginning of a [`Statement`], borrowed: what tells whether it counts.
#[derive(Deserialize)]
struct Beginning<'a> {
    _stream: &'a str,
    source: bool,
    _origin: Origin,
    name: &'a str,
    scheme: Scheme,
    #[serde(borrow)]
    ranges: Vec<Span<'a>>,
    #[serde(borrow)]
    versions: Vec<&'a str>,
    state: State,
    _module: &'a str,
    #[serde(borrow)]
    architectures: Vec<&'a str>,
}

/// The end of an item.
struct Tail {
    item: Item,
    from: usize,
}

impl std::ops::Deref for Tail {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.item[self.from..]
    }
}

/// A database that is read from bytes.
#[derive(Debug)]
pub struct Database<B> {
    file: File<B>,
    meta: Meta,
    statements: Blocks,
    records: Blocks,
    recent: Recent,
    /// How many packages of distributions it has; they stand before all others.
    of_distributions: OnceLock<u32>,
}

impl From<DbError> for LookupError {
    fn from(error: DbError) -> Self {
        LookupError(error.to_string())
    }
}

impl<B: AsRef<[u8]>> Database<B> {
    /// Opens a file's bytes: checks who signed it and reads what feeds it was
    /// made from. Everything else is verified when it is first read.
    ///
    /// # Errors
    /// It is no database of this format, or not one that is trusted, or damaged.
    pub fn open(bytes: B, trust: Trust<'_>) -> Result<Self, DbError> {
        let file = File::open(bytes, trust)?;
        let meta: Meta = decode(Section::Meta, file.section(Section::Meta)?)?;
        let feeds = meta.feeds.len() as u32;
        let ordered = meta.feeds.is_sorted_by(|a, b| a.name < b.name)
            && meta.places.is_sorted_by(|a, b| a.0 < b.0)
            && meta
                .places
                .iter()
                .all(|(_, of)| of.iter().all(|feed| *feed < feeds));
        if !ordered {
            return Err(damaged(Section::Meta, "its lists are not in order"));
        }
        Ok(Database {
            file,
            meta,
            statements: Blocks::new(blocks::Sections {
                dictionary: Section::StatementDictionary,
                index: Section::StatementIndex,
                data: Section::Statements,
            }),
            records: Blocks::new(blocks::Sections {
                dictionary: Section::RecordDictionary,
                index: Section::RecordIndex,
                data: Section::Records,
            }),
            recent: Recent::new(),
            of_distributions: OnceLock::new(),
        })
    }

    /// The key it was signed with; none when nobody did.
    #[must_use]
    pub fn signed_by(&self) -> Option<KeyId> {
        self.file.signed_by()
    }

    /// What tells its content from any other.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        self.file.identity()
    }

    /// How many records it has.
    #[must_use]
    pub fn record_count(&self) -> u32 {
        self.meta.records
    }

    /// How many statements of records did not fit when it was built.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.meta.left_out
    }

    /// The day that its scores of exploit prediction are of.
    #[must_use]
    pub fn epss_day(&self) -> Option<Date> {
        self.meta.epss_day
    }

    /// The places it knows something of, in order.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.meta.places.iter().map(|(place, _)| place.as_place())
    }

    /// The packages it has something about, in order; for a search by name.
    ///
    /// # Errors
    /// The list of names is damaged; iteration then ends soon.
    pub fn packages(
        &self,
    ) -> Result<impl Iterator<Item = Result<PackageKey, DbError>> + '_, DbError> {
        let table = self.table(Section::Names)?;
        Ok(table.iter().map(|entry| {
            let (key, _) = entry?;
            names::decode(&key).ok_or_else(|| damaged(Section::Names, "a key names no package"))
        }))
    }

    /// The advisories that name this id: as their own, as an alias, or as
    /// what they are about. For `search` and `explain`.
    ///
    /// # Errors
    /// A part that has them is damaged.
    pub fn naming(&self, id: &str) -> Result<Vec<Arc<Advisory>>, DbError> {
        let [own, about] = self.records_of(id)?;
        own.into_iter()
            .chain(about)
            .map(|number| self.advisory(number).map(Arc::new))
            .collect()
    }

    /// How long a product is maintained.
    ///
    /// # Errors
    /// The part that has it is damaged.
    pub fn lifecycle(&self, product: &str) -> Result<Option<Lifecycle>, DbError> {
        let value = self.table(Section::Lifecycles)?.get(product.as_bytes())?;
        value
            .map(|value| decode(Section::Lifecycles, value))
            .transpose()
    }

    /// All that is known of how long products are maintained.
    ///
    /// # Errors
    /// The part that has it is damaged.
    pub fn lifecycles(&self) -> Result<Vec<Lifecycle>, DbError> {
        let entries = self.table(Section::Lifecycles)?.iter();
        entries
            .map(|entry| decode(Section::Lifecycles, entry?.1))
            .collect()
    }

    /// Verifies everything, and that every record and statement can be read.
    ///
    /// # Errors
    /// A part is damaged.
    pub fn verify(&self) -> Result<(), DbError>
    where
        B: Sync,
    {
        Section::ALL
            .into_par_iter()
            .try_for_each(|section| self.file.section(section).map(|_| ()))?;
        let names = self.table(Section::Names)?;
        for entry in names.iter() {
            let (key, value) = entry?;
            self.key(&key)?;
            each_statement(&self.statement_item(value)?, |_, _, bytes| {
                decode::<Statement>(Section::Statements, bytes).map(|_| ())
            })?;
        }
        for number in 0..self.meta.records {
            self.head(number)?;
        }
        for entry in self.table(Section::Ids)?.iter() {
            id_lists(entry?.1)?;
        }
        for entry in self.table(Section::Exploitation)?.iter() {
            decode::<Exploitation>(Section::Exploitation, entry?.1)?;
        }
        epss::rows(&self.file)?;
        self.lifecycles().map(|_| ())
    }

    fn table(&self, section: Section) -> Result<Table<'_, B>, DbError> {
        Table::open(&self.file, section)
    }

    fn key(&self, bytes: &[u8]) -> Result<PackageKey, DbError> {
        names::decode(bytes).ok_or_else(|| damaged(Section::Names, "a key names no package"))
    }

    fn statement_item(&self, value: &[u8]) -> Result<Item, DbError> {
        let mut reader = Reader::new(value);
        let (block, at) = reader
            .small()
            .zip(reader.small())
            .ok_or_else(|| damaged(Section::Names, "a value is no place"))?;
        self.statements.item(&self.file, block, at)
    }

    /// Ordinals of the packages a record is about, and the record without
    /// what it says of them, encoded.
    fn head_bytes(&self, number: u32) -> Result<(Vec<u32>, Tail), DbError> {
        if number >= self.meta.records {
            return Err(damaged(
                Section::Records,
                "a record beyond its last is meant",
            ));
        }
        let item = self.records.nth(&self.file, number)?;
        let mut reader = Reader::new(&item);
        let keys = ascending(&mut reader)
            .ok_or_else(|| damaged(Section::Records, "a record has no list of packages"))?;
        let from = item.len() - reader.remaining();
        Ok((keys, Tail { item, from }))
    }

    /// The same, decoded.
    fn head(&self, number: u32) -> Result<(Vec<u32>, Advisory), DbError> {
        let (keys, bytes) = self.head_bytes(number)?;
        Ok((keys, decode(Section::Records, &bytes)?))
    }

    /// The same, without what the record says of packages but those that were
    /// asked for last.
    fn short(&self, number: u32) -> Result<Head, DbError> {
        if let Some(head) = self.recent.get(number) {
            return Ok(head);
        }
        let (keys, record) = self.head(number)?;
        let head = Head {
            record: Arc::new(record),
            of_distribution: self.is_of_distribution(&keys)?,
        };
        self.recent.keep(number, head.clone());
        Ok(head)
    }

    /// Whether a record that is about these packages, in order, is about one of
    /// a distribution.
    fn is_of_distribution(&self, keys: &[u32]) -> Result<bool, DbError> {
        let Some(first) = keys.first() else {
            return Ok(false);
        };
        let count = match self.of_distributions.get() {
            Some(count) => *count,
            None => {
                let names = self.table(Section::Names)?;
                let count = names.before(names::BEHIND_DISTRIBUTIONS)?;
                *self.of_distributions.get_or_init(|| count)
            }
        };
        Ok(*first < count)
    }

    /// A whole record.
    fn advisory(&self, number: u32) -> Result<Advisory, DbError> {
        let (keys, mut advisory) = self.head(number)?;
        let names = self.table(Section::Names)?;
        let mut all = BTreeMap::new();
        for ordinal in keys {
            let (key, value) = names.at(ordinal)?;
            let key = self.key(&key)?;
            let item = self.statement_item(value)?;
            each_statement(&item, |record, at, bytes| {
                if record == number {
                    let statement = decode(Section::Statements, bytes)?;
                    all.insert(at, affected(&key.place, &key.name, statement));
                }
                Ok(())
            })?;
        }
        advisory.affected = all.into_values().collect();
        Ok(advisory)
    }

    /// Numbers of the records that have an id, and of those about it.
    fn records_of(&self, id: &str) -> Result<[Vec<u32>; 2], DbError> {
        match self.table(Section::Ids)?.get(id.as_bytes())? {
            Some(value) => id_lists(value),
            None => Ok([const { Vec::new() }; 2]),
        }
    }

    fn find(
        &self,
        place: Place<'_>,
        name: &str,
        keep: &mut dyn FnMut(&Gist<'_>) -> bool,
    ) -> Result<Vec<Entry>, DbError> {
        let Some(key) = names::encode(place, name) else {
            return Ok(Vec::new());
        };
        let Some(value) = self.table(Section::Names)?.get(&key)? else {
            return Ok(Vec::new());
        };
        let PackageKey { place, name } = self.key(&key)?;
        let item = self.statement_item(value)?;
        let mut kept: Vec<(u32, Affected)> = Vec::new();
        each_statement(&item, |record, _, bytes| {
            if keep(&gist(&place, &name, bytes)?) {
                let said = affected(&place, &name, decode(Section::Statements, bytes)?);
                kept.push((record, said));
            }
            Ok(())
        })?;
        let mut entries = Vec::with_capacity(kept.len());
        let mut kept = kept.into_iter().peekable();
        while let Some((record, first)) = kept.next() {
            let (keys, mut advisory) = self.head(record)?;
            advisory.affected.push(first);
            while let Some((_, next)) = kept.next_if(|(of, _)| *of == record) {
                advisory.affected.push(next);
            }
            let advisory = Arc::new(advisory);
            let head = Head {
                record: Arc::clone(&advisory),
                of_distribution: self.is_of_distribution(&keys)?,
            };
            self.recent.keep(record, head);
            entries.extend((0..advisory.affected.len()).map(|affected| Entry {
                advisory: Arc::clone(&advisory),
                affected,
            }));
        }
        Ok(entries)
    }

    fn exploited(&self, cve: &str) -> Result<Option<Exploitation>, DbError> {
        let value = self.table(Section::Exploitation)?.get(cve.as_bytes())?;
        let mut found: Option<Exploitation> = value
            .map(|value| decode(Section::Exploitation, value))
            .transpose()?;
        if let Some(cve) = epss::parse(cve)
            && let Some(score) = epss::find(&self.file, cve, self.meta.epss_day)?
        {
            found.get_or_insert_default().epss.get_or_insert(score);
        }
        Ok(found)
    }

    fn covered(&self, place: Place<'_>) -> Option<&[u32]> {
        let places = &self.meta.places;
        let at = places.binary_search_by(|(known, _)| known.as_place().cmp(&place));
        Some(places.get(at.ok()?)?.1.as_slice())
    }
}

impl<B: AsRef<[u8]> + Sync> Lookup for Database<B> {
    fn about(&self, place: Place<'_>, name: &str) -> Result<Vec<Entry>, LookupError> {
        Ok(self.find(place, name, &mut |_| true)?)
    }

    fn about_if(
        &self,
        place: Place<'_>,
        name: &str,
        keep: &mut dyn FnMut(&Gist<'_>) -> bool,
    ) -> Result<Vec<Entry>, LookupError> {
        Ok(self.find(place, name, keep)?)
    }

    fn covers(&self, place: Place<'_>) -> Option<Coverage> {
        let feeds = self.covered(place)?;
        let feeds = || {
            feeds
                .iter()
                .filter_map(|&feed| self.meta.feeds.get(feed as usize))
        };
        let as_of: Option<Timestamp> = feeds().filter_map(|feed| feed.as_of).min();
        Some(Coverage {
            feeds: feeds().map(|feed| feed.name.clone()).collect(),
            as_of,
        })
    }

    fn by_id(&self, id: &str) -> Result<Vec<Arc<Advisory>>, LookupError> {
        let [own, _] = self.records_of(id)?;
        let advisories = own
            .into_iter()
            .map(|number| self.advisory(number).map(Arc::new));
        Ok(advisories.collect::<Result<_, _>>()?)
    }

    fn heads(&self, id: &str) -> Result<Vec<Head>, LookupError> {
        let [own, _] = self.records_of(id)?;
        let heads = own.into_iter().map(|number| self.short(number));
        Ok(heads.collect::<Result<_, DbError>>()?)
    }

    fn exploitation(&self, cve: &str) -> Result<Option<Exploitation>, LookupError> {
        Ok(self.exploited(cve)?)
    }

    fn feeds(&self) -> &[FeedInfo] {
        &self.meta.feeds
    }
}

/// Steps through the statements of a package.
fn each_statement(
    item: &[u8],
    mut see: impl FnMut(u32, u32, &[u8]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let wrong = || damaged(Section::Statements, "a statement is not as statements are");
    let mut reader = Reader::new(item);
    let mut record = 0_u32;
    while !reader.is_empty() {
        let further = reader.small().ok_or_else(wrong)?;
        record = record.checked_add(further).ok_or_else(wrong)?;
        let at = reader.small().ok_or_else(wrong)?;
        see(record, at, reader.counted().ok_or_else(wrong)?)?;
    }
    Ok(())
}

/// What tells whether a statement counts, with what its key says.
fn gist<'a>(place: &PlaceBuf, name: &'a str, bytes: &'a [u8]) -> Result<Gist<'a>, DbError> {
    let (said, _): (Beginning<'a>, _) =
        postcard::take_from_bytes(bytes).map_err(|_| undecoded(Section::Statements))?;
    Ok(Gist {
        name: match said.name {
            "" => name,
            written => written,
        },
        source: matches!(place, PlaceBuf::Distribution { .. }).then_some(said.source),
        scheme: said.scheme,
        ranges: said.ranges,
        versions: said.versions,
        state: said.state,
        architectures: said.architectures,
    })
}

/// A statement with what its key says.
fn affected(place: &PlaceBuf, name: &str, statement: Statement) -> Affected {
    let Statement {
        stream,
        source,
        mut affected,
    } = statement;
    affected.origin = match place {
        PlaceBuf::Distribution { id, release } => Origin::Distribution {
            id: id.clone(),
            release: release.clone(),
            stream,
            source,
        },
        PlaceBuf::Registry(kind) => Origin::Registry(*kind),
        PlaceBuf::Program => Origin::Program,
    };
    // It is kept where it is written in another way than its key.
    if affected.name.is_empty() {
        name.clone_into(&mut affected.name);
    }
    affected
}

fn id_lists(value: &[u8]) -> Result<[Vec<u32>; 2], DbError> {
    let mut reader = Reader::new(value);
    let mut list =
        || ascending(&mut reader).ok_or_else(|| damaged(Section::Ids, "a list of records is none"));
    Ok([list()?, list()?])
}

fn decode<'a, T: Deserialize<'a>>(section: Section, bytes: &'a [u8]) -> Result<T, DbError> {
    postcard::from_bytes(bytes).map_err(|_| undecoded(section))
}

fn undecoded(section: Section) -> DbError {
    damaged(section, "an entry can't be decoded")
}

#[cfg(test)]
mod tests;
