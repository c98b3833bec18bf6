//! The assessment: facts, goals and a clock to verdicts and a plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_goals::{Facts, plan};
use plimsoll_model::{
    AssetFacts, ClassAssignment, ComponentLinks, Diagnostic, Evaluation, Finding, FindingId,
    FixPlan, GoalVerdict, History, ImageLinks, Timestamp, Verdict,
    image::Image,
    resource::{Baseline, Clause},
    wire::{ComponentReport, CoverageReport, GapReport, GapState},
};
use plimsoll_posture::Request;
use rayon::prelude::*;

use crate::{
    Advisories, Estate, EstateOptions, Limits, Line, LookedInto, accepted, causes,
    images::{self, Judged},
};

/// What an assessment needs beside the estate.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The clock.
    pub now: Timestamp,
    /// What earlier runs left, when there is a state file.
    pub history: Option<&'a History>,
    /// Whether the line is the starter line.
    pub starter_line: bool,
}

/// Everything that is known after a run; every report is made from it.
#[derive(Debug)]
pub struct Assessment {
    /// The clock of the run.
    pub now: Timestamp,
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// Every asset, in order of ids, unread ones too.
    pub assets: Vec<AssetFacts>,
    /// The classes of each asset, the one it ranks by first.
    pub classes: Vec<Vec<ClassAssignment>>,
    /// For each asset that several classes claim, which one it ranks by.
    pub class_conflicts: Vec<Option<String>>,
    /// The findings, worst first.
    pub findings: Vec<Finding>,
    /// The exception in force that accepts a finding, by the finding's index.
    pub excepted_by: BTreeMap<u32, String>,
    /// When findings were first seen, as far as the state file knows.
    pub first_seen: BTreeMap<FindingId, Timestamp>,
    /// What was looked at.
    pub evaluation: Evaluation,
    /// A verdict for each goal, in order of names.
    pub goals: Vec<GoalVerdict>,
    /// The changes that bring all goals to their targets.
    pub plan: FixPlan,
    /// What was read and what was not.
    pub coverage: CoverageReport,
    /// What must be said about the input and the line, what matters most
    /// first.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the line is the starter line.
    pub starter_line: bool,
    /// The images that were looked into, in order of their names.
    pub images: Vec<Arc<Image>>,
    /// What the image names of the manifests lead to; none when no image was
    /// looked for.
    pub links: Option<ImageLinks>,
    /// What the cluster runs on, where that was compared with advisories.
    pub components: Vec<ComponentReport>,
}

/// How a run ended, for its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every goal holds.
    Holds,
    /// A goal does not.
    Fails,
    /// No goal fails, and not everything could be judged.
    Incomplete,
}

impl Assessment {
    /// Adds what the engines say of images.
    fn add_images(&mut self, judged: Judged<'_>) {
        let each = judged.images.iter();
        images::asked(each.map(|one| &one.evaluation), &mut self.evaluation);
        for one in &judged.images {
            self.assets.push(one.asset.clone());
            self.findings.extend(one.findings().cloned());
        }
        self.assets.sort_by(|a, b| a.asset.id.cmp(&b.asset.id));
        self.findings.sort_by(Finding::listing_order);
        self.links = Some(judged.links);
        let mut images: Vec<Arc<Image>> = judged
            .looked_into
            .iter()
            .filter_map(|looked_into| looked_into.outcome.as_ref().ok().cloned())
            .collect();
        images.sort_by(|a, b| (&a.name, a.digest).cmp(&(&b.name, b.digest)));
        images.dedup_by(|a, b| a.name == b.name && a.digest == b.digest && a.id == b.id);
        for image in &images {
            for gap in &image.gaps {
                self.coverage.failed += 1;
                self.coverage.gaps.push(GapReport {
                    state: GapState::Failed,
                    file: image.name.clone(),
                    line: 0,
                    column: 0,
                    reason: gap.to_string(),
                });
            }
            self.diagnostics
                .extend(images::ended_release(image, self.now));
        }
        self.coverage.images = images.len() as u64;
        for looked_into in &judged.looked_into {
            if let Err(unknown) = &looked_into.outcome {
                self.coverage.failed += 1;
                self.coverage.gaps.push(GapReport {
                    state: GapState::Failed,
                    file: looked_into
                        .names
                        .first()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    line: 0,
                    column: 0,
                    reason: format!("{}; {}", unknown.reason, unknown.remedy),
                });
            }
        }
        for one in &judged.images {
            let (image, Some(compared)) = (&one.image.name, &one.compared) else {
                continue;
            };
            for gap in &compared.unknown {
                self.coverage.unmatched += gap.packages;
                self.coverage.gaps.push(GapReport {
                    state: GapState::Unmatched,
                    file: image.clone(),
                    line: 0,
                    column: 0,
                    reason: format!("{} {}: {}", gap.packages, gap.group, gap.why),
                });
            }
            let said = compared.diagnostics.iter().cloned().map(|mut said| {
                said.message = format!("{image}: {}", said.message);
                said
            });
            self.diagnostics.extend(said);
        }
        self.images = images;
    }

    /// Writes this run into the past: what the next run must know of it.
    pub fn record(&self, history: &mut History) {
        let facts = Facts {
            assets: &self.assets,
            findings: &self.findings,
            evaluation: &self.evaluation,
            images: self.links.as_ref(),
            coverage: None,
            components: None,
        };
        plimsoll_goals::record(history, &self.goals, facts, self.now);
    }

    /// The worst verdict of all goals. Without a goal nothing is verified.
    pub fn verdict(&self) -> Verdict {
        self.goals
            .iter()
            .map(|goal| goal.verdict)
            .max()
            .unwrap_or(Verdict::Unverified)
    }

    /// How the run ended. A verdict that is at risk fails only if asked.
    pub fn outcome(&self, fail_at_risk: bool) -> Outcome {
        match self.verdict() {
            Verdict::Breached => Outcome::Fails,
            _ if fail_at_risk && self.goals.iter().any(|g| g.verdict == Verdict::AtRisk) => {
                Outcome::Fails
            }
            Verdict::Unverified => Outcome::Incomplete,
            _ if self.is_incomplete() => Outcome::Incomplete,
            Verdict::Met | Verdict::AtRisk => Outcome::Holds,
        }
    }

    /// Whether something that may hold assets could not be read or judged.
    pub fn is_incomplete(&self) -> bool {
        self.coverage.failed > 0
            || self.coverage.not_rendered > 0
            || self.coverage.unmatched > 0
            || !self.evaluation.unevaluated.is_empty()
    }
}

/// Judges the estate against the line.
pub fn assess(estate: &Estate, line: &Line, options: Options<'_>) -> Assessment {
    let request = request(line);
    let (findings, evaluation) = plimsoll_posture::evaluate(&estate.inventory, &request);
    let assets = estate.inventory.all_facts();
    let found = Found {
        assets,
        findings,
        evaluation,
        images: images_of(estate, &request, options.now),
        components: None,
    };
    conclude(estate, line, options, found)
}

/// What the engines say, apart from goals.
pub(crate) struct Found<'a> {
    /// The facts of every object.
    pub assets: Vec<AssetFacts>,
    /// In listing order.
    pub findings: Vec<Finding>,
    pub evaluation: Evaluation,
    /// What clusters and nodes run on was compared with.
    pub components: Option<Arc<ComponentLinks>>,
    /// None where no image was looked for.
    pub images: Option<Judged<'a>>,
}

/// Judges the images that the estate was given.
fn images_of<'a>(estate: &'a Estate, request: &Request, now: Timestamp) -> Option<Judged<'a>> {
    let by = images::Judge {
        cluster: &estate.cluster,
        advisories: estate.advisories.as_ref(),
        request,
        now,
    };
    images::judge(&estate.images, by)
}

/// From what was found in the objects to verdicts and a plan.
pub(crate) fn conclude(
    estate: &Estate,
    line: &Line,
    options: Options<'_>,
    found: Found<'_>,
) -> Assessment {
    let (mut result, causes) = goal_by_goal(estate, line, options, found);
    result.plan = match &*result.goals {
        [goal] => goal.plan.clone(),
        goals => plan::plan_all(goals, &result.findings, &causes),
    };
    let plans = result.goals.iter_mut().map(|goal| &mut goal.plan);
    for plan in plans.chain([&mut result.plan]) {
        causes::place(&estate.inventory, plan);
    }
    if let Some(history) = options.history {
        for finding in &result.findings {
            if let Some(time) = history.first_seen(finding.id) {
                result.first_seen.insert(finding.id, time);
            }
        }
    }
    result
}

/// The same but for the plan over all goals together, the places of steps and
/// when findings were first seen.
pub(crate) fn goal_by_goal(
    estate: &Estate,
    line: &Line,
    options: Options<'_>,
    found: Found<'_>,
) -> (Assessment, plan::Causes) {
    let components = found.components.clone();
    let mut result = assessment(estate, options.now, found);
    result.starter_line = options.starter_line;

    let goals_line = plimsoll_goals::Line {
        goals: &line.goals,
        classes: &line.classes,
        exceptions: &line.exceptions,
    };
    let facts = Facts {
        assets: &result.assets,
        findings: &result.findings,
        evaluation: &result.evaluation,
        images: result.links.as_ref(),
        coverage: estate.observed_by.as_deref(),
        components: components.as_deref(),
    };
    let classes = plimsoll_goals::classes(goals_line, facts);
    let (mut goals, said) =
        plimsoll_goals::evaluate_with(goals_line, facts, &classes, options.history, options.now);
    let excepted_by = plimsoll_goals::accepted(goals_line, facts, options.now);
    accepted::keep(&mut result.findings, &excepted_by, &goals);

    let shared = causes::shared(&estate.inventory, &result.assets, &result.findings);
    let causes = plan::resolve(&result.findings, &shared);
    let plans: Vec<FixPlan> = goals
        .par_iter()
        .map(|goal| plan::plan(goal, &result.findings, &causes))
        .collect();
    for (goal, plan) in goals.iter_mut().zip(plans) {
        goal.plan = plan;
    }
    result.diagnostics.extend(classes.diagnostics);
    result.classes = classes.of;
    result.class_conflicts = classes.conflicts;
    result.goals = goals;
    result.excepted_by = excepted_by;
    result.diagnostics.extend(said);
    result.diagnostics.sort_by(Diagnostic::listing_order);
    result.diagnostics.dedup();
    (result, causes)
}

/// Finds everything, or what the named baselines and controls find, without
/// goals.
pub fn scan(
    estate: &Estate,
    baselines: &[String],
    controls: &[String],
    now: Timestamp,
) -> Assessment {
    let request = Request {
        baselines: baselines.iter().cloned().collect(),
        controls: controls.iter().cloned().collect(),
        own: own_baselines(&estate.line),
        everything: baselines.is_empty() && controls.is_empty(),
    };
    let (findings, evaluation) = plimsoll_posture::evaluate(&estate.inventory, &request);
    let found = Found {
        assets: estate.inventory.all_facts(),
        findings,
        evaluation,
        images: images_of(estate, &request, now),
        components: None,
    };
    let mut result = assessment(estate, now, found);
    for (name, reason) in &result.evaluation.missing {
        result
            .diagnostics
            .push(Diagnostic::error(None, format!("`{name}`: {reason}")));
    }
    accepted::keep(&mut result.findings, &result.excepted_by, &[]);
    result.classes = vec![Vec::new(); result.assets.len()];
    result.diagnostics.sort_by(Diagnostic::listing_order);
    result
}

/// Judges one image alone, without goals: what the named baselines and
/// controls find, or all of them.
pub fn scan_image(
    image: Arc<Image>,
    advisories: Option<Advisories>,
    baselines: &[String],
    controls: &[String],
    now: Timestamp,
) -> Assessment {
    let mut estate = Estate::new(&EstateOptions {
        cluster: "images".into(),
        default_namespace: "default".into(),
        now,
        limits: Limits::default(),
        line_given: false,
    });
    estate.advisories = advisories;
    estate.images.push(LookedInto {
        names: vec![image.name.as_str().into()],
        outcome: Ok(image),
        at: None,
    });
    let mut result = scan(&estate, baselines, controls, now);
    // Nobody asked about manifests.
    result
        .evaluation
        .controls
        .retain(|control| result.evaluation.image_controls.contains(control));
    result
}

/// What the goals of a line need to be evaluated, without what the coverage
/// engine finds.
pub(crate) fn request(line: &Line) -> Request {
    let mut baselines = BTreeSet::new();
    let mut controls = BTreeSet::new();
    for (goal, _) in &line.goals {
        for clause in &goal.spec.require {
            if let Clause::Configuration(clause) = clause {
                baselines.extend(clause.baseline.iter().cloned());
                let others = |id: &&String| plimsoll_coverage::rule(id).is_none();
                controls.extend(clause.controls.iter().filter(others).cloned());
            }
        }
    }
    Request {
        baselines,
        controls,
        own: own_baselines(line),
        everything: false,
    }
}

fn own_baselines(line: &Line) -> Vec<Arc<Baseline>> {
    line.baselines
        .iter()
        .map(|(baseline, _)| baseline.clone())
        .collect()
}

fn assessment(estate: &Estate, now: Timestamp, found: Found<'_>) -> Assessment {
    let Found {
        mut assets,
        findings,
        evaluation,
        images,
        components: _,
    } = found;
    assets.extend(estate.unread.iter().cloned());
    assets.sort_by(|a, b| a.asset.id.cmp(&b.asset.id));
    let mut coverage = estate.coverage.clone();
    coverage.workloads = estate.inventory.workloads().count() as u64;
    let mut diagnostics = estate.diagnostics.clone();
    for gap in &evaluation.unevaluated {
        diagnostics.push(Diagnostic::warning(
            Some(gap.location.clone()),
            format!("{} can't be judged: {}", gap.asset, gap.reason),
        ));
    }
    let mut result = Assessment {
        now,
        cluster: estate.cluster.clone(),
        assets,
        classes: Vec::new(),
        class_conflicts: Vec::new(),
        findings,
        excepted_by: BTreeMap::new(),
        first_seen: BTreeMap::new(),
        evaluation,
        goals: Vec::new(),
        plan: FixPlan::default(),
        coverage,
        diagnostics,
        starter_line: false,
        images: Vec::new(),
        links: None,
        components: Vec::new(),
    };
    if let Some(judged) = images {
        result.add_images(judged);
    }
    result
}
