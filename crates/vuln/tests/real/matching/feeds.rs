//! Feeds as readers read them, and images put together by hand.

use std::{collections::BTreeSet, path::Path};

use plimsoll_model::{
    Package, SourcePackage,
    image::{Image, ImagePackage, ImageRelease, PackageLocation},
};
use plimsoll_vuln::{
    lookup::Memory,
    matching::{Matched, Options, match_image},
    read,
};

use crate::data::{bytes, files};

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
        locations: vec![PackageLocation::default()],
        ..ImagePackage::of(package)
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
