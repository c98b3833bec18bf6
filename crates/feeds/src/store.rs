//! The last good copy of each feed, on disk: `FOLDER/feeds/NAME/` with its files
//! and `about.json`. A file appears under its name only when it is whole and
//! was read; what can't be had leaves the one before in force.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use plimsoll_image::bounded::read_all;
use serde::{Deserialize, Serialize};

use crate::{Error, Lock, LockError};

/// Bytes of an `about.json`.
const MOST_ABOUT: u64 = 16 << 20;
/// The store's own file in the folder of a feed.
pub(crate) const ABOUT: &str = "about.json";
/// What the name of a file that is being written begins with.
const UNFINISHED: &str = ".unfinished-";
/// The file that is locked by who writes.
const LOCK: &str = ".lock";

/// The folder of all feeds.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What is known of a feed's copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// Its licence.
    pub licence: String,
    /// Whether it was brought as files, and not from a publisher.
    pub imported: bool,
    /// Its files, by name.
    pub parts: BTreeMap<String, Copy>,
    /// Files of its archive that the publisher has taken back since.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub deleted: BTreeSet<String>,
    /// Up to when the publisher's list of changes was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Timestamp>,
}

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Copy {
    /// Where it was had from; the path it was imported from.
    pub url: String,
    /// Its `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// When it came.
    pub had: Option<Timestamp>,
    /// When its publisher last said that it is current.
    pub checked: Option<Timestamp>,
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

impl Store {
    /// The store in a folder, made when something is put into it.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Store {
            folder: folder.into(),
        }
    }

    /// Where the feeds are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the lock of the store, waiting at most `patience` for another run
    /// to end. `waits` hears, once, who that is.
    ///
    /// # Errors
    /// The other run did not end; or there can be no lock file.
    pub fn lock(&self, patience: Duration, waits: &dyn Fn(&str)) -> Result<Lock, Error> {
        fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder))?;
        let path = self.folder.join(LOCK);
        Lock::take(&path, patience, waits).map_err(|error| match error {
            LockError::Held(holder) => Error::InUse {
                folder: self.folder.clone(),
                holder,
            },
            LockError::Io(error) => Error::io(path)(error),
        })
    }

    /// The names of the feeds that are there, sorted.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let folder = self.folder.join("feeds");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io(folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io(&folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Where a file of a feed is.
    #[must_use]
    pub fn path(&self, feed: &str, part: &str) -> PathBuf {
        self.folder.join("feeds").join(feed).join(part)
    }

    /// What is known of a feed; nothing when there is none.
    ///
    /// # Errors
    /// Its `about.json` can't be read.
    pub fn about(&self, feed: &str) -> Result<About, Error> {
        let path = self.path(feed, ABOUT);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(About::default()),
            Err(error) => return Err(Error::io(path)(error)),
        };
        let bytes = read_all(file, MOST_ABOUT).map_err(Error::io(&path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::io(path)(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    /// Writes down what is known of a feed.
    ///
    /// # Errors
    /// It can't be written.
    pub fn note(&self, feed: &str, about: &About) -> Result<(), Error> {
        let path = self.path(feed, ABOUT);
        let text = serde_json::to_vec_pretty(about)
            .map_err(|error| Error::io(&path)(io::Error::other(error)))?;
        let draft = self.draft(feed, ABOUT)?;
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(Error::io(path))
    }

    /// A name for a file that is being written, in the feed's folder.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn draft(&self, feed: &str, part: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join("feeds").join(feed);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        Ok(folder.join(format!("{UNFINISHED}{}-{part}", std::process::id())))
    }

    /// Puts a finished draft in place of the copy before.
    ///
    /// # Errors
    /// It can't be renamed.
    pub fn keep(&self, draft: &Path, feed: &str, part: &str) -> Result<(), Error> {
        let path = self.path(feed, part);
        fs::rename(draft, &path).map_err(Error::io(path))
    }

    /// Removes the files of a feed that it does not have any more.
    ///
    /// # Errors
    /// One can't be removed.
    pub fn tidy(&self, feed: &str, about: &About) -> Result<(), Error> {
        let folder = self.folder.join("feeds").join(feed);
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let path = entry.map_err(Error::io(&folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_draft = name.starts_with(UNFINISHED);
            if path.is_file() && !is_draft && name != ABOUT && !about.parts.contains_key(&*name) {
                fs::remove_file(&path).map_err(Error::io(&path))?;
            }
        }
        Ok(())
    }
}

/// Bytes and BLAKE3 of a file.
///
/// # Errors
/// It can't be read.
pub fn measure(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, hasher.finalize().to_hex().to_string())),
            count => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}
