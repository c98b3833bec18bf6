//! SHA-256 of much: the digests of layers, which is most of what reading an image takes.
//!
//! What is small is hashed by the `sha2` crate.

use crate::Digest;

/// A digest that is being computed.
#[derive(Clone, Default)]
pub struct Sha256(plimsoll_digest::sha256::Sha256);

impl Sha256 {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The next bytes of two digests, in little more than the time of one.
    pub fn update_both(one: (&mut Self, &[u8]), other: (&mut Self, &[u8])) {
        let inner = plimsoll_digest::sha256::Sha256::update_both;
        inner((&mut one.0.0, one.1), (&mut other.0.0, other.1));
    }

    /// The digest of all bytes.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finish())
    }
}
