//! From an archive or a folder to an image that can be looked into.

use std::{collections::BTreeSet, io, sync::Arc};

use plimsoll_model::image::{ImageForm, Platform};

use super::{
    Blob, Blobs, ImageSource, SourceError, Voucher, docker, oci,
    rootfs::one_layer,
    store::{Archive, Store, StoreBlobs, read_document},
};
use crate::{Limits, ReadAt, read_at::Stamp};

/// Which image of a form that may hold several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// By its tag, its name or its id; without one the first.
    pub image: Option<String>,
    /// By its platform; without one `linux/amd64`, or the only one there is.
    pub platform: Option<Platform>,
}

/// An image that was found.
pub struct Opened {
    /// What it is.
    pub source: ImageSource,
    /// The bytes of its layers.
    pub blobs: Box<dyn Blobs + Send>,
    /// Other images of the same form, by a name each, that were not looked into.
    pub others: Vec<String>,
}

/// An image that was found, with the names of its layers in the form.
pub(super) struct Composed {
    pub source: ImageSource,
    pub paths: Vec<String>,
    pub others: Vec<String>,
}

/// The files of a folder, as the edge gives them.
pub trait Folder: Send + Sync {
    /// The file at this path, relative to the folder, with `/` between.
    ///
    /// # Errors
    /// `NotFound` when it is not there; else as the medium has them.
    fn open(&self, path: &str) -> io::Result<Arc<dyn ReadAt>>;
}

/// Opens an image in a tar: of `docker save`, an OCI layout, or the root file
/// system of a container (`docker export`), which is one layer. The tar must
/// not be compressed as a whole; [`super::read_archive`] is for those.
///
/// # Errors
/// It is neither, or the image asked for is not in it, or a document of it is
/// not what it should be.
pub fn archive(
    bytes: Arc<dyn ReadAt>,
    name: &str,
    choice: &Choice,
    limits: &Limits,
) -> Result<Opened, SourceError> {
    let archive = Arc::new(Archive::new(bytes)?);
    match compose(&*archive, name, choice, limits)? {
        Some(composed) => Ok(open(archive, composed)),
        None if is_root(&archive) => {
            let mut source = one_layer(name, ImageForm::RootFs);
            source.layers[0].size = archive.bytes().size();
            Ok(Opened {
                source,
                blobs: Box::new(One(Arc::clone(archive.bytes()))),
                others: Vec::new(),
            })
        }
        None => Err(no_image(&archive)),
    }
}

/// Opens an image in a folder that is an OCI layout.
///
/// # Errors
/// It is none, or the image asked for is not in it, or a document of it is not
/// what it should be.
pub fn folder(
    folder: Arc<dyn Folder>,
    name: &str,
    choice: &Choice,
    limits: &Limits,
) -> Result<Opened, SourceError> {
    let store = Arc::new(FolderStore(folder));
    let composed = oci::compose(&*store, name, choice, limits)?;
    Ok(open(store, composed))
}

/// The image in a store, when it is of a form that is known.
pub(super) fn compose(
    store: &dyn Store,
    name: &str,
    choice: &Choice,
    limits: &Limits,
) -> Result<Option<Composed>, SourceError> {
    let has = |path| store.size(path).is_some();
    let is_layout = has(oci::LAYOUT) || has(oci::INDEX);
    // Current Dockers write both. `manifest.json` has the tags as the user
    // knows them; the layout alone tells platforms apart.
    if has(docker::MANIFEST) && !(is_layout && choice.platform.is_some()) || has("repositories") {
        return docker::compose(store, name, choice, limits).map(Some);
    }
    if is_layout {
        return oci::compose(store, name, choice, limits).map(Some);
    }
    Ok(None)
}

fn open(store: Arc<dyn Store>, composed: Composed) -> Opened {
    Opened {
        source: composed.source,
        blobs: Box::new(StoreBlobs {
            store,
            paths: composed.paths,
        }),
        others: composed.others,
    }
}

/// Whether a tar holds a root file system: some of the folders that every one
/// has (Filesystem Hierarchy Standard, 3.2).
fn is_root(archive: &Archive) -> bool {
    let mut seen = BTreeSet::new();
    for name in archive.names() {
        let first = name.split('/').next().unwrap_or_default();
        if matches!(
            first,
            "bin" | "dev" | "etc" | "lib" | "opt" | "root" | "sbin" | "usr" | "var"
        ) {
            seen.insert(first);
        }
    }
    seen.len() >= 2
}

/// The one layer that an archive itself is.
struct One(Arc<dyn ReadAt>);

impl Blobs for One {
    fn open(&self, _: usize) -> io::Result<Blob> {
        Ok(Blob::At(Arc::clone(&self.0)))
    }

    fn voucher(&self, _: usize) -> Voucher {
        self.0.stamp().map_or(Voucher::Nothing, Voucher::File)
    }
}

fn no_image(archive: &Archive) -> SourceError {
    let mut names: Vec<String> = archive
        .names()
        .take(4)
        .map(super::manifest::short)
        .collect();
    if names.len() == 4 {
        names[3] = "...".to_owned();
    }
    let what = match archive.excuse() {
        Some(excuse) => format!("; {excuse}"),
        None => String::new(),
    };
    SourceError::Form(format!(
        "the archive holds neither `manifest.json` (docker save) nor `oci-layout` (OCI), but: \
         {}{what}",
        names.join(", ")
    ))
}

struct FolderStore(Arc<dyn Folder>);

impl Store for FolderStore {
    fn size(&self, path: &str) -> Option<u64> {
        Some(self.0.open(path).ok()?.size())
    }

    fn document(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        read_document(&*self.0.open(path)?, most)
    }

    fn open(&self, path: &str) -> io::Result<Blob> {
        self.0.open(path).map(Blob::At)
    }

    fn stamp(&self, path: &str) -> Option<Stamp> {
        self.0.open(path).ok()?.stamp()
    }
}
