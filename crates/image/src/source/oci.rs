//! An OCI image layout (image-spec, image-layout.md), as a folder or a tar:
//! `oci-layout`, `index.json`, and all else by digest in `blobs`.

use plimsoll_model::image::ImageForm;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Choice, Composed, Descriptor, ImageSource, SourceError,
    docker::{as_manifest, familiar},
    manifest::{self, Document, Entry, Manifest, short},
    store::{Store, blob_path, must_have},
};
use crate::{Digest, Limits};

const FORM: &str = "an OCI image layout";
/// The document that makes files a layout.
pub(super) const LAYOUT: &str = "oci-layout";
/// The document that names its images.
pub(super) const INDEX: &str = "index.json";

/// Manifests that are looked at to find the one of a configuration.
const LOOKED_AT: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    image_layout_version: String,
}

/// Finds the image that was asked for: by its name, else the first.
pub(super) fn compose(
    store: &dyn Store,
    name: &str,
    choice: &Choice,
    limits: &Limits,
) -> Result<Composed, SourceError> {
    let bytes = must_have(store, FORM, LAYOUT, limits)?;
    let document = |path: &str, message: String| SourceError::Document {
        path: path.to_owned(),
        message,
    };
    let layout: Layout =
        serde_json::from_slice(&bytes).map_err(|error| document(LAYOUT, error.to_string()))?;
    let version = &layout.image_layout_version;
    if version != "1" && !version.starts_with("1.") {
        return Err(document(
            LAYOUT,
            format!(
                "imageLayoutVersion is `{}`; 1 is understood",
                short(version)
            ),
        ));
    }
    let bytes = must_have(store, FORM, INDEX, limits)?;
    let Document::Index(index) =
        manifest::parse(&bytes, limits).map_err(|error| document(INDEX, error.to_string()))?
    else {
        return Err(document(INDEX, "it is no index".to_owned()));
    };
    let names = |entry: &Entry| -> Vec<String> {
        [
            "io.containerd.image.name",
            "org.opencontainers.image.ref.name",
        ]
        .iter()
        .filter_map(|key| entry.descriptor.annotations.get(*key).cloned())
        .collect()
    };
    let images: Vec<&Entry> = index
        .manifests
        .iter()
        .filter(|entry| !manifest::is_artifact(entry))
        .collect();
    let label = |entry: &Entry| match names(entry).first() {
        Some(name) => short(name),
        None => entry.descriptor.digest.to_string(),
    };
    let Some(first) = images.first() else {
        return Err(document(INDEX, "it names no image".to_owned()));
    };
    let (chosen, others): (Vec<&Entry>, Vec<&Entry>) = match &choice.image {
        // Entries of one name, or of none, are the platforms of one image.
        None => images
            .iter()
            .partition(|entry| names(entry) == names(first)),
        Some(asked) => images.iter().partition(|entry| {
            entry.descriptor.digest.to_string() == *asked
                || names(entry)
                    .iter()
                    .any(|name| name == asked || familiar(name) == familiar(asked))
        }),
    };
    if chosen.is_empty() {
        return Err(SourceError::NoImage {
            asked: choice.image.as_deref().map(short).unwrap_or_default(),
            there: others
                .iter()
                .map(|entry| label(entry))
                .collect::<Vec<_>>()
                .join(", "),
        });
    }
    let mut fetch = |descriptor: &Descriptor| {
        store.document(&blob_path(&descriptor.digest), limits.document_bytes)
    };
    let wanted = choice.platform.as_ref();
    let resolved = match chosen.as_slice() {
        // The index of the layout itself is no index of the image: only what
        // its one entry leads to can be one.
        [entry] => {
            let path = blob_path(&entry.descriptor.digest);
            let bytes = must_have(store, FORM, &path, limits)?;
            let is = Digest(Sha256::digest(&bytes).into());
            if is != entry.descriptor.digest {
                return Err(SourceError::WrongDigest {
                    digest: entry.descriptor.digest,
                    is,
                });
            }
            let mut resolved = manifest::resolve(&bytes, wanted, &mut fetch, limits)?;
            for (name, value) in &entry.descriptor.annotations {
                let own = &mut resolved.annotations;
                own.entry(name.clone()).or_insert_with(|| value.clone());
            }
            resolved
        }
        many => {
            let entries: Vec<Entry> = many.iter().map(|entry| (*entry).clone()).collect();
            manifest::resolve_entries(&entries, wanted, &mut fetch, limits)?
        }
    };
    let mut tags = Vec::new();
    for name in chosen.iter().flat_map(|entry| names(entry)) {
        if !tags.contains(&name) {
            tags.push(name);
        }
    }
    let layers = resolved.manifest.layers;
    Ok(Composed {
        others: others.iter().map(|entry| label(entry)).collect(),
        paths: layers
            .iter()
            .map(|layer| blob_path(&layer.digest))
            .collect(),
        source: ImageSource {
            attached: Vec::new(),
            name: name.to_owned(),
            form: ImageForm::OciLayout,
            tags,
            manifest: Some(resolved.digest),
            index: resolved.index,
            other_platforms: resolved.other_platforms,
            config: resolved.config,
            annotations: resolved.annotations,
            layers,
        },
    })
}

/// The manifest, and its digest, of the image with this configuration, where
/// the files are those of a layout besides. What is wrong there is not told:
/// the image can be read without it.
pub(super) fn manifest_of(
    store: &dyn Store,
    config: Digest,
    limits: &Limits,
) -> Option<(Digest, Manifest)> {
    let read = |path: &str| store.document(path, limits.document_bytes).ok();
    let Document::Index(index) = manifest::parse(&read(INDEX)?, limits).ok()? else {
        return None;
    };
    let mut todo: Vec<Digest> = index
        .manifests
        .iter()
        .rev()
        .map(|entry| entry.descriptor.digest)
        .collect();
    for _ in 0..LOOKED_AT {
        let digest = todo.pop()?;
        let Some(bytes) = read(&blob_path(&digest)) else {
            continue;
        };
        if Digest(Sha256::digest(&bytes).into()) != digest {
            continue;
        }
        match as_manifest(&bytes, limits) {
            Some(manifest) if manifest.config.digest == config => return Some((digest, manifest)),
            Some(_) => {}
            None => {
                if let Ok(Document::Index(inner)) = manifest::parse(&bytes, limits) {
                    let inner = inner.manifests.iter().rev();
                    todo.extend(inner.map(|entry| entry.descriptor.digest));
                }
            }
        }
    }
    None
}
