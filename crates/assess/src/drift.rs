//! Who owns the line: what Git says beside what the cluster says.
//!
//! A resource that is written in a folder is owned by it: that one judges, and
//! an edit in the cluster is drift, which is shown and has no other effect. Only
//! `spec` is compared: names are the key, and what tools write into labels and
//! annotations of an object is theirs.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    Location,
    resource::{AssetClass, Baseline, PostureException, PostureGoal, Resource},
};
use serde_json::Value;

use crate::Line;

/// Fields of one resource that are named; the others are counted.
pub const MOST_FIELDS: usize = 8;
/// Characters of a value that are shown.
const MOST_CHARS: usize = 60;

/// A resource that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Its kind.
    pub kind: &'static str,
    /// Its name; a baseline's with its version, `pss/web@2`.
    pub name: String,
    /// Where the owner has it; none where it has not.
    pub written: Option<Location>,
    /// What is otherwise.
    pub change: DriftChange,
}

/// What is otherwise than the owner has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftChange {
    /// It was edited in the cluster.
    Edited(Edit),
    /// The cluster does not have it.
    Missing,
    /// The owner does not have it: it was made in the cluster.
    Unowned,
}

/// The fields of a resource that are otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The first of them, in order, at most [`MOST_FIELDS`].
    pub fields: Vec<FieldDrift>,
    /// How many there are.
    pub count: usize,
}

/// A field that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDrift {
    /// Its place, `spec.require[0].configuration.max`.
    pub path: String,
    /// Its value for the owner, as JSON, cut; none where it is not set.
    pub owner: Option<String>,
    /// Its value in the cluster, as JSON, cut; none where it is not set.
    pub cluster: Option<String>,
}

impl std::fmt::Display for FieldDrift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = &self.path;
        match (&self.owner, &self.cluster) {
            (Some(owner), Some(cluster)) => write!(f, "{path} is {cluster}, not {owner}"),
            (Some(owner), None) => write!(f, "{path} is not set, not {owner}"),
            (None, Some(cluster)) => write!(f, "{path} is {cluster}, not left out"),
            (None, None) => write!(f, "{path} is otherwise"),
        }
    }
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, field) in self.fields.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{field}")?;
        }
        match self.count.saturating_sub(self.fields.len()) {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

/// Kind and name: what makes two resources the same one.
type Key = (&'static str, String);

/// A line that owns what is written in it.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    resources: BTreeMap<Key, (Value, Location)>,
    line: Line,
}

impl Owner {
    /// The owner of everything in this line.
    pub fn new(line: Line) -> Self {
        Owner {
            resources: resources(&line),
            line,
        }
    }

    /// What it owns.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Whether the other says the same, wherever it is written.
    pub fn says_the_same(&self, other: &Owner) -> bool {
        self.resources.len() == other.resources.len()
            && self.resources.iter().zip(&other.resources).all(
                |((key, (spec, _)), (other_key, (other_spec, _)))| {
                    key == other_key && spec == other_spec
                },
            )
    }

    /// Where the resource of this kind and name is written, if it is owned. A
    /// baseline's name may come without its version, as its object's does.
    pub fn written(&self, kind: &str, name: &str) -> Option<&Location> {
        self.resources.iter().find_map(|((of, key), (_, at))| {
            let key = key.split_once('@').map_or(key.as_str(), |(name, _)| name);
            (*of == kind && key == name).then_some(at)
        })
    }

    /// How the cluster's resource is otherwise than the owner's of its name,
    /// and where that is written; none where it is not owned.
    pub fn edit_of(&self, resource: &Resource) -> Option<(Edit, &Location)> {
        let (key, spec) = keyed(resource);
        let (owned, at) = self.resources.get(&key)?;
        Some((edit(owned, &spec), at))
    }

    /// Whether this goal is what the owner has under its name.
    pub fn is(&self, goal: &PostureGoal) -> bool {
        let key = (GOAL, goal.metadata.name.clone());
        let owned = self.resources.get(&key);
        owned.is_some_and(|(spec, _)| *spec == value(&goal.spec))
    }

    /// What is in force: all that is owned, and of the cluster's line what is
    /// not.
    pub fn over(&self, cluster: &Line) -> Line {
        let mut line = self.line.clone();
        let free = |kind, name: &str| !self.resources.contains_key(&(kind, name.to_owned()));
        let own = &cluster;
        let goals = own.goals.iter();
        line.goals
            .extend(goals.filter(|(g, _)| free(GOAL, &g.metadata.name)).cloned());
        let classes = own.classes.iter();
        line.classes.extend(
            classes
                .filter(|(c, _)| free(CLASS, &c.metadata.name))
                .cloned(),
        );
        let baselines = own.baselines.iter();
        line.baselines.extend(
            baselines
                .filter(|(b, _)| free(BASELINE, &versioned(b)))
                .cloned(),
        );
        let exceptions = own.exceptions.iter();
        line.exceptions.extend(
            exceptions
                .filter(|(e, _)| free(EXCEPTION, &e.metadata.name))
                .cloned(),
        );
        // No name is there twice, so that nothing is to be said.
        line.settle(&mut Vec::new());
        line
    }

    /// All that is otherwise in the cluster, in order of kinds and names.
    pub fn drift(&self, cluster: &Line) -> Vec<Drift> {
        let mut found = Vec::new();
        let there = resources(cluster);
        for ((kind, name), (owned, at)) in &self.resources {
            let change = match there.get(&(*kind, name.clone())) {
                None => DriftChange::Missing,
                Some((spec, _)) if spec == owned => continue,
                Some((spec, _)) => DriftChange::Edited(edit(owned, spec)),
            };
            found.push(Drift {
                kind,
                name: name.clone(),
                written: Some(at.clone()),
                change,
            });
        }
        for (kind, name) in there.keys() {
            if !self.resources.contains_key(&(*kind, name.clone())) {
                found.push(Drift {
                    kind,
                    name: name.clone(),
                    written: None,
                    change: DriftChange::Unowned,
                });
            }
        }
        found.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        found
    }
}

const GOAL: &str = "PostureGoal";
const CLASS: &str = "AssetClass";
const BASELINE: &str = "Baseline";
const EXCEPTION: &str = "PostureException";

/// One name in several versions is several baselines.
fn versioned(baseline: &Baseline) -> String {
    format!("{}@{}", baseline.metadata.name, baseline.spec.version)
}

fn goal((goal, at): &(Arc<PostureGoal>, Location)) -> (Key, (Value, Location)) {
    let key = (GOAL, goal.metadata.name.clone());
    (key, (value(&goal.spec), at.clone()))
}

fn class((class, at): &(Arc<AssetClass>, Location)) -> (Key, (Value, Location)) {
    let key = (CLASS, class.metadata.name.clone());
    (key, (value(&class.spec), at.clone()))
}

fn baseline((baseline, at): &(Arc<Baseline>, Location)) -> (Key, (Value, Location)) {
    let key = (BASELINE, versioned(baseline));
    (key, (value(&baseline.spec), at.clone()))
}

fn exception((exception, at): &(Arc<PostureException>, Location)) -> (Key, (Value, Location)) {
    let key = (EXCEPTION, exception.metadata.name.clone());
    (key, (value(&exception.spec), at.clone()))
}

fn resources(line: &Line) -> BTreeMap<Key, (Value, Location)> {
    let goals = line.goals.iter().map(goal);
    let classes = line.classes.iter().map(class);
    let baselines = line.baselines.iter().map(baseline);
    let exceptions = line.exceptions.iter().map(exception);
    goals
        .chain(classes)
        .chain(baselines)
        .chain(exceptions)
        .collect()
}

fn keyed(resource: &Resource) -> (Key, Value) {
    match resource {
        Resource::Goal(goal, _) => ((GOAL, goal.metadata.name.clone()), value(&goal.spec)),
        Resource::Class(class, _) => ((CLASS, class.metadata.name.clone()), value(&class.spec)),
        Resource::Baseline(baseline, _) => ((BASELINE, versioned(baseline)), value(&baseline.spec)),
        Resource::Exception(exception, _) => {
            let key = (EXCEPTION, exception.metadata.name.clone());
            (key, value(&exception.spec))
        }
    }
}

/// As it was read, so that defaults, the order of fields and the way a value is
/// written make no difference.
fn value(spec: &impl serde::Serialize) -> Value {
    serde_json::to_value(spec).unwrap_or_default()
}

fn edit(owner: &Value, cluster: &Value) -> Edit {
    let mut edit = Edit::default();
    differ("spec", Some(owner), Some(cluster), &mut edit);
    edit
}

/// Goes as deep as the two differ. What is compared went through the parser,
/// which bounds its depth.
fn differ(path: &str, owner: Option<&Value>, cluster: Option<&Value>, edit: &mut Edit) {
    match (owner, cluster) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                differ(&format!("{path}.{key}"), a.get(key), b.get(key), edit);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                let path = format!("{path}[{index}]");
                differ(&path, a.get(index), b.get(index), edit);
            }
        }
        (a, b) if set(a) == set(b) => {}
        (a, b) => {
            edit.count += 1;
            if edit.fields.len() < MOST_FIELDS {
                edit.fields.push(FieldDrift {
                    path: path.to_owned(),
                    owner: set(a).map(shown),
                    cluster: set(b).map(shown),
                });
            }
        }
    }
}

/// A field that is null is one that is not set.
fn set(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests;
