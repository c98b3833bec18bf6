//! What is kept of an advisory that says more than a database should hold.

use crate::advisory::Advisory;

const SUMMARY: usize = 400;
const DETAILS: usize = 2 << 10;
const REFERENCES: usize = 10;
const SEVERITIES: usize = 32;
const WEAKNESSES: usize = 32;
const IDS: usize = 4_096;
const MARK: &str = " […]";

/// Cuts texts and lists to what is kept. Gives how many items of lists that
/// matter were left out; addresses and prose are not counted. A second time
/// changes nothing.
pub(super) fn advisory(advisory: &mut Advisory) -> u64 {
    text(&mut advisory.summary, SUMMARY);
    text(&mut advisory.details, DETAILS);
    advisory.references.truncate(REFERENCES);
    list(&mut advisory.aliases, IDS)
        + list(&mut advisory.about, IDS)
        + list(&mut advisory.severities, SEVERITIES)
        + list(&mut advisory.weaknesses, WEAKNESSES)
}

fn list<T>(items: &mut Vec<T>, most: usize) -> u64 {
    let over = items.len().saturating_sub(most);
    items.truncate(most);
    over as u64
}

/// Cuts at the end of a paragraph, a line, a word, whichever leaves most of it.
fn text(text: &mut String, most: usize) {
    if text.len() <= most {
        return;
    }
    let end = text.floor_char_boundary(most - MARK.len());
    let kept = &text[..end];
    let cut = ["\n\n", "\n", " "]
        .iter()
        .filter_map(|at| kept.rfind(at))
        .find(|&at| at > end / 2)
        .unwrap_or(end);
    text.truncate(cut);
    text.push_str(MARK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_it_hurts_least_and_only_once() {
        let paragraphs = format!("{}\n\n{}", "one ".repeat(400), "two ".repeat(400));
        for (long, ends) in [
            (paragraphs, "one  […]"),
            ("word ".repeat(1_000), "word […]"),
            ("ü".repeat(3_000), "ü […]"),
        ] {
            let mut cut = long.clone();
            text(&mut cut, DETAILS);
            assert!(cut.len() <= DETAILS && cut.ends_with(ends), "{cut}");
            let mut again = cut.clone();
            text(&mut again, DETAILS);
            assert_eq!(cut, again);
        }
    }
}
