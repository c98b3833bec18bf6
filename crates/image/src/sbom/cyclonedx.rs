//! CycloneDX (<https://cyclonedx.org/specification/overview/>): written as
//! 1.6 JSON, read as JSON 1.2 to 1.6 and XML.

mod bom;
mod read;
mod vulnerabilities;
mod write;
mod xml;

pub(super) use read::read_json;
pub use write::{write, write_with};
pub(super) use xml::read_xml;

/// The name of an algorithm as checksums write it, and as CycloneDX does.
const HASHES: [(&str, &str, usize); 6] = [
    ("md5", "MD5", 32),
    ("sha1", "SHA-1", 40),
    ("sha256", "SHA-256", 64),
    ("sha384", "SHA-384", 96),
    ("sha512", "SHA-512", 128),
    ("blake3", "BLAKE3", 64),
];

/// The property that holds what Plimsoll notes of a package.
const PACKAGE: &str = "plimsoll:package";
/// The property that holds what Plimsoll notes of the image.
const IMAGE: &str = "plimsoll:image";
