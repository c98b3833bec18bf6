//! The images that workloads name, wherever they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_assess::{LookedInto, image::Digest, vuln::vex::Document};
use plimsoll_model::{ImageName, UnknownAsset, image::Image};
use rayon::prelude::*;

use super::{Found, Opener};
use crate::{
    args::RegistryArgs,
    context::Context,
    exit::{Failure, fail},
};

/// Archives of a folder that are looked at.
const MOST_FILES: usize = 10_000;
/// How deep folders in a folder are looked through.
const MOST_DEPTH: usize = 4;
/// Images whose layers are read together, each once: what is known of them is in
/// memory until the last is put together. From one batch to the next the cache
/// remembers.
const BATCH: usize = 100;

/// Where images are looked for, in order.
pub struct Shelves<'a> {
    opener: Opener<'a>,
    shelves: Vec<Shelf>,
}

enum Shelf {
    Registry,
    Folder(Folder),
}

/// The images of a folder.
struct Folder {
    path: PathBuf,
    /// By full name with tag, or by digest: where it is, and what it is called
    /// there.
    images: BTreeMap<String, (PathBuf, String)>,
}

impl<'a> Shelves<'a> {
    /// Opens what the command line names; `with_attached` has VEX documents that are
    /// attached to images too.
    ///
    /// # Errors
    /// A folder can't be read.
    pub fn open(
        context: &'a Context,
        args: &RegistryArgs,
        named: &[String],
        with_attached: bool,
    ) -> Result<Self, Failure> {
        let opener = Opener::new(context, args)?.with_attached(with_attached);
        let mut shelves = Vec::new();
        for name in named {
            if name == "registry" {
                shelves.push(Shelf::Registry);
                continue;
            }
            let path = PathBuf::from(name);
            if !path.is_dir() {
                return fail(format!(
                    "--images {name}: there is no such folder; name one, or `registry`"
                ));
            }
            let folder = Folder::read(&opener, path).map_err(|error| {
                context.stderr.error(&format!("--images {name}: {error}"));
                Failure::Reported
            })?;
            shelves.push(Shelf::Folder(folder));
        }
        Ok(Shelves { opener, shelves })
    }

    /// The VEX documents that are attached to the images that were looked into.
    pub fn attached(&mut self) -> BTreeMap<Digest, Vec<Document>> {
        self.opener.attached()
    }

    /// Looks into the image of every name, each once.
    pub fn look_into(&self, names: &BTreeSet<Arc<str>>) -> Vec<LookedInto> {
        // Several names may be one image: `nginx` and `docker.io/library/nginx:latest`.
        let mut by_full: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
        let mut images = Vec::new();
        for name in names {
            match ImageName::parse(name) {
                Some(full) => by_full.entry(key(&full)).or_default().push(name.clone()),
                None => images.push(LookedInto {
                    names: vec![name.clone()],
                    outcome: Err(UnknownAsset {
                        reason: "it is no complete name".to_owned(),
                        remedy: "write it out where the asset is checked".to_owned(),
                    }),
                    at: None,
                }),
            }
        }
        let mut named: Vec<(String, Vec<Arc<str>>)> = by_full.into_iter().collect();
        while !named.is_empty() {
            let batch: Vec<_> = named.drain(..named.len().min(BATCH)).collect();
            self.look_into_all(batch, &mut images);
        }
        images
    }

    /// Opens all, then reads the layers of all, each once.
    fn look_into_all(&self, batch: Vec<(String, Vec<Arc<str>>)>, images: &mut Vec<LookedInto>) {
        let found: Vec<_> = batch
            .into_par_iter()
            .map(|(full, names)| {
                let found = self.find(&full, &names[0]);
                (full, names, found)
            })
            .collect();
        let mut opened = Vec::new();
        let mut waiting = Vec::new();
        for (full, names, found) in found {
            match found {
                Ok(Found::Opened(image)) => {
                    opened.push(*image);
                    waiting.push((full, names));
                }
                Ok(Found::Read(whole)) => images.push(LookedInto {
                    outcome: Ok(called(whole.image, &full)),
                    names,
                    at: None,
                }),
                Err(unknown) => images.push(LookedInto {
                    outcome: Err(unknown),
                    names,
                    at: None,
                }),
            }
        }
        let read = self.opener.describe_all(opened);
        for (image, (full, names)) in read.into_iter().zip(waiting) {
            images.push(LookedInto {
                outcome: Ok(called(image, &full)),
                names,
                at: None,
            });
        }
    }

    fn find(&self, full: &str, name: &str) -> Result<Found, UnknownAsset> {
        let mut reasons = Vec::new();
        for shelf in &self.shelves {
            let found = match shelf {
                Shelf::Registry => self
                    .opener
                    .opened(full)
                    .map(|opened| Found::Opened(Box::new(opened))),
                Shelf::Folder(folder) => match folder.find(full) {
                    Some((path, choice)) => self
                        .opener
                        .local(path, Some(choice).filter(|choice| !choice.is_empty())),
                    None => Err(format!("{} has no such image", folder.path.display())),
                },
            };
            match found {
                Ok(found) => return Ok(found),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(UnknownAsset {
            reason: format!("it could not be looked into: {}", reasons.join("; ")),
            remedy: format!("give the folder or registry that has {name} with --images"),
        })
    }
}

/// By the name people know: the archive it came from is no identity.
fn called(mut image: Image, full: &str) -> Arc<Image> {
    if !image.tags.iter().any(|tag| tag == full) {
        image.tags.insert(0, full.to_owned());
    }
    image.tags.sort_by_key(|tag| tag != full);
    Arc::new(image)
}

/// The full name with its tag; by digest alone when it names one.
fn key(name: &ImageName) -> String {
    match (name.digest(), name.tag()) {
        (Some(digest), _) => format!("{}@{digest}", name.repository()),
        (None, tag) => format!("{}:{}", name.repository(), tag.unwrap_or("latest")),
    }
}

impl Folder {
    fn read(opener: &Opener<'_>, path: PathBuf) -> std::io::Result<Self> {
        let mut files = Vec::new();
        collect(&path, 0, &mut files)?;
        files.sort();
        let listed: Vec<Vec<(String, String)>> = files
            .par_iter()
            .map(|file| {
                let names = opener.names(file).unwrap_or_default();
                let keys = names.into_iter().filter_map(|(name, choice)| {
                    let key = match name.strip_prefix("sha256:") {
                        Some(_) => name,
                        None => key(&ImageName::parse(&name)?),
                    };
                    Some((key, choice))
                });
                keys.collect()
            })
            .collect();
        let mut images = BTreeMap::new();
        for (file, names) in files.into_iter().zip(listed) {
            for (name, choice) in names {
                images.entry(name).or_insert((file.clone(), choice));
            }
        }
        Ok(Folder { path, images })
    }

    /// By full name, else by digest.
    fn find(&self, full: &str) -> Option<(&Path, &str)> {
        let by_digest = || {
            let (_, digest) = full.split_once('@')?;
            self.images.get(digest)
        };
        let (path, choice) = self.images.get(full).or_else(by_digest)?;
        Some((path, choice))
    }
}

/// The archives and layouts below a folder.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.join("oci-layout").is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if found.len() >= MOST_FILES {
            break;
        }
        if path.is_dir() {
            // A link may lead around in a circle.
            if depth < MOST_DEPTH && !path.is_symlink() {
                collect(&path, depth + 1, found)?;
            }
        } else if is_archive(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_archive(path: &Path) -> bool {
    const ENDINGS: [&str; 5] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}
