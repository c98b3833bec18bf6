//! What would flip, and what would be denied.

use plimsoll_model::{AssetState, Verdict, wire::CheckReport};
use plimsoll_report::{Style, simulate::simulate};

use crate::support;

/// The shop with an admission mode for its first goal.
fn gated(mode: &str) -> CheckReport {
    let mut report = support::shop();
    report.goals[0].admission = mode.to_owned();
    report
}

#[test]
fn without_a_line_now_all_violations_flip() {
    let simulation = simulate(None, &gated("deny"));
    assert_eq!(simulation.from, None);
    let goal = &simulation.goals[0];
    assert_eq!(goal.to_violated.len() as u64, goal.counts.violated);
    assert_eq!(goal.to_unknown.len() as u64, goal.counts.unknown);
    assert_eq!(
        goal.denied.len(),
        3,
        "every violated asset of a goal that denies"
    );
    assert!(goal.warned.is_empty());
    let owner = simulation
        .owners
        .iter()
        .find(|o| o.owner.as_deref() == Some("payments-platform"));
    let owner = owner.expect("an owner whose assets flip");
    assert_eq!(owner.denied.len(), 2);
    assert_eq!(
        owner.to_violated.len(),
        2,
        "an asset counts once over all goals"
    );
}

#[test]
fn applying_the_change_flips_the_same_set() {
    let mut before = support::shop();
    let goal = &mut before.goals[0];
    let cleared = goal.assets.remove(0);
    goal.counts.remove(AssetState::Violated);
    goal.counts.add(AssetState::Satisfied);
    let forth = simulate(Some(&before), &gated("warn"));
    let back = simulate(Some(&gated("warn")), &before);
    let flips: Vec<_> = forth.goals[0]
        .to_violated
        .iter()
        .map(|change| &change.asset)
        .collect();
    assert_eq!(flips, [&cleared.asset]);
    let returns: Vec<_> = back.goals[0]
        .to_met
        .iter()
        .map(|change| &change.asset)
        .collect();
    assert_eq!(returns, flips);
    assert_eq!(forth.goals[0].warned.len(), 3);
    assert!(
        back.goals[0].warned.is_empty(),
        "a goal that audits warns of nothing"
    );
    assert_eq!(
        simulate(Some(&before), &before).owners,
        [],
        "no change, no flips"
    );
}

#[test]
fn it_reads_well() {
    let mut before = support::shop();
    before.goals.retain(|goal| goal.name != "nothing-drifts");
    before.goals[0].assets.remove(1);
    before.verdict = Verdict::Unverified;
    let mut after = gated("deny");
    after.goals.retain(|goal| goal.name != "frontier");
    let simulation = simulate(Some(&before), &after);
    let mut out = Vec::new();
    simulation
        .terminal(Style::default(), &mut out)
        .expect("a vector takes all");
    out.extend(b"\n=====\n\n");
    simulation.markdown(&mut out).expect("a vector takes all");
    insta::assert_snapshot!("simulate", String::from_utf8(out).expect("text"));
}
