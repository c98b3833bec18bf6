//! The one reader of foreign bytes: it stops at a limit and says so.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Bytes of one file read at most unless `--max-file-size` says otherwise.
pub const DEFAULT_MAX: u64 = 256 << 20;

/// Reads a file.
///
/// # Errors
/// In words: it is not there, can't be read, is no regular file or is larger
/// than `max` bytes.
pub fn read_file(path: &Path, max: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| words(&error))?;
    let length = match file.metadata() {
        Ok(metadata) if metadata.is_dir() => return Err("it is a folder".to_owned()),
        Ok(metadata) => metadata.len(),
        Err(error) => return Err(words(&error)),
    };
    if length > max {
        return Err(too_large(max));
    }
    read(file, length as usize, max)
}

/// Reads all of a stream.
///
/// # Errors
/// As [`read_file`].
pub fn read_stream(stream: impl Read, max: u64) -> Result<Vec<u8>, String> {
    read(stream, 0, max)
}

fn read(stream: impl Read, expected: usize, max: u64) -> Result<Vec<u8>, String> {
    // One byte more than expected, so that the end shows without growing.
    let mut bytes = Vec::with_capacity(expected + 1);
    let mut stream = stream.take(max.saturating_add(1));
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the bounded reader: `take` bounds it"
    )]
    stream
        .read_to_end(&mut bytes)
        .map_err(|error| words(&error))?;
    if bytes.len() as u64 > max {
        return Err(too_large(max));
    }
    Ok(bytes)
}

fn too_large(max: u64) -> String {
    format!(
        "it is larger than {}; raise the limit with --max-file-size",
        size(max)
    )
}

/// A size as `--max-file-size` reads it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0 => "0 B".to_owned(),
        b if b.is_multiple_of(1 << 30) => format!("{} GiB", b >> 30),
        b if b.is_multiple_of(1 << 20) => format!("{} MiB", b >> 20),
        b if b.is_multiple_of(1 << 10) => format!("{} KiB", b >> 10),
        b => format!("{b} B"),
    }
}

/// Reads a size: `1048576`, `64KiB`, `256M`, `1 GiB`. Units are powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("write a number of bytes, or one with K, M or G, such as `256M`".into()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|bytes| (1..=4 << 30).contains(bytes))
        .ok_or_else(|| "write a size from 1 byte to 4G, such as `256M`".to_owned())
}

/// An error of the system without its number, which says nothing.
pub fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            match text.find(" (os error") {
                Some(at) => text[..at].to_lowercase(),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused() {
        let check = |bytes: &[u8], max: u64, expect: Result<usize, &str>| {
            let got = read_stream(bytes, max).map(|bytes| bytes.len());
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect),
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{got}"),
                (got, expect) => panic!("got {got:?}, expected {expect:?}"),
            }
        };
        check(b"abc", 3, Ok(3));
        check(b"abcd", 3, Err("larger than 3 B"));
        check(b"", 1, Ok(0));
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(parse_size(text).ok(), expect, "{text}");
        };
        check("1024", Some(1024));
        check("64KiB", Some(64 << 10));
        check("256M", Some(256 << 20));
        check("1 GiB", Some(1 << 30));
        check("0", None);
        check("5G", None);
        check("-1", None);
        check("10 parsecs", None);
    }
}
