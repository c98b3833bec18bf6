//! Goals kept up to date asset by asset.
//!
//! An asset's state for a goal depends on the asset, its findings, the line
//! and the clock, and on no other asset. A [`Ledger`] keeps these states and
//! their sums: who changes an asset has only that one judged again, and a
//! verdict is made of the sums. [`evaluate`](crate::evaluate()) over the same
//! facts gives the same numbers and the same verdicts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{
    AssetId, AssetState, AtRisk, Attainment, Counts, FindingId, GoalRecord, GoalVerdict, History,
    Location, Timestamp, Verdict, WindowResult, resource::PostureGoal,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::{
    Classes, Facts, Line, classes,
    clause::{Context, Event, Judge},
    evaluate::{Whole, decide},
    exceptions::Exceptions,
    forecast::{Future, Meter},
    history,
    index::Index,
    notes::Noted,
    scope,
};

/// The assets of a move that are named.
const NAMED: usize = 3;

/// A goal's verdict with its numbers, without the assets and the plan.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The goal.
    pub goal: Arc<PostureGoal>,
    /// Where it is written.
    pub location: Location,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The parts of its scope.
    pub counts: Counts,
    /// The level against the target.
    pub attainment: Attainment,
    /// The level over its window, where it has one.
    pub window: Option<WindowResult>,
    /// When and why it will hold no longer.
    pub at_risk: Option<AtRisk>,
    /// Since when the verdict is what it is, as far as the past knows.
    pub since: Option<Timestamp>,
}

/// The assets whose state for a goal is otherwise than it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moves {
    /// The first by id, at most three.
    pub first: BTreeMap<AssetId, Move>,
    /// How many.
    pub moved: u64,
}

/// An asset that moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Its state before; none when it was not in scope.
    pub from: Option<AssetState>,
    /// Its state now; none when it is not in scope any more.
    pub to: Option<AssetState>,
    /// Why, in the words of the first clause that decides; empty when it is
    /// satisfied or not in scope.
    pub because: String,
    /// The first finding that decides, where one does.
    pub finding: Option<FindingId>,
}

/// What time will do to an asset.
type Coming = (Vec<Meter>, Vec<Event>);

/// One asset in one scope.
struct Held {
    state: AssetState,
    coming: Option<Box<Coming>>,
}

/// One goal with its assets.
struct Account {
    goal: Arc<PostureGoal>,
    location: Location,
    counts: Counts,
    held: FxHashMap<AssetId, Held>,
    moves: Moves,
}

/// The states of all assets for all goals.
#[derive(Default)]
pub struct Ledger {
    accounts: Vec<Account>,
    /// When assets must be judged again though nothing happens.
    due: BTreeSet<(Timestamp, AssetId)>,
    due_of: FxHashMap<AssetId, Timestamp>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let goals = self.accounts.iter().map(|account| {
            let name = &account.goal.metadata.name;
            (name, account.held.len())
        });
        f.debug_map().entries(goals).finish()
    }
}

impl Ledger {
    /// Takes a new line: every asset must be judged by it anew. What was known
    /// of a goal of the same name is what its moves are told against.
    pub fn draw(&mut self, line: Line<'_>) {
        let mut before: FxHashMap<String, Account> = self
            .accounts
            .drain(..)
            .map(|account| (account.goal.metadata.name.clone(), account))
            .collect();
        let mut goals: Vec<&(Arc<PostureGoal>, Location)> = line.goals.iter().collect();
        goals.sort_by(|(a, a_at), (b, b_at)| {
            (&a.metadata.name, a_at).cmp(&(&b.metadata.name, b_at))
        });
        self.accounts = goals
            .into_iter()
            .map(|(goal, location)| {
                let old = before.remove(&goal.metadata.name);
                let (counts, held) = old.map(|old| (old.counts, old.held)).unwrap_or_default();
                Account {
                    goal: goal.clone(),
                    location: location.clone(),
                    counts,
                    held,
                    moves: Moves::default(),
                }
            })
            .collect();
    }

    /// Judges assets anew. `facts` holds `subjects`, as indexes, with the
    /// images they name, and all findings of these; `first_seen` is when each
    /// finding was first seen.
    pub fn judge(
        &mut self,
        line: Line<'_>,
        facts: Facts<'_>,
        first_seen: &[Timestamp],
        subjects: &[u32],
        now: Timestamp,
    ) {
        // What is wrong with the line itself is said by `evaluate`.
        let mut said = Vec::new();
        let index = Index::new(facts, &mut said);
        let exceptions = Exceptions::new(line, facts, &index, now, &mut said);
        let classes: Classes = classes(line, facts);
        let whole = Whole {
            context: Context {
                facts,
                index: &index,
                exceptions: &exceptions,
                first_seen,
                now,
            },
            classes: &classes,
            definitions: classes::definitions(line, &mut Vec::new()),
            history: None,
        };
        let mut wanted = vec![false; facts.assets.len()];
        for subject in subjects {
            wanted[*subject as usize] = true;
        }
        let again: Vec<Vec<(u32, Timestamp)>> = self
            .accounts
            .par_iter_mut()
            .map(|account| account.judge(&whole, &wanted, subjects))
            .collect();
        let mut due: BTreeMap<u32, Timestamp> = BTreeMap::new();
        for (asset, at) in again.into_iter().flatten() {
            let earliest = due.entry(asset).or_insert(at);
            *earliest = at.min(*earliest);
        }
        for subject in subjects {
            let id = &facts.assets[*subject as usize].asset.id;
            self.set_due(id, due.get(subject).copied());
        }
    }

    fn set_due(&mut self, id: &AssetId, at: Option<Timestamp>) {
        if let Some(old) = self.due_of.remove(id) {
            self.due.remove(&(old, id.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, id.clone()));
            self.due_of.insert(id.clone(), at);
        }
    }

    /// Takes an asset out that is gone.
    pub fn forget(&mut self, id: &AssetId) {
        self.set_due(id, None);
        for account in &mut self.accounts {
            account.leave(id);
        }
    }

    /// The assets that must be judged again at this time though nothing
    /// happened to them.
    pub fn due(&self, now: Timestamp) -> Vec<AssetId> {
        self.due
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, id)| id.clone())
            .collect()
    }

    /// When [`due`](Self::due) will next name an asset.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The verdict of every goal, in order of names.
    pub fn standings(
        &self,
        line: Line<'_>,
        history: Option<&History>,
        now: Timestamp,
    ) -> Vec<Standing> {
        let nothing = Facts {
            assets: &[],
            findings: &[],
            evaluation: &plimsoll_model::Evaluation::default(),
            images: None,
            coverage: None,
            components: None,
        };
        let mut said = Vec::new();
        let index = Index::new(nothing, &mut said);
        // Only their names are asked for, by their place in the line.
        let exceptions = Exceptions::new(line, nothing, &index, now, &mut said);
        self.accounts
            .par_iter()
            .map(|account| account.standing(&exceptions, history, now))
            .collect()
    }

    /// What moved since the last call, by the place of its goal in
    /// [`standings`](Self::standings).
    pub fn take_moves(&mut self) -> Vec<Moves> {
        self.accounts
            .iter_mut()
            .map(|account| std::mem::take(&mut account.moves))
            .collect()
    }

    /// The goals as the past keeps them, by name.
    pub fn records(&self, standings: &[Standing]) -> BTreeMap<String, GoalRecord> {
        let mut records = BTreeMap::new();
        for (account, standing) in self.accounts.iter().zip(standings) {
            let held = account.held.iter();
            let states = held
                .filter(|(_, held)| held.state != AssetState::Satisfied)
                .map(|(id, held)| (id.to_string(), held.state));
            // Two goals of one name are told about; the first is kept.
            records
                .entry(account.goal.metadata.name.clone())
                .or_insert_with(|| GoalRecord {
                    verdict: standing.verdict,
                    counts: standing.counts,
                    since: standing.since,
                    assets: states.collect(),
                    extra: BTreeMap::new(),
                });
        }
        records
    }
}

impl Account {
    /// Judges those of `subjects` that are in scope; gives when which must be
    /// judged again.
    fn judge(
        &mut self,
        whole: &Whole<'_>,
        wanted: &[bool],
        subjects: &[u32],
    ) -> Vec<(u32, Timestamp)> {
        let goal = self.goal.clone();
        let spec = &goal.spec;
        let facts = whole.context.facts;
        let judges: Vec<Judge<'_>> = spec
            .require
            .iter()
            .map(|clause| Judge::new(clause, facts))
            .collect();
        let mut in_scope = vec![false; wanted.len()];
        let mut again = Vec::new();
        // What a reader must know of findings is said by `evaluate`.
        let mut noted = Noted::default();
        for asset in scope::assets(
            &spec.assets,
            facts.assets,
            whole.classes,
            &whole.definitions,
        ) {
            if !wanted[asset as usize] {
                continue;
            }
            in_scope[asset as usize] = true;
            let judged = whole.judge_asset(spec, &judges, asset, &mut noted);
            again.extend(judged.again.map(|at| (asset, at)));
            let id = &facts.assets[asset as usize].asset.id;
            let state = judged.verdict.state;
            let coming =
                (!judged.events.is_empty()).then(|| Box::new((judged.meters, judged.events)));
            let held = Held { state, coming };
            let old = self.held.insert(id.clone(), held).map(|old| old.state);
            if old == Some(state) {
                continue;
            }
            if let Some(old) = old {
                self.counts.remove(old);
            }
            self.counts.add(state);
            self.moves.note(id, || {
                let decides = judged.verdict.clauses.iter().find(|c| c.state == state);
                Move {
                    from: old,
                    to: Some(state),
                    because: decides.map(|c| c.because.clone()).unwrap_or_default(),
                    finding: decides
                        .and_then(|c| c.findings.first())
                        .map(|at| facts.findings[*at as usize].id),
                }
            });
        }
        for subject in subjects {
            if !in_scope[*subject as usize] {
                self.leave(&facts.assets[*subject as usize].asset.id);
            }
        }
        again
    }

    fn leave(&mut self, id: &AssetId) {
        let Some(old) = self.held.remove(id) else {
            return;
        };
        self.counts.remove(old.state);
        self.moves.note(id, || Move {
            from: Some(old.state),
            to: None,
            because: String::new(),
            finding: None,
        });
    }

    fn standing(
        &self,
        exceptions: &Exceptions<'_>,
        history: Option<&History>,
        now: Timestamp,
    ) -> Standing {
        // In the order of ids, as `evaluate` has them: what is told of the
        // future does not depend on it, and yet it costs little.
        let mut coming: Vec<(&AssetId, &Coming)> = self
            .held
            .iter()
            .filter_map(|(id, held)| Some((id, &**held.coming.as_ref()?)))
            .collect();
        coming.sort_unstable_by_key(|(id, _)| *id);
        let mut future = Future::default();
        for (_, (meters, events)) in coming {
            future.add(meters.clone(), events.iter().copied());
        }
        future.sort();
        let decision = decide(&self.goal, &self.counts, &future, exceptions, history, now);
        let name = &self.goal.metadata.name;
        Standing {
            goal: self.goal.clone(),
            location: self.location.clone(),
            verdict: decision.verdict,
            counts: self.counts,
            attainment: decision
                .level
                .attainment(self.goal.spec.target, decision.required.today),
            window: decision.window,
            at_risk: decision.at_risk,
            since: history::since(name, decision.verdict, history, now),
        }
    }
}

impl Moves {
    fn note(&mut self, id: &AssetId, what: impl FnOnce() -> Move) {
        if let Some(known) = self.first.get_mut(id) {
            // Judged twice before anybody asked: from where it first was.
            let from = known.from;
            *known = Move { from, ..what() };
            return;
        }
        self.moved += 1;
        if self.first.len() < NAMED {
            self.first.insert(id.clone(), what());
        } else if self
            .first
            .last_key_value()
            .is_some_and(|(last, _)| id < last)
        {
            self.first.insert(id.clone(), what());
            self.first.pop_last();
        }
    }
}

/// Whether the ledger's numbers of a goal are those of its verdict.
pub fn agrees(standing: &Standing, verdict: &GoalVerdict) -> bool {
    standing.goal.metadata.name == verdict.goal.metadata.name
        && standing.verdict == verdict.verdict
        && standing.counts == verdict.counts
        && standing.attainment == verdict.attainment
        && standing.window == verdict.window
        && standing.at_risk == verdict.at_risk
        && standing.since == verdict.since
}
