//! The data of these tests: found, unpacked, read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A file of the data that tests on real inputs use; none where it is not here.
pub fn data(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    if file.is_file() {
        return Some(file);
    }
    eprintln!("SKIPPED: no {path} here");
    None
}

/// Unpacks an archive; none where it is not here.
pub fn unpack(path: &str) -> Option<TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    unpack_into(&data(path)?, folder.path())?;
    Some(folder)
}

pub fn unpack_into(archive: &Path, folder: &Path) -> Option<()> {
    let done = Command::new("tar")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(folder)
        .status();
    if done.is_ok_and(|status| status.success()) {
        return Some(());
    }
    eprintln!("SKIPPED: tar cannot unpack {} here", archive.display());
    None
}

/// All files below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The bytes of a file of a test's own data.
#[expect(
    clippy::disallowed_methods,
    reason = "the test's own data, of a known size"
)]
pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

pub fn text(path: &Path) -> String {
    String::from_utf8(bytes(path)).expect("text")
}
