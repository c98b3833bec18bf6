//! Bun: `bun.lock`, JSON with comments (<https://bun.com/docs/pm/lockfile>),
//! and its binary form before.

use std::borrow::Cow;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::{is_local, package, split_at_version};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{has_name, text_or_tell},
        scripted::shared::{fields, in_package, integrity, list, names, reached},
    },
};

/// `bun.lock`.
pub(crate) const BUN_LOCK: Analyzer = Analyzer {
    name: "bun-lock",
    version: 1,
    by_path: |path, _| has_name(path, "bun.lock") && !in_package(path),
    by_head: never_by_head,
    run,
};

/// `bun.lockb`: an image of Bun's memory, which differs by its version.
pub(crate) const BUN_LOCKB: Analyzer = Analyzer {
    name: "bun-lockb",
    version: 1,
    by_path: |path, _| has_name(path, "bun.lockb") && !in_package(path),
    by_head: never_by_head,
    run: |_, sink| {
        sink.incomplete(
            "a lock file in Bun's binary format, which is not read; \
             `bun install --save-text-lockfile` writes bun.lock, which is",
        );
    },
};

/// What is needed to run.
const NEEDED: &[&str] = &["dependencies", "optionalDependencies"];

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let lock: Value = match serde_json::from_str(&plain(&text)) {
        Ok(lock) => lock,
        Err(error) => return sink.incomplete(format!("not JSON: {error}")),
    };
    let used = used(&lock);
    list(file, sink, |list| {
        for (key, entry) in fields(&lock, "packages") {
            let Some((name, version)) = entry
                .get(0)
                .and_then(Value::as_str)
                .and_then(split_at_version)
            else {
                list.malformed(key, "not NAME@VERSION");
                continue;
            };
            if is_local(version) {
                continue;
            }
            let (version, evidence) = match version.contains([':', '/', '#']) {
                true => ("", format!("bun.lock, {version}")),
                false => (version, "bun.lock".to_owned()),
            };
            let last = entry.as_array().and_then(|parts| parts.last()?.as_str());
            list.push(FoundPackage {
                evidence,
                dev: !used.contains(key),
                needs: details(entry).map_or_else(Vec::new, |details| names(details, NEEDED)),
                checksums: integrity(last.unwrap_or("")),
                ..FoundPackage::new(package(name, version), How::Lock)
            });
        }
    });
}

/// The object of an entry: it is the third of what comes from a registry, the
/// second of what does not.
fn details(entry: &Value) -> Option<&Value> {
    entry.as_array()?.iter().find(|part| part.is_object())
}

/// Keys of what something other than development needs.
fn used(lock: &Value) -> FxHashSet<&str> {
    let Some(packages) = lock.get("packages").and_then(Value::as_object) else {
        return FxHashSet::default();
    };
    let known = |key: &str| packages.get_key_value(key).map(|(key, _)| &**key);
    let mut roots = Vec::new();
    for (_, project) in fields(lock, "workspaces") {
        let own = project.get("name").and_then(Value::as_str).unwrap_or("");
        for list in NEEDED {
            for (name, _) in fields(project, list) {
                roots.extend(known(&format!("{own}/{name}")).or_else(|| known(name)));
            }
        }
    }
    reached(roots, |key, to| {
        let Some(details) = packages.get(key).and_then(details) else {
            return;
        };
        for list in NEEDED.iter().chain(&["peerDependencies"]) {
            for (name, _) in fields(details, list) {
                // The nearest: below itself, below what it is below, at the top.
                let mut outer = Some(key);
                let found = std::iter::from_fn(|| {
                    let at = outer?;
                    outer = at.rsplit_once('/').map(|(before, _)| before);
                    Some(at)
                })
                .find_map(|outer| known(&format!("{outer}/{name}")))
                .or_else(|| known(name));
                found.into_iter().for_each(&mut *to);
            }
        }
    })
}

/// JSON of JSON with comments and commas before closing brackets.
fn plain(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    // Where the last comma is in `out`, when nothing but space came since.
    let mut comma = None;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                let mut end = at + 1;
                while let Some(&byte) = bytes.get(end) {
                    end += if byte == b'\\' { 2 } else { 1 };
                    if byte == b'"' {
                        break;
                    }
                }
                let end = end.min(bytes.len());
                out.extend(&bytes[at..end]);
                comma = None;
                at = end;
                continue;
            }
            (b'/', Some(b'/')) => {
                let rest = &bytes[at..];
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            (b'/', Some(b'*')) => {
                let rest = &bytes[at + 2..];
                at += 2 + memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            (b',', _) => comma = Some(out.len()),
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    out[comma] = b' ';
                }
            }
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            _ => comma = None,
        }
        out.push(byte);
        at += 1;
    }
    match String::from_utf8(out) {
        Ok(out) => Cow::Owned(out),
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn the_text_form_is_read() {
        check(
            &BUN_LOCK,
            "app/bun.lock",
            r#"{
  "lockfileVersion": 1, // a comment
  "workspaces": {"": {"name": "app", "dependencies": {"a": "^1",}, "devDependencies": {"d": "1"}}},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"@s/b": "*"}}, "sha1-AAEC"],
    "@s/b": ["@s/b@2.0.0", "", {}, ""],
    "a/@s/b": ["@s/b@1.0.0", "", {}, ""], /* another */
    "d": ["d@1.0.0", "", {}, ""],
    "own": ["own@workspace:packages/own"],
    "g": ["g@git+ssh://x/y#ab", {}, "ab"],
    "odd": [],
  },
}"#,
            &[
                "pkg:npm/a@1.0.0 needs @s/b sums sha1:000102",
                "pkg:npm/%40s/b@2.0.0 dev",
                "pkg:npm/%40s/b@1.0.0",
                "pkg:npm/d@1.0.0 dev",
                "pkg:npm/g dev",
                r#"! "odd": not NAME@VERSION"#,
            ],
        );
        check(&BUN_LOCK, "bun.lock", "{", &["! not JSON"]);
    }

    #[test]
    fn the_binary_form_is_told_with_what_to_do() {
        check(
            &BUN_LOCKB,
            "app/bun.lockb",
            "#!/usr/bin/env bun",
            &["! a lock file in Bun's"],
        );
    }

    proptest! {
        #[test]
        fn json_stays_what_it_is(text in r#"[\[\]{}",:/*\\a\n é]{0,60}"#) {
            let value: Result<Value, _> = serde_json::from_str(&text);
            if let Ok(value) = value {
                prop_assert_eq!(serde_json::from_str::<Value>(&plain(&text)).ok(), Some(value));
            } else {
                plain(&text);
            }
        }
    }
}
