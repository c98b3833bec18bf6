//! What comes from publishers of advisories beside their records: archives, what they say of where files
//! are, and what is kept between runs. None of it may panic, lead outside its place, or take memory that its
//! size does not justify.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_feeds::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        0 => fuzzing::archive(rest),
        1 => fuzzing::places(rest),
        2 => fuzzing::documents(rest),
        _ => fuzzing::matches(rest),
    }
});
