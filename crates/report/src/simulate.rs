//! What would flip, and what would be denied, if another line were drawn.

mod render;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use plimsoll_model::{
    AssetId, AssetState, Counts, ObjectRef, Verdict,
    wire::{CheckReport, GoalReport, SCHEMA_VERSION},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Style,
    diff::{AssetChange, Standing, flips},
    json,
    lookup::Lookup,
};

/// What another line would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    /// The version of this form.
    pub schema_version: String,
    /// `simulate`.
    pub kind: String,
    /// The overall verdict now; none when there is no line now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verdict>,
    /// The overall verdict with the new line.
    pub to: Verdict,
    /// The goals of the new line, by name.
    pub goals: Vec<SimulatedGoal>,
    /// The goals that the new line no longer has.
    pub goals_removed: Vec<String>,
    /// The same, by who answers for the assets.
    pub owners: Vec<OwnerImpact>,
}

/// What the new line changes for one goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedGoal {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// What the admission gate would be told to do.
    pub admission: String,
    /// Its verdict now; none when it is not there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verdict>,
    /// Its verdict with the new line.
    pub to: Verdict,
    /// The parts of its scope with the new line.
    pub counts: Counts,
    /// Assets that would become violated.
    pub to_violated: Vec<AssetChange>,
    /// Assets that would no longer be violated, and are known not to be.
    pub to_met: Vec<AssetChange>,
    /// Assets whose state would no longer be known.
    pub to_unknown: Vec<AssetChange>,
    /// Objects that admission would deny; all violated assets of a goal with
    /// `admission: deny`.
    pub denied: Vec<Impact>,
    /// Objects that admission would warn about; all violated assets of a goal
    /// with `admission: warn`.
    pub warned: Vec<Impact>,
}

/// An object that the gate would deny or warn about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// The asset.
    pub asset: AssetId,
    /// The object.
    pub object: ObjectRef,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `file:line`, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Why, in words: the clauses it violates.
    pub why: Vec<String>,
}

/// What the new line changes for one owner: assets, each counted once however
/// many goals it flips for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerImpact {
    /// Who answers; none for assets without an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Assets that would become violated for a goal.
    pub to_violated: Vec<AssetId>,
    /// Assets that would no longer be violated for a goal.
    pub to_met: Vec<AssetId>,
    /// Assets whose object would be denied.
    pub denied: Vec<AssetId>,
    /// Assets whose object would be warned about.
    pub warned: Vec<AssetId>,
}

/// What changes from `before` (none: there is no line now) to `after`, both
/// over the same objects.
pub fn simulate(before: Option<&CheckReport>, after: &CheckReport) -> Simulation {
    let lookup = Lookup::new(after);
    let goals: Vec<_> = after
        .goals
        .iter()
        .zip(flips(before, after))
        .map(|(goal, changes)| simulated(before, goal, changes, &lookup))
        .collect();
    let removed = before
        .into_iter()
        .flat_map(|report| &report.goals)
        .map(|goal| &goal.name);
    Simulation {
        schema_version: SCHEMA_VERSION.to_owned(),
        kind: "simulate".to_owned(),
        from: before.map(|report| report.verdict),
        to: after.verdict,
        owners: owners(&goals),
        goals_removed: removed
            .filter(|name| after.goals.iter().all(|goal| goal.name != **name))
            .cloned()
            .collect(),
        goals,
    }
}

fn simulated(
    before: Option<&CheckReport>,
    goal: &GoalReport,
    changes: Vec<AssetChange>,
    lookup: &Lookup<'_>,
) -> SimulatedGoal {
    let was = before.and_then(|report| report.goals.iter().find(|g| g.name == goal.name));
    let mut out = SimulatedGoal {
        name: goal.name.clone(),
        owner: goal.owner.clone(),
        admission: goal.admission.clone(),
        from: was.map(|goal| goal.verdict),
        to: goal.verdict,
        counts: goal.counts,
        to_violated: Vec::new(),
        to_met: Vec::new(),
        to_unknown: Vec::new(),
        denied: Vec::new(),
        warned: Vec::new(),
    };
    for change in changes {
        match (change.from, change.to) {
            (_, Standing::Violated) => out.to_violated.push(change),
            (_, Standing::Unknown) => out.to_unknown.push(change),
            (Standing::Violated, _) => out.to_met.push(change),
            _ => {}
        }
    }
    let hit = match goal.admission.as_str() {
        "deny" => &mut out.denied,
        "warn" => &mut out.warned,
        _ => return out,
    };
    let violated = lookup.worst_first(goal);
    hit.extend(
        violated
            .into_iter()
            .filter(|a| a.state == AssetState::Violated)
            .map(|listed| {
                let why = listed
                    .because
                    .iter()
                    .filter(|b| b.state == AssetState::Violated);
                Impact {
                    asset: listed.asset.clone(),
                    object: listed.object.clone(),
                    owner: lookup
                        .asset(&listed.asset)
                        .and_then(|asset| asset.owner.clone()),
                    place: lookup.place(&listed.asset),
                    why: why.map(|because| because.text.clone()).collect(),
                }
            }),
    );
    out
}

fn owners(goals: &[SimulatedGoal]) -> Vec<OwnerImpact> {
    let mut owners: BTreeMap<Option<&str>, OwnerImpact> = BTreeMap::new();
    for goal in goals {
        for change in &goal.to_violated {
            owners
                .entry(change.owner.as_deref())
                .or_default()
                .to_violated
                .push(change.asset.clone());
        }
        for change in &goal.to_met {
            owners
                .entry(change.owner.as_deref())
                .or_default()
                .to_met
                .push(change.asset.clone());
        }
        for impact in &goal.denied {
            owners
                .entry(impact.owner.as_deref())
                .or_default()
                .denied
                .push(impact.asset.clone());
        }
        for impact in &goal.warned {
            owners
                .entry(impact.owner.as_deref())
                .or_default()
                .warned
                .push(impact.asset.clone());
        }
    }
    let each = owners.into_iter().map(|(owner, mut impact)| {
        impact.owner = owner.map(str::to_owned);
        for list in [
            &mut impact.to_violated,
            &mut impact.to_met,
            &mut impact.denied,
            &mut impact.warned,
        ] {
            list.sort();
            list.dedup();
        }
        impact
    });
    each.collect()
}

impl Simulation {
    /// Writes it for a person.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn terminal(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        render::terminal(self, style, out)
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// Writes it as Markdown.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        render::markdown(self, out)
    }
}
