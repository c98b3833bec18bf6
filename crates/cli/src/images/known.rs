//! Images that were described before, by the same bytes: from the cache.

use plimsoll_assess::image::{
    ReadAt,
    image::{self, Whole},
    source::{Blob, Blobs, Choice, ImageSource, Opened, Voucher},
    summary::{self, Key},
};
use plimsoll_model::image::Image;
use plimsoll_registry::target::Target;
use rayon::prelude::*;

use super::{Opener, is_compressed};

impl Opener<'_> {
    /// What an image holds that was opened: from the cache where it was
    /// described before, else from its layers.
    pub(super) fn describe(&self, opened: &Opened) -> Image {
        let (key, known) = self.known(opened);
        let mut image = if let Some(image) = known {
            self.tell_others(&opened.source.name, &opened.others);
            image
        } else {
            let whole = self.analyze(opened);
            self.keep(key, &opened.source, &opened.others, &whole);
            whole.image
        };
        self.bases.place(&mut image);
        image
    }

    /// The same for several images. A layer that they share is read once.
    pub fn describe_all(&self, opened: Vec<Opened>) -> Vec<Image> {
        let known: Vec<(Option<Key>, Option<Image>)> =
            opened.par_iter().map(|opened| self.known(opened)).collect();
        let unknown: Vec<(&Opened, Option<Key>)> = opened
            .iter()
            .zip(&known)
            .filter(|(_, (_, image))| image.is_none())
            .map(|(opened, (key, _))| (opened, *key))
            .collect();
        let sizes = |opened: &Opened| opened.source.layers.iter().map(|l| l.size).sum::<u64>();
        let total = unknown.iter().map(|(opened, _)| sizes(opened)).sum();
        let images: Vec<_> = unknown
            .iter()
            .map(|(opened, _)| (&opened.source, &*opened.blobs))
            .collect();
        let read = self.watched(total, |run| image::analyze_all(&images, run));
        for ((opened, key), whole) in unknown.iter().zip(&read) {
            self.keep(*key, &opened.source, &opened.others, whole);
        }
        let mut read = read.into_iter();
        known
            .into_iter()
            .filter_map(|(_, image)| image.or_else(|| read.next().map(|whole| whole.image)))
            .map(|mut image| {
                self.bases.place(&mut image);
                image
            })
            .collect()
    }

    /// An image in a file that can only be read in order, when it was read before.
    pub(super) fn known_file(
        &self,
        name: &str,
        target: &Target,
        choice: Option<&str>,
    ) -> Option<Image> {
        let Target::Archive(bytes) = target else {
            return None;
        };
        let cache = self.cache.as_ref()?;
        if !is_compressed(&**bytes).ok()? {
            return None;
        }
        let key = self.file_key(&**bytes, &self.choice(choice))?;
        let (mut image, others) = cache.image(&key)?.called(name);
        self.bases.place(&mut image);
        self.tell_others(name, &others);
        Some(image)
    }

    /// What is known of an image that was opened, and what it is known by.
    fn known(&self, opened: &Opened) -> (Option<Key>, Option<Image>) {
        let key = self
            .cache
            .as_ref()
            .and_then(|_| summary::key(&opened.source, &*opened.blobs, &self.limits));
        let kept = key.and_then(|key| self.cache.as_ref()?.image(&key));
        (key, kept.map(|kept| kept.of(&opened.source)))
    }

    /// What the image in a file is known by that can only be read in order.
    pub(super) fn file_key(&self, bytes: &dyn ReadAt, choice: &Choice) -> Option<Key> {
        let stamp = bytes.stamp()?;
        Some(summary::file_key(&stamp, choice, &self.limits))
    }

    /// Keeps what an image holds, when the same bytes would give the same again.
    pub(super) fn keep(
        &self,
        key: Option<Key>,
        source: &ImageSource,
        others: &[String],
        whole: &Whole,
    ) {
        if let (Some(key), Some(cache)) = (key, &self.cache)
            && summary::lasts(source, whole)
        {
            cache.keep_image(&key, &whole.image, source, others);
        }
    }

    /// The image with layers that need not be hashed again, when it was described
    /// before.
    pub(super) fn vouched(&self, opened: Opened) -> Opened {
        match self.known(&opened) {
            (_, Some(_)) => Opened {
                blobs: Box::new(Vouched(opened.blobs)),
                ..opened
            },
            _ => opened,
        }
    }
}

/// Layers whose bytes were compared with their digests before, and are the same
/// since.
struct Vouched(Box<dyn Blobs + Send>);

impl Blobs for Vouched {
    fn open(&self, layer: usize) -> std::io::Result<Blob> {
        self.0.open(layer)
    }

    fn voucher(&self, _: usize) -> Voucher {
        Voucher::Digest
    }
}
