//! SBOMs of images.

use std::io::{self, Write};

use plimsoll_assess::image::sbom::{Stamp, cyclonedx, spdx};
use plimsoll_model::{Timestamp, image::Image};
use plimsoll_report::Format;

/// Writes the image as an SBOM of this format.
///
/// # Errors
/// What `out` returns; `Unsupported` for a format that is none of SBOMs.
pub fn write(image: &Image, format: Format, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let stamp = Stamp {
        time: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let bytes = match format {
        Format::CycloneDx => cyclonedx::write(image, &stamp),
        Format::Spdx => spdx::write(image, &stamp),
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("{format} is no form of SBOMs"),
            ));
        }
    };
    out.write_all(&bytes)
}
