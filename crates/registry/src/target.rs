//! What a user names: a reference, an archive, a folder, or what stands on the
//! standard input.

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use plimsoll_image::ReadAt;

use crate::{
    local::{FileAt, LocalFolder},
    reference::{Reference, ReferenceError},
};

/// Bytes of a file's beginning by which its form is told.
const HEAD: usize = 4096;

/// What a target is to be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An image in a registry.
    Registry,
    /// A tar: of `docker save`, or an OCI layout; compressed or not.
    Archive,
    /// A folder with an OCI layout.
    Layout,
    /// A root file system.
    RootFs,
    /// A folder of sources.
    Source,
    /// An SBOM.
    Sbom,
}

/// The forms by the names that `--from` takes.
const FORMS: [(&str, Form); 6] = [
    ("registry", Form::Registry),
    ("archive", Form::Archive),
    ("layout", Form::Layout),
    ("rootfs", Form::RootFs),
    ("source", Form::Source),
    ("sbom", Form::Sbom),
];

impl Form {
    /// The names that are understood.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FORMS.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FORMS.iter().find(|(_, form)| form == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        FORMS
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, form)| *form)
            .ok_or_else(|| {
                let names: Vec<&str> = Form::names().collect();
                format!("`{text}` is no form; there are {}", names.join(", "))
            })
    }
}

/// A target, found and opened as far as its form says.
pub enum Target {
    /// An image in a registry; nothing was asked yet.
    Registry(Reference),
    /// A tar that can be read at any place. May be compressed as a whole.
    Archive(Arc<dyn ReadAt>),
    /// A tar that comes once, in order.
    Stream(Box<dyn Read + Send>),
    /// A folder with an OCI layout.
    Layout(LocalFolder),
    /// A root file system.
    RootFs(PathBuf),
    /// A folder of sources.
    Source(PathBuf),
    /// An SBOM.
    Sbom(Arc<dyn ReadAt>),
    /// An SBOM that comes once, in order.
    SbomStream(Box<dyn Read + Send>),
}

impl Target {
    /// Its form.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Target::Registry(_) => Form::Registry,
            Target::Archive(_) | Target::Stream(_) => Form::Archive,
            Target::Layout(_) => Form::Layout,
            Target::RootFs(_) => Form::RootFs,
            Target::Source(_) => Form::Source,
            Target::Sbom(_) | Target::SbomStream(_) => Form::Sbom,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.form())
    }
}

/// Why a target could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is no such path, and it is no reference either.
    #[error("there is no file or folder `{target}`, and as a reference it is wrong: {error}")]
    Neither {
        /// What was named.
        target: String,
        /// Why it is no reference.
        error: ReferenceError,
    },
    /// It is no reference.
    #[error("`{target}`: {error}")]
    Reference {
        /// What was named.
        target: String,
        /// Why.
        error: ReferenceError,
    },
    /// It can't be read.
    #[error("`{target}` can't be read: {error}")]
    Io {
        /// What was named.
        target: String,
        /// Why.
        error: io::Error,
    },
    /// It is not of the form that was asked for.
    #[error("`{target}` is {is}: it can't be read as {wanted}")]
    Form {
        /// What was named.
        target: String,
        /// What it is.
        is: &'static str,
        /// What was asked for.
        wanted: Form,
    },
    /// Its bytes are of no form that is known.
    #[error(
        "`{target}` is neither a tar (of `docker save`, or an OCI layout) nor an SBOM; if it is one, name its form with --from"
    )]
    Unknown {
        /// What was named.
        target: String,
    },
}

/// Finds out what `target` is and opens it: `-` is the standard input, a path
/// that exists is that file or folder, everything else is a reference. `from`
/// overrides what its looks say.
///
/// # Errors
/// It is not there, not to be read, or not of the form asked for.
pub fn open(target: &str, from: Option<Form>) -> Result<Target, TargetError> {
    if from == Some(Form::Registry) {
        return reference(target).map_err(|error| TargetError::Reference {
            target: target.to_owned(),
            error,
        });
    }
    if target == "-" {
        return stream(Box::new(io::stdin()), from);
    }
    let path = Path::new(target);
    let fail = |error| TargetError::Io {
        target: target.to_owned(),
        error,
    };
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => folder(target, path, from),
        Ok(metadata) if metadata.is_file() => file(target, path, from),
        // A pipe: `<(docker save ...)`.
        Ok(_) => stream(Box::new(std::fs::File::open(path).map_err(fail)?), from),
        Err(error) => {
            let is_path = from.is_some()
                || target.starts_with(['/', '.', '~'])
                || [".tar", ".tgz", ".gz", ".zst", ".json", ".xml", ".spdx"]
                    .iter()
                    .any(|end| target.ends_with(end));
            if is_path || error.kind() != io::ErrorKind::NotFound {
                return Err(fail(error));
            }
            reference(target).map_err(|error| TargetError::Neither {
                target: target.to_owned(),
                error,
            })
        }
    }
}

fn reference(target: &str) -> Result<Target, ReferenceError> {
    Ok(Target::Registry(target.parse()?))
}

fn stream(mut stream: Box<dyn Read + Send>, from: Option<Form>) -> Result<Target, TargetError> {
    let wrong = |wanted| TargetError::Form {
        target: "-".to_owned(),
        is: "a stream",
        wanted,
    };
    match from {
        Some(Form::Archive) => return Ok(Target::Stream(stream)),
        Some(Form::Sbom) => return Ok(Target::SbomStream(stream)),
        Some(other) => return Err(wrong(other)),
        None => {}
    }
    let mut head = vec![0; HEAD];
    let mut length = 0;
    while length < HEAD {
        match stream.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(TargetError::Io {
                    target: "-".to_owned(),
                    error,
                });
            }
        }
    }
    head.truncate(length);
    let looks = looks(&head);
    let whole = Box::new(io::Cursor::new(head).chain(stream));
    match looks {
        Some(Form::Archive) => Ok(Target::Stream(whole)),
        Some(_) => Ok(Target::SbomStream(whole)),
        None => Err(TargetError::Unknown {
            target: "-".to_owned(),
        }),
    }
}

fn file(target: &str, path: &Path, from: Option<Form>) -> Result<Target, TargetError> {
    let fail = |error| TargetError::Io {
        target: target.to_owned(),
        error,
    };
    let file = FileAt::open(path).map_err(fail)?;
    let form = match from {
        Some(form @ (Form::Archive | Form::Sbom)) => form,
        Some(wanted) => {
            return Err(TargetError::Form {
                target: target.to_owned(),
                is: "a file",
                wanted,
            });
        }
        None => {
            let mut head = vec![0; HEAD.min(usize::try_from(file.size()).unwrap_or(HEAD))];
            plimsoll_image::read_at::read_exact_at(&file, 0, &mut head).map_err(fail)?;
            looks(&head).ok_or_else(|| TargetError::Unknown {
                target: target.to_owned(),
            })?
        }
    };
    Ok(match form {
        Form::Archive => Target::Archive(Arc::new(file)),
        _ => Target::Sbom(Arc::new(file)),
    })
}

fn folder(target: &str, path: &Path, from: Option<Form>) -> Result<Target, TargetError> {
    let form = match from {
        Some(form @ (Form::Layout | Form::RootFs | Form::Source)) => form,
        Some(wanted) => {
            return Err(TargetError::Form {
                target: target.to_owned(),
                is: "a folder",
                wanted,
            });
        }
        None if path.join("oci-layout").is_file() => Form::Layout,
        None if is_root(path) => Form::RootFs,
        None => Form::Source,
    };
    Ok(match form {
        Form::Layout => {
            Target::Layout(LocalFolder::new(path).map_err(|error| TargetError::Io {
                target: target.to_owned(),
                error,
            })?)
        }
        Form::RootFs => Target::RootFs(path.to_owned()),
        _ => Target::Source(path.to_owned()),
    })
}

/// Whether a folder has what a root file system has: what tells its system, or
/// a package manager's database, or both `etc` and `usr`.
fn is_root(path: &Path) -> bool {
    let has = |name: &str| path.join(name).symlink_metadata().is_ok();
    [
        "etc/os-release",
        "usr/lib/os-release",
        "var/lib/dpkg",
        "lib/apk/db",
        "var/lib/rpm",
        "usr/lib/sysimage/rpm",
    ]
    .iter()
    .any(|name| has(name))
        || has("etc") && has("usr")
}

/// What a file is by its first bytes; none when that is not known.
fn looks(head: &[u8]) -> Option<Form> {
    let is_packed = [
        &[0x1f, 0x8b][..],
        &[0x28, 0xb5, 0x2f, 0xfd],
        b"BZh",
        &[0xfd, b'7', b'z', b'X', b'Z', 0],
    ]
    .iter()
    .any(|magic| head.starts_with(magic));
    let is_tar = head.get(257..262) == Some(b"ustar") || is_old_tar(head);
    if is_packed || is_tar {
        return Some(Form::Archive);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    (text.starts_with(b"{") || text.starts_with(b"<") || text.starts_with(b"SPDXVersion:"))
        .then_some(Form::Sbom)
}

/// Whether the header's own sum is right: tars of before 1988 have no mark.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else {
        return false;
    };
    let stated = header[148..156]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0_u32, |sum, byte| {
            sum.saturating_mul(8).saturating_add(u32::from(byte - b'0'))
        });
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| match at {
            148..156 => u32::from(b' '),
            _ => u32::from(*byte),
        })
        .sum();
    header[0] != 0 && stated == sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_told_by_its_looks() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let write = |name: &str, bytes: &[u8]| std::fs::write(at(name), bytes).expect("written");
        let mut tar = vec![0; 1024];
        tar[..4].copy_from_slice(b"file");
        tar[257..262].copy_from_slice(b"ustar");
        write("a.tar", &tar);
        tar[257..262].fill(0);
        let sum: u32 = tar[..512].iter().map(|b| u32::from(*b)).sum::<u32>() + 8 * 32;
        tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        write("old.tar", &tar);
        write("a.gz", &[0x1f, 0x8b, 8]);
        write("a.zst", &[0x28, 0xb5, 0x2f, 0xfd]);
        write("a.json", b" \n{\"spdxVersion\"");
        write("bom.json", b"\xef\xbb\xbf{");
        write("a.xml", b"<?xml");
        write("a.spdx", b"SPDXVersion: SPDX-2.3");
        write("text", b"hello");
        write("empty", b"");
        for name in [
            "layout",
            "rootfs/etc",
            "rootfs/usr",
            "source",
            "apk/lib/apk/db",
        ] {
            std::fs::create_dir_all(at(name)).expect("made");
        }
        write("layout/oci-layout", b"{}");
        let check = |name: &str, expect: Option<Form>| {
            let form = open(&at(name), None).ok().map(|target| target.form());
            assert_eq!(form, expect, "{name}");
        };
        for name in ["a.tar", "old.tar", "a.gz", "a.zst"] {
            check(name, Some(Form::Archive));
        }
        for name in ["a.json", "bom.json", "a.xml", "a.spdx"] {
            check(name, Some(Form::Sbom));
        }
        check("text", None);
        check("empty", None);
        check("none", None);
        check("layout", Some(Form::Layout));
        check("rootfs", Some(Form::RootFs));
        check("apk", Some(Form::RootFs));
        check("source", Some(Form::Source));
        let with = |name: &str, from: Form| {
            open(&at(name), Some(from))
                .map(|target| target.form())
                .map_err(|error| error.to_string())
        };
        assert_eq!(with("text", Form::Archive), Ok(Form::Archive));
        assert_eq!(with("layout", Form::Source), Ok(Form::Source));
        assert_eq!(with("rootfs", Form::Source), Ok(Form::Source));
        let error = with("layout", Form::Archive).expect_err("a folder");
        assert!(
            error.contains("is a folder: it can't be read as archive"),
            "{error}"
        );
        assert!(with("text", Form::RootFs).is_err());
    }

    #[test]
    fn what_is_no_path_is_a_reference() {
        let check = |target: &str, expect: &str| match open(target, None) {
            Ok(Target::Registry(reference)) => assert_eq!(reference.to_string(), expect),
            Ok(other) => panic!("{target}: {other:?}"),
            Err(error) => assert!(error.to_string().contains(expect), "{target}: {error}"),
        };
        check(
            "plimsoll-test-nginx:1",
            "docker.io/library/plimsoll-test-nginx:1",
        );
        check("r.example.com/a/b", "r.example.com/a/b:latest");
        check("./none", "can't be read");
        check("none.tar", "can't be read");
        check("/none/at/all", "can't be read");
        check("NGINX:1", "there is no file or folder");
        assert!(matches!(
            open(".", Some(Form::Registry)),
            Err(TargetError::Reference { .. })
        ));
    }

    #[test]
    fn a_stream_is_told_by_its_beginning_and_loses_none_of_it() {
        let check = |bytes: &[u8], from: Option<Form>, expect: Option<Form>| {
            let target = stream(Box::new(io::Cursor::new(bytes.to_vec())), from);
            assert_eq!(target.as_ref().ok().map(Target::form), expect);
            if let Ok(Target::Stream(read) | Target::SbomStream(read)) = target {
                let whole = plimsoll_image::bounded::read_all(read, 1 << 20).expect("memory");
                assert_eq!(whole, bytes);
            }
        };
        let long = [&[0x1f, 0x8b][..], &[7; 10_000]].concat();
        check(&long, None, Some(Form::Archive));
        check(b"{}", None, Some(Form::Sbom));
        check(b"text", None, None);
        check(b"text", Some(Form::Sbom), Some(Form::Sbom));
        check(b"text", Some(Form::RootFs), None);
    }

    #[test]
    fn forms_have_names() {
        for name in Form::names() {
            assert_eq!(name.parse::<Form>().expect(name).to_string(), name);
        }
        assert!(
            "tar"
                .parse::<Form>()
                .expect_err("no form")
                .contains("archive")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_look_like_something_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = looks(&bytes);
        }
    }
}
