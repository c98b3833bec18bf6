//! CSAF 2.0 as distributions publish it: Red Hat's VEX documents and its
//! advisories, those of SUSE and of openEuler.
//!
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>. A VEX document is
//! about one vulnerability; an advisory fixes several at once, and is one record
//! for all that it says the same packages of. Products that are no packages of
//! an RPM distribution (images, archives, programs) are passed over; a document
//! without any other is passed over and named. A deleted document is one that
//! was taken back.

mod claims;
mod products;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Timestamp, time::date_of};
use serde_json::Value;

use self::{
    claims::{Claims, Remedy},
    products::Products,
};
use super::{bounds, record, tree};
use crate::advisory::{Advisory, Affected, Read, SeverityStatement, State};

/// Products that one vulnerability may name, over all of its states.
const MOST_PRODUCTS: usize = 500_000;

/// Reads a document.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return tree::unreadable(file, error.to_string()),
    };
    let mut read = Read::default();
    let id = tree::text(at(&value, &["document", "tracking"]), "id");
    match document(&value) {
        Ok((advisories, left_out)) => {
            if !left_out.is_empty() {
                let why: Vec<String> = left_out.into_iter().take(5).collect();
                tree::skip(&mut read, file, id, format!("in part: {}", why.join("; ")));
            }
            read.records = advisories;
        }
        Err(why) => tree::skip(&mut read, file, id, why),
    }
    read
}

/// What stands at a path; null where nothing does.
fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter()
        .fold(value, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// Who publishes: the name of the feed, and whose word the severities are.
fn publisher(document: &Value) -> (String, String) {
    let publisher = at(document, &["publisher"]);
    let namespace = tree::text(publisher, "namespace").to_lowercase();
    let name = tree::text(publisher, "name").to_lowercase();
    let by = ["redhat", "suse", "openeuler"]
        .into_iter()
        .find(|known| namespace.contains(known) || name.replace(' ', "").contains(known));
    let by = match by {
        Some(by) => by.to_owned(),
        None => bounds::word(&name).unwrap_or_else(|_| "csaf".to_owned()),
    };
    let vex = tree::text(document, "category") == "csaf_vex";
    let feed = format!(
        "{}-csaf{}",
        by.replace(' ', "-"),
        if vex { "-vex" } else { "" }
    );
    (feed, by)
}

/// The records of a document, and what of it was left out.
fn document(value: &Value) -> Result<(Vec<Advisory>, BTreeSet<String>), String> {
    let document = at(value, &["document"]);
    let tracking = at(document, &["tracking"]);
    let id = bounds::word(tree::text(tracking, "id")).map_err(|why| format!("its id {why}"))?;
    let (feed, by) = publisher(document);
    let mut whole = record::advisory(id, &feed);
    whole.source.published = tree::time(tree::text(tracking, "initial_release_date"));
    whole.source.modified = tree::time(tree::text(tracking, "current_release_date"));
    if matches!(tree::text(tracking, "status"), "deleted" | "withdrawn") {
        let when = whole.source.modified.or(whole.source.published);
        whole.withdrawn = Some(when.unwrap_or(Timestamp::UNIX_EPOCH));
        return Ok((vec![whole], BTreeSet::new()));
    }
    whole.summary = bounds::prose(tree::text(document, "title"), bounds::SUMMARY);
    let canonical = |found: &&Value| tree::text(found, "category") == "self";
    for reference in tree::items(document, "references").iter().filter(canonical) {
        record::add_reference(&mut whole.references, tree::text(reference, "url"));
    }
    whole.source.record = whole.references.first().cloned().unwrap_or_default();
    let word = tree::text(at(document, &["aggregate_severity"]), "text");

    let mut left_out = BTreeSet::new();
    let products = Products::of(value, &mut left_out)?;
    let found = tree::items(value, "vulnerabilities");
    bounds::at_most(found.len(), bounds::IDS, "vulnerabilities")?;
    let vex = feed.ends_with("-vex");
    let mut all: Vec<(Vec<Affected>, Vec<&Value>)> = Vec::new();
    for vulnerability in found {
        let affected = affected(vulnerability, &products, &mut left_out)?;
        match all.iter_mut().find(|(same, _)| !vex && *same == affected) {
            Some((_, about)) => about.push(vulnerability),
            None => all.push((affected, vec![vulnerability])),
        }
    }
    all.retain(|(affected, _)| !affected.is_empty());
    if all.is_empty() {
        return Err(match left_out.into_iter().next() {
            Some(why) => why,
            None => "it names no package of a distribution".to_owned(),
        });
    }
    let advisories = all.into_iter().map(|(affected, about)| {
        let mut advisory = whole.clone();
        advisory.affected = affected;
        describe(&mut advisory, &about, vex);
        advisory.severities = severities(&by, word, &about);
        if !vex {
            let day = advisory.source.published.map(date_of);
            let fixed = advisory.affected.iter_mut();
            for package in fixed.filter(|package| package.state == State::Fixed) {
                package.fix_published = package.fix_published.or(day);
            }
        }
        advisory
    });
    Ok((advisories.collect(), left_out))
}

/// What is said of vulnerabilities beside their packages.
fn describe(advisory: &mut Advisory, about: &[&Value], vex: bool) {
    for vulnerability in about {
        let cve = tree::text(vulnerability, "cve");
        match (vex, bounds::word(cve)) {
            (true, Ok(cve)) if cve != advisory.id => {
                // The document has another name than what it is about.
                let id = std::mem::replace(&mut advisory.id, cve);
                record::add_id(&mut advisory.aliases, &id);
            }
            (false, Ok(cve)) => record::add_id(&mut advisory.about, &cve),
            _ => {}
        }
        let weakness = at(vulnerability, &["cwe"]);
        record::add_weakness(&mut advisory.weaknesses, tree::text(weakness, "id"));
        for weakness in tree::items(vulnerability, "cwes").iter().take(bounds::IDS) {
            record::add_weakness(&mut advisory.weaknesses, tree::text(weakness, "id"));
        }
        if advisory.summary.is_empty() {
            advisory.summary = bounds::first_line(tree::text(vulnerability, "title"));
        }
        if advisory.details.is_empty() {
            let notes = tree::items(vulnerability, "notes");
            let prose = ["description", "general", "summary"];
            let found = prose.into_iter().find_map(|category| {
                let mut notes = notes.iter();
                notes.find(|note| tree::text(note, "category") == category)
            });
            let text = found.map_or("", |note| tree::text(note, "text"));
            advisory.details = bounds::prose(text, bounds::DETAILS);
        }
        for reference in tree::items(vulnerability, "references") {
            record::add_reference(&mut advisory.references, tree::text(reference, "url"));
        }
    }
}

/// The publisher's word, and the vectors: those of all products are one, or the
/// one that most have.
fn severities(by: &str, word: &str, about: &[&Value]) -> Vec<SeverityStatement> {
    let mut word = word.to_owned();
    let mut vectors: BTreeMap<&str, usize> = BTreeMap::new();
    for vulnerability in about {
        for score in tree::items(vulnerability, "scores") {
            for kind in ["cvss_v4", "cvss_v3", "cvss_v2"] {
                let vector = tree::text(at(score, &[kind]), "vectorString");
                if !vector.is_empty() {
                    *vectors.entry(vector).or_default() += tree::items(score, "products").len();
                }
            }
        }
        if word.is_empty() {
            let impact = |threat: &&Value| tree::text(threat, "category") == "impact";
            let mut threats = tree::items(vulnerability, "threats").iter();
            word = threats
                .find(impact)
                .map_or("", |t| tree::text(t, "details"))
                .to_owned();
        }
    }
    let mut severities = Vec::new();
    if !word.is_empty() {
        severities.push(record::severity_word(by, &word));
    }
    if about.len() == 1 {
        // One of each version of CVSS.
        let version = |vector: &str| {
            let rest = vector.strip_prefix("CVSS:").unwrap_or_default();
            rest.get(..3).unwrap_or_default().to_owned()
        };
        let mut best: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        for (vector, count) in vectors {
            let kept = best.entry(version(vector)).or_insert((count, vector));
            if count > kept.0 {
                *kept = (count, vector);
            }
        }
        let kept = best.into_values().rev();
        severities.extend(kept.map(|(_, vector)| record::severity_vector(by, vector, "")));
    }
    severities
}

/// The packages of one vulnerability.
fn affected(
    vulnerability: &Value,
    products: &Products<'_>,
    left_out: &mut BTreeSet<String>,
) -> Result<Vec<Affected>, String> {
    let status = at(vulnerability, &["product_status"]);
    let remedies = Remedy::all(vulnerability);
    let mut claims = Claims::default();
    let mut count = 0_usize;
    for kind in [
        "fixed",
        "first_fixed",
        "recommended",
        "known_affected",
        "first_affected",
        "last_affected",
        "under_investigation",
        "known_not_affected",
    ] {
        for id in tree::texts(status, kind) {
            count += 1;
            bounds::at_most(count, MOST_PRODUCTS, "products")?;
            match products.package(id) {
                Ok(Some(found)) => {
                    let remedy = remedies.get(id).cloned().unwrap_or_default();
                    claims.add(kind, found, &remedy);
                }
                Ok(None) => {}
                Err(why) => {
                    left_out.insert(format!("product `{}` {why}", bounds::prose(id, 100)));
                    if left_out.len() > 1_000 {
                        left_out.pop_last();
                    }
                }
            }
        }
    }
    let affected = claims.affected();
    bounds::at_most(affected.len(), bounds::AFFECTED, "packages")?;
    Ok(affected)
}
