//! From verdicts to a problem of sets and demands.

use plimsoll_model::{
    AssetState, AssetVerdict, Finding, Fix, FixEdit, FixTarget, GoalVerdict, ObjectRef, Verdict,
    resource::Clause,
};
use rustc_hash::FxHashSet;

use super::{
    causes::{Causes, FURTHER_CHANGE, effort_of},
    cover::{Cover, Requirement},
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
    /// The ways to clear each element's finding, by rank: one per cause.
    pub(super) ways: Vec<Vec<Way>>,
    /// What each demand is.
    pub(super) demands: Vec<Demand>,
    /// The goals that do not hold.
    pub(super) goals: Vec<Wanted<'a>>,
    /// Violations that no known change clears.
    pub(super) out_of_reach: u64,
}

/// Something that is done once in a place, however many findings want it.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Change<'a> {
    Edit(&'a FixEdit),
    Add(&'a ObjectRef),
    ByHand(&'a str),
}

/// The changes that a fix consists of.
pub(super) fn changes(fix: &Fix) -> impl Iterator<Item = Change<'_>> {
    let whole = match &fix.target {
        FixTarget::New { object, .. } => Some(Change::Add(object)),
        _ if fix.edits.is_empty() => Some(Change::ByHand(&fix.summary)),
        _ => None,
    };
    whole.into_iter().chain(fix.edits.iter().map(Change::Edit))
}

/// The effort of so many distinct changes in one place.
pub(super) fn effort(hardest: u32, changes: usize) -> u32 {
    let further = u32::try_from(changes.saturating_sub(1)).unwrap_or(u32::MAX);
    hardest
        .saturating_add(further.saturating_mul(FURTHER_CHANGE))
        .max(1)
}

/// The ways to clear a finding: for each cause the easiest fix there.
pub(super) fn ways(finding: u32, findings: &[Finding], causes: &Causes, ranks: &[u32]) -> Vec<Way> {
    let (Some(of), Some(finding)) = (
        causes.of.get(finding as usize),
        findings.get(finding as usize),
    ) else {
        return Vec::new();
    };
    let mut ways: Vec<Way> = of
        .iter()
        .filter_map(|&(cause, fix)| {
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
        })
        .collect();
    ways.sort_unstable();
    ways.dedup_by_key(|way| way.cause);
    ways
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

struct Builder<'a> {
    given: &'a [Finding],
    causes: &'a Causes,
    ranks: &'a [u32],
    /// The element of each finding, or [`NONE`].
    element_of: Vec<u32>,
    findings: Vec<u32>,
    ways: Vec<Vec<Way>>,
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
            ways: Vec::new(),
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
    fn requirements_of(
        &mut self,
        verdict: &GoalVerdict,
        asset: &AssetVerdict,
    ) -> Option<Vec<(u32, Vec<u32>)>> {
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
        let ways = ways(finding, self.given, self.causes, self.ranks);
        if ways.is_empty() {
            return None;
        }
        let element = self.findings.len() as u32;
        self.element_of[finding as usize] = element;
        self.findings.push(finding);
        self.ways.push(ways);
        Some(element)
    }

    fn group(
        &mut self,
        assets: Vec<(u32, Vec<(u32, Vec<u32>)>)>,
        need: u64,
        settles: bool,
    ) -> Option<u32> {
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
        for (ways, element) in self.ways.iter().zip(0_u32..) {
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
        let (mut levels, mut weights, mut covers) = (Vec::new(), Vec::new(), Vec::new());
        for of_cause in at.chunk_by(|a, b| a.0 == b.0) {
            let mut distinct = FxHashSet::default();
            let mut below = 0;
            for of_level in of_cause.chunk_by(|a, b| a.1 == b.1) {
                for &(_, _, element, fix) in of_level {
                    let finding = self.findings[element as usize];
                    let fixes = &self.given[finding as usize].fixes;
                    distinct.extend(changes(&fixes[fix as usize]));
                }
                below += of_level.len();
                let set = levels.len() as u32;
                covers.extend(
                    of_cause[..below]
                        .iter()
                        .map(|&(_, _, element, _)| (set, element)),
                );
                let (rank, hardest, ..) = of_level[0];
                levels.push(Level {
                    cause: cause_of[rank as usize],
                    effort: hardest,
                });
                weights.push(u64::from(effort(hardest, distinct.len())));
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

/// How many violations a clause accepts.
fn accepted(clause: &Clause) -> u32 {
    match clause {
        Clause::Vulnerabilities(clause) => clause.max,
        Clause::Configuration(clause) => clause.max,
        Clause::Runtime(clause) => clause.open_alerts.as_ref().map_or(0, |alerts| alerts.max),
        Clause::Coverage(_) | Clause::SupplyChain(_) | Clause::Exposure(_) => 0,
    }
}
