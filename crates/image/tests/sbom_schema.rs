//! What is written is valid against the formats' own schemas.

use jsonschema::{Registry, Resource};
use plimsoll_image::{Limits, sbom};
use plimsoll_model::{
    Digest, Package, PackageType, SourcePackage,
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
                purl: package.purl(),
                cpes: plimsoll_image::cpe::candidates(&package, &[]),
                package,
                locations: vec![PackageLocation {
                    layer: u32::from(at % 2 == 0),
                    path: format!("usr/lib/{at}"),
                    how: "installed".into(),
                    evidence: "dpkg".into(),
                }],
                removed_by: None,
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
                symbols: Vec::new(),
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
    for image in [Image::default(), image(120)] {
        let bom = sbom::cyclonedx::write(&image, &stamp());
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
