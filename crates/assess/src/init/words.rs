//! Words of the proposal that come from what was read: nothing in them may
//! break out of a comment or a scalar.

use std::collections::BTreeMap;

use plimsoll_model::AssetFacts;

/// The text as one line without control characters.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A double-quoted YAML scalar: JSON strings are.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text in lines of at most `width` characters where words allow it.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 workload`, `2 workloads`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `1 workload is`, `2 workloads are`.
pub(super) fn are(n: usize, noun: &str) -> String {
    format!("{} {}", count(n, noun), if n == 1 { "is" } else { "are" })
}

/// `1 of 3 is`, `2 of 3 are`, `None of 3 is`, which begins a sentence.
pub(super) fn of(n: usize, total: usize) -> String {
    match n {
        0 => format!("None of {total} is"),
        1 => format!("1 of {total} is"),
        n => format!("{n} of {total} are"),
    }
}

/// `1 of 3 holds`, `2 of 3 hold`.
pub(super) fn hold(n: usize, total: usize) -> String {
    format!("{n} of {total} {}", if n == 1 { "holds" } else { "hold" })
}

/// Who owns most of the assets, as a YAML scalar.
pub(super) fn owner(assets: &[&AssetFacts]) -> String {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for owner in assets.iter().filter_map(|asset| asset.owner.as_deref()) {
        *owners.entry(owner).or_default() += 1;
    }
    let most = owners
        .into_iter()
        .max_by(|a, b| (a.1, b.0).cmp(&(b.1, a.0)));
    most.map_or("platform".to_owned(), |(owner, _)| quoted(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(one_line("a\nkind: Pod"), "a kind: Pod");
        assert_eq!(quoted("a\"\n- b"), "\"a\\\"\\n- b\"");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
