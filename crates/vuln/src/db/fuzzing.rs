//! Doors for the fuzz target behind the hashes. No interface.

use super::{Database, LOCAL, Section, apply, changed, delta, file};
use crate::{
    lookup::{Lookup as _, Place},
    rematch::Index,
};

/// Opens the bytes as a file and asks it.
pub fn whole(bytes: &[u8]) {
    if let Ok(database) = Database::open(bytes, LOCAL) {
        ask(&database);
    }
}

/// Puts the bytes in place of a section of a good file, seals it and asks it.
pub fn section(good: &[u8], section: usize, bytes: &[u8]) {
    let Ok(good) = Database::open(good, LOCAL) else {
        return;
    };
    let mut sections = Section::ALL.map(|section| {
        let section = good.file.section(section);
        section.map(<[u8]>::to_vec).unwrap_or_default()
    });
    sections[section % Section::COUNT] = bytes.to_vec();
    if let Ok(database) = Database::open(file::write(&sections, None), LOCAL) {
        ask(&database);
        let _ = changed(&good, &database);
        if let Ok(made) = delta(&database, &good) {
            let _ = apply(&database, &made, LOCAL);
        }
    }
}

/// Applies the bytes as the changes of a delta.
pub fn changes(good: &[u8], bytes: &[u8]) {
    let Ok(good) = Database::open(good, LOCAL) else {
        return;
    };
    if let Ok(made) = delta::around(&good, &good, bytes)
        && let Ok(made) = apply(&good, &made, LOCAL)
    {
        ask(&Database::open(made, LOCAL).expect("what was applied opens"));
    }
}

/// Reads the bytes as an index of stored images, with and without a good hash.
pub fn index(bytes: &[u8]) {
    let _ = Index::from_bytes(bytes);
    let sealed = [bytes, blake3::hash(bytes).as_bytes()].concat();
    if let Ok(index) = Index::from_bytes(&sealed) {
        let again = Index::from_bytes(&index.to_bytes());
        assert_eq!(again.map(|index| index.len()), Ok(index.len()));
    }
}

/// Asks for everything there is. Answers do not matter.
fn ask<B: AsRef<[u8]> + Sync>(database: &Database<B>) {
    for key in database.packages().into_iter().flatten().flatten().take(64) {
        let _ = database.about(key.place.as_place(), &key.name);
    }
    let _ = database.about(Place::Program, "vendor:product");
    for number in 0..database.record_count().min(64) {
        if let Ok(advisory) = database.advisory(number) {
            let _ = database.naming(&advisory.id);
            let _ = database.exploitation(&advisory.id);
        }
    }
    for place in database.places() {
        let _ = database.covers(place);
    }
    let _ = database.verify();
}
