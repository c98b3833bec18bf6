//! Goals over what changed.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_goals::{Facts, Moves};
use plimsoll_model::{AssetFacts, AssetId, Finding, GoalRecord, Period, Timestamp, Verdict};

use super::{AssetMove, Because, Flip, Live, Transition};

/// Assets that are judged at once: what they are judged by is copied.
const AT_ONCE: usize = 2048;

/// How often the numbers are written into the past while they change.
pub const RECORD_EVERY: Period = Period::minutes(5);
/// How often they are written though nothing changes; goals whose runs speak
/// for a shorter time have them as often as they ask.
pub const RECORD_AT_LEAST: Period = Period::hours(1);

impl Live {
    /// Has these assets judged by all goals.
    pub(super) fn judge(&mut self, ids: &BTreeSet<AssetId>) {
        let ids: Vec<&AssetId> = ids.iter().collect();
        for chunk in ids.chunks(AT_ONCE) {
            self.judge_some(chunk);
        }
    }

    fn judge_some(&mut self, ids: &[&AssetId]) {
        let inventory = &self.estate.inventory;
        let mut assets: Vec<AssetFacts> = Vec::with_capacity(ids.len());
        let mut findings: Vec<Finding> = Vec::new();
        let mut first_seen: Vec<Timestamp> = Vec::new();
        let mut evaluation = self.objects.asked().clone();
        if let Some(asked) = self.beside.images.asked() {
            evaluation.controls.extend(&asked.controls);
            evaluation.image_controls.extend(&asked.image_controls);
        }
        evaluation.controls.extend(self.coverage_controls());
        evaluation.controls.sort_unstable();
        evaluation.controls.dedup();
        let mut images: BTreeSet<&AssetId> = BTreeSet::new();
        let mut gone: Vec<&AssetId> = Vec::new();
        let now = self.now;
        let mut add_beside = |id: &AssetId, first_seen: &mut Vec<Timestamp>| {
            for (finding, seen) in self.beside.findings_of(id) {
                first_seen.push(seen.min(now));
                findings.push(finding.clone());
            }
            let gaps = self.beside.unevaluated_of(id);
            evaluation.unevaluated.extend(gaps.cloned());
        };
        let mut of_objects: Vec<(&Finding, Timestamp)> = Vec::new();
        let mut gaps = Vec::new();
        for id in ids {
            let kept = inventory.find(id).and_then(|ix| self.objects.judged(ix));
            let facts = match kept {
                Some(kept) => {
                    of_objects.extend(kept.findings.iter().zip(kept.seen.iter().copied()));
                    gaps.extend(kept.unevaluated.iter().cloned());
                    &kept.facts
                }
                None => match self.beside.asset(id) {
                    Some(facts) => facts,
                    None => {
                        gone.push(id);
                        continue;
                    }
                },
            };
            add_beside(id, &mut first_seen);
            images.extend(self.beside.images_of(&facts.images));
            assets.push(facts.clone());
        }
        let subjects: Vec<u32> = (0..assets.len() as u32).collect();
        let known: BTreeSet<&AssetId> = ids.iter().copied().collect();
        for image in images.into_iter().filter(|image| !known.contains(image)) {
            if let Some(facts) = self.beside.asset(image) {
                assets.push(facts.clone());
                add_beside(image, &mut first_seen);
            }
        }
        for (finding, seen) in of_objects {
            findings.push(finding.clone());
            first_seen.push(seen.min(now));
        }
        evaluation.unevaluated.extend(gaps);
        let facts = Facts {
            assets: &assets,
            findings: &findings,
            evaluation: &evaluation,
            images: self.beside.links(),
            coverage: self.estate.observed_by.as_deref(),
            components: Some(&*self.components.links),
        };
        let line = goals_line(&self.estate.line);
        self.ledger.judge(line, facts, &first_seen, &subjects, now);
        for id in gone {
            self.ledger.forget(id);
        }
    }

    /// Says which verdicts are otherwise than before, and why; writes them
    /// into the past when it is time.
    pub(super) fn conclude(&mut self, first: bool, transition: &mut Transition) {
        let line = goals_line(&self.estate.line);
        self.standings = self.ledger.standings(line, Some(&self.past.runs), self.now);
        let moves = self.ledger.take_moves();
        let moved = moves.iter().any(|moves| moves.moved > 0);
        let mut stood: BTreeMap<String, Verdict> = BTreeMap::new();
        for (standing, moves) in self.standings.iter().zip(moves) {
            let name = &standing.goal.metadata.name;
            let from = self.stood.get(name).copied();
            if from != Some(standing.verdict) && !stood.contains_key(name) {
                transition.flips.push(Flip {
                    goal: name.clone(),
                    from,
                    to: Some(standing.verdict),
                    because: because(moves, standing.at_risk.as_ref().map(|r| &*r.because)),
                    at: self.now,
                });
            }
            stood.entry(name.clone()).or_insert(standing.verdict);
        }
        for (name, from) in std::mem::replace(&mut self.stood, stood) {
            // Of a goal that went while nobody watched nothing is told.
            if !first && !self.stood.contains_key(&name) {
                transition.flips.push(Flip {
                    goal: name,
                    from: Some(from),
                    to: None,
                    because: Because {
                        text: "the goal is no longer drawn".to_owned(),
                        ..Because::default()
                    },
                    at: self.now,
                });
            }
        }
        self.unrecorded |= moved;
        transition.moved |= moved;
        if !transition.flips.is_empty() || self.is_time_to_record() {
            self.record();
        }
    }

    fn is_time_to_record(&self) -> bool {
        let Some(last) = self.past.runs.runs.last().map(|run| run.at) else {
            return !self.standings.is_empty();
        };
        let gaps = self.standings.iter().filter_map(|s| s.goal.spec.max_gap);
        let at_least = gaps
            .chain([RECORD_AT_LEAST])
            .min()
            .unwrap_or(RECORD_AT_LEAST);
        let every = if self.unrecorded {
            RECORD_EVERY.min(at_least)
        } else {
            at_least
        };
        self.now >= every.after(last) || self.now < last
    }

    fn record(&mut self) {
        let goals: BTreeMap<String, GoalRecord> = self.ledger.records(&self.standings);
        let specs: Vec<_> = self.standings.iter().map(|s| &s.goal.spec).collect();
        plimsoll_goals::record_run(&mut self.past.runs, goals, &specs, self.now);
        self.unrecorded = false;
    }
}

/// The line as the goals' engine takes it.
pub(super) fn goals_line(line: &crate::Line) -> plimsoll_goals::Line<'_> {
    plimsoll_goals::Line {
        goals: &line.goals,
        classes: &line.classes,
        exceptions: &line.exceptions,
    }
}

fn because(moves: Moves, at_risk: Option<&str>) -> Because {
    let assets: Vec<AssetMove> = moves
        .first
        .into_iter()
        .map(|(asset, moved)| AssetMove {
            asset,
            from: moved.from,
            to: moved.to,
            because: moved.because,
            finding: moved.finding,
        })
        .collect();
    let text = match (at_risk, assets.first()) {
        (Some(at_risk), _) => at_risk.to_owned(),
        (None, Some(first)) => {
            let to = match first.to {
                Some(to) if first.because.is_empty() => format!("is {to}"),
                Some(to) => format!("is {to}: {}", first.because),
                None => "is not in scope any more".to_owned(),
            };
            let more = match moves.moved {
                0 | 1 => String::new(),
                more => format!(" (and {} more)", more - 1),
            };
            format!("{} {to}{more}", first.asset)
        }
        (None, None) => "time passed".to_owned(),
    };
    Because {
        text,
        assets,
        moved: moves.moved,
    }
}
