//! A finding: evidence with the lines around it, why, how to test, how to fix.

use plimsoll_assess::{Assessment, apply, catalogue, wire};
use plimsoll_model::{
    FixPlan, FixStep,
    wire::{CheckReport, FindingReport},
};

use super::{control, into_page, matched, page::Page};
use crate::{
    bounded,
    context::Context,
    exit::{Failure, fail},
    session::Session,
    verbs::fix::patch,
};

/// So many digits of an id name a finding at least.
const DIGITS: usize = 6;
/// Lines shown before and after the evidence.
const AROUND: usize = 3;
/// So many findings are named when the digits fit several.
const MOST: usize = 5;

/// Whether the text can be the beginning of a finding's id.
pub fn is_id(what: &str) -> bool {
    (DIGITS..=32).contains(&what.len()) && what.bytes().all(|b| b.is_ascii_hexdigit())
}

pub fn explain(
    context: &Context,
    session: &Session,
    assessment: &Assessment,
    report: Option<&CheckReport>,
    what: &str,
    page: &mut Page,
) -> Result<bool, Failure> {
    let wanted = what.to_ascii_lowercase();
    let fits: Vec<(usize, FindingReport)> = assessment
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.id.to_string().starts_with(&wanted))
        .take(MOST)
        .filter_map(|(at, _)| Some((at, wire::findings(assessment).nth(at)?)))
        .collect();
    let (at, finding) = match fits.as_slice() {
        [] => return Ok(false),
        [(at, finding)] => (*at, finding),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|(_, f)| format!("\n  {} {} on {}", f.id, f.control, f.object))
                .collect();
            return fail(format!(
                "several findings begin with `{what}`; give more digits:{}",
                names.concat()
            ));
        }
    };
    page.title(
        &finding.id.to_string(),
        &format!("finding, {}", finding.severity),
    );
    page.heading("What is wrong");
    page.text(&finding.message);
    page.text(&match &finding.container {
        Some(container) => format!(
            "{} of {}, container {container}",
            finding.control, finding.object
        ),
        None => format!("{} of {}", finding.control, finding.object),
    });
    if let Some(v) = finding.vulnerability.as_deref() {
        matched::explain(v, page);
    }
    page.heading("Evidence");
    page.text(&match finding.line {
        // Of an image no lines are told.
        0 => finding.file.clone(),
        line => format!(
            "{}:{line}:{} {}",
            finding.file, finding.column, finding.path
        ),
    });
    if let Some(observed) = finding
        .vulnerability
        .as_ref()
        .and(finding.observed.as_ref())
    {
        page.text(&format!("{observed} is installed there"));
    }
    excerpt(context, session, finding, page);
    for place in &finding.also {
        page.text(&match place.line {
            0 => format!("also {}", place.file),
            line => format!("also {}:{line}:{} {}", place.file, place.column, place.path),
        });
    }
    standing(finding, report, page);
    if let Some(rule) = catalogue::rule(&finding.control) {
        control::reasons(rule, page);
    }
    fixes(finding, page);
    diff(session, assessment, at, page)?;
    Ok(true)
}

/// The lines of the file around the evidence, the one meant marked.
fn excerpt(context: &Context, session: &Session, finding: &FindingReport, page: &mut Page) {
    let text = session
        .place(&finding.file)
        .and_then(|path| bounded::read_file(path, context.max_file_size).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = text else { return };
    let meant = finding.line as usize;
    let first = meant.saturating_sub(AROUND).max(1);
    let mut block = String::new();
    for (number, line) in (1..)
        .zip(text.lines())
        .skip(first - 1)
        .take(meant + AROUND + 1 - first)
    {
        let mark = if number == meant { '>' } else { ' ' };
        let shown: String = line.chars().take(200).collect();
        block.push_str(&format!("{mark} {number:>5} | {shown}\n"));
    }
    page.block(&block);
}

/// What it counts for, and what speaks for leaving it.
fn standing(finding: &FindingReport, report: Option<&CheckReport>, page: &mut Page) {
    page.heading("How it stands");
    if let Some(time) = finding.first_seen {
        page.item(&format!("first seen at {time}"));
    }
    if let Some(waiver) = &finding.waived_by {
        page.item(&match finding.vulnerability {
            Some(_) => format!("suppressed by {waiver}"),
            None => format!("waived by the annotation {waiver}"),
        });
    }
    if let Some(exception) = &finding.excepted_by {
        page.item(&format!("accepted by the exception {exception}"));
    }
    if !finding.baselines.is_empty() {
        page.item(&format!("violates {}", finding.baselines.join(", ")));
    }
    let mut counts = false;
    for goal in report.into_iter().flat_map(|report| &report.goals) {
        let because = goal.assets.iter().flat_map(|asset| &asset.because);
        for clause in because.filter(|because| because.findings.contains(&finding.id)) {
            counts = true;
            page.item(&format!(
                "goal {}: {}, {}",
                goal.name, clause.state, clause.text
            ));
        }
    }
    if !counts {
        page.item("it counts for no goal");
    }
}

fn fixes(finding: &FindingReport, page: &mut Page) {
    page.heading("How to fix");
    for (at, fix) in std::iter::once(&finding.fix)
        .chain(&finding.alternatives)
        .enumerate()
    {
        if at > 0 {
            page.text("Or:");
        }
        page.item(&fix.summary);
        if let Some(decision) = &fix.decision {
            page.text(&format!("Know first: {decision}"));
        }
    }
}

/// The usual fix as a diff, when it can be written by a machine.
fn diff(
    session: &Session,
    assessment: &Assessment,
    at: usize,
    page: &mut Page,
) -> Result<(), Failure> {
    let finding = &assessment.findings[at];
    let Some(fix) = finding.fixes.iter().find(|fix| fix.is_automatic()) else {
        return Ok(());
    };
    let step = FixStep {
        summary: fix.summary.to_string(),
        cause: String::new(),
        object: finding.asset.object.clone(),
        location: None,
        effort: 0,
        decisions: Vec::new(),
        fixes: vec![(at as u32, fix.clone())],
        clears: vec![at as u32],
        assets: 0,
        severity: finding.severity,
    };
    let plan = FixPlan {
        steps: vec![step],
        ..FixPlan::default()
    };
    let changes = apply(&session.estate.inventory, &assessment.findings, &plan);
    if !changes.files.is_empty() {
        page.heading("As a diff");
        into_page(page, |out| patch::print(&changes.files, out))?;
    }
    Ok(())
}
