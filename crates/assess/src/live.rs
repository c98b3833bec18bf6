//! An estate that is watched: the same answers as [`assess`](crate::assess)
//! gives, kept up to date by changes.
//!
//! A [`Live`] holds what the engines said of each object. A [`Change`] costs
//! what depends on it: the objects whose facts or findings it may alter are
//! looked at again, and the goals judge only the assets among them. Whatever
//! the changes were and in whatever order they came, [`Live::assessment`] is
//! what `assess` says of the estate as it is then.

mod change;
mod objects;
mod past;
mod transition;

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_manifest::Document;
use plimsoll_model::{Diagnostic, Finding, History, Timestamp, resource::is_resource};
use plimsoll_posture::Request;
use rustc_hash::FxHashSet;

pub use self::{
    change::{Change, Gap, Observed},
    transition::{AssetMove, Because, CloseReason, Closed, Flip, MOST_TOLD, Told, Transition},
};
use self::{objects::Objects, past::Past, transition::Stood};
use crate::{
    Assessment, Estate, EstateOptions, Limits, Line, Options,
    assessment::{Found, conclude, request},
};

/// What holds for all of a [`Live`].
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// When it was begun.
    pub now: Timestamp,
    /// What earlier runs left; empty when there is nothing.
    pub history: History,
}

/// An estate, its line and all that was said of both.
#[derive(Debug)]
pub struct Live {
    estate: Estate,
    line_said: Vec<Diagnostic>,
    request: Request,
    objects: Objects,
    observed: Observed,
    gaps: BTreeMap<(Arc<str>, Option<Arc<str>>), Gap>,
    past: Past,
    stood: BTreeMap<String, Stood>,
    /// Whether anything was taken in yet.
    begun: bool,
    now: Timestamp,
}

impl Live {
    /// Nothing yet.
    pub fn new(options: LiveOptions) -> Self {
        let mut estate = Estate::new(&EstateOptions {
            cluster: options.cluster,
            default_namespace: "default".into(),
            now: options.now,
            limits: Limits::default(),
            line_given: true,
        });
        estate.line = Line::default();
        Live {
            request: request(&estate.line),
            estate,
            line_said: Vec::new(),
            objects: Objects::default(),
            observed: Observed::default(),
            gaps: BTreeMap::new(),
            past: Past::new(options.history),
            stood: BTreeMap::new(),
            begun: false,
            now: options.now,
        }
    }

    /// Takes in what happened, in its order, as of `now`. Without changes it
    /// only lets time pass: grace periods and exceptions end.
    pub fn apply(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
        now: Timestamp,
    ) -> Transition {
        self.now = now;
        let mut transition = Transition {
            at: now,
            ..Transition::default()
        };
        let mut batch = Batch {
            first: !self.begun,
            ..Batch::default()
        };
        self.begun = true;
        for change in changes {
            self.take(change, &mut batch, &mut transition);
        }
        if batch.line {
            self.request = request(&self.estate.line);
            batch.dirty = self.estate.inventory.objects().map(|(ix, _)| ix).collect();
        }
        let dirty: Vec<_> = batch.dirty.iter().copied().collect();
        transition.evaluated = dirty.len() as u64;
        self.objects.evaluate(
            &self.estate.inventory,
            &self.request,
            &dirty,
            &batch,
            &mut self.past,
            now,
            &mut transition,
        );
        transition.changed = batch.changed || !dirty.is_empty();
        self.flips(&mut transition);
        transition.settle();
        transition
    }

    fn take(&mut self, change: Change, batch: &mut Batch, transition: &mut Transition) {
        let inventory = &mut self.estate.inventory;
        match change {
            // What is drawn comes as a line.
            Change::Set(document) if is_resource(&document) => return,
            Change::Set(document) => {
                if let Some(ix) = inventory.find_document(&document) {
                    let known = inventory.get(ix).map(|object| &object.document);
                    if known.is_some_and(|known| same_text(known, &document)) {
                        return;
                    }
                    batch.dirty.extend(inventory.affected_by(ix));
                }
                let ix = inventory.replace(document);
                batch.dirty.extend(inventory.affected_by(ix));
                batch.touched.insert(ix);
            }
            Change::Gone(id) => {
                let Some(ix) = inventory.find(&id) else {
                    return;
                };
                batch.dirty.extend(inventory.affected_by(ix));
                batch.dirty.remove(&ix);
                batch.touched.remove(&ix);
                inventory.remove(&id);
                self.objects.gone(ix, &mut self.past, self.now, transition);
            }
            Change::Line(line, said) => {
                self.estate.line = line;
                self.line_said = said;
                batch.line = true;
            }
            Change::Images(images) => {
                self.estate.images.retain(|known| {
                    !images
                        .iter()
                        .any(|new| known.names.iter().any(|name| new.names.contains(name)))
                });
                self.estate.images.extend(images);
            }
            Change::Advisories(advisories) => self.estate.advisories = advisories,
            Change::Coverage(observed) => self.observed = observed,
            Change::Gap(gap) => {
                let key = (gap.kind.clone(), gap.namespace.clone());
                if self.gaps.get(&key) == Some(&gap) {
                    return;
                }
                self.gaps.insert(key, gap);
            }
            Change::Seen(kind, namespace) => {
                if self.gaps.remove(&(kind, namespace)).is_none() {
                    return;
                }
            }
        }
        batch.changed = true;
    }

    /// The clock of the last call of [`apply`](Self::apply).
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How many objects there are.
    pub fn objects(&self) -> usize {
        self.estate.inventory.len()
    }

    /// What is to be remembered: when each finding was first and last seen,
    /// and the runs.
    pub fn history(&self) -> History {
        self.past.history(self.objects.findings(), self.now)
    }

    /// Everything that is known now, with the fix plans: what
    /// [`assess`](crate::assess) says of the estate as it is.
    pub fn assessment(&self) -> Assessment {
        let history = self.history();
        let evaluation = self.objects.evaluation(&self.estate.inventory);
        let mut found = Found {
            assets: self.objects.assets(&self.estate.inventory),
            findings: self.objects.listed(&self.estate.inventory),
            evaluation,
        };
        if !self.observed.findings.is_empty() {
            found
                .findings
                .extend(self.observed.findings.iter().cloned());
            found.findings.sort_by(Finding::listing_order);
        }
        found.assets.extend(self.observed.assets.iter().cloned());
        let options = Options {
            now: self.now,
            history: Some(&history),
            starter_line: false,
        };
        let mut result = conclude(
            &self.estate,
            &self.estate.line,
            &self.request,
            options,
            found,
        );
        result.coverage.read = self.estate.inventory.len() as u64;
        result.diagnostics.extend(self.line_said.iter().cloned());
        result.diagnostics.sort_by(Diagnostic::listing_order);
        result.diagnostics.dedup();
        result
    }

    /// Says which verdicts are otherwise than before, and why.
    fn flips(&mut self, transition: &mut Transition) {
        let assessment = self.assessment();
        let mut now: BTreeMap<String, Stood> = BTreeMap::new();
        for goal in &assessment.goals {
            let name = &goal.goal.metadata.name;
            let stood = Stood::of(goal, &assessment.assets);
            let before = self.stood.remove(name);
            let flipped = before.as_ref().map(|before| before.verdict) != Some(goal.verdict);
            if flipped {
                transition.flips.push(Flip {
                    goal: name.clone(),
                    from: before.as_ref().map(|before| before.verdict),
                    to: Some(goal.verdict),
                    because: Because::of(before.as_ref(), &stood, goal, &assessment),
                    at: self.now,
                });
            }
            now.insert(name.clone(), stood);
        }
        for (name, before) in std::mem::replace(&mut self.stood, now) {
            transition.flips.push(Flip {
                goal: name,
                from: Some(before.verdict),
                to: None,
                because: Because::default(),
                at: self.now,
            });
        }
    }
}

/// What a call of [`Live::apply`] has to look at.
#[derive(Debug, Default)]
struct Batch {
    /// Objects to look at again.
    dirty: FxHashSet<plimsoll_inventory::ObjectIx>,
    /// Objects that came or are otherwise themselves.
    touched: FxHashSet<plimsoll_inventory::ObjectIx>,
    line: bool,
    changed: bool,
    /// Whether nothing was taken in before: then what the past knows is no
    /// news.
    first: bool,
}

/// Whether two documents are one text under one name.
fn same_text(one: &Document, other: &Document) -> bool {
    let (a, b) = (one.source(), other.source());
    a.name() == b.name()
        && one.index() == other.index()
        && (Arc::ptr_eq(a, b) || a.text() == b.text())
}

#[cfg(test)]
mod tests;
