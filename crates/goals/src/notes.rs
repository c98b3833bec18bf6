//! What a reader of a verdict must know beside its numbers.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Timestamp, resource::GoalSpec, time};

use crate::{
    clause::Context,
    exceptions::{Acceptance, AcceptedBy, Exceptions},
    words,
};

/// How many names a note lists.
const NAMED: usize = 5;

/// What happened to the findings that a goal's clauses count. A finding that
/// several clauses count is noted once.
#[derive(Default)]
pub(crate) struct Noted {
    /// Accepted findings, by exception.
    accepted: BTreeMap<u32, BTreeSet<u32>>,
    /// Findings that an expired exception would have accepted, by exception.
    expired: BTreeMap<u32, BTreeSet<u32>>,
    /// Findings waived by an annotation.
    waived: BTreeSet<u32>,
    /// The annotations that waive them.
    annotations: BTreeSet<Box<str>>,
}

impl Noted {
    /// Notes a finding that a clause counts.
    pub(crate) fn finding(
        &mut self,
        finding: u32,
        context: &Context<'_>,
        accepted: Option<Acceptance>,
        mandatory: bool,
    ) {
        match accepted.map(|acceptance| acceptance.by) {
            Some(AcceptedBy::Exception(exception)) => {
                self.accepted.entry(exception).or_default().insert(finding);
            }
            Some(AcceptedBy::Annotation) => {
                self.waived.insert(finding);
                if let Some(waiver) = &context.facts.findings[finding as usize].waiver {
                    self.annotations.insert(waiver.annotation.clone());
                }
            }
            None => {}
        }
        // A mandatory goal takes no exception: that one has ended is no news.
        if !mandatory
            && accepted.is_none()
            && let Some(exception) = context.exceptions.expired(finding)
        {
            self.expired.entry(exception).or_default().insert(finding);
        }
    }

    /// The notes.
    pub(crate) fn say(&self, mandatory: bool, exceptions: &Exceptions<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        let annotations = words::list(&self.annotations, NAMED);
        if mandatory {
            let kept: BTreeSet<&u32> = self
                .accepted
                .values()
                .flatten()
                .chain(&self.waived)
                .collect();
            if !kept.is_empty() {
                let mut by = Vec::new();
                if !self.accepted.is_empty() {
                    let names = self.accepted.keys().map(|e| exceptions.name(*e));
                    by.push(format!("exceptions ({})", words::list(names, NAMED)));
                }
                if !self.waived.is_empty() {
                    by.push(format!("annotations ({annotations})"));
                }
                notes.push(format!(
                    "the goal is mandatory: {} kept although {} would waive {}",
                    words::count(kept.len() as u64, "finding"),
                    by.join(" and "),
                    if kept.len() == 1 { "it" } else { "them" },
                ));
            }
            return notes;
        }
        for (exception, findings) in &self.accepted {
            let spec = &exceptions.list[*exception as usize].spec;
            notes.push(format!(
                "{} accepted by exception {} of {} until {}: {}",
                words::count(findings.len() as u64, "finding"),
                exceptions.name(*exception),
                spec.owner,
                spec.expires,
                spec.reason
            ));
        }
        if !self.waived.is_empty() {
            notes.push(format!(
                "{} waived by annotation {annotations} on the object, without an end",
                words::count(self.waived.len() as u64, "finding"),
            ));
        }
        for (exception, findings) in &self.expired {
            notes.push(format!(
                "exception {} expired on {} and counts for nothing: {} would fall under it",
                exceptions.name(*exception),
                exceptions.list[*exception as usize].spec.expires,
                words::count(findings.len() as u64, "finding"),
            ));
        }
        notes
    }
}

/// That the line itself is due to be looked at, if it is.
pub(crate) fn review(spec: &GoalSpec, now: Timestamp) -> Option<String> {
    let by = spec.review_by?;
    (now >= time::end_of(by)).then(|| {
        format!(
            "review overdue: {} was to look at this line again by {by}",
            reviewer(spec)
        )
    })
}

fn reviewer(spec: &GoalSpec) -> &str {
    spec.approved_by.as_deref().unwrap_or(&spec.owner)
}
