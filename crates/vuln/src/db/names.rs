//! How packages are named in the file: a place, and a name in it.

use plimsoll_model::PackageType;
use serde::{Deserialize, Serialize};

use super::table::MAX_KEY;
use crate::lookup::{self, Place};

/// A [`Place`] that owns what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PlaceBuf {
    /// A release of a distribution.
    Distribution {
        /// Its `ID`.
        id: String,
        /// Its release, as advisories name it.
        release: String,
    },
    /// A registry.
    Registry(PackageType),
    /// Programs, named `vendor:product`.
    Program,
}

impl PlaceBuf {
    /// The place.
    #[must_use]
    pub fn as_place(&self) -> Place<'_> {
        match self {
            PlaceBuf::Distribution { id, release } => Place::Distribution { id, release },
            PlaceBuf::Registry(kind) => Place::Registry(*kind),
            PlaceBuf::Program => Place::Program,
        }
    }
}

impl From<Place<'_>> for PlaceBuf {
    fn from(place: Place<'_>) -> Self {
        match place {
            Place::Distribution { id, release } => PlaceBuf::Distribution {
                id: id.to_owned(),
                release: release.to_owned(),
            },
            Place::Registry(kind) => PlaceBuf::Registry(kind),
            Place::Program => PlaceBuf::Program,
        }
    }
}

/// A package that advisories are about, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageKey {
    /// Where it comes from.
    pub place: PlaceBuf,
    /// Its name there, as [`lookup::key`](crate::lookup::key) has it.
    pub name: String,
}

impl PackageKey {
    /// The package of this name in this place, whatever way it is written.
    #[must_use]
    pub fn new(place: Place<'_>, name: impl AsRef<str>) -> Self {
        PackageKey {
            place: place.into(),
            name: lookup::key(place, name.as_ref()).into_owned(),
        }
    }
}

/// The bytes a package is found by, whatever way its name is written; none when
/// no file can hold them.
pub(crate) fn encode(place: Place<'_>, name: &str) -> Option<Vec<u8>> {
    let name = lookup::key(place, name);
    let mut key = Vec::with_capacity(32 + name.len());
    match place {
        Place::Distribution { id, release } => {
            if id.contains('\0') || release.contains('\0') {
                return None;
            }
            key.push(b'd');
            key.extend_from_slice(id.as_bytes());
            key.push(0);
            key.extend_from_slice(release.as_bytes());
        }
        Place::Registry(kind) => {
            key.push(b'r');
            key.extend_from_slice(kind.to_string().as_bytes());
        }
        Place::Program => key.push(b'p'),
    }
    key.push(0);
    key.extend_from_slice(name.as_bytes());
    (key.len() <= MAX_KEY).then_some(key)
}

/// What [`encode`] writes for a package of a distribution comes before this in the
/// order of keys, and what it writes for any other behind it.
pub(super) const BEHIND_DISTRIBUTIONS: &[u8] = b"e";

/// What [`encode`] wrote.
pub(crate) fn decode(key: &[u8]) -> Option<PackageKey> {
    let key = std::str::from_utf8(key).ok()?;
    let mut letters = key.chars();
    let (kind, rest) = (letters.next()?, letters.as_str());
    let (first, rest) = rest.split_once('\0')?;
    let (place, name) = match kind {
        'd' => {
            let (release, name) = rest.split_once('\0')?;
            let (id, release) = (first.to_owned(), release.to_owned());
            (PlaceBuf::Distribution { id, release }, name)
        }
        'r' => (PlaceBuf::Registry(first.parse().ok()?), rest),
        'p' if first.is_empty() => (PlaceBuf::Program, rest),
        _ => return None,
    };
    let name = name.to_owned();
    Some(PackageKey { place, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_bytes_that_name_them_alone() {
        let places = [
            Place::Distribution {
                id: "debian",
                release: "12",
            },
            Place::Distribution {
                id: "wolfi",
                release: "",
            },
            Place::Registry(PackageType::Npm),
            Place::Program,
        ];
        for place in places {
            for name in ["openssl", "@types/node", "", "a\0b"] {
                let key = PackageKey::new(place, name);
                let bytes = encode(place, name).unwrap();
                assert_eq!(decode(&bytes), Some(key));
            }
        }
        let hostile = Place::Distribution {
            id: "a\0b",
            release: "",
        };
        assert_eq!(encode(hostile, "x"), None);
        assert_eq!(encode(Place::Program, &"x".repeat(MAX_KEY)), None);
        for bytes in [&b""[..], b"d", b"dx\0", b"rnothing\0x", b"px\0y", b"\xff\0"] {
            assert_eq!(decode(bytes), None);
        }
    }
}
