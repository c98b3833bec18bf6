//! A line that holds today, from one that does not (FEATURES A9).

use plimsoll_model::{
    Date, GoalVerdict, Percent, Verdict,
    resource::{PostureGoal, Ramp},
};

use crate::attainment::Level;

/// The goal moved to where it holds with the facts it was judged by.
///
/// Without `due` its target becomes the level that is certain today: it holds
/// now, and no longer once one asset more violates it. With `due` its target
/// stays and a ramp leads to it from today's level; a due day that is not after
/// `today` gives none, as there is no time for a ramp. None as well where
/// nothing in scope is known: no line can be drawn through it.
pub fn holding(verdict: &GoalVerdict, today: Date, due: Option<Date>) -> Option<PostureGoal> {
    let level = Level::now(&verdict.counts);
    if !level.is_known() || due.is_some_and(|due| due <= today) {
        return None;
    }
    let mut goal = PostureGoal::clone(&verdict.goal);
    let from: Percent = level.lower_share().min(goal.spec.target);
    // Asset-time needs a past; the level is the one of now.
    goal.spec.window = None;
    goal.spec.due = due;
    goal.spec.ramp = due.map(|_| Ramp { start: today, from });
    if due.is_none() {
        goal.spec.target = from;
    }
    Some(goal)
}

/// Whether what is certain reaches what is required at the time of the
/// verdict: `met`, or `at-risk` because of what is still to come. An `at-risk`
/// goal that is behind its ramp does not hold.
pub fn holds(verdict: &GoalVerdict) -> bool {
    match verdict.verdict {
        Verdict::Met => true,
        // Both are rounded down to the same unit, so the comparison is exact.
        Verdict::AtRisk => verdict.attainment.lower >= verdict.attainment.required,
        Verdict::Unverified | Verdict::Breached => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plimsoll_model::time;
    use serde_json::json;

    use super::*;
    use crate::testing::{Drawn, Estate, PRIVILEGED, now, place, verdict};

    fn estate(bad: u32) -> Estate {
        let mut estate = Estate::default();
        for i in 0..7 {
            let name = format!("shop/w{i}");
            estate.workload(&name);
            if i < bad {
                estate.finding(&name, &PRIVILEGED);
            }
        }
        estate
    }

    fn drawn(goal: PostureGoal) -> Drawn {
        Drawn {
            goals: vec![(Arc::new(goal), place("goals.yaml"))],
            ..Drawn::default()
        }
    }

    #[test]
    fn a_proposed_line_holds_today_and_breaks_with_one_violation_more() {
        let today = time::date_of(now());
        for bad in 0..7 {
            let before = verdict(&Drawn::goal(json!({})), &estate(bad), None, now());
            let goal = holding(&before, today, None).expect("the scope is known");
            let line = drawn(goal);
            assert!(
                holds(&verdict(&line, &estate(bad), None, now())),
                "{bad} bad"
            );
            assert!(
                !holds(&verdict(&line, &estate(bad + 1), None, now())),
                "{bad} bad and one"
            );
        }
    }

    #[test]
    fn a_proposed_ramp_leads_from_today_to_the_target() {
        let today = time::date_of(now());
        let due: Date = "2027-03-31".parse().expect("a date");
        let before = verdict(&Drawn::goal(json!({})), &estate(3), None, now());
        assert!(holding(&before, today, Some(today)).is_none());
        let goal = holding(&before, today, Some(due)).expect("the scope is known");
        assert_eq!(goal.spec.target, Percent::WHOLE);
        assert!(holds(&verdict(
            &drawn(goal.clone()),
            &estate(3),
            None,
            now()
        )));
        assert!(!holds(&verdict(&drawn(goal), &estate(4), None, now())));
    }

    #[test]
    fn no_line_is_proposed_through_nothing_known() {
        let today = time::date_of(now());
        let mut unread = Estate::default();
        let empty = verdict(&Drawn::goal(json!({})), &unread, None, now());
        assert!(holding(&empty, today, None).is_none());
        unread.unread("shop/web");
        let unknown = verdict(&Drawn::goal(json!({})), &unread, None, now());
        assert!(holding(&unknown, today, None).is_none());
    }
}
