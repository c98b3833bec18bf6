//! An archive of an image that comes once, in order: compressed as a whole, or
//! through a pipe. Layers are looked into as they pass, documents are kept,
//! and the image is put together in the end. The result is that of the same
//! archive read at any place.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use super::{
    Blob, Choice, Descriptor, ImageSource, SourceError, UNKNOWN,
    open::{Composed, compose},
    store::{Named, Store, blob_digest, excuse, named, resolve},
};
use crate::{
    Diagnostic, Digest, LayerAnalysis, Limits, Place,
    compress::{Compression, Decompressed},
    image::{ReadLayer, Run, read},
    layer,
    tar::{Input, Problem, Reader},
};

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;
/// Bytes of a file by which is told what it is.
const HEAD: usize = 512;
/// Entries of an archive that are looked at.
const ENTRIES: usize = 100_000;
/// Documents are kept up to so many times the size of one.
const DOCUMENTS: u64 = 4;

/// An image whose layers were read already: [`crate::image::merge`] puts them
/// together.
pub struct ReadImage {
    /// What it is.
    pub source: ImageSource,
    /// What was read of each layer.
    pub layers: Vec<ReadLayer>,
    /// Other images of the same form, by a name each, that were not put together.
    pub others: Vec<String>,
}

/// Reads an archive as it comes: of `docker save` or an OCI layout, in gzip,
/// in zstd or neither.
///
/// # Errors
/// It is neither, or the image asked for is not in it, or a document of it is
/// not what it should be.
pub fn read_archive(
    reader: &mut dyn Read,
    name: &str,
    choice: &Choice,
    run: &Run<'_>,
) -> Result<ReadImage, SourceError> {
    let archive = |error: io::Error| SourceError::Archive {
        offset: 0,
        message: error.to_string(),
    };
    let mut counted = Counted {
        inner: BufReader::with_capacity(BUFFER, reader),
        count: 0,
    };
    let head = counted.fill_buf().map_err(archive)?;
    if let Some(name) = Compression::unread_name(head) {
        return Err(SourceError::Form(format!(
            "the archive is {name}, which is not read: unpack it first"
        )));
    }
    let compression = Compression::of(head);
    let plain = Decompressed::new(counted, compression).map_err(archive)?;
    let guarded = Guarded {
        inner: plain,
        count: 0,
        limits: run.limits,
        checks: compression != Compression::None,
    };
    let mut pass = Pass::new(run);
    pass.all(&mut Reader::new(BufReader::with_capacity(BUFFER, guarded)))?;
    let Some(composed) = compose(&pass, name, choice, run.limits)? else {
        let mut names: Vec<String> = pass
            .names
            .keys()
            .take(3)
            .map(|name| super::manifest::short(name))
            .collect();
        names.extend(pass.cut);
        return Err(SourceError::Form(format!(
            "the archive holds neither `manifest.json` (docker save) nor `oci-layout` (OCI), but: \
             {}",
            names.join(", ")
        )));
    };
    Ok(pass.finish(composed))
}

/// What passed by.
struct Pass<'a> {
    run: &'a Run<'a>,
    names: BTreeMap<String, Named>,
    documents: BTreeMap<String, Vec<u8>>,
    /// Bytes that may still be kept of documents.
    left: u64,
    layers: BTreeMap<String, Arc<LayerAnalysis>>,
    cut: Option<String>,
}

impl<'a> Pass<'a> {
    fn new(run: &'a Run<'a>) -> Self {
        Pass {
            run,
            names: BTreeMap::new(),
            documents: BTreeMap::new(),
            left: run.limits.document_bytes.saturating_mul(DOCUMENTS),
            layers: BTreeMap::new(),
            cut: None,
        }
    }

    /// Looks at every entry.
    fn all<I: Input>(&mut self, reader: &mut Reader<I>) -> Result<(), SourceError> {
        loop {
            match reader.next() {
                Ok(None) => return Ok(()),
                Ok(Some(entry)) => {
                    if self.names.len() >= ENTRIES {
                        self.cut = Some(format!("only {ENTRIES} entries of the archive are read"));
                        return Ok(());
                    }
                    let Some((path, named)) = named(&entry) else {
                        continue;
                    };
                    self.names.insert(path.clone(), named.clone());
                    // Of repeated names the last counts.
                    self.layers.remove(&path);
                    if let Some(old) = self.documents.remove(&path) {
                        self.left = self.left.saturating_add(old.len() as u64);
                    }
                    if let Named::File {
                        size,
                        sparse: false,
                        ..
                    } = named
                        && let Err(problem) = self.file(reader, path, size)
                    {
                        self.cut = Some(excuse(&problem));
                        return Ok(());
                    }
                }
                Err(problem) if self.names.is_empty() => {
                    return Err(SourceError::Archive {
                        offset: problem.offset,
                        message: problem.message,
                    });
                }
                Err(problem) => {
                    self.cut = Some(excuse(&problem));
                    return Ok(());
                }
            }
        }
    }

    /// Looks at one file: a layer is read, a document kept.
    fn file<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        path: String,
        size: u64,
    ) -> Result<(), Problem> {
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(HEAD);
        let mut head = [0; HEAD];
        let head = &mut head[..length];
        reader.data_exact(head)?;
        if !is_layer(&path, head) {
            if size > self.run.limits.document_bytes || size > self.left {
                return Ok(());
            }
            self.left -= size;
            let mut document = head.to_vec();
            document.resize(usize::try_from(size).unwrap_or(length), 0);
            reader.data_exact(&mut document[length..])?;
            self.documents.insert(path, document);
            return Ok(());
        }
        let at = self.layers.len();
        let mut descriptor = descriptor(blob_digest(&path), size);
        let mut data = Data {
            reader,
            problem: None,
        };
        let (limits, progress) = (self.run.limits, self.run.progress);
        if let Some(analysis) = read::cached(&descriptor, self.run) {
            // What an archive calls a layer may be any bytes, and they come once.
            let digest = read::digest_of(&mut (&*head).chain(&mut data), at, self.run);
            let analysis = match digest {
                Some(is) if is == descriptor.digest || analysis.blob == Some(is) => analysis,
                is => other(&descriptor, is, data.problem.as_ref()),
            };
            progress.done(at, true);
            self.layers.insert(path, Arc::new(analysis));
            return data.problem.take().map_or(Ok(()), Err);
        }
        let analysis = layer::analyze_stream(
            &mut (&*head).chain(&mut data),
            &descriptor,
            at,
            limits,
            progress,
        );
        let problem = data.problem.take();
        // Where the form tells no digest, the configuration tells that of the
        // uncompressed bytes: the image read at any place asks for that one.
        if descriptor.digest == UNKNOWN
            && let Some(diff_id) = analysis.diff_id
        {
            descriptor.digest = diff_id;
        }
        read::keep(&descriptor, &analysis, self.run);
        progress.done(at, false);
        self.layers.insert(path, Arc::new(analysis));
        problem.map_or(Ok(()), Err)
    }

    /// Puts the image together.
    fn finish(mut self, composed: Composed) -> ReadImage {
        let mut layers = Vec::with_capacity(composed.paths.len());
        for (at, path) in composed.paths.iter().enumerate() {
            let name = resolve(&self.names, path).map(|(name, _)| name.to_owned());
            let Some(name) = name else {
                let excuse = match &self.cut {
                    Some(excuse) => format!("; {excuse}"),
                    None => String::new(),
                };
                let digest = composed.source.layers[at].digest;
                layers.push(Err(format!(
                    "the layer {digest} can't be had: `{path}` is not there{excuse}"
                )));
                continue;
            };
            // It did not look like a layer, but is said to be one.
            if let Some(document) = self.documents.remove(&name) {
                let descriptor = &composed.source.layers[at];
                let blob = Blob::At(Arc::new(document));
                let run = self.run;
                let analysis = layer::analyze(blob, descriptor, at, run.limits, run.progress);
                self.layers.insert(name.clone(), Arc::new(analysis));
            }
            layers.push(match self.layers.get(&name) {
                Some(layer) => Ok(Arc::clone(layer)),
                None => Err(format!(
                    "`{path}` has {} bytes and does not look like a layer",
                    self.size(path).unwrap_or(0)
                )),
            });
        }
        ReadImage {
            source: composed.source,
            layers,
            others: composed.others,
        }
    }
}

impl Store for Pass<'_> {
    fn size(&self, path: &str) -> Option<u64> {
        match resolve(&self.names, path)?.1 {
            Named::File { size, .. } => Some(*size),
            Named::Link(_) => None,
        }
    }

    fn document(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let (name, _) = resolve(&self.names, path).ok_or(io::ErrorKind::NotFound)?;
        match self.documents.get(name) {
            Some(document) if document.len() as u64 <= most => Ok(document.clone()),
            _ => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!(
                    "it has {} bytes; at most {most} are kept of a document, and {} of all",
                    self.size(path).unwrap_or(0),
                    most.saturating_mul(DOCUMENTS)
                ),
            )),
        }
    }

    fn open(&self, _: &str) -> io::Result<Blob> {
        Err(io::Error::other("its bytes came by once"))
    }

    fn excuse(&self) -> Option<String> {
        self.cut.clone()
    }
}

/// A layer whose bytes went by and are not those that are known of.
fn other(descriptor: &Descriptor, is: Option<Digest>, problem: Option<&Problem>) -> LayerAnalysis {
    let message = match (is, problem) {
        (Some(is), _) => format!(
            "these are not the bytes of the layer: their digest is {is}, not {}",
            descriptor.digest
        ),
        (None, Some(problem)) => problem.message.clone(),
        (None, None) => "reading was stopped".to_owned(),
    };
    LayerAnalysis {
        blob: is,
        diagnostics: vec![Diagnostic {
            place: Place {
                layer: Some(descriptor.digest),
                ..Place::default()
            },
            message,
        }],
        ..LayerAnalysis::default()
    }
}

fn descriptor(digest: Option<Digest>, size: u64) -> Descriptor {
    Descriptor {
        media_type: String::new(),
        digest: digest.unwrap_or(UNKNOWN),
        size,
        urls: Vec::new(),
        annotations: BTreeMap::new(),
        platform: None,
    }
}

/// Whether a file of an archive is a layer, by its name and its first bytes.
fn is_layer(path: &str, head: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    Compression::of(head) != Compression::None
        || head.get(257..262) == Some(b"ustar")
        || name.ends_with(".tar")
        || name.ends_with(".tar.gz")
        || name.ends_with(".tgz")
}

/// The data of one entry; what goes wrong is kept besides.
struct Data<'r, I> {
    reader: &'r mut Reader<I>,
    problem: Option<Problem>,
}

impl<I: Input> Read for Data<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.fill() {
            Ok(bytes) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                self.reader.consume(count);
                Ok(count)
            }
            Err(problem) => {
                let error = io::Error::other(problem.message.clone());
                self.problem.get_or_insert(problem);
                Err(error)
            }
        }
    }
}

/// Counts the bytes that were used.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count = self.count.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count = self.count.saturating_add(count as u64);
        self.inner.consume(count);
    }
}

/// Fails when a compressed archive grows out of all proportion.
struct Guarded<'a, R> {
    inner: Decompressed<Counted<R>>,
    count: u64,
    limits: &'a Limits,
    checks: bool,
}

impl<R: BufRead> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count = self.count.saturating_add(count as u64);
        if self.checks && self.count > self.limits.ratio_from {
            let read = self.inner.inner().count;
            if self.count / self.limits.ratio.max(1) > read {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!(
                        "{read} compressed bytes became {}: more than {} times as many",
                        self.count, self.limits.ratio
                    ),
                ));
            }
        }
        Ok(count)
    }
}
