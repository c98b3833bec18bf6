//! What package managers write about licences, as SPDX expressions
//! (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>).

mod name;

#[cfg(test)]
mod tests;

use spdx::{Expression, ParseMode};

/// Longer texts are no names but whole licences: their first line is read.
const MOST_BYTES: usize = 1_024;

/// What is shown of a licence that is not understood, in characters.
const SHOWN: usize = 200;

/// Tokens of one expression, and parts of a list.
const MOST_TOKENS: usize = 200;

/// The licences that a text tells of, sorted: each an SPDX expression where it
/// is understood, else as it was written. All of them apply.
///
/// Understands SPDX, the short names of Debian's `copyright`, RPM (`GPLv2+ and
/// MIT`), Alpine, the classifiers of PyPI, `/` and lists of names. A family
/// without a version is any version (`GPL` is `GPL-1.0-or-later`), and `BSD`
/// alone the licence with three clauses, as distributions use these names.
/// Words that say that nothing is known (`NOASSERTION`, `UNKNOWN`) are none.
#[must_use]
pub fn normalise(text: &str) -> Vec<String> {
    let text = text.trim();
    let text = if text.len() > MOST_BYTES || text.contains('\n') {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        line.unwrap_or_default()
    } else {
        text
    };
    if says_nothing(text) {
        return Vec::new();
    }
    if let Some(found) = one(text) {
        return vec![found];
    }
    // A list: every one of it applies. A longer one than any is shown as it is.
    let mut found: Vec<String> = Vec::new();
    let parts: Vec<&str> = match () {
        () if text.contains([',', ';']) && !text.contains(['(', ')']) => {
            text.split([',', ';']).collect()
        }
        () if text.split(' ').all(|word| name::licence(word).is_some()) => {
            text.split(' ').collect()
        }
        () => Vec::new(),
    };
    for part in parts.iter().filter(|_| parts.len() <= MOST_TOKENS) {
        let part = part.trim();
        let part = part.strip_prefix("and ").unwrap_or(part);
        if part.is_empty() || says_nothing(part) {
            continue;
        }
        match one(part) {
            Some(licence) => found.push(licence),
            // A comma in a name is none of a list.
            None => {
                found.clear();
                break;
            }
        }
    }
    if found.is_empty() {
        found.push(shown(text));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A text that is not understood, cut so that it is none that would be.
fn shown(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(SHOWN - 1);
    kept.chain(['…']).collect()
}

/// [`normalise`] of several texts at once.
#[must_use]
pub fn normalise_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = texts.into_iter().flat_map(normalise).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a text is an SPDX expression as it stands.
#[must_use]
pub fn is_expression(text: &str) -> bool {
    text.len() <= MOST_BYTES && Expression::parse(text).is_ok()
}

/// Whether a text is the id of one licence of SPDX's list.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !text.ends_with('+') && spdx::license_id(text).is_some()
}

fn says_nothing(text: &str) -> bool {
    const NOTHING: [&str; 8] = [
        "",
        "noassertion",
        "none",
        "unknown",
        "null",
        "n/a",
        "license",
        "license :: osi approved",
    ];
    let text = text.trim_matches(['"', '\'']);
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// One expression, where the whole text is understood.
fn one(text: &str) -> Option<String> {
    if is_expression(text) {
        // Operators may be in lower case.
        return Some(expression(text).unwrap_or_else(|| text.to_owned()));
    }
    if let Some(classifier) = text.strip_prefix("License ::") {
        return name::licence(classifier.rsplit("::").next()?).map(str::to_owned);
    }
    name::licence(text)
        .map(str::to_owned)
        .or_else(|| expression(text))
}

/// Words between operators and parentheses, each name looked up.
fn expression(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len() + 16);
    let mut name = String::new();
    let mut after_with = false;
    for token in tokens(text)? {
        let operator = match token {
            "(" | ")" => Some(token),
            _ if token == "/" || token == "|" || token == "||" => Some("OR"),
            _ if token == "&" || token == "&&" => Some("AND"),
            _ if token.eq_ignore_ascii_case("or") => Some("OR"),
            _ if token.eq_ignore_ascii_case("and") => Some("AND"),
            _ if token.eq_ignore_ascii_case("with") => Some("WITH"),
            _ => None,
        };
        let Some(operator) = operator else {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(token);
            continue;
        };
        put_name(&mut name, &mut after_with, &mut result)?;
        put(operator, &mut result);
        after_with = operator == "WITH";
    }
    put_name(&mut name, &mut after_with, &mut result)?;
    let mode = ParseMode {
        allow_deprecated: true,
        ..ParseMode::STRICT
    };
    Expression::parse_mode(&result, mode).ok().map(|_| result)
}

/// Writes the name that was put together, looked up, where there is one.
fn put_name(name: &mut String, after_with: &mut bool, to: &mut String) -> Option<()> {
    if !name.is_empty() {
        if *after_with {
            put(name::exception(name)?, to);
        } else {
            let found = name::licence(name)?;
            // A name may stand for a choice, which binds less than what is around it.
            if found.contains(" OR ") {
                put("(", to);
                put(found, to);
                put(")", to);
            } else {
                put(found, to);
            }
        }
    }
    name.clear();
    *after_with = false;
    Some(())
}

fn put(token: &str, to: &mut String) {
    if !to.is_empty() && !to.ends_with('(') && token != ")" {
        to.push(' ');
    }
    to.push_str(token);
}

/// Words, parentheses and slashes; none when there are too many.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')', '/', '|', '&']) {
            if at > 0 {
                tokens.push(&rest[..at]);
            }
            let double = rest[at..].starts_with("||") || rest[at..].starts_with("&&");
            let end = at + 1 + usize::from(double);
            tokens.push(&rest[at..end]);
            rest = &rest[end..];
        }
        if !rest.is_empty() {
            tokens.push(rest);
        }
        if tokens.len() > MOST_TOKENS {
            return None;
        }
    }
    Some(tokens)
}
