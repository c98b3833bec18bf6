//! The line for those who have not drawn one yet.

use std::sync::Arc;

use plimsoll_manifest::{Limits, Source};
use plimsoll_model::Diagnostic;

use crate::Line;

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

#[cfg(test)]
mod tests {
    #[test]
    fn the_starter_line_parses() {
        let line = super::line();
        let names: Vec<_> = line.goals.iter().map(|(goal, _)| &*goal.metadata.name).collect();
        assert_eq!(names, ["starter-baseline", "starter-internet-facing", "starter-no-privileged"]);
    }
}
