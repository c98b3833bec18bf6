use plimsoll_model::PackageType;
use proptest::prelude::*;

use super::*;
use crate::db::PlaceBuf;

const NPM: Place<'static> = Place::Registry(PackageType::Npm);
const DEBIAN: Place<'static> = Place::Distribution {
    id: "debian",
    release: "12",
};

/// (image, packages), in the order they are put in.
type Puts = Vec<(u8, Vec<(u8, u8)>)>;

const NAMES: [&str; 4] = ["openssl", "zlib", "left-pad", "openssl1.1"];
const VERSIONS: [&str; 3] = ["1", "1.2", "2"];

fn put(index: &mut Index, image: u8, packages: &[(u8, u8)]) {
    let packages = packages.iter().map(|(name, version)| {
        let place = if name % 2 == 0 { NPM } else { DEBIAN };
        let name = NAMES[usize::from(*name) % NAMES.len()];
        (
            place,
            name,
            VERSIONS[usize::from(*version) % VERSIONS.len()],
        )
    });
    index.put(&format!("image{image}"), packages);
}

fn index(puts: &Puts) -> Index {
    let mut index = Index::new();
    for (image, packages) in puts {
        put(&mut index, *image, packages);
    }
    index
}

/// Stale packages with the names of their images.
fn named(index: &Index, changes: &Changes) -> Vec<(PackageKey, String, BTreeSet<String>)> {
    let stale = index.stale(changes).into_iter().map(|stale| {
        let images = stale.images.iter();
        let images = images.map(|image| index.name(*image).unwrap().to_owned());
        (stale.package, stale.variant.to_owned(), images.collect())
    });
    stale.collect()
}

fn everything() -> Changes {
    let key = |place, name: &&str| PackageKey::new(place, *name);
    let packages = NAMES
        .iter()
        .flat_map(|name| [key(NPM, name), key(DEBIAN, name)]);
    Changes {
        packages: packages.collect(),
        places: BTreeSet::new(),
    }
}

#[test]
fn a_change_leads_to_the_images_that_hold_the_package_by_their_variants() {
    let mut index = Index::new();
    index.put(
        "a",
        [(NPM, "left-pad", "1.0"), (DEBIAN, "openssl", "3.0-1")],
    );
    index.put("b", [(NPM, "left-pad", "1.1"), (NPM, "left-pad", "1.1")]);
    index.put("c", [(NPM, "left-pad", "1.0"), (DEBIAN, "openssl1.1", "1")]);
    let changes = Changes {
        packages: BTreeSet::from([
            PackageKey::new(NPM, "left-pad"),
            PackageKey::new(NPM, "unheld"),
            PackageKey::new(Place::Program, "left-pad"),
        ]),
        places: BTreeSet::new(),
    };
    let found: Vec<(String, Vec<u32>)> = index
        .stale(&changes)
        .into_iter()
        .map(|stale| (stale.variant.to_owned(), stale.images))
        .collect();
    assert_eq!(found, [("1.0".into(), vec![0, 2]), ("1.1".into(), vec![1])]);
    assert_eq!(
        index.images(&index.stale(&changes)),
        BTreeSet::from(["a", "b", "c"])
    );
    let place = Changes {
        packages: BTreeSet::new(),
        places: BTreeSet::from([PlaceBuf::from(DEBIAN)]),
    };
    assert_eq!(
        index.images(&index.stale(&place)),
        BTreeSet::from(["a", "c"])
    );
    // Put again, and forgotten.
    index.put("a", [(NPM, "left-pad", "2.0")]);
    index.remove("c");
    index.remove("never there");
    assert_eq!(index.len(), 2);
    assert_eq!(index.images(&index.stale(&place)), BTreeSet::new());
    let found: Vec<String> = named(&index, &changes)
        .into_iter()
        .map(|(_, variant, _)| variant)
        .collect();
    assert_eq!(found, ["1.1", "2.0"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_index_is_read_as_it_was_written_whatever_came_before(
        puts in prop::collection::vec((0_u8..6, prop::collection::vec((any::<u8>(), any::<u8>()), 0..6)), 0..12),
    ) {
        let index = index(&puts);
        let bytes = index.to_bytes();
        let read = Index::from_bytes(&bytes).unwrap();
        prop_assert_eq!(named(&read, &everything()), named(&index, &everything()));
        prop_assert_eq!(read.to_bytes(), bytes.clone());
        // Only what was said last of each image counts, in whatever order.
        let last: BTreeMap<u8, Vec<(u8, u8)>> = puts.iter().cloned().collect();
        let mut again = Index::new();
        last.iter().rev().for_each(|(image, packages)| put(&mut again, *image, packages));
        prop_assert_eq!(again.to_bytes(), bytes);
    }

    #[test]
    fn a_damaged_index_is_refused(at in any::<prop::sample::Index>(), cut: bool) {
        let mut bytes = index(&vec![(1, vec![(1, 1), (2, 0)]), (2, vec![(1, 1)])]).to_bytes();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1;
        }
        prop_assert!(Index::from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_made_up_index_never_panics(mut body in prop::collection::vec(any::<u8>(), 0..60)) {
        body.splice(0..0, *b"PLIMSIDX\x01");
        let hash = blake3::hash(&body);
        body.extend_from_slice(hash.as_bytes());
        if let Ok(index) = Index::from_bytes(&body) {
            let _ = named(&index, &everything());
            prop_assert!(Index::from_bytes(&index.to_bytes()).is_ok());
        }
    }
}
