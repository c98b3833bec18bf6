//! NVD's JSON 2.0: a feed's file or an answer of its API.
//!
//! <https://nvd.nist.gov/developers/vulnerabilities>. Of its configurations
//! only what is marked vulnerable and is an application is read: releases of
//! distributions have their own feeds, and hardware is no package. Where a
//! configuration asks for two things at once, its applications are read as
//! affected, with a note of what they must run on.

mod configuration;

use serde_json::Value;

use super::{bounds, record, tree};
use crate::advisory::{Advisory, Read, SeverityStatement};

const FEED: &str = "nvd";

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let outcome = tree::each(bytes, &["vulnerabilities"], &mut |place, value| {
        let cve = value.get("cve").unwrap_or(&Value::Null);
        match advisory(cve) {
            Ok(advisory) => read.records.push(advisory),
            Err(why) => {
                let id = tree::text(cve, "id");
                let place = format!("record {place}");
                tree::skip(
                    &mut read,
                    file,
                    if id.is_empty() { &place } else { id },
                    why,
                );
            }
        }
    });
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    read
}

fn advisory(cve: &Value) -> Result<Advisory, String> {
    let id = tree::text(cve, "id").trim();
    if !record::is_cve(id) {
        return Err("its `id` is no id of a CVE".to_owned());
    }
    let mut advisory = record::advisory(id.to_owned(), FEED);
    advisory.source.record = format!("https://nvd.nist.gov/vuln/detail/{id}");
    advisory.source.published = tree::time(tree::text(cve, "published"));
    advisory.source.modified = tree::time(tree::text(cve, "lastModified"));
    let described = tree::items(cve, "descriptions").iter();
    let description = described
        .filter(|text| tree::text(text, "lang") == "en")
        .map(|text| tree::text(text, "value"))
        .next()
        .unwrap_or_default();
    let sentence = description
        .split_once(". ")
        .map_or(description, |(first, _)| first);
    advisory.summary = bounds::first_line(sentence);
    advisory.details = bounds::prose(description, bounds::DETAILS);
    if tree::text(cve, "vulnStatus") == "Rejected" {
        let changed = advisory.source.modified.or(advisory.source.published);
        advisory.withdrawn = Some(changed.ok_or("it is rejected, at no time")?);
        return Ok(advisory);
    }
    for weakness in tree::items(cve, "weaknesses") {
        for text in tree::items(weakness, "description") {
            record::add_weakness(&mut advisory.weaknesses, tree::text(text, "value"));
        }
    }
    for reference in tree::items(cve, "references") {
        record::add_reference(&mut advisory.references, tree::text(reference, "url"));
    }
    advisory.severities = severities(cve.get("metrics").unwrap_or(&Value::Null));
    advisory.affected = configuration::affected(tree::items(cve, "configurations"))?;
    Ok(advisory)
}

/// Statements of NVD first, then of others; of each the newest CVSS first.
fn severities(metrics: &Value) -> Vec<SeverityStatement> {
    let mut found = Vec::new();
    for key in [
        "cvssMetricV40",
        "cvssMetricV31",
        "cvssMetricV30",
        "cvssMetricV2",
    ] {
        for metric in tree::items(metrics, key).iter().take(16) {
            let data = metric.get("cvssData").unwrap_or(&Value::Null);
            let vector = tree::text(data, "vectorString");
            if vector.is_empty() {
                continue;
            }
            // CVSS 2 has the word beside its data.
            let word = match tree::text(data, "baseSeverity") {
                "" => tree::text(metric, "baseSeverity"),
                word => word,
            };
            let by = said_by(tree::text(metric, "source"));
            found.push(record::severity_vector(&by, vector, word));
        }
    }
    found.sort_by_key(|statement| statement.by != FEED);
    found
}

/// Who a source is: NVD names them by address or by a number of its own.
fn said_by(source: &str) -> String {
    match source {
        "nvd@nist.gov" => FEED.to_owned(),
        "134c704f-9b21-4f2e-91b3-4a467353bcc0" => "cisa-adp".to_owned(),
        "security-advisories@github.com" => "github".to_owned(),
        "secalert@redhat.com" => "redhat".to_owned(),
        other => bounds::prose(other, 80).to_lowercase(),
    }
}

#[cfg(test)]
mod tests;
