//! What goes when the cache is too large: the least recently used first.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

pub(super) use crate::packed::UNFINISHED;

/// A file that is still unfinished after this long was left by a crash.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A layer.
    Layer,
    /// An image.
    Summary,
}

impl Kind {
    /// How the names of its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Kind::Layer => "layer",
            Kind::Summary => "summary",
        }
    }
}

/// One entry of the cache.
pub(super) struct Kept {
    pub path: PathBuf,
    pub kind: Kind,
    pub size: u64,
    used: SystemTime,
}

/// All entries of a cache. A file that goes away meanwhile is none.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    each_file(folder, &mut |path, metadata| {
        let ending = path.extension().unwrap_or_default();
        let kinds = [Kind::Layer, Kind::Summary];
        if let Some(kind) = kinds.into_iter().find(|kind| ending == kind.ending()) {
            found.push(Kept {
                path,
                kind,
                size: metadata.len(),
                used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
    })?;
    Ok(found)
}

/// Removes files that a crash left unfinished.
pub(super) fn remove_unfinished(folder: &Path, now: SystemTime) {
    let _ = each_file(folder, &mut |path, metadata| {
        let is_unfinished = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED));
        let age = metadata
            .modified()
            .ok()
            .and_then(|written| now.duration_since(written).ok());
        if is_unfinished && age.is_some_and(|age| age >= ABANDONED) {
            let _ = fs::remove_file(path);
        }
    });
}

fn each_file(folder: &Path, visit: &mut dyn FnMut(PathBuf, fs::Metadata)) -> io::Result<()> {
    let groups = match fs::read_dir(folder) {
        Ok(groups) => groups,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for group in groups {
        let group = group?;
        if group.file_name().len() != 2 || !group.file_type()?.is_dir() {
            continue;
        }
        // Gone since it was listed, or not ours to read: nothing of it counts.
        let Ok(files) = fs::read_dir(group.path()) else {
            continue;
        };
        for file in files.flatten() {
            if let Ok(metadata) = file.metadata()
                && metadata.is_file()
            {
                visit(file.path(), metadata);
            }
        }
    }
    Ok(())
}

/// The lock of those who remove; given back when it is dropped.
pub(super) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = match open_lock(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    file.lock()?;
    Ok(Some(file))
}

fn open_lock(folder: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join("lock"))
}

/// Removes the least recently used entries until nine tenths of `most` are
/// left, and how many bytes that are; none when another process is at it.
pub(super) fn evict(folder: &Path, most: u64, now: SystemTime) -> io::Result<Option<u64>> {
    let lock = open_lock(folder)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    remove_unfinished(folder, now);
    let mut entries = entries(folder)?;
    entries.sort_by_key(|entry| entry.used);
    let mut total: u64 = entries.iter().map(|entry| entry.size).sum();
    let goal = most - most / 10;
    if total > most {
        for entry in entries {
            if total <= goal {
                break;
            }
            if fs::remove_file(&entry.path).is_ok() {
                total -= entry.size;
            }
        }
    }
    Ok(Some(total))
}
