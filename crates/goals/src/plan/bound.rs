//! What no plan can undercut.
//!
//! Every missing piece (an element of a requirement) gets a price such that no
//! set's weight is exceeded by the prices of what it can bring. Whatever a
//! plan completes, it pays at least the prices of the pieces: so the cheapest
//! pieces that make up the cheapest demands that make up every group's need
//! are a lower bound on the weight of any plan. In terms of linear programs,
//! the prices are a feasible dual solution.
//!
//! A set first shares its weight evenly among the pieces it can bring, counting
//! of each requirement at most what is missing and of each group at most as
//! many demands as it still needs: a plan that completes more is charged only
//! for these. A piece takes the lowest share among its sets. Then prices are
//! raised, one by one, as far as the weights left over allow.

use super::cover::{Cover, State};

/// Prices are whole numbers of this part of a unit of weight, so that the
/// bound is the same on every machine. They are rounded down, the bound up to
/// a whole weight: weights are whole, so both keep it true.
const SCALE_BITS: u32 = 20;

/// What is still to be paid at least.
pub(super) struct Bound {
    /// The least weight of sets that must still be added.
    pub(super) weight: u64,
    /// For each demand, the least that completing it adds, in scaled units;
    /// `u64::MAX` for a demand that can't be completed or need not be.
    pub(super) demands: Vec<u64>,
    /// The size of the work done.
    pub(super) work: u64,
}

/// The bound for all plans that contain the chosen sets and none of the
/// `banned`; none when there is no such plan.
pub(super) fn lower(state: &State<'_>, banned: &[bool]) -> Option<Bound> {
    let cover = state.cover;
    let available = |set: u32| !banned[set as usize] && !state.chosen[set as usize];
    let alive = alive(state, available)?;
    let shares = shares(state, &alive, available);

    // The price of each piece, by its place in `req_elements`.
    let mut prices = vec![0_u64; cover.req_elements.len()];
    let mut left: Vec<i128> = cover
        .weights
        .iter()
        .map(|&weight| i128::from(weight) << SCALE_BITS)
        .collect();
    let pieces = |visit: &mut dyn FnMut(usize, u32)| {
        for demand in cover.all_demands().filter(|&demand| alive[demand as usize]) {
            for &req in cover.demand_reqs.of(demand) {
                if state.have[req as usize] >= cover.req_need[req as usize] {
                    continue;
                }
                for (&element, place) in cover.req_elements.of(req).iter().zip(0..) {
                    if state.covered[element as usize] == 0 {
                        visit(cover.req_elements.start(req) + place, element);
                    }
                }
            }
        }
    };
    let mut work = 0;
    pieces(&mut |place, element| {
        let sets = cover.sets.of(element).iter().filter(|&&set| available(set));
        work += cover.sets.of(element).len() as u64;
        let price = sets
            .clone()
            .map(|&set| shares[set as usize])
            .min()
            .unwrap_or(u64::MAX);
        prices[place] = price;
        for &set in sets {
            left[set as usize] -= i128::from(price);
        }
    });
    pieces(&mut |place, element| {
        let sets = cover.sets.of(element).iter().filter(|&&set| available(set));
        let raise = sets
            .clone()
            .map(|&set| left[set as usize])
            .min()
            .unwrap_or(0);
        if raise > 0 {
            prices[place] += raise as u64;
            for &set in sets {
                left[set as usize] -= raise;
            }
        }
    });
    let (total, demands) = sum(state, &alive, &prices);
    let weight = total.div_ceil(1 << SCALE_BITS) as u64;
    Some(Bound {
        weight,
        demands,
        work: 2 * work + cover.elements.len() as u64,
    })
}

/// Which open demands of groups that are short can still be completed; none
/// when there are too few.
fn alive(state: &State<'_>, available: impl Fn(u32) -> bool) -> Option<Vec<bool>> {
    let cover = state.cover;
    let mut alive = vec![false; cover.demand_group.len()];
    let mut count = vec![0_u32; cover.group_need.len()];
    for demand in cover.all_demands() {
        let group = cover.demand_group[demand as usize];
        if state.open[demand as usize] == 0 || !state.is_short(group) {
            continue;
        }
        let can = cover.demand_reqs.of(demand).iter().all(|&req| {
            let missing = cover.req_need[req as usize].saturating_sub(state.have[req as usize]);
            let pieces = cover.req_elements.of(req).iter().filter(|&&element| {
                state.covered[element as usize] == 0
                    && cover.sets.of(element).iter().any(|&set| available(set))
            });
            missing == 0 || pieces.take(missing as usize).count() == missing as usize
        });
        alive[demand as usize] = can;
        count[group as usize] += u32::from(can);
    }
    let enough = cover
        .group_need
        .iter()
        .zip(&state.done)
        .zip(&count)
        .all(|((need, done), count)| done + count >= *need);
    enough.then_some(alive)
}

/// Each set's weight divided evenly among the pieces it can bring, scaled.
fn shares(state: &State<'_>, alive: &[bool], available: impl Fn(u32) -> bool) -> Vec<u64> {
    let cover = state.cover;
    let mut shares = vec![u64::MAX; cover.weights.len()];
    let mut seen = vec![0_u32; cover.req_need.len()];
    let mut units = vec![0_u64; cover.demand_group.len()];
    let (mut reqs, mut demands) = (Vec::new(), Vec::new());
    for set in cover.all_sets().filter(|&set| available(set)) {
        for &element in cover.elements.of(set) {
            if state.covered[element as usize] > 0 {
                continue;
            }
            for &req in cover.reqs.of(element) {
                let (r, demand) = (req as usize, cover.req_demand[req as usize]);
                let missing = cover.req_need[r].saturating_sub(state.have[r]);
                if seen[r] >= missing || !alive[demand as usize] {
                    continue;
                }
                if seen[r] == 0 {
                    reqs.push(req);
                }
                seen[r] += 1;
                if units[demand as usize] == 0 {
                    let group = cover.demand_group[demand as usize];
                    demands.push((group, demand));
                }
                units[demand as usize] += 1;
            }
        }
        let pieces = pieces_in_need(state, &mut demands, &units);
        let scaled = cover.weights[set as usize] << SCALE_BITS;
        shares[set as usize] = scaled.checked_div(pieces).unwrap_or(u64::MAX);
        for req in reqs.drain(..) {
            seen[req as usize] = 0;
        }
        for (_, demand) in demands.drain(..) {
            units[demand as usize] = 0;
        }
    }
    shares
}

/// The pieces a set brings to as many demands of each group as it still needs,
/// the demands it brings most to first.
fn pieces_in_need(state: &State<'_>, demands: &mut [(u32, u32)], units: &[u64]) -> u64 {
    let cover = state.cover;
    if demands.iter().all(|&(group, _)| !cover.is_partial(group)) {
        return demands
            .iter()
            .map(|&(_, demand)| units[demand as usize])
            .sum();
    }
    demands.sort_unstable_by_key(|&(group, demand)| {
        (group, std::cmp::Reverse(units[demand as usize]), demand)
    });
    demands
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of_group| {
            let group = of_group[0].0 as usize;
            let wanted = cover.group_need[group] - state.done[group];
            let counted = of_group.iter().take(wanted as usize);
            counted
                .map(|&(_, demand)| units[demand as usize])
                .sum::<u64>()
        })
        .sum()
}

/// The cheapest pieces of the cheapest demands, in scaled units: in all, and
/// for each demand.
fn sum(state: &State<'_>, alive: &[bool], prices: &[u64]) -> (u128, Vec<u64>) {
    let cover = state.cover;
    let mut demands = vec![u64::MAX; cover.demand_group.len()];
    let mut some = Vec::new();
    for demand in cover.all_demands().filter(|&demand| alive[demand as usize]) {
        let mut total = 0_u64;
        for &req in cover.demand_reqs.of(demand) {
            let missing = cover.req_need[req as usize].saturating_sub(state.have[req as usize]);
            let start = cover.req_elements.start(req);
            some.clear();
            some.extend(
                cover
                    .req_elements
                    .of(req)
                    .iter()
                    .zip(&prices[start..])
                    .filter_map(|(&element, &price)| {
                        (state.covered[element as usize] == 0).then_some(price)
                    }),
            );
            total = total.saturating_add(cheapest(&mut some, missing as usize) as u64);
        }
        demands[demand as usize] = total;
    }
    let mut all = 0;
    for group in 0..cover.group_need.len() as u32 {
        let wanted = cover.group_need[group as usize].saturating_sub(state.done[group as usize]);
        some.clear();
        let of_group = cover.group_demands.of(group).iter();
        some.extend(
            of_group
                .filter(|&&d| alive[d as usize])
                .map(|&d| demands[d as usize]),
        );
        all += cheapest(&mut some, wanted as usize);
    }
    (all, demands)
}

/// The sum of the `count` least values.
fn cheapest(values: &mut [u64], count: usize) -> u128 {
    if count == 0 {
        return 0;
    }
    if count < values.len() {
        values.select_nth_unstable(count - 1);
    }
    values
        .iter()
        .take(count)
        .map(|&value| u128::from(value))
        .sum()
}

/// The least weight of any plan of the problem.
pub(super) fn of(cover: &Cover) -> Option<Bound> {
    lower(&State::new(cover), &vec![false; cover.weights.len()])
}
