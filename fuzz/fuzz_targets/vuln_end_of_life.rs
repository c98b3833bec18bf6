//! Any bytes as a product of end of life.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::read::{self, Format};

fuzz_target!(|data: &[u8]| {
    let _ = read::detect("products/a.md", data);
    let _ = read::read(Format::EndOfLife, "products/a.md", data);
});
