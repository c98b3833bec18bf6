//! Semantic versions (<https://semver.org/spec/v2.0.0.html#spec-item-11>), read
//! leniently: a leading `v`, fewer or more than three numbers, a pre-release
//! without its dash (`1.21rc2`).

use std::cmp::Ordering;

use super::{digits, is_number, leading_digits};

/// A version in its parts.
struct Version<'a> {
    numbers: Vec<&'a str>,
    /// Without its dash; empty when there is none.
    pre: &'a str,
    /// Without its plus; empty when there is none.
    build: &'a str,
}

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.strip_prefix(['v', 'V', '=']).unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, ""));
        let mut numbers = Vec::new();
        let mut rest = text;
        loop {
            let length = leading_digits(rest);
            if length == 0 {
                break;
            }
            numbers.push(&rest[..length]);
            rest = &rest[length..];
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        let pre = rest.strip_prefix(['-', '.', '_']).unwrap_or(rest);
        Version {
            numbers,
            pre,
            build,
        }
    }

    fn numbers(&self, other: &Self) -> Ordering {
        for at in 0..self.numbers.len().max(other.numbers.len()) {
            let own = self.numbers.get(at).copied().unwrap_or("0");
            match digits(own, other.numbers.get(at).copied().unwrap_or("0")) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        Ordering::Equal
    }

    /// A pre-release comes before the release.
    fn pre(&self, other: &Self) -> Ordering {
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => identifiers(self.pre, other.pre),
        }
    }
}

/// Identifiers with dots between: numbers before words, fewer before more.
pub(super) fn identifiers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => digits(a, b),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Builds are not compared.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Version::of(a), Version::of(b));
    a.numbers(&b).then_with(|| a.pre(&b))
}

/// pub.dev: a version with a build is newer than the same without
/// (<https://pub.dev/documentation/pub_semver/latest/>).
pub(super) fn with_builds(a: &str, b: &str) -> Ordering {
    let (a, b) = (Version::of(a), Version::of(b));
    a.numbers(&b).then_with(|| a.pre(&b)).then_with(|| {
        match (a.build.is_empty(), b.build.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => identifiers(a.build, b.build),
        }
    })
}

/// Go: module versions are semantic versions
/// (<https://go.dev/ref/mod#versions>), pseudo-versions among them;
/// `+incompatible` is not compared. Go's own (`go1.21rc2`) are read as what
/// its vulnerability database writes for them (`1.21.0-rc.2`).
pub(super) fn go(a: &str, b: &str) -> Ordering {
    let own = |text: &str| {
        let text = text.strip_prefix("go").unwrap_or(text);
        // `1.22.0 X:boringcrypto` names an experiment behind the version.
        text.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let (a, b) = (own(a), own(b));
    let (a, b) = (Version::of(&a), Version::of(&b));
    a.numbers(&b).then_with(|| {
        let spread = |version: &Version<'_>| {
            let pre = version.pre;
            let word = pre.bytes().take_while(u8::is_ascii_alphabetic).count();
            match (&pre[..word], &pre[word..]) {
                (word @ ("rc" | "beta" | "alpha"), number) if is_number(number) => {
                    format!("{word}.{number}")
                }
                _ => pre.to_owned(),
            }
        };
        let (a_pre, b_pre) = (spread(&a), spread(&b));
        let with = |pre| Version {
            numbers: Vec::new(),
            pre,
            build: "",
        };
        with(&a_pre).pre(&with(&b_pre))
    })
}

/// Bitnami: a number behind a dash is the revision of its package, newer than
/// the version without; anything else there is a pre-release.
pub(super) fn bitnami(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Version::of(a), Version::of(b));
    let revision = |version: &mut Version<'_>| {
        if !is_number(version.pre) {
            return "0".to_owned();
        }
        std::mem::take(&mut version.pre).to_owned()
    };
    let (a_revision, b_revision) = (revision(&mut a), revision(&mut b));
    a.numbers(&b)
        .then_with(|| a.pre(&b))
        .then_with(|| digits(&a_revision, &b_revision))
}
