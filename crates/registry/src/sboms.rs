//! Images that were looked into: what each holds, kept so that it can be
//! matched again without its bytes.
//!
//! One file for each image, written under another name, flushed and renamed: a
//! reader sees a whole one or none, whatever crashes. Any number of processes
//! may read and write at once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use plimsoll_model::{AssetId, ImageName, Timestamp, image::Image};
use serde::{Deserialize, Serialize};

use crate::packed;

mod chains;

pub use chains::Chains;
pub(crate) use chains::{MARK as CHAIN, any_chain};

/// What a file begins with. The number changes with its form.
pub(crate) const MARK: &[u8; 8] = b"plmsBom1";
/// Bytes of one file, packed and not.
const MOST_FILE: u64 = 512 << 20;
const MOST_PLAIN: u64 = 2 << 30;
/// Groups of files: a folder each, by the first byte of a name.
const GROUPS: u64 = 256;
/// How the names of files of images end.
const ENDING: &str = "image";
/// Images that are kept unless the caller says otherwise.
pub const DEFAULT_MOST: u64 = 1 << 20;

/// An image as it was when it was last looked into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stored {
    /// What it holds.
    pub image: Image,
    /// When it was looked into.
    pub at: Timestamp,
    /// What its packages were compared with: the database's identity in
    /// hexadecimal; empty when with none.
    pub compared: String,
    /// What was found: vulnerability, package without version, version.
    pub found: Vec<(String, String, String)>,
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Which.
    pub path: PathBuf,
    /// What tells one writing of it from another.
    pub stamp: (u64, u64),
}

/// The images in one folder.
#[derive(Clone, Debug)]
pub struct Sboms {
    folder: PathBuf,
    most: u64,
}

/// Where they are, when `variable` gives the environment; none when there is
/// neither `XDG_DATA_HOME` nor `HOME`. First-seen times are no cache.
#[must_use]
pub fn usual_folder(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("plimsoll/images"))
}

/// What an image is known by: its repository and digest; none when no digest
/// tells it from the next of its name.
#[must_use]
pub fn id(image: &Image) -> Option<AssetId> {
    let digest = image.digest.as_ref().or(image.id.as_ref())?;
    let name = image.tags.first().unwrap_or(&image.name);
    let repository = ImageName::parse(name).map(|name| name.repository().to_owned());
    Some(AssetId::image(
        repository.as_deref().unwrap_or(name),
        Some(digest),
    ))
}

impl Sboms {
    /// The images in a folder, made when one is put into it; at most `most`.
    #[must_use]
    pub fn new(folder: PathBuf, most: u64) -> Self {
        Sboms { folder, most }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, id: &AssetId) -> PathBuf {
        let hash = blake3::hash(id.as_str().as_bytes()).to_hex();
        let (group, _) = hash.as_str().split_at(2);
        let (name, _) = hash.as_str().split_at(32);
        self.folder.join(group).join(format!("{name}.{ENDING}"))
    }

    /// Which chains of layers these images have.
    #[must_use]
    pub fn chains(&self) -> Chains {
        Chains::new(self.folder.join("chains"), self.most)
    }

    /// Keeps an image, in place of what was kept of it before. When there are
    /// too many, those that were looked into longest ago go.
    ///
    /// # Errors
    /// It can't be written.
    pub fn put(&self, id: &AssetId, stored: &Stored) -> io::Result<()> {
        let plain = serde_json::to_vec(stored).map_err(io::Error::other)?;
        let bytes = packed::pack(MARK, &plain)?;
        if plain.len() as u64 > MOST_PLAIN || bytes.len() as u64 > MOST_FILE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let path = self.path(id);
        let is_new = !path.exists();
        packed::write(&path, &bytes)?;
        if is_new && let Some(group) = path.parent() {
            evict(group, ENDING, self.most, &path);
        }
        Ok(())
    }

    /// What is kept of an image; none when nothing is, or what is can't be
    /// read: it is looked into again then.
    #[must_use]
    pub fn get(&self, id: &AssetId) -> Option<Stored> {
        read(&self.path(id)).ok()
    }

    /// Takes an image out; whether it was there.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn remove(&self, id: &AssetId) -> io::Result<bool> {
        match fs::remove_file(self.path(id)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Every file, in order.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        let groups = match fs::read_dir(&self.folder) {
            Ok(groups) => groups,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(error),
        };
        for group in groups {
            let group = group?;
            if group.file_name().len() == 2 && group.file_type()?.is_dir() {
                found.extend(of_group(&group.path(), ENDING)?);
            }
        }
        // By the bytes of their names: paths as such are compared part by part.
        found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        Ok(found)
    }
}

/// Leaves a group no more than its share of `most`. Best effort: others are at
/// it too.
fn evict(group: &Path, ending: &str, most: u64, keep: &Path) {
    let share = usize::try_from((most / GROUPS).max(1)).unwrap_or(usize::MAX);
    let Ok(mut entries) = of_group(group, ending) else {
        return;
    };
    let Some(over) = entries.len().checked_sub(share) else {
        return;
    };
    entries.sort_by(|a, b| (a.stamp, &a.path).cmp(&(b.stamp, &b.path)));
    let others = entries.iter().filter(|entry| entry.path != keep);
    for entry in others.take(over) {
        let _ = fs::remove_file(&entry.path);
    }
}

fn of_group(group: &Path, ending: &str) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for file in fs::read_dir(group)? {
        let file = file?;
        let path = file.path();
        if path.extension().is_none_or(|end| end != ending) {
            continue;
        }
        // Gone since it was listed: nothing of it counts.
        let Ok(metadata) = file.metadata() else {
            continue;
        };
        let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let since = written
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        found.push(Entry {
            path,
            stamp: (nanos, metadata.len()),
        });
    }
    Ok(found)
}

/// The image of a file.
///
/// # Errors
/// It can't be read; `InvalidData` when it is damaged or of another form.
pub fn read(path: &Path) -> io::Result<Stored> {
    decode(&packed::read(path, MOST_FILE)?)
}

fn decode(bytes: &[u8]) -> io::Result<Stored> {
    let plain = packed::unpack(MARK, bytes, MOST_PLAIN)?;
    serde_json::from_slice(&plain).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn any_stored(bytes: &[u8]) {
    let _ = decode(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn image(repository: &str, digit: u8) -> (AssetId, Stored) {
        let digest = format!("sha256:{digit:064x}");
        let image = Image {
            name: format!("{repository}:1"),
            digest: digest.parse().ok(),
            ..Image::default()
        };
        let id = id(&image).expect("it has a digest");
        let stored = Stored {
            image,
            ..Stored::default()
        };
        (id, stored)
    }

    #[test]
    fn an_image_is_had_as_it_was_put_by_repository_and_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let sboms = Sboms::new(folder.path().join("images"), DEFAULT_MOST);
        assert!(sboms.entries().expect("none yet").is_empty());
        let (a, of_a) = image("r.example.com/a", 1);
        let (b, of_b) = image("r.example.com/b", 1);
        sboms.put(&a, &of_a).expect("written");
        sboms.put(&b, &of_b).expect("written");
        sboms.put(&b, &of_b).expect("written again");
        assert_eq!(sboms.get(&a), Some(of_a));
        assert_eq!(sboms.entries().expect("listed").len(), 2);
        assert!(sboms.remove(&a).expect("removed"));
        assert!(!sboms.remove(&a).expect("gone already"));
        assert_eq!(sboms.get(&a), None);
        assert_eq!(sboms.get(&b), Some(of_b));
    }

    #[test]
    fn what_a_crash_left_is_no_image_and_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let sboms = Sboms::new(folder.path().to_owned(), DEFAULT_MOST);
        let (a, of_a) = image("r.example.com/a", 1);
        sboms.put(&a, &of_a).expect("written");
        let path = &sboms.entries().expect("listed")[0].path;
        let half = packed::read(path, MOST_FILE).expect("read");
        fs::write(path, &half[..half.len() / 2]).expect("cut");
        fs::write(path.with_file_name(".unfinished-1-1"), b"half").expect("left");
        assert_eq!(sboms.get(&a), None);
        sboms.put(&a, &of_a).expect("written");
        assert_eq!(sboms.get(&a), Some(of_a));
        assert_eq!(sboms.entries().expect("listed").len(), 1);
    }

    #[test]
    fn those_looked_into_longest_ago_go_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let sboms = Sboms::new(folder.path().to_owned(), 1);
        let all: Vec<_> = (0..200)
            .map(|digit| image("r.example.com/a", digit))
            .collect();
        for (id, stored) in &all {
            sboms.put(id, stored).expect("written");
            assert!(sboms.get(id).is_some(), "the one that was just put stays");
        }
        assert!(sboms.entries().expect("listed").len() < 200);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_bytes_are_an_image_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), sealed: bool) {
            let bytes = if sealed { packed::pack(MARK, &bytes).expect("packed") } else { bytes };
            any_stored(&bytes);
        }
    }
}
