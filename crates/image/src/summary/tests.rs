use std::{collections::BTreeSet, io, sync::Arc};

use plimsoll_model::image::Platform;

use super::*;
use crate::{
    ReadAt,
    image::{self, Run},
    source::{Blob, Opened, archive},
    testing::{Sample, Tar, digest, tar_of},
};

const STAMP: Stamp = Stamp {
    device: 1,
    inode: 2,
    size: 3,
    modified: 4,
    changed: 5,
};

/// An archive that stands in a file.
struct Stamped(Vec<u8>, Option<Stamp>);

impl ReadAt for Stamped {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn stamp(&self) -> Option<Stamp> {
        self.1
    }
}

/// An image with something of everything that a description tells.
fn sample() -> Sample {
    let dpkg = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\n\
                Version: 5.2.15-2\nDepends: base-files (>= 2.1.12)\n\n\
                Package: gone\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let left = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\n\
                Version: 5.2.15-2\nDepends: base-files (>= 2.1.12)\n";
    let npm = r#"{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}"#;
    Sample::new(vec![
        Tar::default()
            .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
            .file("etc/debian_version", "12.5\n")
            .file("var/lib/dpkg/status", dpkg)
            .file("var/lib/dpkg/info/bash.list", "/.\n/bin/bash\n")
            .file(
                "var/lib/dpkg/info/bash.md5sums",
                "d41d8cd98f00b204e9800998ecf8427e  bin/bash\n",
            )
            .program("bin/bash", "#!/bin/sh\n")
            .file(
                "srv/key",
                concat!(
                    "AWS_SECRET_ACCESS_KEY=",
                    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzzzzzzz\n"
                ),
            )
            .done(),
        Tar::default()
            .file("var/lib/dpkg/status", left)
            .file("app/node_modules/left-pad/package.json", npm)
            .file("srv/.wh.key", "")
            .program("app/tool", b"\x7fELF\x02\x01\x01\0 no more")
            .done(),
    ])
}

fn open(files: &[(String, Vec<u8>)], stamp: Option<Stamp>) -> Opened {
    let bytes = Arc::new(Stamped(tar_of(files), stamp));
    archive(bytes, "x", &Choice::default(), &Limits::default()).expect("an image")
}

fn key_of(opened: &Opened) -> Option<Key> {
    key(&opened.source, &*opened.blobs, &Limits::default())
}

fn read(opened: &Opened) -> Whole {
    let limits = Limits::default();
    image::analyze(&opened.source, &*opened.blobs, &Run::plain(&limits))
}

/// What changes what a description holds must change the version: cached ones of
/// before are then read no more. When this fails, raise [`FORM`] (or the version
/// of the analyzer that you changed) and accept the snapshot.
#[test]
fn a_change_of_what_is_told_changes_the_version() {
    let shape = serde_json::to_string(&schemars::schema_for!(Image)).expect("JSON");
    let opened = open(&sample().docker_new(), None);
    let image = read(&opened).image;
    assert!(image.is_complete(), "{:?}", image.gaps);
    assert!(image.packages.len() > 2 && !image.secrets.is_empty() && !image.marks.is_empty());
    let told = serde_json::to_string(&image).expect("JSON");
    let [shape, told] = [shape, told].map(|text| digest(text.as_bytes()).hex());
    let analyzers = analysis_version().replace(';', "\n  ");
    insta::assert_snapshot!(format!(
        "form {FORM}\nshape of an image {shape}\nwhat is told of the sample {told}\nanalyzers {analyzers}"
    ));
}

#[test]
fn a_summary_is_the_image_itself_however_it_is_called() {
    let mut opened = open(&sample().oci(true), Some(STAMP));
    opened.source.attached = vec!["referrer a".to_owned()];
    let first = read(&opened);
    assert!(lasts(&opened.source, &first));
    let mut bytes = Vec::new();
    write(&first.image, &opened.source, &[], &mut bytes).expect("memory");
    let summary = Summary::read(&bytes).expect("its own bytes");
    assert_eq!(summary.clone().of(&opened.source), first.image);
    let before = key_of(&opened);
    let source = &mut opened.source;
    source.name = "y".to_owned();
    source.tags = vec!["y:1".to_owned(), "y:2".to_owned()];
    source.attached = vec!["referrer b".to_owned(), "referrer c".to_owned()];
    source.index = Some(digest(b"index"));
    source.other_platforms = vec![Platform::default()];
    assert_eq!(key_of(&opened), before);
    assert_eq!(summary.of(&opened.source), read(&opened).image);
    assert_eq!(Summary::read(b"{}"), None);
}

#[test]
fn a_key_tells_apart_what_may_differ() {
    let stamped = |stamp| open(&sample().docker_old(), stamp);
    let plain = stamped(Some(STAMP));
    let mut keys = BTreeSet::new();
    let mut add = |key: Option<Key>| {
        let key = key.expect("it can be known again").0;
        assert!(keys.insert(key), "{key}");
    };
    add(key_of(&plain));
    for at in 0..5 {
        let mut stamp = STAMP;
        match at {
            0 => stamp.device = 9,
            1 => stamp.inode = 9,
            2 => stamp.size = 9,
            3 => stamp.modified = 9,
            _ => stamp.changed = 9,
        }
        add(key_of(&stamped(Some(stamp))));
    }
    add(key_of(&open(&sample().oci(false), Some(STAMP))));
    let mut source = stamped(Some(STAMP));
    source.source.annotations.insert("a".into(), "b".into());
    add(key_of(&source));
    source.source.config.push(b' ');
    add(key_of(&source));
    source.source.layers[0].size += 1;
    add(key_of(&source));
    source.source.layers.pop();
    add(key_of(&source));
    let limits = Limits {
        found: 1,
        ..Limits::default()
    };
    add(key(&plain.source, &*plain.blobs, &limits));
    let limits = Limits::default();
    add(Some(file_key(&STAMP, &Choice::default(), &limits)));
    let choice = Choice {
        image: Some("a".to_owned()),
        platform: None,
    };
    add(Some(file_key(&STAMP, &choice, &limits)));
    // Bytes that nothing vouches for may be any.
    assert_eq!(key_of(&stamped(None)), None);
}

/// Layers that come by their digests, from whoever has them.
struct ByDigest(Vec<Vec<u8>>);

impl Blobs for ByDigest {
    fn open(&self, layer: usize) -> io::Result<Blob> {
        let layer = self.0.get(layer).ok_or(io::ErrorKind::NotFound)?;
        Ok(Blob::Stream(Box::new(io::Cursor::new(layer.clone()))))
    }

    fn voucher(&self, _: usize) -> Voucher {
        Voucher::Digest
    }
}

#[test]
fn what_was_not_read_as_it_should_be_does_not_last() {
    let sample = sample();
    let opened = open(&sample.oci(false), Some(STAMP));
    let lasts_of = |layers: Vec<Vec<u8>>| {
        let limits = Limits::default();
        let whole = image::analyze(&opened.source, &ByDigest(layers), &Run::plain(&limits));
        lasts(&opened.source, &whole)
    };
    assert!(lasts_of(sample.layers.clone()));
    assert!(!lasts_of(sample.layers[..1].to_vec()));
    let mut other = sample.layers.clone();
    other[0][600] ^= 1;
    assert!(!lasts_of(other.clone()));
    other[0].truncate(1000);
    assert!(!lasts_of(other));
}
