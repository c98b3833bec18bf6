//! The line for those who have not drawn one yet.

use std::sync::Arc;

use plimsoll_manifest::{Limits, Source};
use plimsoll_model::{AssetFacts, AssetKind, Diagnostic, ExposureLevel, resource::GoalScope};

use crate::{Estate, Line};

/// The starter goals as the YAML a user could have written: no privileged
/// workloads, the Pod Security baseline everywhere, and nothing
/// internet-facing with privileges above it, without exception.
pub const YAML: &str = include_str!("starter.yaml");

/// What the file is called where the report names the goals' places.
pub const FILE: &str = "<starter line>";

/// The starter line.
pub fn line() -> Line {
    let mut line = Line::default();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    if let Ok(source) = Source::new(Arc::from(FILE), YAML.into(), &Limits::default()) {
        for document in plimsoll_manifest::load(&source, &Limits::default()).documents {
            line.add(&document, &mut diagnostics);
        }
    }
    line.settle(&mut diagnostics);
    debug_assert!(diagnostics.is_empty(), "{diagnostics:?}");
    line
}

/// The starter goals for an estate: where nothing can be reached from outside,
/// the goal on what can be is left out. Nobody asked for it, and an empty
/// scope would make a clean repository unverified for ever.
pub fn line_for(estate: &Estate) -> Line {
    let mut line = line();
    let facts = || {
        estate
            .inventory
            .all_facts()
            .into_iter()
            .chain(estate.unread.iter().cloned())
    };
    let exposed = |asset: &AssetFacts| {
        asset.asset.kind == AssetKind::Workload
            && (asset.exposure.level == ExposureLevel::Internet || asset.unknown.is_some())
    };
    if !facts().any(|asset| exposed(&asset)) {
        line.goals.retain(|(goal, _)| {
            !matches!(&goal.spec.assets, GoalScope::Class(class) if class == "internet-facing")
        });
    }
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_starter_line_parses() {
        let line = super::line();
        let names: Vec<_> = line
            .goals
            .iter()
            .map(|(goal, _)| &*goal.metadata.name)
            .collect();
        assert_eq!(
            names,
            [
                "starter-baseline",
                "starter-internet-facing",
                "starter-no-privileged"
            ]
        );
    }
}
