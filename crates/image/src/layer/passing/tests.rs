//! Whatever a large program holds, what is found is the same whether its layer
//! can be read in place, is decompressed, or comes once.

use std::io::{self, Write};

use proptest::prelude::*;

use super::*;
use crate::{
    Found, LayerAnalysis, Limits, ReadAt,
    lang::compiled::{
        binary::testing::{elf, elf_of_go},
        go,
    },
    layer::{
        analyze,
        tests::{digest, gzip},
    },
    source::{Blob, Descriptor, Silent},
    tar::build::Tar,
};

/// Large programs are those above this.
const HELD: u64 = 500_000;

fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Ten letters, so that it packs well.
        b'a' + (state >> 24) as u8 % 4
    });
    next.take(size).collect()
}

/// What `cargo auditable` writes.
fn crates() -> Vec<u8> {
    let json = br#"{"packages":[{"name":"serde","version":"1.0.200","source":"crates.io"}]}"#;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(json).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// What Go writes, without modules.
fn build_info() -> Vec<u8> {
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    bytes.extend(b"\x08go1.22.3\0");
    bytes
}

/// The note that Go's linker writes.
const NOTE: &[u8] = b"\x04\0\0\0\x04\0\0\0\x04\0\0\0Go\0\0id..";

/// What Go writes of 1.20, with these names and a function of the standard library.
fn line_table(names: &[u8]) -> Vec<u8> {
    let names = [b"net/http.(*Server).Serve\0", names, b"\0"].concat();
    let mut bytes = b"\xf1\xff\xff\xff\0\0\x01\x08".to_vec();
    for number in [2, 0, 0, 72, 72 + names.len() as u64, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(names);
    bytes
}

fn layer(path: &str, sections: &[(&str, &[u8])]) -> Vec<u8> {
    let program = elf(sections);
    assert!(program.len() as u64 > HELD);
    let rest = elf(&[(".text", b"small")]);
    Tar::default()
        .program("app/before", &rest)
        .program(path, &program)
        .program("app/after", &rest)
        .end()
}

fn run(stored: &[u8], once: bool) -> LayerAnalysis {
    let limits = Limits {
        held_bytes: HELD,
        ..Limits::default()
    };
    let descriptor = Descriptor {
        media_type: String::new(),
        digest: digest(stored),
        size: stored.len() as u64,
        urls: Vec::new(),
        annotations: Default::default(),
        platform: None,
    };
    let blob = match once {
        true => Blob::Stream(Box::new(io::Cursor::new(stored.to_vec()))),
        false => Blob::At(std::sync::Arc::new(stored.to_vec())),
    };
    analyze(blob, &descriptor, 0, &limits, &Silent)
}

/// What is found in a program with these sections, in every form.
fn found(path: &str, sections: &[(&str, &[u8])]) -> Vec<String> {
    let plain = layer(path, sections);
    let expect = run(&plain, false);
    let zstd = zstd::encode_all(&plain[..], 1).expect("memory");
    for stored in [gzip(&plain), zstd] {
        for once in [false, true] {
            let mut is = run(&stored, once);
            assert_eq!(is.blob.replace(digest(&plain)), Some(digest(&stored)));
            assert_eq!(is, expect, "{path}, once: {once}");
        }
    }
    let all = expect.found.iter().flat_map(|(_, found)| found);
    all.map(|found| match found {
        Found::Package(package) => format!("{} {}", package.package.name, package.package.version),
        Found::Mark { name, .. } => name.clone(),
        other => format!("{other:?}"),
    })
    .collect()
}

#[test]
fn what_is_found_does_not_depend_on_how_the_layer_comes() {
    let text = noise(1_200_000);
    let words = [b"a text with .dep-v0 in it", &text[..]].concat();
    let versions = [b"\0nginx version: nginx/0.0.1\n", &text[..]].concat();
    let bundle = [
        &5_u64.to_le_bytes()[..],
        crate::lang::compiled::dotnet::BUNDLE_MARK,
    ]
    .concat();
    let check = |path: &str, sections: &[(&str, &[u8])], expect: &[&str]| {
        assert_eq!(found(path, sections), expect, "{path}");
    };
    check("app/none", &[(".text", &text)], &[]);
    check("app/words", &[(".text", &words)], &[]);
    let stripped = "go-stripped";
    let go = [stripped, "go-without-modules", "stdlib 1.22.3"];
    let info = build_info();
    check("app/go", &[(".text", &text), (".go.buildinfo", &info)], &go);
    check(
        "app/noted",
        &[
            (".note.go.buildid", NOTE),
            (".text", &text),
            (".gopclntab", &line_table(&text[..50_000])),
            (".go.buildinfo", &info),
        ],
        &go,
    );
    check(
        "app/old",
        &[
            (".note.go.buildid", NOTE),
            (".text", &text),
            (".gopclntab", &line_table(&text[..50_000])),
            (".go.buildinfo", b"\xff Go buildinf:\x08\0................"),
        ],
        &[],
    );
    check(
        "app/rust",
        &[(".text", &text), (".dep-v0", &crates())],
        &["serde 1.0.200"],
    );
    check("app/net", &[(".text", &text), (".data", &bundle)], &[]);
    check(
        "usr/sbin/nginx",
        &[
            (".text", &versions),
            (".rodata", b"\0nginx version: nginx/1.22.1\n"),
        ],
        &["nginx 1.22.1"],
    );
    check("usr/sbin/nginx", &[(".text", &versions)], &["nginx 0.0.1"]);
    check("usr/sbin/nginx", &[(".text", &text)], &[]);
    // Both: all analyzers read it.
    check(
        "usr/sbin/nginx",
        &[(".text", &versions), (".dep-v0", &crates())],
        &["serde 1.0.200", "nginx 0.0.1"],
    );
}

#[test]
fn what_is_let_go_takes_no_room() {
    // Far more than may be held, and nothing of it can be packed.
    let mut state = 1_u64;
    let next = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    });
    let text: Vec<u8> = next.take(3_000_000).collect();
    let versions = [&text[..], b"\0nginx version: nginx/1.22.1\n"].concat();
    let plain = layer("usr/sbin/nginx", &[(".text", &versions)]);
    let stored = gzip(&plain);
    let passed = run(&stored, false);
    assert_eq!(passed.diagnostics, []);
    assert_eq!(passed.found, run(&plain, false).found);
    assert_eq!(passed.found.len(), 1);
    // One that comes once may be needed whole.
    let told = &run(&stored, true).diagnostics[0].message;
    assert!(
        told.starts_with("not looked into (dotnet-bundle, go-binary"),
        "{told}"
    );
}

#[test]
fn problems_are_told_alike() {
    let text = noise(1_200_000);
    let check = |sections: &[(&str, &[u8])], expect: &str| {
        let plain = layer("app/x", sections);
        for stored in [plain.clone(), gzip(&plain)] {
            let told = run(&stored, false).diagnostics;
            assert!(
                told.iter().any(|told| told.message.contains(expect)),
                "{told:?}"
            );
        }
    };
    check(&[(".text", &text), (".dep-v0", b"none")], ".dep-v0: ");
    let bundle = [
        &5_u64.to_le_bytes()[..],
        crate::lang::compiled::dotnet::BUNDLE_MARK,
    ]
    .concat();
    check(&[(".text", &text), (".data", &bundle)], ".NET bundle: ");
    check(&[(".a", b"UPX!"), (".text", &text)], "packed by UPX");
}

#[test]
fn marks_across_chunks_are_seen() {
    let text = noise(80_000);
    for analyzers in [["go-binary"], ["rust-binary"], ["dotnet-bundle"]] {
        let analyzers: Vec<&'static Analyzer> = analyzer::all()
            .filter(|analyzer| analyzers.contains(&analyzer.name))
            .collect();
        let Some(Passing::Mark(mark)) = analyzer::passing(analyzers[0]) else {
            panic!("{} has a mark", analyzers[0].name);
        };
        let bytes = [&text[..], mark, &text].concat();
        for part in [1, 3, 7, 31, 1_000, 80_001, 80_007] {
            let record = FileRecord::new(crate::FileKind::Regular, bytes.len() as u64);
            let watch = Watch::new(&analyzers, "app/x", &record, &bytes[..512]);
            let mut watch = watch.expect("it can pass");
            bytes.chunks(part).for_each(|part| watch.feed(part));
            assert!(watch.marks[0].is_there, "{part}");
        }
    }
}

#[test]
fn what_is_read_of_go_programs_is_kept() {
    let (text, info) = (noise(1_000_000), build_info());
    // Neither is long, or begins at the beginning of what is fed at once.
    let table = line_table(&text[..40_000]);
    let sections: [(&str, &[u8]); 6] = [
        (".note.go.buildid", NOTE),
        (".text", &text),
        (".rodata", &text[..100_001]),
        (".gopclntab", &table),
        (".go.buildinfo", &info),
        (".data", &text),
    ];
    for program in [elf(&sections), elf_of_go(&sections)] {
        is_read_of_what_is_kept(&program);
    }
}

fn is_read_of_what_is_kept(program: &[u8]) {
    for part in [1, 16, 80, 4_096, 70_000, 70_001, 1_100_000] {
        let (expect, found) = go_found(program, part);
        assert_eq!(expect.problems, []);
        let symbols = expect.found.iter().find_map(|found| match found {
            Found::Package(package) => Some(&package.symbols[..]),
            _ => None,
        });
        assert_eq!(symbols, Some(&["net/http.Server.Serve".to_owned()][..]));
        // Words that are cut are not looked at: then it is read again.
        match (part % go::ALIGN, found) {
            (_, Some(found)) => assert_eq!(found.found, expect.found, "{part}"),
            (cut, None) => assert_ne!(cut, 0, "all of it was kept: {part}"),
        }
    }
}

/// What is found of Go in a program that is there, and in one that goes by in parts
/// of so many bytes.
fn go_found(program: &[u8], part: usize) -> (Sink, Option<Outcome>) {
    let analyzers: Vec<&'static Analyzer> = analyzer::all()
        .filter(|analyzer| analyzer.name == "go-binary")
        .collect();
    let limits = Limits::default();
    let record = FileRecord::new(crate::FileKind::Regular, program.len() as u64);
    let file = Candidate {
        path: "app/x",
        record: &record,
        content: &program.to_vec(),
        limits: &limits,
    };
    let mut expect = Sink::default();
    (analyzers[0].run)(&file, &mut expect);
    let head = &program[..program.len().min(512)];
    let watch = Watch::new(&analyzers, "app/x", &record, head);
    let mut watch = watch.expect("it can pass");
    program.chunks(part).for_each(|part| watch.feed(part));
    let shared = Shared::new(&analyzers, &limits);
    (expect, watch.finish("app/x", &record, &shared))
}

/// What may be in a section of a Go program, damaged or not.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let number = prop_oneof![0_u64..400, 60_u64..100, any::<u64>()];
    let info = (any::<[u8; 2]>(), bytes.clone()).prop_map(|(kinds, bytes)| {
        let mut info = [go::MARK, &kinds].concat();
        info.resize(32, 0);
        [info, bytes].concat()
    });
    let magic = prop::sample::select(vec![0xf0_u8, 0xf1, 0xfa, 0xfb]);
    let table = (magic, prop::array::uniform8(number), bytes.clone());
    let table = table.prop_map(|(magic, numbers, bytes)| {
        let head = [magic, 0xff, 0xff, 0xff, 0, 0, 1, 8];
        let numbers = numbers.map(u64::to_le_bytes).concat();
        [&head[..], &numbers, &bytes].concat()
    });
    prop_oneof![
        bytes,
        info,
        table,
        Just(build_info()),
        Just(line_table(b"main.main\0a/b.C")),
        (0_usize..70_000).prop_map(noise),
    ]
}

proptest! {
    #[test]
    fn damaged_go_programs_are_read_alike(
        contents in prop::collection::vec(contents(), 1..6),
        of_go in any::<bool>(),
        part in prop_oneof![1_usize..100, (1_usize..8_000).prop_map(|part| 16 * part)],
    ) {
        let names = [".gopclntab", ".go.buildinfo", ".data", ".rodata", ".text"];
        let text = noise(70_000);
        let mut sections: Vec<(&str, &[u8])> = vec![(".note.go.buildid", NOTE), (".a", &text)];
        sections.extend(names.into_iter().zip(contents.iter().map(Vec::as_slice)));
        let program = if of_go { elf_of_go(&sections) } else { elf(&sections) };
        let (expect, found) = go_found(&program, part);
        if let Some(found) = found {
            prop_assert_eq!(found.found, expect.found);
            let problems = |problem: &(String, Option<u64>)| problem.1;
            prop_assert!(found.problems.iter().map(problems).eq(expect.problems.iter().map(problems)));
        }
    }
}

#[test]
fn what_looks_like_parts_of_go_programs_takes_little_room() {
    let (info, table) = (build_info(), line_table(&[]));
    let mut many = [&info[..], &table].concat();
    many.resize(many.len().next_multiple_of(128), 0);
    let mut long = line_table(&noise(1_000));
    long[40..48].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let program = elf(&[
        (".note.go.buildid", NOTE),
        (".text", &noise(100_000)),
        (".gopclntab", &long),
        (".data", &many.repeat(200_000)),
    ]);
    let mut kept = Kept::new(program.len() as u64, &program[..64]);
    program.chunks(1 << 18).for_each(|part| kept.feed(part));
    assert!(kept.bytes() < 17 << 20, "{}", kept.bytes());
    assert!(kept.bytes() > 16 << 20, "{}", kept.bytes());
}

#[test]
fn an_analyzer_that_reads_anywhere_has_the_file_kept() {
    let every: Vec<&'static Analyzer> = analyzer::all().collect();
    let record = FileRecord::new(crate::FileKind::Regular, 1 << 30);
    assert!(Watch::new(&every, "app/x", &record, b"").is_none());
}

#[test]
fn parts_that_were_not_kept_are_missed() {
    let program = elf(&[(".text", &noise(1_200_000)), (".data", b"data")]);
    let mut kept = Kept::new(program.len() as u64, &program[..64]);
    program.chunks(1_000).for_each(|part| kept.feed(part));
    let binary = crate::lang::compiled::binary::Binary::parse(&kept);
    let binary = binary.expect("its parts are there").expect("it is ELF");
    assert!(binary.section(&[".data"]).is_some());
    assert!(!kept.was_missed());
    assert_eq!(
        kept.read_at(program.len() as u64, &mut [0])
            .expect("the end"),
        0
    );
    kept.read_at(100_000, &mut [0]).expect_err("it was let go");
    assert!(kept.was_missed());
}
