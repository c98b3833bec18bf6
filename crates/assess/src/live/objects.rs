//! What is known and was found of each object.

use std::sync::Arc;

use plimsoll_inventory::{Inventory, ObjectIx};
use plimsoll_model::{AssetFacts, AssetId, Evaluation, Finding, FindingId, Timestamp, Unevaluated};
use plimsoll_posture::{Request, evaluate_objects};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Batch, CloseReason, Closed, Told, Transition,
    hidden::{Gaps, Hidden},
    past::Past,
};

/// One object, looked at.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) facts: AssetFacts,
    /// Worst first.
    pub(super) findings: Box<[Finding]>,
    /// When each was first seen.
    pub(super) seen: Box<[Timestamp]>,
    pub(super) unevaluated: Box<[Unevaluated]>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Objects {
    kept: FxHashMap<ObjectIx, Box<Kept>>,
    /// What the line asked for, resolved.
    asked: Evaluation,
    /// Namespaces of which nothing is judged, because someone said so.
    excluded: FxHashSet<Arc<str>>,
}

impl Objects {
    /// From now on nothing in these namespaces is judged. What they hold still leads to others.
    pub(super) fn exclude(&mut self, namespaces: impl Iterator<Item = Arc<str>>) {
        self.excluded.extend(namespaces);
    }

    /// Whether nothing in this namespace is judged.
    pub(super) fn excludes(&self, namespace: Option<&str>) -> bool {
        namespace.is_some_and(|namespace| self.excluded.contains(namespace))
    }

    /// Whether goals may be about it.
    pub(super) fn is_judged(&self, kept: &Kept) -> bool {
        !self.excludes(kept.facts.asset.object.namespace.as_deref())
    }

    /// Looks at these objects again.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of `Live`, borrowed apart"
    )]
    pub(super) fn evaluate(
        &mut self,
        inventory: &Inventory,
        request: &Request,
        gaps: &Gaps,
        dirty: &[ObjectIx],
        batch: &Batch,
        past: &mut Past,
        now: Timestamp,
        transition: &mut Transition,
    ) {
        if dirty.is_empty() && !batch.line {
            return;
        }
        let (findings, mut evaluation) = evaluate_objects(inventory, request, dirty);
        let mut by_asset: FxHashMap<AssetId, (Vec<Finding>, Vec<Unevaluated>)> =
            FxHashMap::default();
        for finding in findings {
            match by_asset.get_mut(&finding.asset.id) {
                Some((found, _)) => found.push(finding),
                None => {
                    by_asset.insert(finding.asset.id.clone(), (vec![finding], Vec::new()));
                }
            }
        }
        for gap in std::mem::take(&mut evaluation.unevaluated) {
            by_asset.entry(gap.asset.clone()).or_default().1.push(gap);
        }
        self.asked = evaluation;
        let hidden = Hidden::new(gaps, &self.asked);
        let looked_at = inventory.facts_of(dirty);
        let assets: FxHashSet<ObjectIx> = looked_at.iter().map(|(ix, _)| *ix).collect();
        for ix in dirty.iter().filter(|ix| !assets.contains(ix)) {
            // A controller stands for it now.
            self.gone(*ix, past, now, transition);
        }
        for (ix, mut facts) in looked_at {
            let (mut findings, mut unevaluated) =
                by_asset.remove(&facts.asset.id).unwrap_or_default();
            hidden.withhold(&mut facts, &mut findings, &mut unevaluated);
            if self.excludes(facts.asset.object.namespace.as_deref()) {
                findings.clear();
                unevaluated.clear();
            }
            let old = self.kept.remove(&ix);
            let reason = match batch.touched.contains(&ix) {
                false if batch.line => CloseReason::NotAsked,
                false if batch.gaps => CloseReason::NotSeen,
                _ => CloseReason::Fixed,
            };
            let seen = renew(old, &findings, reason, batch.first, past, now, transition);
            self.kept.insert(
                ix,
                Box::new(Kept {
                    facts,
                    findings: findings.into(),
                    seen,
                    unevaluated: unevaluated.into(),
                }),
            );
        }
    }

    /// Adds the workload of a pod that is like others, where pods are evidence:
    /// which is named may be another now.
    pub(super) fn observed_in(
        &self,
        inventory: &Inventory,
        pod: ObjectIx,
        dirty: &mut FxHashSet<ObjectIx>,
    ) {
        let Some(top) = inventory.controller_of(pod) else {
            dirty.insert(pod);
            return;
        };
        let shown_by_pod = |finding: &Finding| {
            let file = &finding.evidence().location().file;
            file.split('/').nth(2) == Some("Pod")
        };
        let kept = self.kept.get(&top);
        if kept.is_none_or(|kept| kept.findings.iter().any(shown_by_pod)) {
            dirty.insert(top);
        }
    }

    /// Closes what was found on an object that is gone.
    pub(super) fn gone(
        &mut self,
        ix: ObjectIx,
        past: &mut Past,
        now: Timestamp,
        transition: &mut Transition,
    ) {
        let old = self.kept.remove(&ix);
        renew(
            old,
            &[],
            CloseReason::AssetGone,
            false,
            past,
            now,
            transition,
        );
    }

    /// Nothing was first seen after now: a clock that was set back must not
    /// lengthen a grace period.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        for kept in self.kept.values_mut() {
            for seen in &mut kept.seen {
                *seen = now.min(*seen);
            }
        }
    }

    /// What is known of an object.
    pub(super) fn get(&self, ix: ObjectIx) -> Option<&Kept> {
        self.kept.get(&ix).map(|kept| &**kept)
    }

    /// What is known of an object that goals may be about.
    pub(super) fn judged(&self, ix: ObjectIx) -> Option<&Kept> {
        self.get(ix).filter(|kept| self.is_judged(kept))
    }

    /// All that is known, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept> {
        self.kept.values().map(|kept| &**kept)
    }

    /// What the line asks for, resolved; without what could not be judged.
    pub(super) fn asked(&self) -> &Evaluation {
        &self.asked
    }

    /// Every finding with when it was first seen, in no order.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&Finding, Timestamp)> {
        self.kept
            .values()
            .flat_map(|kept| kept.findings.iter().zip(kept.seen.iter().copied()))
    }

    fn in_order<'a>(&'a self, inventory: &'a Inventory) -> impl Iterator<Item = &'a Kept> {
        inventory.objects().filter_map(|(ix, _)| self.get(ix))
    }

    /// The facts of all objects, in the order of their ids.
    pub(super) fn assets(&self, inventory: &Inventory) -> Vec<AssetFacts> {
        self.in_order(inventory)
            .map(|kept| kept.facts.clone())
            .collect()
    }

    /// The same without those that are excluded.
    pub(super) fn judged_assets(&self, inventory: &Inventory) -> Vec<AssetFacts> {
        self.in_order(inventory)
            .filter(|kept| self.is_judged(kept))
            .map(|kept| kept.facts.clone())
            .collect()
    }

    /// All findings in their listing order.
    pub(super) fn listed(&self, inventory: &Inventory) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .in_order(inventory)
            .flat_map(|kept| kept.findings.iter().cloned())
            .collect();
        // Stable: within a severity they are in order already.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// What was looked at.
    pub(super) fn evaluation(&self, inventory: &Inventory) -> Evaluation {
        let mut evaluation = self.asked.clone();
        evaluation.unevaluated = self
            .in_order(inventory)
            .flat_map(|kept| kept.unevaluated.iter().cloned())
            .collect();
        evaluation.unevaluated.sort();
        evaluation.unevaluated.dedup();
        evaluation
    }
}

/// Compares what is found now with what was found before: what is gone is
/// closed, what is new is opened. Gives when each was first seen.
fn renew(
    old: Option<Box<Kept>>,
    new: &[Finding],
    reason: CloseReason,
    first: bool,
    past: &mut Past,
    now: Timestamp,
    transition: &mut Transition,
) -> Box<[Timestamp]> {
    let mut known: FxHashMap<FindingId, Timestamp> = FxHashMap::default();
    if let Some(old) = old {
        let still: FxHashSet<FindingId> = new.iter().map(|finding| finding.id).collect();
        for (finding, seen) in old.findings.iter().zip(&old.seen) {
            if still.contains(&finding.id) {
                known.insert(finding.id, *seen);
            } else {
                past.close(finding, *seen, now);
                transition.close(|| Closed {
                    finding: Told::of(finding, *seen),
                    reason,
                });
            }
        }
    }
    new.iter()
        .map(|finding| match known.get(&finding.id) {
            Some(seen) => *seen,
            None => {
                let (seen, is_new) = past.open(finding.id, now);
                if is_new || !first {
                    transition.open(|| Told::of(finding, seen));
                }
                seen
            }
        })
        .collect()
}
