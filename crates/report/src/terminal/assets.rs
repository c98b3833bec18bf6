//! The assets of a goal, and findings, on a terminal.

use std::{collections::BTreeMap, io};

use plimsoll_model::{
    AssetState, ObjectRef,
    wire::{BecauseReport, FindingReport, GoalAssetReport, GoalReport},
};

use super::{Line, Paper, check::LABEL};
use crate::{
    lookup::Lookup,
    style::Tone,
    text::{and_list, count, number},
    words,
};

/// Room for a severity: the longest is `critical`.
pub(crate) const SEVERITY: usize = 10;
/// Where what is said of an asset begins.
const INDENT: usize = 4;
/// Assets that are shown with their findings without `--verbose`.
const ASSETS: usize = 5;
/// Assets that are named in one list without `--verbose`.
const NAMES: usize = 6;
/// Findings of an asset that are shown without `--verbose`.
const FINDINGS: usize = 3;

/// The assets of a goal that are not simply satisfied.
pub(super) fn assets(
    paper: &mut Paper<'_>,
    lookup: &Lookup<'_>,
    goal: &GoalReport,
) -> io::Result<()> {
    let assets = lookup.worst_first(goal);
    if assets.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    if paper.style.verbose() {
        for listed in assets {
            asset(paper, lookup, goal, listed)?;
        }
        return Ok(());
    }
    let of = |state| {
        assets
            .iter()
            .copied()
            .filter(move |asset| asset.state == state)
    };
    let acted_on: Vec<_> = of(AssetState::Violated)
        .chain(of(AssetState::Pending))
        .collect();
    for listed in acted_on.iter().take(ASSETS) {
        asset(paper, lookup, goal, listed)?;
    }
    if acted_on.len() > ASSETS {
        let names = acted_on[ASSETS..].iter().map(|asset| &asset.object);
        let line = Line::of(Tone::Faint, "and ").and(&list("more", names));
        paper.text(LABEL + 2, &line)?;
    }
    unknown(paper, goal, of(AssetState::Unknown))?;
    let excepted: Vec<_> = of(AssetState::Excepted)
        .map(|asset| &asset.object)
        .collect();
    if !excepted.is_empty() {
        let word = AssetState::Excepted;
        let line = Line::plain(&list("", excepted.into_iter()));
        paper.field(2, &Line::of(word.into(), word.as_str()), LABEL, &line)?;
    }
    Ok(())
}

/// Those that can't be judged, with what keeps them from it said once.
fn unknown<'a>(
    paper: &mut Paper<'_>,
    goal: &GoalReport,
    assets: impl Iterator<Item = &'a GoalAssetReport>,
) -> io::Result<()> {
    let mut groups: BTreeMap<Vec<String>, Vec<&ObjectRef>> = BTreeMap::new();
    for asset in assets {
        // What the goal already says would settle it is not said again.
        let why = asset
            .because
            .iter()
            .filter(|because| because.text.is_empty() || !goal.settled_by.contains(&because.text));
        let why = why.map(|because| words::because(goal, because)).collect();
        groups.entry(why).or_default().push(&asset.object);
    }
    let word = AssetState::Unknown;
    for (why, objects) in groups {
        let line = Line::plain(&list("", objects.into_iter()));
        paper.field(2, &Line::of(word.into(), word.as_str()), LABEL, &line)?;
        for why in why {
            paper.text(LABEL + 2, &Line::of(Tone::Faint, &why))?;
        }
    }
    Ok(())
}

/// `3 assets: Pod a, Pod b and Pod c`: the number, and names within bounds.
fn list<'a>(more: &str, objects: impl ExactSizeIterator<Item = &'a ObjectRef>) -> String {
    let all = objects.len();
    let mut names: Vec<String> = objects.take(NAMES).map(ToString::to_string).collect();
    if all > NAMES {
        names.push(format!(
            "{} others (-v shows all)",
            number((all - NAMES) as u64)
        ));
    }
    match (all, more) {
        (1, "") => and_list(&names),
        (all, "") => format!("{}: {}", count(all as u64, "asset"), and_list(&names)),
        (all, more) => format!("{} {more}: {}", number(all as u64), and_list(&names)),
    }
}

/// An asset, and why it is in its state.
fn asset(
    paper: &mut Paper<'_>,
    lookup: &Lookup<'_>,
    goal: &GoalReport,
    listed: &GoalAssetReport,
) -> io::Result<()> {
    let word = listed.state.as_str();
    let label = Line::of(listed.state.into(), word);
    let name = Line::of(Tone::Strong, &listed.object.to_string());
    let place = lookup.place(&listed.asset).unwrap_or_default();
    paper.apart(2, (&label, LABEL), &name, &Line::of(Tone::Faint, &place))?;
    let asset = lookup.asset(&listed.asset);
    if paper.style.verbose()
        && let Some(asset) = asset
    {
        for (label, text) in words::about(asset) {
            paper.field(
                INDENT,
                &Line::of(Tone::Faint, label),
                SEVERITY,
                &Line::plain(&text),
            )?;
        }
    }
    let file = asset.and_then(|asset| asset.file.as_deref());
    for because in &listed.because {
        self::because(paper, lookup, goal, because, file)?;
    }
    Ok(())
}

/// Why an asset is in its state, for one clause.
fn because(
    paper: &mut Paper<'_>,
    lookup: &Lookup<'_>,
    goal: &GoalReport,
    because: &BecauseReport,
    file: Option<&str>,
) -> io::Result<()> {
    let verbose = paper.style.verbose();
    let mut findings = lookup.findings(&because.findings);
    if !goal.mandatory {
        // What is accepted is not why: it stands behind what is.
        findings.sort_by_key(|finding| words::accepted(finding).is_some());
    }
    let clause = usize::try_from(because.clause)
        .ok()
        .and_then(|at| goal.clauses.get(at));
    let clause = clause.map_or("", |clause| clause.text.as_str());
    let until = because
        .until
        .filter(|until| !because.text.contains(&words::when(*until)))
        .map(|until| format!(" (until {})", words::when(until)));
    // The findings say what the text says, and where; one clause is said above.
    let told = !verbose && because.state == AssetState::Violated && !findings.is_empty();
    let text = if told {
        clause.to_owned()
    } else {
        words::because(goal, because)
    };
    if !told || goal.clauses.len() > 1 || until.is_some() {
        let line = Line::of(Tone::Faint, &text).put(Tone::Warn, &until.unwrap_or_default());
        paper.text(INDENT, &line)?;
    }
    let shown = if verbose {
        findings.len()
    } else {
        findings.len().min(FINDINGS)
    };
    self::findings(paper, INDENT, &findings[..shown], file)?;
    if shown < findings.len() {
        let text = format!(
            "and {}",
            count((findings.len() - shown) as u64, "more finding")
        );
        paper.text(INDENT + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// Findings of one asset, told apart where they say the same.
pub(super) fn findings(
    paper: &mut Paper<'_>,
    indent: usize,
    findings: &[&FindingReport],
    file: Option<&str>,
) -> io::Result<()> {
    for finding in findings {
        let mut twins = findings
            .iter()
            .filter(|other| other.message == finding.message && other.id != finding.id)
            .peekable();
        let what = if twins.peek().is_none() {
            None
        } else if twins
            .clone()
            .any(|other| other.container == finding.container)
        {
            finding.observed.as_deref()
        } else {
            finding.container.as_deref()
        };
        self::finding(paper, indent, finding, file, what)?;
    }
    Ok(())
}

/// A finding: how bad, what, which control, where. The line alone is the place
/// in `file`, which the reader knows.
fn finding(
    paper: &mut Paper<'_>,
    indent: usize,
    finding: &FindingReport,
    file: Option<&str>,
    what: Option<&str>,
) -> io::Result<()> {
    let severity = Line::of(finding.severity.into(), finding.severity.as_str());
    let mut line = Line::plain(&finding.message);
    if let Some(what) = what {
        line = line.and(": ").and(what);
    }
    if let Some(accepted) = words::accepted(finding) {
        line = line.put(Tone::Accepted, &format!(" ({accepted})"));
    }
    let known = file == Some(&*finding.file) && finding.line > 0;
    let place = if known && !paper.style.verbose() {
        format!("line {}", finding.line)
    } else {
        words::finding_place(finding)
    };
    let right = Line::of(Tone::Faint, &finding.control)
        .put(Tone::Faint, ", ")
        .put(Tone::Faint, &place);
    paper.apart(indent, (&severity, SEVERITY), &line, &right)
}
