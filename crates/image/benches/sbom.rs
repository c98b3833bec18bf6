//! SBOMs of 5,000 packages, written and read.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_image::{Limits, sbom};
use plimsoll_model::{
    Digest, Package, PackageType, SourcePackage,
    image::{Image, ImageLayer, ImagePackage, PackageLocation},
};

/// Half of them of a distribution, half of npm, each with all that is common.
fn image() -> Image {
    let packages = (0..5_000)
        .map(|at| {
            let mut package = if at % 2 == 0 {
                Package::new(
                    PackageType::Deb,
                    "debian",
                    format!("lib{at:04}"),
                    "1:2.36-9+deb12u4",
                )
            } else {
                Package::new(
                    PackageType::Npm,
                    "@scope",
                    format!("package-{at:04}"),
                    "12.3.4",
                )
            };
            package.licences = vec!["GPL-2.0-or-later".into(), "MIT".into()];
            package.source = (at % 2 == 0).then(|| SourcePackage {
                name: format!("source{at}"),
                version: "1:2.36-9".into(),
            });
            ImagePackage {
                cpes: plimsoll_image::cpe::candidates(&package, &[]),
                locations: vec![PackageLocation {
                    layer: 0,
                    path: "var/lib/dpkg/status".into(),
                    how: "installed".into(),
                    evidence: "dpkg".into(),
                }],
                from_base: Some(true),
                needs: vec![format!("lib{:04}", (at + 2) % 5_000)],
                checksums: vec![format!("sha1:{}", "0a".repeat(20))],
                ..ImagePackage::of(package)
            }
        })
        .collect();
    Image {
        name: "example.com/web:1".into(),
        layers: vec![ImageLayer {
            diff_id: Some(Digest([1; 32])),
            ..ImageLayer::default()
        }],
        packages,
        ..Image::default()
    }
}

fn benches(c: &mut Criterion) {
    let image = image();
    let stamp = sbom::Stamp {
        time: Default::default(),
        version: "0.1.0".into(),
    };
    let mut group = c.benchmark_group("sbom of 5,000 packages");
    group.sample_size(20);
    type Write = fn(&Image, &sbom::Stamp) -> Vec<u8>;
    let formats: [(&str, Write); 2] = [
        ("cyclonedx", sbom::cyclonedx::write),
        ("spdx", sbom::spdx::write),
    ];
    for (name, write) in formats {
        let bytes = write(&image, &stamp);
        group.bench_function(format!("{name} written"), |b| {
            b.iter(|| write(black_box(&image), &stamp));
        });
        group.bench_function(format!("{name} read"), |b| {
            b.iter(|| sbom::read(black_box(&bytes), "", &Limits::default()));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
