//! Doors for the fuzz targets to readers that are nobody else's. No interface.

use crate::{discover, images::pull, list, watch};

/// Reads the bytes as what an API server has.
pub fn discovery(bytes: &[u8]) {
    discover::any(bytes);
}

/// Reads the bytes as a page of a list.
pub fn page(bytes: &[u8]) {
    list::any(bytes);
}

/// Reads the bytes as what a watch tells, cut anywhere.
pub fn events(bytes: &[u8]) {
    watch::any(bytes);
}

/// Reads the bytes as a Secret with credentials for registries.
pub fn pull_secret(bytes: &[u8]) {
    pull::any_secret(bytes);
}
