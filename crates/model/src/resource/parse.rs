//! From a document to a resource.

use std::sync::Arc;

use plimsoll_manifest::{Document, Node, Place};

use super::{AssetClass, Baseline, Clause, PostureException, PostureGoal};
use crate::{Location, time::Period};

/// The API group of Plimsoll's resources.
pub const API_GROUP: &str = "plimsoll.dev";
/// The version of the resources this build reads.
pub const API_VERSION: &str = "plimsoll.dev/v1alpha1";

/// Clauses of a goal: an API server refuses rules over lists without an end.
const MAX_CLAUSES: usize = 100;

/// The kinds this build reads.
const KINDS: [&str; 4] = ["PostureGoal", "AssetClass", "Baseline", "PostureException"];

/// A resource with the place it was read from.
#[derive(Clone, Debug)]
pub enum Resource {
    /// A goal.
    Goal(Arc<PostureGoal>, Location),
    /// An asset class.
    Class(Arc<AssetClass>, Location),
    /// A baseline.
    Baseline(Arc<Baseline>, Location),
    /// An exception.
    Exception(Arc<PostureException>, Location),
}

/// A document under Plimsoll's API group that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct ResourceError {
    /// Where.
    pub location: Location,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// Whether the document is one of Plimsoll's resources, by its API group.
pub fn is_resource(document: &Document) -> bool {
    document.api_version().split('/').next() == Some(API_GROUP)
}

/// Reads a document that [`is_resource`] says is a resource.
pub fn parse(document: &Document) -> Result<Resource, ResourceError> {
    let root = document.root();
    let version = document.api_version();
    if version != API_VERSION {
        let node = root.get("apiVersion").unwrap_or(root);
        return Err(error(
            node,
            format!("apiVersion `{version}` is not known here: this build reads {API_VERSION}"),
        ));
    }
    let at = location(root);
    match document.kind() {
        "PostureGoal" => {
            let mut goal: PostureGoal = decode(root)?;
            name(document, &mut goal.api_version, &mut goal.kind);
            check_goal(&goal, root)?;
            Ok(Resource::Goal(Arc::new(goal), at))
        }
        "AssetClass" => {
            let mut class: AssetClass = decode(root)?;
            name(document, &mut class.api_version, &mut class.kind);
            if !(1..=1000).contains(&class.spec.rank) {
                let node = field(root, &["spec", "rank"]);
                return Err(error(
                    node,
                    "rank must be from 1 to 1000; higher is more critical",
                ));
            }
            Ok(Resource::Class(Arc::new(class), at))
        }
        "Baseline" => {
            let mut baseline: Baseline = decode(root)?;
            name(document, &mut baseline.api_version, &mut baseline.kind);
            if baseline.metadata.name.contains('@') || baseline.spec.version.contains('@') {
                let node = field(root, &["metadata", "name"]);
                return Err(error(
                    node,
                    "neither the name nor the version may contain `@`",
                ));
            }
            Ok(Resource::Baseline(Arc::new(baseline), at))
        }
        "PostureException" => {
            let mut exception: PostureException = decode(root)?;
            name(document, &mut exception.api_version, &mut exception.kind);
            let spec = &exception.spec;
            if spec.findings.is_empty() && (spec.assets.is_none() || spec.controls.is_empty()) {
                let node = field(root, &["spec"]);
                let what = "an exception names what it accepts: `findings`, or `assets` and `controls` (`controls: [\"*\"]` accepts all)";
                return Err(error(node, what));
            }
            Ok(Resource::Exception(Arc::new(exception), at))
        }
        kind => {
            let node = root.get("kind").unwrap_or(root);
            Err(error(
                node,
                format!(
                    "kind `{kind}` is not known under {API_VERSION}: it has {}",
                    KINDS.join(", ")
                ),
            ))
        }
    }
}

/// What the types can't say.
fn check_goal(goal: &PostureGoal, root: Node<'_>) -> Result<(), ResourceError> {
    let spec = &goal.spec;
    if let super::GoalScope::All(false) = spec.assets {
        let node = field(root, &["spec", "assets"]);
        return Err(error(
            node,
            "write `all: true`, `class: NAME` or `match: {...}`",
        ));
    }
    let clauses = field(root, &["spec", "require"]);
    if spec.require.is_empty() {
        return Err(error(
            clauses,
            "a goal requires something: give at least one clause",
        ));
    }
    if spec.require.len() > MAX_CLAUSES {
        return Err(error(
            clauses,
            format!("a goal has at most {MAX_CLAUSES} clauses: draw several goals"),
        ));
    }
    for (clause, node) in spec.require.iter().zip(clauses.items()) {
        let problem = match clause {
            Clause::Configuration(c) if c.baseline.is_none() && c.controls.is_empty() => {
                Some("a configuration clause names a `baseline` or `controls`")
            }
            Clause::Vulnerabilities(c) if c.epss.is_some_and(|e| !(0.0..=1.0).contains(&e)) => {
                Some("epss is a probability from 0 to 1")
            }
            Clause::Runtime(c) if c.drift.is_none() && c.open_alerts.is_none() => {
                Some("a runtime clause names `drift` or `openAlerts`")
            }
            Clause::Coverage(c) if *c == Default::default() => {
                Some("a coverage clause names `sensor`, `imageScan`, `auditLog` or `admission`")
            }
            Clause::SupplyChain(c) if *c == Default::default() => {
                Some("a supplyChain clause names `registries`, `signedBy` or `sbom`")
            }
            Clause::Exposure(c) if *c == Default::default() => {
                Some("an exposure clause names `attackPaths` or `internet`")
            }
            Clause::Image(c) if *c == Default::default() => Some(
                "an image clause names `maxAge`, `endOfLife`, `runsAsRoot`, `shell`, `maxSize`, `bases` or `maxBaseAge`",
            ),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(error(node, problem));
        }
    }
    if spec.window.is_some_and(|window| window < Period::hours(1)) {
        return Err(error(
            field(root, &["spec", "window"]),
            "a window is at least `1h`",
        ));
    }
    if let Some(ramp) = spec.ramp {
        let node = field(root, &["spec", "ramp"]);
        match spec.due {
            None => return Err(error(node, "a ramp leads to a `due` day: give one")),
            Some(due) if due <= ramp.start => {
                return Err(error(node, "the ramp starts before the `due` day"));
            }
            Some(_) if ramp.from > spec.target => {
                return Err(error(node, "the ramp leads up: `from` is above the target"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn decode<T: serde::de::DeserializeOwned>(root: Node<'_>) -> Result<T, ResourceError> {
    plimsoll_manifest::de::from_node(root).map_err(|problem| ResourceError {
        location: at_place(root, problem.place),
        message: match &problem.suggestion {
            Some(name) => format!("{}; did you mean `{name}`?", problem.message),
            None => problem.message,
        },
    })
}

/// The kind and version that an item of a typed list has from its list.
fn name(document: &Document, api_version: &mut String, kind: &mut String) {
    document.api_version().clone_into(api_version);
    document.kind().clone_into(kind);
}

fn field<'a>(root: Node<'a>, path: &[&str]) -> Node<'a> {
    path.iter()
        .fold(root, |node, key| node.get(key).unwrap_or(node))
}

fn error(node: Node<'_>, message: impl Into<String>) -> ResourceError {
    ResourceError {
        location: location(node),
        message: message.into(),
    }
}

fn location(node: Node<'_>) -> Location {
    at_place(node, node.place())
}

fn at_place(node: Node<'_>, place: Place) -> Location {
    Location {
        file: node.source().name().clone(),
        line: place.line,
        column: place.column,
        span: node.span(),
    }
}

#[cfg(test)]
mod tests;
