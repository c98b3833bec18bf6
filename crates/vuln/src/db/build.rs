//! Making a database file.

use std::{cmp::Ordering, collections::BTreeMap, collections::BTreeSet, ops::Range, sync::Arc};

use plimsoll_model::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    Meta, PlaceBuf, Statement, blocks,
    bytes::{put_ascending, put_counted, put_varint},
    epss::{self, Cve, Row},
    file::{self, Section},
    key::SigningKey,
    names, table, trim,
};
use crate::{
    advisory::{Advisory, Affected, Epss, Exploitation, Lifecycle, Origin},
    lookup::{self, FeedInfo},
};

/// Statements are read for every package that is asked for; records only for
/// those that match.
const STATEMENT_BLOCK: usize = 4 << 10;
const RECORD_BLOCK: usize = 8 << 10;
/// Published exploits that are kept of a CVE.
const EXPLOITS: usize = 10;

/// Collects what feeds say and makes the file of it. The same content makes
/// the same bytes, in whatever order it comes.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) feeds: BTreeMap<String, FeedInfo>,
    names: FxHashMap<Arc<[u8]>, u32>,
    keys: Vec<Arc<[u8]>>,
    records: Vec<Draft>,
    statements: Vec<Said>,
    /// Encoded records and statements, one after another.
    arena: Vec<u8>,
    scores: FxHashMap<Cve, Epss>,
    exploitation: BTreeMap<String, Exploitation>,
    lifecycles: BTreeMap<String, Lifecycle>,
    left_out: u64,
}

/// A record that came in.
#[derive(Debug)]
struct Draft {
    feed: Arc<str>,
    id: Box<str>,
    bytes: Range<usize>,
    statements: Range<usize>,
}

/// A statement that came in.
#[derive(Debug)]
struct Said {
    key: u32,
    bytes: Range<usize>,
}

impl Builder {
    /// One that holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what a feed is. What was said of it before is replaced.
    pub fn describe(&mut self, feed: FeedInfo) {
        self.feeds.insert(feed.name.clone(), feed);
    }

    /// Adds all of a feed.
    pub fn add_feed(&mut self, feed: FeedInfo, advisories: impl IntoIterator<Item = Advisory>) {
        self.describe(feed);
        advisories
            .into_iter()
            .for_each(|advisory| self.add(advisory));
    }

    /// Adds an advisory. Its feed is made known by its name when it is not
    /// described. What is too long is cut (`docs/advisory-database.md`); a
    /// package that no file can hold is left out and counted.
    pub fn add(&mut self, mut advisory: Advisory) {
        self.left_out += trim::advisory(&mut advisory);
        let name = &advisory.source.feed;
        if !self.feeds.contains_key(name) {
            self.describe(FeedInfo {
                name: name.clone(),
                ..FeedInfo::default()
            });
        }
        let from = self.statements.len();
        for affected in std::mem::take(&mut advisory.affected) {
            if self.say(affected).is_none() {
                self.left_out += 1;
            }
        }
        let feed = match self.records.last() {
            Some(last) if *last.feed == *advisory.source.feed => Arc::clone(&last.feed),
            _ => advisory.source.feed.as_str().into(),
        };
        match self.put(&advisory) {
            Some(bytes) => self.records.push(Draft {
                feed,
                id: advisory.id.into(),
                bytes,
                statements: from..self.statements.len(),
            }),
            None => {
                self.statements.truncate(from);
                self.left_out += 1;
            }
        }
    }

    fn say(&mut self, mut affected: Affected) -> Option<()> {
        let encoded = names::encode(affected.origin.place(), &affected.name)?;
        let written_as_key = lookup::key(affected.origin.place(), &affected.name) == affected.name;
        let (stream, source) = match std::mem::replace(&mut affected.origin, Origin::Program) {
            Origin::Distribution { stream, source, .. } => (stream, source),
            Origin::Registry(_) | Origin::Program => (String::new(), false),
        };
        if written_as_key {
            affected.name.clear();
        }
        let statement = Statement {
            stream,
            source,
            affected,
        };
        let bytes = self.put(&statement)?;
        let key = self.intern(&encoded);
        self.statements.push(Said { key, bytes });
        Some(())
    }

    fn intern(&mut self, encoded: &[u8]) -> u32 {
        if let Some(&key) = self.names.get(encoded) {
            return key;
        }
        let key = self.keys.len() as u32;
        let encoded: Arc<[u8]> = encoded.into();
        self.keys.push(Arc::clone(&encoded));
        self.names.insert(encoded, key);
        key
    }

    /// Adds a record that is encoded already, with what it says of which keys.
    pub(super) fn put_record<'a>(
        &mut self,
        feed: Arc<str>,
        id: Box<str>,
        bytes: &[u8],
        statements: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) {
        let from = self.statements.len();
        for (key, statement) in statements {
            let key = self.intern(key);
            let bytes = self.keep(statement);
            self.statements.push(Said { key, bytes });
        }
        let bytes = self.keep(bytes);
        self.records.push(Draft {
            feed,
            id,
            bytes,
            statements: from..self.statements.len(),
        });
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.arena.len();
        self.arena.extend_from_slice(bytes);
        from..self.arena.len()
    }

    /// Makes these the feeds, whatever was said of them before.
    pub(super) fn replace_feeds(&mut self, feeds: Vec<FeedInfo>) {
        let named = feeds.into_iter().map(|feed| (feed.name.clone(), feed));
        self.feeds = named.collect();
    }

    pub(super) fn put_score(&mut self, cve: Cve, score: Epss) {
        self.scores.insert(cve, score);
    }

    pub(super) fn put_tables(
        &mut self,
        exploitation: BTreeMap<String, Exploitation>,
        lifecycles: BTreeMap<String, Lifecycle>,
        left_out: u64,
    ) {
        self.exploitation = exploitation;
        self.lifecycles = lifecycles;
        self.left_out = left_out;
    }

    /// Encodes into the arena; none when it is more than an item may be.
    fn put(&mut self, value: &impl serde::Serialize) -> Option<Range<usize>> {
        let from = self.arena.len();
        // A vector takes what it is given: an error can't come from there.
        let arena = postcard::to_extend(value, std::mem::take(&mut self.arena)).ok()?;
        self.arena = arena;
        if self.arena.len() - from > blocks::MAX_ITEM / 4 {
            self.arena.truncate(from);
            return None;
        }
        Some(from..self.arena.len())
    }

    /// Says how a CVE is exploited, beside what was said before: an entry of
    /// the catalogue, a score, exploits add up; of two scores the later wins.
    pub fn add_exploitation(&mut self, cve: impl Into<String>, exploitation: Exploitation) {
        let cve = cve.into();
        let Exploitation {
            kev,
            epss,
            exploits,
        } = exploitation;
        let parsed = epss::parse(&cve);
        let mut rest = Exploitation {
            kev,
            epss,
            exploits,
        };
        if let (Some(parsed), Some(score)) = (parsed, epss) {
            rest.epss = None;
            self.scores
                .entry(parsed)
                .and_modify(|kept| *kept = later(*kept, score))
                .or_insert(score);
        }
        if rest == Exploitation::default() {
            return;
        }
        if cve.len() > table::MAX_KEY {
            self.left_out += 1;
            return;
        }
        let kept = self.exploitation.entry(cve).or_default();
        let order =
            |kev: &crate::advisory::Kev| (kev.added, kev.due, kev.ransomware, kev.name.clone());
        kept.kev = [kept.kev.take(), rest.kev]
            .into_iter()
            .flatten()
            .max_by_key(order);
        kept.epss = match (kept.epss, rest.epss) {
            (Some(a), Some(b)) => Some(later(a, b)),
            (a, b) => a.or(b),
        };
        let all: BTreeSet<String> = kept.exploits.drain(..).chain(rest.exploits).collect();
        kept.exploits = all.into_iter().take(EXPLOITS).collect();
    }

    /// Says how long a product is maintained. What was said of it before is replaced.
    pub fn add_lifecycle(&mut self, lifecycle: Lifecycle) {
        if lifecycle.product.len() > table::MAX_KEY {
            self.left_out += 1;
        } else {
            self.lifecycles.insert(lifecycle.product.clone(), lifecycle);
        }
    }

    /// Makes the file: signed, or as one that nobody signed.
    #[must_use]
    pub fn finish(self, key: Option<&SigningKey>) -> Vec<u8> {
        file::write(&self.sections(), key)
    }

    fn sections(mut self) -> [Vec<u8>; Section::COUNT] {
        let order = self.order();
        // Ordinals of names in the order of their bytes, of those that are used.
        let mut used: Vec<u32> = order
            .iter()
            .flat_map(|&record| &self.statements[self.records[record].statements.clone()])
            .map(|said| said.key)
            .collect();
        used.sort_unstable_by(|&a, &b| self.keys[a as usize].cmp(&self.keys[b as usize]));
        used.dedup();
        let mut ordinals = vec![0_u32; self.keys.len()];
        for (ordinal, &key) in used.iter().enumerate() {
            ordinals[key as usize] = ordinal as u32;
        }
        let (places, statement_blocks, name_table) =
            self.write_statements(&order, &used, &ordinals);
        let (ids, record_blocks) = self.write_records(&order, &ordinals);
        let (epss_day, epss_rows) = self.packed_scores();
        let mut exploitation = table::Writer::default();
        for (cve, what) in &self.exploitation {
            exploitation.push(cve.as_bytes(), &encode(what));
        }
        let mut lifecycles = table::Writer::default();
        for (product, lifecycle) in &self.lifecycles {
            lifecycles.push(product.as_bytes(), &encode(lifecycle));
        }
        let meta = Meta {
            feeds: self.feeds.into_values().collect(),
            places,
            records: order.len() as u32,
            left_out: self.left_out,
            epss_day,
        };
        [
            encode(&meta),
            name_table,
            ids,
            statement_blocks.dictionary,
            statement_blocks.index,
            statement_blocks.data,
            record_blocks.dictionary,
            record_blocks.index,
            record_blocks.data,
            epss::write(&epss_rows),
            exploitation.finish(),
            lifecycles.finish(),
        ]
    }

    /// The records in the order they are numbered, each once: by feed, so
    /// that those of one package stand together.
    fn order(&self) -> Vec<usize> {
        let said = |record: &Draft, at: usize| {
            let said = self.statements.get(record.statements.start + at);
            said.filter(|_| at < record.statements.len()).map(|said| {
                (
                    &self.keys[said.key as usize],
                    &self.arena[said.bytes.clone()],
                )
            })
        };
        let compare = |a: &usize, b: &usize| {
            let (a, b) = (&self.records[*a], &self.records[*b]);
            let first = |record| said(record, 0).map(|(key, _)| key);
            a.feed
                .cmp(&b.feed)
                .then_with(|| first(a).cmp(&first(b)))
                .then_with(|| a.id.cmp(&b.id))
                .then_with(|| self.arena[a.bytes.clone()].cmp(&self.arena[b.bytes.clone()]))
                .then_with(|| {
                    let all = |record| (0..).map_while(move |at| said(record, at));
                    all(a).cmp(all(b))
                })
        };
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.par_sort_unstable_by(compare);
        order.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
        order
    }

    /// Statements by package; the table of packages; which feeds say
    /// something of which places.
    #[expect(
        clippy::type_complexity,
        reason = "what one pass over the statements gives"
    )]
    fn write_statements(
        &mut self,
        order: &[usize],
        used: &[u32],
        ordinals: &[u32],
    ) -> (Vec<(PlaceBuf, Vec<u32>)>, blocks::Written, Vec<u8>) {
        // (ordinal of the name, number of the record, place in the record, statement)
        let mut all: Vec<(u32, u32, u32, usize)> = Vec::with_capacity(self.statements.len());
        let mut feeds_of: FxHashMap<u32, BTreeSet<&str>> = FxHashMap::default();
        for (number, &record) in order.iter().enumerate() {
            let record = &self.records[record];
            for (at, statement) in record.statements.clone().enumerate() {
                let ordinal = ordinals[self.statements[statement].key as usize];
                all.push((ordinal, number as u32, at as u32, statement));
                let feeds = feeds_of.entry(ordinal).or_default();
                if !feeds.contains(&*record.feed) {
                    feeds.insert(&record.feed);
                }
            }
        }
        all.par_sort_unstable();
        let feed_numbers: BTreeMap<&str, u32> =
            self.feeds.keys().map(String::as_str).zip(0..).collect();
        let mut places: BTreeMap<PlaceBuf, BTreeSet<u32>> = BTreeMap::new();
        for (&ordinal, feeds) in &feeds_of {
            if let Some(key) = names::decode(&self.keys[used[ordinal as usize] as usize]) {
                let numbers = feeds.iter().filter_map(|feed| feed_numbers.get(feed));
                places.entry(key.place).or_default().extend(numbers);
            }
        }
        let dictionary = blocks::dictionary(all.len(), |at| {
            &self.arena[self.statements[all[at].3].bytes.clone()]
        });
        let mut blocks = blocks::Writer::new(dictionary, STATEMENT_BLOCK);
        let mut table = table::Writer::default();
        let (mut item, mut value) = (Vec::new(), Vec::new());
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            item.clear();
            let mut before = 0;
            for &(_, record, at, statement) in group {
                let bytes = &self.arena[self.statements[statement].bytes.clone()];
                if item.len() + bytes.len() > blocks::MAX_ITEM {
                    self.left_out += 1;
                    continue;
                }
                put_varint(&mut item, u64::from(record - before));
                put_varint(&mut item, u64::from(at));
                put_counted(&mut item, bytes);
                before = record;
            }
            let (block, at) = blocks.push(&item);
            value.clear();
            put_varint(&mut value, u64::from(block));
            put_varint(&mut value, u64::from(at));
            table.push(&self.keys[used[group[0].0 as usize] as usize], &value);
        }
        let places = places
            .into_iter()
            .map(|(place, feeds)| (place, feeds.into_iter().collect()))
            .collect();
        (places, blocks.finish(), table.finish())
    }

    /// Records by number, and the table of their ids.
    fn write_records(&self, order: &[usize], ordinals: &[u32]) -> (Vec<u8>, blocks::Written) {
        let bytes = |at: usize| &self.arena[self.records[order[at]].bytes.clone()];
        let named: Vec<[Vec<String>; 2]> = (0..order.len())
            .into_par_iter()
            .map(|at| {
                let Ok(advisory) = postcard::from_bytes::<Advisory>(bytes(at)) else {
                    return [const { Vec::new() }; 2];
                };
                let mut own = advisory.aliases;
                own.push(advisory.id);
                own.retain(|id| id.len() <= table::MAX_KEY);
                let mut about = advisory.about;
                about.retain(|id| id.len() <= table::MAX_KEY && !own.contains(id));
                [own, about]
            })
            .collect();
        let mut ids: BTreeMap<&str, [Vec<u32>; 2]> = BTreeMap::new();
        for (number, kinds) in named.iter().enumerate() {
            for (kind, of_kind) in kinds.iter().enumerate() {
                for id in of_kind {
                    let numbers = &mut ids.entry(id).or_default()[kind];
                    if numbers.last() != Some(&(number as u32)) {
                        numbers.push(number as u32);
                    }
                }
            }
        }
        let mut table = table::Writer::default();
        let mut value = Vec::new();
        for (id, [own, about]) in &ids {
            value.clear();
            put_ascending(&mut value, own);
            put_ascending(&mut value, about);
            table.push(id.as_bytes(), &value);
        }
        let dictionary = blocks::dictionary(order.len(), bytes);
        let mut blocks = blocks::Writer::new(dictionary, RECORD_BLOCK);
        let mut item = Vec::new();
        for (at, &record) in order.iter().enumerate() {
            item.clear();
            let keys = &self.statements[self.records[record].statements.clone()];
            let keys: BTreeSet<u32> = keys
                .iter()
                .map(|said| ordinals[said.key as usize])
                .collect();
            put_ascending(&mut item, &keys.into_iter().collect::<Vec<_>>());
            item.extend_from_slice(bytes(at));
            blocks.push(&item);
        }
        (table.finish(), blocks.finish())
    }

    /// The scores of the day that most are of, packed; the others go to the
    /// rest of what is known of exploitation.
    fn packed_scores(&mut self) -> (Option<Date>, Vec<Row>) {
        let mut days: BTreeMap<Option<Date>, usize> = BTreeMap::new();
        for epss in self
            .scores
            .values()
            .filter(|epss| epss::pack(epss).is_some())
        {
            *days.entry(epss.day).or_default() += 1;
        }
        let day = days
            .into_iter()
            .max_by_key(|(day, count)| (*count, *day))
            .and_then(|(day, _)| day);
        let mut rows = Vec::with_capacity(self.scores.len());
        for (cve, score) in std::mem::take(&mut self.scores) {
            match epss::pack(&score) {
                Some(steps) if score.day == day => rows.push((cve, steps)),
                _ => self.exploitation.entry(epss::id(cve)).or_default().epss = Some(score),
            }
        }
        rows.par_sort_unstable();
        (day, rows)
    }
}

/// Of two scores the one that counts.
fn later(a: Epss, b: Epss) -> Epss {
    let order = |epss: &Epss| (epss.day, epss.score.to_bits(), epss.percentile.to_bits());
    if order(&a) >= order(&b) { a } else { b }
}

fn encode(value: &impl serde::Serialize) -> Vec<u8> {
    // A vector takes what it is given; what would be empty here reads as damaged.
    postcard::to_stdvec(value).unwrap_or_default()
}
