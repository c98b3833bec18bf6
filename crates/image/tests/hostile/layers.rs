//! Layers made to break a reader: each ends soon, in little memory, with what
//! is wrong told where it is, and with what stands before it kept.

use std::{
    io::{self, Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use plimsoll_image::{
    Digest, FileKind, LayerAnalysis, Limits,
    layer::analyze,
    source::{Blob, Descriptor, Silent},
};
use sha2::Digest as _;

use crate::{
    BLOCK,
    build::{Head, Tar, record},
};

/// How long a case may take where nothing is optimised and all cores are busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn digest(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

pub fn limits() -> Limits {
    Limits {
        entries: 20_000,
        name_bytes: 4 << 20,
        layer_bytes: 1 << 30,
        ..Limits::default()
    }
}

fn run(blob: Blob, digest: Digest, size: usize) -> LayerAnalysis {
    let descriptor = Descriptor {
        media_type: String::new(),
        digest,
        size: size as u64,
        urls: Vec::new(),
        annotations: Default::default(),
        platform: None,
    };
    analyze(blob, &descriptor, 0, &limits(), &Silent)
}

/// Reads the layer in place and as a stream; each must tell `expect` (nothing
/// when it is empty) and have these files.
fn check(name: &str, bytes: Vec<u8>, wanted: Digest, expect: &str, files: &[&str]) {
    let size = bytes.len();
    for stream in [false, true] {
        let start = Instant::now();
        let blob = match stream {
            true => Blob::Stream(Box::new(io::Cursor::new(bytes.clone()))),
            false => Blob::At(Arc::new(bytes.clone())),
        };
        let analysis = run(blob, wanted, size);
        let told = &analysis.diagnostics;
        if expect.is_empty() {
            assert!(told.is_empty(), "{name}: {told:#?}");
        } else {
            let there = told.iter().any(|told| told.message.contains(expect));
            assert!(there, "{name}: no `{expect}` in {told:#?}");
        }
        for told in told {
            let about_all = told.message.contains("digest") || told.message.contains("more ");
            assert!(told.place.layer.is_some(), "{name}: {told:?}");
            assert!(
                told.place.path.is_some() || told.place.offset.is_some() || about_all,
                "{name}: {told:?} has no place"
            );
        }
        let there: Vec<&str> = analysis.files.iter().map(|(path, _)| &**path).collect();
        assert_eq!(there, files, "{name}");
        assert!(start.elapsed() < PATIENCE, "{name}: {:?}", start.elapsed());
    }
}

/// A tar that begins with the file `good`.
fn tar() -> Tar {
    Tar::default().file("good", b"1")
}

/// A sparse file of these records, named as analyzers like it.
fn sparse(records: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    tar()
        .pax(b'x', records)
        .file("etc/os-release", data)
        .file("last", b"")
        .end()
}

fn with_pax(raw: &str) -> Vec<u8> {
    tar()
        .entry(Head::new("x", b'x', raw.len() as u64), raw.as_bytes())
        .file("last", b"")
        .end()
}

fn one_zero(entry: Tar) -> Vec<u8> {
    entry.file("last", b"").end()
}

/// A layer made to break a reader.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// What must be told; empty when nothing is wrong, or in a library's words.
    pub expect: &'static str,
    /// The files that are there all the same.
    files: Vec<&'static str>,
}

/// The cases of a table.
type Table = Vec<(&'static str, Vec<u8>, &'static str, &'static [&'static str])>;

fn cases(table: Table) -> Vec<Case> {
    let case = |(name, bytes, expect, files): (_, _, _, &[&'static str])| Case {
        name,
        bytes,
        expect,
        files: files.to_vec(),
    };
    table.into_iter().map(case).collect()
}

fn check_all(cases: Vec<Case>) {
    for case in cases {
        let wanted = digest(&case.bytes);
        check(case.name, case.bytes, wanted, case.expect, &case.files);
    }
}

#[test]
fn tars_whose_headers_lie() {
    check_all(lying_headers());
}

pub fn lying_headers() -> Vec<Case> {
    let size = |field: &[u8]| {
        tar()
            .entry(Head::new("n", b'0', 0).field(124, field), b"")
            .end()
    };
    let huge = b"\x80\0\0\0\x3f\xff\xff\xff\xff\xff\xff\xff";
    let beyond = b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
    let long = "n".repeat(2 << 20);
    let deep = "d/".repeat(300) + "f";
    let wide = "n".repeat(5000);
    cases(vec![
        (
            "wrong first checksum",
            vec![b'a'; 2048],
            "no tar archive",
            &[],
        ),
        (
            "wrong checksum",
            tar().raw(&[b'a'; 1024]).end(),
            "wrong checksum",
            &["good"],
        ),
        ("negative size", size(&[0xff; 12]), "is negative", &["good"]),
        (
            "huge size",
            size(huge),
            "before the end of this entry",
            &["good", "n"],
        ),
        (
            "size beyond 63 bits",
            size(beyond),
            "larger than",
            &["good"],
        ),
        ("size of letters", size(b"abc"), "no number", &["good"]),
        (
            "octal beyond 63 bits",
            size(b"777777777777"),
            "before the end",
            &["good", "n"],
        ),
        (
            "unknown type",
            one_zero(tar().entry(Head::new("n", b'Z', 3), b"abc")),
            "type `Z`",
            &["good", "last"],
        ),
        (
            "link with data",
            tar()
                .entry(Head::new("l", b'2', 600).link("t"), &[b'a'; 600])
                .end(),
            "wrong checksum",
            &["good", "l"],
        ),
        (
            "owner of letters",
            one_zero(tar().entry(Head::new("n", b'0', 0).field(108, b"abc"), b"")),
            "the owner in the header",
            &["good", "last", "n"],
        ),
        (
            "huge owner",
            one_zero(tar().entry(
                Head::new("n", b'0', 0).field(108, b"\x80\x7f\0\0\0\0\0\0"),
                b"",
            )),
            "",
            &["good", "last", "n"],
        ),
        (
            "traversal",
            one_zero(tar().file("../../etc/passwd", b"")),
            "leads out",
            &["good", "last"],
        ),
        (
            "hidden traversal",
            one_zero(tar().file("a/../../b", b"")),
            "leads out",
            &["good", "last"],
        ),
        (
            "absolute path",
            one_zero(tar().file("/etc/x", b"")),
            "",
            &["etc/x", "good", "last"],
        ),
        (
            "only slashes",
            one_zero(tar().file("///", b"")),
            "names nothing",
            &["good", "last"],
        ),
        (
            "deep path",
            one_zero(tar().pax(b'x', &[("path", &deep)]).file("n", b"")),
            "components",
            &["good", "last"],
        ),
        (
            "long path",
            one_zero(tar().pax(b'x', &[("path", &wide)]).file("n", b"")),
            "5000 bytes",
            &["good", "last"],
        ),
        (
            "traversal in an extended header",
            one_zero(tar().pax(b'x', &[("path", "a/../../b")]).file("n", b"")),
            "leads out",
            &["good", "last"],
        ),
        (
            "zero byte in a path",
            one_zero(tar().pax(b'x', &[("path", "a\0b")]).file("n", b"")),
            "zero byte",
            &["good", "last"],
        ),
        (
            "hard link out of the image",
            one_zero(tar().node(b'1', "l", "../../etc/shadow")),
            "target of a hard link",
            &["good", "last"],
        ),
        (
            "hard link to nothing",
            one_zero(tar().node(b'1', "l", "")),
            "hard link to nothing",
            &["good", "last"],
        ),
        (
            "endless target",
            one_zero(tar().pax(b'x', &[("linkpath", &wide)]).node(b'2', "l", "")),
            "symbolic link is too long",
            &["good", "last"],
        ),
        (
            "long name of 4 GB",
            tar()
                .entry(Head::new("L", b'L', (4 << 30) - 1), b"abc")
                .end(),
            "before the end of this entry",
            &["good"],
        ),
        (
            "long name of 2 MB",
            one_zero(
                tar()
                    .entry(Head::new("L", b'L', 2 << 20), long.as_bytes())
                    .file("n", b""),
            ),
            "at most 1048576",
            &["good", "last"],
        ),
        (
            "many long names",
            one_zero((0..2000).fold(tar(), |tar, _| tar.entry(Head::new("L", b'L', 1), b"n"))),
            "",
            &["good", "n"],
        ),
        (
            "lone zero block",
            one_zero(tar().raw(&[0; BLOCK])),
            "a zero block",
            &["good", "last"],
        ),
        (
            "trailing bytes",
            tar().raw(&[0; 1024]).raw(b"more").0,
            "after the end",
            &["good"],
        ),
        (
            "whiteout of nothing",
            one_zero(tar().file("d/.wh.", b"").file("d/.wh...", b"")),
            "a whiteout that names nothing",
            &["good", "last"],
        ),
    ])
}

#[test]
fn extended_headers_that_lie() {
    check_all(lying_extended_headers());
}

pub fn lying_extended_headers() -> Vec<Case> {
    let beyond = record("path", &"p".repeat(2 << 20));
    let map = [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "100")];
    let endless = {
        let mut head = Head::new("n", b'S', 0).field(257, b"ustar  \0");
        head.0[482] = 1;
        let mut more = [0; BLOCK];
        more[504] = 1;
        tar().entry(head, &more.repeat(3000)).0
    };
    let negative = Head::new("n", b'S', 1)
        .field(257, b"ustar  \0")
        .field(386, &[0xff; 24])
        .field(483, b"00000000012\0");
    let all: &[&str] = &["etc/os-release", "good", "last"];
    let cut: &[&str] = &["good", "last"];
    let broken = "record of the extended header";
    let unsound = "map of this sparse file";
    cases(vec![
        (
            "size that is too large",
            tar()
                .pax(b'x', &[("size", "999999999999")])
                .file("n", b"abc")
                .end(),
            "before the end of this entry",
            &["good", "n"],
        ),
        (
            "size that is too small",
            tar()
                .pax(b'x', &[("size", "0")])
                .file("n", &[b'a'; 600])
                .end(),
            "wrong checksum",
            &["good", "n"],
        ),
        ("negative size", with_pax("11 size=-1\n"), "`size`", cut),
        ("too long", with_pax("99 path=a\n"), broken, cut),
        ("too short", with_pax("3 path=a\n"), broken, cut),
        ("zero", with_pax("0 path=a\n"), broken, cut),
        ("negative", with_pax("-9 path=a\n"), broken, cut),
        ("no number", with_pax("x path=a\n"), broken, cut),
        ("many digits", with_pax(&"9".repeat(600)), broken, cut),
        ("no value", with_pax("7 path\n"), broken, cut),
        ("no key", with_pax("6 =aa\n"), broken, cut),
        ("no end", with_pax("9 path=aa"), broken, cut),
        ("too large", with_pax(&beyond), "at most 1048576", &["good"]),
        (
            "for all entries",
            one_zero(tar().pax(b'g', &[("path", "evil"), ("size", "9")])),
            "global extended header",
            cut,
        ),
        (
            "overlap",
            sparse(
                &[("GNU.sparse.size", "9"), ("GNU.sparse.map", "0,2,1,1")],
                b"abc",
            ),
            unsound,
            all,
        ),
        (
            "beyond",
            sparse(
                &[("GNU.sparse.size", "9"), ("GNU.sparse.map", "8,3")],
                b"abc",
            ),
            unsound,
            all,
        ),
        (
            "sum",
            sparse(
                &[("GNU.sparse.size", "9"), ("GNU.sparse.map", "0,2")],
                b"abc",
            ),
            unsound,
            all,
        ),
        (
            "overflow",
            sparse(
                &[
                    ("GNU.sparse.size", "9"),
                    ("GNU.sparse.map", "18446744073709551615,3"),
                ],
                b"abc",
            ),
            unsound,
            all,
        ),
        (
            "odd",
            sparse(
                &[("GNU.sparse.size", "9"), ("GNU.sparse.map", "0,1,2")],
                b"a",
            ),
            "GNU.sparse.map",
            all,
        ),
        (
            "no size",
            sparse(&[("GNU.sparse.map", "0,3")], b"abc"),
            unsound,
            all,
        ),
        (
            "numbytes first",
            sparse(&[("GNU.sparse.numbytes", "3")], b"abc"),
            "GNU.sparse.numbytes",
            all,
        ),
        ("map of letters", sparse(&map, &[b'a'; 600]), unsound, all),
        (
            "map of billions",
            sparse(&map, &[b"9999999999\n", &[b'0'; 600][..]].concat()),
            unsound,
            all,
        ),
        ("map without end", sparse(&map, b"1\n1"), unsound, all),
        (
            "old map without end",
            endless,
            "before the end of this entry",
            &["good"],
        ),
        (
            "old map below zero",
            one_zero(tar().entry(negative, b"a")),
            unsound,
            &["good", "last", "n"],
        ),
        (
            "exabytes of holes",
            sparse(
                &[
                    ("GNU.sparse.size", "4611686018427387904"),
                    ("GNU.sparse.map", "0,3"),
                ],
                b"ID=",
            ),
            "4611686018427387904 bytes",
            all,
        ),
    ])
}

#[test]
fn a_layer_cut_anywhere_is_told_and_what_was_before_is_kept() {
    let whole = Tar::default()
        .file("a", &[1; 600])
        .pax(b'x', &[("path", "b")])
        .file("x", b"2")
        .entry(Head::new("L", b'L', 1), b"c")
        .file("x", b"3")
        .end();
    let wanted = digest(&whole);
    for cut in (0..whole.len()).step_by(128) {
        let bytes = whole[..cut].to_vec();
        let files: &[&str] = match cut {
            ..512 => &[],
            512..3072 => &["a"],
            3072..5120 => &["a", "b"],
            _ => &["a", "b", "c"],
        };
        check(&format!("cut at {cut}"), bytes, wanted, "digest", files);
    }
    for pack in [gzip, zstd] {
        let packed = pack(&whole);
        for cut in (5..packed.len()).step_by(7) {
            let analysis = run(
                Blob::At(Arc::new(packed[..cut].to_vec())),
                digest(&packed),
                0,
            );
            assert!(
                analysis.diagnostics.len() >= 2,
                "{:?}",
                analysis.diagnostics
            );
            assert_eq!(analysis.diff_id, None);
        }
    }
}

pub fn no_layers() -> Vec<Case> {
    let good = tar().end();
    let flipped = |mut bytes: Vec<u8>, from_end: usize| {
        let at = bytes.len() - from_end;
        bytes[at] ^= 0x55;
        bytes
    };
    let endless_name = [
        b"\x1f\x8b\x08\x08\0\0\0\0\0\0".to_vec(),
        vec![b'n'; 1 << 20],
    ]
    .concat();
    // A frame that asks for a window of two gigabytes and more.
    let window = [b"\x28\xb5\x2f\xfd\x00\xb8".as_slice(), &[0; 100]].concat();
    let zeros = vec![0; 200 << 20];
    cases(vec![
        ("nothing", Vec::new(), "", &[]),
        ("zero blocks", vec![0; 4096], "", &[]),
        ("one zero block", vec![0; 512], "", &[]),
        (
            "a zip",
            b"PK\x03\x04 and more".repeat(100),
            "a zip archive, which is not read",
            &[],
        ),
        (
            "xz",
            b"\xfd7zXZ\0 and more".repeat(100),
            "xz, which is not read",
            &[],
        ),
        (
            "bzip2",
            b"BZh91AY and more".repeat(100),
            "bzip2, which is not read",
            &[],
        ),
        ("text", b"not a layer\n".repeat(100), "no tar archive", &[]),
        ("gzip in gzip", gzip(&gzip(&good)), "no tar archive", &[]),
        (
            "gzip and more",
            [&gzip(&good)[..], b"more"].concat(),
            "no gzip",
            &["good"],
        ),
        (
            "gzip and zeros",
            [&gzip(&good)[..], &[0; 512]].concat(),
            "",
            &["good"],
        ),
        ("gzip of nothing", gzip(b""), "", &[]),
        (
            "gzip with a wrong checksum",
            flipped(gzip(&good), 6),
            "checksum is wrong",
            &["good"],
        ),
        (
            "gzip with a wrong size",
            flipped(gzip(&good), 2),
            "checksum is wrong",
            &["good"],
        ),
        (
            "gzip with an endless name",
            endless_name,
            "name in a gzip header",
            &[],
        ),
        (
            "gzip without data",
            gzip(&good)[..10].to_vec(),
            "ends too early",
            &[],
        ),
        (
            "zstd and more",
            [&zstd(&good)[..], b"more"].concat(),
            "",
            &["good"],
        ),
        ("zstd with a huge window", window, "", &[]),
        ("bomb in gzip", gzip(&zeros), "times as many", &[]),
        ("bomb in zstd", zstd(&zeros), "times as many", &[]),
    ])
}

/// Those of which a library tells what is wrong.
pub const IN_ITS_WORDS: [&str; 2] = ["zstd and more", "zstd with a huge window"];

#[test]
fn blobs_that_are_no_layers() {
    let is_told = |case: &Case| IN_ITS_WORDS.contains(&case.name);
    let (told, cases): (Vec<Case>, Vec<Case>) = no_layers().into_iter().partition(is_told);
    check_all(cases);
    assert_eq!(told.len(), IN_ITS_WORDS.len());
    for Case { name, bytes, .. } in told {
        let wanted = digest(&bytes);
        let analysis = run(Blob::At(Arc::new(bytes)), wanted, 0);
        assert_eq!(analysis.diagnostics.len(), 1, "{name}: {analysis:?}");
    }
    check(
        "wrong digest",
        tar().end(),
        digest(b""),
        "not the bytes of the layer",
        &["good"],
    );
}

#[test]
fn too_much_of_anything() {
    let many = (0..20_010).fold(Tar::default(), |tar, number| {
        tar.file(&number.to_string(), b"")
    });
    let analysis = run(Blob::At(Arc::new(many.end())), digest(b""), 0);
    assert!(
        analysis.diagnostics[0]
            .message
            .contains("more than 20000 entries")
    );
    assert_eq!(analysis.files.len(), 20_000);

    let long = "n".repeat(4000);
    let wide = (0..1100).fold(Tar::default(), |tar, number| {
        let path = format!("{long}{number}");
        tar.pax(b'x', &[("path", &path)]).file("n", b"")
    });
    let analysis = run(Blob::At(Arc::new(wide.end())), digest(b""), 0);
    assert!(
        analysis.diagnostics[0]
            .message
            .contains("paths of more than 4194304 bytes")
    );

    let bad = (0..5000).fold(Tar::default(), |tar, _| {
        tar.file("../x", b"").file("y", b"1")
    });
    let bytes = bad.end();
    let wanted = digest(&bytes);
    let analysis = run(Blob::At(Arc::new(bytes)), wanted, 0);
    assert_eq!(analysis.diagnostics.len(), 1001);
    assert_eq!(
        analysis.diagnostics[1000].message,
        "4000 more problems that are not told"
    );
    assert_eq!(analysis.files.len(), 1, "repeated entries are one");

    let bytes = tar().end();
    let stream = Blob::Stream(Box::new(io::Cursor::new(bytes.clone())));
    let analysis = run(stream, digest(&bytes), bytes.len() - 1);
    assert!(
        analysis.diagnostics[0]
            .message
            .contains("more than its 2047 bytes")
    );
}

#[test]
fn links_and_devices_are_recorded_and_not_followed() {
    let bytes = Tar::default()
        .node(b'2', "a", "b")
        .node(b'2', "b", "a")
        .node(b'2', "out", "../../../etc/shadow")
        .node(b'1', "self", "self")
        .node(b'3', "mem", "")
        .program("setuid", b"")
        .end();
    let wanted = digest(&bytes);
    let analysis = run(Blob::At(Arc::new(bytes)), wanted, 0);
    assert_eq!(analysis.diagnostics, []);
    let kinds: Vec<FileKind> = analysis
        .files
        .into_iter()
        .map(|(_, record)| record.kind)
        .collect();
    let expect = [
        FileKind::Symlink("b".into()),
        FileKind::Symlink("a".into()),
        FileKind::Special,
        FileKind::Symlink("../../../etc/shadow".into()),
        FileKind::Hardlink("self".into()),
        FileKind::Regular,
    ];
    assert_eq!(kinds, expect);
}

/// A medium that breaks.
struct Broken(io::Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the line broke")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_medium_that_breaks_is_told() {
    let plain = tar().file("next", &[1; 5000]).0;
    for bytes in [plain.clone(), gzip(&plain), zstd(&plain)] {
        let cut = bytes[..bytes.len() - 4].to_vec();
        let stream = Blob::Stream(Box::new(Broken(io::Cursor::new(cut))));
        let analysis = run(stream, digest(&bytes), bytes.len());
        let told = &analysis.diagnostics;
        assert!(
            told.iter()
                .any(|told| told.message.contains("the line broke")),
            "{told:?}"
        );
        assert_eq!((analysis.blob, analysis.diff_id), (None, None));
        // Of zstd this small a block comes whole or not at all.
        let kept = analysis.files.iter().any(|(path, _)| path == "good");
        assert_eq!(kept, bytes != zstd(&plain));
    }
}
