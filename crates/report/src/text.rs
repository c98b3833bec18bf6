//! Text from elsewhere made safe, and numbers made readable.

use std::borrow::Cow;

use plimsoll_model::wire::AttainmentReport;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character can change how the text around it is shown: controls
/// (escape sequences begin with one) and the marks that turn or hide text.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}'       // zero width, direction marks
            | '\u{2028}'..='\u{202e}'     // separators of lines, embeddings, overrides
            | '\u{2060}'..='\u{206f}'     // joiners, isolates, old formats
            | '\u{feff}'                  // byte order mark
            | '\u{fff9}'..='\u{fffb}'     // annotations
            | '\u{e0000}'..='\u{e007f}') // tags
}

/// The text without anything that could change how it or its surroundings are
/// shown; breaks of lines and tabs become spaces.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter_map(|c| match c {
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if is_hostile(c) => None,
        c => Some(c),
    });
    Cow::Owned(kept.collect())
}

/// Columns on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The longest start of `text` that fits into `columns`, in bytes; at least
/// one character, so that whoever loops gets on.
pub(crate) fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

/// At most `max` characters, with a mark where the text was cut.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text
                .char_indices()
                .nth(max.saturating_sub(1))
                .map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// `1,234,567`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 finding`, `2 findings`; regular nouns only.
pub(crate) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// `first`, `first and second`, `first, second and third`.
pub(crate) fn and_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How many decimals shares are shown with: one, or as many as the target has.
pub(crate) fn decimals(target: f64) -> usize {
    let ppm = ppm(target);
    (1..4)
        .find(|d| ppm.is_multiple_of(10_u64.pow(4 - d)))
        .unwrap_or(4) as usize
}

/// How many decimals the shares of a goal are shown with: as many as its
/// target has, and as it takes to see whether today's level is reached.
pub(crate) fn digits(a: &AttainmentReport) -> usize {
    let least = decimals(a.target);
    let (reached, required) = (ppm(a.lower), ppm(a.required));
    let tells = |digits: &usize| {
        let step = 10_u64.pow(4_u32.saturating_sub(*digits as u32));
        (reached / step >= required.div_ceil(step)) == (reached >= required)
    };
    (least..4).find(tells).unwrap_or(4)
}

/// A fraction as a percentage, rounded up: a level that must be reached.
pub(crate) fn percent_up(fraction: f64, decimals: usize) -> String {
    let step = 10_u64.pow(4_u32.saturating_sub(decimals as u32));
    percent((ppm(fraction).div_ceil(step) * step) as f64 / 1e6, decimals)
}

/// A fraction as a percentage, rounded down: what misses a target by a little
/// must never look as if it reached it.
pub(crate) fn percent(fraction: f64, decimals: usize) -> String {
    let ppm = ppm(fraction);
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    let digits = format!("{rest:04}");
    let digits = digits[..decimals.min(4)].trim_end_matches('0');
    if digits.is_empty() {
        format!("{whole}%")
    } else {
        format!("{whole}.{digits}%")
    }
}

/// Parts per million, the exact form of shares. A float that is none counts as 0.
pub(crate) fn ppm(fraction: f64) -> u64 {
    (fraction.clamp(0.0, 1.0) * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_dropped() {
        let check = |text: &str, expect: &str| assert_eq!(clean(text), expect, "{text:?}");
        check("plain ünïcode 日本", "plain ünïcode 日本");
        check("a\u{1b}[31mred\u{1b}[0m", "a[31mred[0m");
        check("two\nlines\tand\r", "two lines and");
        check("c1 \u{9b}31m bell \u{7} del \u{7f}", "c1 31m bell  del ");
        check("bidi \u{202e}txt.exe\u{2066}", "bidi txt.exe");
    }

    #[test]
    fn numbers_and_shares() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "asset"), "1 asset");
        let check = |fraction, target, expect: &str| {
            assert_eq!(
                percent(fraction, decimals(target)),
                expect,
                "{fraction} of {target}"
            );
        };
        check(0.791_666, 1.0, "79.1%");
        check(0.999_499, 0.999_5, "99.94%");
        check(0.999_5, 0.999_5, "99.95%");
        check(1.0, 1.0, "100%");
        check(0.0, 0.9, "0%");
        check(f64::NAN, 0.9, "0%");
        check(0.333_333, 0.333_333, "33.3333%");
    }

    #[test]
    fn a_level_of_today_is_told_from_what_misses_it() {
        let check = |lower, required, expect: [&str; 2]| {
            let a = AttainmentReport {
                lower,
                upper: lower,
                target: 1.0,
                required,
            };
            let digits = digits(&a);
            let got = [percent(lower, digits), percent_up(required, digits)];
            assert_eq!(got, expect, "{a:?}");
        };
        check(0.85, 0.880_568, ["85%", "88.1%"]);
        check(0.880_7, 0.880_568, ["88.07%", "88.06%"]);
        check(0.880_5, 0.880_568, ["88%", "88.1%"]);
        check(0.880_568, 0.880_568, ["88.0568%", "88.0568%"]);
        check(1.0, 0.999_99, ["100%", "100%"]);
    }

    #[test]
    fn text_is_cut_at_characters() {
        assert_eq!(cut("日本語", 3), "日本語");
        assert_eq!(cut("日本語", 2), "日…");
        assert_eq!(fitting("日本語", 5), "日本".len());
        assert_eq!(fitting("日本語", 1), "日".len());
    }
}
