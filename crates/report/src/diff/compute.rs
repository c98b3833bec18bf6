//! Comparing two reports.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use plimsoll_model::{
    AssetId, FindingId, ObjectRef,
    wire::{
        AssetReport, AttainmentReport, CheckReport, FindingReport, GoalAssetReport, GoalReport,
        SCHEMA_VERSION,
    },
};

use super::{
    AssetChange, AssetSide, Change, ChangeCounts, Diff, FindingChange, GoalDiff, GoalSide,
    LineChange, Side, Standing,
    why::{self, Known},
};
use crate::text::{count, decimals, percent};

/// Reasons that are listed for one asset; the rest is counted.
const REASONS: usize = 5;

/// What changed from `a` to `b`, and why.
pub fn diff(a: &CheckReport, b: &CheckReport) -> Diff {
    let (from, to) = (Known::new(a), Known::new(b));
    let (findings, counts) = findings(&from, &to);
    let changed: BTreeMap<FindingId, &FindingChange> =
        findings.iter().map(|change| (change.id, change)).collect();
    let goals_a: BTreeMap<&str, &GoalReport> = a.goals.iter().map(|g| (&*g.name, g)).collect();
    let goals_b: BTreeMap<&str, &GoalReport> = b.goals.iter().map(|g| (&*g.name, g)).collect();
    let only = |these: &BTreeMap<&str, &GoalReport>, those: &BTreeMap<&str, &GoalReport>| {
        these
            .values()
            .filter(|goal| !those.contains_key(goal.name.as_str()))
            .map(|goal| goal_side(goal))
            .collect()
    };
    let both = goals_a
        .iter()
        .filter_map(|(name, goal)| Some((*goal, *goals_b.get(name)?)));
    Diff {
        schema_version: SCHEMA_VERSION.to_owned(),
        kind: "diff".to_owned(),
        from: side(a),
        to: side(b),
        counts,
        goals: both
            .filter_map(|(x, y)| goal(x, y, &from, &to, &changed))
            .collect(),
        goals_added: only(&goals_b, &goals_a),
        goals_removed: only(&goals_a, &goals_b),
        assets_added: missing(b, &from),
        assets_removed: missing(a, &to),
        coverage: coverage(a, b),
        findings,
    }
}

fn side(report: &CheckReport) -> Side {
    Side {
        generator: report.generator.clone(),
        now: report.now,
        cluster: report.cluster.clone(),
        verdict: report.verdict,
        findings: report.findings.len() as u64,
    }
}

fn goal_side(goal: &GoalReport) -> GoalSide {
    GoalSide {
        name: goal.name.clone(),
        owner: goal.owner.clone(),
        verdict: goal.verdict,
        counts: goal.counts,
    }
}

fn asset_side(asset: &AssetReport, known: &Known<'_>) -> AssetSide {
    AssetSide {
        asset: asset.id.clone(),
        object: asset.object.clone(),
        owner: asset.owner.clone(),
        place: known.lookup.place(&asset.id),
    }
}

/// The assets of a report that the other does not have.
fn missing(report: &CheckReport, other: &Known<'_>) -> Vec<AssetSide> {
    let known = Known::new(report);
    let mut missing: Vec<_> = report
        .assets
        .iter()
        .filter(|asset| other.lookup.asset(&asset.id).is_none())
        .map(|asset| asset_side(asset, &known))
        .collect();
    missing.sort_by(|x, y| x.asset.cmp(&y.asset));
    missing
}

/// What changed among the findings, worst first within each kind of change.
fn findings(from: &Known<'_>, to: &Known<'_>) -> (Vec<FindingChange>, ChangeCounts) {
    let mut counts = ChangeCounts::default();
    let mut changes = Vec::new();
    for finding in &to.report.findings {
        let Some(was) = from.lookup.finding(finding.id) else {
            counts.new += 1;
            changes.push(change(
                Change::New,
                finding,
                why::new(finding, from, to, None),
            ));
            continue;
        };
        let accepted = crate::words::accepted(finding);
        match (crate::words::accepted(was), accepted) {
            (None, Some(how)) => {
                counts.excepted += 1;
                changes.push(change(Change::Excepted, finding, how));
            }
            (Some(_), None) => {
                counts.lapsed += 1;
                changes.push(change(Change::Lapsed, finding, why::lapsed(was, to)));
            }
            _ => counts.unchanged += 1,
        }
    }
    for was in &from.report.findings {
        if to.lookup.finding(was.id).is_some() {
            continue;
        }
        let (why, unknown) = why::gone(was, from, to);
        let kind = if unknown {
            Change::BecameUnknown
        } else {
            Change::Fixed
        };
        match kind {
            Change::BecameUnknown => counts.became_unknown += 1,
            _ => counts.fixed += 1,
        }
        changes.push(change(kind, was, why));
    }
    changes.sort_by(|x, y| {
        (x.change, Reverse(x.severity), &x.asset, &x.control, x.id).cmp(&(
            y.change,
            Reverse(y.severity),
            &y.asset,
            &y.control,
            y.id,
        ))
    });
    (changes, counts)
}

fn change(change: Change, finding: &FindingReport, why: String) -> FindingChange {
    FindingChange {
        change,
        id: finding.id,
        control: finding.control.clone(),
        severity: finding.severity,
        asset: finding.asset.clone(),
        object: finding.object.clone(),
        place: crate::words::finding_place(finding),
        path: finding.path.clone(),
        message: finding.message.clone(),
        why,
    }
}

/// What changed in a goal; none when nothing did.
fn goal(
    a: &GoalReport,
    b: &GoalReport,
    from: &Known<'_>,
    to: &Known<'_>,
    changed: &BTreeMap<FindingId, &FindingChange>,
) -> Option<GoalDiff> {
    let line = line(a, b);
    let assets = assets(Some(a), b, from, to, changed);
    let same = a.verdict == b.verdict
        && a.counts == b.counts
        && a.attainment == b.attainment
        && line.is_empty()
        && assets.is_empty();
    (!same).then(|| GoalDiff {
        name: b.name.clone(),
        owner: b.owner.clone(),
        admission: b.admission.clone(),
        from: a.verdict,
        to: b.verdict,
        attainment_from: a.attainment,
        attainment_to: b.attainment,
        counts_from: a.counts,
        counts_to: b.counts,
        line,
        assets,
    })
}

/// What is written differently in the goal itself.
fn line(a: &GoalReport, b: &GoalReport) -> Vec<LineChange> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, from: String, to: String| {
        if from != to {
            changes.push(LineChange {
                what: what.to_owned(),
                from: Some(from),
                to: Some(to),
            });
        }
    };
    let target = |at: &AttainmentReport| percent(at.target, decimals(at.target));
    compare("target", target(&a.attainment), target(&b.attainment));
    compare("owner", a.owner.clone(), b.owner.clone());
    compare(
        "mandatory",
        a.mandatory.to_string(),
        b.mandatory.to_string(),
    );
    compare("admission", a.admission.clone(), b.admission.clone());
    let texts = |goal: &GoalReport| -> Vec<String> {
        goal.clauses
            .iter()
            .map(|clause| clause.text.clone())
            .collect()
    };
    let (mut was, mut is) = (texts(a), texts(b));
    // What both have is not a change, in whatever order it stands.
    was.retain(|text| match is.iter().position(|other| other == text) {
        Some(at) => {
            is.remove(at);
            false
        }
        None => true,
    });
    // A clause that stayed of its kind was changed, not replaced.
    let kind = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    for text in was {
        let now = is
            .iter()
            .position(|other| kind(other) == kind(&text))
            .map(|at| is.remove(at));
        changes.push(LineChange {
            what: "clause".to_owned(),
            from: Some(text),
            to: now,
        });
    }
    changes.extend(is.into_iter().map(|text| LineChange {
        what: "clause".to_owned(),
        from: None,
        to: Some(text),
    }));
    changes
}

/// Per goal of `after`, the assets whose standing changes; without `before`,
/// against the same assets without any line.
pub(crate) fn flips(before: Option<&CheckReport>, after: &CheckReport) -> Vec<Vec<AssetChange>> {
    let bare;
    let before = match before {
        Some(before) => before,
        None => {
            bare = CheckReport {
                goals: Vec::new(),
                findings: Vec::new(),
                ..after.clone()
            };
            &bare
        }
    };
    let (from, to) = (Known::new(before), Known::new(after));
    let (findings, _) = findings(&from, &to);
    let changed = findings.iter().map(|change| (change.id, change)).collect();
    let of = |goal: &GoalReport| {
        let was = before.goals.iter().find(|g| g.name == goal.name);
        assets(was, goal, &from, &to, &changed)
    };
    after.goals.iter().map(of).collect()
}

/// The scope of a goal by asset.
struct Scope<'a> {
    listed: BTreeMap<&'a AssetId, &'a GoalAssetReport>,
    satisfied: BTreeSet<&'a AssetId>,
    /// Whether the two are the whole scope: older reports do not name the
    /// satisfied assets, and a goal that is not there has no scope.
    whole: bool,
}

impl<'a> Scope<'a> {
    fn of(goal: Option<&'a GoalReport>) -> Self {
        let listed = goal.into_iter().flat_map(|goal| &goal.assets);
        let satisfied = goal.into_iter().flat_map(|goal| &goal.satisfied);
        Scope {
            listed: listed.map(|asset| (&asset.asset, asset)).collect(),
            satisfied: satisfied.collect(),
            whole: goal.is_some_and(|goal| goal.satisfied.len() as u64 == goal.counts.satisfied),
        }
    }

    /// How an asset stands for the goal.
    fn standing(&self, known: &Known<'_>, asset: &AssetId) -> Standing {
        match self.listed.get(asset) {
            Some(listed) => listed.state.into(),
            None if self.satisfied.contains(asset) => Standing::Satisfied,
            None if known.lookup.asset(asset).is_none() => Standing::Absent,
            None if self.whole => Standing::OutOfScope,
            None => Standing::Clear,
        }
    }

    fn ids(&self) -> impl Iterator<Item = &'a AssetId> {
        self.listed.keys().chain(&self.satisfied).copied()
    }
}

/// Whether nothing is known to have changed: what a report does not tell is no
/// change.
fn same(before: Standing, after: Standing) -> bool {
    use Standing::{Clear, OutOfScope, Satisfied};
    before == after
        || matches!(
            (before, after),
            (Clear, Satisfied | OutOfScope) | (Satisfied | OutOfScope, Clear)
        )
}

/// The assets whose standing for a goal changed, the worst new standing first.
fn assets(
    a: Option<&GoalReport>,
    b: &GoalReport,
    from: &Known<'_>,
    to: &Known<'_>,
    changed: &BTreeMap<FindingId, &FindingChange>,
) -> Vec<AssetChange> {
    let (was, is) = (Scope::of(a), Scope::of(Some(b)));
    let ids: BTreeSet<&AssetId> = was.ids().chain(is.ids()).collect();
    let mut changes = Vec::new();
    for id in ids {
        let (before, after) = (was.standing(from, id), is.standing(to, id));
        if same(before, after) {
            continue;
        }
        let listed = is.listed.get(id).or_else(|| was.listed.get(id));
        let asset = to.lookup.asset(id).or(from.lookup.asset(id));
        let object = listed.map(|listed| &listed.object);
        let Some(object) = object.or(asset.map(|asset| &asset.object)) else {
            continue;
        };
        changes.push(AssetChange {
            asset: id.clone(),
            object: object.clone(),
            owner: asset.and_then(|asset| asset.owner.clone()),
            from: before,
            to: after,
            why: reasons(
                was.listed.get(id).copied(),
                is.listed.get(id).copied(),
                object,
                (before, after),
                |id| {
                    let change = changed.get(&id)?;
                    Some(changed_for(change, &b.name, from, to))
                },
            ),
        });
    }
    changes.sort_by(|x, y| (x.to, x.from, &x.asset).cmp(&(y.to, y.from, &y.asset)));
    changes
}

/// The change of a finding as a reason for one goal: of several goals that now
/// ask for it, that one.
fn changed_for(change: &FindingChange, goal: &str, from: &Known<'_>, to: &Known<'_>) -> String {
    let of_goal = to
        .lookup
        .finding(change.id)
        .filter(|_| change.change == Change::New)
        .map(|finding| why::new(finding, from, to, Some(goal)));
    let why = of_goal.as_ref().unwrap_or(&change.why);
    format!("{}: {} ({why})", change.change.as_str(), change.message)
}

/// Why the standing of an asset changed: the changes of the findings that
/// count for it; without one, what the goal itself says.
fn reasons(
    was: Option<&GoalAssetReport>,
    is: Option<&GoalAssetReport>,
    object: &ObjectRef,
    (before, after): (Standing, Standing),
    changed: impl Fn(FindingId) -> Option<String>,
) -> Vec<String> {
    if after == Standing::OutOfScope {
        return vec![format!("{object} is no longer in the goal's scope")];
    }
    let ids: BTreeSet<FindingId> = was
        .iter()
        .chain(is.iter())
        .flat_map(|listed| &listed.because)
        .flat_map(|because| because.findings.iter().copied())
        .collect();
    let mut reasons: Vec<String> = Vec::new();
    for reason in ids.into_iter().filter_map(changed) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        let texts = is
            .into_iter()
            .flat_map(|listed| &listed.because)
            .map(|b| b.text.clone());
        reasons.extend(texts.filter(|text| !text.is_empty()));
    }
    if reasons.is_empty() {
        reasons.push(match (before, after) {
            (_, Standing::Absent) => format!("{object} is gone, or out of every goal's scope"),
            (Standing::OutOfScope | Standing::Absent, _) => {
                format!("{object} came into the goal's scope")
            }
            _ => "what counted against it no longer does".to_owned(),
        });
    }
    if reasons.len() > REASONS {
        let more = reasons.len() - REASONS;
        reasons.truncate(REASONS);
        reasons.push(format!("and {}", count(more as u64, "more reason")));
    }
    reasons
}

/// What is read differently.
fn coverage(a: &CheckReport, b: &CheckReport) -> Vec<String> {
    let (x, y) = (&a.coverage, &b.coverage);
    [
        ("objects read", x.read, y.read),
        ("workloads read", x.workloads, y.workloads),
        ("not rendered", x.not_rendered, y.not_rendered),
        ("failed", x.failed, y.failed),
    ]
    .into_iter()
    .filter(|(_, was, is)| was != is)
    .map(|(what, was, is)| format!("{what}: {was}, now {is}"))
    .collect()
}
