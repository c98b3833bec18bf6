//! The solver against brute force over all subsets.

use proptest::prelude::*;

use super::super::{
    bound,
    cover::{Cover, Requirement, State},
    greedy,
    solve::{self, Effort},
};

/// Enough work for small problems to be searched to the end.
const ALL: Effort = Effort {
    search_part: 1 << 40,
    search: 1 << 40,
    exchange: 1 << 40,
};
/// No search: what a large problem gets.
const FAST: Effort = Effort {
    search_part: 0,
    search: 0,
    exchange: 1 << 20,
};

/// A small problem: for each set a weight and a mask of elements; for each
/// demand a group and requirements, each a mask of elements and how many of
/// them are accepted; for each group the share that is needed.
fn problem() -> impl Strategy<Value = Cover> {
    let sets = prop::collection::vec((1_u64..30, any::<u16>(), any::<u16>()), 1..10);
    let requirement = (any::<u16>(), any::<u16>(), 0_u32..3);
    let requirements = prop::collection::vec(requirement, 1..3);
    let demands = prop::collection::vec((0_u32..3, requirements), 1..8);
    (sets, demands, prop::array::uniform3(0_u32..=4)).prop_map(|(sets, demands, shares)| {
        const ELEMENTS: u32 = 12;
        let bits = |mask: u16| (0..ELEMENTS).filter(move |bit| mask >> bit & 1 == 1);
        let mut covers = Vec::new();
        let mut covered = 0;
        for (&(_, a, b), set) in sets.iter().zip(0..) {
            // Fewer bits: sparse problems are the ones that differ.
            covers.extend(bits(a & b).map(|element| (set, element)));
            covered |= a & b;
        }
        let mut requirements = Vec::new();
        let (mut groups, mut count) = (Vec::new(), [0_u32; 3]);
        for (group, wants) in demands {
            let wants: Vec<_> = wants
                .into_iter()
                .map(|(a, b, accepted)| {
                    let elements: Vec<u32> = bits(a & b & covered).collect();
                    ((elements.len() as u32).saturating_sub(accepted), elements)
                })
                .filter(|(need, _)| *need > 0)
                .collect();
            if wants.is_empty() {
                continue;
            }
            let demand = groups.len() as u32;
            groups.push(group);
            count[group as usize] += 1;
            requirements.extend(wants.into_iter().map(|(need, elements)| Requirement {
                demand,
                need,
                elements,
            }));
        }
        let need = count
            .iter()
            .zip(shares)
            .map(|(count, share)| (count * share).div_ceil(4));
        let weights = sets.iter().map(|&(weight, ..)| weight).collect();
        let need = need.collect();
        Cover::new(
            weights,
            ELEMENTS as usize,
            &covers,
            &requirements,
            groups,
            need,
        )
    })
}

/// The least weight of any subset that completes the problem.
fn brute_force(cover: &Cover) -> u64 {
    let count = cover.weights.len();
    (0..1_u32 << count)
        .filter_map(|subset| {
            let mut state = State::new(cover);
            (0..count as u32)
                .filter(|set| subset >> set & 1 == 1)
                .for_each(|set| state.add(set));
            state.is_complete().then_some(state.cost)
        })
        .min()
        .expect("all sets together complete it")
}

fn completes(cover: &Cover, sets: &[u32]) -> bool {
    let mut state = State::new(cover);
    sets.iter().for_each(|&set| state.add(set));
    state.is_complete()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_exact_plan_is_the_cheapest_of_all_subsets(cover in problem()) {
        let solution = solve::solve(&cover, ALL);
        let best = brute_force(&cover);
        prop_assert!(completes(&cover, &solution.sets));
        prop_assert_eq!(solution.cost, best);
        prop_assert_eq!(solution.lower, best, "and it says so");
    }

    #[test]
    fn the_greedy_plan_is_within_its_stated_bound(cover in problem()) {
        let solution = solve::solve(&cover, FAST);
        let best = brute_force(&cover);
        prop_assert!(completes(&cover, &solution.sets));
        prop_assert!(solution.lower <= best, "no plan undercuts the bound");
        prop_assert!(solution.cost >= best);
    }

    #[test]
    fn the_bound_holds_for_what_is_left(cover in problem(), chosen in any::<u16>()) {
        let mut state = State::new(&cover);
        cover.all_sets().filter(|set| chosen >> set & 1 == 1).for_each(|set| state.add(set));
        let banned = vec![false; cover.weights.len()];
        let left = bound::lower(&state, &banned).expect("nothing is banned");
        // The cheapest way on from here.
        let cost = state.cost;
        let on = (0..1_u32 << cover.weights.len())
            .filter_map(|subset| {
                let mut on = state.clone();
                for set in cover.all_sets() {
                    if subset >> set & 1 == 1 && !on.chosen[set as usize] {
                        on.add(set);
                    }
                }
                on.is_complete().then_some(on.cost)
            })
            .min()
            .expect("all sets together complete it");
        prop_assert!(cost + left.weight <= on);
    }

    #[test]
    fn giving_up_a_set_undoes_choosing_it(cover in problem(), sets in any::<u16>()) {
        let mut state = State::new(&cover);
        let before = format!("{state:?}");
        let sets: Vec<u32> = cover.all_sets().filter(|set| sets >> set & 1 == 1).collect();
        sets.iter().for_each(|&set| state.add(set));
        sets.iter().for_each(|&set| state.remove(set));
        prop_assert_eq!(format!("{state:?}"), before);
    }

    #[test]
    fn no_set_of_a_pruned_plan_is_needless(cover in problem()) {
        let mut state = State::new(&cover);
        greedy::choose(&mut state);
        prop_assert!(state.is_complete());
        greedy::prune(&mut state);
        for set in state.sets() {
            let mut without = state.clone();
            without.remove(set);
            prop_assert!(!without.is_complete());
        }
    }
}

/// A problem of one group in which each demand is one element.
fn elements(weights: &[u64], sets: &[&[u32]], count: u32, need: u32) -> Cover {
    let mut covers = Vec::new();
    for (elements, set) in sets.iter().zip(0..) {
        covers.extend(elements.iter().map(|&element| (set, element)));
    }
    let requirements: Vec<Requirement> = (0..count)
        .map(|demand| Requirement {
            demand,
            need: 1,
            elements: vec![demand],
        })
        .collect();
    let groups = vec![0; count as usize];
    Cover::new(
        weights.to_vec(),
        count as usize,
        &covers,
        &requirements,
        groups,
        vec![need],
    )
}

#[test]
fn plans_of_known_problems() {
    let check = |weights: &[u64], sets: &[&[u32]], count, need, expect: (&[u32], u64)| {
        let solution = solve::solve(&elements(weights, sets, count, need), ALL);
        assert_eq!(
            (&*solution.sets, solution.lower),
            expect,
            "{weights:?} {sets:?} {need}"
        );
    };
    // Where greedy fails: it takes the big set and then both others.
    check(
        &[10, 10, 10],
        &[&[0, 1, 2, 3], &[0, 1, 4], &[2, 3, 5]],
        6,
        6,
        (&[1, 2], 20),
    );
    // Half of the scope is enough: the two cheapest.
    check(
        &[30, 10, 20, 10],
        &[&[0], &[1], &[2], &[3]],
        4,
        2,
        (&[1, 3], 20),
    );
    // One is enough: the shared set is dearer than an own one.
    check(
        &[12, 10, 10, 10],
        &[&[0, 1, 2], &[0], &[1], &[2]],
        3,
        1,
        (&[1], 10),
    );
    // All are needed: the shared one does for all.
    check(
        &[12, 10, 10, 10],
        &[&[0, 1, 2], &[0], &[1], &[2]],
        3,
        3,
        (&[0], 12),
    );
    // Nothing is needed.
    check(&[12], &[&[0]], 1, 0, (&[], 0));
}

#[test]
fn many_independent_assets_are_solved_and_proven_one_by_one() {
    let count = 5_000;
    let sets: Vec<Vec<u32>> = (0..count).flat_map(|i| [vec![i], vec![i]]).collect();
    let sets: Vec<&[u32]> = sets.iter().map(Vec::as_slice).collect();
    let weights: Vec<u64> = (0..2 * u64::from(count)).map(|i| 10 + i % 7).collect();
    let whole = solve::solve(&elements(&weights, &sets, count, count), FAST);
    assert_eq!(whole.sets.len(), count as usize);
    assert_eq!(whole.cost, whole.lower);
    let most = solve::solve(&elements(&weights, &sets, count, count - 50), FAST);
    assert_eq!(most.sets.len(), count as usize - 50);
    assert_eq!(most.cost, most.lower, "the dearest fifty are left out");
}
