//! What an SBOM in an image says, against what is in the image: it is read,
//! and not trusted blindly.
//!
//! - What a package database or the file itself says wins: the SBOM is one
//!   more place that the package was found in.
//! - Where a package database has another version, that one stands, and the
//!   version of the SBOM is told as evidence.
//! - What the SBOM alone names stays, with `sbom` as the way it is known;
//!   where it names files of which none is there, that is said.

use plimsoll_model::{
    Package, PackageType,
    image::{ImagePackage, PackageLocation},
};
use rustc_hash::FxHashMap;

use crate::{FoundPackage, How};

/// Words for a person when an SBOM names files of a package and none of them
/// is there. `exists` tells whether a path is there in the end.
pub fn missing_files(claimed: &FoundPackage, exists: impl Fn(&str) -> bool) -> Option<String> {
    let files = &claimed.files;
    if claimed.how != How::Sbom || files.is_empty() || files.iter().any(|path| exists(outer(path)))
    {
        return None;
    }
    Some(match &**files {
        [file] => format!("the file it names is not there: {file}"),
        files => format!("none of the {} files it names is there", files.len()),
    })
}

/// The file that holds what is in an archive: `app.jar` of `app.jar!/lib/a.jar`.
fn outer(path: &str) -> &str {
    let path = path.split_once("!/").map_or(path, |(outer, _)| outer);
    path.trim_start_matches('/')
}

/// Puts what SBOMs name and what was found otherwise together, by the rules
/// above.
pub fn packages(all: &mut Vec<ImagePackage>) {
    let claimed = |package: &ImagePackage| {
        package.removed_by.is_none() && package.locations.iter().all(|place| place.how == "sbom")
    };
    if !all.iter().any(claimed) {
        return;
    }
    let mut found: FxHashMap<(PackageType, String), Vec<usize>> = FxHashMap::default();
    for (at, package) in all.iter().enumerate() {
        if package.removed_by.is_none() && !claimed(package) {
            found.entry(name(&package.package)).or_default().push(at);
        }
    }
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (at, package) in all
        .iter()
        .enumerate()
        .filter(|(_, package)| claimed(package))
    {
        let others = found
            .get(&name(&package.package))
            .map_or(&[][..], |others| others);
        let alike = || {
            let like = |other: &&usize| is_like(&package.package, &all[**other].package);
            others.iter().filter(like)
        };
        let same = alike().find(|other| all[**other].package.version == package.package.version);
        // A system has one version of a package; a project may well have several.
        let installed = alike().find(|other| {
            let mut places = all[**other].locations.iter();
            package.package.kind.is_os() && places.any(|place| place.how == "installed")
        });
        if let Some(by) = same.or(installed) {
            joined.push((at, *by));
        }
    }
    for (at, by) in &joined {
        let claim = &all[*at];
        let version = &claim.package.version;
        let other = *version != all[*by].package.version;
        let places: Vec<PackageLocation> = claim
            .locations
            .iter()
            .map(|place| {
                let mut place = place.clone();
                if other {
                    place.evidence = format!("{}; names version {version}", place.evidence);
                }
                place
            })
            .collect();
        all[*by].locations.extend(places);
    }
    let gone: rustc_hash::FxHashSet<usize> = joined.into_iter().map(|(at, _)| at).collect();
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

fn name(package: &Package) -> (PackageType, String) {
    (
        package.kind,
        package.kind.canonical_name(&package.name).into_owned(),
    )
}

/// Whether two packages of one name may be the same: databases may leave the
/// distribution out, SBOMs the architecture.
fn is_like(a: &Package, b: &Package) -> bool {
    let kind = a.kind;
    let namespace = kind.is_os()
        || kind.canonical_namespace(&a.namespace) == kind.canonical_namespace(&b.namespace);
    let arch = a.arch.is_none() || b.arch.is_none() || a.arch == b.arch;
    namespace && arch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::tests::location;

    #[test]
    fn what_is_there_wins_over_what_is_said() {
        let check = |given: &[(&str, &str)], expect: &[&str]| {
            let mut all: Vec<ImagePackage> = given
                .iter()
                .map(|(purl, how)| {
                    let mut package = ImagePackage::of(Package::from_purl(purl).expect("a purl"));
                    package.locations = vec![location(0, how, how, "x")];
                    package
                })
                .collect();
            packages(&mut all);
            let told: Vec<String> = all
                .iter()
                .map(|package| {
                    let places: Vec<String> = package
                        .locations
                        .iter()
                        .map(|place| format!("{} ({})", place.how, place.evidence))
                        .collect();
                    format!("{} {}", package.purl, places.join(", "))
                })
                .collect();
            assert_eq!(told, expect, "{given:?}");
        };
        check(
            &[
                ("pkg:apk/wolfi/curl@8", "sbom"),
                ("pkg:apk/curl@8?arch=x", "installed"),
            ],
            &["pkg:apk/curl@8?arch=x installed (x), sbom (x)"],
        );
        check(
            &[
                ("pkg:apk/curl@9", "installed"),
                ("pkg:apk/wolfi/curl@8", "sbom"),
            ],
            &["pkg:apk/curl@9 installed (x), sbom (x; names version 8)"],
        );
        check(
            &[
                ("pkg:deb/curl@9?arch=a", "installed"),
                ("pkg:deb/curl@9?arch=b", "sbom"),
            ],
            &[
                "pkg:deb/curl@9?arch=a installed (x)",
                "pkg:deb/curl@9?arch=b sbom (x)",
            ],
        );
        check(
            &[("pkg:npm/a@2", "installed"), ("pkg:npm/a@1", "sbom")],
            &["pkg:npm/a@2 installed (x)", "pkg:npm/a@1 sbom (x)"],
        );
        check(
            &[
                ("pkg:npm/a@1", "lock"),
                ("pkg:npm/a@1?x=y", "sbom"),
                ("pkg:npm/b@1", "sbom"),
            ],
            &["pkg:npm/a@1 lock (x), sbom (x)", "pkg:npm/b@1 sbom (x)"],
        );
        check(
            &[("pkg:npm/%40x/a@1", "lock"), ("pkg:npm/a@1", "sbom")],
            &["pkg:npm/%40x/a@1 lock (x)", "pkg:npm/a@1 sbom (x)"],
        );
    }

    #[test]
    fn files_that_are_not_there_are_told_of() {
        let check = |files: &[&str], expect: Option<&str>| {
            let package = Package::from_purl("pkg:maven/a/b@1").expect("a purl");
            let mut claim = FoundPackage::new(package, How::Sbom);
            claim.files = files.iter().map(|path| (*path).to_owned()).collect();
            let told = missing_files(&claim, |path| path.starts_with("there"));
            assert_eq!(told.as_deref(), expect, "{files:?}");
        };
        check(&[], None);
        check(&["/there/x.jar!/b.jar"], None);
        check(&["gone", "there/a"], None);
        check(
            &["gone/b.jar"],
            Some("the file it names is not there: gone/b.jar"),
        );
        check(
            &["gone/b.jar", "gone/c"],
            Some("none of the 2 files it names is there"),
        );
    }
}
