//! What a node runs on.

use std::sync::Arc;

use plimsoll_coverage::NodeSeen;
use plimsoll_model::{Package, PackageType, image::Image, wire::ComponentReport};
use plimsoll_vuln::component::{Component, Part};

use super::found::{Judge, names};
use crate::images;

/// Packages of distributions that hold a container runtime: their word about
/// backported fixes counts over the version's number.
const RUNTIMES: [(Part, &[&str]); 3] = [
    (Part::Containerd, &["containerd"]),
    (Part::CriO, &["cri-o"]),
    (Part::Docker, &["docker.io", "moby-engine"]),
];
/// The same of runc. Docker's `containerd.io` has one too and does not say which.
const RUNC: [&str; 2] = ["runc", "moby-runc"];
/// The module of runc, in a program that says what it is built of.
const RUNC_MODULE: &str = "github.com/opencontainers/runc";

/// What is said where nobody lists the packages of a node.
const NO_PACKAGES: &str = "no list of the node's packages is given: --node-packages NODE=PATH";

/// Judges what one node tells of itself, and the packages that are listed of it.
pub(super) fn judge(judge: &mut Judge<'_>, seen: &NodeSeen, packages: Option<&Arc<Image>>) {
    let asset = &seen.asset;
    let os = seen.os.as_ref().map_or("", |said| &*said.text);
    match &seen.kubelet {
        None => judge.not_told(
            asset,
            Part::Kubelet.as_str(),
            "the node does not say which kubelet it runs",
        ),
        Some(said) => {
            let component = Component {
                part: Part::Kubelet,
                text: said.text.to_string(),
                os: os.to_owned(),
            };
            judge.component(asset, &component, &said.evidence());
        }
    }
    runtime(judge, seen, os, packages);
    runc(judge, seen, os, packages);
    kernel(judge, seen, packages);
    let Some(image) = packages else {
        judge.not_told(asset, "packages", NO_PACKAGES);
        return;
    };
    let mut advisories = judge.advisories.clone();
    // A kernel that is installed and does not run is told apart.
    advisories.options.running_kernel = seen.kernel.as_ref().map(|said| said.text.to_string());
    let matched = images::matched(image, &advisories, judge.now);
    let count = format!("{} packages", image.packages.len());
    judge.packages(
        asset,
        image,
        &matched,
        ComponentReport::compared(asset.id.clone(), "packages", Some(&count)),
    );
}

fn runtime(judge: &mut Judge<'_>, seen: &NodeSeen, os: &str, packages: Option<&Arc<Image>>) {
    let asset = &seen.asset;
    let Some(said) = &seen.runtime else {
        let why = "the node does not say which container runtime it runs";
        return judge.not_told(asset, "container runtime", why);
    };
    match Component::of_runtime(&said.text, os) {
        Ok(component) => {
            let of = RUNTIMES.iter().find(|(part, _)| *part == component.part);
            let of = of.and_then(|(_, wanted)| packaged(packages?, wanted));
            match of {
                Some(package) => judge.in_package(asset, component.part.as_str(), package),
                None => judge.component(asset, &component, &said.evidence()),
            }
        }
        Err(why) => judge.not_comparable(asset, "container runtime", said, why),
    }
}

/// No API tells the version of runc.
fn runc(judge: &mut Judge<'_>, seen: &NodeSeen, os: &str, packages: Option<&Arc<Image>>) {
    if os == "windows" {
        return;
    }
    let asset = &seen.asset;
    let module = || {
        let here = packages?.packages.iter().filter(|p| p.removed_by.is_none());
        here.map(|found| &found.package).find(|package| {
            package.kind == PackageType::Golang
                && format!("{}/{}", package.namespace, package.name) == RUNC_MODULE
        })
    };
    let found = packages
        .and_then(|image| packaged(image, &RUNC))
        .or_else(module);
    match (found, packages) {
        (Some(package), _) => judge.in_package(asset, Part::Runc.as_str(), package),
        (None, Some(_)) => judge.not_told(
            asset,
            Part::Runc.as_str(),
            "the node does not say which it has, and it is in none of its packages",
        ),
        (None, None) => judge.not_told(
            asset,
            Part::Runc.as_str(),
            "the node does not say which it has; a list of its packages does: --node-packages NODE=PATH",
        ),
    }
}

fn kernel(judge: &mut Judge<'_>, seen: &NodeSeen, packages: Option<&Arc<Image>>) {
    let asset = &seen.asset;
    let Some(said) = &seen.kernel else {
        return judge.not_told(
            asset,
            "kernel",
            "the node does not say which kernel it runs",
        );
    };
    // The packages say which kernel it is, with the fixes it has.
    if let Some(image) = packages
        && let Some(package) = running(image, &said.text)
    {
        return judge.in_package(asset, "kernel", package);
    }
    let os = seen.os_image.as_ref().map_or("", |said| &*said.text);
    judge.kernel(asset, os, &said.text, &said.evidence());
}

/// The package of the kernel that runs.
fn running<'a>(image: &'a Image, release: &str) -> Option<&'a Package> {
    let here = image.packages.iter().filter(|p| p.removed_by.is_none());
    here.map(|found| &found.package)
        .find(|package| plimsoll_vuln::matching::is_kernel(package, release))
}

/// The first of these packages that is there.
fn packaged<'a>(image: &'a Image, wanted: &[&str]) -> Option<&'a Package> {
    let here = names(image);
    let name = wanted.iter().find(|name| here.contains(**name))?;
    let mut all = image.packages.iter().filter(|p| p.removed_by.is_none());
    all.find(|found| found.package.name == **name && is_of_system(found.package.kind))
        .map(|found| &found.package)
}

fn is_of_system(kind: PackageType) -> bool {
    matches!(
        kind,
        PackageType::Deb | PackageType::Rpm | PackageType::Apk | PackageType::Alpm
    )
}
