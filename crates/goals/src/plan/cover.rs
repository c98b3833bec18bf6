//! The fix plan as arithmetic: sets of least weight that complete enough
//! demands.
//!
//! A *set* (a cause) covers *elements* (findings). A *requirement* wants a
//! number of its elements covered (all that violate a clause on an asset, but
//! the accepted ones). A *demand* (an asset for a goal) is complete when all
//! its requirements are. A *group* (a goal) wants a number of its demands
//! complete. This is set cover with partial cover at two levels.

/// A list of lists in two allocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// The lists `0..count`, each with the second parts of its pairs in order.
    pub(super) fn from_pairs(count: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; count + 1];
        for &(list, _) in pairs {
            starts[list as usize + 1] += 1;
        }
        for list in 0..count {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut items = vec![0; pairs.len()];
        for &(list, item) in pairs {
            let place = &mut next[list as usize];
            items[*place as usize] = item;
            *place += 1;
        }
        Lists { starts, items }
    }

    /// One list.
    pub(super) fn of(&self, list: u32) -> &[u32] {
        let list = list as usize;
        &self.items[self.starts[list] as usize..self.starts[list + 1] as usize]
    }

    /// How many items all lists have together.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Where in all items a list begins.
    pub(super) fn start(&self, list: u32) -> usize {
        self.starts[list as usize] as usize
    }
}

/// A requirement as it is put in.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    /// The demand it is part of.
    pub(super) demand: u32,
    /// How many of `elements` must be covered.
    pub(super) need: u32,
    /// Its elements, each once.
    pub(super) elements: Vec<u32>,
}

/// One problem to solve. Every group can reach its need, and every weight is
/// at least 1.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    pub(super) weights: Vec<u64>,
    /// Set to elements.
    pub(super) elements: Lists,
    /// Element to sets.
    pub(super) sets: Lists,
    /// Element to requirements.
    pub(super) reqs: Lists,
    /// Requirement to elements.
    pub(super) req_elements: Lists,
    pub(super) req_need: Vec<u32>,
    pub(super) req_demand: Vec<u32>,
    /// Demand to requirements.
    pub(super) demand_reqs: Lists,
    pub(super) demand_group: Vec<u32>,
    /// Group to demands.
    pub(super) group_demands: Lists,
    pub(super) group_need: Vec<u32>,
}

impl Cover {
    /// The problem of these parts. `covers` has a pair for each set and
    /// element it covers.
    pub(super) fn new(
        weights: Vec<u64>,
        element_count: usize,
        covers: &[(u32, u32)],
        requirements: &[Requirement],
        demand_group: Vec<u32>,
        group_need: Vec<u32>,
    ) -> Self {
        let flip = |pairs: &[(u32, u32)]| -> Vec<(u32, u32)> {
            pairs.iter().map(|&(a, b)| (b, a)).collect()
        };
        let mut wants = Vec::new();
        let mut parts = Vec::with_capacity(requirements.len());
        for (requirement, index) in requirements.iter().zip(0_u32..) {
            wants.extend(requirement.elements.iter().map(|&element| (index, element)));
            parts.push((requirement.demand, index));
        }
        let groups: Vec<(u32, u32)> = demand_group.iter().copied().zip(0..).collect();
        Cover {
            elements: Lists::from_pairs(weights.len(), covers),
            sets: Lists::from_pairs(element_count, &flip(covers)),
            reqs: Lists::from_pairs(element_count, &flip(&wants)),
            req_elements: Lists::from_pairs(requirements.len(), &wants),
            req_need: requirements
                .iter()
                .map(|requirement| requirement.need)
                .collect(),
            req_demand: requirements
                .iter()
                .map(|requirement| requirement.demand)
                .collect(),
            demand_reqs: Lists::from_pairs(demand_group.len(), &parts),
            group_demands: Lists::from_pairs(group_need.len(), &groups),
            weights,
            demand_group,
            group_need,
        }
    }

    /// The sets, by number.
    pub(super) fn all_sets(&self) -> std::ops::Range<u32> {
        0..self.weights.len() as u32
    }

    /// The demands, by number.
    pub(super) fn all_demands(&self) -> std::ops::Range<u32> {
        0..self.demand_group.len() as u32
    }

    /// Whether a group may leave some of its demands open.
    pub(super) fn is_partial(&self, group: u32) -> bool {
        (self.group_need[group as usize] as usize) < self.group_demands.of(group).len()
    }

    /// The problem of some of the demands alone, all of which must be
    /// complete or, for a group with fewer needed, that many; with the sets
    /// that matter to them. The second value gives each set's old number.
    pub(super) fn restrict(&self, demands: &[u32], scratch: &mut Scratch) -> (Cover, Vec<u32>) {
        scratch.size_for(self);
        let mut weights = Vec::new();
        let mut old_sets = Vec::new();
        let mut covers = Vec::new();
        let mut requirements = Vec::new();
        let mut old_elements = Vec::new();
        let mut demand_group = Vec::new();
        let mut old_groups = Vec::new();
        for (&demand, new_demand) in demands.iter().zip(0_u32..) {
            let group = self.demand_group[demand as usize];
            demand_group.push(number(&mut scratch.groups, &mut old_groups, group));
            for &req in self.demand_reqs.of(demand) {
                let elements = self.req_elements.of(req);
                let elements = elements
                    .iter()
                    .map(|&old| number(&mut scratch.elements, &mut old_elements, old))
                    .collect();
                let need = self.req_need[req as usize];
                requirements.push(Requirement {
                    demand: new_demand,
                    need,
                    elements,
                });
            }
        }
        for &element in &old_elements {
            for &set in self.sets.of(element) {
                number(&mut scratch.sets, &mut old_sets, set);
            }
        }
        // The order of sets breaks ties: it must not depend on the elements'.
        old_sets.sort_unstable();
        for (&set, new) in old_sets.iter().zip(0_u32..) {
            weights.push(self.weights[set as usize]);
            for &element in self.elements.of(set) {
                let new_element = scratch.elements[element as usize];
                if new_element != NONE {
                    covers.push((new, new_element));
                }
            }
        }
        let mut group_need = vec![0_u32; old_groups.len()];
        for &group in &demand_group {
            group_need[group as usize] += 1;
        }
        for (need, &old) in group_need.iter_mut().zip(&old_groups) {
            *need = (*need).min(self.group_need[old as usize]);
        }
        for &old in &old_elements {
            scratch.elements[old as usize] = NONE;
        }
        for &old in &old_sets {
            scratch.sets[old as usize] = NONE;
        }
        for &old in &old_groups {
            scratch.groups[old as usize] = NONE;
        }
        let count = old_elements.len();
        let cover = Cover::new(
            weights,
            count,
            &covers,
            &requirements,
            demand_group,
            group_need,
        );
        (cover, old_sets)
    }
}

const NONE: u32 = u32::MAX;

/// The new number of `old`, given out in order of first sight.
fn number(numbers: &mut [u32], olds: &mut Vec<u32>, old: u32) -> u32 {
    let new = &mut numbers[old as usize];
    if *new == NONE {
        *new = olds.len() as u32;
        olds.push(old);
    }
    *new
}

/// Room for [`Cover::restrict`], so that cutting a problem into many parts
/// takes time in proportion to the parts.
#[derive(Default)]
pub(super) struct Scratch {
    elements: Vec<u32>,
    sets: Vec<u32>,
    groups: Vec<u32>,
}

impl Scratch {
    fn size_for(&mut self, cover: &Cover) {
        let size = |room: &mut Vec<u32>, count: usize| {
            if room.len() < count {
                room.resize(count, NONE);
            }
        };
        size(&mut self.elements, cover.sets.lists());
        size(&mut self.sets, cover.weights.len());
        size(&mut self.groups, cover.group_need.len());
    }
}

impl Lists {
    /// How many lists there are.
    pub(super) fn lists(&self) -> usize {
        self.starts.len() - 1
    }
}

/// Which sets are chosen, and what that completes.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    pub(super) cover: &'a Cover,
    pub(super) chosen: Vec<bool>,
    /// For each element, how many chosen sets cover it.
    pub(super) covered: Vec<u32>,
    /// For each requirement, how many of its elements are covered.
    pub(super) have: Vec<u32>,
    /// For each demand, how many of its requirements are open.
    pub(super) open: Vec<u32>,
    /// For each group, how many of its demands are complete.
    pub(super) done: Vec<u32>,
    /// How many groups have too few.
    short: usize,
    /// The weight of the chosen sets.
    pub(super) cost: u64,
}

impl<'a> State<'a> {
    /// Nothing chosen.
    pub(super) fn new(cover: &'a Cover) -> Self {
        let mut state = State {
            cover,
            chosen: vec![false; cover.weights.len()],
            covered: vec![0; cover.sets.lists()],
            have: vec![0; cover.req_need.len()],
            open: vec![0; cover.demand_group.len()],
            done: vec![0; cover.group_need.len()],
            short: 0,
            cost: 0,
        };
        for (&need, &demand) in cover.req_need.iter().zip(&cover.req_demand) {
            state.open[demand as usize] += u32::from(need > 0);
        }
        for (&open, &group) in state.open.iter().zip(&cover.demand_group) {
            state.done[group as usize] += u32::from(open == 0);
        }
        let groups = state.done.iter().zip(&cover.group_need);
        state.short = groups.filter(|(done, need)| done < need).count();
        state
    }

    /// Whether every group has what it needs.
    pub(super) fn is_complete(&self) -> bool {
        self.short == 0
    }

    /// Whether a group still needs demands completed.
    pub(super) fn is_short(&self, group: u32) -> bool {
        self.done[group as usize] < self.cover.group_need[group as usize]
    }

    /// Chooses a set.
    pub(super) fn add(&mut self, set: u32) {
        let cover = self.cover;
        self.chosen[set as usize] = true;
        self.cost += cover.weights[set as usize];
        for &element in cover.elements.of(set) {
            let covered = &mut self.covered[element as usize];
            *covered += 1;
            if *covered > 1 {
                continue;
            }
            for &req in cover.reqs.of(element) {
                let have = &mut self.have[req as usize];
                *have += 1;
                if *have != cover.req_need[req as usize] {
                    continue;
                }
                let demand = cover.req_demand[req as usize] as usize;
                self.open[demand] -= 1;
                if self.open[demand] == 0 {
                    let group = cover.demand_group[demand] as usize;
                    self.done[group] += 1;
                    self.short -= usize::from(self.done[group] == cover.group_need[group]);
                }
            }
        }
    }

    /// Gives a chosen set up.
    pub(super) fn remove(&mut self, set: u32) {
        let cover = self.cover;
        self.chosen[set as usize] = false;
        self.cost -= cover.weights[set as usize];
        for &element in cover.elements.of(set) {
            let covered = &mut self.covered[element as usize];
            *covered -= 1;
            if *covered > 0 {
                continue;
            }
            for &req in cover.reqs.of(element) {
                let have = &mut self.have[req as usize];
                *have -= 1;
                if *have + 1 != cover.req_need[req as usize] {
                    continue;
                }
                let demand = cover.req_demand[req as usize] as usize;
                self.open[demand] += 1;
                if self.open[demand] == 1 {
                    let group = cover.demand_group[demand] as usize;
                    self.short += usize::from(self.done[group] == cover.group_need[group]);
                    self.done[group] -= 1;
                }
            }
        }
    }

    /// The chosen sets, in order.
    pub(super) fn sets(&self) -> Vec<u32> {
        self.cover
            .all_sets()
            .filter(|&set| self.chosen[set as usize])
            .collect()
    }
}
