//! Any bytes as a secdb, JSON or YAML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("main.json", data);
    let _ = read::read(Format::Secdb, "main.json", data);
});
