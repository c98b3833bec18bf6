//! The `.dep-v0` section that `cargo auditable` puts into programs: a list of
//! crates as JSON, compressed by zlib
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>).

use std::io;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_path,
    bounded::read_all,
    lang::compiled::binary::{Binary, is_binary, part},
};

/// Bytes of the list, as it is in the program and unpacked: as the format's
/// own tools limit it.
const MOST: u64 = 8 << 20;

/// The section's name, which stands in every program that has it.
pub(crate) const MARK: &[u8] = b".dep-v0";

/// Programs built by `cargo auditable`.
pub(crate) const RUST_BINARY: Analyzer = Analyzer {
    name: "rust-binary",
    version: 1,
    by_path: never_by_path,
    by_head: |_, _, head| is_binary(head),
    run,
};

#[derive(Deserialize)]
struct Crates {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

/// Why the list could not be read.
#[derive(Debug, thiserror::Error)]
enum AuditableError {
    #[error("it has {0} bytes; at most {MOST} are read")]
    TooLarge(u64),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let binary = match Binary::parse(file.content) {
        Ok(Some(binary)) => binary,
        Ok(None) => return,
        Err(error) => return sink.incomplete(format!("not read: {error}")),
    };
    let Some(section) = binary.section(&[".dep-v0"]) else {
        return;
    };
    let read = || {
        if section.size > MOST {
            return Err(AuditableError::TooLarge(section.size));
        }
        let packed = part(file.content, section.offset, section.size)?;
        unpacked(&packed)
    };
    match read() {
        Ok(crates) => tell(&crates, file.limits.found, sink),
        Err(error) => sink.incomplete_at(section.offset, format!(".dep-v0: {error}")),
    }
}

fn unpacked(packed: &[u8]) -> Result<Crates, AuditableError> {
    let json = read_all(flate2::read::ZlibDecoder::new(packed), MOST)?;
    Ok(serde_json::from_slice(&json)?)
}

fn tell(crates: &Crates, most: usize, sink: &mut Sink) {
    for package in crates.packages.iter().take(most) {
        let mut evidence = String::from(".dep-v0");
        for word in [&package.kind, &package.source] {
            if !word.is_empty() && word != "crates.io" {
                evidence.push_str(", ");
                evidence.push_str(word);
            }
        }
        if package.root {
            evidence.push_str(", root");
        }
        sink.push(FoundPackage {
            evidence,
            // Build scripts and procedural macros ran; they are not in the program.
            dev: package.kind == "build",
            needs: package
                .dependencies
                .iter()
                .filter_map(|&index| crates.packages.get(index))
                .map(|needed| needed.name.clone())
                .collect(),
            ..FoundPackage::new(
                Package::new(PackageType::Cargo, "", &package.name, &package.version),
                How::Embedded,
            )
        });
    }
    if crates.packages.len() > most {
        sink.incomplete(format!("more than {most} crates"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        analyzer::testing::{packages, run},
        lang::compiled::binary::testing::elf,
    };

    fn packed(json: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(json).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    #[test]
    fn crates_are_listed_with_what_they_need() {
        let json = br#"{"packages":[
            {"name":"app","version":"0.1.0","source":"local","dependencies":[1,2,9],"root":true},
            {"name":"serde","version":"1.0.200","source":"crates.io"},
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"}],"format":1}"#;
        let sink = run(&RUST_BINARY, "bin/app", &elf(&[(".dep-v0", &packed(json))]));
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                format!(
                    "{} {} {} {:?} {}",
                    found.package.name,
                    found.package.version,
                    found.dev,
                    found.needs,
                    found.evidence
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                r#"app 0.1.0 false ["serde", "cc"] .dep-v0, local, root"#,
                "serde 1.0.200 false [] .dep-v0",
                "cc 1.0.0 true [] .dep-v0, build",
            ]
        );
    }

    #[test]
    fn damage_and_bombs_are_told() {
        let check = |section: &[u8], problem: &str| {
            let sink = run(&RUST_BINARY, "bin/app", &elf(&[(".dep-v0", section)]));
            assert!(packages(&sink).is_empty());
            let [(message, Some(_))] = &sink.problems[..] else {
                panic!("{:?}", sink.problems);
            };
            assert!(message.contains(problem), "{message}");
        };
        check(b"not zlib", ".dep-v0: ");
        check(&packed(b"{}"), "missing field `packages`");
        check(
            &packed(&vec![b' '; MOST as usize + 1]),
            "more than 8388608 bytes",
        );
        check(&packed(b"[[[[[")[..6], ".dep-v0: ");
        let sink = run(&RUST_BINARY, "bin/app", &elf(&[(".text", b"code")]));
        assert!(sink.problems.is_empty() && sink.found.is_empty());
    }

    proptest! {
        #[test]
        fn any_section_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            run(&RUST_BINARY, "bin/app", &elf(&[(".dep-v0", &bytes)]));
            run(&RUST_BINARY, "bin/app", &elf(&[(".dep-v0", &packed(&bytes))]));
        }
    }
}
