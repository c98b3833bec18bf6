//! Versions that are nothing but numbers: CRAN and Hackage. The longer of two
//! that begin alike is newer.

use std::cmp::Ordering;

use super::{digits, is_number};

/// `package_version` of R: numbers with a dot or a dash between.
pub(super) fn cran(a: &str, b: &str) -> Ordering {
    list(a, b, &['.', '-'])
}

/// `Data.Version`: numbers with a dot between.
pub(super) fn hackage(a: &str, b: &str) -> Ordering {
    list(a, b, &['.'])
}

/// What is no number sorts before all numbers, by its letters.
fn list(a: &str, b: &str, separators: &[char]) -> Ordering {
    let (mut a, mut b) = (a.split(separators), b.split(separators));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => digits(a, b),
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
