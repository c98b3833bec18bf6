//! Which findings a plan clears: what is needed, and what goes with it.

use std::cmp::Reverse;

use plimsoll_model::{AssetState, Finding, Fix, FixEdit, GoalVerdict};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    causes::Causes,
    cover::State,
    problem::{self, Problem, Way},
    steps::Taken,
};

/// What is done once at a cause, whatever findings it clears there: the edits,
/// and for a fix without edits its words.
type Act<'a> = (u32, &'a [FixEdit], &'a str);

fn act(cause: u32, fix: &Fix) -> Act<'_> {
    let words = if fix.edits.is_empty() {
        &*fix.summary
    } else {
        ""
    };
    (cause, &fix.edits, words)
}

/// Leaves out what no goal needs although the place is edited: where a goal
/// accepts some violations, the ones that take most effort stay, then the
/// least severe. An act that clears something needed stays in with all that it
/// clears.
pub(super) fn trim(
    assigned: &mut [Option<Way>],
    problem: &Problem<'_>,
    state: &State<'_>,
    findings: &[Finding],
) {
    let cover = &problem.cover;
    let mut have = state.have.clone();
    let is_spare = |element: u32, have: &[u32]| {
        cover.reqs.of(element).iter().all(|&req| {
            let complete = state.open[cover.req_demand[req as usize] as usize] == 0;
            !complete || have[req as usize] > cover.req_need[req as usize]
        })
    };
    let spare: FxHashSet<u32> = (assigned.iter().zip(0..))
        .filter(|&(_, element)| is_spare(element, &have))
        .filter_map(|(way, _)| Some((*way)?.cause))
        .collect();
    if spare.is_empty() {
        return;
    }
    let mut acts: FxHashMap<Act<'_>, Vec<u32>> = FxHashMap::default();
    for (way, element) in assigned.iter().zip(0_u32..) {
        let Some(way) = way.filter(|way| spare.contains(&way.cause)) else {
            continue;
        };
        let finding = &findings[problem.findings[element as usize] as usize];
        acts.entry(act(way.cause, &finding.fixes[way.fix as usize]))
            .or_default()
            .push(element);
    }
    let mut order: Vec<_> = acts
        .into_values()
        .map(|elements| {
            let of = |element: &u32| problem.findings[*element as usize];
            let efforts = elements
                .iter()
                .filter_map(|&element| assigned[element as usize]);
            let effort = efforts.map(|way| way.effort).max();
            let severity = elements
                .iter()
                .map(|e| findings[of(e) as usize].severity)
                .max();
            (
                Reverse(effort),
                severity,
                Reverse(elements.iter().map(of).min()),
                elements,
            )
        })
        .collect();
    order.sort_unstable();
    for (.., elements) in order {
        let mut gone = 0;
        for &element in &elements {
            if !is_spare(element, &have) {
                break;
            }
            cover
                .reqs
                .of(element)
                .iter()
                .for_each(|&req| have[req as usize] -= 1);
            gone += 1;
        }
        if gone == elements.len() {
            elements
                .iter()
                .for_each(|&element| assigned[element as usize] = None);
        } else {
            for &element in &elements[..gone] {
                cover
                    .reqs
                    .of(element)
                    .iter()
                    .for_each(|&req| have[req as usize] += 1);
            }
        }
    }
}

/// Findings that violate a goal and that no goal needs cleared, but that an act
/// of the plan clears along the way.
pub(super) fn along(
    taken: &FxHashMap<u32, Vec<Taken>>,
    verdicts: &[GoalVerdict],
    findings: &[Finding],
    causes: &Causes,
    ranks: &[u32],
) -> Vec<(u32, Way)> {
    let mut seen: FxHashSet<u32> = taken
        .values()
        .flatten()
        .map(|&(finding, _)| finding)
        .collect();
    let mut candidates: Vec<(u32, Way)> = Vec::new();
    let mut ways = Vec::new();
    let assets = verdicts.iter().flat_map(|verdict| &verdict.assets);
    let clauses = assets.flat_map(|asset| &asset.clauses);
    for clause in clauses.filter(|clause| clause.state == AssetState::Violated) {
        for &finding in clause.findings.iter().take(clause.violating as usize) {
            if seen.insert(finding) {
                ways.clear();
                problem::ways(finding, findings, causes, ranks, &mut ways);
                let here = ways.iter().filter(|way| taken.contains_key(&way.cause));
                candidates.extend(here.map(|&way| (finding, way)));
            }
        }
    }
    let edited: FxHashSet<u32> = candidates.iter().map(|(_, way)| way.cause).collect();
    let mut acts: FxHashSet<Act<'_>> = FxHashSet::default();
    for cause in edited {
        for &(finding, fix) in &taken[&cause] {
            acts.insert(act(cause, &findings[finding as usize].fixes[fix as usize]));
        }
    }
    candidates.retain(|&(finding, way)| {
        acts.contains(&act(
            way.cause,
            &findings[finding as usize].fixes[way.fix as usize],
        ))
    });
    // A finding's ways stand together: the first will do.
    candidates.dedup_by_key(|(finding, _)| *finding);
    candidates
}
