//! `requirements.txt`: what it pins
//! (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>).

use super::{exact_version, is_for_development, package, split_specifier};
use crate::{
    Analyzer, Candidate, Found, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{file_name, text_or_tell},
        scripted::shared::{checksum, in_package, list},
    },
};

/// `requirements.txt` and its kin: `requirements-dev.txt`, `requirements/dev.txt`.
pub(crate) const REQUIREMENTS: Analyzer = Analyzer {
    name: "python-requirements",
    version: 1,
    by_path: |path, _| is_requirements(path) && !in_package(path),
    by_head: never_by_head,
    run,
};

/// Requirements that are no packages here, and are named.
const MOST_NAMED: usize = 10;

fn is_requirements(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".txt") else {
        return false;
    };
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    name.starts_with("requirements")
        || name.ends_with("requirements")
        || folder == "requirements"
        || folder.ends_with("/requirements")
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let name = file_name(file.path);
    let dev = name.split(['-', '_', '.', '/']).any(is_for_development);
    let mut unpinned = Vec::new();
    let mut unread = Vec::new();
    list(file, sink, |list| {
        for line in logical_lines(&text) {
            if let Some(option) = line.strip_prefix('-') {
                let (option, value) = option.split_once([' ', '=']).unwrap_or((option, ""));
                let value = match option.trim_start_matches('-') {
                    "r" | "requirement" => value.trim(),
                    // `-rother.txt`
                    option if !option.starts_with("re") && option.starts_with('r') => &option[1..],
                    _ => continue,
                };
                // What has such a name is read by itself.
                if !is_requirements(value) {
                    unread.push(value.to_owned());
                }
                continue;
            }
            let (name, rest) = split_specifier(&line);
            if name.is_empty() {
                list.malformed(&line, "not a requirement");
                continue;
            }
            let Some(version) = exact_version(rest) else {
                unpinned.push(name.to_owned());
                continue;
            };
            let hashes = rest.split_ascii_whitespace();
            let hashes = hashes.filter_map(|word| word.strip_prefix("--hash="));
            list.push(FoundPackage {
                evidence: file_name(file.path).to_owned(),
                dev,
                checksums: hashes
                    .filter_map(|hash| hash.split_once(':'))
                    .map(|(kind, hex)| checksum(kind, hex))
                    .collect(),
                ..FoundPackage::new(package(name, version), How::Manifest)
            });
        }
    });
    for (name, words, which) in [
        ("not-read", "includes what is not read", unread),
        (
            "not-pinned",
            "asks for these without an exact version",
            unpinned,
        ),
    ] {
        if which.is_empty() {
            continue;
        }
        let more = which.len().saturating_sub(MOST_NAMED);
        let mut detail = format!("{words}: {}", which[..which.len() - more].join(", "));
        if more > 0 {
            detail.push_str(&format!(" and {more} more"));
        }
        sink.push(Found::Mark {
            name: name.to_owned(),
            detail,
        });
    }
}

/// Lines, those that end in a backslash joined, comments and empty ones left out.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
        let line = match line.trim_start().starts_with('#') {
            true => "",
            false => line.split(" #").next().unwrap_or(line),
        };
        match line.trim_end().strip_suffix('\\') {
            Some(part) => {
                joined.push_str(part);
                joined.push(' ');
            }
            None => {
                joined.push_str(line);
                let whole = std::mem::take(&mut joined);
                if !whole.trim().is_empty() {
                    lines.push(whole.trim().replace(" ==", "==").replace("== ", "=="));
                }
            }
        }
    }
    if !joined.trim().is_empty() {
        lines.push(joined.trim().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{analyzer::testing::claims, lang::scripted::shared::testing::check};

    #[test]
    fn pins_are_read_and_ranges_named() {
        check(
            &REQUIREMENTS,
            "app/requirements.txt",
            "# a comment\n--index-url https://example.com\n-r requirements-dev.txt\n-r base.in\n-c constraints.txt\n-e .\n\
             Foo_Bar[x]==1.0 ; python_version > '3' # why\nbaz == 2.0 \\\n  --hash=sha256:AB \\\n  --hash=sha256:cd\n\
             q>=1\nw\nu @ https://example.com/u.whl\nv==1.*\n===\n",
            &[
                "pkg:pypi/foo-bar@1.0 Manifest",
                "pkg:pypi/baz@2.0 Manifest sums sha256:ab,sha256:cd",
                "not-read: includes what is not read: base.in",
                "not-pinned: asks for these without an exact version: q, w, u, v",
                r#"! "===": not a requirement"#,
            ],
        );
        check(
            &REQUIREMENTS,
            "app/requirements/dev.txt",
            "a==1",
            &["pkg:pypi/a@1 Manifest dev"],
        );
        check(
            &REQUIREMENTS,
            "dev-requirements.txt",
            "a==1 \\",
            &["pkg:pypi/a@1 Manifest dev"],
        );
    }

    #[test]
    fn other_texts_are_left_alone() {
        for path in [
            "app/notes.txt",
            "app/site-packages/a/requirements.txt",
            "app/requirements.md",
        ] {
            assert!(!claims(&REQUIREMENTS, path, b""), "{path}");
        }
    }
}
