//! What the last run said against what this one says, and what the next run
//! must know of this one.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    AssetState, AssetVerdict, Counts, FindingRecord, GoalRecord, GoalVerdict, History, Period,
    RunRecord, Timestamp, Verdict, resource::GoalSpec,
};

use crate::{Facts, window::DEFAULT_MAX_GAP, words};

/// A finding that was not seen for this long is forgotten: if it comes back,
/// its grace period starts anew.
pub const FORGET_FINDINGS_AFTER: Period = Period::days(90);

/// Runs are kept for this long at least; longer when a goal has a longer
/// window.
pub const KEEP_RUNS_FOR: Period = Period::days(90);

/// The most runs that are kept. Past it, runs that said the same as the one
/// before go first, then the oldest.
pub const MOST_RUNS: usize = 4_000;

/// How many assets a change names.
const NAMED: usize = 3;

/// The newest record of a goal, with the time of its run.
fn newest<'a>(goal: &str, history: &'a History) -> Option<(Timestamp, &'a GoalRecord)> {
    let records = history
        .runs
        .iter()
        .filter_map(|run| Some((run.at, run.goals.get(goal)?)));
    records.max_by_key(|(at, _)| *at)
}

/// Since when the verdict is what it is, as far as the state file knows.
pub(crate) fn since(
    goal: &str,
    verdict: Verdict,
    history: Option<&History>,
    now: Timestamp,
) -> Option<Timestamp> {
    let history = history?;
    Some(match newest(goal, history) {
        Some((at, last)) if last.verdict == verdict => last.since.unwrap_or(at),
        _ => now,
    })
}

/// What changed since the last run that judged the goal, in words.
pub(crate) fn changes(
    goal: &str,
    verdict: Verdict,
    counts: &Counts,
    assets: &[AssetVerdict],
    history: Option<&History>,
    facts: Facts<'_>,
) -> Vec<String> {
    let Some((at, last)) = history.and_then(|history| newest(goal, history)) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    if last.verdict != verdict {
        changes.push(format!(
            "it was {} at {}, it is {verdict}",
            last.verdict,
            words::when(at)
        ));
    }
    if last.counts.in_scope != counts.in_scope {
        changes.push(format!(
            "{} in scope, {} before",
            words::count(counts.in_scope, "asset"),
            last.counts.in_scope
        ));
    }
    let mut moved: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut in_scope: BTreeSet<&str> = BTreeSet::new();
    for asset in assets {
        let about = &facts.assets[asset.asset as usize].asset;
        in_scope.insert(about.id.as_str());
        let before = last.assets.get(about.id.as_str()).copied();
        let before = before.unwrap_or(AssetState::Satisfied);
        if let Some(what) = movement(before, asset.state) {
            moved
                .entry(what)
                .or_default()
                .insert(about.object.to_string());
        }
    }
    for id in last
        .assets
        .keys()
        .filter(|id| !in_scope.contains(id.as_str()))
    {
        moved.entry(LEFT).or_default().insert(id.clone());
    }
    for what in [VIOLATED, FIXED, UNKNOWN, KNOWN, EXCEPTED, PENDING, LEFT] {
        if let Some(names) = moved.get(what) {
            let number = words::count(names.len() as u64, "asset");
            changes.push(format!("{number} {what}: {}", words::list(names, NAMED)));
        }
    }
    changes
}

const VIOLATED: &str = "newly violated";
const FIXED: &str = "fixed";
const UNKNOWN: &str = "became unknown";
const KNOWN: &str = "no longer unknown";
const EXCEPTED: &str = "newly excepted";
const PENDING: &str = "newly pending";
const LEFT: &str = "left the scope";

/// What to call it when an asset goes from one state to another.
fn movement(before: AssetState, after: AssetState) -> Option<&'static str> {
    match (before, after) {
        (before, after) if before == after => None,
        (_, AssetState::Violated) => Some(VIOLATED),
        (_, AssetState::Unknown) => Some(UNKNOWN),
        (AssetState::Unknown, AssetState::Satisfied) => Some(KNOWN),
        (_, AssetState::Satisfied) => Some(FIXED),
        (_, AssetState::Excepted) => Some(EXCEPTED),
        (_, AssetState::Pending) => Some(PENDING),
    }
}

/// Writes this run into the past: when each finding was first and last seen,
/// and each goal's numbers. What a newer version wrote is kept.
///
/// A run at the time of the last one replaces it. Findings not seen for
/// [`FORGET_FINDINGS_AFTER`] are forgotten; runs older than [`KEEP_RUNS_FOR`]
/// and every goal's window are dropped, but of each goal the first record
/// stays, since its ramp may start there.
pub fn record(history: &mut History, verdicts: &[GoalVerdict], facts: Facts<'_>, now: Timestamp) {
    history.schema_version = history.schema_version.max(History::VERSION);
    record_findings(history, facts, now);
    let mut goals: BTreeMap<String, GoalRecord> = BTreeMap::new();
    for verdict in verdicts {
        let name = &verdict.goal.metadata.name;
        // Two goals of one name are told about; the first is kept.
        if goals.contains_key(name) {
            continue;
        }
        let not_satisfied = verdict
            .assets
            .iter()
            .filter(|a| a.state != AssetState::Satisfied);
        let since = since(name, verdict.verdict, Some(history), now);
        goals.insert(
            name.clone(),
            GoalRecord {
                verdict: verdict.verdict,
                counts: verdict.counts,
                since,
                assets: not_satisfied
                    .map(|a| (facts.assets[a.asset as usize].asset.id.to_string(), a.state))
                    .collect(),
                extra: BTreeMap::new(),
            },
        );
    }
    let specs: Vec<&GoalSpec> = verdicts.iter().map(|v| &v.goal.spec).collect();
    record_run(history, goals, &specs, now);
}

/// Writes a run of these goals into the past, without findings. `specs` are
/// those of all goals.
pub fn record_run(
    history: &mut History,
    mut goals: BTreeMap<String, GoalRecord>,
    specs: &[&GoalSpec],
    now: Timestamp,
) {
    for run in &mut history.runs {
        for (name, record) in &mut run.goals {
            if goals.contains_key(name) {
                record.assets.clear();
            }
        }
    }
    let mut extra = BTreeMap::new();
    history.runs.retain_mut(|run| {
        if run.at != now {
            return true;
        }
        extra.append(&mut run.extra);
        // A goal that this run did not judge keeps its record.
        for (name, record) in std::mem::take(&mut run.goals) {
            goals.entry(name).or_insert(record);
        }
        false
    });
    history.runs.push(RunRecord {
        at: now,
        goals,
        extra,
    });
    history.runs.sort_by_key(|run| run.at);
    prune(history, specs, now);
}

fn record_findings(history: &mut History, facts: Facts<'_>, now: Timestamp) {
    for finding in facts.findings {
        let record = history
            .findings
            .entry(finding.id.to_string())
            .or_insert_with(|| FindingRecord {
                first_seen: now,
                last_seen: now,
                what: format!("{} on {}", finding.rule.id, finding.asset.id),
                extra: BTreeMap::new(),
            });
        record.first_seen = record.first_seen.min(now);
        record.last_seen = record.last_seen.max(now);
    }
    let oldest = FORGET_FINDINGS_AFTER.before(now);
    history
        .findings
        .retain(|_, record| record.last_seen >= oldest);
}

fn prune(history: &mut History, specs: &[&GoalSpec], now: Timestamp) {
    let specs = || specs.iter().copied();
    let gaps = || specs().map(|spec| spec.max_gap.unwrap_or(DEFAULT_MAX_GAP));
    // The run before the window began still speaks for its first hours.
    let margin = gaps().max().unwrap_or(DEFAULT_MAX_GAP).max(DEFAULT_MAX_GAP);
    let longest = specs()
        .filter_map(|spec| spec.window)
        .max()
        .unwrap_or(KEEP_RUNS_FOR);
    let oldest = margin.before(longest.max(KEEP_RUNS_FOR).before(now));
    let mut known: BTreeSet<String> = BTreeSet::new();
    history.runs.retain_mut(|run| {
        let old = run.at < oldest;
        let mut first_of_some = false;
        run.goals.retain(|name, _| {
            let first = known.insert(name.clone());
            first_of_some |= first;
            first || !old
        });
        first_of_some || !old
    });
    if history.runs.len() > MOST_RUNS {
        let gap = gaps().min().unwrap_or(DEFAULT_MAX_GAP);
        merge_equal(&mut history.runs, gap);
    }
    let surplus = history.runs.len().saturating_sub(MOST_RUNS);
    if surplus > 0 {
        // The very first run stays: ramps start there.
        history.runs.drain(1..=surplus);
    }
}

/// Drops runs that said what the run before said, where that one can speak for
/// the whole time up to the next: nothing that is computed from the runs
/// changes by it.
fn merge_equal(runs: &mut Vec<RunRecord>, gap: Period) {
    let mut kept: Vec<RunRecord> = Vec::with_capacity(runs.len());
    let all = std::mem::take(runs);
    let times: Vec<Timestamp> = all.iter().map(|run| run.at).collect();
    for (place, run) in all.into_iter().enumerate() {
        let speaks = match (kept.last(), times.get(place + 1)) {
            (Some(last), Some(next)) => same(last, &run) && *next <= gap.after(last.at),
            _ => false,
        };
        if !speaks {
            kept.push(run);
        }
    }
    *runs = kept;
}

fn same(a: &RunRecord, b: &RunRecord) -> bool {
    let numbers = |run: &RunRecord| -> Vec<(String, Verdict, Counts)> {
        run.goals
            .iter()
            .map(|(name, r)| (name.clone(), r.verdict, r.counts))
            .collect()
    };
    a.extra.is_empty() && b.extra.is_empty() && numbers(a) == numbers(b)
}

#[cfg(test)]
mod tests;
