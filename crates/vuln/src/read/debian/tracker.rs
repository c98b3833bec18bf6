//! `data/json` of Debian's security tracker: source package, CVE, release.
//!
//! <https://security-tracker.debian.org/tracker/data/json>. One advisory for
//! each package and CVE, since urgency is a statement about both.

use std::collections::BTreeSet;

use plimsoll_model::Severity;
use serde_json::Value;

use super::{
    super::{bounds, record, tree},
    release,
};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Range, Read, State},
};

const FEED: &str = "debian-security-tracker";

/// Reads the tracker's JSON.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let outcome = tree::each(bytes, &[], &mut |name, vulnerabilities| {
        let Some(vulnerabilities) = vulnerabilities.as_object() else {
            tree::skip(&mut read, file, name, "its vulnerabilities are no object");
            return;
        };
        for (id, value) in vulnerabilities {
            let place = format!("{name} {id}");
            if read.records.len() >= bounds::RECORDS {
                tree::skip(&mut read, file, &place, "too many records");
                return;
            }
            let mut left_out = BTreeSet::new();
            match advisory(name, id, value, &mut left_out) {
                Ok(advisory) => read.records.push(advisory),
                Err(why) => tree::skip(&mut read, file, &place, why),
            }
            for why in left_out {
                tree::skip(&mut read, file, &place, format!("in part: {why}"));
            }
        }
    });
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    read
}

fn advisory(
    name: &str,
    id: &str,
    value: &Value,
    left_out: &mut BTreeSet<String>,
) -> Result<Advisory, String> {
    let name = bounds::word(name).map_err(|why| format!("the name of a package {why}"))?;
    let id = bounds::word(id).map_err(|why| format!("its id {why}"))?;
    let mut advisory = record::advisory(id.clone(), FEED);
    advisory.source.record = format!("https://security-tracker.debian.org/tracker/{id}");
    let description = tree::text(value, "description");
    advisory.summary = bounds::first_line(description);
    advisory.details = bounds::prose(description, bounds::DETAILS);
    let releases = value.get("releases").and_then(Value::as_object);
    let releases = releases.ok_or("it names no releases")?;
    bounds::at_most(releases.len(), bounds::AFFECTED, "releases")?;
    let mut urgencies = BTreeSet::new();
    for (codename, value) in releases {
        match affected(&name, codename, value) {
            Ok(found) => {
                if let Some(urgency) = found.notes.get("urgency") {
                    urgencies.insert(urgency.clone());
                }
                advisory.affected.push(found);
            }
            Err(why) => {
                left_out.insert(why);
            }
        }
    }
    if advisory.affected.is_empty() {
        left_out.clear();
        return Err("it names no release that is known".to_owned());
    }
    let mut words: Vec<_> = urgencies
        .iter()
        .map(|word| record::severity_word("debian", word))
        .collect();
    // The worst of the releases' urgencies; each stands at its release too.
    words.sort_by_key(|word| std::cmp::Reverse(word.level.unwrap_or(Severity::Info)));
    advisory.severities.extend(words.into_iter().next());
    Ok(advisory)
}

fn affected(name: &str, codename: &str, value: &Value) -> Result<Affected, String> {
    let number = release(codename).ok_or_else(|| format!("a release `{codename}` is not known"))?;
    let status = tree::text(value, "status");
    let urgency = tree::text(value, "urgency").trim_end_matches('*');
    let no_dsa = tree::text(value, "nodsa");
    let (ranges, state) = match status {
        "resolved" => {
            let fixed = bounds::word(tree::text(value, "fixed_version"))
                .map_err(|why| format!("the fixed version of {codename} {why}"))?;
            if fixed == "0" {
                (Vec::new(), State::NotAffected)
            } else {
                (vec![record::before(fixed)], State::Fixed)
            }
        }
        "open" => {
            let state = match tree::text(value, "nodsa_reason") {
                _ if urgency == "end-of-life" => State::EndOfLife,
                "ignored" => State::WillNotFix,
                "postponed" => State::Deferred,
                _ => State::Affected,
            };
            (vec![Range::default()], state)
        }
        "undetermined" => (vec![Range::default()], State::UnderInvestigation),
        _ => {
            let status = bounds::prose(status, 40);
            return Err(format!("a status `{status}` is not known"));
        }
    };
    let origin = record::source_package("debian", number, "");
    let mut found = record::affected(origin, name.to_owned(), Scheme::Dpkg, ranges);
    found.state = state;
    let stated = |text: &str| !text.is_empty() && text != "not yet assigned";
    for (key, text) in [("urgency", urgency), ("no-dsa", no_dsa)] {
        if stated(text) {
            found
                .notes
                .insert(key.to_owned(), bounds::prose(text, bounds::NOTE));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Origin;

    const JSON: &str = r#"{
      "curl": {
        "CVE-2023-0001": {
          "description": "A flaw in curl.", "scope": "remote",
          "releases": {
            "bookworm": {"status": "resolved", "repositories": {"bookworm": "7.88.1-10"}, "fixed_version": "7.88.1-10+deb12u1", "urgency": "low"},
            "trixie": {"status": "resolved", "repositories": {"trixie": "8"}, "fixed_version": "0", "urgency": "unimportant"},
            "bullseye": {"status": "open", "repositories": {"bullseye": "7.74"}, "urgency": "not yet assigned", "nodsa": "Minor issue", "nodsa_reason": "ignored"},
            "buster": {"status": "open", "urgency": "medium**", "nodsa": "Minor issue", "nodsa_reason": "postponed"},
            "stretch": {"status": "open", "urgency": "end-of-life"},
            "jessie": {"status": "open", "urgency": "not yet assigned", "nodsa": "Minor issue", "nodsa_reason": ""},
            "sid": {"status": "undetermined"},
            "mars": {"status": "open"},
            "wheezy": {"status": "odd"}
          }
        },
        "CVE-2023-0002": {"releases": 5}
      },
      "openssl": [],
      "zlib": {"TEMP-0000001-ABCDEF": {"releases": {"sid": {"status": "open"}}}}
    }"#;

    #[test]
    fn each_release_has_the_trackers_state() {
        let read = read("data.json", JSON.as_bytes());
        let first = &read.records[0];
        assert_eq!(first.id, "CVE-2023-0001");
        let states: Vec<(&str, State)> = first
            .affected
            .iter()
            .map(|affected| match &affected.origin {
                Origin::Distribution { release, .. } => (release.as_str(), affected.state),
                _ => panic!("no release"),
            })
            .collect();
        assert_eq!(
            states,
            [
                ("12", State::Fixed),
                ("13", State::NotAffected),
                ("11", State::WillNotFix),
                ("10", State::Deferred),
                ("9", State::EndOfLife),
                ("8", State::Affected),
                ("", State::UnderInvestigation),
            ]
        );
        assert_eq!(first.severities[0].word, "medium");
        assert_eq!(
            first.affected[1].notes.get("urgency").map(String::as_str),
            Some("unimportant")
        );
        assert_eq!(
            first.affected[5].notes.get("no-dsa").map(String::as_str),
            Some("Minor issue")
        );
        assert_eq!(read.records[1].id, "TEMP-0000001-ABCDEF");
        let skipped: Vec<&str> = read.skipped.iter().map(|s| s.record.as_str()).collect();
        assert_eq!(
            skipped,
            [
                "curl CVE-2023-0001",
                "curl CVE-2023-0001",
                "curl CVE-2023-0002",
                "openssl"
            ]
        );
    }

    #[test]
    fn what_comes_before_a_break_is_kept() {
        let cut = JSON.split("\"openssl\"").next().unwrap_or_default();
        let read = read("data.json", cut.as_bytes());
        assert_eq!(read.records.len(), 1);
        assert_eq!(read.skipped.last().map(|s| s.record.as_str()), Some(""));
    }
}
