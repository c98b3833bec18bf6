//! Any bytes as a file of NVD.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("nvd.json", data);
    let _ = read::read(Format::Nvd, "nvd.json", data);
});
