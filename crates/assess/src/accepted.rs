//! Fixes that would undo what somebody accepted.
//!
//! Kubernetes refuses some fields beside others, so that a fix may have to
//! change more than the field its finding is on: without privileges goes the
//! container that must not gain any. Where the further change is what an
//! exception or annotation accepts as it is, no machine makes it.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{AssetId, AssetState, Finding, Fix, FixEdit, FixTarget, GoalVerdict};
use rustc_hash::FxHashSet;

/// Leaves to a person every fix whose further edits are those that clear an
/// accepted finding on the same object. An exception that no goal heeds
/// accepts nothing.
pub(crate) fn keep(
    findings: &mut [Finding],
    excepted_by: &BTreeMap<u32, String>,
    goals: &[GoalVerdict],
) {
    let kept = kept(findings, excepted_by, goals);
    if kept.is_empty() {
        return;
    }
    for finding in findings {
        let Some(accepted) = kept.get(&finding.asset.id) else {
            continue;
        };
        let clash = |fix: &Fix| {
            let further = fix.edits.iter().skip(1);
            further
                .filter(|_| fix.target == FixTarget::Own)
                .find_map(|edit| accepted.iter().find(|(own, _)| own == edit))
                .filter(|(_, control)| *control != finding.rule.id)
                .map(|(_, control)| *control)
        };
        if finding.fixes.iter().all(|fix| clash(fix).is_none()) {
            continue;
        }
        let fixes: Vec<Fix> = finding
            .fixes
            .iter()
            .map(|fix| match clash(fix) {
                Some(control) => Fix {
                    edits: Box::new([]),
                    ..fix.clone().with_decision(format!(
                        "It can't be had without what clears {control}, which is accepted here: \
                         accept this finding too, or give up that exception."
                    ))
                },
                None => fix.clone(),
            })
            .collect();
        finding.fixes = Arc::from(fixes);
    }
}

/// The edits that clear what is accepted, by asset, each with its control.
fn kept(
    findings: &[Finding],
    excepted_by: &BTreeMap<u32, String>,
    goals: &[GoalVerdict],
) -> BTreeMap<AssetId, Vec<(FixEdit, &'static str)>> {
    let clauses = goals
        .iter()
        .flat_map(|goal| &goal.assets)
        .flat_map(|asset| &asset.clauses);
    let wanted: FxHashSet<u32> = clauses
        .filter(|clause| clause.state == AssetState::Violated)
        .flat_map(|clause| clause.findings.iter().take(clause.violating as usize))
        .copied()
        .collect();
    let mut kept: BTreeMap<AssetId, Vec<(FixEdit, &'static str)>> = BTreeMap::new();
    for (finding, index) in findings.iter().zip(0_u32..) {
        let is_accepted = finding.waiver.is_some() || excepted_by.contains_key(&index);
        if !is_accepted || wanted.contains(&index) {
            continue;
        }
        let own = finding
            .fixes
            .iter()
            .filter(|fix| fix.target == FixTarget::Own);
        let edits = own.flat_map(|fix| fix.edits.iter().cloned());
        kept.entry(finding.asset.id.clone())
            .or_default()
            .extend(edits.map(|edit| (edit, finding.rule.id)));
    }
    kept
}
