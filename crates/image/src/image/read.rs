//! The layers of an image, read side by side, each once.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rayon::prelude::*;

use super::Run;
use crate::{
    Digest, LayerAnalysis,
    layer::{self, Streams},
    read_at::Cursor,
    sha256::Sha256,
    source::{Blob, Blobs, Descriptor, ImageSource, UNKNOWN, Voucher},
};

/// Layers that are read at once, at most: each holds some files and chunks, and
/// keeps more than one core busy.
const AT_ONCE: usize = 4;

/// Bytes that are read at once to be hashed.
const BUFFER: usize = 256 << 10;

/// A layer that was read, or why it could not be opened.
pub type ReadLayer = Result<Arc<LayerAnalysis>, String>;

/// Reads all layers of some images. A layer that is in them more than once is
/// read once; one that is cached, never.
pub(super) fn layers(
    images: &[(&ImageSource, &(dyn Blobs + Send))],
    run: &Run<'_>,
) -> Vec<Vec<ReadLayer>> {
    // Each layer with all places it is in: whichever has it gives it.
    let mut places: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut known: BTreeMap<Digest, usize> = BTreeMap::new();
    let mut of: Vec<Vec<usize>> = Vec::with_capacity(images.len());
    for (image, (source, _)) in images.iter().enumerate() {
        let mut of_image = Vec::with_capacity(source.layers.len());
        for (at, descriptor) in source.layers.iter().enumerate() {
            let place = if descriptor.digest == UNKNOWN {
                places.len()
            } else {
                *known.entry(descriptor.digest).or_insert(places.len())
            };
            match places.get_mut(place) {
                Some(same) => same.push((image, at)),
                None => places.push(vec![(image, at)]),
            }
            of_image.push(place);
        }
        of.push(of_image);
    }
    // The largest first: the end is not waited for with one core.
    let mut order: Vec<usize> = (0..places.len()).collect();
    let size = |place: usize| {
        let (image, at) = places[place][0];
        images[image].0.layers[at].size
    };
    order.sort_by_key(|place| std::cmp::Reverse(size(*place)));
    let streams = Arc::default();
    let read_place = |place: usize| {
        let mut last = Err(String::new());
        for &(image, at) in &places[place] {
            let (source, blobs) = images[image];
            last = one(at, &source.layers[at], blobs, run, &streams);
            if last.is_ok() {
                break;
            }
        }
        (place, last)
    };
    // Readers that take the next layer each, and no parallel iterator: who waits
    // for the end of one layer would begin another, and hold both.
    let next = AtomicUsize::new(0);
    let reader = |_: usize| {
        let mut read = Vec::new();
        while let Some(&place) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            read.push(read_place(place));
        }
        read
    };
    let readers = rayon::current_num_threads().clamp(1, AT_ONCE);
    let mut read: Vec<(usize, ReadLayer)> = (0..readers)
        .into_par_iter()
        .with_max_len(1)
        .flat_map_iter(reader)
        .collect();
    read.sort_by_key(|(place, _)| *place);
    of.into_iter()
        .map(|places| {
            places
                .into_iter()
                .map(|place| read[place].1.clone())
                .collect()
        })
        .collect()
}

fn one(
    at: usize,
    descriptor: &Descriptor,
    blobs: &dyn Blobs,
    run: &Run<'_>,
    streams: &Arc<Streams>,
) -> ReadLayer {
    if let Some(analysis) = cached(descriptor, run)
        && (blobs.voucher(at) == Voucher::Digest || is_it(&analysis, at, descriptor, blobs, run))
    {
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
    let (limits, progress) = (run.limits, run.progress);
    let analysis = layer::analyze_beside(blob, descriptor, at, limits, progress, streams);
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

/// Whether the bytes are those that were analysed: whatever a file on a disk
/// says of its layers, anybody may have written it.
fn is_it(
    analysis: &LayerAnalysis,
    at: usize,
    descriptor: &Descriptor,
    blobs: &dyn Blobs,
    run: &Run<'_>,
) -> bool {
    let digest = match blobs.open(at) {
        Ok(Blob::At(bytes)) => digest_of(&mut Cursor::new(&*bytes), at, run),
        Ok(Blob::Stream(mut stream)) => digest_of(&mut *stream, at, run),
        Err(_) => return false,
    };
    digest.is_some_and(|is| is == descriptor.digest || analysis.blob == Some(is))
}

/// The digest of all bytes; none when they can't be read to their end.
pub(crate) fn digest_of(reader: &mut dyn Read, at: usize, run: &Run<'_>) -> Option<Digest> {
    let mut sha = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Some(sha.finish()),
            Ok(count) => {
                sha.update(&buffer[..count]);
                run.progress.read(at, count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if run.progress.cancelled() {
            return None;
        }
    }
}

/// Keeps what was read of a layer, when it is what its digest says and was
/// read to its end: what went wrong with one file is a property of the layer,
/// what went wrong with the whole may be one of the way here.
pub(crate) fn keep(descriptor: &Descriptor, analysis: &LayerAnalysis, run: &Run<'_>) {
    let digest = descriptor.digest;
    if digest != UNKNOWN && lasts(descriptor, analysis) && !run.progress.cancelled() {
        run.cache.put(&digest, analysis);
    }
}

/// Whether what was read of a layer is true of its bytes whenever they are read.
pub(crate) fn lasts(descriptor: &Descriptor, analysis: &LayerAnalysis) -> bool {
    let digest = descriptor.digest;
    let is_it = digest == UNKNOWN && analysis.diff_id.is_some()
        || analysis.blob == Some(digest)
        || analysis.diff_id == Some(digest);
    let diagnostics = &analysis.diagnostics;
    is_it && diagnostics.iter().all(|told| told.place.path.is_some())
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
