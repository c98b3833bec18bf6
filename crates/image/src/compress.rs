//! Decompression of streams: gzip (several members), zstd (several frames) or
//! none, told by the first bytes. Limits are the caller's: nothing here grows
//! with the input.

mod gzip;

use std::io::{self, BufRead, Read};

pub use gzip::Gzip;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not, or in a way that is not known.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// Of bytes that begin like this; four are enough.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Compression::Gzip,
            // A frame, or a skippable frame before one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The name of a kind of compression or archive that is not read, by its
    /// first bytes: for a message.
    #[must_use]
    pub fn unread_name(head: &[u8]) -> Option<&'static str> {
        match head {
            [b'B', b'Z', b'h', ..] => Some("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("xz"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Some("a zip archive"),
            _ => None,
        }
    }
}

/// Decompressed bytes.
pub enum Decompressed<R> {
    /// As they are.
    None(R),
    /// From gzip.
    Gzip(Box<Gzip<R>>),
    /// From zstd.
    Zstd(Box<zstd::Decoder<'static, R>>),
}

impl<R: BufRead> Decompressed<R> {
    /// Decompresses what `inner` holds.
    ///
    /// # Errors
    /// There is no memory for a decoder.
    pub fn new(inner: R, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Decompressed::None(inner),
            Compression::Gzip => Decompressed::Gzip(Box::new(Gzip::new(inner))),
            // The decoder's own bound on windows holds: 128 MB, which is what
            // `zstd` takes without being told otherwise.
            Compression::Zstd => Decompressed::Zstd(Box::new(zstd::Decoder::with_buffer(inner)?)),
        })
    }

    /// The compressed bytes, where they now are.
    pub fn inner(&mut self) -> &mut R {
        match self {
            Decompressed::None(inner) => inner,
            Decompressed::Gzip(gzip) => gzip.inner(),
            Decompressed::Zstd(zstd) => zstd.get_mut(),
        }
    }
}

impl<R: BufRead> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Decompressed::None(inner) => inner.read(buffer),
            Decompressed::Gzip(gzip) => gzip.read(buffer),
            Decompressed::Zstd(zstd) => zstd.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounded::read_all;

    #[test]
    fn the_first_bytes_tell() {
        let check = |head: &[u8], expect| assert_eq!(Compression::of(head), expect, "{head:?}");
        check(b"", Compression::None);
        check(b"\x1f\x8b", Compression::None);
        check(b"\x1f\x8b\x08\0", Compression::Gzip);
        check(b"\x28\xb5\x2f\xfd", Compression::Zstd);
        check(b"\x51\x2a\x4d\x18", Compression::Zstd);
        check(b"bin/\0", Compression::None);
    }

    #[test]
    fn several_frames_are_one_stream() {
        let mut bytes = Vec::new();
        for part in ["one ", "two"] {
            bytes.extend(zstd::encode_all(part.as_bytes(), 1).expect("memory"));
            bytes.extend_from_slice(b"\x50\x2a\x4d\x18\x03\0\0\0abc");
        }
        let read = Decompressed::new(&bytes[..], Compression::Zstd).expect("a decoder");
        assert_eq!(read_all(read, 100).expect("whole"), b"one two");
        let read = Decompressed::new(&bytes[..bytes.len() - 15], Compression::Zstd);
        assert!(read_all(read.expect("a decoder"), 100).is_err());
    }
}
