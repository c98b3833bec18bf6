//! The line that was drawn: goals, classes, baselines and exceptions.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_manifest::Document;
use plimsoll_model::{
    Diagnostic, Location,
    resource::{self, AssetClass, Baseline, PostureException, PostureGoal, Resource},
};

/// All resources that were found, each with its place, in order of their
/// names.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The goals.
    pub goals: Vec<(Arc<PostureGoal>, Location)>,
    /// The classes.
    pub classes: Vec<(Arc<AssetClass>, Location)>,
    /// The baselines.
    pub baselines: Vec<(Arc<Baseline>, Location)>,
    /// The exceptions.
    pub exceptions: Vec<(Arc<PostureException>, Location)>,
}

impl Line {
    /// The line that these documents draw. What is wrong with them is said
    /// beside it.
    pub fn read<'a>(documents: impl IntoIterator<Item = &'a Document>) -> (Self, Vec<Diagnostic>) {
        let (mut line, mut diagnostics) = (Line::default(), Vec::new());
        for document in documents {
            line.add(document, &mut diagnostics);
        }
        line.settle(&mut diagnostics);
        (line, diagnostics)
    }

    /// Reads one resource; what can't be used is a diagnostic.
    pub(crate) fn add(&mut self, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
        match resource::parse(document) {
            Ok(Resource::Goal(goal, at)) => self.goals.push((goal, at)),
            Ok(Resource::Class(class, at)) => self.classes.push((class, at)),
            Ok(Resource::Baseline(baseline, at)) => self.baselines.push((baseline, at)),
            Ok(Resource::Exception(exception, at)) => self.exceptions.push((exception, at)),
            Err(problem) => {
                diagnostics.push(Diagnostic::error(Some(problem.location), problem.message));
            }
        }
    }

    /// Whether no goal was found.
    pub fn is_empty(&self) -> bool {
        self.goals.is_empty()
    }

    /// Sorts everything by name, and says where one name is given twice: the
    /// first by place is used.
    pub(crate) fn settle(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        settle(
            "goal",
            &mut self.goals,
            |g| g.metadata.name.clone(),
            diagnostics,
        );
        settle(
            "class",
            &mut self.classes,
            |c| c.metadata.name.clone(),
            diagnostics,
        );
        settle(
            "baseline",
            &mut self.baselines,
            |b| format!("{}@{}", b.metadata.name, b.spec.version),
            diagnostics,
        );
        settle(
            "exception",
            &mut self.exceptions,
            |e| e.metadata.name.clone(),
            diagnostics,
        );
    }
}

fn settle<T>(
    what: &str,
    items: &mut Vec<(Arc<T>, Location)>,
    name: impl Fn(&T) -> String,
    diagnostics: &mut Vec<Diagnostic>,
) {
    items.sort_by(|a, b| (name(&a.0), &a.1).cmp(&(name(&b.0), &b.1)));
    let mut first: BTreeMap<String, Location> = BTreeMap::new();
    items.retain(|(item, location)| match first.get(&name(item)) {
        None => {
            first.insert(name(item), location.clone());
            true
        }
        Some(other) => {
            let name = name(item);
            diagnostics.push(Diagnostic::error(
                Some(location.clone()),
                format!(
                    "the {what} `{name}` is written twice, first at {other}: rename or remove one"
                ),
            ));
            false
        }
    });
}
