//! Which package of the operating system owns which file, and whether the file
//! is still what the package installed.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    spots::Chain,
    tree::{Id, Tree},
};
use crate::{
    Found,
    found::FileDigest,
    layer::{FileKind, FileRecord},
};

/// A package that owns a file.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The package, as its manager keys it: `libc6:amd64`.
    pub package: &'a str,
    digest: Option<FileDigest>,
    config: bool,
}

/// What package databases say of the files that are there in the end.
#[derive(Default)]
pub(super) struct Owners<'a> {
    by_file: FxHashMap<Id, Vec<Owner<'a>>>,
    /// Paths that a package owned at any time.
    ever: FxHashSet<&'a str>,
    /// Files that are not what their package installed.
    pub changed: FxHashSet<Id>,
    /// How many files could be compared.
    pub verified: u64,
    /// Whether any database is there in the end.
    pub any: bool,
}

impl<'a> Owners<'a> {
    /// Reads the databases' lists of files.
    pub fn new(tree: &Tree<'_>, chains: &[Chain<'a>]) -> Self {
        let mut owners = Owners::default();
        let mut folders: FxHashMap<&'a str, Option<String>> = FxHashMap::default();
        for chain in chains {
            let visible = chain.visible(tree).map(|(id, _)| id);
            for (id, found) in &chain.versions {
                for found in *found {
                    let Found::Owned(owned) = found else { continue };
                    let is_visible = visible == Some(*id);
                    owners.any |= is_visible;
                    for file in &owned.files {
                        owners.ever.insert(&file.path);
                        if !is_visible {
                            continue;
                        }
                        let Some(id) = find(tree, &file.path, &mut folders) else {
                            continue;
                        };
                        if tree.record(id).kind == FileKind::Directory {
                            continue;
                        }
                        let all = owners.by_file.entry(id).or_default();
                        // One database file has the list, another the digests.
                        match all.iter_mut().find(|o| o.package == owned.package) {
                            Some(owner) => {
                                owner.digest = owner.digest.or(file.digest);
                                owner.config |= file.config;
                            }
                            None => all.push(Owner {
                                package: &owned.package,
                                digest: file.digest,
                                config: file.config,
                            }),
                        }
                    }
                }
            }
        }
        owners.verify(tree);
        owners
    }

    /// Who owns a file that is there in the end, itself or by another name.
    pub fn of(&self, tree: &Tree<'_>, id: Id) -> Option<&Owner<'a>> {
        self.by_file
            .get(&id)
            .or_else(|| {
                // A hard link belongs to whoever owns what it links to.
                let links = tree.links_to(id);
                links.iter().find_map(|link| self.by_file.get(link))
            })
            .or_else(|| self.by_file.get(&tree.target(id)?))
            .and_then(|owners| owners.first())
    }

    /// Whether a package owned this path at any time.
    pub fn ever_owned(&self, path: &str) -> bool {
        self.ever.contains(path)
    }

    /// Compares what can be. Configuration may be edited, and where several
    /// packages own one file it has to be what one of them says.
    fn verify(&mut self, tree: &Tree<'_>) {
        for (id, owners) in &self.by_file {
            let record = tree.content(*id);
            let mut compared = false;
            let mut fits = false;
            for owner in owners {
                if let Some(same) = owner.digest.and_then(|digest| is(record, digest)) {
                    compared = true;
                    fits |= same || owner.config;
                }
            }
            if compared {
                self.verified += 1;
                if !fits {
                    self.changed.insert(*id);
                }
            }
        }
    }
}

/// Whether a file has this digest; none when that kind was not computed.
fn is(record: &FileRecord, digest: FileDigest) -> Option<bool> {
    record.digests.iter().find_map(|own| match (own, digest) {
        (FileDigest::Md5(own), FileDigest::Md5(other)) => Some(*own == other),
        (FileDigest::Sha1(own), FileDigest::Sha1(other)) => Some(*own == other),
        (FileDigest::Sha256(own), FileDigest::Sha256(other)) => Some(*own == other),
        _ => None,
    })
}

/// [`Tree::find`], which remembers the folders that are links: databases of
/// systems whose `/lib` became one name their files as before.
fn find<'a>(
    tree: &Tree<'_>,
    path: &'a str,
    folders: &mut FxHashMap<&'a str, Option<String>>,
) -> Option<Id> {
    if let Some(id) = tree.get(path) {
        return Some(id);
    }
    let (parent, name) = path.rsplit_once('/')?;
    let real = folders
        .entry(parent)
        .or_insert_with(|| tree.real_folder(parent))
        .as_deref()?;
    tree.get(&format!("{real}/{name}"))
}
