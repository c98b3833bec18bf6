//! A goal: what it demands, its verdict, its assets, its plan.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_assess::Assessment;
use plimsoll_model::{
    AssetId, FindingId,
    wire::{CheckReport, PlanReport},
};
use plimsoll_report::{Format, Style, Verbosity};

use super::{into_page, page::Page};
use crate::{exit::Failure, session::Session};

pub fn explain(
    report: &CheckReport,
    session: &Session,
    assessment: &Assessment,
    what: &str,
    page: &mut Page,
) -> Result<bool, Failure> {
    let Some(goal) = report.goals.iter().find(|goal| goal.name == what) else {
        return Ok(false);
    };
    let drawn = session
        .estate
        .line
        .goals
        .iter()
        .find(|(drawn, _)| drawn.metadata.name == what);
    page.title(
        &goal.name,
        &format!("goal of {}, {}", goal.owner, goal.verdict),
    );
    page.heading("Where");
    page.text(&format!("{}:{}", goal.file, goal.line));
    if !goal.why.is_empty() {
        page.heading("Why the line is here");
        page.text(&goal.why);
    }
    if let Some((drawn, _)) = drawn {
        let spec = &drawn.spec;
        page.heading("What it demands");
        goal.clauses
            .iter()
            .for_each(|clause| page.item(&clause.text));
        page.item(&format!("target: {} of the assets in scope", spec.target));
        if let Some(window) = spec.window {
            page.item(&format!("judged over the asset-time of {window}"));
        }
        if let Some(due) = spec.due {
            page.item(&format!("due on {due}"));
        }
        if spec.mandatory {
            page.item("mandatory: no annotation and no exception waives it");
        }
        if let Some(who) = &spec.approved_by {
            page.item(&format!("approved by {who}"));
        }
        if let Some(day) = spec.review_by {
            page.item(&format!("to be looked at again by {day}"));
        }
    }
    page.raw("\n");
    // The same words as in a check, for this goal alone.
    let verdict = assessment
        .goals
        .iter()
        .find(|verdict| verdict.goal.metadata.name == what);
    let in_scope: BTreeSet<&AssetId> = verdict
        .iter()
        .flat_map(|verdict| &verdict.assets)
        .map(|asset| &assessment.assets[asset.asset as usize].asset.id)
        .collect();
    let because = goal.assets.iter().flat_map(|asset| &asset.because);
    let findings: BTreeSet<FindingId> = because
        .flat_map(|because| &because.findings)
        .copied()
        .collect();
    let mut severities: BTreeMap<_, _> = report.severities.keys().map(|s| (*s, 0)).collect();
    for finding in report.findings.iter().filter(|f| findings.contains(&f.id)) {
        *severities.entry(finding.severity).or_default() += 1;
    }
    let alone = CheckReport {
        verdict: goal.verdict,
        goals: vec![goal.clone()],
        fix_plan: PlanReport {
            steps: goal.fix_plan.clone(),
            summary: goal.plan,
        },
        assets: report
            .assets
            .iter()
            .filter(|a| in_scope.contains(&a.id))
            .cloned()
            .collect(),
        findings: report
            .findings
            .iter()
            .filter(|f| findings.contains(&f.id))
            .cloned()
            .collect(),
        severities,
        ..report.clone()
    };
    let style = Style {
        verbosity: Verbosity::Verbose,
        ..page.style
    };
    into_page(page, |out| {
        plimsoll_report::check(&alone, Format::Terminal, style, out)
    })?;
    Ok(true)
}
