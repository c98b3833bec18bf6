//! Doors for the fuzz targets to readers that are nobody else's. No interface.

use std::str;

use crate::{files, rematch, store::About, update, vex_repository};

/// Bytes that come out of an archive for each that goes in, at most, and how many
/// come anyhow: the bound of the reader itself is for whole feeds.
const ENOUGH: usize = 4 << 20;

/// Reads the bytes as a file of a feed, or an archive of files.
pub fn archive(bytes: &[u8]) {
    let mut left = ENOUGH;
    let _ = files::each_in(&bytes, "feed.json.gz", &mut |_, bytes| {
        left = left.saturating_sub(bytes.len());
        left > 0
    });
}

/// Reads the bytes as what publishers say of where their files are.
pub fn places(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        update::any(text);
    }
}

/// Reads the bytes as what is kept beside a feed, and as the index of a VEX
/// repository.
pub fn documents(bytes: &[u8]) {
    let _ = serde_json::from_slice::<About>(bytes);
    vex_repository::any(bytes);
}

/// Reads the bytes as what is kept of stored images.
pub fn matches(bytes: &[u8]) {
    rematch::any(bytes);
}
