//! Any bytes as an advisory of rubysec.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("gems/a/CVE.yml", data);
    let _ = read::read(Format::RubySec, "gems/a/CVE.yml", data);
});
