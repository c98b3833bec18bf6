//! Private keys: PEM blocks (RFC 7468 and before it RFC 1421), OpenSSH's and
//! PGP's, told apart by what is in them.

use base64::Engine as _;

use super::{checksum::STANDARD, kind::Sure, scan::Match};

/// The word that is looked for.
pub(super) const WORD: &str = "-----BEGIN ";

/// Bytes of a key that are looked at; RSA keys of 16,384 bits have 12,800.
const MOST: usize = 24 << 10;
/// Bytes of a label.
const LABEL: usize = 40;
/// Characters of base64 that a key has at least: Ed25519's have 64.
const LEAST: usize = 60;

/// The private key whose `-----BEGIN ` is at `at`, when one is there and no
/// placeholder for it.
pub(super) fn at(text: &[u8], at: usize) -> Option<Match> {
    let label_at = at + WORD.len();
    let rest = text.get(label_at..text.len().min(label_at + MOST))?;
    let label_end = memchr::memmem::find(rest.get(..rest.len().min(LABEL))?, b"-----")?;
    let label = std::str::from_utf8(&rest[..label_end]).ok()?;
    let is_label = label
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    if !is_label || !label.contains("PRIVATE KEY") {
        return None;
    }
    let body_at = label_end + 5;
    let body = &rest[body_at..];
    // The end, or the beginning of another: no base64 goes on beyond it.
    let length = memchr::memmem::find(body, b"-----").unwrap_or(body.len());
    let body = &body[..length];
    let encrypted = memchr::memmem::find(&body[..body.len().min(200)], b"ENCRYPTED").is_some();
    let base64 = base64(body);
    if base64.len() < LEAST {
        return None;
    }
    let start = base64.get(..base64.len().min(1024) / 4 * 4)?;
    let bytes = STANDARD.decode(start).ok()?;
    let rule = match label {
        _ if encrypted => "private-key-encrypted",
        "ENCRYPTED PRIVATE KEY" => "private-key-encrypted",
        "PGP PRIVATE KEY BLOCK" => "private-key-pgp",
        "OPENSSH PRIVATE KEY" => {
            let rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
            // The name of the cipher, behind its length.
            if rest.get(4..8) == Some(b"none") {
                "private-key-openssh"
            } else {
                "private-key-openssh-encrypted"
            }
        }
        "ENCRYPTED COSIGN PRIVATE KEY" | "ENCRYPTED SIGSTORE PRIVATE KEY" => "cosign-private-key",
        // The rest are DER: a sequence.
        _ if bytes.first() != Some(&0x30) => return None,
        "RSA PRIVATE KEY" => "private-key-rsa",
        "DSA PRIVATE KEY" => "private-key-dsa",
        "EC PRIVATE KEY" => "private-key-ec",
        _ if is_service_account(text, at) => "gcp-service-account-key",
        "PRIVATE KEY" => "private-key-pkcs8",
        _ => "private-key-other",
    };
    let start = label_at + body_at;
    Some(Match {
        rule,
        value: start..start + length,
        sure: Sure::Format,
    })
}

/// The base64 of a body, without headers, line ends, escapes and the quotes
/// of code that puts it together.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(body.len());
    for line in body.split(|byte| *byte == b'\n') {
        // `Proc-Type: 4,ENCRYPTED`, `Version: GnuPG v1`; the checksum of PGP's.
        if memchr::memmem::find(line, b": ").is_some() && line.len() < 100 {
            continue;
        }
        if line.trim_ascii().starts_with(b"=") {
            continue;
        }
        let mut bytes = line.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                // `\n` of JSON and code.
                b'\\' => {
                    bytes.next();
                }
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => clean.push(byte),
                _ => {}
            }
        }
    }
    clean
}

/// Whether the key is in the key file of a service account of Google's.
fn is_service_account(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(1024)..at];
    memchr::memmem::find(before, b"private_key_id").is_some()
        || memchr::memmem::find(before, b"service_account").is_some()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A key of this label around these bytes, in lines of 64.
    pub(in crate::secret) fn key(label: &str, bytes: &[u8]) -> String {
        let text = STANDARD.encode(bytes);
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|at| &text[at..text.len().min(at + 64)])
            .collect();
        format!(
            "{WORD}{label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        )
    }

    /// Bytes that begin so and go on at random.
    pub(in crate::secret) fn bytes(start: &[u8]) -> Vec<u8> {
        let mut all = start.to_vec();
        let mut state = 7u32;
        while all.len() < 300 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            all.push((state >> 24) as u8);
        }
        all
    }

    fn private(kind: &str) -> String {
        format!(
            "{kind}{}PRIVATE KEY",
            if kind.is_empty() { "" } else { " " }
        )
    }

    #[test]
    fn keys_are_told_apart() {
        let check = |text: &str, expect: Option<&str>| {
            let found = at(text.as_bytes(), text.find(WORD).expect("a block"));
            assert_eq!(found.map(|one| one.rule), expect, "{text}");
        };
        let der = bytes(&[0x30, 0x82]);
        check(&key(&private("RSA"), &der), Some("private-key-rsa"));
        check(&key(&private("EC"), &der), Some("private-key-ec"));
        check(&key(&private("DSA"), &der), Some("private-key-dsa"));
        check(&key(&private(""), &der), Some("private-key-pkcs8"));
        check(
            &key(&private("ENCRYPTED"), &der),
            Some("private-key-encrypted"),
        );
        let head = "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00";
        check(
            &key(&private("RSA"), &bytes(&[1, 2])).replacen("RSA PRIVATE KEY-----", head, 1),
            Some("private-key-encrypted"),
        );
        check(
            &key(
                &private("OPENSSH"),
                &bytes(b"openssh-key-v1\0\0\0\0\x04none"),
            ),
            Some("private-key-openssh"),
        );
        check(
            &key(
                &private("OPENSSH"),
                &bytes(b"openssh-key-v1\0\0\0\0\x0aaes256-ctr"),
            ),
            Some("private-key-openssh-encrypted"),
        );
        let pgp = format!("PGP {} BLOCK", private(""));
        check(&key(&pgp, &bytes(&[0x95])), Some("private-key-pgp"));
        let in_json = format!(
            "{{\"private_key_id\": \"1\", \"private_key\": \"{}\"}}",
            key(&private(""), &der).replace('\n', "\\n")
        );
        check(&in_json, Some("gcp-service-account-key"));
        // Near misses.
        check(&key("CERTIFICATE", &der), None);
        check(&key("PUBLIC KEY", &der), None);
        check(&key(&private("RSA"), &bytes(&[1, 2])), None);
        check(&key(&private("RSA"), &[0x30, 0x82]), None);
        check(&key(&private("OPENSSH"), &der), None);
        check(
            &format!("{WORD}{}-----\n...\n-----END", private("RSA")),
            None,
        );
        check(&format!("{WORD}RSA PRIVATE"), None);
        check(
            &key(&private("RSA"), &der).replacen("RSA ", "RSA \", \"", 1),
            None,
        );
    }
}
