//! What could not be read, and where.

use serde::{Deserialize, Serialize};

use crate::Digest;

/// Where in an image something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The layer, by the digest of its uncompressed bytes where that is
    /// known, else of the blob.
    pub layer: Option<Digest>,
    /// The path in the image, without a leading slash; in an archive in it
    /// with `!/` between: `app.jar!/lib/a.jar`.
    pub path: Option<String>,
    /// The byte offset in the file, or in the layer when there is no path.
    pub offset: Option<u64>,
}

/// Something that could not be read: the result is incomplete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What went wrong, for a person.
    pub message: String,
}
