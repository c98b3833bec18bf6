//! What controls look at in files, and what is known of the files as a whole.

use std::collections::BTreeMap;

use plimsoll_model::image::{FileMark, FileSummary};
use rustc_hash::FxHashSet;

use super::{
    owners::Owners,
    spots::Chain,
    tree::{Id, Tree},
};
use crate::{
    Found, How,
    layer::{FileKind, FileRecord},
};

/// Folders in which package managers keep what they fetched: whatever is in
/// one in the end could have been left out.
const CACHES: &[&str] = &[
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "var/cache/apk",
    "etc/apk/cache",
    "var/cache/dnf",
    "var/cache/libdnf5",
    "var/cache/yum",
    "var/cache/zypp",
    "var/cache/pacman/pkg",
    "root/.cache/pip",
    "root/.cache/uv",
    "root/.cache/pypoetry",
    "root/.cache/yarn",
    "root/.cache/composer",
    "root/.cache/go-build",
    "root/.npm/_cacache",
    "root/.m2/repository",
    "root/.gradle/caches",
    "root/.cargo/registry",
    "root/.nuget/packages",
    "usr/local/share/.cache/yarn",
    "root/go/pkg/mod/cache",
    "go/pkg/mod/cache",
];

/// Names that a folder of the list holds without any cache: locks, and the
/// empty folders a manager makes.
const NO_CACHE: &[&str] = &["lock", "partial", "auxfiles", ".keep", "CACHEDIR.TAG"];

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "csh", "tcsh", "fish", "busybox",
    "toybox", "pwsh",
];

const MANAGERS: &[&str] = &[
    "apt", "apt-get", "aptitude", "dpkg", "apk", "dnf", "dnf5", "microdnf", "tdnf", "yum", "rpm",
    "zypper", "pacman", "opkg", "pip", "pip3", "npm", "yarn", "gem", "composer", "cargo",
];

/// Marks of one image that are kept by name, so that a foreign image can't
/// make them without end; what is beyond is told by the last.
const MOST: usize = 20_000;

/// The marks of an image and the summary of its files.
pub(super) fn collect(
    tree: &Tree<'_>,
    chains: &[Chain<'_>],
    owners: &Owners<'_>,
) -> (Vec<FileMark>, FileSummary) {
    let identified = Identified::new(tree, chains);
    let mut summary = FileSummary {
        verified: owners.verified,
        changed: owners.changed.len() as u64,
        ..FileSummary::default()
    };
    let mut marks = Vec::new();
    let mut caches: BTreeMap<&str, (u64, u64, u32)> = BTreeMap::new();
    for (path, id) in tree.visible() {
        let record = tree.record(id);
        let is_file = matches!(record.kind, FileKind::Regular | FileKind::Hardlink(_));
        let mut mark = |name: &str, detail: String| {
            if marks.len() < MOST {
                marks.push(FileMark {
                    path: path.to_owned(),
                    layer: id.layer,
                    name: name.to_owned(),
                    detail,
                });
            }
        };
        modes(record, is_file, &mut mark);
        if let Some(name) = program_name(path)
            && record.kind != FileKind::Directory
        {
            for (kind, names) in [("shell", SHELLS), ("package-manager", MANAGERS)] {
                if names.contains(&name) {
                    mark(kind, name.to_owned());
                }
            }
            match name {
                "sudo" | "doas" => mark("sudo", name.to_owned()),
                "sshd" | "dropbear" => mark("sshd", name.to_owned()),
                _ => {}
            }
        }
        if !is_file {
            continue;
        }
        summary.files += 1;
        let content = tree.content(id);
        if let Some(cache) = cache_of(path) {
            let seen = caches.entry(cache).or_default();
            seen.0 += 1;
            seen.1 = seen.1.saturating_add(content.size);
            seen.2 = seen.2.max(id.layer);
        }
        if owners.changed.contains(&id) {
            let by = owners.of(tree, id).map_or("", |owner| owner.package);
            mark("changed", format!("not as the package {by} installed it"));
        }
        if content.binary {
            summary.programs += 1;
            if owners.of(tree, id).is_none() {
                summary.unowned_programs += 1;
                if identified.holds(tree, path, id) {
                    if owners.any {
                        mark("unowned-program", "a package was found in it".to_owned());
                    }
                } else {
                    summary.unidentified_programs += 1;
                    mark(
                        "unowned-program",
                        "nothing is known of what it holds".to_owned(),
                    );
                }
            }
        }
    }
    for (cache, (files, bytes, layer)) in caches {
        marks.push(FileMark {
            path: cache.to_owned(),
            layer,
            name: "package-manager-cache".to_owned(),
            detail: format!("{files} files, {bytes} bytes"),
        });
    }
    for chain in chains {
        let Some((id, found)) = chain.visible(tree) else {
            continue;
        };
        for found in found {
            if let Found::Mark { name, detail } = found
                && marks.len() < MOST
            {
                marks.push(FileMark {
                    path: chain.path.to_owned(),
                    layer: id.layer,
                    name: name.clone(),
                    detail: detail.clone(),
                });
            }
        }
    }
    if marks.len() >= MOST {
        marks.push(FileMark {
            name: "more".to_owned(),
            detail: format!("more than {MOST} marks: the rest is left out"),
            ..FileMark::default()
        });
    }
    marks.sort();
    (marks, summary)
}

/// The marks of an entry's permissions.
fn modes(record: &FileRecord, is_file: bool, mark: &mut impl FnMut(&str, String)) {
    let detail = || {
        format!(
            "mode {:04o}, owner {}:{}",
            record.mode & 0o7777,
            record.uid,
            record.gid
        )
    };
    if is_file && record.mode & 0o4000 != 0 {
        mark("setuid", detail());
    }
    // Without the right to execute it the bit means mandatory locking.
    if is_file && record.mode & 0o2010 == 0o2010 {
        mark("setgid", detail());
    }
    let folder = record.kind == FileKind::Directory;
    // A sticky folder is one in which others' files are safe: /tmp.
    if record.mode & 0o002 != 0 && (is_file || folder && record.mode & 0o1000 == 0) {
        mark("world-writable", detail());
    }
}

/// The name of a file in one of the folders programs are in.
fn program_name(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    matches!(
        folder,
        "bin" | "sbin" | "usr/bin" | "usr/sbin" | "usr/local/bin" | "usr/local/sbin"
    )
    .then_some(name)
}

/// The package manager's cache that a file is in.
fn cache_of(path: &str) -> Option<&'static str> {
    // Cheap: called for every file.
    let first = path.as_bytes().first()?;
    if !matches!(first, b'v' | b'e' | b'r' | b'u' | b'g') {
        return None;
    }
    let cache = CACHES.iter().find(|cache| {
        path.strip_prefix(**cache)
            .is_some_and(|rest| rest.starts_with('/'))
    })?;
    let name = path.rsplit('/').next().unwrap_or_default();
    (!NO_CACHE.contains(&name)).then_some(*cache)
}

/// Programs of which is known what they are.
struct Identified<'a> {
    files: FxHashSet<Id>,
    /// Folders of packages whose files are all below them, sorted.
    folders: Vec<&'a str>,
}

impl<'a> Identified<'a> {
    fn new(tree: &Tree<'_>, chains: &[Chain<'a>]) -> Self {
        let mut files = FxHashSet::default();
        let mut folders = Vec::new();
        for chain in chains {
            let Some((id, found)) = chain.visible(tree) else {
                continue;
            };
            for found in found {
                let Found::Package(package) = found else {
                    continue;
                };
                if package.package.kind.is_os() || package.how == How::Sbom {
                    continue;
                }
                files.insert(id);
                files.extend(package.files.iter().filter_map(|path| tree.find(path)));
                // `node_modules/NAME/package.json` speaks for the folder.
                if package.how == How::Installed
                    && let Some((folder, "package.json" | "composer.json")) =
                        chain.path.rsplit_once('/')
                    && (folder.contains("node_modules/") || folder.contains("vendor/"))
                {
                    folders.push(folder);
                }
            }
        }
        folders.sort_unstable();
        folders.dedup();
        Identified { files, folders }
    }

    fn holds(&self, tree: &Tree<'_>, path: &str, id: Id) -> bool {
        if self.files.contains(&id)
            || tree
                .target(id)
                .is_some_and(|target| self.files.contains(&target))
        {
            return true;
        }
        !self.folders.is_empty()
            && path
                .match_indices('/')
                .any(|(at, _)| self.folders.binary_search(&&path[..at]).is_ok())
    }
}
