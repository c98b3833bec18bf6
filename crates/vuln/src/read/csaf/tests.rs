use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::advisory::{End, Origin, Range};

/// A package in one line: `rhel/9 curl [,7.76.1-26.el9_3.2) fixed`.
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

/// A document of Red Hat with these products, their parts and these states.
fn vex(
    products: &[(&str, &str)],
    parts: &[(&str, &str)],
    status: &Value,
    remedies: &Value,
) -> Value {
    let branches: Vec<Value> = products
        .iter()
        .map(|(id, helper)| {
            let helper = match helper.split_once(':') {
                Some(("cpe", _)) => json!({"cpe": helper}),
                Some(("pkg", _)) => json!({"purl": helper}),
                _ => json!({}),
            };
            json!({"category": "product_version", "name": id, "product": {
                "name": id, "product_id": id, "product_identification_helper": helper}})
        })
        .collect();
    let relations: Vec<Value> = parts
        .iter()
        .map(|(part, of)| {
            json!({"category": "default_component_of", "product_reference": part,
                "relates_to_product_reference": of,
                "full_product_name": {"name": "x", "product_id": format!("{of}:{part}")}})
        })
        .collect();
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": "curl: overflow",
            "publisher": {"name": "Red Hat Product Security", "namespace": "https://www.redhat.com"},
            "aggregate_severity": {"text": "Important"},
            "references": [{"category": "self", "url": "https://example.com/cve-2024-1.json"}],
            "tracking": {"id": "CVE-2024-1", "status": "final",
                "initial_release_date": "2024-01-02T00:00:00+00:00",
                "current_release_date": "2024-02-03T00:00:00+00:00"},
        },
        "product_tree": {"branches": [{"category": "vendor", "branches": branches}],
            "relationships": relations},
        "vulnerabilities": [{
            "cve": "CVE-2024-1", "cwe": {"id": "CWE-119"},
            "notes": [{"category": "description", "text": "A flaw."}],
            "scores": [{"cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:H"}, "products": ["a"]}],
            "product_status": status, "remediations": remedies,
        }],
    })
}

fn one(value: &Value) -> Advisory {
    let read = read("vex.json", value.to_string().as_bytes());
    assert_eq!(read.skipped, []);
    let [advisory] = read.records.as_slice() else {
        panic!("{} records", read.records.len());
    };
    advisory.clone()
}

const RHEL9: (&str, &str) = ("AppStream-9", "cpe:/a:redhat:enterprise_linux:9::appstream");
const EUS: (&str, &str) = ("AppStream-9.2.EUS", "cpe:/a:redhat:rhel_eus:9.2::appstream");

#[test]
fn fixes_are_told_by_release_and_stream_once_for_all_architectures() {
    let curl = "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2";
    let value = vex(
        &[
            RHEL9,
            EUS,
            ("curl.x86_64", &format!("{curl}?arch=x86_64")),
            ("curl.aarch64", &format!("{curl}?arch=aarch64")),
            ("curl.src", &format!("{curl}?arch=src")),
            (
                "old",
                "pkg:rpm/redhat/curl@7.76.1-23.el9_2.4?arch=x86_64&epoch=1",
            ),
        ],
        &[
            ("curl.x86_64", "AppStream-9"),
            ("curl.aarch64", "AppStream-9"),
            ("curl.src", "AppStream-9"),
            ("old", "AppStream-9.2.EUS"),
        ],
        &json!({"fixed": ["AppStream-9:curl.x86_64", "AppStream-9:curl.aarch64",
            "AppStream-9:curl.src", "AppStream-9.2.EUS:old"]}),
        &json!([{"category": "vendor_fix", "url": "https://example.com/errata/RHSA-2024:1",
            "date": "2024-03-04T05:06:07+00:00", "product_ids": ["AppStream-9:curl.x86_64"]}]),
    );
    let advisory = one(&value);
    assert_eq!(
        lines(&advisory),
        [
            "rhel/9 curl [,7.76.1-26.el9_3.2) fixed",
            "rhel/9/eus-9.2 curl [,1:7.76.1-23.el9_2.4) fixed",
        ]
    );
    assert_eq!(advisory.id, "CVE-2024-1");
    assert_eq!(advisory.source.feed, "redhat-csaf-vex");
    assert_eq!(
        advisory.source.record,
        "https://example.com/cve-2024-1.json"
    );
    assert_eq!(advisory.details, "A flaw.");
    assert_eq!(advisory.weaknesses, ["CWE-119"]);
    assert_eq!(advisory.severities[0].word, "important");
    assert_eq!(advisory.severities[1].vector, "CVSS:3.1/AV:N/AC:H");
    let fix = &advisory.affected[0];
    assert_eq!(
        fix.fix_published.map(|day| day.to_string()).as_deref(),
        Some("2024-03-04")
    );
    assert_eq!(fix.notes["errata"], "RHSA-2024:1");
    assert_eq!(advisory.affected[1].fix_published, None);
}

#[test]
fn what_is_not_fixed_has_the_publishers_reason() {
    let check = |kind: &str, category: &str, details: &str, expect: &str| {
        let value = vex(
            &[RHEL9, ("curl", "pkg:rpm/redhat/curl")],
            &[("curl", "AppStream-9")],
            &json!({kind: ["AppStream-9:curl"]}),
            &json!([{"category": category, "details": details, "product_ids": ["AppStream-9:curl"]}]),
        );
        assert_eq!(lines(&one(&value)), [expect], "{kind} {category} {details}");
    };
    check(
        "known_affected",
        "workaround",
        "Do not.",
        "rhel/9 curl [, affected",
    );
    check(
        "known_affected",
        "none_available",
        "Affected",
        "rhel/9 curl [, affected",
    );
    check(
        "known_affected",
        "none_available",
        "Fix deferred",
        "rhel/9 curl [, deferred",
    );
    check(
        "known_affected",
        "no_fix_planned",
        "Will not fix",
        "rhel/9 curl [, will-not-fix",
    );
    check(
        "known_affected",
        "no_fix_planned",
        "Out of support scope",
        "rhel/9 curl [, end-of-life",
    );
    check(
        "under_investigation",
        "",
        "",
        "rhel/9 curl [, under-investigation",
    );
    check("known_not_affected", "", "", "rhel/9 curl not-affected");
}

#[test]
fn a_fix_weighs_more_than_what_is_said_beside_it() {
    let value = vex(
        &[
            RHEL9,
            ("fixed", "pkg:rpm/redhat/curl@1-2?arch=x86_64"),
            ("curl", "pkg:rpm/redhat/curl"),
        ],
        &[("fixed", "AppStream-9"), ("curl", "AppStream-9")],
        &json!({"fixed": ["AppStream-9:fixed"], "known_affected": ["AppStream-9:curl"]}),
        &json!([]),
    );
    assert_eq!(lines(&one(&value)), ["rhel/9 curl [,1-2) fixed"]);
}

#[test]
fn modules_are_named_by_the_purl_or_by_what_the_package_is_a_part_of() {
    let value = vex(
        &[
            RHEL9,
            (
                "a",
                "pkg:rpm/redhat/nodejs@1:18.2-3?arch=x86_64&rpmmod=nodejs:18:8080:63b",
            ),
            ("nodejs:20:9090:abc", "pkg:rpmmod/redhat/nodejs@20:9090:abc"),
            ("b", "pkg:rpm/redhat/nodejs@20.1-1?arch=x86_64&epoch=1"),
            ("nodejs:16/nodejs", ""),
        ],
        &[
            ("a", "AppStream-9"),
            ("nodejs:20:9090:abc", "AppStream-9"),
            ("b", "AppStream-9:nodejs:20:9090:abc"),
            ("nodejs:16/nodejs", "AppStream-9"),
        ],
        &json!({"fixed": ["AppStream-9:a", "AppStream-9:nodejs:20:9090:abc:b"],
            "known_affected": ["AppStream-9:nodejs:16/nodejs"]}),
        &json!([]),
    );
    assert_eq!(
        lines(&one(&value)),
        [
            "rhel/9 nodejs of nodejs:16 [, affected",
            "rhel/9 source nodejs of nodejs:16 [, affected",
            "rhel/9 nodejs of nodejs:18 [,1:18.2-3) fixed",
            "rhel/9 nodejs of nodejs:20 [,1:20.1-1) fixed",
        ]
    );
}

#[test]
fn architectures_with_other_fixes_are_told_apart() {
    let value = vex(
        &[
            RHEL9,
            ("a", "pkg:rpm/redhat/x@1-2?arch=x86_64"),
            ("b", "pkg:rpm/redhat/x@1-3?arch=s390x"),
        ],
        &[("a", "AppStream-9"), ("b", "AppStream-9")],
        &json!({"fixed": ["AppStream-9:a", "AppStream-9:b"]}),
        &json!([]),
    );
    assert_eq!(
        lines(&one(&value)),
        [
            "rhel/9 x [,1-2) on x86_64 fixed",
            "rhel/9 x [,1-3) on s390x fixed"
        ]
    );
}

/// An advisory that fixes several vulnerabilities at once.
fn erratum(publisher: &str, namespace: &str, id: &str, cpe: &str, status: [&Value; 2]) -> Value {
    let product = |id: &str, cpe: &str| {
        json!({"name": id, "product": {"name": id, "product_id": id,
            "product_identification_helper": {"cpe": cpe}}})
    };
    let part = "libcurl4-8.0.1-150400.5.32.1.x86_64";
    json!({
        "document": {
            "category": "csaf_security_advisory", "title": "Security update for curl",
            "publisher": {"name": publisher, "namespace": namespace},
            "aggregate_severity": {"text": "important"},
            "tracking": {"id": id, "status": "final",
                "initial_release_date": "2024-01-02T00:00:00Z"},
        },
        "product_tree": {
            "branches": [{"branches": [product("P", cpe)]},
                {"branches": [{"name": part, "product": {"name": part, "product_id": part}}]}],
            "relationships": [{"product_reference": part, "relates_to_product_reference": "P",
                "full_product_name": {"product_id": format!("P:{part}")}}],
        },
        "vulnerabilities": [
            {"cve": "CVE-2024-1", "product_status": status[0]},
            {"cve": "CVE-2024-2", "product_status": status[1]},
        ],
    })
}

#[test]
fn an_advisory_is_about_all_vulnerabilities_it_fixes_in_the_same_packages() {
    let fixed = json!({"recommended": ["P:libcurl4-8.0.1-150400.5.32.1.x86_64"]});
    let value = erratum(
        "SUSE Product Security Team",
        "https://www.suse.com/",
        "SUSE-SU-2024:1-1",
        "cpe:/o:suse:sles:15:sp5",
        [&fixed, &fixed],
    );
    let advisory = one(&value);
    assert_eq!(
        lines(&advisory),
        ["sles/15.5 libcurl4 [,8.0.1-150400.5.32.1) fixed"]
    );
    assert_eq!(advisory.id, "SUSE-SU-2024:1-1");
    assert_eq!(advisory.about, ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(advisory.source.feed, "suse-csaf");
    assert!(advisory.affected[0].fix_published.is_some());

    let not = json!({"known_not_affected": ["P:libcurl4-8.0.1-150400.5.32.1.x86_64"]});
    let value = erratum(
        "openEuler",
        "https://www.openeuler.org",
        "openEuler-SA-2024-1",
        "cpe:/a:openEuler:openEuler:22.03-LTS-SP1",
        [&fixed, &not],
    );
    let read = read("x", value.to_string().as_bytes());
    let about: Vec<_> = read
        .records
        .iter()
        .map(|a| (a.about.clone(), lines(a)))
        .collect();
    assert_eq!(about.len(), 2);
    assert_eq!(
        about[0].1,
        ["openEuler/22.03-LTS-SP1 libcurl4 [,8.0.1-150400.5.32.1) fixed"]
    );
    assert_eq!(about[1].0, ["CVE-2024-2"]);
    assert_eq!(
        about[1].1,
        ["openEuler/22.03-LTS-SP1 libcurl4 not-affected"]
    );
}

#[test]
fn a_deleted_document_was_taken_back() {
    let value = json!({"document": {"tracking": {"id": "CVE-2023-1", "status": "deleted"}}});
    let advisory = one(&value);
    assert_eq!(advisory.id, "CVE-2023-1");
    assert!(advisory.withdrawn.is_some());
    assert_eq!(advisory.affected, []);
}

#[test]
fn what_is_wrong_is_left_out_and_named() {
    let check = |products: &[(&str, &str)], parts: &[(&str, &str)], ids: &[&str], expect: &str| {
        let value = vex(products, parts, &json!({"known_affected": ids}), &json!([]));
        let read = read("f.json", value.to_string().as_bytes());
        let why = &read.skipped.first().expect(expect).reason;
        assert!(why.contains(expect), "{why}");
        read.records.len()
    };
    let good = ("curl", "pkg:rpm/redhat/curl");
    assert_eq!(check(&[], &[], &[], "no package of a distribution"), 0);
    assert_eq!(
        check(&[RHEL9, good], &[], &["X"], "not in the product tree"),
        0
    );
    assert_eq!(
        check(
            &[RHEL9, good],
            &[("curl", "AppStream-9")],
            &["AppStream-9:curl", "X"],
            "in part: product `X` is not in the product tree"
        ),
        1
    );
    assert_eq!(
        check(
            &[good],
            &[("curl", "nowhere")],
            &["nowhere:curl"],
            "part of what is not"
        ),
        0
    );
    assert_eq!(
        check(
            &[good],
            &[("curl", "l:x"), ("x", "l")],
            &["l:x:curl"],
            "part of what is not"
        ),
        0
    );
    let looped = [("a", "b:c"), ("c", "b"), ("x", "b:c:a")];
    check(&[good], &looped, &["b:c:a:x"], "product");
    let bad = ("f", "pkg:rpm/redhat/f@1-2?rpmmod=rhel10");
    check(
        &[RHEL9, bad],
        &[("f", "AppStream-9")],
        &["AppStream-9:f"],
        "no stream of a module",
    );
    for (text, expect) in [
        ("", "EOF"),
        ("[]", "its id"),
        ("{\"document\": 5}", "its id"),
    ] {
        let read = read("f", text.as_bytes());
        assert_eq!(read.records, []);
        assert!(
            read.skipped[0].reason.contains(expect),
            "{:?}",
            read.skipped
        );
    }
}

#[test]
fn a_part_of_itself_ends() {
    let mut value = vex(
        &[RHEL9, ("curl", "pkg:rpm/redhat/curl")],
        &[("curl", "AppStream-9")],
        &json!({"known_affected": ["AppStream-9:curl"]}),
        &json!([]),
    );
    value["product_tree"]["relationships"] = json!([
        {"product_reference": "curl", "relates_to_product_reference": "AppStream-9:curl",
         "full_product_name": {"product_id": "AppStream-9:curl"}}]);
    let read = read("f", value.to_string().as_bytes());
    assert!(
        read.skipped[0].reason.contains("is a part of itself"),
        "{:?}",
        read.skipped
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_or_named(text in "\\{?[ -~\n]{0,200}") {
        let read = read("x", text.as_bytes());
        prop_assert!(!read.records.is_empty() || !read.skipped.is_empty());
    }

    #[test]
    fn any_names_of_products_are_read_or_named(
        part in "[a-z0-9:/.@%?=&-]{0,30}", purl in "(pkg:rpm/)?[a-z0-9:/.@%?=&-]{0,30}",
        cpe in "cpe:/[ao]:(redhat|suse|openeuler)(:[a-z0-9_.-]{0,9}){0,4}",
    ) {
        let id = format!("P:{part}");
        let value = vex(&[("P", &cpe), (&part, &purl)], &[(&part, "P")],
            &json!({"fixed": [id]}), &json!([]));
        let read = read("x", value.to_string().as_bytes());
        prop_assert!(!read.records.is_empty() || !read.skipped.is_empty());
    }
}
