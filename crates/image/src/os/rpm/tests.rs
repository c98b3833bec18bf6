use proptest::prelude::*;

use super::{
    header::{
        tag,
        testing::{Value, header},
    },
    *,
};
use crate::{
    Found,
    analyzer::testing::{claims, packages, run},
    found::FileDigest,
};

fn small(name: &str, extra: &[(u32, Value<'static>)]) -> Vec<u8> {
    let name: &'static str = name.to_owned().leak();
    let mut values = vec![
        (tag::NAME, Value::Text(name)),
        (tag::VERSION, Value::Text("1.0")),
        (tag::RELEASE, Value::Text("2.el9")),
        (tag::ARCH, Value::Text("x86_64")),
    ];
    values.extend(extra.iter().map(|(tag, value)| {
        let value = match value {
            Value::Text(text) => Value::Text(text),
            Value::Texts(texts) => Value::Texts(texts),
            Value::Shorts(numbers) => Value::Shorts(numbers),
            Value::Words(numbers) => Value::Words(numbers),
        };
        (*tag, value)
    }));
    header(&values)
}

fn read(bytes: &[u8]) -> Sink {
    run(&DATABASE, "var/lib/rpm/Packages", bytes)
}

fn told(sink: &Sink) -> Vec<(&str, u64)> {
    sink.problems
        .iter()
        .map(|(words, at)| (&**words, at.expect("a place")))
        .collect()
}

fn names(sink: &Sink) -> Vec<&str> {
    packages(sink)
        .iter()
        .map(|found| &*found.package.name)
        .collect()
}

#[test]
fn a_header_becomes_a_package() {
    let bytes = ndb::testing::database(&[
        small(
            "httpd",
            &[
                (tag::EPOCH, Value::Words(&[1])),
                (tag::SOURCE_RPM, Value::Text("httpd-1.0-2.el9.src.rpm")),
                (tag::LICENSE, Value::Text("ASL 2.0")),
                (tag::VENDOR, Value::Text("Red Hat, Inc.")),
                (tag::MODULARITY_LABEL, Value::Text("httpd:2.4:8000:ab")),
                (
                    tag::REQUIRES,
                    Value::Texts(&[
                        "/bin/sh",
                        "libc.so.6()(64bit)",
                        "rpmlib(PayloadIsZstd)",
                        "libgone.so.1()(64bit)",
                        "mailcap",
                        "httpd-filesystem",
                    ]),
                ),
                (tag::PROVIDES, Value::Texts(&["webserver"])),
            ],
        ),
        small("gpg-pubkey", &[]),
        small(
            "glibc",
            &[
                (tag::PROVIDES, Value::Texts(&["libc.so.6()(64bit)"])),
                (tag::SOURCE_RPM, Value::Text("glibc-other-2.0-1.src.rpm")),
                (tag::REQUIRES, Value::Texts(&["webserver"])),
                (
                    tag::BASE_NAMES,
                    Value::Texts(&["sh", "gone", "bin", "conf", "old"]),
                ),
                (tag::DIR_NAMES, Value::Texts(&["/bin/", "/", "/etc/"])),
                (tag::DIR_INDEXES, Value::Words(&[0, 0, 1, 2, 2])),
                (
                    tag::FILE_MODES,
                    Value::Shorts(&[0o100_755, 0o100_755, 0o40_755, 0o100_644, 0o100_644]),
                ),
                (tag::FILE_FLAGS, Value::Words(&[0, 0, 0, 1 | 16, 0])),
                (tag::FILE_STATES, Value::Shorts(&[0, 2, 0, 0, 1])),
                (tag::FILE_DIGEST_ALGO, Value::Words(&[8])),
                (
                    tag::FILE_DIGESTS,
                    Value::Texts(&[
                        "0100000000000000000000000000000000000000000000000000000000000000",
                        "",
                        "",
                        "",
                        "0100000000000000000000000000000000000000000000000000000000000000",
                    ]),
                ),
            ],
        ),
    ]);
    let sink = read(&bytes);
    assert_eq!(told(&sink), []);
    let listed: Vec<_> = packages(&sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            let source = package.source.as_ref();
            let source = source.map(|source| format!("{} {}", source.name, source.version));
            format!(
                "{} {} {:?} {source:?} {:?} {:?} {:?} {}",
                package.name,
                package.version,
                package.arch,
                package.licences,
                package.qualifiers,
                found.needs,
                found.evidence
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            "httpd 1:1.0-2.el9 Some(\"x86_64\") None [\"Apache-2.0\"] \
             {\"modularity\": \"httpd:2.4:8000:ab\"} [\"glibc\", \"httpd-filesystem\", \
             \"mailcap\"] vendor Red Hat, Inc.",
            "glibc 1.0-2.el9 Some(\"x86_64\") Some(\"glibc-other 2.0-1\") [] {} [\"httpd\"] ",
        ]
    );
    let owned: Vec<_> = sink
        .found
        .iter()
        .filter_map(|found| match found {
            Found::Owned(owned) => Some(owned),
            _ => None,
        })
        .collect();
    assert_eq!(owned.len(), 1);
    assert_eq!(owned[0].package, "glibc:x86_64");
    let mut first = [0; 32];
    first[0] = 1;
    let files: Vec<_> = owned[0]
        .files
        .iter()
        .map(|file| (&*file.path, file.digest, file.config))
        .collect();
    assert_eq!(
        files,
        [
            ("bin/sh", Some(FileDigest::Sha256(first)), false),
            ("etc/conf", None, true),
            ("etc/old", None, false),
        ]
    );
}

#[test]
fn files_that_lead_nowhere_are_told() {
    let bytes = ndb::testing::database(&[
        small(
            "a",
            &[
                (tag::BASE_NAMES, Value::Texts(&["x", "y"])),
                (tag::DIR_NAMES, Value::Texts(&["/bin/"])),
                (tag::DIR_INDEXES, Value::Words(&[0, 7])),
            ],
        ),
        small("old", &[(tag::OLD_FILE_NAMES, Value::Texts(&["/bin/z"]))]),
    ]);
    let sink = read(&bytes);
    assert_eq!(told(&sink), [("a: 1 of 2 files could not be read", 4112)]);
    let owned = sink
        .found
        .iter()
        .filter(|found| matches!(found, Found::Owned(_)));
    assert_eq!(owned.count(), 2);
}

#[test]
fn damage_of_an_ndb_is_told_and_costs_no_other_package() {
    let whole = ndb::testing::database(&[small("a", &[]), small("b", &[]), small("c", &[])]);
    assert_eq!(names(&read(&whole)), ["a", "b", "c"]);
    let check = |at: usize, byte: u8, expect: &[&str], message: &str| {
        let mut bytes = whole.clone();
        bytes[at] ^= byte;
        let sink = read(&bytes);
        assert_eq!(names(&sink), expect, "{at}");
        assert!(
            sink.problems
                .iter()
                .any(|(words, _)| words.contains(message)),
            "{message}: {:?}",
            sink.problems
        );
    };
    check(4, 1, &[], "ndb version 1");
    check(14, 1, &["a", "b", "c"], "slots of");
    check(32, 1, &["b", "c"], "not a slot");
    check(32 + 8, 1, &["b", "c"], "no blob is where its slot says");
    check(32 + 11, 1, &["b", "c"], "beyond the end");
    check(32 + 15, 1, &["b", "c"], "too large");
    check(4096 + 40, 1, &["b", "c"], "checksum");
    // A slot that says the same as another.
    let mut bytes = whole.clone();
    bytes.copy_within(32..48, 48);
    bytes[52] = 2;
    assert!(told(&read(&bytes))[0].0.contains("no blob"));
    bytes.truncate(4200);
    assert_eq!(names(&read(&bytes)), Vec::<&str>::new());
}

#[test]
fn slots_that_overlap_do_not_multiply_what_is_read() {
    let big = small("a", &[(tag::VENDOR, Value::Text("x".repeat(8_000).leak()))]);
    let mut bytes = ndb::testing::database(&[big]);
    for at in (48..4096).step_by(16) {
        bytes.copy_within(32..48, at);
    }
    let sink = read(&bytes);
    assert!(names(&sink).len() <= 2);
    assert!(
        told(&sink)
            .iter()
            .any(|(words, _)| words.contains("overlaps"))
    );
}

#[test]
fn damage_of_a_hash_table_is_told_and_costs_no_other_package() {
    let long = || small("b", &[(tag::VENDOR, Value::Text("x".repeat(900).leak()))]);
    let whole = bdb::testing::database(&[small("a", &[]), long(), small("c", &[])]);
    let sink = read(&whole);
    assert_eq!((names(&sink), told(&sink)), (vec!["a", "b", "c"], vec![]));
    let page = 512;
    let check = |at: usize, byte: u8, expect: &[&str], message: &str| {
        let mut bytes = whole.clone();
        bytes[at] ^= byte;
        let sink = read(&bytes);
        assert_eq!(names(&sink), expect, "{at}");
        assert!(
            sink.problems
                .iter()
                .any(|(words, _)| words.contains(message)),
            "{message}: {:?}",
            sink.problems
        );
    };
    check(21, 7, &[], "pages of");
    check(24, 1, &[], "encrypted");
    check(33, 1, &["a", "b", "c"], "the last page is");
    check(2 * page + 25, 0x40, &["b", "c"], "a page of unknown type");
    check(
        2 * page + 29,
        0x80,
        &["b", "c"],
        "an item outside of its page",
    );
    // The chain of b begins at page 4.
    check(4 * page + 25, 2, &["a", "c"], "at a page of another type");
    check(4 * page + 16, 0xff, &["a", "c"], "beyond the last page");
    check(4 * page + 23, 0x80, &["a", "c"], "more on a page than fits");
    // A chain that comes back to itself.
    let mut bytes = whole.clone();
    bytes[5 * page + 16] = 4;
    assert!(told(&read(&bytes)).contains(&("a page is of two values", 4 * page as u64)));
    // Of a file that is cut the rest is read.
    let sink = read(&whole[..3 * page]);
    assert_eq!(names(&sink), ["a"]);
    assert!(!sink.problems.is_empty());
}

#[test]
fn what_is_no_database_is_told() {
    let check = |bytes: &[u8], expect: (&str, u64)| {
        let sink = read(bytes);
        assert_eq!(told(&sink), [expect]);
    };
    check(b"", ("an rpm database without a byte", 0));
    let unknown = "no rpm database of a known form (Berkeley DB hash, ndb, SQLite)";
    check(b"x", (unknown, 0));
    check(&[0; 4096], (unknown, 0));
    check(b"SQLite format 3\0", ("the file ends within this", 0));
    check(b"RpmP", ("the file ends within this", 0));
}

#[test]
fn paths() {
    for (path, expect) in [
        ("var/lib/rpm/Packages", true),
        ("usr/lib/sysimage/rpm/Packages.db", true),
        ("usr/lib/sysimage/rpm/rpmdb.sqlite", true),
        ("usr/share/rpm/rpmdb.sqlite", true),
        ("var/lib/rpm/Basenames", false),
        ("var/lib/rpm/rpmdb.sqlite-wal", false),
        ("root/var/lib/rpm/Packages", false),
    ] {
        assert_eq!(claims(&DATABASE, path, b""), expect, "{path}");
    }
}

#[test]
fn a_log_with_committed_pages_is_told() {
    let mut log = vec![0; 32];
    log[..4].copy_from_slice(&[0x37, 0x7f, 0x06, 0x82]);
    log[8..12].copy_from_slice(&512_u32.to_be_bytes());
    log[16] = 9;
    let mut frame = vec![0; 24 + 512];
    frame[8] = 9;
    let check = |log: &[u8], expect: usize| {
        let sink = run(&WAL, "var/lib/rpm/rpmdb.sqlite-wal", log);
        assert_eq!(sink.problems.len(), expect, "{:?}", sink.problems);
    };
    check(b"", 0);
    check(&log, 0);
    check(&[&log[..], &frame].concat(), 0);
    frame[7] = 3;
    let one = [&log[..], &frame].concat();
    check(&one, 1);
    check(&one[..one.len() - 1], 0);
    frame[8] = 8;
    check(&[&log[..], &frame].concat(), 0);
    check(&[1; 600], 1);
}

#[test]
fn manifests_of_images_without_rpm() {
    let text = "mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t\
                (none)\t580\tnoarch\t0\tmariner-release-2.0-12.cm2.src.rpm\n\
                openssl-libs\t1.1.1k-15.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t\
                (none)\t4000\tx86_64\t1\topenssl-1.1.1k-15.cm2.src.rpm\n\
                cut\t1\n";
    let path = "var/lib/rpmmanifest/container-manifest-2";
    let sink = run(&manifest::MANIFEST, path, text.as_bytes());
    let listed: Vec<_> = packages(&sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            let source = package.source.as_ref().expect("a source");
            format!(
                "{} {} {} of {} {}",
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or("-"),
                source.name,
                source.version
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            "mariner-release 2.0-12.cm2 noarch of mariner-release 2.0-12.cm2",
            "openssl-libs 1:1.1.1k-15.cm2 x86_64 of openssl 1:1.1.1k-15.cm2",
        ]
    );
    assert_eq!(told(&sink).len(), 1);
}

/// A small database with some bytes changed.
fn damaged(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let size = whole.len();
    let changes = proptest::collection::vec((0..size, any::<u8>()), 1..12);
    (changes, 0..=size).prop_map(move |(changes, size)| {
        let mut bytes = whole.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if size % 3 == 0 {
            bytes.truncate(size);
        }
        bytes
    })
}

fn several() -> Vec<Vec<u8>> {
    let files: &'static [&'static str] = &["x", "y"];
    let long = Value::Text("x".repeat(900).leak());
    vec![
        small("a", &[(tag::BASE_NAMES, Value::Texts(files))]),
        small("b", &[(tag::VENDOR, long)]),
    ]
}

proptest! {
    #[test]
    fn damaged_ndb_is_survived(bytes in damaged(ndb::testing::database(&several()))) {
        read(&bytes);
    }

    #[test]
    fn damaged_hash_tables_are_survived(bytes in damaged(bdb::testing::database(&several()))) {
        read(&bytes);
    }

    #[test]
    fn damaged_sqlite_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mut file = b"SQLite format 3\0\x02\0\x01\x01\0".to_vec();
        file.extend([0; 79]);
        file.extend([13, 0, 0, 0, 4]);
        file.extend(bytes);
        read(&file);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
        run(&WAL, "var/lib/rpm/rpmdb.sqlite-wal", &bytes);
        run(&manifest::MANIFEST, "var/lib/rpmmanifest/container-manifest-2", &bytes);
    }
}
