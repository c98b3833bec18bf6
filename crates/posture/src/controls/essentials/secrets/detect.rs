//! Is this text a secret? By the name it has, and by its own shape.
//!
//! Names: the *last* words decide, so that `TOKEN_URL`, `PASSWORD_FILE` and
//! `SECRET_NAME` are none. Shapes: only those that their issuers made
//! recognisable, private keys, passwords within URLs, and long random texts
//! under a name that speaks of keys.

use super::shape;

/// Why a text is taken for a secret; never the text itself.
pub(crate) type Reason = &'static str;

/// A secret that `name` holds, judged by both.
pub(crate) fn secret(name: &str, value: &str) -> Option<Reason> {
    if let Some(reason) = shape::of(value) {
        return Some(reason);
    }
    if !is_literal(value) {
        return None;
    }
    let words = words(name);
    match kind(name, &words)? {
        Name::Password if !is_switch(value) => Some("a password, as its name says"),
        Name::Secret if !is_switch(value) && !is_object_name(&words, value) => {
            Some("a secret, as its name says")
        }
        Name::Token if !is_switch(value) && !is_number(value) => Some("a token, as its name says"),
        Name::Key if !is_switch(value) && !is_number(value) => Some("a key, as its name says"),
        Name::MaybeKey if shape::is_random(value) => {
            Some("a long random text under the name of a key")
        }
        _ => None,
    }
}

/// What the name of a thing says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Password,
    Secret,
    Token,
    Key,
    /// A key of some kind, perhaps of a map.
    MaybeKey,
}

fn kind(name: &str, words: &[String]) -> Option<Name> {
    const PUBLIC: [&str; 4] = ["PUBLIC", "PUBLISHABLE", "PUB", "EXAMPLE"];
    // What stands behind the words that decide: which one, in which form.
    const TRAILING: [&str; 14] = [
        "B64",
        "BASE64",
        "DEFAULT",
        "DEV",
        "HEX",
        "NEW",
        "OLD",
        "PLAIN",
        "PLAINTEXT",
        "PROD",
        "PRODUCTION",
        "RAW",
        "STAGING",
        "VALUE",
    ];
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.iter().any(|word| PUBLIC.contains(word)) {
        return None;
    }
    while words.last().is_some_and(|word| {
        TRAILING.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
    }) {
        words.pop();
    }
    let (last, before) = words.split_last()?;
    let previous = before.last().copied().unwrap_or_default();
    match *last {
        "PASSWORD" | "PASSWD" | "PASSPHRASE" | "PASSWORT" => Some(Name::Password),
        // PWD is the shell's working directory; `pwd` in a file is not.
        "PWD" if name != "PWD" => Some(Name::Password),
        "PASS" if !before.is_empty() => Some(Name::Password),
        last if last.ends_with("PASSWORD") && last != "PASSWORD" => Some(Name::Password),
        "SECRET" => Some(Name::Secret),
        "CREDENTIAL" | "CREDENTIALS" | "CREDS" => Some(Name::MaybeKey),
        "TOKEN" | "PAT" if !before.is_empty() || *last == "TOKEN" => Some(Name::Token),
        "APIKEY" | "SECRETKEY" | "ACCESSKEY" | "PRIVATEKEY" => Some(Name::Key),
        "KEY" => match previous {
            "API" | "SECRET" | "PRIVATE" | "ENCRYPTION" | "SIGNING" | "MASTER" | "AUTH"
            | "LICENSE" => Some(Name::Key),
            "ACCESS" if before.len() >= 2 && before.contains(&"SECRET") => Some(Name::Key),
            _ => Some(Name::MaybeKey),
        },
        "SALT" | "PEPPER" | "AUTH" | "SIGNATURE" | "COOKIE" | "SEED" => Some(Name::MaybeKey),
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

/// Whether a value is what it says, and not a hint where the value is.
pub(crate) fn is_literal(value: &str) -> bool {
    const REFERENCES: [&str; 21] = [
        "$",
        "%",
        "@",
        "{{",
        "<",
        "`",
        "[[",
        "ENC[",
        "ENC(",
        "arn:aws:",
        "aws-sm:",
        "awssm:",
        "azurekeyvault:",
        "env:",
        "file:",
        "op://",
        "ref+",
        "secret:",
        "secretref:",
        "sm://",
        "vault:",
    ];
    const FOLDERS: [&str; 16] = [
        "/app/",
        "/config/",
        "/data/",
        "/dev/",
        "/etc/",
        "/home/",
        "/mnt/",
        "/opt/",
        "/proc/",
        "/root/",
        "/run/",
        "/secrets/",
        "/srv/",
        "/tmp/",
        "/usr/",
        "/var/",
    ];
    const NOTHING: [&str; 12] = [
        "-",
        "...",
        "n/a",
        "nil",
        "none",
        "null",
        "redacted",
        "string",
        "todo",
        "undefined",
        "unset",
        "[redacted]",
    ];
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_name_of_one = value.starts_with("projects/") && value.contains("/secrets/");
    let masked = value
        .chars()
        .all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '-' | '•' | '#'));
    !(value.is_empty()
        || masked
        || is_name_of_one
        || NOTHING.contains(&&*lower)
        || REFERENCES.iter().any(|prefix| value.starts_with(prefix))
        || FOLDERS.iter().any(|folder| value.starts_with(folder))
        || value.contains("$(")
        || value.contains("${")
        || value.contains("{{"))
}

/// `ALLOW_EMPTY_PASSWORD: yes` is no password.
fn is_switch(value: &str) -> bool {
    const SWITCHES: [&str; 10] = [
        "0", "1", "disabled", "enabled", "false", "no", "off", "on", "true", "yes",
    ];
    SWITCHES.contains(&&*value.trim().to_ascii_lowercase())
}

fn is_number(value: &str) -> bool {
    value.trim().parse::<f64>().is_ok()
}

/// `TLS_SECRET: shop-tls` names a Secret; so does a name that is one.
fn is_object_name(words: &[String], value: &str) -> bool {
    const OF_OBJECTS: [&str; 9] = [
        "BACKUP",
        "CERT",
        "CERTIFICATE",
        "IMAGE",
        "K8S",
        "KUBE",
        "KUBERNETES",
        "PULL",
        "TLS",
    ];
    let about_objects = words.iter().any(|word| OF_OBJECTS.contains(&word.as_str()));
    let like_a_name = value
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/'));
    let says_so = ["-secret", "-secrets", "-tls", "-credentials", "-creds"]
        .iter()
        .any(|end| value.ends_with(end));
    like_a_name && (about_objects || says_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_secret() {
        for (name, value, expect) in [
            ("DB_PASSWORD", "not-a-real-password", true),
            ("SMTP_API_KEY", "not-a-real-key", true),
            ("DB_PASSWORD", "changeme", true),
            ("POSTGRES_PASSWORD", "12345", true),
            ("PGPASSWORD", "hunter2", true),
            ("dbPassword", "hunter2", true),
            ("spring.datasource.password", "hunter2", true),
            ("ADMIN_PASS", "hunter2", true),
            ("JWT_SECRET", "s3cr3t", true),
            ("CLIENT_SECRET_PROD", "s3cr3t", true),
            ("GITHUB_TOKEN", "abc123", true),
            ("AWS_SECRET_ACCESS_KEY", "abcdef", true),
            ("DJANGO_SECRET_KEY", "abcdef", true),
            ("PASSWORD_2", "hunter2", true),
            ("COOKIE_KEY", "kJ8sQ2mZx71pLw0RbT5yNvCe", true),
            // Near misses.
            ("DB_PASSWORD_FILE", "/run/secrets/db", false),
            ("DB_PASSWORD", "/run/secrets/db", false),
            ("DB_PASSWORD", "", false),
            ("DB_PASSWORD", "$(OTHER)", false),
            ("DB_PASSWORD", "${DB_PASSWORD}", false),
            ("DB_PASSWORD", "{{ .Values.password }}", false),
            ("DB_PASSWORD", "********", false),
            ("DB_PASSWORD", "vault:secret/data/db#password", false),
            ("DB_PASSWORD", "ref+awssecrets://db/password", false),
            ("ALLOW_EMPTY_PASSWORD", "yes", false),
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "true", false),
            ("PASSWORD_MIN_LENGTH", "12", false),
            ("TOKEN_URL", "https://id.example.com/token", false),
            ("TOKEN_TTL", "3600", false),
            ("MAX_TOKENS", "4096", false),
            ("MAX_TOKEN", "4096", false),
            ("SECRET_NAME", "shop-db", false),
            ("TLS_SECRET", "shop-tls", false),
            ("IMAGE_PULL_SECRET", "regcred", false),
            ("DB_SECRET", "shop-db-secret", false),
            ("AWS_ACCESS_KEY_ID_HEADER", "X-Key", false),
            ("PUBLIC_KEY", "kJ8sQ2mZx71pLw0RbT5yNvCe", false),
            ("STRIPE_PUBLISHABLE_API_KEY", "pk_live_123", false),
            ("PARTITION_KEY", "customer-id", false),
            ("PRIMARY_KEY", "id", false),
            ("SORT_KEY", "created_at", false),
            ("PWD", "/srv", false),
            ("OLDPWD", "/srv", false),
            ("COMPASS", "north", false),
            ("BYPASS", "localhost", false),
            ("KEYBOARD", "dvorak", false),
            ("SECRETARY", "Ada", false),
            ("AUTH", "oidc", false),
            (
                "GOOGLE_APPLICATION_CREDENTIALS",
                "/var/secrets/key.json",
                false,
            ),
            ("LOG_LEVEL", "debug", false),
        ] {
            assert_eq!(
                secret(name, value).is_some(),
                expect,
                "{name}={value}: {:?}",
                secret(name, value)
            );
        }
    }

    #[test]
    fn no_reason_repeats_the_value() {
        let value = "hunter2-hunter2";
        let reason = secret("DB_PASSWORD", value).expect("a secret");
        assert!(!reason.contains("hunter2"));
    }
}
