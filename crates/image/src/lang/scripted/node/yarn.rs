//! `yarn.lock`: the first version's own format, and the YAML of later ones
//! (<https://yarnpkg.com/configuration/yarnrc>). Both are read by lines: keys
//! at the margin, fields below them, what is needed one step further in.

use super::{is_local, package, split_at_version};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{has_name, text_or_tell},
        scripted::shared::{List, checksum, in_package, integrity, list},
    },
};

/// `yarn.lock`.
pub(crate) const YARN_LOCK: Analyzer = Analyzer {
    name: "yarn-lock",
    version: 1,
    by_path: |path, _| has_name(path, "yarn.lock") && !in_package(path),
    by_head: never_by_head,
    run,
};

/// What is read of one entry.
#[derive(Default)]
struct Entry<'a> {
    key: &'a str,
    version: &'a str,
    resolved: &'a str,
    integrity: &'a str,
    needs: Vec<String>,
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        let mut entry = Entry::default();
        let mut section = "";
        for line in text.lines() {
            let line = line.trim_end();
            let inner = line.trim_start_matches(' ');
            if inner.is_empty() || inner.starts_with('#') {
                continue;
            }
            match line.len() - inner.len() {
                0 => {
                    push(&entry, list);
                    entry = Entry::default();
                    section = "";
                    match inner.strip_suffix(':') {
                        Some(key) => entry.key = key,
                        None => list.malformed(inner, "not a line of a lock file"),
                    }
                }
                2 => {
                    let (key, value) = field(inner);
                    section = key;
                    match key {
                        "version" => entry.version = value,
                        "resolved" | "resolution" => entry.resolved = value,
                        "integrity" => entry.integrity = value,
                        _ => {}
                    }
                }
                _ if matches!(section, "dependencies" | "optionalDependencies") => {
                    entry.needs.push(field(inner).0.to_owned());
                }
                _ => {}
            }
        }
        push(&entry, list);
    });
}

/// `"a b" "c"`, `a c` or `"a b": "c"`.
fn field(line: &str) -> (&str, &str) {
    let (key, value) = match line.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((key, rest)) => (key, rest.strip_prefix(':').unwrap_or(rest)),
        None => match line.find([' ', ':']) {
            // The colon of an address is none that ends a key.
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, ""),
        },
    };
    (key.trim(), value.trim().trim_matches('"'))
}

fn push(entry: &Entry<'_>, list: &mut List<'_>) {
    // Several ranges that one version fits, each quoted or all of them.
    let key = entry.key.split(", ").next().unwrap_or(entry.key);
    let key = key.trim_matches('"');
    if key.is_empty() || key == "__metadata" {
        return;
    }
    let Some((name, range)) = split_at_version(key) else {
        return list.malformed(key, "not NAME@RANGE");
    };
    // Later versions say what it is in the end: `NAME@npm:VERSION`. The first
    // has an address there.
    let (name, reference) = match split_at_version(entry.resolved) {
        Some(resolved) if !entry.resolved.contains("://") || resolved.1.contains(':') => resolved,
        _ => (name, range),
    };
    let name = name_of_alias(name, reference);
    if is_local(reference) || is_local(range) {
        return;
    }
    if entry.version.is_empty() {
        return list.malformed(key, "no version");
    }
    let mut evidence = "yarn.lock".to_owned();
    if reference.contains("git") && reference.contains(':') {
        evidence.push_str(&format!(", {reference}"));
    }
    let mut checksums = integrity(entry.integrity);
    // The first version before integrity: SHA-1 behind the address.
    if checksums.is_empty()
        && let Some((_, sum)) = entry.resolved.rsplit_once('#')
        && entry.resolved.contains(".tgz")
        && is_sha1(sum)
    {
        checksums.push(checksum("sha1", sum));
    }
    // `checksum` of later versions is left out: it is of Yarn's own archive.
    list.push(FoundPackage {
        evidence,
        needs: entry.needs.clone(),
        checksums,
        ..FoundPackage::new(package(name, entry.version), How::Lock)
    });
}

/// What `npm:@scope/real@^1` stands for; else the name it has here.
fn name_of_alias<'a>(name: &'a str, range: &'a str) -> &'a str {
    range
        .strip_prefix("npm:")
        .and_then(split_at_version)
        .map_or(name, |(real, _)| real)
}

fn is_sha1(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn the_first_version_is_read() {
        check(
            &YARN_LOCK,
            "app/yarn.lock",
            "# THIS IS AN AUTOGENERATED FILE.\n# yarn lockfile v1\n\n\n\
             \"@s/a@^7.0.0\", \"@s/a@^7.10\":\n  version \"7.10.4\"\n  \
             resolved \"https://registry.example.com/@s/a/-/a-7.10.4.tgz#0123456789012345678901234567890123456789\"\n  \
             integrity sha1-AAEC\n  dependencies:\n    \"@s/b\" \"^7\"\n    c \"1\"\n\n\
             c@1, c@^1.0.0:\n  version \"1.0.0\"\n  \
             resolved \"https://registry.example.com/c/-/c-1.0.0.tgz#0123456789012345678901234567890123456789\"\n\n\
             \"alias@npm:real@^2\":\n  version \"2.0.0\"\n\n\
             \"own@file:../own\":\n  version \"0.0.0\"\n\n\
             \"g@git+https://example.com/g.git\":\n  version \"1.1.0\"\n  resolved \"git+https://example.com/g.git#ab\"\n",
            &[
                "pkg:npm/%40s/a@7.10.4 needs @s/b,c sums sha1:000102",
                "pkg:npm/c@1.0.0 sums sha1:0123456789012345678901234567890123456789",
                "pkg:npm/real@2.0.0",
                "pkg:npm/g@1.1.0",
            ],
        );
    }

    #[test]
    fn later_versions_are_read() {
        check(
            &YARN_LOCK,
            "yarn.lock",
            "__metadata:\n  version: 8\n  cacheKey: 10\n\n\
             \"@s/a@npm:^7.0.0, @s/a@npm:^7.1\":\n  version: 7.10.4\n  resolution: \"@s/a@npm:7.10.4\"\n  \
             dependencies:\n    \"@s/b\": \"npm:^7\"\n    c: \"npm:1\"\n  peerDependencies:\n    d: \"*\"\n  checksum: 10/ab\n  languageName: node\n  linkType: hard\n\n\
             \"alias@npm:real@^2\":\n  version: 2.0.0\n  resolution: \"real@npm:2.0.0\"\n\n\
             \"t@patch:t@npm%3A5.0.0#~builtin\":\n  version: 5.0.0\n  resolution: \"t@patch:t@npm%3A5.0.0#~builtin\"\n\n\
             \"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n",
            &[
                "pkg:npm/%40s/a@7.10.4 needs @s/b,c",
                "pkg:npm/real@2.0.0",
                "pkg:npm/t@5.0.0",
            ],
        );
    }

    #[test]
    fn damage_is_told() {
        check(
            &YARN_LOCK,
            "yarn.lock",
            "<<<<<<< HEAD\na@1:\n  version \"1\"\nodd:\nb@1:\n",
            &[
                "pkg:npm/a@1",
                "! \"<<<<<<< HEAD\": not a line",
                "! \"odd\": not NAME@RANGE",
                "! \"b@1\": no version",
            ],
        );
        check(&YARN_LOCK, "yarn.lock", "", &[]);
    }
}
