//! Any bytes as an advisory of RustSec.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("crates/a/RUSTSEC.md", data);
    let _ = read::read(Format::RustSec, "crates/a/RUSTSEC.md", data);
});
