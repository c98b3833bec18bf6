//! What the benches of whole processes work on: two SBOMs of 1,000 packages, a feed
//! of 500 further advisories, and a store of images that were compared with a
//! database. `./x bench` runs it.
//!
//! ```text
//! stored FOLDER-OF-A-DATABASE INTO IMAGES
//! ```

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use plimsoll_feeds::{
    keys,
    mapped::{self, Mapped},
    rematch,
};
use plimsoll_model::{Package, PackageType, image::Image, image::ImagePackage};
use plimsoll_registry::sboms::{self, DEFAULT_MOST, Sboms, Stored};
use plimsoll_vuln::{
    db::{Database, PlaceBuf, Trust},
    matching::{self, Options},
};
use rayon::prelude::*;
use serde_json::json;

/// Packages of an SBOM.
const PACKAGES: usize = 1_000;
/// Packages of a stored image.
const OF_IMAGE: usize = 200;
/// Versions that stored images have of a package.
const VERSIONS: usize = 12;
/// Packages that stored images choose from: of most nothing was ever published.
const CHOICE: usize = 40_000;
/// Advisories of the further feed.
const FURTHER: usize = 500;
/// Registries whose packages are taken: as a purl has them and as OSV does.
const REGISTRIES: [(PackageType, &str, &str); 3] = [
    (PackageType::Pypi, "pypi", "PyPI"),
    (PackageType::Npm, "npm", "npm"),
    (PackageType::Gem, "gem", "RubyGems"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [database, into, images] = args.as_slice() else {
        return Err("usage: stored FOLDER-OF-A-DATABASE INTO IMAGES".into());
    };
    let into = PathBuf::from(into);
    let images: usize = images.parse()?;
    let keys = keys::public(&keys::own_path(Path::new(database)))?;
    let database = Path::new(database).join("advisories.db");
    let database = mapped::open(&database, Trust::Signed(&keys))?;
    let names = names(&database)?;
    // The registry that has most: it is in every store and every further feed.
    let (kind, ecosystem, names) = REGISTRIES
        .iter()
        .filter_map(|(kind, purl, ecosystem)| Some((*purl, *ecosystem, names.get(kind)?)))
        .max_by_key(|(_, _, names)| names.len())
        .ok_or("the database knows no package of a registry")?;
    let all = all(names);
    fs::create_dir_all(&into)?;
    fs::write(into.join("packages.cdx.json"), sbom(kind, &worst(names)))?;
    fs::write(into.join("usual.cdx.json"), sbom(kind, &usual(names)))?;
    fs::write(into.join("further.json"), further(ecosystem, &all))?;
    let store = Sboms::new(into.join("store"), DEFAULT_MOST);
    let found = found(&database, kind, &all);
    let compared: String = database
        .identity()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    (0..images).into_par_iter().try_for_each(|number| {
        let held = held(number, all.len());
        let image = image(number, kind, &all, &held);
        let id = sboms::id(&image).ok_or("no digest")?;
        let stored = Stored {
            image,
            compared: compared.clone(),
            found: held.iter().flat_map(|at| &found[*at]).cloned().collect(),
            ..Stored::default()
        };
        store.put(&id, &stored).map_err(|error| error.to_string())
    })?;
    Ok(())
}

/// The packages that a database knows, by registry.
fn names(
    database: &Database<Mapped>,
) -> Result<BTreeMap<PackageType, Vec<String>>, Box<dyn Error>> {
    let mut names: BTreeMap<PackageType, Vec<String>> = BTreeMap::new();
    for key in database.packages()? {
        let key = key?;
        if let PlaceBuf::Registry(kind) = key.place {
            names.entry(kind).or_default().push(key.name);
        }
    }
    Ok(names)
}

/// What is known and what nobody wrote of, evenly among each other.
fn all(known: &[String]) -> Vec<String> {
    let choice = CHOICE.max(known.len());
    let mut named = 0;
    (0..choice)
        .map(|at| {
            // So many of the known belong to the first `at + 1`.
            if named < known.len() * (at + 1) / choice {
                named += 1;
                known[named - 1].clone()
            } else {
                format!("plimsoll-bench-{at}")
            }
        })
        .collect()
}

/// Packages of which the database knows something, every other so old that it has
/// what is known.
fn worst(names: &[String]) -> Vec<(String, String)> {
    let package = |at: usize| match at % 2 {
        0 => "1.0.0".to_owned(),
        _ => format!("99999.{at}.0"),
    };
    (0..PACKAGES)
        .map(|at| (names[at * 7 % names.len()].clone(), package(at)))
        .collect()
}

/// Packages as images have them: of most nothing was ever published, and most of
/// the others are new enough.
fn usual(names: &[String]) -> Vec<(String, String)> {
    let known = |at: usize| names[at * 7 % names.len()].clone();
    (0..PACKAGES)
        .map(|at| match at % 20 {
            0 => (known(at), "1.0.0".to_owned()),
            1..4 => (known(at), format!("99999.{at}.0")),
            _ => (format!("plimsoll-bench-{at}"), format!("1.{at}.0")),
        })
        .collect()
}

fn sbom(kind: &str, packages: &[(String, String)]) -> String {
    let components: Vec<_> = packages
        .iter()
        .map(|(name, version)| {
            json!({
                "type": "library", "name": name, "version": version,
                "purl": format!("pkg:{kind}/{name}@{version}"),
            })
        })
        .collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
        .to_string()
}

/// Advisories that the database did not have, of packages that images have: some
/// that nearly all have, and as many that few have.
fn further(ecosystem: &str, names: &[String]) -> String {
    let advisories: Vec<_> = (0..FURTHER)
        .map(|at| {
            let id = format!("PLIMSOLL-BENCH-{at:04}");
            json!({
                "schema_version": "1.6.0", "id": id, "modified": "2026-11-01T00:00:00Z",
                "published": "2026-11-01T00:00:00Z", "summary": "Made up for a bench.",
                "affected": [{
                    "package": {"ecosystem": ecosystem, "name": names[at * names.len() / FURTHER]},
                    "ranges": [{
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": "1.6.0"}],
                    }],
                }],
            })
        })
        .collect();
    serde_json::Value::from(advisories).to_string()
}

/// Vulnerability, package without version, version: as the store has them.
type Found = Vec<(String, String, String)>;

/// What is found in each version of each package, by what [`held`] calls it.
fn found(database: &Database<Mapped>, kind: &str, names: &[String]) -> Vec<Found> {
    (0..names.len() * VERSIONS)
        .into_par_iter()
        .map(|at| {
            let image = Image {
                packages: package(kind, names, at).into_iter().collect(),
                ..Image::default()
            };
            rematch::found(&matching::match_image(
                &image,
                database,
                &Options::default(),
            ))
        })
        .collect()
}

/// The packages of an image, with their versions as numbers: some that nearly all
/// have and many that few have.
fn held(number: usize, names: usize) -> Vec<usize> {
    let mut random = number as u64 + 1;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % below as u64) as usize
    };
    (0..OF_IMAGE)
        .map(|_| next(names) * next(names) / names * VERSIONS + next(VERSIONS))
        .collect()
}

fn package(kind: &str, names: &[String], at: usize) -> Option<ImagePackage> {
    let (name, version) = (&names[at / VERSIONS], at % VERSIONS);
    let purl = format!("pkg:{kind}/{name}@1.{version}.0");
    let package = Package::from_purl(&purl).ok()?;
    Some(ImagePackage::of(package))
}

fn image(number: usize, kind: &str, names: &[String], held: &[usize]) -> Image {
    let packages = held.iter().filter_map(|at| package(kind, names, *at));
    Image {
        name: format!("registry.example.com/shop/app-{}:1", number % 500),
        digest: format!("sha256:{number:064x}").parse().ok(),
        packages: packages.collect(),
        ..Image::default()
    }
}
