//! Packages from headers.

use plimsoll_model::{Package, PackageType, package::SourcePackage};
use rustc_hash::FxHashSet;

use super::{
    Damage,
    header::{Header, tag},
};
use crate::{
    FoundPackage, How, OwnedFile, Sink,
    found::{FileDigest, OwnedFiles},
    licence,
    os::{
        needs::{Providers, tidy},
        text::{MOST_FILES, hex, lossy, relative},
    },
};

/// Names that packages of one database ask for or provide; those beyond are
/// not looked up.
const MOST_NAMES: usize = 2_000_000;

// `rpmfileAttrs` and `rpmfileState` of rpm.
const FLAG_CONFIG: u32 = 1;
const STATE_REPLACED: u32 = 1;
const STATE_NOT_INSTALLED: u32 = 2;

/// `pgpHashAlgo`: what digests are made by; MD5 where nothing is said.
const ALGO_MD5: u32 = 1;

struct Read {
    found: FoundPackage,
    owned: OwnedFiles,
    requires: Vec<Box<[u8]>>,
    provides: Vec<Box<[u8]>>,
}

/// The packages of a database, as its headers come.
pub(crate) struct Packages {
    read: Vec<Read>,
    most: usize,
    files: usize,
    names: usize,
    full: bool,
}

impl Packages {
    /// At most so many.
    pub(crate) fn new(most: usize) -> Self {
        Packages {
            read: Vec::new(),
            most,
            files: 0,
            names: 0,
            full: false,
        }
    }

    /// The package of a header at `at`. Keys of vendors, which rpm keeps as
    /// packages named `gpg-pubkey`, are none.
    pub(crate) fn add(&mut self, at: u64, blob: &[u8], sink: &mut Sink) {
        let header = match Header::parse(blob) {
            Ok(header) => header,
            Err(damage) => {
                return Damage::new(at.saturating_add(damage.at), damage.message).tell(sink);
            }
        };
        let Some(name) = header.string(tag::NAME).filter(|name| !name.is_empty()) else {
            return Damage::new(at, "a package without a name").tell(sink);
        };
        if name == b"gpg-pubkey" {
            return;
        }
        if self.read.len() >= self.most {
            if !self.full {
                self.full = true;
                Damage::new(at, format!("more than {} packages", self.most)).tell(sink);
            }
            return;
        }
        let name = lossy(name);
        let of = |tag| header.string(tag).unwrap_or_default();
        if of(tag::VERSION).is_empty() {
            Damage::new(at, format!("{name}: no version")).tell(sink);
        }
        let version_release = [of(tag::VERSION), b"-", of(tag::RELEASE)].concat();
        let epoch = header.number(tag::EPOCH).filter(|&epoch| epoch != 0);
        let version = version(epoch, &version_release);
        let mut package = Package::new(PackageType::Rpm, "", &name, version);
        let text = |tag| {
            let text = header.string(tag).filter(|text| !text.is_empty());
            text.map(lossy).filter(|text| text != "(none)")
        };
        package.arch = text(tag::ARCH);
        package.source = source(of(tag::SOURCE_RPM), epoch, &version_release)
            .filter(|source| source.name != name || source.version != package.version);
        package.licences = licence::normalise(&lossy(of(tag::LICENSE)));
        if let Some(label) = text(tag::MODULARITY_LABEL) {
            package.qualifiers.insert("modularity".to_owned(), label);
        }
        let key = match &package.arch {
            Some(arch) => format!("{name}:{arch}"),
            None => name.clone(),
        };
        let mut found = FoundPackage::new(package, How::Installed);
        if let Some(vendor) = text(tag::VENDOR) {
            found.evidence = format!("vendor {vendor}");
        }
        let owned = OwnedFiles {
            package: key,
            files: self.files(at, &name, &header, sink),
        };
        let mut names = |tag| -> Vec<Box<[u8]>> {
            let names = header
                .strings(tag)
                .filter(|name| !name.starts_with(b"rpmlib("));
            let names: Vec<_> = names
                .take(MOST_NAMES.saturating_sub(self.names))
                .map(Box::from)
                .collect();
            self.names += names.len();
            names
        };
        let (requires, provides) = (names(tag::REQUIRES), names(tag::PROVIDES));
        self.read.push(Read {
            found,
            owned,
            requires,
            provides,
        });
    }

    /// The files of a package that are on the disk. Folders are left out; a
    /// file that another package's has replaced is without its digest.
    fn files(
        &mut self,
        at: u64,
        name: &str,
        header: &Header<'_>,
        sink: &mut Sink,
    ) -> Vec<OwnedFile> {
        let folders: Vec<&[u8]> = header.strings(tag::DIR_NAMES).collect();
        let mut modes = header.numbers(tag::FILE_MODES);
        let mut flags = header.numbers(tag::FILE_FLAGS);
        let mut states = header.numbers(tag::FILE_STATES);
        let mut digests = header.strings(tag::FILE_DIGESTS);
        let algorithm = header.number(tag::FILE_DIGEST_ALGO).unwrap_or(ALGO_MD5);
        let mut files = Vec::new();
        let mut add = |path: Option<Vec<u8>>| -> bool {
            let mode = modes.next().unwrap_or(0);
            let flags = flags.next().unwrap_or(0);
            let state = states.next().unwrap_or(0);
            let digest = digests.next().unwrap_or_default();
            let Some(path) = path else {
                return false;
            };
            let is_folder = mode & 0o170_000 == 0o040_000;
            if !is_folder && state != STATE_NOT_INSTALLED {
                files.push(OwnedFile {
                    path: lossy(relative(&path)),
                    digest: match state {
                        STATE_REPLACED => None,
                        _ => self::digest(algorithm, digest),
                    },
                    config: flags & FLAG_CONFIG != 0,
                });
            }
            true
        };
        let room = MOST_FILES.saturating_sub(self.files);
        let (mut count, mut lost) = (0, 0_usize);
        let mut told = header.count(tag::BASE_NAMES);
        if told > 0 {
            let mut indexes = header.numbers(tag::DIR_INDEXES);
            for base in header.strings(tag::BASE_NAMES).take(room) {
                let folder = indexes.next().and_then(|index| folders.get(index as usize));
                count += 1;
                lost += usize::from(!add(folder.map(|folder| [folder, base].concat())));
            }
        } else {
            told = header.count(tag::OLD_FILE_NAMES);
            for path in header.strings(tag::OLD_FILE_NAMES).take(room) {
                count += 1;
                add(Some(path.to_vec()));
            }
        }
        lost = lost.saturating_add(told.saturating_sub(count));
        if lost > 0 {
            let message = format!("{name}: {lost} of {told} files could not be read");
            Damage::new(at, message).tell(sink);
        }
        files.shrink_to_fit();
        self.files += files.len();
        files
    }

    /// Hands all of them on, with what each needs looked up among them.
    pub(crate) fn finish(self, sink: &mut Sink) {
        let needs: Vec<Vec<String>> = {
            let mut providers = Providers::default();
            for read in &self.read {
                providers.is(read.found.package.name.as_bytes());
                for name in &read.provides {
                    providers.provides(name, read.found.package.name.as_bytes());
                }
            }
            // Files are looked up only where some package asks for one.
            let asked: FxHashSet<&[u8]> = self
                .read
                .iter()
                .flat_map(|read| &read.requires)
                .filter_map(|name| name.strip_prefix(b"/"))
                .collect();
            let mut files = Providers::default();
            for read in self.read.iter().filter(|_| !asked.is_empty()) {
                for file in &read.owned.files {
                    if asked.contains(file.path.as_bytes()) {
                        files.provides(file.path.as_bytes(), read.found.package.name.as_bytes());
                    }
                }
            }
            self.read
                .iter()
                .map(|read| {
                    let needs = read.requires.iter().filter_map(|name| {
                        providers
                            .get(name)
                            .or_else(|| files.get(name.strip_prefix(b"/")?))
                            .or_else(|| is_plain(name).then_some(name))
                    });
                    tidy(needs, read.found.package.name.as_bytes())
                })
                .collect()
        };
        for (mut read, needs) in self.read.into_iter().zip(needs) {
            read.found.needs = needs;
            sink.push(read.found);
            if !read.owned.files.is_empty() {
                sink.push(read.owned);
            }
        }
    }
}

/// Whether this may be a package's name: no path, library, `(...)` or condition.
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(|byte| b"/() ".contains(byte)) && !contains_so(name)
}

fn contains_so(name: &[u8]) -> bool {
    memchr::memmem::find(name, b".so").is_some()
}

fn digest(algorithm: u32, digits: &[u8]) -> Option<FileDigest> {
    match algorithm {
        ALGO_MD5 => hex(digits).map(FileDigest::Md5),
        2 => hex(digits).map(FileDigest::Sha1),
        8 => hex(digits).map(FileDigest::Sha256),
        _ => None,
    }
}

/// A version as rpm compares it: the epoch before it, unless it is none or 0.
pub(super) fn version(epoch: Option<u32>, version_release: &[u8]) -> String {
    match epoch {
        Some(epoch) => format!("{epoch}:{}", lossy(version_release)),
        None => lossy(version_release),
    }
}

/// The source package by the name of its file, `NAME-VERSION-RELEASE.src.rpm`.
/// The file's name has no epoch; where version and release are the package's
/// own, so is the epoch.
pub(super) fn source(
    file: &[u8],
    epoch: Option<u32>,
    version_release: &[u8],
) -> Option<SourcePackage> {
    let stem = [&b".src.rpm"[..], b".nosrc.rpm"]
        .iter()
        .find_map(|suffix| file.strip_suffix(*suffix))?;
    let release = memchr::memrchr(b'-', stem)?;
    let dash = memchr::memrchr(b'-', &stem[..release])?;
    let own = &stem[dash + 1..];
    let epoch = epoch.filter(|_| own == version_release);
    Some(SourcePackage {
        name: lossy(&stem[..dash]),
        version: version(epoch, own),
    })
}
