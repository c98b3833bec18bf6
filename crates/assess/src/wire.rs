//! From an assessment to the stable machine interface, from which every
//! output format is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{
    AssetFacts, AssetId, AssetState, Diagnostic, Evidence, Finding, Fix, FixEdit, FixPlan, FixStep,
    FixTarget, GoalVerdict, ImageLink, Percent, Rule, Severity,
    resource::AdmissionMode,
    wire::{
        AssetReport, AttainmentReport, BecauseReport, CheckReport, ClauseReport, ControlReport,
        DiagnosticReport, EditReport, FindingReport, FixReport, GoalAssetReport, GoalReport,
        MappingReport, PlaceReport, PlanReport, PlanSummary, SCHEMA_VERSION, ScanReport,
        StepReport,
    },
};

use crate::Assessment;

/// What stands in `generator`.
pub(crate) const GENERATOR: &str = concat!("plimsoll ", env!("CARGO_PKG_VERSION"));

/// The report of a check.
pub fn check(assessment: &Assessment) -> CheckReport {
    let mut in_scope = vec![false; assessment.assets.len()];
    for goal in &assessment.goals {
        for asset in &goal.assets {
            in_scope[asset.asset as usize] = true;
        }
    }
    // The verdicts rest on what is in scope; what is not is for a scan.
    let mut ids: BTreeSet<&AssetId> = BTreeSet::new();
    for (asset, _) in assessment
        .assets
        .iter()
        .zip(&in_scope)
        .filter(|(_, is)| **is)
    {
        ids.insert(&asset.asset.id);
        // It answers for what is in its images.
        for name in &asset.images {
            let link = assessment.links.as_ref().and_then(|links| links.get(name));
            if let Some(ImageLink::Known(image)) = link {
                ids.insert(&image.asset);
            }
        }
    }
    // What the cluster runs on is nobody's workload: it is told whether or not a
    // goal is about it.
    ids.extend(assessment.components.iter().map(|c| &c.asset));
    let counted = || {
        let all = assessment.findings.iter().enumerate();
        all.filter(|(_, finding)| ids.contains(&finding.asset.id))
    };
    CheckReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        kind: "check".to_owned(),
        generator: GENERATOR.to_owned(),
        now: assessment.now,
        inputs: Vec::new(),
        cluster: assessment.cluster.to_string(),
        verdict: assessment.verdict(),
        starter_line: assessment.starter_line,
        baselines: baselines(assessment),
        baseline_controls: baseline_controls(assessment),
        controls: controls(counted().map(|(_, finding)| finding.rule)),
        coverage: assessment.coverage.clone(),
        goals: assessment
            .goals
            .iter()
            .map(|goal| self::goal(assessment, goal))
            .collect(),
        fix_plan: PlanReport {
            steps: steps(assessment, &assessment.plan),
            summary: summary(&assessment.plan),
        },
        assets: (0..assessment.assets.len())
            .filter(|index| in_scope[*index])
            .map(|index| asset(assessment, index))
            .collect(),
        components: assessment.components.clone(),
        severities: severities(counted().map(|(_, finding)| finding)),
        diagnostics: assessment.diagnostics.iter().map(diagnostic).collect(),
        findings: counted()
            .map(|(index, f)| finding(assessment, index, f))
            .collect(),
    }
}

/// The report of a scan without its findings, which [`findings`] gives one by
/// one: there can be too many to hold twice.
pub fn scan(assessment: &Assessment) -> ScanReport {
    let evaluation = &assessment.evaluation;
    let evaluated = evaluation
        .baselines
        .values()
        .flat_map(|baseline| &baseline.controls);
    let evaluated = evaluated
        .chain(&evaluation.controls)
        .filter_map(|id| plimsoll_posture::find(id))
        .map(|control| control.rule);
    ScanReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        kind: "scan".to_owned(),
        generator: GENERATOR.to_owned(),
        now: assessment.now,
        inputs: Vec::new(),
        cluster: assessment.cluster.to_string(),
        baselines: baselines(assessment),
        controls: controls(evaluated.chain(assessment.findings.iter().map(|f| f.rule))),
        coverage: assessment.coverage.clone(),
        severities: severities(assessment.findings.iter()),
        diagnostics: assessment.diagnostics.iter().map(diagnostic).collect(),
        findings: Vec::new(),
        images: assessment
            .images
            .iter()
            .map(|image| (**image).clone())
            .collect(),
    }
}

/// The findings, worst first, made one by one.
pub fn findings(assessment: &Assessment) -> impl Iterator<Item = FindingReport> + '_ {
    assessment
        .findings
        .iter()
        .enumerate()
        .map(|(index, f)| finding(assessment, index, f))
}

/// The baselines that were evaluated, pinned, each once.
fn baselines(assessment: &Assessment) -> Vec<String> {
    let pinned = assessment
        .evaluation
        .baselines
        .values()
        .map(|b| b.pinned.to_string());
    pinned.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What these baselines hold, by their pinned names.
fn baseline_controls(assessment: &Assessment) -> BTreeMap<String, Vec<String>> {
    let resolved = assessment.evaluation.baselines.values();
    resolved
        .map(|baseline| {
            let controls = baseline.controls.iter().map(|id| (*id).to_owned());
            (baseline.pinned.to_string(), controls.collect())
        })
        .collect()
}

/// The words of these rules, each once.
fn controls<'a>(rules: impl Iterator<Item = &'a Rule>) -> BTreeMap<String, ControlReport> {
    let rules: BTreeMap<&str, &Rule> = rules.map(|rule| (rule.id, rule)).collect();
    rules
        .into_iter()
        .map(|(id, rule)| (id.to_owned(), control(rule)))
        .collect()
}

fn control(rule: &Rule) -> ControlReport {
    ControlReport {
        title: rule.title.to_owned(),
        severity: rule.severity,
        category: rule.category.to_owned(),
        why: rule.why.to_owned(),
        remediation: rule.remediation.to_owned(),
        references: rule
            .references
            .iter()
            .map(|&address| address.to_owned())
            .collect(),
        mappings: rule
            .mappings
            .iter()
            .map(|mapping| MappingReport {
                framework: mapping.framework.to_owned(),
                requirement: mapping.requirement.to_owned(),
            })
            .collect(),
    }
}

fn severities<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeMap<Severity, u64> {
    let mut counts: BTreeMap<_, _> = Severity::WORST_FIRST.into_iter().map(|s| (s, 0)).collect();
    for finding in findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    counts
}

fn diagnostic(diagnostic: &Diagnostic) -> DiagnosticReport {
    let at = diagnostic.location.as_ref();
    DiagnosticReport {
        level: diagnostic.level,
        file: at.map(|at| at.file.to_string()),
        line: at.map(|at| at.line),
        column: at.map(|at| at.column),
        message: diagnostic.message.clone(),
    }
}

fn finding(assessment: &Assessment, index: usize, finding: &Finding) -> FindingReport {
    let evidence = finding.evidence();
    let at = evidence.location();
    let mut fixes = finding.fixes.iter().map(fix);
    FindingReport {
        id: finding.id,
        kind: finding.kind,
        control: finding.rule.id.to_owned(),
        title: finding.rule.title.to_owned(),
        severity: finding.severity,
        asset: finding.asset.id.clone(),
        object: finding.asset.object.clone(),
        container: finding.subject.container.as_deref().map(str::to_owned),
        file: at.file.to_string(),
        line: at.line,
        column: at.column,
        path: evidence.path().to_string(),
        layer: evidence.layer().copied(),
        observed: evidence.observed().map(str::to_owned),
        message: finding.message.to_string(),
        also: finding.all_evidence().skip(1).map(place).collect(),
        baselines: finding.baselines.iter().map(ToString::to_string).collect(),
        fix: fixes.next().unwrap_or_else(|| FixReport {
            summary: finding.rule.remediation.to_owned(),
            automatic: false,
            object: None,
            edits: Vec::new(),
            manifest: None,
            decision: None,
        }),
        alternatives: fixes.collect(),
        waived_by: finding.waiver.as_ref().map(|waiver| match &*waiver.reason {
            "" => waiver.annotation.to_string(),
            reason => format!("{}: {reason}", waiver.annotation),
        }),
        excepted_by: assessment.excepted_by.get(&(index as u32)).cloned(),
        first_seen: assessment.first_seen.get(&finding.id).copied(),
        vulnerability: finding.vulnerability.as_deref().map(|v| Box::new(v.into())),
    }
}

fn place(evidence: &Evidence) -> PlaceReport {
    let at = evidence.location();
    PlaceReport {
        file: at.file.to_string(),
        line: at.line,
        column: at.column,
        path: evidence.path().to_string(),
    }
}

fn fix(fix: &Fix) -> FixReport {
    let (object, manifest) = match &fix.target {
        FixTarget::Own => (None, None),
        FixTarget::Other(object) => (Some((**object).clone()), None),
        FixTarget::New { object, manifest } => {
            (Some((**object).clone()), Some(manifest.to_string()))
        }
    };
    FixReport {
        summary: fix.summary.to_string(),
        automatic: fix.is_automatic(),
        object,
        edits: fix.edits.iter().map(edit).collect(),
        manifest,
        decision: fix.decision.as_deref().map(str::to_owned),
    }
}

fn edit(edit: &FixEdit) -> EditReport {
    let (op, value) = match edit {
        FixEdit::Set(_, value) => ("set", Some(value.to_json())),
        FixEdit::Add(_, value) => ("add", Some(value.to_json())),
        FixEdit::Remove(_) => ("remove", None),
    };
    EditReport {
        op: op.to_owned(),
        path: edit.path().to_string(),
        value,
    }
}

fn goal(assessment: &Assessment, verdict: &GoalVerdict) -> GoalReport {
    let spec = &verdict.goal.spec;
    let fraction = Percent::as_fraction;
    let attainment = &verdict.attainment;
    GoalReport {
        name: verdict.goal.metadata.name.clone(),
        owner: spec.owner.clone(),
        why: spec.why.clone(),
        mandatory: spec.mandatory,
        admission: match spec.enforce.admission {
            AdmissionMode::Audit => "audit",
            AdmissionMode::Warn => "warn",
            AdmissionMode::Deny => "deny",
        }
        .to_owned(),
        file: verdict.location.file.to_string(),
        line: verdict.location.line,
        verdict: verdict.verdict,
        attainment: AttainmentReport {
            lower: fraction(attainment.lower),
            upper: fraction(attainment.upper),
            target: fraction(attainment.target),
            required: fraction(attainment.required),
        },
        counts: verdict.counts,
        window: verdict.window,
        at_risk: verdict.at_risk.clone(),
        since: verdict.since,
        changes: verdict.changes.clone(),
        notes: verdict.notes.clone(),
        settled_by: verdict.settled_by.clone(),
        clauses: verdict
            .clauses
            .iter()
            .map(|clause| ClauseReport {
                kind: clause.word.to_owned(),
                text: clause.text.clone(),
                counts: clause.counts,
                settled_by: clause.settled_by.clone(),
            })
            .collect(),
        fix_plan: steps(assessment, &verdict.plan),
        plan: summary(&verdict.plan),
        assets: verdict
            .assets
            .iter()
            .filter(|asset| asset.state != AssetState::Satisfied)
            .map(|asset| {
                let facts = &assessment.assets[asset.asset as usize];
                GoalAssetReport {
                    asset: facts.asset.id.clone(),
                    object: facts.asset.object.clone(),
                    state: asset.state,
                    because: asset
                        .clauses
                        .iter()
                        .map(|outcome| BecauseReport {
                            clause: outcome.clause as u64,
                            state: outcome.state,
                            text: outcome.because.clone(),
                            findings: ids(assessment, &outcome.findings),
                            until: outcome.until,
                        })
                        .collect(),
                }
            })
            .collect(),
        satisfied: verdict
            .assets
            .iter()
            .filter(|asset| asset.state == AssetState::Satisfied)
            .map(|asset| assessment.assets[asset.asset as usize].asset.id.clone())
            .collect(),
    }
}

fn ids(assessment: &Assessment, indexes: &[u32]) -> Vec<plimsoll_model::FindingId> {
    indexes
        .iter()
        .map(|index| assessment.findings[*index as usize].id)
        .collect()
}

fn summary(plan: &FixPlan) -> PlanSummary {
    PlanSummary {
        proof: plan.proof,
        reaches_target: plan.reaches_target,
        out_of_reach: plan.out_of_reach,
    }
}

fn steps(assessment: &Assessment, plan: &FixPlan) -> Vec<StepReport> {
    plan.steps
        .iter()
        .map(|step| self::step(assessment, step))
        .collect()
}

fn step(assessment: &Assessment, step: &FixStep) -> StepReport {
    let mut edits: Vec<EditReport> = Vec::new();
    for (_, fix) in &step.fixes {
        for edit in fix.edits.iter().map(edit) {
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    StepReport {
        summary: step.summary.clone(),
        cause: step.cause.clone(),
        object: step.object.clone(),
        file: step.location.as_ref().map(|at| at.file.to_string()),
        line: step.location.as_ref().map(|at| at.line),
        effort: step.effort,
        automatic: step.fixes.iter().all(|(_, fix)| fix.is_automatic()),
        decisions: step.decisions.clone(),
        clears: step.clears.len() as u64,
        assets: step.assets,
        severity: step.severity,
        findings: ids(assessment, &step.clears),
        edits,
    }
}

fn asset(assessment: &Assessment, index: usize) -> AssetReport {
    let facts: &AssetFacts = &assessment.assets[index];
    let text = |text: &Arc<str>| text.to_string();
    AssetReport {
        id: facts.asset.id.clone(),
        kind: facts.asset.kind,
        object: facts.asset.object.clone(),
        owner: facts.owner.as_ref().map(text),
        file: facts.location.as_ref().map(|at| text(&at.file)),
        line: facts.location.as_ref().map(|at| at.line),
        classes: assessment.classes[index].clone(),
        class_conflict: assessment.class_conflicts.get(index).cloned().flatten(),
        exposure: facts.exposure.level,
        exposed_by: facts
            .exposure
            .reasons
            .iter()
            .map(|reason| match &reason.blocked_by {
                Some(policy) => format!("{} (kept out by {policy})", reason.text),
                None => reason.text.clone(),
            })
            .collect(),
        unknown: facts.unknown.as_ref().map(|unknown| unknown.reason.clone()),
    }
}
