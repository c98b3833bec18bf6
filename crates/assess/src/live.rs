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
mod images;
mod judge;
mod objects;
mod past;
mod pods;
mod running;
mod transition;
pub mod trim;
mod whole;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_coverage::Exclusion;
use plimsoll_goals::Ledger;
use plimsoll_inventory::{Inventory, ObjectIx};
use plimsoll_manifest::Document;
use plimsoll_model::{
    AssetId, CoverageLinks, Diagnostic, History, Timestamp, Verdict, resource::is_resource,
    time::date_of,
};
use plimsoll_posture::{Request, affected_by};
use rustc_hash::FxHashSet;

pub use plimsoll_goals::Standing;

use self::{
    beside::{Beside, Telling},
    hidden::Gaps,
    images::Again,
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
    Components, ComponentsAsked, Estate, EstateOptions, Limits, Line, assessment::request,
    components, images::Judge,
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
    components: Components,
    exclusions: Vec<Exclusion>,
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
    /// What was taken in and not judged.
    loading: Option<(Batch, Transition)>,
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
            components: Components::default(),
            exclusions: Vec::new(),
            gaps: Gaps::new(),
            ledger: Ledger::default(),
            standings: Vec::new(),
            // A verdict that stood when the watch ended and stands when it
            // begins again is no news.
            stood: past.verdicts(),
            past,
            unrecorded: false,
            begun: false,
            loading: None,
            now: options.now,
        }
    }

    /// Has nothing judged that is in these namespaces. It is looked at all the
    /// same: a Gateway there may lead to workloads elsewhere. The namespaces
    /// themselves are judged, and [`coverage`](Self::coverage) says of each
    /// who excluded it.
    #[must_use]
    pub fn excluding(mut self, exclusions: Vec<Exclusion>) -> Self {
        let namespaces = exclusions.iter().map(|one| one.namespace.clone());
        self.objects.exclude(namespaces);
        self.exclusions = exclusions;
        self
    }

    /// Takes in what happened, in its order, as of `now`. Without changes it
    /// only lets time pass: grace periods and exceptions end.
    pub fn apply(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
        now: Timestamp,
    ) -> Transition {
        let before = std::mem::replace(&mut self.now, now);
        let (mut batch, mut transition) = self.loading.take().unwrap_or_default();
        let loaded = std::mem::take(&mut batch.loading);
        transition.at = now;
        batch.first = !self.begun;
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
        if batch.line || batch.gaps || loaded {
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
        self.renew_images(&batch, &mut subjects, &mut transition);
        if batch.observes || batch.gaps {
            self.observe(&batch, &mut subjects, &mut transition);
        }
        if batch.line || batch.all || now < before {
            let objects = self.estate.inventory.objects();
            subjects.extend(objects.map(|(_, object)| object.asset.id.clone()));
            subjects.extend(self.beside.assets().cloned());
        } else {
            let inventory = &self.estate.inventory;
            let objects = dirty.iter().filter_map(|ix| inventory.get(*ix));
            subjects.extend(objects.map(|object| object.asset.id.clone()));
            subjects.extend(self.ledger.due(now));
            subjects.append(&mut batch.observed);
        }
        transition.judged = subjects.len() as u64;
        self.judge(&subjects);
        self.conclude(batch.first, &mut transition);
        transition.changed = batch.changed || !subjects.is_empty();
        transition.moved |= batch.line;
        transition.settle();
        transition
    }

    /// Takes in what happened without judging it: while a cluster is listed
    /// one would judge halves of it. The next call of [`apply`](Self::apply)
    /// judges everything.
    pub fn load(&mut self, changes: impl IntoIterator<Item = Change>) {
        let (mut batch, mut transition) = self.loading.take().unwrap_or_default();
        batch.loading = true;
        for change in changes {
            self.take(change, &mut batch, &mut transition);
        }
        self.loading = Some((batch, transition));
    }

    /// Judges images that came or are to be judged by something else, and adds
    /// the assets it concerns.
    fn renew_images(
        &mut self,
        batch: &Batch,
        subjects: &mut BTreeSet<AssetId>,
        transition: &mut Transition,
    ) {
        let day = Some(date_of(self.now));
        let aged = std::mem::replace(&mut self.beside.day, day) != day;
        let again = Again {
            asked: batch.line,
            advisories: batch.advisories || (aged && self.estate.advisories.is_some()),
        };
        let by = Judge {
            cluster: &self.estate.cluster,
            advisories: self.estate.advisories.as_ref(),
            request: &self.request,
            now: self.now,
        };
        let renewed = self.beside.images.renew(by, again);
        transition.images += renewed.moved.len() as u64;
        let mut telling = Telling {
            first: batch.first,
            now: self.now,
            past: &mut self.past,
            transition,
        };
        self.beside.judged(&renewed.moved, &mut telling);
        subjects.extend(renewed.moved.iter().map(|(id, ..)| id.clone()));
        if renewed.names.is_empty() && !renewed.every_name {
            return;
        }
        // Who names it.
        let names = |images: &[Arc<str>]| match renewed.every_name {
            true => !images.is_empty(),
            false => images.iter().any(|name| renewed.names.contains(name)),
        };
        let naming = self.objects.all().filter(|kept| names(&kept.facts.images));
        subjects.extend(naming.map(|kept| kept.facts.asset.id.clone()));
    }

    /// Takes what other engines observe, and adds the assets it concerns.
    fn observe(
        &mut self,
        batch: &Batch,
        subjects: &mut BTreeSet<AssetId>,
        transition: &mut Transition,
    ) {
        let cluster = &self.estate.cluster;
        let gaps = self.gaps.values();
        let hidden = gaps.map(|gap| hidden::stand_in(gap, cluster, self.now));
        let mut telling = Telling {
            first: batch.first,
            now: self.now,
            past: &mut self.past,
            transition,
        };
        let hidden = hidden.collect();
        let inventory = &self.estate.inventory;
        let mut concerned = self.beside.observe(
            (&self.observed, &self.components),
            hidden,
            &|id| inventory.find(id).is_some(),
            &mut telling,
        );
        subjects.append(&mut concerned);
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
                    batch.concerns(inventory, ix);
                }
                let ix = inventory.replace(document);
                batch.concerns(inventory, ix);
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
                    Came::AsBefore => return,
                    Came::New { alike } => {
                        if let Some(old) = old {
                            batch.concerns(inventory, old);
                        }
                        let ix = inventory.replace_called(&name, shape);
                        if batch.loading {
                            // Everything is looked at.
                        } else if alike && old.is_none() {
                            self.objects.observed_in(inventory, ix, &mut batch.dirty);
                        } else {
                            batch.concerns(inventory, ix);
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
                if alike && !batch.loading {
                    self.objects.observed_in(inventory, ix, &mut batch.dirty);
                } else {
                    batch.concerns(inventory, ix);
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
                for looked_into in images {
                    self.beside.images.put(looked_into, self.now);
                }
            }
            Change::Unnamed(names) => {
                if !self.beside.images.unname(&names) {
                    return;
                }
            }
            Change::Advisories(advisories) => {
                self.estate.advisories = advisories;
                batch.advisories = true;
            }
            Change::Coverage(observed) => {
                let old =
                    std::mem::replace(&mut self.estate.observed_by, observed.coverage.clone());
                batch.observed_otherwise(old.as_deref(), observed.coverage.as_deref());
                self.observed = observed;
                batch.observes = true;
            }
            Change::Components(components) => {
                batch.compared_otherwise(&self.components, &components);
                self.components = components;
                batch.observes = true;
            }
            Change::Gap(gap) => {
                let key = (gap.kind.clone(), gap.namespace.clone());
                if self.gaps.get(&key) == Some(&gap) {
                    return;
                }
                self.gaps.insert(key, gap);
                batch.gaps = true;
            }
            Change::Seen(kind, namespace) => {
                if self.gaps.remove(&(kind, namespace)).is_none() {
                    return;
                }
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

    /// What the cluster runs on, compared with the advisories that were given;
    /// none where none were. To be told back as [`Change::Components`].
    pub fn components(&self, asked: &ComponentsAsked, now: Timestamp) -> Option<Components> {
        Some(components::components(
            &self.estate.inventory,
            asked,
            self.estate.advisories.as_ref()?,
            &self.estate.cluster,
            now,
        ))
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
    /// Whether other engines observe otherwise than before.
    observes: bool,
    /// Whether packages are compared with other advisories.
    advisories: bool,
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
    /// Whether all of it is judged later, together.
    loading: bool,
}

impl Batch {
    /// Takes in that an object is another, came or goes.
    fn concerns(&mut self, inventory: &Inventory, ix: ObjectIx) {
        // What is loaded is looked at as a whole.
        if !self.loading {
            self.dirty.extend(affected_by(inventory, ix));
        }
    }

    /// Takes in that assets are observed otherwise than before.
    fn observed_otherwise(&mut self, old: Option<&CoverageLinks>, new: Option<&CoverageLinks>) {
        let (Some(old), Some(new)) = (old, new) else {
            self.all |= old.is_some() != new.is_some();
            return;
        };
        for (one, other) in [(old, new), (new, old)] {
            let otherwise = one.iter().filter(|(id, row)| {
                let other = other.get(*id);
                other.is_none_or(|other| !row.says_as(other))
            });
            self.observed.extend(otherwise.map(|(id, _)| id.clone()));
        }
    }
}

impl Batch {
    /// Takes in that what assets run on is known otherwise than before.
    fn compared_otherwise(&mut self, old: &Components, new: &Components) {
        for (one, other) in [(old, new), (new, old)] {
            let otherwise = one
                .links
                .iter()
                .filter(|(id, facts)| other.links.get(*id) != Some(*facts));
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
