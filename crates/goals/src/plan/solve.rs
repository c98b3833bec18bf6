//! From a problem to a plan with a proof.
//!
//! Demands that share no set are solved apart, so that an estate of thousands
//! of independent assets is thousands of small problems. A part whose greedy
//! plan weighs what the lower bound says is proven at once; a small one is
//! searched to the end; for the rest the ratio of weight to lower bound is the
//! proof.

use super::{
    Budget, bound,
    cover::{Cover, Scratch, State},
    exact, greedy,
};

/// A plan for a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Solution {
    /// The chosen sets, in order.
    pub(super) sets: Vec<u32>,
    /// What they weigh.
    pub(super) cost: u64,
    /// What every plan weighs at least; equal to `cost` when proven.
    pub(super) lower: u64,
}

/// How much work may go into what a greedy plan does not need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Steps of branch and bound for one part.
    pub(super) search_part: u64,
    /// Steps of branch and bound in all.
    pub(super) search: u64,
    /// Steps of exchanges in all.
    pub(super) exchange: u64,
}

impl Default for Effort {
    /// Well under a second.
    fn default() -> Self {
        Effort {
            search_part: 2_000_000,
            search: 8_000_000,
            exchange: 8_000_000,
        }
    }
}

/// Solves a problem.
pub(super) fn solve(cover: &Cover, effort: Effort) -> Solution {
    let mut search = Budget::new(effort.search);
    let mut exchange = Budget::new(effort.exchange);
    parts(cover, effort.search_part, &mut search, &mut exchange)
}

fn parts(cover: &Cover, most: u64, search: &mut Budget, exchange: &mut Budget) -> Solution {
    let mut whole = Solution::default();
    let mut scratch = Scratch::default();
    for demands in components(cover) {
        let (part, old_sets) = cover.restrict(&demands, &mut scratch);
        let solution = one(&part, most, search, exchange);
        whole
            .sets
            .extend(solution.sets.iter().map(|&set| old_sets[set as usize]));
        whole.cost += solution.cost;
        whole.lower += solution.lower;
    }
    whole.sets.sort_unstable();
    whole
}

/// Solves a problem whose demands hang together.
fn one(cover: &Cover, most: u64, search: &mut Budget, exchange: &mut Budget) -> Solution {
    let mut state = State::new(cover);
    greedy::choose(&mut state);
    greedy::prune(&mut state);
    greedy::improve(&mut state, exchange);
    let Some(bound) = bound::of(cover) else {
        return Solution::default();
    };
    let mut best = Solution {
        sets: state.sets(),
        cost: state.cost,
        lower: bound.weight,
    };

    // When some demands may stay open, which ones matters more than how: try
    // those that the bound says are cheapest, and those that the greedy plan
    // completes, each as a problem where all are needed.
    let partial = (0..cover.group_need.len() as u32).any(|group| cover.is_partial(group));
    if partial && best.cost > best.lower {
        let completed: Vec<bool> = state.open.iter().map(|&open| open == 0).collect();
        let all = vec![true; completed.len()];
        for among in [all, completed] {
            let demands = cheapest_demands(cover, &bound.demands, &among);
            let (part, old_sets) = cover.restrict(&demands, &mut Scratch::default());
            let solution = parts(&part, most, search, exchange);
            let mut state = State::new(cover);
            solution
                .sets
                .iter()
                .for_each(|&set| state.add(old_sets[set as usize]));
            greedy::prune(&mut state);
            greedy::improve(&mut state, exchange);
            if state.is_complete() && state.cost < best.cost {
                best = Solution {
                    sets: state.sets(),
                    cost: state.cost,
                    ..best
                };
            }
        }
    }
    if best.cost > best.lower && cover.weights.len() <= exact::MOST_SETS {
        let mut share = search.take(most);
        let known = std::mem::take(&mut best.sets);
        let found = exact::search(&mut State::new(cover), known, best.cost, &mut share);
        search.give_back(share);
        let lower = if found.proven { found.cost } else { best.lower };
        best = Solution {
            sets: found.sets,
            cost: found.cost,
            lower,
        };
    }
    best
}

/// As many demands of each group as it needs, the cheapest first, in order.
fn cheapest_demands(cover: &Cover, price: &[u64], among: &[bool]) -> Vec<u32> {
    let mut chosen = Vec::new();
    for group in 0..cover.group_need.len() as u32 {
        let of_group = cover.group_demands.of(group).iter().copied();
        let mut demands: Vec<u32> = of_group.filter(|&d| among[d as usize]).collect();
        demands.sort_unstable_by_key(|&demand| (price[demand as usize], demand));
        demands.truncate(cover.group_need[group as usize] as usize);
        chosen.extend(demands);
    }
    chosen.sort_unstable();
    chosen
}

/// The demands by part: two are in the same part when they share a set, or a
/// group that may leave some of them open. Parts and their demands are in
/// order of their numbers.
fn components(cover: &Cover) -> Vec<Vec<u32>> {
    let mut parent: Vec<u32> = cover.all_demands().collect();
    for set in cover.all_sets() {
        let mut first = None;
        for &element in cover.elements.of(set) {
            for &req in cover.reqs.of(element) {
                let demand = cover.req_demand[req as usize];
                join(&mut parent, *first.get_or_insert(demand), demand);
            }
        }
    }
    for group in (0..cover.group_need.len() as u32).filter(|&group| cover.is_partial(group)) {
        for pair in cover.group_demands.of(group).windows(2) {
            join(&mut parent, pair[0], pair[1]);
        }
    }
    let mut place = vec![u32::MAX; parent.len()];
    let mut parts: Vec<Vec<u32>> = Vec::new();
    for demand in cover.all_demands() {
        let place = &mut place[root(&mut parent, demand) as usize];
        if *place == u32::MAX {
            *place = parts.len() as u32;
            parts.push(Vec::new());
        }
        parts[*place as usize].push(demand);
    }
    parts
}

fn root(parent: &mut [u32], mut node: u32) -> u32 {
    while parent[node as usize] != node {
        let above = parent[parent[node as usize] as usize];
        parent[node as usize] = above;
        node = above;
    }
    node
}

/// The smaller root stays one: the result does not depend on the order.
fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}
