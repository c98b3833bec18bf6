use plimsoll_model::image::Platform;
use proptest::prelude::*;

use super::*;
use crate::licence;

/// What a written and read image must have kept.
fn kept(image: &Image) -> Image {
    let mut kept = image.clone();
    kept.form = ImageForm::Sbom;
    kept.secrets.clear();
    kept.marks.clear();
    kept.files = Default::default();
    kept.packages.retain(|package| package.removed_by.is_none());
    for package in &mut kept.packages {
        package.symbols.clear();
        package.needs.sort_unstable();
        package.needs.dedup();
        package.checksums.sort_unstable();
    }
    kept
}

/// The order of checksums is not kept.
fn sorted(mut image: Image) -> Image {
    for package in &mut image.packages {
        package.checksums.sort_unstable();
    }
    image
}

#[test]
fn an_image_is_read_back_from_what_is_written() {
    let image = example();
    let cyclonedx = cyclonedx::write(&image, &stamp());
    assert_eq!(sorted(again(&cyclonedx)), kept(&image), "CycloneDX");
    let spdx = spdx::write(&image, &stamp());
    assert_eq!(sorted(again(&spdx)), kept(&image), "SPDX");
}

#[test]
fn the_same_content_has_the_same_id() {
    let image = example();
    let later = Stamp {
        time: "2027-01-01T00:00:00Z".parse().expect("a time"),
        version: "9.9.9".into(),
    };
    let id = |bytes: Vec<u8>, key: &str| {
        let json: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        json[key].as_str().expect("an id").to_owned()
    };
    for (write, key) in [
        (
            cyclonedx::write as fn(&Image, &Stamp) -> Vec<u8>,
            "serialNumber",
        ),
        (spdx::write, "documentNamespace"),
    ] {
        assert_eq!(write(&image, &stamp()), write(&image, &stamp()));
        assert_eq!(
            id(write(&image, &stamp()), key),
            id(write(&image, &later), key)
        );
        let other = Image::default();
        assert_ne!(
            id(write(&image, &stamp()), key),
            id(write(&other, &stamp()), key)
        );
    }
}

#[test]
fn both_formats_look_as_they_should() {
    let pretty = |bytes: Vec<u8>| {
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    };
    insta::assert_snapshot!("cyclonedx", pretty(cyclonedx::write(&example(), &stamp())));
    insta::assert_snapshot!("spdx", pretty(spdx::write(&example(), &stamp())));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z][a-zA-Z0-9._+-]{0,8}", "[^/\\p{Cc}]{1,5}"]
}

fn licence() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        Just("MIT".to_owned()),
        Just("MIT OR Apache-2.0".to_owned()),
        Just("GPLv2+".to_owned()),
        text()
    ];
    prop::collection::vec(one, 0..3)
        .prop_map(|texts| licence::normalise_all(texts.iter().map(|text| &**text)))
}

fn place() -> impl Strategy<Value = PackageLocation> {
    (0_u32..2, "[a-z/!.]{0,12}", text(), "[a-z :]{0,6}").prop_map(|(layer, path, how, evidence)| {
        location(layer, path.trim_start_matches('/'), &how, &evidence)
    })
}

fn any_package() -> impl Strategy<Value = ImagePackage> {
    let kind = prop::sample::select(PackageType::ALL.to_vec());
    let source =
        (text(), "[0-9.:~-]{0,6}").prop_map(|(name, version)| SourcePackage { name, version });
    let words = (
        prop_oneof![Just(String::new()), text()],
        text(),
        "([0-9]:)?[0-9a-z.+~-]{0,6}",
    );
    let known = (
        prop::option::of(text()),
        prop::option::of(source),
        licence(),
    );
    let image = (
        prop::collection::vec(place(), 1..3),
        prop::option::of(any::<bool>()),
        any::<bool>(),
        prop::collection::vec(text(), 0..3),
    );
    (kind, words, known, image).prop_map(
        |(kind, (namespace, name, version), (arch, source, licences), image)| {
            let mut package = Package::new(kind, namespace, name, version);
            package.arch = arch;
            package.source = source;
            package.licences = licences;
            let mut found = ImagePackage::of(package);
            (found.locations, found.from_base, found.dev, found.needs) = image;
            found
        },
    )
}

fn any_image() -> impl Strategy<Value = Image> {
    (
        prop::collection::vec(any_package(), 0..6),
        (text(), text(), text()),
        prop::option::of((text(), "[0-9.]{0,4}")),
        prop::collection::vec("[a-z ]{1,9}", 0..2),
    )
        .prop_map(|(mut packages, (name, arch, user), release, gaps)| {
            packages.sort_by(|a, b| a.package.cmp(&b.package));
            packages.dedup_by(|a, b| a.package == b.package);
            let mut image = Image {
                name,
                platform: Platform {
                    arch,
                    ..Platform::default()
                },
                layers: example().layers,
                release: release.map(|(id, version)| ImageRelease {
                    id,
                    version,
                    ..ImageRelease::default()
                }),
                packages,
                ..Image::default()
            };
            // Without a release of its own one would be told by packages.
            image.release.get_or_insert_with(|| ImageRelease {
                id: "none".into(),
                ..ImageRelease::default()
            });
            image.config.user = user;
            image.gaps = gaps
                .into_iter()
                .map(|message| ImageGap {
                    message,
                    ..ImageGap::default()
                })
                .collect();
            image
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_image_is_read_back(image in any_image()) {
        let cyclonedx = cyclonedx::write(&image, &stamp());
        prop_assert_eq!(sorted(again(&cyclonedx)), kept(&image), "{}", String::from_utf8_lossy(&cyclonedx));
        let spdx = spdx::write(&image, &stamp());
        prop_assert_eq!(sorted(again(&spdx)), kept(&image), "{}", String::from_utf8_lossy(&spdx));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, "x", &Limits::default());
    }

    #[test]
    fn documents_with_parts_missing_or_replaced_are_read_or_refused(
        at in 0.0..1.0_f64, count in 0..40_usize, put in "[\\[\\]{}\",:0-9a-z<>/&;]{0,6}", which in 0..2_usize
    ) {
        let mut bytes = match which {
            0 => cyclonedx::write(&example(), &stamp()),
            _ => spdx::write(&example(), &stamp()),
        };
        let from = (bytes.len() as f64 * at) as usize;
        let to = (from + count).min(bytes.len());
        bytes.splice(from..to, put.bytes());
        let _ = read(&bytes, "x", &Limits::default());
    }
}
