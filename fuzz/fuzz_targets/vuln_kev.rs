//! Any bytes as the catalogue of known exploited vulnerabilities.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("kev.json", data);
    let _ = read::read(Format::Kev, "kev.json", data);
});
