//! The files of a feed: a file as it is, compressed, or an archive of many.
//! Everything is bounded, and what can't be read is told and passed over.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use jiff::Timestamp;
use lzma_rust2::XzReader;
use plimsoll_image::{
    ReadAt,
    bounded::{Bounded, read_all},
    compress::{Compression, Decompressed},
    lang::compiled::zip::Zip,
    read_at::Cursor,
    tar::{EntryKind, Reader},
};
use plimsoll_registry::local::FileAt;

/// Bytes of one file.
const MOST_FILE: u64 = 512 << 20;
/// Bytes of all files of an archive.
const MOST_TOTAL: u64 = 16 << 30;
/// Files of an archive.
const MOST_FILES: u64 = 3_000_000;
/// How many times larger than its archive all that comes out may be, once it
/// is above [`RATIO_FROM`] bytes.
const RATIO: u64 = 100;
/// Bytes from which on the ratio is looked at.
const RATIO_FROM: u64 = 64 << 20;

/// KiB that unpacking xz may hold.
const XZ_MEMORY: u32 = 256 << 10;

/// Hears of each file: its name in the feed, and its bytes. `false` ends it.
pub type Visit<'a> = dyn FnMut(&str, &[u8]) -> bool + 'a;

/// What is known of the files of a feed beside their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What could not be read.
    pub problems: Vec<String>,
    /// When the newest file of an archive was changed, where the archive keeps
    /// it with its offset from UTC: a tar does.
    pub newest: Option<Timestamp>,
}

/// Tells each file in `path` to `visit`.
///
/// # Errors
/// `path` itself can't be read, or more comes out of it than may.
pub fn each(path: &Path, name: &str, visit: &mut Visit<'_>) -> io::Result<Told> {
    each_in(&FileAt::open(path)?, name, visit)
}

/// The same of bytes that can be read at any place.
pub(crate) fn each_in(file: &dyn ReadAt, name: &str, visit: &mut Visit<'_>) -> io::Result<Told> {
    let mut head = [0; 6];
    let count = file.read_at(0, &mut head)?;
    let head = &head[..count];
    let mut out = Out {
        visit,
        told: Told::default(),
        files: 0,
        bytes: 0,
        most: MOST_TOTAL.min((file.size().saturating_mul(RATIO)).max(RATIO_FROM)),
        go_on: true,
    };
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        out.zip(file)?;
    } else if head.starts_with(b"\xfd7zXZ\0") {
        let packed = BufReader::with_capacity(1 << 16, Cursor::new(file));
        out.stream(XzReader::new_mem_limit(packed, true, XZ_MEMORY), bare(name))?;
    } else {
        let kind = Compression::of(head);
        if kind == Compression::None
            && let Some(unread) = Compression::unread_name(head)
        {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("it is compressed with {unread}, which is not read here: unpack it first"),
            ));
        }
        let packed = BufReader::with_capacity(1 << 16, Cursor::new(file));
        let name = if kind == Compression::None {
            name
        } else {
            bare(name)
        };
        out.stream(Decompressed::new(packed, kind)?, name)?;
    }
    Ok(out.told)
}

/// A name without what says how it is compressed.
fn bare(name: &str) -> &str {
    [".gz", ".xz", ".zst"]
        .into_iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

struct Out<'a, 'v> {
    visit: &'a mut Visit<'v>,
    told: Told,
    files: u64,
    bytes: u64,
    most: u64,
    go_on: bool,
}

impl Out<'_, '_> {
    /// Gives one file on; whether there may be more.
    fn give(&mut self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        self.files += 1;
        self.bytes += bytes.len() as u64;
        self.bound()?;
        self.go_on = (self.visit)(name, bytes);
        Ok(self.go_on)
    }

    fn bound(&self) -> io::Result<()> {
        if self.bytes > self.most || self.files > MOST_FILES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!(
                    "more comes out of it than is unpacked: {} files, {} bytes",
                    self.files, self.bytes
                ),
            ));
        }
        Ok(())
    }

    fn zip(&mut self, file: &dyn ReadAt) -> io::Result<()> {
        let bad = |error: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, error.to_string())
        };
        let zip = Zip::open(file).map_err(|error| bad(&error))?;
        // A damaged directory is a cut-off download, not one bad record.
        if let Some((problem, at)) = zip.problems.first() {
            return Err(bad(&format!("{problem} (at byte {at})")));
        }
        for entry in &zip.entries {
            if entry.name.ends_with('/') {
                continue;
            }
            match zip.read(entry, MOST_FILE) {
                Ok(bytes) => {
                    if !self.give(&entry.name, &bytes)? {
                        break;
                    }
                }
                Err(error) => self.told.problems.push(format!("{}: {error}", entry.name)),
            }
        }
        Ok(())
    }

    /// A stream that is a tar, or one file.
    fn stream(&mut self, plain: impl Read, name: &str) -> io::Result<()> {
        // One byte more than may come out: it is then told as too much.
        let bounded = Bounded::new(plain, self.most + 1);
        let mut plain = BufReader::with_capacity(1 << 16, bounded);
        if is_tar(plain.fill_buf()?) {
            return self.tar(plain);
        }
        let bytes = read_all(&mut plain, MOST_FILE.min(self.most))?;
        self.give(name, &bytes)?;
        Ok(())
    }

    fn tar(&mut self, plain: impl BufRead) -> io::Result<()> {
        let bad = |problem: plimsoll_image::tar::Problem| {
            let text = format!("{} (at byte {})", problem.message, problem.offset);
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let mut tar = Reader::new(plain);
        let mut buffer = Vec::new();
        while let Some(entry) = tar.next().map_err(bad)? {
            if entry.kind != EntryKind::Regular || entry.sparse.is_some() {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path).into_owned();
            if entry.stored > MOST_FILE {
                self.told.problems.push(format!(
                    "{name}: {} bytes are more than are read",
                    entry.stored
                ));
                continue;
            }
            buffer.clear();
            while tar.left() > 0 {
                let bytes = tar.fill().map_err(bad)?;
                let count = bytes.len();
                buffer.extend_from_slice(bytes);
                tar.consume(count);
            }
            let changed = Timestamp::from_second(entry.mtime).ok();
            self.told.newest = self.told.newest.max(changed);
            if !self.give(&name, &buffer)? {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a stream that begins like this is a tar (POSIX ustar, GNU).
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(bytes: &[u8], name: &str) -> Result<Vec<(String, usize)>, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("writable");
        let mut found = Vec::new();
        let told = each(file.path(), name, &mut |name, bytes| {
            found.push((name.to_owned(), bytes.len()));
            true
        })
        .map_err(|error| error.to_string())?;
        assert_eq!(told, Told::default());
        Ok(found)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).expect("memory");
        packed.finish().expect("memory")
    }

    #[test]
    fn plain_and_compressed_files_are_one_file() {
        assert_eq!(names(b"{}", "a.json"), Ok(vec![("a.json".into(), 2)]));
        assert_eq!(
            names(&gzip(b"{}"), "a.json.gz"),
            Ok(vec![("a.json".into(), 2)])
        );
        assert_eq!(names(b"", "a.json"), Ok(vec![("a.json".into(), 0)]));
    }

    #[test]
    fn what_is_cut_short_or_grows_without_end_is_refused() {
        let whole = gzip(&vec![b'x'; 100_000]);
        assert!(names(&whole[..whole.len() / 2], "a.gz").is_err());
        // 300 MB of nothing in 300 KB.
        let bomb = gzip(&vec![0; 300 << 20]);
        let refused = names(&bomb, "a.gz").expect_err("too much");
        assert!(refused.contains("more"), "{refused}");
        assert!(names(b"PK\x03\x04 no directory", "a.zip").is_err());
        let refused = names(b"BZh91AY", "a.bz2").expect_err("not read");
        assert!(refused.contains("bzip2"), "{refused}");
    }
}
