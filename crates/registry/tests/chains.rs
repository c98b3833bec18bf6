//! Which images are known by their layers.

use std::{fs, path::Path};

use plimsoll_image::{
    Digest,
    image::{KnownBases, chain_ids},
};
use plimsoll_model::image::{Image, ImageForm, ImageLayer};
use plimsoll_registry::sboms::{DEFAULT_MOST, Sboms};

fn layer(byte: u8) -> Digest {
    Digest([byte; 32])
}

fn image(form: ImageForm, tag: &str, digest: Option<u8>, layers: &[u8]) -> Image {
    Image {
        name: "x.tar".to_owned(),
        form,
        tags: Some(tag.to_owned())
            .filter(|tag| !tag.is_empty())
            .into_iter()
            .collect(),
        digest: digest.map(layer),
        layers: layers
            .iter()
            .map(|byte| ImageLayer {
                diff_id: (*byte > 0).then(|| layer(*byte)),
                ..ImageLayer::default()
            })
            .collect(),
        ..Image::default()
    }
}

#[test]
fn an_image_is_known_by_its_chain_whoever_comes_first() {
    use ImageForm::{DockerArchive, Registry, RootFs};
    let all = [
        image(DockerArchive, "a:1", None, &[1, 2]),
        image(Registry, "b:1", Some(8), &[1, 2]),
        image(Registry, "c:1", Some(9), &[1, 2]),
        image(DockerArchive, "", Some(7), &[1]),
        image(DockerArchive, "", None, &[3]),
        image(RootFs, "d:1", None, &[4]),
        image(Registry, "e:1", Some(6), &[5, 0]),
    ];
    let told = |order: &[usize]| {
        let folder = tempfile::tempdir().expect("a folder");
        let chains = Sboms::new(folder.path().join("images"), DEFAULT_MOST).chains();
        for at in order {
            chains.learn(&all[*at]).expect("written");
        }
        let one = |layers: &[u8]| {
            let layers: Vec<Digest> = layers.iter().map(|byte| layer(*byte)).collect();
            chains.base(&chain_ids(&layers).pop()?)
        };
        [
            one(&[1, 2]),
            one(&[1]),
            one(&[3]),
            one(&[4]),
            one(&[5]),
            one(&[2]),
        ]
    };
    let first = told(&[0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(told(&[6, 5, 4, 3, 2, 1, 0]), first);
    let [two, one, rest @ ..] = first;
    let two = two.expect("it is known");
    assert_eq!(
        (two.name.as_str(), two.digest, two.seen),
        ("b:1", Some(layer(8)), Some(Registry))
    );
    let one = one.expect("it is known");
    assert_eq!((one.name.as_str(), one.digest), ("", Some(layer(7))));
    assert!(rest.iter().all(Option::is_none), "{rest:?}");
}

/// The only file below a folder.
fn only_file(folder: &Path) -> std::path::PathBuf {
    let entry = fs::read_dir(folder).expect("listable").next();
    let path = entry.expect("something").expect("an entry").path();
    if path.is_dir() {
        only_file(&path)
    } else {
        path
    }
}

#[test]
fn what_is_damaged_is_not_known_and_is_learned_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let sboms = Sboms::new(folder.path().to_owned(), DEFAULT_MOST);
    let chains = sboms.chains();
    let learn = || {
        let image = image(ImageForm::Registry, "a:1", Some(9), &[1]);
        chains.learn(&image).expect("written");
    };
    learn();
    assert!(chains.base(&layer(1)).is_some());
    assert_eq!(sboms.entries().expect("listed"), [], "it is no image");
    let file = fs::File::options()
        .write(true)
        .open(only_file(folder.path()));
    file.expect("it is there").set_len(60).expect("cut");
    assert_eq!(chains.base(&layer(1)), None);
    learn();
    assert!(chains.base(&layer(1)).is_some());
}
