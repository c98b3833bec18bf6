use std::{io, sync::Arc};

use plimsoll_model::image::Image;

use super::*;
use crate::{
    FileKind, Limits,
    image::{self, Run},
    testing::{Sample, Tar, tar_of},
};

fn sample() -> Sample {
    Sample::new(vec![
        Tar::default()
            .folder("etc/")
            .file("etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n")
            .program("bin/tool", "#!/bin/sh\n")
            .file("gone", "x")
            .done(),
        Tar::default().file(".wh.gone", "").file("new", "y").done(),
    ])
}

fn read(opened: &Opened) -> Image {
    let limits = Limits::default();
    image::analyze(&opened.source, &*opened.blobs, &Run::plain(&limits)).image
}

fn open(files: &[(String, Vec<u8>)], choice: &Choice) -> Result<Opened, SourceError> {
    archive(Arc::new(tar_of(files)), "x", choice, &Limits::default())
}

fn asked(image: &str) -> Choice {
    Choice {
        image: Some(image.to_owned()),
        platform: None,
    }
}

/// Without what the forms tell differently.
fn plain(mut image: Image) -> Image {
    image.form = ImageForm::default();
    image.digest = None;
    image.index = None;
    image.annotations.clear();
    for layer in &mut image.layers {
        layer.digest = None;
        layer.media_type.clear();
        layer.stored_bytes = 0;
    }
    image
}

struct InMemory(Vec<(String, Vec<u8>)>);

impl Folder for InMemory {
    fn open(&self, path: &str) -> io::Result<Arc<dyn ReadAt>> {
        let file = self.0.iter().find(|(name, _)| name == path);
        let (_, bytes) = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(bytes.clone()))
    }
}

#[test]
fn every_form_gives_the_same_image() {
    let sample = sample();
    let first = read(&open(&sample.docker_old(), &Choice::default()).expect("docker, old"));
    assert!(first.is_complete(), "{:?}", first.gaps);
    assert_eq!(first.tags, ["sample:1"]);
    assert_eq!(first.layers.len(), 2);
    assert_eq!(first.layers[1].created_by, "step 1");
    assert_eq!(first.layers[0].wasted_bytes, 1);
    assert_eq!(first.files.files, 3);
    assert_eq!(first.config.user, "app");
    let expect = plain(first);
    for (form, files) in [
        ("docker, new", sample.docker_new()),
        ("OCI tar", sample.oci(false)),
        ("OCI tar, gzip", sample.oci(true)),
    ] {
        let opened = open(&files, &Choice::default()).expect(form);
        let image = read(&opened);
        assert!(image.digest.is_some(), "{form}");
        assert_eq!(plain(image), expect, "{form}");
    }
    let opened = folder(
        Arc::new(InMemory(sample.oci(true))),
        "x",
        &Choice::default(),
        &Limits::default(),
    );
    assert_eq!(plain(read(&opened.expect("OCI folder"))), expect);
}

#[test]
fn one_of_several_images_is_chosen_and_the_others_told() {
    let mut files = sample().docker_old();
    let other = Sample::new(vec![Tar::default().file("only", "z").done()]);
    let mut manifests = Vec::new();
    for (path, bytes) in other.docker_old() {
        if path == "manifest.json" {
            manifests.push(
                String::from_utf8(bytes)
                    .expect("text")
                    .replace("sample:1", "library/other:2"),
            );
        } else {
            files.push((path, bytes));
        }
    }
    for (path, bytes) in &mut files {
        if path == "manifest.json" {
            let text = String::from_utf8(bytes.clone()).expect("text");
            *bytes = format!(
                "[{},{}]",
                &text[1..text.len() - 1],
                &manifests[0][1..manifests[0].len() - 1]
            )
            .into();
        }
    }
    let opened = open(&files, &Choice::default()).expect("the first");
    assert_eq!(opened.source.layers.len(), 2);
    assert_eq!(opened.others, ["library/other:2"]);
    let opened = open(&files, &asked("docker.io/library/other:2")).expect("the second");
    assert_eq!(opened.source.layers.len(), 1);
    assert_eq!(opened.others, ["sample:1"]);
    let id = crate::testing::digest(other.config.as_bytes()).to_string();
    assert_eq!(
        open(&files, &asked(&id))
            .expect("by id")
            .source
            .layers
            .len(),
        1
    );
    let error = open(&files, &asked("none:1")).err().expect("none");
    assert_eq!(
        error.to_string(),
        "it holds no image `none:1`, but sample:1, library/other:2"
    );
}

#[test]
fn layers_that_are_links_to_others_are_found() {
    let sample = Sample::new(vec![Tar::default().file("a", "1").done(); 2]);
    for hard in [false, true] {
        let mut tar = Tar::default();
        let mut first: Option<String> = None;
        for (path, bytes) in sample.docker_old() {
            tar = match &first {
                Some(first) if path.ends_with("/layer.tar") => {
                    if hard {
                        tar.hardlink(&path, first)
                    } else {
                        tar.symlink(&path, &format!("../{first}"))
                    }
                }
                _ => {
                    let tar = tar.file(&path, bytes);
                    if path.ends_with("/layer.tar") {
                        first = Some(path);
                    }
                    tar
                }
            };
        }
        let opened = archive(
            Arc::new(tar.done()),
            "x",
            &Choice::default(),
            &Limits::default(),
        );
        let image = read(&opened.expect("docker, old"));
        assert!(image.is_complete(), "{:?}", image.gaps);
        assert_eq!(image.layers[0].diff_id, image.layers[1].diff_id);
    }
}

#[test]
fn a_platform_can_be_asked_for() {
    let platform = |arch: &str| Choice {
        image: None,
        platform: Some(Platform {
            os: "linux".to_owned(),
            arch: arch.to_owned(),
            ..Platform::default()
        }),
    };
    for files in [
        sample().docker_old(),
        sample().docker_new(),
        sample().oci(true),
    ] {
        assert!(open(&files, &platform("amd64")).is_ok());
        let error = open(&files, &platform("arm64")).err().expect("none");
        assert!(
            error.to_string().contains("there is linux/amd64"),
            "{error}"
        );
    }
}

#[test]
fn the_images_of_the_shared_data_are_read_when_they_are_there() {
    for (name, version) in [("alpine-310", "3.10"), ("alpine-311", "3.11")] {
        let path = format!(
            "{}/../../../shared/data/images/{name}.tar.gz",
            env!("CARGO_MANIFEST_DIR")
        );
        let Ok(file) = std::fs::File::open(&path) else {
            eprintln!("SKIPPED: the shared data is not there");
            return;
        };
        let tar = crate::bounded::read_all(flate2::read::MultiGzDecoder::new(file), 64 << 20);
        let opened = archive(
            Arc::new(tar.expect("it is gzip")),
            name,
            &Choice::default(),
            &Limits::default(),
        );
        let image = read(&opened.expect("docker save"));
        let limits = Limits::default();
        let run = Run::plain(&limits);
        let mut file = std::fs::File::open(&path).expect("it was there");
        let passed = read_archive(&mut file, name, &Choice::default(), &run).expect("it streams");
        assert_eq!(
            image::merge(&passed.source, passed.layers, &run).image,
            image
        );
        assert!(image.is_complete(), "{:?}", image.gaps);
        let release = image.release.expect("a release");
        assert!(release.version.starts_with(version), "{release:?}");
        assert!(image.files.files > 50, "{:?}", image.files);
    }
}

fn streamed(bytes: &[u8], choice: &Choice) -> Result<Image, SourceError> {
    let limits = Limits::default();
    let run = Run::plain(&limits);
    let read = read_archive(&mut &*bytes, "x", choice, &run)?;
    Ok(image::merge(&read.source, read.layers, &run).image)
}

#[test]
fn an_archive_that_streams_by_gives_the_same_as_one_read_in_place() {
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("memory");
    let sample = sample();
    for files in [
        sample.docker_old(),
        sample.docker_new(),
        sample.oci(false),
        sample.oci(true),
    ] {
        let tar = tar_of(&files);
        let opened = archive(
            Arc::new(tar.clone()),
            "x",
            &Choice::default(),
            &Limits::default(),
        );
        let expect = read(&opened.expect("it opens"));
        assert!(expect.is_complete(), "{:?}", expect.gaps);
        for bytes in [tar.clone(), crate::testing::gzip(&tar), zstd(&tar)] {
            assert_eq!(
                streamed(&bytes, &Choice::default()).expect("a stream"),
                expect
            );
        }
        // Cut anywhere: never more than there is, and never silently less.
        for cut in (0..tar.len()).step_by(1_000) {
            let opened = archive(
                Arc::new(tar[..cut].to_vec()),
                "x",
                &Choice::default(),
                &Limits::default(),
            );
            let image = streamed(&tar[..cut], &Choice::default());
            match (opened, image) {
                (Err(_), Err(_)) => {}
                (Ok(opened), Ok(image)) => {
                    let other = read(&opened);
                    assert_eq!(image.packages, other.packages, "{cut}");
                    assert_eq!(image.is_complete(), other.is_complete(), "{cut}");
                    if image.is_complete() {
                        // Docker's archive without its last file is a layout.
                        assert_eq!(plain(image), plain(expect.clone()), "{cut}");
                    }
                }
                (opened, image) => panic!(
                    "{cut}: {:?} / {:?}",
                    opened.err().map(|e| e.to_string()),
                    image.err().map(|e| e.to_string())
                ),
            }
        }
    }
}

#[test]
fn a_root_file_system_is_an_image_of_one_layer() {
    struct Tree;
    impl Files for Tree {
        fn walk(&self, each: &mut dyn FnMut(Seen) -> bool) {
            let record = crate::testing::record;
            let os: &[u8] = b"ID=alpine\nVERSION_ID=3.19.1\n";
            each(Seen::Entry {
                path: b"etc".to_vec(),
                record: record(FileKind::Directory),
            });
            each(Seen::File {
                path: b"etc/os-release".to_vec(),
                record: record(FileKind::Regular),
                content: Box::new(os.to_vec()),
            });
            each(Seen::Problem {
                path: "root".to_owned(),
                message: "permission denied".to_owned(),
            });
        }
    }
    let limits = Limits::default();
    let run = Run::plain(&limits);
    let read_in = read_files(&Tree, "/mnt", ImageForm::RootFs, &run);
    let image = image::merge(&read_in.source, read_in.layers, &run).image;
    assert_eq!(image.release.expect("a release").id, "alpine");
    assert_eq!(image.layers.len(), 1);
    let gaps: Vec<String> = image.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(gaps, ["layer 1, /root: permission denied"]);
    // As a tar, which docker export writes.
    let tar = sample().layers.swap_remove(0);
    let opened = archive(Arc::new(tar), "x", &Choice::default(), &Limits::default());
    let image = read(&opened.expect("a root"));
    assert_eq!(image.form, ImageForm::RootFs);
    assert_eq!(image.release.expect("a release").id, "alpine");
    assert!(image.gaps.is_empty(), "{:?}", image.gaps);
}

/// A cache in memory.
#[derive(Default)]
struct Kept(std::sync::Mutex<BTreeMap<Digest, LayerAnalysis>>);

impl LayerCache for Kept {
    fn get(&self, blob: &Digest) -> Option<LayerAnalysis> {
        self.0.lock().expect("no panic").get(blob).cloned()
    }

    fn put(&self, blob: &Digest, analysis: &LayerAnalysis) {
        let mut kept = self.0.lock().expect("no panic");
        kept.insert(*blob, analysis.clone());
    }
}

#[test]
fn what_is_known_of_a_layer_is_said_of_its_bytes_alone() {
    let sample = sample();
    let (cache, limits) = (Kept::default(), Limits::default());
    let run = Run {
        cache: &cache,
        ..Run::plain(&limits)
    };
    let at_any_place = |files: &[(String, Vec<u8>)]| {
        let opened = open(files, &Choice::default()).expect("an image");
        image::analyze(&opened.source, &*opened.blobs, &run).image
    };
    let in_order = |files: &[(String, Vec<u8>)]| {
        let read = read_archive(&mut &tar_of(files)[..], "x", &Choice::default(), &run);
        let read = read.expect("an image");
        image::merge(&read.source, read.layers, &run).image
    };
    // The bytes of the first layer, under the digest that they had.
    let changed = |mut files: Vec<(String, Vec<u8>)>| {
        let layer = &sample.layers[0];
        let file = files.iter_mut().find(|(_, bytes)| bytes == layer);
        let (_, bytes) = file.expect("the layer");
        let at = bytes.windows(6).position(|part| part == b"3.19.1");
        bytes[at.expect("the version")] = b'4';
        files
    };
    let (old, new, oci) = (sample.docker_old(), sample.docker_new(), sample.oci(false));
    for files in [&old, &new, &oci] {
        let first = at_any_place(files);
        assert!(first.is_complete(), "{:?}", first.gaps);
        assert_eq!(at_any_place(files), first);
        assert_eq!(in_order(files), first);
        let changed = changed(files.clone());
        for image in [at_any_place(&changed), in_order(&changed)] {
            let told = format!("{:?}", image.gaps);
            assert!(
                told.contains("not the bytes of the layer") || told.contains("says that the layer"),
                "{told}"
            );
        }
    }
    // Stored in another form than its digest is of, it is known all the same.
    let mut packed = old.clone();
    for (path, bytes) in &mut packed {
        if path.ends_with("layer.tar") {
            *bytes = crate::testing::gzip(bytes);
        }
    }
    assert!(at_any_place(&packed).is_complete());
}
