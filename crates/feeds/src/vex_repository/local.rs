//! Repositories in folders and archives.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use plimsoll_vuln::vex::repository::{Index, MOST_INDEX};

use super::{INDEX, MOST_DOCUMENT, parse};
use crate::{Error, files};

/// Takes a document: its path in the index, and its bytes.
pub(super) type Take<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// What came out of an archive.
pub(super) struct Unpacked {
    /// Its index.
    pub(super) index: Index,
    /// The same as it was written.
    pub(super) index_bytes: Vec<u8>,
    /// What could not be had.
    pub(super) problems: Vec<String>,
}

/// The folder with the index: this one, or the only one in it that has one.
pub(super) fn root(path: &Path) -> Result<PathBuf, Error> {
    let whole = fs::canonicalize(path).map_err(Error::io(path))?;
    if whole.join(INDEX).is_file() {
        return Ok(whole);
    }
    let mut below = Vec::new();
    for entry in fs::read_dir(&whole).map_err(Error::io(path))? {
        let folder = entry.map_err(Error::io(path))?.path();
        if folder.join(INDEX).is_file() {
            below.push(folder);
        }
    }
    match below.as_slice() {
        [one] => fs::canonicalize(one).map_err(Error::io(path)),
        _ => Err(none(&path.display().to_string())),
    }
}

fn none(what: &str) -> Error {
    Error::Unusable {
        what: what.to_owned(),
        why: format!("it is no VEX repository: there is no {INDEX} in it"),
    }
}

/// Tells every document of an archive that its index names, and what could not be
/// had. `folder` is where in it the repository is; empty where the highest
/// index says so.
///
/// # Errors
/// It can't be unpacked, has no index, or more comes out of it than may.
pub(super) fn unpack(
    archive: &Path,
    what: &str,
    folder: &str,
    most: u64,
    take: &mut Take<'_>,
) -> Result<Unpacked, Error> {
    let unusable = |error: io::Error| Error::Unusable {
        what: what.to_owned(),
        why: error.to_string(),
    };
    let wanted = (!folder.is_empty()).then(|| format!("{folder}/{INDEX}"));
    // The index may come after what it names, so that it is looked for first.
    let mut found: Option<(String, Vec<u8>)> = None;
    files::each(archive, "", &mut |name, bytes| {
        let name = name.trim_start_matches("./");
        let is_index = name == INDEX || name.strip_suffix(INDEX).is_some_and(|p| p.ends_with('/'));
        if !is_index || bytes.len() as u64 > MOST_INDEX {
            return true;
        }
        let is_it = match &wanted {
            Some(wanted) => name == wanted,
            None => found
                .as_ref()
                .is_none_or(|(other, _)| depth(name) < depth(other)),
        };
        if is_it {
            found = Some((name.to_owned(), bytes.to_vec()));
        }
        true
    })
    .map_err(unusable)?;
    let Some((name, bytes)) = found else {
        return Err(none(what));
    };
    let index = parse(&format!("{name} of {what}"), &bytes)?;
    let root = name.strip_suffix(INDEX).unwrap_or_default();
    let mut missing: BTreeSet<&str> = index.documents().into_iter().collect();
    let mut problems = index.skipped.clone();
    let mut total = 0;
    let mut failed = None;
    let told = files::each(archive, "", &mut |name, bytes| {
        let name = name.trim_start_matches("./");
        let Some(path) = name.strip_prefix(root) else {
            return true;
        };
        if !missing.remove(path) {
            return true;
        }
        total += bytes.len() as u64;
        let taken = if bytes.len() as u64 > MOST_DOCUMENT || total > most {
            Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{path}: its documents have more bytes than are kept"),
            ))
        } else {
            take(path, bytes)
        };
        if let Err(error) = taken {
            failed = Some(error);
        }
        failed.is_none()
    })
    .map_err(unusable)?;
    if let Some(error) = failed {
        return Err(unusable(error));
    }
    problems.extend(told.problems);
    problems.extend(
        missing
            .iter()
            .map(|path| format!("{path}: it is not there")),
    );
    Ok(Unpacked {
        index,
        index_bytes: bytes,
        problems,
    })
}

fn depth(name: &str) -> usize {
    name.matches('/').count()
}
