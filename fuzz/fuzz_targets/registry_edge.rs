//! What comes from outside at the edge: texts, documents, cached layers, stored images, and what containerd
//! answers. None of it may panic, or take memory that its size does not justify.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_registry::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 5 {
        0 => fuzzing::texts(rest),
        1 => fuzzing::documents(rest),
        2 => fuzzing::entry(rest),
        3 => fuzzing::stored(rest),
        _ => fuzzing::grpc(rest),
    }
});
