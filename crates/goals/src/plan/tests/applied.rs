//! Plans applied: what they clear is taken away and the goals judged again.

use std::collections::BTreeSet;

use plimsoll_model::Verdict;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{HOST_PATH, LIMITS, PRIVILEGED, SECCOMP};

/// For each finding: the asset, the rule, and its fixes by number.
type Draft = (usize, usize, Vec<u8>);

fn fix(number: u8) -> Fix {
    match number {
        0 => own("a"),
        1 => own("b").with_decision("may break"),
        2 => Fix::manual("Choose", "which"),
        3 => account("web"),
        4 => account("job"),
        _ => missing("deny"),
    }
}

fn estate(drafts: &[Draft]) -> Estate {
    const RULES: [&plimsoll_model::Rule; 4] = [&PRIVILEGED, &HOST_PATH, &SECCOMP, &LIMITS];
    let mut estate = Estate::default();
    let names: Vec<String> = (0..5).map(|index| format!("shop/{index}")).collect();
    for name in &names {
        estate.workload(name);
    }
    let mut seen = BTreeSet::new();
    for (asset, rule, fixes) in drafts {
        if seen.insert((asset, rule)) {
            let finding = estate.finding(&names[*asset], RULES[*rule]);
            finding.fixes = fixes.iter().copied().map(fix).collect();
        }
    }
    estate
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let fixes = prop::collection::vec(0_u8..6, 0..3);
    prop::collection::vec((0_usize..5, 0_usize..4, fixes), 0..14)
}

fn line(target: u8, max: u8) -> Drawn {
    Drawn::goal(json!({
        "target": format!("{}%", u32::from(target) * 20),
        "require": [{"configuration": {"baseline": "base@1", "max": max}}],
    }))
    .and_goal(
        "limits",
        json!({"require": [{"configuration": {"controls": ["limits"]}}]}),
    )
}

/// The estate once these findings are cleared.
fn without(estate: &Estate, gone: &BTreeSet<u32>) -> Estate {
    let mut after = estate.clone();
    let mut index = 0..;
    after.findings.retain(|_| {
        index
            .next()
            .is_some_and(|index: u32| !gone.contains(&index))
    });
    after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_a_plan_clears_brings_the_goals_where_it_says(
        drafts in drafts(), target in 0_u8..=5, max in 0_u8..3,
    ) {
        let estate = estate(&drafts);
        let drawn = line(target, max);
        let before = verdicts(&drawn, &estate);
        let causes = resolve(&estate.findings, &[]);
        let plan = plan_all(&before, &estate.findings, &causes);

        let mut cleared = BTreeSet::new();
        for step in &plan.steps {
            prop_assert!(!step.clears.is_empty());
            let fixes: Vec<u32> = step.fixes.iter().map(|(finding, _)| *finding).collect();
            prop_assert_eq!(&fixes, &step.clears);
            for (finding, fix) in &step.fixes {
                prop_assert!(cleared.insert(*finding), "a finding is cleared once");
                prop_assert!(estate.findings[*finding as usize].fixes.contains(fix));
            }
        }
        let after = verdicts(&drawn, &without(&estate, &cleared));
        let reached = after.iter().all(|verdict| verdict.verdict == Verdict::Met);
        prop_assert_eq!(reached, plan.reaches_target);
        if !plan.reaches_target {
            prop_assert!(plan.out_of_reach > 0);
        }
        // Every step is needed: without it fewer assets are above the line.
        let above = |verdicts: &[GoalVerdict]| -> u64 {
            verdicts.iter().map(|verdict| {
                let target = verdict.attainment.target.of(verdict.counts.in_scope);
                verdict.counts.lower().min(target)
            }).sum()
        };
        let best = above(&after);
        for step in &plan.steps {
            let rest = cleared.iter().copied().filter(|f| !step.clears.contains(f)).collect();
            prop_assert!(above(&verdicts(&drawn, &without(&estate, &rest))) < best);
        }
    }

    #[test]
    fn the_order_of_causes_does_not_matter(
        drafts in drafts(), target in 0_u8..=5, max in 0_u8..3, seed in any::<u64>(),
    ) {
        let estate = estate(&drafts);
        let verdicts = verdicts(&line(target, max), &estate);
        let causes = resolve(&estate.findings, &[]);
        let mut order: Vec<u32> = (0..causes.causes.len() as u32).collect();
        order.sort_by_key(|&cause| {
            (u64::from(cause) + 1).wrapping_mul(seed | 1).rotate_left(17)
        });
        let mut place = vec![0; order.len()];
        for (&old, new) in order.iter().zip(0..) {
            place[old as usize] = new;
        }
        let shuffled = Causes {
            causes: order.iter().map(|&old| causes.causes[old as usize].clone()).collect(),
            of: causes.of.iter().map(|ways| {
                let ways = ways.iter().map(|&(cause, fix)| (place[cause as usize], fix));
                ways.rev().collect()
            }).collect(),
        };
        let one = plan_all(&verdicts, &estate.findings, &causes);
        let other = plan_all(&verdicts, &estate.findings, &shuffled);
        prop_assert_eq!(one, other);
    }
}
