//! The forms an image comes in. An edge gives bytes; what they mean is here.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::Arc,
};

use plimsoll_model::image::{ImageForm, Platform};

use crate::{Digest, LayerAnalysis, ReadAt, read_at::Stamp};

mod detect;
mod docker;
mod error;
pub mod manifest;
mod oci;
mod open;
mod rootfs;
mod store;
mod stream;

pub use detect::{Bytes, detect};
pub use error::SourceError;
use open::Composed;
pub use open::{Choice, Folder, Opened, archive, folder};
pub use rootfs::{Files, Seen, read_files};
pub use stream::{ReadImage, read_archive};

/// Stands for a digest that the form does not tell: such a blob is not
/// verified and not cached.
pub const UNKNOWN: Digest = Digest([0; 32]);

/// What a manifest says of a blob (OCI image-spec, descriptor.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type; empty where the form has none.
    pub media_type: String,
    /// Its digest; [`UNKNOWN`] where the form has none.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Where it may be had besides (foreign layers).
    pub urls: Vec<String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it is for, in an index.
    pub platform: Option<Platform>,
}

/// The bytes of a blob.
pub enum Blob {
    /// They can be read at any place, by many at once.
    At(Arc<dyn ReadAt>),
    /// They come once, in order.
    Stream(Box<dyn Read + Send>),
}

/// Where an edge gives an image's blobs from: a registry, a folder, an archive.
pub trait Blobs: Sync {
    /// The bytes of the layer with this index of [`ImageSource::layers`].
    /// Their digest is verified by whoever reads them.
    ///
    /// # Errors
    /// The blob is not there or can't be had. The layer is then a gap.
    fn open(&self, layer: usize) -> io::Result<Blob>;

    /// What vouches for the bytes of this layer while nobody reads them.
    fn voucher(&self, _: usize) -> Voucher {
        Voucher::Nothing
    }
}

/// What vouches for the bytes of a layer while nobody reads them: whether what
/// is known of the layer of that digest may be said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// Nothing: only reading them tells.
    Nothing,
    /// Who gives them gives them by their digest, and whoever runs the image has
    /// them from there: a registry, a node's store.
    Digest,
    /// The file they are in was not written to while this stays the same.
    File(Stamp),
}

/// An image, ready to be looked into.
pub struct ImageSource {
    /// How the user named it.
    pub name: String,
    /// The form it is read from.
    pub form: ImageForm,
    /// References that the form states for it.
    pub tags: Vec<String>,
    /// The digest of its manifest, where it has one.
    pub manifest: Option<Digest>,
    /// The digest of the index the manifest was chosen from, if any.
    pub index: Option<Digest>,
    /// Platforms of the index that were not chosen.
    pub other_platforms: Vec<Platform>,
    /// The bytes of its configuration (JSON), verified.
    pub config: Vec<u8>,
    /// Annotations of its manifest and its index entry.
    pub annotations: BTreeMap<String, String>,
    /// SBOMs that are attached to it where it comes from, by what shows each:
    /// `referrer sha256:...`.
    pub attached: Vec<String>,
    /// Its layers, the lowest first. `digest` is of the blob as stored; in a
    /// `docker save` archive that has no such digests, the diff id.
    pub layers: Vec<Descriptor>,
}

/// Layers that were analysed before. Keyed by the digest of the stored blob;
/// an implementation adds [`analysis_version`] to the key.
pub trait LayerCache: Sync {
    /// The analysis of this layer, if it is there and whole.
    fn get(&self, blob: &Digest) -> Option<LayerAnalysis>;

    /// Keeps the analysis of this layer. Failing is no error of the analysis.
    fn put(&self, blob: &Digest, analysis: &LayerAnalysis);
}

/// No cache.
pub struct NoCache;

impl LayerCache for NoCache {
    fn get(&self, _: &Digest) -> Option<LayerAnalysis> {
        None
    }

    fn put(&self, _: &Digest, _: &LayerAnalysis) {}
}

/// Hears how far the reading is. Called from several threads.
pub trait Progress: Sync {
    /// So many more stored bytes of this layer were read.
    fn read(&self, layer: usize, bytes: u64);

    /// This layer is done; `cached` when nothing had to be read.
    fn done(&self, layer: usize, cached: bool);

    /// Whether the user asked to stop: reading ends soon with an error.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody hears.
pub struct Silent;

impl Progress for Silent {
    fn read(&self, _: usize, _: u64) {}

    fn done(&self, _: usize, _: bool) {}
}

/// Changes whenever any analyzer, the form of [`LayerAnalysis`] or what analyzers
/// share, such as how a licence is written, does: part of a cache's key.
#[must_use]
pub fn analysis_version() -> String {
    use std::fmt::Write;
    let mut text = String::from("3");
    for analyzer in crate::analyzer::all() {
        let _ = write!(text, ";{}={}", analyzer.name, analyzer.version);
    }
    text
}

#[cfg(test)]
mod tests;
