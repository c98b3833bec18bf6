//! Python: PEP 440 (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).
//!
//! What is no version by it sorts before all that are, in the order that
//! setuptools had for such (`pkg_resources`, before version 66).

use std::cmp::Ordering;

use super::{digits, is_number, leading_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    match (Version::of(&a), Version::of(&b)) {
        (Some(a), Some(b)) => a.order(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => legacy(&a).cmp(&legacy(&b)),
    }
}

struct Version<'a> {
    epoch: &'a str,
    release: Vec<&'a str>,
    /// `a`, `b` or `rc`, and the number.
    pre: Option<(&'static str, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Option<&'a str>,
}

/// Reads one part after the other.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn number(&mut self) -> &'a str {
        let (number, rest) = self.0.split_at(leading_digits(self.0));
        self.0 = rest;
        number
    }

    fn separator(&mut self) {
        if let Some(rest) = self.0.strip_prefix(['.', '-', '_']) {
            self.0 = rest;
        }
    }

    /// A separator, one of the words, a separator, a number: or nothing.
    fn word<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<(T, &'a str)> {
        let before = self.0;
        self.separator();
        for (word, meaning) in words {
            if self.eat(word) {
                let behind = self.0;
                self.separator();
                let number = self.number();
                if number.is_empty() {
                    self.0 = behind;
                }
                return Some((*meaning, number));
            }
        }
        self.0 = before;
        None
    }
}

impl<'a> Version<'a> {
    /// None for what is no version. The text is lower case.
    fn of(text: &'a str) -> Option<Self> {
        let mut reader = Reader(text.strip_prefix('v').unwrap_or(text));
        let first = reader.number();
        if first.is_empty() {
            return None;
        }
        let (epoch, first) = if reader.eat("!") {
            (first, reader.number())
        } else {
            ("0", first)
        };
        if first.is_empty() {
            return None;
        }
        let mut release = vec![first];
        while let Some(rest) = reader.0.strip_prefix('.') {
            let length = leading_digits(rest);
            if length == 0 {
                break;
            }
            release.push(&rest[..length]);
            reader.0 = &rest[length..];
        }
        let pre = reader.word(&[
            ("alpha", "a"),
            ("a", "a"),
            ("beta", "b"),
            ("b", "b"),
            ("preview", "rc"),
            ("pre", "rc"),
            ("rc", "rc"),
            ("c", "rc"),
        ]);
        let post = match reader.0.strip_prefix('-') {
            // `1.0-1` is a post-release without the word.
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
                reader.0 = rest;
                Some(reader.number())
            }
            _ => reader
                .word(&[("post", ()), ("rev", ()), ("r", ())])
                .map(|(_, number)| number),
        };
        let dev = reader.word(&[("dev", ())]).map(|(_, number)| number);
        let local = if reader.eat("+") {
            let local = std::mem::take(&mut reader.0);
            let is_part = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            if !local.split(['.', '-', '_']).all(is_part) {
                return None;
            }
            Some(local)
        } else {
            None
        };
        reader.0.is_empty().then_some(Version {
            epoch,
            release,
            pre,
            post,
            dev,
            local,
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        digits(self.epoch, other.epoch)
            .then_with(|| self.release(other))
            .then_with(|| self.phase().cmp(other.phase()))
            .then_with(|| digits(number(self.pre), number(other.pre)))
            .then_with(|| match (self.post, other.post) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(a), Some(b)) => digits(a, b),
            })
            .then_with(|| match (self.dev, other.dev) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => digits(a, b),
            })
            .then_with(|| local(self.local, other.local))
    }

    /// Zeros at the end do not count.
    fn release(&self, other: &Self) -> Ordering {
        for at in 0..self.release.len().max(other.release.len()) {
            let own = self.release.get(at).copied().unwrap_or("0");
            match digits(own, other.release.get(at).copied().unwrap_or("0")) {
                Ordering::Equal => {}
                order => return order,
            }
        }
        Ordering::Equal
    }

    /// A development release of the release itself comes before its
    /// pre-releases, which come before it.
    fn phase(&self) -> &'static str {
        match self.pre {
            Some((phase, _)) => phase,
            None if self.post.is_none() && self.dev.is_some() => "",
            None => "release",
        }
    }
}

fn number<'a>(pre: Option<(&'static str, &'a str)>) -> &'a str {
    pre.map_or("", |(_, number)| number)
}

/// None before any; part by part, numbers after words, the longer after the
/// shorter.
fn local(a: Option<&str>, b: Option<&str>) -> Ordering {
    let (a, b) = match (a, b) {
        (None, None) => return Ordering::Equal,
        (None, Some(_)) => return Ordering::Less,
        (Some(_), None) => return Ordering::Greater,
        (Some(a), Some(b)) => (a, b),
    };
    let (mut a, mut b) = (a.split(['.', '-', '_']), b.split(['.', '-', '_']));
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

/// The key of a text that is no version: numbers filled up with zeros, words
/// behind a star, so that both compare as texts.
fn legacy(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text;
    let mut push = |part: &str| {
        let part = match part {
            "" | "." => return,
            "pre" | "preview" | "rc" => "c",
            "-" => "final-",
            "dev" => "@",
            part => part,
        };
        if part.starts_with(|c: char| c.is_ascii_digit()) {
            parts.push(format!("{part:0>8}"));
            return;
        }
        let part = format!("*{part}");
        if *part < *"*final" {
            while parts.last().is_some_and(|last| last == "*final-") {
                parts.pop();
            }
        }
        while parts.last().is_some_and(|last| last == "00000000") {
            parts.pop();
        }
        parts.push(part);
    };
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            leading_digits(rest)
        } else if first.is_ascii_lowercase() {
            rest.bytes().take_while(u8::is_ascii_lowercase).count()
        } else if first == '.' || first == '-' {
            1
        } else {
            rest.find(|c: char| {
                c.is_ascii_digit() || c.is_ascii_lowercase() || c == '.' || c == '-'
            })
            .unwrap_or(rest.len())
        };
        push(&rest[..length]);
        rest = &rest[length..];
    }
    push("final");
    parts
}
