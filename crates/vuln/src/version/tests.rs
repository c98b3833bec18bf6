use std::{io::BufRead, path::Path};

use proptest::prelude::*;

use super::*;

/// Checks lines of `A < B`, `A = B` or `A > B`.
fn check(scheme: Scheme, lines: &str) {
    for line in lines.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        check_line(scheme, line).unwrap_or_else(|wrong| panic!("{scheme}: {wrong}"));
    }
}

fn check_line(scheme: Scheme, line: &str) -> Result<(), String> {
    let (a, sign, b) = [" < ", " = ", " > "]
        .into_iter()
        .find_map(|sign| {
            let (a, b) = line.split_once(sign)?;
            Some((a, sign.trim(), b))
        })
        .ok_or_else(|| format!("`{line}` is no line"))?;
    let expect = match sign {
        "<" => Ordering::Less,
        "=" => Ordering::Equal,
        _ => Ordering::Greater,
    };
    let (there, back) = (compare(scheme, a, b), compare(scheme, b, a));
    if there == expect && back == expect.reverse() {
        Ok(())
    } else {
        Err(format!("{line}: got {there:?}, and {back:?} the other way"))
    }
}

#[test]
fn every_scheme_orders_as_its_tools_do() {
    check(
        Scheme::Dpkg,
        "1.0 = 1.0-0\n0:1.0 = 1.0\n1.0~rc1 < 1.0\n1.0 < 1.0+b1\n1:0.1 > 9\n1.2.3-1~deb12u1 < 1.2.3-1\n\
         1.0-1 < 1.0-1+deb12u1\n2.7-13ubuntu1 < 2.7-13+deb9u1\n1.10 > 1.9\n1.0a < 1.0b\n1.0a < 1.0+",
    );
    check(
        Scheme::Rpm,
        "1.0-1 < 1.0-2\n1:0.1-1 > 2.0-1\n1.0~rc1-1 < 1.0-1\n1.0^git1-1 > 1.0-1\n1.0^git1-1 < 1.0.1-1\n\
         2.0.1a > 2.0.1\n10.0001 = 10.1\n1-1.el8 < 1-1.el8_4\n1-1.el8 < 1-1.el9\nxyz.4 < 8",
    );
    check(
        Scheme::Apk,
        "1.2.3-r0 < 1.2.3-r1\n1.2.3_rc1-r0 < 1.2.3-r0\n1.2.3_p1 > 1.2.3\n1.2.3a > 1.2.3\n1.1 < 1.1.1\n\
         1.0_alpha < 1.0_alpha2\n1.06 < 1.1\n1.2_git20200101 > 1.2\n1.2~0a1b-r1 < 1.2~ffff-r2",
    );
    check(
        Scheme::Pacman,
        "1.0a < 1.0alpha\n1.0alpha < 1.0b\n1.0b < 1.0beta\n1.0beta < 1.0p\n1.0p < 1.0pre\n1.0pre < 1.0rc\n\
         1.0rc < 1.0\n1.0 < 1.0.a\n1.0.a < 1.0.1\n1:1.0-1 > 2.0-1\n1.0-1 < 1.0-2\n1.0 = 1.0-2",
    );
    check(
        Scheme::Go,
        "v1.0.0 < v1.0.1\nv2.0.0+incompatible = v2.0.0\nv0.0.0-20190101000000-abcdefabcdef < v0.0.1\n\
         v0.0.0-20190101000000-abcdefabcdef < v0.0.0-20200101000000-abcdefabcdef\n\
         v1.2.4-0.20200101000000-abcdefabcdef > v1.2.3\n\
         go1.21rc2 = 1.21.0-rc.2\ngo1.21rc2 < go1.21.0\ngo1.21.0 < go1.21.1\n1.20 = 1.20.0",
    );
    check(
        Scheme::Bitnami,
        "1.2.3 < 1.2.3-1\n1.2.3-1 < 1.2.3-2\n1.2.3-rc1 < 1.2.3\n1.2.3-2 < 1.2.4\n1.2.3-0 = 1.2.3",
    );
    check(
        Scheme::Conan,
        "1.0 = 1.0.0\n1.0 < 1.0.1\n1.0-rc1 < 1.0\n1.0 < 1.0+1\n1.9 < 1.10\ncci.20200101 < cci.20210101",
    );
    check(
        Scheme::Pub,
        "1.0.0-pre < 1.0.0-pre+build\n1.0.0-pre+build < 1.0.0\n1.0.0 < 1.0.0+build\n1.2.3+9 < 1.2.3+a",
    );
    check(
        Scheme::Nuget,
        "1.0 = 1.0.0.0\n1.0.0-BETA = 1.0.0-beta\n1.0.0.1-alpha > 1.0.0\n1.0.0-beta < 1.0.0",
    );
    check(
        Scheme::Gem,
        "1.2.4.beta < 1.2.4\n1.0.a10 > 1.0.a9\n1.0.a2 = 1.0.a.2\n1.0 = 1.0.0\n1.0-1 < 1.0\n3.10 > 3.2",
    );
    check(
        Scheme::Packagist,
        "1.0-dev < 1.0a1\n1.0a1 < 1.0b1\n1.0b1 < 1.0RC1\n1.0RC1 < 1.0\n1.0 < 1.0pl1\nv1.0 = 1.0\n1.0 < 1.0.0\n\
         dev-main < 1.0",
    );
    check(
        Scheme::Maven,
        "1 = 1.0.0\n1-alpha-1 < 1\n1a1 = 1-alpha-1\n1.0-SNAPSHOT < 1.0\n1.0 < 1.0-1\n1.0-1 < 1.0.1\n1-ga = 1\n\
         2.0.1-xyz < 2.0.1-123\n1.0 < 1.0-sp\n1.0-rc1 < 1.0-SNAPSHOT\n6.1.0rc3 < 6.1H.5-beta",
    );
    check(
        Scheme::Pep440,
        "1.0 = 1.0.0\n1.0.dev1 < 1.0a1\n1.0a1 < 1.0b1\n1.0b1 < 1.0rc1\n1.0rc1 < 1.0\n1.0 < 1.0.post1\n\
         1!0.1 > 9\n1.0 < 1.0+local\n1.0+a < 1.0+1\n1.0c1 = 1.0rc1\n1.0-1 = 1.0.post1\nv1.0 = 1.0\n\
         1.0.post1.dev1 < 1.0.post1\nbulbasaur < 0.1",
    );
    check(
        Scheme::Cran,
        "0.9 < 0.75\n0.1-2 < 0.2-2\n1.0 < 1.0.0\n0.01.0 = 0.1-0",
    );
    check(Scheme::Hackage, "1.0 < 1.0.0\n1.10 > 1.9\n0.1.26.0 > 0");
    check(
        Scheme::Semver,
        "1.0.0-alpha < 1.0.0-alpha.1\n1.0.0-alpha.1 < 1.0.0-alpha.beta\n1.0.0-beta.2 < 1.0.0-beta.11\n\
         1.0.0-rc.1 < 1.0.0\n1.0.0+a = 1.0.0+b\nv1.0.0 = 1.0.0\n1.0 = 1.0.0",
    );
}

#[test]
fn names_of_ecosystems_lead_to_their_scheme() {
    for pair in NAMES.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} is out of order", pair[1].0);
    }
    for scheme in Scheme::ALL {
        assert_eq!(scheme.as_str().parse(), Ok(scheme));
    }
    assert_eq!("Debian:12".parse(), Ok(Scheme::Dpkg));
    assert_eq!("crates.io".parse(), Ok(Scheme::Semver));
    assert_eq!("Rocky Linux:9".parse(), Ok(Scheme::Rpm));
    assert_eq!(
        "Red Hat:enterprise_linux:9::baseos".parse(),
        Ok(Scheme::Rpm)
    );
    assert!("cobol".parse::<Scheme>().is_err());
}

/// The public orders by hand, of every ecosystem that has some.
#[test]
fn the_published_orders_hold() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/conformance/version-order.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: the published version orders are not here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let unpacked = std::process::Command::new("tar")
        .arg("-xJf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path())
        .status()
        .expect("tar runs");
    assert!(unpacked.success(), "the archive unpacks");
    let mut wrong = Vec::new();
    let mut lines = 0;
    for (file, scheme) in [
        ("alpine", Scheme::Apk),
        ("cran", Scheme::Cran),
        ("debian", Scheme::Dpkg),
        ("hackage", Scheme::Hackage),
        ("maven", Scheme::Maven),
        ("nuget", Scheme::Nuget),
        ("packagist", Scheme::Packagist),
        ("pub", Scheme::Pub),
        ("pypi", Scheme::Pep440),
        ("redhat", Scheme::Rpm),
        ("rubygems", Scheme::Gem),
        ("semver", Scheme::Semver),
    ] {
        let path = folder
            .path()
            .join(format!("version-order/{file}-versions.txt"));
        let file = std::fs::File::open(&path).expect("the file is there");
        for line in std::io::BufReader::new(file).lines() {
            let line = line.expect("text");
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            lines += 1;
            if let Err(why) = check_line(scheme, line) {
                wrong.push(format!("{scheme}: {why}"));
            }
        }
    }
    assert!(lines > 1_400, "{lines} lines");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Texts that look like versions.
fn version() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[0-9]{1,3}",
        1 => "0{1,3}",
        1 => "[a-z]{1,3}",
        1 => prop::sample::select(vec![
            "alpha", "beta", "rc", "dev", "post", "pre", "final", "ga", "sp", "p", "git", "_rc", "_p", "~", "^",
            "-r", "+", "!", "snapshot", "#",
        ]).prop_map(str::to_owned),
    ];
    let separator = prop::sample::select(vec![".", "-", "", "_", "~", "+", ":", ".."]);
    prop::collection::vec((piece, separator), 1..6)
        .prop_map(|pieces| pieces.into_iter().map(|(a, b)| format!("{a}{b}")).collect())
}

proptest! {
    #[test]
    fn any_texts_have_an_order_and_its_opposite(a in ".{0,40}", b in ".{0,40}") {
        for scheme in Scheme::ALL {
            prop_assert_eq!(compare(scheme, &a, &b), compare(scheme, &b, &a).reverse(), "{}", scheme);
            prop_assert_eq!(compare(scheme, &a, &a), Ordering::Equal, "{}", scheme);
        }
    }

    #[test]
    fn versions_are_in_one_line(a in version(), b in version(), c in version()) {
        for scheme in Scheme::ALL {
            let mut list = [&a, &b, &c];
            // A sort by an order that is none panics or leaves a pair wrong.
            list.sort_by(|a, b| compare(scheme, a, b));
            prop_assert_eq!(compare(scheme, &a, &b), compare(scheme, &b, &a).reverse(), "{}", scheme);
            // Not transitive by their own tools' rules: pacman's gaps and rests,
            // Maven's lists beside words, PHP's rests.
            if matches!(scheme, Scheme::Pacman | Scheme::Maven | Scheme::Packagist) {
                continue;
            }
            for (at, one) in list.iter().enumerate() {
                for other in &list[at + 1..] {
                    prop_assert_ne!(compare(scheme, one, other), Ordering::Greater, "{}: {} {}", scheme, one, other);
                }
            }
        }
    }

    #[test]
    fn plain_versions_have_the_order_that_the_rules_give(
        a in "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,4}",
        b in "v?[0-9]{1,3}(\\.(0|[0-9]{1,3})){0,4}",
    ) {
        for scheme in Scheme::ALL {
            for (a, b) in [(&a, &b), (&a, &format!("{a}.0")), (&a, &format!("0{a}"))] {
                prop_assert_eq!(
                    compare(scheme, a, b), by_rules(scheme, a, b), "{}: {} {}", scheme, a, b
                );
            }
        }
    }
}
