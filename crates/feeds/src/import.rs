//! Feeds that were brought as files, where no publisher can be reached.
//!
//! Each file is a feed by its name; a folder is a feed for each file in it that
//! holds records, and one for each folder in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::{
    Error,
    store::{ABOUT, About, Copy, Store, measure},
    update::check,
};

/// Files of one folder that are taken.
const MOST_FILES: usize = 1_000_000;
/// How deep folders are looked through.
const MOST_DEPTH: usize = 8;

/// What came of one feed.
#[derive(Debug)]
pub struct Imported {
    /// The feed's name.
    pub feed: String,
    /// Where it was brought from.
    pub from: PathBuf,
    /// How many files it has; why it was not taken.
    pub outcome: Result<usize, Error>,
}

/// Takes a file or folder into the store.
///
/// # Errors
/// It can't be read, or the store not written.
pub fn import(store: &Store, path: &Path, now: Timestamp) -> Result<Vec<Imported>, Error> {
    let metadata = fs::metadata(path).map_err(Error::io(path))?;
    if metadata.is_file() {
        return Ok(vec![file(store, path, now)]);
    }
    let mut imported = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map_err(Error::io(path))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(Error::io(path))?;
    entries.sort();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    // Many small files are one feed that was unpacked.
    const FEW: usize = 64;
    if files.len() > FEW {
        imported.push(folder(store, path, now));
        return Ok(imported);
    }
    for path in files {
        imported.push(file(store, &path, now));
    }
    for path in folders {
        imported.push(folder(store, &path, now));
    }
    Ok(imported)
}

/// The name of a feed that comes as this file: without what says how it is
/// packed.
fn feed_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut name = name.as_ref();
    for end in [
        ".gz", ".xz", ".zst", ".tar", ".tgz", ".zip", ".json", ".csv", ".xml",
    ] {
        name = name.strip_suffix(end).unwrap_or(name);
    }
    let plain: String = name
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || "._-".contains(c) => c.to_ascii_lowercase(),
            _ => '-',
        })
        .take(100)
        .collect();
    match plain.trim_start_matches('.') {
        "" => "imported".to_owned(),
        plain => plain.to_owned(),
    }
}

fn file(store: &Store, path: &Path, now: Timestamp) -> Imported {
    let feed = feed_name(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let outcome = check(path, &name, &path.display().to_string()).and_then(|()| {
        let mut about = About {
            imported: true,
            ..About::default()
        };
        take(store, &feed, &name, path, now, &mut about)?;
        store.note(&feed, &about)?;
        store.tidy(&feed, &about)?;
        Ok(1)
    });
    Imported {
        feed,
        from: path.to_owned(),
        outcome,
    }
}

/// A folder as one feed: the files in it that hold records.
fn folder(store: &Store, path: &Path, now: Timestamp) -> Imported {
    let feed = feed_name(path);
    let outcome = collect(path).and_then(|files| {
        let mut about = About {
            imported: true,
            ..About::default()
        };
        let mut first_error = None;
        for file in &files {
            let relative = file.strip_prefix(path).unwrap_or(file);
            // One folder in the store: what separates folders becomes a sign.
            let name = relative.to_string_lossy().replace(['/', '\\'], "+");
            match check(
                file,
                &relative.to_string_lossy(),
                &file.display().to_string(),
            ) {
                Ok(()) => take(store, &feed, &name, file, now, &mut about)?,
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        if about.parts.is_empty() {
            return Err(first_error.unwrap_or_else(|| Error::Unusable {
                what: path.display().to_string(),
                why: "no files are in it".to_owned(),
            }));
        }
        store.note(&feed, &about)?;
        store.tidy(&feed, &about)?;
        Ok(about.parts.len())
    });
    Imported {
        feed,
        from: path.to_owned(),
        outcome,
    }
}

fn take(
    store: &Store,
    feed: &str,
    name: &str,
    from: &Path,
    now: Timestamp,
    about: &mut About,
) -> Result<(), Error> {
    // The store keeps a file of that name of its own.
    let name = &match name {
        ABOUT => format!("+{ABOUT}"),
        name => name.to_owned(),
    };
    let draft = store.draft(feed, name)?;
    fs::copy(from, &draft).map_err(Error::io(from))?;
    let (bytes, blake3) = measure(&draft).map_err(Error::io(&draft))?;
    store.keep(&draft, feed, name)?;
    let copy = Copy {
        url: from.display().to_string(),
        had: Some(now),
        bytes,
        blake3,
        ..Copy::default()
    };
    about.parts.insert(name.to_owned(), copy);
    Ok(())
}

/// All regular files below a folder, sorted; hidden ones and links left out.
fn collect(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let entry = entry.map_err(Error::io(&folder))?;
            let kind = entry.file_type().map_err(Error::io(entry.path()))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth < MOST_DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
        if found.len() > MOST_FILES {
            return Err(Error::Unusable {
                what: folder.display().to_string(),
                why: format!("more than {MOST_FILES} files are in it"),
            });
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_may_be_called_as_the_stores_own_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path().join("db"));
        let path = folder.path().join(ABOUT);
        let record = r#"{"id": "GO-2026-1", "modified": "2026-01-01T00:00:00Z", "affected": [
            {"package": {"ecosystem": "Go", "name": "example.com/m"},
             "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}"#;
        fs::write(&path, record).expect("writable");
        let imported = import(&store, &path, Timestamp::UNIX_EPOCH).expect("a store");
        assert!(
            imported.iter().all(|feed| feed.outcome.is_ok()),
            "{imported:?}"
        );
        let made = crate::make::make(&store, &folder.path().join("a.db"), None, &|_| {});
        let made = made.expect("made");
        assert_eq!(made.feeds.len(), 1);
        assert_eq!(made.feeds[0].info.records, 1);
    }

    #[test]
    fn feeds_are_named_as_their_files() {
        let check = |path: &str, expect: &str| assert_eq!(feed_name(Path::new(path)), expect);
        check("a/cisa-kev.json.gz", "cisa-kev");
        check("go-vulndb-osv.tar.gz", "go-vulndb-osv");
        check("Weird name!.zip", "weird-name-");
        check(".json", "imported");
    }
}
