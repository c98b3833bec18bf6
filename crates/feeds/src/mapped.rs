//! The database's file, mapped into memory: opened without being read, and
//! shared by all processes that have it open.

use std::{fs::File, path::Path};

use memmap2::Mmap;
use plimsoll_vuln::db::{Database, Trust};

use crate::Error;

/// The bytes of a file.
pub struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mapped({} bytes)", self.0.len())
    }
}

impl Mapped {
    /// Maps a file.
    ///
    /// # Errors
    /// It can't be opened or mapped.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        #[expect(unsafe_code, reason = "mapping a file can't be expressed otherwise")]
        // SAFETY: the file is only ever replaced by renaming a whole new one over
        // it, never written in place, so that its bytes stay as they are while it
        // is mapped. Who writes into it in spite of that is its owner; the database
        // checks the hash of every part before it believes it.
        let map = unsafe { Mmap::map(&file) };
        map.map(Mapped).map_err(Error::io(path))
    }
}

/// Opens a database's file.
///
/// # Errors
/// It can't be read, or is no database that is trusted.
pub fn open(path: &Path, trust: Trust<'_>) -> Result<Database<Mapped>, Error> {
    Ok(Database::open(Mapped::open(path)?, trust)?)
}
