//! An rpm header: typed values by tag (rpm manual, "Header"; `rpmtag.h`).
//!
//! In a database it has no magic: the number of index entries and of bytes of
//! data, then the entries (tag, type, offset, count; big-endian), then the
//! data. What was added at installation stands behind the region that was
//! signed, and counts more than what is in it.

use super::Damage;

/// Entries of a header (`HEADER_TAGS_MAX`).
const MOST_ENTRIES: usize = 0xffff;

/// The tags that are looked at.
pub(crate) mod tag {
    pub(crate) const NAME: u32 = 1000;
    pub(crate) const VERSION: u32 = 1001;
    pub(crate) const RELEASE: u32 = 1002;
    pub(crate) const EPOCH: u32 = 1003;
    pub(crate) const VENDOR: u32 = 1011;
    pub(crate) const LICENSE: u32 = 1014;
    pub(crate) const ARCH: u32 = 1022;
    /// Whole paths, before rpm 4 took them apart.
    pub(crate) const OLD_FILE_NAMES: u32 = 1027;
    pub(crate) const FILE_STATES: u32 = 1029;
    pub(crate) const FILE_MODES: u32 = 1030;
    pub(crate) const FILE_DIGESTS: u32 = 1035;
    pub(crate) const FILE_FLAGS: u32 = 1037;
    pub(crate) const SOURCE_RPM: u32 = 1044;
    pub(crate) const PROVIDES: u32 = 1047;
    pub(crate) const REQUIRES: u32 = 1049;
    pub(crate) const DIR_INDEXES: u32 = 1116;
    pub(crate) const BASE_NAMES: u32 = 1117;
    pub(crate) const DIR_NAMES: u32 = 1118;
    pub(crate) const FILE_DIGEST_ALGO: u32 = 5011;
    pub(crate) const MODULARITY_LABEL: u32 = 5096;

    pub(super) const ALL: [u32; 20] = [
        NAME,
        VERSION,
        RELEASE,
        EPOCH,
        VENDOR,
        LICENSE,
        ARCH,
        OLD_FILE_NAMES,
        FILE_STATES,
        FILE_MODES,
        FILE_DIGESTS,
        FILE_FLAGS,
        SOURCE_RPM,
        PROVIDES,
        REQUIRES,
        DIR_INDEXES,
        BASE_NAMES,
        DIR_NAMES,
        FILE_DIGEST_ALGO,
        MODULARITY_LABEL,
    ];
}

/// The types of values that those tags have.
mod kind {
    pub(super) const CHAR: u32 = 1;
    pub(super) const INT8: u32 = 2;
    pub(super) const INT16: u32 = 3;
    pub(super) const INT32: u32 = 4;
    pub(super) const STRING: u32 = 6;
    pub(super) const STRING_ARRAY: u32 = 8;
    pub(super) const I18N_STRING: u32 = 9;
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    kind: u32,
    offset: usize,
    count: usize,
}

/// A header whose index was read.
pub(crate) struct Header<'a> {
    entries: Vec<Entry>,
    data: &'a [u8],
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

impl<'a> Header<'a> {
    /// Reads the index. Places in errors are from the header's beginning.
    ///
    /// # Errors
    /// It is cut, too large, or an entry lies outside of its data.
    pub(crate) fn parse(blob: &'a [u8]) -> Result<Self, Damage> {
        let cut = || Damage::new(0, "a header that is cut");
        let count = u32_at(blob, 0).ok_or_else(cut)? as usize;
        let size = u32_at(blob, 4).ok_or_else(cut)? as usize;
        if count > MOST_ENTRIES {
            return Err(Damage::new(0, format!("a header with {count} entries")));
        }
        let start = 8 + 16 * count;
        let end = start.checked_add(size).ok_or_else(cut)?;
        let index = blob.get(8..start).ok_or_else(cut)?;
        let data = blob.get(start..end).ok_or_else(cut)?;
        let mut entries: Vec<Entry> = Vec::new();
        for (number, bytes) in index.chunks_exact(16).enumerate() {
            let word = |at| u32_at(bytes, at).unwrap_or(0);
            let tag = word(0);
            if !tag::ALL.contains(&tag) {
                continue;
            }
            let entry = Entry {
                tag,
                kind: word(4),
                offset: word(8) as usize,
                count: word(12) as usize,
            };
            if entry.offset > data.len() {
                let at = 8 + 16 * number as u64;
                return Err(Damage::new(
                    at,
                    format!("tag {tag} lies outside of the header"),
                ));
            }
            match entries.iter_mut().find(|known| known.tag == tag) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        Ok(Header { entries, data })
    }

    fn entry(&self, tag: u32, kinds: &[u32]) -> Option<(Entry, &'a [u8])> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag)?;
        let data = self.data.get(entry.offset..)?;
        kinds.contains(&entry.kind).then_some((*entry, data))
    }

    /// The first string of a tag.
    pub(crate) fn string(&self, tag: u32) -> Option<&'a [u8]> {
        self.strings(tag).next()
    }

    /// The strings of a tag; fewer than it says where its data ends.
    pub(crate) fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let kinds = [kind::STRING, kind::STRING_ARRAY, kind::I18N_STRING];
        let (count, mut rest) = match self.entry(tag, &kinds) {
            Some((entry, _)) if entry.kind == kind::STRING && entry.count == 0 => (0, &[][..]),
            Some((entry, data)) => (entry.count, data),
            None => (0, &[][..]),
        };
        std::iter::from_fn(move || {
            let end = memchr::memchr(0, rest)?;
            let (string, after) = (rest.get(..end)?, rest.get(end + 1..)?);
            rest = after;
            Some(string)
        })
        .take(count)
    }

    /// The numbers of a tag of whatever width; fewer than it says where its
    /// data ends.
    pub(crate) fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let kinds = [kind::CHAR, kind::INT8, kind::INT16, kind::INT32];
        let (width, count, data) = match self.entry(tag, &kinds) {
            Some((entry, data)) => match entry.kind {
                kind::INT16 => (2, entry.count, data),
                kind::INT32 => (4, entry.count, data),
                _ => (1, entry.count, data),
            },
            None => (1, 0, &[][..]),
        };
        data.chunks_exact(width).take(count).map(|bytes| {
            bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u32::from(byte))
        })
    }

    /// The first number of a tag.
    pub(crate) fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).next()
    }

    /// How many values a tag says it has.
    pub(crate) fn count(&self, tag: u32) -> usize {
        let entry = self.entries.iter().find(|entry| entry.tag == tag);
        entry.map_or(0, |entry| entry.count)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::kind;

    /// A value to write.
    pub(crate) enum Value<'a> {
        Text(&'a str),
        Texts(&'a [&'a str]),
        Shorts(&'a [u16]),
        Words(&'a [u32]),
    }

    /// A header as a database has it.
    pub(crate) fn header(values: &[(u32, Value<'_>)]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut data: Vec<u8> = Vec::new();
        for (tag, value) in values {
            let width = match value {
                Value::Shorts(_) => 2,
                Value::Words(_) => 4,
                _ => 1,
            };
            data.resize(data.len().next_multiple_of(width), 0);
            let offset = data.len();
            let (kind, count) = match value {
                Value::Text(text) => {
                    data.extend(text.bytes().chain([0]));
                    (kind::STRING, 1)
                }
                Value::Texts(texts) => {
                    for text in *texts {
                        data.extend(text.bytes().chain([0]));
                    }
                    (kind::STRING_ARRAY, texts.len())
                }
                Value::Shorts(numbers) => {
                    data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
                    (kind::INT16, numbers.len())
                }
                Value::Words(numbers) => {
                    data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
                    (kind::INT32, numbers.len())
                }
            };
            for word in [*tag, kind, offset as u32, count as u32] {
                index.extend(word.to_be_bytes());
            }
        }
        let mut bytes = Vec::new();
        bytes.extend((values.len() as u32).to_be_bytes());
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(index);
        bytes.extend(data);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        testing::{Value, header},
        *,
    };

    #[test]
    fn values_by_tag() {
        let bytes = header(&[
            (tag::NAME, Value::Text("old")),
            (tag::FILE_MODES, Value::Shorts(&[0o100_644, 0o40_755])),
            (tag::EPOCH, Value::Words(&[7])),
            (tag::REQUIRES, Value::Texts(&["a", "", "b"])),
            (9999, Value::Text("passed over")),
            // Added behind the region: it counts.
            (tag::NAME, Value::Text("new")),
        ]);
        let read = Header::parse(&bytes).expect("a header");
        assert_eq!(read.string(tag::NAME), Some(&b"new"[..]));
        assert_eq!(read.number(tag::EPOCH), Some(7));
        let modes: Vec<_> = read.numbers(tag::FILE_MODES).collect();
        assert_eq!(modes, [0o100_644, 0o40_755]);
        let names: Vec<_> = read.strings(tag::REQUIRES).collect();
        assert_eq!(names, [&b"a"[..], b"", b"b"]);
        assert_eq!(read.string(tag::EPOCH), None, "a number is no string");
        assert_eq!(read.number(tag::NAME), None, "a string is no number");
        assert_eq!(read.string(9999), None);
    }

    #[test]
    fn damage_has_its_place() {
        let check = |bytes: &[u8], expect: (u64, &str)| {
            let damage = Header::parse(bytes).err().expect("damaged");
            assert_eq!((damage.at, &*damage.message), expect);
        };
        let cut = (0, "a header that is cut");
        check(b"", cut);
        check(&[0, 0, 0, 1, 0, 0, 0, 0], cut);
        check(&[0xff; 8], (0, "a header with 4294967295 entries"));
        let mut bytes = header(&[(1, Value::Text("")), (tag::NAME, Value::Text("a"))]);
        assert_eq!(Header::parse(&bytes).expect("whole").count(tag::NAME), 1);
        bytes[8 + 16 + 8] = 1;
        check(&bytes, (24, "tag 1000 lies outside of the header"));
        bytes.truncate(12);
        check(&bytes, cut);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
            count in 0_u8..20,
        ) {
            for (at, byte) in [0, 0, 0, count, 0, 0, 0].into_iter().enumerate() {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            for (number, entry) in (0..).zip(bytes.get_mut(8..).unwrap_or(&mut []).chunks_mut(16)) {
                if entry.len() == 16 {
                    let kind = entry[7] % 10;
                    entry[..8].copy_from_slice(&[0, 0, 3, 0xe8 + number % 20, 0, 0, 0, kind]);
                    entry[8..11].fill(0);
                }
            }
            if let Ok(header) = Header::parse(&bytes) {
                for tag in tag::ALL {
                    header.strings(tag).for_each(drop);
                    header.numbers(tag).for_each(drop);
                }
            }
        }
    }
}
