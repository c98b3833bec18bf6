//! apk: Alpine, Wolfi, Chainguard, MinimOS, postmarketOS, OpenWrt from 25 on
//! (apk-package(5), <https://wiki.alpinelinux.org/wiki/Apk_spec>).
//!
//! One file has all: a stanza a package, a letter and a colon a line. Case
//! matters: `p` is what a package provides, `P` its name.

use plimsoll_model::{Package, PackageType, package::SourcePackage};

use super::{
    needs::{Providers, tidy},
    text::{MOST_BYTES, MOST_FILES, hex, lines, lossy, tell},
};
use crate::{
    Analyzer, Candidate, FoundPackage, How, OwnedFile, Sink,
    analyzer::never_by_head,
    found::{FileDigest, OwnedFiles},
    licence,
};

/// The installed packages and their files.
pub(crate) const INSTALLED: Analyzer = Analyzer {
    name: "apk",
    version: 1,
    by_path: |path, _| path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed",
    by_head: never_by_head,
    run,
};

/// A package as it is being read.
#[derive(Default)]
struct Record<'a> {
    offset: usize,
    name: &'a [u8],
    version: &'a [u8],
    arch: &'a [u8],
    licence: &'a [u8],
    origin: &'a [u8],
    checksum: &'a [u8],
    needs: &'a [u8],
    broken: &'a [u8],
    folder: &'a [u8],
    files: Vec<OwnedFile>,
    any: bool,
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) else {
        return;
    };
    let providers = providers(&bytes);
    let (mut count, mut files) = (0_usize, 0_usize);
    let mut record = Record::default();
    for (at, line) in lines(&bytes).chain([(bytes.len(), &[][..])]) {
        let (letter, value) = match line {
            [] => {
                let done = std::mem::take(&mut record);
                if done.any {
                    count += 1;
                    if count > file.limits.found {
                        let message = format!("more than {} packages", file.limits.found);
                        sink.incomplete_at(done.offset as u64, message);
                        return;
                    }
                    package(done, &providers, sink);
                }
                continue;
            }
            [letter, b':', value @ ..] => (*letter, value),
            _ => {
                tell(sink, at, "not a letter and a colon");
                continue;
            }
        };
        if !record.any {
            record.any = true;
            record.offset = at;
        }
        match letter {
            b'P' => record.name = value,
            b'V' => record.version = value,
            b'A' => record.arch = value,
            b'L' => record.licence = value,
            b'o' => record.origin = value,
            b'C' => record.checksum = value,
            b'D' => record.needs = value,
            b'f' => record.broken = value,
            b'F' => record.folder = value,
            b'R' => {
                files += 1;
                if files > MOST_FILES {
                    return tell(sink, at, format!("more than {MOST_FILES} files"));
                }
                let path = match record.folder {
                    [] => lossy(value),
                    folder => format!("{}/{}", lossy(folder), lossy(value)),
                };
                record.files.push(OwnedFile {
                    config: is_protected(&path),
                    path,
                    digest: None,
                });
            }
            b'Z' => match (record.files.last_mut(), digest(value)) {
                (Some(file), Some(digest)) => file.digest = Some(digest),
                (None, _) => tell(sink, at, "a checksum of no file"),
                (_, None) => tell(sink, at, "a checksum of no known form"),
            },
            _ => {}
        }
    }
}

/// What apk leaves alone when it was edited: its default protected paths
/// (`+etc -etc/init.d !etc/apk`).
fn is_protected(path: &str) -> bool {
    path.strip_prefix("etc/")
        .is_some_and(|rest| !rest.starts_with("init.d/") && !rest.starts_with("apk/"))
}

/// `Q1` and a SHA-1 in Base64, or `Q2` and a SHA-256; very old databases have
/// an MD5 in hexadecimal digits.
fn digest(text: &[u8]) -> Option<FileDigest> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    // Decoders of Base64 ask for room for whole groups of four.
    let mut bytes = [0; 36];
    let mut decode = |text: &[u8]| STANDARD.decode_slice(text, &mut bytes).ok();
    match text {
        [b'Q', b'1', text @ ..] if decode(text)? == 20 => {
            Some(FileDigest::Sha1(bytes[..20].try_into().ok()?))
        }
        [b'Q', b'2', text @ ..] if decode(text)? == 32 => {
            Some(FileDigest::Sha256(bytes[..32].try_into().ok()?))
        }
        [b'Q', ..] => None,
        text => hex(text).map(FileDigest::Md5),
    }
}

/// A dependency or a provided name without its version.
fn plain_name(word: &[u8]) -> &[u8] {
    let end = word
        .iter()
        .position(|byte| matches!(byte, b'=' | b'<' | b'>' | b'~' | b'@'))
        .unwrap_or(word.len());
    &word[..end]
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty())
}

fn providers(bytes: &[u8]) -> Providers<'_> {
    let mut providers = Providers::default();
    let mut name: &[u8] = &[];
    for (_, line) in lines(bytes) {
        match line {
            [] => name = &[],
            [b'P', b':', value @ ..] => {
                name = value;
                providers.is(name);
            }
            [b'p', b':', value @ ..] if !name.is_empty() => {
                for word in words(value) {
                    providers.provides(plain_name(word), name);
                }
            }
            _ => {}
        }
    }
    providers
}

fn package(record: Record<'_>, providers: &Providers<'_>, sink: &mut Sink) {
    if record.name.is_empty() {
        tell(sink, record.offset, "a package without a name");
        return;
    }
    let name = lossy(record.name);
    if record.version.is_empty() {
        tell(sink, record.offset, format!("{name}: no version"));
    }
    let mut package = Package::new(PackageType::Apk, "", &name, lossy(record.version));
    let given = |value: &[u8]| (!value.is_empty()).then(|| lossy(value));
    package.arch = given(record.arch);
    package.source = given(record.origin)
        .filter(|origin| *origin != name)
        .map(|name| SourcePackage {
            name,
            version: package.version.clone(),
        });
    package.licences = licence::normalise(&lossy(record.licence));
    let mut found = FoundPackage::new(package, How::Installed);
    found.checksums = digest(record.checksum).map(checksum).into_iter().collect();
    if let Some(broken) = given(record.broken) {
        found.evidence = format!("apk marks it as broken: f:{broken}");
    }
    found.needs = tidy(
        words(record.needs)
            .filter(|word| !word.starts_with(b"!"))
            .map(plain_name)
            .filter_map(|word| {
                // What is no name of a package and is not there is left out:
                // a path, or `so:libc.so`, names no package.
                let is_name = !word.contains(&b':') && !word.contains(&b'/');
                providers.get(word).or(is_name.then_some(word))
            }),
        record.name,
    );
    sink.push(found);
    let mut files = record.files;
    if !files.is_empty() {
        files.shrink_to_fit();
        sink.push(OwnedFiles {
            package: name,
            files,
        });
    }
}

/// A digest as `sha1:...`.
fn checksum(digest: FileDigest) -> String {
    let (name, bytes) = match &digest {
        FileDigest::Md5(bytes) => ("md5", &bytes[..]),
        FileDigest::Sha1(bytes) => ("sha1", &bytes[..]),
        FileDigest::Sha256(bytes) => ("sha256", &bytes[..]),
    };
    bytes.iter().fold(format!("{name}:"), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
        );
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Found,
        analyzer::testing::{packages, run},
    };

    const PATH: &str = "lib/apk/db/installed";

    const RECORD: &str = "\
C:Q1hdUpqRv5mYgJEqW52UmVsvmeysE=
P:musl
V:1.1.22-r3
A:x86_64
L:MIT
o:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=
F:etc
R:hosts
F:

C:Q2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
P:musl-utils
V:1.1.22-r3
A:x86_64
L:MIT BSD GPL2+
o:musl
D:scanelf so:libc.musl-x86_64.so.1 !uclibc-utils>1 /bin/sh so:gone musl>=1 base@edge
R:top
f:fs
";

    #[test]
    fn packages_and_files_are_read() {
        let sink = run(&INSTALLED, PATH, RECORD.as_bytes());
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                let source = package.source.as_ref().map(|source| &*source.name);
                format!(
                    "{} {} {:?} {source:?} {:?} {:?} {:?} {}",
                    package.name,
                    package.version,
                    package.arch,
                    package.licences,
                    found.needs,
                    found.checksums,
                    found.evidence
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                "musl 1.1.22-r3 Some(\"x86_64\") None [\"MIT\"] [] \
                 [\"sha1:85d529a91bf999880912a5b9d94995b2f99ecac1\"] ",
                "musl-utils 1.1.22-r3 Some(\"x86_64\") Some(\"musl\") [\"BSD-3-Clause\", \"GPL-2.0-or-later\", \"MIT\"] \
                 [\"base\", \"musl\", \"scanelf\"] \
                 [\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"] \
                 apk marks it as broken: f:fs",
            ]
        );
        let owned: Vec<_> = sink
            .found
            .iter()
            .filter_map(|found| match found {
                Found::Owned(owned) => Some(owned),
                _ => None,
            })
            .flat_map(|owned| &owned.files)
            .map(|file| (&*file.path, file.config, file.digest.is_some()))
            .collect();
        assert_eq!(
            owned,
            [
                ("lib/libc.musl-x86_64.so.1", false, true),
                ("etc/hosts", true, false),
                ("top", false, false),
            ]
        );
    }

    #[test]
    fn damage_is_told_and_costs_no_other_package() {
        let check = |text: &str, count: usize, expect: &[(&str, u64)]| {
            let sink = run(&INSTALLED, PATH, text.as_bytes());
            assert_eq!(packages(&sink).len(), count, "{text:?}");
            let told: Vec<_> = sink
                .problems
                .iter()
                .map(|(words, at)| (&**words, at.expect("a place")))
                .collect();
            assert_eq!(told, expect, "{text:?}");
        };
        check("", 0, &[]);
        check("\n\n\nP:a\nV:1", 1, &[]);
        check("P:a\n\nP:b\nV:1\n", 2, &[("a: no version", 0)]);
        check("V:1\n\nP:b\nV:1\n", 1, &[("a package without a name", 0)]);
        check("P:a\nV:1\nxx\n", 1, &[("not a letter and a colon", 8)]);
        check(
            "P:a\nV:1\nR:x\nZ:Q1zz\n",
            1,
            &[("a checksum of no known form", 12)],
        );
        check("P:a\nV:1\nZ:Q1zz\n", 1, &[("a checksum of no file", 8)]);
    }

    #[test]
    fn checksums() {
        let check = |text: &str, expect| {
            assert_eq!(digest(text.as_bytes()), expect, "{text}");
        };
        check(
            "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            Some(FileDigest::Sha1([0; 20])),
        );
        check(&"0".repeat(32), Some(FileDigest::Md5([0; 16])));
        check("Q1", None);
        check("Q1AAAA", None);
        check(&format!("Q2{}", "A".repeat(400)), None);
        check("", None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            run(&INSTALLED, PATH, &bytes);
        }

        #[test]
        fn any_lines_are_survived(text in "([PVALoCDpFRZf]:[a-cQ12=!: ]{0,9}\n{1,2}){0,12}") {
            run(&INSTALLED, PATH, text.as_bytes());
        }
    }
}
