//! Whether a text that has the shape of a secret is one: placeholders and
//! words are not.

/// Parts of texts that stand where a secret goes.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "placeholder",
    "redacted",
    "replace",
    "insert",
    "dummy",
    "sample",
    "xxxx",
    "****",
    "....",
    "0123456789",
    "1234567890",
    "abcdefghij",
    "deadbeef",
    "your-",
    "your_",
    "yourpass",
    "yourtoken",
    "yourkey",
    "yourapi",
    "yoursecret",
    "my-secret",
    "my_secret",
    "mysecret",
    "fake",
    "notreal",
    "not-a-real",
    "secret-here",
    "goes-here",
    "goes_here",
];

/// Beginnings of texts that say where the value is to be had.
const REFERENCES: &[&str] = &[
    "$",
    "<",
    "{",
    "%(",
    "%%",
    "@",
    "`",
    "[",
    "op://",
    "vault:",
    "ref+",
    "env:",
    "file:",
    "arn:aws:",
    "ssm:",
    "secret:",
    "projects/",
    "enc(",
    "enc[",
    "/run/",
    "/etc/",
    "/var/",
    "/secrets/",
];

/// Whole texts that mean nothing.
const NOTHING: &[&str] = &[
    "",
    "-",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "undefined",
    "unset",
    "string",
    "todo",
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "key",
    "apikey",
    "api_key",
    "n/a",
    "default",
    "test",
    "x",
    "user",
    "username",
];

/// Whether the text stands for a secret instead of being one.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower: Vec<u8> = value.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let lower = lower.trim_ascii();
    let distinct = distinct(lower);
    NOTHING.iter().any(|word| word.as_bytes() == lower)
        || REFERENCES
            .iter()
            .any(|start| lower.starts_with(start.as_bytes()))
        || PLACEHOLDERS
            .iter()
            .any(|part| memchr::memmem::find(lower, part.as_bytes()).is_some())
        || memchr::memmem::find(lower, b"${").is_some()
        || memchr::memmem::find(lower, b"{{").is_some()
        || memchr::memmem::find(lower, b"$(").is_some()
        || distinct <= 2
        || (lower.len() >= 16 && distinct <= 4)
}

fn distinct(text: &[u8]) -> usize {
    let mut seen = [false; 256];
    for &byte in text {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// Shannon's entropy, in bits per byte.
pub(super) fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in text {
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

/// Whether a text of a token's shape has a token's variety. Random texts of
/// these lengths fall short less often than once in ten thousand.
pub(super) fn is_varied(value: &[u8]) -> bool {
    let least = match value.len() {
        0..=7 => 1.5,
        8..=15 => 2.0,
        16..=31 => 2.6,
        _ => 2.8,
    };
    entropy(value) >= least
}

/// Letters and digits both, as random texts nearly always have.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    is_varied(value)
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// A random text of several classes of characters, as the strictest kinds want it.
pub(super) fn is_random(value: &[u8]) -> bool {
    let count = |of: fn(&u8) -> bool| value.iter().filter(|byte| of(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let upper = count(u8::is_ascii_uppercase);
    let lower = count(u8::is_ascii_lowercase);
    let hexadecimal = value.len() >= 32 && value.iter().all(u8::is_ascii_hexdigit);
    let mixed = digits >= 2 && upper >= 2 && lower >= 2;
    let is_uuid = value.len() == 36 && value.iter().filter(|byte| **byte == b'-').count() == 4;
    !is_uuid
        && (hexadecimal && digits >= 4 || mixed)
        && entropy(value) > if hexadecimal { 3.0 } else { 3.6 }
}

/// A password somebody chose: letters and something else, and no word of code.
pub(super) fn is_password(value: &[u8]) -> bool {
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let others = value
        .iter()
        .filter(|byte| !byte.is_ascii_alphabetic() && !matches!(byte, b'_' | b'.' | b'-' | b' '))
        .count();
    letters && others >= 1 && distinct(value) >= 5
}

/// Anything that is no placeholder.
pub(super) fn anything(_: &[u8]) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_secrets() {
        let check = |text: &str, expect| {
            assert_eq!(is_placeholder(text.as_bytes()), expect, "`{text}`");
        };
        for text in [
            "changeme",
            "ChangeMe123",
            "xxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "<token>",
            "{{ .Values.password }}",
            "aaaaaaaaaaaaaaaaaaaa",
            "********",
            "your-api-key",
            "0123456789abcdef",
            "null",
            "",
            "prefix-$(cat x)",
        ] {
            check(text, true);
        }
        for text in [
            "hunter2",
            "kJ8sQ2mZx71pLw0RbT5y",
            "9f86d081884c7d659a2feaa0",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn random_texts_are_told_from_words() {
        let check = |text: &str, expect| {
            assert_eq!(is_random(text.as_bytes()), expect, "{text}");
        };
        check("kJ8sQ2mZx71pLw0RbT5yNvCe", true);
        check("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", true);
        check("customer-id-and-order-id", false);
        check("com.example.shop.OrderKeySerializer2", false);
        check("3f2504e0-4f89-11d3-9a0c-0305e82c3301", false);
        check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
    }
}
