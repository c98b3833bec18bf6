//! The cheapest plan for certain, for problems that are small enough: branch
//! and bound.

use super::{Budget, bound, cover::State, greedy::Gains};

/// Problems with more sets than this are not tried.
pub(super) const MOST_SETS: usize = 24;

/// What the search came to.
pub(super) struct Search {
    /// The cheapest plan found.
    pub(super) sets: Vec<u32>,
    /// Its weight.
    pub(super) cost: u64,
    /// Whether every other plan was ruled out before the budget was spent.
    pub(super) proven: bool,
}

/// Looks for a plan that is cheaper than the `known` one of weight `cost`.
/// Sets are tried in an order that depends on the problem alone, and only a
/// plan that is really cheaper replaces one: the same problem gives the same
/// plan.
pub(super) fn search(
    state: &mut State<'_>,
    known: Vec<u32>,
    cost: u64,
    budget: &mut Budget,
) -> Search {
    let mut found = Search {
        sets: known,
        cost,
        proven: true,
    };
    let mut banned = vec![false; state.cover.weights.len()];
    let mut gains = Gains::new(state);
    branch(state, &mut banned, &mut gains, &mut found, budget);
    found
}

/// Looks at all plans with the chosen sets and without the banned ones.
fn branch(
    state: &mut State<'_>,
    banned: &mut [bool],
    gains: &mut Gains,
    found: &mut Search,
    budget: &mut Budget,
) {
    if state.is_complete() {
        if state.cost < found.cost {
            found.cost = state.cost;
            found.sets = state.sets();
        }
        return;
    }
    let Some(bound) = bound::lower(state, banned) else {
        return;
    };
    if !budget.spend(bound.work) {
        found.proven = false;
        return;
    }
    if state.cost + bound.weight >= found.cost {
        return;
    }
    let weights = &state.cover.weights;
    let mut best: Option<(u64, u64, u32)> = None;
    for set in state.cover.all_sets() {
        if state.chosen[set as usize] || banned[set as usize] {
            continue;
        }
        let (weight, gain) = (weights[set as usize], gains.of(state, set));
        // weight / gain < best weight / best gain, without division.
        let cheaper = best.is_none_or(|(w, g, _)| {
            u128::from(weight) * u128::from(g) < u128::from(w) * u128::from(gain)
        });
        if gain > 0 && cheaper {
            best = Some((weight, gain, set));
        }
    }
    let Some((_, _, set)) = best else { return };
    state.add(set);
    branch(state, banned, gains, found, budget);
    state.remove(set);
    banned[set as usize] = true;
    branch(state, banned, gains, found, budget);
    banned[set as usize] = false;
}
