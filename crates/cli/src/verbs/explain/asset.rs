//! An asset: what is known of it and how it stands.

use plimsoll_model::wire::{AssetReport, CheckReport};

use super::page::Page;

/// The asset of this id, or of this `Kind namespace/name`; by its name alone,
/// or `namespace/name`, where only one has it.
fn find<'a>(assets: &'a [AssetReport], what: &str) -> Option<&'a AssetReport> {
    let exact = assets
        .iter()
        .find(|asset| asset.id.as_str() == what || asset.object.to_string() == what);
    exact.or_else(|| match named(assets, what).as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// The assets of this name, or of this `namespace/name`.
pub fn named<'a>(assets: &'a [AssetReport], what: &str) -> Vec<&'a AssetReport> {
    let is_named = |asset: &&AssetReport| {
        let object = &asset.object;
        *object.name == *what
            || what.split_once('/').is_some_and(|(namespace, name)| {
                object.namespace.as_deref() == Some(namespace) && *object.name == *name
            })
    };
    assets.iter().filter(is_named).collect()
}

pub fn explain(report: &CheckReport, what: &str, page: &mut Page) -> bool {
    let Some(asset) = find(&report.assets, what) else {
        return false;
    };
    page.title(&asset.object.to_string(), asset.kind.as_str());
    page.heading("Identity");
    page.text(asset.id.as_str());
    if let (Some(file), Some(line)) = (&asset.file, asset.line) {
        page.text(&format!("written at {file}:{line}"));
    }
    if let Some(owner) = &asset.owner {
        page.text(&format!("owned by {owner}"));
    }
    if let Some(unknown) = &asset.unknown {
        page.heading("Its state is not known");
        page.text(unknown);
    }
    page.heading("Classes");
    if asset.classes.is_empty() {
        page.text("none");
    }
    for class in &asset.classes {
        page.item(&format!(
            "{} (rank {}): {}",
            class.class, class.rank, class.because
        ));
    }
    if let Some(conflict) = &asset.class_conflict {
        page.text(conflict);
    }
    page.heading(&format!("Exposure: {}", asset.exposure));
    asset.exposed_by.iter().for_each(|reason| page.item(reason));
    page.heading("Goals it does not simply satisfy");
    let mut any = false;
    for goal in &report.goals {
        for state in goal.assets.iter().filter(|state| state.asset == asset.id) {
            any = true;
            page.item(&format!("{}: {}", goal.name, state.state));
            state
                .because
                .iter()
                .for_each(|because| page.text(&format!("  {}", because.text)));
        }
    }
    if !any {
        page.text("none");
    }
    let findings: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.asset == asset.id)
        .collect();
    page.heading(&format!("Findings ({})", findings.len()));
    for finding in findings {
        page.item(&format!(
            "{} {} {}: {} ({}:{})",
            finding.id.short(),
            finding.severity,
            finding.control,
            finding.message,
            finding.file,
            finding.line
        ));
    }
    true
}
