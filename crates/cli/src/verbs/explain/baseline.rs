//! The built-in baselines.

use plimsoll_assess::catalogue;

use super::page::Page;

pub fn explain(what: &str, page: &mut Page) -> bool {
    if what.eq_ignore_ascii_case("baselines") {
        list(page);
        return true;
    }
    let (name, version) = match what.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (what, None),
    };
    let Some(baseline) = catalogue::baselines().iter().find(|b| b.name == name) else {
        return false;
    };
    let (Some(oldest), Some(newest)) = (baseline.versions.first(), baseline.versions.last()) else {
        return false;
    };
    let Some(pinned) = baseline.version(version) else {
        page.title(what, "no such version");
        page.text(&format!("{name} has the versions {oldest} to {newest}."));
        return true;
    };
    page.title(&format!("{name}@{pinned}"), "baseline");
    page.text(baseline.description);
    page.heading("Versions");
    if oldest == newest {
        page.text(newest);
    } else {
        page.text(&format!(
            "{oldest} to {newest}: those of Kubernetes. A goal names one, so that a newer Plimsoll \
             does not move it; a name without a version means {newest}."
        ));
    }
    let controls = baseline.controls(pinned).unwrap_or_default();
    page.heading(&format!("Controls ({})", controls.len()));
    let width = controls
        .iter()
        .map(|(control, _)| control.id().len())
        .max()
        .unwrap_or_default();
    for (control, _) in &controls {
        let rule = control.rule;
        page.row(
            width,
            rule.id,
            &format!("{}: {}", rule.severity, rule.title),
        );
    }
    page.heading("In a goal");
    page.block(&format!(
        "require:\n  - configuration: {{baseline: {name}@{pinned}, max: 0}}"
    ));
    true
}

fn list(page: &mut Page) {
    page.title("baselines", "sets of controls, each with versions");
    for baseline in catalogue::baselines() {
        let newest = baseline.versions.last().map_or("", String::as_str);
        page.heading(&format!("{}@{newest}", baseline.name));
        page.text(baseline.description);
    }
}
