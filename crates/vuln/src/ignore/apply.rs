//! Rules laid on what was found.

use std::collections::BTreeMap;

use plimsoll_model::{Date, Suppression, Vulnerability};

use super::{IgnoreFile, Rule};
use crate::vex::{PurlPattern, Status};

/// What rules came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// How many vulnerabilities they take out of the count that nothing took out before.
    pub suppressed: usize,
    /// Rules that are over, in the order of files and lines.
    pub expired: Vec<Expired>,
    /// Rules that hide nothing since they are about nothing that was found, by
    /// file and line and the id they are about.
    pub unused: Vec<String>,
}

/// A rule that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Its file and line.
    pub place: String,
    /// The id it is about; empty for any.
    pub id: String,
    /// The last day on which it held.
    pub until: Date,
    /// How many vulnerabilities it would hide, were it not over.
    pub about: usize,
}

/// Lays the rules of ignore files on the vulnerabilities of an image.
///
/// `statuses` is what VEX says of each, in the same order; none where nothing
/// was asked. An id stands for all names of its vulnerability: a rule for a
/// CVE hides the GHSA that is the same, and the other way round.
pub fn apply(
    files: &[IgnoreFile],
    found: &mut [Vulnerability],
    statuses: &[Option<Status>],
    today: Date,
) -> Applied {
    let rules: Vec<&Rule> = files
        .iter()
        .flat_map(|file| &file.rules)
        .filter(|rule| rule.is_for_vulnerabilities())
        .collect();
    let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut of_any: Vec<usize> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        match &rule.id {
            Some(id) => by_id.entry(id.to_ascii_uppercase()).or_default().push(at),
            None => of_any.push(at),
        }
    }
    let mut about = vec![0_usize; rules.len()];
    let mut applied = Applied::default();
    for (at, vulnerability) in found.iter_mut().enumerate() {
        let vex = statuses.get(at).copied().flatten();
        let own = PurlPattern::parse(&vulnerability.package.purl);
        let mut hit: Vec<usize> = vulnerability
            .names()
            .filter_map(|name| by_id.get(&name.to_ascii_uppercase()))
            .flatten()
            .chain(&of_any)
            .copied()
            .filter(|rule| rules[*rule].matches(vulnerability, own.as_ref(), vex))
            .collect();
        hit.sort_unstable();
        hit.dedup();
        let before = vulnerability.is_suppressed();
        for rule in hit {
            about[rule] += 1;
            let rule = rules[rule];
            if rule.is_over(today) {
                continue;
            }
            vulnerability.suppressed.push(Suppression {
                by: rule.place.clone(),
                status: "ignored".to_owned(),
                reason: rule.reason.clone(),
                until: rule.until,
            });
        }
        if !before && vulnerability.is_suppressed() {
            applied.suppressed += 1;
        }
    }
    for (rule, about) in rules.iter().zip(about) {
        let id = rule.id.clone().unwrap_or_default();
        match rule.until.filter(|_| rule.is_over(today)) {
            Some(until) => applied.expired.push(Expired {
                place: rule.place.clone(),
                id,
                until,
                about,
            }),
            None if about == 0 => {
                let title = format!("{} {id}", rule.place);
                applied.unused.push(title.trim_end().to_owned());
            }
            None => {}
        }
    }
    applied
}
