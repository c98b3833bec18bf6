use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use plimsoll_model::{Package, PackageType};
use sha2::{Digest as _, Sha256};

use super::{stream::From, unpack::Analysis, *};
use crate::{
    Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    source::{Descriptor, Silent},
    tar::build::{Head, Tar},
};

/// Finds a package named as the file says, in files `*.pkg`.
const NAMED: Analyzer = Analyzer {
    name: "named",
    version: 1,
    by_path: |path, _| path.ends_with(".pkg"),
    by_head: never_by_head,
    run: named,
};

fn named(candidate: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = candidate.whole_or_tell(1 << 20, sink) else {
        return;
    };
    let name = String::from_utf8_lossy(&bytes).into_owned();
    if name == "broken" {
        sink.incomplete_at(3, "broken");
    }
    let package = Package::new(PackageType::Generic, "", name, "1");
    sink.push(FoundPackage::new(package, How::Installed));
}

pub(super) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory")
}

/// Small reads, as of a network.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(1000);
        self.0.read(&mut buffer[..count])
    }
}

pub(super) fn run_on(bytes: &[u8], wanted: Digest, limits: &Limits, stream: bool) -> LayerAnalysis {
    let descriptor = Descriptor {
        media_type: String::new(),
        digest: wanted,
        size: bytes.len() as u64,
        urls: Vec::new(),
        annotations: Default::default(),
        platform: None,
    };
    let analysis = Analysis {
        analyzers: &[&NAMED],
        descriptor: &descriptor,
        layer: 0,
        limits,
        progress: &Silent,
        streams: &Arc::default(),
    };
    if stream {
        analysis.run(From::Stream(&mut Dribble(bytes)), None)
    } else {
        analysis.run(From::At(&bytes), Some(&bytes))
    }
}

fn names(analysis: &LayerAnalysis) -> Vec<String> {
    let all = analysis.found.iter().flat_map(|(path, found)| {
        found.iter().map(move |found| match found {
            Found::Package(package) => format!("{path}: {}", package.package.name),
            other => format!("{path}: {other:?}"),
        })
    });
    all.collect()
}

#[test]
fn a_layer_is_the_same_however_it_is_stored() {
    let mut tar = Tar::default()
        .node(b'5', "./", "")
        .node(b'5', "./etc/", "")
        .node(b'2', "./bin", "usr/bin")
        .program("./usr/bin/x", b"\x7fELF\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0")
        .node(b'1', "./usr/bin/y", "./usr/bin/x")
        .node(b'3', "./dev/null", "")
        .file("./b.pkg", b"two")
        .file("./a.pkg", b"one")
        .file("./big.pkg", &vec![b'z'; 600_000]);
    for number in 0..500 {
        tar = tar.file(
            &format!("many/{number:03}.pkg"),
            format!("p{number}").as_bytes(),
        );
    }
    let plain = tar.end();
    let limits = Limits::default();
    let first = run_on(&plain, digest(&plain), &limits, false);
    assert_eq!(first.diagnostics, []);
    assert_eq!(first.diff_id, Some(digest(&plain)));
    assert_eq!(first.blob, first.diff_id);
    assert_eq!(first.size, plain.len() as u64);
    assert_eq!(names(&first)[..2], ["a.pkg: one", "b.pkg: two"]);
    assert_eq!(first.found.len(), 503);
    let record = |path: &str| {
        let at = first
            .files
            .binary_search_by(|(there, _)| there.as_str().cmp(path));
        &first.files[at.expect("it is there")].1
    };
    assert!(record("usr/bin/x").binary && record("usr/bin/x").mode == 0o755);
    assert_eq!(record("usr/bin/x").digests.len(), 3);
    assert_eq!(
        record("usr/bin/y").kind,
        FileKind::Hardlink("usr/bin/x".into())
    );
    assert_eq!(record("bin").kind, FileKind::Symlink("usr/bin".into()));
    assert_eq!(record("dev/null").kind, FileKind::Special);
    assert_eq!(first.files.len(), 508);

    let packed = [
        gzip(&plain),
        zstd::encode_all(&plain[..], 1).expect("memory"),
        plain.clone(),
    ];
    for stored in packed {
        for stream in [false, true] {
            for wanted in [&stored, &plain] {
                let mut again = run_on(&stored, digest(wanted), &limits, stream);
                assert_eq!(again.blob.replace(digest(&plain)), Some(digest(&stored)));
                assert_eq!(again, first);
            }
        }
    }
}

#[test]
fn of_repeated_entries_the_last_counts() {
    let tar = Tar::default()
        .file("a.pkg", b"first")
        .file("b.pkg", b"broken")
        .file("./a.pkg", b"second")
        .node(b'2', "b.pkg", "a.pkg")
        .file("c.pkg", b"broken");
    let bytes = tar.end();
    let analysis = run_on(&bytes, digest(&bytes), &Limits::default(), true);
    assert_eq!(names(&analysis), ["a.pkg: second", "c.pkg: broken"]);
    assert_eq!(analysis.files.len(), 3);
    let [told] = &analysis.diagnostics[..] else {
        panic!("{:?}", analysis.diagnostics);
    };
    assert_eq!(told.message, "named: broken");
    assert_eq!(
        (told.place.path.as_deref(), told.place.offset),
        (Some("c.pkg"), Some(3))
    );
    assert_eq!(told.place.layer, analysis.diff_id);
}

#[test]
fn whiteouts_are_told_and_are_no_files() {
    let tar = Tar::default()
        .file("d/.wh.x", b"")
        .file("d/x", b"1")
        .file("e/.wh..wh..opq", b"")
        .file(".wh..wh.plnk/12", b"")
        .file(".wh.a", b"")
        .file(".wh.a", b"")
        .file("f/.wh.", b"");
    let bytes = tar.end();
    let analysis = run_on(&bytes, digest(&bytes), &Limits::default(), false);
    assert_eq!(analysis.whiteouts, ["a", "d/x"]);
    assert_eq!(analysis.opaque, ["e"]);
    assert_eq!(analysis.files.len(), 1);
    assert_eq!(analysis.diagnostics.len(), 1);
}

#[test]
fn sparse_files_are_looked_into_with_their_holes() {
    let records = [("GNU.sparse.size", "6"), ("GNU.sparse.map", "0,1,5,1")];
    let bytes = Tar::default()
        .pax(b'x', &records)
        .file("s.pkg", b"ab")
        .end();
    for stored in [bytes.clone(), gzip(&bytes)] {
        let analysis = run_on(&stored, digest(&stored), &Limits::default(), false);
        assert_eq!(names(&analysis), ["s.pkg: a\0\0\0\0b"]);
        assert_eq!(analysis.files[0].1.size, 6);
    }
}

#[test]
fn large_files_of_compressed_layers_are_packed_and_digested() {
    let limits = Limits {
        held_bytes: 100_000,
        ..Limits::default()
    };
    let check = |data: &[u8], fits: bool| {
        let plain = Tar::default().program("usr/bin/x.pkg", data).end();
        let packed = gzip(&plain);
        let packed = run_on(&packed, digest(&packed), &limits, true);
        let plain = run_on(&plain, digest(&plain), &limits, false);
        assert_eq!(packed.files, plain.files);
        assert_eq!(plain.files[0].1.digests.len(), 3);
        assert_eq!(plain.found.len(), 1);
        if fits {
            assert_eq!(
                (packed.found, &packed.diagnostics[..]),
                (plain.found, &[][..])
            );
        } else {
            let expect = "not looked into (named): it has 900000 bytes";
            assert!(packed.diagnostics[0].message.starts_with(expect));
        }
    };
    check(&[b'a'; 900_000], true);
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    check(&noise.take(900_000).collect::<Vec<u8>>(), false);
}

#[test]
fn the_reader_works_on_one_thread() {
    let mut tar = Tar::default();
    for number in 0..2000 {
        tar = tar.file(&format!("{number}.pkg"), &[b'a'; 3000]);
    }
    let bytes = gzip(&tar.end());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool");
    let run = || run_on(&bytes, digest(&bytes), &Limits::default(), true);
    let (one, two) = pool.install(|| rayon::join(run, run));
    assert_eq!(one, two);
    assert_eq!(one, run());
    assert_eq!(one.found.len(), 2000);
}

#[test]
fn a_head_is_bent_before_its_checksum() {
    // The builder of the other tests: a wrong one would test nothing.
    let block = Head::new("a", b'0', 1).mode(0o755).block();
    assert_eq!(&block[100..108], b"0000755\0");
    assert_eq!(digest(b"").hex()[..8], *"e3b0c442");
}

#[test]
fn root_file_systems_are_walked_alike() {
    let analysis = analyze_entries(&Limits::default(), |walk| {
        let path = walk.path(b"/etc/os-release", 0).expect("a path");
        let content = b"ID=debian\nVERSION_ID=\"12\"\n".to_vec();
        let record = FileRecord::new(FileKind::Regular, content.len() as u64);
        walk.readable(&path, record, Box::new(content));
        assert_eq!(walk.path(b"a/../b", 0), None);
    });
    assert_eq!(analysis.files.len(), 1);
    assert_eq!(analysis.diagnostics.len(), 1);
    let _ = Arc::new(analysis);
}
