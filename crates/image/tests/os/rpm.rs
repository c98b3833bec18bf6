//! What is found in real rpm databases of all three forms equals what rpm
//! itself says of them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::{InPlace, output, packages, run};
use plimsoll_image::{Found, Sink, bounded::read_all, found::FileDigest};

/// The bytes of a database that is handed out beside the repository.
fn database(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/packagedb")
        .join(name);
    match std::fs::File::open(&path) {
        Ok(file) => {
            let inflated = flate2::read::GzDecoder::new(file);
            Some(read_all(inflated, 64 << 20).expect("a gzip file"))
        }
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}

/// A package a line: name, version, architecture, file of its source package,
/// vendor, module.
fn listed(sink: &Sink) -> BTreeSet<String> {
    packages(sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            let (name, version) = match &package.source {
                Some(source) => (&source.name, &source.version),
                None => (&package.name, &package.version),
            };
            let version = version.split_once(':').map_or(&**version, |(_, rest)| rest);
            format!(
                "{} {} {} {name}-{version}.src.rpm {} {}",
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or("(none)"),
                found.evidence.strip_prefix("vendor ").unwrap_or("(none)"),
                package
                    .qualifiers
                    .get("modularity")
                    .map_or("(none)", |label| label)
            )
        })
        .collect()
}

/// A file a line, folders left out: package, path, digest, whether it is configuration.
fn owned(sink: &Sink) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for found in &sink.found {
        let Found::Owned(owned) = found else { continue };
        for file in &owned.files {
            let mut line = format!("{} /{} ", owned.package, file.path);
            let bytes = match &file.digest {
                Some(FileDigest::Sha256(bytes)) => &bytes[..],
                Some(FileDigest::Md5(bytes)) => &bytes[..],
                _ => &[],
            };
            for byte in bytes {
                write!(line, "{byte:02x}").expect("memory");
            }
            write!(line, " {}", file.config).expect("memory");
            lines.insert(line);
        }
    }
    lines
}

fn query(folder: &Path, backend: &str, format: &str) -> Option<Vec<String>> {
    let output = output(
        Command::new("rpm")
            .arg("--dbpath")
            .arg(folder)
            .args(["--define", &format!("_db_backend {backend}")])
            .args(["-qa", "--queryformat", format]),
    )?;
    let text = String::from_utf8(output.stdout).expect("rpm writes text");
    Some(text.lines().map(str::to_owned).collect())
}

/// Compares with rpm's own list of packages and files.
fn same(sink: &Sink, folder: &Path, backend: &str) {
    let Some(lines) = query(
        folder,
        backend,
        "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM} %{VENDOR} %{MODULARITYLABEL}\n",
    ) else {
        return;
    };
    let expect: BTreeSet<String> = lines
        .iter()
        .filter(|line| !line.starts_with("gpg-pubkey "))
        .map(|line| line.replacen(" 0:", " ", 1))
        .collect();
    assert!(!expect.is_empty());
    assert_eq!(listed(sink), expect);
    let lines = query(
        folder,
        backend,
        "[%{=NAME}:%{=ARCH} %{FILENAMES} %{FILEDIGESTS} %{FILEFLAGS} %{FILEMODES} %{FILESTATES}\n]",
    );
    let expect: BTreeSet<String> = lines
        .expect("the list of packages could be had")
        .iter()
        .filter_map(|line| {
            let mut words = line.rsplitn(5, ' ');
            let mut number = || words.next()?.parse::<u32>().ok();
            let (state, mode, flags) = (number()?, number()?, number()?);
            let (digest, rest) = (words.next()?, words.next()?);
            (mode & 0o170_000 != 0o040_000 && state != 2)
                .then(|| format!("{rest} {digest} {}", flags & 1 != 0))
        })
        .collect();
    assert_eq!(owned(sink), expect);
}

/// Reads it, and keeps it in a folder as rpm looks for it.
fn opened(name: &str, file: &str) -> Option<(Sink, tempfile::TempDir, PathBuf)> {
    let bytes = database(name)?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(file);
    std::fs::write(&path, &bytes).expect("written");
    let name = format!("var/lib/rpm/{file}");
    let sink = run("rpm", &name, &InPlace::open(&path));
    assert!(sink.problems.is_empty(), "{:?}", sink.problems);
    assert_eq!(sink.found, run("rpm", &name, &bytes).found);
    Some((sink, folder, path))
}

#[test]
fn berkeley_db() {
    let Some((sink, folder, _)) = opened("rpmdb-bdb-libuuid.gz", "Packages") else {
        return;
    };
    let expect = "libuuid 2.32.1-42.el8_8 x86_64 util-linux-2.32.1-42.el8_8.src.rpm \
                  Red Hat, Inc. (none)";
    assert_eq!(listed(&sink), BTreeSet::from([expect.to_owned()]));
    assert!(owned(&sink).iter().any(|line| {
        line.starts_with("libuuid:x86_64 /usr/lib64/libuuid.so.1.3.0 ")
            && line.len() == "libuuid:x86_64 /usr/lib64/libuuid.so.1.3.0  false".len() + 64
    }));
    same(&sink, folder.path(), "bdb_ro");
}

#[test]
fn sqlite() {
    let Some((sink, folder, _)) = opened("rpmdb-sqlite-cbl-mariner-2.0.gz", "rpmdb.sqlite") else {
        return;
    };
    assert_eq!(packages(&sink).len(), 129);
    let bash = packages(&sink)
        .into_iter()
        .find(|found| found.package.name == "bash")
        .expect("bash is there");
    assert!(bash.needs.contains(&"glibc".to_owned()), "{:?}", bash.needs);
    same(&sink, folder.path(), "sqlite");
}

/// Debian's rpm can't read ndb: its blobs, found by their magic and not by the
/// slots that our reader goes by, are put into a database that rpm can read.
#[test]
fn ndb() {
    let Some((sink, folder, path)) = opened("rpmdb-ndb-sle15-bci.gz", "Packages.db") else {
        return;
    };
    let bytes = read_all(std::fs::File::open(&path).expect("there"), 64 << 20).expect("read");
    let mut inserts = String::new();
    let mut count = 0;
    for at in (4096..bytes.len()).step_by(16) {
        if bytes[at..].starts_with(b"BlbS") {
            let length = u32::from_le_bytes(bytes[at + 12..at + 16].try_into().expect("four"));
            count += 1;
            write!(inserts, "INSERT INTO Packages VALUES({count}, x'").expect("memory");
            for byte in &bytes[at + 16..at + 16 + length as usize] {
                write!(inserts, "{byte:02x}").expect("memory");
            }
            inserts += "');\n";
        }
    }
    assert_eq!((count, packages(&sink).len()), (35, 35));
    let list = listed(&sink);
    assert!(
        list.iter().any(|line| line.starts_with("bash ")),
        "{list:#?}"
    );
    std::fs::remove_file(&path).expect("removed");
    let script = folder.path().join("inserts.sql");
    std::fs::write(&script, inserts).expect("written");
    let made = output(
        Command::new("rpm")
            .args(["--initdb", "--define", "_db_backend sqlite", "--dbpath"])
            .arg(folder.path()),
    )
    .and_then(|_| {
        output(
            Command::new("sqlite3")
                .arg(folder.path().join("rpmdb.sqlite"))
                .arg(format!(".read {}", script.display())),
        )
    });
    if made.is_some() {
        same(&sink, folder.path(), "sqlite");
    }
}
