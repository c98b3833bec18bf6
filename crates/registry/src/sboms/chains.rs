//! Which images have which layers: by the chain of an image's layers, so that
//! an image that begins with them is known to be built on it.
//!
//! One small file for each chain, so that a look-up opens as many files as the
//! image has layers, however many images are known. Of several images of one
//! chain the least in a fixed order stays: who comes last does not matter.

use std::{cmp::Reverse, io, path::PathBuf};

use plimsoll_image::{
    Digest,
    image::{KnownBase, KnownBases, chain_ids},
};
use plimsoll_model::image::{Image, ImageForm};
use serde::{Deserialize, Serialize};

use super::evict;
use crate::packed;

/// What a file begins with. The number changes with its form.
pub(crate) const MARK: &[u8; 8] = b"plmsChn1";
const ENDING: &str = "chain";
/// Bytes of one file, packed and not.
const MOST_FILE: u64 = 64 << 10;

/// An image of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    name: String,
    digest: Option<Digest>,
    created: Option<String>,
    form: ImageForm,
}

impl Seen {
    /// The least of several is the one that is told: whose name its registry
    /// vouches for, and which has one at all.
    fn order(&self) -> impl Ord + '_ {
        let vouched = matches!(self.form, ImageForm::Registry | ImageForm::Containerd);
        (
            Reverse(vouched),
            self.name.is_empty(),
            &self.name,
            self.digest,
            self.form as u8,
            &self.created,
        )
    }
}

/// The chains in one folder.
#[derive(Clone, Debug)]
pub struct Chains {
    folder: PathBuf,
    most: u64,
}

impl Chains {
    pub(super) fn new(folder: PathBuf, most: u64) -> Self {
        Chains { folder, most }
    }

    fn path(&self, chain: &Digest) -> PathBuf {
        let hex = chain.hex();
        let (group, _) = hex.split_at(2);
        self.folder.join(group).join(format!("{hex}.{ENDING}"))
    }

    fn get(&self, chain: &Digest) -> Option<Seen> {
        let bytes = packed::read(&self.path(chain), MOST_FILE).ok()?;
        decode(&bytes)
    }

    /// Takes note of an image, when all its layers were read.
    ///
    /// # Errors
    /// It can't be written.
    pub fn learn(&self, image: &Image) -> io::Result<()> {
        use ImageForm::{Containerd, DockerArchive, OciLayout, Registry};
        let form = image.form;
        let named = matches!(form, Registry | Containerd);
        if !named && !matches!(form, DockerArchive | OciLayout) {
            return Ok(());
        }
        let layers: Option<Vec<Digest>> = image.layers.iter().map(|l| l.diff_id).collect();
        let Some(chain) = layers.and_then(|layers| chain_ids(&layers).pop()) else {
            return Ok(());
        };
        // An archive's file is no name of the image.
        let name = image.tags.first().or(named.then_some(&image.name));
        let seen = Seen {
            name: name.cloned().unwrap_or_default(),
            digest: image.digest,
            created: image.config.created.clone(),
            form,
        };
        if seen.name.is_empty() && seen.digest.is_none() {
            return Ok(());
        }
        let before = self.get(&chain);
        if before
            .as_ref()
            .is_some_and(|before| before.order() <= seen.order())
        {
            return Ok(());
        }
        let plain = serde_json::to_vec(&seen).map_err(io::Error::other)?;
        let path = self.path(&chain);
        packed::write(&path, &packed::pack(MARK, &plain)?)?;
        if before.is_none()
            && let Some(group) = path.parent()
        {
            evict(group, ENDING, self.most, &path);
        }
        Ok(())
    }
}

impl KnownBases for Chains {
    fn base(&self, chain: &Digest) -> Option<KnownBase> {
        let seen = self.get(chain)?;
        Some(KnownBase {
            name: seen.name,
            digest: seen.digest,
            created: seen.created,
            seen: Some(seen.form),
        })
    }
}

fn decode(bytes: &[u8]) -> Option<Seen> {
    let plain = packed::unpack(MARK, bytes, MOST_FILE).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn any_chain(bytes: &[u8]) {
    let _ = decode(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_chain_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), sealed: bool) {
            let bytes = if sealed { packed::pack(MARK, &bytes).expect("packed") } else { bytes };
            any_chain(&bytes);
        }
    }
}
