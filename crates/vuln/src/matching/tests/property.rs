//! What holds for all advisories and all images.

use proptest::{collection::vec, prelude::*, sample::select, strategy::Strategy};

use super::*;
use crate::version::compare;

const RELEASE: &str = "ubuntu 20.04";

fn origin() -> impl Strategy<Value = &'static str> {
    select(vec![
        "ubuntu/20.04 source",
        "ubuntu/20.04",
        "ubuntu/20.04/esm-infra source",
        "ubuntu/22.04 source",
        "npm",
    ])
}

fn version() -> impl Strategy<Value = String> {
    (0..4_u8, 0..3_u8).prop_map(|(major, minor)| format!("{major}.{minor}.0"))
}

fn range() -> impl Strategy<Value = String> {
    let bound = || proptest::option::of(version());
    (bound(), bound())
        .prop_map(|(from, to)| format!("{}..{}", from.unwrap_or_default(), to.unwrap_or_default()))
}

fn what() -> impl Strategy<Value = String> {
    let state = select(vec![
        "affected",
        "will-not-fix",
        "not-affected",
        "fixed ..2.1.0",
        "deferred",
    ]);
    prop_oneof![
        range(),
        (range(), range()).prop_map(|(a, b)| format!("{a} {b}")),
        state.prop_map(str::to_owned),
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..6_u8).prop_map(|number| format!("CVE-2024-{number}")),
        (0..4_u8).prop_map(|number| format!("GHSA-{number}")),
        (0..3_u8).prop_map(|number| format!("UBUNTU-CVE-2024-{number}")),
    ]
}

fn advisory() -> impl Strategy<Value = Advisory> {
    let says = (origin(), select(vec!["a", "b", "c"]), what());
    (
        id(),
        vec(id(), 0..2),
        vec(id(), 0..3),
        vec(says, 0..3),
        "[a-c]",
    )
        .prop_map(|(id, aliases, about, says, feed)| {
            let mut record = record(&id);
            record.aliases = aliases;
            record.about = about;
            record.source.feed = feed;
            for (origin, name, what) in says {
                record.affected.push(affected(origin, name, &what));
            }
            record
        })
}

fn some_image() -> impl Strategy<Value = Image> {
    let package = (
        select(vec!["deb", "npm"]),
        select(vec!["a", "b", "c"]),
        version(),
        select(vec!["", " a", " b@1.1.0"]),
    )
        .prop_map(|(kind, name, version, source)| {
            let source = if kind == "deb" { source } else { "" };
            format!("{kind} {name} {version}{source}")
        });
    vec(package, 0..6).prop_map(|packages| {
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        image(RELEASE, &packages)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_order_changes_anything(
        image in some_image(),
        (advisories, shuffled) in vec(advisory(), 0..12).prop_flat_map(|all| {
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
        by in 0..6_usize,
    ) {
        let one = matched(&image, &advisories);
        prop_assert_eq!(&one, &matched(&image, &shuffled));
        let mut turned = image.clone();
        let by = by.min(turned.packages.len());
        turned.packages.rotate_left(by);
        prop_assert_eq!(one, matched(&turned, &advisories));
    }

    #[test]
    fn an_advisory_about_something_else_changes_nothing(
        image in some_image(),
        advisories in vec(advisory(), 0..12),
        what in what(),
    ) {
        // So that it does not make a place known.
        let known = |of: &[Advisory]| -> Vec<Advisory> {
            let mut all = of.to_vec();
            all.push(record("CVE-1999-1").says("npm", "x", "..1").says("ubuntu/20.04", "x", "..1"));
            all
        };
        let before = matched(&image, &known(&advisories));
        let other = record("CVE-1999-2")
            .says("npm", "y", &what)
            .says("ubuntu/20.04 source", "y", &what)
            .says("debian/12 source", "a", &what);
        let mut more = known(&advisories);
        more.push(other);
        prop_assert_eq!(before, matched(&image, &more));
    }

    #[test]
    fn a_fix_is_newer_than_what_is_installed_and_each_vulnerability_is_told_once(
        image in some_image(),
        advisories in vec(advisory(), 0..12),
    ) {
        let found = matched(&image, &advisories);
        let mut packages: Vec<&str> = image.packages.iter().map(|p| p.purl.as_str()).collect();
        packages.sort_unstable();
        for hit in &found.vulnerabilities {
            if let Some(fixed) = &hit.fixed {
                let own = match &hit.package.source {
                    Some(source) => [hit.package.version.as_str(), source.version.as_str()],
                    None => [hit.package.version.as_str(); 2],
                };
                let scheme = match hit.package.purl.starts_with("pkg:npm/") {
                    true => Scheme::Semver,
                    false => Scheme::Dpkg,
                };
                prop_assert!(
                    own.iter().any(|own| compare(scheme, own, fixed).is_lt()),
                    "{} of {:?}", fixed, own
                );
            }
            let times = found.vulnerabilities.iter().filter(|other| {
                other.package.purl == hit.package.purl
                    && other.id == hit.id
            });
            let copies = packages.iter().filter(|purl| **purl == hit.package.purl);
            prop_assert_eq!(times.count(), copies.count(), "{} {}", &hit.id, &hit.package.purl);
            prop_assert!(hit.state != State::NotAffected);
        }
    }

    #[test]
    fn whatever_a_release_says_of_itself_is_taken(id in "\\PC{0,8}", version in "\\PC{0,8}", stream in "\\PC{0,10}") {
        let mut image = image("debian 12", &["deb a 1"]);
        if let Some(release) = &mut image.release {
            (release.id, release.version) = (id, version);
            release.codename.clone_from(&stream);
            release.name = stream;
        }
        let found = matched(&image, &[record("CVE-1").says("debian/12", "a", "..2")]);
        prop_assert!(found.vulnerabilities.len() + found.unknown.len() == 1);
    }
}
