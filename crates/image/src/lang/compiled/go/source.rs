//! `go.mod` and `go.sum` of source folders (<https://go.dev/ref/mod>).

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, in_source_cache, text_or_tell},
};

/// `go.mod`.
pub(crate) const GO_MOD: Analyzer = Analyzer {
    name: "go-mod",
    version: 1,
    by_path: |path, _| has_name(path, "go.mod") && !in_source_cache(path),
    by_head: never_by_head,
    run: go_mod,
};

/// `go.sum`.
pub(crate) const GO_SUM: Analyzer = Analyzer {
    name: "go-sum",
    version: 1,
    by_path: |path, _| has_name(path, "go.sum") && !in_source_cache(path),
    by_head: never_by_head,
    run: go_sum,
};

struct Requirement<'a> {
    path: &'a str,
    version: &'a str,
    indirect: bool,
}

struct Replacement<'a> {
    path: &'a str,
    version: Option<&'a str>,
    by: &'a str,
    by_version: &'a str,
}

/// The exact versions that are required. From Go 1.17 on they are all that is
/// built; before, dependencies of dependencies are in `go.sum` only.
fn go_mod(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut requirements = Vec::new();
    let mut replacements = Vec::new();
    let mut block = "";
    for line in text.lines() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words: Vec<&str> = code
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '`']))
            .collect();
        if words.first() == Some(&")") {
            block = "";
            continue;
        }
        if let [directive, "("] = words[..] {
            block = directive;
            continue;
        }
        let directive = match block {
            "" if words.is_empty() => continue,
            "" => words.remove(0),
            block => block,
        };
        match (directive, &words[..]) {
            ("require", [path, version]) => requirements.push(Requirement {
                path,
                version,
                indirect: comment.trim_start().starts_with("indirect"),
            }),
            ("replace", [path, "=>", by @ ..]) => {
                replacements.extend(replacement(path, None, by));
            }
            ("replace", [path, version, "=>", by @ ..]) => {
                replacements.extend(replacement(path, Some(version), by));
            }
            ("toolchain", [version]) => sink.push(toolchain(version)),
            _ => {}
        }
    }
    for requirement in requirements.iter().take(file.limits.found) {
        let Requirement {
            path,
            version,
            indirect,
        } = *requirement;
        let replacement = replacements
            .iter()
            .filter(|other| other.path == path && other.version.is_none_or(|only| only == version))
            .max_by_key(|other| other.version.is_some());
        let (package, mut evidence) = match replacement {
            Some(other) if other.by_version.is_empty() => (
                package(path, ""),
                format!("{version} replaced by {}", other.by),
            ),
            Some(other) => (
                package(other.by, other.by_version),
                format!("replaces {path} {version}"),
            ),
            None => (package(path, version), "require".to_owned()),
        };
        if indirect {
            evidence.push_str(", indirect");
        }
        sink.push(FoundPackage {
            evidence,
            ..FoundPackage::new(package, How::Lock)
        });
    }
    if requirements.len() > file.limits.found {
        sink.incomplete(format!("more than {} requirements", file.limits.found));
    }
}

fn toolchain(version: &str) -> FoundPackage {
    FoundPackage {
        evidence: format!("toolchain {version}"),
        cpes: vec!["golang:go".into()],
        ..FoundPackage::new(
            package("stdlib", version.strip_prefix("go").unwrap_or(version)),
            How::Manifest,
        )
    }
}

fn replacement<'a>(
    path: &'a str,
    version: Option<&'a str>,
    by: &[&'a str],
) -> Option<Replacement<'a>> {
    let (by, by_version) = match by {
        [by] => (*by, ""),
        [by, version] => (*by, *version),
        _ => return None,
    };
    Some(Replacement {
        path,
        version,
        by,
        by_version,
    })
}

/// The modules whose content is hashed, each at its highest version: `go.sum`
/// keeps those that were once needed.
fn go_sum(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut highest: FxHashMap<&str, (&str, &str)> = FxHashMap::default();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [path, version, sum] = words[..] else {
            if !words.is_empty() {
                sink.incomplete(format!(
                    "line {}: not a module, version and hash",
                    number + 1
                ));
            }
            continue;
        };
        if version.ends_with("/go.mod") {
            continue;
        }
        let entry = highest.entry(path).or_insert((version, sum));
        if compare(entry.0, version) == Ordering::Less {
            *entry = (version, sum);
        }
        if highest.len() > file.limits.found {
            sink.incomplete(format!("more than {} modules", file.limits.found));
            break;
        }
    }
    let mut modules: Vec<_> = highest.into_iter().collect();
    modules.sort_unstable();
    for (path, (version, sum)) in modules {
        sink.push(FoundPackage {
            evidence: "go.sum".into(),
            checksums: vec![sum.to_owned()],
            ..FoundPackage::new(package(path, version), How::Lock)
        });
    }
}

/// Order of semantic versions with a `v`; build data is passed over.
fn compare(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split('+').next().unwrap_or("").to_owned();
        match text.split_once('-') {
            Some((numbers, pre)) => (numbers.to_owned(), Some(pre.to_owned())),
            None => (text, None),
        }
    };
    let numbers = |a: &str, b: &str| {
        let as_numbers = |text: &str| -> Vec<u64> {
            text.split('.')
                .map(|part| part.parse().unwrap_or(0))
                .collect()
        };
        as_numbers(a).cmp(&as_numbers(b))
    };
    let (a, b) = (parts(a), parts(b));
    numbers(&a.0, &b.0).then_with(|| match (&a.1, &b.1) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => identifiers(a, b),
    })
}

fn identifiers(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{packages, run};

    fn listed(analyzer: &Analyzer, path: &str, text: &str) -> Vec<String> {
        let sink = run(analyzer, path, text.as_bytes());
        packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                format!(
                    "{}/{} {} ({})",
                    package.namespace, package.name, package.version, found.evidence
                )
            })
            .collect()
    }

    #[test]
    fn requirements_are_read_with_what_replaces_them() {
        let text = "module example.com/x // a comment\n\ngo 1.22\ntoolchain go1.22.3\n\
            require github.com/a/b v1.2.3\nrequire (\n\tgolang.org/x/net v0.17.0 // indirect\n\
            \tgithub.com/old/one v1.0.0\n\tgithub.com/my/fork v0.1.0\n)\n\
            exclude github.com/a/b v1.2.2\nreplace (\n\
            \tgithub.com/old/one => github.com/new/one v1.1.0\n\
            \tgithub.com/my/fork v0.1.0 => ./fork\n)\n";
        assert_eq!(
            listed(&GO_MOD, "src/go.mod", text),
            [
                "/stdlib 1.22.3 (toolchain go1.22.3)",
                "github.com/a/b v1.2.3 (require)",
                "golang.org/x/net v0.17.0 (require, indirect)",
                "github.com/new/one v1.1.0 (replaces github.com/old/one v1.0.0)",
                "github.com/my/fork  (v0.1.0 replaced by ./fork)",
            ]
        );
    }

    #[test]
    fn of_a_sum_file_the_highest_versions_count() {
        let text = "github.com/a/b v1.9.0 h1:x=\ngithub.com/a/b v1.10.0 h1:y=\n\
            github.com/a/b v1.11.0/go.mod h1:z=\ngolang.org/x/net v0.0.0-20200101000000-abcdefabcdef h1:w=\n";
        assert_eq!(
            listed(&GO_SUM, "go.sum", text),
            [
                "github.com/a/b v1.10.0 (go.sum)",
                "golang.org/x/net v0.0.0-20200101000000-abcdefabcdef (go.sum)",
            ]
        );
        assert_eq!(run(&GO_SUM, "go.sum", b"nonsense\n").problems.len(), 1);
    }

    #[test]
    fn versions_are_ordered_as_semantic_versions_are() {
        let ordered = [
            "v0.9.0",
            "v1.0.0-alpha.2",
            "v1.0.0-alpha.10",
            "v1.0.0-beta",
            "v1.0.0",
            "v1.2.0",
            "v1.10.0",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("v2.0.0+incompatible", "v2.0.0"), Ordering::Equal);
    }
}
