//! The rules of matching, each over a few made-up advisories.

mod library;
mod property;
mod system;
mod words;

use std::collections::BTreeMap;

use plimsoll_model::{
    Package, PackageType, SourcePackage, Vulnerability,
    image::{Image, ImagePackage, ImageRelease, PackageLocation},
};

use super::{Matched, Options, match_image};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, End, Origin, Range, Source, State},
    lookup::Memory,
};

/// A record of a feed.
pub(super) fn record(id: &str) -> Advisory {
    Advisory {
        id: id.into(),
        aliases: Vec::new(),
        about: Vec::new(),
        source: Source {
            feed: "test".into(),
            ..Source::default()
        },
        summary: String::new(),
        details: String::new(),
        severities: Vec::new(),
        weaknesses: Vec::new(),
        references: Vec::new(),
        affected: Vec::new(),
        withdrawn: None,
    }
}

/// To write records down in a line.
pub(super) trait With: Sized {
    fn alias(self, id: &str) -> Self;
    fn about(self, ids: &str) -> Self;
    fn says(self, origin: &str, name: &str, what: &str) -> Self;
}

impl With for Advisory {
    fn alias(mut self, id: &str) -> Self {
        self.aliases.push(id.into());
        self
    }

    fn about(mut self, ids: &str) -> Self {
        self.about = ids.split(' ').map(str::to_owned).collect();
        self
    }

    /// `origin` is `debian/12`, `debian/12 source`, `rhel/9/eus-9.2`, or the type
    /// of a purl; `what` a range `1.0..1.2` or a state, or both.
    fn says(mut self, origin: &str, name: &str, what: &str) -> Self {
        self.affected.push(affected(origin, name, what));
        self
    }
}

pub(super) fn affected(origin: &str, name: &str, what: &str) -> Affected {
    let (place, source) = match origin.strip_suffix(" source") {
        Some(place) => (place, true),
        None => (origin, false),
    };
    let (origin, scheme) = match place.split_once('/') {
        Some((id, rest)) => {
            let (release, stream) = rest.split_once('/').unwrap_or((rest, ""));
            let scheme = match id {
                "debian" | "ubuntu" => Scheme::Dpkg,
                "alpine" | "wolfi" => Scheme::Apk,
                _ => Scheme::Rpm,
            };
            let origin = Origin::Distribution {
                id: id.into(),
                release: release.into(),
                stream: stream.into(),
                source,
            };
            (origin, scheme)
        }
        None if place == "program" => (Origin::Program, Scheme::Bitnami),
        None => {
            let kind: PackageType = place.parse().unwrap();
            let scheme = match kind {
                PackageType::Pypi => Scheme::Pep440,
                PackageType::Golang => Scheme::Go,
                PackageType::Maven => Scheme::Maven,
                PackageType::Bitnami => Scheme::Bitnami,
                _ => Scheme::Semver,
            };
            (Origin::Registry(kind), scheme)
        }
    };
    let mut ranges = Vec::new();
    let mut state = None;
    for word in what.split(' ').filter(|word| !word.is_empty()) {
        match word.split_once("..") {
            Some((first, end)) => ranges.push(Range {
                introduced: (!first.is_empty()).then(|| first.to_owned()),
                end: match end.strip_prefix('=') {
                    Some(last) => Some(End::LastAffected(last.to_owned())),
                    None => (!end.is_empty()).then(|| End::Fixed(end.to_owned())),
                },
            }),
            None => {
                let quoted = format!("\"{word}\"");
                state = Some(serde_json::from_str(&quoted).unwrap());
            }
        }
    }
    Affected {
        origin,
        name: name.into(),
        scheme,
        state: state.unwrap_or(if ranges.iter().any(|range| range.end.is_some()) {
            State::Fixed
        } else {
            State::Affected
        }),
        ranges,
        versions: Vec::new(),
        module: String::new(),
        architectures: Vec::new(),
        fix_published: None,
        imports: Vec::new(),
        notes: BTreeMap::new(),
    }
}

/// A package as it is found: `deb libssl3 3.0.1-1 openssl`, the last one the
/// source package when it has one, with `NAME@VERSION` for its own version.
pub(super) fn package(text: &str) -> ImagePackage {
    let mut words = text.split(' ');
    let kind: PackageType = words.next().unwrap().parse().unwrap();
    let full = words.next().unwrap();
    let version = words.next().unwrap_or_default();
    let (namespace, name) = full.rsplit_once(['/', ':']).unwrap_or(("", full));
    let mut package = Package::new(kind, namespace, name, version);
    for word in words {
        match word.split_once('=') {
            Some(("arch", arch)) => package.arch = Some(arch.to_owned()),
            Some((key, value)) => {
                package.qualifiers.insert(key.to_owned(), value.to_owned());
            }
            None => {
                let (name, own) = word.split_once('@').unwrap_or((word, version));
                package.source = Some(SourcePackage {
                    name: name.to_owned(),
                    version: own.to_owned(),
                });
            }
        }
    }
    ImagePackage {
        locations: vec![PackageLocation {
            layer: 0,
            path: "app".into(),
            how: "installed".into(),
            evidence: String::new(),
        }],
        ..ImagePackage::of(package)
    }
}

/// An image of this release (`debian 12`) with these packages.
pub(super) fn image(release: &str, packages: &[&str]) -> Image {
    let (id, version) = release.split_once(' ').unwrap_or((release, ""));
    Image {
        release: (!release.is_empty()).then(|| ImageRelease {
            id: id.into(),
            version: version.into(),
            ..ImageRelease::default()
        }),
        packages: packages.iter().map(|text| package(text)).collect(),
        ..Image::default()
    }
}

pub(super) fn matched(image: &Image, advisories: &[Advisory]) -> Matched {
    let db: Memory = advisories.iter().cloned().collect();
    match_image(image, &db, &Options::default())
}

/// `libssl3 CVE-2023-1 fixed 3.0.2-1`.
pub(super) fn shown(of: &Vulnerability) -> String {
    let mut text = format!("{} {} {}", of.package.name, of.id, of.state);
    if let Some(fixed) = &of.fixed {
        text = format!("{text} {fixed}");
    }
    if !of.fix_needs.is_empty() {
        text = format!("{text} ({})", of.fix_needs);
    }
    text
}

pub(super) fn lines(matched: &Matched) -> Vec<String> {
    let mut lines: Vec<String> = matched.vulnerabilities.iter().map(shown).collect();
    lines.extend(
        matched
            .unknown
            .iter()
            .map(|gap| format!("? {} {}: {}", gap.packages, gap.group, gap.why)),
    );
    lines
}

/// Matches one image, and compares all that comes out.
pub(super) fn check(image: &Image, advisories: &[Advisory], expect: &[&str]) {
    let matched = matched(image, advisories);
    assert_eq!(lines(&matched), expect, "{:#?}", matched.diagnostics);
}

#[test]
fn an_image_of_many_packages_has_what_each_of_them_has() {
    let advisories: Vec<Advisory> = (0..50)
        .map(|at| {
            record(&format!("CVE-2026-{at}"))
                .says("npm", &format!("package-{at}"), "..2.0.0")
                .says("ubuntu/22.04 source", &format!("source-{at}"), "..2.0-1")
        })
        .collect();
    let packages: Vec<String> = (0..super::PART * 3 + 7)
        .map(|at| match at % 3 {
            0 => format!("npm package-{} {}.0.0", at % 90, at % 4),
            1 => format!("deb binary-{at} {}.0-1 source-{}", at % 4, at % 90),
            _ => format!("gem of-no-feed-{at} 1"),
        })
        .collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let whole = matched(&image("ubuntu 22.04", &packages), &advisories);
    let mut expect = Matched::default();
    for package in &packages {
        let one = matched(&image("ubuntu 22.04", &[package]), &advisories);
        expect.vulnerabilities.extend(one.vulnerabilities);
        expect.compared += one.compared;
        for gap in one.unknown {
            match expect.unknown.iter_mut().find(|of| of.why == gap.why) {
                Some(known) => known.packages += gap.packages,
                None => expect.unknown.push(gap),
            }
        }
        expect.diagnostics = one.diagnostics;
    }
    expect.vulnerabilities.sort_by(Vulnerability::listing_order);
    expect.feeds.clone_from(&whole.feeds);
    assert!(expect.vulnerabilities.len() > 50);
    assert_eq!(whole, expect);
}
