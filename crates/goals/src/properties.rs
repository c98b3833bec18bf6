//! What holds for every estate and every line.

use plimsoll_model::{GoalVerdict, History, Severity, Timestamp, Unevaluated, Verdict};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    holds,
    testing::{BASE, Drawn, Estate, LIMITS, RULES, at, internet, now, place, waiver},
};

/// An asset and what is on it, in numbers.
#[derive(Clone, Debug)]
struct Sketch {
    unread: bool,
    labelled: bool,
    exposed: bool,
    gap: bool,
    foreign: bool,
    /// Rule, container, waived, and days since first seen.
    findings: Vec<(usize, bool, bool, u32)>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let finding = (
        0..RULES.len(),
        any::<bool>(),
        prop::bool::weighted(0.1),
        0u32..20,
    );
    let rarely = || prop::bool::weighted(0.12);
    (
        rarely(),
        any::<bool>(),
        rarely(),
        rarely(),
        rarely(),
        prop::collection::vec(finding, 0..4),
    )
        .prop_map(
            |(unread, labelled, exposed, gap, foreign, findings)| Sketch {
                unread,
                labelled,
                exposed,
                gap,
                foreign,
                findings,
            },
        )
}

/// A goal with exceptions and a past.
#[derive(Clone, Debug)]
struct World {
    sketches: Vec<Sketch>,
    spec: Value,
    /// Control glob and days until it ends; some have ended.
    exceptions: Vec<(usize, i32)>,
    remembers: bool,
}

fn world() -> impl Strategy<Value = World> {
    let clauses = (
        0u32..3,
        prop::option::of(0u32..20),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let goal = (
        0u32..=100,
        any::<bool>(),
        0u8..3,
        0usize..3,
        prop::option::of(1u32..30),
    );
    (
        prop::collection::vec(sketch(), 0..9),
        clauses,
        goal,
        prop::collection::vec((0usize..4, -5i32..20), 0..3),
        any::<bool>(),
    )
        .prop_map(|(sketches, clauses, goal, exceptions, remembers)| World {
            sketches,
            spec: spec(clauses, goal),
            exceptions,
            remembers,
        })
}

type Clauses = (u32, Option<u32>, bool, bool, bool);

fn spec(
    (max, within, severe, exposure, registries): Clauses,
    (target, mandatory, scope, ramp, due): (u32, bool, u8, usize, Option<u32>),
) -> Value {
    let mut configuration = json!({"baseline": BASE, "controls": [LIMITS.id], "max": max});
    if let Some(days) = within {
        configuration["within"] = json!(format!("{days}d"));
    }
    if severe {
        configuration["severity"] = json!(format!(">={}", Severity::High));
    }
    let mut require = vec![json!({"configuration": configuration})];
    if exposure {
        require.push(json!({"exposure": {"internet": false}}));
    }
    if registries {
        require.push(json!({"supplyChain": {"registries": ["docker.io/library/*"]}}));
    }
    let mut spec = json!({
        "target": format!("{target}%"),
        "mandatory": mandatory,
        "require": require,
        "assets": match scope {
            0 => json!({"all": true}),
            1 => json!({"class": "c"}),
            _ => json!({"match": {"names": ["w?"]}}),
        },
    });
    if let Some(days) = due {
        let day = |days: i32| plimsoll_model::time::date_of(later(days)).to_string();
        spec["due"] = json!(day(days as i32));
        if ramp > 0 {
            let from = format!("{}%", target * ramp as u32 / 4);
            spec["ramp"] = json!({"start": day(-7), "from": from});
        }
    }
    spec
}

fn later(days: i32) -> Timestamp {
    let seconds = now().as_second() + i64::from(days) * 86_400;
    Timestamp::from_second(seconds).expect("it is near")
}

impl World {
    fn drawn(&self) -> Drawn {
        let mut drawn = Drawn::goal(self.spec.clone())
            .class("c", json!({"rank": 5, "match": {"labels": {"class": "c"}}}));
        for (i, (rule, days)) in self.exceptions.iter().enumerate() {
            let expires = plimsoll_model::time::date_of(later(*days)).to_string();
            let controls = [RULES[*rule].id];
            drawn = drawn.exception(
                &format!("e{i}"),
                json!({"controls": controls, "expires": expires}),
            );
        }
        drawn
    }

    fn estate(&self) -> (Estate, Option<History>) {
        let mut estate = Estate::default();
        let mut history = History::default();
        for (i, sketch) in self.sketches.iter().enumerate() {
            let name = format!("shop/w{i}");
            let asset = if sketch.unread {
                estate.unread(&name)
            } else {
                estate.workload(&name)
            };
            if sketch.labelled {
                asset.labels.insert("class".into(), "c".into());
            }
            if sketch.exposed {
                asset.exposure = internet();
            }
            asset.images = vec![
                if sketch.foreign {
                    "quay.io/a/b"
                } else {
                    "nginx"
                }
                .into(),
            ];
            let id = asset.asset.id.clone();
            if sketch.gap {
                let (reason, location) = ("it is a variable".to_owned(), place("web.yaml"));
                let gap = Unevaluated {
                    asset: id,
                    control: Some(LIMITS.id),
                    reason,
                    location,
                };
                estate.evaluation.unevaluated.push(gap);
            }
            for (rule, second, waived, days) in &sketch.findings {
                let container = if *second { "d" } else { "c" };
                let rule = RULES[*rule];
                if estate.findings.iter().any(|f| {
                    f.rule == rule
                        && f.asset.object.name.ends_with(&format!("w{i}"))
                        && f.subject.container.as_deref() == Some(container)
                }) {
                    continue;
                }
                let finding = estate.finding_in(&name, rule, container);
                if *waived {
                    finding.waiver = waiver();
                }
                // Only this one was seen then: the others are added by their
                // own days.
                let mut alone = estate.clone();
                alone.findings = estate.findings.last().cloned().into_iter().collect();
                crate::record(&mut history, &[], alone.facts(), later(-(*days as i32)));
            }
        }
        history.runs.clear();
        (estate, self.remembers.then_some(history))
    }

    fn verdict(&self, now: Timestamp) -> GoalVerdict {
        let (estate, history) = self.estate();
        crate::testing::verdict(&self.drawn(), &estate, history.as_ref(), now)
    }
}

/// A verdict without indexes: what must not depend on any order of input.
fn rendered(verdict: &GoalVerdict, estate: &Estate) -> String {
    let mut assets: Vec<String> = verdict
        .assets
        .iter()
        .map(|asset| {
            let clauses: Vec<_> = asset
                .clauses
                .iter()
                .map(|c| {
                    let mut findings: Vec<_> = c
                        .findings
                        .iter()
                        .map(|f| estate.findings[*f as usize].id)
                        .collect();
                    findings.sort();
                    (
                        c.clause,
                        c.state,
                        findings,
                        c.violating,
                        &c.because,
                        c.until,
                    )
                })
                .collect();
            let id = &estate.assets[asset.asset as usize].asset.id;
            format!("{id} {:?} {clauses:?}", asset.state)
        })
        .collect();
    assets.sort();
    let v = verdict;
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {assets:#?}",
        v.goal.metadata.name,
        v.verdict,
        v.attainment,
        v.counts,
        v.at_risk,
        v.changes,
        v.notes,
        v.clauses,
        v.settled_by
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_asset_is_in_one_state_and_the_numbers_add_up(world in world()) {
        let verdict = world.verdict(now());
        let adds_up = |c: plimsoll_model::Counts| {
            c.satisfied + c.violated + c.pending + c.unknown + c.excepted == c.in_scope
        };
        prop_assert!(adds_up(verdict.counts));
        prop_assert_eq!(verdict.counts.in_scope, verdict.assets.len() as u64);
        let mut counted = plimsoll_model::Counts::default();
        for asset in &verdict.assets {
            counted.add(asset.state);
            let worst = asset.clauses.iter().map(|clause| clause.state).min();
            prop_assert_eq!(worst.unwrap_or(plimsoll_model::AssetState::Satisfied), asset.state);
        }
        prop_assert_eq!(counted, verdict.counts);
        for clause in &verdict.clauses {
            prop_assert!(adds_up(clause.counts));
            prop_assert_eq!(clause.counts.in_scope, verdict.counts.in_scope);
            prop_assert_eq!(clause.settled_by.is_some(), clause.counts.unknown > 0);
        }
        let attainment = verdict.attainment;
        prop_assert!(attainment.lower <= attainment.upper);
        prop_assert!(attainment.required <= attainment.target);
        prop_assert_eq!(verdict.at_risk.is_some(), verdict.verdict == Verdict::AtRisk);
        prop_assert!(verdict.settled_by.is_empty() || verdict.verdict == Verdict::Unverified);
    }

    /// Unless it was the last thing that was known: nothing known proves
    /// nothing.
    #[test]
    fn removing_a_violation_never_worsens_the_verdict(world in world(), which: Index) {
        let (mut estate, history) = world.estate();
        prop_assume!(!estate.findings.is_empty());
        let drawn = world.drawn();
        let judge = |estate: &Estate| crate::testing::verdict(&drawn, estate, history.as_ref(), now());
        let before = judge(&estate);
        estate.findings.remove(which.index(estate.findings.len()));
        let after = judge(&estate);
        if holds(&before) && after.counts.unknown < after.counts.in_scope {
            prop_assert!(holds(&after), "{:?} then {:?}", before.counts, after.counts);
        }
        prop_assert!(before.counts.lower() <= after.counts.lower());
        prop_assert!(before.counts.upper() <= after.counts.upper());
        if after.verdict == Verdict::Breached {
            prop_assert_eq!(before.verdict, Verdict::Breached);
        }
    }

    #[test]
    fn a_fact_that_becomes_unknown_never_makes_a_goal_hold(world in world(), which: Index) {
        prop_assume!(!world.sketches.is_empty());
        let mut blinded = world.clone();
        let at = which.index(world.sketches.len());
        blinded.sketches[at].unread = true;
        let (before, after) = (world.verdict(now()), blinded.verdict(now()));
        prop_assert!(holds(&before) || !holds(&after), "{:?} then {:?}", before.counts, after.counts);
        prop_assert!(after.counts.lower() <= before.counts.lower());
    }

    #[test]
    fn a_gap_never_makes_a_goal_hold(world in world(), which: Index) {
        prop_assume!(!world.sketches.is_empty());
        let mut blinded = world.clone();
        let at = which.index(world.sketches.len());
        blinded.sketches[at].gap = true;
        let (before, after) = (world.verdict(now()), blinded.verdict(now()));
        prop_assert!(holds(&before) || !holds(&after), "{:?} then {:?}", before.counts, after.counts);
    }

    #[test]
    fn an_unknown_asset_more_never_makes_a_goal_hold(world in world(), mut more in sketch()) {
        more.unread = true;
        let mut larger = world.clone();
        larger.sketches.push(more);
        let (before, after) = (world.verdict(now()), larger.verdict(now()));
        prop_assert!(holds(&before) || !holds(&after), "{:?} then {:?}", before.counts, after.counts);
    }

    #[test]
    fn the_order_of_input_changes_nothing(world in world(), other in world(), turn: Index) {
        let (estate, history) = world.estate();
        let drawn = world.drawn().and_goal("h", other.spec);
        let (verdicts, diagnostics) =
            crate::evaluate(drawn.line(), estate.facts(), history.as_ref(), now());
        let (mut turned, mut line) = (estate.clone(), drawn.clone());
        let by = |length: usize| if length == 0 { 0 } else { turn.index(length) };
        turned.assets.reverse();
        turned.assets.rotate_left(by(estate.assets.len()));
        turned.findings.reverse();
        turned.findings.rotate_left(by(estate.findings.len()));
        turned.evaluation.unevaluated.reverse();
        line.goals.reverse();
        line.exceptions.reverse();
        let (again, other_diagnostics) =
            crate::evaluate(line.line(), turned.facts(), history.as_ref(), now());
        let all = |verdicts: &[GoalVerdict], estate| -> Vec<String> {
            verdicts.iter().map(|verdict| rendered(verdict, estate)).collect()
        };
        prop_assert_eq!(all(&verdicts, &estate), all(&again, &turned));
        prop_assert_eq!(diagnostics, other_diagnostics);
    }

    /// FEATURES A4: on the instant it named the goal does not hold, one second
    /// earlier it does.
    #[test]
    fn a_forecast_names_the_instant(world in world()) {
        let (estate, _) = world.estate();
        let drawn = world.drawn();
        // The clock can only be advanced over a past that is remembered.
        let mut history = world.estate().1.unwrap_or_default();
        let judge = |history: &History, at| crate::testing::verdict(&drawn, &estate, Some(history), at);
        let first = judge(&history, now());
        crate::record(&mut history, std::slice::from_ref(&first), estate.facts(), now());
        let today = judge(&history, now());
        prop_assert_eq!(today.verdict, first.verdict);
        prop_assert_eq!(&today.at_risk, &first.at_risk);
        let Some(risk) = today.at_risk.clone() else { return Ok(()) };
        prop_assert!(risk.at > now());
        let second = std::time::Duration::from_secs(1);
        if holds(&today) {
            prop_assert!(holds(&judge(&history, risk.at - second)), "too late: {risk:?}");
            prop_assert!(!holds(&judge(&history, risk.at)), "too early: {risk:?}");
        } else {
            prop_assert_eq!(judge(&history, risk.at - second).verdict, Verdict::AtRisk);
            prop_assert_eq!(judge(&history, risk.at).verdict, Verdict::Breached);
        }
    }

    /// A goal that is met is not at risk: it holds at every later time that is
    /// looked at.
    #[test]
    fn a_goal_that_is_met_holds_on(world in world(), days in 0i32..60) {
        let (estate, _) = world.estate();
        let drawn = world.drawn();
        let mut history = world.estate().1.unwrap_or_default();
        let first = crate::testing::verdict(&drawn, &estate, Some(&history), now());
        prop_assume!(first.verdict == Verdict::Met);
        crate::record(&mut history, std::slice::from_ref(&first), estate.facts(), now());
        let end = first.goal.spec.due.map(plimsoll_model::time::start_of);
        let later = later(days).min(end.unwrap_or(at("2100-01-01T00:00:00Z")));
        let then = crate::testing::verdict(&drawn, &estate, Some(&history), later);
        prop_assert!(holds(&then), "{:?} at {later}", then.counts);
    }
}
