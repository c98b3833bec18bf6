//! Nothing, everything, and names that try to leave their place.

use std::collections::BTreeMap;

use plimsoll_model::{
    AssetId, AssetState, FindingId, PlanProof, Subject, Verdict,
    wire::{
        CheckReport, ComponentReport, ComponentState, CoverageReport, FindingReport, PlanReport,
        PlanSummary, ScanReport,
    },
};

use super::{
    goal, listed, shop,
    table::{CONTROLS, WORKLOADS, asset, finding, object},
};

/// A check of nothing.
pub fn empty() -> CheckReport {
    let shop = shop();
    CheckReport {
        components: Vec::new(),
        verdict: Verdict::Unverified,
        starter_line: true,
        baselines: Vec::new(),
        controls: BTreeMap::new(),
        coverage: CoverageReport::default(),
        goals: Vec::new(),
        fix_plan: PlanReport {
            steps: Vec::new(),
            summary: PlanSummary {
                proof: PlanProof::Optimal,
                reaches_target: true,
                out_of_reach: 0,
            },
        },
        assets: Vec::new(),
        severities: BTreeMap::new(),
        diagnostics: Vec::new(),
        findings: Vec::new(),
        ..shop
    }
}

/// Markup, escape sequences and direction marks.
const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[31m\u{202e}]]>\"'|`**@all** [x](http://evil.example)\n# h\u{9b}0m";

/// The same check where every text that a manifest can choose is hostile.
pub fn hostile() -> CheckReport {
    let mut report = shop();
    let mut object = object(6);
    object.name = HOSTILE.into();
    let swap = |text: &mut String| *text = HOSTILE.to_owned();
    report.cluster = HOSTILE.to_owned();
    report.baselines = vec![HOSTILE.to_owned()];
    let mut control = report
        .controls
        .pop_first()
        .expect("the shop has controls")
        .1;
    for text in [
        &mut control.title,
        &mut control.category,
        &mut control.why,
        &mut control.remediation,
    ] {
        swap(text);
    }
    control.references = vec![
        format!("https://{HOSTILE}"),
        "javascript:alert(1)".to_owned(),
    ];
    control.mappings[0].framework = HOSTILE.to_owned();
    control.mappings[0].requirement = HOSTILE.to_owned();
    report.controls = BTreeMap::from([(HOSTILE.to_owned(), control)]);
    for finding in &mut report.findings {
        finding.object = object.clone();
        for text in [
            &mut finding.control,
            &mut finding.title,
            &mut finding.file,
            &mut finding.path,
            &mut finding.message,
            &mut finding.fix.summary,
        ] {
            swap(text);
        }
    }
    for asset in &mut report.assets {
        asset.object = object.clone();
        asset.owner = Some(HOSTILE.to_owned());
        asset.file = Some(HOSTILE.to_owned());
        asset.classes[0].class = HOSTILE.to_owned();
        asset.classes[0].because = HOSTILE.to_owned();
        asset.class_conflict = Some(HOSTILE.to_owned());
        asset.unknown = Some(HOSTILE.to_owned());
    }
    for (n, goal) in report.goals.iter_mut().enumerate() {
        // Goals have different names, however they look.
        goal.name = format!("{HOSTILE}{n}");
        for text in [&mut goal.owner, &mut goal.why, &mut goal.file] {
            swap(text);
        }
        goal.changes = vec![HOSTILE.to_owned()];
        goal.notes = vec![HOSTILE.to_owned()];
        goal.settled_by = vec![HOSTILE.to_owned()];
        for clause in &mut goal.clauses {
            swap(&mut clause.text);
        }
        for asset in &mut goal.assets {
            asset.object = object.clone();
            swap(&mut asset.because[0].text);
        }
    }
    for step in &mut report.fix_plan.steps {
        swap(&mut step.summary);
        step.file = Some(HOSTILE.to_owned());
        step.decisions = vec![HOSTILE.to_owned()];
        step.edits[0].value = Some(serde_json::json!(HOSTILE));
        swap(&mut step.edits[0].path);
    }
    for gap in &mut report.coverage.gaps {
        swap(&mut gap.file);
        swap(&mut gap.reason);
    }
    report.components = vec![ComponentReport {
        state: ComponentState::Unknown,
        findings: vec![report.findings[0].id],
        reasons: vec![HOSTILE.to_owned()],
        ..ComponentReport::compared(report.assets[0].id.clone(), HOSTILE, Some(HOSTILE))
    }];
    for diagnostic in &mut report.diagnostics {
        swap(&mut diagnostic.message);
        diagnostic.file = Some(HOSTILE.to_owned());
    }
    report
}

/// The scan of the same shop, with its findings apart.
pub fn scan() -> (ScanReport, Vec<FindingReport>) {
    let report = shop();
    let header = ScanReport {
        schema_version: report.schema_version,
        kind: "scan".to_owned(),
        generator: report.generator,
        now: report.now,
        inputs: report.inputs,
        cluster: report.cluster,
        baselines: report.baselines,
        controls: report.controls,
        coverage: report.coverage,
        severities: report.severities,
        diagnostics: report.diagnostics,
        images: Vec::new(),
        findings: Vec::new(),
    };
    (header, report.findings)
}

/// A check of many workloads that all violate everything.
pub fn huge(assets: usize) -> CheckReport {
    let mut report = shop();
    let name = |n: usize| format!("workload-{n:06}");
    let (mut all, mut list, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..assets {
        let mut one = asset(n % WORKLOADS.len());
        one.id = AssetId::from_text(format!("cluster/prod/ns/huge/apps.Deployment/{}", name(n)));
        one.object.name = name(n).into();
        let mut of: Vec<FindingReport> = Vec::new();
        for (control, row) in CONTROLS.iter().enumerate() {
            let mut found = finding(n % WORKLOADS.len(), control);
            let subject = Subject {
                container: None,
                field: row.3.into(),
            };
            found.id = FindingId::new(one.id.as_str(), &found.control, &subject);
            found.asset = one.id.clone();
            found.object = one.object.clone();
            of.push(found);
        }
        let mut entry = listed(0, AssetState::Violated, "5 violations, 0 accepted", &of);
        entry.asset = one.id.clone();
        entry.object = one.object.clone();
        list.push(entry);
        findings.extend(of);
        all.push(one);
    }
    let clause = [("configuration", "configuration pss/restricted@1.36, max 0")];
    report.goals = vec![goal(
        "huge",
        "nobody",
        1.0,
        1.0,
        &clause,
        assets as u64,
        list,
        None,
    )];
    report.severities = BTreeMap::new();
    for finding in &findings {
        *report.severities.entry(finding.severity).or_default() += 1;
    }
    report.assets = all;
    report.findings = findings;
    report
}
