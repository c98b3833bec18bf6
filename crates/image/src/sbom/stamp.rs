//! What an SBOM says of its making.

use std::io;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// When and by which version an SBOM is made: given by the caller.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// When.
    pub time: Timestamp,
    /// The version of Plimsoll.
    pub version: String,
}

impl Stamp {
    /// `2026-11-26T14:00:00Z`, in whole seconds as SPDX wants it.
    pub(super) fn time_text(&self) -> String {
        self.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// SHA-256 of what is written to it.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A UUID (version 8, RFC 9562) derived from content: the same content has the
/// same id, whenever it is written.
pub(super) fn uuid(content: &impl serde::Serialize) -> String {
    let mut hashing = Hashing(Sha256::new());
    // Writing to a hash can't fail, and neither do these types.
    let _ = serde_json::to_writer(&mut hashing, content);
    let mut bytes: [u8; 32] = hashing.0.finalize().into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes[..16].iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
