//! Which stored images to match again when the database changes.
//!
//! [`Index`] leads from a package to the images that hold it, so that a change
//! of some advisories costs what it concerns and not one look into every SBOM
//! that is stored. Of each package it keeps the *variants* there are, such as
//! its versions: what is found for one of them holds for all images with it.

mod postings;
mod store;
mod variant;

pub use store::IndexError;
pub use variant::Variant;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use rustc_hash::FxHashMap;

use self::postings::Postings;
use crate::{
    db::{Changes, PackageKey, names},
    lookup::Place,
};

/// Leads from packages to stored images.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// By the bytes a package is found by in the database.
    packages: BTreeMap<Box<[u8]>, BTreeMap<Box<str>, Postings>>,
    /// Names of images by number; none for those that went.
    images: Vec<Option<Box<str>>>,
    numbers: FxHashMap<Box<str>, u32>,
}

/// A variant of a package that is to be matched again, and who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale<'a> {
    /// The package.
    pub package: PackageKey,
    /// The variant, as it was put in.
    pub variant: &'a str,
    /// Numbers of the images that hold it, ascending; [`Index::name`] has their names.
    pub images: Vec<u32>,
}

impl Index {
    /// One that knows no image.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what an image holds: for each package the place and name its
    /// advisories have, and whatever tells its variants apart: a version or a
    /// purl. A package that advisories may know by several names is given by
    /// each. What was said of the image before is replaced.
    pub fn put<'a>(
        &mut self,
        image: &str,
        packages: impl IntoIterator<Item = (Place<'a>, &'a str, &'a str)>,
    ) {
        self.remove(image);
        // As many images as numbers of 32 bits: more do not fit into memory.
        let number = self.images.len() as u32;
        self.images.push(Some(image.into()));
        self.numbers.insert(image.into(), number);
        for (place, name, variant) in packages {
            // What has no such key can't be in a database either.
            let Some(key) = names::encode(place, name) else {
                continue;
            };
            if !self.packages.contains_key(key.as_slice()) {
                self.packages.insert(key.as_slice().into(), BTreeMap::new());
            }
            let Some(variants) = self.packages.get_mut(key.as_slice()) else {
                continue;
            };
            match variants.get_mut(variant) {
                Some(postings) => postings.push(number),
                None => {
                    let mut postings = Postings::default();
                    postings.push(number);
                    variants.insert(variant.into(), postings);
                }
            }
        }
    }

    /// Forgets an image. What it held is dropped when the index is next written.
    pub fn remove(&mut self, image: &str) {
        if let Some(number) = self.numbers.remove(image)
            && let Some(name) = self.images.get_mut(number as usize)
        {
            *name = None;
        }
    }

    /// How many images it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The name of an image by its number.
    #[must_use]
    pub fn name(&self, image: u32) -> Option<&str> {
        self.images.get(image as usize)?.as_deref()
    }

    /// What is to be matched again after these changes, by package and variant
    /// in order.
    #[must_use]
    pub fn stale(&self, changes: &Changes) -> Vec<Stale<'_>> {
        let mut keys: BTreeSet<&[u8]> = BTreeSet::new();
        for package in &changes.packages {
            let key = names::encode(package.place.as_place(), &package.name);
            let known = key.and_then(|key| self.packages.get_key_value(key.as_slice()));
            keys.extend(known.map(|(key, _)| &**key));
        }
        for place in &changes.places {
            let Some(first) = names::encode(place.as_place(), "") else {
                continue;
            };
            let bounds = (Bound::Included(first.as_slice()), Bound::Unbounded);
            let from = self.packages.range::<[u8], _>(bounds);
            let of_place = from.take_while(|(key, _)| key.starts_with(&first));
            keys.extend(of_place.map(|(key, _)| &**key));
        }
        self.of(keys)
    }

    fn of(&self, keys: BTreeSet<&[u8]>) -> Vec<Stale<'_>> {
        let mut stale = Vec::new();
        for key in keys {
            let (Some(package), Some(variants)) = (names::decode(key), self.packages.get(key))
            else {
                continue;
            };
            for (variant, postings) in variants {
                let mut images = postings.numbers();
                images.retain(|image| self.name(*image).is_some());
                if !images.is_empty() {
                    stale.push(Stale {
                        package: package.clone(),
                        variant,
                        images,
                    });
                }
            }
        }
        stale
    }

    /// Everything there is, by package and variant in order: as if all had changed.
    #[must_use]
    pub fn every(&self) -> Vec<Stale<'_>> {
        self.of(self.packages.keys().map(|key| &**key).collect())
    }

    /// The images that any of this is about, by name in order.
    #[must_use]
    pub fn images<'a>(&'a self, stale: &[Stale<'_>]) -> BTreeSet<&'a str> {
        let mut seen = vec![false; self.images.len()];
        for &image in stale.iter().flat_map(|stale| &stale.images) {
            if let Some(seen) = seen.get_mut(image as usize) {
                *seen = true;
            }
        }
        let names = self.images.iter().zip(seen);
        names
            .filter(|(_, seen)| *seen)
            .filter_map(|(name, _)| name.as_deref())
            .collect()
    }
}

#[cfg(test)]
mod tests;
