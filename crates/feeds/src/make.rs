//! A database of all that the store holds.

mod age;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use plimsoll_vuln::{
    advisory::{Exploitation, Skipped},
    db::{Builder, SigningKey},
    lookup::FeedInfo,
    read::{Records, detect, read},
};
use rayon::prelude::*;

use self::age::Age;
use crate::{Error, files, store::Store};

/// Files that are read side by side.
const BATCH: usize = 512;
/// Bytes of files that are read side by side.
const BATCH_BYTES: usize = 32 << 20;
/// Records that were passed over and are named, of one feed.
const NAMED: usize = 20;

/// What was made.
#[derive(Debug, Default)]
pub struct Made {
    /// The bytes of the file.
    pub bytes: u64,
    /// Each feed, with what it came to.
    pub feeds: Vec<MadeFeed>,
}

/// What a feed came to.
#[derive(Clone, Debug, Default)]
pub struct MadeFeed {
    /// The feed.
    pub info: FeedInfo,
    /// Files in which no format was known.
    pub foreign: u64,
    /// Some of the records that were passed over.
    pub skipped: Vec<Skipped>,
    /// Files that could not be unpacked.
    pub problems: Vec<String>,
}

/// Makes the database and puts it in place of the one before.
///
/// # Errors
/// There is no feed, the store can't be read, or the file not written; the
/// database before then stays.
pub fn make(
    store: &Store,
    target: &Path,
    key: Option<&SigningKey>,
    hears: &dyn Fn(&str),
) -> Result<Made, Error> {
    let mut builder = Builder::new();
    let mut made = Made::default();
    for name in store.names()? {
        hears(&name);
        let feed = add(store, &name, &mut builder)?;
        if let Some(feed) = feed {
            builder.describe(feed.info.clone());
            made.feeds.push(feed);
        }
    }
    // A database of nothing would take the place of one that knows something.
    if made.feeds.is_empty() {
        return Err(Error::NoFeeds);
    }
    let bytes = builder.finish(key);
    made.bytes = bytes.len() as u64;
    replace(target, &bytes)?;
    Ok(made)
}

/// Writes a file whole, in place of the one before.
///
/// # Errors
/// It can't be written.
pub fn replace(target: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let draft = folder.join(format!(".unfinished-{}.db", std::process::id()));
    let written = fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, target));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.map_err(Error::io(target))
}

/// Adds one feed; none when nothing of it is there.
fn add(store: &Store, name: &str, builder: &mut Builder) -> Result<Option<MadeFeed>, Error> {
    let about = store.about(name)?;
    if about.parts.is_empty() {
        return Ok(None);
    }
    let mut feed = MadeFeed {
        info: FeedInfo {
            name: name.to_owned(),
            licence: about.licence.clone(),
            ..FeedInfo::default()
        },
        ..MadeFeed::default()
    };
    // A file of its own counts before one of that name in an archive.
    let own: BTreeSet<String> = about.parts.keys().map(|part| told(part)).collect();
    let mut age = Age::default();
    let mut checked: Option<Timestamp> = None;
    for (part, copy) in &about.parts {
        if feed.info.url.is_empty() {
            feed.info.url.clone_from(&copy.url);
        }
        // What its publisher last called current; the oldest file counts.
        checked = match (checked, copy.checked) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let path = store.path(name, part);
        let mut batch: Vec<(String, Vec<u8>)> = Vec::new();
        let mut held = 0;
        let told = told(part);
        let read = files::each(&path, &told, &mut |file, bytes| {
            age.index(file, bytes);
            if file != told && (own.contains(file) || about.deleted.contains(file)) {
                return true;
            }
            held += bytes.len();
            batch.push((file.to_owned(), bytes.to_vec()));
            if batch.len() >= BATCH || held >= BATCH_BYTES {
                flush(&mut batch, name, builder, &mut feed, &mut age);
                held = 0;
            }
            true
        });
        flush(&mut batch, name, builder, &mut feed, &mut age);
        match read {
            Ok(read) => {
                feed.problems.extend(read.problems);
                age.archive(read.newest.min(copy.had));
            }
            Err(error) => feed.problems.push(format!("{}: {error}", path.display())),
        }
    }
    feed.info.as_of = checked.or(age.as_of());
    Ok(Some(feed))
}

/// The name in its feed of a file that is kept under this one.
fn told(part: &str) -> String {
    part.replace('+', "/")
}

/// Reads files side by side and adds what they hold, in their order.
fn flush(
    batch: &mut Vec<(String, Vec<u8>)>,
    name: &str,
    builder: &mut Builder,
    feed: &mut MadeFeed,
    age: &mut Age,
) {
    let read: Vec<Option<Records>> = std::mem::take(batch)
        .into_par_iter()
        .map(|(file, bytes)| detect(&file, &bytes).map(|format| read(format, &file, &bytes)))
        .collect();
    for records in read {
        let Some(records) = records else {
            feed.foreign += 1;
            continue;
        };
        feed.info.skipped += records.skipped.len() as u64;
        let room = NAMED.saturating_sub(feed.skipped.len());
        feed.skipped.extend(records.skipped.into_iter().take(room));
        for mut advisory in records.advisories {
            feed.info.records += 1;
            let said = advisory.source.modified.or(advisory.source.published);
            age.record(said);
            name.clone_into(&mut advisory.source.feed);
            builder.add(advisory);
        }
        for (cve, exploitation) in records.exploitation {
            feed.info.records += 1;
            age.record(day_of(&exploitation));
            builder.add_exploitation(cve, exploitation);
        }
        for lifecycle in records.lifecycles {
            feed.info.records += 1;
            builder.add_lifecycle(lifecycle);
        }
    }
}

/// The newest day that what is known of an exploitation names.
fn day_of(exploitation: &Exploitation) -> Option<Timestamp> {
    let kev = exploitation.kev.as_ref().map(|kev| kev.added);
    let epss = exploitation.epss.and_then(|epss| epss.day);
    kev.max(epss).map(plimsoll_model::time::start_of)
}
