//! Bytes of an image in; layers, files, packages, secrets and configuration
//! out. The engine is pure: readers come in as values ([`ReadAt`],
//! [`source::Blobs`]), results and diagnostics go out.
//!
//! - [`layer`]: one layer, streamed once: decompressed, hashed, its entries
//!   told and its interesting files handed to the [`analyzer`]s. What comes
//!   out ([`LayerAnalysis`]) depends on the layer's bytes alone, so it can be
//!   cached by digest and shared by all images that have the layer.
//! - [`image`]: the layers of an image put over each other: what is there in
//!   the end, which layer brought it, which took it away.
//! - [`source`]: the forms an image comes in.
//! - [`summary`]: what an image was found to hold, and what the same image is known by.
//! - [`os`], [`lang`], [`program`], [`secret`]: what is found in files.
//! - [`sbom`]: SBOM formats, read and written.
//! - [`cpe`]: CPE names of packages.
//! - [`licence`]: what package managers write of licences, as SPDX expressions.
//! - [`config`]: the image's configuration, and the controls over it.

pub mod analyzer;
pub mod bounded;
pub mod compress;
pub mod config;
pub mod cpe;
pub mod diagnostic;
pub mod found;
pub mod image;
pub mod lang;
pub mod layer;
pub mod licence;
pub mod limits;
pub mod os;
pub mod program;
pub mod read_at;
pub mod sbom;
pub mod secret;
pub mod sha256;
pub mod source;
pub mod summary;
pub mod tar;
#[cfg(test)]
mod testing;

pub use analyzer::{Analyzer, Candidate, Sink};
pub use diagnostic::{Diagnostic, Place};
pub use found::{Found, FoundPackage, How, OwnedFile, Release, SecretHit};
pub use layer::{FileKind, FileRecord, LayerAnalysis};
pub use limits::Limits;
pub use plimsoll_model::Digest;
pub use read_at::ReadAt;
