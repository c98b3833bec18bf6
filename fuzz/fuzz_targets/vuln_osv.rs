//! Any bytes as records of the OSV schema, JSON or YAML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("x.json", data);
    let _ = read::read(Format::Osv, "x.json", data);
});
