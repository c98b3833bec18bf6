//! Berkeley DB's hash access method, as much as a list of all records needs
//! (Berkeley DB's `dbinc/db_page.h`).
//!
//! Every record lies on some page of type hash, so pages are read one after
//! the other, and the hashing itself matters not. A page has the places of its
//! items from the front and the items from the back; keys and values take
//! turns. A value that is too large for a page lies on a chain of others.

use super::{
    Damage, Each, MOST_HEADER,
    pages::{Visited, read},
};
use crate::{ReadAt, Sink};

const MAGIC: u32 = 0x0006_1561;
/// A page's own head.
const HEAD: usize = 26;

const PAGE_HASH_UNSORTED: u8 = 2;
const PAGE_OVERFLOW: u8 = 7;
const PAGE_HASH: u8 = 13;

const ITEM_KEY_DATA: u8 = 1;
const ITEM_OFF_PAGE: u8 = 3;

/// Whether a file with this beginning is a hash table.
pub(crate) fn is_hash(head: &[u8; 16]) -> bool {
    matches!(head[12..], [0x61, 0x15, 0x06, 0] | [0, 0x06, 0x15, 0x61])
}

/// Numbers in the order of the machine that wrote the file.
#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self.big {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self.big {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }
}

struct Table<'a> {
    content: &'a dyn ReadAt,
    order: Order,
    page_size: u32,
    pages: u32,
    /// Pages of chains that were read.
    chained: Visited,
}

/// Hands every header to `each`.
///
/// # Errors
/// The table as a whole can't be read; what is wrong with a page or a record
/// is told in `sink`.
pub(crate) fn headers(
    content: &dyn ReadAt,
    sink: &mut Sink,
    each: &mut Each<'_>,
) -> Result<(), Damage> {
    let mut meta = [0; 72];
    read(content, 0, &mut meta)?;
    let order = Order { big: meta[12] == 0 };
    let word = |at| order.u32(&meta, at).unwrap_or(0);
    debug_assert_eq!(word(12), MAGIC);
    let page_size = word(20);
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return Err(Damage::new(20, format!("pages of {page_size} bytes")));
    }
    if meta[24] != 0 {
        return Err(Damage::new(24, "the database is encrypted"));
    }
    let there = u32::try_from(content.size() / u64::from(page_size)).unwrap_or(u32::MAX);
    let last = word(32);
    let pages = last.saturating_add(1).min(there);
    if last >= there {
        let message = format!("the last page is {last}, but the file has {there} pages");
        Damage::new(32, message).tell(sink);
    }
    let mut table = Table {
        content,
        order,
        page_size,
        pages,
        chained: Visited::new(pages),
    };
    let mut page = vec![0; page_size as usize];
    for number in 1..pages {
        let at = table.offset(number);
        let mut head = [0; HEAD];
        if let Err(damage) = read(content, at, &mut head) {
            damage.tell(sink);
            continue;
        }
        match head[25] {
            PAGE_HASH | PAGE_HASH_UNSORTED => match read(content, at, &mut page) {
                Ok(()) => table.page(at, &page, sink, each),
                Err(damage) => damage.tell(sink),
            },
            // Free; pages of B-trees, queues and duplicates (3 to 6, 12), which
            // a table of packages has not but which are none of ours; other
            // heads (8, 9, 10); chains, which are read from where they hang.
            0 | 3..=10 | 12 => {}
            kind => Damage::new(at + 25, format!("a page of unknown type {kind}")).tell(sink),
        }
    }
    Ok(())
}

impl Table<'_> {
    fn offset(&self, page: u32) -> u64 {
        u64::from(page) * u64::from(self.page_size)
    }

    fn page(&mut self, at: u64, page: &[u8], sink: &mut Sink, each: &mut Each<'_>) {
        let order = self.order;
        let count = order.u16(page, 20).unwrap_or(0);
        let mut key: Option<&[u8]> = None;
        let mut end = page.len();
        for index in 0..usize::from(count) {
            let place = HEAD + 2 * index;
            let wrong = |what: &str| Damage::new(at + place as u64, what);
            let Some(item) = order
                .u16(page, place)
                .map(usize::from)
                .filter(|&from| from >= place + 2 && from < end)
                .and_then(|from| Some((from, page.get(from..end)?)))
            else {
                wrong("an item outside of its page").tell(sink);
                return;
            };
            let (from, bytes) = item;
            end = from;
            // Keys and values take turns.
            if index % 2 == 0 {
                key = Some(bytes);
                continue;
            }
            // A package's key is its number; 0 has the highest one, no package.
            if key.is_some_and(|key| key == [ITEM_KEY_DATA, 0, 0, 0, 0]) {
                continue;
            }
            match *bytes {
                [ITEM_KEY_DATA, ref value @ ..] => each(at + from as u64 + 1, value, sink),
                [ITEM_OFF_PAGE, ..] if bytes.len() >= 12 => {
                    let first = order.u32(bytes, 4).unwrap_or(0);
                    let size = order.u32(bytes, 8).unwrap_or(0);
                    match self.chain(first, size) {
                        Ok(value) => {
                            let at = self.offset(first) + HEAD as u64;
                            each(at, &value, sink);
                        }
                        Err(damage) => damage.tell(sink),
                    }
                }
                _ => wrong("an item of a type that a table of packages has not").tell(sink),
            }
        }
    }

    /// A value that lies on pages of its own.
    fn chain(&mut self, first: u32, size: u32) -> Result<Vec<u8>, Damage> {
        let size = u64::from(size);
        if size > MOST_HEADER || size > self.content.size() {
            let message = format!("a value of {size} bytes");
            return Err(Damage::new(self.offset(first), message));
        }
        let wanted = usize::try_from(size).unwrap_or(usize::MAX);
        let mut value = Vec::new();
        let mut page = vec![0; self.page_size as usize];
        let mut number = first;
        while value.len() < wanted {
            let at = self.offset(number);
            if number == 0 || number >= self.pages {
                return Err(Damage::new(at, "a value goes on beyond the last page"));
            }
            if !self.chained.first(number) {
                return Err(Damage::new(at, "a page is of two values"));
            }
            read(self.content, at, &mut page)?;
            if page[25] != PAGE_OVERFLOW {
                return Err(Damage::new(at, "a value goes on at a page of another type"));
            }
            let used = usize::from(self.order.u16(&page, 22).unwrap_or(0));
            let part = page
                .get(HEAD..HEAD + used)
                .filter(|part| !part.is_empty())
                .ok_or_else(|| Damage::new(at + 22, "more on a page than fits"))?;
            value.extend_from_slice(&part[..part.len().min(wanted - value.len())]);
            number = self.order.u32(&page, 16).unwrap_or(0);
        }
        Ok(value)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{HEAD, PAGE_HASH, PAGE_OVERFLOW};

    const PAGE: usize = 512;

    fn page(number: u32, next: u32, entries: u16, used: u16, kind: u8) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[8..12].copy_from_slice(&number.to_le_bytes());
        page[16..20].copy_from_slice(&next.to_le_bytes());
        page[20..22].copy_from_slice(&entries.to_le_bytes());
        page[22..24].copy_from_slice(&used.to_le_bytes());
        page[25] = kind;
        page
    }

    /// A little-endian table of these headers: each on a page of its own, or
    /// on a chain where it does not fit.
    pub(crate) fn database(headers: &[Vec<u8>]) -> Vec<u8> {
        let mut pages = vec![vec![0; PAGE]];
        for (number, header) in (0_u32..).zip(
            [&[1, 0, 0, 0][..]]
                .into_iter()
                .chain(headers.iter().map(|header| &header[..])),
        ) {
            let mut key = vec![1];
            key.extend(number.to_le_bytes());
            let here = pages.len() as u32;
            let mut chain: Vec<_> = Vec::new();
            let value = if header.len() < 300 {
                [&[1], header].concat()
            } else {
                chain = header.chunks(PAGE - HEAD).collect();
                let mut value = vec![3, 0, 0, 0];
                value.extend((here + 1).to_le_bytes());
                value.extend((header.len() as u32).to_le_bytes());
                value
            };
            let mut hash = page(here, 0, 2, 0, PAGE_HASH);
            let key_at = PAGE - key.len();
            let value_at = key_at - value.len();
            hash[key_at..].copy_from_slice(&key);
            hash[value_at..key_at].copy_from_slice(&value);
            hash[26..28].copy_from_slice(&(key_at as u16).to_le_bytes());
            hash[28..30].copy_from_slice(&(value_at as u16).to_le_bytes());
            pages.push(hash);
            let count = chain.len();
            for (index, part) in chain.into_iter().enumerate() {
                let number = pages.len() as u32;
                let next = if index + 1 < count { number + 1 } else { 0 };
                let mut over = page(number, next, 1, part.len() as u16, PAGE_OVERFLOW);
                over[HEAD..HEAD + part.len()].copy_from_slice(part);
                pages.push(over);
            }
        }
        let last = pages.len() as u32 - 1;
        pages[0][12..16].copy_from_slice(&super::MAGIC.to_le_bytes());
        pages[0][16..20].copy_from_slice(&9_u32.to_le_bytes());
        pages[0][20..24].copy_from_slice(&(PAGE as u32).to_le_bytes());
        pages[0][25] = 8;
        pages[0][32..36].copy_from_slice(&last.to_le_bytes());
        pages.concat()
    }
}
