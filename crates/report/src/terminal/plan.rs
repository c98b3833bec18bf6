//! A fix plan on a terminal.

use std::io::{self, Write};

use plimsoll_model::wire::StepReport;

use super::{Line, Paper};
use crate::{
    plan::Plan,
    style::{Style, Tone},
    text::count,
    words,
};

/// Steps that are shown without `--verbose`.
const STEPS: usize = 10;
/// Edits of a step that are shown without `--verbose`.
const EDITS: usize = 4;

/// How much is said of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What it does, where, and what it is good for.
    Brief,
    /// Its edits and decisions too.
    Full,
}

/// Writes a fix plan alone.
pub(crate) fn plan(plan: &Plan, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    let sentence = words::plan(plan.steps.len(), &plan.summary, &plan.whose());
    paper.text(0, &Line::of(Tone::Strong, "Fix plan: ").and(&sentence))?;
    if !style.quiet() {
        steps(paper, &plan.steps, Detail::Full)?;
    }
    if plan.steps.iter().any(|step| step.automatic) {
        paper.blank()?;
        let line = Line::of(
            Tone::Good,
            &format!("plimsoll fix {} --diff", words::paths(&plan.inputs)),
        )
        .and(" shows the automatic steps as a diff, ")
        .put(Tone::Good, "--write")
        .and(" makes them.");
        paper.text(0, &line)?;
    }
    Ok(())
}

/// The steps of a plan, numbered.
pub(super) fn steps(paper: &mut Paper<'_>, steps: &[StepReport], detail: Detail) -> io::Result<()> {
    let verbose = paper.style.verbose();
    let shown = if verbose {
        steps.len()
    } else {
        steps.len().min(STEPS)
    };
    let room = shown.to_string().len() + 2;
    for (index, step) in steps[..shown].iter().enumerate() {
        let label = format!("{:>width$}.", index + 1, width = room - 2);
        let line = Line::plain(&words::step(step));
        paper.field(2, &Line::of(Tone::Strong, &label), room, &line)?;
        let indent = 2 + room;
        let brief = detail == Detail::Brief && !verbose;
        let how = match (step.automatic, step.decisions.is_empty()) {
            _ if !brief => "",
            (true, true) => ", automatic",
            (true, false) => ", a decision first",
            (false, _) => ", by hand",
        };
        let clears = if brief {
            format!("clears {}, ", count(step.clears, "finding"))
        } else {
            format!("{}, worst ", words::clears(step))
        };
        let gain = Line::of(Tone::Faint, &clears)
            .put(step.severity.into(), step.severity.as_str())
            .put(Tone::Faint, how);
        let known = step
            .file
            .as_ref()
            .is_some_and(|file| step.cause.contains(file));
        match words::step_place(step).filter(|_| !(brief && known)) {
            Some(place) => paper.apart(indent, (&Line::new(), 0), &Line::plain(&place), &gain)?,
            None => paper.text(indent, &gain)?,
        }
        if detail == Detail::Full || verbose {
            full(paper, indent, step)?;
        }
    }
    if shown < steps.len() {
        let left = (steps.len() - shown) as u64;
        let text = format!("and {}: -v shows all", count(left, "more step"));
        paper.text(2 + room, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

/// The edits of a step, and what a person must decide first.
fn full(paper: &mut Paper<'_>, indent: usize, step: &StepReport) -> io::Result<()> {
    let edits = if paper.style.verbose() {
        step.edits.len()
    } else {
        step.edits.len().min(EDITS)
    };
    for edit in &step.edits[..edits] {
        let label = Line::of(Tone::Faint, "-");
        let line = Line::of(Tone::Faint, &words::edit(edit));
        paper.field(indent, &label, 2, &line)?;
    }
    if edits < step.edits.len() {
        let left = (step.edits.len() - edits) as u64;
        let text = format!("- and {}", count(left, "more edit"));
        paper.text(indent, &Line::of(Tone::Faint, &text))?;
    }
    for decision in &step.decisions {
        let label = Line::of(Tone::Warn, "decide");
        paper.field(indent, &label, 8, &Line::plain(decision))?;
    }
    if !step.automatic && step.decisions.is_empty() {
        let label = Line::of(Tone::Warn, "by hand");
        let line = Line::plain("`plimsoll fix` can't write this one");
        paper.field(indent, &label, 8, &line)?;
    }
    Ok(())
}
