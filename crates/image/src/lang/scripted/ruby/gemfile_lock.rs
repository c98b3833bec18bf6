//! `Gemfile.lock` (<https://bundler.io/man/gemfile.5.html>), read by its
//! indentation: sections, fields, gems, what gems need.

use std::collections::BTreeMap;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{file_name, has_name, text_or_tell},
        scripted::shared::{checksum, in_package, list},
    },
};

/// `Gemfile.lock`, `gems.locked`.
pub(crate) const GEMFILE_LOCK: Analyzer = Analyzer {
    name: "gemfile-lock",
    version: 1,
    by_path: |path, _| {
        (has_name(path, "Gemfile.lock") || has_name(path, "gems.locked")) && !in_package(path)
    },
    by_head: never_by_head,
    run,
};

/// `NAME (VERSION-PLATFORM)`, with the platform or without.
fn identity(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once(" (")?;
    let (version, platform) = match rest.strip_suffix(')')?.split_once('-') {
        Some((version, platform)) => (version, platform),
        None => (rest.strip_suffix(')')?, ""),
    };
    (!name.is_empty() && !version.is_empty()).then_some((name, version, platform))
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut sums: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut found: Vec<(FoundPackage, &str)> = Vec::new();
    let mut malformed = Vec::new();
    let (mut section, mut remote, mut revision, mut in_specs) = ("", "", "", false);
    // Whether what is indented most belongs to the last gem.
    let mut is_open = false;
    for line in text.lines() {
        let line = line.trim_end();
        let inner = line.trim_start_matches(' ');
        if inner.is_empty() {
            continue;
        }
        match line.len() - inner.len() {
            0 => {
                let is_word = |c: char| c.is_ascii_uppercase() || c == ' ';
                if !inner.chars().all(is_word) {
                    malformed.push(inner);
                }
                (section, remote, revision, in_specs) = (inner, "", "", false);
            }
            2 if section == "CHECKSUMS" => {
                if let Some((key, digests)) = inner.split_once(") ") {
                    let digests = digests.split(',').filter_map(|part| part.split_once('='));
                    let digests = digests.map(|(kind, hex)| checksum(kind, hex));
                    sums.entry(key).or_default().extend(digests);
                }
            }
            2 => match inner.split_once(':') {
                Some(("remote", value)) => remote = value.trim(),
                Some(("revision", value)) => revision = value.trim(),
                Some(("specs", _)) => in_specs = true,
                _ => {}
            },
            4 if in_specs => {
                is_open = false;
                // The project's own code.
                if section == "PATH" {
                    continue;
                }
                let Some((name, version, platform)) = identity(inner) else {
                    malformed.push(inner);
                    continue;
                };
                is_open = true;
                let name_of_file = file_name(file.path);
                let found_one = FoundPackage {
                    evidence: match section {
                        "GIT" => format!("{name_of_file}, {remote}#{revision}"),
                        _ => name_of_file.to_owned(),
                    },
                    ..FoundPackage::new(package(name, version, platform), How::Lock)
                };
                found.push((found_one, inner.trim_end_matches(')')));
            }
            6 if in_specs && is_open => {
                let need = inner.split(' ').next().unwrap_or(inner);
                if let Some((last, _)) = found.last_mut() {
                    last.needs.push(need.trim_end_matches('!').to_owned());
                }
            }
            _ => {}
        }
    }
    list(file, sink, |list| {
        for (mut found, key) in found {
            found.checksums = sums.remove(key).unwrap_or_default();
            list.push(found);
        }
        for line in malformed {
            list.malformed(line, "not a line of a lock file");
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{analyzer::testing::run as run_on, lang::scripted::shared::testing::check};

    #[test]
    fn gems_of_every_source_are_read() {
        check(
            &GEMFILE_LOCK,
            "app/Gemfile.lock",
            "GIT\n  remote: https://example.com/g.git\n  revision: ab12\n  specs:\n    g (0.1.0)\n\n\
             PATH\n  remote: .\n  specs:\n    own (1.0)\n      rack\n\n\
             GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n      racc (~> 1.4)\n    rack (2.2.7.pre1)\n    odd\n\n\
             PLATFORMS\n  x86_64-linux\n\nDEPENDENCIES\n  rack!\n\nCHECKSUMS\n  rack (2.2.7.pre1) sha256=AB\n\nBUNDLED WITH\n   2.4.10\n",
            &[
                "pkg:gem/g@0.1.0",
                "pkg:gem/nokogiri@1.15.0?platform=x86_64-linux needs racc",
                "pkg:gem/rack@2.2.7.pre1 sums sha256:ab",
                r#"! "odd": not a line"#,
            ],
        );
        check(
            &GEMFILE_LOCK,
            "gems.locked",
            "<<<<<<< HEAD\n",
            &[r#"! "<<<<<<< HEAD": not a line"#],
        );
        check(&GEMFILE_LOCK, "Gemfile.lock", "", &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(GEM\n  specs:\n)?( {2}| {4}| {6}|[a(1)-]|\n){0,40}") {
            run_on(&GEMFILE_LOCK, "Gemfile.lock", text.as_bytes());
        }
    }
}
