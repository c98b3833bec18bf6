use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use plimsoll_image::{FileKind, FileRecord, found::FileDigest};
use plimsoll_model::image::ImageForm;
use proptest::prelude::*;

use super::*;

fn analysis(files: usize) -> LayerAnalysis {
    let record = |index: usize| FileRecord {
        kind: FileKind::Regular,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: index as u64 * 37,
        mtime: 1_700_000_000 + index as i64,
        digests: vec![FileDigest::Md5(
            blake3::hash(&index.to_le_bytes()).as_bytes()[..16]
                .try_into()
                .expect("16 bytes"),
        )],
        binary: index.is_multiple_of(7),
    };
    LayerAnalysis {
        size: files as u64,
        files: (0..files)
            .map(|index| {
                let path = format!("usr/share/doc/package-{}/file-{index}.txt", index / 20);
                (path, record(index))
            })
            .collect(),
        ..LayerAnalysis::default()
    }
}

fn digest(number: u8) -> Digest {
    Digest([number; 32])
}

fn cache(folder: &Path, most: u64) -> DiskCache {
    DiskCache::versioned(folder.join("layers"), most, "1;a=1", "1")
}

#[test]
fn what_is_put_is_got_by_its_version_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = cache(folder.path(), DEFAULT_MOST);
    assert_eq!(one.get(&digest(1)), None);
    assert_eq!(one.info().expect("empty").layers.entries, 0);
    one.put(&digest(1), &analysis(10));
    assert_eq!(one.get(&digest(1)), Some(analysis(10)));
    assert_eq!(one.get(&digest(2)), None);
    let next = DiskCache::versioned(folder.path().join("layers"), DEFAULT_MOST, "1;a=2", "1");
    assert_eq!(next.get(&digest(1)), None);
    let layers = next.info().expect("read").layers;
    assert_eq!((layers.entries, layers.outdated), (1, 1));
    assert_eq!(one.clear().expect("cleared"), (1, 0, layers.bytes));
    assert_eq!(one.get(&digest(1)), None);
    assert_eq!(one.clear().expect("empty"), (0, 0, 0));
}

#[test]
fn a_damaged_entry_is_discarded() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path(), DEFAULT_MOST);
    let path = cache.path(Kind::Layer, &digest(1));
    let whole = entry::encode(&analysis(100)).expect("encoded");
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    for (what, bytes) in [
        ("empty", &b""[..]),
        ("cut", &whole[..whole.len() - 1]),
        ("flipped", &flipped),
        (
            "other",
            b"hello world, this is no entry of a cache at all, is it?",
        ),
    ] {
        private_folder(path.parent().expect("a folder")).expect("made");
        fs::write(&path, bytes).expect("written");
        assert_eq!(cache.get(&digest(1)), None, "{what}");
        assert!(!path.exists(), "{what}");
    }
}

#[test]
fn a_summary_is_kept_beside_the_layers() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = cache(folder.path(), DEFAULT_MOST);
    let source = source();
    let image = Image {
        name: "a".to_owned(),
        tags: vec!["a:1".to_owned()],
        ..Image::default()
    };
    let key = Key(digest(1));
    let others = ["b".to_owned()];
    assert!(one.image(&key).is_none());
    one.put(&digest(1), &analysis(1));
    one.keep_image(&key, &image, &source, &others);
    let (got, also) = one.image(&key).expect("kept").called("a");
    assert_eq!((&got, &also[..]), (&image, &others[..]));
    assert!(one.image(&Key(digest(2))).is_none());
    let next = DiskCache::versioned(one.folder.clone(), DEFAULT_MOST, "1;a=1", "2");
    assert!(next.image(&key).is_none());
    let info = next.info().expect("read");
    assert_eq!((info.layers.entries, info.layers.outdated), (1, 0));
    assert_eq!((info.images.entries, info.images.outdated), (1, 1));
    // A layer is no summary, and what is torn is none.
    let path = one.path(Kind::Summary, &key.0);
    let whole = read_sized(
        &File::open(&path).expect("there"),
        info.images.bytes,
        1 << 20,
    );
    let whole = whole.expect("read");
    for bytes in [
        &whole[..whole.len() - 1],
        &entry::encode(&analysis(1)).expect("encoded"),
    ] {
        fs::write(&path, bytes).expect("written");
        assert!(one.image(&key).is_none());
        assert!(!path.exists());
    }
    one.keep_image(&key, &image, &source, &others);
    let bytes = info.layers.bytes + info.images.bytes;
    assert_eq!(one.clear().expect("cleared"), (1, 1, bytes));
    assert!(one.image(&key).is_none());
}

fn source() -> ImageSource {
    ImageSource {
        name: "a".to_owned(),
        form: ImageForm::Registry,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: Vec::new(),
        annotations: BTreeMap::new(),
        attached: Vec::new(),
        layers: Vec::new(),
    }
}

#[test]
fn the_least_recently_used_go_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = entry::encode(&analysis(50)).expect("encoded").len() as u64;
    let cache = cache(folder.path(), size * 4);
    let age = |number: u8, seconds: u64| {
        let file = File::options()
            .write(true)
            .open(cache.path(Kind::Layer, &digest(number)))
            .expect("there");
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
            .expect("aged");
    };
    for number in 1..=4 {
        cache.put(&digest(number), &analysis(50));
        age(number, 1000 - u64::from(number));
    }
    assert!(cache.get(&digest(1)).is_some(), "used again");
    cache.put(&digest(5), &analysis(50));
    let left: Vec<u8> = (1..=5)
        .filter(|number| cache.path(Kind::Layer, &digest(*number)).exists())
        .collect();
    assert_eq!(left, [1, 4, 5]);
    assert!(cache.info().expect("read").layers.bytes <= size * 4);
}

#[test]
fn what_a_crash_left_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path(), DEFAULT_MOST);
    cache.put(&digest(1), &analysis(1));
    let group = cache.path(Kind::Layer, &digest(1));
    let group = group.parent().expect("a folder");
    let old = group.join(".unfinished-1-1");
    let new = group.join(".unfinished-1-2");
    for path in [&old, &new] {
        fs::write(path, "x").expect("written");
    }
    let file = File::options().write(true).open(&old).expect("there");
    file.set_modified(SystemTime::now() - Duration::from_secs(7200))
        .expect("aged");
    evict::evict(&cache.folder, DEFAULT_MOST, SystemTime::now()).expect("swept");
    assert!(!old.exists() && new.exists());
    assert_eq!(cache.info().expect("read").layers.entries, 1);
}

#[test]
fn many_at_once_see_whole_entries_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = entry::encode(&analysis(200)).expect("encoded").len() as u64;
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let folder = folder.path();
            scope.spawn(move || {
                // As a process of its own would: with its own cache.
                let cache = DiskCache::versioned(folder.join("layers"), size * 5, "v", "v");
                for round in 0..40_u8 {
                    let key = digest((round * 3 + thread) % 8);
                    match cache.get(&key) {
                        None => cache.put(&key, &analysis(200)),
                        Some(found) => assert_eq!(found, analysis(200)),
                    }
                }
            });
        }
    });
    let cache = DiskCache::versioned(folder.path().join("layers"), size * 5, "v", "v");
    assert!(cache.info().expect("read").layers.bytes <= size * 9);
}

#[test]
fn a_folder_that_is_none_is_no_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("layers");
    fs::write(&file, "a file").expect("written");
    let cache = cache(folder.path(), DEFAULT_MOST);
    cache.put(&digest(1), &analysis(1));
    assert_eq!(cache.get(&digest(1)), None);
    assert!(cache.info().is_err());
}

#[test]
fn the_usual_folder_follows_the_environment() {
    let check = |variables: &[(&str, &str)], expect: Option<&str>| {
        let got = usual_folder(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(got, expect.map(PathBuf::from), "{variables:?}");
    };
    check(&[("HOME", "/h")], Some("/h/.cache/plimsoll/layers"));
    check(
        &[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")],
        Some("/c/plimsoll/layers"),
    );
    check(
        &[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")],
        Some("/h/.cache/plimsoll/layers"),
    );
    check(&[], None);
}

/// Shows how long a large layer takes: `cargo test --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed_of_a_large_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path(), DEFAULT_MOST);
    let large = analysis(60_000);
    let begin = Instant::now();
    cache.put(&digest(1), &large);
    let put = begin.elapsed();
    // The fastest of some: the others were waiting for the machine.
    let mut get = Duration::MAX;
    let mut decode = Duration::MAX;
    let entry = fs::read_dir(
        cache
            .path(Kind::Layer, &digest(1))
            .parent()
            .expect("a folder"),
    )
    .expect("read")
    .filter_map(Result::ok)
    .find(|file| file.path().extension().is_some_and(|e| e == "layer"))
    .expect("an entry");
    let file = File::open(entry.path()).expect("opened");
    let size = file.metadata().expect("told").len();
    let bytes = read_sized(&file, size, MOST_ENTRY).expect("read");
    for _ in 0..20 {
        let begin = Instant::now();
        let got = cache.get(&digest(1));
        get = get.min(begin.elapsed());
        assert_eq!(got.as_ref(), Some(&large));
        let begin = Instant::now();
        let plain = zstd::bulk::decompress(&bytes[48..], 64 << 20).expect("unpacked");
        decode = decode.min(begin.elapsed());
        assert!(!plain.is_empty());
    }
    eprintln!("of it zstd: {decode:?}");
    let bytes = cache.info().expect("read").layers.bytes;
    eprintln!("60,000 files: put {put:?}, get {get:?}, {bytes} bytes");
}

proptest! {
    #[test]
    fn any_bytes_are_an_entry_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(entry::decode(&bytes).is_err());
    }

    #[test]
    fn an_entry_is_read_back(files in 0_usize..50) {
        let analysis = analysis(files);
        let bytes = entry::encode(&analysis).expect("encoded");
        prop_assert_eq!(entry::decode(&bytes).expect("decoded"), analysis);
    }
}
