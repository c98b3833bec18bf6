//! The fix plan: the fewest concrete changes that bring a goal to its target.
//!
//! Findings are grouped by *cause*, the place where they can be cleared: an
//! object, a missing object, something many objects share ([`resolve`]). A
//! plan chooses the causes of least effort that bring enough assets above the
//! line: a weighted set cover in which a finding may have alternatives, a
//! clause may accept some violations and a goal some assets below the line.
//!
//! Small problems are solved exactly. For large ones the plan is found
//! greedily, cleaned of what is needless and improved by exchanges; its proof
//! is then the ratio of its effort to a lower bound that no plan undercuts.
//! The effort that is minimised counts, for each cause, all changes that the
//! goal could want there up to the hardest one taken; a step leaves out what
//! is not needed after all, so its own effort may be lower.
//!
//! The plan of a goal is empty when it holds. Assets that are unknown, pending
//! or excepted are no part of it. Where the assets that can come to meet the
//! goal are too few, it brings all of these there, and then assets that become
//! unknown, until the goal is no longer certain to be missed.

use plimsoll_model::{Finding, FixPlan, GoalVerdict, PlanProof};

mod acts;
mod bound;
mod causes;
mod changes;
mod cover;
mod exact;
mod greedy;
mod problem;
mod solve;
mod steps;
#[cfg(test)]
mod tests;

pub use causes::{
    AUTOMATIC, Cause, Causes, DECISION, FURTHER_CHANGE, MANUAL, NEW_OBJECT, SHARED_BASE, SharedFix,
    effort_of, resolve,
};

/// The plan for one goal.
pub fn plan(verdict: &GoalVerdict, findings: &[Finding], causes: &Causes) -> FixPlan {
    plan_all(std::slice::from_ref(verdict), findings, causes)
}

/// The plan that brings all goals to their targets together: a change that
/// serves several goals is made once. It reaches the target when each goal
/// reaches its own.
pub fn plan_all(verdicts: &[GoalVerdict], findings: &[Finding], causes: &Causes) -> FixPlan {
    let ranks = problem::ranks(causes);
    let problem = problem::Problem::new(verdicts, findings, causes, &ranks);
    let solution = solve::solve(&problem.cover, solve::Effort::default());
    let mut state = cover::State::new(&problem.cover);
    solution.sets.iter().for_each(|&set| state.add(set));

    let reaches_target = problem.goals.iter().all(|goal| {
        let completed = goal.group.map_or(0, |group| state.done[group as usize]);
        let counts = &goal.verdict.counts;
        let certain = counts.lower() + u64::from(completed);
        goal.verdict
            .attainment
            .target
            .reached_by(certain, counts.in_scope)
    });
    FixPlan {
        steps: steps::steps(&problem, &state, verdicts, findings, causes, &ranks),
        proof: proof(solution.cost, solution.lower),
        reaches_target,
        out_of_reach: problem.out_of_reach,
    }
}

/// What is known of a plan of this weight when every plan has at least the
/// weight `lower`.
fn proof(cost: u64, lower: u64) -> PlanProof {
    if cost <= lower {
        return PlanProof::Optimal;
    }
    let ratio = (u128::from(cost) * 100).div_ceil(u128::from(lower.max(1)));
    PlanProof::Greedy {
        ratio_percent: u32::try_from(ratio).unwrap_or(u32::MAX),
    }
}

/// How much work may still be done. Work is counted, never timed: the same
/// problem gives the same plan on every machine.
#[derive(Clone, Copy, Debug)]
struct Budget(u64);

impl Budget {
    fn new(work: u64) -> Self {
        Budget(work)
    }

    /// Takes so much work out; false, and nothing is left, when it is too much.
    fn spend(&mut self, work: u64) -> bool {
        let enough = self.0 >= work;
        self.0 = self.0.saturating_sub(work);
        enough
    }

    /// Sets a part of at most `most` aside.
    fn take(&mut self, most: u64) -> Self {
        let part = self.0.min(most);
        self.0 -= part;
        Budget(part)
    }

    /// Gives back what is left of a part.
    fn give_back(&mut self, part: Self) {
        self.0 += part.0;
    }
}
