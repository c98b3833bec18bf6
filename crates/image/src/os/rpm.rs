//! rpm: Red Hat, Fedora, SUSE, Amazon, Azure Linux, Photon, openEuler and their
//! kin (<https://rpm-software-management.github.io/rpm/manual/>).
//!
//! The database holds one [`header`] for each package. It has had three forms
//! on the disk, told apart by their bytes, not by name: a hash table of
//! Berkeley DB ([`bdb`], `Packages`), rpm's own [`ndb`] (`Packages.db`) and
//! SQLite ([`sqlite`], `rpmdb.sqlite`). Images without rpm may have a
//! [`manifest`] instead.

pub(crate) mod bdb;
pub(crate) mod header;
pub(crate) mod manifest;
pub(crate) mod ndb;
pub(crate) mod package;
pub(crate) mod pages;
pub(crate) mod sqlite;
pub(crate) mod wal;

use std::io;

use super::text::tell;
use crate::{Analyzer, Candidate, FileRecord, ReadAt, Sink, analyzer::never_by_head};

/// Where the database is: of old, since SUSE 15 and Fedora 36, and in images
/// made by rpm-ostree.
const FOLDERS: [&str; 3] = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"];

/// The database of packages.
pub(crate) const DATABASE: Analyzer = Analyzer {
    name: "rpm",
    version: 1,
    by_path: is_database,
    by_head: never_by_head,
    run,
};

/// Changes to the database that are not in it yet.
pub(crate) const WAL: Analyzer = Analyzer {
    name: "rpm-wal",
    version: 1,
    by_path: |path, _| in_folder(path) == Some("rpmdb.sqlite-wal"),
    by_head: never_by_head,
    run: |file, sink| wal::run(file.content, sink),
};

fn in_folder(path: &str) -> Option<&str> {
    FOLDERS.iter().find_map(|folder| path.strip_prefix(folder))
}

fn is_database(path: &str, _: &FileRecord) -> bool {
    matches!(
        in_folder(path),
        Some("Packages" | "Packages.db" | "rpmdb.sqlite")
    )
}

/// Bytes of one header that are read: those of the largest packages (kernel
/// sources, TeX) have a few million.
pub(crate) const MOST_HEADER: u64 = 64 << 20;

/// Something of a database that ends the reading of it or of a part of it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Damage {
    /// The byte offset in the file.
    pub(crate) at: u64,
    /// What is wrong.
    pub(crate) message: String,
}

impl Damage {
    /// At an offset.
    pub(crate) fn new(at: u64, message: impl Into<String>) -> Self {
        Damage {
            at,
            message: message.into(),
        }
    }

    /// That the bytes from an offset on could not be had.
    pub(crate) fn read(at: u64, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::new(at, "the file ends within this"),
            _ => Damage::new(at, error.to_string()),
        }
    }

    /// Says so.
    pub(crate) fn tell(self, sink: &mut Sink) {
        tell(
            sink,
            usize::try_from(self.at).unwrap_or(usize::MAX),
            self.message,
        );
    }
}

/// What is done with each header: its place in the file and its bytes.
pub(crate) type Each<'a> = dyn FnMut(u64, &[u8], &mut Sink) + 'a;

/// Hands every header of a database of any form to `each`. What can't be read
/// is told in `sink`, and costs no other header where the form allows.
pub(crate) fn headers(content: &dyn ReadAt, sink: &mut Sink, each: &mut Each<'_>) {
    let size = content.size();
    if size == 0 {
        sink.incomplete_at(0, "an rpm database without a byte");
        return;
    }
    let mut head = [0; 16];
    let count = usize::try_from(size).map_or(16, |size| size.min(16));
    let read = match crate::read_at::read_exact_at(content, 0, &mut head[..count]) {
        Err(error) => Err(Damage::read(0, &error)),
        Ok(()) if head.starts_with(sqlite::MAGIC) => sqlite::headers(content, sink, each),
        Ok(()) if head.starts_with(ndb::MAGIC) => ndb::headers(content, sink, each),
        Ok(()) if bdb::is_hash(&head) => bdb::headers(content, sink, each),
        Ok(()) => Err(Damage::new(
            0,
            "no rpm database of a known form (Berkeley DB hash, ndb, SQLite)",
        )),
    };
    if let Err(damage) = read {
        damage.tell(sink);
    }
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let mut packages = package::Packages::new(file.limits.found);
    headers(file.content, sink, &mut |at, blob, sink| {
        packages.add(at, blob, sink);
    });
    packages.finish(sink);
}

#[cfg(test)]
mod tests;
