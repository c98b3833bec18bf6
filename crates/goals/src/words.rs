//! How numbers, lists and times are said, in one place, so that every text of
//! a verdict reads alike.

use plimsoll_model::{Percent, Timestamp, time};

/// `1 asset`, `2 assets`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("{number} {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// `a, b and 3 more`: at most `most` names, in the order given.
pub(crate) fn list<I>(names: I, most: usize) -> String
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let names: Vec<_> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    list_of(&shown, names.len() - shown.len())
}

/// The same for names of which only the first were made at all.
pub(crate) fn list_of(shown: &[impl AsRef<str>], more: usize) -> String {
    let shown: Vec<&str> = shown.iter().map(AsRef::as_ref).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// An instant as a date when it is the first of that day in UTC, in full
/// otherwise.
pub(crate) fn when(at: Timestamp) -> String {
    let date = time::date_of(at);
    if time::start_of(date) == at {
        date.to_string()
    } else {
        at.to_string()
    }
}

/// What is reached, rounded down, and what is required, rounded up: in the
/// fewest decimals, at least one, in which they compare as they do exactly.
pub(crate) fn shares(reached: Percent, required: Percent) -> [Percent; 2] {
    let rounded = |decimals: u32| {
        let step = 10_000 / 10_u32.pow(decimals);
        let down = reached.ppm() / step * step;
        let up = required.ppm().div_ceil(step) * step;
        [Percent::from_ppm(down), Percent::from_ppm(up)]
    };
    (1..4)
        .map(rounded)
        .find(|[down, up]| (down >= up) == (reached >= required))
        .unwrap_or([reached, required])
}

/// The candidate that `name` was most likely meant to be: few enough letters
/// differ. Ties go to the first in alphabetical order.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Names come from files of strangers; a distance is quadratic in length.
    const LONGEST: usize = 128;
    if name.len() > LONGEST {
        return None;
    }
    let most = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_and_say_so() {
        assert_eq!(list(["a", "b"], 3), "a, b");
        assert_eq!(list(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(Vec::<String>::new(), 2), "");
        assert_eq!(count(1, "asset"), "1 asset");
        assert_eq!(count(0, "asset"), "0 assets");
    }

    #[test]
    fn shares_are_short_and_compare_as_they_are() {
        let check = |pair: [&str; 2], expect: [&str; 2]| {
            let [reached, required] = pair.map(|text| text.parse().expect("a share"));
            let [down, up] = shares(reached, required);
            assert_eq!([down.to_string(), up.to_string()], expect, "{pair:?}");
        };
        check(["33.3333%", "66.6667%"], ["33.3%", "66.7%"]);
        check(["88.0568%", "88.0568%"], ["88.0568%", "88.0568%"]);
        check(["88.07%", "88.0568%"], ["88.07%", "88.06%"]);
        check(["99.9999%", "100%"], ["99.9%", "100%"]);
        check(["75%", "76.6666%"], ["75%", "76.7%"]);
        check(["100%", "99.9999%"], ["100%", "100%"]);
    }

    #[test]
    fn instants_are_dates_at_midnight() {
        let check = |text: &str, expect: &str| {
            assert_eq!(when(text.parse().expect("a timestamp")), expect);
        };
        check("2026-11-25T00:00:00Z", "2026-11-25");
        check("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z");
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["crown-jewel", "sandbox", "standard"];
        assert_eq!(nearest("crown-jewl", names), Some("crown-jewel"));
        assert_eq!(nearest("production", names), None);
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
    }
}
