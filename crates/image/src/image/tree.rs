//! Layers put over each other: which file of which layer is there in the end,
//! and which layer took each of the others away.
//!
//! The rules are those of the OCI image-spec (layer.md): a whiteout hides the
//! path and what is below it, an opaque folder hides what is below it, both in
//! the layers below only; an entry replaces the entry of its path; what is no
//! folder and replaces one hides all that was in it. An entry whose parent
//! folder is a symbolic link, and not a folder in its own layer, lands where
//! the link leads, as runtimes unpack it.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::layer::{FileKind, FileRecord, LayerAnalysis};

/// Symbolic and hard links that are followed to find one path.
const HOPS: u32 = 40;

/// One entry of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The layer, from 0.
    pub layer: u32,
    /// The entry in [`LayerAnalysis::files`].
    pub file: u32,
}

/// Stands for "not hidden by any layer".
const LIVE: u32 = u32::MAX;

/// The layers of an image over each other.
pub struct Tree<'a> {
    layers: Vec<&'a LayerAnalysis>,
    /// For each entry of each layer: the layer that hid it, or [`LIVE`].
    hidden: Vec<Vec<u32>>,
    /// Where entries are that went through a link.
    moved: FxHashMap<Id, String>,
    /// What is there in the end.
    live: FxHashMap<Cow<'a, str>, Id>,
    /// Hard links by what they are links to.
    links: FxHashMap<Id, Vec<Id>>,
    /// What hard links are links to.
    targets: FxHashMap<Id, Id>,
    /// Folders that no layer has an entry for, only entries below them.
    implicit: FxHashSet<String>,
}

impl<'a> Tree<'a> {
    /// Puts layers over each other, the lowest first.
    #[must_use]
    pub fn new(layers: Vec<&'a LayerAnalysis>) -> Self {
        let entries = layers.iter().map(|layer| layer.files.len()).sum();
        let mut tree = Tree {
            hidden: layers
                .iter()
                .map(|layer| vec![LIVE; layer.files.len()])
                .collect(),
            layers,
            moved: FxHashMap::default(),
            live: FxHashMap::default(),
            links: FxHashMap::default(),
            targets: FxHashMap::default(),
            implicit: FxHashSet::default(),
        };
        tree.live.reserve(entries);
        for at in 0..tree.layers.len() {
            tree.put(at);
        }
        tree
    }

    /// How many layers there are.
    #[must_use]
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// One layer.
    #[must_use]
    pub fn layer(&self, at: u32) -> &'a LayerAnalysis {
        self.layers[at as usize]
    }

    /// Where an entry is in the image.
    #[must_use]
    pub fn path(&self, id: Id) -> &str {
        match self.moved.get(&id) {
            Some(path) => path,
            None => &self.entry(id).0,
        }
    }

    /// What its layer says of an entry.
    #[must_use]
    pub fn record(&self, id: Id) -> &'a FileRecord {
        &self.entry(id).1
    }

    /// What is known of an entry's bytes: for a hard link what is known of the
    /// file it is a link to.
    #[must_use]
    pub fn content(&self, id: Id) -> &'a FileRecord {
        self.record(self.target(id).unwrap_or(id))
    }

    /// What a hard link is a link to.
    #[must_use]
    pub fn target(&self, id: Id) -> Option<Id> {
        self.targets.get(&id).copied()
    }

    /// The entry of a layer with this path, as the layer writes it.
    #[must_use]
    pub fn find_in(&self, layer: u32, path: &str) -> Option<Id> {
        let files = &self.layers[layer as usize].files;
        let file = files.binary_search_by(|(p, _)| p.as_str().cmp(path)).ok()?;
        Some(Id {
            layer,
            file: u32::try_from(file).ok()?,
        })
    }

    /// The layer that took this entry's bytes away; none when they are there
    /// in the end, be it by another name.
    #[must_use]
    pub fn removed_by(&self, id: Id) -> Option<u32> {
        let mut last = self.hidden_by(id)?;
        for &link in self.links.get(&id).into_iter().flatten() {
            last = last.max(self.hidden_by(link)?);
        }
        Some(last)
    }

    /// The layer that hid or replaced this entry itself.
    #[must_use]
    pub fn hidden_by(&self, id: Id) -> Option<u32> {
        let by = self.hidden[id.layer as usize][id.file as usize];
        (by != LIVE).then_some(by)
    }

    /// The hard links to this entry.
    #[must_use]
    pub fn links_to(&self, id: Id) -> &[Id] {
        self.links.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The entry that is there in the end at exactly this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Id> {
        self.live.get(path).copied()
    }

    /// The entry that is there in the end at this path, its parent folders
    /// followed through symbolic links; not followed itself.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Id> {
        if let Some(id) = self.get(path) {
            return Some(id);
        }
        let (parent, name) = path.rsplit_once('/')?;
        let real = self.real_folder(parent)?;
        self.get(&join(&real, name))
    }

    /// Where a folder is, when symbolic links on the way to it are followed;
    /// none when that is nowhere, or it was no link at all.
    #[must_use]
    pub fn real_folder(&self, path: &str) -> Option<String> {
        follow(path, |path| self.get(path).map(|id| &self.record(id).kind))
            .filter(|real| real != path)
    }

    /// Every entry that is there in the end, sorted by path.
    #[must_use]
    pub fn visible(&self) -> Vec<(&str, Id)> {
        let mut all = Vec::with_capacity(self.live.len());
        // In the order of the layers, each of which is sorted: the sort finds
        // sorted runs.
        for (layer, hidden) in self.hidden.iter().enumerate() {
            for (file, _) in hidden.iter().enumerate().filter(|(_, by)| **by == LIVE) {
                let id = id(layer, file);
                all.push((self.path(id), id));
            }
        }
        all.sort();
        all
    }

    fn entry(&self, id: Id) -> &'a (String, FileRecord) {
        &self.layers[id.layer as usize].files[id.file as usize]
    }

    /// Puts the layer with this index over those below it.
    fn put(&mut self, at: usize) {
        let layer = self.layers[at];
        let by = u32::try_from(at).unwrap_or(LIVE - 1);
        // Links to files of the layers below are found before those are hidden.
        let mut links = Vec::new();
        for (file, (_, record)) in layer.files.iter().enumerate() {
            if let FileKind::Hardlink(target) = &record.kind {
                links.push((id(at, file), self.link_target(by, target)));
            }
        }
        let mut below = Below::default();
        for path in &layer.opaque {
            self.hide_under(path, by, &mut below);
        }
        for path in &layer.whiteouts {
            self.hide(path, by, &mut below);
        }
        let mut folders = FxHashMap::default();
        for (file, (path, record)) in layer.files.iter().enumerate() {
            let id = id(at, file);
            let real = match path.rsplit_once('/') {
                Some((parent, name)) => self
                    .landing(parent, by, &mut folders, &mut below)
                    .map(|real| join(&real, name)),
                None => None,
            };
            let place = real.as_deref().unwrap_or(path);
            if let Some(old) = self.live.get(place).copied() {
                if old.layer == by {
                    // Two entries of one layer by two names: the one that has
                    // the name itself is the one that stays.
                    let loses = if real.is_some() { id } else { old };
                    self.hidden[at][loses.file as usize] = by;
                    if real.is_some() {
                        continue;
                    }
                } else {
                    self.hidden[old.layer as usize][old.file as usize] = by;
                }
            }
            if record.kind != FileKind::Directory {
                // Whether a folder is in the way.
                let folder = self.live.get(place).is_some_and(|old| {
                    old.layer != by && self.record(*old).kind == FileKind::Directory
                });
                if folder || self.implicit.contains(place) {
                    self.hide_under(place, by, &mut below);
                }
            }
            match real {
                Some(real) => {
                    self.live.insert(Cow::Owned(real.clone()), id);
                    self.moved.insert(id, real);
                }
                None => {
                    self.live.insert(Cow::Borrowed(path), id);
                }
            }
        }
        for (link, target) in links {
            if let Some(target) = target.filter(|target| *target != link) {
                self.targets.insert(link, target);
                self.links.entry(target).or_default().push(link);
            }
        }
    }

    /// The file that a hard link of layer `by` leads to.
    fn link_target(&self, by: u32, target: &str) -> Option<Id> {
        let mut target = target;
        for _ in 0..HOPS {
            let id = self
                .find_in(by, target)
                .or_else(|| self.live.get(target).copied())?;
            match &self.record(id).kind {
                FileKind::Hardlink(next) if id.layer == by => target = next,
                _ => return Some(self.targets.get(&id).copied().unwrap_or(id)),
            }
        }
        None
    }

    /// Where files of the folder `parent` of layer `by` land; none when there.
    fn landing(
        &mut self,
        parent: &'a str,
        by: u32,
        known: &mut FxHashMap<&'a str, Option<String>>,
        below: &mut Below<'a>,
    ) -> Option<String> {
        if let Some(real) = known.get(parent) {
            return real.clone();
        }
        let own = |path: &str| self.find_in(by, path).map(|id| &self.record(id).kind);
        let real = follow(parent, |path| {
            own(path).or_else(|| self.live.get(path).map(|id| &self.record(*id).kind))
        });
        let real = real.filter(|real| real != parent);
        // What is no folder and stands where one is needed is gone, and so is
        // a link that leads round in a circle.
        let place = real.as_deref().unwrap_or(parent);
        for (at, _) in place.match_indices('/').chain([(place.len(), "")]) {
            let path = &place[..at];
            match self.live.get(path).copied() {
                None => {
                    self.implicit.insert(path.to_owned());
                }
                Some(old) => {
                    if old.layer != by && self.record(old).kind != FileKind::Directory {
                        self.hide(path, by, below);
                        self.implicit.insert(path.to_owned());
                    }
                }
            }
        }
        known.insert(parent, real.clone());
        real
    }

    /// Hides a path of the layers below, and all that is below it.
    fn hide(&mut self, path: &str, by: u32, below: &mut Below<'a>) {
        let mut folder = self.implicit.contains(path);
        if let Some(&old) = self.live.get(path)
            && old.layer < by
        {
            folder |= self.record(old).kind == FileKind::Directory;
            self.live.remove(path);
            self.hidden[old.layer as usize][old.file as usize] = by;
        }
        if folder {
            self.hide_under(path, by, below);
        }
    }

    /// Hides all that is below a folder in the layers below.
    fn hide_under(&mut self, path: &str, by: u32, below: &mut Below<'a>) {
        let (from, to) = below.range(self, path, by);
        for at in from..to {
            let id = below.sorted.as_ref().map(|sorted| sorted[at].1);
            let Some(id) = id else { continue };
            let hidden = &mut self.hidden[id.layer as usize][id.file as usize];
            if *hidden == LIVE {
                *hidden = by;
                let path = match self.moved.get(&id) {
                    Some(path) => path.as_str(),
                    None => &self.layers[id.layer as usize].files[id.file as usize].0,
                };
                self.live.remove(path);
            }
        }
    }
}

/// What was there before a layer, sorted by path; made when first asked for,
/// since most layers hide no folder.
#[derive(Default)]
struct Below<'a> {
    sorted: Option<Vec<(Cow<'a, str>, Id)>>,
}

impl<'a> Below<'a> {
    /// The part that is below the folder `path` in the layers below `by`.
    fn range(&mut self, tree: &Tree<'a>, path: &str, by: u32) -> (usize, usize) {
        let sorted = self.sorted.get_or_insert_with(|| {
            let mut all = Vec::with_capacity(tree.live.len());
            for (layer, hidden) in tree.hidden.iter().take(by as usize).enumerate() {
                for (file, _) in hidden.iter().enumerate().filter(|(_, by)| **by == LIVE) {
                    let id = id(layer, file);
                    let path = match tree.moved.get(&id) {
                        Some(path) => Cow::Owned(path.clone()),
                        None => Cow::Borrowed(tree.layers[layer].files[file].0.as_str()),
                    };
                    all.push((path, id));
                }
            }
            all.sort();
            all
        });
        if path.is_empty() {
            return (0, sorted.len());
        }
        let from = sorted.partition_point(|(p, _)| before(p, path));
        let count = sorted[from..].partition_point(|(p, _)| is_under(p, path));
        (from, from + count)
    }
}

/// Whether `path` sorts before everything below the folder `folder`.
fn before(path: &str, folder: &str) -> bool {
    let (path, folder) = (path.as_bytes(), folder.as_bytes());
    let cut = path.len().min(folder.len());
    match path[..cut].cmp(&folder[..cut]) {
        std::cmp::Ordering::Equal => path.get(folder.len()).is_none_or(|byte| *byte < b'/'),
        other => other.is_lt(),
    }
}

/// Whether `path` is below the folder `folder`.
fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Follows the symbolic links on the way to `path`, the last component too.
/// What is not there, or is no link, stays as it is. None when links go round.
fn follow<'k>(path: &'k str, kind: impl Fn(&str) -> Option<&'k FileKind>) -> Option<String> {
    let mut todo: Vec<&str> = path.rsplit('/').collect();
    let mut done = String::with_capacity(path.len());
    let mut hops = 0;
    while let Some(part) = todo.pop() {
        match part {
            "" | "." => continue,
            ".." => {
                done.truncate(done.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let before = done.len();
        if !done.is_empty() {
            done.push('/');
        }
        done.push_str(part);
        if let Some(FileKind::Symlink(target)) = kind(&done) {
            hops += 1;
            if hops > HOPS || todo.len() > 4_096 {
                return None;
            }
            done.truncate(if target.starts_with('/') { 0 } else { before });
            todo.extend(target.rsplit('/'));
        }
    }
    Some(done)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    format!("{folder}/{name}")
}

fn id(layer: usize, file: usize) -> Id {
    // A layer has fewer entries than that, and an image fewer layers: `Limits`.
    Id {
        layer: u32::try_from(layer).unwrap_or(LIVE),
        file: u32::try_from(file).unwrap_or(LIVE),
    }
}

#[cfg(test)]
mod tests;
