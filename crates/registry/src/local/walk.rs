//! A root file system, or a folder of sources, file by file.

use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use plimsoll_image::{Diagnostic, FileKind, FileRecord, Limits, Place, source::Progress};

use super::{FileAt, file};

/// What a kernel shows below a root: nothing of an image.
const KERNEL: [&str; 3] = ["dev", "proc", "sys"];

/// A root file system. No link is followed.
#[derive(Clone, Debug)]
pub struct RootFs {
    root: PathBuf,
    /// Stay on the file system that the root is on.
    pub same_device: bool,
    /// Pass over `dev`, `proc` and `sys`.
    pub skip_kernel: bool,
}

/// One path of a root file system.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its path, without a leading slash; bytes that are no UTF-8 replaced.
    pub path: String,
    /// What it is.
    pub record: FileRecord,
    /// Where it is on this machine.
    at: PathBuf,
    /// Device and inode, to tell that it is still the same file.
    identity: (u64, u64),
}

/// How a walk went.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Folders that were passed over on purpose.
    pub skipped: Vec<String>,
    /// How many entries there were.
    pub entries: u64,
}

/// A folder whose entries are still to be read.
struct Pending {
    at: PathBuf,
    path: String,
    depth: usize,
}

impl RootFs {
    /// The root file system in a folder: all of it but what a kernel shows.
    ///
    /// # Errors
    /// It is not there, or no folder.
    pub fn new(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(RootFs {
            root,
            same_device: false,
            skip_kernel: true,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Shows every entry to `visit`, a folder before what is in it, the
    /// entries of one folder by name. Stops at the limits, and says so.
    pub fn walk(
        &self,
        limits: &Limits,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(Entry),
    ) -> Walked {
        let mut walked = Walked::default();
        let device = fs::symlink_metadata(&self.root).map(|metadata| metadata.dev());
        let mut pending = vec![Pending {
            at: self.root.clone(),
            path: String::new(),
            depth: 0,
        }];
        while let Some(folder) = pending.pop() {
            if progress.cancelled() {
                walked.tell(&folder.path, "stopped");
                return walked;
            }
            let names = match self.names(&folder, limits, &mut walked) {
                Ok(names) => names,
                Err(error) => {
                    walked.tell(&folder.path, &error.to_string());
                    continue;
                }
            };
            let first = pending.len();
            for name in names {
                if walked.entries >= limits.entries {
                    let message = format!("more than {} entries", limits.entries);
                    walked.tell(&folder.path, &message);
                    return walked;
                }
                let at = folder.at.join(&name);
                let shown = name.to_string_lossy();
                let path = if folder.path.is_empty() {
                    shown.into_owned()
                } else {
                    format!("{}/{shown}", folder.path)
                };
                if path.len() > limits.path_bytes {
                    walked.tell(
                        &path,
                        &format!("a path of more than {} bytes", limits.path_bytes),
                    );
                    continue;
                }
                let entry = match entry(at, path.clone()) {
                    Ok(entry) => entry,
                    Err(error) => {
                        walked.tell(&path, &error.to_string());
                        continue;
                    }
                };
                walked.entries += 1;
                if entry.record.kind == FileKind::Directory {
                    let kernel = self.skip_kernel && KERNEL.contains(&entry.path.as_str());
                    let other = self.same_device
                        && device
                            .as_ref()
                            .is_ok_and(|device| *device != entry.identity.0);
                    if kernel || other {
                        walked.skipped.push(path);
                    } else if folder.depth + 1 >= limits.path_depth {
                        walked.tell(
                            &path,
                            &format!("more than {} folders deep", limits.path_depth),
                        );
                    } else {
                        pending.push(Pending {
                            at: entry.at.clone(),
                            path,
                            depth: folder.depth + 1,
                        });
                    }
                }
                visit(entry);
            }
            // The last pushed is read first.
            pending[first..].reverse();
        }
        walked
    }

    /// The names in a folder, sorted.
    fn names(
        &self,
        folder: &Pending,
        limits: &Limits,
        walked: &mut Walked,
    ) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder.at)? {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) => {
                    walked.tell(&folder.path, &error.to_string());
                    break;
                }
            }
            if names.len() as u64 > limits.entries {
                walked.tell(
                    &folder.path,
                    &format!("more than {} entries", limits.entries),
                );
                break;
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Walked {
    fn tell(&mut self, path: &str, message: &str) {
        self.diagnostics.push(Diagnostic {
            place: Place {
                path: Some(path.to_owned()),
                ..Place::default()
            },
            message: message.to_owned(),
        });
    }
}

fn entry(at: PathBuf, path: String) -> io::Result<Entry> {
    let metadata = fs::symlink_metadata(&at)?;
    let kind = metadata.file_type();
    let kind = if kind.is_file() {
        FileKind::Regular
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_symlink() {
        FileKind::Symlink(fs::read_link(&at)?.to_string_lossy().into_owned())
    } else {
        debug_assert!(
            kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device()
        );
        FileKind::Special
    };
    let record = FileRecord {
        size: if kind == FileKind::Regular {
            metadata.len()
        } else {
            0
        },
        kind,
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        mtime: metadata.mtime(),
        digests: Vec::new(),
        binary: false,
    };
    Ok(Entry {
        path,
        record,
        at,
        identity: identity(&metadata),
    })
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Entry {
    /// The bytes of a regular file.
    ///
    /// # Errors
    /// It is none, is not to be read, or is another file by now: one that was
    /// put in its place, or behind a link in its path, is never read.
    pub fn open(&self) -> io::Result<FileAt> {
        let file = file::options().open(&self.at)?;
        if identity(&file.metadata()?) != self.identity {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it was replaced while it was looked for",
            ));
        }
        FileAt::new(file)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use plimsoll_image::{ReadAt, source::Silent};

    use super::*;

    fn walk(root: &RootFs, limits: &Limits) -> (Vec<Entry>, Walked) {
        let mut entries = Vec::new();
        let walked = root.walk(limits, &Silent, &mut |entry| entries.push(entry));
        (entries, walked)
    }

    fn paths(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn every_entry_is_shown_once_and_no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for path in ["etc", "usr/bin", "proc/1", "sys", "dev"] {
            fs::create_dir_all(root.join(path)).expect("made");
        }
        fs::write(root.join("etc/passwd"), "root").expect("written");
        fs::write(root.join("usr/bin/su"), "x").expect("written");
        fs::set_permissions(root.join("usr/bin/su"), fs::Permissions::from_mode(0o4755))
            .expect("setuid");
        symlink("/", root.join("everything")).expect("linked");
        symlink("usr/bin", root.join("bin")).expect("linked");
        symlink("usr", root.join("usr/loop")).expect("linked");
        let root = RootFs::new(root).expect("a root");
        let (entries, walked) = walk(&root, &Limits::default());
        assert_eq!(
            paths(&entries),
            [
                "bin",
                "dev",
                "etc",
                "everything",
                "proc",
                "sys",
                "usr",
                "etc/passwd",
                "usr/bin",
                "usr/loop",
                "usr/bin/su"
            ]
        );
        assert!(walked.diagnostics.is_empty());
        assert_eq!(walked.skipped, ["dev", "proc", "sys"]);
        let su = entries.last().expect("the last");
        assert_eq!(su.record.mode, 0o4755);
        assert_eq!(su.open().expect("a file").size(), 1);
        assert_eq!(entries[3].record.kind, FileKind::Symlink("/".to_owned()));
        assert!(entries[3].open().is_err(), "a link is not followed");
        assert!(entries[2].open().is_err(), "a folder has no bytes");
    }

    #[test]
    fn a_file_that_was_replaced_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a")).expect("made");
        fs::write(root.join("a/f"), "inside").expect("written");
        fs::create_dir_all(folder.path().join("out")).expect("made");
        fs::write(folder.path().join("out/f"), "outside").expect("written");
        let (entries, _) = walk(&RootFs::new(&root).expect("a root"), &Limits::default());
        let file = entries.last().expect("the file");
        assert!(file.open().is_ok());
        fs::rename(root.join("a"), root.join("b")).expect("moved");
        symlink("../out", root.join("a")).expect("linked");
        let error = file.open().expect_err("another file");
        assert!(error.to_string().contains("replaced"), "{error}");
    }

    #[test]
    fn limits_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("a/b/c/d/e")).expect("made");
        for number in 0..20 {
            fs::write(folder.path().join(format!("f{number}")), "").expect("written");
        }
        let root = RootFs::new(folder.path()).expect("a root");
        let check = |limits: Limits, expect: &str| {
            let (_, walked) = walk(&root, &limits);
            assert_eq!(walked.diagnostics.len(), 1, "{expect}");
            let message = &walked.diagnostics[0].message;
            assert!(message.contains(expect), "{message}");
        };
        check(
            Limits {
                entries: 21,
                ..Limits::default()
            },
            "more than 21 entries",
        );
        check(
            Limits {
                path_depth: 3,
                ..Limits::default()
            },
            "more than 3 folders deep",
        );
        check(
            Limits {
                path_bytes: 8,
                ..Limits::default()
            },
            "more than 8 bytes",
        );
    }

    #[test]
    fn a_pipe_is_told_and_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: no mkfifo to make a pipe with");
            return;
        }
        let (entries, _) = walk(
            &RootFs::new(folder.path()).expect("a root"),
            &Limits::default(),
        );
        assert_eq!(entries[0].record.kind, FileKind::Special);
        assert!(entries[0].open().is_err());
    }
}
