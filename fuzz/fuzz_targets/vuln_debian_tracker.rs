//! Any bytes as the JSON of Debian's security tracker.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("data.json", data);
    let _ = read::read(Format::DebianTracker, "data.json", data);
});
