//! Alpine: the grammar of apk-package(5),
//! `number{.number}...{letter}{_suffix{number}}...{~hash}{-r#}`, in the order of
//! apk-tools' `version.c`.
//!
//! What does not fit the grammar is a rest: it makes a version older than one
//! that is equal and has none.

use std::cmp::Ordering;

use super::{digits, leading_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Version::of(a), Version::of(b));
    numbers(&a.numbers, &b.numbers)
        .then_with(|| a.letter.cmp(&b.letter))
        // The number behind a letter is none of the grammar; apk-tools 2 read it.
        .then_with(|| digits(a.behind_letter, b.behind_letter))
        .then_with(|| suffixes(&a.suffixes, &b.suffixes))
        .then_with(|| digits(a.revision, b.revision))
        .then_with(|| rest(a.rest, b.rest))
}

/// A version in its parts.
struct Version<'a> {
    numbers: Vec<&'a str>,
    letter: Option<u8>,
    behind_letter: &'a str,
    suffixes: Vec<(u8, &'a str)>,
    revision: &'a str,
    rest: &'a str,
}

/// The suffixes by their order; those up to `rc` come before the version.
const SUFFIXES: [(&str, u8); 9] = [
    ("alpha", 0),
    ("beta", 1),
    ("pre", 2),
    ("rc", 3),
    ("cvs", NO_SUFFIX + 1),
    ("svn", NO_SUFFIX + 2),
    ("git", NO_SUFFIX + 3),
    ("hg", NO_SUFFIX + 4),
    ("p", NO_SUFFIX + 5),
];

/// The place of no suffix among them.
const NO_SUFFIX: u8 = 4;

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Self {
        let mut version = Version {
            numbers: Vec::new(),
            letter: None,
            behind_letter: "",
            suffixes: Vec::new(),
            revision: "0",
            rest: text,
        };
        version.read_numbers();
        version.read_letter();
        version.read_suffixes();
        version.read_hash();
        version.read_revision();
        version
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Numbers with dots between; between two dots there may be none.
    fn read_numbers(&mut self) {
        let first = leading_digits(self.rest);
        if first > 0 || self.rest.starts_with('.') {
            let number = self.take(first);
            self.numbers.push(number);
        }
        while let Some(after) = self.rest.strip_prefix('.') {
            let length = leading_digits(after);
            // A dot before anything else is no part of the numbers.
            if length == 0 && !after.starts_with('.') {
                break;
            }
            self.take(1);
            let number = self.take(length);
            self.numbers.push(number);
        }
    }

    fn read_letter(&mut self) {
        if let Some(letter) = self.rest.bytes().next().filter(u8::is_ascii_lowercase) {
            self.take(1);
            self.letter = Some(letter);
            self.behind_letter = self.take(leading_digits(self.rest));
        }
    }

    fn read_suffixes(&mut self) {
        while let Some(after) = self.rest.strip_prefix('_') {
            let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
            let name = &after[..letters];
            let Some((_, order)) = SUFFIXES.iter().find(|(suffix, _)| *suffix == name) else {
                return;
            };
            self.take(1 + letters);
            let number = self.take(leading_digits(self.rest));
            self.suffixes.push((*order, number));
        }
    }

    /// Hashes of commits have no order.
    fn read_hash(&mut self) {
        if let Some(after) = self.rest.strip_prefix('~') {
            let length = after
                .bytes()
                .take_while(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
                .count();
            if length > 0 {
                self.take(1 + length);
            }
        }
    }

    fn read_revision(&mut self) {
        let Some(after) = self.rest.strip_prefix("-r") else {
            return;
        };
        let length = leading_digits(after);
        // `-r` alone is revision 0; before anything but digits it is none.
        if length > 0 || after.is_empty() {
            self.take(2);
            self.revision = self.take(length);
        }
    }
}

/// The first by size; further ones as texts when one begins with a zero, as
/// fractions are, else by size. The longer one is newer.
fn numbers(a: &[&str], b: &[&str]) -> Ordering {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        let order = if at > 0 && (a.starts_with('0') || b.starts_with('0')) {
            a.cmp(b)
        } else {
            digits(a, b)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

fn suffixes(a: &[(u8, &str)], b: &[(u8, &str)]) -> Ordering {
    let none = (NO_SUFFIX, "");
    for at in 0..a.len().max(b.len()) {
        let (a, b) = (a.get(at).unwrap_or(&none), b.get(at).unwrap_or(&none));
        match a.0.cmp(&b.0).then_with(|| digits(a.1, b.1)) {
            Ordering::Equal => {}
            other => return other,
        }
    }
    Ordering::Equal
}

/// Nothing is newer than a rest. Two rests that a dot begins, such as `.r2`, are
/// ordered by their number; others are the same.
fn rest(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let number = |text: &str| {
                let behind = text.strip_prefix(".r").unwrap_or_default();
                behind[..leading_digits(behind)].to_owned()
            };
            digits(&number(a), &number(b))
        }
    }
}
