//! A fix plan on a terminal.

use std::io::{self, Write};

use plimsoll_model::wire::StepReport;

use super::{Line, Paper};
use crate::{
    plan::Plan,
    style::{Style, Tone},
    text::number,
    words,
};

/// Steps that are shown without `--verbose`.
const STEPS: usize = 10;
/// Edits of a step that are shown without `--verbose`.
const EDITS: usize = 4;

/// Writes a fix plan alone.
pub(crate) fn plan(plan: &Plan, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    let sentence = words::plan(plan.steps.len(), &plan.summary, &plan.whose());
    paper.text(0, &Line::of(Tone::Strong, "Fix plan: ").and(&sentence))?;
    if !style.quiet() {
        steps(paper, &plan.steps)?;
    }
    if plan.steps.iter().any(|step| step.automatic) {
        paper.blank()?;
        let line = Line::of(Tone::Good, "plimsoll fix PATH --diff")
            .and(" shows the automatic steps as a diff, ")
            .put(Tone::Good, "--write")
            .and(" makes them.");
        paper.text(0, &line)?;
    }
    Ok(())
}

/// The steps of a plan, numbered.
pub(super) fn steps(paper: &mut Paper<'_>, steps: &[StepReport]) -> io::Result<()> {
    let verbose = paper.style.verbose();
    let shown = if verbose {
        steps.len()
    } else {
        steps.len().min(STEPS)
    };
    let room = shown.to_string().len() + 2;
    for (index, step) in steps[..shown].iter().enumerate() {
        let label = format!("{:>width$}.", index + 1, width = room - 2);
        paper.field(
            2,
            &Line::of(Tone::Strong, &label),
            room,
            &Line::plain(&step.summary),
        )?;
        let indent = 2 + room;
        let mut facts = Line::plain(&words::clears(step))
            .put(Tone::Faint, ", worst ")
            .put(step.severity.into(), step.severity.as_str());
        if let Some(place) = words::step_place(step) {
            facts = facts.put(Tone::Faint, ", at ").and(&place);
        }
        paper.text(indent, &facts)?;
        let edits = if verbose {
            step.edits.len()
        } else {
            step.edits.len().min(EDITS)
        };
        for edit in &step.edits[..edits] {
            let label = Line::of(Tone::Faint, "-");
            paper.field(
                indent,
                &label,
                2,
                &Line::of(Tone::Faint, &words::edit(edit)),
            )?;
        }
        if edits < step.edits.len() {
            let text = format!(
                "- and {} more edits",
                number((step.edits.len() - edits) as u64)
            );
            paper.text(indent, &Line::of(Tone::Faint, &text))?;
        }
        for decision in &step.decisions {
            let label = Line::of(Tone::Warn, "decide");
            paper.field(indent, &label, 8, &Line::plain(decision))?;
        }
        if !step.automatic && step.decisions.is_empty() {
            let label = Line::of(Tone::Warn, "by hand");
            paper.field(
                indent,
                &label,
                8,
                &Line::plain("`plimsoll fix` can't write this one"),
            )?;
        }
    }
    if shown < steps.len() {
        let text = format!(
            "and {} more steps: -v shows all",
            number((steps.len() - shown) as u64)
        );
        paper.text(2 + room, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}
