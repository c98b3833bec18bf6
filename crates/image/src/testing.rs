//! Layers and images for tests, made by code.

use plimsoll_model::{Package, PackageType, image::ImageForm};

use crate::{
    Digest, Found, FoundPackage, How,
    layer::{FileKind, FileRecord, LayerAnalysis},
    source::{Descriptor, ImageSource},
};

/// A layer of which only the paths count: `dir/`, `file`, `link>target`,
/// `hardlink=target`, `!whiteout`, `*opaque`. Regular files have ten bytes.
pub(crate) fn layer(entries: &[&str]) -> LayerAnalysis {
    let mut layer = LayerAnalysis::default();
    let mut files = std::collections::BTreeMap::new();
    for entry in entries {
        if let Some(path) = entry.strip_prefix('!') {
            layer.whiteouts.push(path.to_owned());
        } else if let Some(path) = entry.strip_prefix('*') {
            layer.opaque.push(path.to_owned());
        } else if let Some((path, target)) = entry.split_once('>') {
            files.insert(
                path.to_owned(),
                record(FileKind::Symlink(target.to_owned())),
            );
        } else if let Some((path, target)) = entry.split_once('=') {
            files.insert(
                path.to_owned(),
                record(FileKind::Hardlink(target.to_owned())),
            );
        } else if let Some(path) = entry.strip_suffix('/') {
            files.insert(path.to_owned(), record(FileKind::Directory));
        } else {
            files.insert((*entry).to_owned(), record(FileKind::Regular));
        }
    }
    layer.files = files.into_iter().collect();
    layer.whiteouts.sort();
    layer.opaque.sort();
    layer
}

/// A record with nothing but its kind; a regular file has ten bytes.
pub(crate) fn record(kind: FileKind) -> FileRecord {
    FileRecord {
        size: if kind == FileKind::Regular { 10 } else { 0 },
        mode: if kind == FileKind::Directory {
            0o755
        } else {
            0o644
        },
        kind,
        uid: 0,
        gid: 0,
        mtime: 0,
        digests: Vec::new(),
        binary: false,
    }
}

/// What [`layer`] gives, with findings in its files.
pub(crate) fn layer_with(entries: &[&str], found: Vec<(&str, Vec<Found>)>) -> LayerAnalysis {
    let mut layer = layer(entries);
    layer.found = found
        .into_iter()
        .map(|(path, found)| (path.to_owned(), found))
        .collect();
    layer.found.sort_by(|a, b| a.0.cmp(&b.0));
    layer
}

/// An installed package.
pub(crate) fn package(kind: PackageType, name: &str, version: &str) -> Found {
    FoundPackage::new(Package::new(kind, "", name, version), How::Installed).into()
}

/// A source with so many layers and a configuration that fits them, as far as
/// their number goes.
pub(crate) fn source(layers: usize) -> ImageSource {
    let digest = |at: usize| Digest([u8::try_from(at % 251).unwrap_or(0) + 1; 32]);
    let ids: Vec<String> = (0..layers)
        .map(|at| format!("\"{}\"", digest(at)))
        .collect();
    ImageSource {
        attached: Vec::new(),
        name: "test".to_owned(),
        form: ImageForm::DockerArchive,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: format!(
            "{{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{{\"diff_ids\":[{}]}}}}",
            ids.join(",")
        )
        .into_bytes(),
        annotations: std::collections::BTreeMap::new(),
        layers: (0..layers)
            .map(|at| Descriptor {
                media_type: String::new(),
                digest: digest(at),
                size: 0,
                urls: Vec::new(),
                annotations: std::collections::BTreeMap::new(),
                platform: None,
            })
            .collect(),
    }
}

/// A tar archive, made entry by entry.
#[derive(Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    /// A regular file.
    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.entry(b'0', path, "", 0o644, bytes.as_ref())
    }

    /// A program: a file that may be executed.
    pub(crate) fn program(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.entry(b'0', path, "", 0o755, bytes.as_ref())
    }

    /// A folder.
    pub(crate) fn folder(self, path: &str) -> Self {
        self.entry(b'5', path, "", 0o755, b"")
    }

    /// A symbolic link.
    pub(crate) fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(b'2', path, target, 0o777, b"")
    }

    /// A hard link.
    pub(crate) fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(b'1', path, target, 0o644, b"")
    }

    fn entry(mut self, kind: u8, path: &str, link: &str, mode: u32, bytes: &[u8]) -> Self {
        let mut header = [0u8; 512];
        let mut put =
            |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, path);
        put(100, &format!("{mode:07o}"));
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", bytes.len()));
        put(136, "00000000000");
        put(148, "        ");
        put(157, link);
        put(257, "ustar\x0000");
        header[156] = kind;
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend_from_slice(&header);
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The archive, ended.
    pub(crate) fn done(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// The digest of bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest(sha2::Sha256::digest(bytes).into())
}

/// Bytes in gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// An image to be written in any form.
#[derive(Clone)]
pub(crate) struct Sample {
    /// The tars of its layers.
    pub layers: Vec<Vec<u8>>,
    /// Its configuration.
    pub config: String,
}

impl Sample {
    /// An image with these layers and the configuration that fits them.
    pub(crate) fn new(layers: Vec<Vec<u8>>) -> Self {
        let ids: Vec<String> = layers
            .iter()
            .map(|layer| format!("\"{}\"", digest(layer)))
            .collect();
        let steps: Vec<String> = (0..layers.len())
            .map(|at| format!("{{\"created_by\":\"step {at}\"}}"))
            .collect();
        let config = format!(
            r#"{{"os":"linux","architecture":"amd64","config":{{"User":"app"}},
                "rootfs":{{"type":"layers","diff_ids":[{}]}},"history":[{}]}}"#,
            ids.join(","),
            steps.join(",")
        );
        Sample { layers, config }
    }

    fn config_digest(&self) -> Digest {
        digest(self.config.as_bytes())
    }

    /// The files of `docker save` before Docker 25.
    pub(crate) fn docker_old(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let mut paths = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            let id = digest(format!("{at}{}", self.config).as_bytes()).hex();
            files.push((format!("{id}/VERSION"), b"1.0".to_vec()));
            files.push((format!("{id}/json"), b"{}".to_vec()));
            files.push((format!("{id}/layer.tar"), layer.clone()));
            paths.push(format!("\"{id}/layer.tar\""));
        }
        let config = format!("{}.json", self.config_digest().hex());
        let manifest = format!(
            r#"[{{"Config":"{config}","RepoTags":["sample:1"],"Layers":[{}]}}]"#,
            paths.join(",")
        );
        files.push((config, self.config.clone().into_bytes()));
        files.push(("manifest.json".to_owned(), manifest.into_bytes()));
        files.push(("repositories".to_owned(), b"{}".to_vec()));
        files
    }

    /// The files of an OCI layout; layers in gzip when `compressed`.
    pub(crate) fn oci(&self, compressed: bool) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let mut put = |bytes: Vec<u8>, media_type: &str| {
            let digest = digest(&bytes);
            let size = bytes.len();
            files.push((format!("blobs/sha256/{}", digest.hex()), bytes));
            format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}"#)
        };
        let layers: Vec<String> = self
            .layers
            .iter()
            .map(|layer| {
                let (bytes, zip) = if compressed {
                    (gzip(layer), "+gzip")
                } else {
                    (layer.clone(), "")
                };
                let layer = put(
                    bytes,
                    &format!("application/vnd.oci.image.layer.v1.tar{zip}"),
                );
                format!("{layer}}}")
            })
            .collect();
        let config = put(
            self.config.clone().into_bytes(),
            "application/vnd.oci.image.config.v1+json",
        );
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
                "config":{config}}},"layers":[{}]}}"#,
            layers.join(",")
        );
        let manifest = put(
            manifest.into_bytes(),
            "application/vnd.oci.image.manifest.v1+json",
        );
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{manifest},"annotations":
                {{"org.opencontainers.image.ref.name":"sample:1"}},
                "platform":{{"os":"linux","architecture":"amd64"}}}}]}}"#
        );
        files.push(("index.json".to_owned(), index.into_bytes()));
        files.push((
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ));
        files
    }

    /// The files of `docker save` since Docker 25: those of a layout, and
    /// `manifest.json`.
    pub(crate) fn docker_new(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = self.oci(false);
        let paths: Vec<String> = self
            .layers
            .iter()
            .map(|layer| format!("\"blobs/sha256/{}\"", digest(layer).hex()))
            .collect();
        let manifest = format!(
            r#"[{{"Config":"blobs/sha256/{}","RepoTags":["sample:1"],"Layers":[{}]}}]"#,
            self.config_digest().hex(),
            paths.join(",")
        );
        files.push(("manifest.json".to_owned(), manifest.into_bytes()));
        files
    }
}

/// Files in a tar.
pub(crate) fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    files
        .iter()
        .fold(Tar::default(), |tar, (path, bytes)| tar.file(path, bytes))
        .done()
}
