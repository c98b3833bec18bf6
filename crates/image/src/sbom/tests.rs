//! Writers and readers against each other, and against what other tools write.

mod foreign;
mod round_trip;

use plimsoll_model::{
    Digest, Package, PackageType, SourcePackage,
    image::{
        BaseImage, Image, ImageForm, ImageGap, ImageLayer, ImagePackage, ImageRelease,
        PackageLocation,
    },
};

use super::*;

/// A stamp that never changes.
pub(super) fn stamp() -> Stamp {
    Stamp {
        time: "2026-11-26T14:00:00.5Z".parse().expect("a time"),
        version: "0.1.0".into(),
    }
}

/// Written and read again.
pub(super) fn again(bytes: &[u8]) -> Image {
    match read(bytes, "", &Limits::default()) {
        Ok(image) => image,
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(bytes)),
    }
}

pub(super) fn location(layer: u32, path: &str, how: &str, evidence: &str) -> PackageLocation {
    PackageLocation {
        layer,
        path: path.into(),
        how: how.into(),
        evidence: evidence.into(),
    }
}

/// An image with a bit of everything.
pub(super) fn example() -> Image {
    let digest = |byte: u8| Some(Digest([byte; 32]));
    let layer = |byte: u8, by: &str| ImageLayer {
        diff_id: digest(byte),
        digest: digest(byte + 100),
        bytes: 1_000,
        created_by: by.into(),
        ..ImageLayer::default()
    };
    let mut libc = Package::new(PackageType::Deb, "debian", "libc6", "2.36-9+deb12u4");
    libc.arch = Some("amd64".into());
    libc.source = Some(SourcePackage {
        name: "glibc".into(),
        version: "2.36-9+deb12u4".into(),
    });
    libc.qualifiers.insert("distro".into(), "debian-12".into());
    libc.licences = vec!["GPL-2.0-or-later".into(), "LGPL-2.1-or-later".into()];
    let mut libc = ImagePackage::of(libc);
    libc.locations = vec![location(0, "var/lib/dpkg/status", "installed", "dpkg")];
    libc.cpes = vec![
        "cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*".into(),
        "cpe:2.3:a:libc6:libc6:2.36:*:*:*:*:*:*:*".into(),
    ];
    libc.from_base = Some(true);
    let mut curl = Package::new(PackageType::Deb, "debian", "curl", "1:7.88.1-10");
    curl.licences = vec!["Acme (own) licence".into()];
    let mut curl = ImagePackage::of(curl);
    curl.needs = vec!["libc6".into(), "libmissing".into()];
    curl.locations = vec![location(0, "var/lib/dpkg/status", "installed", "dpkg")];
    let mut toml = ImagePackage::of(Package::new(
        PackageType::Golang,
        "github.com/BurntSushi",
        "toml",
        "v1.2.0",
    ));
    toml.locations = vec![
        location(1, "usr/bin/web", "embedded", "h1:abc="),
        location(1, "src/go.sum", "lock", ""),
    ];
    toml.checksums = vec!["h1:abc=".into()];
    let mut node = Package::new(PackageType::Npm, "@types", "node", "20.1.0");
    node.licences = vec!["MIT OR Apache-2.0".into()];
    let mut node = ImagePackage::of(node);
    node.dev = true;
    node.locations = vec![location(1, "app/package-lock.json", "lock", "")];
    node.checksums = vec![
        "sha1:0123456789abcdef0123456789abcdef01234567".into(),
        "sha512-a==".into(),
    ];
    let mut removed = ImagePackage::of(Package::new(PackageType::Deb, "debian", "gcc", "12"));
    removed.removed_by = Some(1);
    let mut packages = vec![libc, curl, toml, node, removed];
    packages.sort_by(|a, b| a.package.cmp(&b.package));
    Image {
        name: "registry.example.com/shop/web:1".into(),
        form: ImageForm::OciLayout,
        tags: vec!["shop/web:1".into()],
        digest: digest(7),
        id: digest(8),
        layers: vec![layer(1, "ADD rootfs.tar /"), layer(2, "COPY web /usr/bin")],
        base: Some(BaseImage {
            name: "debian:12".into(),
            layers: 1,
            ..BaseImage::default()
        }),
        release: Some(ImageRelease {
            id: "debian".into(),
            version: "12".into(),
            codename: "bookworm".into(),
            name: "Debian GNU/Linux 12 (bookworm)".into(),
            path: "etc/os-release".into(),
            ..ImageRelease::default()
        }),
        packages,
        gaps: vec![ImageGap {
            layer: Some(1),
            path: Some("app.jar".into()),
            offset: Some(12),
            message: "cut off".into(),
        }],
        ..Image::default()
    }
}
