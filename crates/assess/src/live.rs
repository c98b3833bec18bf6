//! An estate that is watched: the same answers as [`assess`](crate::assess)
//! gives, kept up to date by changes.
//!
//! A [`Live`] holds what the engines said of each object. A [`Change`] costs
//! what depends on it: the objects whose facts or findings it may alter are
//! looked at again, and the goals judge only the assets among them. Whatever
//! the changes were and in whatever order they came, [`Live::assessment`] is
//! what `assess` says of the estate as it is then.

mod beside;
mod change;
mod coverage;
mod hidden;
mod judge;
mod objects;
mod past;
mod pods;
mod running;
mod transition;
pub mod trim;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_goals::Ledger;
use plimsoll_inventory::ObjectIx;
use plimsoll_manifest::Document;
use plimsoll_model::{
    AssetId, CoverageLinks, Diagnostic, Finding, History, Timestamp, Verdict,
    resource::is_resource, time::date_of,
};
use plimsoll_posture::{Request, affected_by};
use rustc_hash::FxHashSet;

pub use plimsoll_goals::Standing;

use self::{
    beside::Beside,
    hidden::Gaps,
    judge::goals_line,
    objects::Objects,
    past::Past,
    pods::{Came, Pods},
};
pub use self::{
    change::{Change, Gap, Observed},
    coverage::{ClusterCoverage, CoverageAsked},
    judge::{RECORD_AT_LEAST, RECORD_EVERY},
    pods::{ContainerStatus, Pod, PodStatus},
    running::RunningImage,
    transition::{AssetMove, Because, CloseReason, Closed, Flip, MOST_TOLD, Told, Transition},
};
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
    pods: Pods,
    beside: Beside,
    observed: Observed,
    gaps: Gaps,
    ledger: Ledger,
    standings: Vec<Standing>,
    past: Past,
    /// The verdicts that were told last.
    stood: BTreeMap<String, Verdict>,
    /// Whether anything moved since the last run was written into the past.
    unrecorded: bool,
    /// Whether anything was taken in yet.
    begun: bool,
    now: Timestamp,
}

impl Live {
    /// Nothing yet.
    ///
    /// The first call of [`apply`](Self::apply) should hold all there is, the
    /// line and every object: verdicts over half an estate would flip for
    /// nothing.
    pub fn new(options: LiveOptions) -> Self {
        let mut estate = Estate::new(&EstateOptions {
            cluster: options.cluster,
            default_namespace: "default".into(),
            now: options.now,
            limits: Limits::default(),
            line_given: true,
        });
        estate.line = Line::default();
        let past = Past::new(options.history);
        Live {
            request: request(&estate.line),
            estate,
            line_said: Vec::new(),
            objects: Objects::default(),
            pods: Pods::default(),
            beside: Beside::default(),
            observed: Observed::default(),
            gaps: Gaps::new(),
            ledger: Ledger::default(),
            standings: Vec::new(),
            // A verdict that stood when the watch ended and stands when it
            // begins again is no news.
            stood: past.verdicts(),
            past,
            unrecorded: false,
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
        let before = std::mem::replace(&mut self.now, now);
        let mut transition = Transition {
            at: now,
            ..Transition::default()
        };
        let mut batch = Batch {
            first: !self.begun,
            ..Batch::default()
        };
        self.begun = true;
        if now < before {
            self.objects.set_back(now);
            self.beside.set_back(now);
        }
        for change in changes {
            self.take(change, &mut batch, &mut transition);
        }
        if batch.line {
            self.request = request(&self.estate.line);
            self.ledger.draw(goals_line(&self.estate.line));
        }
        if batch.line || batch.gaps {
            batch.dirty = self.estate.inventory.objects().map(|(ix, _)| ix).collect();
        }
        let dirty: Vec<ObjectIx> = batch.dirty.iter().copied().collect();
        transition.evaluated = dirty.len() as u64;
        self.objects.evaluate(
            &self.estate.inventory,
            &self.request,
            &self.gaps,
            &dirty,
            &batch,
            &mut self.past,
            now,
            &mut transition,
        );
        let mut subjects: BTreeSet<AssetId> = BTreeSet::new();
        let images_age = !self.estate.images.is_empty() && self.beside.day != Some(date_of(now));
        if batch.beside || batch.line || images_age {
            self.renew_beside(&batch, &mut subjects, &mut transition);
        }
        if batch.line || batch.all || now < before {
            let objects = self.estate.inventory.objects();
            subjects.extend(objects.map(|(_, object)| object.asset.id.clone()));
            subjects.extend(self.beside.assets.keys().cloned());
        } else {
            let inventory = &self.estate.inventory;
            let objects = dirty.iter().filter_map(|ix| inventory.get(*ix));
            subjects.extend(objects.map(|object| object.asset.id.clone()));
            subjects.extend(self.ledger.due(now));
            subjects.append(&mut batch.observed);
        }
        self.judge(&subjects);
        self.conclude(batch.first, &mut transition);
        transition.changed = batch.changed || !subjects.is_empty();
        transition.settle();
        transition
    }

    /// Judges anew what is beside objects, and says which assets it concerns.
    fn renew_beside(
        &mut self,
        batch: &Batch,
        subjects: &mut BTreeSet<AssetId>,
        transition: &mut Transition,
    ) {
        let cluster = &self.estate.cluster;
        let gaps = self.gaps.values();
        let mut new = Beside::new(
            &self.estate,
            &self.observed,
            gaps.map(|gap| hidden::stand_in(gap, cluster, self.now))
                .collect(),
            &self.request,
            self.now,
        );
        new.succeed(
            &self.beside,
            batch.first,
            &mut self.past,
            self.now,
            transition,
        );
        let old = std::mem::replace(&mut self.beside, new);
        for beside in [&old, &self.beside] {
            subjects.extend(beside.assets.keys().cloned());
            subjects.extend(beside.findings.keys().cloned());
            subjects.extend(beside.unevaluated.keys().cloned());
        }
        if old.links.is_some() || self.beside.links.is_some() {
            let naming = self
                .objects
                .all()
                .filter(|kept| !kept.facts.images.is_empty());
            subjects.extend(naming.map(|kept| kept.facts.asset.id.clone()));
        }
    }

    fn take(&mut self, change: Change, batch: &mut Batch, transition: &mut Transition) {
        let inventory = &mut self.estate.inventory;
        match change {
            // What is drawn comes as a line.
            Change::Set(document) if is_resource(&document) => return,
            Change::Set(document) => {
                if let Some(ix) = inventory.find_document(&document) {
                    let id = inventory.get(ix).map(|object| &object.asset.id);
                    if let Some(id) = id.filter(|_| document.kind() == "Pod") {
                        self.pods.forget(id);
                    }
                    let known = inventory.get(ix).map(|object| &object.document);
                    if known.is_some_and(|known| same_text(known, &document)) {
                        return;
                    }
                    batch.dirty.extend(affected_by(inventory, ix));
                }
                let ix = inventory.replace(document);
                batch.dirty.extend(affected_by(inventory, ix));
                batch.touched.insert(ix);
            }
            Change::Pod(pod) => {
                let (namespace, name) = (pod.namespace.clone(), pod.name.clone());
                let cluster = &inventory.settings().cluster;
                let id = AssetId::object(cluster, "", "Pod", Some(&namespace), &name);
                let old = inventory.find(&id);
                let (shape, came) = self.pods.set(&id, *pod);
                match came {
                    // Its status is judged by nobody.
                    Came::AsBefore => {}
                    Came::New { alike } => {
                        if let Some(old) = old {
                            batch.dirty.extend(affected_by(inventory, old));
                        }
                        let ix = inventory.replace_called(&name, shape);
                        if alike && old.is_none() {
                            self.objects.observed_in(inventory, ix, &mut batch.dirty);
                        } else {
                            batch.dirty.extend(affected_by(inventory, ix));
                        }
                        batch.touched.insert(ix);
                    }
                }
            }
            Change::Gone(id) => {
                let alike = self.pods.forget(&id) == Some(true);
                let Some(ix) = inventory.find(&id) else {
                    return;
                };
                if alike {
                    self.objects.observed_in(inventory, ix, &mut batch.dirty);
                } else {
                    batch.dirty.extend(affected_by(inventory, ix));
                }
                batch.dirty.remove(&ix);
                batch.touched.remove(&ix);
                inventory.remove(&id);
                self.ledger.forget(&id);
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
                batch.beside = true;
            }
            Change::Unnamed(names) => {
                let images = &mut self.estate.images;
                let before = images.len();
                images.retain_mut(|image| {
                    let known = image.names.len();
                    image.names.retain(|name| !names.contains(name));
                    batch.beside |= image.names.len() < known;
                    !image.names.is_empty()
                });
                if images.len() == before && !batch.beside {
                    return;
                }
            }
            Change::Advisories(advisories) => {
                self.estate.advisories = advisories;
                batch.beside = true;
            }
            Change::Coverage(observed) => {
                let old =
                    std::mem::replace(&mut self.estate.observed_by, observed.coverage.clone());
                batch.observed_otherwise(old.as_deref(), observed.coverage.as_deref());
                self.observed = observed;
                batch.beside = true;
            }
            Change::Gap(gap) => {
                let key = (gap.kind.clone(), gap.namespace.clone());
                if self.gaps.get(&key) == Some(&gap) {
                    return;
                }
                self.gaps.insert(key, gap);
                batch.beside = true;
                batch.gaps = true;
            }
            Change::Seen(kind, namespace) => {
                if self.gaps.remove(&(kind, namespace)).is_none() {
                    return;
                }
                batch.beside = true;
                batch.gaps = true;
            }
        }
        batch.changed = true;
    }

    /// The clock of the last call of [`apply`](Self::apply).
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The starter goals for what is there: for who has drawn no line yet.
    pub fn starter_line(&self) -> Line {
        crate::starter::line_for(&self.estate)
    }

    /// Whether a goal is drawn.
    pub fn has_goals(&self) -> bool {
        !self.estate.line.is_empty()
    }

    /// How many objects there are.
    pub fn objects(&self) -> usize {
        self.estate.inventory.len()
    }

    /// The verdict of every goal with its numbers, in order of names, as of
    /// the last call of [`apply`](Self::apply). Costs nothing;
    /// [`assessment`](Self::assessment) has the assets, the findings and the
    /// plans.
    pub fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// When time alone will change something: [`apply`](Self::apply) should be
    /// called by then, with changes or without.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ledger.next_due()
    }

    /// What each running pod says of itself, by its id and that of the workload
    /// that stands for it, in no order.
    pub fn running(&self) -> impl Iterator<Item = (AssetId, AssetId, Cow<'_, PodStatus>)> {
        let inventory = &self.estate.inventory;
        let controlled = self.pods.known.iter().filter_map(move |(id, known)| {
            let ix = inventory.find(id)?;
            let top = inventory.controller_of(ix).unwrap_or(ix);
            let top = &inventory.get(top)?.asset.id;
            Some((id.clone(), top.clone(), Cow::Borrowed(&known.status)))
        });
        let alone = inventory.workloads().filter_map(move |(_, object)| {
            let id = &object.asset.id;
            let is_pod = &*object.asset.object.kind == "Pod" && !self.pods.known.contains_key(id);
            is_pod.then(|| {
                let status = PodStatus::of_object(&object.document);
                (id.clone(), id.clone(), Cow::Owned(status))
            })
        });
        controlled.chain(alone)
    }

    /// How many pods that something controls there are, and how many of them
    /// are not alike.
    pub fn pods(&self) -> (usize, usize) {
        (self.pods.known.len(), self.pods.shapes())
    }

    /// What is to be remembered: when each finding was first and last seen,
    /// and the runs.
    pub fn history(&self) -> History {
        let open = self.objects.findings().chain(self.beside.seen());
        self.past.history(open, self.now)
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
        let unevaluated = &self.observed.evaluation.unevaluated;
        found
            .evaluation
            .unevaluated
            .extend(unevaluated.iter().cloned());
        found.evaluation.unevaluated.sort();
        let cluster = &self.estate.cluster;
        let hidden = self.gaps.values();
        found
            .assets
            .extend(hidden.map(|gap| hidden::stand_in(gap, cluster, self.now)));
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
        result.coverage.failed += self.gaps.len() as u64;
        let gaps = self.gaps.values().map(hidden::report);
        result.coverage.gaps.extend(gaps);
        result.diagnostics.extend(self.line_said.iter().cloned());
        result.diagnostics.sort_by(Diagnostic::listing_order);
        result.diagnostics.dedup();
        result
    }
}

/// What a call of [`Live::apply`] has to look at.
#[derive(Debug, Default)]
struct Batch {
    /// Objects to look at again.
    dirty: FxHashSet<ObjectIx>,
    /// Objects that came or are otherwise themselves.
    touched: FxHashSet<ObjectIx>,
    /// Whether the line was drawn anew.
    line: bool,
    /// Whether what is beside objects is otherwise.
    beside: bool,
    /// Whether every asset must be judged anew.
    all: bool,
    /// Assets that are observed otherwise than before.
    observed: BTreeSet<AssetId>,
    /// Whether other kinds can be seen than before.
    gaps: bool,
    changed: bool,
    /// Whether nothing was taken in before: then what the past knows is no
    /// news.
    first: bool,
}

impl Batch {
    /// Takes in that assets are observed otherwise than before.
    fn observed_otherwise(&mut self, old: Option<&CoverageLinks>, new: Option<&CoverageLinks>) {
        let (Some(old), Some(new)) = (old, new) else {
            self.all |= old.is_some() != new.is_some();
            return;
        };
        for (one, other) in [(old, new), (new, old)] {
            let otherwise = one.iter().filter(|(id, row)| other.get(*id) != Some(*row));
            self.observed.extend(otherwise.map(|(id, _)| id.clone()));
        }
    }
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
