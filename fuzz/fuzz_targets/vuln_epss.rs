//! Any bytes as scores of exploit prediction.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("epss.csv", data);
    let _ = read::read(Format::Epss, "epss.csv", data);
});
