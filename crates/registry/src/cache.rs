//! Layers that were analysed before, on disk.
//!
//! One file for each layer and version of the analysis, written under another
//! name and renamed, so that a reader sees a whole one or none; a checksum
//! finds what a crash or a disk left behind. Any number of processes may read,
//! write and evict at once: the worst is that a layer is analysed again.

mod entry;
mod evict;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use plimsoll_image::{
    Digest, LayerAnalysis,
    source::{LayerCache, analysis_version},
};

/// Bytes that are kept unless the user says otherwise.
pub const DEFAULT_MOST: u64 = 1 << 30;

/// Bytes of one entry that are read.
const MOST_ENTRY: u64 = 1 << 30;

/// The size of what is kept is not known yet.
const UNKNOWN: u64 = u64::MAX;

/// The cache of analysed layers in one folder.
pub struct DiskCache {
    folder: PathBuf,
    most: u64,
    /// Of [`analysis_version`]: part of each entry's name.
    version: String,
    /// Bytes that are kept, as far as this process knows.
    kept: AtomicU64,
    /// Tells the temporary files of one process apart.
    counter: AtomicU64,
    /// Whether nothing is written any more; held for reading while writing.
    closed: Arc<RwLock<bool>>,
}

/// What a cache holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInfo {
    /// Where it is.
    pub folder: PathBuf,
    /// How many layers it has.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many bytes it keeps at most.
    pub most: u64,
    /// How many of its layers were analysed by another version: of no use to this one.
    pub outdated: u64,
}

/// Where the cache is, when `variable` gives the environment; none when there
/// is neither `XDG_CACHE_HOME` nor `HOME`.
#[must_use]
pub fn usual_folder(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("plimsoll/layers"))
}

impl DiskCache {
    /// The cache in a folder, made when something is put into it; of at most
    /// `most` bytes.
    #[must_use]
    pub fn new(folder: PathBuf, most: u64) -> Self {
        Self::versioned(folder, most, &analysis_version())
    }

    fn versioned(folder: PathBuf, most: u64, version: &str) -> Self {
        let hash = blake3::hash(version.as_bytes()).to_hex();
        DiskCache {
            folder,
            most,
            version: hash.as_str().chars().take(16).collect(),
            kept: AtomicU64::new(UNKNOWN),
            counter: AtomicU64::new(0),
            closed: Arc::default(),
        }
    }

    /// What ends all writing: it waits for files that are half written, and
    /// from then on nothing is kept. For a program that is about to end.
    pub fn closer(&self) -> impl Fn() + Send + 'static {
        let closed = Arc::clone(&self.closed);
        move || *closed.write().unwrap_or_else(PoisonError::into_inner) = true
    }

    /// What it holds.
    ///
    /// # Errors
    /// Its folder can't be read.
    pub fn info(&self) -> io::Result<CacheInfo> {
        let entries = evict::entries(&self.folder)?;
        let own = format!("-{}.layer", self.version);
        let is_outdated = |path: &Path| {
            !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().ends_with(&own))
        };
        Ok(CacheInfo {
            folder: self.folder.clone(),
            entries: entries.len() as u64,
            bytes: entries.iter().map(|entry| entry.size).sum(),
            most: self.most,
            outdated: entries.iter().filter(|e| is_outdated(&e.path)).count() as u64,
        })
    }

    /// Takes everything out of it; how many layers and bytes that were.
    ///
    /// # Errors
    /// Its folder can't be read, or a file not removed.
    pub fn clear(&self) -> io::Result<(u64, u64)> {
        let _lock = evict::lock(&self.folder)?;
        let mut gone = (0, 0);
        for entry in evict::entries(&self.folder)? {
            match fs::remove_file(&entry.path) {
                Ok(()) => gone = (gone.0 + 1, gone.1 + entry.size),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        evict::remove_unfinished(&self.folder, SystemTime::now());
        self.kept.store(0, Ordering::Relaxed);
        Ok(gone)
    }

    fn path(&self, blob: &Digest) -> PathBuf {
        let hex = blob.hex();
        let (group, _) = hex.split_at(2);
        self.folder
            .join(group)
            .join(format!("{hex}-{}.layer", self.version))
    }

    fn read(&self, path: &Path) -> io::Result<Option<LayerAnalysis>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        let bytes = read_sized(&file, size, MOST_ENTRY)?;
        let analysis = entry::decode(&bytes)?;
        // The least recently used goes first: this one was used now.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some(analysis))
    }

    fn write(&self, blob: &Digest, analysis: &LayerAnalysis) -> io::Result<()> {
        let bytes = entry::encode(analysis)?;
        let size = bytes.len() as u64;
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed || size > MOST_ENTRY || size > self.most {
            return Ok(());
        }
        let path = self.path(blob);
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        private_folder(folder)?;
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!(
            "{}{}-{number}",
            evict::UNFINISHED,
            std::process::id()
        ));
        let written = File::options()
            .write(true)
            .create_new(true)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        self.kept(size)
    }

    /// So many bytes more are kept: evicts when they are too many.
    fn kept(&self, more: u64) -> io::Result<()> {
        let known = self.kept.load(Ordering::Relaxed);
        let total = if known == UNKNOWN {
            let entries = evict::entries(&self.folder)?;
            let total = entries.iter().map(|entry| entry.size).sum();
            self.kept.store(total, Ordering::Relaxed);
            total
        } else {
            self.kept.fetch_add(more, Ordering::Relaxed) + more
        };
        if total > self.most
            && let Some(left) = evict::evict(&self.folder, self.most, SystemTime::now())?
        {
            self.kept.store(left, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl LayerCache for DiskCache {
    fn get(&self, blob: &Digest) -> Option<LayerAnalysis> {
        let path = self.path(blob);
        match self.read(&path) {
            Ok(found) => found,
            Err(error) => {
                // What can't be read as a whole is of no use to anybody.
                if error.kind() == io::ErrorKind::InvalidData {
                    let _ = fs::remove_file(&path);
                }
                None
            }
        }
    }

    fn put(&self, blob: &Digest, analysis: &LayerAnalysis) {
        // Without a place to write, the layer is analysed again another time.
        let _ = self.write(blob, analysis);
    }
}

/// Makes a folder that only its owner can look into: what is found in images
/// is nobody else's business.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A whole file of `size` bytes, at most `most`.
pub(crate) fn read_sized(mut file: &File, size: u64, most: u64) -> io::Result<Vec<u8>> {
    if size > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; usize::try_from(size).map_err(|_| io::ErrorKind::InvalidData)?];
    io::Read::read_exact(&mut file, &mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::ErrorKind::InvalidData.into(),
        _ => error,
    })?;
    Ok(bytes)
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn any_entry(bytes: &[u8]) {
    let _ = entry::decode(bytes);
}

#[cfg(test)]
mod tests;
