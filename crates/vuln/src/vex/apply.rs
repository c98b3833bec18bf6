//! Statements laid on what was found.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use plimsoll_model::{Suppression, Vulnerability};

use super::{Document, Identity, Statement, Status, product::Known};

/// What statements came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// How many vulnerabilities they take out of the count.
    pub suppressed: usize,
    /// What is said of each vulnerability, in the order given; none where
    /// nothing is.
    pub statuses: Vec<Option<Status>>,
    /// Statements that are about nothing that was found, whose word and what
    /// they say: `web.vex.json (Example Ltd): CVE-2023-1 not_affected for pkg:oci/web`.
    /// Documents that were found by the name of a package are not among them.
    pub unmatched: Vec<String>,
    /// Statements about one vulnerability that contradict each other.
    pub conflicts: Vec<Conflict>,
}

/// Statements that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The vulnerability and the package.
    pub about: String,
    /// The one that counts, and whose word it is.
    pub counts: String,
    /// The other.
    pub other: String,
    /// Why the first counts: `it is newer`, `neither is newer, and it takes nothing out`.
    pub why: &'static str,
}

/// Lays statements on the vulnerabilities of an image.
///
/// Of several about one vulnerability the newest counts; of those equally old
/// the one that takes least out. What is taken out stays in the list with
/// whose word that is; what is said beside is a note.
pub fn apply<'a>(
    documents: impl IntoIterator<Item = &'a Document>,
    found: &mut [Vulnerability],
    image: &Identity,
) -> Applied {
    let known = Known::new(image);
    let all: Vec<(&Document, &Statement)> = documents
        .into_iter()
        .flat_map(|document| document.statements.iter().map(move |s| (document, s)))
        .collect();
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (_, statement)) in all.iter().enumerate() {
        for name in &statement.vulnerability {
            by_name
                .entry(name.to_ascii_uppercase())
                .or_default()
                .push(at);
        }
    }
    let mut used = vec![false; all.len()];
    let mut applied = Applied::default();
    let mut conflicts = BTreeSet::new();
    for vulnerability in found.iter_mut() {
        let candidates: BTreeSet<usize> = vulnerability
            .names()
            .filter_map(|name| by_name.get(&name.to_ascii_uppercase()))
            .flatten()
            .copied()
            .collect();
        let mut said: Vec<usize> = candidates
            .into_iter()
            .filter(|at| {
                let (_, statement) = all[*at];
                statement
                    .products
                    .iter()
                    .any(|product| known.means(product, vulnerability))
            })
            .collect();
        for at in &said {
            used[*at] = true;
        }
        said.sort_by_key(|at| {
            let (document, statement) = all[*at];
            (
                Reverse(statement.time),
                statement.status,
                &document.file,
                *at,
            )
        });
        let Some((first, rest)) = said.split_first() else {
            applied.statuses.push(None);
            continue;
        };
        let (document, statement) = all[*first];
        applied.statuses.push(Some(statement.status));
        for other in rest {
            let (from, other) = all[*other];
            if other.status != statement.status {
                conflicts.insert(Conflict {
                    about: vulnerability.subject(),
                    counts: format!("{}: {}", document.by(), statement.status),
                    other: format!("{}: {}", from.by(), other.status),
                    why: if other.time == statement.time {
                        "neither is newer, and it takes less out"
                    } else {
                        "it is newer"
                    },
                });
            }
        }
        if statement.status.suppresses() {
            if !vulnerability.is_suppressed() {
                applied.suppressed += 1;
            }
            vulnerability.suppressed.push(Suppression {
                by: document.by(),
                status: statement.status.to_string(),
                reason: statement.reason(),
                until: None,
            });
        } else {
            let reason = statement.reason();
            let colon = if reason.is_empty() { "" } else { ": " };
            vulnerability.notes.push(format!(
                "{} says {}{colon}{reason}",
                document.by(),
                statement.status
            ));
        }
    }
    applied.conflicts = conflicts.into_iter().collect();
    applied.unmatched = all
        .iter()
        .zip(used)
        .filter(|((document, _), used)| !used && !document.shared)
        .map(|((document, statement), _)| format!("{}: {}", document.by(), statement.title()))
        .collect();
    applied
}
