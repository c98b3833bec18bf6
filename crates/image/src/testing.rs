//! Layers and images for tests, made by code.

use crate::layer::{FileKind, FileRecord, LayerAnalysis};

/// A layer of which only the paths count: `dir/`, `file`, `link>target`,
/// `hardlink=target`, `!whiteout`, `*opaque`. Regular files have ten bytes.
pub(crate) fn layer(entries: &[&str]) -> LayerAnalysis {
    let mut layer = LayerAnalysis::default();
    let mut files = std::collections::BTreeMap::new();
    for entry in entries {
        if let Some(path) = entry.strip_prefix('!') {
            layer.whiteouts.push(path.to_owned());
        } else if let Some(path) = entry.strip_prefix('*') {
            layer.opaque.push(path.to_owned());
        } else if let Some((path, target)) = entry.split_once('>') {
            files.insert(
                path.to_owned(),
                record(FileKind::Symlink(target.to_owned())),
            );
        } else if let Some((path, target)) = entry.split_once('=') {
            files.insert(
                path.to_owned(),
                record(FileKind::Hardlink(target.to_owned())),
            );
        } else if let Some(path) = entry.strip_suffix('/') {
            files.insert(path.to_owned(), record(FileKind::Directory));
        } else {
            files.insert((*entry).to_owned(), record(FileKind::Regular));
        }
    }
    layer.files = files.into_iter().collect();
    layer.whiteouts.sort();
    layer.opaque.sort();
    layer
}

/// A record with nothing but its kind; a regular file has ten bytes.
pub(crate) fn record(kind: FileKind) -> FileRecord {
    FileRecord {
        size: if kind == FileKind::Regular { 10 } else { 0 },
        mode: if kind == FileKind::Directory {
            0o755
        } else {
            0o644
        },
        kind,
        uid: 0,
        gid: 0,
        mtime: 0,
        digests: Vec::new(),
        binary: false,
    }
}
