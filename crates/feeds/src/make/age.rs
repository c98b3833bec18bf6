//! As of when a feed is that was brought by hand, and whose publisher therefore
//! was not asked.
//!
//! What the publisher says of the feed as a whole counts: the `modified` of the
//! index of a Go vulnerability database. Without it the feed is as old as the
//! newest thing in it: a record's own date, or the time that an archive keeps
//! for a file. Of some feeds the records keep the date of their last change of
//! substance, years before the archive was made. The time of the file that was
//! brought is not asked: a copy of an old file is young.

use jiff::Timestamp;
use serde::Deserialize;

/// Where a Go vulnerability database has its index
/// (<https://go.dev/doc/security/vuln/database#api>).
const GO_INDEX: &str = "index/db.json";
/// Bytes of such an index.
const MOST_INDEX: usize = 64 << 10;

/// What tells the age of a feed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Age {
    /// What the publisher says of the whole; the oldest word counts.
    said: Option<Timestamp>,
    /// The newest thing in it.
    newest: Option<Timestamp>,
}

impl Age {
    /// Looks at a file: it may be the publisher's index.
    pub(super) fn index(&mut self, file: &str, bytes: &[u8]) {
        #[derive(Deserialize)]
        struct Index {
            modified: Timestamp,
        }
        let is_index = file == GO_INDEX || file.ends_with(&format!("/{GO_INDEX}"));
        if !is_index || bytes.len() > MOST_INDEX {
            return;
        }
        if let Ok(Index { modified }) = serde_json::from_slice(bytes) {
            self.said = Some(self.said.map_or(modified, |said| said.min(modified)));
        }
    }

    /// The date of a record.
    pub(super) fn record(&mut self, date: Option<Timestamp>) {
        self.newest = self.newest.max(date);
    }

    /// The time of an archive's newest file.
    pub(super) fn archive(&mut self, time: Option<Timestamp>) {
        self.newest = self.newest.max(time);
    }

    pub(super) fn as_of(self) -> Option<Timestamp> {
        self.said.or(self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_publishers_word_counts_and_else_the_newest_thing_in_it() {
        let day = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
        let mut age = Age::default();
        assert_eq!(age.as_of(), None);
        age.record(day("2022-08-15T00:00:00Z"));
        assert_eq!(age.as_of(), day("2022-08-15T00:00:00Z"));
        age.archive(day("2026-08-21T00:00:00Z"));
        age.record(day("2021-01-01T00:00:00Z"));
        assert_eq!(age.as_of(), day("2026-08-21T00:00:00Z"));
        age.index("index/db.json", b"{}");
        assert_eq!(age.as_of(), day("2026-08-21T00:00:00Z"));
        age.index(
            "go/index/db.json",
            br#"{"modified": "2026-09-01T00:00:00Z"}"#,
        );
        assert_eq!(age.as_of(), day("2026-09-01T00:00:00Z"));
    }
}
