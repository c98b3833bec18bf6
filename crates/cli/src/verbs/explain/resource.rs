//! The other resources of the line: classes, exceptions, baselines.

use plimsoll_model::{time, wire::CheckReport};

use super::page::Page;
use crate::{context::Context, session::Session};

/// The assets of a class named at most; the rest are counted.
const MOST: usize = 50;

/// A class: what puts assets into it, and which.
pub fn class(report: &CheckReport, session: &Session, what: &str, page: &mut Page) -> bool {
    let drawn = session
        .estate
        .line
        .classes
        .iter()
        .find(|(class, _)| class.metadata.name == what);
    let within: Vec<(String, &str)> = report
        .assets
        .iter()
        .filter_map(|asset| {
            let given = asset.classes.iter().find(|given| given.class == what)?;
            Some((asset.object.to_string(), given.because.as_str()))
        })
        .collect();
    if drawn.is_none() && within.is_empty() {
        return false;
    }
    match drawn {
        Some((class, at)) => {
            page.title(what, &format!("asset class, rank {}", class.spec.rank));
            page.heading("Where");
            page.text(&at.to_string());
            if !class.spec.description.is_empty() {
                page.heading("What it is for");
                page.text(&class.spec.description);
            }
        }
        None => page.title(what, "asset class, not written down here"),
    }
    page.heading(&format!(
        "Assets in it, of those in scope of a goal ({})",
        within.len()
    ));
    for (object, because) in within.iter().take(MOST) {
        page.item(&format!("{object}: {because}"));
    }
    if within.len() > MOST {
        page.item(&format!("and {} more", within.len() - MOST));
    }
    true
}

/// An exception: whether it is in force, and what it accepts.
pub fn exception(
    context: &Context,
    report: &CheckReport,
    session: &Session,
    what: &str,
    page: &mut Page,
) -> bool {
    let drawn = session
        .estate
        .line
        .exceptions
        .iter()
        .find(|(e, _)| e.metadata.name == what);
    let Some((exception, at)) = drawn else {
        return false;
    };
    let spec = &exception.spec;
    let expired = context.now >= time::end_of(spec.expires);
    let state = if expired {
        "expired: it counts for nothing"
    } else {
        "in force"
    };
    page.title(what, &format!("exception, {state}"));
    page.heading("Where");
    page.text(&at.to_string());
    page.heading("Why");
    page.text(&spec.reason);
    page.heading("Who and until when");
    page.item(&format!("owner: {}", spec.owner));
    if let Some(who) = &spec.approved_by {
        page.item(&format!("approved by {who}"));
    }
    page.item(&format!("expires on {}", spec.expires));
    if let Some(control) = &spec.compensating_control {
        page.item(&format!("meanwhile: {control}"));
    }
    let accepted: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.excepted_by.as_deref() == Some(what))
        .collect();
    page.heading(&format!("Findings it accepts ({})", accepted.len()));
    for finding in accepted {
        page.item(&format!(
            "{} {} on {}: {}",
            finding.id.short(),
            finding.control,
            finding.object,
            finding.message
        ));
    }
    true
}

/// A baseline of the user's own.
pub fn baseline(session: &Session, what: &str, page: &mut Page) -> bool {
    let (name, version) = match what.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (what, None),
    };
    let found = session.estate.line.baselines.iter().find(|(baseline, _)| {
        baseline.metadata.name == name && version.is_none_or(|v| v == baseline.spec.version)
    });
    let Some((baseline, at)) = found else {
        return false;
    };
    let spec = &baseline.spec;
    page.title(&format!("{name}@{}", spec.version), "baseline of your own");
    page.heading("Where");
    page.text(&at.to_string());
    if !spec.description.is_empty() {
        page.heading("What it is for");
        page.text(&spec.description);
    }
    if !spec.extends.is_empty() {
        page.heading("Takes over the controls of");
        spec.extends.iter().for_each(|name| page.item(name));
    }
    if !spec.include.is_empty() {
        page.heading("Adds");
        for choice in &spec.include {
            match choice.severity {
                Some(severity) => page.item(&format!("{} as {severity}", choice.control)),
                None => page.item(&choice.control),
            }
        }
    }
    if !spec.exclude.is_empty() {
        page.heading("Leaves out");
        for removal in &spec.exclude {
            page.item(&format!("{}: {}", removal.control, removal.reason));
        }
    }
    true
}
