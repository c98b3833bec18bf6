//! CISA's catalogue of known exploited vulnerabilities, JSON.
//!
//! <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>

use serde_json::Value;

use super::{bounds, record, tree};
use crate::advisory::{Exploitation, Kev, Read};

/// Reads the catalogue.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<(String, Exploitation)> {
    let mut read = Read::default();
    let outcome = tree::each(
        bytes,
        &["vulnerabilities"],
        &mut |place, value| match entry(&value) {
            Ok(found) => read.records.push(found),
            Err(why) => {
                let id = tree::text(&value, "cveID");
                let place = format!("record {place}");
                tree::skip(
                    &mut read,
                    file,
                    if id.is_empty() { &place } else { id },
                    why,
                );
            }
        },
    );
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    read
}

fn entry(value: &Value) -> Result<(String, Exploitation), String> {
    let id = tree::text(value, "cveID").trim();
    if !record::is_cve(id) {
        return Err("its `cveID` is no id of a CVE".to_owned());
    }
    let added = tree::date(tree::text(value, "dateAdded"));
    let kev = Kev {
        added: added.ok_or("its `dateAdded` is no date")?,
        due: tree::date(tree::text(value, "dueDate")),
        ransomware: tree::text(value, "knownRansomwareCampaignUse").eq_ignore_ascii_case("known"),
        name: bounds::prose(tree::text(value, "vulnerabilityName"), bounds::SUMMARY),
    };
    let exploitation = Exploitation {
        kev: Some(kev),
        ..Exploitation::default()
    };
    Ok((id.to_owned(), exploitation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_due_dates_and_ransomware() {
        let text = r#"{"title": "x", "catalogVersion": "1", "count": 3, "vulnerabilities": [
            {"cveID": "CVE-2025-1", "dateAdded": "2025-08-25", "dueDate": "2025-09-15",
             "knownRansomwareCampaignUse": "Known", "vulnerabilityName": "A name"},
            {"cveID": "CVE-2025-2", "dateAdded": "soon"},
            {"dateAdded": "2025-08-25"}]}"#;
        let read = read("kev.json", text.as_bytes());
        let [(id, found)] = read.records.as_slice() else {
            panic!("{read:?}");
        };
        let kev = found.kev.as_ref().expect("an entry");
        assert_eq!(id, "CVE-2025-1");
        assert_eq!(
            kev.due.map(|due| due.to_string()),
            Some("2025-09-15".into())
        );
        assert!(kev.ransomware);
        let skipped: Vec<&str> = read.skipped.iter().map(|s| s.record.as_str()).collect();
        assert_eq!(skipped, ["CVE-2025-2", "record 3"]);
    }
}
