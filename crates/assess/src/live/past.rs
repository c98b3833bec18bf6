//! What was: when findings were first seen, which are closed, and the runs.
//!
//! What is open keeps its first-seen time beside its finding; here is only
//! what is closed, and the verdicts of earlier times.

use std::collections::BTreeMap;

use plimsoll_goals::FORGET_FINDINGS_AFTER;
use plimsoll_model::{Finding, FindingId, FindingRecord, History, Timestamp, Verdict};
use rustc_hash::FxHashMap;

/// How many closed findings are remembered; the first closed go first.
pub const MOST_CLOSED: usize = 200_000;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The runs; its `findings` are empty.
    pub(super) runs: History,
    closed: FxHashMap<FindingId, FindingRecord>,
    /// What a newer version wrote of findings that are open.
    extra: FxHashMap<FindingId, BTreeMap<String, serde_json::Value>>,
}

impl Past {
    pub(super) fn new(mut history: History) -> Self {
        let closed = std::mem::take(&mut history.findings);
        Past {
            runs: history,
            closed: closed
                .into_iter()
                .filter_map(|(id, record)| Some((id.parse().ok()?, record)))
                .collect(),
            extra: FxHashMap::default(),
        }
    }

    /// The last verdict of each goal.
    pub(super) fn verdicts(&self) -> BTreeMap<String, Verdict> {
        let runs = self.runs.runs.iter();
        runs.flat_map(|run| &run.goals)
            .map(|(name, record)| (name.clone(), record.verdict))
            .collect()
    }

    /// Takes a finding that is there; gives when it was first seen and whether
    /// that is now.
    pub(super) fn open(&mut self, id: FindingId, now: Timestamp) -> (Timestamp, bool) {
        match self.closed.remove(&id) {
            Some(record) if record.last_seen >= FORGET_FINDINGS_AFTER.before(now) => {
                if !record.extra.is_empty() {
                    self.extra.insert(id, record.extra);
                }
                // A clock that was set back must not lengthen a grace period.
                (record.first_seen.min(now), false)
            }
            _ => (now, true),
        }
    }

    /// Keeps what is known of a finding that is no longer there.
    pub(super) fn close(&mut self, finding: &Finding, first_seen: Timestamp, now: Timestamp) {
        let record = FindingRecord {
            first_seen,
            last_seen: now.max(first_seen),
            what: what(finding),
            extra: self.extra.remove(&finding.id).unwrap_or_default(),
        };
        self.closed.insert(finding.id, record);
        if self.closed.len() > MOST_CLOSED {
            self.prune(now);
        }
    }

    fn prune(&mut self, now: Timestamp) {
        let oldest = FORGET_FINDINGS_AFTER.before(now);
        self.closed.retain(|_, record| record.last_seen >= oldest);
        let surplus = self
            .closed
            .len()
            .saturating_sub(MOST_CLOSED - MOST_CLOSED / 10);
        if surplus > 0 {
            let mut all: Vec<(Timestamp, FindingId)> = self
                .closed
                .iter()
                .map(|(id, record)| (record.last_seen, *id))
                .collect();
            all.sort_unstable();
            for (_, id) in all.into_iter().take(surplus) {
                self.closed.remove(&id);
            }
        }
    }

    /// Everything that is remembered, with what is open.
    pub(super) fn history<'a>(
        &self,
        open: impl Iterator<Item = (&'a Finding, Timestamp)>,
        now: Timestamp,
    ) -> History {
        let mut history = self.runs.clone();
        let oldest = FORGET_FINDINGS_AFTER.before(now);
        history.findings = self
            .closed
            .iter()
            .filter(|(_, record)| record.last_seen >= oldest)
            .map(|(id, record)| (id.to_string(), record.clone()))
            .collect();
        for (finding, first_seen) in open {
            let record = FindingRecord {
                first_seen,
                last_seen: now.max(first_seen),
                what: what(finding),
                extra: self.extra.get(&finding.id).cloned().unwrap_or_default(),
            };
            let known = history
                .findings
                .entry(finding.id.to_string())
                .or_insert_with(|| record.clone());
            known.first_seen = known.first_seen.min(record.first_seen);
            known.last_seen = known.last_seen.max(record.last_seen);
        }
        history
    }
}

fn what(finding: &Finding) -> String {
    format!("{} on {}", finding.rule.id, finding.asset.id)
}
