//! What `docker save` writes: a tar with `manifest.json`, which names for each
//! image its configuration and its layers (Docker image spec 1.2; from Docker
//! 25 on the same files are those of an OCI layout besides).

use std::collections::BTreeMap;

use plimsoll_model::image::{ImageForm, Platform};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Choice, Composed, Descriptor, ImageSource, SourceError, UNKNOWN,
    manifest::{self, Document, short},
    oci,
    store::{Store, blob_digest, clean, must_have},
};
use crate::{Digest, Limits, config};

const FORM: &str = "an archive of docker save";
/// The document that makes an archive one of `docker save`.
pub(super) const MANIFEST: &str = "manifest.json";

/// Images of one archive that are looked at.
const IMAGES: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// Finds the image that was asked for: by a tag or an image id, else the first.
pub(super) fn compose(
    store: &dyn Store,
    name: &str,
    choice: &Choice,
    limits: &Limits,
) -> Result<Composed, SourceError> {
    if store.size(MANIFEST).is_none() && store.size("repositories").is_some() {
        return Err(SourceError::Form(
            "the archive has `repositories` and no `manifest.json`: it was written by a Docker \
             before 1.10 (2016); load it into a current one and save it again"
                .to_owned(),
        ));
    }
    let bytes = must_have(store, FORM, MANIFEST, limits)?;
    let document = |message: String| SourceError::Document {
        path: MANIFEST.to_owned(),
        message,
    };
    let items: Vec<Item> =
        serde_json::from_slice(&bytes).map_err(|error| document(error.to_string()))?;
    if items.is_empty() {
        return Err(document("it names no image".to_owned()));
    }
    if items.len() > IMAGES {
        return Err(document(format!(
            "it names {} images; at most {IMAGES} are looked at",
            items.len()
        )));
    }
    let at = match &choice.image {
        None => 0,
        Some(asked) => items
            .iter()
            .position(|item| item.is(asked))
            .ok_or_else(|| SourceError::NoImage {
                asked: short(asked),
                there: items.iter().map(Item::label).collect::<Vec<_>>().join(", "),
            })?,
    };
    let item = &items[at];
    let config = must_have(store, FORM, &item.config, limits)?;
    verify(&item.config, &config)?;
    // An image of another platform than the one asked for is no answer.
    if let Some(wanted) = &choice.platform {
        let is = config::platform(&config);
        if is != Platform::default() && !manifest::fits(&is, wanted) {
            return Err(SourceError::NoPlatform {
                wanted: wanted.to_string(),
                there: is.to_string(),
            });
        }
    }
    let paths = item.layers.clone().unwrap_or_default();
    if paths.len() > limits.layers {
        return Err(document(format!(
            "the image has {} layers; at most {} are looked at",
            paths.len(),
            limits.layers
        )));
    }
    let stated = oci::manifest_of(store, Digest(Sha256::digest(&config).into()), limits);
    let diff_ids = config::parse(&config, limits)
        .map(|parsed| parsed.diff_ids)
        .unwrap_or_default();
    let layers = paths
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let digest = clean(path)
                .and_then(|path| blob_digest(&path))
                // As many names as layers, or they can't be brought together.
                .or_else(|| {
                    (diff_ids.len() == paths.len())
                        .then(|| diff_ids[at])
                        .flatten()
                })
                .unwrap_or(UNKNOWN);
            let mut descriptor = Descriptor {
                media_type: String::new(),
                digest,
                size: store.size(path).unwrap_or(0),
                urls: Vec::new(),
                annotations: BTreeMap::new(),
                platform: None,
            };
            if let Some(same) = stated
                .as_ref()
                .and_then(|(_, manifest)| manifest.layers.get(at))
                .filter(|same| same.digest == digest)
            {
                descriptor.media_type.clone_from(&same.media_type);
            }
            descriptor
        })
        .collect();
    Ok(Composed {
        others: items
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, item)| item.label())
            .collect(),
        source: ImageSource {
            attached: Vec::new(),
            name: name.to_owned(),
            form: ImageForm::DockerArchive,
            tags: item.repo_tags.clone().unwrap_or_default(),
            manifest: stated.as_ref().map(|(digest, _)| *digest),
            index: None,
            other_platforms: Vec::new(),
            config,
            annotations: stated.map_or_else(BTreeMap::new, |(_, manifest)| manifest.annotations),
            layers,
        },
        paths,
    })
}

impl Item {
    /// Whether this is the image that was asked for by a tag or an id.
    fn is(&self, asked: &str) -> bool {
        let tags = self.repo_tags.iter().flatten();
        if tags.clone().any(|tag| familiar(tag) == familiar(asked)) {
            return true;
        }
        let id = asked.strip_prefix("sha256:").unwrap_or(asked);
        let own = self.id();
        id.len() >= 12 && id.bytes().all(|b| b.is_ascii_hexdigit()) && own.starts_with(id)
    }

    fn id(&self) -> &str {
        let name = self.config.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".json").unwrap_or(name)
    }

    /// What the image is called in a message.
    fn label(&self) -> String {
        match self.repo_tags.iter().flatten().next() {
            Some(tag) => short(tag),
            None => short(self.id()),
        }
    }
}

/// A reference without what Docker leaves out when it shows it.
pub(super) fn familiar(reference: &str) -> String {
    let rest = ["docker.io/", "index.docker.io/"]
        .iter()
        .find_map(|host| reference.strip_prefix(host))
        .unwrap_or(reference);
    let rest = rest.strip_prefix("library/").unwrap_or(rest);
    let last = rest.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) {
        rest.to_owned()
    } else {
        format!("{rest}:latest")
    }
}

/// A configuration is named after its digest, which it then must have.
fn verify(path: &str, bytes: &[u8]) -> Result<(), SourceError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let hex = name.strip_suffix(".json").unwrap_or(name);
    let Ok(digest) = format!("sha256:{hex}").parse::<Digest>() else {
        return Ok(());
    };
    let is = Digest(Sha256::digest(bytes).into());
    if is != digest {
        return Err(SourceError::WrongDigest { digest, is });
    }
    Ok(())
}

/// The manifest in a document, when it is one.
pub(super) fn as_manifest(bytes: &[u8], limits: &Limits) -> Option<manifest::Manifest> {
    match manifest::parse(bytes, limits) {
        Ok(Document::Manifest(manifest)) => Some(*manifest),
        _ => None,
    }
}
