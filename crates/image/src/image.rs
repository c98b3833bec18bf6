//! The layers of an image put over each other: what is there in the end, what
//! brought it, and what took it away.
//!
//! [`analyze`] and [`analyze_all`] read the layers (side by side, cached, each once) and merge
//! them; [`merge`] does the second alone, for layers that were read as they
//! streamed by. Both give the same for the same layers, in whatever order they
//! were read.
//!
//! Decisions that are not plain from the types:
//! - A package's layer is the first one since which it has been there without a
//!   gap: a package database is written anew by every layer that installs
//!   something, and that brings none of the packages it had before.
//! - A package of a language, or a program, in a file that belongs to a package
//!   of the operating system is not listed apart (its distribution fixes it):
//!   it is counted, and told among the locations of the package that holds it.
//!   When the file is not what that package installed, it is listed.
//! - What a layer above removed is listed with the layer that did so.

use std::sync::Arc;

use plimsoll_model::image::{Image, ImageForm, ImageGap, ImageLayer, ImageRelease, ImageSecret};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    Digest, Found, LayerAnalysis, Limits, Release, SecretHit, config,
    source::{Blobs, ImageSource, LayerCache, NoCache, Progress, Silent},
};

mod base;
mod marks;
mod owners;
mod packages;
pub(crate) mod read;
mod spots;
pub mod tree;

pub use base::{BaseTable, KnownBase, KnownBases, chain_ids, place_on_base};
pub use read::ReadLayer;

/// What a reading is done with.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Layers that were analysed before.
    pub cache: &'a dyn LayerCache,
    /// How much is read at most.
    pub limits: &'a Limits,
    /// Hears how far it is.
    pub progress: &'a dyn Progress,
}

impl<'a> Run<'a> {
    /// No cache, nobody who hears.
    #[must_use]
    pub fn plain(limits: &'a Limits) -> Self {
        Run {
            cache: &NoCache,
            limits,
            progress: &Silent,
        }
    }
}

/// An image, with what it was made of.
pub struct Whole {
    /// The image.
    pub image: Image,
    /// Its layers; none for one that could not be opened.
    pub layers: Vec<Option<Arc<LayerAnalysis>>>,
}

/// Reads an image: its layers and all that is in them.
pub fn analyze(source: &ImageSource, blobs: &(dyn Blobs + Send), run: &Run<'_>) -> Whole {
    let mut layers = read::layers(&[(source, blobs)], run);
    merge(source, layers.pop().unwrap_or_default(), run)
}

/// Reads several images. A layer that they share is read once.
pub fn analyze_all(images: &[(&ImageSource, &(dyn Blobs + Send))], run: &Run<'_>) -> Vec<Whole> {
    read::layers(images, run)
        .into_par_iter()
        .zip(images)
        .map(|(layers, (source, _))| merge(source, layers, run))
        .collect()
}

/// Puts the layers of an image over each other: one result for each of
/// [`ImageSource::layers`]. Of its base only the annotations are known here:
/// [`place_on_base`] tells the rest.
pub fn merge(source: &ImageSource, layers: Vec<ReadLayer>, run: &Run<'_>) -> Whole {
    let mut image = Image {
        name: source.name.clone(),
        form: source.form,
        tags: source.tags.clone(),
        digest: source.manifest,
        index: source.index,
        other_platforms: source
            .other_platforms
            .iter()
            .map(ToString::to_string)
            .collect(),
        annotations: source.annotations.clone(),
        sboms: source.attached.clone(),
        ..Image::default()
    };
    let mut gaps = Vec::new();
    let mut tell = |layer: Option<usize>, message: String| {
        gaps.push(ImageGap {
            layer: layer.and_then(|at| u32::try_from(at).ok()),
            message,
            ..ImageGap::default()
        });
    };
    let has_config = !matches!(source.form, ImageForm::RootFs | ImageForm::Source);
    let parsed = if has_config || !source.config.is_empty() {
        image.id = Some(Digest(Sha256::digest(&source.config).into()));
        config::parse(&source.config, run.limits).unwrap_or_else(|error| {
            tell(None, error.to_string());
            config::Parsed::default()
        })
    } else {
        config::Parsed::default()
    };
    for problem in parsed.problems {
        tell(None, problem);
    }
    image.platform = parsed.platform;
    let (steps, problem) = config::steps_of_layers(&parsed.config.history, source.layers.len());
    if let Some(problem) = problem {
        tell(None, problem);
    }
    if has_config && parsed.diff_ids.len() != source.layers.len() {
        let message = format!(
            "the configuration names {} layers, and the image has {}",
            parsed.diff_ids.len(),
            source.layers.len()
        );
        tell(None, message);
    }
    let mut kept: Vec<Option<Arc<LayerAnalysis>>> = Vec::with_capacity(layers.len());
    for (at, layer) in layers.into_iter().enumerate() {
        match layer {
            Ok(layer) => {
                let named = parsed.diff_ids.get(at).copied().flatten();
                if let (Some(named), Some(is)) = (named, layer.diff_id)
                    && named != is
                {
                    tell(
                        Some(at),
                        format!("the configuration says that the layer is {named}, and it is {is}"),
                    );
                }
                kept.push(Some(layer));
            }
            Err(message) => {
                tell(Some(at), message);
                kept.push(None);
            }
        }
    }
    image.config = parsed.config;
    image.secrets = crate::secret::take_from(&mut image.config, &mut image.annotations);
    for (at, layer) in kept.iter().enumerate() {
        for diagnostic in layer.iter().flat_map(|layer| &layer.diagnostics) {
            gaps.push(ImageGap {
                layer: u32::try_from(at).ok(),
                path: diagnostic.place.path.clone(),
                offset: diagnostic.place.offset,
                message: diagnostic.message.clone(),
            });
        }
    }
    image.gaps = gaps;
    image.layers = describe(source, &kept);
    for (layer, step) in image.layers.iter_mut().zip(&steps) {
        if let Some(step) = step.and_then(|step| image.config.history.get(step)) {
            layer.created_by.clone_from(&step.created_by);
        }
    }
    fill(&mut image, &kept);
    place_on_base(&mut image, &BaseTable::default());
    image.gaps.sort();
    image.gaps.dedup();
    Whole {
        image,
        layers: kept,
    }
}

/// What the form and the bytes say of each layer.
fn describe(source: &ImageSource, kept: &[Option<Arc<LayerAnalysis>>]) -> Vec<ImageLayer> {
    source
        .layers
        .iter()
        .zip(kept)
        .map(|(descriptor, layer)| {
            let layer = layer.as_deref();
            let stated = (descriptor.digest != crate::source::UNKNOWN).then_some(descriptor.digest);
            ImageLayer {
                diff_id: layer.and_then(|layer| layer.diff_id),
                digest: layer.and_then(|layer| layer.blob).or(stated),
                media_type: descriptor.media_type.clone(),
                stored_bytes: descriptor.size,
                bytes: layer.map_or(0, |layer| layer.size),
                entries: layer.map_or(0, |layer| layer.files.len() as u64),
                ..ImageLayer::default()
            }
        })
        .collect()
}

/// Fills in what the layers hold.
fn fill(image: &mut Image, kept: &[Option<Arc<LayerAnalysis>>]) {
    let empty = LayerAnalysis::default();
    let layers = kept
        .iter()
        .map(|layer| layer.as_deref().unwrap_or(&empty))
        .collect();
    let tree = tree::Tree::new(layers);
    let chains = spots::chains(&tree);
    let owners = owners::Owners::new(&tree, &chains);
    let release = release(&tree, &chains);
    let distribution = release.as_ref().map(|(_, release)| distribution(release));
    image.release = release.map(|(path, release)| describe_release(path, &release));
    let ((mut found, (marks, summary)), (secrets, wasted)) = rayon::join(
        || {
            rayon::join(
                || packages::collect(&tree, &chains, &owners, distribution.as_ref()),
                || marks::collect(&tree, &chains, &owners),
            )
        },
        || (secrets(&tree, &chains), wasted(&tree)),
    );
    for (layer, ((added, removed), wasted)) in image
        .layers
        .iter_mut()
        .zip(found.changes.iter().zip(wasted))
    {
        layer.packages_added = *added;
        layer.packages_removed = *removed;
        layer.wasted_bytes = wasted;
    }
    image.secrets.extend(secrets);
    image.secrets.sort();
    image.marks = marks;
    image.files = summary;
    image.files.packages_owned = found.owned;
    image.sboms.append(&mut found.sboms);
    image.packages = found.all;
}

/// For each layer the bytes of its files that are not there in the end.
fn wasted(tree: &tree::Tree<'_>) -> Vec<u64> {
    (0..tree.layer_count())
        .into_par_iter()
        .map(|layer| {
            let layer = u32::try_from(layer).unwrap_or(u32::MAX);
            let mut bytes = 0u64;
            for (file, (_, record)) in (0u32..).zip(&tree.layer(layer).files) {
                if record.kind == crate::FileKind::Regular
                    && tree.removed_by(tree::Id { layer, file }).is_some()
                {
                    bytes = bytes.saturating_add(record.size);
                }
            }
            bytes
        })
        .collect()
}

/// Secrets in files, those that a later layer took away too.
fn secrets<'a>(tree: &'a tree::Tree<'_>, chains: &[spots::Chain<'a>]) -> Vec<ImageSecret> {
    let mut secrets = Vec::new();
    for chain in chains {
        let spots = chain.spots(tree, |found| match found {
            Found::Secret(hit) => Some(((&hit.rule, &hit.fingerprint), &**hit)),
            _ => None,
        });
        for spot in spots {
            secrets.extend(spot.items.iter().map(|hit: &&SecretHit| ImageSecret {
                path: spot.path.to_owned(),
                line: hit.line,
                column: hit.column,
                rule: hit.rule.clone(),
                layer: Some(spot.layer),
                removed_by: spot.removed_by,
                excerpt: hit.excerpt.clone(),
                fingerprint: hit.fingerprint.clone(),
            }));
        }
    }
    secrets
}

/// The release that the image says it is in the end, and the file that says so.
fn release<'a>(
    tree: &'a tree::Tree<'_>,
    chains: &[spots::Chain<'a>],
) -> Option<(&'a str, Release)> {
    crate::os::choose(
        chains
            .iter()
            .filter_map(|chain| Some((chain.path, chain.visible(tree)?.1)))
            .flat_map(|(path, found)| found.iter().map(move |found| (path, found)))
            .filter_map(|(path, found)| match found {
                Found::Release(release) => Some((path, &**release)),
                _ => None,
            }),
    )
}

fn describe_release(path: &str, release: &Release) -> ImageRelease {
    ImageRelease {
        id: release.id.clone(),
        id_like: release.id_like.clone(),
        version: release.version.clone(),
        codename: release.codename.clone(),
        variant: release.variant.clone(),
        name: release.name.clone(),
        cpe: release.cpe.clone(),
        path: path.to_owned(),
        support: crate::os::support(release),
    }
}

/// What the packages of a release are called.
fn distribution(release: &Release) -> packages::Distribution {
    packages::Distribution {
        namespace: crate::os::namespace(release).to_owned(),
        distro: Some(crate::os::distro(release)).filter(|distro| !distro.is_empty()),
    }
}

#[cfg(test)]
mod tests;
