//! Conan 2: items with dots between, zeros at the end do not count, a
//! pre-release behind a dash, a build behind a plus
//! (<https://docs.conan.io/2/tutorial/versioning/version_ranges.html>).

use std::cmp::Ordering;

use super::{digits, is_number};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let (a, b) = (Version::of(&a), Version::of(&b));
    items(a.items, b.items)
        .then_with(|| match (a.pre, b.pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => items(a, b),
        })
        .then_with(|| match (a.build, b.build) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => items(a, b),
        })
}

struct Version<'a> {
    items: &'a str,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Self {
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let (items, pre) = match text.split_once('-') {
            Some((items, pre)) => (items, Some(pre)),
            None => (text, None),
        };
        Version { items, pre, build }
    }
}

/// Numbers by size, before words; words by their letters.
fn items(a: &str, b: &str) -> Ordering {
    let list = |text: &'_ str| -> Vec<String> {
        let mut list: Vec<String> = text.split('.').map(str::to_owned).collect();
        while list
            .last()
            .is_some_and(|item| item.bytes().all(|b| b == b'0'))
        {
            list.pop();
        }
        list
    };
    let (a, b) = (list(a), list(b));
    for (a, b) in a.iter().zip(&b) {
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits(a, b),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}
