//! Any bytes: read as an SBOM of any format or refused; what is read is written
//! in both formats and read back with the same packages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_image::{Limits, licence, sbom};

mod common;

fuzz_target!(|data: &[u8]| {
    common::run("sbom", "opt/app/bom.json", data);
    if let Ok(text) = std::str::from_utf8(data) {
        for licence in licence::normalise(text) {
            assert_eq!(licence::normalise(&licence), [licence.clone()]);
        }
    }
    let limits = Limits::default();
    let Ok(image) = sbom::read(data, "fuzz", &limits) else {
        return;
    };
    let stamp = sbom::Stamp {
        time: Default::default(),
        version: "0".into(),
    };
    for bytes in [
        sbom::cyclonedx::write(&image, &stamp),
        sbom::spdx::write(&image, &stamp),
    ] {
        match sbom::read(&bytes, "fuzz", &limits) {
            Ok(read) => {
                let packages = |image: &plimsoll_model::image::Image| {
                    let found = image.packages.iter();
                    found.map(|found| found.package.clone()).collect::<Vec<_>>()
                };
                assert_eq!(packages(&read), packages(&image));
            }
            Err(error) => panic!("written unreadably: {error}"),
        }
    }
});
