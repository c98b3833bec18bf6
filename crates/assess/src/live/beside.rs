//! What is judged beside objects: images, what could not be read, what other
//! engines observe.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetFacts, AssetId, Date, Evaluation, Finding, FindingId, ImageLink, ImageLinks, Timestamp,
    Unevaluated, time::date_of,
};
use plimsoll_posture::Request;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{CloseReason, Closed, Observed, Told, Transition, past::Past};
use crate::{Estate, images};

/// All of it, made anew when any of it changes.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) assets: BTreeMap<AssetId, AssetFacts>,
    /// By the asset they are on.
    pub(super) findings: FxHashMap<AssetId, Vec<Finding>>,
    /// When each was first seen.
    pub(super) seen: FxHashMap<FindingId, Timestamp>,
    pub(super) unevaluated: FxHashMap<AssetId, Vec<Unevaluated>>,
    /// What image names lead to; none when no image was looked for.
    pub(super) links: Option<ImageLinks>,
    /// What images were asked; the rest is empty.
    pub(super) asked: Evaluation,
    /// The day it is of: advisories know days.
    pub(super) day: Option<Date>,
}

impl Beside {
    /// Judges everything that is beside objects.
    pub(super) fn new(
        estate: &Estate,
        observed: &Observed,
        hidden: Vec<AssetFacts>,
        request: &Request,
        now: Timestamp,
    ) -> Self {
        let mut beside = Beside {
            day: Some(date_of(now)),
            ..Beside::default()
        };
        if !estate.images.is_empty() {
            let judged = images::judge(
                &estate.images,
                &estate.cluster,
                estate.advisories.as_ref(),
                request,
                now,
                &mut beside.asked,
            );
            beside.links = Some(judged.links);
            for asset in judged.assets {
                beside.assets.insert(asset.asset.id.clone(), asset);
            }
            beside.take(judged.findings);
            let unevaluated = std::mem::take(&mut beside.asked.unevaluated);
            beside.take_unevaluated(unevaluated);
        }
        for asset in observed.assets.iter().cloned().chain(hidden) {
            beside.assets.insert(asset.asset.id.clone(), asset);
        }
        beside.take(observed.findings.clone());
        beside.take_unevaluated(observed.evaluation.unevaluated.clone());
        beside
    }

    fn take(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let id = finding.asset.id.clone();
            self.findings.entry(id).or_default().push(finding);
        }
    }

    fn take_unevaluated(&mut self, gaps: Vec<Unevaluated>) {
        for gap in gaps {
            self.unevaluated
                .entry(gap.asset.clone())
                .or_default()
                .push(gap);
        }
    }

    /// Takes the place of `old`: what is gone is closed, what is new opened.
    pub(super) fn succeed(
        &mut self,
        old: &Beside,
        first: bool,
        past: &mut Past,
        now: Timestamp,
        transition: &mut Transition,
    ) {
        let here: FxHashSet<FindingId> = self.all().map(|finding| finding.id).collect();
        let mut closed: FxHashSet<FindingId> = FxHashSet::default();
        for finding in old.all().filter(|finding| !here.contains(&finding.id)) {
            if !closed.insert(finding.id) {
                continue;
            }
            let seen = old.seen.get(&finding.id).copied().unwrap_or(now);
            let is_there = self.assets.contains_key(&finding.asset.id)
                || !old.assets.contains_key(&finding.asset.id);
            past.close(finding, seen, now);
            transition.close(|| Closed {
                finding: Told::of(finding, seen),
                reason: if is_there {
                    CloseReason::Fixed
                } else {
                    CloseReason::AssetGone
                },
            });
        }
        let mut seen: FxHashMap<FindingId, Timestamp> = FxHashMap::default();
        for finding in self.all() {
            if seen.contains_key(&finding.id) {
                continue;
            }
            let at = match old.seen.get(&finding.id) {
                Some(at) => *at,
                None => {
                    let (at, is_new) = past.open(finding.id, now);
                    if is_new || !first {
                        transition.open(|| Told::of(finding, at));
                    }
                    at
                }
            };
            seen.insert(finding.id, at);
        }
        self.seen = seen;
    }

    /// Nothing was first seen after now.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        for seen in self.seen.values_mut() {
            *seen = now.min(*seen);
        }
    }

    /// Every finding, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values().flatten()
    }

    /// Every finding with when it was first seen, in no order.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&Finding, Timestamp)> {
        self.all()
            .filter_map(|finding| Some((finding, *self.seen.get(&finding.id)?)))
    }

    /// The assets of the images that these names lead to.
    pub(super) fn images_of<'a>(
        &'a self,
        names: &'a [std::sync::Arc<str>],
    ) -> impl Iterator<Item = &'a AssetId> {
        let links = self.links.as_ref();
        names
            .iter()
            .filter_map(move |name| match links?.get(name)? {
                ImageLink::Known(image) => Some(&image.asset),
                ImageLink::Unknown(_) => None,
            })
    }
}
