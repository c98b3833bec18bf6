//! Why an image could not be opened at all. What is wrong with a part of it is
//! a gap of the result instead.

use std::io;

use crate::{Digest, config::ConfigError, source::manifest::ManifestError};

/// Why an image could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A manifest or an index is not understood.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The configuration is not understood.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A document is not understood.
    #[error("{path}: {message}")]
    Document {
        /// Where it is in the form.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A part that the form must have is not there.
    #[error("{form} must have `{path}`, and this one has not")]
    Missing {
        /// The form.
        form: &'static str,
        /// The part.
        path: String,
    },
    /// The archive itself can't be read from a place on.
    #[error("the archive can't be read from byte {offset} on: {message}")]
    Archive {
        /// The byte offset.
        offset: u64,
        /// What is wrong there.
        message: String,
    },
    /// The bytes are of no form that is known.
    #[error("{0}")]
    Form(String),
    /// There is no image of the name that was asked for.
    #[error("it holds no image `{asked}`, but {there}")]
    NoImage {
        /// What was asked for.
        asked: String,
        /// What there is.
        there: String,
    },
    /// There is no image for the platform that was asked for.
    #[error("it holds no image for {wanted}; there is {there}")]
    NoPlatform {
        /// What was asked for.
        wanted: String,
        /// What there is.
        there: String,
    },
    /// Indexes lead to indexes, or to more of them than are followed.
    #[error("indexes lead to more indexes than are followed")]
    TooNested,
    /// A blob is not what its digest says.
    #[error("the blob {digest} is not what its digest says: its bytes give {is}")]
    WrongDigest {
        /// What it should be.
        digest: Digest,
        /// What it is.
        is: Digest,
    },
    /// A document can't be had.
    #[error("{what}: {error}")]
    Fetch {
        /// Which: its digest or its path.
        what: String,
        /// Why.
        #[source]
        error: io::Error,
    },
}
