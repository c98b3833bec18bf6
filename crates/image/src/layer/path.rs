//! Paths as a layer writes them, and what they mean.

use std::fmt::Write;

use crate::Limits;

/// Why a path means nothing in a layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    /// `..` in it.
    #[error("the path leads out of its folder (`..`): left out")]
    Traversal,
    /// A zero byte in it.
    #[error("the path has a zero byte in it: left out")]
    Nul,
    /// Longer than the limit.
    #[error("the path has {0} bytes, more than are read: left out")]
    TooLong(usize),
    /// Deeper than the limit.
    #[error("the path has more than {0} components: left out")]
    TooDeep(usize),
}

/// The path without slashes at its ends, empty components and `.`; empty for
/// the root. Bytes that are no UTF-8 are written `\xE9`.
pub(super) fn normal(path: &[u8], limits: &Limits) -> Result<String, PathError> {
    if path.len() > limits.path_bytes {
        return Err(PathError::TooLong(path.len()));
    }
    if memchr::memchr(0, path).is_some() {
        return Err(PathError::Nul);
    }
    let mut clean = Vec::with_capacity(path.len());
    let mut depth = 0_usize;
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err(PathError::Traversal),
            _ => {}
        }
        depth += 1;
        if !clean.is_empty() {
            clean.push(b'/');
        }
        clean.extend_from_slice(part);
    }
    if depth > limits.path_depth {
        return Err(PathError::TooDeep(limits.path_depth));
    }
    Ok(String::from_utf8(clean).unwrap_or_else(|error| shown(error.as_bytes())))
}

/// Bytes as text: those that are no UTF-8 are written `\xE9`.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// What a path takes away from the layers below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whiteout {
    /// Nothing: it is an entry like others.
    No,
    /// This path.
    Path(String),
    /// All that is in this folder.
    Folder(String),
    /// Nothing: a file that aufs keeps for itself.
    Aufs,
    /// It names nothing that could be taken away.
    Malformed,
}

/// Reads a normal path as a whiteout (OCI image-spec, layer.md).
pub(super) fn whiteout(path: &str) -> Whiteout {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(hidden) = name.strip_prefix(".wh.") else {
        // Files in aufs's own folders are no files of the image either.
        let in_aufs = folder.split('/').any(|part| part.starts_with(".wh..wh."));
        return if in_aufs {
            Whiteout::Aufs
        } else {
            Whiteout::No
        };
    };
    match hidden {
        ".wh..opq" => Whiteout::Folder(folder.to_owned()),
        "" | "." | ".." => Whiteout::Malformed,
        _ if hidden.starts_with(".wh.") => Whiteout::Aufs,
        _ if folder.is_empty() => Whiteout::Path(hidden.to_owned()),
        _ => Whiteout::Path(format!("{folder}/{hidden}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_become_normal_or_are_refused() {
        let limits = Limits {
            path_bytes: 20,
            path_depth: 3,
            ..Limits::default()
        };
        let check = |path: &[u8], expect: Result<&str, PathError>| {
            assert_eq!(normal(path, &limits), expect.map(str::to_owned));
        };
        check(b"a/b", Ok("a/b"));
        check(b"./a//b/./c/", Ok("a/b/c"));
        check(b"/a", Ok("a"));
        check(b"./", Ok(""));
        check(b"..a/b..", Ok("..a/b.."));
        check(b"caf\xe9", Ok("caf\\xE9"));
        check("caf\u{e9}".as_bytes(), Ok("caf\u{e9}"));
        check(b"a/../b", Err(PathError::Traversal));
        check(b"..", Err(PathError::Traversal));
        check(b"a\0b", Err(PathError::Nul));
        check(b"a/b/c/d", Err(PathError::TooDeep(3)));
        check(&[b'a'; 21], Err(PathError::TooLong(21)));
    }

    #[test]
    fn whiteouts_are_told_from_files() {
        let check = |path: &str, expect| assert_eq!(whiteout(path), expect, "{path}");
        check("a/b", Whiteout::No);
        check("a/.who", Whiteout::No);
        check("a/.wh.b", Whiteout::Path("a/b".into()));
        check(".wh.b", Whiteout::Path("b".into()));
        check("a/.wh..wh..opq", Whiteout::Folder("a".into()));
        check(".wh..wh..opq", Whiteout::Folder(String::new()));
        check(".wh..wh.plnk", Whiteout::Aufs);
        check(".wh..wh.plnk/1.2", Whiteout::Aufs);
        check("a/.wh.", Whiteout::Malformed);
        check("a/.wh..", Whiteout::Malformed);
        check("a/.wh...", Whiteout::Malformed);
        check("a/.wh..wh.b", Whiteout::Aufs);
        check("a/.wh..b", Whiteout::Path("a/.b".into()));
    }

    proptest! {
        #[test]
        fn normal_paths_stay_as_they_are(path in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(path) = normal(&path, &Limits::default()) {
                let again = normal(path.as_bytes(), &Limits::default());
                prop_assert_eq!(again.as_ref(), Ok(&path));
                prop_assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."));
            }
        }
    }
}
