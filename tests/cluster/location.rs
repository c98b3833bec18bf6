//! Where the programs that tests need and that are built with Go are kept: one rule for the task
//! that builds them and for the tests that run them (both include this file by its path).

use std::io;
use std::path::{Path, PathBuf};

/// What a program is made of, in the order in which it counts. One that is another project's as it
/// is has no `main.go`.
const SOURCES: [&str; 3] = ["go.mod", "go.sum", "main.go"];

/// `CACHE/NAME/HASH/plimsoll-NAME`, with the hash of the sources in `REPO/tests/NAME`: a change of
/// any of them is another program.
///
/// # Errors
/// A source can't be read.
#[expect(
    clippy::disallowed_methods,
    reason = "the repository's own files are trusted input of a known size"
)]
pub fn program(repo: &Path, cache: &Path, name: &str) -> io::Result<PathBuf> {
    let mut hash = FNV_OFFSET;
    let folder = repo.join("tests").join(name);
    for source in SOURCES {
        let bytes = match std::fs::read(folder.join(source)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && source == "main.go" => {
                continue;
            }
            bytes => bytes?,
        };
        // The length keeps the end of one file apart from the start of the next.
        hash = fnv(hash, &(bytes.len() as u64).to_le_bytes());
        hash = fnv(hash, &bytes);
    }
    Ok(cache
        .join(name)
        .join(format!("{hash:016x}"))
        .join(format!("plimsoll-{name}")))
}

/// FNV-1a, 64 bits: a key of a cache, no protection against anybody.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}
