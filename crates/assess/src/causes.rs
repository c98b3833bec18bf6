//! What several findings have in common: a YAML anchor that several objects
//! share, a chart that several objects were rendered from. One change there
//! clears them all, and the fix plan must know it.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_goals::plan::SharedFix;
use plimsoll_inventory::Inventory;
use plimsoll_manifest::{Node, Segment};
use plimsoll_model::{AssetFacts, AssetId, Finding, FixEdit, FixPlan, FixTarget, Location};
use rustc_hash::{FxHashMap, FxHashSet};

/// The effort of editing an anchor: little more than one object.
const ANCHOR_EFFORT: u32 = 12;
/// The effort of changing a chart's values: they must be found first.
const CHART_EFFORT: u32 = 20;
/// A chart is worth naming as a cause from this many objects on.
const CHART_OBJECTS: usize = 3;

/// The shared causes of the findings.
pub(crate) fn shared(
    inventory: &Inventory,
    assets: &[AssetFacts],
    findings: &[Finding],
) -> Vec<SharedFix> {
    let mut shared = anchors(inventory, findings);
    shared.extend(charts(assets, findings));
    shared
}

/// Says of each step that edits an object which no finding is on, such as a
/// service account, where that object is.
pub(crate) fn place(inventory: &Inventory, plan: &mut FixPlan) {
    for step in &mut plan.steps {
        if step.location.is_some() {
            continue;
        }
        let edit = step.fixes.iter().find_map(|(_, fix)| match &fix.target {
            FixTarget::Other(other) => Some((other, fix.edits.first()?)),
            FixTarget::Own | FixTarget::New { .. } => None,
        });
        let Some((other, edit)) = edit else { continue };
        let Some(document) = crate::edit::find(inventory, other) else {
            continue;
        };
        let root = document.root();
        let node = parent_of_edit(root, edit).unwrap_or(root);
        let place = node.place();
        step.location = Some(Location {
            file: node.source().name().clone(),
            line: place.line,
            column: place.column,
            span: node.span(),
        });
    }
}

/// Fixes whose edit lands on bytes that several objects share.
fn anchors(inventory: &Inventory, findings: &[Finding]) -> Vec<SharedFix> {
    // Which files have anchors at all, asked once per file.
    let mut has_anchors: FxHashMap<Arc<str>, bool> = FxHashMap::default();
    // Where each edit lands: the file and the start of the mapping it edits.
    let mut landing: Vec<(u32, u32, Arc<str>, u32)> = Vec::new();
    let mut serving_many: FxHashSet<(Arc<str>, u32)> = FxHashSet::default();
    for (at, finding) in findings.iter().enumerate() {
        let Some(object) = inventory
            .find(&finding.asset.id)
            .and_then(|ix| inventory.get(ix))
        else {
            continue;
        };
        let document = &object.document;
        let file = document.source().name();
        let anchored = *has_anchors.entry(file.clone()).or_insert_with(|| {
            document.source().text().contains('&') && document.source().text().contains('*')
        });
        if !anchored {
            continue;
        }
        for (which, fix) in finding.fixes.iter().enumerate() {
            let Some(edit) = (fix.target == FixTarget::Own)
                .then(|| fix.edits.first())
                .flatten()
            else {
                continue;
            };
            let Some(node) = parent_of_edit(document.root(), edit) else {
                continue;
            };
            let start = node.span().start;
            landing.push((at as u32, which as u32, file.clone(), start));
            if node.is_shared() && !node.is_merged() {
                serving_many.insert((file.clone(), start));
            }
        }
    }
    landing.retain(|(_, _, file, start)| serving_many.contains(&(file.clone(), *start)));
    // How many objects each shared mapping serves, for its label.
    let mut users: BTreeMap<(&str, u32), Vec<&AssetId>> = BTreeMap::new();
    for (finding, _, file, start) in &landing {
        let ids = users.entry((file, *start)).or_default();
        let id = &findings[*finding as usize].asset.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    landing
        .iter()
        .filter(|(_, _, file, start)| users[&(&**file, *start)].len() > 1)
        .map(|(finding, fix, file, start)| {
            let id = &findings[*finding as usize].asset.id;
            let line = inventory
                .find(id)
                .and_then(|ix| inventory.get(ix))
                .map_or(0, |object| object.document.source().place(*start).line);
            SharedFix {
                finding: *finding,
                fix: *fix,
                key: format!("anchor {file}#{start}"),
                label: format!(
                    "the YAML anchor at {file}:{line}, used by {} objects",
                    users[&(&**file, *start)].len()
                ),
                effort: ANCHOR_EFFORT,
            }
        })
        .collect()
}

/// The deepest mapping that is there on the way to what the edit touches: the
/// bytes that the edit changes.
fn parent_of_edit<'a>(root: Node<'a>, edit: &FixEdit) -> Option<Node<'a>> {
    let path = edit.path().to_path()?;
    let segments = path.segments();
    let mut node = root;
    for segment in &segments[..segments.len().saturating_sub(1)] {
        let next = match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.at(*index as usize),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    Some(node)
}

/// Findings of one control on the objects of one release of one chart.
fn charts(assets: &[AssetFacts], findings: &[Finding]) -> Vec<SharedFix> {
    let charted: FxHashMap<&AssetId, (String, String)> = assets
        .iter()
        .filter_map(|asset| {
            let chart = asset.labels.get("helm.sh/chart")?;
            let instance = asset
                .labels
                .get("app.kubernetes.io/instance")
                .or_else(|| asset.labels.get("release"))
                .map_or("", |instance| &**instance);
            Some((&asset.asset.id, (chart.to_string(), instance.to_owned())))
        })
        .collect();
    if charted.is_empty() {
        return Vec::new();
    }
    type Group<'a> = (Vec<(u32, u32)>, FxHashSet<&'a AssetId>);
    let mut groups: BTreeMap<(&str, &str, &str), Group<'_>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let Some((chart, instance)) = charted.get(&finding.asset.id) else {
            continue;
        };
        let own = finding
            .fixes
            .iter()
            .position(|fix| fix.target == FixTarget::Own && fix.is_automatic());
        let Some(which) = own else { continue };
        let group = groups
            .entry((chart, instance, finding.rule.id))
            .or_default();
        group.0.push((at as u32, which as u32));
        group.1.insert(&finding.asset.id);
    }
    groups
        .into_iter()
        .filter(|(_, (_, objects))| objects.len() >= CHART_OBJECTS)
        .flat_map(|((chart, instance, control), (fixes, objects))| {
            let release = if instance.is_empty() { String::new() } else { format!(" as {instance}") };
            let label = format!(
                "the values or templates of chart {chart}{release}, from which {} objects are rendered",
                objects.len()
            );
            fixes.into_iter().map(move |(finding, fix)| SharedFix {
                finding,
                fix,
                key: format!("chart {chart} {instance} {control}"),
                label: label.clone(),
                effort: CHART_EFFORT,
            })
        })
        .collect()
}
