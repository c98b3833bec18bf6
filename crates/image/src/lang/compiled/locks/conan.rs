//! Conan: `conan.lock` of versions 1 and 2, `conaninfo.txt` and
//! `conanfile.txt` (<https://docs.conan.io/2/reference.html>).

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, text_or_tell},
};

/// `conan.lock`.
pub(crate) const CONAN_LOCK: Analyzer = Analyzer {
    name: "conan-lock",
    version: 1,
    by_path: |path, _| has_name(path, "conan.lock"),
    by_head: never_by_head,
    run: lock,
};

/// `conaninfo.txt` of a built package, `conanfile.txt` of a source folder.
pub(crate) const CONAN_FILE: Analyzer = Analyzer {
    name: "conan-file",
    version: 1,
    by_path: |path, _| has_name(path, "conaninfo.txt") || has_name(path, "conanfile.txt"),
    by_head: never_by_head,
    run: info,
};

#[derive(Deserialize)]
struct Lock {
    /// Version 1.
    graph_lock: Option<Graph>,
    /// Version 2.
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    build_requires: Vec<String>,
    #[serde(default)]
    python_requires: Vec<String>,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    context: Option<String>,
}

/// `NAME/VERSION@USER/CHANNEL#REVISION%TIME`; all behind the version may be missing.
fn package(reference: &str) -> Option<Package> {
    let reference = reference.split('%').next()?.trim();
    let (reference, revision) = reference.split_once('#').unwrap_or((reference, ""));
    let (reference, owner) = reference.split_once('@').unwrap_or((reference, ""));
    let (name, version) = reference.split_once('/')?;
    // A package id of conaninfo.txt may follow.
    let version = version.split(':').next()?;
    if name.is_empty() || version.is_empty() {
        return None;
    }
    // What version 1 writes for a project without a version.
    let version = if version == "None" { "" } else { version };
    let mut package = Package::new(PackageType::Conan, "", name, version);
    let (user, channel) = owner.split_once('/').unwrap_or((owner, ""));
    for (key, value) in [("user", user), ("channel", channel), ("rrev", revision)] {
        if !value.is_empty() && value != "_" {
            package.qualifiers.insert(key.into(), value.into());
        }
    }
    Some(package)
}

fn lock(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let lock: Lock = match serde_json::from_str(&text) {
        Ok(lock) => lock,
        Err(error) => return sink.incomplete(error.to_string()),
    };
    let nodes = lock
        .graph_lock
        .iter()
        .flat_map(|graph| graph.nodes.values());
    let old = nodes.filter_map(|node| {
        let build = node.context.as_deref() == Some("build");
        Some((node.reference.as_deref()?, build))
    });
    let new = |list: &'_ [String], build| -> Vec<(String, bool)> {
        list.iter()
            .map(|reference| (reference.clone(), build))
            .collect()
    };
    let all = old
        .map(|(reference, build)| (reference.to_owned(), build))
        .chain(new(&lock.requires, false))
        .chain(new(&lock.build_requires, true))
        .chain(new(&lock.python_requires, true));
    for (index, (reference, build)) in all.enumerate() {
        if index >= file.limits.found {
            return sink.incomplete(format!("more than {index} packages"));
        }
        match package(&reference) {
            Some(package) => sink.push(FoundPackage {
                evidence: "conan.lock".into(),
                dev: build,
                ..FoundPackage::new(package, How::Lock)
            }),
            // The root of a version 1 graph may be a path or a name alone.
            None if lock.graph_lock.is_some() => {}
            None => sink.incomplete(format!("{reference} is not NAME/VERSION")),
        }
    }
}

/// Sections of references; of a built package those that it was built with.
fn info(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let built = has_name(file.path, "conaninfo.txt");
    let wanted: &[&str] = match (built, text.contains("[full_requires]")) {
        (true, true) => &["[full_requires]"],
        (true, false) => &["[requires]"],
        (false, _) => &[
            "[requires]",
            "[build_requires]",
            "[tool_requires]",
            "[test_requires]",
        ],
    };
    let (evidence, how) = match built {
        true => ("conaninfo.txt", How::Embedded),
        false => ("conanfile.txt", How::Manifest),
    };
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') {
            section = line;
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line);
        if line.is_empty() || line.starts_with('#') || !wanted.contains(&section) {
            continue;
        }
        let Some(mut package) = package(line) else {
            sink.incomplete(format!("{line} is not NAME/VERSION"));
            continue;
        };
        // Ranges, and what stands for "any patch version".
        if package.version.contains(['[', 'Z', 'Y', '*']) {
            package.version.clear();
        }
        if sink.found.len() >= file.limits.found {
            return sink.incomplete(format!("more than {} packages", file.limits.found));
        }
        sink.push(FoundPackage {
            evidence: evidence.into(),
            dev: section != "[requires]" && section != "[full_requires]",
            ..FoundPackage::new(package, how.clone())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::check, *};

    #[test]
    fn both_lock_versions_are_read() {
        check(
            &CONAN_LOCK,
            "conan.lock",
            r#"{"graph_lock":{"nodes":{"0":{"ref":"app/None","options":""},
               "1":{"ref":"zlib/1.2.11@user/stable#abc","context":"host"},
               "2":{"ref":"cmake/3.20","context":"build"},"3":{"path":"x"}}},"version":"0.4"}"#,
            &[
                "|app  (conan.lock)",
                "|zlib 1.2.11 (conan.lock)",
                "|cmake 3.20 (conan.lock) dev",
            ],
            0,
        );
        check(
            &CONAN_LOCK,
            "conan.lock",
            r#"{"version":"0.5","requires":["zlib/1.2.13#97d5%1675278126.0","odd"],
               "build_requires":["cmake/3.22.6#f305%1.0"],"python_requires":[]}"#,
            &[
                "|zlib 1.2.13 (conan.lock)",
                "|cmake 3.22.6 (conan.lock) dev",
            ],
            1,
        );
        check(&CONAN_LOCK, "conan.lock", "{", &[], 1);
        let package = package("zlib/1.2.11@user/stable#abc").expect("is a reference");
        assert_eq!(package.qualifiers.len(), 3);
        assert_eq!(package.qualifiers["channel"], "stable");
    }

    #[test]
    fn sections_of_references_are_read() {
        check(
            &CONAN_FILE,
            "p/conaninfo.txt",
            "[settings]\nos=Linux\n[requires]\nzlib/1.2.Z\n[full_requires]\nzlib/1.2.11:abcdef\n",
            &["|zlib 1.2.11 (conaninfo.txt)"],
            0,
        );
        check(
            &CONAN_FILE,
            "conanfile.txt",
            "[requires]\nzlib/1.2.11 # a comment\nfmt/[>9]\n[tool_requires]\ncmake/3.22.6\n[generators]\nCMakeDeps\n",
            &[
                "|zlib 1.2.11 (conanfile.txt)",
                "|fmt  (conanfile.txt)",
                "|cmake 3.22.6 (conanfile.txt) dev",
            ],
            0,
        );
    }
}
