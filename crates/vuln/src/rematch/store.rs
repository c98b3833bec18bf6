//! The index as bytes, to be kept between runs.
//!
//! `PLIMSIDX`, format, names of the images in order; for each package, in
//! order, its key and variants, and of each variant the images; at the end the
//! BLAKE3 hash of all before. Counts and differences are varints, texts are
//! counted bytes. What was forgotten is left out, and numbers are given anew.

use std::collections::BTreeMap;

use super::{Index, Postings};
use crate::db::{
    bytes::{Reader, put_ascending, put_counted, put_varint},
    names,
};

const MAGIC: &[u8; 8] = b"PLIMSIDX";
const FORMAT: u8 = 1;
const HASH: usize = 32;

/// The bytes are no index. It can be made anew from the stored SBOMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Something else, or of another format.
    #[error("this is no index of images, or one of another format")]
    Foreign,
    /// Not what was written.
    #[error("the index of images is damaged")]
    Damaged,
}

impl Index {
    /// Its bytes. The same images with the same packages make the same bytes,
    /// whatever was put in and forgotten before.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(FORMAT);
        let mut names: Vec<(&str, u32)> = self
            .numbers
            .iter()
            .map(|(name, at)| (&**name, *at))
            .collect();
        names.sort_unstable();
        let mut renumbered = vec![None; self.images.len()];
        put_varint(&mut out, names.len() as u64);
        for (new, (name, old)) in (0_u32..).zip(names) {
            put_counted(&mut out, name.as_bytes());
            renumbered[old as usize] = Some(new);
        }
        let mut entry = Vec::new();
        for (key, variants) in &self.packages {
            entry.clear();
            let mut held = 0_u64;
            for (variant, postings) in variants {
                let numbers = postings.numbers().into_iter();
                let mut images: Vec<u32> = numbers
                    .filter_map(|image| renumbered[image as usize])
                    .collect();
                if images.is_empty() {
                    continue;
                }
                images.sort_unstable();
                held += 1;
                put_counted(&mut entry, variant.as_bytes());
                put_ascending(&mut entry, &images);
            }
            if held > 0 {
                put_counted(&mut out, key);
                put_varint(&mut out, held);
                out.extend_from_slice(&entry);
            }
        }
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    /// Reads what [`Index::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are something else, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut reader = Reader::new(bytes);
        if reader.array() != Some(*MAGIC) || reader.take(1) != Some(&[FORMAT]) {
            return Err(IndexError::Foreign);
        }
        let rest = reader.remaining().checked_sub(HASH);
        let body = rest
            .and_then(|rest| reader.take(rest))
            .ok_or(IndexError::Damaged)?;
        let hashed = &bytes[..bytes.len() - HASH];
        if reader.array() != Some(*blake3::hash(hashed).as_bytes()) {
            return Err(IndexError::Damaged);
        }
        read(&mut Reader::new(body)).ok_or(IndexError::Damaged)
    }
}

fn text<'a>(reader: &mut Reader<'a>) -> Option<&'a str> {
    std::str::from_utf8(reader.counted()?).ok()
}

fn read(reader: &mut Reader<'_>) -> Option<Index> {
    let mut index = Index::new();
    let images = reader.small()?;
    for number in 0..images {
        let name = text(reader)?;
        index.images.push(Some(name.into()));
        if index.numbers.insert(name.into(), number).is_some() {
            return None;
        }
    }
    while !reader.is_empty() {
        let key = reader.counted()?;
        names::decode(key)?;
        let mut variants = BTreeMap::new();
        for _ in 0..reader.size()? {
            let variant = text(reader)?;
            let mut postings = Postings::default();
            let mut number = 0_u32;
            for _ in 0..reader.size()? {
                number = number.checked_add(reader.small()?)?;
                if number >= images {
                    return None;
                }
                postings.push(number);
            }
            variants.insert(variant.into(), postings);
        }
        index.packages.insert(key.into(), variants);
    }
    Some(index)
}
