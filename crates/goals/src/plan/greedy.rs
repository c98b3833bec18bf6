//! A good plan fast: the cheapest set per missing piece first, then what
//! became needless is given up, then exchanges that lower the effort.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Budget, cover::State};

/// Counts how much a set would complete.
pub(super) struct Gains {
    seen: Vec<u32>,
    touched: Vec<u32>,
}

impl Gains {
    /// Room for the requirements of the problem.
    pub(super) fn new(state: &State<'_>) -> Self {
        Gains {
            seen: vec![0; state.cover.req_need.len()],
            touched: Vec::new(),
        }
    }

    /// How many missing pieces of the groups that are short `set` would bring.
    /// It never grows as sets are chosen.
    pub(super) fn of(&mut self, state: &State<'_>, set: u32) -> u64 {
        let cover = state.cover;
        let mut gain = 0;
        for &element in cover.elements.of(set) {
            if state.covered[element as usize] > 0 {
                continue;
            }
            for &req in cover.reqs.of(element) {
                let r = req as usize;
                let missing = cover.req_need[r].saturating_sub(state.have[r]);
                let group = cover.demand_group[cover.req_demand[r] as usize];
                if self.seen[r] < missing && state.is_short(group) {
                    if self.seen[r] == 0 {
                        self.touched.push(req);
                    }
                    self.seen[r] += 1;
                    gain += 1;
                }
            }
        }
        for req in self.touched.drain(..) {
            self.seen[req as usize] = 0;
        }
        gain
    }
}

/// Weight per missing piece, comparable as a whole number.
fn price(weight: u64, gain: u64) -> u64 {
    (weight << 20) / gain
}

/// Chooses sets until every group has what it needs, each time the cheapest
/// per missing piece. A set's gain only shrinks, so a stale price is never too
/// high: the heap is brought up to date only at its top.
pub(super) fn choose(state: &mut State<'_>) {
    let mut gains = Gains::new(state);
    let mut heap = BinaryHeap::new();
    for set in state.cover.all_sets() {
        let gain = gains.of(state, set);
        if gain > 0 && !state.chosen[set as usize] {
            heap.push(Reverse((
                price(state.cover.weights[set as usize], gain),
                set,
            )));
        }
    }
    while !state.is_complete() {
        let Some(Reverse((_, set))) = heap.pop() else {
            break;
        };
        let gain = gains.of(state, set);
        if gain == 0 {
            continue;
        }
        let fresh = (price(state.cover.weights[set as usize], gain), set);
        match heap.peek() {
            Some(Reverse(next)) if *next < fresh => heap.push(Reverse(fresh)),
            _ => state.add(set),
        }
    }
}

/// Gives up every set without which the groups still have what they need, the
/// heaviest first.
pub(super) fn prune(state: &mut State<'_>) {
    let mut sets = state.sets();
    sets.sort_by_key(|&set| Reverse((state.cover.weights[set as usize], set)));
    for set in sets {
        drop_if_needless(state, set);
    }
}

fn drop_if_needless(state: &mut State<'_>, set: u32) -> bool {
    state.remove(set);
    let needless = state.is_complete();
    if !needless {
        state.add(set);
    }
    needless
}

/// Exchanges: a set that is not chosen comes in where it lets chosen sets of
/// more weight go. Ends when a round finds none or the budget is spent.
pub(super) fn improve(state: &mut State<'_>, budget: &mut Budget) {
    const ROUNDS: usize = 4;
    for _ in 0..ROUNDS {
        let before = state.cost;
        for set in state.cover.all_sets() {
            if !state.chosen[set as usize] && !exchange(state, set, budget) {
                return;
            }
        }
        if state.cost == before {
            return;
        }
    }
}

/// Tries one exchange; false when the budget is spent.
fn exchange(state: &mut State<'_>, set: u32, budget: &mut Budget) -> bool {
    let cover = state.cover;
    let mut rivals: Vec<u32> = Vec::new();
    for &element in cover.elements.of(set) {
        let sets = cover.sets.of(element);
        if !budget.spend(sets.len() as u64) {
            return false;
        }
        rivals.extend(sets.iter().filter(|&&rival| state.chosen[rival as usize]));
    }
    rivals.sort_unstable_by_key(|&rival| Reverse((cover.weights[rival as usize], rival)));
    rivals.dedup();
    // What the rivals weigh together is the most that can be won.
    let most: u64 = rivals
        .iter()
        .map(|&rival| cover.weights[rival as usize])
        .sum();
    if most <= cover.weights[set as usize] {
        return true;
    }
    let before = state.cost;
    state.add(set);
    let mut gone = Vec::new();
    for rival in rivals {
        if !budget.spend(2 * cover.elements.of(rival).len() as u64) {
            break;
        }
        if drop_if_needless(state, rival) {
            gone.push(rival);
        }
    }
    if state.cost >= before {
        for rival in gone {
            state.add(rival);
        }
        state.remove(set);
    }
    true
}
