//! A realistic report, built so that its numbers add up.

pub mod extremes;
mod table;
pub mod vulnerable;

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetState, AtRisk, Counts, PlanProof, Severity, Timestamp, Verdict, WindowResult,
    wire::{
        AttainmentReport, BecauseReport, CheckReport, ClauseReport, CoverageReport,
        DiagnosticLevel, DiagnosticReport, FindingReport, GapReport, GapState, GoalAssetReport,
        GoalReport, PlanReport, PlanSummary, SCHEMA_VERSION, StepReport,
    },
};

use table::{CONTROLS, WORKLOADS, asset, file, finding, id, object};

pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a time written in a test")
}

/// The goal's counts, verdict and attainment from its assets, so that they
/// agree.
#[expect(clippy::too_many_arguments, reason = "one row of a table of goals")]
pub fn goal(
    name: &str,
    owner: &str,
    target: f64,
    required: f64,
    clauses: &[(&str, &str)],
    in_scope: u64,
    assets: Vec<GoalAssetReport>,
    at_risk: Option<AtRisk>,
) -> GoalReport {
    let mut counts = Counts::default();
    for asset in &assets {
        counts.add(asset.state);
    }
    let rest = in_scope.saturating_sub(assets.len() as u64) as usize;
    let satisfied: Vec<_> = (0..WORKLOADS.len())
        .map(id)
        .filter(|id| assets.iter().all(|asset| asset.asset != *id))
        .take(rest)
        .collect();
    for _ in &satisfied {
        counts.add(AssetState::Satisfied);
    }
    assert_eq!(counts.in_scope, in_scope, "the scope is made of workloads");
    let share = |part: u64| match counts.in_scope {
        0 => 0.0,
        all => (part * 1_000_000 / all) as f64 / 1e6,
    };
    let (lower, upper) = (share(counts.lower()), share(counts.upper()));
    let verdict = if in_scope == 0 {
        Verdict::Unverified
    } else if lower >= required {
        if at_risk.is_some() {
            Verdict::AtRisk
        } else {
            Verdict::Met
        }
    } else if upper < required {
        Verdict::Breached
    } else {
        Verdict::Unverified
    };
    GoalReport {
        name: name.to_owned(),
        owner: owner.to_owned(),
        why: String::new(),
        mandatory: false,
        admission: "audit".to_owned(),
        file: ".plimsoll/goals.yaml".to_owned(),
        line: 3,
        verdict,
        attainment: AttainmentReport {
            lower,
            upper,
            target,
            required,
        },
        counts,
        window: None,
        at_risk,
        since: Some(time("2026-11-20T00:00:00Z")),
        changes: Vec::new(),
        notes: Vec::new(),
        settled_by: Vec::new(),
        clauses: clauses
            .iter()
            .map(|(kind, text)| ClauseReport {
                kind: (*kind).to_owned(),
                text: (*text).to_owned(),
                counts,
                settled_by: None,
            })
            .collect(),
        fix_plan: Vec::new(),
        plan: PlanSummary {
            proof: PlanProof::Optimal,
            reaches_target: verdict != Verdict::Unverified,
            out_of_reach: 0,
        },
        assets,
        satisfied,
    }
}

pub fn listed(
    at: usize,
    state: AssetState,
    text: &str,
    findings: &[FindingReport],
) -> GoalAssetReport {
    GoalAssetReport {
        asset: id(at),
        object: object(at),
        state,
        because: vec![BecauseReport {
            clause: 0,
            state,
            text: text.to_owned(),
            findings: findings.iter().map(|f| f.id).collect(),
            until: (state == AssetState::Pending).then(|| time("2026-12-04T00:00:00Z")),
        }],
    }
}

fn steps() -> Vec<StepReport> {
    let step = |at: usize, control: usize, clears: u64, assets: u64, automatic: bool| {
        let finding = finding(at, control);
        StepReport {
            summary: format!("In {}, {}", object(at), CONTROLS[control].5),
            cause: object(at).to_string(),
            object: object(at),
            file: Some(file(at)),
            line: Some(finding.line),
            effort: 10,
            automatic,
            decisions: if automatic {
                Vec::new()
            } else {
                vec!["which user the image runs as: its USER is not known here".to_owned()]
            },
            clears,
            assets,
            severity: finding.severity,
            findings: vec![finding.id],
            edits: finding.fix.edits,
        }
    };
    vec![
        step(6, 0, 5, 1, true),
        step(8, 2, 3, 1, false),
        step(0, 3, 1, 1, true),
    ]
}

/// The check of a shop: a goal of each verdict.
pub fn shop() -> CheckReport {
    let mut findings: Vec<FindingReport> = Vec::new();
    for (at, controls) in [
        (6, &[0, 1, 2, 3, 4][..]),
        (8, &[2, 3, 4]),
        (0, &[3]),
        (15, &[0, 1]),
        (22, &[2, 3, 4]),
        (3, &[4]),
    ] {
        findings.extend(controls.iter().map(|control| finding(at, *control)));
    }
    for found in &mut findings {
        if found.asset == id(15) {
            found.excepted_by = Some("node-agent-needs-the-node".to_owned());
        }
        if found.asset == id(3) {
            found.waived_by =
                Some("ignore-check.kube-linter.io/latest-tag: moves on purpose".into());
        }
    }
    let of = |at: usize| -> Vec<FindingReport> {
        findings
            .iter()
            .filter(|f| f.asset == id(at))
            .cloned()
            .collect()
    };
    let restricted = ("configuration", "configuration pss/restricted@1.36, max 0");
    let mut hold = goal(
        "crown-jewels-hold",
        "payments-platform",
        1.0,
        1.0,
        &[restricted, ("exposure", "exposure attackPaths 0")],
        24,
        vec![
            listed(6, AssetState::Violated, "5 violations, 0 accepted", &of(6)),
            listed(8, AssetState::Violated, "3 violations, 0 accepted", &of(8)),
            listed(
                22,
                AssetState::Violated,
                "3 violations, 0 accepted",
                &of(22),
            ),
            listed(
                0,
                AssetState::Pending,
                "1 violation inside its grace period",
                &of(0),
            ),
            listed(
                20,
                AssetState::Unknown,
                "its chart template is not rendered",
                &[],
            ),
            listed(
                15,
                AssetState::Excepted,
                "2 violations, all excepted",
                &of(15),
            ),
        ],
        None,
    );
    hold.why = "PCI DSS 6.3.3; the board's risk appetite of 2026-Q4".to_owned();
    hold.changes = vec!["Deployment payments/checkout is newly violated".to_owned()];
    hold.notes = vec!["review is overdue since 2026-10-31".to_owned()];
    hold.settled_by = vec!["render chart warehouse (helm template) and check what it gives".into()];
    hold.fix_plan = steps();
    let ramp = goal(
        "images-pinned",
        "platform",
        0.95,
        0.8,
        &[("configuration", "configuration image-tag-mutable, max 0")],
        12,
        vec![listed(
            8,
            AssetState::Violated,
            "1 violation, 0 accepted",
            &of(8)[2..],
        )],
        Some(AtRisk {
            at: time("2026-12-18T09:30:00Z"),
            because: "the ramp then asks for more than is reached".to_owned(),
        }),
    );
    let mut runtime = goal(
        "nothing-drifts",
        "security",
        1.0,
        1.0,
        &[("runtime", "runtime drift block")],
        2,
        vec![
            listed(6, AssetState::Unknown, "no sensor observes it", &[]),
            listed(7, AssetState::Unknown, "no sensor observes it", &[]),
        ],
        None,
    );
    runtime.settled_by = vec!["a sensor on the nodes: no engine here observes drift".to_owned()];
    let empty = goal(
        "frontier",
        "security",
        1.0,
        1.0,
        &[restricted],
        0,
        Vec::new(),
        None,
    );
    let mut met = goal(
        "no-privileged",
        "platform",
        0.9,
        0.9,
        &[restricted],
        18,
        Vec::new(),
        None,
    );
    met.mandatory = true;
    met.window = Some(WindowResult {
        total: 1_000_000,
        good: 998_765,
        unknown: 200,
    });
    let mut goals = vec![hold, empty, ramp, met, runtime];
    goals.sort_by(|a, b| a.name.cmp(&b.name));
    findings.sort_by(|a, b| {
        (b.severity, &a.asset, &a.control).cmp(&(a.severity, &b.asset, &b.control))
    });
    let mut severities: BTreeMap<Severity, u64> =
        Severity::WORST_FIRST.into_iter().map(|s| (s, 0)).collect();
    for finding in &findings {
        *severities.entry(finding.severity).or_default() += 1;
    }
    CheckReport {
        components: Vec::new(),
        schema_version: SCHEMA_VERSION.to_owned(),
        kind: "check".to_owned(),
        generator: "plimsoll 0.1.0".to_owned(),
        now: time("2026-11-25T03:31:00Z"),
        inputs: Vec::new(),
        cluster: "prod".to_owned(),
        verdict: goals
            .iter()
            .map(|goal| goal.verdict)
            .max()
            .unwrap_or(Verdict::Unverified),
        starter_line: false,
        baselines: vec!["pss/restricted@1.36".to_owned()],
        baseline_controls: BTreeMap::from([(
            "pss/restricted@1.36".to_owned(),
            table::controls().into_keys().collect(),
        )]),
        controls: table::controls(),
        coverage: coverage(),
        goals,
        fix_plan: PlanReport {
            steps: steps(),
            summary: PlanSummary {
                proof: PlanProof::Optimal,
                reaches_target: false,
                out_of_reach: 2,
            },
        },
        assets: (0..WORKLOADS.len()).map(asset).collect(),
        severities,
        diagnostics: vec![
            DiagnosticReport {
                level: DiagnosticLevel::Warning,
                file: Some(".plimsoll/exceptions.yaml".to_owned()),
                line: Some(12),
                column: Some(3),
                message: "exception `debug-pod` expired on 2026-11-01 and accepts nothing".into(),
            },
            DiagnosticReport {
                level: DiagnosticLevel::Note,
                file: None,
                line: None,
                column: None,
                message: "no state file: every finding counts as seen first now".to_owned(),
            },
        ],
        findings,
    }
}

fn coverage() -> CoverageReport {
    let gap = |state, file: &str, line, column, reason: &str| GapReport {
        state,
        file: file.to_owned(),
        line,
        column,
        reason: reason.to_owned(),
    };
    CoverageReport {
        images: 0,
        files: 31,
        read: 152,
        workloads: 24,
        skipped: 1,
        not_rendered: 1,
        failed: 1,
        unmatched: 0,
        gaps: vec![
            gap(
                GapState::NotRendered,
                "charts/warehouse/templates/export.yaml",
                0,
                0,
                "a chart template: check what `helm template` gives",
            ),
            gap(
                GapState::Failed,
                "sandbox/broken.yaml",
                7,
                3,
                "a tab can't indent YAML",
            ),
            gap(
                GapState::Skipped,
                "README.yaml",
                1,
                1,
                "no apiVersion and kind",
            ),
        ],
    }
}
