//! Each package of an image once, with every place it was found in.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    Package, PackageType,
    image::{ImagePackage, PackageLocation},
};

use super::{
    owners::Owners,
    spots::{Chain, Spot},
    tree::{Id, Tree},
};
use crate::{Found, FoundPackage, How, sbom::reconcile};

/// What makes two findings the same package.
type Key<'a> = (PackageType, &'a str, &'a str, &'a str, Option<&'a str>);

/// The packages of an image, and what else came out on the way.
#[derive(Default)]
pub(super) struct Packages {
    /// Each once, sorted.
    pub all: Vec<ImagePackage>,
    /// For each layer: packages it brought, packages it took away.
    pub changes: Vec<(u64, u64)>,
    /// Packages that are part of a package of the operating system.
    pub owned: u64,
    /// SBOMs of the image that tell of packages.
    pub sboms: Vec<String>,
}

/// What an operating system's packages get that their database does not say.
pub(super) struct Distribution {
    /// The purl namespace: `debian`.
    pub namespace: String,
    /// The purl qualifier `distro`: `debian-12`.
    pub distro: Option<String>,
}

/// Something a package of the operating system holds.
struct Held {
    owner: String,
    location: PackageLocation,
    purls: BTreeSet<String>,
}

/// Puts together the packages of all layers.
pub(super) fn collect(
    tree: &Tree<'_>,
    chains: &[Chain<'_>],
    owners: &Owners<'_>,
    distribution: Option<&Distribution>,
) -> Packages {
    let mut by_key: BTreeMap<Key<'_>, Vec<Spot<'_, FoundPackage>>> = BTreeMap::new();
    let mut sboms = BTreeSet::new();
    for chain in chains {
        for spot in chain.spots(tree, |found| match found {
            Found::Package(package) => Some((key(&package.package), &**package)),
            _ => None,
        }) {
            let Some(first) = spot.items.first() else {
                continue;
            };
            if first.how == How::Sbom && spot.removed_by.is_none() {
                sboms.insert(format!("/{}", spot.path));
            }
            by_key.entry(key(&first.package)).or_default().push(spot);
        }
    }
    let mut packages = Packages {
        changes: vec![(0, 0); tree.layer_count()],
        sboms: sboms.into_iter().collect(),
        ..Packages::default()
    };
    let mut held: BTreeMap<(Id, String), Held> = BTreeMap::new();
    for (key, mut spots) in by_key {
        if key.0.is_os() {
            join_moved(&mut spots);
        } else {
            let was_there = spots.iter().any(|spot| spot.removed_by.is_none());
            spots.retain(|spot| !set_apart(tree, owners, spot, &mut held));
            if spots.is_empty() {
                packages.owned += u64::from(was_there);
                continue;
            }
        }
        count(&spots, &mut packages.changes);
        packages.all.push(package(tree, spots, distribution));
    }
    reconcile::packages(&mut packages.all);
    attach(&mut packages.all, held);
    packages.all.sort_by(|a, b| a.package.cmp(&b.package));
    packages
}

fn key(package: &Package) -> Key<'_> {
    (
        package.kind,
        &package.namespace,
        &package.name,
        &package.version,
        package.arch.as_deref(),
    )
}

/// A database that a layer moved to another path tells of the same packages:
/// they have been there all along.
fn join_moved(spots: &mut Vec<Spot<'_, FoundPackage>>) {
    spots.sort_by_key(|spot| (spot.layer, spot.removed_by.unwrap_or(u32::MAX)));
    let mut at = 1;
    while at < spots.len() {
        let before = spots[..at]
            .iter()
            .position(|earlier| earlier.removed_by == Some(spots[at].layer));
        match before {
            Some(before) => {
                spots[at].layer = spots[before].layer;
                spots.remove(before);
            }
            None => at += 1,
        }
    }
}

/// Whether the file a package was found in belongs to a package of the
/// operating system and is what that installed. It is then told of there.
fn set_apart(
    tree: &Tree<'_>,
    owners: &Owners<'_>,
    spot: &Spot<'_, FoundPackage>,
    held: &mut BTreeMap<(Id, String), Held>,
) -> bool {
    if spot.removed_by.is_some() {
        return owners.ever_owned(spot.path);
    }
    let Some(owner) = owners.of(tree, spot.file) else {
        return false;
    };
    if owners.changed.contains(&spot.file) {
        return false;
    }
    let Some(first) = spot.items.first() else {
        return false;
    };
    held.entry((spot.file, owner.package.to_owned()))
        .or_insert_with(|| Held {
            owner: owner.package.to_owned(),
            location: location(spot, first),
            purls: BTreeSet::new(),
        })
        .purls
        .insert(first.package.purl());
    true
}

/// Notes in which layers a package came and went.
fn count(spots: &[Spot<'_, FoundPackage>], changes: &mut [(u64, u64)]) {
    let mut times: Vec<(u32, u32)> = spots
        .iter()
        .map(|spot| (spot.layer, spot.removed_by.unwrap_or(u32::MAX)))
        .collect();
    times.sort_unstable();
    let mut end: Option<u32> = None;
    let mut note = |layer: u32, came: bool| {
        if let Some(change) = changes.get_mut(layer as usize) {
            if came {
                change.0 += 1;
            } else {
                change.1 += 1;
            }
        }
    };
    for (from, to) in times {
        match end {
            Some(was) if from <= was => end = Some(was.max(to)),
            _ => {
                if let Some(was) = end {
                    note(was, false);
                }
                note(from, true);
                end = Some(to);
            }
        }
    }
    if let Some(was) = end {
        note(was, false);
    }
}

/// One package of all the places it was found in.
fn package(
    tree: &Tree<'_>,
    mut spots: Vec<Spot<'_, FoundPackage>>,
    distribution: Option<&Distribution>,
) -> ImagePackage {
    spots.sort_by(|a, b| {
        (a.removed_by.is_some(), a.layer, a.path).cmp(&(b.removed_by.is_some(), b.layer, b.path))
    });
    let is_there = spots.first().is_some_and(|spot| spot.removed_by.is_none());
    // What is there counts; what once was only when nothing is.
    let current: Vec<&FoundPackage> = spots
        .iter()
        .filter(|spot| !is_there || spot.removed_by.is_none())
        .flat_map(|spot| spot.items.iter().copied())
        .collect();
    let mut package = current
        .first()
        .map(|found| found.package.clone())
        .unwrap_or_else(|| Package::new(PackageType::Generic, "", "", ""));
    let mut licences: BTreeSet<String> = BTreeSet::new();
    for found in &current {
        let other = &found.package;
        licences.extend(other.licences.iter().cloned());
        if package.source.is_none() {
            package.source.clone_from(&other.source);
        }
        if package.subpath.is_empty() {
            package.subpath.clone_from(&other.subpath);
        }
        for (name, value) in &other.qualifiers {
            if !package.qualifiers.contains_key(name) {
                package.qualifiers.insert(name.clone(), value.clone());
            }
        }
    }
    package.licences = licences.into_iter().collect();
    if package.kind.is_os()
        && let Some(distribution) = distribution
    {
        if package.namespace.is_empty() {
            package.namespace.clone_from(&distribution.namespace);
        }
        if let Some(distro) = &distribution.distro {
            package
                .qualifiers
                .entry("distro".to_owned())
                .or_insert_with(|| distro.clone());
        }
    }
    let all = |of: fn(&FoundPackage) -> &Vec<String>| -> Vec<String> {
        let set: BTreeSet<&String> = current.iter().flat_map(|found| of(found)).collect();
        set.into_iter().cloned().collect()
    };
    let mut known: Vec<String> = Vec::new();
    for cpe in current.iter().flat_map(|found| &found.cpes) {
        if !known.contains(cpe) {
            known.push(cpe.clone());
        }
    }
    let mut locations: Vec<PackageLocation> = Vec::new();
    for spot in &spots {
        for item in &spot.items {
            let mut location = location(spot, item);
            if let Some(missing) = reconcile::missing_files(item, |path| tree.find(path).is_some())
            {
                location.evidence = format!("{}; {missing}", location.evidence);
            }
            if !locations.contains(&location) || locations.len() > 1_000 {
                locations.push(location);
            }
        }
    }
    ImagePackage {
        purl: package.purl(),
        cpes: crate::cpe::candidates(&package, &known),
        locations,
        removed_by: if is_there {
            None
        } else {
            spots.iter().filter_map(|spot| spot.removed_by).max()
        },
        from_base: None,
        dev: !current.is_empty() && current.iter().all(|found| found.dev),
        needs: all(|found| &found.needs),
        checksums: all(|found| &found.checksums),
        symbols: all(|found| &found.symbols),
        package,
    }
}

fn location(spot: &Spot<'_, FoundPackage>, found: &FoundPackage) -> PackageLocation {
    let (how, classifier) = match &found.how {
        How::Installed => ("installed", None),
        How::Embedded => ("embedded", None),
        How::Lock => ("lock", None),
        How::Manifest => ("manifest", None),
        How::Classifier(name) => ("classifier", Some(name)),
        How::Sbom => ("sbom", None),
    };
    PackageLocation {
        layer: spot.layer,
        path: if found.inner.is_empty() {
            spot.path.to_owned()
        } else {
            format!("{}!/{}", spot.path, found.inner)
        },
        how: how.to_owned(),
        evidence: match classifier {
            Some(name) if found.evidence.is_empty() => name.clone(),
            Some(name) => format!("{name}: {}", found.evidence),
            None => found.evidence.clone(),
        },
    }
}

/// Tells the packages of the operating system what they hold: a location per
/// file, after those the package itself was found in.
fn attach(packages: &mut [ImagePackage], held: BTreeMap<(Id, String), Held>) {
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        let is = &package.package;
        if is.kind.is_os() && package.removed_by.is_none() {
            by_name.entry(is.name.clone()).or_insert(at);
            if let Some(arch) = &is.arch {
                by_name.insert(format!("{}:{arch}", is.name), at);
            }
        }
    }
    for held in held.into_values() {
        let owner = held.owner.as_str();
        let at = by_name
            .get(owner)
            .or_else(|| by_name.get(owner.split_once(':')?.0));
        if let Some(&at) = at {
            let count = held.purls.len();
            let first = held.purls.first().map_or("", String::as_str);
            let evidence = match count {
                1 => format!("holds {first}"),
                _ => format!("holds {count} packages, such as {first}"),
            };
            packages[at].locations.push(PackageLocation {
                evidence,
                ..held.location
            });
        }
    }
}
