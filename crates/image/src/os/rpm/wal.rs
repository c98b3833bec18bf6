//! SQLite's write-ahead log beside the database
//! (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>): what is
//! committed in it may not be in the database yet. An analyzer sees one file,
//! so it is not read into it; it is told.

use super::{Damage, pages::read};
use crate::{ReadAt, Sink};

const HEAD: usize = 32;
const FRAME: usize = 24;

/// Tells of pages that were committed to the log.
pub(crate) fn run(content: &dyn ReadAt, sink: &mut Sink) {
    match committed(content) {
        Ok(0) => {}
        Ok(pages) => sink.incomplete(format!(
            "{pages} pages of the rpm database were changed in this write-ahead log: \
             the list of packages may be older than what is installed"
        )),
        Err(damage) => damage.tell(sink),
    }
}

/// How many frames of the log are committed.
fn committed(content: &dyn ReadAt) -> Result<u64, Damage> {
    if content.size() < (HEAD + FRAME) as u64 {
        return Ok(0);
    }
    let mut head = [0; HEAD];
    read(content, 0, &mut head)?;
    let word = |bytes: &[u8], at: usize| {
        let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
        u32::from_be_bytes(word.unwrap_or_default())
    };
    if !matches!(word(&head, 0), 0x377f_0682 | 0x377f_0683) {
        return Err(Damage::new(0, "not a write-ahead log of SQLite"));
    }
    let page = u64::from(word(&head, 8)).max(512);
    let (mut frames, mut committed) = (0, 0);
    let mut at = HEAD as u64;
    let mut frame = [0; FRAME];
    while at + FRAME as u64 + page <= content.size() {
        read(content, at, &mut frame)?;
        // Frames of an older use of the log have other salts.
        if frame[8..16] != head[16..24] {
            break;
        }
        frames += 1;
        // The frame that ends a transaction has the database's new size.
        if word(&frame, 4) != 0 {
            committed = frames;
        }
        at += FRAME as u64 + page;
    }
    Ok(committed)
}
