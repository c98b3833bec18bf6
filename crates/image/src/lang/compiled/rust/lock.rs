//! `Cargo.lock` in all of its versions
//! (<https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>).

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, in_source_cache, text_or_tell},
};

/// `Cargo.lock`.
pub(crate) const CARGO_LOCK: Analyzer = Analyzer {
    name: "cargo-lock",
    version: 1,
    by_path: |path, _| has_name(path, "Cargo.lock") && !in_source_cache(path),
    by_head: never_by_head,
    run,
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
    /// Version 1: `checksum NAME VERSION (SOURCE)`.
    #[serde(default)]
    metadata: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let lock: Lock = match toml::from_str(&text) {
        Ok(lock) => lock,
        Err(error) => {
            let at = error.span().map(|span| span.start as u64);
            sink.problems.push((error.message().to_owned(), at));
            return;
        }
    };
    for package in lock.package.iter().take(file.limits.found) {
        let source = package.source.as_deref().unwrap_or("");
        let key = || format!("checksum {} {} ({source})", package.name, package.version);
        let checksum = package.checksum.as_deref().or_else(|| {
            (!lock.metadata.is_empty())
                .then(|| lock.metadata.get(&key())?.as_str())
                .flatten()
        });
        sink.push(FoundPackage {
            evidence: match source {
                "" => "Cargo.lock, local".to_owned(),
                "registry+https://github.com/rust-lang/crates.io-index" => "Cargo.lock".to_owned(),
                source => format!("Cargo.lock, {source}"),
            },
            checksums: checksum
                .map(|sum| format!("sha256:{sum}"))
                .into_iter()
                .collect(),
            needs: package
                .dependencies
                .iter()
                .filter_map(|words| words.split(' ').next())
                .map(str::to_owned)
                .collect(),
            ..FoundPackage::new(
                Package::new(PackageType::Cargo, "", &package.name, &package.version),
                How::Lock,
            )
        });
    }
    if lock.package.len() > file.limits.found {
        sink.incomplete(format!("more than {} packages", file.limits.found));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analyzer::testing::{packages, run};

    #[test]
    fn old_and_new_locks_are_read() {
        let check = |text: &str, expect: &[&str]| {
            let sink = run(&CARGO_LOCK, "Cargo.lock", text.as_bytes());
            assert!(sink.problems.is_empty(), "{:?}", sink.problems);
            let listed: Vec<_> = packages(&sink)
                .iter()
                .map(|found| {
                    format!(
                        "{} {} {:?} {:?}",
                        found.package.name, found.package.version, found.needs, found.checksums
                    )
                })
                .collect();
            assert_eq!(listed, expect);
        };
        check(
            "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \
             \"serde\",\n \"toml 0.5.1 (registry+x)\",\n]\n[[package]]\nname = \"serde\"\n\
             version = \"1.0.1\"\nsource = \"registry+x\"\nchecksum = \"ab\"\n",
            &[
                r#"app 0.1.0 ["serde", "toml"] []"#,
                r#"serde 1.0.1 [] ["sha256:ab"]"#,
            ],
        );
        check(
            "[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+x\"\n\
             [metadata]\n\"checksum serde 1.0.1 (registry+x)\" = \"cd\"\n",
            &[r#"serde 1.0.1 [] ["sha256:cd"]"#],
        );
        check("", &[]);
    }

    #[test]
    fn damage_is_told_with_its_place() {
        let sink = run(&CARGO_LOCK, "Cargo.lock", b"version = 4\n[[package]\n");
        assert!(
            matches!(&sink.problems[..], [(_, Some(12..))]),
            "{:?}",
            sink.problems
        );
        let sink = run(&CARGO_LOCK, "Cargo.lock", b"\xff");
        assert_eq!(sink.problems, [("not UTF-8".to_owned(), Some(0))]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[\\[\\]a-c=\"\n .0-9{}]{0,200}") {
            run(&CARGO_LOCK, "Cargo.lock", text.as_bytes());
        }
    }
}
