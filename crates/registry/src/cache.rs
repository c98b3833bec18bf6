//! Layers that were analysed before, and images that were described, on disk.
//!
//! One file for each layer or image and version of what was done, written under another
//! name and renamed, so that a reader sees a whole one or none; a checksum
//! finds what a crash or a disk left behind. Any number of processes may read,
//! write and evict at once: the worst is that a layer is analysed again.
//!
//! A summary of an image stands under its key alone, which holds all that the
//! summary depends on: its layers need not be there any more.

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
    source::{ImageSource, LayerCache, analysis_version},
    summary::{self, Key, Summary},
};
use plimsoll_model::image::Image;

use self::evict::Kind;

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
    /// Of [`analysis_version`]: part of each layer's name.
    version: String,
    /// Of [`summary::version`]: part of each summary's name.
    summaries: String,
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
    /// Its layers.
    pub layers: Share,
    /// Its summaries of images.
    pub images: Share,
    /// How many bytes it keeps at most.
    pub most: u64,
}

/// What a cache holds of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are of another version: of no use to this one.
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
        Self::versioned(folder, most, &analysis_version(), &summary::version())
    }

    fn versioned(folder: PathBuf, most: u64, layers: &str, summaries: &str) -> Self {
        let short = |version: &str| {
            let hash = blake3::hash(version.as_bytes()).to_hex();
            hash.as_str().chars().take(16).collect()
        };
        DiskCache {
            folder,
            most,
            version: short(layers),
            summaries: short(summaries),
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
        let share = |kind: Kind| {
            let own = self.end(kind);
            let mut share = Share::default();
            for entry in entries.iter().filter(|entry| entry.kind == kind) {
                let name = entry.path.file_name().unwrap_or_default();
                share.entries += 1;
                share.bytes += entry.size;
                share.outdated += u64::from(!name.to_string_lossy().ends_with(&own));
            }
            share
        };
        Ok(CacheInfo {
            folder: self.folder.clone(),
            layers: share(Kind::Layer),
            images: share(Kind::Summary),
            most: self.most,
        })
    }

    /// Takes everything out of it; how many layers, images and bytes that were.
    ///
    /// # Errors
    /// Its folder can't be read, or a file not removed.
    pub fn clear(&self) -> io::Result<(u64, u64, u64)> {
        let _lock = evict::lock(&self.folder)?;
        let mut gone = (0, 0, 0);
        for entry in evict::entries(&self.folder)? {
            match fs::remove_file(&entry.path) {
                Ok(()) => {
                    match entry.kind {
                        Kind::Layer => gone.0 += 1,
                        Kind::Summary => gone.1 += 1,
                    }
                    gone.2 += entry.size;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        evict::remove_unfinished(&self.folder, SystemTime::now());
        self.kept.store(0, Ordering::Relaxed);
        Ok(gone)
    }

    /// What the image of this key holds, if it is there and whole.
    #[must_use]
    pub fn image(&self, key: &Key) -> Option<Summary> {
        self.had(&self.path(Kind::Summary, &key.0), entry::decode_summary)
    }

    /// Keeps what an image holds. Failing is no error of the analysis.
    pub fn keep_image(&self, key: &Key, image: &Image, source: &ImageSource, others: &[String]) {
        let mut plain = Vec::new();
        let _ = summary::write(image, source, others, &mut plain)
            .and_then(|()| entry::encode_summary(&plain))
            .and_then(|bytes| self.write(&self.path(Kind::Summary, &key.0), &bytes));
    }

    /// How the names of this version's files of a kind end.
    fn end(&self, kind: Kind) -> String {
        let version = match kind {
            Kind::Layer => &self.version,
            Kind::Summary => &self.summaries,
        };
        format!("-{version}.{}", kind.ending())
    }

    fn path(&self, kind: Kind, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let (group, _) = hex.split_at(2);
        let end = self.end(kind);
        self.folder.join(group).join(format!("{hex}{end}"))
    }

    /// What a file holds; one that can't be read as a whole is of no use to
    /// anybody and goes.
    fn had<T>(&self, path: &Path, decode: impl Fn(&[u8]) -> io::Result<T>) -> Option<T> {
        match self.read(path, decode) {
            Ok(found) => found,
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    let _ = fs::remove_file(path);
                }
                None
            }
        }
    }

    fn read<T>(
        &self,
        path: &Path,
        decode: impl Fn(&[u8]) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        let bytes = read_sized(&file, size, MOST_ENTRY)?;
        let found = decode(&bytes)?;
        // The least recently used goes first: this one was used now.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some(found))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let size = bytes.len() as u64;
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed || size > MOST_ENTRY || size > self.most {
            return Ok(());
        }
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
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&unfinished, path));
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
        self.had(&self.path(Kind::Layer, blob), entry::decode)
    }

    fn put(&self, blob: &Digest, analysis: &LayerAnalysis) {
        // Without a place to write, the layer is analysed again another time.
        let _ = entry::encode(analysis)
            .and_then(|bytes| self.write(&self.path(Kind::Layer, blob), &bytes));
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
    let _ = entry::decode_summary(bytes);
    let _ = entry::encode_summary(bytes).and_then(|bytes| entry::decode_summary(&bytes));
}

#[cfg(test)]
mod tests;
