//! From what a user calls an image to what is in it.

mod attached;
mod bases;
mod known;
mod shelves;

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use plimsoll_assess::{
    image::{
        Digest, FileKind, Limits, ReadAt, bounded,
        image::{self, Run, Whole},
        read_at::Cursor,
        sbom,
        source::{
            self, Blobs, Choice, Files, LayerCache, NoCache, Opened, Progress as Hears, Seen,
            SourceError,
        },
        summary::Key,
    },
    vuln::vex::Document,
};
use plimsoll_model::image::{Image, ImageForm, Platform};
use plimsoll_registry::{
    Client, DiskCache, Options, Reference,
    auth::{
        Credential,
        config::{Keychain, usual_files},
    },
    cache::{DEFAULT_MOST, usual_folder},
    containerd::Store,
    http::proxy::Proxies,
    local::RootFs,
    target::{self, Form, Target},
};

use bases::Bases;
pub use shelves::Shelves;

use crate::{
    args::RegistryArgs,
    context::Context,
    exit::{Failure, fail},
    interrupt, memory,
    progress::Progress,
};

/// Bytes of an SBOM.
const MOST_SBOM: u64 = 512 << 20;
/// Bytes of a password; no token comes near.
const MOST_PASSWORD: u64 = 64 << 10;

/// An image in a file or folder.
pub enum Found {
    /// Its layers can be read.
    Opened(Box<Opened>),
    /// It could only be read in order, and was.
    Read(Box<Whole>),
}

/// Opens images.
pub struct Opener<'a> {
    context: &'a Context,
    options: Options,
    /// What the command line gives for whatever registry is asked.
    given: Option<Credential>,
    /// By registry: they keep connections and tokens.
    clients: Mutex<BTreeMap<String, Client>>,
    platform: Option<Platform>,
    from: Option<Form>,
    /// The node's store, where images come from there and not from registries.
    store: Option<Store>,
    cache: Option<DiskCache>,
    limits: Limits,
    bases: Bases,
    /// VEX documents that are attached to images, where those are wanted.
    attached: Option<attached::Documents>,
}

impl<'a> Opener<'a> {
    /// Brings together what the command line says of registries and the cache.
    ///
    /// # Errors
    /// It says something that can't be.
    pub fn new(context: &'a Context, args: &RegistryArgs) -> Result<Self, Failure> {
        memory::give_back_soon();
        let keychain = Keychain::read(&usual_files(&variable));
        for problem in &keychain.problems {
            context.stderr.warning(problem);
        }
        let mut options = Options {
            keychain,
            insecure: args.insecure,
            ca_file: args.ca_file.clone(),
            proxies: Proxies::from_environment(&variable),
            ..Options::default()
        };
        for mirror in &args.mirror {
            let Some((registry, mirror)) = mirror.split_once('=') else {
                return Err(Failure::Usage(format!(
                    "--mirror {mirror}: write the registry and its mirror, as in docker.io=mirror.example.com"
                )));
            };
            let list = options.mirrors.entry(registry.to_owned()).or_default();
            list.push(mirror.to_owned());
        }
        let given = if args.password_stdin {
            Some(password(args.username.as_deref())?)
        } else {
            None
        };
        let platform = match &args.platform {
            // The usual one, or the only one there is.
            None => None,
            Some(text) => match text.parse::<Platform>() {
                Ok(platform) => Some(platform),
                Err(error) => return Err(Failure::Usage(format!("--platform {text}: {error}"))),
            },
        };
        let cache = if args.no_cache {
            None
        } else {
            cache(args.cache_dir.as_deref())
        };
        if let Some(cache) = &cache {
            interrupt::before_end(cache.closer());
        }
        let mut opener = Opener {
            context,
            options,
            given,
            clients: Mutex::default(),
            platform,
            from: args.from,
            store: args.containerd.as_deref().map(Store::new),
            cache,
            limits: Limits::default(),
            bases: Bases::default(),
            attached: None,
        };
        for base in &args.base {
            opener
                .add_base(base)
                .or_else(|error| fail(format!("--base {base}: {error}")))?;
        }
        Ok(opener)
    }

    /// Has VEX documents that are attached to images from now on, where that is
    /// wanted.
    #[must_use]
    pub fn with_attached(mut self, wanted: bool) -> Self {
        self.attached = wanted.then(attached::Documents::default);
        self
    }

    /// The VEX documents that are attached to the images that were opened.
    pub fn attached(&mut self) -> BTreeMap<Digest, Vec<Document>> {
        let attached = self.attached.as_mut().map(std::mem::take);
        attached.map(attached::Documents::take).unwrap_or_default()
    }

    /// What a user names: a reference, an archive, a folder, an SBOM, `-`.
    ///
    /// # Errors
    /// It can't be had, or is no image.
    pub fn open(&self, target: &str, choice: Option<&str>) -> Result<Image, Failure> {
        let opened = target::open(target, self.from).map_err(|error| error.to_string());
        let read = opened.and_then(|opened| {
            if let Some(image) = self.known_file(target, &opened, choice) {
                return Ok(image);
            }
            match self.found(target, opened, choice)? {
                Found::Opened(opened) => Ok(self.describe(&opened)),
                Found::Read(whole) => Ok(whole.image),
            }
        });
        read.or_else(fail)
    }

    /// The same with the files of its layers.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub fn whole(&self, target: &str, choice: Option<&str>) -> Result<Whole, Failure> {
        let opened = target::open(target, self.from).map_err(|error| error.to_string());
        let read = opened.and_then(|opened| match self.found(target, opened, choice)? {
            Found::Opened(opened) => {
                let opened = self.vouched(*opened);
                Ok(self.analyze(&opened))
            }
            Found::Read(whole) => Ok(*whole),
        });
        read.or_else(fail)
    }

    fn choice(&self, image: Option<&str>) -> Choice {
        Choice {
            image: image.map(str::to_owned),
            platform: self.platform.clone(),
        }
    }

    /// Opens an image; reads it where its form can only be read in order.
    fn found(&self, name: &str, target: Target, choice: Option<&str>) -> Result<Found, String> {
        let choice = self.choice(choice);
        let opened = |opened: Result<Opened, SourceError>| match opened {
            Ok(opened) => Ok(Found::Opened(Box::new(opened))),
            Err(error) => Err(format!("{name}: {error}")),
        };
        let whole = match target {
            Target::Registry(reference) => {
                let opened = self.opened(&reference.to_string())?;
                return Ok(Found::Opened(Box::new(opened)));
            }
            Target::Archive(bytes) => {
                // One that is compressed as a whole can only be read in order.
                if !is_compressed(&*bytes).map_err(|error| format!("{name}: {error}"))? {
                    return opened(source::archive(bytes, name, &choice, &self.limits));
                }
                let key = self.file_key(&*bytes, &choice);
                let size = bytes.size();
                self.stream(&mut Cursor::new(&*bytes), name, &choice, size, key)
            }
            Target::Layout(folder) => {
                let folder = Arc::new(folder);
                return opened(source::folder(folder, name, &choice, &self.limits));
            }
            Target::Stream(mut stream) => self.stream(&mut *stream, name, &choice, 0, None),
            Target::RootFs(path) => self.files(&path, name, ImageForm::RootFs),
            Target::Source(path) => self.files(&path, name, ImageForm::Source),
            Target::Sbom(bytes) => self.sbom(&mut Cursor::new(&*bytes), name),
            Target::SbomStream(mut stream) => self.sbom(&mut *stream, name),
        };
        Ok(Found::Read(Box::new(whole?)))
    }

    fn stream(
        &self,
        stream: &mut dyn Read,
        name: &str,
        choice: &Choice,
        total: u64,
        key: Option<Key>,
    ) -> Result<Whole, String> {
        self.watched(total, |run| {
            let read = source::read_archive(stream, name, choice, run)
                .map_err(|error| format!("{name}: {error}"))?;
            self.tell_others(&read.source.name, &read.others);
            let mut whole = image::merge(&read.source, read.layers, run);
            self.keep(key, &read.source, &read.others, &whole);
            self.bases.place(&mut whole.image);
            Ok(whole)
        })
    }

    fn files(&self, path: &Path, name: &str, form: ImageForm) -> Result<Whole, String> {
        let tree = RootFs::new(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(self.watched(0, |run| {
            let walk = Walking { tree: &tree, run };
            let read = source::read_files(&walk, name, form, run);
            image::merge(&read.source, read.layers, run)
        }))
    }

    fn sbom(&self, reader: &mut dyn Read, name: &str) -> Result<Whole, String> {
        let said = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let bytes = bounded::read_all(reader, MOST_SBOM).map_err(|error| said(&error))?;
        let image = sbom::read(&bytes, name, &self.limits).map_err(|error| said(&error))?;
        Ok(Whole {
            image,
            layers: Vec::new(),
        })
    }

    fn tell_others(&self, name: &str, others: &[String]) {
        for other in others {
            self.context.note(&format!(
                "{name}: also holds {other}, which was not looked into; --image chooses"
            ));
        }
    }

    fn analyze(&self, opened: &Opened) -> Whole {
        self.tell_others(&opened.source.name, &opened.others);
        let total = opened.source.layers.iter().map(|layer| layer.size).sum();
        self.watched(total, |run| {
            image::analyze(&opened.source, &*opened.blobs, run)
        })
    }

    /// The images of an archive or a layout: each name or digest of one, and what
    /// chooses it.
    ///
    /// # Errors
    /// It is none that can be read; in words.
    pub fn names(&self, path: &Path) -> Result<Vec<(String, String)>, String> {
        let name = path.display().to_string();
        let target = target::open(&name, None).map_err(|error| error.to_string())?;
        let open = |choice: &Choice| match &target {
            // Reading a compressed one to its end for its names would cost as
            // much as looking into it.
            Target::Archive(bytes) if is_compressed(&**bytes).ok()? => None,
            Target::Archive(bytes) => {
                source::archive(bytes.clone(), &name, choice, &self.limits).ok()
            }
            Target::Layout(folder) => {
                source::folder(Arc::new(folder.clone()), &name, choice, &self.limits).ok()
            }
            _ => None,
        };
        let Some(first) = open(&self.choice(None)) else {
            return Err(format!("{name}: no image can be read in it"));
        };
        let mut names = Vec::new();
        let mut add = |opened: &Opened, choice: &str| {
            let source = &opened.source;
            names.extend(source.tags.iter().map(|tag| (tag.clone(), tag.clone())));
            let digests = [source.manifest, source.index].into_iter().flatten();
            names.extend(digests.map(|digest| (digest.to_string(), choice.to_owned())));
        };
        add(&first, "");
        for other in &first.others {
            if let Some(opened) = open(&self.choice(Some(other))) {
                add(&opened, other);
            }
        }
        Ok(names)
    }

    /// The image that a registry, or the node's store, has under this name,
    /// opened: its layers are not read yet.
    ///
    /// # Errors
    /// It can't be had.
    pub fn opened(&self, name: &str) -> Result<Opened, String> {
        let reference: Reference = name.parse().map_err(|error| format!("{name}: {error}"))?;
        let platform = self.platform.as_ref();
        let (source, blobs): (_, Box<dyn Blobs + Send>) = match &self.store {
            Some(store) => {
                let image = store.image(&reference, platform, &self.limits);
                let (source, blobs) = image.map_err(|error| error.to_string())?;
                (source, Box::new(blobs))
            }
            None => {
                let client = self.client(&reference);
                let image = client.image(&reference, platform, &self.limits);
                let (mut source, blobs) = image.map_err(|error| error.to_string())?;
                if let Some(attached) = &self.attached {
                    attached.gather(self.context, &client, &reference, &source);
                }
                if let Some(digest) = source.manifest {
                    match client.attached_sboms(&reference, digest) {
                        Ok(attached) => source.attached = attached,
                        Err(error) => self.context.stderr.warning(&format!(
                            "{name}: whether SBOMs are attached to it is not known: {error}"
                        )),
                    }
                }
                (source, Box::new(blobs))
            }
        };
        Ok(Opened {
            source,
            blobs,
            others: Vec::new(),
        })
    }

    /// The image in a file or folder, opened as far as its form allows; its
    /// layers need not be there when it could only be read in order.
    ///
    /// # Errors
    /// It can't be read, or is no image; in words.
    pub fn local(&self, path: &Path, choice: Option<&str>) -> Result<Found, String> {
        let name = path.display().to_string();
        let target = target::open(&name, None).map_err(|error| error.to_string())?;
        if let Some(image) = self.known_file(&name, &target, choice) {
            let layers = Vec::new();
            return Ok(Found::Read(Box::new(Whole { image, layers })));
        }
        self.found(&name, target, choice)
    }

    fn client(&self, reference: &Reference) -> Client {
        let mut clients = self
            .clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let registry = reference.registry().to_owned();
        let made = || {
            let mut options = self.options.clone();
            if let Some(given) = &self.given {
                options.credentials.insert(registry.clone(), given.clone());
            }
            let client = Client::new(options);
            let stopped = client.clone();
            interrupt::before_end(move || stopped.stop());
            client
        };
        clients.entry(registry.clone()).or_insert_with(made).clone()
    }

    /// Does `work` with the cache, and with a bar for a person who waits.
    fn watched<T>(&self, total: u64, work: impl FnOnce(&Run<'_>) -> T) -> T {
        let progress = Progress::bytes(
            self.context.stderr,
            self.context.quiet(),
            "reading layers",
            total,
        );
        let hears = Bar {
            bytes: progress.counter(),
        };
        let cache: &dyn LayerCache = match &self.cache {
            Some(cache) => cache,
            None => &NoCache,
        };
        work(&Run {
            cache,
            limits: &self.limits,
            progress: &hears,
        })
    }
}

/// A walk over a tree of files, as the engine wants it.
struct Walking<'a> {
    tree: &'a RootFs,
    run: &'a Run<'a>,
}

impl Files for Walking<'_> {
    fn walk(&self, each: &mut dyn FnMut(Seen) -> bool) {
        let mut go_on = true;
        let walked = self
            .tree
            .walk(self.run.limits, self.run.progress, &mut |entry| {
                if !go_on {
                    return;
                }
                let path = entry.path.clone().into_bytes();
                let record = entry.record.clone();
                let seen = if record.kind == FileKind::Regular {
                    match entry.open() {
                        Ok(file) => Seen::File {
                            path,
                            record,
                            content: Box::new(file),
                        },
                        Err(error) => Seen::Problem {
                            path: entry.path,
                            message: error.to_string(),
                        },
                    }
                } else {
                    Seen::Entry { path, record }
                };
                go_on = each(seen);
            });
        for problem in walked.diagnostics {
            each(Seen::Problem {
                path: problem.place.path.unwrap_or_default(),
                message: problem.message,
            });
        }
    }
}

/// Whether the bytes begin as a compressed stream does.
fn is_compressed(bytes: &dyn ReadAt) -> io::Result<bool> {
    let mut head = [0; 6];
    let count = bytes.read_at(0, &mut head)?;
    const MAGIC: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0"];
    Ok(MAGIC.iter().any(|magic| head[..count].starts_with(magic)))
}

/// Counts bytes for the bar.
struct Bar {
    bytes: Arc<AtomicU64>,
}

impl Hears for Bar {
    fn read(&self, _: usize, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn done(&self, _: usize, _: bool) {}
}

/// The cache of analysed layers; none when there is no folder for it.
pub fn cache(folder: Option<&Path>) -> Option<DiskCache> {
    let folder: PathBuf = match folder {
        Some(folder) => folder.to_owned(),
        None => usual_folder(&variable)?,
    };
    Some(DiskCache::new(folder, DEFAULT_MOST))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn password(username: Option<&str>) -> Result<Credential, Failure> {
    let bytes = match bounded::read_all(io::stdin().lock(), MOST_PASSWORD) {
        Ok(bytes) => bytes,
        Err(error) => return fail(format!("the password on standard input: {error}")),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return fail("the password on standard input is no text");
    };
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return fail("there is no password on standard input");
    }
    Ok(match username {
        Some(username) => Credential::Password {
            username: username.to_owned(),
            password,
        },
        None => Credential::Bearer(password),
    })
}
