//! Packagist: PHP's `version_compare`, as Composer uses it
//! (<https://www.php.net/manual/en/function.version-compare.php>).

use std::cmp::Ordering;

use super::{digits, is_number};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let strip = |text| {
        str::strip_prefix(text, ['v', 'V'])
            .unwrap_or(text)
            .to_owned()
    };
    let (a, b) = (strip(a), strip(b));
    parts(&canonical(&a), &canonical(&b))
}

/// The parts of a version: runs of digits and of anything else, with a dot, a
/// dash, an underscore or a plus between.
fn canonical(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in text.split(['.', '-', '_', '+']) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digit = first.is_ascii_digit();
            let end = rest
                .find(|c: char| c.is_ascii_digit() != digit)
                .unwrap_or(rest.len());
            parts.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    parts
}

fn parts(a: &[&str], b: &[&str]) -> Ordering {
    for (a, b) in a.iter().zip(b) {
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits(a, b),
            (true, false) => NUMBER.cmp(&form(b)),
            (false, true) => form(a).cmp(&NUMBER),
            (false, false) => form(a).cmp(&form(b)),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // What is left of the longer one: a number makes it newer, a word by what
    // the word is beside a number.
    let left = |rest: &[&str]| {
        rest.iter()
            .map(|part| {
                if is_number(part) {
                    Ordering::Greater
                } else {
                    form(part).cmp(&NUMBER)
                }
            })
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    };
    match a.len().cmp(&b.len()) {
        Ordering::Equal => Ordering::Equal,
        Ordering::Greater => left(&a[b.len()..]),
        Ordering::Less => left(&b[a.len()..]).reverse(),
    }
}

/// The place of a number among the words.
const NUMBER: u8 = 5;

/// The place of a word, by its beginning; one that is not known is the oldest.
fn form(word: &str) -> u8 {
    const FORMS: [(&str, u8); 10] = [
        ("dev", 1),
        ("alpha", 2),
        ("a", 2),
        ("beta", 3),
        ("b", 3),
        ("RC", 4),
        ("rc", 4),
        ("#", NUMBER),
        ("pl", 6),
        ("p", 6),
    ];
    FORMS
        .iter()
        .find(|(form, _)| word.starts_with(form))
        .map_or(0, |(_, place)| *place)
}
