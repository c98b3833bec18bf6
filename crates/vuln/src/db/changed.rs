//! What differs between two databases, for those who matched against the old one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Database, DbError, PackageKey, PlaceBuf, decode, each_statement, file::Section};
use crate::advisory::Exploitation;

/// What is to be matched again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Packages of which something else is said, or of whose vulnerabilities
    /// it became known, or is denied now, that they are exploited.
    pub packages: BTreeSet<PackageKey>,
    /// Places that nothing was known of and now is, or the other way round:
    /// all that comes from there.
    pub places: BTreeSet<PlaceBuf>,
}

/// What differs between two databases. Scores of exploit prediction do not
/// count: they change every day for most, and are looked up when shown.
///
/// # Errors
/// A part of one of them is damaged.
pub fn changed<A, B>(old: &Database<A>, new: &Database<B>) -> Result<Changes, DbError>
where
    A: AsRef<[u8]>,
    B: AsRef<[u8]>,
{
    let mut changes = Changes::default();
    let mut before = digests(old)?;
    for (key, digest) in digests(new)? {
        if before.remove(&key) != Some(digest) {
            changes.packages.insert(new.key(&key)?);
        }
    }
    for key in before.into_keys() {
        changes.packages.insert(old.key(&key)?);
    }
    let (was, is) = (exploited(old)?, exploited(new)?);
    let ids = was.keys().chain(is.keys());
    for id in ids.filter(|id| was.get(*id) != is.get(*id)) {
        packages_of(old, id, &mut changes.packages)?;
        packages_of(new, id, &mut changes.packages)?;
    }
    let place = |(place, _): &(PlaceBuf, Vec<u32>)| place.clone();
    let was: BTreeSet<PlaceBuf> = old.meta.places.iter().map(place).collect();
    let is: BTreeSet<PlaceBuf> = new.meta.places.iter().map(place).collect();
    changes.places = was.symmetric_difference(&is).cloned().collect();
    Ok(changes)
}

/// By package, what tells everything that is said of it from anything else.
fn digests<B: AsRef<[u8]>>(
    database: &Database<B>,
) -> Result<BTreeMap<Vec<u8>, blake3::Hash>, DbError> {
    let heads = heads(database)?;
    let mut digests = BTreeMap::new();
    for entry in database.table(Section::Names)?.iter() {
        let (key, value) = entry?;
        // Numbers of records differ between databases: what they stand for counts.
        let mut said = Vec::new();
        each_statement(&database.statement_item(value)?, |record, _, bytes| {
            let head = heads.get(record as usize).copied().unwrap_or_default();
            said.push((head, short(bytes)));
            Ok(())
        })?;
        said.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        for (head, statement) in said {
            hasher.update(&head.to_le_bytes());
            hasher.update(&statement.to_le_bytes());
        }
        digests.insert(key, hasher.finalize());
    }
    Ok(digests)
}

/// Half of a hash.
pub(super) fn short(bytes: &[u8]) -> u128 {
    let hash = *blake3::hash(bytes).as_bytes();
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    u128::from_le_bytes(half)
}

/// A digest of each record without what it says of packages.
pub(super) fn heads<B: AsRef<[u8]>>(database: &Database<B>) -> Result<Vec<u128>, DbError> {
    (0..database.meta.records)
        .map(|number| Ok(short(&database.head_bytes(number)?.1)))
        .collect()
}

/// What is known of exploitation, without scores.
fn exploited<B: AsRef<[u8]>>(
    database: &Database<B>,
) -> Result<BTreeMap<String, Exploitation>, DbError> {
    let mut all = BTreeMap::new();
    for entry in database.table(Section::Exploitation)?.iter() {
        let (key, value) = entry?;
        let mut known: Exploitation = decode(Section::Exploitation, value)?;
        known.epss = None;
        if known != Exploitation::default() {
            all.insert(String::from_utf8_lossy(&key).into_owned(), known);
        }
    }
    Ok(all)
}

/// The packages of the records that name an id.
fn packages_of<B: AsRef<[u8]>>(
    database: &Database<B>,
    id: &str,
    packages: &mut BTreeSet<PackageKey>,
) -> Result<(), DbError> {
    for number in database.records_of(id)?.into_iter().flatten() {
        let (ordinals, _) = database.head_bytes(number)?;
        for ordinal in ordinals {
            let (key, _) = database.table(Section::Names)?.at(ordinal)?;
            packages.insert(database.key(&key)?);
        }
    }
    Ok(())
}
