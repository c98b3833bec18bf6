//! Any bytes as the groups of Arch Linux.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("all.json", data);
    let _ = read::read(Format::Arch, "all.json", data);
});
