//! The layers of an image, read side by side, each once.

use std::{collections::BTreeMap, sync::Arc};

use rayon::prelude::*;

use super::Run;
use crate::{
    Digest, LayerAnalysis, layer,
    source::{Blobs, Descriptor, ImageSource, UNKNOWN},
};

/// A layer that was read, or why it could not be opened.
pub type ReadLayer = Result<Arc<LayerAnalysis>, String>;

/// Reads all layers of an image. A layer that is in it more than once is read
/// once; one that is cached, never.
pub(super) fn layers(source: &ImageSource, blobs: &dyn Blobs, run: &Run<'_>) -> Vec<ReadLayer> {
    let mut first: BTreeMap<Digest, usize> = BTreeMap::new();
    let mut once: Vec<usize> = Vec::new();
    let mut of: Vec<usize> = Vec::new();
    for (at, descriptor) in source.layers.iter().enumerate() {
        let at_once = if descriptor.digest == UNKNOWN {
            None
        } else {
            first.get(&descriptor.digest).copied()
        };
        of.push(at_once.unwrap_or(once.len()));
        if at_once.is_none() {
            first.insert(descriptor.digest, once.len());
            once.push(at);
        }
    }
    // The largest first: the end is not waited for with one core.
    let mut order: Vec<(usize, usize)> = once.iter().copied().enumerate().collect();
    order.sort_by_key(|(_, at)| std::cmp::Reverse(source.layers[*at].size));
    let mut read: Vec<(usize, ReadLayer)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|(place, at)| (place, one(at, &source.layers[at], blobs, run)))
        .collect();
    read.sort_by_key(|(place, _)| *place);
    of.into_iter().map(|place| read[place].1.clone()).collect()
}

fn one(at: usize, descriptor: &Descriptor, blobs: &dyn Blobs, run: &Run<'_>) -> ReadLayer {
    if let Some(analysis) = cached(descriptor, run) {
        run.progress.done(at, true);
        return Ok(Arc::new(analysis));
    }
    let blob = match blobs.open(at) {
        Ok(blob) => blob,
        Err(error) => {
            run.progress.done(at, false);
            return Err(refused(descriptor, &error.to_string()));
        }
    };
    let analysis = layer::analyze(blob, descriptor, at, run.limits, run.progress);
    keep(descriptor, &analysis, run);
    run.progress.done(at, false);
    Ok(Arc::new(analysis))
}

/// What the cache has of a layer.
pub(crate) fn cached(descriptor: &Descriptor, run: &Run<'_>) -> Option<LayerAnalysis> {
    if descriptor.digest == UNKNOWN {
        return None;
    }
    run.cache.get(&descriptor.digest)
}

/// Keeps what was read of a layer, when it is what its digest says and was
/// read to its end: what went wrong with one file is a property of the layer,
/// what went wrong with the whole may be one of the way here.
pub(crate) fn keep(descriptor: &Descriptor, analysis: &LayerAnalysis, run: &Run<'_>) {
    let digest = descriptor.digest;
    let is_it = analysis.blob == Some(digest) || analysis.diff_id == Some(digest);
    let whole = analysis
        .diagnostics
        .iter()
        .all(|diagnostic| diagnostic.place.path.is_some());
    if digest != UNKNOWN && is_it && whole && !run.progress.cancelled() {
        run.cache.put(&digest, analysis);
    }
}

/// Why a layer is not there, in words.
fn refused(descriptor: &Descriptor, error: &str) -> String {
    let kind = &descriptor.media_type;
    if kind.contains("foreign") || kind.contains("nondistributable") {
        let from = match descriptor.urls.first() {
            Some(url) => format!("; it says it can be had from {url}"),
            None => String::new(),
        };
        return format!("the layer may not be distributed with the image{from}: {error}");
    }
    format!("the layer {} can't be had: {error}", descriptor.digest)
}
