//! Findings counted against a maximum, with grace periods and exceptions.

use plimsoll_model::{AssetState, Finding, Period, Timestamp};

use super::{Bucket, Context, Event, Judged, Tally};
use crate::{
    exceptions::{Acceptance, AcceptedBy},
    notes::Noted,
    words,
};

/// How many findings a text names.
const NAMED: usize = 3;

/// At most so many findings.
#[derive(Clone, Copy)]
pub(super) struct Count {
    /// How many are allowed.
    pub(super) max: u32,
    /// How long one may stay before it counts.
    pub(super) within: Option<Period>,
    /// What one is called: `violation`.
    pub(super) noun: &'static str,
}

impl Count {
    /// Counts the findings; `unknown` says why some can't be known.
    pub(super) fn judge(
        self,
        findings: impl Iterator<Item = u32>,
        unknown: Vec<String>,
        context: &Context<'_>,
        mandatory: bool,
        events: &mut Vec<Event>,
        noted: &mut Noted,
    ) -> Judged {
        let mut tally = Tally::new(self.max, !unknown.is_empty());
        let mut counted = Vec::new();
        let mut ends = Vec::new();
        let first_event = events.len();
        for finding in findings {
            let deadline = self
                .within
                .map(|within| within.after(context.counts_from(finding)));
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
        // Ascending within those that violate it and the rest.
        counted.sort_by_key(|&(finding, bucket)| (bucket != Bucket::Overdue, finding));
        judged.findings = counted.into_iter().map(|(finding, _)| finding).collect();
        judged.settled_by = unknown;
        if events.len() > first_event {
            judged.tally = Some(tally);
        }
        judged
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
        let max = self.max;
        match judged.state {
            AssetState::Satisfied => String::new(),
            AssetState::Unknown => unknown.join("; "),
            AssetState::Violated => {
                let overdue = tally.get(Bucket::Overdue);
                let grace = match self.within {
                    Some(within) => format!(" for longer than {within}"),
                    None => String::new(),
                };
                format!(
                    "{}{grace}, at most {max} allowed: {}",
                    words::count(overdue, self.noun),
                    named(&[Bucket::Overdue])
                )
            }
            AssetState::Pending => {
                let pending = words::count(tally.get(Bucket::Pending), self.noun);
                let until = match judged.until {
                    Some(until) => format!(" until {}", words::when(until)),
                    None => String::new(),
                };
                format!("{pending} in grace{until}: {}", named(&[Bucket::Pending]))
            }
            AssetState::Excepted => {
                let excepted = words::count(tally.get(Bucket::Excepted), self.noun);
                let by = accepted_by(counted, context);
                format!("{excepted} {by}: {}", named(&[Bucket::Excepted]))
            }
        }
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
        .map(|f| match &f.vulnerability {
            Some(v) => format!("{} ({} {})", v.id, v.package.name, v.package.version),
            None => format!("{} ({})", f.rule.id, f.subject),
        })
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
                    let finding = &context.facts.findings[*finding as usize];
                    let waiver = finding.waiver.as_ref()?;
                    let said = match waiver.reason.trim() {
                        "" => String::new(),
                        reason => format!(" ({reason})"),
                    };
                    if finding.vulnerability.is_some() {
                        return Some(format!("suppressed by {}{said}", waiver.annotation));
                    }
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
