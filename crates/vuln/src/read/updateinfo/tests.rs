use proptest::prelude::*;

use super::*;
use crate::advisory::{Affected, End, Origin};

fn shown(package: &Affected) -> String {
    let Origin::Distribution {
        id,
        release,
        stream,
        ..
    } = &package.origin
    else {
        return format!("{:?}", package.origin);
    };
    let mut text = format!("{id}/{release}/{stream} {}", package.name);
    if !package.module.is_empty() {
        text += &format!(" of {}", package.module);
    }
    for range in &package.ranges {
        if let Some(End::Fixed(end)) = &range.end {
            text += &format!(" <{end}");
        }
    }
    if !package.architectures.is_empty() {
        text += &format!(" on {}", package.architectures.join(","));
    }
    text
}

fn file(id: &str, kind: &str, collection: &str, packages: &[&str]) -> String {
    let mut list = String::new();
    for package in packages {
        let parts: Vec<&str> = package.split(' ').collect();
        let [name, epoch, version, release, arch] = parts.as_slice() else {
            panic!("{package}");
        };
        list += &format!(
            "<package name='{name}' epoch='{epoch}' version='{version}' release='{release}' \
             arch='{arch}' src='x.src.rpm'><filename>x.rpm</filename></package>"
        );
    }
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><updates><update from='x' status='final' \
         type='{kind}' version='2'><id>{id}</id><title>update for curl</title>\
         <issued date='2024-01-02 03:04:05'/><updated date='2024-01-03'/>\
         <severity>Important</severity><description>Fixes a flaw &amp; more.</description>\
         <references><reference href='https://example.com/{id}' type='self' id='{id}' title=''/>\
         <reference href='https://example.com/CVE-2024-1' type='cve' id='CVE-2024-1' title='x'/>\
         <reference href='https://example.com/2' type='bugzilla' id='22' \
         title='CVE-2024-2 curl: flaw [fedora-all]'/></references>\
         <pkglist>{collection}{list}</collection></pkglist></update></updates>"
    )
}

fn one(text: &str) -> Advisory {
    let read = read("updateinfo.xml", text.as_bytes());
    assert_eq!(read.skipped, []);
    let [advisory] = read.records.as_slice() else {
        panic!("{} records", read.records.len());
    };
    advisory.clone()
}

#[test]
fn an_update_names_its_release_by_collection_and_tag() {
    let check = |id: &str, collection: &str, package: &str, expect: &str| {
        let advisory = one(&file(id, "security", collection, &[package]));
        let lines: Vec<String> = advisory.affected.iter().map(shown).collect();
        assert_eq!(lines, [expect], "{id}");
        advisory.source.feed
    };
    let feed = check(
        "ALAS2023-2024-001",
        "<collection short='amazon-linux-2023'><name>Amazon Linux 2023</name>",
        "curl 0 8.5.0 1.amzn2023.0.1 x86_64",
        "amzn/2023/ curl <8.5.0-1.amzn2023.0.1",
    );
    assert_eq!(feed, "amazon-updateinfo");
    check(
        "ALAS-2024-001",
        "<collection short='amazon-linux'><name>Amazon Linux</name>",
        "curl 0 7.61.1 12.98.amzn1 x86_64",
        "amzn/1/ curl <7.61.1-12.98.amzn1",
    );
    check(
        "ALAS2-2024-001",
        "<collection short='amazon-linux-2---core'>",
        "curl 0 8.3.0 1.amzn2.0.5 x86_64",
        "amzn/2/ curl <8.3.0-1.amzn2.0.5",
    );
    check(
        "ALAS2NGINX1-2024-001",
        "<collection short='amazon-linux-2---nginx1'>",
        "nginx 1 1.22.1 1.amzn2.0.1 x86_64",
        "amzn/2/extras-nginx1 nginx <1:1.22.1-1.amzn2.0.1",
    );
    let feed = check(
        "FEDORA-2024-abc",
        "<collection short='F40'><name>Fedora 40</name>",
        "curl 0 8.6.0 7.fc40 x86_64",
        "fedora/40/ curl <8.6.0-7.fc40",
    );
    assert_eq!(feed, "fedora-updateinfo");
    check(
        "FEDORA-EPEL-2024-abc",
        "<collection short='EPEL-9'><name>Fedora EPEL 9</name>",
        "htop 0 3.3.0 1.el9 x86_64",
        "epel/9/ htop <3.3.0-1.el9",
    );
    check(
        "ALSA-2024:1",
        "<collection short='almalinux-9-for-x86_64-appstream-rpms__9_4_default'>\
         <module name='nodejs' stream='18' version='9' context='x' arch='x86_64'/>",
        "nodejs 1 18.2 3.module_el9 x86_64",
        "almalinux/9/ nodejs of nodejs:18 <1:18.2-3.module_el9",
    );
    check(
        "RLSA-2024:1",
        "<collection short='Rocky Linux 8 BaseOS'>",
        "curl 0 7.61.1 33.el8_9.5 x86_64",
        "rocky/8/ curl <7.61.1-33.el8_9.5",
    );
    check(
        "RLSA-2024:2",
        "<collection short='baseos'>",
        "curl 0 7.61.1 33.el8_9.5 x86_64",
        "rocky/8/ curl <7.61.1-33.el8_9.5",
    );
    check(
        "openEuler-SA-2024-1",
        "<collection short='x'>",
        "curl 0 7.79.1 16.oe2203sp1 x86_64",
        "openEuler/22.03-LTS-SP1/ curl <7.79.1-16.oe2203sp1",
    );
}

#[test]
fn an_update_is_about_the_vulnerabilities_it_refers_to() {
    let collection = "<collection short='F40'>";
    let packages = [
        "curl 0 8 1.fc40 x86_64",
        "curl 0 8 1.fc40 src",
        "curl 0 8 1.fc40 aarch64",
    ];
    let advisory = one(&file("FEDORA-2024-a", "security", collection, &packages));
    assert_eq!(advisory.about, ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(advisory.affected.len(), 1);
    assert_eq!(advisory.details, "Fixes a flaw & more.");
    assert_eq!(advisory.severities[0].word, "important");
    assert_eq!(advisory.severities[0].by, "fedora");
    assert_eq!(advisory.source.record, "https://example.com/FEDORA-2024-a");
    let day = advisory.affected[0].fix_published;
    assert_eq!(
        day.map(|day| day.to_string()).as_deref(),
        Some("2024-01-02")
    );
}

#[test]
fn architectures_with_other_versions_are_told_apart() {
    let packages = ["curl 0 8 1.fc40 x86_64", "curl 0 8 2.fc40 s390x"];
    let advisory = one(&file(
        "FEDORA-2024-a",
        "security",
        "<collection short='F40'>",
        &packages,
    ));
    let lines: Vec<String> = advisory.affected.iter().map(shown).collect();
    assert_eq!(
        lines,
        [
            "fedora/40/ curl <8-1.fc40 on x86_64",
            "fedora/40/ curl <8-2.fc40 on s390x",
        ]
    );
}

#[test]
fn what_is_wrong_is_left_out_and_named() {
    let check = |text: &str, expect: &str| {
        let read = read("f.xml", text.as_bytes());
        assert_eq!(read.records, [], "{text}");
        let why = &read.skipped.first().expect(expect).reason;
        assert!(why.contains(expect), "{text}: {why}");
    };
    let fedora = "<collection short='F40'>";
    check(
        "<updates><update type='security'/></updates>",
        "its id is empty",
    );
    let text = file("X-1", "bugfix", fedora, &["a 0 1 1 x"]).replace("CVE-", "BUG-");
    check(&text, "no vulnerability");
    check(&file("X-1", "security", fedora, &[]), "names no package");
    check(
        &file(
            "X-1",
            "security",
            "<collection short='x'>",
            &["a 0 1 1 x86_64"],
        ),
        "no release is known of a-1-1",
    );
    check(
        &file("X-1", "security", fedora, &[" 0 1 1 x86_64"]),
        "name of a package",
    );
    check("<!DOCTYPE u [<!ENTITY x 'y'>]><updates/>", "document type");
    check("<updates><update>", "ends within");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_update_is_read_or_named(
        id in "[A-Za-z0-9-]{0,16}", short in "[A-Za-z0-9 -]{0,16}", release in "[a-z0-9._]{0,16}",
    ) {
        let collection = format!("<collection short='{short}'>");
        let text = file(&id, "security", &collection, &[&format!("curl 0 1 {release} x86_64")]);
        let read = read("x", text.as_bytes());
        prop_assert!(!read.records.is_empty() || !read.skipped.is_empty());
    }
}
