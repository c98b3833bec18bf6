//! The files of a package, as dpkg and opkg tell them.

use crate::{
    OwnedFile, Sink,
    found::{FileDigest, OwnedFiles},
    os::text::{MOST_FILES, hex, lines, lossy, relative, tell},
};

/// Hands the files on, at most [`MOST_FILES`].
fn push(package: &str, mut files: Vec<OwnedFile>, sink: &mut Sink) {
    if files.len() > MOST_FILES {
        files.truncate(MOST_FILES);
        sink.incomplete(format!("more than {MOST_FILES} files of one package"));
    }
    files.shrink_to_fit();
    if !files.is_empty() {
        let package = package.to_owned();
        sink.push(OwnedFiles { package, files });
    }
}

fn plain(path: &[u8]) -> OwnedFile {
    OwnedFile {
        path: lossy(path),
        digest: None,
        config: false,
    }
}

/// `NAME.list`: a path a line.
pub(crate) fn list(package: &str, bytes: &[u8], sink: &mut Sink) {
    paths(package, lines(bytes).map(|(_, line)| line), sink);
}

/// Paths with a leading slash. A folder comes before what is in it, which
/// tells folders apart from files, but for empty ones.
pub(crate) fn paths<'a>(package: &str, lines: impl Iterator<Item = &'a [u8]>, sink: &mut Sink) {
    let mut paths = lines
        .map(relative)
        .filter(|path| !path.is_empty() && *path != b".")
        .peekable();
    let mut files = Vec::new();
    while let Some(path) = paths.next()
        && files.len() <= MOST_FILES
    {
        let is_folder = paths
            .peek()
            .and_then(|next| next.strip_prefix(path))
            .is_some_and(|rest| rest.starts_with(b"/"));
        if !is_folder {
            files.push(plain(path));
        }
    }
    push(package, files, sink);
}

/// `NAME.md5sums`: as md5sum(1) writes it.
pub(crate) fn md5sums(package: &str, bytes: &[u8], sink: &mut Sink) {
    let mut files = Vec::new();
    for (at, line) in lines(bytes).filter(|(_, line)| !line.is_empty()) {
        // `DIGEST  PATH`, or ` *` before it where it was read as binary; a
        // backslash before all where the path has escapes.
        let escaped = line.strip_prefix(b"\\");
        let digest = escaped.unwrap_or(line);
        let parts = digest.split_at_checked(32).and_then(|(digest, rest)| {
            let rest = rest.strip_prefix(b" ")?;
            let rest = rest.strip_prefix(b"*").unwrap_or(rest);
            Some((hex(digest)?, rest.trim_ascii_start()))
        });
        let Some((digest, path)) = parts.filter(|(_, path)| !path.is_empty()) else {
            tell(sink, at, "not an MD5 and a path");
            continue;
        };
        let unescaped = match escaped {
            Some(_) => unescape(path),
            None => path.to_vec(),
        };
        if files.len() > MOST_FILES {
            break;
        }
        files.push(OwnedFile {
            digest: Some(FileDigest::Md5(digest)),
            ..plain(relative(&unescaped))
        });
    }
    push(package, files, sink);
}

/// md5sum's escapes: `\\`, `\n`, `\r`.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(&other) => other,
                None => byte,
            },
            byte => byte,
        });
    }
    bytes
}

/// `NAME.conffiles`: a path a line, or `remove-on-upgrade` and a path, which
/// is no file of the package any more.
pub(crate) fn conffiles(package: &str, bytes: &[u8], sink: &mut Sink) {
    let files = lines(bytes)
        .map(|(_, line)| line.trim_ascii())
        .filter(|line| line.starts_with(b"/"))
        .take(MOST_FILES + 1)
        .map(|path| OwnedFile {
            config: true,
            ..plain(relative(path))
        })
        .collect();
    push(package, files, sink);
}

/// `diversions`: three lines each (the path, where it lies instead, the
/// package whose own file is not diverted). What lies at the other place is
/// some other package's file: owned, by whom is not said.
pub(crate) fn diversions(bytes: &[u8], sink: &mut Sink) {
    let mut lines = lines(bytes);
    let mut files = Vec::new();
    while let Some((at, _)) = lines.next() {
        match (lines.next(), lines.next()) {
            _ if files.len() > MOST_FILES => break,
            (Some((_, to)), Some(_)) if !relative(to).is_empty() => {
                files.push(plain(relative(to)));
            }
            _ => tell(sink, at, "not a diversion: three lines are expected"),
        }
    }
    push("", files, sink);
}
