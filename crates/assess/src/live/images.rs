//! Images of a watched estate: each is judged when it comes, and again when
//! what it is judged by is otherwise; one that comes costs nothing of the
//! others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{AssetId, Evaluation, ImageLink, ImageLinks, Timestamp};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    LookedInto,
    images::{self, Judge, Judged, JudgedImage},
};

/// What someone looked into, and the asset it is.
#[derive(Debug)]
struct Entry {
    looked_into: LookedInto,
    asset: Option<AssetId>,
}

/// All images that were looked into.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// By the first of their names.
    entries: BTreeMap<Arc<str>, Entry>,
    by_name: FxHashMap<Arc<str>, Arc<str>>,
    /// The entries of each asset: two names of one digest lead to one.
    of: BTreeMap<AssetId, BTreeSet<Arc<str>>>,
    judged: BTreeMap<AssetId, Arc<JudgedImage>>,
    links: ImageLinks,
    /// Assets that are to be judged again.
    touched: BTreeSet<AssetId>,
    /// Names that lead elsewhere than they did.
    led: FxHashSet<Arc<str>>,
    /// Whether there were any when they were last judged.
    any: bool,
}

/// What must be judged again beside what came and went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Again {
    /// The line asks for other controls.
    pub asked: bool,
    /// The advisories are others, or of another day.
    pub advisories: bool,
}

/// An image before and after.
pub(super) type Moved = (AssetId, Option<Arc<JudgedImage>>, Option<Arc<JudgedImage>>);

/// What came of judging again.
#[derive(Debug, Default)]
pub(super) struct Renewed {
    pub moved: Vec<Moved>,
    /// Names that lead to something else, or to what is judged otherwise.
    pub names: FxHashSet<Arc<str>>,
    /// Whether every name is to be taken for one of them: images are looked
    /// for from now on, or no longer.
    pub every_name: bool,
}

impl Images {
    /// Takes what someone looked into; it takes the place of what its names
    /// led to.
    pub(super) fn put(&mut self, mut looked_into: LookedInto, now: Timestamp) {
        for name in &looked_into.names {
            if let Some(first) = self.by_name.get(name).cloned() {
                self.leave(&first);
            }
        }
        // When it was looked into does not move with the clock.
        looked_into.at.get_or_insert(now);
        self.enter(looked_into);
    }

    fn enter(&mut self, looked_into: LookedInto) {
        let Some(first) = looked_into.names.iter().min().cloned() else {
            return;
        };
        let asset = looked_into.outcome.as_ref().ok();
        let asset = asset.map(|image| images::asset(image).id);
        for name in &looked_into.names {
            self.by_name.insert(name.clone(), first.clone());
            self.led.insert(name.clone());
        }
        if let Some(asset) = &asset {
            self.touched.insert(asset.clone());
            let entries = self.of.entry(asset.clone()).or_default();
            entries.insert(first.clone());
        } else {
            let link = images::link(&looked_into, None);
            let names = looked_into.names.iter();
            self.links
                .extend(names.map(|name| (name.clone(), link.clone())));
        }
        self.entries.insert(first, Entry { looked_into, asset });
    }

    fn leave(&mut self, first: &Arc<str>) -> Option<LookedInto> {
        let Entry { looked_into, asset } = self.entries.remove(first)?;
        for name in &looked_into.names {
            self.by_name.remove(name);
            self.links.remove(name);
            self.led.insert(name.clone());
        }
        if let Some(asset) = asset {
            if let Some(entries) = self.of.get_mut(&asset) {
                entries.remove(first);
                if entries.is_empty() {
                    self.of.remove(&asset);
                }
            }
            self.touched.insert(asset);
        }
        Some(looked_into)
    }

    /// Forgets names; gives whether any was known.
    pub(super) fn unname(&mut self, names: &[Arc<str>]) -> bool {
        let mut known = false;
        for name in names {
            let Some(first) = self.by_name.get(name).cloned() else {
                continue;
            };
            known = true;
            if let Some(mut looked_into) = self.leave(&first) {
                looked_into.names.retain(|of| of != name);
                self.enter(looked_into);
            }
        }
        known
    }

    /// Whether nobody looked for any.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Judges what came, and what is to be judged again.
    pub(super) fn renew(&mut self, by: Judge<'_>, again: Again) -> Renewed {
        let mut ids = std::mem::take(&mut self.touched);
        if again.asked || again.advisories {
            ids.extend(self.of.keys().cloned());
        }
        let old: Vec<(AssetId, Option<Arc<JudgedImage>>)> = ids
            .into_iter()
            .map(|id| (self.judged.remove(&id), id))
            .map(|(old, id)| (id, old))
            .collect();
        // Side by side: comparing with advisories is most of it.
        let moved: Vec<Moved> = old
            .into_par_iter()
            .map(|(id, old)| {
                let new = self.judge(&id, old.as_deref(), by, again);
                (id, old, new)
            })
            .collect();
        let mut renewed = Renewed {
            names: std::mem::take(&mut self.led),
            every_name: self.any == self.is_empty(),
            moved,
        };
        self.any = !self.is_empty();
        for (id, _, new) in &renewed.moved {
            let Some(new) = new else { continue };
            self.judged.insert(id.clone(), new.clone());
            let link = ImageLink::Known(new.facts.clone());
            let entries = self.of.get(id).into_iter().flatten();
            for name in entries
                .filter_map(|first| self.entries.get(first))
                .flat_map(|entry| &entry.looked_into.names)
            {
                self.links.insert(name.clone(), link.clone());
                renewed.names.insert(name.clone());
            }
        }
        renewed
    }

    fn judge(
        &self,
        id: &AssetId,
        old: Option<&JudgedImage>,
        by: Judge<'_>,
        again: Again,
    ) -> Option<Arc<JudgedImage>> {
        // Of several names that lead to it the first counts.
        let looked_into = &self.entries.get(self.of.get(id)?.first()?)?.looked_into;
        let image = looked_into.outcome.as_ref().ok()?;
        let same = |old: &&JudgedImage| !again.advisories && Arc::ptr_eq(&old.image, image);
        let compared = match old.filter(same) {
            Some(old) => old.compared.clone(),
            None => by.compare(image),
        };
        let judged = by.judge(image, &looked_into.names, looked_into.at, compared);
        Some(Arc::new(judged))
    }

    /// What the engines say of an image.
    pub(super) fn get(&self, id: &AssetId) -> Option<&JudgedImage> {
        self.judged.get(id).map(|judged| &**judged)
    }

    /// What they say of all, in order of ids.
    pub(super) fn all(&self) -> impl Iterator<Item = (&AssetId, &JudgedImage)> {
        self.judged.iter().map(|(id, judged)| (id, &**judged))
    }

    /// What was asked of images: the same of each.
    pub(super) fn asked(&self) -> Option<&Evaluation> {
        self.judged.values().next().map(|judged| &judged.evaluation)
    }

    /// What names lead to; none when no image was looked for.
    pub(super) fn links(&self) -> Option<&ImageLinks> {
        (!self.is_empty()).then_some(&self.links)
    }

    /// All of it, as a fresh look gives it.
    pub(super) fn whole(&self) -> Option<Judged<'_>> {
        let links = self.links()?.clone();
        let mut seen: FxHashSet<&AssetId> = FxHashSet::default();
        let ids = self.entries.values().filter_map(|e| e.asset.as_ref());
        let images = ids
            .filter(|id| seen.insert(id))
            .filter_map(|id| self.judged.get(id).cloned());
        Some(Judged {
            images: images.collect(),
            looked_into: self.entries.values().map(|e| &e.looked_into).collect(),
            links,
        })
    }
}
