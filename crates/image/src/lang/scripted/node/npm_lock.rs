//! `package-lock.json` and `npm-shrinkwrap.json` of versions 1 to 3
//! (<https://docs.npmjs.com/cli/configuring-npm/package-lock-json>).

use serde_json::Value;

use super::{is_local, package, split_at_version};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{file_name, has_name},
        scripted::shared::{
            List, fields, flag, in_package, integrity, json_or_tell, list, names, text,
        },
    },
};

/// `package-lock.json`, `npm-shrinkwrap.json`. The hidden one in `node_modules`
/// tells of packages whose own files are there.
pub(crate) const NPM_LOCK: Analyzer = Analyzer {
    name: "npm-lock",
    version: 1,
    by_path: |path, _| {
        (has_name(path, "package-lock.json") || has_name(path, "npm-shrinkwrap.json"))
            && !in_package(path)
    },
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(lock) = json_or_tell(file, sink) else {
        return;
    };
    let evidence = file_name(file.path);
    if !lock.is_object() {
        return sink.incomplete("not an object of a lock file");
    }
    list(file, sink, |list| {
        if lock.get("packages").is_some() {
            new(&lock, evidence, list);
        } else {
            old(&lock, evidence, list);
        }
    });
}

/// Versions 2 and 3: by the folder each is put into.
fn new(lock: &Value, evidence: &str, list: &mut List<'_>) {
    for (path, entry) in fields(lock, "packages") {
        // The project itself, its workspaces and links to them.
        let Some(at) = path.rfind("node_modules/") else {
            continue;
        };
        if flag(entry, "link") {
            continue;
        }
        // An alias has the name of what it stands for.
        let name = match text(entry, "name") {
            "" => &path[at + "node_modules/".len()..],
            name => name,
        };
        push(
            name,
            text(entry, "version"),
            entry,
            evidence,
            list,
            |entry| names(entry, &["dependencies", "optionalDependencies"]),
        );
    }
}

/// Version 1: as a tree. The JSON reader bounds how deep it is.
fn old(lock: &Value, evidence: &str, list: &mut List<'_>) {
    let mut trees = vec![lock];
    while let Some(tree) = trees.pop() {
        for (name, entry) in fields(tree, "dependencies") {
            trees.push(entry);
            let version = text(entry, "version");
            if is_local(version) || flag(entry, "bundled") && version.is_empty() {
                continue;
            }
            let (name, version) = version
                .strip_prefix("npm:")
                .and_then(split_at_version)
                .unwrap_or((name, version));
            push(name, version, entry, evidence, list, |entry| {
                names(entry, &["requires"])
            });
        }
    }
}

fn push(
    name: &str,
    version: &str,
    entry: &Value,
    evidence: &str,
    list: &mut List<'_>,
    needs: impl Fn(&Value) -> Vec<String>,
) {
    if version.is_empty() {
        return list.malformed(name, "no version");
    }
    let resolved = match text(entry, "resolved") {
        "" => version,
        resolved => resolved,
    };
    // What comes from a repository has its address for a version.
    let (version, source) = match version.contains([':', '/', '#']) {
        true => ("", format!("{evidence}, {version}")),
        false if resolved.starts_with("git") => (version, format!("{evidence}, {resolved}")),
        false => (version, evidence.to_owned()),
    };
    let mut package = package(name, version);
    package.licences = crate::licence::normalise(text(entry, "license"));
    list.push(FoundPackage {
        evidence: source,
        dev: flag(entry, "dev") || flag(entry, "devOptional"),
        needs: needs(entry),
        checksums: integrity(text(entry, "integrity")),
        ..FoundPackage::new(package, How::Lock)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{analyzer::testing::claims, lang::scripted::shared::testing::check};

    #[test]
    fn the_tree_of_version_one_is_read() {
        check(
            &NPM_LOCK,
            "app/package-lock.json",
            r#"{"name":"app","lockfileVersion":1,"dependencies":{
               "a":{"version":"1.0.0","integrity":"sha1-AAEC","requires":{"b":"^2"},
                    "dependencies":{"b":{"version":"2.1.0","dev":true}}},
               "alias":{"version":"npm:@s/real@3.0.0"},
               "git":{"version":"git+https://example.com/git.git#abc"},
               "own":{"version":"file:../own"},"odd":{}}}"#,
            &[
                "pkg:npm/a@1.0.0 needs b sums sha1:000102",
                "pkg:npm/%40s/real@3.0.0",
                "pkg:npm/git",
                "pkg:npm/b@2.1.0 dev",
                r#"! "odd": no version"#,
            ],
        );
    }

    #[test]
    fn the_folders_of_later_versions_are_read() {
        check(
            &NPM_LOCK,
            "npm-shrinkwrap.json",
            r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{
               "":{"name":"app","version":"1.0.0","dependencies":{"a":"1"}},
               "packages/own":{"version":"1.0.0"},
               "node_modules/own":{"resolved":"packages/own","link":true},
               "node_modules/a":{"version":"1.0.0","license":"MIT","dependencies":{"@s/b":"*"}},
               "node_modules/a/node_modules/@s/b":{"version":"2.0.0","devOptional":true},
               "node_modules/alias":{"name":"real","version":"3.0.0"},
               "node_modules/odd":5},
               "dependencies":{"a":{"version":"1.0.0"}}}"#,
            &[
                "pkg:npm/a@1.0.0 <MIT> needs @s/b",
                "pkg:npm/%40s/b@2.0.0 dev",
                "pkg:npm/real@3.0.0",
                r#"! "odd": no version"#,
            ],
        );
    }

    #[test]
    fn what_tells_of_installed_packages_again_is_left_alone() {
        for path in [
            "app/node_modules/.package-lock.json",
            "app/node_modules/a/package-lock.json",
        ] {
            assert!(!claims(&NPM_LOCK, path, b"{}"), "{path}");
        }
        check(
            &NPM_LOCK,
            "package-lock.json",
            "{\"packages\":",
            &["! not JSON: EOF"],
        );
        check(&NPM_LOCK, "package-lock.json", "[]", &["! not an object"]);
        check(&NPM_LOCK, "package-lock.json", "{}", &[]);
        let deep = "[".repeat(100_000);
        check(
            &NPM_LOCK,
            "package-lock.json",
            &deep,
            &["! not JSON: recursion"],
        );
    }
}
