//! Digests of files, to be compared with what a package manager recorded.

use md5::{Digest as _, Md5};
use plimsoll_digest::{md5s, sha256s};
use sha1::Sha1;

use super::{FileRecord, hashing::Feed};
use crate::{found::FileDigest, sha256::Sha256};

/// Which package managers the layer has shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Managers {
    dpkg: bool,
    apk: bool,
    rpm: bool,
    /// Not dpkg itself, but a folder of libraries as only Debian and its kin name it.
    multiarch: bool,
}

impl Managers {
    /// Takes note of a path that only an image of one of them has.
    pub fn see(&mut self, path: &str) {
        let Some((first, rest)) = path.split_once('/') else {
            return;
        };
        self.multiarch = self.multiarch || is_multiarch(path);
        match first {
            "etc" => match rest {
                "debian_version" | "dpkg" | "apt" => self.dpkg = true,
                "alpine-release" | "apk" => self.apk = true,
                "redhat-release" | "system-release" | "rpm" | "yum.repos.d" | "zypp" => {
                    self.rpm = true;
                }
                _ => {}
            },
            "var" | "usr" | "lib" => match path {
                "var/lib/dpkg" | "var/lib/dpkg/status" | "var/lib/dpkg/status.d" => {
                    self.dpkg = true;
                }
                "lib/apk" | "lib/apk/db/installed" | "usr/lib/apk" => self.apk = true,
                "var/lib/rpm" | "usr/lib/sysimage/rpm" | "usr/lib/rpm" => self.rpm = true,
                _ => {}
            },
            _ => {}
        }
    }
}

/// Whether this is a folder where Debian and its kin put the libraries of one
/// architecture (Debian Policy 9.1.1, "Multiarch Tuples"), or is in one.
fn is_multiarch(path: &str) -> bool {
    let within = path.strip_prefix("usr/").unwrap_or(path);
    let folder = within
        .strip_prefix("lib/")
        .and_then(|rest| rest.split('/').next());
    // Others name theirs after a vendor too: `x86_64-redhat-linux-gnu`.
    folder
        .and_then(|folder| folder.split_once('-'))
        .is_some_and(|(machine, system)| {
            !machine.is_empty()
                && matches!(system, "linux-gnu" | "linux-gnueabihf" | "linux-gnuabi64")
        })
}

/// Which digests of a file are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    md5: bool,
    sha1: bool,
    sha256: bool,
}

impl Kinds {
    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self == Kinds::default()
    }

    /// Which digests pay for this file.
    ///
    /// Those files that decide what runs and how: programs, libraries and
    /// executables, and what is in `etc`; in the folders where packages of an
    /// operating system put theirs. Of these the kind that the package managers
    /// record which the layer has shown so far: dpkg MD5, apk SHA-1, rpm
    /// SHA-256. A layer that has shown none, such as one that changes a single
    /// file, may lie over any: all three, or MD5 where it has libraries as dpkg's
    /// packages put them, as long as the file is small or stands where most
    /// programs do.
    pub fn that_pay(path: &str, record: &FileRecord, managers: Managers) -> Self {
        let mut parts = path.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        let runs = record.binary || record.mode & 0o111 != 0;
        let (pays, common) = match (first, second) {
            _ if record.size == 0 => (false, false),
            ("etc", Some(_)) => (true, true),
            ("bin" | "sbin", _) => (runs, true),
            ("lib" | "lib32" | "lib64" | "libx32", _) => (runs, false),
            ("usr", Some("bin" | "sbin")) => (runs, true),
            ("usr", Some("local")) => (false, false),
            ("usr" | "opt" | "boot", _) => (runs, false),
            _ => (false, false),
        };
        if !pays {
            return Kinds::default();
        }
        let Managers {
            dpkg,
            apk,
            rpm,
            multiarch,
        } = managers;
        if dpkg || apk || rpm {
            return Kinds {
                md5: dpkg,
                sha1: apk,
                sha256: rpm,
            };
        }
        let all = common || record.size <= 4 << 20;
        Kinds {
            md5: all,
            sha1: all && !multiarch,
            sha256: all && !multiarch,
        }
    }
}

/// Computes the digests of a file.
#[derive(Clone, Default)]
pub(super) struct Digester {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
}

impl Digester {
    /// Of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Digester {
            md5: kinds.md5.then(Md5::new),
            sha1: kinds.sha1.then(Sha1::new),
            sha256: kinds.sha256.then(Sha256::new),
        }
    }

    /// The digests.
    pub fn digests(self) -> Vec<FileDigest> {
        let md5 = self.md5.map(|md5| FileDigest::Md5(md5.finalize().into()));
        let sha1 = self.sha1.map(|sha| FileDigest::Sha1(sha.finalize().into()));
        let sha256 = self.sha256.map(|sha| FileDigest::Sha256(sha.finish().0));
        [md5, sha1, sha256].into_iter().flatten().collect()
    }
}

/// The digests of files that are there whole, each of its kinds: many at once, in the order of the
/// files.
pub(super) fn of_many(files: &[(Kinds, &[u8])]) -> Vec<Vec<FileDigest>> {
    let those = |wanted: fn(Kinds) -> bool| -> (Vec<usize>, Vec<&[u8]>) {
        let files = files.iter().enumerate();
        let wanted = files.filter(|(_, (kinds, _))| wanted(*kinds));
        wanted.map(|(at, (_, bytes))| (at, *bytes)).unzip()
    };
    let mut digests = vec![Vec::new(); files.len()];
    let (places, messages) = those(|kinds| kinds.md5);
    for (at, digest) in places.into_iter().zip(md5s(&messages)) {
        digests[at].push(FileDigest::Md5(digest));
    }
    let (places, messages) = those(|kinds| kinds.sha1);
    for (at, bytes) in places.into_iter().zip(messages) {
        digests[at].push(FileDigest::Sha1(Sha1::digest(bytes).into()));
    }
    let (places, messages) = those(|kinds| kinds.sha256);
    for (at, digest) in places.into_iter().zip(sha256s(&messages)) {
        digests[at].push(FileDigest::Sha256(digest));
    }
    digests
}

impl Feed for Digester {
    fn feed(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(sha) = &mut self.sha1 {
            sha.update(bytes);
        }
        if let Some(sha) = &mut self.sha256 {
            sha.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileKind;

    #[test]
    fn the_kind_is_that_of_the_package_manager_the_layer_has_shown() {
        let check = |shown: &[&str], path: &str, mode, size, expect: [bool; 3]| {
            let mut managers = Managers::default();
            shown.iter().for_each(|path| managers.see(path));
            let record = FileRecord {
                kind: FileKind::Regular,
                mode,
                uid: 0,
                gid: 0,
                size,
                mtime: 0,
                digests: Vec::new(),
                binary: false,
            };
            let kinds = Kinds::that_pay(path, &record, managers);
            assert_eq!([kinds.md5, kinds.sha1, kinds.sha256], expect, "{path}");
        };
        let none = [false; 3];
        check(
            &["etc/debian_version"],
            "usr/bin/x",
            0o755,
            9,
            [true, false, false],
        );
        check(&["lib/apk"], "etc/passwd", 0o644, 9, [false, true, false]);
        check(
            &["var/lib/rpm"],
            "usr/lib/x.so",
            0o755,
            1 << 30,
            [false, false, true],
        );
        check(&[], "usr/bin/x", 0o755, 1 << 30, [true; 3]);
        check(&[], "usr/lib/x", 0o755, 9, [true; 3]);
        check(&[], "usr/lib/x", 0o755, 1 << 30, none);
        let multiarch = "usr/lib/x86_64-linux-gnu/libz.so.1";
        let md5 = [true, false, false];
        check(&[multiarch], "usr/lib/x", 0o755, 9, md5);
        check(&[multiarch], "usr/bin/x", 0o755, 1 << 30, md5);
        check(&[multiarch], "usr/lib/x", 0o755, 1 << 30, none);
        check(&["lib/arm-linux-gnueabihf"], "usr/lib/x", 0o755, 9, md5);
        // An image of another kind may have such a folder all the same.
        check(
            &[multiarch, "usr/lib/rpm"],
            "usr/lib/x",
            0o755,
            9,
            [false, false, true],
        );
        for other in [
            "usr/lib/x86_64-redhat-linux-gnu/x",
            "usr/x86_64-linux-gnu/lib/x",
            "opt/lib/x86_64-linux-gnu/x",
            "usr/lib/-linux-gnu",
            "usr/lib/linux-gnu",
        ] {
            check(&[other], "usr/lib/x", 0o755, 9, [true; 3]);
        }
        check(&[], "usr/share/doc/x", 0o644, 9, none);
        check(&[], "usr/local/bin/x", 0o755, 9, none);
        check(&[], "app/server", 0o755, 9, none);
        check(&[], "etc/empty", 0o644, 0, none);
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        let all = Kinds {
            md5: true,
            sha1: true,
            sha256: true,
        };
        let mut digester = Digester::new(all);
        digester.feed(b"ab");
        digester.feed(b"c");
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let shown: Vec<String> = digester
            .digests()
            .iter()
            .map(|digest| match digest {
                FileDigest::Md5(bytes) => hex(bytes),
                FileDigest::Sha1(bytes) => hex(bytes),
                FileDigest::Sha256(bytes) => hex(bytes),
            })
            .collect();
        assert_eq!(
            shown,
            [
                "900150983cd24fb0d6963f7d28e17f72",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ]
        );
    }

    #[test]
    fn many_at_once_have_the_digests_of_each() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3000).collect();
        let files: Vec<(Kinds, &[u8])> = (0..40)
            .map(|at: usize| {
                let [md5, sha1, sha256] = [at % 2 < 1, at % 3 < 2, at % 5 < 3];
                (Kinds { md5, sha1, sha256 }, &bytes[..at * 71])
            })
            .collect();
        let alone = files.iter().map(|(kinds, bytes)| {
            let mut digester = Digester::new(*kinds);
            digester.feed(bytes);
            digester.digests()
        });
        assert_eq!(of_many(&files), alone.collect::<Vec<_>>());
    }
}
