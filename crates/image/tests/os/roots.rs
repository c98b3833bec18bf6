//! What is found in real root file systems equals what their own package
//! managers say: Debian's dpkg, Alpine's apk.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use crate::common::{InPlace, output};
use jiff::civil::date;
use plimsoll_image::{
    Found, Limits,
    image::{Run, Whole, analyze},
    os,
    source::{Blob, Blobs, Descriptor, ImageSource, UNKNOWN},
};
use plimsoll_model::{
    PackageType,
    image::{ImageForm, ImagePackage},
};

/// One layer, in a file.
struct OneLayer<'a>(&'a Path);

impl Blobs for OneLayer<'_> {
    fn open(&self, _: usize) -> io::Result<Blob> {
        Ok(Blob::At(Arc::new(InPlace::open(self.0))))
    }
}

/// An image whose only layer is this tar.
fn image(tar: &Path) -> Whole {
    let source = ImageSource {
        attached: Vec::new(),
        name: "root".to_owned(),
        form: ImageForm::RootFs,
        tags: Vec::new(),
        manifest: None,
        index: None,
        other_platforms: Vec::new(),
        config: b"{}".to_vec(),
        annotations: BTreeMap::new(),
        layers: vec![Descriptor {
            media_type: String::new(),
            digest: UNKNOWN,
            size: std::fs::metadata(tar).expect("there").len(),
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
        }],
    };
    let limits = Limits::default();
    let whole = analyze(&source, &OneLayer(tar), &Run::plain(&limits));
    assert!(whole.image.gaps.is_empty(), "{:?}", whole.image.gaps);
    whole
}

fn of_kind(whole: &Whole, kind: PackageType) -> Vec<&ImagePackage> {
    let packages = whole.image.packages.iter();
    packages
        .filter(|found| found.package.kind == kind)
        .collect()
}

/// The paths that packages own, by their key; folders may be among them.
fn owned(whole: &Whole) -> BTreeMap<&str, BTreeSet<String>> {
    let mut owned: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let layer = whole.layers[0].as_deref().expect("the layer was read");
    for found in layer.found.iter().flat_map(|(_, found)| found) {
        if let Found::Owned(files) = found {
            let paths = owned.entry(&files.package).or_default();
            paths.extend(files.files.iter().map(|file| format!("/{}", file.path)));
        }
    }
    owned
}

/// A root file system that `./x roots` makes.
fn root(suite: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let path = cache.join(format!("plimsoll/roots/{suite}.tar"));
    if !path.is_file() {
        eprintln!("SKIPPED: no {}; ./x roots makes it", path.display());
        return None;
    }
    Some(path)
}

/// Compares a root file system of Debian with what dpkg-query lists in it.
fn debian(suite: &str, version: &str) {
    let Some(tar) = root(suite) else { return };
    let whole = image(&tar);
    let release = whole.image.release.as_ref().expect("a release");
    assert_eq!(
        (&*release.id, &*release.version, &*release.codename),
        ("debian", version, suite)
    );
    let support = release.support.as_ref().expect("Debian is in the table");
    assert!(!os::is_ended(support, date(2026, 11, 1)));
    // Nothing was changed since its package brought it, and nearly every
    // program is a package's.
    let marks: Vec<_> = whole
        .image
        .marks
        .iter()
        .filter(|mark| mark.name == "changed")
        .collect();
    assert!(marks.is_empty(), "{marks:?}");
    let files = &whole.image.files;
    assert!(files.verified > 500, "{files:?}");
    assert_eq!(files.unowned_programs, 0, "{:?}", whole.image.marks);

    let folder = tempfile::tempdir().expect("a folder");
    let unpacked = output(
        Command::new("tar")
            .arg("-xf")
            .arg(&tar)
            .arg("-C")
            .arg(folder.path())
            .arg("./var/lib/dpkg"),
    );
    let query = |arguments: &[&str]| {
        let mut command = Command::new("dpkg-query");
        command
            .arg("--admindir")
            .arg(folder.path().join("var/lib/dpkg"))
            .args(arguments);
        let text = String::from_utf8(output(&mut command)?.stdout).expect("text");
        Some(text)
    };
    let format = "-f=${db:Status-Status} ${binary:Package} ${Package} ${Version} ${Architecture} \
                  ${source:Package} ${source:Version}\n";
    let Some(listed) = unpacked.and_then(|_| query(&["-W", format])) else {
        return;
    };
    let expect: BTreeSet<String> = listed
        .lines()
        .filter(|line| !line.starts_with("config-files "))
        .filter_map(|line| Some(line.splitn(3, ' ').nth(2)?.to_owned()))
        .collect();
    let found: BTreeSet<String> = of_kind(&whole, PackageType::Deb)
        .iter()
        .map(|found| {
            let package = &found.package;
            let own = (&package.name, &package.version);
            let source = package.source.as_ref();
            let source = source.map_or(own, |source| (&source.name, &source.version));
            assert_eq!(package.namespace, "debian");
            format!(
                "{} {} {} {} {}",
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or(""),
                source.0,
                source.1
            )
        })
        .collect();
    assert!(expect.len() > 50, "{}", expect.len());
    assert_eq!(found, expect);

    let owned = owned(&whole);
    for key in listed.lines().filter_map(|line| line.split(' ').nth(1)) {
        let paths = query(&["--listfiles", key]).expect("listed before");
        let paths: Vec<_> = paths
            .lines()
            .filter(|path| path.starts_with('/') && *path != "/.")
            .collect();
        let found = owned.get(key.strip_suffix(":amd64").unwrap_or(key));
        let with_arch = owned.get(&*format!("{key}:amd64"));
        let found: BTreeSet<_> = found
            .into_iter()
            .chain(with_arch)
            .chain(owned.get(key))
            .flatten()
            .map(|path| &**path)
            .collect();
        for path in &paths {
            let below = format!("{path}/");
            let is_folder = paths.iter().any(|other| other.starts_with(&below));
            assert!(is_folder || found.contains(path), "{key}: {path}");
        }
        for path in &found {
            assert!(paths.contains(path), "{key}: {path}");
        }
    }
}

#[test]
fn debian_bookworm() {
    debian("bookworm", "12");
}

#[test]
fn debian_trixie() {
    debian("trixie", "13");
}

/// Unpacks the layer of an image that is handed out beside the repository.
fn alpine_layer(name: &str, folder: &Path) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/images")
        .join(name);
    if !path.is_file() {
        eprintln!("SKIPPED: no {}", path.display());
        return None;
    }
    let tar = folder.join("layer.tar");
    output(
        Command::new("tar")
            .args(["-xzf"])
            .arg(&path)
            .args(["--wildcards", "--to-command"])
            .arg(format!("cat > '{}'", tar.display()))
            .arg("*/layer.tar")
            .stderr(Stdio::inherit()),
    )?;
    output(
        Command::new("tar")
            .arg("-xf")
            .arg(&tar)
            .arg("-C")
            .arg(folder),
    )?;
    Some(tar)
}

/// The image's own apk, run by the image's own loader: no root is needed.
fn apk(folder: &Path, arguments: &[&str]) -> Option<String> {
    let libraries = format!("{0}/lib:{0}/usr/lib", folder.display());
    let output = output(
        Command::new(folder.join("lib/ld-musl-x86_64.so.1"))
            .args(["--library-path", &libraries])
            .arg(folder.join("sbin/apk"))
            .arg("--root")
            .arg(folder)
            .args(arguments),
    )?;
    Some(String::from_utf8(output.stdout).expect("apk writes text"))
}

/// Compares an image of Alpine with what its own apk lists in it.
fn alpine(name: &str, version: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(tar) = alpine_layer(name, folder.path()) else {
        return;
    };
    let whole = image(&tar);
    let release = whole.image.release.as_ref().expect("a release");
    assert_eq!((&*release.id, &*release.version), ("alpine", version));
    let support = release.support.as_ref().expect("Alpine is in the table");
    assert!(os::is_ended(support, date(2026, 11, 1)), "{support:?}");
    let changed = whole
        .image
        .marks
        .iter()
        .filter(|mark| mark.name == "changed");
    let changed: Vec<_> = changed.map(|mark| &*mark.path).collect();
    assert!(changed.is_empty(), "{changed:?}");
    let packages = of_kind(&whole, PackageType::Apk);
    assert_eq!(packages.len(), 14);
    // `musl-1.1.24-r0 x86_64 {musl} (MIT) [installed]`
    let Some(listed) = apk(folder.path(), &["list", "--installed"]) else {
        return;
    };
    let expect: BTreeSet<_> = listed
        .lines()
        .filter_map(|line| Some(line.split_once(" (")?.0.to_owned()))
        .collect();
    let found: BTreeSet<_> = packages
        .iter()
        .map(|found| {
            let package = &found.package;
            let source = package.source.as_ref();
            format!(
                "{}-{} {} {{{}}}",
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or(""),
                source.map_or(&package.name, |source| &source.name)
            )
        })
        .collect();
    assert_eq!(found, expect);
    let owned = owned(&whole);
    for package in packages {
        let name = &*package.package.name;
        let listed = apk(folder.path(), &["info", "--contents", name]).expect("listed before");
        let expect: BTreeSet<String> = listed
            .lines()
            .skip(1)
            .filter(|line| !line.is_empty())
            .map(|path| format!("/{path}"))
            .collect();
        let found = owned.get(name).cloned().unwrap_or_default();
        assert_eq!(found, expect, "{name}");
    }
}

#[test]
fn alpine_310() {
    alpine("alpine-310.tar.gz", "3.10.4");
}

#[test]
fn alpine_311() {
    alpine("alpine-311.tar.gz", "3.11.5");
}
