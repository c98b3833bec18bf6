//! The fix plan alone, for `plimsoll fix`.

use std::io::{self, Write};

use plimsoll_model::wire::{CheckReport, GoalReport, PlanSummary, SCHEMA_VERSION, StepReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Style, json, markdown, terminal};

/// A fix plan with what it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The version of this form.
    pub schema_version: String,
    /// `plan`.
    pub kind: String,
    /// The goal it is for; none for all goals together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// The files and folders that were judged, as they were named: for the
    /// commands that a person is shown.
    #[serde(skip)]
    pub inputs: Vec<String>,
    /// The steps, the one that clears most first.
    pub steps: Vec<StepReport>,
    /// How good it is, and what it leaves.
    #[serde(flatten)]
    pub summary: PlanSummary,
}

impl Plan {
    /// The plan that brings all goals to their targets together.
    pub fn of(report: &CheckReport) -> Plan {
        Plan {
            schema_version: SCHEMA_VERSION.to_owned(),
            kind: "plan".to_owned(),
            inputs: report.inputs.clone(),
            goal: None,
            steps: report.fix_plan.steps.clone(),
            summary: report.fix_plan.summary,
        }
    }

    /// The plan of one goal.
    pub fn of_goal(goal: &GoalReport) -> Plan {
        Plan {
            schema_version: SCHEMA_VERSION.to_owned(),
            kind: "plan".to_owned(),
            inputs: Vec::new(),
            goal: Some(goal.name.clone()),
            steps: goal.fix_plan.clone(),
            summary: goal.plan,
        }
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn terminal(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        terminal::plan(self, style, out)
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// Writes it as Markdown.
    ///
    /// # Errors
    /// Only what `out` returns.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        markdown::plan(self, out)
    }

    /// Whose target it reaches, in a sentence.
    pub(crate) fn whose(&self) -> String {
        match &self.goal {
            Some(goal) => crate::text::clean(goal).into_owned(),
            None => "every goal".to_owned(),
        }
    }
}
