//! Files that are a secret as a whole, told by their names and first bytes.

/// The kind of secret that the file is.
pub(super) fn kind(path: &str, head: &[u8]) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if is_keystore(path, name, head) {
        return Some("keystore");
    }
    if head.starts_with(b"== ed25519v1-secret") || head.starts_with(b"== ed25519v1-secret: type0") {
        return Some("tor-service-key");
    }
    let in_ring =
        path.contains("private-keys-v1.d/") && name.ends_with(".key") || name == "secring.gpg";
    if in_ring
        && (memchr::memmem::find(head, b"private-key").is_some()
            || head.first().is_some_and(|byte| byte & 0x80 != 0))
    {
        return Some("gnupg-private-key");
    }
    let is_dropbear =
        name.starts_with("dropbear_") && name.ends_with("_host_key") || name == "id_dropbear";
    if is_dropbear && matches!(head, [0, 0, 0, _, b's' | b'e', ..]) {
        return Some("ssh-host-key");
    }
    None
}

/// Whether the file is one.
pub(super) fn is_one(path: &str, head: &[u8]) -> bool {
    kind(path, head).is_some()
}

/// A keystore that holds more than certificates others may see.
fn is_keystore(path: &str, name: &str, head: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    if lower.contains("cacerts") || lower.contains("truststore") || path.contains("/cacerts/") {
        return false;
    }
    match head {
        // JKS and JCEKS: version, count, and the tag of the first entry, which
        // is 1 for a private key and 3 for a secret one.
        [0xfe, 0xed, 0xfe, 0xed, rest @ ..] | [0xce, 0xce, 0xce, 0xce, rest @ ..] => {
            matches!(rest.get(8..12), Some([0, 0, 0, 1 | 3]))
        }
        [0x03, 0xd9, 0xa2, 0x9a, ..] => true,
        // PKCS #12: a sequence that begins with version 3.
        [0x30, 0x82, _, _, 0x02, 0x01, 0x03, ..] | [0x30, 0x80, 0x02, 0x01, 0x03, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_told_by_name_and_first_bytes() {
        let check = |path: &str, head: &[u8], expect: Option<&str>| {
            assert_eq!(kind(path, head), expect, "{path}");
        };
        let jks = |tag| {
            [
                &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0][..],
                &[tag],
            ]
            .concat()
        };
        check("app/a.jks", &jks(1), Some("keystore"));
        check("app/a.jks", &jks(2), None);
        check("etc/ssl/java/cacerts", &jks(1), None);
        check(
            "app/a.p12",
            &[0x30, 0x82, 9, 9, 2, 1, 3, 0x30],
            Some("keystore"),
        );
        check("app/a.p12", &[0x30, 0x82, 9, 9, 2, 1, 0, 0x30], None);
        check("app/a.kdbx", &[3, 0xd9, 0xa2, 0x9a, 1], Some("keystore"));
        check(
            "var/lib/tor/s/hs_ed25519_secret_key",
            b"== ed25519v1-secret: type0 ==\0",
            Some("tor-service-key"),
        );
        check(
            "root/.gnupg/private-keys-v1.d/AB.key",
            b"Key: (protected-private-key (rsa",
            Some("gnupg-private-key"),
        );
        check("root/.gnupg/private-keys-v1.d/AB.key", b"(public-key", None);
        check(
            "etc/dropbear/dropbear_rsa_host_key",
            b"\0\0\0\x07ssh-rsa",
            Some("ssh-host-key"),
        );
        check("etc/dropbear/dropbear_rsa_host_key", b"text", None);
        check("app/a", b"", None);
    }
}
