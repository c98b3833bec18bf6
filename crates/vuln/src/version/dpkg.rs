//! Debian: deb-version(7), as dpkg's `verrevcmp` does it.

use std::cmp::Ordering;

use super::{digits, is_number, leading_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Version::of(a), Version::of(b));
    digits(a.epoch, b.epoch)
        .then_with(|| part(a.upstream, b.upstream))
        .then_with(|| part(a.revision, b.revision))
}

struct Version<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Version<'a> {
    /// An epoch that is no number is taken as a part of the version.
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if is_number(epoch) => (epoch, rest),
            _ => ("0", text),
        };
        // No revision is the same as revision 0.
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
        Version {
            epoch,
            upstream,
            revision,
        }
    }
}

/// What is no digit by its weight, then numbers, in turns.
fn part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let word = |text: &str| {
            text.bytes()
                .take_while(|byte| !byte.is_ascii_digit())
                .count()
        };
        let (a_word, b_word) = (word(a), word(b));
        for at in 0..a_word.max(b_word) {
            let weigh = |text: &str, length: usize| match text.as_bytes().get(at) {
                Some(byte) if at < length => weight(*byte),
                // The end, or a digit.
                _ => 0,
            };
            match weigh(a, a_word).cmp(&weigh(b, b_word)) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        (a, b) = (&a[a_word..], &b[b_word..]);
        let (a_number, b_number) = (leading_digits(a), leading_digits(b));
        match digits(&a[..a_number], &b[..b_number]) {
            Ordering::Equal => {}
            other => return other,
        }
        (a, b) = (&a[a_number..], &b[b_number..]);
    }
    Ordering::Equal
}

/// A tilde sorts before the end, letters before all else.
fn weight(byte: u8) -> i32 {
    match byte {
        b'~' => -1,
        byte if byte.is_ascii_alphabetic() => i32::from(byte),
        byte => i32::from(byte) + 256,
    }
}
