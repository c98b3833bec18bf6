//! Searches a program for its version: the constants first, where it is
//! nearly always, then the whole file.
//!
//! Both in pieces of one grid, of which each has a part of its own: what is
//! found in a piece depends on its bytes alone, so that a file that goes by
//! once and one that is read anywhere give the same.

use std::{io, ops::Range};

use regex_automata::{Input, meta::Regex};

use crate::{
    ReadAt,
    lang::compiled::binary::{Binary, part},
};

/// Bytes of a piece.
const PIECE: u64 = 1 << 20;
/// Bytes at each end of a piece that its neighbour has for its own: no match
/// that begins before them is longer.
const MARGIN: u64 = 512;
/// Bytes from the beginning of a piece to that of the next.
const STEP: u64 = PIECE - 2 * MARGIN;
/// Characters of a match that are shown.
const SHOWN: usize = 80;
/// Matches that are kept of a file that goes by.
const MOST_HITS: usize = 1_000;

/// A version that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Where in the file the match is.
    at: Range<u64>,
    /// The version.
    pub(super) version: String,
    /// What was matched, as text.
    pub(super) excerpt: String,
}

/// The first match of the pattern, whose first group is the version; in the
/// first `most` bytes. `at_start`: only at the beginning of the file.
pub(super) fn search(
    content: &dyn ReadAt,
    regex: &Regex,
    at_start: bool,
    most: u64,
) -> io::Result<Option<Hit>> {
    let end = content.size().min(most);
    if at_start {
        let piece = part(content, 0, PIECE.min(end))?;
        return Ok(hits(regex, &piece, 0, true).next());
    }
    if let Some(constants) = constants(content)?
        && let Some(hit) = within(content, regex, constants, end)?
    {
        return Ok(Some(hit));
    }
    within(content, regex, 0..end, end)
}

/// Where a program's constants are.
fn constants(content: &dyn ReadAt) -> io::Result<Option<Range<u64>>> {
    let binary = Binary::parse(content)?;
    let section = binary
        .as_ref()
        .and_then(|binary| binary.section(&[".rodata", ".rdata", "__cstring"]));
    Ok(section.map(|found| found.offset..found.offset.saturating_add(found.size)))
}

/// The first match that lies in a part of the file, of which `end` bytes are searched.
fn within(
    content: &dyn ReadAt,
    regex: &Regex,
    place: Range<u64>,
    end: u64,
) -> io::Result<Option<Hit>> {
    let stop = place.end.min(end);
    // The piece that has the first byte for its own.
    let mut at = place.start.saturating_sub(MARGIN) / STEP * STEP;
    while at < stop {
        let bytes = part(content, at, PIECE.min(end - at))?;
        let last = at + PIECE >= end;
        if let Some(hit) = hits(regex, &bytes, at, last).find(|hit| lies_in(hit, &place)) {
            return Ok(Some(hit));
        }
        if last {
            break;
        }
        at += STEP;
    }
    Ok(None)
}

fn lies_in(hit: &Hit, place: &Range<u64>) -> bool {
    place.start <= hit.at.start && hit.at.end <= place.end
}

/// The matches in a piece that begins at `at`: those that begin in its own
/// part. `last`: no piece follows.
fn hits<'a>(
    regex: &'a Regex,
    bytes: &'a [u8],
    at: u64,
    last: bool,
) -> impl Iterator<Item = Hit> + 'a {
    let margin = MARGIN as usize;
    let from = if at == 0 { 0 } else { margin };
    let to = if last {
        bytes.len()
    } else {
        bytes.len().saturating_sub(margin)
    };
    regex
        .captures_iter(Input::new(bytes))
        .filter_map(move |captures| {
            let whole = captures.get_match()?.range();
            // One that ends with the piece may be cut.
            let is_whole = last || whole.end < bytes.len();
            if !is_whole || !(from..to).contains(&whole.start) {
                return None;
            }
            // Each alternative of a pattern has a group of its own.
            let group = (1..captures.group_len()).find_map(|group| captures.get_group(group))?;
            let version = bytes.get(group.range())?;
            Some(Hit {
                at: at + whole.start as u64..at + whole.end as u64,
                version: String::from_utf8_lossy(version).into_owned(),
                excerpt: shown(bytes.get(whole)?),
            })
        })
}

/// [`search`] in a file that goes by once.
pub(super) struct Passing {
    searched: Vec<Searched>,
    /// The piece that comes together, and where in the file it begins.
    piece: Vec<u8>,
    at: u64,
    /// Bytes of the file that are searched.
    end: u64,
    done: bool,
}

/// What one pattern has matched.
struct Searched {
    regex: Regex,
    at_start: bool,
    hits: Vec<Hit>,
}

impl Passing {
    /// Searches for these patterns, of which some match only at the beginning
    /// of the file, in the first `most` bytes of a file of `size`.
    pub(super) fn new(patterns: impl Iterator<Item = (Regex, bool)>, size: u64, most: u64) -> Self {
        let searched = patterns.map(|(regex, at_start)| Searched {
            regex,
            at_start,
            hits: Vec::new(),
        });
        Passing {
            searched: searched.collect(),
            piece: Vec::new(),
            at: 0,
            end: size.min(most),
            done: false,
        }
    }

    /// The next bytes of the file.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !self.done && !bytes.is_empty() {
            let size = usize::try_from(PIECE.min(self.end - self.at)).unwrap_or(usize::MAX);
            let missing = size.saturating_sub(self.piece.len());
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            self.piece.extend_from_slice(taken);
            bytes = rest;
            if self.piece.len() >= size {
                self.search();
            }
        }
    }

    fn search(&mut self) {
        let last = self.at + PIECE >= self.end;
        for searched in &mut self.searched {
            let room = (MOST_HITS + 1).saturating_sub(searched.hits.len());
            if searched.at_start && self.at > 0 {
                continue;
            }
            let last = last || searched.at_start;
            let found = hits(&searched.regex, &self.piece, self.at, last);
            searched.hits.extend(found.take(room));
        }
        self.done = last;
        self.piece.drain(..self.piece.len().min(STEP as usize));
        self.at += STEP;
    }

    /// For each pattern what [`search`] gives; `content` is the file. None when
    /// that can't be told without all of it.
    pub(super) fn finish(self, content: &dyn ReadAt) -> Option<Vec<Option<Hit>>> {
        let constants = constants(content).ok()?;
        self.searched
            .into_iter()
            .map(|searched| {
                let hits = searched.hits;
                if hits.len() > MOST_HITS {
                    return None;
                }
                let place = constants.as_ref().filter(|_| !searched.at_start);
                let best = place.and_then(|place| hits.iter().find(|hit| lies_in(hit, place)));
                Some(best.or(hits.first()).cloned())
            })
            .collect()
    }
}

/// What was matched, with a space for each run of what can't be shown.
fn shown(bytes: &[u8]) -> String {
    let text: String = bytes
        .iter()
        .map(|&byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => ' ',
        })
        .take(SHOWN)
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::compiled::binary::testing::elf;

    /// What a file that goes by in parts of this size gives.
    fn passed(bytes: &[u8], regex: &Regex, part: usize, most: u64) -> Option<Hit> {
        let patterns = [(regex.clone(), false)].into_iter();
        let mut passing = Passing::new(patterns, bytes.len() as u64, most);
        for part in bytes.chunks(part) {
            passing.feed(part);
        }
        let mut found = passing.finish(&bytes).expect("there are few");
        found.remove(0)
    }

    #[test]
    fn a_version_on_the_edge_of_two_pieces_is_found() {
        let regex = Regex::new("prog/([0-9.]+)").expect("compiles");
        for at in [
            0,
            PIECE as usize - 6,
            PIECE as usize + 7,
            3 * PIECE as usize - 3,
        ] {
            let mut bytes = vec![0; 4 * PIECE as usize];
            bytes[at..at + 10].copy_from_slice(b"prog/1.2.3");
            let hit = search(&bytes, &regex, false, u64::MAX)
                .expect("reads")
                .expect("is there");
            assert_eq!(hit.version, "1.2.3", "{at}");
            assert_eq!(hit.excerpt, "prog/1.2.3");
            for part in [1_000, 4_096, 1 << 20, usize::MAX] {
                assert_eq!(passed(&bytes, &regex, part, u64::MAX).as_ref(), Some(&hit));
            }
            let early = search(&bytes, &regex, false, 8).expect("reads");
            assert_eq!(passed(&bytes, &regex, 3, 8), early);
            assert!(early.is_none_or(|hit| at == 0 && hit.version.len() < 5));
        }
    }

    #[test]
    fn constants_go_before_what_comes_earlier() {
        let regex = Regex::new("prog/([0-9.]+)").expect("compiles");
        let text = [&[0; 700][..], b"prog/1.0 ", &vec![1; 3 << 20]].concat();
        let constants = [&vec![2; 2 << 20][..], b"prog/2.0\0prog/3.0"].concat();
        let bytes = elf(&[
            (".text", &text),
            (".rodata", &constants),
            (".data", b"prog/4"),
        ]);
        let hit = search(&bytes, &regex, false, u64::MAX).expect("reads");
        assert_eq!(hit.as_ref().map(|hit| &*hit.version), Some("2.0"));
        assert_eq!(passed(&bytes, &regex, 100_000, u64::MAX), hit);
        let other = elf(&[(".text", &text), (".rodata", b"none")]);
        let hit = search(&other, &regex, false, u64::MAX).expect("reads");
        assert_eq!(hit.as_ref().map(|hit| &*hit.version), Some("1.0"));
        assert_eq!(passed(&other, &regex, 100_000, u64::MAX), hit);
    }

    #[test]
    fn what_only_the_beginning_may_hold_is_searched_there() {
        let regex = Regex::new(r"\Av([0-9.]+)").expect("compiles");
        for (bytes, expect) in [(&b"v1.2 and v3"[..], Some("1.2")), (b" v1.2", None)] {
            let bytes = [bytes, &vec![b' '; 2 << 20]].concat();
            let patterns = [(regex.clone(), true)].into_iter();
            let mut passing = Passing::new(patterns, bytes.len() as u64, u64::MAX);
            passing.feed(&bytes);
            let found = passing.finish(&bytes).expect("there are few").remove(0);
            assert_eq!(found.as_ref().map(|hit| &*hit.version), expect);
            assert_eq!(
                search(&bytes, &regex, true, u64::MAX).expect("reads"),
                found
            );
        }
    }

    #[test]
    fn too_many_matches_are_told_by_reading_the_file() {
        let regex = Regex::new("v([0-9])").expect("compiles");
        let bytes = b"v1 ".repeat(MOST_HITS + 1);
        let mut passing = Passing::new([(regex, false)].into_iter(), bytes.len() as u64, u64::MAX);
        passing.feed(&bytes);
        assert_eq!(passing.finish(&bytes), None);
    }
}
