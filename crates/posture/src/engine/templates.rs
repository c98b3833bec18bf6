//! Pod templates: the same ones are judged once.

use std::hash::Hasher;

use plimsoll_manifest::Node;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};

use super::Unit;
use crate::{Check, Path, PodContext, Sink, Violation, resolve::PlanStep, violation::Text};

/// What the steps of a plan say of one template or object.
#[derive(Default)]
pub(super) struct Judged<'p> {
    pub violations: Vec<(&'p PlanStep, Violation)>,
    pub unevaluated: Vec<(&'p PlanStep, Path, Text)>,
}

impl<'p> Judged<'p> {
    /// What is in the sink, as said by this step.
    pub(super) fn take(step: &'p PlanStep, sink: &mut Sink) -> Self {
        let mut judged = Judged::default();
        judged.absorb(step, sink);
        judged
    }

    fn absorb(&mut self, step: &'p PlanStep, sink: &mut Sink) {
        let (violations, unevaluated) = sink.take();
        self.violations
            .extend(violations.into_iter().map(|violation| (step, violation)));
        self.unevaluated.extend(
            unevaluated
                .into_iter()
                .map(|(path, reason)| (step, path, reason)),
        );
    }
}

/// All checks of pods over one template.
pub(super) fn judge<'p>(node: Node<'_>, steps: &[&'p PlanStep], sink: &mut Sink) -> Judged<'p> {
    let mut judged = Judged::default();
    let Some(mut pod) = PodContext::new(node, crate::Minor::NEWEST) else {
        return judged;
    };
    for step in steps {
        if let Check::Pod(check) = step.control.check {
            pod.minor = step.minor;
            check(&pod, sink);
            judged.absorb(step, sink);
        }
    }
    judged
}

/// The templates of all units, grouped by what checks of pods can see.
pub(super) struct Templates<'p> {
    /// For each unit, the group of each of its templates.
    pub groups: Vec<Vec<u32>>,
    /// Templates seen.
    pub seen: u64,
    /// Groups.
    pub distinct: u64,
    /// For each group with more than one member, what was said of it.
    shared: Vec<Option<Judged<'p>>>,
}

impl<'p> Templates<'p> {
    pub(super) fn group(units: &[Unit<'_>], steps: &[&'p PlanStep]) -> Self {
        let hashes: Vec<Vec<u64>> = units
            .par_iter()
            .with_min_len(64)
            .map(|unit| {
                unit.templates
                    .iter()
                    .map(|(_, node)| fingerprint(*node))
                    .collect()
            })
            .collect();

        let mut members: Vec<(Node<'_>, u32)> = Vec::new();
        let mut by_hash: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        let mut groups = Vec::with_capacity(units.len());
        for (unit, hashes) in units.iter().zip(&hashes) {
            let mut of_unit = Vec::with_capacity(hashes.len());
            for ((_, node), hash) in unit.templates.iter().zip(hashes) {
                let alike = by_hash.entry(*hash).or_default();
                // A hash is no proof, and inputs may be hostile: compare.
                let known = alike.iter().copied().find(|group| {
                    members
                        .get(*group as usize)
                        .is_some_and(|(member, _)| same(*member, *node))
                });
                let group = known.unwrap_or_else(|| {
                    let new = u32::try_from(members.len()).unwrap_or(u32::MAX);
                    members.push((*node, 0));
                    alike.push(new);
                    new
                });
                if let Some((_, count)) = members.get_mut(group as usize) {
                    *count += 1;
                }
                of_unit.push(group);
            }
            groups.push(of_unit);
        }

        let shared = members
            .par_iter()
            .map(|(node, count)| (*count > 1).then(|| judge(*node, steps, &mut Sink::default())))
            .collect();
        Templates {
            seen: members.iter().map(|(_, count)| u64::from(*count)).sum(),
            distinct: members.len() as u64,
            groups,
            shared,
        }
    }

    /// What was said of a group that several templates share.
    pub(super) fn shared(&self, group: u32) -> Option<&Judged<'p>> {
        self.shared.get(group as usize)?.as_ref()
    }
}

/// The parts of a template that checks of pods can see. Names of pods and
/// whatever else the metadata holds are not among them.
fn visible(node: Node<'_>) -> [Option<Node<'_>>; 3] {
    let metadata = |field: &str| {
        node.get("metadata")
            .and_then(|metadata| metadata.get(field))
    };
    [
        node.get("spec"),
        metadata("annotations"),
        metadata("labels"),
    ]
}

fn fingerprint(node: Node<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    for part in visible(node) {
        match part {
            Some(part) => part.hash_into(&mut hasher),
            None => hasher.write_u8(u8::MAX),
        }
    }
    hasher.finish()
}

fn same(one: Node<'_>, two: Node<'_>) -> bool {
    visible(one)
        .into_iter()
        .zip(visible(two))
        .all(|pair| match pair {
            (Some(one), Some(two)) => one.same(two),
            (None, None) => true,
            _ => false,
        })
}
