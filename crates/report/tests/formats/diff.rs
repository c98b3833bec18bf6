//! What changed between two reports, and why.

use plimsoll_model::{
    AssetState, Verdict,
    wire::{CheckReport, GapReport, GapState},
};
use plimsoll_report::{
    Style,
    diff::{Change, Diff, Standing, diff},
};

use crate::support;

/// The control, kind and reason of each finding that changed.
fn changes(diff: &Diff) -> Vec<(Change, &str, &str)> {
    diff.findings
        .iter()
        .map(|f| (f.change, f.control.as_str(), f.why.as_str()))
        .collect()
}

/// Changes the shop, and compares.
fn changed(how: impl FnOnce(&mut CheckReport)) -> Diff {
    let mut after = support::shop();
    how(&mut after);
    diff(&support::shop(), &after)
}

/// Takes the findings of an asset whose name ends like this out of the report.
fn without(report: &mut CheckReport, asset: &str, control: &str) {
    let gone: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.asset.as_str().ends_with(asset) && f.control.starts_with(control))
        .map(|f| f.id)
        .collect();
    report.findings.retain(|f| !gone.contains(&f.id));
    for goal in &mut report.goals {
        for because in goal.assets.iter_mut().flat_map(|asset| &mut asset.because) {
            because.findings.retain(|id| !gone.contains(id));
        }
    }
}

#[test]
fn the_same_report_has_no_diff() {
    let diff = changed(|_| {});
    assert!(diff.is_empty(), "{diff:#?}");
    assert_eq!(diff.counts.unchanged, 15);
    let mut out = Vec::new();
    diff.terminal(Style::default(), &mut out)
        .expect("a vector takes all");
    assert!(out.starts_with(b"Nothing changed.\n"));
}

#[test]
fn a_fixed_field_and_a_new_one() {
    let fixed = changed(|report| without(report, "/checkout", "pss-privileged"));
    assert_eq!(
        changes(&fixed),
        [(
            Change::Fixed,
            "pss-privileged",
            "spec.template.spec.containers[main].securityContext.privileged changed: it was \
             `true` at payments/checkout.yaml:20:11"
        )]
    );
    let mut before = support::shop();
    without(&mut before, "/checkout", "pss-privileged");
    assert_eq!(
        changes(&diff(&before, &support::shop())),
        [(
            Change::New,
            "pss-privileged",
            "spec.template.spec.containers[main].securityContext.privileged changed: it is \
             `true` at payments/checkout.yaml:20:11"
        )]
    );
}

#[test]
fn an_object_that_went_and_one_that_came() {
    let gone = |report: &mut CheckReport| {
        without(report, "/try-me", "");
        report
            .assets
            .retain(|asset| !asset.id.as_str().ends_with("/try-me"));
        for goal in &mut report.goals {
            goal.assets
                .retain(|asset| !asset.asset.as_str().ends_with("/try-me"));
        }
    };
    let removed = changed(gone);
    assert_eq!(removed.counts.fixed, 3);
    assert!(
        removed
            .findings
            .iter()
            .all(|f| f.why.starts_with("Deployment sandbox/try-me (was at ")),
        "{:?}",
        changes(&removed)
    );
    assert_eq!(removed.assets_removed.len(), 1);
    let hold = &removed.goals[0];
    assert_eq!(
        (hold.assets[0].from, hold.assets[0].to),
        (Standing::Violated, Standing::Absent)
    );

    let mut before = support::shop();
    gone(&mut before);
    let added = diff(&before, &support::shop());
    assert_eq!(added.counts.new, 3);
    assert_eq!(added.assets_added.len(), 1);
    assert!(
        added.findings[0]
            .why
            .starts_with("Deployment sandbox/try-me was added")
    );
}

#[test]
fn nobody_could_look() {
    let diff = changed(|report| {
        without(report, "/try-me", "");
        report.coverage.failed += 1;
        report.coverage.gaps.push(GapReport {
            state: GapState::Failed,
            file: "sandbox/try-me.yaml".to_owned(),
            line: 3,
            column: 1,
            reason: "a tab can't indent YAML".to_owned(),
        });
    });
    assert_eq!(
        (diff.counts.fixed, diff.counts.became_unknown),
        (0, 3),
        "never fixed"
    );
    assert_eq!(
        diff.findings[0].why,
        "sandbox/try-me.yaml could not be read: a tab can't indent YAML"
    );
    assert_eq!(diff.coverage, ["failed: 1, now 2"]);

    let diff = changed(|report| {
        without(report, "/try-me", "");
        for asset in report
            .assets
            .iter_mut()
            .filter(|a| a.id.as_str().ends_with("/try-me"))
        {
            asset.unknown = Some("its kustomization patches it in a way not read".to_owned());
        }
    });
    assert_eq!(diff.counts.became_unknown, 3);
}

#[test]
fn exceptions_come_and_expire() {
    let accepted = changed(|report| {
        for finding in report
            .findings
            .iter_mut()
            .filter(|f| f.file == "shop/web.yaml")
        {
            finding.excepted_by = Some("web-until-may".to_owned());
        }
    });
    assert_eq!(
        changes(&accepted),
        [(
            Change::Excepted,
            "pss-seccomp-restricted",
            "accepted by exception web-until-may"
        )]
    );
    let lapse = |note: Option<&str>| {
        changed(|report| {
            report
                .findings
                .iter_mut()
                .for_each(|finding| finding.excepted_by = None);
            report.goals[0].notes.extend(note.map(str::to_owned));
        })
    };
    let expired = lapse(Some(
        "exception node-agent-needs-the-node expired on 2026-11-24",
    ));
    assert_eq!(
        changes(&expired)[0],
        (
            Change::Lapsed,
            "pss-privileged",
            "exception node-agent-needs-the-node expired"
        )
    );
    assert_eq!(
        changes(&lapse(None))[0].2,
        "exception node-agent-needs-the-node was removed or expired"
    );
}

#[test]
fn a_field_that_is_fixed_while_the_pin_moves_is_the_reason() {
    let swap = |text: &mut String| *text = text.replace("@1.36", "@1.29");
    let before = changed_pin(swap);
    let mut after = support::shop();
    // The control is in both versions, so that only the field can be why.
    let control = "pss-run-as-non-root";
    let gone = before
        .findings
        .iter()
        .filter(|f| f.control == control)
        .count();
    assert!(gone > 0);
    without(&mut after, "", control);
    let there = diff(&before, &after);
    let back = diff(&after, &before);
    for change in there.findings.iter().chain(&back.findings) {
        assert_eq!(change.control, control);
        assert!(change.why.contains(" changed: it "), "{}", change.why);
    }
    assert_eq!(there.counts.fixed, gone as u64);
    // Of reports that do not tell what their baselines hold, the pin is the better guess.
    let mut untold = before.clone();
    untold.baseline_controls.clear();
    for change in &diff(&untold, &after).findings {
        assert!(change.why.contains(" is pinned to "), "{}", change.why);
    }
}

/// The shop with its pins written otherwise.
fn changed_pin(swap: impl Fn(&mut String) + Copy) -> CheckReport {
    let mut report = support::shop();
    let findings = report.findings.iter_mut();
    findings.flat_map(|f| &mut f.baselines).for_each(swap);
    let goals = report.goals.iter_mut();
    goals
        .flat_map(|goal| &mut goal.clauses)
        .for_each(|clause| swap(&mut clause.text));
    report.baselines.iter_mut().for_each(swap);
    let told = std::mem::take(&mut report.baseline_controls);
    report.baseline_controls = told
        .into_iter()
        .map(|(mut name, controls)| {
            swap(&mut name);
            (name, controls)
        })
        .collect();
    report
}

#[test]
fn another_pin_is_told_apart_from_another_field() {
    let swap = |text: &mut String| *text = text.replace("@1.36", "@1.29");
    let mut before = changed_pin(swap);
    without(&mut before, "", "pss-seccomp-restricted");
    for controls in before.baseline_controls.values_mut() {
        controls.retain(|id| id != "pss-seccomp-restricted");
    }
    let diff = diff(&before, &support::shop());
    assert!(diff.counts.new > 0);
    let pinned = |diff: &Diff| {
        for change in &diff.findings {
            assert_eq!(
                change.why,
                "pss/restricted was pinned to 1.29 and is pinned to 1.36"
            );
        }
    };
    pinned(&diff);
    // Without findings and versions in clauses, the report's own list tells.
    let mut bare = before.clone();
    bare.findings.clear();
    for clause in bare.goals.iter_mut().flat_map(|goal| &mut goal.clauses) {
        clause.text = "configuration pss/restricted, max 0".to_owned();
    }
    let mut after = support::shop();
    for clause in after.goals.iter_mut().flat_map(|goal| &mut goal.clauses) {
        clause.text = "configuration pss/restricted, max 0".to_owned();
    }
    let known = after
        .findings
        .iter()
        .filter(|f| f.control != "pss-seccomp-restricted");
    bare.findings = known.cloned().collect();
    let named = bare.findings.iter_mut().flat_map(|f| &mut f.baselines);
    named.for_each(swap);
    let without_versions = plimsoll_report::diff::diff(&bare, &after);
    assert!(without_versions.counts.new > 0);
    pinned(&without_versions);
    let hold = diff
        .goals
        .iter()
        .find(|g| g.name == "crown-jewels-hold")
        .expect("it changed");
    let line = &hold.line[0];
    assert_eq!(line.what, "clause");
    assert_eq!(
        line.from.as_deref(),
        Some("configuration pss/restricted@1.29, max 0")
    );
    assert_eq!(
        line.to.as_deref(),
        Some("configuration pss/restricted@1.36, max 0")
    );
}

#[test]
fn goals_come_go_and_move() {
    let diff = changed(|report| {
        report.goals.retain(|goal| goal.name != "frontier");
        let mut new = report.goals[0].clone();
        new.name = "a-new-one".to_owned();
        report.goals.insert(0, new);
        let goal = report
            .goals
            .iter_mut()
            .find(|g| g.name == "no-privileged")
            .expect("a goal");
        goal.attainment.target = 0.995;
        goal.mandatory = false;
        goal.verdict = Verdict::Breached;
    });
    assert_eq!(diff.goals_added[0].name, "a-new-one");
    assert_eq!(diff.goals_removed[0].name, "frontier");
    let goal = &diff.goals[0];
    assert_eq!((goal.from, goal.to), (Verdict::Met, Verdict::Breached));
    let line: Vec<_> = goal
        .line
        .iter()
        .map(|l| (l.what.as_str(), l.from.as_deref(), l.to.as_deref()))
        .collect();
    assert_eq!(
        line,
        [
            ("target", Some("90%"), Some("99.5%")),
            ("mandatory", Some("true"), Some("false")),
        ]
    );
}

#[test]
fn an_asset_says_why_it_changed() {
    let mut before = support::shop();
    without(&mut before, "/checkout", "pss-privileged");
    for goal in &mut before.goals {
        if goal.name == "crown-jewels-hold" {
            goal.assets
                .retain(|asset| !asset.asset.as_str().ends_with("/checkout"));
            goal.counts.remove(AssetState::Violated);
            goal.counts.add(AssetState::Satisfied);
        }
    }
    let after = support::shop();
    let diff = diff(&before, &after);
    let asset = &diff.goals[0].assets[0];
    assert_eq!(
        (asset.from, asset.to),
        (Standing::Clear, Standing::Violated)
    );
    assert!(
        asset.why[0].starts_with("new: container `main` runs privileged"),
        "{:?}",
        asset.why
    );
    let mut out = Vec::new();
    diff.terminal(Style::default(), &mut out)
        .expect("a vector takes all");
    out.extend(b"\n=====\n\n");
    diff.markdown(&mut out).expect("a vector takes all");
    insta::assert_snapshot!("diff", String::from_utf8(out).expect("text"));
}

#[test]
fn satisfied_is_told_from_out_of_scope() {
    let satisfied = support::shop().goals[0].satisfied[0].clone();
    let leave = |report: &mut CheckReport| {
        let goal = &mut report.goals[0];
        goal.satisfied.retain(|id| *id != satisfied);
        goal.counts.in_scope -= 1;
        goal.counts.satisfied -= 1;
    };
    let left = changed(leave);
    let asset = &left.goals[0].assets[0];
    assert_eq!(asset.asset, satisfied);
    assert_eq!(
        (asset.from, asset.to),
        (Standing::Satisfied, Standing::OutOfScope)
    );
    assert!(
        asset.why[0].ends_with("is no longer in the goal's scope"),
        "{:?}",
        asset.why
    );
    let mut before = support::shop();
    leave(&mut before);
    let came = diff(&before, &support::shop());
    let asset = &came.goals[0].assets[0];
    assert_eq!(
        (asset.from, asset.to),
        (Standing::OutOfScope, Standing::Satisfied)
    );
    // A report that does not name the satisfied assets can't tell.
    for goal in &mut before.goals {
        goal.satisfied.clear();
    }
    let older = diff(&before, &support::shop());
    assert!(older.goals.iter().all(|goal| goal.assets.is_empty()));
}
