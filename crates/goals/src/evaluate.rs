//! The line over the facts: a verdict for every goal.

use std::{collections::BTreeMap, sync::Arc};

use rayon::prelude::*;

use plimsoll_model::{
    AssetState, AssetVerdict, AtRisk, ClauseOutcome, ClauseVerdict, Counts, Diagnostic, FixPlan,
    GoalVerdict, History, Location, Timestamp, Verdict, WindowResult,
    resource::{GoalSpec, PostureGoal},
};

use crate::{
    Classes, Facts, Line,
    attainment::Level,
    classes::{self, Definition},
    clause::{self, Context, Event, Judge, Judged},
    exceptions::Exceptions,
    forecast::{Demand, Future, Meter},
    history,
    index::Index,
    notes::{self, Noted},
    ramp::{self, Required},
    scope,
    window::{self, Segment},
    words,
};

/// How many ways to settle a verdict are named.
const MOST_SETTLED_BY: usize = 10;

/// A verdict for every goal of the line, by name and place, and what is wrong
/// with the line itself. `history` is what earlier runs left; none when there
/// is no state file: then grace periods start now, and windows are unverified.
/// The verdicts have no fix plan yet.
pub fn evaluate(
    line: Line<'_>,
    facts: Facts<'_>,
    history: Option<&History>,
    now: Timestamp,
) -> (Vec<GoalVerdict>, Vec<Diagnostic>) {
    let classes = crate::classes(line, facts);
    let (verdicts, mut diagnostics) = evaluate_with(line, facts, &classes, history, now);
    diagnostics.extend(classes.diagnostics);
    diagnostics.sort_by(Diagnostic::listing_order);
    (verdicts, diagnostics)
}

/// [`evaluate`] for a caller that has asked for the classes itself: their own
/// diagnostics are not repeated.
pub fn evaluate_with(
    line: Line<'_>,
    facts: Facts<'_>,
    classes: &Classes,
    history: Option<&History>,
    now: Timestamp,
) -> (Vec<GoalVerdict>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let index = Index::new(facts, &mut diagnostics);
    let exceptions = Exceptions::new(line, facts, &index, now, &mut diagnostics);
    let has_grace = line
        .goals
        .iter()
        .any(|(goal, _)| goal.spec.require.iter().any(clause::has_grace));
    let first_seen: Vec<Timestamp> = match history {
        Some(history) if has_grace => facts
            .findings
            .iter()
            // A clock that was set back must not lengthen a grace period.
            .map(|finding| history.first_seen(finding.id).map_or(now, |seen| seen.min(now)))
            .collect(),
        _ => Vec::new(),
    };
    let context = Context {
        facts,
        index: &index,
        exceptions: &exceptions,
        first_seen: &first_seen,
        now,
    };
    // Classes written twice are told about by whoever asked for the classes.
    let definitions = classes::definitions(line, &mut Vec::new());
    let whole = Whole {
        context,
        classes,
        definitions,
        history,
    };

    let mut goals: Vec<&(Arc<PostureGoal>, Location)> = line.goals.iter().collect();
    goals.sort_by(|(a, a_at), (b, b_at)| (&a.metadata.name, a_at).cmp(&(&b.metadata.name, b_at)));
    for pair in goals.windows(2) {
        let [(first, at), (goal, location)] = pair else {
            continue;
        };
        let name = &goal.metadata.name;
        if first.metadata.name == *name {
            let message = format!(
                "goal `{name}` is written twice, first at {at}; rename one: the state file knows goals by name",
            );
            diagnostics.push(Diagnostic::warning(Some(location.clone()), message));
        }
    }
    for (goal, location) in &goals {
        diagnostics.extend(scope::problem(
            &goal.metadata.name,
            &goal.spec.assets,
            location,
            &whole.definitions,
        ));
    }
    let verdicts = goals
        .par_iter()
        .map(|(goal, location)| whole.verdict(goal, location))
        .collect();
    diagnostics.sort_by(Diagnostic::listing_order);
    (verdicts, diagnostics)
}

/// All that every goal is judged by.
pub(crate) struct Whole<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) classes: &'a Classes,
    pub(crate) definitions: BTreeMap<&'a str, Definition<'a>>,
    pub(crate) history: Option<&'a History>,
}

/// The assets of a goal, judged.
struct Scope {
    counts: Counts,
    assets: Vec<AssetVerdict>,
    clauses: Vec<ClauseVerdict>,
    /// What would settle what is unknown, most assets first.
    settled_by: Vec<String>,
    future: Future,
    notes: Vec<String>,
}

/// One asset, judged.
pub(crate) struct JudgedAsset {
    pub(crate) verdict: AssetVerdict,
    clauses: Vec<JudgedClause>,
    pub(crate) meters: Vec<Meter>,
    pub(crate) events: Vec<Event>,
    /// When time alone may give it another state or other words at the
    /// earliest.
    pub(crate) again: Option<Timestamp>,
}

/// One clause over one asset, for the sums.
struct JudgedClause {
    state: AssetState,
    settled_by: Vec<String>,
}

/// The verdict with what led to it.
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) level: Level,
    pub(crate) required: Required,
    pub(crate) window: Option<WindowResult>,
    pub(crate) at_risk: Option<AtRisk>,
}

impl Whole<'_> {
    fn verdict(&self, goal: &Arc<PostureGoal>, location: &Location) -> GoalVerdict {
        let (name, spec, now) = (&goal.metadata.name, &goal.spec, self.context.now);
        let scope = self.judge(goal);
        let decision = self.decide(goal, &scope);
        let mut settled_by = Vec::new();
        if decision.verdict == Verdict::Unverified {
            settled_by = self.settled_by(goal, &scope, &decision);
        }
        let mut notes = scope.notes;
        if self.history.is_none() && spec.require.iter().any(clause::has_grace) {
            notes.push("no state file: grace periods start now".to_owned());
        }
        if spec.window.is_some() && self.history.is_none() {
            notes.push("no state file: nothing is known of the window's past".to_owned());
        }
        notes.extend(decision.required.note);
        notes.extend(notes::review(spec, now));
        let history = self.history;
        GoalVerdict {
            goal: goal.clone(),
            location: location.clone(),
            verdict: decision.verdict,
            attainment: decision
                .level
                .attainment(spec.target, decision.required.today),
            counts: scope.counts,
            window: decision.window,
            at_risk: decision.at_risk,
            since: history::since(name, decision.verdict, history, now),
            changes: history::changes(
                name,
                decision.verdict,
                &scope.counts,
                &scope.assets,
                history,
                self.context.facts,
            ),
            notes,
            clauses: scope.clauses,
            assets: scope.assets,
            settled_by,
            plan: FixPlan::default(),
        }
    }

    /// Judges every clause over every asset in scope.
    fn judge(&self, goal: &PostureGoal) -> Scope {
        let spec = &goal.spec;
        let facts = self.context.facts;
        let judges: Vec<Judge<'_>> = spec
            .require
            .iter()
            .map(|clause| Judge::new(clause, facts))
            .collect();
        let mut totals = vec![(Counts::default(), BTreeMap::<String, u64>::new()); judges.len()];
        let mut scope = Scope {
            counts: Counts::default(),
            assets: Vec::new(),
            clauses: Vec::new(),
            settled_by: Vec::new(),
            future: Future::default(),
            notes: judges.iter().filter_map(Judge::note).collect(),
        };
        scope.notes.dedup();
        let mut noted = Noted::default();
        for asset in scope::assets(&spec.assets, facts.assets, self.classes, &self.definitions) {
            let judged = self.judge_asset(spec, &judges, asset, &mut noted);
            for (place, clause) in judged.clauses.into_iter().enumerate() {
                let (counts, settled_by) = &mut totals[place];
                counts.add(clause.state);
                for way in clause.settled_by {
                    *settled_by.entry(way).or_default() += 1;
                }
            }
            scope.counts.add(judged.verdict.state);
            scope.assets.push(judged.verdict);
            if !judged.events.is_empty() {
                scope.future.add(judged.meters, judged.events.into_iter());
            }
        }
        scope.future.sort();
        scope
            .notes
            .extend(noted.say(spec.mandatory, self.context.exceptions));
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        for ((clause, judge), (counts, settled_by)) in spec.require.iter().zip(&judges).zip(totals)
        {
            for (way, assets) in &settled_by {
                *all.entry(way.clone()).or_default() += assets;
            }
            let ways = by_number(settled_by);
            scope.clauses.push(ClauseVerdict {
                text: judge.text(clause),
                word: clause.word(),
                counts,
                settled_by: (!ways.is_empty()).then(|| words::list(ways, 3)),
            });
        }
        scope.settled_by = by_number(all);
        scope
    }

    /// Judges every clause over one asset in scope.
    pub(crate) fn judge_asset(
        &self,
        spec: &GoalSpec,
        judges: &[Judge<'_>],
        asset: u32,
        noted: &mut Noted,
    ) -> JudgedAsset {
        let facts = &self.context.facts.assets[asset as usize];
        let doubt = scope::doubt(&spec.assets, asset, facts, self.classes, &self.definitions);
        let unread = facts.unknown.as_ref().or(doubt.as_ref());
        let mut events: Vec<Event> = Vec::new();
        let mut meters = Vec::with_capacity(judges.len());
        let mut clauses = Vec::with_capacity(judges.len());
        let mut outcomes = Vec::new();
        let mut again: Option<Timestamp> = None;
        for (place, judge) in judges.iter().enumerate() {
            let before = events.len();
            let judged = match unread {
                Some(unknown) => Judged::unread(unknown),
                None => judge.judge(asset, &self.context, spec.mandatory, &mut events, noted),
            };
            events[before..]
                .iter_mut()
                .for_each(|event| event.clause = place as u32);
            again = again.into_iter().chain(judged.again).min();
            meters.push(
                judged
                    .tally
                    .map_or(Meter::Fixed(judged.state), Meter::Counting),
            );
            clauses.push(JudgedClause {
                state: judged.state,
                settled_by: match judged.state {
                    AssetState::Unknown => judged.settled_by,
                    _ => Vec::new(),
                },
            });
            if judged.state != AssetState::Satisfied {
                outcomes.push(ClauseOutcome {
                    clause: place,
                    state: judged.state,
                    findings: judged.findings,
                    violating: judged.violating,
                    because: judged.because,
                    until: judged.until,
                });
            }
        }
        let state = clause::worst(outcomes.iter().map(|outcome| outcome.state));
        JudgedAsset {
            verdict: AssetVerdict {
                asset,
                state,
                clauses: outcomes,
            },
            clauses,
            meters,
            again: events.iter().map(|event| event.at).chain(again).min(),
            events,
        }
    }

    /// The verdict that the numbers give, now and as far as can be foreseen.
    fn decide(&self, goal: &PostureGoal, scope: &Scope) -> Decision {
        decide(
            goal,
            &scope.counts,
            &scope.future,
            self.context.exceptions,
            self.history,
            self.context.now,
        )
    }

    /// What would settle an unverified goal.
    fn settled_by(&self, goal: &PostureGoal, scope: &Scope, decision: &Decision) -> Vec<String> {
        if scope.counts.in_scope == 0 {
            let scope = scope::text(&goal.spec.assets);
            return vec![format!(
                "nothing is in scope, which proves nothing: no asset falls under {scope}; check the scope and the paths that are read"
            )];
        }
        let mut ways = scope.settled_by.clone();
        if decision.window.is_some_and(|window| window.unknown > 0) {
            ways.push(match self.history {
                None => {
                    "keep a state file: the window is judged from the runs it remembers".to_owned()
                }
                Some(_) => format!(
                    "run at least every {}: time that no run speaks for is unknown",
                    goal.spec.max_gap.unwrap_or(window::DEFAULT_MAX_GAP)
                ),
            });
        }
        if let Some(more) = ways
            .len()
            .checked_sub(MOST_SETTLED_BY)
            .filter(|more| *more > 0)
        {
            ways.truncate(MOST_SETTLED_BY);
            ways.push(format!("and {more} more"));
        }
        ways
    }
}

/// The verdict that the numbers give, now and as far as can be foreseen.
pub(crate) fn decide(
    goal: &PostureGoal,
    counts: &Counts,
    future: &Future,
    exceptions: &Exceptions<'_>,
    history: Option<&History>,
    now: Timestamp,
) -> Decision {
    let (name, spec) = (&goal.metadata.name, &goal.spec);
    let past: Option<Vec<Segment>> = spec.window.map(|window| {
        let none = History::default();
        let history = history.unwrap_or(&none);
        window::timeline(name, history, window, spec.max_gap, now, counts)
    });
    let window = past.as_deref().map(window::sum);
    let level = window
        .as_ref()
        .map_or_else(|| Level::now(counts), Level::over);
    let required = ramp::required(name, spec, history, &level, now);
    let verdict = if counts.in_scope == 0 {
        Verdict::Unverified
    } else {
        level.verdict(required.today, required.ramp.is_some())
    };
    let mut decision = Decision {
        verdict,
        level,
        required,
        window,
        at_risk: None,
    };
    let ramp = decision.required.ramp.as_ref();
    match (verdict, ramp) {
        (Verdict::AtRisk, Some(ramp)) => {
            let what = if spec.window.is_some() {
                "the window"
            } else {
                "assets"
            };
            let because = ramp::behind(&level, decision.required.today, ramp, what);
            decision.at_risk = Some(AtRisk {
                at: ramp.end(),
                because,
            });
        }
        (Verdict::Met, ramp) => {
            let end = spec.window.map(|window| window.after(now));
            let horizon = ramp.map(ramp::Ramp::end).max(end);
            let demand = Demand {
                now,
                target: spec.target,
                ramp,
                horizon,
            };
            let found = match &past {
                Some(past) => future.of_window(past, counts, &demand, exceptions),
                None => future.of_scope(counts, &demand, exceptions),
            };
            if let Some((at, because)) = found {
                decision.verdict = Verdict::AtRisk;
                decision.at_risk = Some(AtRisk { at, because });
            }
        }
        _ => {}
    }
    decision
}

/// The texts, that of most assets first; equal numbers in alphabetical order.
fn by_number(texts: BTreeMap<String, u64>) -> Vec<String> {
    let mut texts: Vec<(String, u64)> = texts.into_iter().collect();
    texts.sort_by(|(a, a_number), (b, b_number)| (b_number, a).cmp(&(a_number, b)));
    texts.into_iter().map(|(text, _)| text).collect()
}

#[cfg(test)]
mod tests;
