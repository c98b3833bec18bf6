//! Any bytes as the `updateinfo.xml` of a repository.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = plimsoll_vuln::read::updateinfo::read("updateinfo.xml", data);
});
