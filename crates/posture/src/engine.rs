//! From a plan and an inventory to findings.

mod emit;
mod observed;
mod templates;

use std::sync::Arc;

use plimsoll_inventory::{Inventory, Object, ObjectIx, ObjectRole, location_of};
use plimsoll_manifest::{Document, FieldPath, Node};
use plimsoll_model::{AssetKind, Evaluation, Finding, Severity, Unevaluated};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::{
    Check, ObjectContext, Request, Sink,
    engine::{
        emit::Emitter,
        templates::{Templates, judge},
    },
    resolve::{LooksAt, PlanStep, resolve},
};

/// Further places of one object that are judged. What relates an object to
/// others looks at all its places, so that judging each costs their square;
/// past this many the object is unknown, and said to be.
const MOST_COPIES: usize = 255;

/// Objects that one task works through.
const CHUNK: usize = 32;

/// Objects whose findings are held apart before they join the others.
const ROUND: usize = 64 * CHUNK;

/// Evaluates all that `request` asks for over the whole inventory.
///
/// Findings come in their listing order; the result does not depend on the
/// order in which objects were inserted, nor on the number of threads.
pub fn evaluate(inventory: &Inventory, request: &Request) -> (Vec<Finding>, Evaluation) {
    let objects: Vec<ObjectIx> = inventory.objects().map(|(ix, _)| ix).collect();
    evaluate_objects(inventory, request, &objects)
}

/// The same for some objects: what a change asks for. Slots that are free are
/// passed over.
pub fn evaluate_objects(
    inventory: &Inventory,
    request: &Request,
    objects: &[ObjectIx],
) -> (Vec<Finding>, Evaluation) {
    let (steps, mut evaluation) = resolve(request, LooksAt::Objects);
    let plan = Plan::new(&steps);

    let mut units: Vec<Unit<'_>> = objects
        .par_iter()
        .filter_map(|ix| Unit::new(inventory, *ix))
        .collect();
    units.sort_by(|one, two| one.object.asset.id.cmp(&two.object.asset.id));
    units.dedup_by(|one, two| one.ix == two.ix);

    let templates = Templates::group(&units, &plan.pod);
    evaluation.templates = templates.seen;
    evaluation.distinct_templates = templates.distinct;

    let mut findings: Vec<Finding> = Vec::new();
    let mut done = 0;
    for (units_of_round, groups) in units.chunks(ROUND).zip(templates.groups.chunks(ROUND)) {
        let chunks: Vec<Chunk> = units_of_round
            .par_chunks(CHUNK)
            .zip(groups.par_chunks(CHUNK))
            .map_init(Worker::default, |worker, (units, groups)| {
                worker.evaluate_chunk(units, groups, &templates, &plan)
            })
            .collect();
        done += units_of_round.len();
        let new: usize = chunks.iter().map(|chunk| chunk.findings.len()).sum();
        make_room(&mut findings, new, done, units.len());
        for mut chunk in chunks {
            findings.append(&mut chunk.findings);
            evaluation.unevaluated.append(&mut chunk.unevaluated);
        }
    }
    worst_first(&mut findings);
    evaluation.unevaluated.sort();
    evaluation.unevaluated.dedup();
    (findings, evaluation)
}

/// Reserves space for `new` findings and, as far as the units that are `done`
/// allow to guess, for those of all units: copying millions of findings to
/// grow would double the memory at its peak. What is reserved and never
/// written to costs nothing.
fn make_room(findings: &mut Vec<Finding>, new: usize, done: usize, all: usize) {
    let needed = findings.len() + new;
    if needed > findings.capacity() {
        let guess = needed.saturating_mul(all) / done.max(1);
        findings.reserve_exact(guess.max(needed) - findings.len());
    }
}

/// Brings findings that are in the order of assets, rules and subjects into
/// listing order, which is by severity first: a stable partition in place.
fn worst_first(findings: &mut [Finding]) {
    let rank = |finding: &Finding| Severity::Critical as usize - finding.severity as usize;
    let mut next = [0_usize; Severity::WORST_FIRST.len()];
    for finding in findings.iter() {
        next[rank(finding)] += 1;
    }
    let mut start = 0;
    for count in &mut next {
        start += std::mem::replace(count, start);
    }
    let mut target: Vec<usize> = findings
        .iter()
        .map(|finding| {
            let next = &mut next[rank(finding)];
            *next += 1;
            *next - 1
        })
        .collect();
    for at in 0..target.len() {
        while target[at] != at {
            let to = target[at];
            findings.swap(at, to);
            target.swap(at, to);
        }
    }
}

/// What a thread keeps from chunk to chunk.
#[derive(Default)]
struct Worker {
    sink: Sink,
    emitter: Emitter,
}

impl Worker {
    fn evaluate_chunk(
        &mut self,
        units: &[Unit<'_>],
        groups: &[Vec<u32>],
        templates: &Templates<'_>,
        plan: &Plan<'_>,
    ) -> Chunk {
        let mut chunk = Chunk::default();
        for (unit, groups) in units.iter().zip(groups) {
            evaluate_unit(
                unit,
                groups,
                templates,
                plan,
                &mut self.sink,
                &mut self.emitter,
            );
            self.emitter.finish_unit(unit, &mut chunk);
        }
        chunk
    }
}

/// The steps of a plan by what they look at.
struct Plan<'p> {
    pod: Vec<&'p PlanStep>,
    workload: Vec<&'p PlanStep>,
    object: FxHashMap<&'static str, Vec<&'p PlanStep>>,
}

impl<'p> Plan<'p> {
    fn new(steps: &'p [PlanStep]) -> Self {
        let mut plan = Plan {
            pod: Vec::new(),
            workload: Vec::new(),
            object: FxHashMap::default(),
        };
        for step in steps {
            match step.control.check {
                Check::Pod(_) => plan.pod.push(step),
                Check::Workload(_) => plan.workload.push(step),
                Check::Object { kinds, .. } => {
                    for kind in kinds {
                        plan.object.entry(kind).or_default().push(step);
                    }
                }
                // Not of objects: `evaluate_image` runs it.
                Check::Image(_) => {}
            }
        }
        plan
    }

    fn for_kind<'s>(&'s self, object: &Object) -> impl Iterator<Item = &'p PlanStep> + use<'s, 'p> {
        let named = &object.asset.object;
        let qualified = format!("{}/{}", named.group(), named.kind);
        let plain = self.object.get(&*named.kind);
        let qualified = self.object.get(&*qualified);
        plain.into_iter().chain(qualified).flatten().copied()
    }
}

/// One object with what is looked up once.
struct Unit<'a> {
    inventory: &'a Inventory,
    ix: ObjectIx,
    object: &'a Object,
    templates: Vec<(Arc<str>, Node<'a>)>,
}

impl<'a> Unit<'a> {
    fn new(inventory: &'a Inventory, ix: ObjectIx) -> Option<Self> {
        let object = inventory.get(ix)?;
        // What a workload controls is an observation of it.
        if inventory.controller_of(ix).is_some() {
            return None;
        }
        let templates = inventory
            .pod_templates(ix)
            .into_iter()
            .map(|template| (template.base, template.node))
            .collect();
        Some(Unit {
            inventory,
            ix,
            object,
            templates,
        })
    }

    /// The pod templates as another of the object's documents has them.
    fn templates_in<'d>(&self, document: &'d Document) -> Vec<(Arc<str>, Node<'d>)> {
        let bases = self.templates.iter();
        bases
            .filter_map(|(base, _)| {
                let path = FieldPath::parse(base).unwrap_or_default();
                Some((base.clone(), document.root().lookup(&path)?))
            })
            .collect()
    }
}

/// What one task found, in the order of assets, rules and subjects.
#[derive(Default)]
struct Chunk {
    findings: Vec<Finding>,
    unevaluated: Vec<Unevaluated>,
}

fn evaluate_unit(
    unit: &Unit<'_>,
    groups: &[u32],
    templates: &Templates<'_>,
    plan: &Plan<'_>,
    sink: &mut Sink,
    emitter: &mut Emitter,
) {
    let object = unit.object;
    emitter.start_unit(&unit.templates, object.own_file());

    for (index, ((_, node), group)) in unit.templates.iter().zip(groups).enumerate() {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        let fresh;
        let judged = match templates.shared(*group) {
            Some(shared) => shared,
            None => {
                fresh = judge(*node, &plan.pod, sink);
                &fresh
            }
        };
        emitter.emit(&object.asset, &object.document, Some(index), judged);
    }
    let context = ObjectContext::new(unit.inventory, unit.ix, object, &unit.templates);
    evaluate_whole(&context, plan, sink, emitter);

    // The same object written down elsewhere too, each by itself: what is
    // wrong in one place only is wrong.
    for document in object.also.iter().take(MOST_COPIES) {
        let copy = object.as_written_in(document);
        let templates = unit.templates_in(&copy.document);
        emitter.next_document(&templates);
        for (index, (_, node)) in templates.iter().enumerate() {
            let judged = judge(*node, &plan.pod, sink);
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            emitter.emit(&object.asset, document, Some(index), &judged);
        }
        let context = ObjectContext::new(unit.inventory, unit.ix, &copy, &templates);
        evaluate_whole(&context, plan, sink, emitter);
    }

    if object.role == ObjectRole::Workload {
        observed::evaluate(unit, plan, sink, emitter);
    }

    if let Some(document) = object.also.get(MOST_COPIES) {
        emitter.unevaluated(Unevaluated {
            asset: object.asset.id.clone(),
            control: None,
            reason: format!(
                "it is written in {} places, of which the first {} are judged",
                object.also.len() + 1,
                MOST_COPIES + 1
            ),
            location: location_of(document.root()),
        });
    }
    for (node, reason) in unit.inventory.shape_problems(unit.ix) {
        emitter.unevaluated(Unevaluated {
            asset: object.asset.id.clone(),
            control: None,
            reason,
            location: object.located(location_of(node)),
        });
    }
}

/// The checks that look at an object as a whole.
fn evaluate_whole(
    context: &ObjectContext<'_>,
    plan: &Plan<'_>,
    sink: &mut Sink,
    emitter: &mut Emitter,
) {
    let object = context.object;
    let mut emit = |step: &PlanStep, sink: &mut Sink| {
        let judged = templates::Judged::take(step, sink);
        emitter.emit(&object.asset, &object.document, None, &judged);
    };
    if object.asset.kind == AssetKind::Workload {
        for step in &plan.workload {
            if let Check::Workload(run) = step.control.check {
                run(context, sink);
                emit(step, sink);
            }
        }
    }
    for step in plan.for_kind(object) {
        if let Check::Object { run, .. } = step.control.check {
            run(context, sink);
            emit(step, sink);
        }
    }
}
