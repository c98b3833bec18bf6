//! What is newer at the publishers: asked for by `ETag` and date, checked by
//! reading it, and only then put in place of the copy before.

mod changes;
mod place;

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::Path,
};

use jiff::Timestamp;
use plimsoll_registry::http::fetch::{Fetch, Fetched, Fetcher};
use plimsoll_vuln::{
    advisory::Skipped,
    read::{Format, detect, read},
};
use sha2::{Digest as _, Sha256};

use self::place::Place;
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
    let follows = source.changes.filter(|_| mirror.is_none());
    about.parts.retain(|file, _| {
        known.contains(&file.as_str()) || (follows.is_some() && changes::is_single(file))
    });
    let one_of = One {
        store,
        source,
        is_mirror: mirror.is_some(),
        fetcher,
        now,
        hears,
    };
    let keeps = follows.is_some() && changes::keeps_archive(source, &about, now);
    let mut outcomes = Vec::new();
    for part in source.parts.iter().filter(|_| !keeps) {
        let url = address(source, part, mirror);
        let outcome = match one(&one_of, part, &url, &mut about) {
            Ok(outcome) => outcome,
            Err(error) => failed(&about, &part.file, error)?,
        };
        if matches!(outcome, Outcome::New { .. }) && follows.is_some() {
            // A new archive has all that was followed.
            about.parts.retain(|file, _| !changes::is_single(file));
            about.deleted.clear();
            about.followed = None;
        }
        if !matches!(outcome, Outcome::Failed { .. }) {
            store.note(source.name, &about)?;
        }
        outcomes.push((part.file.clone(), outcome));
    }
    if let Some(base) = follows {
        match changes::follow(&one_of, base, &mut about) {
            Ok(followed) => {
                for copy in about.parts.values_mut() {
                    copy.checked = Some(now);
                }
                outcomes.extend(followed);
            }
            Err(error) => {
                let archive = known.first().copied().unwrap_or_default();
                let outcome = failed(&about, archive, error)?;
                outcomes.push(("changes.csv".to_owned(), outcome));
            }
        }
        store.note(source.name, &about)?;
    }
    if !about.parts.is_empty() {
        store.tidy(source.name, &about)?;
    }
    Ok(outcomes)
}

/// A failure, which leaves the copy before in force.
///
/// # Errors
/// The user asked to stop.
fn failed(about: &About, file: &str, error: Error) -> Result<Outcome, Error> {
    match error {
        Error::Fetch(plimsoll_registry::Error::Cancelled) => Err(Error::Cancelled),
        // What is said of an image that is not there does not fit a file.
        Error::Fetch(plimsoll_registry::Error::NotFound { what, .. }) => Ok(Outcome::Failed {
            kept: about.parts.get(file).and_then(|copy| copy.checked),
            error: Error::Unusable {
                what,
                why: "there is no such file (404)".to_owned(),
            },
        }),
        error => Ok(Outcome::Failed {
            kept: about.parts.get(file).and_then(|copy| copy.checked),
            error,
        }),
    }
}

/// What the parts of one feed have in common.
struct One<'a> {
    store: &'a Store,
    source: &'a Source,
    /// A mirror has the files themselves, whatever leads to them elsewhere.
    is_mirror: bool,
    fetcher: &'a Fetcher,
    now: Timestamp,
    hears: &'a dyn Hears,
}

/// Brings one part up to date.
fn one(one_of: &One<'_>, part: &Part, url: &str, about: &mut About) -> Result<Outcome, Error> {
    match taken(one_of, part, url, about) {
        // What never was there is missed by nobody.
        Err(Error::Fetch(plimsoll_registry::Error::NotFound { .. }))
            if part.optional && !about.parts.contains_key(&part.file) =>
        {
            Ok(Outcome::Unchanged)
        }
        outcome => outcome,
    }
}

fn taken(one_of: &One<'_>, part: &Part, url: &str, about: &mut About) -> Result<Outcome, Error> {
    let (store, feed) = (one_of.store, one_of.source.name);
    let found = match one_of.is_mirror {
        true => Place {
            url: url.to_owned(),
            sha256: None,
        },
        false => place::place(part, url, one_of.fetcher)?,
    };
    let path = store.path(feed, &part.file);
    // Asked whether it changed only where the copy is there, and of this address.
    let before = about.parts.get(&part.file).filter(|copy| {
        copy.url == found.url && fs::metadata(&path).is_ok_and(|file| file.len() == copy.bytes)
    });
    let draft = store.draft(feed, &part.file)?;
    let mut out = BufWriter::new(File::create(&draft).map_err(Error::io(&draft))?);
    let fetch = Fetch {
        url: &found.url,
        etag: before.and_then(|copy| copy.etag.as_deref()),
        last_modified: before.and_then(|copy| copy.last_modified.as_deref()),
        most: MOST_PART,
    };
    let fetched = one_of
        .fetcher
        .fetch(&fetch, &mut out, &|count| one_of.hears.bytes(feed, count))
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
        }) => same(&draft, &found)
            .and_then(|()| check(&draft, &part.file, &found.url))
            .and_then(|()| {
                let (_, blake3) = measure(&draft).map_err(Error::io(&draft))?;
                store.keep(&draft, feed, &part.file)?;
                let copy = Copy {
                    url: found.url.clone(),
                    etag,
                    last_modified,
                    had: Some(one_of.now),
                    checked: Some(one_of.now),
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
        copy.checked = Some(one_of.now);
    }
    kept
}

/// Whether a file has the digest that its repository says, where it says one.
fn same(draft: &Path, found: &Place) -> Result<(), Error> {
    let Some(expected) = &found.sha256 else {
        return Ok(());
    };
    let mut file = File::open(draft).map_err(Error::io(draft))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer).map_err(Error::io(draft))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let digest = plimsoll_model::Digest(hasher.finalize().into()).to_string();
    if digest.rsplit(':').next() == Some(expected.to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Error::Unusable {
        what: found.url.clone(),
        why: "its digest is not the one that its repository says".to_owned(),
    })
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
    let told = files::each(path, name, &mut |name, bytes| {
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
        // A document about images alone is whole, and says nothing of packages.
        let whole = |skipped: &Skipped| !skipped.record.is_empty();
        if format == Format::Csaf && records.skipped.iter().any(whole) {
            read_records += 1;
        }
        if let Some(skipped) = records.skipped.first() {
            refused.get_or_insert_with(|| format!("{}: {}", skipped.file, skipped.reason));
        }
        true
    })
    .map_err(|error| unusable(error.to_string()))?;
    if read_records > 0 {
        return Ok(());
    }
    Err(unusable(match (refused, told.problems.first()) {
        (Some(reason), _) => format!("no record in it could be read: {reason}"),
        (None, Some(problem)) => format!("no record in it could be read: {problem}"),
        (None, None) => "it holds no advisories in a format that is known".to_owned(),
    }))
}
/// Reads the text as what publishers say of where their files are.
pub(crate) fn any(text: &str) {
    place::any(text);
    changes::any(text);
}
