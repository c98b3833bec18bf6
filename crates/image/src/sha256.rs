//! SHA-256 of much: the digests of layers, which is most of what reading an image takes.
//!
//! aws-lc's, which is in every build for TLS: its assembly is faster with the processor's SHA
//! extensions and without. What is small is hashed by the `sha2` crate.

use aws_lc_rs::digest::{Context, SHA256};

use crate::Digest;

/// A digest that is being computed.
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256 {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Sha256(Context::new(&SHA256))
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes.
    #[must_use]
    pub fn finish(self) -> Digest {
        let mut digest = [0; 32];
        // It has 32 bytes.
        for (to, from) in digest.iter_mut().zip(self.0.finish().as_ref()) {
            *to = *from;
        }
        Digest(digest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_digest_of_the_standard(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)
        ) {
            let mut sha = Sha256::new();
            parts.iter().for_each(|part| sha.update(part));
            let other = sha.clone();
            let expect: [u8; 32] = sha2::Sha256::digest(parts.concat()).into();
            prop_assert_eq!(sha.finish().0, expect);
            prop_assert_eq!(other.finish().0, expect);
        }
    }
}
