//! A root file system, or a folder of sources, as it lies in a file system:
//! taken for an image of one layer.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::image::ImageForm;

use super::{Descriptor, ImageSource, UNKNOWN, stream::ReadImage};
use crate::{
    FileRecord, ReadAt,
    image::Run,
    layer::{self, Walk},
};

/// Something that a walk came by.
pub enum Seen {
    /// A folder, a link or a special file, or a regular file whose bytes are
    /// not to be looked into.
    Entry {
        /// The path, relative to the root, with `/` between.
        path: Vec<u8>,
        /// What it is. A further name of a file that came already is a hard
        /// link to the first.
        record: FileRecord,
    },
    /// A regular file.
    File {
        /// The path, relative to the root, with `/` between.
        path: Vec<u8>,
        /// What it is.
        record: FileRecord,
        /// Its bytes. They are read while the walk goes on.
        content: Box<dyn ReadAt>,
    },
    /// Something that could not be read.
    Problem {
        /// The path, relative to the root, with `/` between.
        path: String,
        /// Why.
        message: String,
    },
}

/// A tree of files that an edge walks over. It stays below the root, whatever
/// links there are.
pub trait Files {
    /// Gives every entry below the root to `each`, which says whether more are
    /// wanted.
    fn walk(&self, each: &mut dyn FnMut(Seen) -> bool);
}

/// Reads a root file system ([`ImageForm::RootFs`]) or a folder of sources
/// ([`ImageForm::Source`]).
pub fn read_files(files: &dyn Files, name: &str, form: ImageForm, run: &Run<'_>) -> ReadImage {
    let take = |walk: &mut Walk<'_, '_>| {
        files.walk(&mut |seen| {
            match seen {
                Seen::Entry { path, record } => {
                    if let Some(path) = walk.path(&path, 0) {
                        walk.entry(path, record);
                    }
                }
                Seen::File {
                    path,
                    record,
                    content,
                } => {
                    if let Some(path) = walk.path(&path, 0) {
                        run.progress.read(0, record.size);
                        walk.readable(&path, record, content);
                    }
                }
                Seen::Problem { path, message } => walk.tell(Some(path), None, message),
            }
            !walk.is_full() && !run.progress.cancelled()
        });
        if run.progress.cancelled() {
            walk.tell(None, None, "stopped before its end");
        }
    };
    let analysis = layer::analyze_entries(run.limits, take);
    run.progress.done(0, false);
    ReadImage {
        source: one_layer(name, form),
        layers: vec![Ok(Arc::new(analysis))],
        others: Vec::new(),
    }
}

/// An image of one layer of which nothing is known.
pub(super) fn one_layer(name: &str, form: ImageForm) -> ImageSource {
    ImageSource {
        attached: Vec::new(),
        name: name.to_owned(),
        form,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: Vec::new(),
        annotations: BTreeMap::new(),
        layers: vec![Descriptor {
            media_type: String::new(),
            digest: UNKNOWN,
            size: 0,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
        }],
    }
}
