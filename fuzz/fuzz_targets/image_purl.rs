//! Any text: read as a package URL or refused; what is read is written in the
//! canonical form, which is read back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_model::Package;

fuzz_target!(|text: &str| {
    let Ok(package) = Package::from_purl(text) else {
        return;
    };
    let purl = package.purl();
    let Ok(read) = Package::from_purl(&purl) else {
        panic!("written unreadably: {purl}");
    };
    assert_eq!(read.purl(), purl);
});
