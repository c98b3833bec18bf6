//! Swift: `Package.resolved` of versions 1 to 3
//! (<https://docs.swift.org/package-manager/>) and `Podfile.lock` of CocoaPods.

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{has_name, text_or_tell},
        yaml::yaml_or_tell,
    },
};

/// `Package.resolved`.
pub(crate) const PACKAGE_RESOLVED: Analyzer = Analyzer {
    name: "swift-resolved",
    version: 1,
    by_path: |path, _| has_name(path, "Package.resolved") || has_name(path, ".package.resolved"),
    by_head: never_by_head,
    run: resolved,
};

/// `Podfile.lock`.
pub(crate) const PODFILE_LOCK: Analyzer = Analyzer {
    name: "podfile-lock",
    version: 1,
    by_path: |path, _| has_name(path, "Podfile.lock"),
    by_head: never_by_head,
    run: podfile,
};

#[derive(Deserialize)]
struct Resolved {
    /// Version 1.
    object: Option<Pins>,
    /// Versions 2 and 3.
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pins {
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(default, alias = "package")]
    identity: String,
    #[serde(default, alias = "repositoryURL")]
    location: String,
    state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    version: Option<String>,
    branch: Option<String>,
    revision: Option<String>,
}

fn resolved(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let resolved: Resolved = match serde_json::from_str(&text) {
        Ok(resolved) => resolved,
        Err(error) => return sink.incomplete(error.to_string()),
    };
    let pins = resolved.object.iter().flat_map(|object| &object.pins);
    for (index, pin) in pins.chain(&resolved.pins).enumerate() {
        if index >= file.limits.found {
            return sink.incomplete(format!("more than {index} packages"));
        }
        let (namespace, name) = place(&pin.location).unwrap_or(("".into(), &pin.identity));
        let State {
            version,
            branch,
            revision,
        } = &pin.state;
        let mut evidence = String::from("Package.resolved");
        for (word, value) in [("branch", branch), ("revision", revision)] {
            if let Some(value) = value {
                evidence.push_str(&format!(", {word} {value}"));
            }
        }
        sink.push(FoundPackage {
            evidence,
            ..FoundPackage::new(
                Package::new(
                    PackageType::Swift,
                    namespace,
                    name,
                    version.as_deref().unwrap_or(""),
                ),
                How::Lock,
            )
        });
    }
}

/// Host with owner, and name, of a repository's address: `github.com/Alamofire`
/// and `Alamofire`.
fn place(location: &str) -> Option<(String, &str)> {
    let plain = location
        .split_once("://")
        .map_or(location, |(_, rest)| rest)
        .trim_end_matches('/');
    let plain = plain.strip_suffix(".git").unwrap_or(plain);
    let plain = plain.split_once('@').map_or(plain, |(_, rest)| rest);
    let (namespace, name) = plain.rsplit_once('/')?;
    // `git@github.com:owner/name` has a colon there.
    (!name.is_empty()).then(|| (namespace.replacen(':', "/", 1), name))
}

/// `- NAME/SUBSPEC (VERSION)`, with a list of what it needs or without.
fn podfile(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(document) = yaml_or_tell(file, sink) else {
        return;
    };
    let root = document.root();
    let Some(pods) = root.get("PODS") else {
        return;
    };
    let checksums = root.get("SPEC CHECKSUMS");
    // A pod counts once, however many of its parts are used.
    let mut found: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for item in pods.items() {
        let entry = match item.entries().next() {
            Some((key, needs)) => Some((key.text, Some(needs))),
            None => item.scalar_text().map(|text| (text, None)),
        };
        let Some((text, needs)) = entry else {
            continue;
        };
        let Some((name, version)) = text.split_once(" (") else {
            sink.incomplete(format!("{text} is not NAME (VERSION)"));
            continue;
        };
        let base = |name: &'_ str| -> String { name.split('/').next().unwrap_or(name).to_owned() };
        let root_name = name.split('/').next().unwrap_or(name);
        let needed = found
            .entry((root_name, version.trim_end_matches(')')))
            .or_default();
        for need in needs.into_iter().flat_map(|needs| needs.items()) {
            let need = need.scalar_text().unwrap_or_default();
            let need = base(need.split(" (").next().unwrap_or(need));
            if need != root_name && !need.is_empty() && !needed.contains(&need) {
                needed.push(need);
            }
        }
    }
    if found.len() > file.limits.found {
        sink.incomplete(format!("more than {} pods", file.limits.found));
    }
    for ((name, version), needs) in found.into_iter().take(file.limits.found) {
        let checksum = checksums
            .and_then(|sums| sums.get(name))
            .and_then(|sum| sum.scalar_text());
        sink.push(FoundPackage {
            evidence: "Podfile.lock".into(),
            needs,
            checksums: checksum
                .map(|sum| format!("sha1:{sum}"))
                .into_iter()
                .collect(),
            ..FoundPackage::new(
                Package::new(PackageType::Cocoapods, "", name, version),
                How::Lock,
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::check, *};

    #[test]
    fn pins_of_each_version_are_read() {
        check(
            &PACKAGE_RESOLVED,
            "app/Package.resolved",
            r#"{"object":{"pins":[{"package":"Alamofire","repositoryURL":"https://github.com/Alamofire/Alamofire.git",
               "state":{"branch":null,"revision":"f82c","version":"5.6.4"}}]},"version":1}"#,
            &["github.com/Alamofire|Alamofire 5.6.4 (Package.resolved, revision f82c)"],
            0,
        );
        check(
            &PACKAGE_RESOLVED,
            ".package.resolved",
            r#"{"pins":[{"identity":"x","kind":"remoteSourceControl","location":"git@github.com:me/X.git","state":{"branch":"main","revision":"ab"}},
               {"identity":"mona.List","kind":"registry","location":"","state":{"version":"1.2.3"}}],"version":2}"#,
            &[
                "github.com/me|X  (Package.resolved, branch main, revision ab)",
                "|mona.List 1.2.3 (Package.resolved)",
            ],
            0,
        );
        check(
            &PACKAGE_RESOLVED,
            "Package.resolved",
            "{\"pins\":[{}]}",
            &[],
            1,
        );
    }

    #[test]
    fn pods_count_once() {
        check(
            &PODFILE_LOCK,
            "ios/Podfile.lock",
            "PODS:\n  - Alamofire (5.6.4)\n  - Firebase/Core (10.0.0):\n    - Firebase/CoreOnly\n    - FirebaseAnalytics (~> 10.0.0)\n\
             \x20 - Firebase/CoreOnly (10.0.0)\n  - odd\n\nDEPENDENCIES:\n  - Alamofire\n\nSPEC CHECKSUMS:\n  Alamofire: 4e95\n\nCOCOAPODS: 1.11.3\n",
            &[
                "|Alamofire 5.6.4 (Podfile.lock)",
                "|Firebase 10.0.0 (Podfile.lock)",
            ],
            1,
        );
    }
}
