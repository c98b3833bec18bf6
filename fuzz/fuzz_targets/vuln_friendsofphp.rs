//! Any bytes as an advisory of FriendsOfPHP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("a/b/CVE.yaml", data);
    let _ = read::read(Format::FriendsOfPhp, "a/b/CVE.yaml", data);
});
