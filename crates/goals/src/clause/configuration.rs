//! At most so many violations of controls.

use plimsoll_model::{
    AssetState, Evaluation, Finding, ResolvedBaseline, Timestamp, resource::ConfigurationClause,
};

use super::{Bucket, Context, Event, Judged, Tally};
use crate::{
    exceptions::{Acceptance, AcceptedBy},
    notes::Noted,
    words,
};

/// How many findings a text names.
const NAMED: usize = 3;

/// A configuration clause with its baseline resolved.
pub(crate) struct Configuration<'a> {
    clause: &'a ConfigurationClause,
    baseline: Option<&'a ResolvedBaseline>,
    /// The controls it needs, sorted.
    needs: Vec<&'a str>,
    /// Why a part can't be judged on any asset.
    missing: Vec<String>,
}

impl<'a> Configuration<'a> {
    /// Resolves what the clause names against what was evaluated.
    pub(crate) fn new(clause: &'a ConfigurationClause, evaluation: &'a Evaluation) -> Self {
        let mut missing = Vec::new();
        let mut absent = |name: &str, what: &str| {
            missing.push(match evaluation.missing.get(name) {
                Some(reason) => reason.clone(),
                None => format!("{what} `{name}` was not evaluated"),
            });
        };
        let name = clause.baseline.as_deref();
        let baseline = name.and_then(|name| evaluation.baselines.get(name));
        if let (Some(name), None) = (name, baseline) {
            absent(name, "baseline");
        }
        let mut needs: Vec<&str> = baseline
            .into_iter()
            .flat_map(|b| b.controls.iter().copied())
            .collect();
        for control in &clause.controls {
            let evaluated = evaluation.controls.iter().any(|c| c == control)
                || evaluation
                    .baselines
                    .values()
                    .any(|b| b.controls.iter().any(|c| c == control));
            if evaluated {
                needs.push(control);
            } else {
                absent(control, "control");
            }
        }
        needs.sort_unstable();
        needs.dedup();
        missing.dedup();
        Configuration {
            clause,
            baseline,
            needs,
            missing,
        }
    }

    /// Whether the clause counts the finding.
    fn counts(&self, finding: &Finding) -> bool {
        self.clause
            .severity
            .is_none_or(|bound| bound.includes(finding.severity))
            && (self
                .clause
                .controls
                .iter()
                .any(|control| control == finding.rule.id)
                || self
                    .baseline
                    .is_some_and(|baseline| finding.baselines.contains(&baseline.pinned)))
    }

    pub(super) fn judge(
        &self,
        asset: u32,
        context: &Context<'_>,
        mandatory: bool,
        events: &mut Vec<Event>,
        noted: &mut Noted,
    ) -> Judged {
        let unknown = self.unknown_on(asset, context);
        let mut tally = Tally::new(self.clause.max, !unknown.is_empty());
        let mut counted = Vec::new();
        let mut ends = Vec::new();
        let first_event = events.len();
        for &finding in context.index.findings_of(asset) {
            if !self.counts(&context.facts.findings[finding as usize]) {
                continue;
            }
            let deadline = self
                .clause
                .within
                .map(|within| within.after(context.first_seen(finding)));
            let accepted = context.exceptions.acceptance(finding);
            noted.finding(finding, context, accepted, mandatory);
            let accepted = accepted.filter(|_| !mandatory);
            let bucket = bucket(deadline, accepted, context.now);
            tally.add(bucket);
            counted.push((finding, bucket));
            ends.extend(moves(bucket, deadline, accepted, events));
        }
        let mut judged = Judged::satisfied();
        judged.state = tally.state();
        if judged.state == AssetState::Pending {
            // It becomes violated with the finding that fills the measure.
            ends.sort_unstable();
            let spare = tally.max - tally.get(Bucket::Overdue);
            judged.until = usize::try_from(spare)
                .ok()
                .and_then(|at| ends.get(at))
                .copied();
        }
        judged.because = self.because(&judged, &tally, &counted, &unknown, context);
        judged.violating = u32::try_from(tally.get(Bucket::Overdue)).unwrap_or(u32::MAX);
        // Stable: ascending within those that violate it and the rest.
        counted.sort_by_key(|(_, bucket)| *bucket != Bucket::Overdue);
        judged.findings = counted.into_iter().map(|(finding, _)| finding).collect();
        judged.settled_by = unknown;
        if events.len() > first_event {
            judged.tally = Some(tally);
        }
        judged
    }

    /// Why the clause, or a part of it, can't be judged on the asset.
    fn unknown_on(&self, asset: u32, context: &Context<'_>) -> Vec<String> {
        let mut reasons = self.missing.clone();
        let id = &context.facts.assets[asset as usize].asset.id;
        for gap in context.index.unevaluated_on(id.as_str()) {
            match gap.control {
                None => reasons.push(format!("{} ({})", gap.reason, gap.location)),
                Some(control) if self.needs.binary_search(&control).is_ok() => {
                    let reason = &gap.reason;
                    reasons.push(format!(
                        "control {control} could not be evaluated: {reason} ({})",
                        gap.location
                    ));
                }
                Some(_) => {}
            }
        }
        reasons
    }

    fn because(
        &self,
        judged: &Judged,
        tally: &Tally,
        counted: &[(u32, Bucket)],
        unknown: &[String],
        context: &Context<'_>,
    ) -> String {
        let named = |buckets: &[Bucket]| names(counted, buckets, context);
        let max = self.clause.max;
        match judged.state {
            AssetState::Satisfied => String::new(),
            AssetState::Unknown => unknown.join("; "),
            AssetState::Violated => {
                let overdue = tally.get(Bucket::Overdue);
                let grace = match self.clause.within {
                    Some(within) => format!(" for longer than {within}"),
                    None => String::new(),
                };
                format!(
                    "{}{grace}, at most {max} allowed: {}",
                    words::count(overdue, "violation"),
                    named(&[Bucket::Overdue])
                )
            }
            AssetState::Pending => {
                let pending = words::count(tally.get(Bucket::Pending), "violation");
                let until = match judged.until {
                    Some(until) => format!(" until {}", words::when(until)),
                    None => String::new(),
                };
                format!("{pending} in grace{until}: {}", named(&[Bucket::Pending]))
            }
            AssetState::Excepted => {
                let excepted = words::count(tally.get(Bucket::Excepted), "violation");
                let by = accepted_by(counted, context);
                format!("{excepted} {by}: {}", named(&[Bucket::Excepted]))
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let clause = self.clause;
        let mut text = "configuration".to_owned();
        match (self.baseline, &clause.baseline) {
            (Some(baseline), _) => text.push_str(&format!(" {}", baseline.pinned)),
            (None, Some(name)) => text.push_str(&format!(" {name}")),
            (None, None) => {}
        }
        if !clause.controls.is_empty() {
            let also = if clause.baseline.is_some() {
                " and"
            } else {
                ""
            };
            text.push_str(&format!("{also} {}", words::list(&clause.controls, 4)));
        }
        if let Some(bound) = clause.severity {
            text.push_str(&format!(", severity {bound}"));
        }
        text.push_str(&format!(", max {}", clause.max));
        if let Some(within) = clause.within {
            text.push_str(&format!(", within {within}"));
        }
        text
    }

    /// A baseline without a version may mean another one tomorrow.
    pub(super) fn note(&self) -> Option<String> {
        let baseline = self.baseline.filter(|baseline| baseline.floating)?;
        let name = self.clause.baseline.as_deref().unwrap_or_default();
        Some(format!(
            "baseline {name} is named without a version and was taken as {pinned}; write `{pinned}` so that an update does not change what the goal means",
            pinned = baseline.pinned
        ))
    }
}

/// Where a finding is counted now.
fn bucket(deadline: Option<Timestamp>, accepted: Option<Acceptance>, now: Timestamp) -> Bucket {
    match (accepted, deadline) {
        (Some(_), _) => Bucket::Excepted,
        (None, Some(deadline)) if now < deadline => Bucket::Pending,
        (None, _) => Bucket::Overdue,
    }
}

/// Adds what time will do to the finding; gives when it becomes overdue.
fn moves(
    bucket: Bucket,
    deadline: Option<Timestamp>,
    accepted: Option<Acceptance>,
    events: &mut Vec<Event>,
) -> Option<Timestamp> {
    let mut push = |at, from, to, exception| {
        events.push(Event {
            at,
            asset: 0,
            clause: 0,
            from,
            to,
            exception,
        });
    };
    match (bucket, accepted, deadline) {
        (Bucket::Pending, _, Some(deadline)) => {
            push(deadline, Bucket::Pending, Bucket::Overdue, None);
            Some(deadline)
        }
        (
            Bucket::Excepted,
            Some(Acceptance {
                until: Some(until),
                by,
            }),
            deadline,
        ) => {
            let exception = match by {
                AcceptedBy::Exception(exception) => Some(exception),
                AcceptedBy::Annotation => None,
            };
            match deadline {
                Some(deadline) if until < deadline => {
                    push(until, Bucket::Excepted, Bucket::Pending, exception);
                    push(deadline, Bucket::Pending, Bucket::Overdue, None);
                    Some(deadline)
                }
                _ => {
                    push(until, Bucket::Excepted, Bucket::Overdue, exception);
                    Some(until)
                }
            }
        }
        _ => None,
    }
}

/// The findings of these buckets by control and subject, worst first.
fn names(counted: &[(u32, Bucket)], buckets: &[Bucket], context: &Context<'_>) -> String {
    let findings = context.facts.findings;
    let mut listed: Vec<&Finding> = counted
        .iter()
        .filter(|(_, bucket)| buckets.contains(bucket))
        .map(|(finding, _)| &findings[*finding as usize])
        .collect();
    // The listing order of findings of one asset: its id need not be compared.
    let order = |a: &&Finding, b: &&Finding| {
        (b.severity, a.rule.id, &a.subject).cmp(&(a.severity, b.rule.id, &b.subject))
    };
    // Only the worst are named: no need to put all in order.
    if listed.len() > NAMED {
        listed.select_nth_unstable_by(NAMED, order);
    }
    let more = listed.len().saturating_sub(NAMED);
    listed.truncate(NAMED);
    listed.sort_by(order);
    let shown: Vec<String> = listed
        .iter()
        .map(|f| format!("{} ({})", f.rule.id, f.subject))
        .collect();
    words::list_of(&shown, more)
}

/// By whom the excepted findings are accepted.
fn accepted_by(counted: &[(u32, Bucket)], context: &Context<'_>) -> String {
    let mut by: Vec<String> = counted
        .iter()
        .filter(|(_, bucket)| *bucket == Bucket::Excepted)
        .filter_map(|(finding, _)| {
            let acceptance = context.exceptions.acceptance(*finding)?;
            Some(match acceptance.by {
                AcceptedBy::Exception(exception) => {
                    let spec = &context.exceptions.list[exception as usize].spec;
                    let name = context.exceptions.name(exception);
                    format!("accepted by exception {name} until {}", spec.expires)
                }
                AcceptedBy::Annotation => {
                    let waiver = context.facts.findings[*finding as usize].waiver.as_ref()?;
                    let said = match waiver.reason.trim() {
                        "" => String::new(),
                        reason => format!(" ({reason})"),
                    };
                    format!(
                        "waived by annotation {} on the object{said}",
                        waiver.annotation
                    )
                }
            })
        })
        .collect();
    by.sort();
    by.dedup();
    words::list(by, NAMED)
}
