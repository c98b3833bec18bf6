//! Which findings someone accepted, and until when.

use std::collections::BTreeMap;

use plimsoll_model::{
    Diagnostic, FindingId, Location, Timestamp,
    resource::{PostureException, glob_matches},
    time,
};
use rustc_hash::FxHashMap;

use crate::{Facts, Line, index::Index, words};

/// Who accepts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AcceptedBy {
    /// An exception, by its place in [`Exceptions::list`].
    Exception(u32),
    /// An annotation on the object.
    Annotation,
}

/// An accepted finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acceptance {
    /// By whom; the one that holds longest.
    pub(crate) by: AcceptedBy,
    /// The first instant at which it holds no longer; none for an annotation.
    pub(crate) until: Option<Timestamp>,
}

/// The exceptions against the findings.
pub(crate) struct Exceptions<'a> {
    /// The exceptions, by name and place.
    pub(crate) list: Vec<&'a PostureException>,
    accepted: FxHashMap<u32, Acceptance>,
    expired: FxHashMap<u32, u32>,
}

impl<'a> Exceptions<'a> {
    /// Matches every exception against every finding: by id through a map, by
    /// control through the few rules there are, by asset once per asset.
    pub(crate) fn new(
        line: Line<'a>,
        facts: Facts<'_>,
        index: &Index<'_>,
        now: Timestamp,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut written: Vec<_> = line.exceptions.iter().collect();
        written.sort_by(|(a, a_at), (b, b_at)| {
            (&a.metadata.name, a_at).cmp(&(&b.metadata.name, b_at))
        });
        let list: Vec<&PostureException> = written.iter().map(|(e, _)| &**e).collect();
        let ends: Vec<Timestamp> = list.iter().map(|e| time::end_of(e.spec.expires)).collect();
        let mut matched = vec![0u64; list.len()];
        let mut result = Exceptions {
            list,
            accepted: FxHashMap::default(),
            expired: FxHashMap::default(),
        };
        result.waive(facts);

        let mut by_id: FxHashMap<FindingId, Vec<u32>> = FxHashMap::default();
        for (at, exception) in (0u32..).zip(&result.list) {
            for id in &exception.spec.findings {
                by_id.entry(*id).or_default().push(at);
            }
        }
        // By the rule's id and, for a vulnerability, its name: a few thousand.
        let mut by_rule: FxHashMap<(&str, &str), Vec<u32>> = FxHashMap::default();
        if !result.list.is_empty() {
            for asset in 0..facts.assets.len() as u32 {
                // Whether an exception's selector matches this asset, asked once.
                let mut holds: FxHashMap<u32, bool> = FxHashMap::default();
                for &finding in index.findings_of(asset) {
                    let record = &facts.findings[finding as usize];
                    let name = record.vulnerability.as_ref().map_or("", |v| &v.id);
                    let candidates = by_rule.entry((record.rule.id, name)).or_insert_with(|| {
                        let accepts = |e: &PostureException| {
                            e.spec.assets.is_some()
                                && e.spec
                                    .controls
                                    .iter()
                                    .any(|glob| record.is_called(|name| glob_matches(glob, name)))
                        };
                        (0u32..)
                            .zip(&result.list)
                            .filter(|(_, e)| accepts(e))
                            .map(|(at, _)| at)
                            .collect()
                    });
                    let named = by_id.get(&record.id).map_or(&[][..], Vec::as_slice);
                    let mut hits: Vec<u32> = named.to_vec();
                    for &at in candidates.iter() {
                        let selector = result.list[at as usize].spec.assets.as_ref();
                        let hit = *holds.entry(at).or_insert_with(|| {
                            selector.is_some_and(|s| s.matches(&facts.assets[asset as usize]))
                        });
                        if hit && !hits.contains(&at) {
                            hits.push(at);
                        }
                    }
                    for at in hits {
                        matched[at as usize] += 1;
                        result.accept(finding, at, ends[at as usize], now);
                    }
                }
            }
        }
        report(&written, &ends, &matched, facts, now, diagnostics);
        result
    }

    fn waive(&mut self, facts: Facts<'_>) {
        for (at, finding) in (0u32..).zip(facts.findings) {
            if finding.waiver.is_some() {
                let acceptance = Acceptance {
                    by: AcceptedBy::Annotation,
                    until: None,
                };
                self.accepted.insert(at, acceptance);
            }
        }
    }

    fn accept(&mut self, finding: u32, exception: u32, end: Timestamp, now: Timestamp) {
        if now >= end {
            self.expired.entry(finding).or_insert(exception);
            return;
        }
        let new = Acceptance {
            by: AcceptedBy::Exception(exception),
            until: Some(end),
        };
        let kept = self.accepted.entry(finding).or_insert(new);
        if kept.until.is_some_and(|until| until < end) {
            *kept = new;
        }
    }

    /// Who accepts the finding, if anybody does now.
    pub(crate) fn acceptance(&self, finding: u32) -> Option<Acceptance> {
        self.accepted.get(&finding).copied()
    }

    /// The expired exception that once accepted the finding.
    pub(crate) fn expired(&self, finding: u32) -> Option<u32> {
        self.expired.get(&finding).copied()
    }

    /// The name of an exception.
    pub(crate) fn name(&self, exception: u32) -> &str {
        &self.list[exception as usize].metadata.name
    }
}

/// The name of the exception in force that accepts each finding, by the
/// finding's index. Waivers by annotation are on the findings themselves.
pub fn accepted(line: Line<'_>, facts: Facts<'_>, now: Timestamp) -> BTreeMap<u32, String> {
    // What is wrong with the line is said by the evaluation of its goals.
    let mut said = Vec::new();
    let index = Index::new(facts, &mut said);
    let exceptions = Exceptions::new(line, facts, &index, now, &mut said);
    (0..facts.findings.len() as u32)
        .filter_map(|finding| match exceptions.acceptance(finding)?.by {
            AcceptedBy::Exception(by) => Some((finding, exceptions.name(by).to_owned())),
            AcceptedBy::Annotation => None,
        })
        .collect()
}

/// Says which exceptions count for nothing.
fn report(
    written: &[&(std::sync::Arc<PostureException>, Location)],
    ends: &[Timestamp],
    matched: &[u64],
    facts: Facts<'_>,
    now: Timestamp,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut names: BTreeMap<&str, &Location> = BTreeMap::new();
    for (((exception, location), end), matched) in written.iter().zip(ends).zip(matched) {
        let name = exception.metadata.name.as_str();
        let mut warn = |message: String| {
            diagnostics.push(Diagnostic::warning(Some(location.clone()), message));
        };
        if let Some(first) = names.insert(name, location) {
            warn(format!(
                "exception `{name}` is written twice, first at {first}; both count: rename one"
            ));
        }
        if now >= *end {
            warn(format!(
                "exception `{name}` expired on {} and counts for nothing: {} would fall under it; fix what it accepted, or have {} decide again, then remove it or give a new date",
                exception.spec.expires,
                words::count(*matched, "finding"),
                exception.spec.owner
            ));
        } else if *matched == 0 {
            let unread = exception.spec.assets.as_ref().is_some_and(|selector| {
                facts
                    .assets
                    .iter()
                    .any(|a| a.unknown.is_some() && selector.may_match_unread(a))
            });
            if !unread {
                warn(format!(
                    "exception `{name}` matches no finding; remove it when what it accepted is fixed, otherwise check its `assets`, `controls` and `findings`"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
