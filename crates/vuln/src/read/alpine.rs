//! secdb: which version of an apk package fixes what. Alpine's, and those of
//! Wolfi and Chainguard; JSON or YAML.
//!
//! <https://secdb.alpinelinux.org/>, <https://packages.wolfi.dev/os/security.json>.
//! The fixed version `0` says that the package never was affected.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{bounds, record, tree};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Origin, Read, State},
    version,
};

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let value = match tree::parse(file, bytes) {
        Ok(value) => value,
        Err(why) => return tree::unreadable(file, why),
    };
    let (feed, origin) = match origin(&value) {
        Ok(found) => found,
        Err(why) => return tree::unreadable(file, why),
    };
    let mut reader = Reader {
        file,
        origin,
        read: Read::default(),
        found: BTreeMap::new(),
    };
    let Some(packages) = value.get("packages").and_then(Value::as_array) else {
        // An empty repository has `packages: null`.
        if value.get("packages").is_none() {
            return tree::unreadable(file, "it has no `packages`");
        }
        return Read::default();
    };
    for (number, package) in packages.iter().enumerate() {
        reader.package(number + 1, package);
    }
    reader.read.records = reader
        .found
        .into_iter()
        .map(|(id, found)| Advisory {
            affected: found.into_values().collect(),
            ..record::advisory(id, feed)
        })
        .collect();
    reader.read
}

/// The feed and the release and repository that a file is about.
fn origin(value: &Value) -> Result<(&'static str, Origin), String> {
    let prefix = tree::text(value, "urlprefix");
    let version = tree::text(value, "distroversion");
    let repository = bounds::prose(tree::text(value, "reponame"), bounds::NAME);
    if prefix.contains("wolfi") {
        return Ok(("wolfi-secdb", record::source_package("wolfi", "", "")));
    }
    if prefix.contains("chainguard") || prefix.contains("cgr.dev") {
        return Ok((
            "chainguard-secdb",
            record::source_package("chainguard", "", ""),
        ));
    }
    let release = bounds::word(version.strip_prefix('v').unwrap_or(version))
        .map_err(|why| format!("`distroversion` {why}"))?;
    let origin = record::source_package("alpine", &release, &repository);
    Ok(("alpine-secdb", origin))
}

struct Reader<'a> {
    file: &'a str,
    origin: Origin,
    read: Read<Advisory>,
    /// By id and package.
    found: BTreeMap<String, BTreeMap<String, Affected>>,
}

impl Reader<'_> {
    fn skip(&mut self, place: &str, why: impl Into<String>) {
        tree::skip(&mut self.read, self.file, place, why);
    }

    fn package(&mut self, number: usize, value: &Value) {
        let package = value.get("pkg").unwrap_or(&Value::Null);
        let name = match bounds::word(tree::text(package, "name")) {
            Ok(name) => name,
            Err(why) => {
                let why = format!("the name of the package {why}");
                return self.skip(&format!("package {number}"), why);
            }
        };
        let fixes = match package.get("secfixes") {
            Some(Value::Object(fixes)) => fixes,
            None | Some(Value::Null) => return,
            Some(_) => return self.skip(&name, "its `secfixes` is no mapping"),
        };
        for (fixed, ids) in fixes {
            let fixed = match bounds::word(fixed) {
                Ok(fixed) => fixed,
                Err(why) => {
                    self.skip(&name, format!("a version {why}"));
                    continue;
                }
            };
            for entry in ids.as_array().map_or(&[][..], Vec::as_slice) {
                let entry = entry.as_str().unwrap_or_default();
                let (ids, beside) = names(entry);
                if ids.is_empty() {
                    let entry = bounds::prose(entry, 80);
                    self.skip(
                        &name,
                        format!("of {fixed}: `{entry}` names no vulnerability"),
                    );
                }
                for id in ids {
                    self.fix(&name, id, &fixed, &beside);
                }
            }
        }
    }

    /// A later fix of the same, where there are several, is the one that holds.
    fn fix(&mut self, name: &str, id: String, fixed: &str, beside: &str) {
        if self.found.len() >= bounds::RECORDS {
            return self.skip(&id, "too many records");
        }
        let affected = self
            .found
            .entry(id)
            .or_default()
            .entry(name.to_owned())
            .or_insert_with(|| Affected {
                state: State::NotAffected,
                ..record::affected(
                    self.origin.clone(),
                    name.to_owned(),
                    Scheme::Apk,
                    Vec::new(),
                )
            });
        if !beside.is_empty() {
            affected.notes.insert("with".to_owned(), beside.to_owned());
        }
        if fixed == "0" {
            return;
        }
        let later = affected.ranges.first().is_none_or(|range| {
            matches!(&range.end, Some(crate::advisory::End::Fixed(before))
                if version::compare(Scheme::Apk, fixed, before).is_gt())
        });
        if later {
            affected.ranges = vec![record::before(fixed.to_owned())];
            affected.state = State::Fixed;
        }
    }
}

/// The ids of an entry, and what else it names. `CVE-2019-1 XSA-300 (note)`:
/// the CVE; of the advisory beside it others may be part, so it is no alias.
fn names(entry: &str) -> (Vec<String>, String) {
    let mut cves = Vec::new();
    let mut others = Vec::new();
    let text = entry.split('(').next().unwrap_or_default();
    for token in text
        .split([' ', ',', '\t'])
        .filter(|token| !token.is_empty())
    {
        let token = token.trim_end_matches(".patch").replace("CVE_", "CVE-");
        let cve: Vec<&str> = token.split('-').take(3).collect();
        let cve = cve.join("-");
        if record::is_cve(&cve) {
            record::add_id(&mut cves, &cve);
        } else if token.contains('-')
            && token.starts_with(|first: char| first.is_ascii_alphabetic())
            && token.bytes().any(|byte| byte.is_ascii_digit())
        {
            record::add_id(&mut others, &token);
        }
    }
    if cves.is_empty() {
        others.truncate(1);
        (others, String::new())
    } else {
        (cves, bounds::prose(&others.join(" "), bounds::NOTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_name_cves_and_what_is_beside_them() {
        let check = |entry: &str, ids: &[&str], beside: &str| {
            let (got, with) = names(entry);
            assert_eq!(
                (got, with.as_str()),
                (ids.iter().map(|id| (*id).to_owned()).collect(), beside)
            );
        };
        check("CVE-2019-1234", &["CVE-2019-1234"], "");
        check("CVE-2018-19961   XSA-275", &["CVE-2018-19961"], "XSA-275");
        check("XSA-254", &["XSA-254"], "");
        check("CVE-????-?????  XSA-286", &["XSA-286"], "");
        check("CVE_2019-2426", &["CVE-2019-2426"], "");
        check("CVE-2019-19451.patch", &["CVE-2019-19451"], "");
        check("CVE-2017-17434-1", &["CVE-2017-17434"], "");
        check(
            "CVE-2017-1 CVE-2017-2 (BGP)",
            &["CVE-2017-1", "CVE-2017-2"],
            "",
        );
        check("GHSA-aaaa-bbbb-1ccc", &["GHSA-aaaa-bbbb-1ccc"], "");
        check("regression fix", &[], "");
    }

    #[test]
    fn a_repository_says_what_fixes_what_and_what_never_was_affected() {
        let json = r#"{"distroversion": "v3.19", "reponame": "community", "packages": [
            {"pkg": {"name": "xen", "secfixes": {
                "4.1-r0": ["CVE-2020-1 XSA-1"], "4.2-r1": ["CVE-2020-1"], "0": ["CVE-2020-1", "CVE-2020-2"]}}},
            {"pkg": {"name": "curl", "secfixes": {"8-r0": ["CVE-2020-1", "odd"]}}},
            {"pkg": {"secfixes": {}}},
            {"pkg": {"name": "none", "secfixes": null}}]}"#;
        let read = read("community.json", json.as_bytes());
        let [first, second] = read.records.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!(first.id, "CVE-2020-1");
        assert_eq!(first.source.feed, "alpine-secdb");
        let shown: Vec<_> = first
            .affected
            .iter()
            .map(|a| (a.name.as_str(), a.state, a.ranges.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("curl", State::Fixed, vec![record::before("8-r0".into())]),
                ("xen", State::Fixed, vec![record::before("4.2-r1".into())]),
            ]
        );
        assert!(matches!(
            &first.affected[0].origin,
            Origin::Distribution { id, release, stream, source: true }
                if id == "alpine" && release == "3.19" && stream == "community"
        ));
        assert_eq!(second.affected[0].state, State::NotAffected);
        assert_eq!(read.skipped.len(), 2);
    }

    #[test]
    fn wolfi_and_chainguard_have_no_release() {
        for (prefix, expect) in [
            ("https://packages.wolfi.dev", "wolfi"),
            ("https://packages.cgr.dev/chainguard", "chainguard"),
        ] {
            let json = format!(
                r#"{{"apkurl": "x", "urlprefix": "{prefix}", "reponame": "os", "packages": [
                {{"pkg": {{"name": "a", "secfixes": {{"1-r0": ["GHSA-aaaa-bbbb-1ccc"]}}}}}}]}}"#
            );
            let read = read("security.json", json.as_bytes());
            assert_eq!(read.skipped, []);
            assert_eq!(
                read.records[0].affected[0].origin,
                record::source_package(expect, "", "")
            );
        }
    }
}
