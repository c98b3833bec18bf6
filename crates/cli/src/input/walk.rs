//! Folders are walked in one order, whatever the file system's is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ignore::{
    DirEntry, WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};
use plimsoll_assess::Purpose;
use plimsoll_model::wire::{GapReport, GapState};

use super::{Found, OWN_FOLDER, gap, name, no_path};
use crate::{
    bounded,
    exit::{Failure, fail},
};

/// What manifests end with.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];
/// Ignore files of our own, beside `.gitignore` and `.ignore`.
const IGNORE_FILE: &str = ".plimsollignore";

/// Files found so far, each by its real path, so that none is read twice.
pub(super) struct Walk {
    found: BTreeMap<PathBuf, Found>,
    left_out: Vec<PathBuf>,
    exclude: Arc<Gitignore>,
    gaps: BTreeMap<String, GapReport>,
}

impl Walk {
    /// A walk that leaves out what the globs match, from each root.
    pub(super) fn new(exclude: &[String]) -> Result<Self, Failure> {
        let mut globs = GitignoreBuilder::new("");
        for glob in exclude {
            if let Err(error) = globs.add_line(None, glob) {
                return fail(format!("--exclude {glob}: {error}"));
            }
        }
        let exclude = match globs.build() {
            Ok(exclude) => Arc::new(exclude),
            Err(error) => return fail(format!("--exclude: {error}")),
        };
        Ok(Walk {
            found: BTreeMap::new(),
            left_out: Vec::new(),
            exclude,
            gaps: BTreeMap::new(),
        })
    }

    /// From now on this file or folder is not there.
    pub(super) fn leave_out(&mut self, path: &Path) {
        if let Ok(real) = fs::canonicalize(path) {
            self.left_out.push(real);
        }
    }

    /// Adds a file, all of a folder, or standard input.
    pub(super) fn add(&mut self, path: &Path, purpose: Purpose) -> Result<(), Failure> {
        if path == Path::new("-") {
            self.insert(path.to_owned(), path, purpose, true);
            return Ok(());
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return no_path(path, &bounded::words(&error)),
        };
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => return no_path(path, &bounded::words(&error)),
        };
        if metadata.is_dir() {
            self.folder(path, &real, purpose)
        } else {
            self.insert(real, path, purpose, true);
            Ok(())
        }
    }

    fn insert(&mut self, real: PathBuf, path: &Path, purpose: Purpose, named: bool) {
        if self.left_out.iter().any(|out| real.starts_with(out)) {
            return;
        }
        let found = Found {
            name: name(path),
            path: path.to_owned(),
            purpose,
            named,
        };
        match self.found.get_mut(&real) {
            None => {
                self.found.insert(real, found);
            }
            // Two ways to one file: the shorter names it, whatever their order.
            Some(there)
                if there.purpose == purpose
                    && (found.name.len(), &found.name) < (there.name.len(), &there.name) =>
            {
                *there = Found {
                    named: named || there.named,
                    ..found
                };
            }
            Some(_) => {}
        }
    }

    fn folder(&mut self, root: &Path, real: &Path, purpose: Purpose) -> Result<(), Failure> {
        for entry in walker(root, self.exclude.clone()) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(root, &error)?;
                    continue;
                }
            };
            let Some(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() || !has_ending(entry.path()) || is_configuration(entry.path()) {
                continue;
            }
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if kind.is_symlink() {
                self.link(entry.path(), real, purpose);
            } else if kind.is_file() {
                self.insert(real.join(below), entry.path(), purpose, false);
            } else {
                self.count(gap(
                    entry.path(),
                    GapState::Skipped,
                    "it is no regular file",
                ));
            }
        }
        Ok(())
    }

    fn count(&mut self, gap: GapReport) {
        self.gaps.insert(gap.file.clone(), gap);
    }

    /// A link to a file below the root is the file; any other leads out of
    /// what the user named.
    fn link(&mut self, path: &Path, root: &Path, purpose: Purpose) {
        let reason = match fs::canonicalize(path) {
            Ok(real) if real.starts_with(root) && real.is_file() => {
                self.insert(real, path, purpose, false);
                return;
            }
            Ok(real) if real.is_dir() => "it is a link to a folder, which is not followed",
            Ok(_) => "it is a link that leads out of the folder, which is not followed",
            Err(_) => "it is a link to nothing",
        };
        self.count(gap(path, GapState::Skipped, reason));
    }

    /// A folder below the root that can't be listed may hold objects: it
    /// counts as failed. If it is the root itself, nothing is known.
    fn unreadable(&mut self, root: &Path, error: &ignore::Error) -> Result<(), Failure> {
        let reason = error
            .io_error()
            .map_or_else(|| error.to_string(), bounded::words);
        match path_of(error) {
            Some(path) if path != root => {
                self.count(gap(path, GapState::Failed, &reason));
                Ok(())
            }
            _ => no_path(root, &reason),
        }
    }

    /// What was found, in order of names.
    pub(super) fn finish(self, gaps: &mut Vec<GapReport>) -> Vec<Found> {
        gaps.extend(self.gaps.into_values());
        let mut found: Vec<Found> = self.found.into_values().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

fn walker(root: &Path, exclude: Arc<Gitignore>) -> ignore::Walk {
    let top = root.to_owned();
    WalkBuilder::new(root)
        .hidden(false)
        .follow_links(false)
        // The machine's own ignore files would make results depend on it.
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(move |entry| {
            if entry.depth() == 0 {
                return true;
            }
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let below = entry.path().strip_prefix(&top).unwrap_or(entry.path());
            is_visible(entry) && !exclude.matched(below, folder).is_ignore()
        })
        .build()
}

/// Hidden files and folders hold tools' own things; ours is meant.
fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !name.starts_with('.') || name == OWN_FOLDER
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// `.plimsoll/config.yaml` is no manifest.
fn is_configuration(path: &Path) -> bool {
    path.ends_with(crate::config::DEFAULT_PATH)
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}
