//! From chosen sets to the steps a person reads and a machine applies.

use std::{cmp::Reverse, collections::BTreeSet};

use plimsoll_model::{
    AssetState, Finding, Fix, FixEdit, FixStep, FixTarget, GoalVerdict, Severity,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    causes::{Cause, Causes, effort_of},
    cover::State,
    problem::{self, Problem, Way},
};

/// A finding and the fix that a plan takes for it.
type Taken = (u32, u32);

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
    let mut assigned: Vec<Option<Way>> = problem
        .ways
        .iter()
        .map(|ways| pick(ways, &chosen, causes))
        .collect();
    trim(&mut assigned, problem, state, findings, causes);

    let mut taken: FxHashMap<u32, Vec<Taken>> = FxHashMap::default();
    for (way, &finding) in assigned.iter().zip(&problem.findings) {
        if let Some(way) = way {
            taken.entry(way.cause).or_default().push((finding, way.fix));
        }
    }
    for (finding, way) in along(problem, verdicts, findings, causes, ranks, &chosen) {
        // Only where the plan changes something anyway.
        if let Some(list) = taken.get_mut(&way.cause) {
            list.push((finding, way.fix));
        }
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

/// The chosen cause that clears a finding: something shared first, since it
/// clears it whether wanted or not, then the one with the least effort.
fn pick(ways: &[Way], chosen: &FxHashMap<u32, u32>, causes: &Causes) -> Option<Way> {
    let open = ways.iter().filter(|way| {
        chosen
            .get(&way.cause)
            .is_some_and(|&effort| way.effort <= effort)
    });
    open.min_by_key(|way| {
        (
            !causes.causes[way.cause as usize].shared,
            way.effort,
            way.rank,
        )
    })
    .copied()
}

/// Leaves out what the goal does not need although the object is edited: where
/// a goal accepts some violations, the ones that take most effort stay, then
/// the least severe. What a shared change or the same edit clears anyway stays
/// in.
fn trim(
    assigned: &mut [Option<Way>],
    problem: &Problem<'_>,
    state: &State<'_>,
    findings: &[Finding],
    causes: &Causes,
) {
    let cover = &problem.cover;
    let mut have = state.have.clone();
    let fix_of = |element: usize, way: &Way| -> &Fix {
        &findings[problem.findings[element] as usize].fixes[way.fix as usize]
    };
    let mut same: FxHashMap<(u32, &[FixEdit]), u32> = FxHashMap::default();
    let mut order = Vec::new();
    for (element, way) in assigned.iter().enumerate() {
        let Some(way) = way else { continue };
        let fix = fix_of(element, way);
        if !fix.edits.is_empty() {
            *same.entry((way.cause, &*fix.edits)).or_default() += 1;
        }
        let own = matches!(fix.target, FixTarget::Own);
        if own && !causes.causes[way.cause as usize].shared {
            let finding = problem.findings[element];
            let severity = findings[finding as usize].severity;
            order.push((Reverse(way.effort), severity, Reverse(finding), element));
        }
    }
    order.sort_unstable();
    for (.., element) in order {
        let Some(way) = assigned[element] else {
            continue;
        };
        let alone = same
            .get(&(way.cause, &*fix_of(element, &way).edits))
            .is_none_or(|&n| n == 1);
        let reqs = cover.reqs.of(element as u32);
        let spare = reqs.iter().all(|&req| {
            let complete = state.open[cover.req_demand[req as usize] as usize] == 0;
            !complete || have[req as usize] > cover.req_need[req as usize]
        });
        if alone && spare {
            assigned[element] = None;
            reqs.iter().for_each(|&req| have[req as usize] -= 1);
        }
    }
}

/// Findings that violate a goal and that the plan does not need, but that a
/// shared change of the plan clears along the way.
fn along(
    problem: &Problem<'_>,
    verdicts: &[GoalVerdict],
    findings: &[Finding],
    causes: &Causes,
    ranks: &[u32],
    chosen: &FxHashMap<u32, u32>,
) -> Vec<(u32, Way)> {
    if !chosen
        .keys()
        .any(|&cause| causes.causes[cause as usize].shared)
    {
        return Vec::new();
    }
    let mut seen: FxHashSet<u32> = problem.findings.iter().copied().collect();
    let mut more = Vec::new();
    let assets = verdicts.iter().flat_map(|verdict| &verdict.assets);
    let clauses = assets.flat_map(|asset| &asset.clauses);
    for clause in clauses.filter(|clause| clause.state == AssetState::Violated) {
        for &finding in clause.findings.iter().take(clause.violating as usize) {
            if !seen.insert(finding) {
                continue;
            }
            let mut ways = problem::ways(finding, findings, causes, ranks);
            ways.retain(|way| causes.causes[way.cause as usize].shared);
            more.extend(pick(&ways, chosen, causes).map(|way| (finding, way)));
        }
    }
    more
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
    let mut changes = FxHashSet::default();
    let mut hardest = cause.effort;
    let mut decisions = BTreeSet::new();
    let mut summaries = Vec::new();
    let mut severity = Severity::Info;
    let mut fixes = Vec::with_capacity(taken.len());
    for &(index, fix) in taken {
        let finding = &findings[index as usize];
        let fix = &finding.fixes[fix as usize];
        changes.extend(problem::changes(fix));
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
        summary: summary(cause, &summaries, changes.len()),
        cause: cause.cause.clone(),
        object: cause.object.clone(),
        location: cause.location.clone(),
        effort: problem::effort(hardest, changes.len()),
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
