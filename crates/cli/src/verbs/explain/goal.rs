//! A goal: what it demands, its verdict, its assets, its plan.

use plimsoll_model::wire::{CheckReport, PlanReport};
use plimsoll_report::{Format, Style, Verbosity};

use super::{into_page, page::Page};
use crate::{exit::Failure, session::Session};

pub fn explain(
    report: &CheckReport,
    session: &Session,
    what: &str,
    page: &mut Page,
) -> Result<bool, Failure> {
    let Some(goal) = report.goals.iter().find(|goal| goal.name == what) else {
        return Ok(false);
    };
    let drawn = session.estate.line.goals.iter().find(|(drawn, _)| drawn.metadata.name == what);
    page.title(&goal.name, &format!("goal of {}, {}", goal.owner, goal.verdict));
    page.heading("Where");
    page.text(&format!("{}:{}", goal.file, goal.line));
    if !goal.why.is_empty() {
        page.heading("Why the line is here");
        page.text(&goal.why);
    }
    if let Some((drawn, _)) = drawn {
        let spec = &drawn.spec;
        page.heading("What it demands");
        goal.clauses.iter().for_each(|clause| page.item(&clause.text));
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
    let alone = CheckReport {
        verdict: goal.verdict,
        goals: vec![goal.clone()],
        fix_plan: PlanReport { steps: goal.fix_plan.clone(), summary: goal.plan },
        ..report.clone()
    };
    let style = Style { verbosity: Verbosity::Verbose, ..page.style };
    into_page(page, |out| plimsoll_report::check(&alone, Format::Terminal, style, out))?;
    Ok(true)
}
