use proptest::prelude::*;

use super::*;
use crate::{
    Found,
    analyzer::testing::{claims, packages, run},
    found::FileDigest,
};

const RECORD: &str = "\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u14
Provides: libc6-2.36
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
 /etc/a b 0123456789abcdef0123456789abcdef obsolete
 /etc/new newconffile
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 .
 And more.

Package: bsdutils
Status: install ok half-configured
Architecture: amd64
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3
Pre-Depends: libc6 (>= 2.34), libsystemd0
Depends: gawk | awk, libc6-2.36

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: kept
Status: deinstall ok installed
Architecture: all
Version: 3~rc1-2
";

fn told(sink: &Sink) -> Vec<(&str, Option<u64>)> {
    sink.problems
        .iter()
        .map(|(words, at)| (&**words, *at))
        .collect()
}

fn owned(sink: &Sink) -> Vec<String> {
    sink.found
        .iter()
        .filter_map(|found| match found {
            Found::Owned(owned) => Some(owned),
            _ => None,
        })
        .flat_map(|owned| {
            owned.files.iter().map(|file| {
                let config = if file.config { " config" } else { "" };
                let digest = match file.digest {
                    Some(FileDigest::Md5(digest)) => format!(" {:02x}", digest[0]),
                    Some(other) => panic!("{other:?}"),
                    None => String::new(),
                };
                format!("{}: {}{digest}{config}", owned.package, file.path)
            })
        })
        .collect()
}

#[test]
fn the_record_lists_what_has_files() {
    let sink = run(&STATUS, "var/lib/dpkg/status", RECORD.as_bytes());
    assert_eq!(told(&sink), []);
    let listed: Vec<_> = packages(&sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            let source = package.source.as_ref();
            let source = source.map(|source| format!(" of {} {}", source.name, source.version));
            format!(
                "{} {} {}{} {:?} {}",
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or("-"),
                source.unwrap_or_default(),
                found.needs,
                found.evidence
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            "libc6 2.36-9+deb12u14 amd64 of glibc 2.36-9+deb12u14 [] ",
            "bsdutils 1:2.38.1-5+deb12u3 amd64 of util-linux 2.38.1-5+deb12u3 \
             [\"gawk\", \"libc6\", \"libsystemd0\"] Status: install ok half-configured",
            "kept 3~rc1-2 all [] ",
        ]
    );
    assert_eq!(
        owned(&sink),
        [
            "libc6:amd64: etc/ld.so.conf.d/x86_64-linux-gnu.conf d4 config",
            "libc6:amd64: etc/a b 01 config",
            "libc6:amd64: etc/new config",
        ]
    );
}

#[test]
fn states() {
    let check = |status: &str, expect: usize| {
        let text = format!("Package: a\nVersion: 1\nStatus: {status}\n");
        let sink = run(&STATUS, "var/lib/dpkg/status", text.as_bytes());
        assert_eq!(packages(&sink).len(), expect, "{status}");
        assert_eq!(told(&sink), [], "{status}");
    };
    check("install ok installed", 1);
    check("hold ok installed", 1);
    check("install reinstreq half-installed", 1);
    check("install ok unpacked", 1);
    check("install ok triggers-pending", 1);
    check("install ok triggers-awaited", 1);
    check("deinstall ok config-files", 0);
    check("purge ok not-installed", 0);
    check("unknown ok not-installed", 0);
}

#[test]
fn distroless_records_need_no_status() {
    let text = "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n";
    let sink = run(&STATUS, "var/lib/dpkg/status.d/base", text.as_bytes());
    assert_eq!((packages(&sink).len(), told(&sink)), (1, vec![]));
    let sink = run(&STATUS, "var/lib/dpkg/status", text.as_bytes());
    assert_eq!(packages(&sink).len(), 1);
    assert_eq!(
        told(&sink),
        [("base-files: no Status, taken as installed", Some(0))]
    );
}

#[test]
fn damage_is_told_and_costs_no_other_package() {
    let text = "Version: 1\n\nPackage: a\nStatus: install ok installed\n\nrubbish\n\n\
                Package: b\nVersion: 1\nStatus: install ok installed\n";
    let sink = run(&STATUS, "var/lib/dpkg/status", text.as_bytes());
    assert_eq!(packages(&sink).len(), 2);
    assert_eq!(
        told(&sink),
        [
            ("a package without a name", Some(0)),
            ("a: no Version", Some(12)),
            ("not a field: no colon", Some(53)),
        ]
    );
}

#[test]
fn files_of_a_package() {
    let check = |analyzer: &Analyzer, path: &str, text: &str, expect: &[&str], problems: usize| {
        assert!(claims(analyzer, path, b""), "{path}");
        let sink = run(analyzer, path, text.as_bytes());
        assert_eq!(owned(&sink), expect, "{path}");
        assert_eq!(sink.problems.len(), problems, "{:?}", sink.problems);
    };
    check(
        &LIST,
        "var/lib/dpkg/info/libc6:amd64.list",
        "/.\n/lib\n/lib/x.so\n/lib64\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/c\n",
        // An empty folder and a link can't be told apart from a file.
        &[
            "libc6:amd64: lib/x.so",
            "libc6:amd64: lib64",
            "libc6:amd64: usr/share/doc/c",
        ],
        0,
    );
    check(&LIST, "var/lib/dpkg/info/meta.list", "/.\n", &[], 0);
    check(
        &MD5SUMS,
        "var/lib/dpkg/info/a.md5sums",
        "d41d8cd98f00b204e9800998ecf8427e  usr/bin/a b\n\
         0123456789abcdef0123456789abcdef *usr/bin/b\n\
         \\0123456789abcdef0123456789abcdef  usr/new\\nline\\\\\n\
         xyz  usr/bin/c\n",
        &[
            "a: usr/bin/a b d4",
            "a: usr/bin/b 01",
            "a: usr/new\nline\\ 01",
        ],
        1,
    );
    check(
        &MD5SUMS,
        "var/lib/dpkg/status.d/libssl3.md5sums",
        "d41d8cd98f00b204e9800998ecf8427e  usr/lib/libssl.so.3",
        &["libssl3: usr/lib/libssl.so.3 d4"],
        0,
    );
    check(
        &CONFFILES,
        "var/lib/dpkg/info/a.conffiles",
        "/etc/a\nremove-on-upgrade /etc/b\n",
        &["a: etc/a config"],
        0,
    );
    check(
        &DIVERSIONS,
        "var/lib/dpkg/diversions",
        "/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n/cut\n",
        &[": bin/sh.distrib", ": usr/bin/x.real"],
        1,
    );
}

#[test]
fn other_paths_are_not_asked_for() {
    for path in [
        "srv/root/var/lib/dpkg/status",
        "var/lib/dpkg/status-old",
        "var/lib/dpkg/status.d/a/b",
        "var/lib/dpkg/status.d/a.md5sums",
    ] {
        assert!(!claims(&STATUS, path, b""), "{path}");
    }
}

proptest! {
    #[test]
    fn any_record_is_survived(text in "(Package|Version|Status|Source|Conffiles|Depends)?[:( \n)a,|0-9]{0,60}") {
        for path in ["var/lib/dpkg/status", "var/lib/dpkg/status.d/a"] {
            run(&STATUS, path, text.as_bytes());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        run(&STATUS, "var/lib/dpkg/status", &bytes);
        run(&LIST, "var/lib/dpkg/info/a.list", &bytes);
        run(&MD5SUMS, "var/lib/dpkg/info/a.md5sums", &bytes);
        run(&CONFFILES, "var/lib/dpkg/info/a.conffiles", &bytes);
        run(&DIVERSIONS, "var/lib/dpkg/diversions", &bytes);
    }
}
