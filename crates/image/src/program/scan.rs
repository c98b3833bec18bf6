//! Searches a program for its version: the constants first, where it is
//! nearly always, then the whole file, in pieces that overlap.

use std::io;

use regex_automata::meta::Regex;

use crate::{
    ReadAt,
    lang::compiled::binary::{Binary, part},
};

/// Bytes of a piece.
const PIECE: u64 = 1 << 20;
/// Bytes that two pieces share: more than any match is long.
const OVERLAP: u64 = 512;
/// Characters of a match that are shown.
const SHOWN: usize = 80;

/// A version that was found.
pub(super) struct Hit {
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
    if at_start {
        return Ok(find(regex, &part(content, 0, PIECE)?, true));
    }
    if let Some(binary) = Binary::parse(content)?
        && let Some(constants) = binary.section(&[".rodata", ".rdata", "__cstring"])
        && let Some(hit) = within(content, regex, constants.offset, constants.size.min(most))?
    {
        return Ok(Some(hit));
    }
    within(content, regex, 0, most)
}

fn within(content: &dyn ReadAt, regex: &Regex, from: u64, size: u64) -> io::Result<Option<Hit>> {
    let end = from.saturating_add(size).min(content.size());
    let mut at = from;
    while at < end {
        let piece = part(content, at, PIECE.min(end - at))?;
        let last = at + PIECE >= end;
        if let Some(hit) = find(regex, &piece, last) {
            return Ok(Some(hit));
        }
        if last {
            break;
        }
        at += PIECE - OVERLAP;
    }
    Ok(None)
}

/// The first match; unless the bytes are the `last`, one that ends with them
/// may be cut: the next piece has it whole.
fn find(regex: &Regex, bytes: &[u8], last: bool) -> Option<Hit> {
    let mut captures = regex.create_captures();
    regex.captures(bytes, &mut captures);
    let whole = captures.get_match()?.range();
    if whole.end == bytes.len() && !last {
        return None;
    }
    // Each alternative of a pattern has a group of its own.
    let group = (1..captures.group_len()).find_map(|group| captures.get_group(group))?;
    let version = bytes.get(group.range())?;
    Some(Hit {
        version: String::from_utf8_lossy(version).into_owned(),
        excerpt: shown(bytes.get(whole)?),
    })
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
            let early = search(&bytes, &regex, false, 8).expect("reads");
            assert!(early.is_none_or(|hit| at == 0 && hit.version.len() < 5));
        }
    }
}
