//! Texts that are secrets by their own shape, whatever they are called.

use super::detect::{Reason, is_literal};

/// Prefixes their issuers gave to tokens, the least length of what follows,
/// and what they are.
const PREFIXES: [(&str, usize, Reason); 22] = [
    ("AGE-SECRET-KEY-1", 50, "an age secret key"),
    ("dckr_pat_", 20, "a Docker Hub access token"),
    ("dop_v1_", 40, "a DigitalOcean access token"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 18, "a GitLab token"),
    ("hvs.", 20, "a Vault token"),
    ("npm_", 36, "an npm token"),
    ("pypi-AgE", 40, "a PyPI token"),
    ("rk_live_", 16, "a Stripe key"),
    ("sk-ant-", 30, "an Anthropic API key"),
    ("sk-proj-", 30, "an OpenAI API key"),
    ("sk_live_", 16, "a Stripe key"),
    ("shpat_", 30, "a Shopify token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xoxs-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
];

/// What secret a text is or holds, by its shape alone.
pub(crate) fn of(text: &str) -> Option<Reason> {
    if has_private_key(text) {
        return Some("a private key");
    }
    if let Some(reason) = connection_string(text) {
        return Some(reason);
    }
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '`' | ';' | '(' | ')'))
        .find_map(word)
}

/// A word, or what stands behind its last `=`.
fn word(word: &str) -> Option<Reason> {
    if word.len() < 8 {
        return None;
    }
    let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
    [word, value].into_iter().find_map(|text| {
        token(text).or_else(|| url_password(text).then_some("a password within a URL"))
    })
}

fn token(text: &str) -> Option<Reason> {
    let is_token = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
    let known = PREFIXES.iter().find(|(prefix, least, _)| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= *least && rest.bytes().all(is_token) && is_varied(rest)
        })
    });
    if let Some((_, _, reason)) = known {
        return Some(reason);
    }
    let aws = ["AKIA", "ASIA"].iter().any(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() == 16
                && rest
                    .bytes()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
                && !rest.ends_with("EXAMPLE")
        })
    });
    if aws {
        return Some("an AWS access key");
    }
    if text.starts_with("https://hooks.slack.com/services/T") {
        return Some("a Slack webhook");
    }
    is_jwt(text).then_some("a signed token (JWT)")
}

/// Three parts of base64url, of which the first begins as JSON does.
fn is_jwt(text: &str) -> bool {
    let base64url = |part: &str| {
        part.len() >= 10
            && part
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    };
    let mut parts = text.split('.');
    text.starts_with("eyJ")
        && parts
            .by_ref()
            .take(3)
            .filter(|part| base64url(part))
            .count()
            == 3
        && parts.next().is_none()
}

/// `scheme://user:password@host`, with a password that is written down.
fn url_password(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = scheme
        .bytes()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user_info, host)) = authority.rsplit_once('@') else {
        return false;
    };
    user_info.split_once(':').is_some_and(|(_, password)| {
        is_scheme && !scheme.is_empty() && !host.is_empty() && is_literal(password)
    })
}

/// `Server=...;Password=...` and the keys of Azure's.
fn connection_string(text: &str) -> Option<Reason> {
    if !text.contains(';') {
        return None;
    }
    let parts = || {
        text.split(';')
            .filter_map(|part| part.split_once('='))
            .map(|(key, value)| (key.trim().to_ascii_lowercase(), value))
    };
    // Without a server or an account it is a line of code.
    const COMPANIONS: [&str; 9] = [
        "accountname",
        "data source",
        "database",
        "endpoint",
        "host",
        "server",
        "uid",
        "user",
        "user id",
    ];
    if !parts().any(|(key, _)| COMPANIONS.contains(&&*key)) {
        return None;
    }
    parts()
        .any(|(key, value)| {
            matches!(&*key, "password" | "pwd" | "accountkey" | "sharedaccesskey")
                && is_literal(value)
        })
        .then_some("a password within a connection string")
}

fn has_private_key(text: &str) -> bool {
    text.match_indices("-----BEGIN ").take(64).any(|(at, _)| {
        let line = text[at..].lines().next().unwrap_or_default();
        line.contains("PRIVATE KEY")
    })
}

/// More than a repeated character: `ghp_xxxxxxxx...` is an example.
fn is_varied(text: &str) -> bool {
    entropy(text) > 2.5
}

/// Whether a text looks drawn at random: long, of several classes of
/// characters, and none of the things that look alike.
pub(crate) fn is_random(text: &str) -> bool {
    let text = text.trim();
    let in_alphabet =
        |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=' | b'_' | b'-');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let upper = text.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = text.bytes().filter(u8::is_ascii_lowercase).count();
    let hexadecimal = text.len() >= 32 && text.bytes().all(|c| c.is_ascii_hexdigit());
    let mixed = digits >= 2 && upper >= 2 && lower >= 2;
    let is_uuid = text.len() == 36 && text.bytes().filter(|c| *c == b'-').count() == 4;
    text.len() >= 20
        && text.bytes().all(in_alphabet)
        && !is_uuid
        && (hexadecimal || mixed)
        && entropy(text) > if hexadecimal { 3.0 } else { 3.7 }
}

/// Shannon's entropy, in bits per byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secret-like texts are put together here, so that no scanner of this
    /// repository takes them for real ones.
    fn joined(prefix: &str, rest: &str) -> String {
        format!("{prefix}{rest}")
    }

    #[test]
    fn shapes_are_known() {
        let random = "kJ8sQ2mZx71pLw0RbT5yNvCe9uGh4FdAaBcD";
        for text in [
            joined("ghp_", random),
            joined("glpat-", "kJ8sQ2mZx71pLw0RbT5y"),
            joined("AKIA", "Q3EGRIQWERTZ7XYZ"),
            joined("xoxb-", "123456789012-kJ8sQ2mZx71p"),
            joined("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE"),
            joined("-----BEGIN ", "PRIVATE KEY-----"),
            joined("postgres://shop:", "hunter2@db.data.svc:5432/shop"),
            joined("Server=db;Database=shop;", "Password=hunter2;"),
            joined(
                "eyJhbGciOiJIUzI1NiJ9.",
                "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
            ),
            joined("curl -H Authorization:token ghp_", random),
            joined("--token=ghp_", random),
        ] {
            assert!(of(&text).is_some(), "{text}");
        }
        for text in [
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "postgres://db.data.svc:5432/shop",
            "postgres://shop@db.data.svc:5432/shop",
            "postgres://shop:$(DB_PASSWORD)@db.data.svc/shop",
            "postgres://shop:${DB_PASSWORD}@db.data.svc/shop",
            "https://example.com/a:b@c",
            "git@github.com:shop/web.git",
            "Server=db;Database=shop;Password=${DB_PASSWORD};",
            "x=1; password=2",
            "registry.example.com/shop/web:1.2@sha256:54353567266c47b7b8026e1ae0dea65ee5baebe1811703c4aadd71f899b1d741",
            "eyJ.a.b",
            "sk-learn-is-a-library",
            "key=value",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn random_texts_are_told_from_words() {
        let check = |text: &str, expect: bool| assert_eq!(is_random(text), expect, "{text}");
        check("kJ8sQ2mZx71pLw0RbT5yNvCe", true);
        check("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", true);
        check("customer-id-and-order-id", false);
        check("com.example.shop.OrderKeySerializer2", false);
        check("3f2504e0-4f89-11d3-9a0c-0305e82c3301", false);
        check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
        check("short1A", false);
        check("two words 12 AB and more text", false);
    }
}
