//! A simulation for people.

use std::io::{self, Write};

use super::{Impact, SimulatedGoal, Simulation};
use crate::{
    diff::{asset_item, asset_lines},
    markdown::{Doc, text as md},
    style::{Style, Tone},
    terminal::{Line, Paper},
    text::{count, number},
    words,
};

/// Room for a label: the longest is `unverified`.
const LABEL: usize = 12;
/// Entries of a list that are shown without `--verbose`.
const ENTRIES: usize = 10;

/// How many assets flip and how many objects are denied, over all goals.
fn headline(simulation: &Simulation) -> String {
    let sum = |of: fn(&super::OwnerImpact) -> usize| -> u64 {
        simulation.owners.iter().map(of).sum::<usize>() as u64
    };
    let (bad, good) = (sum(|o| o.to_violated.len()), sum(|o| o.to_met.len()));
    let (denied, warned) = (sum(|o| o.denied.len()), sum(|o| o.warned.len()));
    let unknown: usize = simulation
        .goals
        .iter()
        .map(|goal| goal.to_unknown.len())
        .sum();
    let verdict = match simulation.from {
        Some(from) if from == simulation.to => {
            format!("The verdict would stay {}", words::verdict(simulation.to))
        }
        Some(from) => format!(
            "The verdict would go from {} to {}",
            words::verdict(from),
            words::verdict(simulation.to)
        ),
        None => format!("The verdict would be {}", words::verdict(simulation.to)),
    };
    let mut text = format!(
        "{verdict}: {} would flip to violated, {} to met; admission would deny {} and warn about {}.",
        count(bad, "asset"),
        number(good),
        count(denied, "object"),
        number(warned)
    );
    if unknown > 0 {
        text.push_str(&format!(
            " {} would become unknown.",
            count(unknown as u64, "asset")
        ));
    }
    text
}

/// Writes a simulation on a terminal.
pub(super) fn terminal(
    simulation: &Simulation,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    paper.text(0, &Line::of(simulation.to.into(), &headline(simulation)))?;
    if style.quiet() {
        return Ok(());
    }
    for goal in &simulation.goals {
        paper.blank()?;
        self::goal(paper, goal)?;
    }
    for name in &simulation.goals_removed {
        paper.blank()?;
        let line = Line::of(Tone::Strong, name).and(" is not part of the new line");
        paper.field(0, &Line::of(Tone::Warn, "removed"), LABEL, &line)?;
    }
    if !simulation.owners.is_empty() {
        paper.blank()?;
        paper.text(0, &Line::of(Tone::Strong, "By owner"))?;
        for owner in &simulation.owners {
            let name = owner.owner.as_deref().unwrap_or("(no owner)");
            let facts = format!(
                "{} to violated, {} to met, {} denied, {} warned",
                number(owner.to_violated.len() as u64),
                number(owner.to_met.len() as u64),
                number(owner.denied.len() as u64),
                number(owner.warned.len() as u64)
            );
            let (name, facts) = (Line::plain(name), Line::plain(&facts));
            paper.apart(2, (&Line::new(), 0), &name, &facts)?;
        }
    }
    Ok(())
}

fn goal(paper: &mut Paper<'_>, goal: &SimulatedGoal) -> io::Result<()> {
    let word = words::verdict(goal.to);
    let was = match goal.from {
        Some(from) if from == goal.to => "  as now".to_owned(),
        Some(from) => format!("  now {}", words::verdict(from)),
        None => "  a new goal".to_owned(),
    };
    let label = Line::of(goal.to.into(), word);
    let name = Line::of(Tone::Strong, &goal.name).put(Tone::Faint, &was);
    paper.apart(
        0,
        (&label, LABEL),
        &name,
        &Line::of(Tone::Faint, &goal.owner),
    )?;
    paper.text(2, &Line::plain(&words::scope(&goal.counts)))?;
    let flips = goal.to_violated.len() + goal.to_met.len() + goal.to_unknown.len();
    if flips == 0 {
        paper.text(2, &Line::of(Tone::Faint, "no asset flips"))?;
    }
    for list in [&goal.to_violated, &goal.to_unknown, &goal.to_met] {
        let shown = if paper.style.verbose() {
            list.len()
        } else {
            list.len().min(ENTRIES)
        };
        for change in &list[..shown] {
            asset_lines(paper, change)?;
        }
        more(paper, list.len() - shown)?;
    }
    impacts(paper, "denied", Tone::Bad, &goal.denied)?;
    impacts(paper, "warned", Tone::Warn, &goal.warned)
}

fn impacts(paper: &mut Paper<'_>, word: &str, tone: Tone, list: &[Impact]) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    let title = format!("admission: {} {word}", count(list.len() as u64, "object"));
    paper.text(2, &Line::of(tone, &title))?;
    let shown = if paper.style.verbose() {
        list.len()
    } else {
        list.len().min(ENTRIES)
    };
    for impact in &list[..shown] {
        let name = Line::plain(&impact.object.to_string());
        let place = impact.place.as_deref().unwrap_or_default();
        paper.apart(
            2,
            (&Line::of(tone, word), LABEL),
            &name,
            &Line::of(Tone::Faint, place),
        )?;
    }
    more(paper, list.len() - shown)
}

fn more(paper: &mut Paper<'_>, left: usize) -> io::Result<()> {
    if left == 0 {
        return Ok(());
    }
    let text = format!("and {} more: -v shows all", number(left as u64));
    paper.text(LABEL + 2, &Line::of(Tone::Faint, &text))
}

/// Writes a simulation as Markdown.
pub(super) fn markdown(simulation: &Simulation, out: &mut dyn Write) -> io::Result<()> {
    let mut doc = Doc::new();
    doc.line(&format!("### Plimsoll: {}", md(&headline(simulation))));
    doc.blank();
    doc.line("| goal | now | with the new line | to violated | to unknown | to met | denied | warned | owner |");
    doc.line("| --- | --- | --- | --: | --: | --: | --: | --: | --- |");
    for goal in &simulation.goals {
        doc.line(&format!(
            "| {} | {} | **{}** | {} | {} | {} | {} | {} | {} |",
            md(&goal.name),
            goal.from.map_or("none", words::verdict),
            words::verdict(goal.to),
            goal.to_violated.len(),
            goal.to_unknown.len(),
            goal.to_met.len(),
            goal.denied.len(),
            goal.warned.len(),
            md(&goal.owner)
        ));
    }
    doc.blank();
    for name in &simulation.goals_removed {
        doc.line(&format!("- {} is not part of the new line", md(name)));
    }
    for goal in &simulation.goals {
        let flips = goal
            .to_violated
            .iter()
            .chain(&goal.to_unknown)
            .chain(&goal.to_met);
        let n = flips.clone().count();
        doc.details(
            &format!("{}: {}", md(&goal.name), count(n as u64, "flip")),
            flips.map(asset_item),
        );
        for (word, list) in [("denied", &goal.denied), ("warned", &goal.warned)] {
            doc.details(
                &format!(
                    "{}: {} {word}",
                    md(&goal.name),
                    count(list.len() as u64, "object")
                ),
                list.iter().map(|impact| {
                    format!(
                        "- {}: {}",
                        md(&impact.object.to_string()),
                        md(&impact.why.join("; "))
                    )
                }),
            );
        }
    }
    doc.finish(out)
}
