//! What an image was found to hold, kept so that the same image is described
//! again without its layers being opened.
//!
//! [`key`] is what an image is known by: its configuration, what its form says
//! of each layer, what vouches for the layers' bytes, and all that changes what
//! is found in them. What only says how the image is called stands beside it and
//! is put into the description anew ([`Summary::of`]); which known image it was built
//! on is for whoever knows images to add ([`place_on_base`](crate::image::place_on_base)). Two images of one key
//! have one description; a description is worth keeping when [`lasts`] says so.

use std::io::{self, Write};

use plimsoll_model::image::{Image, ImageForm};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Digest, Limits,
    image::{Whole, read},
    read_at::Stamp,
    source::{Blobs, Choice, ImageSource, UNKNOWN, Voucher, analysis_version},
};

#[cfg(test)]
mod tests;

/// Raised with every change of what an image's description holds for the same
/// layers: the shape of [`Image`], how layers are put over each other, the
/// built-in tables. A test knows of most such changes.
const FORM: u32 = 2;

/// What an image is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub Digest);

/// The description of an image, to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What it holds, and how it was called.
    image: Image,
    /// How many of the image's SBOMs were attached to it where it came from.
    attached: usize,
    /// Other images of the same form, by a name each.
    others: Vec<String>,
}

/// Changes whenever a description of the same bytes does.
#[must_use]
pub fn version() -> String {
    let package = env!("CARGO_PKG_VERSION");
    format!("{FORM};{package};{}", analysis_version())
}

/// What an image that was opened is known by; none when something of it could
/// be other than it was without anybody seeing it.
#[must_use]
pub fn key(source: &ImageSource, blobs: &dyn Blobs, limits: &Limits) -> Option<Key> {
    let mut hash = Hash::new("image", limits);
    hash.text(form(source.form));
    hash.part(&source.config);
    hash.number(source.annotations.len() as u64);
    for (name, value) in &source.annotations {
        hash.text(name);
        hash.text(value);
    }
    hash.number(source.layers.len() as u64);
    for (at, layer) in source.layers.iter().enumerate() {
        hash.text(&layer.media_type);
        hash.part(&layer.digest.0);
        hash.number(layer.size);
        match blobs.voucher(at) {
            Voucher::Digest if layer.digest != UNKNOWN => hash.text("digest"),
            Voucher::File(stamp) => hash.stamp(&stamp),
            Voucher::Digest | Voucher::Nothing => return None,
        }
    }
    Some(hash.key())
}

/// What the image in an archive is known by that can only be read in order, so
/// that what it says of itself is not known before all of it was read.
#[must_use]
pub fn file_key(stamp: &Stamp, choice: &Choice, limits: &Limits) -> Key {
    let mut hash = Hash::new("file", limits);
    hash.stamp(stamp);
    hash.text(&format!("{choice:?}"));
    hash.key()
}

/// Whether the image will be found to hold the same whenever its bytes are read:
/// every layer was read to its end and is what its digest says. What could not
/// be read of single files lasts as the files do.
#[must_use]
pub fn lasts(source: &ImageSource, whole: &Whole) -> bool {
    let layers = &whole.layers;
    layers.len() == source.layers.len()
        && layers
            .iter()
            .zip(&source.layers)
            .all(|(layer, descriptor)| {
                let layer = layer.as_deref();
                layer.is_some_and(|layer| read::lasts(descriptor, layer))
            })
}

/// The bytes of a summary of this image: of what [`Summary`] reads.
///
/// # Errors
/// There is no memory for them.
pub fn write(
    image: &Image,
    source: &ImageSource,
    others: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Borrowed<'a> {
        image: &'a Image,
        attached: usize,
        others: &'a [String],
    }
    let borrowed = Borrowed {
        image,
        attached: source.attached.len(),
        others,
    };
    serde_json::to_writer(out, &borrowed).map_err(io::Error::from)
}

impl Summary {
    /// The summary of these bytes; none when they are of none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The description of the same image as `source` calls it.
    #[must_use]
    pub fn of(self, source: &ImageSource) -> Image {
        let mut image = self.image;
        image.name.clone_from(&source.name);
        image.tags.clone_from(&source.tags);
        image.digest = source.manifest;
        image.index = source.index;
        image.other_platforms = source
            .other_platforms
            .iter()
            .map(ToString::to_string)
            .collect();
        let found = image.sboms.split_off(self.attached.min(image.sboms.len()));
        image.sboms.clone_from(&source.attached);
        image.sboms.extend(found);
        image
    }

    /// The description of an image in a file, by the name of the file, and the
    /// others in it.
    #[must_use]
    pub fn called(self, name: &str) -> (Image, Vec<String>) {
        let mut image = self.image;
        name.clone_into(&mut image.name);
        (image, self.others)
    }
}

fn form(form: ImageForm) -> &'static str {
    match form {
        ImageForm::DockerArchive => "docker-archive",
        ImageForm::OciLayout => "oci-layout",
        ImageForm::Registry => "registry",
        ImageForm::Containerd => "containerd",
        ImageForm::RootFs => "root-fs",
        ImageForm::Source => "source",
        ImageForm::Sbom => "sbom",
    }
}

/// Parts of a key, each with its length before it.
struct Hash(Sha256);

impl Hash {
    fn new(of: &str, limits: &Limits) -> Self {
        let mut hash = Hash(Sha256::new());
        hash.text(of);
        hash.text(&version());
        hash.text(&format!("{limits:?}"));
        hash
    }

    fn part(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.part(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn stamp(&mut self, stamp: &Stamp) {
        self.text("file");
        for number in [stamp.device, stamp.inode, stamp.size] {
            self.number(number);
        }
        for time in [stamp.modified, stamp.changed] {
            self.0.update(time.to_le_bytes());
        }
    }

    fn key(self) -> Key {
        Key(Digest(self.0.finalize().into()))
    }
}
