//! Any bytes as a Go program (its parts, build info and line table) and as Go's module files.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|data: &[u8]| {
    common::run("go-binary", "usr/bin/app", data);
    common::run("packed", "usr/bin/app", data);
    common::run("go-mod", "go.mod", data);
    common::run("go-sum", "go.sum", data);
});
