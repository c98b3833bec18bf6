//! Feeds unpacked and read, and images put together by hand.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use plimsoll_model::{
    Package, SourcePackage,
    image::{Image, ImagePackage, ImageRelease, PackageLocation},
};
use plimsoll_vuln::{
    lookup::Memory,
    matching::{Matched, Options, match_image},
    read,
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

/// The feed in a folder, as readers read it.
pub fn feed(folder: &Path) -> Memory {
    let mut memory = Memory::new();
    for path in files(folder) {
        let bytes = bytes(&path);
        let name = path.strip_prefix(folder).expect("below").to_string_lossy();
        let first = &bytes[..bytes.len().min(4096)];
        let Some(format) = read::detect(&name, first) else {
            continue;
        };
        for advisory in read::read(format, &name, &bytes).advisories {
            memory.add(advisory);
        }
    }
    memory
}

/// A package that is installed.
pub fn installed(package: Package) -> ImagePackage {
    ImagePackage {
        purl: package.purl(),
        package,
        cpes: Vec::new(),
        locations: vec![PackageLocation::default()],
        removed_by: None,
        from_base: None,
        dev: false,
        needs: Vec::new(),
        checksums: Vec::new(),
        symbols: Vec::new(),
    }
}

pub fn source(name: &str, version: &str) -> Option<SourcePackage> {
    Some(SourcePackage {
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

pub fn image(id: &str, version: &str, packages: Vec<ImagePackage>) -> Image {
    Image {
        release: (!id.is_empty()).then(|| ImageRelease {
            id: id.to_owned(),
            version: version.to_owned(),
            ..ImageRelease::default()
        }),
        packages,
        ..Image::default()
    }
}

/// Matches, and gives what was found as pairs of package and name.
pub fn found(image: &Image, db: &Memory) -> (BTreeSet<(String, String)>, Matched) {
    let matched = match_image(image, db, &Options::default());
    assert!(matched.unknown.is_empty(), "{:?}", matched.unknown);
    let pairs = matched
        .vulnerabilities
        .iter()
        .map(|hit| (hit.package.name.clone(), hit.id.clone()))
        .collect();
    (pairs, matched)
}

/// Says what only one of two sets has.
pub fn same(found: &BTreeSet<(String, String)>, expect: &BTreeSet<(String, String)>) {
    let missing: Vec<_> = expect.difference(found).take(20).collect();
    let more: Vec<_> = found.difference(expect).take(20).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing {missing:?}, too many {more:?} ({} found, {} expected)",
        found.len(),
        expect.len()
    );
}
