//! What is judged beside objects: images, what could not be read, what other
//! engines observe.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    AssetFacts, AssetId, Date, Finding, FindingId, ImageLink, ImageLinks, Timestamp, Unevaluated,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    CloseReason, Closed, Observed, Told, Transition,
    images::{Images, Moved},
    past::Past,
};
use crate::Components;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) images: Images,
    /// The day of the advisories: they know days.
    pub(super) day: Option<Date>,
    observed: Layer,
    seen: FxHashMap<FindingId, Seen>,
}

/// When a finding was first seen, and on how many assets it is: images of one
/// repository share theirs.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Timestamp,
    times: u32,
}

/// What other engines observe, with what stands for what can't be read.
#[derive(Debug, Default)]
struct Layer {
    assets: BTreeMap<AssetId, AssetFacts>,
    /// By the asset they are on.
    findings: FxHashMap<AssetId, Vec<Finding>>,
    unevaluated: FxHashMap<AssetId, Vec<Unevaluated>>,
}

impl Layer {
    fn new((observed, components): (&Observed, &Components), hidden: Vec<AssetFacts>) -> Self {
        let mut layer = Layer::default();
        let assets = observed.assets.iter().chain(&components.assets).cloned();
        for asset in assets.chain(hidden) {
            layer.assets.insert(asset.asset.id.clone(), asset);
        }
        for finding in observed.findings.iter().chain(&components.findings) {
            let on = layer.findings.entry(finding.asset.id.clone()).or_default();
            on.push(finding.clone());
        }
        let gaps = observed.evaluation.unevaluated.iter();
        for gap in gaps.chain(&components.unevaluated) {
            let on = layer.unevaluated.entry(gap.asset.clone()).or_default();
            on.push(gap.clone());
        }
        layer
    }

    /// The assets of which it may say something else than `old`.
    fn otherwise(&self, old: &Layer) -> BTreeSet<AssetId> {
        let mut ids: BTreeSet<AssetId> = BTreeSet::new();
        for (one, other) in [(self, old), (old, self)] {
            ids.extend(one.assets.keys().cloned());
            let findings = one.findings.iter();
            let findings = findings.filter(|(id, found)| other.findings.get(*id) != Some(*found));
            ids.extend(findings.map(|(id, _)| id.clone()));
            let gaps = one.unevaluated.iter();
            let gaps = gaps.filter(|(id, gaps)| other.unevaluated.get(*id) != Some(*gaps));
            ids.extend(gaps.map(|(id, _)| id.clone()));
        }
        ids
    }

    fn all(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values().flatten()
    }
}

/// Where what changes is told.
pub(super) struct Telling<'a> {
    /// Whether nothing was taken in before.
    pub first: bool,
    pub now: Timestamp,
    pub past: &'a mut Past,
    pub transition: &'a mut Transition,
}

impl Beside {
    /// Takes what other engines observe now; gives the assets it concerns. They
    /// observe objects too, such as nodes: `is_object` tells which are there.
    pub(super) fn observe(
        &mut self,
        observed: (&Observed, &Components),
        hidden: Vec<AssetFacts>,
        is_object: &dyn Fn(&AssetId) -> bool,
        telling: &mut Telling<'_>,
    ) -> BTreeSet<AssetId> {
        let old = std::mem::replace(&mut self.observed, Layer::new(observed, hidden));
        let left = |id: &&AssetId| self.asset(id).is_none() && !is_object(id);
        let known = old.assets.keys().chain(old.findings.keys());
        let left: FxHashSet<AssetId> = known.filter(left).cloned().collect();
        open(&mut self.seen, self.observed.all(), telling);
        close(&mut self.seen, old.all(), &left, telling);
        self.observed.otherwise(&old)
    }

    /// Images were judged.
    pub(super) fn judged(&mut self, moved: &[Moved], telling: &mut Telling<'_>) {
        let left: FxHashSet<AssetId> = moved
            .iter()
            .filter(|(id, _, new)| new.is_none() && self.asset(id).is_none())
            .map(|(id, ..)| id.clone())
            .collect();
        let new = moved.iter().filter_map(|(_, _, new)| new.as_deref());
        open(&mut self.seen, new.flat_map(|new| new.findings()), telling);
        let old = moved.iter().filter_map(|(_, old, _)| old.as_deref());
        let old = old.flat_map(|old| old.findings());
        close(&mut self.seen, old, &left, telling);
    }

    /// An asset that is no object.
    pub(super) fn asset(&self, id: &AssetId) -> Option<&AssetFacts> {
        let image = || self.images.get(id).map(|image| &image.asset);
        self.observed.assets.get(id).or_else(image)
    }

    /// The ids of all assets that are no objects.
    pub(super) fn assets(&self) -> impl Iterator<Item = &AssetId> {
        let images = self.images.all().map(|(id, _)| id);
        self.observed.assets.keys().chain(images)
    }

    /// What was found on an asset, with when it was first seen.
    pub(super) fn findings_of(&self, id: &AssetId) -> impl Iterator<Item = (&Finding, Timestamp)> {
        let image = self.images.get(id).into_iter();
        let of_image = image.flat_map(|image| image.findings());
        let observed = self.observed.findings.get(id).into_iter().flatten();
        of_image.chain(observed).filter_map(|f| self.first_seen(f))
    }

    /// What could not be judged on an asset.
    pub(super) fn unevaluated_of(&self, id: &AssetId) -> impl Iterator<Item = &Unevaluated> {
        let image = self.images.get(id).into_iter();
        let of_image = image.flat_map(|image| &image.evaluation.unevaluated);
        let observed = self.observed.unevaluated.get(id).into_iter().flatten();
        of_image.chain(observed)
    }

    /// Nothing was first seen after now.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        for seen in self.seen.values_mut() {
            seen.at = now.min(seen.at);
        }
    }

    fn first_seen<'a>(&self, finding: &'a Finding) -> Option<(&'a Finding, Timestamp)> {
        Some((finding, self.seen.get(&finding.id)?.at))
    }

    /// Every finding with when it was first seen, in no order.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&Finding, Timestamp)> {
        let of_images = self.images.all().flat_map(|(_, image)| image.findings());
        let all = of_images.chain(self.observed.all());
        all.filter_map(|finding| self.first_seen(finding))
    }

    /// What image names lead to; none when no image was looked for.
    pub(super) fn links(&self) -> Option<&ImageLinks> {
        self.images.links()
    }

    /// The assets of the images that these names lead to.
    pub(super) fn images_of<'a>(
        &'a self,
        names: &'a [std::sync::Arc<str>],
    ) -> impl Iterator<Item = &'a AssetId> {
        let links = self.links();
        names
            .iter()
            .filter_map(move |name| match links?.get(name)? {
                ImageLink::Known(image) => Some(&image.asset),
                ImageLink::Unknown(_) => None,
            })
    }
}

/// What is here once more; what was nowhere is opened.
fn open<'a>(
    seen: &mut FxHashMap<FindingId, Seen>,
    findings: impl Iterator<Item = &'a Finding>,
    telling: &mut Telling<'_>,
) {
    for finding in findings {
        if let Some(seen) = seen.get_mut(&finding.id) {
            seen.times += 1;
            continue;
        }
        let (at, is_new) = telling.past.open(finding.id, telling.now);
        if is_new || !telling.first {
            telling.transition.open(|| Told::of(finding, at));
        }
        seen.insert(finding.id, Seen { at, times: 1 });
    }
}

/// What is here once less; what is nowhere any more is closed.
fn close<'a>(
    seen: &mut FxHashMap<FindingId, Seen>,
    findings: impl Iterator<Item = &'a Finding>,
    left: &FxHashSet<AssetId>,
    telling: &mut Telling<'_>,
) {
    for finding in findings {
        let Some(known) = seen.get_mut(&finding.id) else {
            continue;
        };
        known.times -= 1;
        if known.times > 0 {
            continue;
        }
        let at = known.at;
        seen.remove(&finding.id);
        telling.past.close(finding, at, telling.now);
        telling.transition.close(|| Closed {
            finding: Told::of(finding, at),
            reason: if left.contains(&finding.asset.id) {
                CloseReason::AssetGone
            } else {
                CloseReason::Fixed
            },
        });
    }
}
