//! What a package may be known by in a database, whichever that is.

use std::collections::BTreeSet;

use plimsoll_model::{
    PackageType,
    image::{ImagePackage, ImageRelease},
};

use super::{is_none, package::products, release};
use crate::{
    db::PackageKey,
    lookup::{Place, full_name},
};

/// The keys under which advisories about a package of a system with this
/// release may stand: all that [`match_image`](super::match_image) may ask for.
#[must_use]
pub fn keys(release: Option<&ImageRelease>, found: &ImagePackage) -> BTreeSet<PackageKey> {
    let package = &found.package;
    let mut keys = BTreeSet::new();
    if is_none(found) {
        return keys;
    }
    let mut add = |place: Place<'_>, name: &str| keys.insert(PackageKey::new(place, name));
    if package.kind.is_os() {
        let source = package.source.as_ref().map(|source| source.name.as_str());
        let source = source.filter(|name| !name.is_empty());
        for speaks in release.map(release::candidates).unwrap_or_default() {
            let beside = release::besides(&speaks);
            for release in std::iter::once(&speaks).chain(&beside) {
                let place = Place::Distribution {
                    id: &release.id,
                    release: &release.release,
                };
                for name in std::iter::once(package.name.as_str()).chain(source) {
                    add(place, name);
                }
            }
        }
        return keys;
    }
    match package.kind {
        PackageType::Generic | PackageType::Bitnami => {
            add(Place::Registry(PackageType::Bitnami), &package.name);
            for name in products(&found.cpes) {
                add(Place::Program, &name);
            }
            if package.name == "go" {
                add(Place::Registry(PackageType::Golang), "toolchain");
            }
        }
        kind => {
            add(Place::Registry(kind), &full_name(package));
        }
    }
    keys
}
