//! Any bytes as a Rust program with a list of its crates, and as `Cargo.lock`.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|data: &[u8]| {
    common::run("rust-binary", "usr/bin/app", data);
    common::run("cargo-lock", "Cargo.lock", data);
});
