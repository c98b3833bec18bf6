//! Look-ups into a report, and the groupings that several formats show.

use std::{cmp::Reverse, collections::BTreeMap};

use plimsoll_model::{
    AssetId, AssetState, FindingId, Severity,
    wire::{AssetReport, CheckReport, FindingReport, GoalAssetReport, GoalReport},
};
use rustc_hash::FxHashMap;

/// The parts of a report by their identities.
pub(crate) struct Lookup<'a> {
    findings: FxHashMap<FindingId, &'a FindingReport>,
    assets: FxHashMap<&'a AssetId, &'a AssetReport>,
    states: FxHashMap<&'a AssetId, AssetState>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(report: &'a CheckReport) -> Self {
        let mut states: FxHashMap<&AssetId, AssetState> = report
            .assets
            .iter()
            .map(|asset| (&asset.id, AssetState::Satisfied))
            .collect();
        for listed in report.goals.iter().flat_map(|goal| &goal.assets) {
            let state = states.entry(&listed.asset).or_insert(listed.state);
            // States are in the order of what counts first.
            *state = listed.state.min(*state);
        }
        Lookup {
            findings: report.findings.iter().map(|f| (f.id, f)).collect(),
            assets: report
                .assets
                .iter()
                .map(|asset| (&asset.id, asset))
                .collect(),
            states,
        }
    }

    pub(crate) fn finding(&self, id: FindingId) -> Option<&'a FindingReport> {
        self.findings.get(&id).copied()
    }

    /// Those of the findings that the report holds, worst first.
    pub(crate) fn findings(&self, ids: &[FindingId]) -> Vec<&'a FindingReport> {
        let mut found: Vec<_> = ids.iter().filter_map(|id| self.finding(*id)).collect();
        found.sort_by_key(|f| (Reverse(f.severity), &f.file, f.line, f.column, f.id));
        found
    }

    pub(crate) fn asset(&self, id: &AssetId) -> Option<&'a AssetReport> {
        self.assets.get(id).copied()
    }

    /// The asset's state over all goals: the first that holds for one of them.
    pub(crate) fn state(&self, id: &AssetId) -> Option<AssetState> {
        self.states.get(id).copied()
    }

    /// `file:line` of an asset.
    pub(crate) fn place(&self, id: &AssetId) -> Option<String> {
        let asset = self.asset(id)?;
        let file = asset.file.as_deref()?;
        Some(match asset.line {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        })
    }

    /// The assets of a goal that are not simply satisfied, worst first: by
    /// state, then severity and number of findings.
    pub(crate) fn worst_first(&self, goal: &'a GoalReport) -> Vec<&'a GoalAssetReport> {
        let mut assets: Vec<_> = goal.assets.iter().collect();
        assets.sort_by_cached_key(|asset| {
            let ids = || asset.because.iter().flat_map(|b| &b.findings);
            let worst: Option<Severity> = ids()
                .filter_map(|id| Some(self.finding(*id)?.severity))
                .max();
            (
                asset.state,
                Reverse(worst),
                Reverse(ids().count()),
                asset.asset.clone(),
            )
        });
        assets
    }

    /// The assets that satisfy a goal, where the report names them all.
    pub(crate) fn satisfied(&self, goal: &GoalReport) -> Option<Vec<&'a AssetReport>> {
        let known: Option<Vec<_>> = goal.satisfied.iter().map(|id| self.asset(id)).collect();
        known.filter(|assets| assets.len() as u64 == goal.counts.satisfied)
    }
}

/// A group of assets with the numbers that add up.
pub(crate) struct Group<'a> {
    /// What they have in common; none for those that have no such thing.
    pub(crate) name: Option<&'a str>,
    /// Their states over all goals.
    pub(crate) counts: plimsoll_model::Counts,
    /// The findings on them.
    pub(crate) findings: u64,
}

/// What assets are grouped by.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Owner,
    Namespace,
    Class,
}

/// The assets of a report in groups, the one with most violated assets first.
pub(crate) fn group<'a>(report: &'a CheckReport, lookup: &Lookup<'a>, by: By) -> Vec<Group<'a>> {
    let mut on: FxHashMap<&AssetId, u64> = FxHashMap::default();
    for finding in &report.findings {
        *on.entry(&finding.asset).or_default() += 1;
    }
    let mut groups: BTreeMap<Option<&str>, (plimsoll_model::Counts, u64)> = BTreeMap::new();
    for asset in &report.assets {
        let name = match by {
            By::Owner => asset.owner.as_deref(),
            By::Namespace => asset.object.namespace.as_deref(),
            By::Class => asset.classes.first().map(|c| c.class.as_str()),
        };
        let (counts, findings) = groups.entry(name).or_default();
        counts.add(lookup.state(&asset.id).unwrap_or(AssetState::Satisfied));
        *findings += on.get(&asset.id).copied().unwrap_or(0);
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(name, (counts, findings))| Group {
            name,
            counts,
            findings,
        })
        .collect();
    groups.sort_by_key(|g| (Reverse(g.counts.violated), Reverse(g.findings), g.name));
    groups
}
