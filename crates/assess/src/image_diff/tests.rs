use plimsoll_image::{FileKind, FileRecord, LayerAnalysis, found::FileDigest, image::Whole};
use plimsoll_model::{
    Digest, Package, PackageType,
    image::{Image, ImageForm, ImageGap, ImageLayer, ImagePackage},
    image_diff::ChangeKind,
};

use super::image_diff;

fn package(kind: PackageType, name: &str, version: &str) -> ImagePackage {
    ImagePackage::of(Package::new(kind, "", name, version))
}

fn of_packages(packages: Vec<ImagePackage>) -> Whole {
    Whole {
        image: Image {
            packages,
            ..Image::default()
        },
        layers: Vec::new(),
    }
}

#[test]
fn packages_go_up_down_come_and_leave() {
    use PackageType::{Deb, Npm};
    let from = of_packages(vec![
        package(Deb, "same", "1"),
        package(Deb, "up", "1.9-1"),
        package(Deb, "down", "1:1"),
        package(Deb, "gone", "1"),
        package(Npm, "twice", "1.0.0"),
        package(Npm, "twice", "2.0.0"),
        package(Npm, "split", "1.0.0"),
    ]);
    let mut deleted = package(Deb, "deleted", "1");
    deleted.removed_by = Some(1);
    let to = of_packages(vec![
        package(Deb, "same", "1"),
        package(Deb, "up", "1.10-1"),
        package(Deb, "down", "2"),
        package(Deb, "new", "1"),
        package(Npm, "twice", "1.0.0"),
        package(Npm, "twice", "2.0.1"),
        package(Npm, "split", "1.1.0"),
        package(Npm, "split", "2.0.0"),
        deleted,
    ]);
    let diff = image_diff(&from, &to, 10);
    let found: Vec<(&str, ChangeKind)> = diff
        .packages
        .iter()
        .map(|p| (p.name.as_str(), p.change))
        .collect();
    assert_eq!(
        found,
        [
            ("down", ChangeKind::Downgraded),
            ("gone", ChangeKind::Removed),
            ("new", ChangeKind::Added),
            ("up", ChangeKind::Upgraded),
            ("split", ChangeKind::Changed),
            ("twice", ChangeKind::Upgraded),
        ]
    );
    assert_eq!((diff.from.packages, diff.to.packages), (7, 8));
}

/// A file by its path, mode, size, time and digest.
fn file(path: &str, mode: u32, size: u64, mtime: i64, md5: Option<u8>) -> (String, FileRecord) {
    let record = FileRecord {
        kind: FileKind::Regular,
        mode,
        uid: 0,
        gid: 0,
        size,
        mtime,
        digests: md5.map(|b| FileDigest::Md5([b; 16])).into_iter().collect(),
        binary: false,
    };
    (path.to_owned(), record)
}

fn entry(path: &str, kind: FileKind) -> (String, FileRecord) {
    let (path, mut record) = file(path, 0o777, 0, 0, None);
    record.kind = kind;
    (path, record)
}

fn of_files(files: Vec<(String, FileRecord)>) -> Whole {
    let layer = LayerAnalysis {
        files,
        ..LayerAnalysis::default()
    };
    Whole {
        image: Image::default(),
        layers: vec![Some(layer.into())],
    }
}

#[test]
fn files_differ_in_bytes_mode_owner_kind_and_link() {
    let link = |to: &str| FileKind::Symlink(to.to_owned());
    let from = of_files(vec![
        entry("a-folder", FileKind::Directory),
        file("digest", 0o644, 5, 1, Some(1)),
        file("gone", 0o644, 5, 1, None),
        entry("kind", FileKind::Directory),
        entry("link", link("one")),
        file("mode", 0o644, 5, 1, Some(1)),
        file("same", 0o644, 5, 1, Some(1)),
        file("size", 0o644, 5, 1, None),
        file("time", 0o644, 5, 1, None),
    ]);
    let to = of_files(vec![
        file("digest", 0o644, 5, 1, Some(2)),
        entry("kind", link("digest")),
        entry("link", link("two")),
        file("mode", 0o4755, 5, 1, Some(1)),
        file("new", 0o644, 70, 1, None),
        // Written again with the same bytes.
        file("same", 0o644, 5, 9, Some(1)),
        file("size", 0o644, 6, 1, None),
        file("time", 0o644, 5, 2, None),
    ]);
    let diff = image_diff(&from, &to, 100);
    let found: Vec<String> = diff
        .files
        .list
        .iter()
        .map(|f| format!("{} {:?} {}", f.path, f.change, f.what.join(", ")))
        .collect();
    assert_eq!(
        found,
        [
            "digest Changed content",
            "gone Removed ",
            "kind Changed folder to link",
            "link Changed link one to two",
            "mode Changed mode 644 to 4755",
            "new Added ",
            "size Changed content",
            "time Changed time",
        ]
    );
    let files = &diff.files;
    assert_eq!((files.added, files.removed, files.changed), (1, 1, 6));
    assert_eq!((files.bytes_added, files.bytes_removed), (81, 15));

    let few = image_diff(&from, &to, 3);
    assert_eq!((few.files.list.len(), few.files.left_out), (3, 5));
    assert_eq!(few.files.total(), diff.files.total());
}

#[test]
fn fields_of_the_configuration_come_go_and_change() {
    let config = |user: &str, env: &[&str], ports: &[&str]| {
        let mut whole = of_packages(Vec::new());
        whole.image.config.user = user.to_owned();
        whole.image.config.env = env.iter().map(|v| (*v).to_owned()).collect();
        whole.image.config.exposed_ports = ports.iter().map(|v| (*v).to_owned()).collect();
        whole
    };
    let diff = image_diff(
        &config("", &["PATH=/bin", "OLD=1"], &["80/tcp"]),
        &config("10001", &["PATH=/bin:/usr/bin"], &["80/tcp"]),
        10,
    );
    let found: Vec<(&str, Option<&str>, Option<&str>)> = diff
        .config
        .iter()
        .map(|f| (f.field.as_str(), f.from.as_deref(), f.to.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("env OLD", Some("1"), None),
            ("env PATH", Some("/bin"), Some("/bin:/usr/bin")),
            ("user", None, Some("10001")),
        ]
    );
}

#[test]
fn layers_are_shared_from_the_lowest_on() {
    let of = |layers: &[u8]| {
        let mut whole = of_packages(Vec::new());
        whole.image.layers = layers
            .iter()
            .map(|&b| ImageLayer {
                diff_id: Some(Digest([b; 32])),
                bytes: 10,
                ..ImageLayer::default()
            })
            .collect();
        whole
    };
    let diff = image_diff(&of(&[1, 2, 3]), &of(&[1, 2, 4, 3]), 10);
    assert_eq!(diff.shared_layers, 2);
    assert_eq!((diff.from.bytes, diff.to.bytes), (30, 40));
    assert!(diff.is_empty());
}

#[test]
fn what_was_not_compared_is_said() {
    let whole = of_files(vec![file("a", 0o644, 1, 1, None)]);
    let mut sbom = of_packages(Vec::new());
    sbom.image.form = ImageForm::Sbom;
    sbom.image.name = "a.json".to_owned();
    let diff = image_diff(&whole, &sbom, 10);
    assert_eq!(
        diff.not_compared,
        ["files: a.json is an SBOM, which does not list them"]
    );
    assert_eq!(diff.files.total(), 0);

    let mut torn = of_files(Vec::new());
    torn.layers.push(None);
    torn.image.name = "b.tar".to_owned();
    torn.image.gaps.push(ImageGap::default());
    let diff = image_diff(&torn, &whole, 10);
    assert_eq!(
        diff.not_compared,
        [
            "b.tar: 1 of its parts could not be read",
            "files: layer 2 of b.tar could not be read",
        ]
    );
}
