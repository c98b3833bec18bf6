//! Any bytes as a list of Debian's advisories.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("DSA/list", data);
    let _ = read::read(Format::DebianList, "DSA/list", data);
});
