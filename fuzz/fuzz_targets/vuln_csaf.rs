//! Any bytes as a CSAF document.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let read = plimsoll_vuln::read::csaf::read("vex.json", data);
    assert!(!read.records.is_empty() || !read.skipped.is_empty());
});
