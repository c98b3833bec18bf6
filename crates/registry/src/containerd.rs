//! A node's containerd store, over its socket: images that are there already
//! are read, nothing is pulled and nothing is changed.
//!
//! Three calls of containerd's API are used, all of which only read:
//! `Namespaces/List`, `Images/List` and `Content/Read`
//! (<https://github.com/containerd/containerd/tree/main/api/services>).

mod call;
mod proto;

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use plimsoll_image::{
    Digest, Limits,
    source::{Blob, Blobs, Descriptor, ImageSource, SourceError, Voucher, manifest},
};
use plimsoll_model::image::{ImageForm, Platform};
use sha2::{Digest as _, Sha256};

use crate::Reference;

/// Where containerd listens on most nodes.
pub const USUAL_SOCKET: &str = "/run/containerd/containerd.sock";

/// Namespaces that are looked into.
const MOST_NAMESPACES: usize = 64;

/// A containerd.
#[derive(Clone, Debug)]
pub struct Store {
    socket: PathBuf,
}

/// An image of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The namespace it is in: `k8s.io` for those of pods.
    pub namespace: String,
    /// What containerd knows it by.
    pub name: String,
    /// Its manifest or index.
    pub digest: Digest,
    /// The size of that document.
    pub size: u64,
}

/// Why an image of a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The socket can't be used.
    #[error("containerd at {socket}: {error}")]
    Socket {
        /// The socket.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// An answer is not understood.
    #[error("containerd at {socket} answers {what} with something that is not understood")]
    Answer {
        /// The socket.
        socket: PathBuf,
        /// What was asked for.
        what: &'static str,
    },
    /// It has no such image.
    #[error("the store has no image {name}; it has {there}")]
    NoImage {
        /// What was asked for.
        name: String,
        /// What there is, shortened.
        there: String,
    },
    /// What was had is not understood.
    #[error("{name}: {error}")]
    Source {
        /// The image.
        name: String,
        /// Why.
        error: SourceError,
    },
}

impl Store {
    /// The containerd that listens at a socket.
    #[must_use]
    pub fn new(socket: &Path) -> Self {
        Store {
            socket: socket.to_owned(),
        }
    }

    /// The images of all namespaces, those of pods first. What has a digest
    /// that is not understood is left out.
    ///
    /// # Errors
    /// The socket can't be used, or its answers make no sense.
    pub fn images(&self) -> Result<Vec<Stored>, StoreError> {
        let answer = |what| StoreError::Answer {
            socket: self.socket.clone(),
            what,
        };
        let listed = self.ask(
            "/containerd.services.namespaces.v1.Namespaces/List",
            "",
            &[],
        )?;
        let listed = proto::fields(&listed).ok_or_else(|| answer("its namespaces"))?;
        let mut namespaces = Vec::new();
        for namespace in proto::all(&listed, 1).take(MOST_NAMESPACES) {
            let fields = proto::fields(namespace).ok_or_else(|| answer("its namespaces"))?;
            namespaces.push(proto::text(&fields, 1));
        }
        namespaces.sort_by_key(|name| (name != "k8s.io", name.clone()));
        let mut images = Vec::new();
        for namespace in namespaces {
            let listed = self.ask(
                "/containerd.services.images.v1.Images/List",
                &namespace,
                &[],
            )?;
            let listed = proto::fields(&listed).ok_or_else(|| answer("its images"))?;
            for image in proto::all(&listed, 1) {
                let image = proto::fields(image).ok_or_else(|| answer("its images"))?;
                let target =
                    proto::fields(proto::bytes(&image, 3)).ok_or_else(|| answer("its images"))?;
                if let Ok(digest) = proto::text(&target, 2).parse() {
                    images.push(Stored {
                        namespace: namespace.clone(),
                        name: proto::text(&image, 1),
                        digest,
                        size: proto::value(&target, 3),
                    });
                }
            }
        }
        Ok(images)
    }

    /// Opens the image that a reference names.
    ///
    /// # Errors
    /// It is not in the store, or not understood, or not there for `platform`.
    pub fn image(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        limits: &Limits,
    ) -> Result<(ImageSource, StoredLayers), StoreError> {
        let images = self.images()?;
        let found = find(&images, reference).ok_or_else(|| no_image(&images, reference))?;
        self.open(found, platform, limits)
    }

    /// Opens an image of the store.
    ///
    /// # Errors
    /// It is not understood, or not there for `platform`.
    pub fn open(
        &self,
        image: &Stored,
        platform: Option<&Platform>,
        limits: &Limits,
    ) -> Result<(ImageSource, StoredLayers), StoreError> {
        let source_error = |error| StoreError::Source {
            name: image.name.clone(),
            error,
        };
        let namespace = image.namespace.as_str();
        let first = self
            .document(namespace, &image.digest, limits)
            .map_err(|error| StoreError::Socket {
                socket: self.socket.clone(),
                error,
            })?;
        let is = Digest(Sha256::digest(&first).into());
        if is != image.digest {
            return Err(source_error(SourceError::WrongDigest {
                digest: image.digest,
                is,
            }));
        }
        let mut fetch =
            |descriptor: &Descriptor| self.document(namespace, &descriptor.digest, limits);
        let resolved =
            manifest::resolve(&first, platform, &mut fetch, limits).map_err(source_error)?;
        let layers = resolved.manifest.layers;
        let source = ImageSource {
            attached: Vec::new(),
            name: image.name.clone(),
            form: ImageForm::Containerd,
            tags: vec![image.name.clone()],
            manifest: Some(resolved.digest),
            index: resolved.index,
            other_platforms: resolved.other_platforms,
            config: resolved.config,
            annotations: resolved.annotations,
            layers: layers.clone(),
        };
        let layers = StoredLayers {
            store: self.clone(),
            namespace: image.namespace.clone(),
            layers,
        };
        Ok((source, layers))
    }

    fn ask(&self, method: &str, namespace: &str, message: &[u8]) -> Result<Vec<u8>, StoreError> {
        call::call(&self.socket, method, namespace, message)
            .and_then(call::Call::only)
            .map_err(|error| StoreError::Socket {
                socket: self.socket.clone(),
                error,
            })
    }

    fn read(&self, namespace: &str, digest: &Digest) -> io::Result<ContentReader> {
        let mut message = Vec::new();
        proto::put_text(&mut message, 1, &digest.to_string());
        let method = "/containerd.services.content.v1.Content/Read";
        let mut reader = ContentReader {
            call: call::call(&self.socket, method, namespace, &message)?,
            part: Vec::new(),
            from: 0,
            at: 0,
        };
        // That it is not there shows now and not when it is read.
        reader.fill()?;
        Ok(reader)
    }

    fn document(&self, namespace: &str, digest: &Digest, limits: &Limits) -> io::Result<Vec<u8>> {
        let reader = self.read(namespace, digest)?;
        plimsoll_image::bounded::read_all(reader, limits.document_bytes)
    }
}

/// The image with this name, by the names that containerd and others give.
fn find<'a>(images: &'a [Stored], reference: &Reference) -> Option<&'a Stored> {
    let full = reference.to_string();
    let repository = format!("{}/{}", reference.registry(), reference.repository());
    let of_repository = |image: &&Stored| {
        image
            .name
            .strip_prefix(&repository)
            .is_some_and(|rest| rest.starts_with([':', '@']))
    };
    let named = images.iter().find(|image| image.name == full);
    match reference.digest() {
        None => named,
        Some(digest) => {
            let has = |image: &&Stored| image.digest == digest;
            images
                .iter()
                .find(|image| has(image) && of_repository(image))
                .or_else(|| images.iter().find(has))
        }
    }
}

fn no_image(images: &[Stored], reference: &Reference) -> StoreError {
    let names: Vec<&str> = images
        .iter()
        .map(|image| image.name.as_str())
        .filter(|name| !name.starts_with("sha256:"))
        .take(10)
        .collect();
    StoreError::NoImage {
        name: reference.to_string(),
        there: match (names.is_empty(), images.len() > names.len()) {
            (true, _) => "none".to_owned(),
            (false, false) => names.join(", "),
            (false, true) => format!("{} and others", names.join(", ")),
        },
    }
}

/// The layers of an image of a store.
pub struct StoredLayers {
    store: Store,
    namespace: String,
    layers: Vec<Descriptor>,
}

impl Blobs for StoredLayers {
    fn open(&self, layer: usize) -> io::Result<Blob> {
        let descriptor = self.layers.get(layer).ok_or(io::ErrorKind::NotFound)?;
        let reader = self
            .store
            .read(&self.namespace, &descriptor.digest)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => io::Error::new(
                    io::ErrorKind::NotFound,
                    format!(
                        "the node does not keep the layer {}: containerd's \
                         `discard_unpacked_layers` may be on; scan the image in its registry",
                        descriptor.digest
                    ),
                ),
                _ => error,
            })?;
        Ok(Blob::Stream(Box::new(reader)))
    }

    fn voucher(&self, _: usize) -> Voucher {
        Voucher::Digest
    }
}

/// A blob of a store, as it comes.
struct ContentReader {
    call: call::Call<UnixStream>,
    part: Vec<u8>,
    from: usize,
    at: u64,
}

impl ContentReader {
    /// The next part; empty at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.part.clear();
        self.from = 0;
        while self.part.is_empty() {
            let Some(message) = self.call.next()? else {
                return Ok(());
            };
            let wrong =
                || io::Error::new(io::ErrorKind::InvalidData, "containerd: a part is wrong");
            let fields = proto::fields(&message).ok_or_else(wrong)?;
            let data = proto::bytes(&fields, 2);
            if proto::value(&fields, 1) != self.at {
                return Err(wrong());
            }
            self.at += data.len() as u64;
            self.part.extend_from_slice(data);
        }
        Ok(())
    }
}

impl Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.from == self.part.len() {
            self.fill()?;
        }
        let left = &self.part[self.from..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.from += count;
        Ok(count)
    }
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn any_answer(bytes: &[u8]) {
    call::read_any(bytes);
    let _ = proto::fields(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(name: &str, number: u8) -> Stored {
        Stored {
            namespace: "k8s.io".to_owned(),
            name: name.to_owned(),
            digest: Digest([number; 32]),
            size: 1,
        }
    }

    #[test]
    fn an_image_is_found_by_its_full_name_or_its_digest() {
        let images = [
            stored("docker.io/library/nginx:1.27", 1),
            stored("sha256:0101", 1),
            stored("r.example.com/other:1", 2),
            stored("r.example.com/app:1", 2),
        ];
        let check = |text: &str, expect: Option<&str>| {
            let reference: Reference = text.parse().expect(text);
            let found = find(&images, &reference).map(|image| image.name.as_str());
            assert_eq!(found, expect, "{text}");
        };
        check("nginx:1.27", Some("docker.io/library/nginx:1.27"));
        check("nginx", None);
        let digest = Digest([2; 32]);
        check(
            &format!("r.example.com/app@{digest}"),
            Some("r.example.com/app:1"),
        );
        check(
            &format!("r.example.com/x@{digest}"),
            Some("r.example.com/other:1"),
        );
        let none = no_image(&images, &"nginx".parse().expect("a reference")).to_string();
        assert!(none.contains("r.example.com/app:1 and others"), "{none}");
    }

    #[test]
    fn nobody_at_the_socket_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Store::new(&folder.path().join("none.sock"))
            .images()
            .expect_err("nobody");
        assert!(error.to_string().contains("none.sock"), "{error}");
    }
}
