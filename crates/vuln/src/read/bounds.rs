//! How much of a feed is held at most, and the texts that are cut to it.

/// Bytes of one file, decompressed.
pub(crate) const BYTES: usize = 1 << 30;
/// Records of one file.
pub(crate) const RECORDS: usize = 2_000_000;
/// Records passed over that are named, of one file; the last one counts the rest.
pub(crate) const SKIPPED: usize = 10_000;
/// Bytes of an id, a package's name or a version.
pub(crate) const NAME: usize = 512;
/// Other names of one record.
pub(crate) const IDS: usize = 2_000;
/// Packages of one record.
pub(crate) const AFFECTED: usize = 50_000;
/// Ranges of one package.
pub(crate) const RANGES: usize = 2_000;
/// Single versions of one package.
pub(crate) const VERSIONS: usize = 50_000;
/// Import paths of one package, and symbols of one path.
pub(crate) const SYMBOLS: usize = 20_000;
/// Characters of a summary.
pub(crate) const SUMMARY: usize = 300;
/// Characters of the details.
pub(crate) const DETAILS: usize = 4_000;
/// References of one record.
pub(crate) const REFERENCES: usize = 10;
/// Characters of a note.
pub(crate) const NOTE: usize = 500;

/// Prose, trimmed, cut to so many characters; an ellipsis says that it was.
pub(crate) fn prose(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let cut = text.char_indices().nth(most.saturating_sub(1));
            let kept = text.get(..cut.map_or(0, |(at, _)| at)).unwrap_or_default();
            format!("{}…", kept.trim_end())
        }
    }
}

/// The first line of a text, as a summary.
pub(crate) fn first_line(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    prose(line.trim_start_matches('#'), SUMMARY)
}

/// An id, a name or a version: something short on one line.
pub(crate) fn word(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > NAME {
        return Err(format!("has {} bytes; at most {NAME} are read", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err("has control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Refuses more than so many of something.
pub(crate) fn at_most(count: usize, most: usize, what: &str) -> Result<(), String> {
    if count > most {
        return Err(format!("{count} {what}; at most {most} are read"));
    }
    Ok(())
}
