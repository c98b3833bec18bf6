//! Any bytes as a lock file; the first byte says of which package manager. Programs' classifiers
//! read them too.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

/// Analyzers and a path each asks for.
const LOCKS: &[(&str, &str)] = &[
    ("cabal-freeze", "cabal.project.freeze"),
    ("conan-file", "conanfile.txt"),
    ("conan-file", "p/conaninfo.txt"),
    ("conan-lock", "conan.lock"),
    ("podfile-lock", "Podfile.lock"),
    ("program", "usr/bin/python3"),
    ("program", "usr/sbin/nginx"),
    ("pubspec-lock", "pubspec.lock"),
    ("stack-lock", "stack.yaml.lock"),
    ("swift-resolved", "Package.resolved"),
];

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (name, path) = LOCKS[usize::from(first) % LOCKS.len()];
    common::run(name, path, rest);
});
