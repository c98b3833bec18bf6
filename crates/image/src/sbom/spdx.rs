//! SPDX 2 (<https://spdx.github.io/spdx-spec/v2.3/>): written as 2.3 JSON, read
//! as 2.2 and 2.3 JSON and tag-value.

mod document;
mod read;
mod tag_value;
mod write;

pub(super) use read::read_json;
pub(super) use tag_value::read_tag_value;
pub use write::write;

/// The names of algorithms as checksums write them, and as SPDX does.
const CHECKSUMS: [(&str, &str); 6] = [
    ("md5", "MD5"),
    ("sha1", "SHA1"),
    ("sha256", "SHA256"),
    ("sha384", "SHA384"),
    ("sha512", "SHA512"),
    ("blake3", "BLAKE3"),
];
