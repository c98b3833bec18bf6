//! Checks that the issuers of tokens built into them.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as foreign texts have it: padded or not.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
pub(super) const STANDARD: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
pub(super) const URL_SAFE: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// CRC-32 (IEEE 802.3), bit by bit: the texts are short.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc >>= 1;
            if low == 1 {
                crc ^= 0xedb8_8320;
            }
        }
    }
    !crc
}

/// The checksum as GitHub and npm write it: six digits to the base 62.
pub(super) fn crc32_base62(bytes: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32(bytes);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// `PREFIX_` and thirty characters with their checksum behind them.
pub(super) fn ends_with_crc32(token: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'_', token) else {
        return false;
    };
    let body = &token[at + 1..];
    let Some((random, checksum)) = body.split_last_chunk::<6>() else {
        return false;
    };
    super::judge::is_varied(random) && crc32_base62(random) == *checksum
}

/// Whether an AWS access key id holds the number of an account. Ids of before
/// 2019 (`AKIAI`, `AKIAJ`) do not hold one.
pub(super) fn is_aws_key_id(id: &[u8]) -> bool {
    if !super::judge::is_varied(id) {
        return false;
    }
    matches!(id.get(4), Some(b'I' | b'J')) || aws_account(id).is_some()
}

/// The account an AWS access key id belongs to.
pub(super) fn aws_account(id: &[u8]) -> Option<u64> {
    let mut bits = 0u64;
    // Ten digits of five bits: the first bit is something else's, the next
    // forty are the account's.
    for &digit in id.get(4..14)? {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u64::from(value);
    }
    let account = bits >> 9 & ((1 << 40) - 1);
    (account < 1_000_000_000_000).then_some(account)
}

/// The JSON object in one part of a token, when it is one.
fn json_part(part: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let bytes = URL_SAFE.decode(part.get(..part.len().min(8192))?).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        serde_json::Value::Object(object) => Some(object),
        _ => None,
    }
}

/// A signed token (RFC 7519): header and claims are JSON, the header names its algorithm.
pub(super) fn is_jwt(token: &[u8]) -> bool {
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Some(header) = json_part(header) else {
        return false;
    };
    let algorithm = header.get("alg").and_then(serde_json::Value::as_str);
    algorithm.is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("none"))
        && super::judge::is_varied(signature)
        && json_part(claims).is_some_and(|claims| {
            // The token of the documentation of the format.
            claims.get("name").and_then(serde_json::Value::as_str) != Some("John Doe")
        })
}

/// Whether a signed token is that of a Kubernetes service account.
pub(super) fn is_service_account(token: &[u8]) -> bool {
    is_jwt(token)
        && token
            .split(|byte| *byte == b'.')
            .nth(1)
            .and_then(json_part)
            .is_some_and(|claims| {
                claims.contains_key("kubernetes.io")
                    || claims
                        .get("iss")
                        .and_then(serde_json::Value::as_str)
                        .is_some_and(|iss| iss.starts_with("kubernetes/serviceaccount"))
            })
}

/// Whether base64 text decodes to so many bytes.
pub(super) fn decodes(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// 32 bytes of base64 that look random: a symmetric or a Curve25519 key.
pub(super) fn is_key_of_32_bytes(text: &[u8]) -> bool {
    decodes(text).is_some_and(|bytes| bytes.len() == 32 && super::judge::entropy(&bytes) > 3.5)
}

/// 64 bytes of base64 that look random: the key of a storage account.
pub(super) fn is_key_of_64_bytes(text: &[u8]) -> bool {
    decodes(text).is_some_and(|bytes| bytes.len() == 64 && super::judge::entropy(&bytes) > 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_issuers() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // The token of GitHub's announcement of the format, long revoked.
        let token = ["ghp_zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ0mLq17"].concat();
        assert!(ends_with_crc32(token.as_bytes()));
        let other = token.replace("mLq17", "mLq18");
        assert!(!ends_with_crc32(other.as_bytes()));
        assert!(!ends_with_crc32(b"ghp_"));
        assert!(!ends_with_crc32(b""));
    }

    #[test]
    fn account_numbers_are_read() {
        // Base32 of account 1 << 8 and up: digits `A` are zeros.
        assert_eq!(aws_account(b"AKIAAAAAAAAAAAAAAAAA"), Some(0));
        assert_eq!(aws_account(b"AKIAQAAAAAAAAAAAAAAA"), Some(0));
        assert_eq!(aws_account(b"AKIAAAAAAAAAQAAAAAAA"), Some(1));
        assert_eq!(
            aws_account(b"AKIAP7777777AAAAAAAA"),
            None,
            "above twelve digits"
        );
        assert_eq!(aws_account(b"AKIA1"), None);
    }

    #[test]
    fn signed_tokens_are_json_inside() {
        let token = |header: &str, claims: &str| {
            format!(
                "{}.{}.{}",
                URL_SAFE.encode(header),
                URL_SAFE.encode(claims),
                "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
            )
        };
        let check = |token: String, jwt, account| {
            assert_eq!(is_jwt(token.as_bytes()), jwt, "{token}");
            assert_eq!(is_service_account(token.as_bytes()), account, "{token}");
        };
        let header = r#"{"alg":"RS256","kid":"a"}"#;
        check(token(header, r#"{"sub":"1"}"#), true, false);
        check(token(header, r#"{"kubernetes.io":{}}"#), true, true);
        check(
            token(header, r#"{"iss":"kubernetes/serviceaccount"}"#),
            true,
            true,
        );
        check(token(r#"{"alg":"none"}"#, "{}"), false, false);
        check(token("{}", "{}"), false, false);
        check(token(header, "[]"), false, false);
        check("eyJ.a".to_owned(), false, false);
    }
}
