//! The advisory database: built from the feeds that are handed out beside the
//! repository, or from made-up ones; opened; asked for 1,000 packages. And
//! 100,000 stored images against 500 changed advisories.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
};

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_model::{
    Package, PackageType,
    image::{Image, ImagePackage, ImageRelease},
};
use plimsoll_vuln::{
    Scheme,
    advisory::{Advisory, Affected, End, Origin, Range, Source, State},
    db::{self, Builder, Database, PackageKey, PlaceBuf, SigningKey, Trust},
    gist::{Bound, Gist},
    lookup::{FeedInfo, Lookup as _, Place},
    matching::{self, Options},
    read::{self, Records},
    rematch::Index,
    version,
};

const LOCAL: Trust<'static> = Trust::SignedOrLocal(&[]);

/// Unpacks the feeds; none where they are not here.
fn feeds() -> Option<tempfile::TempDir> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/feeds");
    let Ok(archives) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no feeds here: made-up advisories instead");
        return None;
    };
    let into = tempfile::tempdir().expect("a temporary folder");
    for archive in archives {
        let path = archive.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let to = into.path().join(name.split('.').next().unwrap_or_default());
        fs::create_dir(&to).expect("a folder");
        if name.contains(".tar.") {
            let mut tar = Command::new("tar");
            let done = tar.arg("-xf").arg(&path).arg("-C").arg(&to).status();
            assert!(done.is_ok_and(|status| status.success()), "{name}");
        } else if let Some(plain) = name.strip_suffix(".gz") {
            let to = File::create(to.join(plain)).expect("a file");
            let done = Command::new("gzip")
                .arg("-dc")
                .arg(&path)
                .stdout(to)
                .status();
            assert!(done.is_ok_and(|status| status.success()), "{name}");
        }
    }
    Some(into)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file of a feed that the bench unpacked"
)]
fn text(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

/// Reads all feeds into a builder, file by file.
fn read_all(folder: &Path) -> (Builder, u64, u64) {
    let mut all = Vec::new();
    files(folder, &mut all);
    all.sort();
    let mut builder = Builder::new();
    let (mut count, mut skipped) = (0, 0);
    for path in all {
        let bytes = text(&path);
        let name = path.strip_prefix(folder).expect("below").to_string_lossy();
        let Some(format) = read::detect(&name, &bytes[..bytes.len().min(4_096)]) else {
            continue;
        };
        let Records {
            advisories,
            exploitation,
            lifecycles,
            skipped: passed,
        } = read::read(format, &name, &bytes);
        count += advisories.len() as u64;
        skipped += passed.len() as u64;
        advisories
            .into_iter()
            .for_each(|advisory| builder.add(advisory));
        for (cve, known) in exploitation {
            builder.add_exploitation(cve, known);
        }
        lifecycles
            .into_iter()
            .for_each(|lifecycle| builder.add_lifecycle(lifecycle));
    }
    (builder, count, skipped)
}

/// What one made-up advisory says.
fn advisory(number: usize, fixed: usize) -> Advisory {
    Advisory {
        id: format!("CVE-2026-{number:05}"),
        aliases: vec![format!("GHSA-{number:05}")],
        about: Vec::new(),
        source: Source {
            feed: "made-up".into(),
            ..Source::default()
        },
        summary: format!(
            "Package {} reads beyond the end of something",
            number % 8_000
        ),
        details: "What happens then is told at length. ".repeat(8),
        severities: Vec::new(),
        weaknesses: vec!["CWE-125".into()],
        references: vec![format!("https://example.com/{number}")],
        affected: vec![Affected {
            origin: Origin::Registry(PackageType::Npm),
            name: format!("package-{}", number % 8_000),
            scheme: Scheme::Semver,
            ranges: vec![Range {
                introduced: None,
                end: Some(End::Fixed(format!("1.{fixed}.0"))),
            }],
            versions: Vec::new(),
            state: State::Fixed,
            module: String::new(),
            architectures: Vec::new(),
            fix_published: None,
            imports: Vec::new(),
            notes: BTreeMap::new(),
        }],
        withdrawn: None,
    }
}

/// 20,000 made-up advisories, the first of them with another fix.
fn made_up(changed: usize) -> Builder {
    let mut builder = Builder::new();
    let advisories =
        (0..20_000).map(|number| advisory(number, if number < changed { 9 } else { 5 }));
    let feed = FeedInfo {
        name: "made-up".into(),
        ..FeedInfo::default()
    };
    builder.add_feed(feed, advisories);
    builder
}

fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("database");
    group.sample_size(10);
    let key = SigningKey::from_seed([7; 32]).expect("a key");
    let folder = feeds();
    let make = || match &folder {
        Some(folder) => read_all(folder.path()),
        None => (made_up(0), 20_000, 0),
    };
    let (builder, records, skipped) = make();
    let bytes = builder.finish(Some(&key));
    eprintln!(
        "{records} records read, {skipped} passed over; {} bytes of database, its BLAKE3 hash {}",
        bytes.len(),
        blake3::hash(&bytes)
    );
    group.bench_function("read the feeds", |b| b.iter(|| black_box(make()).1));
    group.bench_function("read the feeds and build", |b| {
        b.iter(|| black_box(make().0.finish(Some(&key))).len());
    });
    let trusted = [key.public()];
    group.bench_function("open", |b| {
        b.iter(|| {
            Database::open(bytes.as_slice(), Trust::Signed(&trusted))
                .expect("ours")
                .record_count()
        });
    });
    group.bench_function("open and verify all", |b| {
        b.iter(|| {
            let database = Database::open(bytes.as_slice(), Trust::Signed(&trusted)).expect("ours");
            database.verify()
        });
    });
    let database = Database::open(bytes.as_slice(), Trust::Signed(&trusted)).expect("ours");
    let mut packages: Vec<PackageKey> = database.packages().expect("ours").flatten().collect();
    let every = (packages.len() / 1_000).max(1);
    packages = packages.into_iter().step_by(every).take(1_000).collect();
    for (name, keep) in [("none of which match", false), ("of which all match", true)] {
        group.bench_function(format!("open and ask for 1,000 packages, {name}"), |b| {
            b.iter(|| {
                let database =
                    Database::open(bytes.as_slice(), Trust::Signed(&trusted)).expect("ours");
                let ask = |key: &PackageKey| {
                    let place = key.place.as_place();
                    database
                        .about_if(place, &key.name, &mut |_| keep)
                        .expect("whole")
                        .len()
                };
                packages.iter().map(ask).sum::<usize>()
            });
        });
    }
    for (kept, name) in [
        (badly as Kept, "half of them old"),
        (usually, "few of them old"),
    ] {
        let image = image(&packages, kept);
        let matched = matching::match_image(&image, &database, &Options::default());
        eprintln!(
            "an image of {} packages, {name}, has {} vulnerabilities",
            image.packages.len(),
            matched.vulnerabilities.len()
        );
        group.bench_function(format!("match an image of as many packages, {name}"), |b| {
            b.iter(|| {
                let matched = matching::match_image(&image, &database, &Options::default());
                matched.vulnerabilities.len()
            });
        });
    }
    group.finish();
}

/// Which version an image has of its packages, by their place in it; none where
/// it has one in its stead of which nothing was ever published.
type Kept = fn(usize) -> Option<&'static str>;

fn badly(at: usize) -> Option<&'static str> {
    Some(["1.0.0", "9999.0.0"][at % 2])
}

/// As images are: of most of their packages nothing is known.
fn usually(at: usize) -> Option<&'static str> {
    match at % 20 {
        0 => Some("1.0.0"),
        1..4 => Some("9999.0.0"),
        _ => None,
    }
}

/// An image of these packages.
fn image(packages: &[PackageKey], kept: Kept) -> Image {
    let release = packages.iter().find_map(|key| match &key.place {
        PlaceBuf::Distribution { id, release } => Some((id.clone(), release.clone())),
        _ => None,
    });
    let package = |(at, key): (usize, &PackageKey)| {
        let (kind, name) = match &key.place {
            PlaceBuf::Registry(kind) => (*kind, key.name.as_str()),
            PlaceBuf::Distribution { id, .. } if id == "alpine" => (PackageType::Apk, &*key.name),
            PlaceBuf::Distribution { id, .. } if id == "debian" => (PackageType::Deb, &*key.name),
            PlaceBuf::Distribution { .. } => (PackageType::Rpm, &*key.name),
            PlaceBuf::Program => return None,
        };
        let (namespace, name) = name.rsplit_once('/').unwrap_or(("", name));
        let package = match kept(at) {
            Some(version) => Package::new(kind, namespace, name, version),
            None => Package::new(kind, namespace, format!("{name}-bench"), "1.0.0"),
        };
        Some(ImagePackage::of(package))
    };
    Image {
        name: "bench".to_owned(),
        release: release.map(|(id, version)| ImageRelease {
            id,
            version,
            ..ImageRelease::default()
        }),
        packages: packages.iter().enumerate().filter_map(package).collect(),
        ..Image::default()
    }
}

/// 100,000 images of 200 packages each: some in nearly all, most in few.
fn images() -> Index {
    let mut index = Index::new();
    let mut random = 1_u64;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for image in 0..100_000 {
        let packages: Vec<(String, String)> = (0..200)
            .map(|_| {
                let rank = next(8_000) * next(8_000) / 8_000;
                (format!("package-{rank}"), format!("1.{}.0", next(12)))
            })
            .collect();
        let packages = packages.iter().map(|(name, version)| {
            (
                Place::Registry(PackageType::Npm),
                name.as_str(),
                version.as_str(),
            )
        });
        index.put(
            &format!("registry.example.com/shop/{image}@sha256:{image:064}"),
            packages,
        );
    }
    index
}

fn rematch(c: &mut Criterion) {
    let mut group = c.benchmark_group("rematch");
    group.sample_size(10);
    let (old, new) = (made_up(0).finish(None), made_up(500).finish(None));
    let old = Database::open(old, LOCAL).expect("ours");
    let new = Database::open(new, LOCAL).expect("ours");
    let index = images();
    let bytes = index.to_bytes();
    eprintln!(
        "{} images in an index of {} bytes",
        index.len(),
        bytes.len()
    );
    group.bench_function("100,000 images against a delta of 500 advisories", |b| {
        b.iter(|| {
            let changes = db::changed(&old, &new).expect("whole");
            assert_eq!(changes.packages.len(), 500);
            let stale = index.stale(&changes);
            let (mut found, mut pairs) = (0, 0);
            for stale in &stale {
                let mut affected = |gist: &Gist<'_>| {
                    gist.ranges.iter().any(|range| match range.end {
                        Some(Bound::Fixed(fixed)) => {
                            version::compare(gist.scheme, stale.variant, fixed).is_lt()
                        }
                        _ => true,
                    })
                };
                let key = &stale.package;
                let entries = new.about_if(key.place.as_place(), &key.name, &mut affected);
                let entries = entries.expect("whole").len();
                found += entries;
                pairs += entries * stale.images.len();
            }
            let images: BTreeSet<&str> = index.images(&stale);
            (found, pairs, images.len())
        });
    });
    group.bench_function("read the index", |b| {
        b.iter(|| Index::from_bytes(&bytes).expect("ours").len())
    });
    group.finish();
}

criterion_group!(benches, build, rematch);
criterion_main!(benches);
