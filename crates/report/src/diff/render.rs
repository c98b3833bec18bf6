//! A diff for people.

use std::io::{self, Write};

use super::{AssetChange, AssetSide, Change, Diff, FindingChange, GoalDiff, GoalSide, Standing};
use crate::{
    markdown::{Doc, code, text as md},
    style::{Style, Tone},
    terminal::{Line, Paper, SEVERITY},
    text::{count, decimals, number, percent},
    words,
};

/// Room for a label: the longest is `unverified`.
const LABEL: usize = 12;
/// Entries of a list that are shown without `--verbose`.
const ENTRIES: usize = 10;

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Violated => Tone::Bad,
        Standing::Unknown => Tone::Unsure,
        Standing::Pending => Tone::Warn,
        Standing::Excepted => Tone::Accepted,
        Standing::Satisfied | Standing::Clear => Tone::Good,
        Standing::OutOfScope | Standing::Absent => Tone::Faint,
    }
}

fn change_tone(change: Change) -> Tone {
    match change {
        Change::New | Change::Lapsed => Tone::Bad,
        Change::BecameUnknown => Tone::Unsure,
        Change::Excepted => Tone::Accepted,
        Change::Fixed => Tone::Good,
    }
}

/// What changed, in one sentence.
fn headline(diff: &Diff) -> String {
    if diff.is_empty() {
        return "Nothing changed.".to_owned();
    }
    let verdict = if diff.from.verdict == diff.to.verdict {
        format!("Still {}", words::verdict(diff.to.verdict))
    } else {
        format!(
            "From {} to {}",
            words::verdict(diff.from.verdict),
            words::verdict(diff.to.verdict)
        )
    };
    format!("{verdict}: {}.", tally(diff))
}

/// `2 findings new, 3 fixed, 1 excepted, 4 unchanged`.
fn tally(diff: &Diff) -> String {
    let c = &diff.counts;
    let mut parts = vec![
        format!("{} new", count(c.new, "finding")),
        format!("{} fixed", number(c.fixed)),
    ];
    for (n, word) in [
        (c.excepted, "excepted"),
        (c.lapsed, "no longer excepted"),
        (c.became_unknown, "became unknown"),
    ] {
        if n > 0 {
            parts.push(format!("{} {word}", number(n)));
        }
    }
    parts.push(format!("{} unchanged", number(c.unchanged)));
    parts.join(", ")
}

/// `72.5% to 80%, now 79.1%`: attainment before and after.
fn attainment(goal: &GoalDiff) -> String {
    let digits = decimals(goal.attainment_to.target);
    let show = |a: &plimsoll_model::wire::AttainmentReport| {
        let (lower, upper) = (percent(a.lower, digits), percent(a.upper, digits));
        if lower == upper {
            lower
        } else {
            format!("{lower} to {upper}")
        }
    };
    let (was, is) = (show(&goal.attainment_from), show(&goal.attainment_to));
    let target = percent(goal.attainment_to.target, digits);
    if was == is {
        format!("{is} as before, target {target}")
    } else {
        format!("{was} before, {is} now, target {target}")
    }
}

fn limit(style: Style, all: usize) -> usize {
    if style.verbose() {
        all
    } else {
        all.min(ENTRIES)
    }
}

fn more(paper: &mut Paper<'_>, indent: usize, left: usize) -> io::Result<()> {
    if left == 0 {
        return Ok(());
    }
    let text = format!("and {} more: -v shows all", number(left as u64));
    paper.text(indent, &Line::of(Tone::Faint, &text))
}

/// Writes a diff on a terminal.
pub(super) fn terminal(diff: &Diff, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    paper.text(0, &Line::of(diff.to.verdict.into(), &headline(diff)))?;
    if style.quiet() {
        return Ok(());
    }
    let from = format!(
        "from {} ({})",
        words::minute(diff.from.now),
        diff.from.cluster
    );
    let to = format!(" to {} ({})", words::minute(diff.to.now), diff.to.cluster);
    paper.text(0, &Line::of(Tone::Faint, &from).put(Tone::Faint, &to))?;
    for goal in &diff.goals {
        paper.blank()?;
        self::goal(paper, goal)?;
    }
    sides(paper, "Goals added", &diff.goals_added)?;
    sides(paper, "Goals removed", &diff.goals_removed)?;
    assets(paper, "Assets added", &diff.assets_added)?;
    assets(paper, "Assets removed", &diff.assets_removed)?;
    for kind in Change::ALL {
        let changes: Vec<_> = diff.findings.iter().filter(|f| f.change == kind).collect();
        findings(paper, kind, &changes)?;
    }
    if !diff.coverage.is_empty() {
        paper.blank()?;
        let line = Line::plain(&diff.coverage.join("; "));
        paper.field(0, &Line::of(Tone::Strong, "Coverage"), LABEL, &line)?;
    }
    Ok(())
}

fn goal(paper: &mut Paper<'_>, goal: &GoalDiff) -> io::Result<()> {
    let word = words::verdict(goal.to);
    let label = Line::of(goal.to.into(), word);
    let mut name = Line::of(Tone::Strong, &goal.name);
    if goal.from != goal.to {
        name = name.put(Tone::Faint, &format!("  was {}", words::verdict(goal.from)));
    }
    paper.apart(
        0,
        (&label, LABEL),
        &name,
        &Line::of(Tone::Faint, &goal.owner),
    )?;
    let room = LABEL;
    paper.field(
        2,
        &Line::of(Tone::Faint, "attainment"),
        room,
        &Line::plain(&attainment(goal)),
    )?;
    if goal.counts_from != goal.counts_to {
        let was = Line::of(Tone::Faint, &words::scope(&goal.counts_from));
        paper.field(2, &Line::of(Tone::Faint, "before"), room, &was)?;
        let is = Line::plain(&words::scope(&goal.counts_to));
        paper.field(2, &Line::of(Tone::Faint, "now"), room, &is)?;
    }
    for change in &goal.line {
        let line = Line::of(Tone::Warn, &line_change(change));
        paper.field(2, &Line::of(Tone::Warn, "the line"), room, &line)?;
    }
    let shown = limit(paper.style, goal.assets.len());
    for asset in &goal.assets[..shown] {
        self::asset(paper, asset)?;
    }
    more(paper, LABEL + 2, goal.assets.len() - shown)
}

fn line_change(change: &super::LineChange) -> String {
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{} changed from {from} to {to}", change.what),
        (Some(from), None) => format!("{} removed: {from}", change.what),
        (None, Some(to)) => format!("{} added: {to}", change.what),
        (None, None) => change.what.clone(),
    }
}

/// An asset whose standing changed; used for simulations too.
pub(crate) fn asset(paper: &mut Paper<'_>, change: &AssetChange) -> io::Result<()> {
    let word = change.to.as_str();
    let label = Line::of(tone(change.to), word);
    let name = Line::plain(&change.object.to_string());
    let right = Line::of(Tone::Faint, &format!("was {}", change.from.as_str()));
    paper.apart(2, (&label, LABEL), &name, &right)?;
    for why in &change.why {
        paper.text(LABEL + 2, &Line::of(Tone::Faint, why))?;
    }
    Ok(())
}

fn sides(paper: &mut Paper<'_>, title: &str, goals: &[GoalSide]) -> io::Result<()> {
    if goals.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.text(0, &Line::of(Tone::Strong, title))?;
    for goal in goals {
        let word = words::verdict(goal.verdict);
        let line = Line::plain(&goal.name).put(
            Tone::Faint,
            &format!(" ({}): {}", goal.owner, words::scope(&goal.counts)),
        );
        paper.field(2, &Line::of(goal.verdict.into(), word), LABEL, &line)?;
    }
    Ok(())
}

fn assets(paper: &mut Paper<'_>, title: &str, assets: &[AssetSide]) -> io::Result<()> {
    if assets.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    let title = format!("{title} ({})", number(assets.len() as u64));
    paper.text(0, &Line::of(Tone::Strong, &title))?;
    let shown = limit(paper.style, assets.len());
    for asset in &assets[..shown] {
        let place = asset.place.as_deref().unwrap_or_default();
        let left = Line::plain(&asset.object.to_string());
        paper.apart(2, (&Line::new(), 0), &left, &Line::of(Tone::Faint, place))?;
    }
    more(paper, 2, assets.len() - shown)
}

fn findings(paper: &mut Paper<'_>, kind: Change, changes: &[&FindingChange]) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    let title = format!(
        "Findings {} ({})",
        kind.as_str(),
        number(changes.len() as u64)
    );
    paper.text(0, &Line::of(change_tone(kind), &title))?;
    let shown = limit(paper.style, changes.len());
    for change in &changes[..shown] {
        let severity = Line::of(change.severity.into(), change.severity.as_str());
        let line = Line::plain(&change.object.to_string())
            .and(": ")
            .and(&change.message)
            .put(Tone::Faint, &format!(" [{}]", change.control));
        paper.field(2, &severity, SEVERITY, &line)?;
        paper.text(
            2 + SEVERITY,
            &Line::of(Tone::Faint, &format!("why: {}", change.why)),
        )?;
    }
    more(paper, 2 + SEVERITY, changes.len() - shown)
}

/// Writes a diff as Markdown.
pub(super) fn markdown(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    let mut doc = Doc::new();
    doc.line(&format!("### Plimsoll: {}", md(&headline(diff))));
    doc.blank();
    if !diff.goals.is_empty() {
        doc.line("| goal | verdict | attainment | owner |");
        doc.line("| --- | --- | --- | --- |");
        for goal in &diff.goals {
            let verdict = if goal.from == goal.to {
                words::verdict(goal.to).to_owned()
            } else {
                format!(
                    "{} → **{}**",
                    words::verdict(goal.from),
                    words::verdict(goal.to)
                )
            };
            doc.line(&format!(
                "| {} | {verdict} | {} | {} |",
                md(&goal.name),
                md(&attainment(goal)),
                md(&goal.owner)
            ));
        }
        doc.blank();
    }
    for goal in &diff.goals {
        for change in &goal.line {
            doc.line(&format!(
                "- {}: the line changed: {}",
                md(&goal.name),
                md(&line_change(change))
            ));
        }
    }
    for (title, goals) in [
        ("Goals added", &diff.goals_added),
        ("Goals removed", &diff.goals_removed),
    ] {
        for goal in goals {
            doc.line(&format!(
                "- {title}: {} ({})",
                md(&goal.name),
                words::verdict(goal.verdict)
            ));
        }
    }
    doc.blank();
    for goal in &diff.goals {
        doc.details(
            &format!(
                "{}: {} changed",
                md(&goal.name),
                count(goal.assets.len() as u64, "asset")
            ),
            goal.assets.iter().map(asset_item),
        );
    }
    for kind in Change::ALL {
        let changes = diff.findings.iter().filter(|f| f.change == kind);
        let n = changes.clone().count();
        doc.details(
            &format!("Findings {} ({n})", kind.as_str()),
            changes.map(|change| {
                format!(
                    "- {} **{}** {} {}: {}",
                    change.severity,
                    md(&change.object.to_string()),
                    code(&change.place),
                    md(&change.message),
                    md(&change.why)
                )
            }),
        );
    }
    for (title, list) in [
        ("Assets added", &diff.assets_added),
        ("Assets removed", &diff.assets_removed),
    ] {
        doc.details(
            &format!("{title} ({})", list.len()),
            list.iter()
                .map(|asset| format!("- {}", md(&asset.object.to_string()))),
        );
    }
    if !diff.coverage.is_empty() {
        doc.line(&format!("Coverage: {}", md(&diff.coverage.join("; "))));
    }
    doc.finish(out)
}

/// An asset whose standing changed, as an item of a list.
pub(crate) fn asset_item(change: &AssetChange) -> String {
    format!(
        "- **{}**: {} → {}: {}",
        md(&change.object.to_string()),
        change.from.as_str(),
        change.to.as_str(),
        md(&change.why.join("; "))
    )
}
