//! RPM: epoch, version, release, each by `rpmvercmp`
//! (<https://rpm-software-management.github.io/rpm/manual/dependencies.html#versioning>).

use std::cmp::Ordering;

use super::{digits, leading_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Version::of(a), Version::of(b));
    part(a.epoch, b.epoch)
        .then_with(|| part(a.version, b.version))
        .then_with(|| match (a.release, b.release) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => part(a, b),
        })
}

struct Version<'a> {
    epoch: &'a str,
    version: &'a str,
    release: Option<&'a str>,
}

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        Version {
            epoch: if epoch.is_empty() { "0" } else { epoch },
            version,
            release,
        }
    }
}

/// `rpmvercmp`: runs of digits and runs of letters; what is neither only
/// separates. A tilde sorts before everything, a caret before all but the end.
pub(super) fn part(mut a: &str, mut b: &str) -> Ordering {
    let is_separator = |c: char| !(c.is_ascii_alphanumeric() || c == '~' || c == '^');
    loop {
        a = a.trim_start_matches(is_separator);
        b = b.trim_start_matches(is_separator);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (a.strip_prefix('^'), b.strip_prefix('^')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            // Against the end a caret is newer, against all else older.
            (Some(_), None) if b.is_empty() => return Ordering::Greater,
            (None, Some(_)) if a.is_empty() => return Ordering::Less,
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (a.is_empty(), b.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (a_digits, b_digits) = (leading_digits(a), leading_digits(b));
        match (a_digits > 0, b_digits > 0) {
            // Numbers are newer than letters.
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
    }
}
