//! From chosen sets to the steps a person reads and a machine applies.

use std::{cmp::Reverse, collections::BTreeSet};

use plimsoll_model::{Finding, FixStep, GoalVerdict, Severity};
use rustc_hash::FxHashMap;

use super::{
    acts::{along, trim},
    causes::{Cause, Causes, MANUAL, effort_of},
    changes,
    cover::State,
    problem::{Problem, Way},
};

/// A finding and the fix that a plan takes for it.
pub(super) type Taken = (u32, u32);

/// The steps of the plan that `state` holds.
pub(super) fn steps(
    problem: &Problem<'_>,
    state: &State<'_>,
    verdicts: &[GoalVerdict],
    findings: &[Finding],
    causes: &Causes,
    ranks: &[u32],
) -> Vec<FixStep> {
    // The hardest fixes that are taken at each cause.
    let mut chosen: FxHashMap<u32, u32> = FxHashMap::default();
    for set in state.sets() {
        let level = problem.levels[set as usize];
        let effort = chosen.entry(level.cause).or_default();
        *effort = level.effort.max(*effort);
    }
    let ways = problem.ways.iter();
    let mut assigned: Vec<Option<Way>> =
        ways.map(|(_, ways)| pick(ways, &chosen, causes)).collect();
    trim(&mut assigned, problem, state, findings);

    let mut taken: FxHashMap<u32, Vec<Taken>> = FxHashMap::default();
    for (way, &finding) in assigned.iter().zip(&problem.findings) {
        if let Some(way) = way {
            taken.entry(way.cause).or_default().push((finding, way.fix));
        }
    }
    for (finding, way) in along(&taken, verdicts, findings, causes, ranks) {
        taken.entry(way.cause).or_default().push((finding, way.fix));
    }
    let helped = helped(problem, state, &assigned);
    let mut steps: Vec<(u32, usize, FixStep)> = taken
        .into_iter()
        .map(|(cause, mut taken)| {
            taken.sort_unstable();
            let assets = helped.partition_point(|&(other, _, _)| other < cause)
                ..helped.partition_point(|&(other, _, _)| other <= cause);
            let known = &causes.causes[cause as usize];
            (
                cause,
                distinct_assets(&helped[assets]),
                step(known, &taken, findings),
            )
        })
        .collect();
    steps.sort_by(|(a, a_helps, a_step), (b, b_helps, b_step)| {
        let order =
            |helps: &usize, step: &FixStep| Reverse((*helps, step.clears.len(), step.severity));
        (order(a_helps, a_step), &a_step.object, ranks[*a as usize]).cmp(&(
            order(b_helps, b_step),
            &b_step.object,
            ranks[*b as usize],
        ))
    });
    credit(&mut steps, &helped);
    steps.into_iter().map(|(_, _, step)| step).collect()
}

/// The chosen cause that clears a finding: one where a machine can do it, then
/// something shared, since an edit there does for many, then the one with the
/// least effort.
fn pick(ways: &[Way], chosen: &FxHashMap<u32, u32>, causes: &Causes) -> Option<Way> {
    let open = ways.iter().filter(|way| {
        chosen
            .get(&way.cause)
            .is_some_and(|&effort| way.effort <= effort)
    });
    open.min_by_key(|way| {
        (
            way.effort >= MANUAL,
            !causes.causes[way.cause as usize].shared,
            way.effort,
            way.rank,
        )
    })
    .copied()
}

/// Which cause helps which asset over the line of some goal, in order, and
/// whether the asset then meets that goal for certain.
fn helped(
    problem: &Problem<'_>,
    state: &State<'_>,
    assigned: &[Option<Way>],
) -> Vec<(u32, u32, bool)> {
    let cover = &problem.cover;
    let mut helped = Vec::new();
    for demand in cover
        .all_demands()
        .filter(|&demand| state.open[demand as usize] == 0)
    {
        let Some(asset) = problem.demands.get(demand as usize) else {
            continue;
        };
        for &req in cover.demand_reqs.of(demand) {
            let elements = cover.req_elements.of(req).iter();
            let ways = elements.filter_map(|&element| assigned[element as usize]);
            helped.extend(ways.map(|way| (way.cause, asset.asset, asset.settles)));
        }
    }
    helped.sort_unstable();
    helped.dedup();
    helped
}

fn distinct_assets(helped: &[(u32, u32, bool)]) -> usize {
    helped.chunk_by(|a, b| a.1 == b.1).count()
}

/// Credits each asset that comes to meet a goal to the last step it needs, so
/// that the numbers of all steps add up.
fn credit(steps: &mut [(u32, usize, FixStep)], helped: &[(u32, u32, bool)]) {
    let places: FxHashMap<u32, usize> = steps
        .iter()
        .enumerate()
        .map(|(place, (cause, ..))| (*cause, place))
        .collect();
    let mut last: FxHashMap<u32, usize> = FxHashMap::default();
    for (cause, asset, _) in helped.iter().filter(|(.., settles)| *settles) {
        if let Some(&place) = places.get(cause) {
            let known = last.entry(*asset).or_insert(place);
            *known = place.max(*known);
        }
    }
    for place in last.into_values() {
        steps[place].2.assets += 1;
    }
}

/// One step: all that is changed at one cause.
fn step(cause: &Cause, taken: &[Taken], findings: &[Finding]) -> FixStep {
    let mut distinct = changes::Distinct::default();
    let mut hardest = cause.effort;
    let mut decisions = BTreeSet::new();
    let mut summaries = Vec::new();
    let mut severity = Severity::Info;
    let mut fixes = Vec::with_capacity(taken.len());
    for &(index, fix) in taken {
        let finding = &findings[index as usize];
        let fix = &finding.fixes[fix as usize];
        distinct.add(fix);
        hardest = hardest.max(effort_of(fix));
        severity = severity.max(finding.severity);
        if let Some(decision) = &fix.decision {
            decisions.insert(decision.to_string());
        }
        if !summaries.contains(&&*fix.summary) && summaries.len() <= SUMMARIES {
            summaries.push(&*fix.summary);
        }
        fixes.push((index, fix.clone()));
    }
    FixStep {
        summary: summary(cause, &summaries, distinct.count()),
        cause: cause.cause.clone(),
        object: cause.object.clone(),
        location: cause.location.clone(),
        effort: changes::effort(hardest, distinct.count()),
        decisions: decisions.into_iter().collect(),
        clears: taken.iter().map(|&(finding, _)| finding).collect(),
        fixes,
        assets: 0,
        severity,
    }
}

/// How many fixes a step's sentence names.
const SUMMARIES: usize = 1;

/// What to do, in one sentence.
fn summary(cause: &Cause, summaries: &[&str], changes: usize) -> String {
    match summaries {
        [] => cause.summary.clone(),
        [one] => (*one).to_owned(),
        _ => format!("Make {changes} changes in {}", cause.cause),
    }
}
