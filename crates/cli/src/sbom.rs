//! SBOMs of images.

use std::io::{self, Write};

use plimsoll_assess::image::sbom::{Stamp, cyclonedx, spdx};
use plimsoll_model::{Timestamp, Vulnerability, image::Image};
use plimsoll_report::Format;

/// Writes the image as an SBOM of this format; CycloneDX tells these
/// vulnerabilities of its packages too, for which SPDX 2.3 has no place.
///
/// # Errors
/// What `out` returns; `Unsupported` for a format that is none of SBOMs.
pub fn write<'a>(
    image: &Image,
    vulnerabilities: impl IntoIterator<Item = &'a Vulnerability>,
    format: Format,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let stamp = Stamp {
        time: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let bytes = match format {
        Format::CycloneDx => cyclonedx::write_with(image, vulnerabilities, &stamp),
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
