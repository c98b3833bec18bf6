//! Which classes each asset is in, and the label or rule that says so.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetFacts, AssetKind, ClassAssignment, Diagnostic, ExposureLevel, Location,
    resource::{AssetClass, Selector},
};

use crate::{Facts, Line, words};

/// The label or annotation that puts an asset, or the workloads of a
/// namespace, into a class.
pub const CLASS_KEY: &str = "plimsoll.dev/class";

/// The class that every workload reachable from outside is in, unless the
/// line defines a class of that name itself.
pub const BUILT_IN_CLASS: &str = "internet-facing";

/// The rank of [`BUILT_IN_CLASS`].
pub const BUILT_IN_RANK: u32 = 500;

/// The classes of every asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// For each asset, by its index, the classes that claim it: the highest
    /// rank first, which is its class; classes of one rank by name.
    pub of: Vec<Vec<ClassAssignment>>,
    /// For each asset that several classes claim, which one it has and why:
    /// `crown-jewel (rank 900) outranks sandbox (rank 100)`.
    pub conflicts: Vec<Option<String>>,
    /// Labels that name no class, classes defined twice.
    pub diagnostics: Vec<Diagnostic>,
}

impl Classes {
    /// Whether a rule of this class claims the asset.
    pub fn claims(&self, class: &str, asset: u32) -> bool {
        self.of
            .get(asset as usize)
            .is_some_and(|of| of.iter().any(|c| c.class == class))
    }
}

/// A class with all that defines it.
pub(crate) struct Definition<'a> {
    /// Its rank; the highest where it is defined more than once.
    pub(crate) rank: u32,
    /// Its selectors; of all definitions where it is defined more than once,
    /// so that no asset leaves a scope because of a slip.
    pub(crate) selectors: Vec<&'a Selector>,
    /// Whether it is the built-in one.
    pub(crate) built_in: bool,
}

/// All classes there are, by name.
pub(crate) fn definitions<'a>(
    line: Line<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<&'a str, Definition<'a>> {
    let mut written: Vec<&(_, Location)> = line.classes.iter().collect();
    written.sort_by(|a, b| {
        let key = |(class, at): &(std::sync::Arc<AssetClass>, Location)| {
            (class.metadata.name.clone(), at.clone())
        };
        key(a).cmp(&key(b))
    });
    let mut classes: BTreeMap<&str, (Definition<'_>, &Location)> = BTreeMap::new();
    for (class, location) in written {
        let name = class.metadata.name.as_str();
        let selectors = class.spec.selectors();
        match classes.get_mut(name) {
            None => {
                let definition = Definition {
                    rank: class.spec.rank,
                    selectors: selectors.collect(),
                    built_in: false,
                };
                classes.insert(name, (definition, location));
            }
            Some((definition, first)) => {
                definition.rank = definition.rank.max(class.spec.rank);
                definition.selectors.extend(selectors);
                let message = format!(
                    "class `{name}` is defined twice, first at {first}: both count, with the higher rank; make it one, with `matchAny` for the alternatives"
                );
                diagnostics.push(Diagnostic::warning(Some(location.clone()), message));
            }
        }
    }
    let mut classes: BTreeMap<_, _> = classes
        .into_iter()
        .map(|(name, (definition, _))| (name, definition))
        .collect();
    classes.entry(BUILT_IN_CLASS).or_insert(Definition {
        rank: BUILT_IN_RANK,
        selectors: Vec::new(),
        built_in: true,
    });
    classes
}

/// The classes of every asset, each with the label or rule that gave it.
///
/// A class is given by the label or annotation `plimsoll.dev/class` on the
/// asset, by the same label on its namespace (to the workloads in it and the
/// namespace itself), by a selector of the class, or, for `internet-facing`,
/// by exposure. Of an asset that could not be read only labels count: a
/// selector could match it for want of what it says.
pub fn classes(line: Line<'_>, facts: Facts<'_>) -> Classes {
    let mut result = Classes::default();
    let definitions = definitions(line, &mut result.diagnostics);
    let mut unknown: BTreeMap<String, Vec<&AssetFacts>> = BTreeMap::new();
    for asset in facts.assets {
        let mut claims: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (class, because) in labelled(asset) {
            match definitions.get_key_value(class) {
                Some((name, _)) => claims.entry(name).or_default().push(because),
                None => unknown.entry(class.to_owned()).or_default().push(asset),
            }
        }
        for (name, definition) in &definitions {
            if let Some(because) = selected(definition, asset) {
                claims.entry(name).or_default().push(because);
            }
        }
        let mut assigned: Vec<ClassAssignment> = claims
            .into_iter()
            .map(|(name, because)| ClassAssignment {
                class: name.to_owned(),
                rank: definitions
                    .get(name)
                    .map_or(0, |definition| definition.rank),
                because: because.join("; "),
            })
            .collect();
        // Stable: classes of one rank stay in the order of their names.
        assigned.sort_by_key(|assignment| std::cmp::Reverse(assignment.rank));
        result.conflicts.push(conflict(&assigned));
        result.of.push(assigned);
    }
    for (class, mut assets) in unknown {
        assets.sort_by(|a, b| a.asset.id.cmp(&b.asset.id));
        assets.dedup_by(|a, b| a.asset.id == b.asset.id);
        let first = assets[0];
        let mut message = format!(
            "`{CLASS_KEY}` of {} names class `{class}`, which does not exist",
            first.asset.object
        );
        if assets.len() > 1 {
            message.push_str(&format!(" (and of {} more)", assets.len() - 1));
        }
        message.push_str("; ");
        message.push_str(&match words::nearest(&class, definitions.keys().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("define an AssetClass `{class}`, or change the label"),
        });
        result
            .diagnostics
            .push(Diagnostic::warning(first.location.clone(), message));
    }
    result
}

/// The classes named on the asset or its namespace, each with where.
fn labelled(asset: &AssetFacts) -> Vec<(&str, String)> {
    let mut named = Vec::new();
    if let Some(class) = asset.labels.get(CLASS_KEY) {
        named.push((class.trim(), format!("it has the label {CLASS_KEY}")));
    }
    if let Some(class) = asset.annotations.get(CLASS_KEY) {
        named.push((class.trim(), format!("it has the annotation {CLASS_KEY}")));
    }
    if asset.asset.kind == AssetKind::Workload
        && let Some(class) = asset.namespace_labels.get(CLASS_KEY)
    {
        let namespace = asset.asset.object.namespace.as_deref().unwrap_or_default();
        named.push((
            class.trim(),
            format!("namespace {namespace} has the label {CLASS_KEY}"),
        ));
    }
    named
}

/// Why a rule of the class claims the asset, if one does.
fn selected(definition: &Definition<'_>, asset: &AssetFacts) -> Option<String> {
    if asset.unknown.is_some() {
        return None;
    }
    if definition.built_in {
        if asset.exposure.level != ExposureLevel::Internet {
            return None;
        }
        let reason = asset
            .exposure
            .reasons
            .iter()
            .find(|r| r.blocked_by.is_none() && r.level == ExposureLevel::Internet);
        return Some(match reason {
            Some(reason) => reason.text.clone(),
            None => "it can be reached from outside".to_owned(),
        });
    }
    definition
        .selectors
        .iter()
        .find_map(|selector| selector.explain(asset).ok())
}

/// Whether the class may claim an asset that could not be read. Its labels and
/// fields are not known, so only its kind and cluster can rule it out; a
/// workload may have the label whatever the selectors say.
pub(crate) fn may_claim_unread(definition: &Definition<'_>, asset: &AssetFacts) -> bool {
    asset.asset.kind == AssetKind::Workload
        || definition
            .selectors
            .iter()
            .any(|selector| selector.may_match_unread(asset))
}

/// Which class an asset has that several claim.
fn conflict(assigned: &[ClassAssignment]) -> Option<String> {
    let (first, rest) = assigned.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let said = |class: &ClassAssignment| format!("{} (rank {})", class.class, class.rank);
    let (equal, lower): (Vec<_>, Vec<_>) = rest.iter().partition(|class| class.rank == first.rank);
    let mut parts = Vec::new();
    if !lower.is_empty() {
        parts.push(format!(
            "outranks {}",
            lower.into_iter().map(said).collect::<Vec<_>>().join(", ")
        ));
    }
    if !equal.is_empty() {
        let names: Vec<_> = equal.iter().map(|class| class.class.as_str()).collect();
        parts.push(format!(
            "comes before {} of the same rank by name",
            names.join(", ")
        ));
    }
    Some(format!("{} {}", said(first), parts.join(" and ")))
}

#[cfg(test)]
mod tests;
