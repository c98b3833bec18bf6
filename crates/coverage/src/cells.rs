//! How each engine observes one asset: by indexes of the sources, never by a
//! walk over them.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    Asset, AssetCoverage, AssetFacts, AssetKind, CoverageCell, CoverageState, Engine, ImageFacts,
    ImageLink,
};
use rustc_hash::FxHashMap;

use crate::{
    Input, Scope,
    node::NodeSeen,
    source::{Age, age, ahead, deploy, mend, span},
    unsupported,
};

const ENGINES: usize = Engine::ALL.len();
/// What is said of a node that nobody hears.
const GIVEN_UP: &str = "the control plane has not heard it: its Ready condition is Unknown";
/// How many names a reason has.
const NAMED: usize = 3;

/// The sources, by what they observe.
pub(crate) struct Cells<'a> {
    input: Input<'a>,
    by_scope: FxHashMap<(Engine, &'a Scope), Arc<CoverageCell>>,
    /// How each engine observes the cluster as a whole.
    whole: [Arc<CoverageCell>; ENGINES],
    deployed: [bool; ENGINES],
    excluded: BTreeMap<&'a str, Arc<CoverageCell>>,
    nodes: FxHashMap<&'a str, [Arc<CoverageCell>; 2]>,
    not_applicable: Arc<CoverageCell>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        let mut by_scope: FxHashMap<(Engine, &Scope), Arc<CoverageCell>> = FxHashMap::default();
        let mut whole: [Option<CoverageCell>; ENGINES] = Default::default();
        for source in input.sources {
            let cell = source.cell(input.settings);
            let of_whole = &mut whole[source.engine as usize];
            *of_whole = Some(match of_whole.take() {
                None => cell.clone(),
                Some(other) => worse(other, &cell),
            });
            let cell = Arc::new(cell);
            by_scope
                .entry((source.engine, &source.scope))
                // Two of one scope: whoever observes it better.
                .and_modify(|known| {
                    if cell.state < known.state {
                        *known = cell.clone();
                    }
                })
                .or_insert(cell);
        }
        let watch = &mut whole[Engine::KubernetesWatch as usize];
        if !input.hidden.is_empty() {
            let hidden = hidden_kinds(input);
            *watch = watch.take().map(|known| worse(known, &hidden));
        }
        scans(input, &mut whole);
        let deployed = Engine::ALL.map(|engine| whole[engine as usize].is_some());
        let mut at = Engine::ALL.into_iter();
        let whole = whole.map(|cell| {
            let engine = at.next().unwrap_or(Engine::KubernetesWatch);
            Arc::new(cell.unwrap_or_else(|| not_deployed(engine)))
        });
        let excluded = input
            .exclusions
            .iter()
            .map(|one| {
                let cell = CoverageCell {
                    state: CoverageState::Excluded,
                    reason: format!("namespace {} is excluded by {}", one.namespace, one.by).into(),
                    fix: format!("take it back in: {}", one.by).into(),
                    ..CoverageCell::default()
                };
                (&*one.namespace, Arc::new(cell))
            })
            .collect();
        let mut cells = Cells {
            input,
            by_scope,
            whole,
            deployed,
            excluded,
            nodes: FxHashMap::default(),
            not_applicable: Arc::new(CoverageCell {
                state: CoverageState::NotApplicable,
                ..CoverageCell::default()
            }),
        };
        for node in &input.seen.nodes {
            let of = [cells.watch_of_node(node), cells.sensor_of_node(node)];
            cells.nodes.insert(&node.asset.object.name, of);
        }
        cells
    }

    /// How each engine observes the cluster as a whole.
    pub(crate) fn of_cluster(&self) -> AssetCoverage {
        AssetCoverage(self.whole.clone())
    }

    /// Whether there is such an engine.
    pub(crate) fn is_deployed(&self, engine: Engine) -> bool {
        self.deployed[engine as usize]
    }

    /// Whether the asset is in a namespace that is excluded.
    pub(crate) fn is_excluded(&self, asset: &Asset) -> bool {
        self.exclusion(asset).is_some()
    }

    fn exclusion(&self, asset: &Asset) -> Option<&Arc<CoverageCell>> {
        let namespace = match asset.kind {
            AssetKind::Namespace => Some(&*asset.object.name),
            _ => asset.object.namespace.as_deref(),
        };
        self.excluded.get(namespace?)
    }

    /// How each engine observes the asset. `images` is how the images of a
    /// workload, or the image itself, are: scans first, then advisories.
    pub(crate) fn of(
        &self,
        asset: &Asset,
        images: Option<[Arc<CoverageCell>; 2]>,
    ) -> AssetCoverage {
        let none = || self.not_applicable.clone();
        let [scan, advisories] = images.unwrap_or_else(|| [none(), none()]);
        let whole = |engine: Engine| self.whole[engine as usize].clone();
        let cells = match asset.kind {
            AssetKind::Cluster => self.whole.clone(),
            AssetKind::Node => {
                let known = self.nodes.get(&*asset.object.name);
                let [watch, sensor] = known
                    .cloned()
                    .unwrap_or_else(|| [self.watch(asset), whole(Engine::Sensor)]);
                [watch, none(), none(), none(), sensor, none()]
            }
            AssetKind::Image => [none(), scan, advisories, none(), none(), none()],
            AssetKind::Namespace => [
                self.watch(asset),
                none(),
                none(),
                whole(Engine::AuditLog),
                none(),
                self.of_namespace(Engine::Admission, &asset.object.name),
            ],
            _ => [
                self.watch(asset),
                scan,
                advisories,
                whole(Engine::AuditLog),
                self.sensor_of_workload(asset),
                self.of_namespace(
                    Engine::Admission,
                    asset.object.namespace.as_deref().unwrap_or_default(),
                ),
            ],
        };
        let Some(excluded) = self.exclusion(asset) else {
            return AssetCoverage(cells);
        };
        AssetCoverage(cells.map(|cell| match cell.state {
            CoverageState::NotApplicable => cell,
            _ => excluded.clone(),
        }))
    }

    /// An engine's cell for a namespace: its own source there, or the whole's.
    fn of_namespace(&self, engine: Engine, namespace: &str) -> Arc<CoverageCell> {
        let scope = Scope::Namespace(namespace.into());
        let own = self.by_scope.get(&(engine, &scope));
        own.unwrap_or(&self.whole[engine as usize]).clone()
    }

    /// How the watch observes an object of the API.
    fn watch(&self, asset: &Asset) -> Arc<CoverageCell> {
        let engine = Engine::KubernetesWatch;
        if !self.is_deployed(engine) {
            return self.whole[engine as usize].clone();
        }
        let object = &asset.object;
        let kind: Arc<str> = match object.group() {
            "" => object.kind.clone(),
            group => format!("{group}/{}", object.kind).into(),
        };
        let mut scopes = vec![Scope::Kind {
            kind: kind.clone(),
            namespace: None,
        }];
        if let Some(namespace) = &object.namespace {
            scopes.insert(
                0,
                Scope::Kind {
                    kind: kind.clone(),
                    namespace: Some(namespace.clone()),
                },
            );
            scopes.push(Scope::Namespace(namespace.clone()));
        }
        scopes.push(Scope::Cluster);
        let found = scopes
            .iter()
            .find_map(|scope| self.by_scope.get(&(engine, scope)));
        found.cloned().unwrap_or_else(|| {
            Arc::new(CoverageCell {
                state: CoverageState::Missing,
                reason: format!("nobody watches objects of kind {kind}").into(),
                fix: "grant list and watch of the kind: plimsoll cluster rbac --print".into(),
                ..CoverageCell::default()
            })
        })
    }

    /// How the watch observes a node, with its heartbeat.
    fn watch_of_node(&self, node: &NodeSeen) -> Arc<CoverageCell> {
        let watch = self.watch(&node.asset);
        if watch.state == CoverageState::NotDeployed {
            return watch;
        }
        let mut cell = heartbeat(node, self.input);
        if watch.state > cell.state {
            cell = (*watch).clone();
        }
        cell.version = node.kubelet.as_ref().map(|kubelet| kubelet.text.clone());
        Arc::new(cell)
    }

    /// Whether the node itself is not heard, although nodes are watched.
    pub(crate) fn is_unheard(&self, asset: &Asset) -> bool {
        let watch = self.watch(asset);
        let node = self.nodes.get(&*asset.object.name);
        watch.state == CoverageState::Observed
            && node.is_some_and(|[cell, _]| cell.state > CoverageState::NotDeployed)
    }

    fn sensor_of_node(&self, node: &NodeSeen) -> Arc<CoverageCell> {
        if let Some(why) = &node.unsupported {
            return Arc::new(not_supported(why));
        }
        let name = &node.asset.object.name;
        let scope = Scope::Node(name.clone());
        if let Some(cell) = self.by_scope.get(&(Engine::Sensor, &scope)) {
            return cell.clone();
        }
        if !self.is_deployed(Engine::Sensor) {
            return self.whole[Engine::Sensor as usize].clone();
        }
        Arc::new(CoverageCell {
            state: CoverageState::Missing,
            reason: format!("no sensor was heard from node {name}").into(),
            fix: "look at the DaemonSet of the sensor: taints and node selectors keep it away"
                .into(),
            ..CoverageCell::default()
        })
    }

    fn sensor_of_workload(&self, asset: &Asset) -> Arc<CoverageCell> {
        let seen = self.input.seen;
        if let Some(why) = seen.unsupported.get(&asset.id) {
            return Arc::new(not_supported(why));
        }
        let mut nodes = seen
            .runs_on
            .get(&asset.id)
            .into_iter()
            .flatten()
            .filter_map(|name| Some(&self.nodes.get(&**name)?[1]));
        match nodes.next() {
            Some(first) => nodes
                .fold(first, |worst, cell| {
                    if cell.state > worst.state {
                        cell
                    } else {
                        worst
                    }
                })
                .clone(),
            None if self.is_deployed(Engine::Sensor) => Arc::new(CoverageCell {
                state: CoverageState::NotApplicable,
                reason: "no pod of it is known to run".into(),
                ..CoverageCell::default()
            }),
            None => self.whole[Engine::Sensor as usize].clone(),
        }
    }

    /// How an image by this name is known: its scan, and the advisories that
    /// its packages were compared with.
    pub(crate) fn of_image(&self, name: &str) -> [Arc<CoverageCell>; 2] {
        let whole = |engine: Engine| self.whole[engine as usize].clone();
        match self.input.images.and_then(|images| images.get(name)) {
            Some(ImageLink::Known(image)) => {
                [Arc::new(self.scan(image)), Arc::new(self.advisories(image))]
            }
            Some(ImageLink::Unknown(unknown)) => {
                let cell = Arc::new(CoverageCell {
                    state: CoverageState::Missing,
                    reason: unknown.reason.as_str().into(),
                    fix: unknown.remedy.as_str().into(),
                    ..CoverageCell::default()
                });
                [cell.clone(), cell]
            }
            None if self.is_deployed(Engine::ImageScan) => {
                let cell = Arc::new(CoverageCell {
                    state: CoverageState::Missing,
                    reason: "it was not looked into yet".into(),
                    fix: mend(Engine::ImageScan).into(),
                    ..CoverageCell::default()
                });
                [cell.clone(), cell]
            }
            None => [whole(Engine::ImageScan), whole(Engine::Advisories)],
        }
    }

    fn scan(&self, image: &ImageFacts) -> CoverageCell {
        let now = self.input.settings.now;
        let at = image.observed.at;
        let mut cell = CoverageCell {
            state: CoverageState::Observed,
            since: Some(at),
            heard: Some(at),
            ..CoverageCell::default()
        };
        if let Some(gap) = image.gaps.first() {
            cell.reason = format!("a part of it could not be read: {gap}").into();
        }
        match (age(at, now), self.input.settings.image_scan) {
            (Age::Ahead, _) => {
                cell.state = CoverageState::Stale;
                (cell.reason, cell.fix) = ahead(at, now);
            }
            (Age::Seconds(age), Some(most)) if age > most.as_secs() => {
                cell.state = CoverageState::Stale;
                cell.reason =
                    format!("it was looked into {} ago, longer than {most}", span(age)).into();
                cell.fix = "scan the image again".into();
            }
            (Age::Seconds(_), _) => {}
        }
        cell
    }

    fn advisories(&self, image: &ImageFacts) -> CoverageCell {
        let facts = match &image.advisories {
            Ok(facts) => facts,
            Err(why) if self.is_deployed(Engine::Advisories) => {
                return CoverageCell {
                    state: CoverageState::Missing,
                    reason: why.as_str().into(),
                    fix: mend(Engine::Advisories).into(),
                    ..CoverageCell::default()
                };
            }
            Err(_) => return (*self.whole[Engine::Advisories as usize]).clone(),
        };
        let mut cell = CoverageCell {
            state: CoverageState::Observed,
            since: Some(image.observed.at),
            heard: facts.as_of,
            ..CoverageCell::default()
        };
        if let Some(first) = facts.unknown.first() {
            cell.reason = first.as_str().into();
        }
        let most = self.input.settings.advisories;
        if let Some(as_of) = facts.as_of
            && let Age::Seconds(age) = age(as_of, self.input.settings.now)
            && age > most.as_secs()
        {
            cell.state = CoverageState::Stale;
            cell.reason = format!("the advisories are {} old, older than {most}", span(age)).into();
            cell.fix = mend(Engine::Advisories).into();
        }
        cell
    }

    /// The worst of the images of a workload, by engine; none without images.
    pub(crate) fn of_images(
        &self,
        facts: &AssetFacts,
        known: &FxHashMap<&str, [Arc<CoverageCell>; 2]>,
    ) -> Option<[Arc<CoverageCell>; 2]> {
        let mut all = facts
            .images
            .iter()
            .filter_map(|name| Some((name, known.get(&**name)?)));
        let (_, first) = all.next()?;
        let mut worst = first.clone();
        for (_, cells) in all {
            for (worst, cell) in worst.iter_mut().zip(cells) {
                if cell.state > worst.state {
                    *worst = cell.clone();
                }
            }
        }
        Some(worst)
    }
}

/// The scanners are there when images were looked into, even if nobody says
/// how they are.
fn scans(input: Input<'_>, whole: &mut [Option<CoverageCell>; ENGINES]) {
    let Some(images) = input.images else {
        return;
    };
    let known = images.values().filter_map(|link| match link {
        ImageLink::Known(image) => Some(image),
        ImageLink::Unknown(_) => None,
    });
    let mut scanned = None;
    let mut compared = None;
    for image in known {
        scanned = scanned.max(Some(image.observed.at));
        if let Ok(facts) = &image.advisories {
            compared = compared.max(Some(facts.as_of));
        }
    }
    let seen = |heard| CoverageCell {
        state: CoverageState::Observed,
        since: heard,
        heard,
        ..CoverageCell::default()
    };
    whole[Engine::ImageScan as usize].get_or_insert_with(|| seen(scanned));
    if let Some(as_of) = compared {
        whole[Engine::Advisories as usize].get_or_insert_with(|| seen(as_of));
    }
}

/// Two observations of parts of one thing: the worse state with its reason, and
/// what holds of both.
fn worse(one: CoverageCell, other: &CoverageCell) -> CoverageCell {
    let (since, heard) = (
        one.since.max(other.since),
        match (one.heard, other.heard) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    );
    let worst = if other.state > one.state {
        other.clone()
    } else {
        one
    };
    CoverageCell {
        since,
        heard,
        ..worst
    }
}

fn not_deployed(engine: Engine) -> CoverageCell {
    CoverageCell {
        state: CoverageState::NotDeployed,
        reason: format!("there is no {engine} here").into(),
        fix: deploy(engine).into(),
        ..CoverageCell::default()
    }
}

fn not_supported(why: &Arc<str>) -> CoverageCell {
    CoverageCell {
        state: CoverageState::Unsupported,
        reason: why.clone(),
        fix: unsupported::FIX.into(),
        ..CoverageCell::default()
    }
}

fn hidden_kinds(input: Input<'_>) -> CoverageCell {
    let mut kinds: Vec<&str> = input.hidden.iter().map(|one| &*one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let more = kinds.len().saturating_sub(NAMED);
    let mut named = kinds[..kinds.len().min(NAMED)].join(", ");
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    CoverageCell {
        state: CoverageState::Missing,
        reason: format!("can't be seen: {named}").into(),
        fix: "grant what is missing: plimsoll cluster rbac --print".into(),
        ..CoverageCell::default()
    }
}

/// When a node was last heard. A lease is renewed every ten seconds, a
/// condition every five minutes.
fn heartbeat(node: &NodeSeen, input: Input<'_>) -> CoverageCell {
    let settings = input.settings;
    let mut cell = CoverageCell {
        state: CoverageState::Observed,
        since: node.since,
        heard: node.heartbeat,
        ..CoverageCell::default()
    };
    let slack = if node.leased { 0 } else { 300 };
    let what = if node.leased {
        "its lease was last renewed"
    } else {
        "its Ready condition was last reported"
    };
    let silent = match node.heartbeat {
        None if node.given_up => {
            cell.state = CoverageState::Silent;
            Some(GIVEN_UP.to_owned())
        }
        None if node.reported => None,
        None => {
            cell.state = CoverageState::Missing;
            Some("it has no lease and never reported that it is ready".to_owned())
        }
        Some(heard) => match age(heard, settings.now) {
            Age::Ahead => {
                cell.state = CoverageState::Stale;
                (cell.reason, cell.fix) = ahead(heard, settings.now);
                return cell;
            }
            Age::Seconds(age) if age >= settings.silence.as_secs() + slack => {
                cell.state = CoverageState::Silent;
                Some(format!("{what} {} ago", span(age)))
            }
            Age::Seconds(_) if node.given_up => {
                cell.state = CoverageState::Silent;
                Some(GIVEN_UP.to_owned())
            }
            Age::Seconds(_) => None,
        },
    };
    if let Some(reason) = silent {
        cell.reason = reason.into();
        cell.fix = "look at the machine and its kubelet; delete the node if it is gone".into();
    }
    cell
}
