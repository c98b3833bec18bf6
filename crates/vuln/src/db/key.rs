//! Keys a database is signed with (Ed25519, RFC 8032) and their text forms.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const PUBLIC: &str = "plimsoll-ed25519:";
const SECRET: &str = "plimsoll-ed25519-secret:";

/// What a signature is checked with. Its text is one line:
/// `plimsoll-ed25519:` and the 32 bytes of the key in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// The first eight bytes of a public key's BLAKE3 hash: tells keys apart, and
/// proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

/// What a database is signed with. Its text is one line:
/// `plimsoll-ed25519-secret:` and the 32 bytes of the seed in base64.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

/// A text or seed is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key: expected one line of `{0}` and 32 bytes in base64")]
pub struct KeyError(&'static str);

impl PublicKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        PublicKey(bytes)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..8]);
        KeyId(id)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl SigningKey {
    /// The key that grows from 32 random bytes. Where the randomness comes
    /// from is the caller's: here is none.
    ///
    /// # Errors
    /// The seed makes no key.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError(SECRET))?;
        Ok(SigningKey { seed, pair })
    }

    /// The key its signatures are checked with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.pair.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(bytes)
    }

    /// Its text, to be kept where nobody else reads it.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        format!("{SECRET}{}", STANDARD.encode(self.seed))
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(self.pair.sign(message).as_ref()) {
            *to = *from;
        }
        bytes
    }
}

/// The 32 bytes behind a prefix.
fn parse(text: &str, prefix: &'static str) -> Result<[u8; 32], KeyError> {
    let text = text.trim();
    let encoded = text.strip_prefix(prefix).filter(|rest| rest.len() <= 64);
    let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(KeyError(prefix))
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        parse(text, PUBLIC).map(PublicKey)
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        SigningKey::from_seed(parse(text, SECRET)?)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_rfc_8032_and_read_back_from_their_text() {
        // RFC 8032, section 7.1, test 1.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = SigningKey::from_seed(seed).unwrap();
        let public = key.public();
        assert_eq!((public.0[0], public.0[1], public.0[31]), (0xd7, 0x5a, 0x1a));
        assert_eq!(public.to_string().parse(), Ok(public));
        let secret = key.to_secret_text();
        let again: SigningKey = format!(" {secret}\n").parse().unwrap();
        assert_eq!(again.public(), public);
        assert!(public.verifies(b"line", &again.sign(b"line")));
        assert!(!public.verifies(b"lime", &again.sign(b"line")));
        assert!(!format!("{key:?}").contains(&secret[SECRET.len()..]));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "plimsoll-ed25519:", "plimsoll-ed25519:AAAA", "AAAA"] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
            assert!(text.parse::<SigningKey>().is_err(), "{text}");
        }
    }
}
