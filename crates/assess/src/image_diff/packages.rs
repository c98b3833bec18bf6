//! Packages of two images, compared by type, name and architecture.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use plimsoll_model::{
    PackageType,
    image::Image,
    image_diff::{ChangeKind, PackageChange},
};
use plimsoll_vuln::{Scheme, version::compare};

type Key<'a> = (PackageType, String, Option<&'a str>);

pub(super) fn changes(from: &Image, to: &Image) -> Vec<PackageChange> {
    let (from, to) = (versions(from), versions(to));
    let keys: BTreeSet<&Key<'_>> = from.keys().chain(to.keys()).collect();
    let none = BTreeSet::new();
    let mut changes = Vec::new();
    for key in keys {
        let (a, b) = (from.get(key).unwrap_or(&none), to.get(key).unwrap_or(&none));
        if a == b {
            continue;
        }
        let (kind, name, arch) = key;
        let strings = |set: &BTreeSet<&str>| set.iter().map(|v| (*v).to_owned()).collect();
        changes.push(PackageChange {
            kind: *kind,
            name: name.clone(),
            arch: arch.map(str::to_owned),
            change: how(*kind, a, b),
            from: strings(a),
            to: strings(b),
        });
    }
    changes
}

fn how(kind: PackageType, from: &BTreeSet<&str>, to: &BTreeSet<&str>) -> ChangeKind {
    if from.is_empty() {
        return ChangeKind::Added;
    }
    if to.is_empty() {
        return ChangeKind::Removed;
    }
    let only = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| {
        a.difference(b).map(|v| (*v).to_owned()).collect::<Vec<_>>()
    };
    match (&only(from, to)[..], &only(to, from)[..], scheme(kind)) {
        ([was], [is], Some(scheme)) => match compare(scheme, was, is) {
            Ordering::Less => ChangeKind::Upgraded,
            Ordering::Greater => ChangeKind::Downgraded,
            Ordering::Equal => ChangeKind::Changed,
        },
        _ => ChangeKind::Changed,
    }
}

/// The order of versions of a type of package, where it has one.
fn scheme(kind: PackageType) -> Option<Scheme> {
    kind.as_str().parse().ok()
}

/// The versions of each package that is there in the end.
fn versions(image: &Image) -> BTreeMap<Key<'_>, BTreeSet<&str>> {
    let mut all: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
    for found in image.packages.iter().filter(|p| p.removed_by.is_none()) {
        let package = &found.package;
        let key = (package.kind, package.full_name(), package.arch.as_deref());
        all.entry(key).or_default().insert(&package.version);
    }
    all
}
