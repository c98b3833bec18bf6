//! Names that are given values: `NAME=value`, `"name": "value"`,
//! `--name value`, `<name>value</name>`, `name("value")`.

use std::ops::Range;

use super::{
    judge,
    kind::Sure,
    scan::{Match, Names},
};

/// Bytes of a name on either side of the word that was looked for.
const NAME: usize = 48;
/// Spaces on either side of what stands between name and value.
const SPACES: usize = 12;
/// Lines longer than this are no settings: code that was packed.
const LINE: usize = 2_000;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The name that the word is part of, and where its value begins.
pub(super) fn value_after(text: &[u8], word: Range<usize>) -> Option<(Range<usize>, usize)> {
    let left = text[word.start.saturating_sub(NAME)..word.start]
        .iter()
        .rev()
        .take_while(|byte| is_name(**byte))
        .count();
    let right = text[word.end..text.len().min(word.end + NAME)]
        .iter()
        .take_while(|byte| is_name(**byte))
        .count();
    let name = word.start - left..word.end + right;
    let start = value_start(text, &name)?;
    Some((name, start))
}

/// Where the value of the name begins.
fn value_start(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let mut rest = Rest { text, at: name.end };
    let is_option = text[name.clone()].starts_with(b"--");
    rest.quote();
    rest.one_of(b"])");
    let spaced = rest.spaces() > 0;
    let separated = rest.word(b"=>") || rest.word(b":=") || rest.word(b"::=") || {
        // A comparison gives no value.
        !rest.text[rest.at..].starts_with(b"==") && rest.one_of(b"=:,>(")
    };
    if !(separated || is_option && spaced) {
        return None;
    }
    rest.spaces();
    rest.one_of(b"(");
    rest.quote();
    for scheme in [&b"Bearer "[..], b"Basic ", b"Token ", b"token "] {
        if rest.word(scheme) {
            break;
        }
    }
    Some(rest.at)
}

struct Rest<'a> {
    text: &'a [u8],
    at: usize,
}

impl Rest<'_> {
    fn spaces(&mut self) -> usize {
        let count = self.text[self.at..]
            .iter()
            .take(SPACES)
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        self.at += count;
        count
    }

    fn one_of(&mut self, bytes: &[u8]) -> bool {
        let is = self
            .text
            .get(self.at)
            .is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let is = self.text[self.at..].starts_with(word);
        self.at += if is { word.len() } else { 0 };
        is
    }

    /// `"`, `'`, a back-tick; `\"` of JSON within JSON.
    fn quote(&mut self) {
        while self.one_of(b"\\") {}
        self.one_of(b"\"'`");
    }
}

/// Whether the name says that its value is a key, a password, a token.
pub(super) fn speaks_of_secrets(name: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "key", "token", "secret", "pass", "pwd", "auth", "cred", "pat", "dsn", "license", "api",
        "sid", "bearer", "account",
    ];
    let lower = name.to_ascii_lowercase();
    WORDS
        .iter()
        .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
        && !is_public(&lower)
}

fn is_public(lower: &[u8]) -> bool {
    [
        "public", "publish", "pubkey", "example", "hash", "sha1", "sha256", "md5", "checksum",
    ]
    .iter()
    .any(|word| memchr::memmem::find(lower, word.as_bytes()).is_some())
}

/// What a name alone says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A password.
    Password,
    /// A key or a token.
    Key,
}

/// What the last words of a name say: `DB_PASSWORD` is one, `PASSWORD_FILE` is none.
pub(super) fn says(name: &str) -> Option<Says> {
    const TRAILING: [&str; 10] = [
        "PROD",
        "PRODUCTION",
        "DEV",
        "STAGING",
        "DEFAULT",
        "VALUE",
        "RAW",
        "PLAIN",
        "B64",
        "BASE64",
    ];
    if is_public(name.to_ascii_lowercase().as_bytes()) {
        return None;
    }
    let words = words(name);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    while words.last().is_some_and(|word| {
        TRAILING.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
    }) {
        words.pop();
    }
    let (last, before) = words.split_last()?;
    let previous = before.last().copied().unwrap_or_default();
    match *last {
        "PASSWORD" | "PASSWD" | "PASSPHRASE" | "PASSWORT" => Some(Says::Password),
        "PWD" | "PASS" if !before.is_empty() => Some(Says::Password),
        last if last.ends_with("PASSWORD") => Some(Says::Password),
        "SECRET" | "TOKEN" | "APIKEY" | "SECRETKEY" | "ACCESSKEY" | "PRIVATEKEY" | "AUTHTOKEN" => {
            Some(Says::Key)
        }
        "KEY" => matches!(
            previous,
            "API" | "SECRET" | "PRIVATE" | "ENCRYPTION" | "SIGNING" | "MASTER" | "AUTH" | "ACCESS"
        )
        .then_some(Says::Key),
        "PAT" | "CREDENTIALS" | "CREDENTIAL" if !before.is_empty() => Some(Says::Key),
        _ => None,
    }
}

/// `dbPassword`, `db.password` and `DB-PASSWORD` as upper-case words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last_lower = false;
    let mut start = true;
    for c in name.chars().take(256) {
        if !c.is_ascii_alphanumeric() {
            start = true;
            continue;
        }
        if start || (c.is_ascii_uppercase() && last_lower) {
            words.push(String::new());
            start = false;
        }
        last_lower = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_uppercase());
        }
    }
    words
}

/// Whether a variable of an image holds a secret, by its name; the value is
/// what an image needs to hide.
pub(super) fn is_secret_variable(name: &str, value: &str) -> bool {
    let value = value.trim();
    let is_switch = value.len() <= 1 || value.parse::<f64>().is_ok() && value.len() < 4;
    match says(name) {
        _ if is_switch || judge::is_placeholder(value.as_bytes()) => false,
        Some(Says::Password) => true,
        // `TLS_SECRET=shop-tls` names one.
        Some(Says::Key) => {
            value.len() >= 6
                && !value.starts_with('/')
                && !value.contains("://")
                && value.bytes().any(|byte| byte.is_ascii_digit())
        }
        None => false,
    }
}

/// Of these a name has one whose value is a secret by its name.
pub(super) const WORDS: &[&str] = &[
    "passw",
    "passphrase",
    "pwd",
    "_pass",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "api.key",
    "accesskey",
    "access_key",
    "access-key",
    "privatekey",
    "private_key",
    "encryption_key",
    "signing_key",
    "master_key",
    "auth_key",
];

/// The secret that nothing but the name with this word tells; strict, for
/// names are cheap.
pub(super) fn unnamed(text: &[u8], word: Range<usize>, names: Names) -> Option<Match> {
    let (name, start) = value_after(text, word)?;
    let behind = text.get(name.end..start)?;
    // `call("password", x)`; `"passwd-0:1.2"` is one text.
    if memchr::memchr(b',', behind).is_some() || opens_without_closing(text, &name, behind) {
        return None;
    }
    let name_text = std::str::from_utf8(text.get(name)?).ok()?;
    let says = says(name_text.trim_matches(['-', '.']))?;
    let around = &text[start.saturating_sub(LINE)..text.len().min(start + LINE)];
    // Without an end of a line near it is code that was packed.
    memchr::memchr(b'\n', around).or((around.len() < 2 * LINE).then_some(0))?;
    let rest = &text[start..text.len().min(start + 160)];
    let quote = start
        .checked_sub(1)
        .map(|at| text[at])
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let length = match quote {
        Some(quote) => memchr::memchr(quote, rest)?,
        None if names == Names::Quoted => return None,
        None => rest
            .iter()
            .position(|byte| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'<' | b';' | b',' | b'&')
            })
            .unwrap_or(rest.len()),
    };
    let value = rest.get(..length)?;
    let is_code = value.iter().any(|byte| {
        matches!(
            byte,
            b'(' | b')' | b'{' | b'}' | b'[' | b']' | b' ' | b'\\' | b'*'
        ) || !byte.is_ascii_graphic()
    });
    let is_reference = value.starts_with(b"/")
        || value.starts_with(b"-")
        || memchr::memmem::find(value, b"://").is_some();
    let fits = match says {
        Says::Password => (8..=64).contains(&length) && judge::is_password(value),
        Says::Key => (20..=128).contains(&length) && judge::is_random(value),
    };
    (fits && !is_code && !is_reference && !judge::is_placeholder(value)).then(|| Match {
        rule: match says {
            Says::Password => super::kinds::GENERIC_PASSWORD,
            Says::Key => super::kinds::GENERIC_KEY,
        },
        value: start..start + length,
        sure: Sure::Name,
    })
}

/// Whether a quote before a name does not end behind it, and a colon follows.
fn opens_without_closing(text: &[u8], name: &Range<usize>, behind: &[u8]) -> bool {
    let quote = name.start.checked_sub(1).map(|at| text[at]);
    matches!(quote, Some(b'"' | b'\'')) && behind.first() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_behind_their_names() {
        let check = |text: &str, expect: Option<&str>| {
            let at = text.find("acme").expect("the word");
            let found = value_after(text.as_bytes(), at..at + 4)
                .map(|(name, start)| format!("{}|{}", &text[name], &text[start..]));
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("ACME=1 acme_key=v", Some("acme_key|v"));
        check("MY-acme.key: v", Some("MY-acme.key|v"));
        check("\"acmeKey\" : \"v\"", Some("acmeKey|v\""));
        check("x['acme_key'] = 'v'", Some("acme_key|v'"));
        check("--acme-key v", Some("--acme-key|v"));
        check("acme_key v", None);
        check("acme_key => v", Some("acme_key|v"));
        check("acme_key == v", None);
        check("<acmeKey>v</acmeKey>", Some("acmeKey|v</acmeKey>"));
        check("set('acme_key', 'v')", Some("acme_key|v')"));
        check("\\\"acme_key\\\":\\\"v", Some("acme_key|v"));
        check("acme_auth: Bearer v", Some("acme_auth|v"));
    }

    #[test]
    fn variables_are_secret_by_their_names() {
        let check = |name: &str, value: &str, expect| {
            assert_eq!(is_secret_variable(name, value), expect, "{name}={value}");
        };
        check("DB_PASSWORD", "hunter2", true);
        check("dbPassword", "hunter2", true);
        check("PGPASSWORD", "hunter2", true);
        check("GITHUB_TOKEN", "abc123", true);
        check("JWT_SECRET", "s3cr3t", true);
        check("DB_PASSWORD_FILE", "/run/secrets/db", false);
        check("DB_PASSWORD", "/run/secrets/db", false);
        check("DB_PASSWORD", "${OTHER}", false);
        check("DB_PASSWORD", "********", false);
        check("ALLOW_EMPTY_PASSWORD", "yes", false);
        check("TOKEN_URL", "https://id.example.com/token", false);
        check("TLS_SECRET", "shop-tls", false);
        check("PUBLIC_KEY", "kJ8sQ2mZx71pLw0RbT5yNvCe", false);
        check("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", false);
        check("PYTHON_SHA256", "9f86d081884c7d659a2feaa0c55ad015", false);
        check("PWD", "/srv", false);
    }
}
