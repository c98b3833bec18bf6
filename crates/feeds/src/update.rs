//! What is newer at the publishers: asked for by `ETag` and date, checked by
//! reading it, and only then put in place of the copy before.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use jiff::Timestamp;
use plimsoll_registry::http::fetch::{Fetch, Fetched, Fetcher};
use plimsoll_vuln::read::{detect, read};

use crate::{
    Error, files,
    sources::{Part, Source, address},
    store::{About, Copy, Store, measure},
};

/// Bytes of one file of a feed.
const MOST_PART: u64 = 4 << 30;

/// Hears how an update goes.
pub trait Hears: Sync {
    /// So many bytes of a feed came.
    fn bytes(&self, feed: &str, count: u64);
}

/// What came of one file of a feed.
#[derive(Debug)]
pub enum Outcome {
    /// There is a new copy.
    New {
        /// Its bytes.
        bytes: u64,
    },
    /// It is as it was.
    Unchanged,
    /// It could not be had: the copy before, if there is one, stays in force.
    Failed {
        /// Why.
        error: Error,
        /// As of when the copy before is.
        kept: Option<Timestamp>,
    },
}

/// Brings a feed up to date; one outcome for each of its files. A file that
/// fails leaves the others alone.
///
/// # Errors
/// The store can't be read or written, or the user asked to stop.
pub fn update(
    store: &Store,
    source: &Source,
    mirror: Option<&str>,
    fetcher: &Fetcher,
    now: Timestamp,
    hears: &dyn Hears,
) -> Result<Vec<(String, Outcome)>, Error> {
    let mut about = store.about(source.name)?;
    about.licence = source.licence.to_owned();
    about.imported = false;
    let known: Vec<&str> = source.parts.iter().map(|part| part.file.as_str()).collect();
    about.parts.retain(|file, _| known.contains(&file.as_str()));
    let mut outcomes = Vec::new();
    for part in &source.parts {
        let url = address(source, part, mirror);
        let outcome = match one(store, source, part, &url, &mut about, fetcher, now, hears) {
            Ok(outcome) => outcome,
            Err(Error::Fetch(plimsoll_registry::Error::Cancelled)) => return Err(Error::Cancelled),
            Err(error) => Outcome::Failed {
                kept: about.parts.get(&part.file).and_then(|copy| copy.checked),
                error,
            },
        };
        if !matches!(outcome, Outcome::Failed { .. }) {
            store.note(source.name, &about)?;
        }
        outcomes.push((part.file.clone(), outcome));
    }
    if !about.parts.is_empty() {
        store.tidy(source.name, &about)?;
    }
    Ok(outcomes)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one step of `update`, apart for its `?`"
)]
fn one(
    store: &Store,
    source: &Source,
    part: &Part,
    url: &str,
    about: &mut About,
    fetcher: &Fetcher,
    now: Timestamp,
    hears: &dyn Hears,
) -> Result<Outcome, Error> {
    let path = store.path(source.name, &part.file);
    // Asked whether it changed only where the copy is there, and of this address.
    let before = about.parts.get(&part.file).filter(|copy| {
        copy.url == url && fs::metadata(&path).is_ok_and(|file| file.len() == copy.bytes)
    });
    let draft = store.draft(source.name, &part.file)?;
    let mut out = BufWriter::new(File::create(&draft).map_err(Error::io(&draft))?);
    let fetch = Fetch {
        url,
        etag: before.and_then(|copy| copy.etag.as_deref()),
        last_modified: before.and_then(|copy| copy.last_modified.as_deref()),
        most: MOST_PART,
    };
    let fetched = fetcher
        .fetch(&fetch, &mut out, &|count| hears.bytes(source.name, count))
        .map_err(Error::from)
        .and_then(|fetched| {
            out.flush().map_err(Error::io(&draft))?;
            Ok(fetched)
        });
    let kept = match fetched {
        Ok(Fetched::Unchanged) => Ok(Outcome::Unchanged),
        Ok(Fetched::New {
            etag,
            last_modified,
            bytes,
        }) => check(&draft, &part.file, url).and_then(|()| {
            let (_, blake3) = measure(&draft).map_err(Error::io(&draft))?;
            store.keep(&draft, source.name, &part.file)?;
            let copy = Copy {
                url: url.to_owned(),
                etag,
                last_modified,
                had: Some(now),
                checked: Some(now),
                bytes,
                blake3,
            };
            about.parts.insert(part.file.clone(), copy);
            Ok(Outcome::New { bytes })
        }),
        Err(error) => Err(error),
    };
    let _ = fs::remove_file(&draft);
    if let (Ok(Outcome::Unchanged), Some(copy)) = (&kept, about.parts.get_mut(&part.file)) {
        copy.checked = Some(now);
    }
    kept
}

/// Whether a file is what a feed has: it can be unpacked to its end, and holds
/// records of a format that is known.
///
/// # Errors
/// It is not, and why.
pub fn check(path: &Path, name: &str, what: &str) -> Result<(), Error> {
    let unusable = |why: String| Error::Unusable {
        what: what.to_owned(),
        why,
    };
    let mut read_records = 0_usize;
    let mut refused: Option<String> = None;
    let problems = files::each(path, name, &mut |name, bytes| {
        let Some(format) = detect(name, bytes) else {
            return true;
        };
        // One file of many is enough to tell; all are unpacked all the same.
        if read_records > 0 {
            return true;
        }
        let records = read(format, name, bytes);
        read_records +=
            records.advisories.len() + records.exploitation.len() + records.lifecycles.len();
        if let Some(skipped) = records.skipped.first() {
            refused.get_or_insert_with(|| format!("{}: {}", skipped.file, skipped.reason));
        }
        true
    })
    .map_err(|error| unusable(error.to_string()))?;
    if read_records > 0 {
        return Ok(());
    }
    Err(unusable(match (refused, problems.first()) {
        (Some(reason), _) => format!("no record in it could be read: {reason}"),
        (None, Some(problem)) => format!("no record in it could be read: {problem}"),
        (None, None) => "it holds no advisories in a format that is known".to_owned(),
    }))
}
