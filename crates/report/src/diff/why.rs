//! Why a finding is in one report and not in the other.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::wire::{CheckReport, FindingReport, GapState};

use crate::{lookup::Lookup, text::clean, words};

/// A report with what the reasons need of it.
pub(super) struct Known<'a> {
    pub(super) report: &'a CheckReport,
    pub(super) lookup: Lookup<'a>,
    /// Pinned baselines by their name without the version.
    pins: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The controls that some finding violates, so that surely count.
    controls: BTreeSet<&'a str>,
    /// Files that could not be read, or not before they are rendered.
    unread: BTreeMap<&'a str, &'a str>,
    /// The version of each package with a vulnerability, by asset and the
    /// package without its version.
    versions: BTreeMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn new(report: &'a CheckReport) -> Self {
        let mut pins: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let named = report
            .findings
            .iter()
            .flat_map(|f| &f.baselines)
            .chain(&report.baselines)
            .map(String::as_str);
        // A report that does not list its baselines names them in its clauses:
        // `configuration pss/restricted@1.36, max 0`.
        let clauses = report.goals.iter().flat_map(|goal| &goal.clauses);
        let written = clauses
            .filter(|_| report.baselines.is_empty())
            .flat_map(|clause| pinned_words(&clause.text));
        for pinned in named.chain(written) {
            if let Some((name, version)) = pinned.split_once('@') {
                pins.entry(name).or_default().insert(version);
            }
        }
        let unread = report
            .coverage
            .gaps
            .iter()
            .filter(|gap| gap.state != GapState::Skipped)
            .map(|gap| (gap.file.as_str(), gap.reason.as_str()))
            .collect();
        let controls = report.findings.iter().map(|f| f.control.as_str()).collect();
        let vulnerable = report.findings.iter().filter_map(|finding| {
            let package = &finding.vulnerability.as_ref()?.package;
            let key = (finding.asset.as_str(), package.lineage.as_str());
            Some((key, package.version.as_str()))
        });
        Known {
            report,
            versions: vulnerable.collect(),
            lookup: Lookup::new(report),
            pins,
            controls,
            unread,
        }
    }

    /// The goals that count a finding, with the texts of their clauses.
    fn counted_by(&self, finding: &FindingReport) -> impl Iterator<Item = (&'a str, &'a str)> {
        let id = finding.id;
        self.report.goals.iter().flat_map(move |goal| {
            goal.assets
                .iter()
                .flat_map(|asset| &asset.because)
                .filter(move |because| because.findings.contains(&id))
                .filter_map(|because| {
                    let clause = goal.clauses.get(usize::try_from(because.clause).ok()?)?;
                    Some((goal.name.as_str(), clause.text.as_str()))
                })
        })
    }

    /// Whether the goal of this name has a clause with this text; which version
    /// of a baseline it names is for [`pin_change`] to judge, and another
    /// baseline that has the control asks for no less.
    fn asks(&self, goal: &str, text: &str, control: &str) -> bool {
        let clauses = self
            .report
            .goals
            .iter()
            .filter(|g| g.name == goal)
            .flat_map(|g| &g.clauses);
        let (bare, rest) = (without_versions(text), without_baselines(text));
        clauses.into_iter().any(|clause| {
            without_versions(&clause.text) == bare
                || without_baselines(&clause.text) == rest
                    && pinned_words(&clause.text)
                        .filter_map(|pinned| self.report.baseline_controls.get(pinned))
                        .any(|controls| controls.iter().any(|id| id == control))
        })
    }

    /// Whether a version of the baseline that is pinned here has the control;
    /// none where the report does not tell.
    fn has_control(&self, baseline: &str, control: &str) -> Option<bool> {
        let told: Vec<_> = self
            .pins
            .get(baseline)?
            .iter()
            .map(|version| {
                self.report
                    .baseline_controls
                    .get(&format!("{baseline}@{version}"))
            })
            .collect();
        let has = told
            .iter()
            .flatten()
            .any(|controls| controls.iter().any(|id| id == control));
        (has || told.iter().all(Option::is_some)).then_some(has)
    }
}

/// The words of a clause between which baselines and others stand.
fn clause_words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', ';', '(', ')'])
}

/// The pinned baselines that a clause names.
fn pinned_words(text: &str) -> impl Iterator<Item = &str> {
    clause_words(text).filter(|word| word.contains('@'))
}

/// A clause with its baselines named without their versions.
fn without_versions(text: &str) -> Vec<&str> {
    clause_words(text)
        .map(|word| word.split_once('@').map_or(word, |(name, _)| name))
        .collect()
}

/// A clause without the names of its baselines.
fn without_baselines(text: &str) -> Vec<&str> {
    clause_words(text)
        .filter(|word| !word.contains('@'))
        .collect()
}

/// What stands or stood in the field.
fn observed(finding: &FindingReport) -> String {
    match &finding.observed {
        Some(value) => format!("`{}`", clean(value)),
        None => "not set".to_owned(),
    }
}

/// Why a finding is only in the second report; for one goal, where that is what
/// is asked.
pub(super) fn new(
    finding: &FindingReport,
    from: &Known<'_>,
    to: &Known<'_>,
    of_goal: Option<&str>,
) -> String {
    let why = if from.lookup.asset(&finding.asset).is_none() {
        match from.unread.get(finding.file.as_str()) {
            Some(_) => format!("{} could not be read before", clean(&finding.file)),
            None => format!(
                "{} was added, or came into a goal's scope",
                clean_object(finding)
            ),
        }
    } else if let Some(pin) = pin_change(finding, from, to) {
        pin
    } else if let Some((goal, clause)) = to
        .counted_by(finding)
        .filter(|(goal, _)| of_goal.is_none_or(|only| only == *goal))
        .find(|(goal, clause)| !from.asks(goal, clause, &finding.control))
    {
        format!("goal {} now asks for {}", clean(goal), clean(clause))
    } else if let Some(why) = package(finding, from, true) {
        why
    } else {
        format!(
            "{} changed: {} at {}",
            clean(&finding.path),
            match &finding.observed {
                Some(_) => format!("it is {}", observed(finding)),
                None => "it is not set".to_owned(),
            },
            words::finding_place(finding)
        )
    };
    match words::accepted(finding) {
        Some(accepted) => format!("{why}; {accepted}"),
        None => why,
    }
}

/// Why a vulnerability is only in one report, by what the other knows of its
/// package; none for other findings.
fn package(finding: &FindingReport, other: &Known<'_>, new: bool) -> Option<String> {
    let package = &finding.vulnerability.as_ref()?.package;
    let key = (finding.asset.as_str(), package.lineage.as_str());
    let (name, version) = (clean(&package.name), clean(&package.version));
    Some(match (other.versions.get(&key), new) {
        (Some(known), true) if *known == package.version => {
            format!("{name} {version} is as before: an advisory names it now")
        }
        (Some(known), true) => format!("{name} was {} and is {version}", clean(known)),
        (None, true) => format!("{name} {version} came in, or an advisory names it now"),
        (Some(known), false) if *known == package.version => {
            format!("{name} {version} is as before: no advisory names it any more")
        }
        (Some(known), false) => format!("{name} was {version} and is {}", clean(known)),
        (None, false) => {
            format!("{name} {version} was upgraded or taken out, or no advisory names it any more")
        }
    })
}

/// The change of a pin that explains why a control counts or no longer does. A
/// control that counts on both sides needs another explanation.
fn pin_change(finding: &FindingReport, from: &Known<'_>, to: &Known<'_>) -> Option<String> {
    let control = finding.control.as_str();
    if from.controls.contains(control) && to.controls.contains(control) {
        return None;
    }
    let name = finding.baselines.iter().find_map(|pinned| {
        let (name, _) = pinned.split_once('@')?;
        let (was, is) = (from.pins.get(name)?, to.pins.get(name)?);
        (was != is).then_some(name)
    })?;
    // Where it is told what the versions hold, that decides.
    if let (Some(had), Some(has)) = (
        from.has_control(name, control),
        to.has_control(name, control),
    ) && had == has
    {
        return None;
    }
    let list = |known: &Known<'_>| -> Option<String> {
        let versions: Vec<_> = known.pins.get(name)?.iter().copied().collect();
        Some(versions.join(" and "))
    };
    let (was, is) = (list(from)?, list(to)?);
    Some(clean(&format!("{name} was pinned to {was} and is pinned to {is}")).into_owned())
}

/// Why a finding of the first report is gone; `true` when nobody could look.
pub(super) fn gone(finding: &FindingReport, from: &Known<'_>, to: &Known<'_>) -> (String, bool) {
    if let Some(reason) = to.unread.get(finding.file.as_str()) {
        let file = clean(&finding.file);
        return (format!("{file} could not be read: {}", clean(reason)), true);
    }
    match to.lookup.asset(&finding.asset) {
        None => {
            let object = clean_object(finding);
            let place = words::finding_place(finding);
            (
                format!("{object} (was at {place}) is gone, or out of every goal's scope"),
                false,
            )
        }
        Some(asset) => {
            if let Some(reason) = &asset.unknown {
                return (clean(reason).into_owned(), true);
            }
            if let Some(pin) = pin_change(finding, from, to) {
                return (pin, false);
            }
            let asked = from
                .counted_by(finding)
                .find(|(goal, text)| !to.asks(goal, text, &finding.control));
            if let Some((goal, clause)) = asked {
                let text = format!("goal {} no longer asks for {}", clean(goal), clean(clause));
                return (text, false);
            }
            if let Some(why) = package(finding, to, false) {
                return (why, false);
            }
            let was = observed(finding);
            let place = words::finding_place(finding);
            (
                format!("{} changed: it was {was} at {place}", clean(&finding.path)),
                false,
            )
        }
    }
}

/// Why an accepted finding no longer is.
pub(super) fn lapsed(was: &FindingReport, to: &Known<'_>) -> String {
    let Some(name) = was.excepted_by.as_deref() else {
        if was.vulnerability.is_some() {
            return "what suppressed it is gone, or held no longer".to_owned();
        }
        return "its ignore annotation is gone, or no longer counts".to_owned();
    };
    // A note about the exception says more than its absence.
    let notes = to.report.goals.iter().flat_map(|goal| &goal.notes);
    let diagnostics = to.report.diagnostics.iter().map(|d| &d.message);
    let expired = notes
        .chain(diagnostics)
        .any(|text| text.contains(name) && text.to_ascii_lowercase().contains("expired"));
    let how = if expired {
        "expired"
    } else {
        "was removed or expired"
    };
    format!("exception {} {how}", clean(name))
}

fn clean_object(finding: &FindingReport) -> String {
    clean(&finding.object.to_string()).into_owned()
}
