//! Passwords in URLs: `scheme://user:password@host`.

use std::ops::Range;

use super::{judge, kind::Sure, scan::Match};

/// The word that is looked for.
pub(super) const WORD: &str = "://";

/// Bytes of a scheme, a user, a password.
const SCHEME: usize = 24;
const USER: usize = 128;
const PASSWORD: usize = 512;

/// The kinds, by scheme.
pub(super) const SCHEMES: &[(&str, &[&str])] = &[
    (
        "postgres-url-password",
        &[
            "postgres",
            "postgresql",
            "cockroachdb",
            "redshift",
            "timescaledb",
        ],
    ),
    (
        "mysql-url-password",
        &["mysql", "mysql2", "mysqlx", "mariadb"],
    ),
    ("mongodb-url-password", &["mongodb", "mongodb+srv"]),
    (
        "redis-url-password",
        &["redis", "rediss", "valkey", "valkeys"],
    ),
    ("amqp-url-password", &["amqp", "amqps"]),
    ("mssql-url-password", &["mssql", "sqlserver"]),
    ("clickhouse-url-password", &["clickhouse", "clickhouses"]),
    (
        "couchbase-url-password",
        &["couchbase", "couchbases", "couchdb"],
    ),
    (
        "neo4j-url-password",
        &["neo4j", "neo4j+s", "bolt", "bolt+s"],
    ),
    ("oracle-url-password", &["oracle"]),
    ("ldap-url-password", &["ldap", "ldaps"]),
    ("ftp-url-password", &["ftp", "ftps", "sftp", "ssh"]),
    ("smtp-url-password", &["smtp", "smtps", "imap", "imaps"]),
    (
        "nats-url-password",
        &["nats", "tls+nats", "mqtt", "mqtts", "stomp", "kafka"],
    ),
    (
        "http-url-password",
        &["http", "https", "git+https", "git+http", "ws", "wss"],
    ),
];

/// The password in the URL whose `://` is at `at`.
pub(super) fn at(text: &[u8], at: usize) -> Option<Match> {
    let scheme_start = text[at.saturating_sub(SCHEME)..at]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        .count();
    let scheme = std::str::from_utf8(&text[at - scheme_start..at])
        .ok()?
        .to_ascii_lowercase();
    let user = at + WORD.len();
    let colon = user
        + text[user..text.len().min(user + USER)]
            .iter()
            .position(|byte| !is_user(*byte))?;
    if text[colon] != b':' {
        return None;
    }
    let password = password(text, colon + 1)?;
    // A dialect or a driver is no part of the scheme: `postgresql+asyncpg`.
    let base = scheme.split('+').next().unwrap_or_default();
    let rule = [&*scheme, base]
        .iter()
        .find_map(|scheme| {
            SCHEMES
                .iter()
                .find(|(_, schemes)| schemes.contains(scheme))
                .map(|(rule, _)| *rule)
        })
        .unwrap_or(super::kinds::OTHER_URL);
    let value = &text[password.clone()];
    let user = &text[user..colon];
    (!scheme.is_empty() && !judge::is_placeholder(value) && !is_documentation(user, value))
        .then_some(Match {
            rule,
            value: password,
            sure: Sure::NameAndShape,
        })
}

fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'+' | b'~' | b'!')
}

/// The password between the colon and the last `@` before the host's end.
fn password(text: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = &text[start..text.len().min(start + PASSWORD)];
    let end = rest
        .iter()
        .position(|byte| {
            byte.is_ascii_whitespace()
                || byte.is_ascii_control()
                || matches!(
                    byte,
                    b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b',' | b')'
                )
        })
        .unwrap_or(rest.len());
    // A slash ends the authority; only an `@` before it ends a password.
    let authority = memchr::memchr3(b'/', b'?', b'#', &rest[..end]).unwrap_or(end);
    let length = memchr::memrchr(b'@', &rest[..authority]).or_else(|| {
        memchr::memchr(b'@', &rest[..end]).filter(|at| {
            !rest[..*at].starts_with(b"/") && !rest[..*at].first().is_some_and(u8::is_ascii_digit)
        })
    })?;
    let host = rest.get(length + 1)?;
    (length > 0
        && (host.is_ascii_alphanumeric() || matches!(host, b'[' | b'_' | b'$' | b'%' | b'{')))
    .then_some(start..start + length)
}

/// `user:pass@host` of the documentation of every library.
fn is_documentation(user: &[u8], password: &[u8]) -> bool {
    let password = password.to_ascii_lowercase();
    let user = user.to_ascii_lowercase();
    let is_word = [
        &b"pass"[..],
        b"password",
        b"passwd",
        b"pw",
        b"pwd",
        b"secret",
        b"token",
        b"p4ssw0rd",
        b"mypass",
        b"mypassword",
        b"userpass",
        b"user_pass",
        b"foo",
        b"bar",
        b"baz",
        b"b",
        b"x",
        b"abc",
    ]
    .contains(&&*password);
    is_word
        || (password == user && password.len() <= 8)
        || memchr::memmem::find(&password, b"password").is_some() && password.len() <= 10
        || password.starts_with(b"%s")
        || password.starts_with(b"%{")
        || password.starts_with(b":")
        || password.starts_with(b"#{")
        || password.starts_with(b"+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_found_in_urls() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let place = text.find(WORD).expect("a URL");
            let found = at(text.as_bytes(), place).map(|one| (one.rule, &text[one.value]));
            assert_eq!(found, expect, "{text}");
        };
        let url = |scheme: &str, rest: &str| format!("{scheme}://{rest}");
        check(
            &url("postgres", "shop:hunter2@db:5432/shop"),
            Some(("postgres-url-password", "hunter2")),
        );
        check(
            &url("postgresql+asyncpg", "shop:hunter2@db/shop"),
            Some(("postgres-url-password", "hunter2")),
        );
        check(
            &url("redis", ":hunter2@cache:6379"),
            Some(("redis-url-password", "hunter2")),
        );
        check(
            &url("mysql", "shop:hun/t@er@db/shop"),
            Some(("mysql-url-password", "hun/t")),
        );
        check(
            &url("https", "bot:hunter2@git.internal/x.git"),
            Some(("http-url-password", "hunter2")),
        );
        check(
            &url("acme", "bot:hunter2@host"),
            Some((super::super::kinds::OTHER_URL, "hunter2")),
        );
        for text in [
            url("postgres", "db:5432/shop"),
            url("postgres", "shop@db/shop"),
            url("postgres", "shop:${PASSWORD}@db/shop"),
            url("postgres", "user:password@localhost/shop"),
            url("https", "example.com:8080/a@b"),
            url("https", "example.com/a:b@c"),
            url("http", "user:pass@"),
            url("", "a:hunter2@b"),
        ] {
            check(&text, None);
        }
    }
}
