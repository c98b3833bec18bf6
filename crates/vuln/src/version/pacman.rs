//! Arch Linux: vercmp(8). Like rpm's, with two differences: a separator that is
//! longer is newer, and a rest of letters is older than nothing (`1.0rc < 1.0`).

use std::cmp::Ordering;

use super::{digits, is_number, leading_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let split = |text| {
        let (epoch, rest) = match str::split_once(text, ':') {
            Some((epoch, rest)) if is_number(epoch) => (epoch, rest),
            _ => ("0", text),
        };
        match rest.rsplit_once('-') {
            Some((version, release)) => (epoch, version, Some(release)),
            None => (epoch, rest, None),
        }
    };
    let (a, b) = (split(a), split(b));
    digits(a.0, b.0)
        .then_with(|| part(a.1, b.1))
        .then_with(|| match (a.2, b.2) {
            (Some(a), Some(b)) => part(a, b),
            // A release that is not given is any.
            _ => Ordering::Equal,
        })
}

fn part(mut a: &str, mut b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    loop {
        let is_separator = |c: char| !c.is_ascii_alphanumeric();
        let (a_rest, b_rest) = (
            a.trim_start_matches(is_separator),
            b.trim_start_matches(is_separator),
        );
        let (a_gap, b_gap) = (a.len() - a_rest.len(), b.len() - b_rest.len());
        (a, b) = (a_rest, b_rest);
        if a.is_empty() || b.is_empty() {
            break;
        }
        if a_gap != b_gap {
            return a_gap.cmp(&b_gap);
        }
        let (a_digits, b_digits) = (leading_digits(a), leading_digits(b));
        match (a_digits > 0, b_digits > 0) {
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (true, true) => {
                match digits(&a[..a_digits], &b[..b_digits]) {
                    Ordering::Equal => {}
                    other => return other,
                }
                (a, b) = (&a[a_digits..], &b[b_digits..]);
            }
            (false, false) => {
                let letters = |text: &str| text.bytes().take_while(u8::is_ascii_alphabetic).count();
                let (a_letters, b_letters) = (letters(a), letters(b));
                match a[..a_letters].cmp(&b[..b_letters]) {
                    Ordering::Equal => {}
                    other => return other,
                }
                (a, b) = (&a[a_letters..], &b[b_letters..]);
            }
        }
        if a.is_empty() || b.is_empty() {
            break;
        }
    }
    let alpha = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) if alpha(b) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, _) if alpha(a) => Ordering::Less,
        (false, _) => Ordering::Greater,
    }
}
