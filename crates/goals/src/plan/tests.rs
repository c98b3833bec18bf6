//! Tests of the fix plan.

use std::sync::Arc;

use plimsoll_model::{
    FieldRef, Fix, FixEdit, FixPlan, FixTarget, FixValue, GoalVerdict, ObjectRef, PlanProof,
};

use super::*;
use crate::testing::{Drawn, Estate, now};

mod applied;
mod covers;
mod resolved;
mod scenarios;

/// An edit of the finding's own object.
fn own(field: &'static str) -> Fix {
    let path = FieldRef::new("spec".into(), field);
    Fix::edit(
        format!("Set {field}"),
        FixEdit::Set(path, FixValue::Bool(true)),
    )
}

fn object(kind: &str, name: &str) -> Arc<ObjectRef> {
    Arc::new(ObjectRef {
        api_version: "v1".into(),
        kind: kind.into(),
        namespace: Some("shop".into()),
        name: name.into(),
    })
}

/// An edit of a service account.
fn account(name: &str) -> Fix {
    Fix {
        target: FixTarget::Other(object("ServiceAccount", name)),
        ..own("automount")
    }
}

/// An object that is missing.
fn missing(name: &str) -> Fix {
    Fix {
        target: FixTarget::New {
            object: object("NetworkPolicy", name),
            manifest: "kind: NetworkPolicy\n".into(),
        },
        edits: Box::new([]),
        summary: "Add a default-deny policy".into(),
        decision: None,
    }
}

/// All verdicts of a line.
fn verdicts(drawn: &Drawn, estate: &Estate) -> Vec<GoalVerdict> {
    crate::evaluate(drawn.line(), estate.facts(), None, now()).0
}

/// A plan in words, a line for each step and one for the whole.
fn said(plan: &FixPlan) -> Vec<String> {
    let mut lines: Vec<String> = plan
        .steps
        .iter()
        .map(|step| {
            let decisions = if step.decisions.is_empty() {
                String::new()
            } else {
                format!(" [{}]", step.decisions.join("; "))
            };
            format!(
                "{}: {} (effort {}, clears {}, assets {}){decisions}",
                step.cause,
                step.summary,
                step.effort,
                step.clears.len(),
                step.assets
            )
        })
        .collect();
    let proof = match plan.proof {
        PlanProof::Optimal => "optimal".to_owned(),
        PlanProof::Greedy { ratio_percent } => format!("at most {ratio_percent}%"),
    };
    let reaches = if plan.reaches_target {
        "reaches"
    } else {
        "misses"
    };
    lines.push(format!(
        "{proof}, {reaches} the target, {} out of reach",
        plan.out_of_reach
    ));
    lines
}
