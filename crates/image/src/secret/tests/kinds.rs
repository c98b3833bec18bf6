//! A text for every kind that it is found in, and texts like it that it is
//! not. Texts are put together when the test runs: no scanner of this
//! repository takes them for secrets. In a template, `{m36}` is 36 letters
//! and digits, `{w..}` those and `-` and `_`, `{h..}` hexadecimal digits,
//! `{H..}` in upper case, `{a..}` lower case and digits, `{A..}` upper case and
//! digits, `{d..}` digits, `{l..}` letters, `{b..}` base64, `{t..}` base32,
//! `{x..}` in lower case, `{q..}` Bech32, `{u0}` a UUID.

use std::collections::BTreeSet;

use super::{
    super::{checksum::crc32_base62, kind::How, kinds, pem},
    rules_in,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

mod table;

/// How a template is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fill {
    Random,
    /// Half of it.
    Half,
    /// The same letter again and again.
    Same,
}

fn filled(template: &str, fill: Fill) -> String {
    let mut state = 0x2545_f491_u32;
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}').filter(|(name, _)| {
            name.len() >= 2 && name[1..].bytes().all(|byte| byte.is_ascii_digit())
        }) else {
            text.push('{');
            rest = after;
            continue;
        };
        rest = behind;
        let count: usize = name[1..].parse().expect("a number");
        let mut random = |alphabet: &[u8], count: usize, text: &mut String| {
            for _ in 0..count {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                let at = match fill {
                    Fill::Same => alphabet.len() - 1,
                    _ => (state >> 8) as usize % alphabet.len(),
                };
                text.push(char::from(alphabet[at]));
            }
        };
        let count = if fill == Fill::Half { count / 2 } else { count };
        let lower = b"abcdefghijklmnopqrstuvwxyz";
        let upper = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let digits = b"0123456789";
        match &name[..1] {
            "m" => random(&[&lower[..], upper, digits].concat(), count, &mut text),
            "w" => random(
                &[b"-_", &lower[..], upper, digits].concat(),
                count,
                &mut text,
            ),
            "b" => random(
                &[b"+/", &lower[..], upper, digits].concat(),
                count,
                &mut text,
            ),
            "a" => random(&[&lower[..], digits].concat(), count, &mut text),
            "A" => random(&[&upper[..], digits].concat(), count, &mut text),
            "d" => random(digits, count, &mut text),
            "l" => random(&[&lower[..], upper].concat(), count, &mut text),
            "h" => random(b"0123456789abcdef", count, &mut text),
            "H" => random(b"0123456789ABCDEF", count, &mut text),
            "t" => random(&[&upper[..], b"234567"].concat(), count, &mut text),
            "x" => random(&[&lower[..], b"234567"].concat(), count, &mut text),
            "q" => random(b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", count, &mut text),
            "u" => {
                for (at, part) in [8, 4, 4, 4, 12].into_iter().enumerate() {
                    if at > 0 {
                        text.push('-');
                    }
                    let part = if fill == Fill::Half { part / 2 } else { part };
                    random(b"0123456789abcdef", part, &mut text);
                }
            }
            other => panic!("{{{other}..}} is no alphabet"),
        }
    }
    text.push_str(rest);
    text
}

#[test]
fn every_kind_is_found_in_a_text_of_its_own() {
    let mut tried: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (id, path, template) in table::TEMPLATES {
        tried.insert(id);
        let text = filled(template, Fill::Random);
        let rules = rules_in(path, &text);
        if !rules.iter().any(|rule| rule == id) {
            wrong.push(format!("{id}: {rules:?} in {path}: {text}"));
        }
    }
    for (id, path, text) in built() {
        tried.insert(id);
        let rules = rules_in(path, &text);
        if !rules.iter().any(|rule| rule == id) {
            wrong.push(format!("{id}: {rules:?} in {path}: {text}"));
        }
    }
    // These have tests of their own.
    tried.extend([
        "keystore",
        "tor-service-key",
        "gnupg-private-key",
        kinds::VARIABLE,
    ]);
    for kind in kinds::all() {
        if !tried.contains(kind.rule.id) {
            wrong.push(format!("{}: no text for it", kind.rule.id));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        tried.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_text_that_is_nearly_of_a_kind_is_none() {
    let shaped: BTreeSet<&str> = kinds::all()
        .filter(|kind| kind.find.how != How::Code)
        .map(|kind| kind.rule.id)
        .collect();
    let mut wrong = Vec::new();
    for (id, path, template) in table::TEMPLATES.iter().filter(|row| shaped.contains(row.0)) {
        let random = filled(template, Fill::Random);
        let named = kinds::all().any(|kind| kind.rule.id == *id && kind.find.how == How::Named);
        let without_name = named
            .then(|| random.split_once('='))
            .flatten()
            .filter(|(name, _)| {
                name.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            })
            .map(|(_, value)| format!("commit={value}"));
        let misses = [
            Some(filled(template, Fill::Half)),
            Some(filled(template, Fill::Same)),
            without_name,
        ];
        for miss in misses.into_iter().flatten() {
            if rules_in(path, &miss).iter().any(|rule| rule == id) {
                wrong.push(format!("{id} in {path}: {miss}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// Texts that take more than a template.
fn built() -> Vec<(&'static str, &'static str, String)> {
    let checked = |prefix: &str| {
        let body = filled("{m30}", Fill::Random);
        let checksum = crc32_base62(body.as_bytes());
        format!("{prefix}{body}{}", String::from_utf8_lossy(&checksum))
    };
    let jwt = |claims: &str| {
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"a"}"#),
            URL_SAFE_NO_PAD.encode(claims),
            filled("{w43}", Fill::Random)
        )
    };
    let private = |kind: &str| {
        let space = if kind.is_empty() { "" } else { " " };
        format!("{kind}{space}PRIVATE KEY")
    };
    let key = |label: &str, start: &[u8]| pem::tests::key(label, &pem::tests::bytes(start));
    let der = [0x30, 0x82];
    let account_file = format!(
        "{{\"type\": \"service_account\", \"private_key\": \"{}\"}}",
        key(&private(""), &der).replace('\n', "\\n")
    );
    let client_key = STANDARD.encode(key(&private("RSA"), &der));
    let encrypted = key(&private("RSA"), &[1, 2]).replacen(
        "-----\n",
        "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
        1,
    );
    let none = b"openssh-key-v1\0\0\0\0\x04none";
    let aes = b"openssh-key-v1\0\0\0\0\x0aaes256-ctr";
    let basic = STANDARD.encode("ada:hunter2hunter");
    vec![
        ("github-token-classic", "a.txt", checked("ghp_")),
        ("github-oauth-token", "a.txt", checked("gho_")),
        ("github-app-user-token", "a.txt", checked("ghu_")),
        ("github-app-token", "a.txt", checked("ghs_")),
        ("github-refresh-token", "a.txt", checked("ghr_")),
        ("json-web-token", "a.txt", jwt(r#"{"sub":"1"}"#)),
        (
            "kubernetes-service-account-token",
            "a.txt",
            jwt(r#"{"iss":"kubernetes/serviceaccount"}"#),
        ),
        (
            "basic-authorization",
            "a.txt",
            format!("Authorization: Basic {basic}"),
        ),
        ("private-key-rsa", "a", key(&private("RSA"), &der)),
        ("private-key-ec", "a", key(&private("EC"), &der)),
        ("private-key-dsa", "a", key(&private("DSA"), &der)),
        ("private-key-pkcs8", "a", key(&private(""), &der)),
        ("private-key-other", "a", key(&private("X25519"), &der)),
        ("private-key-encrypted", "a", encrypted),
        ("private-key-openssh", "a", key(&private("OPENSSH"), none)),
        (
            "private-key-openssh-encrypted",
            "a",
            key(&private("OPENSSH"), aes),
        ),
        (
            "ssh-host-key",
            "etc/ssh/ssh_host_ed25519_key",
            key(&private("OPENSSH"), none),
        ),
        (
            "private-key-pgp",
            "a",
            key(&format!("PGP {} BLOCK", private("")), &[0x95]),
        ),
        (
            "cosign-private-key",
            "a",
            key(&private("ENCRYPTED COSIGN"), b"{\"kdf\""),
        ),
        ("gcp-service-account-key", "app/sa.json", account_file),
        (
            "kubeconfig-client-key",
            "root/.kube/config",
            format!("users:\n- user:\n    client-key-data: {client_key}\n"),
        ),
    ]
}
