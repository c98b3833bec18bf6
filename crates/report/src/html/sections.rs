//! The goals and the fix plan.

use plimsoll_model::wire::{CheckReport, FindingReport, GoalAssetReport, GoalReport, StepReport};

use super::{
    chart,
    escape::esc,
    page::{Page, severity_tone, state_tone, tone},
    place,
};
use crate::{
    lookup::Lookup,
    text::{count, digits, number, percent, percent_up},
    words,
};

/// Assets listed on the card of a goal.
const ASSETS: usize = 50;
/// Findings listed for one asset there.
const FINDINGS: usize = 5;
/// Steps listed.
const STEPS: usize = 50;
/// Edits listed for one step.
const EDITS: usize = 30;

/// A card for each goal.
pub(super) fn goals(page: &mut Page, report: &CheckReport, lookup: &Lookup<'_>) {
    page.raw(
        "<section aria-labelledby=\"goals\"><h2 id=\"goals\">Goals</h2><p class=\"sub\">What is \
         certain, what is possible (paler), and the target (the upright mark).</p>\
         <div class=\"cards\">\n",
    );
    for goal in &report.goals {
        card(page, lookup, goal);
    }
    if report.goals.is_empty() {
        page.raw("<p class=\"muted\">There are no goals.</p>");
    }
    page.raw("</div></section>\n");
}

fn card(page: &mut Page, lookup: &Lookup<'_>, goal: &GoalReport) {
    let a = &goal.attainment;
    let digits = digits(a);
    let show = |fraction| percent(fraction, digits);
    let (lower, upper) = (show(a.lower), show(a.upper));
    let range = if lower == upper {
        lower
    } else {
        format!("{lower} to {upper}")
    };
    let range = if goal.counts.in_scope == 0 && goal.window.is_none() {
        "nothing in scope".to_owned()
    } else {
        range
    };
    let required = if a.required == a.target {
        String::new()
    } else {
        format!("{} required today, ", percent_up(a.required, digits))
    };
    page.raw(&format!(
        "<article class=\"card {tone}\" data-goal=\"{name}\"><header><h3>{name}</h3>\
         <span class=\"pill\">{}</span>{}</header><p class=\"owner\">{}</p>\
         <p class=\"num\"><b>{range}</b><span>{required}target {}</span></p>{}\
         <div class=\"scope\">{}{}</div>",
        words::verdict(goal.verdict),
        if goal.mandatory {
            "<span class=\"mandatory\">mandatory</span>"
        } else {
            ""
        },
        esc(&goal.owner),
        show(a.target),
        chart::attainment(goal),
        chart::scope(&goal.counts, ""),
        chart::sum(&goal.counts),
        name = esc(&goal.name),
        tone = tone(goal.verdict),
    ));
    facts(page, goal);
    clauses(page, goal);
    assets(page, lookup, goal);
    page.raw("</article>\n");
}

fn facts(page: &mut Page, goal: &GoalReport) {
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(window) = &goal.window {
        facts.push(("window", words::window(window)));
    }
    if let Some(risk) = &goal.at_risk {
        facts.push((
            "holds",
            format!("until {}: {}", words::when(risk.at), risk.because),
        ));
    }
    if let Some(since) = goal.since {
        facts.push(("since", words::when(since)));
    }
    if !goal.why.is_empty() {
        facts.push(("why", goal.why.clone()));
    }
    for (label, list) in [
        ("changed", &goal.changes),
        ("note", &goal.notes),
        ("settle by", &goal.settled_by),
    ] {
        facts.extend(list.iter().map(|entry| (label, entry.clone())));
    }
    if facts.is_empty() {
        return;
    }
    page.raw("<dl class=\"facts\">");
    for (label, fact) in facts {
        page.raw(&format!("<dt>{label}</dt><dd>{}</dd>", esc(&fact)));
    }
    page.raw("</dl>");
}

fn clauses(page: &mut Page, goal: &GoalReport) {
    if goal.clauses.is_empty() {
        return;
    }
    let title = count(goal.clauses.len() as u64, "clause");
    page.raw(&format!("<details><summary>{title}</summary><ul>"));
    for clause in &goal.clauses {
        page.raw(&format!(
            "<li>{}<div class=\"scope\">{}{}</div>",
            esc(&clause.text),
            chart::scope(&clause.counts, "mini"),
            chart::sum(&clause.counts)
        ));
        if let Some(settled_by) = &clause.settled_by {
            page.raw(&format!(
                "<p class=\"sum\">settle by: {}</p>",
                esc(settled_by)
            ));
        }
        page.raw("</li>");
    }
    page.raw("</ul></details>");
}

fn assets(page: &mut Page, lookup: &Lookup<'_>, goal: &GoalReport) {
    let assets = lookup.worst_first(goal);
    if assets.is_empty() {
        return;
    }
    let title = format!(
        "{} not simply satisfied",
        count(assets.len() as u64, "asset")
    );
    page.raw(&format!("<details><summary>{title}</summary><ul>"));
    for asset in assets.iter().take(ASSETS) {
        self::asset(page, lookup, goal, asset);
    }
    if assets.len() > ASSETS {
        let left = number((assets.len() - ASSETS) as u64);
        page.raw(&format!(
            "<li class=\"muted\">and {left} more in the JSON report</li>"
        ));
    }
    page.raw("</ul></details>");
}

fn asset(page: &mut Page, lookup: &Lookup<'_>, goal: &GoalReport, listed: &GoalAssetReport) {
    let at = lookup
        .place(&listed.asset)
        .map(|at| place(&at))
        .unwrap_or_default();
    page.raw(&format!(
        "<li><span class=\"pill {}\">{}</span> <b>{}</b> {at}",
        state_tone(listed.state),
        listed.state,
        esc(&listed.object.to_string())
    ));
    if let Some(class) = lookup.asset(&listed.asset).and_then(words::class) {
        page.raw(&format!("<div class=\"muted\">class {}</div>", esc(&class)));
    }
    for because in &listed.because {
        page.raw(&format!(
            "<div class=\"muted\">{}</div>",
            esc(&words::because(goal, because))
        ));
        let findings = lookup.findings(&because.findings);
        if findings.is_empty() {
            continue;
        }
        page.raw("<ul>");
        for finding in findings.iter().take(FINDINGS) {
            page.raw(&format!("<li>{}</li>", self::finding(finding)));
        }
        if findings.len() > FINDINGS {
            let left = (findings.len() - FINDINGS) as u64;
            page.raw(&format!(
                "<li class=\"muted\">and {}</li>",
                count(left, "more finding")
            ));
        }
        page.raw("</ul>");
    }
    page.raw("</li>");
}

fn finding(finding: &FindingReport) -> String {
    format!(
        "<span class=\"pill {}\">{}</span> {} {}",
        severity_tone(finding.severity),
        finding.severity,
        esc(&finding.message),
        place(&words::finding_place(finding))
    )
}

/// The steps that bring all goals to their targets.
pub(super) fn plan(page: &mut Page, report: &CheckReport) {
    let plan = &report.fix_plan;
    let sentence = words::plan(plan.steps.len(), &plan.summary, "every goal");
    page.raw(&format!(
        "<section aria-labelledby=\"fixes\"><h2 id=\"fixes\">Top fixes</h2><p class=\"sub\">{}</p>",
        esc(&sentence)
    ));
    let most = plan.steps.iter().map(|step| step.clears).max().unwrap_or(0);
    if !plan.steps.is_empty() {
        page.raw("<ol class=\"plan\">");
        for step in plan.steps.iter().take(STEPS) {
            self::step(page, step, most);
        }
        page.raw("</ol>");
    }
    if plan.steps.len() > STEPS {
        let left = (plan.steps.len() - STEPS) as u64;
        page.raw(&format!(
            "<p class=\"muted\">and {} in the JSON report</p>",
            count(left, "more step")
        ));
    }
    page.raw("</section>\n");
}

fn step(page: &mut Page, step: &StepReport, most: u64) {
    let clears = words::clears(step);
    page.raw(&format!(
        "<li><div class=\"do\">{}</div><div class=\"gain\">{}{}</div><div class=\"rest\">\
         <span class=\"pill {}\">{}</span> {}",
        esc(&words::step(step)),
        esc(&clears),
        chart::part(step.clears, most, "good", &clears),
        severity_tone(step.severity),
        step.severity,
        words::step_place(step)
            .map(|at| place(&at))
            .unwrap_or_default(),
    ));
    for decision in &step.decisions {
        page.raw(&format!("<div><b>decide</b> {}</div>", esc(decision)));
    }
    if !step.automatic && step.decisions.is_empty() {
        page.raw(
            "<div class=\"muted\">by hand: <code>plimsoll fix</code> can’t write this one</div>",
        );
    }
    if !step.edits.is_empty() {
        let title = count(step.edits.len() as u64, "edit");
        page.raw(&format!("<details><summary>{title}</summary><ul>"));
        for edit in step.edits.iter().take(EDITS) {
            page.raw(&format!(
                "<li><code>{}</code></li>",
                esc(&words::edit(edit))
            ));
        }
        if step.edits.len() > EDITS {
            let left = number((step.edits.len() - EDITS) as u64);
            page.raw(&format!("<li class=\"muted\">and {left} more</li>"));
        }
        page.raw("</ul></details>");
    }
    page.raw("</div></li>");
}
