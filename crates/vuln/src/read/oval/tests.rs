use proptest::prelude::*;

use super::*;
use crate::advisory::{End, Origin};

fn shown(package: &Affected) -> String {
    let Origin::Distribution {
        id,
        release,
        stream,
        source,
    } = &package.origin
    else {
        return format!("{:?}", package.origin);
    };
    let mut text = format!("{id}/{release}");
    if !stream.is_empty() {
        text += &format!("/{stream}");
    }
    text += &format!(" {}{}", if *source { "source " } else { "" }, package.name);
    if !package.module.is_empty() {
        text += &format!(" of {}", package.module);
    }
    for Range { introduced, end } in &package.ranges {
        let from = introduced.as_deref().unwrap_or_default();
        text += &match end {
            None => format!(" [{from},"),
            Some(End::Fixed(end)) => format!(" [{from},{end})"),
            Some(End::LastAffected(end)) => format!(" [{from},{end}]"),
        };
    }
    if !package.architectures.is_empty() {
        text += &format!(" on {}", package.architectures.join(","));
    }
    format!("{text} {}", package.state)
}

fn lines(advisory: &Advisory) -> Vec<String> {
    advisory.affected.iter().map(shown).collect()
}

/// A file with one definition and these tests: id, comment, package, version
/// with its operation, architecture.
fn file(definition: &str, tests: &[(&str, &str, &str, &str)]) -> String {
    let mut out = format!(
        "<oval_definitions xmlns='http://oval.mitre.org/XMLSchema/oval-definitions-5' \
         xmlns:red='http://oval.mitre.org/XMLSchema/oval-definitions-5#linux'>\
         <definitions>{definition}</definitions><tests>"
    );
    for (id, ..) in tests {
        out += &format!(
            "<red:rpminfo_test id='{id}' check='at least one'><red:object object_ref='o{id}'/>\
             <red:state state_ref='s{id}'/></red:rpminfo_test>"
        );
    }
    out += "</tests><objects>";
    for (id, name, ..) in tests {
        out += &format!(
            "<red:rpminfo_object id='o{id}'><red:name>{name}</red:name></red:rpminfo_object>"
        );
    }
    out += "</objects><states>";
    for (id, _, operation, version) in tests {
        let (version, arch) = version.split_once('|').unwrap_or((version, ""));
        out += &format!("<red:rpminfo_state id='s{id}'>");
        if !arch.is_empty() {
            out += &format!("<red:arch operation='pattern match'>{arch}</red:arch>");
        }
        if !version.is_empty() {
            out += &format!(
                "<red:evr datatype='evr_string' operation='{operation}'>{version}</red:evr>"
            );
        }
        out += "</red:rpminfo_state>";
    }
    out + "</states></oval_definitions>"
}

fn one(name: &str, text: &str) -> Advisory {
    let read = read(name, text.as_bytes());
    assert_eq!(read.skipped, []);
    let [advisory] = read.records.as_slice() else {
        panic!("{} records", read.records.len());
    };
    advisory.clone()
}

const RED_HAT: &str = "<definition class='patch' id='oval:com.redhat.rhsa:def:20240001'>\
    <metadata><title>RHSA-2024:0001: nodejs:18 security update (Important)</title>\
    <affected family='unix'><platform>Red Hat Enterprise Linux 9</platform></affected>\
    <reference ref_id='RHSA-2024:0001' ref_url='https://example.com/RHSA-2024:0001' source='RHSA'/>\
    <reference ref_id='CVE-2024-1' ref_url='https://example.com/CVE-2024-1' source='CVE'/>\
    <description>Node.js is a platform.</description>\
    <advisory from='secalert@redhat.com'><severity>Important</severity>\
    <issued date='2024-01-02'/><updated date='2024-01-03'/>\
    <cve cvss3='7.5/CVSS:3.1/AV:N/AC:L' cwe='CWE-400' impact='important'>CVE-2024-1</cve>\
    <affected_cpe_list><cpe>CPE</cpe></affected_cpe_list></advisory></metadata>\
    <criteria operator='OR'>\
    <criterion comment='Red Hat Enterprise Linux must be installed' test_ref='t0'/>\
    <criteria operator='AND'>\
    <criterion comment='Red Hat Enterprise Linux 9 is installed' test_ref='t1'/>\
    <criterion comment='Module nodejs:18 is enabled' test_ref='t2'/>\
    <criteria operator='OR'><criteria operator='AND'>\
    <criterion comment='nodejs is earlier than 1:18.2-3' test_ref='t3'/>\
    <criterion comment='nodejs is signed with Red Hat key' test_ref='t4'/>\
    </criteria></criteria></criteria></criteria></definition>";

#[test]
fn a_patch_of_red_hat_has_release_stream_and_module() {
    let tests = [
        ("t1", "redhat-release", "", ""),
        ("t3", "nodejs", "less than", "1:18.2-3|aarch64|x86_64"),
        ("t4", "nodejs", "", ""),
    ];
    let text = file(
        &RED_HAT.replace("CPE", "cpe:/a:redhat:enterprise_linux:9::appstream"),
        &tests,
    );
    let advisory = one("rhel-9.oval.xml", &text);
    assert_eq!(
        lines(&advisory),
        ["rhel/9 nodejs of nodejs:18 [,1:18.2-3) fixed"]
    );
    assert_eq!(advisory.id, "RHSA-2024:0001");
    assert_eq!(advisory.about, ["CVE-2024-1"]);
    assert_eq!(advisory.source.feed, "redhat-oval");
    assert_eq!(advisory.source.record, "oval:com.redhat.rhsa:def:20240001");
    assert_eq!(advisory.severities[0].word, "important");
    assert_eq!(advisory.severities[1].vector, "CVSS:3.1/AV:N/AC:L");
    assert!(advisory.affected[0].fix_published.is_some());
    let text = file(
        &RED_HAT.replace("CPE", "cpe:/a:redhat:rhel_eus:9.2::appstream"),
        &tests,
    );
    assert_eq!(
        lines(&one("rhel-9.2-eus.oval.xml", &text)),
        ["rhel/9/eus-9.2 nodejs of nodejs:18 [,1:18.2-3) fixed"]
    );
    // Without the tests their comments say it.
    let text = file(&RED_HAT.replace("CPE", ""), &[]);
    assert_eq!(
        lines(&one("x", &text)),
        ["rhel/9 nodejs of nodejs:18 [,1:18.2-3) fixed"]
    );
}

#[test]
fn what_red_hat_has_not_fixed_has_its_reason() {
    let definition = "<definition class='vulnerability' id='oval:com.redhat.cve:def:20241'>\
        <metadata><title>CVE-2024-1 (low)</title><affected family='unix'>\
        <platform>Red Hat Enterprise Linux 8</platform></affected>\
        <reference source='CVE' ref_id='CVE-2024-1' ref_url='https://example.com'/>\
        <advisory><severity>Low</severity><affected>\
        <resolution state='Will not fix'><component>curl</component></resolution>\
        <resolution state='Not affected'><component>wget</component></resolution>\
        <resolution state='Affected'><component>lynx</component></resolution>\
        </affected></advisory></metadata>\
        <criteria operator='AND'>\
        <criterion comment='Red Hat Enterprise Linux 8 is installed' test_ref='a'/>\
        <criteria operator='OR'><criterion comment='curl is installed' test_ref='b'/>\
        <criterion comment='wget is installed' test_ref='c'/>\
        <criterion comment='lynx is installed' test_ref='d'/></criteria></criteria></definition>";
    let advisory = one("x", &file(definition, &[]));
    assert_eq!(advisory.id, "CVE-2024-1");
    assert_eq!(advisory.about, [""; 0]);
    assert_eq!(
        lines(&advisory),
        [
            "rhel/8 curl [, will-not-fix",
            "rhel/8 lynx [, affected",
            "rhel/8 wget not-affected",
        ]
    );
}

#[test]
fn suse_tells_several_products_and_what_is_affected_or_not() {
    let definition = "<definition class='vulnerability' id='oval:org.opensuse.security:def:1'>\
        <metadata><title>CVE-2024-1</title><affected family='unix'>\
        <platform>SUSE Linux Enterprise Server 15 SP5</platform></affected>\
        <reference ref_id='Mitre CVE-2024-1' ref_url='https://example.com' source='CVE'/>\
        <advisory from='security@suse.de'><severity>Moderate</severity></advisory></metadata>\
        <criteria operator='OR'><criteria operator='AND'><criteria operator='OR'>\
        <criterion test_ref='p1' comment='SUSE Linux Enterprise Server 15 SP5 is installed'/>\
        <criterion test_ref='p2' comment='openSUSE Leap 15.5 is installed'/></criteria>\
        <criteria operator='OR'>\
        <criterion test_ref='a' comment='curl less than 8.0.1-1'/>\
        <criterion test_ref='b' comment='wget is affected'/>\
        <criterion test_ref='c' comment='lynx is not affected'/>\
        </criteria></criteria></criteria></definition>";
    let tests = [
        ("a", "curl", "less than", "0:8.0.1-1|(aarch64|x86_64)"),
        ("b", "wget", "greater than", "0:0-0"),
        ("c", "lynx", "equals", "0:0-0"),
    ];
    let advisory = one("suse.xml", &file(definition, &tests));
    assert_eq!(advisory.id, "CVE-2024-1");
    assert_eq!(
        lines(&advisory),
        [
            "opensuse-leap/15.5 curl [,8.0.1-1) fixed",
            "opensuse-leap/15.5 lynx not-affected",
            "opensuse-leap/15.5 wget [, affected",
            "sles/15.5 curl [,8.0.1-1) fixed",
            "sles/15.5 lynx not-affected",
            "sles/15.5 wget [, affected",
        ]
    );
}

#[test]
fn oracle_tells_architectures_and_builds_apart() {
    let definition = "<definition class='patch' id='oval:com.oracle.elsa:def:20241'>\
        <metadata><title>ELSA-2024-1:  openssl security update (IMPORTANT)</title>\
        <affected family='unix'><platform>Oracle Linux 8</platform></affected>\
        <reference source='elsa' ref_id='ELSA-2024-1' ref_url='https://example.com'/>\
        <advisory><severity>IMPORTANT</severity><issued date='2024-02-03'/>\
        <cve href='x'>CVE-2024-1</cve><cve href='y'>CVE-2024-2</cve></advisory></metadata>\
        <criteria operator='AND'>\
        <criterion test_ref='r' comment='Oracle Linux 8 is installed'/>\
        <criteria operator='OR'><criteria operator='AND'>\
        <criterion test_ref='m' comment='Oracle Linux arch is x86_64'/>\
        <criteria operator='OR'><criteria operator='AND'>\
        <criterion test_ref='a' comment='openssl is earlier than 1:1.1.1k-12.el8_9'/>\
        <criterion test_ref='s' comment='openssl is signed with the Oracle Linux 8 key'/></criteria>\
        <criteria operator='AND'>\
        <criterion test_ref='b' comment='openssl is earlier than 10:1.1.1k-12.el8_9_fips'/></criteria>\
        <criteria operator='AND'>\
        <criterion test_ref='c' comment='glibc is earlier than 2:2.28-1.0.1.ksplice1.el8'/></criteria>\
        </criteria></criteria></criteria></criteria></definition>";
    let advisory = one("oval.xml", &file(definition, &[]));
    assert_eq!(advisory.about, ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(
        lines(&advisory),
        [
            "ol/8 openssl [,1:1.1.1k-12.el8_9) on x86_64 fixed",
            "ol/8/fips openssl [,10:1.1.1k-12.el8_9_fips) on x86_64 fixed",
            "ol/8/ksplice glibc [,2:2.28-1.0.1.ksplice1.el8) on x86_64 fixed",
        ]
    );
}

#[test]
fn azure_linux_names_its_release_by_its_file_and_its_versions() {
    let definition = "<definition class='vulnerability' id='oval:com.microsoft.cbl-mariner:def:1'>\
        <metadata><title>CVE-2024-1 affecting package openssl for versions less than 1-2</title>\
        <affected family='unix'><platform>CBL-Mariner</platform></affected>\
        <reference ref_id='CVE-2024-1' ref_url='https://example.com' source='CVE'/>\
        <patchable>true</patchable><advisory_date>2024-01-02T03:04:05Z</advisory_date>\
        <advisory_id>1-1</advisory_id><severity>High</severity></metadata>\
        <criteria operator='AND'><criterion test_ref='a' comment='Package openssl is installed with \
        version 1-2 or earlier'/><criterion test_ref='b' comment='x'/></criteria></definition>";
    let tests = [
        ("a", "openssl", "less than", "0:1.1.1k-8.cm2"),
        ("b", "openssl", "greater than or equal", "0:1.0-1.cm2"),
    ];
    let text = file(definition, &tests);
    let advisory = one("azurelinux-3.0-oval.xml", &text);
    assert_eq!(advisory.id, "CVE-2024-1");
    assert_eq!(
        advisory.severities[0].level,
        Some(plimsoll_model::Severity::High)
    );
    assert_eq!(
        lines(&advisory),
        ["azurelinux/3.0 source openssl [1.0-1.cm2,1.1.1k-8.cm2) fixed"]
    );
    assert_eq!(
        lines(&one("x.xml", &text)),
        ["mariner/2.0 source openssl [1.0-1.cm2,1.1.1k-8.cm2) fixed"]
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
    check("<a><definition class='patch'/></a>", "its id is empty");
    check(
        "<a><definition class='inventory' id='x'/></a>",
        "no vulnerability",
    );
    check(
        "<a><definition class='patch' id='x'/></a>",
        "names no package",
    );
    check("<!DOCTYPE a><a/>", "document type");
    check("<a>", "ends within");
    let text = file(RED_HAT, &[]).replace("</oval_definitions>", "");
    let cut = read("f.xml", text.as_bytes());
    assert_eq!((cut.records.len(), cut.skipped.len()), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_or_named(text in "<?[ -~\n]{1,200}") {
        let read = read("x", format!("<a>{text}").as_bytes());
        prop_assert!(!read.skipped.is_empty());
    }

    #[test]
    fn any_comment_is_read_or_named(comment in "[ a-zA-Z0-9:.-]{0,60}", version in "[0-9:.-]{0,12}") {
        let definition = format!(
            "<definition class='patch' id='x'><criteria><criterion test_ref='a' \
             comment='{comment}'/></criteria></definition>"
        );
        let text = file(&definition, &[("a", "curl", "less than", &version)]);
        let read = read("azurelinux-3.0-oval.xml", text.as_bytes());
        prop_assert!(!read.records.is_empty() || !read.skipped.is_empty());
    }
}
