//! Each hostile layer as the upper layer of an image: the image is incomplete,
//! says where, and what is below is there.

use std::{sync::Arc, time::Instant};

use plimsoll_image::{
    image::{Run, analyze},
    source::{Choice, archive},
};

use crate::{
    build::Tar,
    layers::{
        Case, IN_ITS_WORDS, PATIENCE, digest, limits, lying_extended_headers, lying_headers,
        no_layers,
    },
};

/// What `docker save` writes of an image of one sound layer below this one.
fn image_of(layer: &[u8]) -> Vec<u8> {
    let below = Tar::default()
        .file("lib/apk/db/installed", b"P:musl\nV:1.2.4-r2\n\n")
        .end();
    let [low, high] = [&below[..], layer].map(digest);
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","rootfs":{{"type":"layers","diff_ids":["{low}","{high}"]}}}}"#
    );
    let manifest =
        r#"[{"Config":"config.json","RepoTags":["a:1"],"Layers":["0/layer.tar","1/layer.tar"]}]"#;
    Tar::default()
        .file("config.json", config.as_bytes())
        .file("manifest.json", manifest.as_bytes())
        .file("0/layer.tar", &below)
        .file("1/layer.tar", layer)
        .end()
}

#[test]
fn an_image_with_such_a_layer_is_incomplete_and_the_rest_of_it_is_there() {
    let all = [lying_headers(), lying_extended_headers(), no_layers()].concat();
    let mut hostile = 0;
    for Case {
        name,
        bytes,
        expect,
        ..
    } in all
    {
        let start = Instant::now();
        let bytes_of_all = Arc::new(image_of(&bytes));
        let opened = archive(bytes_of_all, "a.tar", &Choice::default(), &limits());
        let opened = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
        let image = analyze(&opened.source, &*opened.blobs, &Run::plain(&limits())).image;
        let packages: Vec<&str> = image.packages.iter().map(|p| &*p.package.name).collect();
        assert_eq!(packages, ["musl"], "{name}: the layer below is read");
        assert!(start.elapsed() < PATIENCE, "{name}: {:?}", start.elapsed());
        if expect.is_empty() && !IN_ITS_WORDS.contains(&name) {
            continue;
        }
        hostile += 1;
        let told = image.gaps.iter().find(|gap| gap.message.contains(expect));
        let told = told.unwrap_or_else(|| panic!("{name}: no `{expect}` in {:?}", image.gaps));
        assert_eq!(told.layer, Some(1), "{name}");
        assert!(!image.is_complete(), "{name}");
    }
    assert!(hostile >= 60, "{hostile} hostile images");
}
