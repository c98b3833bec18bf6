//! From verdicts to a problem of sets and demands.

use plimsoll_model::{AssetState, AssetVerdict, Finding, GoalVerdict, Verdict, resource::Clause};
use rustc_hash::FxHashSet;

use super::{
    causes::{Causes, effort_of},
    changes::{Distinct, effort},
    cover::{Cover, Lists, Requirement},
};

/// One way to clear a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// The cause's place in the order of keys.
    pub(super) rank: u32,
    /// The least effort of a change there that contains the fix.
    pub(super) effort: u32,
    /// The fix (index into the finding's fixes).
    pub(super) fix: u32,
    /// The cause.
    pub(super) cause: u32,
}

/// A set of the cover: all that can be cleared at one cause by fixes of at
/// most this effort. An object whose findings want easy and hard changes gives
/// two sets, so that nobody is asked for the hard ones without need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) cause: u32,
    pub(super) effort: u32,
}

/// An asset that a goal wants above the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// The asset.
    pub(super) asset: u32,
    /// Whether it certainly meets the goal when its violations are gone; else
    /// it becomes unknown.
    pub(super) settles: bool,
}

/// A goal of the problem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) verdict: &'a GoalVerdict,
    /// The group of the assets that come to meet the goal, if there are any.
    pub(super) group: Option<u32>,
}

/// The problem with what its numbers stand for.
pub(super) struct Problem<'a> {
    pub(super) cover: Cover,
    /// What each set is.
    pub(super) levels: Vec<Level>,
    /// The finding of each element.
    pub(super) findings: Vec<u32>,
    /// The ways to clear each element's finding.
    pub(super) ways: Ways,
    /// What each demand is.
    pub(super) demands: Vec<Demand>,
    /// The goals that do not hold.
    pub(super) goals: Vec<Wanted<'a>>,
    /// Violations that no known change clears.
    pub(super) out_of_reach: u64,
}

/// The ways to clear the finding of each element, by rank, one per cause.
#[derive(Default)]
pub(super) struct Ways {
    all: Vec<Way>,
    ends: Vec<usize>,
}

impl Ways {
    /// Each element with its ways.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[Way])> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let ranges = starts.zip(&self.ends);
        ranges
            .zip(0..)
            .map(|((&start, &end), element)| (element, &self.all[start..end]))
    }
}

/// Puts the ways to clear a finding, for each cause the easiest fix there,
/// behind what `into` holds, by rank; says whether there are any.
pub(super) fn ways(
    finding: u32,
    findings: &[Finding],
    causes: &Causes,
    ranks: &[u32],
    into: &mut Vec<Way>,
) -> bool {
    let index = finding as usize;
    let (Some(of), Some(finding)) = (causes.of.get(index), findings.get(index)) else {
        return false;
    };
    let start = into.len();
    into.extend(of.iter().filter_map(|&(cause, fix)| {
        let known = causes.causes.get(cause as usize)?;
        let effort = known
            .effort
            .max(effort_of(finding.fixes.get(fix as usize)?));
        Some(Way {
            rank: ranks[cause as usize],
            effort,
            fix,
            cause,
        })
    }));
    into[start..].sort_unstable();
    // Of the ways through one cause the first is the easiest.
    let mut kept = start;
    for next in start..into.len() {
        if kept == start || into[kept - 1].cause != into[next].cause {
            into[kept] = into[next];
            kept += 1;
        }
    }
    into.truncate(kept);
    kept > start
}

/// Each cause's place in the order of keys: what breaks ties.
pub(super) fn ranks(causes: &Causes) -> Vec<u32> {
    let mut order: Vec<u32> = (0..causes.causes.len() as u32).collect();
    order.sort_by(|&a, &b| {
        causes.causes[a as usize]
            .key
            .cmp(&causes.causes[b as usize].key)
    });
    let mut ranks = vec![0; order.len()];
    for (cause, rank) in order.into_iter().zip(0..) {
        ranks[cause as usize] = rank;
    }
    ranks
}

impl<'a> Problem<'a> {
    /// The problem of all goals among `verdicts` that do not hold.
    pub(super) fn new(
        verdicts: &'a [GoalVerdict],
        findings: &[Finding],
        causes: &Causes,
        ranks: &[u32],
    ) -> Self {
        let mut build = Builder::new(findings, causes, ranks);
        let open = verdicts
            .iter()
            .filter(|verdict| verdict.verdict != Verdict::Met);
        let goals = open.map(|verdict| build.goal(verdict)).collect();
        build.finish(goals)
    }
}

/// What must be covered for an asset: how many of which elements, for each
/// violated clause.
type Wants = Vec<(u32, Vec<u32>)>;

struct Builder<'a> {
    given: &'a [Finding],
    causes: &'a Causes,
    ranks: &'a [u32],
    /// The element of each finding, or [`NONE`].
    element_of: Vec<u32>,
    findings: Vec<u32>,
    ways: Ways,
    requirements: Vec<Requirement>,
    demands: Vec<Demand>,
    demand_group: Vec<u32>,
    group_need: Vec<u32>,
    stuck: FxHashSet<u32>,
    out_of_reach: u64,
}

const NONE: u32 = u32::MAX;

impl<'a> Builder<'a> {
    fn new(given: &'a [Finding], causes: &'a Causes, ranks: &'a [u32]) -> Self {
        Builder {
            given,
            causes,
            ranks,
            element_of: vec![NONE; given.len()],
            findings: Vec::new(),
            ways: Ways::default(),
            requirements: Vec::new(),
            demands: Vec::new(),
            demand_group: Vec::new(),
            group_need: Vec::new(),
            stuck: FxHashSet::default(),
            out_of_reach: 0,
        }
    }

    /// Adds what a goal needs: first assets that come to meet it; where these
    /// are too few, also such as become unknown, until the goal is no longer
    /// breached for certain.
    fn goal<'v>(&mut self, verdict: &'v GoalVerdict) -> Wanted<'v> {
        let counts = &verdict.counts;
        let target = verdict.attainment.target.of(counts.in_scope);
        let need = target.saturating_sub(counts.lower());
        let none = Wanted {
            verdict,
            group: None,
        };
        if need == 0 {
            return none;
        }
        let (mut settled, mut unsettled) = (Vec::new(), Vec::new());
        for asset in verdict
            .assets
            .iter()
            .filter(|asset| asset.state == AssetState::Violated)
        {
            let Some(wants) = self.requirements_of(verdict, asset) else {
                continue;
            };
            let unknown = asset
                .clauses
                .iter()
                .any(|clause| clause.state == AssetState::Unknown);
            let list = if unknown {
                &mut unsettled
            } else {
                &mut settled
            };
            list.push((asset.asset, wants));
        }
        let possible = need.min(settled.len() as u64);
        let short = target.saturating_sub(counts.upper() + possible);
        let also = if possible < need {
            short.min(unsettled.len() as u64)
        } else {
            0
        };
        let group = self.group(settled, possible, true);
        self.group(unsettled, also, false);
        Wanted { verdict, group }
    }

    /// What must be covered to end the violations of an asset; none when no
    /// known change does.
    fn requirements_of(&mut self, verdict: &GoalVerdict, asset: &AssetVerdict) -> Option<Wants> {
        let mut wants = Some(Vec::new());
        for clause in asset
            .clauses
            .iter()
            .filter(|clause| clause.state == AssetState::Violated)
        {
            let counted = clause.findings.len().min(clause.violating as usize);
            let mut violating = clause.findings[..counted].to_vec();
            violating.sort_unstable();
            violating.dedup();
            let accepted = verdict
                .goal
                .spec
                .require
                .get(clause.clause)
                .map_or(0, accepted);
            let need = (violating.len() as u32).saturating_sub(accepted);
            if need == 0 {
                // The findings do not explain it: something else violates it.
                self.out_of_reach += 1;
                wants = None;
                continue;
            }
            let mut elements = Vec::with_capacity(violating.len());
            let mut stuck = Vec::new();
            for finding in violating {
                match self.element(finding) {
                    Some(element) => elements.push(element),
                    None => stuck.push(finding),
                }
            }
            if elements.len() < need as usize {
                self.stuck.extend(stuck);
                wants = None;
            } else if let Some(wants) = &mut wants {
                wants.push((need, elements));
            }
        }
        // A violated asset with no violated clause explains nothing.
        wants.filter(|wants| !wants.is_empty())
    }

    /// The element of a finding; none when nothing clears it.
    fn element(&mut self, finding: u32) -> Option<u32> {
        let known = *self.element_of.get(finding as usize)?;
        if known != NONE {
            return Some(known);
        }
        let into = &mut self.ways.all;
        if !ways(finding, self.given, self.causes, self.ranks, into) {
            return None;
        }
        self.ways.ends.push(into.len());
        let element = self.findings.len() as u32;
        self.element_of[finding as usize] = element;
        self.findings.push(finding);
        Some(element)
    }

    fn group(&mut self, assets: Vec<(u32, Wants)>, need: u64, settles: bool) -> Option<u32> {
        if need == 0 {
            return None;
        }
        let group = self.group_need.len() as u32;
        self.group_need.push(need as u32);
        for (asset, wants) in assets {
            let demand = self.demands.len() as u32;
            self.demands.push(Demand { asset, settles });
            self.demand_group.push(group);
            for (need, elements) in wants {
                self.requirements.push(Requirement {
                    demand,
                    need,
                    elements,
                });
            }
        }
        Some(group)
    }

    fn finish(self, goals: Vec<Wanted<'_>>) -> Problem<'_> {
        let mut at: Vec<(u32, u32, u32, u32)> = Vec::new();
        for (element, ways) in self.ways.iter() {
            at.extend(
                ways.iter()
                    .map(|way| (way.rank, way.effort, element, way.fix)),
            );
        }
        at.sort_unstable();
        let cause_of: Vec<u32> = {
            let mut causes = vec![0; self.ranks.len()];
            for (&rank, cause) in self.ranks.iter().zip(0..) {
                causes[rank as usize] = cause;
            }
            causes
        };
        let mut distinct = Distinct::default();
        let mut room = Room::new(self.findings.len(), &self.requirements);
        let (mut levels, mut weights, mut covers) = (Vec::new(), Vec::new(), Vec::new());
        for of_cause in at.chunk_by(|a, b| a.0 == b.0) {
            distinct.clear();
            let mut below = 0;
            let cause = cause_of[of_cause[0].0 as usize];
            for of_level in of_cause.chunk_by(|a, b| a.1 == b.1) {
                for &(_, _, element, fix) in of_level {
                    let finding = self.findings[element as usize];
                    let fixes = &self.given[finding as usize].fixes;
                    distinct.add(&fixes[fix as usize]);
                }
                below += of_level.len();
                let set = levels.len() as u32;
                covers.extend(
                    of_cause[..below]
                        .iter()
                        .map(|&(_, _, element, _)| (set, element)),
                );
                let hardest = of_level[0].1;
                levels.push(Level {
                    cause,
                    effort: hardest,
                });
                // What clauses accept there need not be changed.
                let wanted = room.wanted(&of_cause[..below]);
                let changes = distinct.count().min(wanted);
                weights.push(u64::from(effort(hardest, changes)));
            }
        }
        let count = self.findings.len();
        Problem {
            cover: Cover::new(
                weights,
                count,
                &covers,
                &self.requirements,
                self.demand_group,
                self.group_need,
            ),
            levels,
            findings: self.findings,
            ways: self.ways,
            demands: self.demands,
            goals,
            out_of_reach: self.out_of_reach + self.stuck.len() as u64,
        }
    }
}

/// Counts how many of a set's elements requirements can want at most.
struct Room<'a> {
    requirements: &'a [Requirement],
    reqs: Lists,
    seen: Vec<u32>,
}

impl<'a> Room<'a> {
    fn new(elements: usize, requirements: &'a [Requirement]) -> Self {
        let mut pairs = Vec::new();
        for (requirement, index) in requirements.iter().zip(0..) {
            pairs.extend(requirement.elements.iter().map(|&element| (element, index)));
        }
        let reqs = Lists::from_pairs(elements, &pairs);
        Room {
            requirements,
            reqs,
            seen: vec![0; requirements.len()],
        }
    }

    fn wanted(&mut self, set: &[(u32, u32, u32, u32)]) -> usize {
        let mut wanted = 0;
        for &(_, _, element, _) in set {
            for &req in self.reqs.of(element) {
                let seen = &mut self.seen[req as usize];
                wanted += usize::from(*seen < self.requirements[req as usize].need);
                *seen += 1;
            }
        }
        for &(_, _, element, _) in set {
            self.reqs
                .of(element)
                .iter()
                .for_each(|&req| self.seen[req as usize] = 0);
        }
        wanted
    }
}

/// How many violations a clause accepts.
fn accepted(clause: &Clause) -> u32 {
    match clause {
        Clause::Vulnerabilities(clause) => clause.max,
        Clause::Configuration(clause) => clause.max,
        Clause::Runtime(clause) => clause.open_alerts.as_ref().map_or(0, |alerts| alerts.max),
        Clause::Secrets(clause) => clause.max,
        Clause::Coverage(_) | Clause::SupplyChain(_) | Clause::Exposure(_) | Clause::Image(_) => 0,
    }
}
