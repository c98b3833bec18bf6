//! Zip archives, read in place by their central directory (PKWARE APPNOTE.TXT
//! 6.3.10): bytes before the archive, Zip64 and data descriptors are known;
//! names, counts and sizes are believed only as far as the bytes bear them out.

use std::{borrow::Cow, io};

use super::binary::{Ints, part};
use crate::{ReadAt, bounded::read_all, read_at::Window};

/// Entries of one archive that are read.
const MOST_ENTRIES: usize = 1_000_000;
/// Bytes of a central directory that are read.
const MOST_DIRECTORY: u64 = 64 << 20;
/// The end record and the longest comment behind it.
const TAIL: u64 = 22 + 0xffff;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name as the archive writes it: never used as a path to write to.
    pub name: String,
    /// Its bytes, unpacked, as the directory says.
    pub size: u64,
    packed: u64,
    method: u16,
    encrypted: bool,
    crc: u32,
    offset: u64,
}

/// Why an archive or a file of it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// There is no end record.
    #[error("no zip archive, or its end is missing")]
    NoEnd,
    /// A record is not where it should be.
    #[error("no {0} at byte {1}")]
    NoRecord(&'static str, u64),
    /// The directory is too large.
    #[error("a central directory of {0} bytes; at most {MOST_DIRECTORY} are read")]
    DirectoryTooLarge(u64),
    /// It is encrypted.
    #[error("encrypted")]
    Encrypted,
    /// It is compressed in a way that is not known here.
    #[error("compression method {0} is not known")]
    Method(u16),
    /// It is too large.
    #[error("{size} bytes; at most {most} are read of such a file")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        most: u64,
    },
    /// Its bytes are not those the directory tells of.
    #[error("damaged: its size or checksum is not the one stated")]
    Damaged,
    /// The medium, or the compressed bytes.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// An archive.
pub struct Zip<'a> {
    content: &'a dyn ReadAt,
    /// Its files, as the directory lists them.
    pub entries: Vec<Entry>,
    /// What of the directory could not be read, with its offset.
    pub problems: Vec<(String, u64)>,
}

/// Where the directory lies.
struct End {
    directory: u64,
    size: u64,
    entries: u64,
    /// Bytes before the archive, which its offsets do not count.
    prefix: u64,
}

fn ints(bytes: &[u8]) -> Ints<'_> {
    Ints {
        bytes,
        big: false,
        wide: true,
    }
}

fn find_end(content: &dyn ReadAt) -> Result<End, ZipError> {
    let from = content.size().saturating_sub(TAIL);
    let tail = part(content, from, TAIL)?;
    let fits = |at: usize| {
        let comment = ints(&tail).u16(at + 20)?;
        (at + 22 + usize::from(comment) <= tail.len()).then_some(at)
    };
    let at = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06")
        .find_map(fits)
        .ok_or(ZipError::NoEnd)?;
    let record = ints(&tail);
    let (Some(entries), Some(size), Some(directory)) = (
        record.u16(at + 10),
        record.u32(at + 12),
        record.u32(at + 16),
    ) else {
        return Err(ZipError::NoEnd);
    };
    let position = from + at as u64;
    let large = entries == 0xffff || size == u32::MAX || directory == u32::MAX;
    if large && let Some(end) = find_large_end(content, position)? {
        return Ok(end);
    }
    let (size, directory) = (u64::from(size), u64::from(directory));
    let start = position
        .checked_sub(size)
        .ok_or(ZipError::NoRecord("central directory", directory))?;
    let prefix = start.checked_sub(directory);
    Ok(End {
        // Something may stand between directory and end: then the stated place counts.
        directory: prefix.map_or(directory, |_| start),
        size,
        entries: u64::from(entries),
        prefix: prefix.unwrap_or(0),
    })
}

/// The Zip64 end record, by its locator right before the end record.
fn find_large_end(content: &dyn ReadAt, end: u64) -> Result<Option<End>, ZipError> {
    let Some(locator_at) = end.checked_sub(20) else {
        return Ok(None);
    };
    let locator = part(content, locator_at, 20)?;
    let Some(stated) = ints(&locator)
        .u64(8)
        .filter(|_| locator.starts_with(b"PK\x06\x07"))
    else {
        return Ok(None);
    };
    // Where it says, or, when bytes stand before the archive, right before the locator.
    for at in [stated, locator_at.saturating_sub(56)] {
        let record = part(content, at, 56)?;
        let fields = ints(&record);
        if !record.starts_with(b"PK\x06\x06") {
            continue;
        }
        let (Some(entries), Some(size), Some(directory)) =
            (fields.u64(32), fields.u64(40), fields.u64(48))
        else {
            continue;
        };
        let prefix = at.saturating_sub(stated);
        return Ok(Some(End {
            directory: directory.saturating_add(prefix),
            size,
            entries,
            prefix,
        }));
    }
    Err(ZipError::NoRecord("Zip64 end record", stated))
}

impl<'a> Zip<'a> {
    /// Reads the directory.
    ///
    /// # Errors
    /// There is none, or it is too large.
    pub fn open(content: &'a dyn ReadAt) -> Result<Self, ZipError> {
        let end = find_end(content)?;
        if end.size > MOST_DIRECTORY {
            return Err(ZipError::DirectoryTooLarge(end.size));
        }
        let directory = part(content, end.directory, end.size)?;
        let mut zip = Zip {
            content,
            entries: Vec::new(),
            problems: Vec::new(),
        };
        let mut at = 0;
        while at < directory.len() {
            let place = end.directory + at as u64;
            if zip.entries.len() >= MOST_ENTRIES {
                let message = format!("more than {MOST_ENTRIES} entries");
                zip.problems.push((message, place));
                break;
            }
            let Some((entry, length)) = entry(&directory[at..], end.prefix) else {
                zip.problems
                    .push(("a damaged central directory".into(), place));
                break;
            };
            zip.entries.push(entry);
            at += length;
        }
        let count = zip.entries.len() as u64;
        if zip.problems.is_empty() && count % 0x1_0000 != end.entries % 0x1_0000 {
            let message = format!("{count} entries where {} are stated", end.entries);
            zip.problems.push((message, end.directory));
        }
        zip.tell_overlap();
        Ok(zip)
    }

    /// Entries that share bytes are how small archives unpack to endless ones.
    fn tell_overlap(&mut self) {
        let mut ranges: Vec<(u64, u64)> = self
            .entries
            .iter()
            .map(|entry| (entry.offset, entry.offset.saturating_add(entry.packed)))
            .collect();
        ranges.sort_unstable();
        if let Some(pair) = ranges.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            self.problems
                .push(("entries that share bytes".into(), pair[1].0));
        }
    }

    /// Where the stored bytes of an entry begin.
    fn data(&self, entry: &Entry) -> Result<u64, ZipError> {
        let header = part(self.content, entry.offset, 30)?;
        let fields = ints(&header);
        match (fields.u16(26), fields.u16(28)) {
            (Some(name), Some(extra)) if header.starts_with(b"PK\x03\x04") => {
                Ok(entry.offset + 30 + u64::from(name) + u64::from(extra))
            }
            _ => Err(ZipError::NoRecord("local header", entry.offset)),
        }
    }

    /// An entry that is stored as it is, to be read in place.
    pub(crate) fn stored(&self, entry: &Entry) -> Option<Window<'a>> {
        let plain = entry.method == 0 && !entry.encrypted && entry.packed == entry.size;
        let start = self.data(entry).ok().filter(|_| plain)?;
        let end = start.checked_add(entry.size)?;
        (end <= self.content.size()).then(|| Window::new(self.content, start, entry.size))
    }

    /// The bytes of an entry, at most `most`.
    ///
    /// # Errors
    /// It is larger, encrypted, damaged, or packed in an unknown way.
    pub fn read(&self, entry: &Entry, most: u64) -> Result<Cow<'a, [u8]>, ZipError> {
        if entry.encrypted {
            return Err(ZipError::Encrypted);
        }
        if entry.size > most {
            return Err(ZipError::TooLarge {
                size: entry.size,
                most,
            });
        }
        let start = self.data(entry)?;
        let bytes: Cow<'a, [u8]> = match entry.method {
            0 if entry.packed != entry.size => return Err(ZipError::Damaged),
            0 => part(self.content, start, entry.size)?,
            8 => {
                let packed = Window::new(self.content, start, entry.packed);
                let reader = io::BufReader::new(crate::read_at::Cursor::new(&packed));
                // One byte more than stated is a lie, not too large a file.
                let unpacked = read_all(flate2::bufread::DeflateDecoder::new(reader), entry.size);
                match unpacked {
                    Ok(bytes) => Cow::Owned(bytes),
                    Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                        return Err(ZipError::Damaged);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            other => return Err(ZipError::Method(other)),
        };
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        if bytes.len() as u64 != entry.size || crc.sum() != entry.crc {
            return Err(ZipError::Damaged);
        }
        Ok(bytes)
    }
}

/// The first entry of a central directory, and how many bytes it takes.
fn entry(directory: &[u8], prefix: u64) -> Option<(Entry, usize)> {
    let fields = ints(directory);
    if !directory.starts_with(b"PK\x01\x02") {
        return None;
    }
    let length = |at| fields.u16(at).map(usize::from);
    let (name_length, extra_length, comment_length) = (length(28)?, length(30)?, length(32)?);
    let name = directory.get(46..46 + name_length)?;
    let extra = directory.get(46 + name_length..46 + name_length + extra_length)?;
    let total = 46 + name_length + extra_length + comment_length;
    directory.get(..total)?;
    let mut sizes = [fields.u32(24)?, fields.u32(20)?, fields.u32(42)?].map(u64::from);
    let mut extras = extra;
    while let (Some(id), Some(size)) = (ints(extras).u16(0), ints(extras).u16(2)) {
        let Some(data) = extras.get(4..4 + usize::from(size)) else {
            break;
        };
        if id == 1 {
            // Zip64: those of the three that did not fit, in this order.
            let mut values = data.chunks_exact(8);
            for size in &mut sizes {
                if *size == u64::from(u32::MAX) {
                    *size = ints(values.next()?).u64(0)?;
                }
            }
        }
        extras = &extras[4 + usize::from(size)..];
    }
    let [size, packed, offset] = sizes;
    Some((
        Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            size,
            packed,
            method: fields.u16(10)?,
            encrypted: fields.u16(8)? & 1 != 0,
            crc: fields.u32(16)?,
            offset: offset.checked_add(prefix)?,
        },
        total,
    ))
}

#[cfg(test)]
pub(crate) mod testing {
    use std::io::Write;

    /// A zip archive of these files, stored when their name ends in `.jar`,
    /// else deflated.
    pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        for (name, bytes) in files {
            let mut crc = flate2::Crc::new();
            crc.update(bytes);
            let stored = name.ends_with(".jar");
            let packed = match stored {
                true => bytes.to_vec(),
                false => {
                    let level = flate2::Compression::fast();
                    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
                    encoder.write_all(bytes).expect("memory takes it");
                    encoder.finish().expect("memory takes it")
                }
            };
            let mut common = vec![20, 0, 0, 0, if stored { 0 } else { 8 }, 0, 0, 0, 0, 0];
            common.extend(crc.sum().to_le_bytes());
            common.extend((packed.len() as u32).to_le_bytes());
            common.extend((bytes.len() as u32).to_le_bytes());
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0, 0]);
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend((out.len() as u32).to_le_bytes());
            directory.extend(name.as_bytes());
            out.extend(b"PK\x03\x04");
            out.extend(&common);
            out.extend(name.as_bytes());
            out.extend(packed);
        }
        let at = out.len() as u32;
        let size = directory.len() as u32;
        out.extend(directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        let count = files.len() as u16;
        out.extend(count.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend([0, 0]);
        out
    }
}

#[cfg(test)]
mod tests;
