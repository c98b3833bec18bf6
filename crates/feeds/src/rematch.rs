//! Stored images, matched again when the database changes: without the images,
//! without a registry, and only as far as advisories changed.
//!
//! What is found is kept by variant of a package and not by image: two images
//! with the same package have the same vulnerabilities. The files of the store
//! are the truth; what is kept here is made anew of them when it is lost.

mod seen;
mod state;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_model::{AssetId, Severity, Timestamp, VulnerabilityState, image::Image};
use plimsoll_registry::sboms::{self, Entry, Sboms, Stored};
use plimsoll_vuln::{
    db::{self, Database, PublicKey, Trust},
    matching::Matched,
    rematch::{Index, Stale, Variant},
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use self::state::{Kept, Known, State};
use crate::{
    Error,
    mapped::{self, Mapped},
};

/// Images that are read from the store together.
const BATCH: usize = 256;

/// A vulnerability of a package, as it is told of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Said {
    /// The vulnerability.
    pub id: String,
    /// The package without its version, as a package URL.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// How bad it is; none when nobody says.
    pub severity: Option<Severity>,
    /// The first version without it.
    pub fixed: Option<String>,
}

impl Said {
    /// What makes it the same one: all but what is said of it.
    fn key(&self) -> (&str, &str, &str) {
        (&self.id, &self.package, &self.version)
    }
}

/// What is otherwise in an image than when it was last matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChange {
    /// The image.
    pub image: AssetId,
    /// What it has and had not, with when that was first seen in its repository.
    pub new: Vec<(Arc<Said>, Timestamp)>,
    /// What it had and has not.
    pub gone: Vec<Arc<Said>>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Rematched {
    /// Images that are stored.
    pub images: u64,
    /// Those that were put into the store, or looked into again, since.
    pub added: u64,
    /// Those that went from the store since.
    pub forgotten: u64,
    /// Files of the store that can't be read: their images have to be looked into again.
    pub damaged: Vec<PathBuf>,
    /// Variants of packages that were matched.
    pub matched: u64,
    /// Variants there are.
    pub variants: u64,
    /// Why everything was matched, where everything was.
    pub anew: Option<&'static str>,
    /// What changed, by image.
    pub changes: Vec<ImageChange>,
    /// Variants of which nothing is known, by the reason.
    pub unknown: BTreeMap<String, u64>,
}

/// What matches an image with the database.
pub type Match<'a> = &'a (dyn Fn(&Image) -> Matched + Sync);

/// What an image had when it was looked into, in the form of the store.
#[must_use]
pub fn found(matched: &Matched) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = said(matched)
        .into_iter()
        .map(|said| (said.id, said.package, said.version))
        .collect();
    found.dedup();
    found
}

/// Matches the stored images again, as far as `db`, the file at `path`, says
/// other things than the database they were last matched with. `keys` are
/// those that this one may have been signed with.
///
/// # Errors
/// The store can't be read, or what came of it not be written; the next run
/// then finds what this one would have.
pub fn rematch(
    store: &Sboms,
    (db, path): (&Database<Mapped>, &Path),
    keys: &[PublicKey],
    match_image: Match<'_>,
    now: Timestamp,
) -> Result<Rematched, Error> {
    let folder = store.folder();
    let _lock = lock(folder)?;
    let entries = store.entries().map_err(Error::io(folder))?;
    let mut work = Work {
        state: State::read(folder),
        index: Index::new(),
        done: Rematched::default(),
        match_image,
        now,
    };
    work.done.images = entries.len() as u64;
    work.open_index();
    let fresh = work.compare_with(&entries);
    let identity = blake3::Hash::from_bytes(db.identity()).to_hex().to_string();
    if work.state.compared != identity {
        work.stale(db, &folder.join(COMPARED), keys)?;
    }
    work.state.compared.clone_from(&identity);
    for batch in fresh.chunks(BATCH) {
        work.fresh(batch, &identity);
    }
    work.finish(folder, path)
}

/// The database that all was last matched with, beside the store.
const COMPARED: &str = "compared.db";

/// One at a time: each would tell of the same changes.
fn lock(folder: &Path) -> Result<File, Error> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let path = folder.join("lock");
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io(&path))?;
    file.lock().map_err(Error::io(&path))?;
    Ok(file)
}

fn said(matched: &Matched) -> Vec<Said> {
    let mut found: Vec<Said> = matched
        .vulnerabilities
        .iter()
        // That a package does not have one is nothing to tell.
        .filter(|v| v.state != VulnerabilityState::NotAffected)
        .map(|v| Said {
            id: v.id.clone(),
            package: v.package.lineage.clone(),
            version: v.package.version.clone(),
            severity: v.severity,
            fixed: v.fixed.clone(),
        })
        .collect();
    found.sort();
    found.dedup_by(|a, b| a.key() == b.key());
    found
}

struct Work<'a> {
    state: State,
    index: Index,
    done: Rematched,
    match_image: Match<'a>,
    now: Timestamp,
}

/// What is otherwise, of one image.
type Change = (Vec<Arc<Said>>, Vec<Arc<Said>>);

impl Work<'_> {
    fn open_index(&mut self) {
        match Index::from_bytes(&self.state.index) {
            Ok(index) => self.index = index,
            Err(_) => {
                // First-seen times stay; all else is made of the store.
                self.state.images.clear();
                self.state.variants.clear();
            }
        }
        self.state.index = Vec::new();
    }

    /// Forgets what went or was written again; what is to be read.
    fn compare_with<'e>(&mut self, entries: &'e [Entry]) -> Vec<&'e Entry> {
        // By their bytes: paths as such are compared part by part.
        let known: FxHashMap<&OsStr, (u64, u64)> = self
            .state
            .images
            .values()
            .map(|known| (known.path.as_os_str(), known.stamp))
            .collect();
        let fresh: Vec<&Entry> = entries
            .iter()
            .filter(|entry| known.get(entry.path.as_os_str()) != Some(&entry.stamp))
            .collect();
        let there: FxHashMap<&OsStr, (u64, u64)> = entries
            .iter()
            .map(|entry| (entry.path.as_os_str(), entry.stamp))
            .collect();
        let (mut gone, mut again) = (Vec::new(), 0);
        for (image, known) in &self.state.images {
            let stamp = there.get(known.path.as_os_str());
            if stamp != Some(&known.stamp) {
                gone.push(image.clone());
                again += u64::from(stamp.is_some());
            }
        }
        self.done.forgotten = gone.len() as u64 - again;
        for image in &gone {
            self.index.remove(image);
            self.state.images.remove(image);
        }
        if !gone.is_empty() {
            self.drop_unheld();
        }
        fresh
    }

    /// What no image holds would not be kept up to date.
    fn drop_unheld(&mut self) {
        let every = self.index.every();
        let held: BTreeSet<&str> = every.iter().map(|stale| stale.variant).collect();
        self.state
            .variants
            .retain(|variant, _| held.contains(variant.as_str()));
    }

    /// Matches what another database may say other things of.
    fn stale(
        &mut self,
        db: &Database<Mapped>,
        compared: &Path,
        keys: &[PublicKey],
    ) -> Result<(), Error> {
        if self.index.is_empty() {
            return Ok(());
        }
        let old = mapped::open(compared, Trust::Signed(keys)).ok();
        let old = old.filter(|old| {
            blake3::Hash::from_bytes(old.identity()).to_hex().as_str() == self.state.compared
        });
        let stale: Vec<Stale<'_>> = match &old {
            Some(old) => self.index.stale(&db::changed(old, db)?),
            None => {
                self.done.anew = Some("the database they were matched with is not there any more");
                self.index.every()
            }
        };
        // A package may be known by several names: each variant once.
        let mut variants: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for stale in stale {
            let images = variants.entry(stale.variant).or_default();
            if images.is_empty() {
                *images = stale.images;
            } else {
                images.extend(stale.images);
                images.sort_unstable();
                images.dedup();
            }
        }
        self.done.matched += variants.len() as u64;
        let kept = &self.state.variants;
        let match_image = self.match_image;
        let now_said: Vec<(String, Option<Kept>)> = variants
            .par_iter()
            .map(|(variant, _)| {
                let again = kept
                    .get(*variant)
                    .and_then(|kept| matched(&kept.bytes, match_image));
                ((*variant).to_owned(), again)
            })
            .collect();
        let mut changes: BTreeMap<u32, Change> = BTreeMap::new();
        for ((variant, again), images) in now_said.into_iter().zip(variants.into_values()) {
            let (Some(again), Some(kept)) = (again, self.state.variants.get_mut(&variant)) else {
                continue;
            };
            let new = without(&again.found, &kept.found);
            let gone = without(&kept.found, &again.found);
            *kept = again;
            if new.is_empty() && gone.is_empty() {
                continue;
            }
            for image in images {
                let change = changes.entry(image).or_default();
                change.0.extend(new.iter().cloned());
                change.1.extend(gone.iter().cloned());
            }
        }
        for (image, change) in changes {
            if let Some(name) = self.index.name(image) {
                let image = AssetId::from_text(name);
                let told = tell(&mut self.state, image, change, self.now);
                self.done.changes.extend(told);
            }
        }
        Ok(())
    }

    /// Takes images that are new in the store. What was found in them when
    /// they were looked into is what they had before.
    fn fresh(&mut self, batch: &[&Entry], identity: &str) {
        let read: Vec<io::Result<(Stored, BTreeMap<String, Variant>)>> = batch
            .par_iter()
            .map(|entry| {
                let stored = sboms::read(&entry.path)?;
                let variants = Variant::all(&stored.image);
                let variants = variants.into_iter().map(|v| (v.id(), v)).collect();
                Ok((stored, variants))
            })
            .collect();
        let mut missing: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (variant, of) in read.iter().flatten().flat_map(|(_, variants)| variants) {
            if !self.state.variants.contains_key(variant) && !missing.contains_key(variant) {
                missing.insert(variant.clone(), of.to_bytes());
            }
        }
        self.done.matched += missing.len() as u64;
        let match_image = self.match_image;
        let kept: Vec<(String, Kept)> = missing
            .into_par_iter()
            .filter_map(|(variant, bytes)| Some((variant, matched(&bytes, match_image)?)))
            .collect();
        self.state.variants.extend(kept);
        for (entry, read) in batch.iter().zip(read) {
            let Some((id, stored, variants)) = read
                .ok()
                .and_then(|(stored, variants)| Some((sboms::id(&stored.image)?, stored, variants)))
            else {
                self.done.damaged.push(entry.path.clone());
                continue;
            };
            self.done.added += 1;
            self.take(entry, id, &stored, &variants, identity);
        }
    }

    fn take(
        &mut self,
        entry: &Entry,
        id: AssetId,
        stored: &Stored,
        variants: &BTreeMap<String, Variant>,
        identity: &str,
    ) {
        let keys: Vec<_> = variants
            .iter()
            .flat_map(|(id, variant)| variant.keys().into_iter().map(move |key| (id, key)))
            .collect();
        let packages = keys
            .iter()
            .map(|(id, key)| (key.place.as_place(), key.name.as_str(), id.as_str()));
        self.index.put(id.as_str(), packages);
        let known = Known {
            path: entry.path.clone(),
            stamp: entry.stamp,
        };
        self.state.images.insert(id.as_str().to_owned(), known);
        for (vulnerability, package, _) in &stored.found {
            let subject = format!("{vulnerability} {package}");
            self.state.seen.see(id.lineage(), &subject, stored.at);
        }
        if stored.compared == identity {
            return;
        }
        let before: BTreeSet<(&str, &str, &str)> = stored
            .found
            .iter()
            .map(|(id, package, version)| (&**id, &**package, &**version))
            .collect();
        let found = variants.keys().filter_map(|id| self.state.variants.get(id));
        let found: BTreeSet<&Arc<Said>> = found.flat_map(|kept| &kept.found).collect();
        let has: BTreeSet<_> = found.iter().map(|said| said.key()).collect();
        let new = found.iter().filter(|said| !before.contains(&said.key()));
        let new: Vec<Arc<Said>> = new.map(|said| Arc::clone(said)).collect();
        let gone = before.difference(&has).map(|(id, package, version)| Said {
            id: (*id).to_owned(),
            package: (*package).to_owned(),
            version: (*version).to_owned(),
            severity: None,
            fixed: None,
        });
        let gone = gone.map(Arc::new).collect();
        let told = tell(&mut self.state, id, (new, gone), self.now);
        self.done.changes.extend(told);
    }

    fn finish(mut self, folder: &Path, path: &Path) -> Result<Rematched, Error> {
        self.done.variants = self.state.variants.len() as u64;
        for why in self.state.variants.values().flat_map(|kept| &kept.unknown) {
            *self.done.unknown.entry(why.clone()).or_default() += 1;
        }
        self.done.changes.sort_by(|a, b| a.image.cmp(&b.image));
        self.state.index = self.index.to_bytes();
        self.state.write(folder)?;
        // Should this fail, or the machine stop here, all is matched next time.
        keep_compared(path, &folder.join(COMPARED)).map_err(Error::io(folder))?;
        Ok(self.done)
    }
}

/// Keeps the database under another name: the same file where that can be, for
/// a newer one takes its place by a rename.
fn keep_compared(db: &Path, compared: &Path) -> io::Result<()> {
    let draft = compared.with_extension("unfinished");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if fs::hard_link(db, &draft).is_err() {
        fs::copy(db, &draft)?;
    }
    fs::rename(&draft, compared)?;
    // Two names of one file are not renamed over each other.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn matched(variant: &[u8], match_image: Match<'_>) -> Option<Kept> {
    let image = Variant::from_bytes(variant)?.image();
    let matched = match_image(&image);
    Some(Kept {
        bytes: variant.to_vec(),
        found: said(&matched).into_iter().map(Arc::new).collect(),
        unknown: matched
            .unknown
            .iter()
            .map(|gap| format!("{}: {}", gap.group, gap.why))
            .collect(),
    })
}

/// What of `a` is not in `b`.
fn without(a: &[Arc<Said>], b: &[Arc<Said>]) -> Vec<Arc<Said>> {
    let has = |key| b.binary_search_by(|said| said.key().cmp(&key)).is_ok();
    a.iter().filter(|said| !has(said.key())).cloned().collect()
}

fn tell(
    state: &mut State,
    image: AssetId,
    (mut new, mut gone): Change,
    now: Timestamp,
) -> Option<ImageChange> {
    if new.is_empty() && gone.is_empty() {
        return None;
    }
    for list in [&mut new, &mut gone] {
        list.sort();
        list.dedup();
    }
    let first_seen = |said: Arc<Said>| {
        let subject = format!("{} {}", said.id, said.package);
        let at = state.seen.see(image.lineage(), &subject, now);
        (said, at)
    };
    let new = new.into_iter().map(first_seen).collect();
    Some(ImageChange { image, new, gone })
}

/// Reads the bytes as what is kept between two runs.
pub(crate) fn any(bytes: &[u8]) {
    State::of(bytes);
}

#[cfg(test)]
mod tests;
