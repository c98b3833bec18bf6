//! An image of a registry, ready to be looked into: its manifest and its
//! configuration are had at once, its layers when they are read.

use std::io;

use plimsoll_image::{
    Limits,
    source::{Blob, Blobs, Descriptor, ImageSource, SourceError, Voucher, manifest},
};
use plimsoll_model::image::{ImageForm, Platform};

use crate::{Client, Error, Reference};

/// Why an image could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Something of it can't be had.
    #[error(transparent)]
    Registry(#[from] Error),
    /// What was had is not understood.
    #[error("{name}: {error}")]
    Source {
        /// The image.
        name: String,
        /// Why.
        error: SourceError,
    },
}

/// The layers of an image of a registry.
pub struct Pulled {
    client: Client,
    reference: Reference,
    layers: Vec<Descriptor>,
}

impl Client {
    /// Opens the image that a reference names; of an index the one for
    /// `platform`, else for `linux/amd64`, else the only one.
    ///
    /// # Errors
    /// It can't be had, is not understood, or is not there for the platform.
    pub fn image(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        limits: &Limits,
    ) -> Result<(ImageSource, Pulled), PullError> {
        let first = self.manifest(reference)?;
        let mut fetch = |descriptor: &Descriptor| -> io::Result<Vec<u8>> {
            self.fetch(reference, descriptor, limits)
                .map_err(Error::into_io)
        };
        let resolved =
            manifest::resolve(&first.bytes, platform, &mut fetch, limits).map_err(|error| {
                match error {
                    SourceError::Fetch { what, error } => {
                        PullError::Registry(Error::from_io(&what, error))
                    }
                    error => PullError::Source {
                        name: reference.to_string(),
                        error,
                    },
                }
            })?;
        let layers = resolved.manifest.layers;
        let source = ImageSource {
            attached: Vec::new(),
            name: reference.to_string(),
            form: ImageForm::Registry,
            tags: vec![reference.to_string()],
            manifest: Some(resolved.digest),
            index: resolved.index,
            other_platforms: resolved.other_platforms,
            config: resolved.config,
            annotations: resolved.annotations,
            layers: layers.clone(),
        };
        let pulled = Pulled {
            client: self.clone(),
            reference: reference.clone(),
            layers,
        };
        Ok((source, pulled))
    }

    /// A manifest, an index or a configuration, by its media type.
    fn fetch(
        &self,
        reference: &Reference,
        descriptor: &Descriptor,
        limits: &Limits,
    ) -> Result<Vec<u8>, Error> {
        let kind = descriptor.media_type.as_str();
        let blob = || self.blob_bytes(reference, descriptor, limits.document_bytes);
        if !kind.is_empty() && !kind.contains("manifest") && !kind.contains(".index.") {
            return blob();
        }
        match self.manifest(&reference.at(descriptor.digest)) {
            Err(Error::NotFound { .. }) if kind.is_empty() => blob(),
            other => other.map(|manifest| manifest.bytes),
        }
    }
}

impl Blobs for Pulled {
    fn open(&self, layer: usize) -> io::Result<Blob> {
        let descriptor = self.layers.get(layer).ok_or(io::ErrorKind::NotFound)?;
        // Whoever analyses a layer hashes it: hashing it here too would cost
        // as much again.
        let reader = self
            .client
            .blob_unverified(&self.reference, descriptor)
            .map_err(Error::into_io)?;
        Ok(Blob::Stream(Box::new(reader)))
    }

    fn voucher(&self, _: usize) -> Voucher {
        Voucher::Digest
    }
}
