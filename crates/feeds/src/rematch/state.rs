//! What is kept between two runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_registry::packed;
use serde::{Deserialize, Serialize};

use super::{Said, seen::Seen};
use crate::Error;

/// What its file begins with. The number changes with its form.
const MARK: &[u8; 8] = b"plmsMat1";
/// Bytes of its file, packed and not.
const MOST_FILE: u64 = 4 << 30;
const MOST_PLAIN: u64 = 16 << 30;

/// What is known of the stored images, and of the variants of their packages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// The database's identity, in hexadecimal.
    pub compared: String,
    /// From packages to images, as the engine writes it.
    pub index: Vec<u8>,
    /// By the image's id.
    pub images: BTreeMap<String, Known>,
    /// By the variant's id.
    pub variants: BTreeMap<String, Kept>,
    /// When what was first seen.
    pub seen: Seen,
}

/// The file an image was read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Known {
    pub path: PathBuf,
    pub stamp: (u64, u64),
}

/// A variant of a package, and what was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The variant.
    pub bytes: Vec<u8>,
    /// Sorted.
    pub found: Vec<Arc<Said>>,
    /// Why nothing is known of it, where nothing is.
    pub unknown: Vec<String>,
}

impl State {
    /// What is kept in a folder. Where nothing is, or what is can't be read, all is
    /// made of the stored images.
    pub(super) fn read(folder: &Path) -> Self {
        let bytes = packed::read(&path(folder), MOST_FILE).ok();
        let plain = bytes.and_then(|bytes| packed::unpack(MARK, &bytes, MOST_PLAIN).ok());
        plain.map(|plain| Self::of(&plain)).unwrap_or_default()
    }

    /// What is kept, unpacked; nothing where it can't be read.
    pub(super) fn of(plain: &[u8]) -> Self {
        postcard::from_bytes(plain).unwrap_or_default()
    }

    /// Writes it in place of what was kept before.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = path(folder);
        let plain = postcard::to_stdvec(self).map_err(std::io::Error::other);
        plain
            .and_then(|plain| packed::pack(MARK, &plain))
            .and_then(|bytes| packed::write(&path, &bytes))
            .map_err(Error::io(path))
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("matches")
}
