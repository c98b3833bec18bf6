//! Lock files of Python's package managers: `poetry.lock`, `uv.lock`,
//! `pdm.lock`, `pylock.toml` (<https://packaging.python.org/en/latest/specifications/pylock-toml/>)
//! and `Pipfile.lock`.

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::{is_for_development, normal_name, package, split_specifier};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{file_name, has_name},
        scripted::shared::{
            List, checksum, fields, flag, in_package, items, json_or_tell, list, reached, text,
            toml_or_tell,
        },
    },
};

/// `poetry.lock`.
pub(crate) const POETRY_LOCK: Analyzer = Analyzer {
    name: "poetry-lock",
    version: 1,
    by_path: |path, _| has_name(path, "poetry.lock") && !in_package(path),
    by_head: never_by_head,
    run: |file, sink| toml_lock(file, sink, poetry),
};

/// `uv.lock`.
pub(crate) const UV_LOCK: Analyzer = Analyzer {
    name: "uv-lock",
    version: 1,
    by_path: |path, _| has_name(path, "uv.lock") && !in_package(path),
    by_head: never_by_head,
    run: |file, sink| toml_lock(file, sink, uv),
};

/// `pdm.lock`.
pub(crate) const PDM_LOCK: Analyzer = Analyzer {
    name: "pdm-lock",
    version: 1,
    by_path: |path, _| has_name(path, "pdm.lock") && !in_package(path),
    by_head: never_by_head,
    run: |file, sink| toml_lock(file, sink, pdm),
};

/// `pylock.toml`, `pylock.NAME.toml`.
pub(crate) const PYLOCK: Analyzer = Analyzer {
    name: "pylock",
    version: 1,
    by_path: |path, _| {
        path.ends_with(".toml") && file_name(path).starts_with("pylock.") && !in_package(path)
    },
    by_head: never_by_head,
    run: |file, sink| toml_lock(file, sink, pylock),
};

/// `Pipfile.lock`.
pub(crate) const PIPFILE_LOCK: Analyzer = Analyzer {
    name: "pipfile-lock",
    version: 1,
    by_path: |path, _| has_name(path, "Pipfile.lock") && !in_package(path),
    by_head: never_by_head,
    run: pipfile,
};

fn toml_lock(file: &Candidate<'_>, sink: &mut Sink, read: fn(&Value, &mut Entries<'_, '_>)) {
    let Some(lock) = toml_or_tell(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        let evidence = file_name(file.path);
        read(&lock, &mut Entries { list, evidence });
    });
}

struct Entries<'a, 'b> {
    list: &'a mut List<'b>,
    evidence: &'a str,
}

impl Entries<'_, '_> {
    /// One entry. What has no version comes from a repository or an address.
    fn push(&mut self, entry: &Value, source: &str, more: impl FnOnce(&mut FoundPackage)) {
        let package = package(text(entry, "name"), text(entry, "version"));
        let mut found = FoundPackage::new(package, How::Lock);
        found.evidence = match source {
            "" => self.evidence.to_owned(),
            source => format!("{}, {source}", self.evidence),
        };
        more(&mut found);
        found.needs.sort();
        found.needs.dedup();
        found.checksums.sort();
        found.checksums.dedup();
        self.list.push(found);
    }
}

/// `sha256:HEX` of fields of this name.
fn hashes<'a>(files: impl IntoIterator<Item = &'a Value>, key: &str) -> Vec<String> {
    let hashes = files.into_iter().map(|file| text(file, key));
    hashes
        .filter_map(|hash| hash.split_once(':'))
        .map(|(kind, hex)| checksum(kind, hex))
        .collect()
}

/// Whether all of the groups it belongs to are for development.
fn only_for_development(entry: &Value) -> bool {
    let groups = items(entry, "groups");
    let is_for_development = |group: &Value| group.as_str().is_some_and(is_for_development);
    !groups.is_empty() && groups.iter().all(is_for_development)
}

fn poetry(lock: &Value, entries: &mut Entries<'_, '_>) {
    let old = lock.get("metadata").unwrap_or(&Value::Null);
    let old = old.get("files").unwrap_or(&Value::Null);
    for entry in items(lock, "package") {
        let source = entry.get("source").unwrap_or(&Value::Null);
        let place = match text(source, "type") {
            "directory" | "file" => continue,
            "git" => format!(
                "{}#{}",
                text(source, "url"),
                text(source, "resolved_reference")
            ),
            "url" => text(source, "url").to_owned(),
            _ => String::new(),
        };
        entries.push(entry, &place, |found| {
            found.dev = text(entry, "category") == "dev" || only_for_development(entry);
            found.checksums = hashes(items(entry, "files"), "hash");
            let files = items(old, text(entry, "name"));
            found.checksums.extend(hashes(files, "hash"));
            let needs = fields(entry, "dependencies").map(|(name, _)| normal_name(name));
            found.needs = needs.collect();
        });
    }
}

/// Names in the lists of these keys, `[{name = "a"}]`.
fn named<'a>(entry: &'a Value, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    items(entry, key).iter().map(|need| text(need, "name"))
}

fn uv(lock: &Value, entries: &mut Entries<'_, '_>) {
    let packages = items(lock, "package");
    let is_own = |entry: &Value| {
        let source = entry.get("source").unwrap_or(&Value::Null);
        ["virtual", "editable", "directory"]
            .iter()
            .any(|kind| source.get(kind).is_some())
    };
    // By name: where several versions of one are locked, all are needed alike.
    let mut by_name: rustc_hash::FxHashMap<&str, Vec<&Value>> = Default::default();
    for entry in packages {
        by_name.entry(text(entry, "name")).or_default().push(entry);
    }
    let optional = |entry: &'_ Value| -> Vec<String> {
        let extras = fields(entry, "optional-dependencies").flat_map(|(_, list)| list.as_array());
        let needs = extras.flatten().map(|need| text(need, "name").to_owned());
        needs.collect()
    };
    let own: Vec<&str> = packages
        .iter()
        .filter(|entry| is_own(entry))
        .map(|entry| text(entry, "name"))
        .collect();
    let used: FxHashSet<&str> = reached(own.iter().copied(), |name, to| {
        for entry in by_name.get(name).into_iter().flatten() {
            named(entry, "dependencies").for_each(&mut *to);
            for need in optional(entry) {
                if let Some((need, _)) = by_name.get_key_value(&*need) {
                    to(need);
                }
            }
        }
    });
    for entry in packages.iter().filter(|entry| !is_own(entry)) {
        let source = entry.get("source").unwrap_or(&Value::Null);
        let place = match text(source, "git") {
            "" => text(source, "url"),
            git => git,
        };
        entries.push(entry, place, |found| {
            found.dev = !own.is_empty() && !used.contains(text(entry, "name"));
            found.checksums = hashes(items(entry, "wheels"), "hash");
            found.checksums.extend(hashes(entry.get("sdist"), "hash"));
            found.needs = named(entry, "dependencies").map(normal_name).collect();
        });
    }
}

fn pdm(lock: &Value, entries: &mut Entries<'_, '_>) {
    for entry in items(lock, "package") {
        // `path` is of the project's own code.
        if entry.get("path").is_some() {
            continue;
        }
        let place = match text(entry, "git") {
            "" => text(entry, "url").to_owned(),
            git => format!("{git}#{}", text(entry, "revision")),
        };
        entries.push(entry, &place, |found| {
            found.dev = only_for_development(entry);
            found.checksums = hashes(items(entry, "files"), "hash");
            let needs = items(entry, "dependencies").iter();
            let needs = needs.filter_map(Value::as_str);
            found.needs = needs
                .map(|need| normal_name(split_specifier(need).0))
                .collect();
        });
    }
}

fn pylock(lock: &Value, entries: &mut Entries<'_, '_>) {
    for entry in items(lock, "packages") {
        if entry.get("directory").is_some() {
            continue;
        }
        let vcs = entry.get("vcs").unwrap_or(&Value::Null);
        let place = match text(vcs, "url") {
            "" => String::new(),
            url => format!("{url}#{}", text(vcs, "commit-id")),
        };
        let files = items(entry, "wheels").iter();
        let files = files.chain(entry.get("sdist")).chain(entry.get("archive"));
        let hashes = files.flat_map(|file| fields(file, "hashes"));
        let hashes = hashes.filter_map(|(kind, hex)| Some(checksum(kind, hex.as_str()?)));
        entries.push(entry, &place, |found| {
            found.checksums = hashes.collect();
            found.needs = named(entry, "dependencies").map(normal_name).collect();
        });
    }
}

fn pipfile(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(lock) = json_or_tell(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        for (section, dev) in [("default", false), ("develop", true)] {
            for (name, entry) in fields(&lock, section) {
                if flag(entry, "editable") || entry.get("path").is_some() {
                    continue;
                }
                let version = text(entry, "version").trim_start_matches('=');
                let place = match (text(entry, "git"), text(entry, "file")) {
                    ("", file) => file.to_owned(),
                    (git, _) => format!("{git}#{}", text(entry, "ref")),
                };
                if version.is_empty() && place.is_empty() {
                    list.malformed(name, "no version");
                    continue;
                }
                let hashes = items(entry, "hashes").iter().filter_map(Value::as_str);
                list.push(FoundPackage {
                    evidence: match &*place {
                        "" => "Pipfile.lock".to_owned(),
                        place => format!("Pipfile.lock, {place}"),
                    },
                    dev: dev && lock.get("default").and_then(|all| all.get(name)).is_none(),
                    checksums: hashes
                        .filter_map(|hash| hash.split_once(':'))
                        .map(|(kind, hex)| checksum(kind, hex))
                        .collect(),
                    ..FoundPackage::new(package(name, version), How::Lock)
                });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{analyzer::testing::run, lang::scripted::shared::testing::check};

    #[test]
    fn poetry_is_read_in_its_old_and_new_form() {
        check(
            &POETRY_LOCK,
            "app/poetry.lock",
            "[[package]]\nname = \"Foo_Bar\"\nversion = \"1.0\"\ncategory = \"main\"\n[package.dependencies]\nBaz = \">=1\"\n\
             [[package]]\nname = \"baz\"\nversion = \"2.0\"\ncategory = \"dev\"\n\
             [metadata.files]\nFoo_Bar = [{file = \"a.whl\", hash = \"sha256:AB\"}]\n",
            &[
                "pkg:pypi/foo-bar@1.0 needs baz sums sha256:ab",
                "pkg:pypi/baz@2.0 dev",
            ],
        );
        check(
            &POETRY_LOCK,
            "poetry.lock",
            "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"main\", \"dev\"]\nfiles = [{file = \"x\", hash = \"sha256:ab\"}]\n\
             [[package]]\nname = \"b\"\nversion = \"1\"\ngroups = [\"dev\", \"tests\"]\n\
             [[package]]\nname = \"own\"\nversion = \"1\"\n[package.source]\ntype = \"directory\"\nurl = \"../own\"\n\
             [[package]]\nversion = \"1\"\n",
            &[
                "pkg:pypi/a@1 sums sha256:ab",
                "pkg:pypi/b@1 dev",
                r#"! "": not a package's name"#,
            ],
        );
    }

    #[test]
    fn uv_tells_development_by_what_projects_need() {
        check(
            &UV_LOCK,
            "uv.lock",
            "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"a\" }]\n\
             [package.optional-dependencies]\nx = [{ name = \"o\" }]\n[package.dev-dependencies]\ndev = [{ name = \"d\" }]\n\
             [[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://example.com\" }\ndependencies = [{ name = \"b\", marker = \"x\" }]\n\
             sdist = { url = \"u\", hash = \"sha256:ab\" }\nwheels = [{ url = \"u\", hash = \"sha256:cd\" }]\n\
             [[package]]\nname = \"b\"\nversion = \"2\"\n[[package]]\nname = \"d\"\nversion = \"3\"\n[[package]]\nname = \"o\"\nversion = \"4\"\n",
            &[
                "pkg:pypi/a@1 needs b sums sha256:ab,sha256:cd",
                "pkg:pypi/b@2",
                "pkg:pypi/d@3 dev",
                "pkg:pypi/o@4",
            ],
        );
    }

    #[test]
    fn pdm_and_the_common_form_are_read() {
        check(
            &PDM_LOCK,
            "pdm.lock",
            "[metadata]\ngroups = [\"default\", \"test\"]\n[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"default\"]\n\
             dependencies = [\"B_x[y]>=1; z\"]\nfiles = [{file = \"f\", hash = \"sha256:ab\"}]\n\
             [[package]]\nname = \"b-x\"\nversion = \"2\"\ngroups = [\"test\"]\n",
            &[
                "pkg:pypi/a@1 needs b-x sums sha256:ab",
                "pkg:pypi/b-x@2 dev",
            ],
        );
        check(
            &PYLOCK,
            "app/pylock.dev.toml",
            "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\ndependencies = [{name = \"b\"}]\n\
             wheels = [{name = \"w\", hashes = {sha256 = \"AB\"}}]\n[packages.sdist]\nname = \"s\"\nhashes = {sha512 = \"cd\"}\n\
             [[packages]]\nname = \"b\"\n[packages.vcs]\ntype = \"git\"\nurl = \"https://x\"\ncommit-id = \"ab\"\n\
             [[packages]]\nname = \"own\"\n[packages.directory]\npath = \".\"\n",
            &[
                "pkg:pypi/a@1 needs b sums sha256:ab,sha512:cd",
                "pkg:pypi/b",
            ],
        );
    }

    #[test]
    fn pipenv_is_read() {
        check(
            &PIPFILE_LOCK,
            "Pipfile.lock",
            r#"{"_meta":{},"default":{"A_b":{"version":"==1.0","hashes":["sha256:AB"]},"g":{"git":"https://x","ref":"ab"},"own":{"path":"."}},
                "develop":{"A_b":{"version":"==1.0"},"d":{"version":"==2"},"odd":{}}}"#,
            &[
                "pkg:pypi/a-b@1.0 sums sha256:ab",
                "pkg:pypi/g",
                "pkg:pypi/a-b@1.0",
                "pkg:pypi/d@2 dev",
                r#"! "odd": no version"#,
            ],
        );
        check(&PIPFILE_LOCK, "Pipfile.lock", "{", &["! not JSON"]);
    }

    #[test]
    fn damage_is_told_with_its_place() {
        for (analyzer, path) in [
            (&POETRY_LOCK, "poetry.lock"),
            (&UV_LOCK, "uv.lock"),
            (&PDM_LOCK, "pdm.lock"),
            (&PYLOCK, "pylock.toml"),
        ] {
            let problems = run(analyzer, path, b"a = 1\n[[package]\n").problems;
            assert!(matches!(&problems[..], [(_, Some(6..))]), "{problems:?}");
            check(
                analyzer,
                path,
                "package = 1\npackages = [1]\n",
                match path {
                    "pylock.toml" => &[r#"! "": not a package's name"#],
                    _ => &[],
                },
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\[\\[package\\]\\]\n)?(name|version|source|groups)? ?= ?[\\[\\]{}\"a=.:0-9\n]{0,60}") {
            for analyzer in [&POETRY_LOCK, &UV_LOCK, &PDM_LOCK, &PYLOCK] {
                run(analyzer, "x", text.as_bytes());
            }
        }
    }
}
