//! Where advisories come from, and the database they are kept in.
//!
//! - [`sources`]: what publishers offer, and where.
//! - [`files`]: the files of a feed, in whatever archives they come.
//! - [`store`]: the last good copy of each feed, on disk.
//! - [`update`]: what is newer at the publishers; [`import`]: what was brought
//!   by hand.
//! - [`keys`]: what databases are signed with.
//! - [`make`]: a database of all that the store holds.
//! - [`mapped`]: the database's file, mapped into memory.
//! - [`vex_repository`]: what others say of vulnerabilities, by package.
//! - [`rematch`]: stored images, matched again when the database changes.

pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod import;
pub mod keys;
mod lock;
pub mod make;
pub mod mapped;
pub mod rematch;
pub mod sources;
pub mod store;
pub mod update;
pub mod vex_repository;

pub use lock::{Lock, LockError};

use std::{io, path::PathBuf};

/// Why something of the advisories' data can't be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The network.
    #[error("{0}")]
    Fetch(#[from] plimsoll_registry::Error),
    /// What came is not what it should be.
    #[error("{what}: {why}")]
    Unusable {
        /// The file or address.
        what: String,
        /// Why.
        why: String,
    },
    /// Another run writes the store.
    #[error(
        "{} is in use by another run ({holder}): wait for it to end, or use another folder",
        folder.display()
    )]
    InUse {
        /// The store's folder.
        folder: PathBuf,
        /// Who that is, as far as they say.
        holder: String,
    },
    /// No feed is there to make a database of.
    #[error("there is no feed to make a database of")]
    NoFeeds,
    /// The database.
    #[error("{0}")]
    Database(#[from] plimsoll_vuln::db::DbError),
    /// A key.
    #[error("{}: {error}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        error: plimsoll_vuln::db::KeyError,
    },
    /// The user asked to stop.
    #[error("stopped")]
    Cancelled,
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |error| Error::Io { path, error }
    }
}
