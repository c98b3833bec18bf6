//! What the benches of whole processes work on: an SBOM of 1,000 packages that a
//! database knows, a feed of 500 further advisories, and a store of images. `./x
//! bench` runs it.
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

use plimsoll_feeds::{keys, mapped};
use plimsoll_model::{Package, PackageType, image::Image, image::ImagePackage};
use plimsoll_registry::sboms::{self, DEFAULT_MOST, Sboms, Stored};
use plimsoll_vuln::db::{PlaceBuf, Trust};
use rayon::prelude::*;
use serde_json::json;

/// Packages of the SBOM.
const PACKAGES: usize = 1_000;
/// Packages of a stored image.
const OF_IMAGE: usize = 200;
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
    let names = names(Path::new(database))?;
    // The registry that has most: it is in every store and every further feed.
    let (kind, ecosystem, names) = REGISTRIES
        .iter()
        .filter_map(|(kind, purl, ecosystem)| Some((*purl, *ecosystem, names.get(kind)?)))
        .max_by_key(|(_, _, names)| names.len())
        .ok_or("the database knows no package of a registry")?;
    fs::create_dir_all(&into)?;
    fs::write(into.join("packages.cdx.json"), sbom(kind, names))?;
    fs::write(into.join("further.json"), further(ecosystem, names))?;
    let store = Sboms::new(into.join("store"), DEFAULT_MOST);
    (0..images).into_par_iter().try_for_each(|number| {
        let image = image(number, kind, names);
        let id = sboms::id(&image).ok_or("no digest")?;
        let stored = Stored {
            image,
            ..Stored::default()
        };
        store.put(&id, &stored).map_err(|error| error.to_string())
    })?;
    Ok(())
}

/// The packages that a database knows, by registry.
fn names(folder: &Path) -> Result<BTreeMap<PackageType, Vec<String>>, Box<dyn Error>> {
    let keys = keys::public(&keys::own_path(folder))?;
    let database = mapped::open(&folder.join("advisories.db"), Trust::Signed(&keys))?;
    let mut names: BTreeMap<PackageType, Vec<String>> = BTreeMap::new();
    for key in database.packages()? {
        let key = key?;
        if let PlaceBuf::Registry(kind) = key.place {
            names.entry(kind).or_default().push(key.name);
        }
    }
    Ok(names)
}

/// Every package of the registry in turn, half of them so new that nothing is
/// known of them.
fn sbom(kind: &str, names: &[String]) -> String {
    let components: Vec<_> = (0..PACKAGES)
        .map(|at| {
            let name = &names[at * 7 % names.len()];
            let version = match at % 2 {
                0 => "1.0.0".to_owned(),
                _ => format!("99999.{at}.0"),
            };
            json!({
                "type": "library", "name": name, "version": version,
                "purl": format!("pkg:{kind}/{name}@{version}"),
            })
        })
        .collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
        .to_string()
}

/// Advisories that the database did not have, of packages that images have.
fn further(ecosystem: &str, names: &[String]) -> String {
    let advisories: Vec<_> = (0..FURTHER)
        .map(|at| {
            let id = format!("PLIMSOLL-BENCH-{at:04}");
            json!({
                "schema_version": "1.6.0", "id": id, "modified": "2026-11-01T00:00:00Z",
                "published": "2026-11-01T00:00:00Z", "summary": "Made up for a bench.",
                "affected": [{
                    "package": {"ecosystem": ecosystem, "name": names[at * 3 % names.len()]},
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

/// An image of packages that nearly all have and of some that few have.
fn image(number: usize, kind: &str, names: &[String]) -> Image {
    let mut random = number as u64 + 1;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % below as u64) as usize
    };
    let packages = (0..OF_IMAGE).filter_map(|_| {
        let rank = next(names.len()) * next(names.len()) / names.len();
        let purl = format!("pkg:{kind}/{}@1.{}.0", names[rank], next(12));
        let package = Package::from_purl(&purl).ok()?;
        Some(ImagePackage::of(package))
    });
    Image {
        name: format!("registry.example.com/shop/app-{}:1", number % 500),
        digest: format!("sha256:{number:064x}").parse().ok(),
        packages: packages.collect(),
        ..Image::default()
    }
}
