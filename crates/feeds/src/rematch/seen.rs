//! When each vulnerability was first seen in images of a repository.

use std::collections::BTreeMap;

use plimsoll_model::Timestamp;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// By repository, what was seen in it and when; it survives the images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Vulnerability and package, each once.
    subjects: Vec<String>,
    /// By repository: number of the subject, ascending, and seconds since 1970.
    repositories: BTreeMap<String, Vec<(u32, i64)>>,
    #[serde(skip)]
    numbers: FxHashMap<String, u32>,
}

impl Seen {
    /// That it is there at this time; since when it is.
    pub(super) fn see(&mut self, repository: &str, subject: &str, at: Timestamp) -> Timestamp {
        let number = self.number(subject);
        if !self.repositories.contains_key(repository) {
            self.repositories.insert(repository.to_owned(), Vec::new());
        }
        let seconds = at.as_second();
        let Some(seen) = self.repositories.get_mut(repository) else {
            return at;
        };
        match seen.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => {
                let first = seen[place].1.min(seconds);
                seen[place].1 = first;
                Timestamp::from_second(first).unwrap_or(at)
            }
            Err(place) => {
                seen.insert(place, (number, seconds));
                at
            }
        }
    }

    fn number(&mut self, subject: &str) -> u32 {
        if self.numbers.len() != self.subjects.len() {
            let numbered = self.subjects.iter().cloned().zip(0..);
            self.numbers = numbered.collect();
        }
        if let Some(number) = self.numbers.get(subject) {
            return *number;
        }
        // As many as numbers of 32 bits: more do not fit into memory.
        let number = self.subjects.len() as u32;
        self.subjects.push(subject.to_owned());
        self.numbers.insert(subject.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_counts_by_repository_and_survives_being_written() {
        let mut seen = Seen::default();
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert_eq!(seen.see("a", "CVE-1 x", at(20)), at(20));
        assert_eq!(seen.see("a", "CVE-1 x", at(30)), at(20));
        assert_eq!(seen.see("b", "CVE-1 x", at(30)), at(30));
        assert_eq!(seen.see("a", "CVE-2 x", at(30)), at(30));
        let bytes = postcard::to_stdvec(&seen).expect("written");
        let mut read: Seen = postcard::from_bytes(&bytes).expect("read");
        assert_eq!(read.see("a", "CVE-1 x", at(40)), at(20));
        assert_eq!(read.see("a", "CVE-3 x", at(40)), at(40));
        assert_eq!(read.see("a", "CVE-2 x", at(10)), at(10), "an older scan");
    }
}
