//! What the states of products say of a package, once for all architectures.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::Date;
use serde_json::Value;

use super::super::{
    bounds,
    platform::Platform,
    record,
    rpm::{Component, ranges},
    tree,
};
use crate::{
    Scheme,
    advisory::{Affected, Range, State},
};

/// What is said of how a product is to be helped.
#[derive(Clone, Debug, Default)]
pub(super) struct Remedy {
    /// What is going to happen, where that is said.
    state: Option<State>,
    /// In the publisher's words.
    words: String,
    /// The erratum that fixes it.
    erratum: String,
    /// When that was published.
    date: Option<Date>,
}

impl Remedy {
    /// The remedies of a vulnerability, by product.
    pub(super) fn all(vulnerability: &Value) -> HashMap<&str, Remedy> {
        let mut all: HashMap<&str, Remedy> = HashMap::new();
        for found in tree::items(vulnerability, "remediations") {
            let words = tree::text(found, "details").trim();
            let category = tree::text(found, "category");
            let lower = words.to_lowercase();
            let state = match category {
                "no_fix_planned"
                    if lower.contains("support scope") || lower.contains("end of life") =>
                {
                    Some(State::EndOfLife)
                }
                "no_fix_planned" => Some(State::WillNotFix),
                "none_available" if lower.contains("deferred") => Some(State::Deferred),
                "none_available" if lower.contains("will not fix") => Some(State::WillNotFix),
                "none_available" if lower.contains("investigation") => {
                    Some(State::UnderInvestigation)
                }
                "none_available" => Some(State::Affected),
                _ => None,
            };
            let fix = category == "vendor_fix";
            for id in tree::texts(found, "product_ids") {
                let remedy = all.entry(id).or_default();
                if let Some(state) = state {
                    remedy.state = Some(state);
                    remedy.words = bounds::prose(words, 100);
                }
                if fix {
                    let url = tree::text(found, "url").trim_end_matches('/');
                    let erratum = url.rsplit('/').next().unwrap_or_default();
                    remedy.erratum = bounds::prose(erratum, 100);
                    remedy.date = tree::date(tree::text(found, "date"));
                }
            }
        }
        all
    }
}

/// A package of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    platform: Platform,
    name: String,
    module: String,
    source: bool,
}

#[derive(Clone, Debug, Default)]
struct Claim {
    /// Architectures by the version that fixes it.
    fixed: BTreeMap<String, BTreeSet<String>>,
    /// Errata that fix it, with their dates.
    errata: BTreeMap<String, Option<Date>>,
    state: Option<State>,
    words: String,
}

/// What is said of packages.
#[derive(Default)]
pub(super) struct Claims(BTreeMap<Key, Claim>);

impl Claims {
    /// Takes in what a state says of a package. States are told in the order
    /// of their weight: what was said first holds.
    pub(super) fn add(&mut self, kind: &str, found: (Platform, Component), remedy: &Remedy) {
        let (platform, component) = found;
        let fixes = matches!(kind, "fixed" | "first_fixed" | "recommended");
        // Of a fix its binary packages are named as well; without a version
        // nothing is said.
        if fixes && (component.is_source() || component.evr.is_empty()) {
            return;
        }
        let sources: &[bool] = match component.unsaid {
            true => &[true, false],
            false if component.is_source() => &[true],
            false => &[false],
        };
        for &source in sources {
            let key = Key {
                platform: platform.clone(),
                name: component.name.clone(),
                module: component.module.clone(),
                source,
            };
            let claim = self.0.entry(key).or_default();
            if fixes {
                if kind == "recommended" && claim.state == Some(State::Fixed) {
                    continue;
                }
                if kind != "recommended" {
                    claim.state = Some(State::Fixed);
                }
                let architectures = claim.fixed.entry(component.evr.clone()).or_default();
                architectures.insert(component.arch.clone());
                if !remedy.erratum.is_empty() {
                    claim.errata.insert(remedy.erratum.clone(), remedy.date);
                }
                continue;
            }
            if claim.state.is_none() && claim.fixed.is_empty() {
                claim.state = Some(match kind {
                    "known_not_affected" => State::NotAffected,
                    "under_investigation" => State::UnderInvestigation,
                    _ => remedy.state.unwrap_or(State::Affected),
                });
                claim.words.clone_from(&remedy.words);
            }
        }
    }

    /// The packages, sorted.
    pub(super) fn affected(self) -> Vec<Affected> {
        let mut all = Vec::new();
        for (key, claim) in self.0 {
            if claim.fixed.is_empty() {
                all.push(unfixed(&key, &claim));
                continue;
            }
            // Architectures with the same fixes are one statement.
            let mut fixes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (version, architectures) in &claim.fixed {
                for architecture in architectures {
                    fixes.entry(architecture).or_default().push(version.clone());
                }
            }
            let mut same: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
            for (architecture, versions) in fixes {
                same.entry(versions).or_default().push(architecture);
            }
            let one = same.len() == 1;
            for (mut versions, architectures) in same {
                let mut found = package(&key, ranges(&mut versions));
                if !one && !architectures.contains(&"noarch") && !architectures.contains(&"") {
                    found.architectures = architectures.into_iter().map(str::to_owned).collect();
                }
                found.fix_published = claim.errata.values().flatten().min().copied();
                if !claim.errata.is_empty() {
                    let errata: Vec<&str> = claim.errata.keys().map(String::as_str).collect();
                    let errata = bounds::prose(&errata.join(" "), bounds::NOTE);
                    found.notes.insert("errata".to_owned(), errata);
                }
                all.push(found);
            }
        }
        all
    }
}

fn package(key: &Key, ranges: Vec<Range>) -> Affected {
    let origin = key.platform.origin(key.source);
    let mut found = record::affected(origin, key.name.clone(), Scheme::Rpm, ranges);
    found.module.clone_from(&key.module);
    found
}

fn unfixed(key: &Key, claim: &Claim) -> Affected {
    let state = claim.state.unwrap_or_default();
    // What is not affected is so in all of its versions.
    let ranges = match state {
        State::NotAffected => Vec::new(),
        _ => vec![Range::default()],
    };
    let mut found = package(key, ranges);
    found.state = state;
    if !claim.words.is_empty() {
        found.notes.insert("remedy".to_owned(), claim.words.clone());
    }
    found
}
