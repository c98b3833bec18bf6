//! Finds and decodes the build info that Go's linker puts into programs, in
//! both of its forms (`debug/buildinfo` of Go tells of them): up to Go 1.17
//! pointers to strings, then the strings themselves.

use std::io;

use super::super::binary::{Binary, Format, Ints, Part, part};
use crate::ReadAt;

/// What it begins with, at an address that is a multiple of 16.
pub(crate) const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGN: usize = 16;
/// Bytes of a data segment that are searched for it where no section has its name.
const SEARCHED: u64 = 64 << 10;
/// Bytes of a string in it; the largest programs have some 30,000.
const MOST: u64 = 4 << 20;

/// What a program says of its build.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuildInfo {
    /// The toolchain: `go1.22.3`.
    pub(super) go_version: String,
    /// Its modules and settings as text; none when it was built without modules.
    pub(super) modules: Option<String>,
}

/// Why it could not be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildInfoError {
    /// The program can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It ends early, or points outside of the program.
    #[error("cut short, or points outside of the program")]
    Cut,
    /// A string of it is too long.
    #[error("a string of {0} bytes; at most {MOST} are read")]
    TooLong(u64),
}

/// The build info of a program; none where it was not built by Go.
pub(super) fn find(
    content: &dyn ReadAt,
    binary: &Binary,
) -> Result<Option<BuildInfo>, BuildInfoError> {
    let Some(at) = locate(content, binary)? else {
        return Ok(None);
    };
    let head = part(content, at, 32)?;
    let (Some(&size), Some(&flags)) = (head.get(14), head.get(15)) else {
        return Err(BuildInfoError::Cut);
    };
    let (go_version, modules) = if flags & 2 != 0 {
        let (go_version, after) = inline(content, at + 32)?;
        (go_version, inline(content, after)?.0)
    } else {
        let ints = Ints {
            bytes: &head,
            big: flags & 1 != 0,
            wide: size == 8,
        };
        let text = |index: usize| {
            let header = ints
                .word(16 + index * usize::from(size))
                .ok_or(BuildInfoError::Cut)?;
            pointed(content, binary, header, ints)
        };
        if size != 4 && size != 8 {
            return Err(BuildInfoError::Cut);
        }
        (text(0)?, text(1)?)
    };
    if go_version.is_empty() {
        return Err(BuildInfoError::Cut);
    }
    Ok(Some(BuildInfo {
        go_version: String::from_utf8_lossy(&go_version).into_owned(),
        modules: unwrapped(&modules),
    }))
}

/// How many bytes are read of build info that begins so: of its section, and its
/// strings where they stand in it. None where it is none.
pub(super) fn needed(head: &[u8]) -> Option<u64> {
    head.starts_with(MAGIC).then_some(())?;
    let length = |at: u64| {
        let bytes = head.get(usize::try_from(at).ok()?..)?;
        let (length, size) = base_128(bytes)?;
        at.checked_add(size)?.checked_add(length)
    };
    // Where it is longer than that its second string makes it so.
    let strings = length(32).and_then(length).unwrap_or_default();
    Some(strings.max(SEARCHED))
}

/// Where it lies in the file.
fn locate(content: &dyn ReadAt, binary: &Binary) -> io::Result<Option<u64>> {
    let named = binary.section(&[".go.buildinfo", "__go_buildinfo"]);
    let data = || match binary.format {
        Format::MachO => binary
            .segments
            .iter()
            .find(|part| part.name == "__DATA" && part.writable),
        _ => binary.segments.iter().find(|part| part.writable),
    };
    let Some(place) = named.or_else(data) else {
        return Ok(None);
    };
    let Part {
        offset,
        size,
        address,
        ..
    } = *place;
    let bytes = part(content, offset, size.min(SEARCHED))?;
    Ok(memchr::memmem::find_iter(&bytes, MAGIC)
        .find(|&at| (address.wrapping_add(at as u64)).is_multiple_of(ALIGN as u64))
        .map(|at| offset + at as u64))
}

/// A string written as its length (base 128, low groups first) and its bytes;
/// and where it ends.
fn inline(content: &dyn ReadAt, at: u64) -> Result<(Vec<u8>, u64), BuildInfoError> {
    let head = part(content, at, 10)?;
    let (length, size) = base_128(&head).ok_or(BuildInfoError::Cut)?;
    let from = at + size;
    let text = text(content, from, length)?;
    Ok((text, from + length))
}

/// A number in groups of seven bits, the low ones first, and its bytes.
fn base_128(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut number = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        number |= bits.checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((number, index as u64 + 1));
        }
    }
    None
}

/// A string by the address of its header, which holds the address of its
/// bytes and their count.
fn pointed(
    content: &dyn ReadAt,
    binary: &Binary,
    header: u64,
    ints: Ints<'_>,
) -> Result<Vec<u8>, BuildInfoError> {
    if header == 0 {
        return Ok(Vec::new());
    }
    let at = |address| binary.offset_of(address).ok_or(BuildInfoError::Cut);
    let bytes = part(content, at(header)?.0, 16)?;
    let ints = Ints {
        bytes: &bytes,
        ..ints
    };
    let word = if ints.wide { 8 } else { 4 };
    let (Some(address), Some(length)) = (ints.word(0), ints.word(word)) else {
        return Err(BuildInfoError::Cut);
    };
    if length == 0 {
        return Ok(Vec::new());
    }
    text(content, at(address)?.0, length)
}

fn text(content: &dyn ReadAt, at: u64, length: u64) -> Result<Vec<u8>, BuildInfoError> {
    if length > MOST {
        return Err(BuildInfoError::TooLong(length));
    }
    let bytes = part(content, at, length)?;
    if bytes.len() as u64 != length {
        return Err(BuildInfoError::Cut);
    }
    Ok(bytes.into_owned())
}

/// The modules' text without the 16 bytes on each side that mark it.
fn unwrapped(bytes: &[u8]) -> Option<String> {
    let end = bytes.len().checked_sub(16)?;
    let text = bytes.get(16..end).filter(|text| text.ends_with(b"\n"))?;
    Some(String::from_utf8_lossy(text).into_owned())
}
