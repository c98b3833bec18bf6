use plimsoll_model::{Tristate, VulnerablePackage};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::vulnerability;

const DIGEST: &str = "sha256:4f2e91b34a467353bcc0134c704f9b214f2e91b34a467353bcc0134c704f9b21";

fn image(name: &str) -> Identity {
    Identity {
        names: vec![name.to_owned()],
        digests: vec![DIGEST.to_owned()],
        arch: "amd64".to_owned(),
        cpes: vec!["cpe:/o:redhat:enterprise_linux:9::baseos".to_owned()],
        packages: [
            ("pkg:golang/example.com/app@v1.0.0".to_owned(), Vec::new()),
            (
                "pkg:generic/nginx@1.25.3".to_owned(),
                vec!["cpe:2.3:a:f5:nginx:1.25.3:*:*:*:*:*:*:*".to_owned()],
            ),
        ]
        .into(),
    }
}

/// Whether a statement for this OpenVEX product takes out CVE-2023-1 of the
/// package of the image.
fn takes_out(product: &Value, name: &str, purl: &str) -> bool {
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "Example Ltd",
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [{
            "vulnerability": {"name": "CVE-2023-1"},
            "products": [product],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        }],
    });
    let document = read("web.json", document.to_string().as_bytes()).expect("OpenVEX");
    assert_eq!(document.skipped, []);
    let mut found = vec![vulnerability("CVE-2023-1", purl)];
    let applied = apply(&[document], &mut found, &image(name));
    assert_eq!(applied.unmatched.is_empty(), found[0].is_suppressed());
    found[0].is_suppressed()
}

#[test]
fn a_product_is_an_image_by_name_tag_registry_or_digest() {
    let check = |id: &str, name: &str, expect: bool| {
        let got = takes_out(&json!({"@id": id}), name, "pkg:npm/lodash@4.17.20");
        assert_eq!(got, expect, "{id} for {name}");
    };
    let shop = "registry.example.com/shop/web:1.2";
    check("pkg:oci/web", shop, true);
    check("pkg:oci/other", shop, false);
    check(
        "pkg:oci/web?repository_url=registry.example.com/shop/web",
        shop,
        true,
    );
    check(
        "pkg:oci/web?repository_url=registry.example.com/shop",
        shop,
        true,
    );
    check(
        "pkg:oci/web?repository_url=https%3A%2F%2Fregistry.example.com%2Fshop",
        shop,
        true,
    );
    check("pkg:oci/web?repository_url=ghcr.io/shop/web", shop, false);
    check(
        "pkg:oci/web?repository_url=registry.example.com/shop/web&tag=1.2",
        shop,
        true,
    );
    check("pkg:oci/web?tag=1.3", shop, false);
    check(
        &format!("pkg:oci/web@{}", DIGEST.replace(':', "%3A")),
        shop,
        true,
    );
    check(&format!("pkg:oci/web@{DIGEST}"), shop, true);
    check("pkg:oci/web@sha256:00", shop, false);
    check("pkg:oci/web?arch=amd64", shop, true);
    check("pkg:oci/web?arch=arm64", shop, false);
    check(DIGEST, "anything", true);
    check("registry.example.com/shop/web", shop, true);
    check("registry.example.com/shop/web:1.2", shop, true);
    check("registry.example.com/shop/web:1.3", shop, false);
    check("shop/web:1.2", shop, false);
    check(
        "pkg:docker/shop/web@1.2?repository_url=registry.example.com/shop",
        shop,
        true,
    );
    check("https://example.com/product", shop, false);
}

#[test]
fn a_platform_is_the_release_that_the_image_holds() {
    let check = |cpe: &str, expect: bool| {
        let product = json!({
            "@id": "x",
            "identifiers": {"cpe22": cpe},
            "subcomponents": [{"@id": "pkg:rpm/redhat/openssl-libs"}],
        });
        let package = "pkg:rpm/redhat/openssl-libs@3.0.7-25.el9?arch=x86_64";
        assert_eq!(takes_out(&product, "web:1", package), expect, "{cpe}");
    };
    check("cpe:/o:redhat:enterprise_linux:9", true);
    check("cpe:/a:redhat:enterprise_linux:9::appstream", true);
    check("cpe:/o:redhat:enterprise_linux", true);
    check("cpe:/o:redhat:enterprise_linux:8", false);
    check("cpe:/o:suse:sles:9", false);
}

#[test]
fn an_image_is_known_by_references_and_never_by_a_path() {
    use plimsoll_model::image::{Image, ImageForm};
    let check = |form: ImageForm, expect: &[&str]| {
        let image = Image {
            name: "debian".to_owned(),
            tags: vec!["web:1".to_owned()],
            form,
            ..Image::default()
        };
        assert_eq!(Identity::of(&image).names, expect, "{form:?}");
    };
    check(ImageForm::Registry, &["debian", "web:1"]);
    check(ImageForm::RootFs, &["web:1"]);
    check(ImageForm::DockerArchive, &["web:1"]);
}

#[test]
fn docker_hub_is_one_place_however_it_is_written() {
    let ids = [
        "pkg:oci/debian?repository_url=docker.io/library/debian",
        "pkg:oci/debian?repository_url=index.docker.io/library/debian",
        "pkg:oci/debian?repository_url=registry-1.docker.io/library/debian",
        "pkg:oci/debian?repository_url=docker.io/library",
        "pkg:oci/debian?repository_url=docker.io",
        "pkg:oci/debian?repository_url=library/debian",
        "pkg:oci/debian?repository_url=debian",
        "pkg:docker/debian@12",
        "pkg:docker/library/debian@12",
        "debian:12",
        "docker.io/library/debian",
        "index.docker.io/library/debian:12",
    ];
    for id in ids {
        for name in [
            "debian:12",
            "docker.io/library/debian:12",
            "index.docker.io/debian:12",
        ] {
            let product = json!({"@id": id});
            assert!(takes_out(&product, name, "pkg:npm/a@1"), "{id} for {name}");
            let other = "quay.io/library/debian:12";
            let anywhere = !id.contains("repository_url") && id.starts_with("pkg:docker");
            assert_eq!(takes_out(&product, other, "pkg:npm/a@1"), anywhere, "{id}");
        }
    }
}

#[test]
fn a_product_is_a_package_by_what_its_purl_says_and_no_more() {
    let check = |id: &str, purl: &str, expect: bool| {
        let got = takes_out(&json!({"@id": id}), "web:1", purl);
        assert_eq!(got, expect, "{id} for {purl}");
    };
    check("pkg:npm/lodash", "pkg:npm/lodash@4.17.20", true);
    check("pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.20", true);
    check("pkg:npm/lodash@4.17.21", "pkg:npm/lodash@4.17.20", false);
    check("pkg:npm/%40types/node", "pkg:npm/%40types/node@1.0.0", true);
    check("pkg:pypi/Flask_Login", "pkg:pypi/flask-login@0.5", true);
    let openssl = "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl";
    check("pkg:deb/debian/libssl3", openssl, true);
    check("pkg:deb/libssl3", openssl, true);
    check("pkg:deb/debian/libssl3?arch=amd64", openssl, true);
    check("pkg:deb/debian/libssl3?arch=arm64", openssl, false);
    check("pkg:deb/debian/libssl3?distro=debian-11", openssl, false);
    check("pkg:deb/ubuntu/libssl3", openssl, false);
    check(
        "pkg:golang/example.com/app",
        "pkg:golang/example.com/lib@v1",
        false,
    );
}

#[test]
fn parts_narrow_a_product_down() {
    let check = |product: Value, purl: &str, expect: bool| {
        assert_eq!(
            takes_out(&product, "shop/web:1", purl),
            expect,
            "{product} for {purl}"
        );
    };
    let lodash = "pkg:npm/lodash@4.17.20";
    let part = json!([{"@id": "pkg:npm/lodash"}]);
    check(
        json!({"@id": "pkg:oci/web", "subcomponents": part}),
        lodash,
        true,
    );
    check(
        json!({"@id": "pkg:oci/web", "subcomponents": part}),
        "pkg:npm/other@1",
        false,
    );
    check(
        json!({"@id": "pkg:oci/other", "subcomponents": part}),
        lodash,
        false,
    );
    check(
        json!({"@id": "pkg:golang/example.com/app", "subcomponents": part}),
        lodash,
        true,
    );
    let nginx = "pkg:generic/nginx@1.25.3";
    let cpe = json!({"@id": "x", "identifiers": {"cpe23": "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"}});
    check(cpe, nginx, true);
    let cpe = json!({"@id": "x", "identifiers": {"cpe22": "cpe:/a:f5:nginx:1.25.4"}});
    check(cpe, nginx, false);
    let hash = json!({"@id": "x", "hashes": {"sha-256": DIGEST.trim_start_matches("sha256:")}});
    check(hash, lodash, true);
}

#[test]
fn openvex_of_the_older_form_is_read_too() {
    let text = json!({
        "@context": "https://openvex.dev/ns",
        "author": "A",
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [
            {
                "vulnerability": "CVE-2023-1",
                "products": ["pkg:oci/web"],
                "subcomponents": ["pkg:npm/lodash"],
                "status": "not_affected",
                "impact_statement": "never called",
            },
            {"vulnerability": "CVE-2023-2", "products": [], "status": "fixed"},
            {"vulnerability": "CVE-2023-3", "products": ["pkg:oci/web"], "status": "maybe"},
            {"products": ["pkg:oci/web"], "status": "fixed"},
        ],
    });
    let document = read("a.json", text.to_string().as_bytes()).expect("OpenVEX");
    let skipped: Vec<String> = document
        .skipped
        .iter()
        .map(|skipped| format!("{}: {}", skipped.record, skipped.reason))
        .collect();
    assert_eq!(
        skipped,
        [
            "statement 2 CVE-2023-2: it names no product",
            "statement 3 CVE-2023-3: `maybe` is no status",
            "statement 4: it names no vulnerability",
        ]
    );
    assert_eq!(
        document.statements[0].title(),
        "CVE-2023-1 not_affected for pkg:npm/lodash in pkg:oci/web"
    );
}

#[test]
fn what_vex_takes_out_stays_in_the_list_with_whose_word_it_is() {
    let text = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "Example Ltd",
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [
            {
                "vulnerability": {"name": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2023-1"]},
                "products": [{"@id": "pkg:oci/web"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
                "impact_statement": "The parser is off.",
            },
            {
                "vulnerability": {"name": "CVE-2023-2"},
                "products": [{"@id": "pkg:oci/web"}],
                "status": "affected",
                "action_statement": "Upgrade.",
            },
            {
                "vulnerability": {"name": "CVE-2023-9"},
                "products": [{"@id": "pkg:oci/web"}],
                "status": "fixed",
            },
        ],
    });
    let document = read("web.json", text.to_string().as_bytes()).expect("OpenVEX");
    let mut found = vec![
        vulnerability("CVE-2023-1", "pkg:npm/a@1"),
        vulnerability("CVE-2023-2", "pkg:npm/a@1"),
        vulnerability("CVE-2023-3", "pkg:npm/a@1"),
    ];
    let applied = apply(&[document], &mut found, &image("web"));
    assert_eq!(applied.suppressed, 1);
    assert_eq!(
        applied.statuses,
        [Some(Status::NotAffected), Some(Status::Affected), None]
    );
    assert_eq!(
        applied.unmatched,
        ["web.json (Example Ltd): CVE-2023-9 fixed for pkg:oci/web"]
    );
    let by = &found[0].suppressed[0];
    assert_eq!(by.by, "web.json (Example Ltd)");
    assert_eq!(by.status, "not_affected");
    assert_eq!(
        by.reason,
        "vulnerable_code_not_in_execute_path: The parser is off."
    );
    assert_eq!(
        found[1].notes,
        ["web.json (Example Ltd) says affected: Upgrade."]
    );
    assert!(!found[1].is_suppressed());
}

/// Two statements about one vulnerability, each a time and a status.
fn two(first: (&str, &str), second: (&str, &str)) -> (Applied, bool) {
    let document = |file: &str, (time, status): (&str, &str)| {
        let text = json!({
            "@context": "https://openvex.dev/ns/v0.2.0",
            "author": file,
            "timestamp": "2020-01-01T00:00:00Z",
            "statements": [{
                "vulnerability": {"name": "CVE-2023-1"},
                "products": [{"@id": "pkg:oci/web"}],
                "status": status,
                "timestamp": time,
            }],
        });
        read(file, text.to_string().as_bytes()).expect("OpenVEX")
    };
    let documents = [document("a", first), document("b", second)];
    let mut found = vec![vulnerability("CVE-2023-1", "pkg:npm/a@1")];
    let applied = apply(&documents, &mut found, &image("web"));
    (applied, found[0].is_suppressed())
}

#[test]
fn the_newest_statement_counts_and_contradictions_are_said() {
    let (old, new) = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let check = |first, second, out: bool, conflict: Option<&str>| {
        let (applied, suppressed) = two(first, second);
        assert_eq!(suppressed, out, "{first:?} {second:?}");
        let why = applied.conflicts.first().map(|conflict| conflict.why);
        assert_eq!(why, conflict, "{first:?} {second:?}");
        assert!(applied.unmatched.is_empty(), "both are about it");
    };
    check(
        (old, "affected"),
        (new, "not_affected"),
        true,
        Some("it is newer"),
    );
    check(
        (new, "affected"),
        (old, "not_affected"),
        false,
        Some("it is newer"),
    );
    check(
        (new, "fixed"),
        (new, "affected"),
        false,
        Some("neither is newer, and it takes less out"),
    );
    check((old, "fixed"), (new, "fixed"), true, None);
    check(
        (old, "not_affected"),
        (new, "under_investigation"),
        false,
        Some("it is newer"),
    );
}

#[test]
fn csaf_is_read_with_platforms_flags_and_groups() {
    let text = json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0",
            "publisher": {"name": "Example Ltd", "category": "vendor"},
            "tracking": {"id": "EX-1", "current_release_date": "2026-01-01T00:00:00Z"},
        },
        "product_tree": {
            "branches": [{"category": "vendor", "name": "Example", "branches": [
                {"category": "product_version", "name": "EL 9", "product": {
                    "name": "EL 9", "product_id": "EL9",
                    "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9"}}},
                {"category": "product_version", "name": "EL 8", "product": {
                    "name": "EL 8", "product_id": "EL8",
                    "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:8"}}},
                {"category": "product_version", "name": "openssl", "product": {
                    "name": "openssl", "product_id": "openssl",
                    "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl?arch=src"}}},
            ]}],
            "full_product_names": [{
                "product_id": "web", "name": "web",
                "product_identification_helper": {"purl": "pkg:oci/web"}}],
            "relationships": [
                {"category": "default_component_of", "product_reference": "openssl",
                 "relates_to_product_reference": "EL9",
                 "full_product_name": {"product_id": "EL9:openssl", "name": "x"}},
                {"category": "default_component_of", "product_reference": "openssl",
                 "relates_to_product_reference": "EL8",
                 "full_product_name": {"product_id": "EL8:openssl", "name": "x"}},
            ],
            "product_groups": [{"group_id": "G", "product_ids": ["EL9:openssl"]}],
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2023-1",
                "product_status": {
                    "known_not_affected": ["EL9:openssl"],
                    "known_affected": ["EL8:openssl"],
                },
                "flags": [{"label": "vulnerable_code_not_present", "group_ids": ["G"]}],
                "threats": [{"category": "impact", "details": "Not built in.",
                             "product_ids": ["EL9:openssl"]}],
                "remediations": [{"category": "vendor_fix", "details": "Upgrade.",
                                  "product_ids": ["EL8:openssl"]}],
            },
            {"cve": "CVE-2023-2", "product_status": {"fixed": ["web"]}},
            {"cve": "CVE-2023-3"},
        ],
    });
    let document = read("ex.json", text.to_string().as_bytes()).expect("CSAF");
    assert_eq!(document.by(), "ex.json (Example Ltd)");
    assert_eq!(document.skipped.len(), 1, "{:?}", document.skipped);
    let mut found = vec![
        vulnerability(
            "CVE-2023-1",
            "pkg:rpm/redhat/openssl-libs@3.0.7-25.el9?arch=x86_64",
        ),
        vulnerability("CVE-2023-2", "pkg:npm/a@1"),
    ];
    found[0].package.source = Some(plimsoll_model::SourcePackage {
        name: "openssl".to_owned(),
        version: "3.0.7-25.el9".to_owned(),
    });
    let applied = apply(&[document], &mut found, &image("web:1"));
    assert_eq!(
        found[0].suppressed[0].reason,
        "vulnerable_code_not_present: Not built in."
    );
    assert_eq!(found[1].suppressed[0].status, "fixed");
    assert_eq!(
        applied.unmatched,
        [
            "ex.json (Example Ltd): CVE-2023-1 affected for pkg:rpm/redhat/openssl?arch=src in \
          cpe:/o:redhat:enterprise_linux:8"
        ]
    );
}

#[test]
fn cyclonedx_is_read_with_references_links_and_ranges() {
    let text = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "metadata": {
            "timestamp": "2026-01-01T00:00:00Z",
            "supplier": {"name": "Example Ltd"},
            "component": {"type": "container", "bom-ref": "root", "name": "shop/web",
                          "version": "1.2", "purl": "pkg:oci/web"},
        },
        "components": [
            {"type": "library", "bom-ref": "l", "name": "lodash", "purl": "pkg:npm/lodash"},
        ],
        "vulnerabilities": [
            {"id": "CVE-1", "analysis": {"state": "not_affected",
                "justification": "code_not_reachable", "detail": "Never called."},
             "affects": [{"ref": "l"}]},
            {"id": "CVE-2", "analysis": {"state": "resolved"}, "affects": [{"ref": "root"}]},
            {"id": "CVE-3", "analysis": {"state": "false_positive"},
             "affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#l",
                          "versions": [{"range": "vers:npm/>=4.17.0|<4.17.21"}]}]},
            {"id": "CVE-4", "analysis": {"state": "not_affected"},
             "affects": [{"ref": "l", "versions": [{"version": "5.0.0", "status": "affected"},
                          {"version": "4.17.20", "status": "unaffected"}]}]},
            {"id": "CVE-5", "analysis": {"state": "exploitable"}, "affects": [{"ref": "l"}]},
            {"id": "CVE-6", "affects": [{"ref": "l"}]},
            {"id": "CVE-7", "analysis": {"state": "perhaps"}, "affects": [{"ref": "l"}]},
            {"id": "CVE-8", "analysis": {"state": "not_affected"},
             "affects": [{"ref": "pkg:npm/lodash@4.17.20"}]},
        ],
    });
    let document = read("bom.json", text.to_string().as_bytes()).expect("CycloneDX");
    assert_eq!(document.skipped.len(), 1, "{:?}", document.skipped);
    let check = |name: &str, id: &str, purl: &str, expect: Option<&str>| {
        let mut found = vec![vulnerability(id, purl)];
        apply(std::slice::from_ref(&document), &mut found, &image(name));
        let got = found[0].suppressed.first().map(|by| by.reason.as_str());
        assert_eq!(got, expect, "{id} of {purl} in {name}");
    };
    let lodash = "pkg:npm/lodash@4.17.20";
    check(
        "shop/web",
        "CVE-1",
        lodash,
        Some("code_not_reachable: Never called."),
    );
    check("shop/other", "CVE-1", lodash, None);
    check("shop/web", "CVE-2", lodash, Some(""));
    check("shop/web", "CVE-3", lodash, Some("false_positive"));
    check("shop/web", "CVE-3", "pkg:npm/lodash@4.17.21", None);
    check(
        "shop/web",
        "CVE-4",
        lodash,
        Some("no justification is given"),
    );
    check("shop/web", "CVE-4", "pkg:npm/lodash@4.17.19", None);
    check("shop/web", "CVE-5", lodash, None);
    check("shop/web", "CVE-6", lodash, None);
    check(
        "shop/web",
        "CVE-8",
        lodash,
        Some("no justification is given"),
    );
}

#[test]
fn ranges_hold_what_they_say() {
    let check = |range: &str, version: &str, expect: bool| {
        let got = range::Range::parse(range).map(|range| range.contains("npm", version));
        assert_eq!(got, Some(expect), "{version} in {range}");
    };
    let two = "vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0";
    for (version, expect) in [
        ("0.9.0", false),
        ("1.0.0", true),
        ("1.9.9", true),
        ("2.0.0", false),
        ("2.5.0", false),
        ("3.0.0", true),
        ("4.0.0", false),
    ] {
        check(two, version, expect);
    }
    check("vers:npm/<1.0.0", "0.1.0", true);
    check("vers:npm/>1.0.0", "1.0.0", false);
    check("vers:npm/>1.0.0", "9.0.0", true);
    check("vers:npm/1.2.3|1.2.5", "1.2.5", true);
    check("vers:npm/1.2.3|1.2.5", "1.2.4", false);
    check("vers:npm/!=1.2.3", "1.2.3", false);
    check("vers:npm/!=1.2.3", "1.2.4", true);
    check("vers:npm/*", "7", true);
    check("vers:deb/<2:1.0-1", "1:9.0-1", true);
    assert_eq!(range::Range::parse("vers:npm/>="), None);
    assert_eq!(range::Range::parse("1.0"), None);
}

#[test]
fn what_is_no_vex_is_refused_with_its_reason() {
    let check = |text: &str, expect: &str| {
        let error = read("x", text.as_bytes()).expect_err(text).to_string();
        assert_eq!(error, expect);
    };
    check(
        "{",
        "x: no JSON: EOF while parsing an object at line 1 column 1",
    );
    check(
        "{}",
        "x: neither OpenVEX, CSAF VEX nor CycloneDX: give a file that is one of them",
    );
    assert!(
        read("x", &b"[".repeat(100_000)).is_err(),
        "no depth is a danger"
    );
}

fn json_value() -> impl Strategy<Value = Value> {
    let key = proptest::sample::select(vec![
        "statements",
        "vulnerability",
        "products",
        "@id",
        "status",
        "subcomponents",
        "name",
        "document",
        "vulnerabilities",
        "product_status",
        "fixed",
        "known_not_affected",
        "flags",
        "product_ids",
        "product_tree",
        "branches",
        "relationships",
        "product_id",
        "affects",
        "ref",
        "versions",
        "range",
        "analysis",
        "state",
        "components",
        "bom-ref",
        "purl",
    ]);
    let leaf = prop_oneof![
        proptest::sample::select(vec![
            "CVE-1",
            "pkg:oci/web",
            "pkg:npm/a@1",
            "fixed",
            "not_affected",
            "vers:npm/>1",
            "a",
            "resolved",
            "cpe:/a:b:c",
            "",
        ])
        .prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..5).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_document_is_read_and_laid_on_without_harm(body in json_value(), form in 0_usize..3) {
        let mut root = match body {
            Value::Object(map) => map,
            other => serde_json::Map::from_iter([("statements".to_owned(), other)]),
        };
        let (key, value) = [
            ("@context", json!("https://openvex.dev/ns/v0.2.0")),
            ("document", json!({"csaf_version": "2.0"})),
            ("bomFormat", json!("CycloneDX")),
        ][form].clone();
        root.insert(key.to_owned(), value);
        let document = read("x", Value::Object(root).to_string().as_bytes()).expect("a form");
        let count = document.statements.len();
        let mut found = vec![vulnerability("CVE-1", "pkg:npm/a@1")];
        let applied = apply(&[document], &mut found, &image("web"));
        prop_assert_eq!(found.len(), 1, "nothing is taken out of the list");
        prop_assert!(applied.unmatched.len() <= count);
    }

    #[test]
    fn any_text_is_a_purl_or_none(text in "(pkg:)?[a-z/@?&=%:A0 ]{0,40}") {
        if let Some(purl) = PurlPattern::parse(&text) {
            prop_assert!(purl.matches(&purl) || purl.has_version());
            let _ = purl.matches_image(&[], &[], "");
        }
        let _ = ProductName::parse(&text);
        let _ = range::Range::parse(&text);
    }

    #[test]
    fn a_package_is_what_its_own_purl_says(name in "[a-z]{1,8}", version in "[0-9]{1,3}") {
        let found = vulnerability("CVE-1", &format!("pkg:deb/debian/{name}@{version}?arch=amd64"));
        let VulnerablePackage { purl, .. } = &found.package;
        let out = takes_out(&json!({"@id": purl}), "web", purl);
        prop_assert!(out, "its own purl");
    }
}

mod attested;
mod written;
