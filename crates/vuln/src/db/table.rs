//! Sorted keys with a value each, found by bisection.
//!
//! Keys stand in groups; the first of a group is whole, each further one says
//! how many bytes it shares with the one before it. A list of where the groups
//! begin stands before them.

use super::{
    bytes::{Reader, put_counted, put_varint},
    file::{DbError, File, Section, damaged},
};

const GROUP: usize = 16;
/// No key is longer.
pub(super) const MAX_KEY: usize = 2 << 10;

/// Writes a table. Keys are to be pushed in ascending order, each once.
#[derive(Debug, Default)]
pub(super) struct Writer {
    groups: Vec<u32>,
    entries: Vec<u8>,
    last: Vec<u8>,
    count: u32,
}

impl Writer {
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        debug_assert!(self.count == 0 || *self.last < *key, "keys ascend");
        let shared = if (self.count as usize).is_multiple_of(GROUP) {
            self.groups.push(self.entries.len() as u32);
            0
        } else {
            let pairs = self.last.iter().zip(key);
            pairs.take_while(|(a, b)| a == b).count()
        };
        put_varint(&mut self.entries, shared as u64);
        put_counted(&mut self.entries, &key[shared..]);
        put_counted(&mut self.entries, value);
        self.last.clear();
        self.last.extend_from_slice(key);
        self.count += 1;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.groups.len() * 4 + self.entries.len());
        out.extend(self.count.to_le_bytes());
        out.extend(self.groups.into_iter().flat_map(u32::to_le_bytes));
        out.extend(self.entries);
        out
    }
}

/// Reads a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a, B> {
    file: &'a File<B>,
    section: Section,
    count: usize,
}

/// Steps through a group.
struct Walk<'a> {
    rest: Reader<'a>,
    key: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Walk {
            rest: Reader::new(bytes),
            key: Vec::new(),
        }
    }

    /// The value of the next key, which then is in `key`; none when the bytes are no entry.
    fn step(&mut self) -> Option<&'a [u8]> {
        let shared = self.rest.size()?;
        let own = self.rest.counted()?;
        if shared > self.key.len() || shared + own.len() > MAX_KEY {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.rest.counted()
    }
}

fn wrong(section: Section) -> DbError {
    damaged(section, "an entry is not as entries are")
}

impl<'a, B: AsRef<[u8]>> Table<'a, B> {
    pub(super) fn open(file: &'a File<B>, section: Section) -> Result<Self, DbError> {
        let count = Reader::new(file.slice(section, 0..4.min(file.len(section)))?)
            .u32()
            .ok_or_else(|| damaged(section, "it has no count"))? as usize;
        let table = Table {
            file,
            section,
            count,
        };
        if table.entries_at() > file.len(section) {
            return Err(damaged(section, "its count is beyond its end"));
        }
        Ok(table)
    }

    fn groups(&self) -> usize {
        self.count.div_ceil(GROUP)
    }

    fn entries_at(&self) -> usize {
        4 + self.groups() * 4
    }

    fn wrong(&self) -> DbError {
        wrong(self.section)
    }

    /// Where a group begins; the end of the section past the last.
    fn begin(&self, group: usize) -> Result<usize, DbError> {
        if group >= self.groups() {
            return Ok(self.file.len(self.section));
        }
        let at = 4 + group * 4;
        let begin = Reader::new(self.file.slice(self.section, at..at + 4)?).u32();
        Ok(self.entries_at() + begin.ok_or_else(|| self.wrong())? as usize)
    }

    fn walk(&self, group: usize) -> Result<Walk<'a>, DbError> {
        let range = self.begin(group)?..self.begin(group + 1)?;
        Ok(Walk::new(self.file.slice(self.section, range)?))
    }

    /// The first key of a group, which shares nothing.
    fn first(&self, group: usize) -> Result<&'a [u8], DbError> {
        let range = self.begin(group)?..self.begin(group + 1)?;
        let mut reader = Reader::new(self.file.slice(self.section, range)?);
        let whole = reader.varint() == Some(0);
        let key = reader.counted().filter(|_| whole);
        key.ok_or_else(|| self.wrong())
    }

    /// How many of the `count` entries stand in a group.
    fn size_of(&self, group: usize) -> usize {
        GROUP.min(self.count - group * GROUP)
    }

    /// How many groups begin with a key that is not after this one.
    fn groups_to(&self, key: &[u8]) -> Result<usize, DbError> {
        let (mut low, mut high) = (0, self.groups());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first(middle)? <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// A key's place in the order, and its value.
    pub(super) fn find(&self, key: &[u8]) -> Result<Option<(u32, &'a [u8])>, DbError> {
        // The last that may have it.
        let Some(group) = self.groups_to(key)?.checked_sub(1) else {
            return Ok(None);
        };
        let mut walk = self.walk(group)?;
        for at in 0..self.size_of(group) {
            let value = walk.step().ok_or_else(|| self.wrong())?;
            match walk.key.as_slice().cmp(key) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    return Ok(Some(((group * GROUP + at) as u32, value)));
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// How many keys come before this one.
    pub(super) fn before(&self, key: &[u8]) -> Result<u32, DbError> {
        let Some(group) = self.groups_to(key)?.checked_sub(1) else {
            return Ok(0);
        };
        let mut walk = self.walk(group)?;
        let mut before = group * GROUP;
        for _ in 0..self.size_of(group) {
            walk.step().ok_or_else(|| self.wrong())?;
            if walk.key.as_slice() >= key {
                break;
            }
            before += 1;
        }
        Ok(before as u32)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<&'a [u8]>, DbError> {
        Ok(self.find(key)?.map(|(_, value)| value))
    }

    /// The key and value at a place in the order.
    pub(super) fn at(&self, ordinal: u32) -> Result<(Vec<u8>, &'a [u8]), DbError> {
        let ordinal = ordinal as usize;
        if ordinal >= self.count {
            return Err(damaged(self.section, "an entry beyond its last is meant"));
        }
        let mut walk = self.walk(ordinal / GROUP)?;
        let mut value = None;
        for _ in 0..=ordinal % GROUP {
            value = walk.step();
            if value.is_none() {
                break;
            }
        }
        Ok((
            walk.key,
            value.ok_or_else(|| damaged(self.section, "an entry is not as entries are"))?,
        ))
    }

    /// All keys and values in order. Ends behind the first error.
    pub(super) fn iter(self) -> impl Iterator<Item = Result<(Vec<u8>, &'a [u8]), DbError>> {
        let section = self.section;
        (0..self.groups()).flat_map(move |group| {
            let mut walk = self.walk(group);
            (0..self.size_of(group)).map_while(move |_| match &mut walk {
                Ok(walk) => {
                    let value = walk.step().ok_or_else(|| wrong(section));
                    Some(value.map(|value| (walk.key.clone(), value)))
                }
                Err(error) => Some(Err(error.clone())),
            })
        })
    }
}
