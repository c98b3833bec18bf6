//! Deltas: what makes one database of another.
//!
//! A delta holds what was added and which records went, not bytes of files:
//! the new file is built anew from both, and has to be, byte for byte, the one
//! that was signed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::Date;
use serde::{Deserialize, Serialize};

use super::{
    Builder, Database, DbError, Trust,
    bytes::Reader,
    changed::{heads, short},
    decode, each_statement,
    epss::{self, Cve, Row, Steps},
    file::{self, HEADER, Section, damaged},
};
use crate::{
    advisory::{Advisory, Exploitation, Lifecycle},
    lookup::FeedInfo,
};

/// What a delta begins with.
pub const MAGIC: &[u8; 8] = b"PLIMSADD";
const FORMAT: u32 = 1;
const LEVEL: i32 = 15;
/// No delta is larger when unpacked: past that the whole database is had sooner.
const MAX_RAW: usize = 256 << 20;

/// Why a delta was not applied. The whole new database is needed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// It is something else.
    #[error("this is no delta between advisory databases, or one of another format")]
    Foreign,
    /// It is damaged.
    #[error("the delta is damaged: {0}")]
    Damaged(&'static str),
    /// It is too large to be worth while.
    #[error("the changes are more than a delta may hold: use the whole database")]
    TooLarge,
    /// It is about another database.
    #[error("the delta is for another database than the one that is here")]
    OtherBase,
    /// The databases were written by another version of the program.
    #[error("the delta needs the version of the program that made it: use the whole database")]
    OtherBuilder,
    /// What came out is not what was signed.
    #[error("what the delta makes is not the database that was announced")]
    Result,
    /// One of the databases can't be used.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What differs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Body {
    feeds: Vec<FeedInfo>,
    left_out: u64,
    /// Numbers of records of the old database, ascending.
    removed: Vec<u32>,
    added: Vec<Advisory>,
    epss_day: Option<Date>,
    scores_removed: Vec<Cve>,
    scores: Vec<Row>,
    exploitation_removed: Vec<String>,
    exploitation: Vec<(String, Exploitation)>,
    lifecycles_removed: Vec<String>,
    lifecycles: Vec<(String, Lifecycle)>,
}

/// Makes the delta that makes `new` of `old`.
///
/// # Errors
/// A database is damaged, or was written by another version of the program,
/// or there is more than a delta may hold.
pub fn delta<A, B>(old: &Database<A>, new: &Database<B>) -> Result<Vec<u8>, DeltaError>
where
    A: AsRef<[u8]>,
    B: AsRef<[u8]>,
{
    if new.file.builder() != file::builder() {
        return Err(DeltaError::OtherBuilder);
    }
    let (before, after) = (contents(old)?, contents(new)?);
    let known: BTreeSet<u128> = before.iter().copied().collect();
    let kept: BTreeSet<u128> = after.iter().copied().collect();
    let numbered = |of: &[u128], without: &BTreeSet<u128>| -> Vec<u32> {
        let numbers = (0..).zip(of);
        numbers
            .filter(|(_, content)| !without.contains(content))
            .map(|(number, _)| number)
            .collect()
    };
    let added = numbered(&after, &known)
        .into_iter()
        .map(|number| new.advisory(number))
        .collect::<Result<_, _>>()?;
    let (scores_removed, scores) = differ(
        epss::rows(&old.file)?.into_iter().collect(),
        epss::rows(&new.file)?.into_iter().collect(),
    );
    let (exploitation_removed, exploitation) = differ(
        entries(old, Section::Exploitation)?,
        entries(new, Section::Exploitation)?,
    );
    let (lifecycles_removed, lifecycles) = differ(
        entries(old, Section::Lifecycles)?,
        entries(new, Section::Lifecycles)?,
    );
    let body = Body {
        feeds: new.meta.feeds.clone(),
        left_out: new.meta.left_out,
        removed: numbered(&before, &kept),
        added,
        epss_day: new.meta.epss_day,
        scores_removed,
        scores,
        exploitation_removed,
        exploitation,
        lifecycles_removed,
        lifecycles,
    };
    let raw = postcard::to_stdvec(&body).map_err(|_| DeltaError::TooLarge)?;
    around(old, new, &raw)
}

/// The delta with these encoded changes.
pub(super) fn around<A, B>(
    old: &Database<A>,
    new: &Database<B>,
    raw: &[u8],
) -> Result<Vec<u8>, DeltaError>
where
    A: AsRef<[u8]>,
    B: AsRef<[u8]>,
{
    if raw.len() > MAX_RAW {
        return Err(DeltaError::TooLarge);
    }
    let mut out = MAGIC.to_vec();
    out.extend(FORMAT.to_le_bytes());
    out.extend(old.identity());
    out.extend_from_slice(new.file.header());
    out.extend((raw.len() as u64).to_le_bytes());
    out.extend(zstd::bulk::compress(raw, LEVEL).map_err(|_| DeltaError::TooLarge)?);
    Ok(out)
}

/// Makes the new database of the old one and a delta. What comes out is
/// opened with `trust`, and is byte for byte what the delta was made from.
///
/// # Errors
/// The delta is no good, or not for this database, or what it makes is not trusted.
pub fn apply<B: AsRef<[u8]>>(
    old: &Database<B>,
    delta: &[u8],
    trust: Trust<'_>,
) -> Result<Vec<u8>, DeltaError> {
    let cut = || DeltaError::Damaged("it is cut short");
    let mut reader = Reader::new(delta);
    if reader.array() != Some(*MAGIC) || reader.u32() != Some(FORMAT) {
        return Err(DeltaError::Foreign);
    }
    let base: [u8; 32] = reader.array().ok_or_else(cut)?;
    if base != old.identity() {
        return Err(DeltaError::OtherBase);
    }
    let header = reader.take(HEADER).ok_or_else(cut)?;
    if file::builder_of(header) != Some(file::builder()) {
        return Err(DeltaError::OtherBuilder);
    }
    let raw = reader.u64().ok_or_else(cut)?;
    let raw = usize::try_from(raw)
        .ok()
        .filter(|raw| *raw <= MAX_RAW)
        .ok_or(DeltaError::TooLarge)?;
    let packed = reader.take(reader.remaining()).ok_or_else(cut)?;
    let body = zstd::bulk::decompress(packed, raw)
        .map_err(|_| DeltaError::Damaged("it can't be unpacked"))?;
    let body: Body =
        postcard::from_bytes(&body).map_err(|_| DeltaError::Damaged("it can't be decoded"))?;
    let mut builder = Builder::of(old, &body.removed)?;
    builder.replace_feeds(body.feeds);
    body.added
        .into_iter()
        .for_each(|advisory| builder.add(advisory));
    let mut scores: BTreeMap<Cve, Steps> = epss::rows(&old.file)?.into_iter().collect();
    scores.retain(|cve, _| body.scores_removed.binary_search(cve).is_err());
    scores.extend(body.scores);
    for (cve, steps) in scores {
        builder.put_score(cve, epss::epss(steps, body.epss_day));
    }
    let mut exploitation: BTreeMap<String, Exploitation> = entries(old, Section::Exploitation)?;
    patch(
        &mut exploitation,
        &body.exploitation_removed,
        body.exploitation,
    );
    let mut lifecycles: BTreeMap<String, Lifecycle> = entries(old, Section::Lifecycles)?;
    patch(&mut lifecycles, &body.lifecycles_removed, body.lifecycles);
    builder.put_tables(exploitation, lifecycles, body.left_out);
    let made = file::with_header(builder.finish(None), header).ok_or(DeltaError::Result)?;
    match Database::open(made.as_slice(), trust) {
        Ok(_) => Ok(made),
        // The header is another database's when the lengths or hashes it has do not fit.
        Err(DbError::Damaged { .. } | DbError::Length { .. }) => Err(DeltaError::Result),
        Err(error) => Err(error.into()),
    }
}

/// Keys that went, and what came or differs.
fn differ<K: Ord + Clone, V: PartialEq>(
    mut old: BTreeMap<K, V>,
    new: BTreeMap<K, V>,
) -> (Vec<K>, Vec<(K, V)>) {
    let differing = new
        .into_iter()
        .filter(|(key, value)| old.remove(key).as_ref() != Some(value))
        .collect();
    (old.into_keys().collect(), differing)
}

fn patch<V>(table: &mut BTreeMap<String, V>, removed: &[String], with: Vec<(String, V)>) {
    for key in removed {
        table.remove(key);
    }
    table.extend(with);
}

/// A table with values decoded.
fn entries<B, V>(database: &Database<B>, section: Section) -> Result<BTreeMap<String, V>, DbError>
where
    B: AsRef<[u8]>,
    V: for<'a> Deserialize<'a>,
{
    let mut all = BTreeMap::new();
    for entry in database.table(section)?.iter() {
        let (key, value) = entry?;
        let key = String::from_utf8(key).map_err(|_| damaged(section, "a key is no text"))?;
        all.insert(key, decode(section, value)?);
    }
    Ok(all)
}

/// A digest of each record with all it says.
fn contents<B: AsRef<[u8]>>(database: &Database<B>) -> Result<Vec<u128>, DbError> {
    let mut digests = heads(database)?;
    let mut buffer = Vec::new();
    for entry in database.table(Section::Names)?.iter() {
        let (key, value) = entry?;
        each_statement(&database.statement_item(value)?, |record, at, bytes| {
            buffer.clear();
            buffer.extend((key.len() as u64).to_le_bytes());
            buffer.extend_from_slice(&key);
            buffer.extend(at.to_le_bytes());
            buffer.extend_from_slice(bytes);
            if let Some(digest) = digests.get_mut(record as usize) {
                *digest = digest.wrapping_add(short(&buffer));
            }
            Ok(())
        })?;
    }
    Ok(digests)
}

impl Builder {
    /// One that holds the records of a database but those with these numbers, and
    /// nothing else yet. Nothing is decoded that need not be.
    fn of<B: AsRef<[u8]>>(database: &Database<B>, without: &[u32]) -> Result<Self, DbError> {
        let without: BTreeSet<u32> = without.iter().copied().collect();
        let mut builder = Builder::new();
        let mut said: HashMap<u32, Vec<(u32, u32, Vec<u8>)>> = HashMap::new();
        let mut keys = Vec::new();
        for entry in database.table(Section::Names)?.iter() {
            let (key, value) = entry?;
            database.key(&key)?;
            let number = keys.len() as u32;
            keys.push(key);
            each_statement(&database.statement_item(value)?, |record, at, bytes| {
                if !without.contains(&record) {
                    said.entry(record)
                        .or_default()
                        .push((at, number, bytes.to_vec()));
                }
                Ok(())
            })?;
        }
        for number in (0..database.meta.records).filter(|number| !without.contains(number)) {
            let (_, bytes) = database.head_bytes(number)?;
            let advisory: Advisory = decode(Section::Records, &bytes)?;
            let mut statements = said.remove(&number).unwrap_or_default();
            statements.sort_unstable();
            builder.put_record(
                advisory.source.feed.as_str().into(),
                advisory.id.into(),
                &bytes,
                statements
                    .iter()
                    .map(|(_, key, bytes)| (keys[*key as usize].as_slice(), bytes.as_slice())),
            );
        }
        Ok(builder)
    }
}
