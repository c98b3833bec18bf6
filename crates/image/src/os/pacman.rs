//! pacman: Arch Linux and its kin (alpm-db(7), alpm-db-desc(5),
//! alpm-db-files(5), alpm-mtree(5)). A folder a package,
//! `var/lib/pacman/local/NAME-VERSION-RELEASE/`, with `desc`, `files` and
//! `mtree`.

use std::io::{BufRead, BufReader, Read};

use plimsoll_model::{Package, PackageType, package::SourcePackage};

use super::{
    needs::tidy,
    text::{MOST_BYTES, MOST_FILES, hex, hex_digest, lines, lossy, relative, tell},
};
use crate::{
    Analyzer, Candidate, FoundPackage, How, OwnedFile, Sink,
    analyzer::never_by_head,
    bounded::Bounded,
    found::{FileDigest, OwnedFiles},
    licence,
    read_at::Cursor,
};

const FOLDER: &str = "var/lib/pacman/local/";

/// What is installed.
pub(crate) const DESC: Analyzer = Analyzer {
    name: "pacman",
    version: 1,
    by_path: |path, _| package_of(path, "desc").is_some(),
    by_head: never_by_head,
    run: desc,
};

/// The paths of a package, and its configuration files.
pub(crate) const FILES: Analyzer = Analyzer {
    name: "pacman-files",
    version: 1,
    by_path: |path, _| package_of(path, "files").is_some(),
    by_head: never_by_head,
    run: files,
};

/// The digests of a package's files.
pub(crate) const MTREE: Analyzer = Analyzer {
    name: "pacman-mtree",
    version: 1,
    by_path: |path, _| package_of(path, "mtree").is_some(),
    by_head: never_by_head,
    run: mtree,
};

/// The name of the package whose `file` this is.
fn package_of<'a>(path: &'a str, file: &str) -> Option<&'a str> {
    let folder = path.strip_prefix(FOLDER)?;
    let folder = folder.strip_suffix(file)?.strip_suffix('/')?;
    // A version has no dash but the one before the release.
    let (rest, _release) = folder.rsplit_once('-')?;
    let (name, _version) = rest.rsplit_once('-')?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// The values of a file that has sections: `%NAME%`, a value a line, an empty line.
fn sections<'a>(
    bytes: &'a [u8],
    sink: &mut Sink,
    mut each: impl FnMut(&'a [u8], &'a [u8], usize, &mut Sink),
) {
    let mut section: &[u8] = &[];
    for (at, line) in lines(bytes) {
        match line {
            [] => section = &[],
            [b'%', name @ .., b'%'] if section.is_empty() && !name.is_empty() => section = name,
            value if !section.is_empty() => each(section, value, at, sink),
            _ => tell(sink, at, "not in a section"),
        }
    }
}

/// A dependency without the version that is asked for.
fn plain_name(word: &[u8]) -> &[u8] {
    let end = word
        .iter()
        .position(|byte| matches!(byte, b'=' | b'<' | b'>' | b':'))
        .unwrap_or(word.len());
    &word[..end]
}

fn desc(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    let (mut name, mut version, mut base, mut arch) = (&[][..], &[][..], &[][..], &[][..]);
    let (mut licences, mut needs) = (Vec::new(), Vec::new());
    sections(&bytes, sink, |section, value, _, _| match section {
        b"NAME" => name = value,
        b"VERSION" => version = value,
        b"BASE" => base = value,
        b"ARCH" => arch = value,
        b"LICENSE" => licences.push(lossy(value)),
        b"DEPENDS" => needs.push(plain_name(value)),
        _ => {}
    });
    if name.is_empty() {
        return sink.incomplete_at(0, "a package without a name");
    }
    if version.is_empty() {
        sink.incomplete_at(0, format!("{}: no version", lossy(name)));
    }
    let mut package = Package::new(PackageType::Alpm, "", lossy(name), lossy(version));
    package.arch = (!arch.is_empty()).then(|| lossy(arch));
    package.source = (!base.is_empty() && base != name).then(|| SourcePackage {
        name: lossy(base),
        version: lossy(version),
    });
    package.licences = licence::normalise_all(licences.iter().map(|licence| &**licence));
    let mut found = FoundPackage::new(package, How::Installed);
    // Other packages are in other files: what a need is provided by is not
    // looked up, and a library (`libfoo.so=1-64`) names no package.
    found.needs = tidy(
        needs
            .into_iter()
            .filter(|name| !name.ends_with(b".so") && !name.is_empty()),
        name,
    );
    sink.push(found);
}

fn push(file: &Candidate<'_>, name: &str, files: Vec<OwnedFile>, sink: &mut Sink) {
    if let (Some(package), false) = (package_of(file.path, name), files.is_empty()) {
        let package = package.to_owned();
        sink.push(OwnedFiles { package, files });
    }
}

fn files(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) else {
        return;
    };
    let mut files = Vec::new();
    sections(&bytes, sink, |section, value, at, sink| {
        // Folders end with a slash.
        let (path, digest, config) = match section {
            b"FILES" if !value.ends_with(b"/") => (value, None, false),
            // `PATH<tab>MD5` as it was installed.
            b"BACKUP" => match memchr::memrchr(b'\t', value) {
                Some(tab) => (&value[..tab], hex_digest(&value[tab + 1..]), true),
                None => (value, None, true),
            },
            _ => return,
        };
        match files.len() {
            0..MOST_FILES => files.push(OwnedFile {
                path: lossy(relative(path)),
                digest,
                config,
            }),
            MOST_FILES => tell(sink, at, format!("more than {MOST_FILES} files")),
            _ => {}
        }
    });
    files.shrink_to_fit();
    push(file, "files", files, sink);
}

/// Bytes of one line of an mtree.
const MOST_LINE: u64 = 64 << 10;

fn mtree(file: &Candidate<'_>, sink: &mut Sink) {
    let inflated = flate2::read::GzDecoder::new(Cursor::new(file.content));
    let mut reader = BufReader::new(Bounded::new(inflated, MOST_BYTES));
    let mut files = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(MOST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                sink.incomplete(format!("not inflated to its end: {error}"));
                break;
            }
        }
        if let Some(file) = entry(line.trim_ascii()) {
            if files.len() == MOST_FILES {
                sink.incomplete(format!("more than {MOST_FILES} files"));
                break;
            }
            files.push(file);
        }
    }
    files.shrink_to_fit();
    push(file, "mtree", files, sink);
}

/// A file of an mtree with its SHA-256, else MD5. Those of the package itself
/// (`./.PKGINFO`) are not on the disk.
fn entry(line: &[u8]) -> Option<OwnedFile> {
    let mut words = line.split(|&byte| byte == b' ');
    let path = unescape(words.next()?.strip_prefix(b"./")?);
    if path.starts_with(b".") && !path.contains(&b'/') {
        return None;
    }
    let mut digest = None;
    for word in words {
        if let Some(digits) = word.strip_prefix(b"sha256digest=") {
            digest = hex(digits).map(FileDigest::Sha256).or(digest);
        } else if let Some(digits) = word.strip_prefix(b"md5digest=") {
            digest = digest.or_else(|| hex(digits).map(FileDigest::Md5));
        }
    }
    digest.map(|digest| OwnedFile {
        path: lossy(&path),
        digest: Some(digest),
        config: false,
    })
}

/// A backslash and three octal digits are a byte (mtree(5)).
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, after @ ..] = rest {
        match rest {
            [
                b'\\',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Found,
        analyzer::testing::{claims, packages, run},
    };

    const PLACE: &str = "var/lib/pacman/local/gcc-libs-13.2.1-5/";

    fn gzip(text: &str) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(text.as_bytes()).expect("memory");
        writer.finish().expect("memory")
    }

    fn owned(sink: &Sink) -> Vec<String> {
        let [Found::Owned(owned)] = &sink.found[..] else {
            panic!("{:?}", sink.found);
        };
        assert_eq!(owned.package, "gcc-libs");
        owned
            .files
            .iter()
            .map(|file| {
                let digest = match file.digest {
                    Some(FileDigest::Md5(digest)) => format!(" md5 {:x}", digest[0]),
                    Some(FileDigest::Sha256(digest)) => format!(" sha256 {:x}", digest[0]),
                    _ => String::new(),
                };
                format!(
                    "{}{digest}{}",
                    file.path,
                    if file.config { " config" } else { "" }
                )
            })
            .collect()
    }

    #[test]
    fn a_package_is_read() {
        let text = "%NAME%\ngcc-libs\n\n%VERSION%\n13.2.1-5\n\n%BASE%\ngcc\n\n%ARCH%\nx86_64\n\n\
                    %LICENSE%\nGPL-3.0-or-later\ncustom\n\n%DEPENDS%\nglibc>=2.27\nlibz.so=1-64\n\n\
                    %PROVIDES%\nlibgo.so=22-64\n\n";
        let path = format!("{PLACE}desc");
        assert!(claims(&DESC, &path, b""));
        let sink = run(&DESC, &path, text.as_bytes());
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        let found = packages(&sink)[0];
        assert_eq!(
            (
                &*found.package.name,
                &*found.package.version,
                found.package.arch.as_deref()
            ),
            ("gcc-libs", "13.2.1-5", Some("x86_64"))
        );
        assert_eq!(found.package.source.as_ref().expect("a base").name, "gcc");
        assert!(
            found
                .package
                .licences
                .contains(&"GPL-3.0-or-later".to_owned())
        );
        assert_eq!(found.needs, ["glibc"]);
    }

    #[test]
    fn files_are_read() {
        let text = "%FILES%\nusr/\nusr/lib/\nusr/lib/libgcc_s.so\netc/gcc.conf\n\n\
                    %BACKUP%\netc/gcc.conf\t0123456789abcdef0123456789abcdef\n\n";
        let sink = run(&FILES, &format!("{PLACE}files"), text.as_bytes());
        assert_eq!(
            owned(&sink),
            [
                "usr/lib/libgcc_s.so",
                "etc/gcc.conf",
                "etc/gcc.conf md5 1 config"
            ]
        );
        let sha = "0200000000000000000000000000000000000000000000000000000000000000";
        let text = format!(
            "#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=1 sha256digest={sha}\n\
             ./usr time=1.0 mode=755 type=dir\n./usr/lib/a\\040b time=1.0 size=1 \
             md5digest=0123456789abcdef0123456789abcdef sha256digest={sha}\n\
             ./usr/lib/c md5digest=0123456789abcdef0123456789abcdef\n./usr/lib/l type=link link=c\n"
        );
        let path = format!("{PLACE}mtree");
        let sink = run(&MTREE, &path, &gzip(&text));
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        assert_eq!(owned(&sink), ["usr/lib/a b sha256 2", "usr/lib/c md5 1"]);
        let cut = gzip(&text);
        let sink = run(&MTREE, &path, &cut[..cut.len() / 2]);
        assert_eq!(sink.problems.len(), 1);
    }

    #[test]
    fn damage_is_told() {
        let check = |text: &str, expect: &[&str]| {
            let sink = run(&DESC, &format!("{PLACE}desc"), text.as_bytes());
            let told: Vec<_> = sink.problems.iter().map(|(words, _)| &**words).collect();
            assert_eq!(told, expect, "{text:?}");
        };
        check("", &["a package without a name"]);
        check("%NAME%\na\n", &["a: no version"]);
        check("x\n%NAME%\na\n\n%VERSION%\n1-1\n", &["not in a section"]);
    }

    #[test]
    fn names_of_folders() {
        let check = |path: &str, expect| assert_eq!(package_of(path, "desc"), expect, "{path}");
        check("var/lib/pacman/local/acl-2.3.1-3/desc", Some("acl"));
        check(
            "var/lib/pacman/local/gcc-libs-1:13-5/desc",
            Some("gcc-libs"),
        );
        check("var/lib/pacman/local/acl/desc", None);
        check("var/lib/pacman/local/a/b-1-1/desc", None);
        check("var/lib/pacman/sync/acl-2.3.1-3/desc", None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            run(&DESC, &format!("{PLACE}desc"), &bytes);
            run(&FILES, &format!("{PLACE}files"), &bytes);
            run(&MTREE, &format!("{PLACE}mtree"), &bytes);
        }

        #[test]
        fn any_mtree_is_survived(text in "(\\./[a-c\\\\0-7]{0,6}|/set|[ =a-z0-9\n]{0,9}| md5digest=){0,9}") {
            run(&MTREE, &format!("{PLACE}mtree"), &gzip(&text));
        }
    }
}
