//! Arch Linux's `all.json`: groups of packages with their issues.
//!
//! <https://security.archlinux.org/all.json>

use serde_json::Value;

use super::{bounds, record, tree};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Origin, Range, Read, State},
};

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let outcome = tree::each(bytes, &[], &mut |place, value| {
        let name = tree::text(&value, "name");
        match group(&value) {
            Ok(advisory) => read.records.push(advisory),
            Err(why) => {
                let place = format!("record {place}");
                let place = if name.is_empty() { &place } else { name };
                tree::skip(&mut read, file, place, why);
            }
        }
    });
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    read
}

fn group(value: &Value) -> Result<Advisory, String> {
    let id = bounds::word(tree::text(value, "name")).map_err(|why| format!("its name {why}"))?;
    let mut advisory = record::advisory(id.clone(), "arch-security");
    advisory.source.record = format!("https://security.archlinux.org/{id}");
    advisory.summary = bounds::prose(tree::text(value, "type"), bounds::SUMMARY);
    for issue in tree::texts(value, "issues").take(bounds::IDS) {
        record::add_id(&mut advisory.about, issue);
    }
    for advisory_id in tree::texts(value, "advisories").take(bounds::REFERENCES) {
        let address = format!("https://security.archlinux.org/{advisory_id}");
        record::add_reference(&mut advisory.references, &address);
    }
    let severity = tree::text(value, "severity");
    if !severity.is_empty() && severity != "Unknown" {
        advisory
            .severities
            .push(record::severity_word("arch", severity));
    }
    let fixed = tree::text(value, "fixed");
    let state = match tree::text(value, "status") {
        "Fixed" => State::Fixed,
        // A fix is there, in a repository that few use.
        "Vulnerable" | "Testing" => State::Affected,
        "Not affected" => State::NotAffected,
        "Unknown" => State::UnderInvestigation,
        other => {
            let other = bounds::prose(other, 40);
            return Err(format!("a status `{other}` is not known"));
        }
    };
    let ranges = match (state, fixed) {
        (State::NotAffected, _) => Vec::new(),
        (State::Fixed, fixed) => {
            let fixed = bounds::word(fixed).map_err(|why| format!("`fixed` {why}"))?;
            vec![record::before(fixed)]
        }
        _ => vec![Range::default()],
    };
    let packages = tree::items(value, "packages");
    bounds::at_most(packages.len(), bounds::AFFECTED, "packages")?;
    for package in packages.iter().filter_map(Value::as_str) {
        let name = bounds::word(package).map_err(|why| format!("the name of a package {why}"))?;
        let origin = Origin::Distribution {
            id: "arch".to_owned(),
            release: String::new(),
            stream: String::new(),
            source: false,
        };
        let found = record::affected(origin, name, Scheme::Pacman, ranges.clone());
        let mut found = Affected { state, ..found };
        if tree::text(value, "status") == "Testing" && !fixed.is_empty() {
            let note = bounds::prose(fixed, bounds::NOTE);
            found.notes.insert("fixed in testing".to_owned(), note);
        }
        advisory.affected.push(found);
    }
    if advisory.affected.is_empty() {
        return Err("it names no package".to_owned());
    }
    Ok(advisory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_state_of_archs_tracker() {
        let group = |name: &str, status: &str, fixed: &str| {
            format!(
                r#"{{"name": "{name}", "packages": ["vim", "gvim"], "status": "{status}",
                "severity": "Medium", "type": "arbitrary code execution", "affected": "8.2-1",
                "fixed": {fixed}, "ticket": null, "issues": ["CVE-2021-1"], "advisories": []}}"#
            )
        };
        let text = format!(
            "[{},{},{},{},{},{}]",
            group("AVG-1", "Fixed", "\"8.3-1\""),
            group("AVG-2", "Vulnerable", "null"),
            group("AVG-3", "Not affected", "null"),
            group("AVG-4", "Testing", "\"9-1\""),
            group("AVG-5", "Fixed", "null"),
            group("AVG-6", "odd", "null"),
        );
        let read = read("all.json", text.as_bytes());
        let got: Vec<(&str, State, usize)> = read
            .records
            .iter()
            .map(|a| {
                (
                    a.id.as_str(),
                    a.affected[0].state,
                    a.affected[0].ranges.len(),
                )
            })
            .collect();
        assert_eq!(
            got,
            [
                ("AVG-1", State::Fixed, 1),
                ("AVG-2", State::Affected, 1),
                ("AVG-3", State::NotAffected, 0),
                ("AVG-4", State::Affected, 1),
            ]
        );
        assert_eq!(read.records[0].about, ["CVE-2021-1"]);
        assert_eq!(read.records[0].affected.len(), 2);
        let skipped: Vec<&str> = read.skipped.iter().map(|s| s.record.as_str()).collect();
        assert_eq!(skipped, ["AVG-5", "AVG-6"]);
    }
}
