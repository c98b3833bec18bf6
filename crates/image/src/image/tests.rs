use plimsoll_model::PackageType::{Apk, Deb, Golang, Npm, Pypi};

use super::*;
use crate::{
    Diagnostic, FoundPackage, How, OwnedFile, Place,
    found::{FileDigest, OwnedFiles},
    testing::{layer, layer_with, package, source},
};

fn merged(layers: Vec<LayerAnalysis>) -> Image {
    let limits = Limits::default();
    let source = source(layers.len());
    let layers = layers
        .into_iter()
        .map(|layer| Ok(Arc::new(layer)))
        .collect();
    merge(&source, layers, &Run::plain(&limits)).image
}

/// The packages as `name version @layers of its places -layer that removed it`.
fn told(image: &Image) -> Vec<String> {
    image
        .packages
        .iter()
        .map(|package| {
            let layers: Vec<String> = package
                .locations
                .iter()
                .map(|location| location.layer.to_string())
                .collect();
            let removed = match package.removed_by {
                Some(by) => format!(" -{by}"),
                None => String::new(),
            };
            let is = &package.package;
            format!("{} {} @{}{removed}", is.name, is.version, layers.join(","))
        })
        .collect()
}

fn database(packages: &[(&str, &str)]) -> LayerAnalysis {
    let found = packages
        .iter()
        .map(|(name, version)| package(Apk, name, version))
        .collect();
    layer_with(
        &["lib/apk/db/installed"],
        vec![("lib/apk/db/installed", found)],
    )
}

#[test]
fn a_database_that_is_written_anew_brings_only_what_is_new() {
    let image = merged(vec![
        database(&[("musl", "1"), ("zlib", "1"), ("wget", "1")]),
        database(&[("musl", "1"), ("zlib", "2"), ("curl", "1"), ("wget", "1")]),
        layer(&["etc/motd"]),
        database(&[("musl", "1"), ("zlib", "2"), ("curl", "1")]),
    ]);
    assert_eq!(
        told(&image),
        [
            "curl 1 @1",
            "musl 1 @0",
            "wget 1 @0 -3",
            "zlib 1 @0 -1",
            "zlib 2 @1"
        ]
    );
    let changes: Vec<(u64, u64)> = image
        .layers
        .iter()
        .map(|layer| (layer.packages_added, layer.packages_removed))
        .collect();
    assert_eq!(changes, [(3, 0), (2, 1), (0, 0), (0, 1)]);
    let wasted: Vec<u64> = image
        .layers
        .iter()
        .map(|layer| layer.wasted_bytes)
        .collect();
    assert_eq!(wasted, [10, 10, 0, 0]);
    assert!(image.is_complete(), "{:?}", image.gaps);
}

#[test]
fn a_gap_in_a_packages_presence_is_seen() {
    let image = merged(vec![
        database(&[("musl", "1")]),
        layer(&["!lib/apk/db/installed"]),
        database(&[("musl", "1")]),
    ]);
    assert_eq!(told(&image), ["musl 1 @2,0"]);
    assert_eq!(image.packages[0].removed_by, None);
    let changes: Vec<(u64, u64)> = image
        .layers
        .iter()
        .map(|layer| (layer.packages_added, layer.packages_removed))
        .collect();
    assert_eq!(changes, [(1, 0), (0, 1), (1, 0)]);
}

#[test]
fn a_database_that_moved_keeps_its_packages_layer() {
    let moved = "usr/lib/apk/db/installed";
    let image = merged(vec![
        database(&[("musl", "1")]),
        layer_with(
            &["!lib/apk/db/installed", moved],
            vec![(
                moved,
                vec![package(Apk, "musl", "1"), package(Apk, "new", "1")],
            )],
        ),
    ]);
    assert_eq!(told(&image), ["musl 1 @0", "new 1 @1"]);
    assert_eq!(image.packages[0].locations[0].path, moved);
}

#[test]
fn a_package_in_several_places_is_there_once() {
    let npm = || vec![package(Npm, "left-pad", "1.0.0")];
    let image = merged(vec![
        layer_with(
            &[
                "a/node_modules/left-pad/package.json",
                "b/package-lock.json",
            ],
            vec![
                ("a/node_modules/left-pad/package.json", npm()),
                ("b/package-lock.json", npm()),
            ],
        ),
        layer(&["!a"]),
        layer_with(&["c/package.json"], vec![("c/package.json", npm())]),
    ]);
    assert_eq!(told(&image), ["left-pad 1.0.0 @0,2,0"]);
    let paths: Vec<&str> = image.packages[0]
        .locations
        .iter()
        .map(|location| location.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "b/package-lock.json",
            "c/package.json",
            "a/node_modules/left-pad/package.json"
        ]
    );
    assert_eq!(image.packages[0].purl, "pkg:npm/left-pad@1.0.0");
}

#[test]
fn a_hard_link_keeps_a_package() {
    let image = merged(vec![
        layer_with(
            &["app/server", "srv/copy=app/server"],
            vec![("app/server", vec![package(Golang, "stdlib", "1.22")])],
        ),
        layer(&["!app/server"]),
    ]);
    assert_eq!(told(&image), ["stdlib 1.22 @0"]);
    assert_eq!(image.packages[0].locations[0].path, "srv/copy");
    let image = merged(vec![
        layer_with(
            &["app/server", "srv/copy=app/server"],
            vec![("app/server", vec![package(Golang, "stdlib", "1.22")])],
        ),
        layer(&["!app/server"]),
        layer(&["!srv"]),
    ]);
    assert_eq!(told(&image), ["stdlib 1.22 @0 -2"]);
}

fn owned(package: &str, files: &[(&str, Option<u8>, bool)]) -> Found {
    OwnedFiles {
        package: package.to_owned(),
        files: files
            .iter()
            .map(|(path, digest, config)| OwnedFile {
                path: (*path).into(),
                digest: digest.map(|byte| FileDigest::Md5([byte; 16])),
                config: *config,
            })
            .collect(),
    }
    .into()
}

/// A Debian with one Python package of its own and one that is not.
fn debian() -> LayerAnalysis {
    let mut layer = layer_with(
        &[
            "lib>usr/lib",
            "usr/lib/python3/six.egg-info",
            "usr/lib/python3/local.egg-info",
            "usr/lib/libz.so",
            "usr/bin/tool",
            "etc/tool.conf",
            "opt/unknown",
            "opt/go",
            "var/lib/dpkg/status",
            "var/lib/dpkg/info/python3-six.list",
            "var/lib/dpkg/info/tool:amd64.md5sums",
        ],
        vec![
            (
                "var/lib/dpkg/status",
                vec![package(Deb, "python3-six", "1.16-4"), {
                    let mut package = plimsoll_model::Package::new(Deb, "", "tool", "1");
                    package.arch = Some("amd64".to_owned());
                    FoundPackage::new(package, How::Installed).into()
                }],
            ),
            (
                "var/lib/dpkg/info/python3-six.list",
                // As it was named before /lib became a link.
                vec![owned(
                    "python3-six",
                    &[("lib/python3/six.egg-info", None, false)],
                )],
            ),
            (
                "var/lib/dpkg/info/tool:amd64.md5sums",
                vec![owned(
                    "tool:amd64",
                    &[
                        ("usr/bin/tool", Some(1), false),
                        ("lib/libz.so", Some(2), false),
                        ("etc/tool.conf", Some(3), true),
                        ("usr/share/none", Some(4), false),
                    ],
                )],
            ),
            (
                "usr/lib/python3/six.egg-info",
                vec![package(Pypi, "six", "1.16.0")],
            ),
            (
                "usr/lib/python3/local.egg-info",
                vec![package(Pypi, "local", "1")],
            ),
            (
                "usr/bin/tool",
                vec![package(Golang, "a", "1"), package(Golang, "b", "2")],
            ),
            ("opt/go", vec![package(Golang, "c", "3")]),
        ],
    );
    for (path, record) in &mut layer.files {
        record.binary = matches!(
            path.as_str(),
            "usr/bin/tool" | "usr/lib/libz.so" | "opt/unknown" | "opt/go"
        );
        record.digests = match path.as_str() {
            "usr/bin/tool" => vec![FileDigest::Md5([1; 16])],
            "usr/lib/libz.so" | "etc/tool.conf" => vec![FileDigest::Md5([9; 16])],
            _ => Vec::new(),
        };
    }
    layer
}

#[test]
fn what_a_package_of_the_system_owns_is_told_with_it() {
    let image = merged(vec![debian()]);
    assert_eq!(
        told(&image),
        [
            "python3-six 1.16-4 @0,0",
            "tool 1 @0,0",
            "c 3 @0",
            "local 1 @0"
        ]
    );
    let held = |at: usize| image.packages[at].locations[1].evidence.as_str();
    assert_eq!(held(0), "holds pkg:pypi/six@1.16.0");
    assert_eq!(held(1), "holds 2 packages, such as pkg:golang/a@1");
    assert_eq!(image.files.packages_owned, 3);
    assert_eq!(image.files.programs, 4);
    assert_eq!(image.files.unowned_programs, 2);
    assert_eq!(image.files.unidentified_programs, 1);
    assert_eq!((image.files.verified, image.files.changed), (3, 1));
    let marks: Vec<(&str, &str)> = image
        .marks
        .iter()
        .map(|mark| (mark.path.as_str(), mark.name.as_str()))
        .collect();
    assert_eq!(
        marks,
        [
            ("opt/go", "unowned-program"),
            ("opt/unknown", "unowned-program"),
            ("usr/lib/libz.so", "changed")
        ]
    );
}

#[test]
fn a_changed_file_is_no_longer_its_packages() {
    let mut above = layer_with(
        &["usr/bin/tool"],
        vec![("usr/bin/tool", vec![package(Golang, "a", "9")])],
    );
    above.files[0].1.digests = vec![FileDigest::Md5([7; 16])];
    let image = merged(vec![debian(), above]);
    assert!(
        told(&image).contains(&"a 9 @1".to_owned()),
        "{:?}",
        told(&image)
    );
    assert!(
        image
            .marks
            .iter()
            .any(|mark| mark.path == "usr/bin/tool" && mark.name == "changed" && mark.layer == 1),
        "{:?}",
        image.marks
    );
}

#[test]
fn the_release_names_the_distribution_of_packages() {
    let release = |id: &str, version: &str| {
        Found::Release(Box::new(Release {
            id: id.to_owned(),
            version: version.to_owned(),
            ..Release::default()
        }))
    };
    let image = merged(vec![
        database(&[("musl", "1")]),
        layer_with(
            &["etc/alpine-release", "etc/os-release"],
            vec![
                ("etc/alpine-release", vec![release("alpine", "3.19.0")]),
                ("etc/os-release", vec![release("alpine", "3.19.1")]),
            ],
        ),
    ]);
    let release = image.release.expect("a release");
    assert_eq!(
        (release.path.as_str(), release.version.as_str()),
        ("etc/os-release", "3.19.1")
    );
    assert_eq!(image.packages[0].package.namespace, "alpine");
    assert!(
        image.packages[0].purl.starts_with("pkg:apk/alpine/musl@1?"),
        "{}",
        image.packages[0].purl
    );
}

#[test]
fn a_secret_that_was_taken_away_is_told() {
    let secret = |rule: &str, line| {
        Found::Secret(Box::new(SecretHit {
            rule: rule.to_owned(),
            line,
            column: 1,
            excerpt: "***".to_owned(),
            fingerprint: format!("{rule}1"),
        }))
    };
    let image = merged(vec![
        layer_with(
            &["a.env", "b.env"],
            vec![
                ("a.env", vec![secret("x", 1)]),
                ("b.env", vec![secret("y", 1)]),
            ],
        ),
        layer_with(
            &["!a.env", "b.env"],
            vec![("b.env", vec![secret("y", 4), secret("y", 5)])],
        ),
    ]);
    let told: Vec<(&str, u32, Option<u32>, Option<u32>)> = image
        .secrets
        .iter()
        .map(|secret| {
            (
                secret.path.as_str(),
                secret.line,
                secret.layer,
                secret.removed_by,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a.env", 1, Some(0), Some(1)),
            ("b.env", 4, Some(0), None),
            ("b.env", 5, Some(0), None)
        ]
    );
}

#[test]
fn marks_tell_of_files_that_controls_look_at() {
    let mut one = layer(&[
        "bin/sh>busybox",
        "bin/busybox",
        "usr/bin/sudo",
        "usr/sbin/sshd",
        "usr/bin/apt-get",
        "usr/bin/wall",
        "home/x/bin/sh",
        "tmp/",
        "open/",
        "open/file",
        "var/lib/apt/lists/a",
        "var/lib/apt/lists/b",
        "var/lib/apt/lists/lock",
        "var/cache/apk-tools",
        "root/.cache/pip/x/y",
    ]);
    for (path, record) in &mut one.files {
        record.mode = match path.as_str() {
            "usr/bin/sudo" => 0o4755,
            "usr/bin/wall" => 0o2755,
            "tmp/" | "tmp" => 0o1777,
            "open" | "open/file" => 0o777,
            _ => record.mode,
        };
    }
    let image = merged(vec![one, layer(&["!root"])]);
    let marks: Vec<String> = image
        .marks
        .iter()
        .map(|mark| format!("{} {} ({})", mark.path, mark.name, mark.detail))
        .collect();
    assert_eq!(
        marks,
        [
            "bin/busybox shell (busybox)",
            "bin/sh shell (sh)",
            "open world-writable (mode 0777, owner 0:0)",
            "open/file world-writable (mode 0777, owner 0:0)",
            "usr/bin/apt-get package-manager (apt-get)",
            "usr/bin/sudo setuid (mode 4755, owner 0:0)",
            "usr/bin/sudo sudo (sudo)",
            "usr/bin/wall setgid (mode 2755, owner 0:0)",
            "usr/sbin/sshd sshd (sshd)",
            "var/lib/apt/lists package-manager-cache (2 files, 20 bytes)",
        ]
    );
}

#[test]
fn what_could_not_be_read_is_a_gap_with_its_place() {
    let limits = Limits::default();
    let mut source = source(3);
    source.layers[1].media_type =
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned();
    let mut odd = layer(&["a"]);
    odd.diff_id = Some(Digest([77; 32]));
    odd.diagnostics.push(Diagnostic {
        place: Place {
            layer: None,
            path: Some("a".to_owned()),
            offset: Some(7),
        },
        message: "cut short".to_owned(),
    });
    let layers = vec![
        Ok(Arc::new(odd)),
        Err("the layer is not there".to_owned()),
        Ok(Arc::default()),
    ];
    let image = merge(&source, layers, &Run::plain(&limits)).image;
    let gaps: Vec<String> = image.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    assert!(gaps[0].contains("the configuration says"), "{gaps:?}");
    assert_eq!(gaps[1], "layer 1, /a at byte 7: cut short");
    assert_eq!(gaps[2], "layer 2: the layer is not there");
    // No configuration at all: told, and what there is stays.
    source.config = b"[]".to_vec();
    let layers = vec![Ok(Arc::new(database(&[("musl", "1")]))); 3];
    let image = merge(&source, layers, &Run::plain(&limits)).image;
    assert_eq!(image.packages.len(), 1);
    assert!(!image.is_complete());
}

#[test]
fn packages_of_the_base_are_told_apart() {
    let limits = Limits::default();
    let source = source(2);
    let mut bases = BaseTable::default();
    bases.add("alpine:3", None, None, &[source.layers[0].digest]);
    let layer = |at: usize, packages: &[(&str, &str)]| {
        let mut layer = database(packages);
        layer.diff_id = Some(source.layers[at].digest);
        Ok(Arc::new(layer))
    };
    let layers = vec![
        layer(0, &[("musl", "1")]),
        layer(1, &[("musl", "1"), ("curl", "1")]),
    ];
    let mut image = merge(&source, layers, &Run::plain(&limits)).image;
    assert_eq!(image.base, None);
    assert!(image.packages.iter().all(|p| p.from_base.is_none()));
    place_on_base(&mut image, &bases);
    assert_eq!(image.base.as_ref().map(|base| base.layers), Some(1));
    let from: Vec<Option<bool>> = image.packages.iter().map(|p| p.from_base).collect();
    assert_eq!(from, [Some(false), Some(true)]);
    // A layer that could not be read is none of a known image.
    image.layers[0].diff_id = None;
    place_on_base(&mut image, &bases);
    assert_eq!(image.base, None);
    assert!(image.packages.iter().all(|p| p.from_base.is_none()));
}

/// Blobs of which the opened ones are counted; some are not there.
struct Counted<'a> {
    opened: &'a std::sync::Mutex<Vec<usize>>,
    missing: &'a [usize],
}

impl Blobs for Counted<'_> {
    fn open(&self, layer: usize) -> std::io::Result<crate::source::Blob> {
        if self.missing.contains(&layer) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        let mut opened = self
            .opened
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        opened.push(layer);
        Ok(crate::source::Blob::Stream(Box::new(std::io::empty())))
    }
}

#[test]
fn fifty_images_that_share_layers_have_each_read_once() {
    let opened = std::sync::Mutex::new(Vec::new());
    let whole = Counted {
        opened: &opened,
        missing: &[],
    };
    // The first image lacks a layer that the others have.
    let torn = Counted {
        opened: &opened,
        missing: &[3],
    };
    // Each has the layers of the ones before it, as builds on one base do.
    let sources: Vec<ImageSource> = (0..50).map(|at| source(4 + at / 10)).collect();
    let images: Vec<(&ImageSource, &(dyn Blobs + Send))> = sources
        .iter()
        .enumerate()
        .map(|(at, source)| {
            let blobs: &(dyn Blobs + Send) = if at == 0 { &torn } else { &whole };
            (source, blobs)
        })
        .collect();
    let limits = Limits::default();
    let read = analyze_all(&images, &Run::plain(&limits));
    let mut opened = opened
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    opened.sort_unstable();
    assert_eq!(opened, [0, 1, 2, 3, 4, 5, 6, 7]);
    let layers: Vec<usize> = read.iter().map(|whole| whole.layers.len()).collect();
    assert_eq!(layers, (0..50).map(|at| 4 + at / 10).collect::<Vec<_>>());
    assert!(read.iter().all(|w| w.layers.iter().all(Option::is_some)));
}
