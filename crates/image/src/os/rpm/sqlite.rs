//! SQLite, as much as a list of the rows of one table needs
//! (<https://www.sqlite.org/fileformat2.html>): the table's b-tree, read in
//! place, with values that go on over pages.

use super::{
    Damage, Each, MOST_HEADER,
    pages::{Visited, read},
};
use crate::{ReadAt, Sink};

/// How such a file begins.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

const INTERIOR_TABLE: u8 = 5;
const LEAF_TABLE: u8 = 13;

/// Bytes of a row of the schema that are read.
const MOST_SCHEMA: u64 = 1 << 20;

struct Database<'a> {
    content: &'a dyn ReadAt,
    page_size: u32,
    /// Bytes of a page without those reserved at its end.
    usable: u32,
    pages: u32,
    visited: Visited,
}

/// A row's bytes and where they begin in the file.
struct Payload {
    at: u64,
    bytes: Vec<u8>,
}

/// Hands every header, the column `blob` of the table `Packages`, to `each`.
///
/// # Errors
/// The database as a whole can't be read; what is wrong with a page or a row
/// is told in `sink`.
pub(crate) fn headers(
    content: &dyn ReadAt,
    sink: &mut Sink,
    each: &mut Each<'_>,
) -> Result<(), Damage> {
    let mut database = Database::open(content)?;
    let mut root = None;
    database.rows(1, MOST_SCHEMA, sink, &mut |row, _| {
        let columns = columns(&row.bytes);
        if let [Some(b"table"), Some(b"Packages"), _, Some(page)] = columns
            && page.len() <= 4
        {
            let number = page
                .iter()
                .fold(0, |number, &byte| number << 8 | u32::from(byte));
            root = Some(number);
        }
    });
    let Some(root) = root else {
        return Err(Damage::new(100, "there is no table Packages"));
    };
    database.rows(
        root,
        MOST_HEADER,
        sink,
        &mut |row, sink| match columns(&row.bytes) {
            [Some(_), Some(blob), ..] => {
                let into = blob.as_ptr().addr() - row.bytes.as_ptr().addr();
                each(row.at + into as u64, blob, sink);
            }
            _ => Damage::new(row.at, "not a row of the table Packages").tell(sink),
        },
    );
    Ok(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// A number of one to nine bytes, seven bits each but for the ninth, and how
/// many bytes it has.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}

/// The bytes of the first four columns of a row; none where it has fewer. A
/// null has no bytes.
fn columns(row: &[u8]) -> [Option<&[u8]>; 4] {
    let mut columns = [None; 4];
    let Some((size, mut at)) = varint(row) else {
        return columns;
    };
    let Some(mut value) = usize::try_from(size).ok().filter(|&size| size <= row.len()) else {
        return columns;
    };
    let end = value;
    for column in &mut columns {
        let Some((kind, count)) = row.get(at..end).and_then(varint) else {
            break;
        };
        at += count;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => break,
            _ => (kind - 12) / 2,
        };
        let bytes = usize::try_from(length)
            .ok()
            .and_then(|length| value.checked_add(length))
            .and_then(|end| row.get(value..end));
        let Some(bytes) = bytes else {
            break;
        };
        value += bytes.len();
        *column = Some(bytes);
    }
    columns
}

impl<'a> Database<'a> {
    fn open(content: &'a dyn ReadAt) -> Result<Self, Damage> {
        let mut head = [0; 100];
        read(content, 0, &mut head)?;
        let page_size = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            size => u32::from(size),
        };
        let usable = page_size.saturating_sub(u32::from(head[20]));
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            let message = format!("pages of {page_size} bytes, {} of them reserved", head[20]);
            return Err(Damage::new(16, message));
        }
        let pages = content.size().div_ceil(u64::from(page_size));
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        Ok(Database {
            content,
            page_size,
            usable,
            pages,
            visited: Visited::new(pages.saturating_add(1)),
        })
    }

    fn offset(&self, page: u32) -> u64 {
        u64::from(page.saturating_sub(1)) * u64::from(self.page_size)
    }

    /// Reads a page that was not read before.
    fn page(&mut self, number: u32) -> Result<Vec<u8>, Damage> {
        let at = self.offset(number);
        if number == 0 || number > self.pages {
            let message = format!("page {number} of {} is pointed at", self.pages);
            return Err(Damage::new(at, message));
        }
        if !self.visited.first(number) {
            return Err(Damage::new(
                at,
                format!("page {number} is pointed at twice"),
            ));
        }
        let mut page = vec![0; self.page_size as usize];
        read(self.content, at, &mut page)?;
        page.truncate(self.usable as usize);
        Ok(page)
    }

    /// The rows of the table whose tree begins at page `root`, in their order.
    /// What can't be read of them is told.
    fn rows(
        &mut self,
        root: u32,
        most: u64,
        sink: &mut Sink,
        each: &mut dyn FnMut(&Payload, &mut Sink),
    ) {
        // Pages are visited once each, so the stack is bounded by the file.
        let mut stack = vec![root];
        while let Some(number) = stack.pop() {
            let page = match self.page(number) {
                Ok(page) => page,
                Err(damage) => {
                    damage.tell(sink);
                    continue;
                }
            };
            let at = self.offset(number);
            // The file's own head comes before the first page's.
            let head = if number == 1 { 100 } else { 0 };
            let count = usize::from(u16_at(&page, head + 3).unwrap_or(0));
            let kind = page.get(head).copied().unwrap_or(0);
            let (cells, is_leaf) = match kind {
                LEAF_TABLE => (head + 8, true),
                INTERIOR_TABLE => (head + 12, false),
                _ => {
                    let message = format!("not a page of a table: type {kind}");
                    Damage::new(at + head as u64, message).tell(sink);
                    continue;
                }
            };
            let cell = |index: usize| u16_at(&page, cells + 2 * index).map(usize::from);
            if is_leaf {
                for index in 0..count {
                    let row = cell(index)
                        .ok_or_else(|| Damage::new(at, "more cells than fit on a page"))
                        .and_then(|from| self.payload(at, &page, from, most));
                    match row {
                        Ok(row) => each(&row, sink),
                        Err(damage) => damage.tell(sink),
                    }
                }
            } else {
                let right = u32_at(&page, head + 8);
                let children = (0..count).map(|index| u32_at(&page, cell(index)?));
                // The last is read last.
                for child in children.chain([right]).rev() {
                    match child {
                        Some(child) => stack.push(child),
                        None => Damage::new(at, "a cell outside of its page").tell(sink),
                    }
                }
            }
        }
    }

    /// The row of the leaf's cell at `from`, with what goes on elsewhere.
    fn payload(&mut self, at: u64, page: &[u8], from: usize, most: u64) -> Result<Payload, Damage> {
        let outside = || Damage::new(at + from as u64, "a cell outside of its page");
        let cell = page.get(from..).ok_or_else(outside)?;
        let (size, first) = varint(cell).ok_or_else(outside)?;
        let (_, second) = cell.get(first..).and_then(varint).ok_or_else(outside)?;
        let start = first + second;
        if size > most || size > self.content.size() {
            return Err(Damage::new(
                at + from as u64,
                format!("a row of {size} bytes"),
            ));
        }
        let wanted = usize::try_from(size).unwrap_or(usize::MAX);
        let local = usize::try_from(self.local(size)).unwrap_or(usize::MAX);
        let part = cell.get(start..start + local).ok_or_else(outside)?;
        let mut bytes = Vec::with_capacity(wanted);
        bytes.extend_from_slice(part);
        let mut next = match bytes.len() < wanted {
            true => u32_at(cell, start + local).ok_or_else(outside)?,
            false => 0,
        };
        while bytes.len() < wanted {
            let page = self.page(next)?;
            next = u32_at(&page, 0).unwrap_or(0);
            let part = page.get(4..).unwrap_or(&[]);
            bytes.extend_from_slice(&part[..part.len().min(wanted - bytes.len())]);
        }
        Ok(Payload {
            at: at + (from + start) as u64,
            bytes,
        })
    }

    /// How many bytes of a row of `size` lie on the leaf itself (section 1.6).
    fn local(&self, size: u64) -> u64 {
        let usable = u64::from(self.usable);
        let most = usable - 35;
        if size <= most {
            return size;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let local = least + (size - least) % (usable - 4);
        if local <= most { local } else { least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        let check = |bytes: &[u8], expect| assert_eq!(varint(bytes), expect, "{bytes:?}");
        check(&[], None);
        check(&[0x7f], Some((127, 1)));
        check(&[0x81, 0x00], Some((128, 2)));
        check(&[0x80], None);
        check(&[0xff; 9], Some((u64::MAX, 9)));
        check(&[0xff; 8], None);
    }

    #[test]
    fn columns_of_a_row() {
        let check = |row: &[u8], expect: [Option<&[u8]>; 4]| {
            assert_eq!(columns(row), expect, "{row:?}");
        };
        check(&[], [None; 4]);
        check(&[200], [None; 4]);
        check(&[1], [None; 4]);
        // A null and a blob of two bytes.
        check(&[3, 0, 16, 7, 8], [Some(b""), Some(&[7, 8]), None, None]);
        // A blob that is cut.
        check(&[3, 0, 18, 7, 8], [Some(b""), None, None, None]);
        // Texts of 1 and 0 bytes, an integer of 3, a one.
        check(
            &[5, 15, 13, 3, 9, 65, 1, 2, 3],
            [Some(b"A"), Some(b""), Some(&[1, 2, 3]), Some(b"")],
        );
    }
}
