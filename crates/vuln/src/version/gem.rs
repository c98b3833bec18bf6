//! RubyGems: `Gem::Version` (<https://docs.ruby-lang.org/en/master/Gem/Version.html>).

use std::cmp::Ordering;

use super::{digits, is_number};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.replace('-', ".pre."), b.replace('-', ".pre."));
    let (a, b) = (segments(&a), segments(&b));
    for at in 0..a.len().max(b.len()) {
        let a = a.get(at).copied().unwrap_or("0");
        let b = b.get(at).copied().unwrap_or("0");
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits(a, b),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Runs of digits and of letters, without the zeros before the first word and
/// those at the end.
fn segments(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let run = |is: fn(&u8) -> bool| rest.bytes().take_while(is).count();
        let length = if first.is_ascii_digit() {
            run(u8::is_ascii_digit)
        } else if first.is_ascii_alphabetic() {
            run(u8::is_ascii_alphabetic)
        } else {
            let other = rest.chars().next().map_or(1, char::len_utf8);
            rest = &rest[other..];
            continue;
        };
        all.push(&rest[..length]);
        rest = &rest[length..];
    }
    let words = all
        .iter()
        .position(|segment| !is_number(segment))
        .unwrap_or(all.len());
    let tail = all.split_off(words);
    let is_zero = |segment: &&str| segment.bytes().all(|byte| byte == b'0');
    let trim = |mut list: Vec<&'_ str>| -> usize {
        while list.last().is_some_and(is_zero) {
            list.pop();
        }
        list.len()
    };
    let (head_length, tail_length) = (trim(all.clone()), trim(tail.clone()));
    all.truncate(head_length);
    all.extend(tail.into_iter().take(tail_length));
    all
}
