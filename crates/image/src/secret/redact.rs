//! What is shown of a secret: the line it stands in without any of its values.

use std::ops::Range;

use super::scan::Matches;
use crate::SecretHit;

/// What stands for a value.
pub(super) const MASK: &str = "********";
/// Characters of a line that are shown on either side.
const SHOWN: usize = 60;
/// Bytes of a line that are looked at on either side.
const LINE: usize = 400;

/// The hits of a text, by place.
pub(super) fn hits(text: &[u8], matches: &Matches, most: usize) -> Vec<SecretHit> {
    let hidden = merge(&matches.hidden);
    let mut line = 1u32;
    let mut counted = 0;
    matches
        .found
        .iter()
        .take(most)
        .map(|one| {
            let start = one.value.start;
            let lines = memchr::memchr_iter(b'\n', &text[counted..start]).count();
            line = line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            counted = start;
            let line_start = memchr::memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
            let before = String::from_utf8_lossy(&text[line_start..start]);
            SecretHit {
                rule: one.rule.to_owned(),
                line,
                column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
                excerpt: excerpt(text, &hidden, &one.value),
                fingerprint: fingerprint(&text[one.value.clone()]),
            }
        })
        .collect()
}

/// The first characters of a hash of a value. White space does not count: a
/// key is the same on one line and on many.
pub(super) fn fingerprint(value: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in value.split(u8::is_ascii_whitespace) {
        hasher.update(part);
    }
    hasher.finalize().to_hex()[..12].to_owned()
}

/// Ranges in order, those that touch as one.
fn merge(ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range.clone()),
        }
    }
    merged
}

/// A text with asterisks for everything hidden.
pub(super) fn masked(text: &str, hidden: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for range in merge(hidden) {
        shown.push_str(&String::from_utf8_lossy(
            text.as_bytes().get(at..range.start).unwrap_or_default(),
        ));
        shown.push_str(MASK);
        at = range.end;
    }
    shown.push_str(&String::from_utf8_lossy(
        text.as_bytes().get(at..).unwrap_or_default(),
    ));
    without(shown, text.as_bytes(), hidden)
}

/// The line around a value.
fn excerpt(text: &[u8], hidden: &[Range<usize>], value: &Range<usize>) -> String {
    let from = value.start.saturating_sub(LINE);
    let from = memchr::memrchr(b'\n', &text[from..value.start]).map_or(from, |at| from + at + 1);
    // A value of several lines hides the lines after the first.
    let to = text.len().min(value.end.saturating_add(LINE));
    let to = memchr::memchr(b'\n', &text[value.end..to]).map_or(to, |at| value.end + at);
    let mut shown = String::new();
    let mut at = from;
    // Where in what is shown the value is.
    let mut place = 0;
    let first = hidden.partition_point(|range| range.end <= from);
    for range in hidden[first..].iter().take_while(|range| range.start < to) {
        if range.start > at {
            shown.push_str(&readable(&text[at..range.start]));
        }
        if range.start <= value.start {
            place = shown.len();
        }
        shown.push_str(MASK);
        at = at.max(range.end);
    }
    if at < to {
        shown.push_str(&readable(&text[at..to]));
    }
    let values = &hidden[first..];
    let values = &values[..values.partition_point(|range| range.start < to)];
    shorten(&without(shown, text, values), place)
}

/// Without the values that stand in it once more, where nothing told them.
fn without(mut shown: String, text: &[u8], values: &[Range<usize>]) -> String {
    for range in values.iter().take(100) {
        let Some(Ok(value)) = text.get(range.clone()).map(std::str::from_utf8) else {
            continue;
        };
        let value = value.trim();
        if value.len() >= 4 && shown.contains(value) {
            shown = shown.replace(value, MASK);
        }
    }
    shown
}

/// Text that a terminal shows as it is.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// So much around a place that it is one line for a person.
fn shorten(text: &str, place: usize) -> String {
    let place = place.min(text.len());
    let place = (0..=place)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let (before, after) = text.split_at(place);
    let skip = before.chars().count().saturating_sub(SHOWN);
    let mut shown = String::new();
    if skip > 0 {
        shown.push('…');
    }
    shown.extend(before.chars().skip(skip));
    let most = MASK.len() + SHOWN;
    shown.extend(after.chars().take(most));
    if after.chars().count() > most {
        shown.push('…');
    }
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{
        kind::Sure,
        scan::{Match, settle},
    };
    use super::*;

    fn of(text: &str, values: &[&str]) -> Vec<SecretHit> {
        let all = values
            .iter()
            .map(|value| {
                let start = text.find(value).expect("is there");
                Match {
                    rule: "rule",
                    value: start..start + value.len(),
                    sure: Sure::Shape,
                }
            })
            .collect();
        hits(text.as_bytes(), &settle(all), 10)
    }

    #[test]
    fn a_line_is_shown_without_any_of_its_values() {
        let hits = of(
            "first\nä: one=AAAA two=BBBB three=AAAA\nlast",
            &["AAAA", "BBBB"],
        );
        let shown: Vec<_> = hits
            .iter()
            .map(|hit| (hit.line, hit.column, &*hit.excerpt))
            .collect();
        let line = "ä: one=******** two=******** three=********";
        assert_eq!(shown, [(2, 8, line), (2, 17, line)]);
        assert_ne!(hits[0].fingerprint, hits[1].fingerprint);
    }

    #[test]
    fn long_lines_are_cut_around_the_value() {
        let text = format!("{} key=SECRET {}", "a".repeat(5000), "b".repeat(5000));
        let hits = of(&text, &["SECRET"]);
        assert!(hits[0].excerpt.chars().count() < 140, "{}", hits[0].excerpt);
        assert!(
            hits[0].excerpt.contains("key=********"),
            "{}",
            hits[0].excerpt
        );
        assert_eq!((hits[0].line, hits[0].column), (1, 5006));
    }

    #[test]
    fn a_value_of_many_lines_has_one_fingerprint() {
        assert_eq!(fingerprint(b"ab\ncd\r\n"), fingerprint(b"abcd"));
        assert_ne!(fingerprint(b"abcd"), fingerprint(b"abce"));
        let hits = of("x: BEGIN\nAAAA\nBBBB\nEND y", &["\nAAAA\nBBBB\n"]);
        assert_eq!(hits[0].excerpt, "x: BEGIN********END y");
    }
}
