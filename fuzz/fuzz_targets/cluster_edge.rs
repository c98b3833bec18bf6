//! What an API server says: its discovery document, pages of lists, and the lines of a watch, cut
//! anywhere. What can't be read is counted, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_cluster::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        0 => fuzzing::discovery(rest),
        1 => fuzzing::page(rest),
        2 => fuzzing::events(rest),
        _ => fuzzing::pull_secret(rest),
    }
});
