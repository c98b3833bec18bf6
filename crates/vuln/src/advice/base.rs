//! A newer base image.

use std::collections::BTreeSet;

use plimsoll_model::{Digest, Vulnerability};

/// A base image that could take the place of the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its reference: `alpine:3.20`.
    pub name: String,
    /// The digest it has now, to pin it.
    pub digest: Option<Digest>,
    /// What it has itself: [`Vulnerability::subject`] of each.
    pub vulnerabilities: BTreeSet<String>,
}

/// A newer base image and what it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseAdvice {
    /// The present one.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// Its digest.
    pub digest: Option<Digest>,
    /// Ids of the vulnerabilities it clears, sorted, once for each package.
    pub clears: Vec<String>,
    /// How many of the present ones come from the base.
    pub of: usize,
    /// How many it brings that were not there.
    pub brings: usize,
    /// What of the present base it has too.
    pub(super) keeps: BTreeSet<String>,
}

impl std::fmt::Display for BaseAdvice {
    /// `base alpine:3.19 to alpine:3.20 clears 31 of 40`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "base {} to {} clears {} of {}",
            self.from,
            self.to,
            self.clears.len(),
            self.of
        )?;
        if self.brings > 0 {
            write!(f, " and brings {}", self.brings)?;
        }
        Ok(())
    }
}

/// The candidate that clears most beyond what it brings; of equal ones the one
/// that brings least, then the first. None when none is better.
pub(super) fn choose(
    from: &str,
    counted: &[&Vulnerability],
    candidates: &[Candidate],
) -> Option<BaseAdvice> {
    let own: Vec<(&str, String)> = counted
        .iter()
        .filter(|v| v.from_base == Some(true))
        .map(|v| (v.id.as_str(), v.subject()))
        .collect();
    let present: BTreeSet<&str> = own.iter().map(|(_, subject)| subject.as_str()).collect();
    let mut best: Option<BaseAdvice> = None;
    for candidate in candidates.iter().filter(|candidate| candidate.name != from) {
        let has = |subject: &String| candidate.vulnerabilities.contains(subject);
        let mut clears: Vec<String> = own
            .iter()
            .filter(|(_, subject)| !has(subject))
            .map(|(id, _)| (*id).to_owned())
            .collect();
        clears.sort();
        let brings = candidate
            .vulnerabilities
            .iter()
            .filter(|subject| !present.contains(subject.as_str()))
            .count();
        if clears.len() <= brings {
            continue;
        }
        let better = best.as_ref().is_none_or(|best| {
            let rank = |clears: usize, brings: usize| (clears - brings, std::cmp::Reverse(brings));
            rank(clears.len(), brings) > rank(best.clears.len(), best.brings)
        });
        if better {
            best = Some(BaseAdvice {
                from: from.to_owned(),
                to: candidate.name.clone(),
                digest: candidate.digest,
                clears,
                of: own.len(),
                brings,
                keeps: own
                    .iter()
                    .filter(|(_, subject)| has(subject))
                    .map(|(_, subject)| subject.clone())
                    .collect(),
            });
        }
    }
    best
}
