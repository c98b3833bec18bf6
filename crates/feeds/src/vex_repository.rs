//! VEX repositories: had from where their manifests say and kept, or read from a
//! folder or an archive as they are.
//!
//! What is kept stands in `FOLDER/vex/KEY/`: `about.json`, and the documents in a
//! folder that is named by the archive they came in. Another archive is another
//! folder: who reads one while it is replaced keeps reading what it began with,
//! or is told that a document is gone.

mod had;
mod local;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use plimsoll_image::bounded::read_all;
use plimsoll_vuln::vex::{
    self,
    repository::{Index, MOST_INDEX, Repository, RepositoryError, Said},
};
use serde::{Deserialize, Serialize};

pub use self::had::{Outcome, update};
use crate::{Error, store::Copy};

/// Bytes of one document.
const MOST_DOCUMENT: u64 = 64 << 20;
/// Bytes of all documents of a repository.
const MOST_TOTAL: u64 = 2 << 30;
/// Bytes of all documents of an archive that is read as it is.
const MOST_HELD: u64 = 512 << 20;
/// Bytes of an `about.json`.
const MOST_ABOUT: u64 = 1 << 20;
/// What a repository says is where.
pub(crate) const INDEX: &str = "index.json";
/// What is known of a repository that is kept.
const ABOUT: &str = "about.json";

/// What is known of a repository that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// What the user calls it: its address.
    pub url: String,
    /// What it calls itself.
    pub name: String,
    /// Its archive.
    pub archive: Copy,
    /// The folder of its documents.
    pub folder: String,
    /// When it was last changed, as its index says.
    pub updated: Option<Timestamp>,
    /// Packages it has a document about.
    pub packages: u64,
    /// How often it wants to be asked for what is new, in seconds.
    pub update_interval: Option<u64>,
    /// What of it could not be read, the first few.
    pub problems: Vec<String>,
}

/// A repository that can be asked.
pub struct Shelf {
    name: String,
    index: Index,
    documents: Documents,
}

/// Where the documents are.
enum Documents {
    /// Below a folder, as the index names them.
    Tree(PathBuf),
    /// In a folder, named by the hash of how the index names them.
    Hashed(PathBuf),
    /// Here.
    Held(HashMap<String, Vec<u8>>),
}

/// Where what is known of a repository is kept.
fn place(data: &Path, url: &str) -> PathBuf {
    let hash = blake3::hash(url.as_bytes()).to_hex();
    let (key, _) = hash.as_str().split_at(32);
    data.join("vex").join(key)
}

/// The repositories that are kept, by address.
///
/// # Errors
/// The folder can't be read, or what is known of one.
pub fn all(data: &Path) -> Result<Vec<About>, Error> {
    let folder = data.join("vex");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io(&folder))?;
        found.extend(about_in(&entry.path())?);
    }
    found.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(found)
}

/// What is known of the repository at an address; none when it is not kept.
///
/// # Errors
/// It can't be read.
pub fn about(data: &Path, url: &str) -> Result<Option<About>, Error> {
    about_in(&place(data, url))
}

fn about_in(folder: &Path) -> Result<Option<About>, Error> {
    let path = folder.join(ABOUT);
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(Error::io(path)(error)),
    };
    let bytes = read_all(file, MOST_ABOUT).map_err(Error::io(&path))?;
    let about: About = serde_json::from_slice(&bytes)
        .map_err(|error| Error::io(path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    Ok(Some(about))
}

/// Opens the copy of the repository at an address.
///
/// # Errors
/// It is not kept, or can't be read.
pub fn kept(data: &Path, url: &str) -> Result<(Shelf, About), Error> {
    let Some(about) = about(data, url)? else {
        return Err(Error::Unusable {
            what: url.to_owned(),
            why: format!("there is no copy of it: `plimsoll db update --vex-repo {url}` has one"),
        });
    };
    let folder = place(data, url).join(&about.folder);
    let name = match about.name.as_str() {
        "" => url.to_owned(),
        name => format!("{name} at {url}"),
    };
    let shelf = Shelf {
        index: index_of(&folder.join(INDEX))?,
        documents: Documents::Hashed(folder),
        name,
    };
    Ok((shelf, about))
}

/// Opens a repository in a folder or an archive.
///
/// # Errors
/// It can't be read, or is none.
pub fn local(path: &Path) -> Result<Shelf, Error> {
    let name = path.display().to_string();
    if path.is_dir() {
        let root = local::root(path)?;
        return Ok(Shelf {
            index: index_of(&root.join(INDEX))?,
            documents: Documents::Tree(root),
            name,
        });
    }
    let mut held = HashMap::new();
    let unpacked = local::unpack(path, &name, "", MOST_HELD, &mut |path, bytes| {
        held.insert(path.to_owned(), bytes.to_vec());
        Ok(())
    })?;
    Ok(Shelf {
        index: unpacked.index,
        documents: Documents::Held(held),
        name,
    })
}

fn index_of(path: &Path) -> Result<Index, Error> {
    let file = fs::File::open(path).map_err(Error::io(path))?;
    let bytes = read_all(file, MOST_INDEX).map_err(Error::io(path))?;
    parse(&path.display().to_string(), &bytes)
}

fn parse(what: &str, bytes: &[u8]) -> Result<Index, Error> {
    Index::read(what, bytes).map_err(|error| Error::Unusable {
        what: what.to_owned(),
        why: match error {
            RepositoryError::Json { problem, .. } => format!("no JSON: {problem}"),
            RepositoryError::Unusable { problem, .. } => problem,
        },
    })
}

/// Reads the bytes as an index.
pub(crate) fn any(bytes: &[u8]) {
    let _ = parse("index.json", bytes);
}

/// What a document is called where it is kept.
fn hashed(path: &str) -> String {
    format!("{}.json", blake3::hash(path.as_bytes()).to_hex())
}

impl Shelf {
    /// What its index could not say, the first few.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.index.skipped
    }

    fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = match &self.documents {
            Documents::Held(held) => {
                return held
                    .get(path)
                    .cloned()
                    .ok_or_else(|| io::ErrorKind::NotFound.into());
            }
            Documents::Hashed(folder) => folder.join(hashed(path)),
            Documents::Tree(root) => {
                let file = fs::canonicalize(root.join(path))?;
                // A link may lead anywhere; what is outside is nobody's word here.
                if !file.starts_with(root) {
                    return Err(io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        "it leads out of the repository",
                    ));
                }
                file
            }
        };
        read_all(fs::File::open(file)?, MOST_DOCUMENT)
    }
}

impl Repository for Shelf {
    fn name(&self) -> &str {
        &self.name
    }

    fn about(&self, keys: &[String]) -> BTreeMap<String, Said> {
        let mut found: BTreeMap<String, Said> = BTreeMap::new();
        // A document may be about several packages: it is said once.
        let mut seen = BTreeSet::new();
        for key in keys {
            let Some(path) = self.index.path(key) else {
                continue;
            };
            let said = found.entry(key.clone()).or_default();
            if !seen.insert(path) {
                continue;
            }
            let name = format!("{path} of {}", self.name);
            let bytes = match self.bytes(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    said.problems.push(format!("{name}: {error}"));
                    continue;
                }
            };
            match vex::read(&name, &bytes) {
                Ok(mut document) => {
                    document.shared = true;
                    said.problems.extend(document.skipped.iter().map(|skipped| {
                        format!(
                            "{name}: {}: passed over: {}",
                            skipped.record, skipped.reason
                        )
                    }));
                    said.documents.push(document);
                }
                Err(error) => said.problems.push(error.to_string()),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
