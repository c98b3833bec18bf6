//! Packages of operating systems.

use plimsoll_model::image::Support;

use super::{
    super::{Options, match_image},
    *,
};

#[test]
fn packages_are_matched_by_the_name_that_the_feed_uses() {
    let source = record("CVE-1").says("debian/12 source", "openssl", "..3.0.2-1");
    let binary = record("CVE-1").says("debian/12", "libssl3", "..3.0.2-1");
    let hit = ["libssl3 CVE-1 fixed 3.0.2-1"];
    let image = image("debian 12", &["deb libssl3 3.0.1-1 openssl"]);
    check(&image, std::slice::from_ref(&source), &hit);
    check(&image, &[binary], &hit);
    let other = record("CVE-1").says("debian/12", "openssl", "..3.0.2-1");
    check(&image, &[other], &[]);
    // Another release, another distribution.
    let elsewhere = record("CVE-2").says("debian/11 source", "openssl", "..9");
    check(&image, &[source, elsewhere], &hit);
}

#[test]
fn a_source_packages_own_version_counts() {
    let advisories = [record("CVE-1").says("debian/12 source", "gcc-12", "..12.2.0-14")];
    let check = |version: &str, expect: &[&str]| {
        let text = format!("deb libgcc-s1 {version}");
        check(&image("debian 12", &[&text]), &advisories, expect);
    };
    check("1:0.1 gcc-12@12.2.0-14", &[]);
    check(
        "9:9.9 gcc-12@12.2.0-13",
        &["libgcc-s1 CVE-1 fixed 12.2.0-14"],
    );
    // Built again from the same source.
    let rebuilt = [record("CVE-1").says("debian/12 source", "a", "1.0-1+a..1.0-2")];
    super::check(&image("debian 12", &["deb a 1.0-1+b2 a"]), &rebuilt, &[]);
}

#[test]
fn an_rpm_without_an_epoch_has_epoch_zero() {
    let advisories = [
        record("CVE-1").says("almalinux/9", "a", "..0:1.2-3.el9"),
        record("CVE-2").says("almalinux/9", "b", "..1:1.2-3.el9"),
        record("CVE-3").says("almalinux/9 source", "c-source", "..1:1.2-3.el9"),
    ];
    let packages = [
        "rpm a 1.2-3.el9",
        "rpm b 9.0-1.el9",
        "rpm c 1:1.2-3.el9 c-source@1.2-3.el9",
        "rpm gpg-pubkey 1-1",
    ];
    check(
        &image("almalinux 9.3", &packages),
        &advisories,
        &["b CVE-2 fixed 1:1.2-3.el9"],
    );
}

#[test]
fn a_release_that_nothing_is_known_of_is_unknown() {
    let advisories = [record("CVE-1").says("debian/12 source", "a", "..2")];
    let packages = ["deb a 1 a", "deb b 1 b"];
    check(
        &image("debian 14", &packages),
        &advisories,
        &["? 2 deb packages of the system: the database has no advisories of debian 14"],
    );
    check(
        &image("nixos 24.05", &["deb a 1"]),
        &advisories,
        &["? 1 deb packages of the system: the database has no advisories of nixos 24.05"],
    );
    check(
        &image("", &["deb a 1"]),
        &advisories,
        &["? 1 deb packages of the system: it is not known of which release they are"],
    );
    check(
        &image("debian 12", &["deb a"]),
        &advisories,
        &[
            "? 1 deb packages without a version: without one it can't be told which \
           vulnerabilities they have",
        ],
    );
}

#[test]
fn rebuilds_are_judged_by_their_own_feed_and_centos_by_red_hats() {
    let rhel = record("CVE-1").says("rhel/8", "a", "..2-1.el8");
    let alma = record("CVE-1").says("almalinux/8", "a", "..2-1.el8_9.alma.1");
    let both = [rhel.clone(), alma];
    check(
        &image("almalinux 8.9", &["rpm a 1-1.el8"]),
        &both,
        &["a CVE-1 fixed 2-1.el8_9.alma.1"],
    );
    let centos = image("centos 8", &["rpm a 1-1.el8"]);
    check(&centos, &both, &["a CVE-1 fixed 2-1.el8"]);
    let notes = matched(&centos, &both).diagnostics;
    assert!(notes[0].message.starts_with("Red Hat speaks for CentOS"));
    check(
        &image("rocky 8.9", &["rpm a 1-1.el8"]),
        &[rhel],
        &["? 1 rpm packages of the system: the database has no advisories of rocky 8"],
    );
}

#[test]
fn every_state_of_a_fix_is_told() {
    let check = |what: &str, expect: &[&str]| {
        let advisories = [record("CVE-1").says("debian/12 source", "a", what)];
        check(&image("debian 12", &["deb a 1-1 a"]), &advisories, expect);
    };
    check("..1-2", &["a CVE-1 fixed 1-2"]);
    check("..1-1", &[]);
    check("..0", &[]);
    check("affected", &["a CVE-1 affected"]);
    check("will-not-fix", &["a CVE-1 will-not-fix"]);
    check("deferred ..", &["a CVE-1 deferred"]);
    check("under-investigation", &["a CVE-1 under-investigation"]);
    check("end-of-life", &["a CVE-1 end-of-life"]);
    check("not-affected", &[]);
}

#[test]
fn an_ended_release_is_said_to_have_ended() {
    let mut image = image("debian 9", &["deb a 1 a"]);
    let release = image.release.as_mut().unwrap();
    release.support = Some(Support {
        until: "2022-06-30".into(),
        ..Support::default()
    });
    let db: Memory = [record("CVE-1").says("debian/9 source", "a", "..2")]
        .into_iter()
        .collect();
    let at = |today: &str| {
        let options = Options {
            today: today.parse().ok(),
            ..Options::default()
        };
        match_image(&image, &db, &options)
    };
    let ended = at("2026-01-01");
    assert_eq!(ended.ended, "2022-06-30".parse().ok());
    assert!(
        ended.diagnostics[0]
            .message
            .starts_with("debian 9 has had no fixes since 2022-06-30")
    );
    assert_eq!(ended.vulnerabilities.len(), 1);
    assert_eq!(at("2022-06-30").ended, None);
}

#[test]
fn modules_are_streams_of_their_own() {
    let by_field = |module: &str, fixed: &str| {
        let mut record = record("CVE-1").says("rhel/8", "nodejs", &format!("..{fixed}"));
        record.affected[0].module = module.into();
        record
    };
    let label = "modularity=nodejs:16:8060020220523160029:ad008a3a";
    let old = format!("rpm nodejs 1:16.1-1.module+el8.6 {label}");
    let check = |release: &str, package: &str, record: Advisory, hits: usize| {
        let found = matched(&image(release, &[package]), &[record]);
        assert_eq!(found.vulnerabilities.len(), hits, "{package}");
    };
    check(
        "rhel 8.6",
        &old,
        by_field("nodejs:16", "1:16.2-1.module+el8.6"),
        1,
    );
    check(
        "rhel 8.6",
        &old,
        by_field("nodejs:18", "1:18.2-1.module+el8.6"),
        0,
    );
    check("rhel 8.6", &old, by_field("", "1:18.2-1.el8"), 0);
    let plain = "rpm nodejs 1:10.1-1.el8";
    check(
        "rhel 8.6",
        plain,
        by_field("nodejs:16", "1:16.2-1.module+el8.6"),
        0,
    );
    check("rhel 8.6", plain, by_field("", "1:10.2-1.el8"), 1);
    // Several, of one of which it is; and one that does not say which.
    let fixed = "1:16.2-1.module+el8.6";
    check("rhel 8.6", &old, by_field("nodejs:18 nodejs:16", fixed), 1);
    check("rhel 8.6", &old, by_field("nodejs:18 nodejs:20", fixed), 0);
    check("rhel 8.6", &old, by_field("", fixed), 1);
    check("rhel 8.6", plain, by_field("", fixed), 0);
}

#[test]
fn extended_streams_are_for_those_who_have_them() {
    let main = record("CVE-1").says("rhel/9", "a", "..3-24.el9");
    let eus = record("CVE-1-eus")
        .about("CVE-1")
        .says("rhel/9/eus-9.2", "a", "..3-16.el9_2.1");
    let all = [main, eus.clone()];
    let check = |version: &str, streams: &[&str], expect: &[&str]| {
        let text = format!("rpm a {version}");
        let db: Memory = all.iter().cloned().collect();
        let options = Options {
            streams: streams.iter().map(|of| (*of).to_owned()).collect(),
            ..Options::default()
        };
        let found = match_image(&image("rhel 9.2", &[&text]), &db, &options);
        assert_eq!(lines(&found), expect, "{version} {streams:?}");
    };
    check("3-16.el9_2", &[], &["a CVE-1 fixed 3-24.el9"]);
    // What is installed comes from there.
    check("3-16.el9_2.1", &[], &[]);
    // Its number alone is higher.
    check("3-20.el9", &[], &["a CVE-1 fixed 3-24.el9"]);
    check("3-16.el9_2", &["eus"], &["a CVE-1 fixed 3-16.el9_2.1"]);
    check("3-20.el9", &["eus-9.2"], &[]);
    super::check(
        &image("rhel 9.2", &["rpm a 3-16.el9_2"]),
        &[record("CVE-1").says("rhel/9", "a", "affected"), eus.clone()],
        &["a CVE-1 fixed 3-16.el9_2.1 (Red Hat Extended Update Support 9.2)"],
    );
    // Another minor release's stream says nothing.
    super::check(
        &image("rhel 9.4", &["rpm a 3-16.el9_4"]),
        &[record("CVE-1").says("rhel/9", "a", "affected"), eus],
        &["a CVE-1 affected"],
    );
}

#[test]
fn a_fix_that_only_ubuntu_pro_has_is_told_as_such() {
    let standard = record("UBUNTU-CVE-2024-1").about("CVE-2024-1").says(
        "ubuntu/20.04 source",
        "a",
        "affected",
    );
    let pro = record("USN-1").about("CVE-2024-1").says(
        "ubuntu/20.04/esm-apps source",
        "a",
        "..1-1ubuntu1+esm2",
    );
    let both = [standard.clone(), pro.clone()];
    let with = |version: &str| image("ubuntu 20.04", &[&format!("deb a {version} a")]);
    check(
        &with("1-1ubuntu1"),
        &both,
        &["a CVE-2024-1 fixed 1-1ubuntu1+esm2 (Ubuntu Pro)"],
    );
    check(&with("1-1ubuntu1+esm2"), &both, &[]);
    check(&with("1-1ubuntu1"), &[standard], &["a CVE-2024-1 affected"]);
    check(
        &with("1-1ubuntu1"),
        &[pro],
        &["a CVE-2024-1 fixed 1-1ubuntu1+esm2 (Ubuntu Pro)"],
    );
    let db: Memory = both.into_iter().collect();
    let options = Options {
        streams: vec!["esm".into()],
        ..Options::default()
    };
    let found = match_image(&with("1-1ubuntu1"), &db, &options);
    assert_eq!(lines(&found), ["a CVE-2024-1 fixed 1-1ubuntu1+esm2"]);
}

#[test]
fn both_repositories_of_alpine_speak_for_it() {
    let advisories = [
        record("CVE-1").says("alpine/3.19/main source", "a", "..1.1-r0"),
        record("CVE-2").says("alpine/3.19/community source", "b", "..1.1-r0"),
    ];
    check(
        &image("alpine 3.19.1", &["apk a-libs 1.0-r0 a", "apk b 1.0-r0 b"]),
        &advisories,
        &["a-libs CVE-1 fixed 1.1-r0", "b CVE-2 fixed 1.1-r0"],
    );
}

#[test]
fn the_most_specific_statement_counts() {
    let image = image("debian 12", &["deb a 1-1 a"]);
    let check = |advisories: &[Advisory], expect: &[&str]| {
        check(&image, advisories, expect);
        let reversed: Vec<Advisory> = advisories.iter().rev().cloned().collect();
        check(&image, &reversed, expect);
    };
    let dsa = record("DSA-1-1")
        .about("CVE-1 CVE-2")
        .says("debian/12 source", "a", "..1-2");
    // A record of the one vulnerability over an advisory about several.
    let not = record("CVE-1").says("debian/12 source", "a", "not-affected");
    check(&[dsa.clone(), not.clone()], &["a CVE-2 fixed 1-2"]);
    // Not affected over affected.
    let open = record("DEBIAN-CVE-1")
        .about("CVE-1")
        .says("debian/12 source", "a", "affected");
    check(&[open.clone(), not.clone()], &[]);
    // The binary's name over the source's.
    let binary = record("CVE-1").says("debian/12", "a", "will-not-fix");
    check(&[not, binary.clone()], &["a CVE-1 will-not-fix"]);
    check(
        &[binary, dsa],
        &["a CVE-1 will-not-fix", "a CVE-2 fixed 1-2"],
    );
    // Of two corrections of the same, the first was not all.
    let one = record("DSA-4-1")
        .about("CVE-3")
        .says("debian/12 source", "a", "..1-1");
    let first = record("DSA-2-1")
        .about("CVE-3 CVE-4")
        .says("debian/12 source", "a", "..1-1");
    let second = record("DSA-3-1")
        .about("CVE-3 CVE-5")
        .says("debian/12 source", "a", "..1-3");
    check(
        &[one, first, second],
        &["a CVE-3 fixed 1-3", "a CVE-5 fixed 1-3"],
    );
    // One that names a fix over one that does not.
    let fixed = record("CVE-1").says("debian/12 source", "a", "..1-2");
    check(&[open, fixed], &["a CVE-1 fixed 1-2"]);
}

#[test]
fn corrections_that_are_about_no_vulnerability_say_nothing() {
    let bug = record("ALBA-1").says("almalinux/9", "a", "..2");
    let security = record("ALSA-1").says("almalinux/9", "a", "..2");
    let mut withdrawn = record("ALSA-2").says("almalinux/9", "a", "..2");
    withdrawn.withdrawn = "2024-01-01T00:00:00Z".parse().ok();
    check(
        &image("almalinux 9", &["rpm a 1"]),
        &[bug, security, withdrawn],
        &["a ALSA-1 fixed 2"],
    );
}

#[test]
fn a_statement_about_other_architectures_says_nothing() {
    let mut record = record("CVE-1").says("amzn/2023", "a", "..2-1");
    record.affected[0].architectures = vec!["aarch64".into()];
    let with = |arch: &str| image("amzn 2023", &[&format!("rpm a 1-1 arch={arch}")]);
    check(&with("x86_64"), &[record.clone()], &[]);
    check(&with("aarch64"), &[record.clone()], &["a CVE-1 fixed 2-1"]);
    check(&with("noarch"), &[record], &["a CVE-1 fixed 2-1"]);
}

#[test]
fn kernel_headers_are_not_the_kernel() {
    let advisories = [record("CVE-1").says("debian/12 source", "linux", "..6.1.1-1")];
    let packages = [
        "deb linux-headers-6.1.0-1-amd64 6.1.0-1 linux",
        "deb linux-image-6.1.0-1-amd64 6.1.0-1 linux",
        "deb linux-libc-dev 6.1.0-1 linux",
    ];
    let image = image("debian 12", &packages);
    let hit = ["linux-image-6.1.0-1-amd64 CVE-1 fixed 6.1.1-1"];
    check(&image, &advisories, &hit);
    // A kernel that is installed and does not run is told apart.
    let db: Memory = advisories.into_iter().collect();
    let with = |running: &str| {
        let options = Options {
            running_kernel: Some(running.into()),
            ..Options::default()
        };
        let found = match_image(&image, &db, &options);
        (
            found.vulnerabilities[0].in_use,
            found.vulnerabilities[0].notes.clone(),
        )
    };
    use plimsoll_model::Tristate;
    assert_eq!(with("6.1.0-1-amd64"), (Tristate::Yes, vec![]));
    let (used, notes) = with("6.6.0-generic");
    assert_eq!(used, Tristate::No);
    assert_eq!(notes, ["the kernel that runs is another, 6.6.0-generic"]);
}

#[test]
fn a_package_that_a_layer_took_away_is_not_there() {
    let advisories = [record("CVE-1").says("debian/12 source", "a", "..2")];
    let mut image = image("debian 12", &["deb a 1 a"]);
    image.packages[0].removed_by = Some(1);
    check(&image, &advisories, &[]);
}

#[test]
fn upstreams_word_about_a_distributions_package_does_not_count() {
    let advisories = [
        record("CVE-1").says("program", "openssl:openssl", "..3.0.2"),
        record("CVE-2").says("debian/12 source", "a", "..2"),
    ];
    let mut image = image("debian 12", &["deb openssl 3.0.1-1 openssl"]);
    image.packages[0].cpes = vec!["cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*".into()];
    check(&image, &advisories, &[]);
}
