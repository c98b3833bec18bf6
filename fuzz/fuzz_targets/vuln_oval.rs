//! Any bytes as a file of OVAL definitions.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = plimsoll_vuln::read::oval::read("azurelinux-3.0-oval.xml", data);
});
