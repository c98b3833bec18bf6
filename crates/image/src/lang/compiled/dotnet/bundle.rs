//! Single-file programs of .NET: behind the host come the files of the
//! program, listed by a header whose place the host knows
//! (<https://github.com/dotnet/designs/blob/main/accepted/2020/single-file/bundler.md>,
//! `bundle_marker.cpp` and `manifest.cpp` of the runtime). One of the files is
//! the program's `deps.json`.

use std::io;

use super::{deps, package};
use crate::{
    Analyzer, Candidate, FoundPackage, How, ReadAt, Sink,
    analyzer::never_by_path,
    bounded::read_all,
    lang::compiled::binary::{Binary, is_binary, part},
    read_at::{Cursor, Window},
};

/// Single-file programs.
pub(crate) const DOTNET_BUNDLE: Analyzer = Analyzer {
    name: "dotnet-bundle",
    version: 1,
    by_path: never_by_path,
    by_head: |_, _, head| is_binary(head),
    run,
};

/// The SHA-256 of `.net core bundle`, behind the header's place in the host.
pub(crate) const SIGNATURE: &[u8] = &[
    0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
    0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
];
/// Bytes of a data section that are searched for it.
const SEARCHED: u64 = 4 << 20;
/// Files of a bundle.
const MOST_FILES: u32 = 50_000;
/// Bytes of the list of files.
const MOST_LIST: u64 = 16 << 20;

/// A file of a bundle.
#[derive(Debug, Default)]
struct Entry {
    path: String,
    offset: u64,
    size: u64,
    /// 0 when it is not compressed.
    packed: u64,
}

/// Why a bundle could not be read.
#[derive(Debug, thiserror::Error)]
enum BundleError {
    #[error("its list of files is cut short")]
    Cut,
    #[error("{0} files; at most {MOST_FILES} are read")]
    TooMany(u32),
    #[error("version {0} of bundles is not known")]
    Version(u32),
    #[error("{path}: {size} bytes; at most {most} are read")]
    TooLarge { path: String, size: u64, most: u64 },
    #[error("{0}")]
    Io(#[from] io::Error),
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let header = match Binary::parse(file.content) {
        Ok(Some(binary)) => locate(file.content, &binary),
        Ok(None) => return,
        Err(error) => Err(error),
    };
    let header = match header {
        Ok(Some(header)) => header,
        Ok(None) => return,
        Err(error) => return sink.incomplete(format!("not read: {error}")),
    };
    if let Err(error) = bundle(file, header, sink) {
        sink.incomplete_at(header, format!(".NET bundle: {error}"));
    }
}

/// Where the header is; none where the program is no bundle.
fn locate(content: &dyn ReadAt, binary: &Binary) -> io::Result<Option<u64>> {
    for section in &binary.sections {
        if ![".data", "__data", ".rdata", "__const"].contains(&section.name.as_str()) {
            continue;
        }
        let bytes = part(content, section.offset, section.size.min(SEARCHED))?;
        let place = memchr::memmem::find(&bytes, SIGNATURE)
            .and_then(|at| at.checked_sub(8))
            .and_then(|at| bytes[at..at + 8].try_into().ok())
            .map(u64::from_le_bytes);
        if let Some(place) = place {
            return Ok((place != 0).then_some(place));
        }
    }
    Ok(None)
}

/// Takes values from the list.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BundleError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BundleError::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, BundleError> {
        let bytes = self.take(4)?.try_into().map_err(|_| BundleError::Cut)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64, BundleError> {
        let bytes = self.take(8)?.try_into().map_err(|_| BundleError::Cut)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A text behind its length, which takes one byte or two.
    fn text(&mut self) -> Result<String, BundleError> {
        let first = self.take(1)?[0];
        let mut length = usize::from(first & 0x7f);
        if first & 0x80 != 0 {
            let second = self.take(1)?[0];
            if second & 0x80 != 0 {
                return Err(BundleError::Cut);
            }
            length |= usize::from(second) << 7;
        }
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, BundleError> {
    let mut fields = Fields(bytes);
    let (version, _, count) = (fields.u32()?, fields.u32()?, fields.u32()?);
    if !matches!(version, 1 | 2 | 6) {
        return Err(BundleError::Version(version));
    }
    if count > MOST_FILES {
        return Err(BundleError::TooMany(count));
    }
    let _id = fields.text()?;
    if version >= 2 {
        // The places of deps.json and runtimeconfig.json, and flags: the list
        // has the files too.
        fields.take(5 * 8)?;
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let (offset, size) = (fields.u64()?, fields.u64()?);
        let packed = if version >= 6 { fields.u64()? } else { 0 };
        let _kind = fields.take(1)?;
        entries.push(Entry {
            path: fields.text()?,
            offset,
            size,
            packed,
        });
    }
    Ok(entries)
}

fn bundle(file: &Candidate<'_>, header: u64, sink: &mut Sink) -> Result<(), BundleError> {
    let list = part(file.content, header, MOST_LIST)?;
    let entries = entries(&list)?;
    let mut told = false;
    for entry in entries
        .iter()
        .filter(|entry| entry.path.ends_with(".deps.json"))
    {
        let bytes = contents(file, entry)?;
        let evidence = "bundled deps.json";
        deps::read(
            &bytes,
            &entry.path,
            evidence,
            &How::Embedded,
            file.limits.found,
            sink,
        );
        told = true;
    }
    if !told {
        // Without it only the names of the assemblies are known.
        for entry in entries.iter().take(file.limits.found) {
            if let Some(name) = entry.path.strip_suffix(".dll") {
                let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
                sink.push(FoundPackage {
                    inner: entry.path.clone(),
                    evidence: "assembly of a bundle without deps.json".into(),
                    ..FoundPackage::new(package(name, ""), How::Embedded)
                });
            }
        }
    }
    Ok(())
}

fn contents(file: &Candidate<'_>, entry: &Entry) -> Result<Vec<u8>, BundleError> {
    let most = file.limits.document_bytes;
    let stored = if entry.packed == 0 {
        entry.size
    } else {
        entry.packed
    };
    if entry.size.max(stored) > most {
        return Err(BundleError::TooLarge {
            path: entry.path.clone(),
            size: entry.size,
            most,
        });
    }
    if entry.packed == 0 {
        return Ok(part(file.content, entry.offset, stored)?.into_owned());
    }
    let window = Window::new(file.content, entry.offset, stored);
    let reader = io::BufReader::new(Cursor::new(&window));
    Ok(read_all(
        flate2::bufread::DeflateDecoder::new(reader),
        entry.size,
    )?)
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

    const DEPS: &[u8] = br#"{"libraries":{"Newtonsoft.Json/13.0.1":{"type":"package"}}}"#;

    /// A host with a bundle of these files behind it.
    fn program(version: u32, packed: bool, files: &[(&str, &[u8])]) -> Vec<u8> {
        let placeholder = [&[0; 8][..], SIGNATURE].concat();
        let mut bytes = elf(&[(".text", b"code"), (".data", &placeholder)]);
        let mut list = Vec::new();
        for number in [version, 0, files.len() as u32] {
            list.extend(number.to_le_bytes());
        }
        list.extend(b"\x02id");
        if version >= 2 {
            list.extend([0; 40]);
        }
        for (path, content) in files {
            let stored = match packed {
                false => content.to_vec(),
                true => {
                    let level = flate2::Compression::fast();
                    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
                    encoder.write_all(content).expect("memory takes it");
                    encoder.finish().expect("memory takes it")
                }
            };
            list.extend((bytes.len() as u64).to_le_bytes());
            list.extend((content.len() as u64).to_le_bytes());
            if version >= 6 {
                let size = if packed { stored.len() as u64 } else { 0 };
                list.extend(size.to_le_bytes());
            }
            list.push(1);
            list.push(path.len() as u8);
            list.extend(path.as_bytes());
            bytes.extend(stored);
        }
        let header = bytes.len() as u64;
        let at = memchr::memmem::find(&bytes, SIGNATURE).expect("is there");
        bytes[at - 8..at].copy_from_slice(&header.to_le_bytes());
        bytes.extend(list);
        bytes
    }

    #[test]
    fn the_bundled_list_is_read_in_each_version() {
        for (version, packed) in [(1, false), (2, false), (6, false), (6, true)] {
            let bytes = program(
                version,
                packed,
                &[("app.dll", b"MZ"), ("app.deps.json", DEPS)],
            );
            let sink = run(&DOTNET_BUNDLE, "app/app", &bytes);
            assert!(sink.problems.is_empty(), "{:?}", sink.problems);
            let [found] = packages(&sink)[..] else {
                panic!("{:?}", sink.found);
            };
            assert_eq!(found.package, package("Newtonsoft.Json", "13.0.1"));
            assert_eq!(found.inner, "app.deps.json");
        }
    }

    #[test]
    fn assemblies_are_named_where_there_is_no_list() {
        let bytes = program(6, false, &[("lib/Acme.Core.dll", b"MZ")]);
        let sink = run(&DOTNET_BUNDLE, "app/app", &bytes);
        assert_eq!(packages(&sink)[0].package, package("Acme.Core", ""));
    }

    #[test]
    fn damage_is_told_and_other_programs_are_let_be() {
        let check = |bytes: Vec<u8>, problem: &str| {
            let sink = run(&DOTNET_BUNDLE, "app/app", &bytes);
            assert!(sink.found.is_empty());
            match problem {
                "" => assert!(sink.problems.is_empty()),
                problem => assert!(sink.problems[0].0.contains(problem), "{:?}", sink.problems),
            }
        };
        let whole = program(6, true, &[("app.deps.json", DEPS)]);
        check(whole[..whole.len() - 3].to_vec(), "cut short");
        check(program(9, false, &[]), "version 9");
        check(
            program(6, false, &[("a.deps.json", b"{")]),
            "bundled deps.json: ",
        );
        // A host that is no bundle has zeroes there.
        check(elf(&[(".data", &[&[0; 8][..], SIGNATURE].concat())]), "");
        check(elf(&[(".data", SIGNATURE)]), "");
        check(elf(&[]), "");
    }

    proptest! {
        #[test]
        fn any_list_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0usize..200) {
            let _ = entries(&bytes);
            let mut program = program(6, true, &[("app.deps.json", DEPS)]);
            let end = program.len() - at.min(program.len());
            program.truncate(end);
            program.extend(bytes);
            run(&DOTNET_BUNDLE, "app/app", &program);
        }
    }
}
