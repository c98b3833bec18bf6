//! What is written is valid against the formats' own schemas.

use jsonschema::{Registry, Resource};
use plimsoll_image::{Limits, sbom};
use plimsoll_model::{
    Digest, Package, PackageType, SourcePackage, Vulnerability,
    image::{Image, ImageGap, ImageLayer, ImagePackage, ImageRelease, PackageLocation},
};
use serde_json::Value;

const CYCLONEDX: &str = include_str!("data/schemas/cyclonedx-1.6.schema.json");
const JSF: &str = include_str!("data/schemas/jsf-0.82.schema.json");
const SPDX_IDS: &str = include_str!("data/schemas/spdx.schema.json");
const SPDX: &str = include_str!("data/schemas/spdx-2.3.schema.json");

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn stamp() -> sbom::Stamp {
    sbom::Stamp {
        time: "2026-11-26T14:00:00.123456Z".parse().expect("a time"),
        version: "0.1.0".into(),
    }
}

/// Packages of every type, with licences and digests of every kind.
fn image(packages: usize) -> Image {
    let licences = [
        "MIT",
        "MIT OR Apache-2.0",
        "Acme licence",
        "GPL-2.0-or-later WITH GCC-exception-3.1",
    ];
    let mut found: Vec<ImagePackage> = (0..packages)
        .map(|at| {
            let kind = PackageType::ALL[at % PackageType::ALL.len()];
            let mut package =
                Package::new(kind, "ns", format!("näme +{at}"), format!("1:{at}~x+b"));
            package.arch = (at % 2 == 0).then(|| "amd64".into());
            package.source = (at % 3 == 0).then(|| SourcePackage {
                name: "source".into(),
                version: format!("{at}-1"),
            });
            package.licences = licences
                .iter()
                .take(at % 5)
                .map(|text| (*text).to_owned())
                .collect();
            package.licences.sort();
            ImagePackage {
                cpes: plimsoll_image::cpe::candidates(&package, &[]),
                locations: vec![PackageLocation {
                    layer: u32::from(at % 2 == 0),
                    path: format!("usr/lib/{at}"),
                    how: "installed".into(),
                    evidence: "dpkg".into(),
                }],
                from_base: Some(at % 4 == 0),
                dev: at % 7 == 0,
                needs: (at > 30)
                    .then(|| format!("ns/näme +{}", at - 27))
                    .into_iter()
                    .collect(),
                checksums: vec![
                    format!("sha1:{}", "0a".repeat(20)),
                    "h1:x=".into(),
                    "sha512:zz".into(),
                ],
                ..ImagePackage::of(package)
            }
        })
        .collect();
    found.sort_by(|a, b| a.package.cmp(&b.package));
    let layer = |byte| ImageLayer {
        diff_id: Some(Digest([byte; 32])),
        ..ImageLayer::default()
    };
    Image {
        name: "example.com/web:1".into(),
        digest: Some(Digest([9; 32])),
        layers: vec![layer(1), layer(2)],
        release: Some(ImageRelease {
            id: "debian".into(),
            version: "12".into(),
            cpe: "cpe:/o:debian:debian_linux:12".into(),
            ..ImageRelease::default()
        }),
        packages: found,
        gaps: vec![ImageGap {
            message: "cut off".into(),
            ..ImageGap::default()
        }],
        ..Image::default()
    }
}

/// A vulnerability of this package, with these fields over what all have.
fn vulnerability(image: &Image, package: usize, more: Value) -> Vulnerability {
    let found = &image.packages[package];
    let mut value = serde_json::json!({
        "vulnerability": "CVE-2022-3602",
        "package": {
            "name": found.package.name,
            "version": found.package.version,
            "purl": found.purl,
            "lineage": "",
        },
        "state": "affected",
        "severity": null,
        "source": { "feed": "debian-security-tracker", "record": "openssl" },
    });
    let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) else {
        panic!("fields");
    };
    fields.extend(more);
    serde_json::from_value(value).expect("a vulnerability")
}

/// All that can be known of one, and odd things.
fn vulnerabilities(image: &Image) -> Vec<Vulnerability> {
    let full = serde_json::json!({
        "aliases": ["DSA-5300-1", "GHSA-8rwr-x37p-mx23"],
        "fixed": "3.0.7-1",
        "fixPublished": "2022-11-01",
        "state": "fixed",
        "severity": "critical",
        "severities": [
            { "by": "debian", "word": "important", "level": "critical" },
            {
                "by": "nvd",
                "level": "high",
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                "score": 7.5,
            },
            { "by": "other", "vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P" },
        ],
        "kev": { "added": "2022-11-01", "due": "2022-11-22", "ransomware": true, "name": "x" },
        "epss": { "score": 0.5, "percentile": 0.99, "day": "2026-11-25" },
        "exploits": ["exploit-db:51234"],
        "priority": { "level": "now", "why": "At once." },
        "reachable": { "answer": "no", "evidence": "not linked" },
        "source": {
            "feed": "debian-security-tracker",
            "record": "openssl",
            "date": "2026-11-01T00:00:00.5Z",
        },
        "summary": "X.509 e-mail address buffer overflow",
        "weaknesses": ["CWE-787", "CWE-0", "NVD-CWE-noinfo"],
        "references": [
            "https://www.openssl.org/news/secadv/20221101.txt",
            "https://example.com/a b",
            "https://example.com/%zz",
            "javascript:alert(1)",
        ],
        "notes": ["only 3.0"],
    });
    let suppressed = |status: &str| {
        serde_json::json!({
            "vulnerability": format!("CVE-2025-{status}"),
            "suppressed": [{
                "by": ".trivyignore:3",
                "status": status,
                "reason": "not built",
                "until": "2027-01-31",
            }],
        })
    };
    vec![
        vulnerability(image, 3, full.clone()),
        vulnerability(image, 1, full),
        vulnerability(image, 0, serde_json::json!({ "state": "will-not-fix" })),
        vulnerability(image, 0, suppressed("not_affected")),
        vulnerability(image, 0, suppressed("ignored")),
        vulnerability(image, 0, suppressed("fixed")),
    ]
}

#[test]
fn cyclonedx_tells_vulnerabilities_with_the_packages_that_have_them() {
    let image = image(120);
    let mut found = vulnerabilities(&image);
    let bytes = sbom::cyclonedx::write_with(&image, &found, &stamp());
    let bom: Value = serde_json::from_slice(&bytes).expect("JSON");
    let list = bom["vulnerabilities"].as_array().expect("the list");
    let of = |id: &str| -> Vec<&Value> { list.iter().filter(|v| v["id"] == id).collect() };
    let [bare, full] = of("CVE-2022-3602")[..] else {
        panic!("what is said of two packages alike is said once: {list:#?}");
    };
    let refs: Vec<&str> = bom["components"]
        .as_array()
        .expect("components")
        .iter()
        .filter_map(|component| component["bom-ref"].as_str())
        .collect();
    let affects = full["affects"].as_array().expect("what has it");
    assert_eq!(affects.len(), 2);
    for affected in affects {
        assert!(refs.contains(&affected["ref"].as_str().expect("a ref")));
        assert_eq!(affected["versions"][0]["status"], "affected");
    }
    assert_eq!(full["source"]["name"], "debian-security-tracker");
    assert_eq!(full["references"][1]["source"]["name"], "GitHub");
    assert_eq!(full["ratings"][1]["method"], "CVSSv31");
    assert_eq!(full["ratings"][1]["score"], 7.5);
    assert_eq!(full["cwes"], serde_json::json!([787]));
    assert_eq!(full["advisories"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        full["analysis"],
        serde_json::json!({ "response": ["update"] })
    );
    let kev = full["properties"].as_array().expect("properties");
    let kev = kev.iter().find(|p| p["name"] == "plimsoll:kev:due");
    assert_eq!(kev.expect("the due date")["value"], "2022-11-22");
    assert_eq!(
        bare["analysis"]["response"],
        serde_json::json!(["will_not_fix"])
    );
    let state = |id: &str| of(id)[0]["analysis"].clone();
    assert_eq!(state("CVE-2025-not_affected")["state"], "not_affected");
    assert_eq!(state("CVE-2025-fixed")["state"], "resolved");
    assert_eq!(
        state("CVE-2025-ignored"),
        serde_json::json!({
            "response": ["will_not_fix"],
            "detail": "ignored by .trivyignore:3: not built (until 2027-01-31)",
        })
    );
    found.reverse();
    let again = sbom::cyclonedx::write_with(&image, &found, &stamp());
    assert_eq!(again, bytes, "whatever their order");
    let plain = sbom::cyclonedx::write(&image, &stamp());
    let read = |bytes: &[u8]| sbom::read(bytes, "", &Limits::default()).expect("an SBOM");
    assert_eq!(read(&bytes), read(&plain), "the packages are the same");
}

#[test]
fn cyclonedx_is_valid() {
    let registry = Registry::new()
        .add(
            "http://cyclonedx.org/schema/jsf-0.82.schema.json",
            Resource::from_contents(json(JSF)),
        )
        .and_then(|registry| {
            registry.add(
                "http://cyclonedx.org/schema/spdx.schema.json",
                Resource::from_contents(json(SPDX_IDS)),
            )
        })
        .and_then(|registry| registry.prepare())
        .expect("a registry");
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&json(CYCLONEDX))
        .expect("the schema is valid");
    for (image, vulnerable) in [
        (Image::default(), false),
        (image(120), false),
        (image(120), true),
    ] {
        let found = if vulnerable {
            vulnerabilities(&image)
        } else {
            Vec::new()
        };
        let bom = sbom::cyclonedx::write_with(&image, &found, &stamp());
        let bom: Value = serde_json::from_slice(&bom).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&bom)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .take(5)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(
        !validator.is_valid(&json(r#"{"bomFormat":"x"}"#)),
        "the schema asks for something"
    );
}

#[test]
fn spdx_is_valid() {
    let validator = jsonschema::validator_for(&json(SPDX)).expect("the schema is valid");
    for image in [Image::default(), image(120)] {
        let document = sbom::spdx::write(&image, &stamp());
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .take(5)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(
        !validator.is_valid(&json(r#"{"spdxVersion":"x"}"#)),
        "the schema asks for something"
    );
}

#[test]
fn five_thousand_packages_are_read_back() {
    let image = image(5_000);
    for bytes in [
        sbom::cyclonedx::write(&image, &stamp()),
        sbom::spdx::write(&image, &stamp()),
    ] {
        let read = sbom::read(&bytes, "", &Limits::default()).expect("an SBOM");
        assert_eq!(read.packages.len(), 5_000);
        assert_eq!(read.gaps, image.gaps);
        assert_eq!(read.release, image.release);
    }
}
