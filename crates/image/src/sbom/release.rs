//! Which operating system an SBOM is about.

use plimsoll_model::image::{Image, ImageRelease};
use rustc_hash::FxHashMap;

/// The `ID` of `os-release` for names other tools have for it.
pub(super) fn os_id(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let id = match &*name {
        "redhat" | "red hat enterprise linux" => "rhel",
        "alma" => "almalinux",
        "amazon" | "amazonlinux" | "amazon linux" => "amzn",
        "oracle" | "oraclelinux" | "oracle linux" => "ol",
        "rockylinux" => "rocky",
        "opensuse.leap" => "opensuse-leap",
        "opensuse.tumbleweed" => "opensuse-tumbleweed",
        "suse linux enterprise server" | "suse" => "sles",
        "cbl-mariner" => "mariner",
        "azure linux" => "azurelinux",
        "archlinux" => "arch",
        _ => return name.replace(' ', "-"),
    };
    id.to_owned()
}

/// A release from a `distro` qualifier: `debian-12`, `alpine-3.19.1`,
/// `opensuse-leap-15.5`, `jessie`.
fn from_distro(distro: &str) -> ImageRelease {
    let versioned = distro
        .rsplit_once('-')
        .filter(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()));
    let mut release = ImageRelease::default();
    match versioned {
        Some((id, version)) => {
            release.id = os_id(id);
            release.version = version.to_owned();
        }
        None => release.id = os_id(distro),
    }
    release
}

/// The release that most packages of the operating system name in their
/// `distro`, else their namespace alone. Packages that name another are told
/// of: they would be matched wrongly.
pub(super) fn from_packages(image: &mut Image) {
    let mut distros: FxHashMap<&str, usize> = FxHashMap::default();
    let mut vendors: FxHashMap<&str, usize> = FxHashMap::default();
    for found in image.packages.iter().filter(|p| p.package.kind.is_os()) {
        if let Some(distro) = found.package.qualifiers.get("distro") {
            *distros.entry(distro).or_default() += 1;
        }
        if !found.package.namespace.is_empty() {
            *vendors.entry(&found.package.namespace).or_default() += 1;
        }
    }
    let most = |counts: &FxHashMap<&str, usize>| {
        // By name where counts are equal: the answer must not depend on order.
        let most = counts
            .iter()
            .max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
        most.map(|(name, _)| (*name).to_owned())
    };
    let release = match (most(&distros), most(&vendors)) {
        (Some(distro), vendor) => {
            let mut release = from_distro(&distro);
            // `distro=bookworm`: a code name.
            if release.version.is_empty()
                && let Some(vendor) = vendor.filter(|vendor| *vendor != release.id)
            {
                release.codename = std::mem::replace(&mut release.id, os_id(&vendor));
            }
            release
        }
        (None, Some(vendor)) => ImageRelease {
            id: os_id(&vendor),
            ..ImageRelease::default()
        },
        (None, None) => return,
    };
    let mut others: Vec<&str> = distros.keys().copied().collect();
    if others.len() > 1 {
        others.sort_unstable();
        others.truncate(5);
        let message = format!(
            "packages of several releases: {}; taken to be {} {}",
            others.join(", "),
            release.id,
            release.version
        );
        image.gaps.push(plimsoll_model::image::ImageGap {
            message,
            ..Default::default()
        });
    }
    image.release = Some(release);
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Package, image::ImagePackage};

    use super::*;

    fn image(purls: &[&str]) -> Image {
        let package = |purl: &&str| ImagePackage::of(Package::from_purl(purl).expect("a purl"));
        Image {
            packages: purls.iter().map(package).collect(),
            ..Image::default()
        }
    }

    #[test]
    fn releases_are_told_by_packages() {
        let check = |purls: &[&str], expect: Option<(&str, &str, &str)>, gaps: usize| {
            let mut image = image(purls);
            from_packages(&mut image);
            let found = image.release.as_ref();
            assert_eq!(
                found.map(|r| (&*r.id, &*r.version, &*r.codename)),
                expect,
                "{purls:?}"
            );
            assert_eq!(image.gaps.len(), gaps, "{purls:?}");
        };
        check(
            &["pkg:deb/debian/a@1?distro=debian-12"],
            Some(("debian", "12", "")),
            0,
        );
        check(
            &["pkg:deb/debian/a@1?distro=bookworm"],
            Some(("debian", "", "bookworm")),
            0,
        );
        check(
            &["pkg:rpm/redhat/a@1?distro=redhat-9.3"],
            Some(("rhel", "9.3", "")),
            0,
        );
        check(
            &["pkg:rpm/opensuse/a@1?distro=opensuse.leap-15.5"],
            Some(("opensuse-leap", "15.5", "")),
            0,
        );
        check(&["pkg:apk/wolfi/a@1"], Some(("wolfi", "", "")), 0);
        check(&["pkg:npm/a@1?distro=debian-12"], None, 0);
        check(
            &[
                "pkg:apk/alpine/a@1?distro=alpine-3.18",
                "pkg:apk/alpine/b@1?distro=alpine-3.19",
                "pkg:apk/alpine/c@1?distro=alpine-3.19",
            ],
            Some(("alpine", "3.19", "")),
            1,
        );
    }
}
