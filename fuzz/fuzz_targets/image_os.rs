//! Any bytes as what a package manager of an operating system keeps, or as a file that says which
//! system it is; the first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

/// Analyzers and a path each asks for.
const FILES: &[(&str, &str)] = &[
    ("apk", "lib/apk/db/installed"),
    ("dpkg", "var/lib/dpkg/status"),
    ("dpkg", "var/lib/dpkg/status.d/a"),
    ("dpkg-conffiles", "var/lib/dpkg/info/a.conffiles"),
    ("dpkg-diversions", "var/lib/dpkg/diversions"),
    ("dpkg-list", "var/lib/dpkg/info/a.list"),
    ("dpkg-md5sums", "var/lib/dpkg/info/a.md5sums"),
    ("opkg", "usr/lib/opkg/status"),
    ("opkg-list", "usr/lib/opkg/info/a.list"),
    ("os-release", "etc/alpine-release"),
    ("os-release", "etc/os-release"),
    ("os-release", "etc/redhat-release"),
    ("pacman", "var/lib/pacman/local/a-1-1/desc"),
    ("pacman-files", "var/lib/pacman/local/a-1-1/files"),
    ("pacman-mtree", "var/lib/pacman/local/a-1-1/mtree"),
    ("rpm", "var/lib/rpm/Packages"),
    ("rpm", "var/lib/rpm/Packages.db"),
    ("rpm", "var/lib/rpm/rpmdb.sqlite"),
    ("rpm-manifest", "var/lib/rpmmanifest/container-manifest-2"),
    ("rpm-wal", "var/lib/rpm/rpmdb.sqlite-wal"),
];

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (name, path) = FILES[usize::from(first) % FILES.len()];
    common::run(name, path, rest);
});
