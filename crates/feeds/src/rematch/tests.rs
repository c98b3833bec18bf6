use std::collections::BTreeMap;

use plimsoll_model::{
    Package, PackageType,
    image::{ImagePackage, ImageRelease, PackageLocation},
};
use plimsoll_registry::sboms::DEFAULT_MOST;
use plimsoll_vuln::{
    Scheme,
    advisory::{Advisory, Affected, End, Origin, Range, Source, State as FixState},
    db::{Builder, SigningKey},
    lookup::FeedInfo,
    matching::{Options, match_image},
};

use super::*;

/// (name, below which version it is affected), of npm and of Alpine in turn.
type Flaws = Vec<(u8, u8)>;

fn advisory(number: usize, (name, fixed): (u8, u8)) -> Advisory {
    let origin = if name.is_multiple_of(2) {
        Origin::Registry(PackageType::Npm)
    } else {
        Origin::Distribution {
            id: "alpine".into(),
            release: "3.19".into(),
            stream: String::new(),
            source: true,
        }
    };
    Advisory {
        id: format!("CVE-2026-{number:04}"),
        aliases: Vec::new(),
        about: Vec::new(),
        source: Source {
            feed: "made-up".into(),
            ..Source::default()
        },
        summary: String::new(),
        details: String::new(),
        severities: Vec::new(),
        weaknesses: Vec::new(),
        references: Vec::new(),
        affected: vec![Affected {
            origin,
            name: format!("package-{name}"),
            scheme: Scheme::Semver,
            ranges: vec![Range {
                introduced: None,
                end: Some(End::Fixed(format!("1.{fixed}.0"))),
            }],
            versions: Vec::new(),
            state: FixState::Fixed,
            module: String::new(),
            architectures: Vec::new(),
            fix_published: None,
            imports: Vec::new(),
            notes: BTreeMap::new(),
        }],
        withdrawn: None,
    }
}

fn image(number: u8, packages: &[(u8, u8)]) -> Image {
    let packages = packages.iter().map(|(name, version)| {
        let kind = if name.is_multiple_of(2) {
            PackageType::Npm
        } else {
            PackageType::Apk
        };
        let package = Package::new(
            kind,
            "",
            format!("package-{name}"),
            format!("1.{version}.1"),
        );
        ImagePackage {
            locations: vec![PackageLocation {
                path: format!("at/{number}"),
                ..PackageLocation::default()
            }],
            ..ImagePackage::of(package)
        }
    });
    Image {
        name: format!("r.example.com/app{}:1", number % 3),
        digest: format!("sha256:{number:064x}").parse().ok(),
        release: Some(ImageRelease {
            id: "alpine".into(),
            version: "3.19.1".into(),
            ..ImageRelease::default()
        }),
        packages: packages.collect(),
        ..Image::default()
    }
}

struct World {
    folder: tempfile::TempDir,
    store: Sboms,
    key: SigningKey,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        World {
            store: Sboms::new(folder.path().join("images"), DEFAULT_MOST),
            key: SigningKey::from_seed([7; 32]).expect("a key"),
            folder,
        }
    }

    /// Puts a database in place, and matches again.
    fn rematch(&self, flaws: &[(usize, (u8, u8))], second: i64) -> Rematched {
        let path = self.folder.path().join("advisories.db");
        let mut builder = Builder::new();
        let feed = FeedInfo {
            name: "made-up".into(),
            ..FeedInfo::default()
        };
        // Of both places something is always known.
        let known = [(900, (200, 0)), (901, (201, 0))];
        let all = known.iter().chain(flaws);
        builder.add_feed(feed, all.map(|(number, flaw)| advisory(*number, *flaw)));
        crate::make::replace(&path, &builder.finish(Some(&self.key))).expect("written");
        let keys = [self.key.public()];
        let db = mapped::open(&path, Trust::Signed(&keys)).expect("ours");
        let by_engine = |image: &Image| match_image(image, &db, &Options::default());
        let now = Timestamp::from_second(second).expect("a time");
        rematch(&self.store, (&db, &path), &keys, &by_engine, now).expect("matched")
    }

    fn put(&self, image: &Image) {
        let stored = Stored {
            image: image.clone(),
            ..Stored::default()
        };
        let id = sboms::id(image).expect("a digest");
        self.store.put(&id, &stored).expect("stored");
    }
}

fn numbered(flaws: &Flaws) -> Vec<(usize, (u8, u8))> {
    flaws.iter().copied().enumerate().collect()
}

/// By image what it has, after changes.
type Has = BTreeMap<String, BTreeSet<(String, String)>>;

fn apply(has: &mut Has, done: &Rematched) {
    for change in &done.changes {
        let image = has.entry(change.image.to_string()).or_default();
        for said in &change.gone {
            assert!(image.remove(&(said.id.clone(), said.version.clone())));
        }
        for (said, _) in &change.new {
            assert!(image.insert((said.id.clone(), said.version.clone())));
        }
    }
}

#[test]
fn what_is_told_by_variant_is_what_each_image_has_by_itself() {
    let world = World::new();
    let images = [
        image(1, &[(1, 1), (2, 1), (3, 2)]),
        image(2, &[(1, 1), (2, 3)]),
        image(3, &[(2, 1), (4, 4)]),
    ];
    images.iter().for_each(|image| world.put(image));
    let steps: [Flaws; 5] = [
        vec![],
        vec![(1, 2), (2, 2)],
        vec![(1, 1), (2, 4), (4, 9)],
        vec![(1, 2), (2, 4), (4, 9), (3, 3)],
        vec![],
    ];
    let mut has = Has::new();
    for (at, flaws) in steps.iter().enumerate() {
        let done = world.rematch(&numbered(flaws), 100 + at as i64);
        assert_eq!((done.images, done.anew), (3, None), "step {at}");
        apply(&mut has, &done);
        for image in &images {
            let expect: BTreeSet<(String, String)> = numbered(flaws)
                .into_iter()
                .flat_map(|(number, (name, fixed))| {
                    let packages = image.packages.iter().filter(move |found| {
                        let own = &found.package;
                        let minor: u8 = own.version[2..own.version.len() - 2].parse().unwrap();
                        own.name == format!("package-{name}") && minor < fixed
                    });
                    packages.map(move |found| {
                        (
                            format!("CVE-2026-{number:04}"),
                            found.package.version.clone(),
                        )
                    })
                })
                .collect();
            let id = sboms::id(image).unwrap().to_string();
            let told = has.get(&id).cloned().unwrap_or_default();
            assert_eq!(told, expect, "step {at}, {id}");
        }
    }
}

#[test]
fn only_what_changed_is_matched_and_first_seen_times_survive_what_is_lost() {
    let world = World::new();
    for number in 0..30 {
        world.put(&image(number, &[(number, 1), (2, 1)]));
    }
    let first = world.rematch(&[], 100);
    assert_eq!((first.added, first.changes.len()), (30, 0));
    let done = world.rematch(&[(1, (2, 5))], 200);
    assert_eq!((done.matched, done.changes.len()), (1, 30));
    assert_eq!(world.rematch(&[(1, (2, 5))], 300).matched, 0);
    // One goes from the store, and the database it was compared with is lost.
    let gone = sboms::id(&image(3, &[])).unwrap();
    world.store.remove(&gone).expect("removed");
    let compared = world.store.folder().join(COMPARED);
    fs::remove_file(compared).expect("there");
    let done = world.rematch(&[], 400);
    assert_eq!((done.forgotten, done.images), (1, 29));
    assert!(done.anew.is_some());
    assert_eq!(done.changes.len(), 29);
    assert!(done.changes.iter().all(|change| change.gone.len() == 1));
    let back = world.rematch(&[(1, (2, 5))], 500);
    let at = Timestamp::from_second(200).unwrap();
    let mut new = back.changes.iter().flat_map(|change| &change.new);
    assert!(new.all(|(_, seen)| *seen == at));
    // What can't be read is named, and is no image.
    let path = &world.store.entries().expect("listed")[0].path;
    fs::write(path, b"half").expect("cut");
    let done = world.rematch(&[(1, (2, 5))], 600);
    assert_eq!(&done.damaged, std::slice::from_ref(path));
}
