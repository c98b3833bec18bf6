//! What the program needs below it: its libraries, the certificates of authorities, the name of the
//! system. All are files of Debian packages, and the packages say so in the image, so that whoever
//! scans it knows their versions.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Tar;
use crate::shell;

/// The packages, in the order of their names.
const PACKAGES: [&str; 4] = ["base-files", "ca-certificates", "libc6", "libgcc-s1"];

/// The libraries that the program is linked with, and those that libc6 loads to look up names.
const LIBRARIES: [&str; 7] = [
    "ld-linux-",
    "libc.so.",
    "libm.so.",
    "libgcc_s.so.",
    "libnss_dns.so.",
    "libnss_files.so.",
    "libresolv.so.",
];

/// Where a package has the authorities, one to a file.
const AUTHORITIES: &str = "usr/share/ca-certificates";

/// The files below the program.
#[derive(Debug)]
pub struct Base {
    /// The packages, with their versions.
    pub packages: Vec<String>,
    /// Their files.
    pub tar: Vec<u8>,
}

/// What a path in the image is.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    File(u32, Vec<u8>),
    Link(String),
}

/// Takes the files out of the packages, which are fetched into `cache` where they are not there.
///
/// # Errors
/// This is no Debian, or a package can't be had.
pub fn files(cache: &Path) -> Result<Base> {
    for program in ["apt-get", "dpkg-deb"] {
        if shell::which(program).is_none() {
            bail!("no {program}: the image is made of Debian packages, on Debian or Ubuntu");
        }
    }
    std::fs::create_dir_all(cache).with_context(|| format!("can't make {}", cache.display()))?;
    let mut entries = BTreeMap::new();
    let mut packages = Vec::new();
    for name in PACKAGES {
        let archive = archive(name, cache)?;
        let control = said(Command::new("dpkg-deb").arg("--field").arg(&archive))?;
        let version = control
            .lines()
            .find_map(|line| line.strip_prefix("Version: "))
            .with_context(|| format!("{name} has no version"))?;
        packages.push(format!("{name} {version}"));
        let folder = cache.join(format!("unpacked-{name}-{}", std::process::id()));
        let unpacked = shell::run(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(&archive)
                .arg(&folder),
        )
        .and_then(|()| package(name, &folder, &control, &archive, &mut entries));
        // It is of no use after this, whatever came of it.
        let _ = std::fs::remove_dir_all(&folder);
        unpacked?;
    }
    entries.extend(written());
    Ok(Base {
        packages,
        tar: tar(&entries)?,
    })
}

/// The archive of a package at the version that this system would install.
fn archive(name: &str, cache: &Path) -> Result<PathBuf> {
    let told = said(Command::new("apt-get").args(["--print-uris", "download", name]))?;
    // 'URI' FILE SIZE HASH
    let file = told
        .lines()
        .find_map(|line| line.split(' ').nth(1).filter(|file| file.ends_with(".deb")))
        .with_context(|| format!("apt-get knows no package {name}; `apt-get update` may help"))?;
    let path = cache.join(file);
    if !path.is_file() {
        shell::run(
            Command::new("apt-get")
                .args([
                    "--quiet",
                    "--quiet",
                    "-o",
                    "APT::Sandbox::User=root",
                    "download",
                    name,
                ])
                .current_dir(cache),
        )?;
    }
    Ok(path)
}

/// Adds what is wanted of a package, and the word that it is there.
fn package(
    name: &str,
    folder: &Path,
    control: &str,
    archive: &Path,
    entries: &mut BTreeMap<String, Entry>,
) -> Result<()> {
    let mut paths = Vec::new();
    walk(folder, folder, &mut paths)?;
    let mut authorities = Vec::new();
    for path in &paths {
        let from = folder.join(path);
        if path.starts_with(AUTHORITIES) && path.ends_with(".crt") {
            authorities.extend(super::bytes(&from)?);
            if authorities.last() != Some(&b'\n') {
                authorities.push(b'\n');
            }
        }
        if wanted(path) {
            entries.insert(path.clone(), entry(&from)?);
        }
    }
    if !authorities.is_empty() {
        entries.insert(
            "etc/ssl/certs/ca-certificates.crt".to_owned(),
            Entry::File(0o644, authorities),
        );
    }
    // Files that are not in the image are not missing from it.
    let sums = said(
        Command::new("dpkg-deb")
            .arg("--info")
            .arg(archive)
            .arg("md5sums"),
    )?;
    let sums = sums
        .lines()
        .filter(|line| line.split_once("  ").is_some_and(|(_, path)| wanted(path)))
        .fold(String::new(), |text, line| text + line + "\n");
    let status = format!("var/lib/dpkg/status.d/{name}");
    entries.insert(
        format!("{status}.md5sums"),
        Entry::File(0o644, sums.into_bytes()),
    );
    entries.insert(status, Entry::File(0o644, control.as_bytes().to_vec()));
    Ok(())
}

/// Whether the image has that file of a package.
fn wanted(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let library = ["lib", "lib64", "usr/lib", "usr/lib64"]
        .iter()
        .any(|place| {
            folder == *place
                || folder.strip_prefix(place).is_some_and(|rest| {
                    // A folder of an architecture: `/x86_64-linux-gnu`.
                    rest.starts_with('/')
                        && rest.ends_with("-linux-gnu")
                        && rest.matches('/').count() == 1
                })
        });
    (library && LIBRARIES.iter().any(|name| file.starts_with(name)))
        || (path.starts_with("usr/share/doc/") && file == "copyright")
        || matches!(
            path,
            "usr/lib/os-release" | "etc/os-release" | "etc/debian_version"
        )
}

/// What no package has: who the users are, and where a program may write when it is let.
fn written() -> BTreeMap<String, Entry> {
    let file = |text: &str| Entry::File(0o644, text.as_bytes().to_vec());
    [
        (
            "etc/passwd",
            file("root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/:/nonexistent\n"),
        ),
        ("etc/group", file("root:x:0:\nnonroot:x:65532:\n")),
        ("etc/nsswitch.conf", file("hosts: files dns\n")),
    ]
    .into_iter()
    .map(|(path, entry)| (path.to_owned(), entry))
    .collect()
}

/// All files and links below a folder, relative to `root`.
fn walk(root: &Path, folder: &Path, into: &mut Vec<String>) -> Result<()> {
    let list =
        std::fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = list
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.symlink_metadata()?.is_dir() {
            walk(root, &path, into)?;
        } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            into.push(name.to_owned());
        }
    }
    Ok(())
}

fn entry(from: &Path) -> Result<Entry> {
    let data = from.symlink_metadata()?;
    if data.is_symlink() {
        let target = std::fs::read_link(from)?;
        return Ok(Entry::Link(target.to_string_lossy().into_owned()));
    }
    let mode = if data.permissions().mode() & 0o111 == 0 {
        0o644
    } else {
        0o755
    };
    Ok(Entry::File(mode, super::bytes(from)?))
}

/// Packs entries with the folders that they are in.
fn tar(entries: &BTreeMap<String, Entry>) -> Result<Vec<u8>> {
    let mut tar = Tar::default();
    let mut folders: BTreeMap<String, u32> = BTreeMap::from([("tmp".to_owned(), 0o1777)]);
    for path in entries.keys() {
        let mut rest = path.as_str();
        while let Some((folder, _)) = rest.rsplit_once('/') {
            folders.insert(folder.to_owned(), 0o755);
            rest = folder;
        }
    }
    let packed = (|| {
        // Since Debian 13 these are links, which its installer makes and no package has.
        for link in ["lib", "lib64"] {
            if !folders.contains_key(link) && folders.contains_key(&format!("usr/{link}")) {
                tar.link(link, &format!("usr/{link}"))?;
            }
        }
        for (path, mode) in &folders {
            tar.folder(path, *mode)?;
        }
        for (path, entry) in entries {
            match entry {
                Entry::File(mode, bytes) => tar.file(path, *mode, bytes)?,
                Entry::Link(target) => tar.link(path, target)?,
            }
        }
        Ok(())
    })();
    packed.map_err(anyhow::Error::msg::<String>)?;
    Ok(tar.finish())
}

/// What a command prints.
fn said(command: &mut Command) -> Result<String> {
    let output = command
        .env("LC_ALL", "C")
        .output()
        .with_context(|| format!("can't start `{}`", shell::shown(command)))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {words}", shell::shown(command));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn only_what_the_program_needs_is_taken() {
        for path in [
            "lib/x86_64-linux-gnu/libc.so.6",
            "usr/lib/aarch64-linux-gnu/libgcc_s.so.1",
            "lib64/ld-linux-x86-64.so.2",
            "usr/lib/ld-linux-aarch64.so.1",
            "usr/share/doc/libc6/copyright",
            "etc/os-release",
        ] {
            assert!(wanted(path), "{path}");
        }
        for path in [
            "usr/lib/x86_64-linux-gnu/gconv/libc.so.6",
            "lib/x86_64-linux-gnu/libthread_db.so.1",
            "usr/share/doc/libc6/changelog.gz",
            "usr/sbin/update-ca-certificates",
            "etc/os-release.d",
            "ld-linux-x86-64.so.2",
        ] {
            assert!(!wanted(path), "{path}");
        }
    }
}
