//! Secrets in files and in an image's configuration.
//!
//! One pass over a file looks for the words of all [kinds](rule); a file that
//! has none costs no more. Where a word is, the shape of its kind is compared,
//! anchored at the word, and then what the kind has besides: letters drawn at
//! random, a checksum, JSON or DER inside. What stands where a secret goes
//! (`changeme`, `${TOKEN}`, `AKIA...EXAMPLE`) is none.
//!
//! The value of a secret is kept nowhere: what leaves this module is where it
//! is, its line with asterisks for every secret in it, and the first
//! characters of a hash, to tell that two places hold the same.
//!
//! Which files are searched is in `place`.

use std::{collections::BTreeMap, sync::LazyLock};

use plimsoll_model::Rule;

use crate::{Analyzer, Candidate, FileRecord, Found, SecretHit, Sink, analyzer::never_by_path};

mod assign;
mod checksum;
mod config;
mod format;
mod judge;
mod kind;
mod kinds;
mod manifest;
mod pem;
mod place;
mod redact;
mod scan;
#[cfg(test)]
mod tests;
mod url;
mod whole;

pub use config::take_from;

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[Analyzer {
    name: "secrets",
    version: 1,
    by_path: never_by_path,
    by_head,
    run,
}];

/// The words of the kind of secret with this id ([`SecretHit::rule`]);
/// `assess` makes a finding of each secret with it.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    static BY_ID: LazyLock<BTreeMap<&str, &Rule>> =
        LazyLock::new(|| rules().map(|rule| (rule.id, rule)).collect());
    BY_ID.get(id).copied()
}

/// The words of every kind of secret.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    kinds::all().map(|kind| &kind.rule)
}

fn by_head(path: &str, record: &FileRecord, head: &[u8]) -> bool {
    place::is_searched(path, record, head)
}

fn run(candidate: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = candidate.whole_or_tell(place::MOST, sink) else {
        return;
    };
    let head = &bytes[..bytes.len().min(crate::analyzer::HEAD)];
    if let Some(rule) = whole::kind(candidate.path, head) {
        sink.push(SecretHit {
            rule: rule.to_owned(),
            line: 1,
            column: 1,
            excerpt: "the whole file".to_owned(),
            fingerprint: redact::fingerprint(&bytes),
        });
        return;
    }
    for (name, detail) in format::marks(candidate.path, &bytes) {
        sink.push(Found::Mark {
            name: name.to_owned(),
            detail,
        });
    }
    let mut all = Vec::new();
    let complete = scan::scan(&bytes, place::scope(candidate.path, head), &mut all);
    format::scan(candidate.path, &bytes, &mut all);
    if all.is_empty() && complete {
        return;
    }
    let matches = scan::settle(all);
    if !complete || matches.found.len() > scan::MOST_HITS {
        sink.incomplete(format!(
            "more than {} secrets, or too much that looks like them: the rest of the file is left out",
            scan::MOST_HITS
        ));
    }
    for hit in redact::hits(&bytes, &matches, scan::MOST_HITS) {
        sink.push(hit);
    }
}
