//! What readers of package managers' text files share. They work on bytes: a
//! path may be no UTF-8, and that must not cost the rest of the file.

use crate::{Sink, found::FileDigest};

/// Problems of one file that are told one by one.
const MOST_PROBLEMS: usize = 16;

/// Bytes of a package manager's file that is read whole. Debian's largest
/// status files have some 20 MB.
pub(crate) const MOST_BYTES: u64 = 128 << 20;

/// Files of packages that one file of a package manager tells of; a large
/// system has some hundred thousand.
pub(crate) const MOST_FILES: usize = 1_000_000;

/// The lines of `bytes` without their ends, each with its offset.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let at = start;
        start += end + 1;
        let line = &rest[..end];
        Some((at, line.strip_suffix(b"\r").unwrap_or(line)))
    })
}

/// As text; bytes that are none are replaced.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path without its leading `/` or `./`.
pub(crate) fn relative(path: &[u8]) -> &[u8] {
    let path = path
        .strip_prefix(b".")
        .filter(|rest| rest.starts_with(b"/"))
        .unwrap_or(path);
    let slashes = path.iter().take_while(|&&byte| byte == b'/').count();
    &path[slashes..]
}

/// Something at `offset` could not be read. Only so many are told one by one,
/// so that a file of rubbish does not make a million diagnostics.
pub(crate) fn tell(sink: &mut Sink, offset: usize, message: impl Into<String>) {
    match sink.problems.len() {
        0..MOST_PROBLEMS => sink.incomplete_at(offset as u64, message),
        MOST_PROBLEMS => sink.incomplete_at(offset as u64, "more could not be read from here on"),
        _ => {}
    }
}

/// Bytes from hexadecimal digits, exactly `N`.
pub(crate) fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}

/// An MD5, SHA-1 or SHA-256 in hexadecimal digits, told apart by their number.
pub(crate) fn hex_digest(digits: &[u8]) -> Option<FileDigest> {
    match digits.len() {
        32 => hex(digits).map(FileDigest::Md5),
        40 => hex(digits).map(FileDigest::Sha1),
        64 => hex(digits).map(FileDigest::Sha256),
        _ => None,
    }
}

/// What lies between a prefix and a suffix of a path, when it has both and
/// nothing below it.
pub(crate) fn between<'a>(path: &'a str, folder: &str, suffix: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?
        .strip_suffix(suffix)
        .filter(|name| !name.is_empty() && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_offsets_and_no_ends() {
        let check = |text: &str, expect: &[(usize, &str)]| {
            let read: Vec<_> = lines(text.as_bytes())
                .map(|(at, line)| (at, std::str::from_utf8(line).expect("text")))
                .collect();
            assert_eq!(read, expect, "{text:?}");
        };
        check("", &[]);
        check("a", &[(0, "a")]);
        check("a\n\nbc\r\n", &[(0, "a"), (2, ""), (3, "bc")]);
    }

    #[test]
    fn paths_lose_what_leads() {
        let check = |path: &str, expect: &str| {
            assert_eq!(relative(path.as_bytes()), expect.as_bytes(), "{path}");
        };
        check("/usr/bin/x", "usr/bin/x");
        check("./usr", "usr");
        check("//usr", "usr");
        check("/.", ".");
        check(".hidden", ".hidden");
        check("", "");
        assert_eq!(between("info/a.list", "info/", ".list"), Some("a"));
        assert_eq!(between("info/b/a.list", "info/", ".list"), None);
        assert_eq!(between("info/.list", "info/", ".list"), None);
    }

    #[test]
    fn digests_are_told_apart_by_length() {
        assert_eq!(hex(b"00fF"), Some([0, 255]));
        assert_eq!(hex::<2>(b"00f"), None);
        assert_eq!(hex::<1>(b"0g"), None);
        assert_eq!(hex_digest(&[b'0'; 32]), Some(FileDigest::Md5([0; 16])));
        assert_eq!(hex_digest(&[b'0'; 40]), Some(FileDigest::Sha1([0; 20])));
        assert_eq!(hex_digest(&[b'0'; 64]), Some(FileDigest::Sha256([0; 32])));
        assert_eq!(hex_digest(b""), None);
    }

    #[test]
    fn rubbish_is_told_of_a_few_times() {
        let mut sink = Sink::default();
        (0..1000).for_each(|at| tell(&mut sink, at, "bad"));
        assert_eq!(sink.problems.len(), MOST_PROBLEMS + 1);
        assert_eq!(sink.problems[3], ("bad".to_owned(), Some(3)));
    }
}
