//! What the forms with several files have in common: files by name.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{Blob, Blobs, SourceError, Voucher};
use crate::{
    Digest, Limits, ReadAt,
    read_at::{Stamp, read_exact_at},
    tar::{EntryKind, InPlace, Problem, Reader},
};

/// Links in an archive that are followed to find one file.
const HOPS: u32 = 16;
/// Entries of an archive of an image; the largest images have a few hundred.
const ENTRIES: usize = 100_000;

/// The files of a form, by their names in it.
pub(super) trait Store: Send + Sync {
    /// How many bytes this file has; none when it is not there.
    fn size(&self, path: &str) -> Option<u64>;

    /// Its bytes, when it has at most `most`.
    fn document(&self, path: &str, most: u64) -> io::Result<Vec<u8>>;

    /// Its bytes, to be read by a layer's analysis.
    fn open(&self, path: &str) -> io::Result<Blob>;

    /// The stamp of the file that holds its bytes.
    fn stamp(&self, _: &str) -> Option<Stamp> {
        None
    }

    /// What a missing file may be owed to: the archive is cut off, say.
    fn excuse(&self) -> Option<String> {
        None
    }
}

/// A document that has to be there.
pub(super) fn must_have(
    store: &dyn Store,
    form: &'static str,
    path: &str,
    limits: &Limits,
) -> Result<Vec<u8>, SourceError> {
    store
        .document(path, limits.document_bytes)
        .map_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return SourceError::Fetch {
                    what: path.to_owned(),
                    error,
                };
            }
            match store.excuse() {
                Some(message) => SourceError::Document {
                    path: path.to_owned(),
                    message: format!("it is not there; {message}"),
                },
                None => SourceError::Missing {
                    form,
                    path: path.to_owned(),
                },
            }
        })
}

/// The layers of a form, by their names in it.
pub(super) struct StoreBlobs {
    pub store: Arc<dyn Store>,
    pub paths: Vec<String>,
}

impl Blobs for StoreBlobs {
    fn open(&self, layer: usize) -> io::Result<Blob> {
        let path = self.paths.get(layer).ok_or(io::ErrorKind::NotFound)?;
        self.store.open(path).map_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return error;
            }
            let excuse = match self.store.excuse() {
                Some(excuse) => format!("; {excuse}"),
                None => String::new(),
            };
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{path}` is not there{excuse}"),
            )
        })
    }

    fn voucher(&self, layer: usize) -> Voucher {
        let path = self.paths.get(layer);
        let stamp = path.and_then(|path| self.store.stamp(path));
        stamp.map_or(Voucher::Nothing, Voucher::File)
    }
}

/// What a name in an archive stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A file: where its bytes are, and how many. A sparse one has none that
    /// can be read in place.
    File { at: u64, size: u64, sparse: bool },
    /// A link to another name.
    Link(String),
}

/// An archive whose files can be read at any place.
pub(super) struct Archive {
    bytes: Arc<dyn ReadAt>,
    names: BTreeMap<String, Named>,
    /// Why there may be more than was seen.
    cut: Option<String>,
}

impl Archive {
    /// Reads the names in a tar archive, and none of its files.
    ///
    /// # Errors
    /// Not even its first entry can be read.
    pub fn new(bytes: Arc<dyn ReadAt>) -> Result<Self, SourceError> {
        let mut names = BTreeMap::new();
        let mut cut = None;
        let mut reader = Reader::new(InPlace::new(&*bytes));
        loop {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(entry)) => {
                    if names.len() >= ENTRIES {
                        cut = Some(format!("only {ENTRIES} entries of the archive are read"));
                        break;
                    }
                    if let Some((path, named)) = named(&entry) {
                        names.insert(path, named);
                    }
                }
                Err(problem) if names.is_empty() => {
                    return Err(SourceError::Archive {
                        offset: problem.offset,
                        message: problem.message,
                    });
                }
                Err(problem) => {
                    cut = Some(excuse(&problem));
                    break;
                }
            }
        }
        Ok(Archive { bytes, names, cut })
    }

    /// Every name in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The archive itself.
    pub fn bytes(&self) -> &Arc<dyn ReadAt> {
        &self.bytes
    }

    fn part(&self, path: &str) -> io::Result<Part> {
        match resolve(&self.names, path) {
            Some((_, Named::File { sparse: true, .. })) => Err(io::Error::other(format!(
                "`{path}` is a sparse file of the archive"
            ))),
            Some((_, Named::File { at, size, .. })) => {
                if at.saturating_add(*size) > self.bytes.size() {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        format!(
                            "`{path}` has {size} bytes and the archive ends after {} of them",
                            self.bytes.size().saturating_sub(*at)
                        ),
                    ));
                }
                Ok(Part {
                    inner: Arc::clone(&self.bytes),
                    start: *at,
                    size: *size,
                })
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Store for Archive {
    fn size(&self, path: &str) -> Option<u64> {
        match resolve(&self.names, path)?.1 {
            Named::File { size, .. } => Some(*size),
            Named::Link(_) => None,
        }
    }

    fn document(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        read_document(&self.part(path)?, most)
    }

    fn open(&self, path: &str) -> io::Result<Blob> {
        Ok(Blob::At(Arc::new(self.part(path)?)))
    }

    fn stamp(&self, _: &str) -> Option<Stamp> {
        self.bytes.stamp()
    }

    fn excuse(&self) -> Option<String> {
        self.cut.clone()
    }
}

/// Why what is missing may have been beyond the place an archive can be read to.
pub(super) fn excuse(problem: &Problem) -> String {
    format!(
        "the archive can't be read from byte {} on: {}",
        problem.offset, problem.message
    )
}

/// What an entry of an archive is by name; none for what is no file.
pub(super) fn named(entry: &crate::tar::Entry) -> Option<(String, Named)> {
    let path = clean(&String::from_utf8_lossy(&entry.path))?;
    let named = match entry.kind {
        EntryKind::Regular => Named::File {
            at: entry.data_at,
            size: entry.stored,
            sparse: entry.sparse.is_some(),
        },
        EntryKind::Hardlink => Named::Link(clean(&String::from_utf8_lossy(&entry.link))?),
        EntryKind::Symlink => {
            let target = String::from_utf8_lossy(&entry.link);
            // Relative to where the link is, but for absolute ones.
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            Named::Link(clean(&format!("{folder}/{target}"))?)
        }
        _ => return None,
    };
    Some((path, named))
}

/// The file that a name leads to, and its own name.
pub(super) fn resolve<'a>(
    names: &'a BTreeMap<String, Named>,
    path: &str,
) -> Option<(&'a str, &'a Named)> {
    let mut path = clean(path)?;
    for _ in 0..HOPS {
        match names.get_key_value(&path)? {
            (_, Named::Link(next)) => path.clone_from(next),
            (name, file) => return Some((name, file)),
        }
    }
    None
}

/// A name in one form: no dots, no slashes too many. None when it leads out.
pub(super) fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// All bytes of a document, when it has at most `most`.
pub(super) fn read_document(bytes: &dyn ReadAt, most: u64) -> io::Result<Vec<u8>> {
    let size = bytes.size();
    let length = usize::try_from(size).ok().filter(|_| size <= most);
    let Some(length) = length else {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has {size} bytes; at most {most} are read of a document"),
        ));
    };
    let mut document = vec![0; length];
    read_exact_at(bytes, 0, &mut document)?;
    Ok(document)
}

/// The path of a blob in an OCI layout.
pub(super) fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// The digest that a path of an OCI layout states.
pub(super) fn blob_digest(path: &str) -> Option<Digest> {
    format!("sha256:{}", path.strip_prefix("blobs/sha256/")?)
        .parse()
        .ok()
}

/// A part of other bytes, which keeps those.
struct Part {
    inner: Arc<dyn ReadAt>,
    start: u64,
    size: u64,
}

impl ReadAt for Part {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        if count == 0 {
            return Ok(0);
        }
        self.inner
            .read_at(self.start.saturating_add(offset), &mut buffer[..count])
    }

    fn as_slice(&self) -> Option<&[u8]> {
        let from = usize::try_from(self.start).ok()?;
        let to = from.checked_add(usize::try_from(self.size).ok()?)?;
        self.inner.as_slice()?.get(from..to)
    }

    fn stamp(&self) -> Option<Stamp> {
        self.inner.stamp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_do_not_lead_out() {
        let check = |path: &str, expect: Option<&str>| {
            assert_eq!(clean(path).as_deref(), expect, "{path}");
        };
        check("a/b", Some("a/b"));
        check("./a//b/", Some("a/b"));
        check("/a/../b", Some("b"));
        check("../a", None);
        check("a/../../b", None);
        check("", None);
        check("./", None);
    }

    #[test]
    fn links_are_followed_and_end() {
        let link = |to: &str| Named::Link(to.to_owned());
        let file = Named::File {
            at: 0,
            size: 1,
            sparse: false,
        };
        let names = BTreeMap::from([
            ("a".to_owned(), link("b")),
            ("b".to_owned(), link("c")),
            ("c".to_owned(), file),
            ("x".to_owned(), link("y")),
            ("y".to_owned(), link("x")),
            ("z".to_owned(), link("none")),
        ]);
        let check = |path: &str, expect: Option<&str>| {
            assert_eq!(
                resolve(&names, path).map(|(name, _)| name),
                expect,
                "{path}"
            );
        };
        check("a", Some("c"));
        check("./c", Some("c"));
        check("x", None);
        check("z", None);
        check("none", None);
    }
}
