//! From an archive or a folder to an image that can be looked into.

use std::{io, sync::Arc};

use plimsoll_model::image::Platform;

use super::{
    Blob, Blobs, ImageSource, SourceError, docker, oci,
    store::{Archive, Store, StoreBlobs, read_document},
};
use crate::{Limits, ReadAt};

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

/// Opens an image in a tar: of `docker save`, or an OCI layout. The tar must
/// not be compressed as a whole; [`super::stream::read`] is for those.
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
    let composed = compose(&*archive, name, choice, limits)?.ok_or_else(|| no_image(&archive))?;
    Ok(open(archive, composed))
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
}
