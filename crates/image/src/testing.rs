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
