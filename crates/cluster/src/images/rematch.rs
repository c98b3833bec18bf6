//! The advisory database of the agent: a file that somebody else writes. When
//! it changes, what was read of images is compared with the new one; no image
//! is pulled for it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use plimsoll_assess::{
    Advisories, Statements,
    live::Change,
    vuln::{
        db::{PublicKey, Trust},
        matching,
    },
};
use plimsoll_feeds::{Error, keys, mapped};

/// The files of keys that are beside a database without being named.
const USUAL_KEYS: &str = "trusted.keys";

/// What tells one writing of a file from another.
type Stamp = (SystemTime, u64);

/// The file.
#[derive(Clone, Debug)]
pub struct DatabaseFile {
    path: PathBuf,
    keys: Vec<PathBuf>,
    /// The writing that is in use.
    used: Option<Stamp>,
    /// Why the last one could not be used, which is said once.
    refused: Option<String>,
}

impl DatabaseFile {
    /// The file at `path`, trusted when one of these keys signed it; without
    /// any, one of those beside it.
    pub fn new(path: PathBuf, keys: Vec<PathBuf>) -> Self {
        DatabaseFile {
            path,
            keys,
            used: None,
            refused: None,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What packages are compared with from now on, where the file changed.
    /// One that can't be used leaves the last one in its place, is said, and is
    /// tried again: its keys may come later than it does.
    pub fn changed(&mut self) -> Option<Change> {
        let opened = self.stamp().and_then(|stamp| {
            if self.used == Some(stamp) {
                return Ok(None);
            }
            self.open().map(|advisories| Some((stamp, advisories)))
        });
        let database = self.path.display();
        match opened {
            Ok(None) => {
                self.refused = None;
                None
            }
            Ok(Some((stamp, advisories))) => {
                let said = match self.used {
                    None => "the advisory database is used",
                    Some(_) => "the advisory database changed: images are matched again",
                };
                tracing::info!(%database, "{said}");
                (self.used, self.refused) = (Some(stamp), None);
                Some(Change::Advisories(Some(advisories)))
            }
            Err(error) => {
                let error = error.to_string();
                if self.refused.as_ref() != Some(&error) {
                    tracing::warn!(%database, error, "the advisory database can't be used");
                    self.refused = Some(error);
                }
                None
            }
        }
    }

    fn stamp(&self) -> Result<Stamp, Error> {
        let stamp = || {
            let metadata = self.path.metadata()?;
            Ok((metadata.modified()?, metadata.len()))
        };
        stamp().map_err(|error| Error::Io {
            path: self.path.clone(),
            error,
        })
    }

    fn open(&self) -> Result<Advisories, Error> {
        let keys = self.public_keys()?;
        Ok(Advisories {
            db: Arc::new(mapped::open(&self.path, Trust::Signed(&keys))?),
            options: matching::Options::default(),
            statements: Arc::new(Statements::default()),
        })
    }

    fn public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        let mut files = self.keys.clone();
        if files.is_empty() {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let usual = [keys::own_path(folder), folder.join(USUAL_KEYS)];
            files.extend(usual.into_iter().filter(|path| path.is_file()));
        }
        let mut all = Vec::new();
        for file in files {
            all.extend(keys::public(&file)?);
        }
        Ok(all)
    }
}
