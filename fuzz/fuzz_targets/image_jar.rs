//! Any bytes as a Java archive: the zip reader, nesting, manifests, poms, and what is guessed.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|data: &[u8]| {
    common::run("java-archive", "lib/app-1.2.jar", data);
    common::run("maven-pom", "pom.xml", data);
    common::run("gradle-lock", "gradle.lockfile", data);
});
