//! The search: one pass over the bytes for the words of all kinds, and a
//! closer look at each place that has one.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_automata::{Anchored, Input, meta::Regex, util::syntax};

use super::{
    assign, judge,
    kind::{How, Kind, NEAR, Sure},
    kinds, pem, url,
};

/// Places of one file that are looked at closely; texts made to cost time
/// have more.
const MOST_LOOKS: usize = 400_000;

/// Looks within [`LONGEST`] bytes for one kind that has no bound of its own;
/// without it, a text could have each of its bytes looked at thousands of times.
const MOST_NEAR: u32 = 200;

/// Bytes of the longest secret.
const LONGEST: usize = 16 << 10;

/// Secrets kept of one file.
pub(super) const MOST_HITS: usize = 1_000;

/// Whether the name of a thing alone may tell that it is a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Names {
    /// No.
    #[default]
    Not,
    /// When the value is in quotes: code.
    Quoted,
    /// Yes: settings.
    Any,
}

/// What is searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Whether names alone may tell.
    pub(super) names: Names,
    /// Only what has a shape of its own: in libraries of others, and in bytes
    /// that are no text.
    pub(super) shapes_only: bool,
    /// The code of a library: keys in it are examples.
    pub(super) code_of_others: bool,
}

/// A secret that was found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// The kind's id.
    pub(super) rule: &'static str,
    /// Where the value is.
    pub(super) value: Range<usize>,
    /// How sure it is.
    pub(super) sure: Sure,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// By place; no two overlap.
    pub(super) found: Vec<Match>,
    /// Every place that must not be shown: what was found, and what was not
    /// reported because something surer was found there.
    pub(super) hidden: Vec<Range<usize>>,
}

/// A word that is looked for, and who wants to know.
#[derive(Default)]
struct Word {
    kinds: Vec<(u16, &'static str)>,
    pem: bool,
    url: bool,
    /// Whether names with it may tell by themselves.
    name: bool,
}

struct Scanner {
    kinds: Vec<&'static Kind>,
    patterns: Vec<OnceLock<Option<Regex>>>,
    words: Vec<Word>,
    automaton: Option<AhoCorasick>,
}

static ALL: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(false));
/// With the words alone that are looked for in libraries: most of an image.
static SHAPES: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(true));

/// Searches a text; false when some of it was left out, because it has too
/// much that looks like secrets.
pub(super) fn scan(text: &[u8], scope: Scope, all: &mut Vec<Match>) -> bool {
    let scanner = if scope.shapes_only { &SHAPES } else { &ALL };
    scanner.scan(text, scope, all)
}

/// Joins what several searches found in one text: where two overlap, the
/// surer one is kept, else the longer.
pub(super) fn settle(mut all: Vec<Match>) -> Matches {
    let mut hidden: Vec<Range<usize>> = all.iter().map(|one| one.value.clone()).collect();
    hidden.sort_unstable_by_key(|range| (range.start, range.end));
    hidden.dedup();
    all.sort_by(|a, b| {
        b.sure
            .cmp(&a.sure)
            .then(b.value.len().cmp(&a.value.len()))
            .then(a.value.start.cmp(&b.value.start))
            .then(a.rule.cmp(b.rule))
    });
    // What is kept, by where it begins: none of them overlap.
    let mut kept: BTreeMap<usize, Match> = BTreeMap::new();
    for one in all {
        let before = kept.range(..one.value.end).next_back();
        if before.is_none_or(|(_, before)| before.value.end <= one.value.start) {
            kept.insert(one.value.start, one);
        }
    }
    Matches {
        found: kept.into_values().collect(),
        hidden,
    }
}

impl Scanner {
    fn new(shapes_only: bool) -> Self {
        let kinds: Vec<&'static Kind> = kinds::all().collect();
        let mut words: BTreeMap<String, Word> = BTreeMap::new();
        for (at, kind) in (0u16..).zip(&kinds) {
            if shapes_only && (kind.find.own || kind.find.how == How::Named) {
                continue;
            }
            for &word in kind.find.words {
                let entry = words.entry(word.to_ascii_lowercase()).or_default();
                entry.kinds.push((at, word));
            }
        }
        words.entry(pem::WORD.to_ascii_lowercase()).or_default().pem = true;
        if !shapes_only {
            words.entry(url::WORD.to_owned()).or_default().url = true;
            for word in assign::WORDS {
                words.entry((*word).to_owned()).or_default().name = true;
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words.keys())
            .ok();
        Scanner {
            patterns: kinds.iter().map(|_| OnceLock::new()).collect(),
            kinds,
            words: words.into_values().collect(),
            automaton,
        }
    }

    fn scan(&self, text: &[u8], scope: Scope, all: &mut Vec<Match>) -> bool {
        let found = self
            .automaton
            .iter()
            .flat_map(|automaton| automaton.find_overlapping_iter(text));
        let before = all.len();
        // By kind: where it was first looked for near here, and how often.
        let mut near = vec![(0usize, 0u32); self.kinds.len()];
        let mut complete = true;
        for (looks, found) in found.enumerate() {
            if looks >= MOST_LOOKS || all.len() - before > 4 * MOST_HITS {
                return false;
            }
            let word = &self.words[found.pattern().as_usize()];
            if word.pem && !scope.code_of_others {
                all.extend(pem::at(text, found.start()));
            }
            if word.url {
                all.extend(url::at(text, found.start()));
            }
            if word.name && scope.names != Names::Not {
                all.extend(assign::unnamed(text, found.range(), scope.names));
            }
            for &(at, spelt) in &word.kinds {
                let kind = self.kinds[usize::from(at)];
                let start = match kind.find.how {
                    How::Token if text[found.range()] == *spelt.as_bytes() => {
                        token(kind, text, found.start())
                    }
                    How::Named => named(text, found.range()),
                    _ => None,
                };
                let Some(start) = start else {
                    continue;
                };
                if kind.find.pattern.contains(",}") {
                    let (first, count) = &mut near[usize::from(at)];
                    if found.start().saturating_sub(*first) > LONGEST {
                        (*first, *count) = (found.start(), 0);
                    }
                    *count += 1;
                    if *count > MOST_NEAR {
                        complete = false;
                        continue;
                    }
                }
                if let Some(value) = self.matched(at, kind, text, start)
                    && let bytes = &text[value.clone()]
                    && !judge::is_placeholder(bytes)
                    && (kind.find.check)(bytes)
                    && is_near(text, &value, kind.find.near)
                {
                    all.push(Match {
                        rule: kind.rule.id,
                        value,
                        sure: match kind.find.how {
                            How::Token => Sure::Shape,
                            _ => Sure::NameAndShape,
                        },
                    });
                }
            }
        }
        complete
    }

    /// What the pattern matches at `start`: its first group, else all of it.
    fn matched(&self, at: u16, kind: &Kind, text: &[u8], start: usize) -> Option<Range<usize>> {
        let regex = self.patterns[usize::from(at)]
            .get_or_init(|| compile(kind.find.pattern))
            .as_ref()?;
        let input = Input::new(text)
            .range(start..text.len().min(start.saturating_add(LONGEST)))
            .anchored(Anchored::Yes);
        let (whole, group) = if regex.captures_len() > 1 {
            let mut captures = regex.create_captures();
            regex.search_captures(&input, &mut captures);
            let whole = captures.get_match()?.range();
            let group = captures.get_group(1)?.range();
            (whole, group)
        } else {
            let whole = regex.search(&input)?.range();
            (whole.clone(), whole)
        };
        (ends(text, whole.end) && !is_in_blob(text, &whole)).then_some(group)
    }
}

/// Where the token would begin that the word at `start` is the beginning of.
fn token(kind: &Kind, text: &[u8], start: usize) -> Option<usize> {
    let start = start.checked_sub(kind.find.back)?;
    begins(text, start).then_some(start)
}

/// Where the value begins that a name with the word gets.
fn named(text: &[u8], word: Range<usize>) -> Option<usize> {
    let (name, start) = assign::value_after(text, word)?;
    assign::speaks_of_secrets(&text[name]).then_some(start)
}

fn compile(pattern: &str) -> Option<Regex> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(
            Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(1 << 20)),
        )
        .build(pattern)
        .ok()
}

/// Whether a token may begin here: no letter or digit before it, unless that
/// belongs to an escape (`\n`, `%3D`).
fn begins(text: &[u8], start: usize) -> bool {
    let before = |back: usize| start.checked_sub(back).and_then(|at| text.get(at)).copied();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let Some(last) = before(1) else {
        return true;
    };
    if !text.get(start).copied().is_some_and(is_word) {
        return true;
    }
    if !is_word(last) {
        return true;
    }
    matches!((last, before(2)), (b'n' | b'r' | b't', Some(b'\\')))
        || (last.is_ascii_hexdigit()
            && before(2).is_some_and(|byte| byte.is_ascii_hexdigit())
            && before(3) == Some(b'%'))
}

/// Whether a token may end here.
fn ends(text: &[u8], end: usize) -> bool {
    let last = end.checked_sub(1).and_then(|at| text.get(at));
    let next = text.get(end);
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    !(is_word(last) && is_word(next))
}

/// Whether letters and digits are a part of more base64, in which any short
/// word comes up sooner or later.
fn is_in_blob(text: &[u8], token: &Range<usize>) -> bool {
    const BLOB: usize = 48;
    let is_base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let before = &text[token.start.saturating_sub(BLOB)..token.start];
    let after = &text[token.end..text.len().min(token.end + BLOB)];
    let touches =
        matches!(before.last(), Some(b'+' | b'/')) || matches!(after.first(), Some(b'+' | b'/'));
    touches
        && text[token.clone()].iter().all(u8::is_ascii_alphanumeric)
        && (before.iter().rev().take_while(is_base64).count() == BLOB
            || after.iter().take_while(is_base64).count() == BLOB)
}

/// Whether one of the words stands near.
fn is_near(text: &[u8], value: &Range<usize>, words: &[&str]) -> bool {
    if words.is_empty() {
        return true;
    }
    let around = &text[value.start.saturating_sub(NEAR)..text.len().min(value.end + NEAR)];
    let around = around.to_ascii_lowercase();
    words
        .iter()
        .any(|word| memchr::memmem::find(&around, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for kind in kinds::all() {
            assert!(
                kind.find.how == How::Code || compile(kind.find.pattern).is_some(),
                "{}: {}",
                kind.rule.id,
                kind.find.pattern
            );
        }
        assert!(ALL.automaton.is_some() && SHAPES.automaton.is_some());
    }

    #[test]
    fn the_surer_of_two_that_overlap_is_kept_and_both_are_hidden() {
        let one = |rule, value, sure| Match { rule, value, sure };
        let matches = settle(vec![
            one("name", 3..20, Sure::Name),
            one("shape", 5..15, Sure::Shape),
            one("other", 30..40, Sure::Name),
            one("longer", 28..40, Sure::Name),
        ]);
        let kept: Vec<&str> = matches.found.iter().map(|one| one.rule).collect();
        assert_eq!(kept, ["shape", "longer"]);
        assert_eq!(matches.hidden, [3..20, 5..15, 28..40, 30..40]);
    }

    #[test]
    fn a_token_within_base64_is_none() {
        let check = |text: &str, expect| {
            assert_eq!(is_in_blob(text.as_bytes(), &(50..55)), expect, "{text}");
        };
        let base64 = "a+/B".repeat(13);
        check(&format!("{}/TOKEN+{base64}", &base64[..49]), true);
        check(&format!("{}/TOKEN=", &base64[..49]), true);
        check(&format!("{} TOKEN {base64}", &base64[..49]), false);
        check(&format!("{}/a/TOKEN/a.b", &" ".repeat(47)), false);
    }

    #[test]
    fn a_token_stands_by_itself() {
        let check = |text: &str, at, expect| assert_eq!(begins(text.as_bytes(), at), expect);
        check("ghp_", 0, true);
        check("=ghp_", 1, true);
        check("aghp_", 1, false);
        check("\\nghp_", 2, true);
        check("%3Dghp_", 3, true);
        check("3Dghp_", 2, false);
    }
}
