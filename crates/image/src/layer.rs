//! One layer: what its bytes say, and nothing of the layers around it.

mod again;
mod buffers;
mod digests;
mod hashing;
mod look;
mod magic;
mod packed;
mod passing;
mod path;
mod stream;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;

use serde::{Deserialize, Serialize};

pub(crate) use self::{hashing::Streams, unpack::analyze_beside};
pub use self::{
    unpack::{analyze, analyze_stream},
    walk::Walk,
};
use crate::{Analyzer, Diagnostic, Digest, Found, Limits, found::FileDigest};

/// What kind of entry a path is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A folder.
    Directory,
    /// A symbolic link, with its target as it is written.
    Symlink(String),
    /// A hard link to another path of the layer, without a leading slash.
    Hardlink(String),
    /// A device, pipe or socket.
    Special,
}

/// What a layer says of one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with setuid, setgid and sticky (`0o7777`).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Digests of its bytes, of those kinds that package managers record and
    /// that were computed.
    pub digests: Vec<FileDigest>,
    /// Whether its first bytes are those of a program or a library.
    pub binary: bool,
}

/// What one layer holds. Depends on its bytes alone; cached by its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerAnalysis {
    /// The digest of the uncompressed bytes.
    pub diff_id: Option<Digest>,
    /// The digest of the blob as it was stored, where it was read as such.
    pub blob: Option<Digest>,
    /// Uncompressed bytes.
    pub size: u64,
    /// Its paths, sorted, each once: of repeated entries the last.
    pub files: Vec<(String, FileRecord)>,
    /// Paths that it removes from the layers below (`.wh.NAME`), sorted.
    pub whiteouts: Vec<String>,
    /// Folders whose content in the layers below it hides (`.wh..wh..opq`), sorted.
    pub opaque: Vec<String>,
    /// What analyzers found, by the path it was found in; sorted by path.
    pub found: Vec<(String, Vec<Found>)>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the entries of something that is no tar, such as a root file system,
/// come to when they are taken like those of a layer: `walk` gives them to the
/// [`Walk`]. Neither digest nor size of the result is set.
pub fn analyze_entries<'s>(
    limits: &Limits,
    walk: impl for<'a, 'w> FnOnce(&mut Walk<'a, 'w>) + 's,
) -> LayerAnalysis {
    let analyzers: Vec<&'static Analyzer> = crate::analyzer::all().collect();
    let shared = look::Shared::new(&analyzers, limits);
    let walked = rayon::in_place_scope(|scope| {
        let mut entries = Walk::new(&shared, scope);
        walk(&mut entries);
        entries.finish()
    });
    let (outcomes, too_many) = shared.finish();
    walked.into_analysis(outcomes, too_many)
}
