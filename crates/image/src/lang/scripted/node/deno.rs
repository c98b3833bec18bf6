//! `deno.lock` of versions 2 to 5 (<https://docs.deno.com/runtime/fundamentals/modules/>).

use std::collections::BTreeSet;

use plimsoll_model::{Package, PackageType};
use serde_json::Value;

use super::{package, split_at_version};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::has_name,
        scripted::shared::{
            List, checksum, fields, in_package, integrity, items, json_or_tell, list, names, text,
        },
    },
};

/// `deno.lock`.
pub(crate) const DENO_LOCK: Analyzer = Analyzer {
    name: "deno-lock",
    version: 1,
    by_path: |path, _| has_name(path, "deno.lock") && !in_package(path),
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(lock) = json_or_tell(file, sink) else {
        return;
    };
    if !lock.is_object() {
        return sink.incomplete("not an object of a lock file");
    }
    // Version 2 has `npm.packages`, version 3 `packages.npm`, later ones `npm`.
    let npm = lock.get("npm");
    let npm = match npm.and_then(|npm| npm.get("packages")) {
        Some(_) => npm.map(|npm| (npm, "packages")),
        None => match lock.get("packages") {
            Some(packages) => Some((packages, "npm")),
            None => Some((&lock, "npm")),
        },
    };
    let jsr = lock.get("packages").unwrap_or(&lock);
    list(file, sink, |list| {
        for (key, entry) in npm.iter().flat_map(|(holder, key)| fields(holder, key)) {
            // Behind `_` the versions of what it is used with.
            let parts = split_at_version(key);
            let Some((name, version)) = parts.map(|(n, v)| (n, v.split('_').next().unwrap_or(v)))
            else {
                list.malformed(key, "not NAME@VERSION");
                continue;
            };
            list.push(found(package(name, version), |found| {
                found.needs = needs(entry);
                found.checksums = integrity(text(entry, "integrity"));
            }));
        }
        for (key, entry) in fields(jsr, "jsr") {
            let Some((name, version)) = split_at_version(key) else {
                list.malformed(key, "not NAME@VERSION");
                continue;
            };
            // The name under which npm's clients get it.
            let name = name.trim_start_matches('@').replacen('/', "__", 1);
            let package = Package::new(PackageType::Npm, "@jsr", name, version);
            list.push(found(package, |found| {
                found.evidence.push_str(", jsr");
                found.needs = needs(entry);
                let sum = text(entry, "integrity");
                if !sum.is_empty() {
                    found.checksums.push(checksum("sha256", sum));
                }
            }));
        }
        remote(&lock, list);
    });
}

fn found(package: Package, more: impl FnOnce(&mut FoundPackage)) -> FoundPackage {
    let mut found = FoundPackage::new(package, How::Lock);
    found.evidence = "deno.lock".to_owned();
    more(&mut found);
    found
}

/// A map to versions, or since version 4 a list of names, some with versions.
fn needs(entry: &Value) -> Vec<String> {
    let mut needs = names(entry, &["dependencies"]);
    for key in ["dependencies", "optionalDependencies"] {
        needs.extend(items(entry, key).iter().filter_map(|need| {
            let need = need.as_str()?;
            let need = need.split_once(':').map_or(need, |(_, rest)| rest);
            Some(
                split_at_version(need)
                    .map_or(need, |(name, _)| name)
                    .to_owned(),
            )
        }));
    }
    needs
}

/// Modules by address: those of a registry of modules with their version.
fn remote(lock: &Value, list: &mut List<'_>) {
    let mut modules = BTreeSet::new();
    for (address, _) in fields(lock, "remote") {
        let Some((_, rest)) = address.split_once("://") else {
            list.malformed(address, "not an address");
            continue;
        };
        // `deno.land/std@0.1/x.ts`, `deno.land/x/name@v1/x.ts`.
        let mut before = "";
        for part in rest.split('/') {
            if let Some((name, version)) = part.split_once('@')
                && !name.is_empty()
            {
                modules.insert((before.trim_end_matches('/'), name, version));
                break;
            }
            before = &rest[..(before.len() + part.len() + 1).min(rest.len())];
        }
    }
    for (place, name, version) in modules {
        let package = Package::new(PackageType::Generic, place, name, version);
        list.push(found(package, |found| found.evidence.push_str(", remote")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn each_version_is_read() {
        check(
            &DENO_LOCK,
            "app/deno.lock",
            r#"{"version":"2","remote":{"https://deno.land/std@0.140.0/fs/mod.ts":"ab","https://deno.land/std@0.140.0/x.ts":"ab",
                "https://deno.land/x/oak@v12.0.0/mod.ts":"ab","https://example.com/x.ts":"ab"},
                "npm":{"specifiers":{"a@1":"a@1.0.0"},"packages":{"a@1.0.0":{"integrity":"sha1-AAEC","dependencies":{"b":"b@2.0.0"}}}}}"#,
            &[
                "pkg:npm/a@1.0.0 needs b sums sha1:000102",
                "pkg:generic/deno.land/std@0.140.0",
                "pkg:generic/deno.land/x/oak@v12.0.0",
            ],
        );
        check(
            &DENO_LOCK,
            "deno.lock",
            r#"{"version":"3","packages":{"specifiers":{},"jsr":{"@std/path@1.0.2":{"integrity":"AB"}},
                "npm":{"@s/a@1.0.0_b@2.0.0":{"integrity":"","dependencies":{}}}},"remote":{}}"#,
            &[
                "pkg:npm/%40s/a@1.0.0",
                "pkg:npm/%40jsr/std__path@1.0.2 sums sha256:ab",
            ],
        );
        check(
            &DENO_LOCK,
            "deno.lock",
            r#"{"version":"5","specifiers":{"jsr:@std/a@1":"1.0.0"},"jsr":{"@std/a@1.0.0":{"dependencies":["jsr:@std/b@^1"]}},
                "npm":{"a@1.0.0":{"dependencies":["b","@s/c@2.0.0"]},"odd":{}}}"#,
            &[
                "pkg:npm/a@1.0.0 needs b,@s/c",
                "pkg:npm/%40jsr/std__a@1.0.0 needs @std/b",
                r#"! "odd": not NAME@VERSION"#,
            ],
        );
        check(&DENO_LOCK, "deno.lock", "1", &["! not an object"]);
    }
}
