//! The bytes of one entry: a mark, a checksum, the length, and the analysis
//! (postcard, zstd).

use std::io;

use plimsoll_image::LayerAnalysis;

/// What an entry begins with. The number changes with this form.
const MARK: &[u8; 8] = b"plmsLyr1";

/// Mark, checksum, length.
const HEAD: usize = 8 + 32 + 8;

/// Bytes of an analysis, at most.
const MOST: u64 = 4 << 30;

/// zstd's fastest level of those without a sign: entries are read more often than written.
const LEVEL: i32 = 1;

/// The entry of an analysis.
///
/// # Errors
/// There is no memory for it.
pub(super) fn encode(analysis: &LayerAnalysis) -> io::Result<Vec<u8>> {
    let plain = postcard::to_allocvec(analysis).map_err(io::Error::other)?;
    let packed = zstd::bulk::compress(&plain, LEVEL)?;
    let length = (plain.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(HEAD + packed.len());
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(checksum(&length, &packed).as_bytes());
    bytes.extend_from_slice(&length);
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

/// The analysis of an entry.
///
/// # Errors
/// `InvalidData` when it is damaged, or of another form.
pub(super) fn decode(bytes: &[u8]) -> io::Result<LayerAnalysis> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let (head, packed) = bytes.split_at_checked(HEAD).ok_or_else(broken)?;
    let (mark, rest) = head.split_at(8);
    let (sum, length) = rest.split_at(32);
    if mark != MARK || checksum(length, packed).as_bytes() != sum {
        return Err(broken());
    }
    let length = u64::from_le_bytes(length.try_into().map_err(|_| broken())?);
    if length > MOST {
        return Err(broken());
    }
    let capacity = usize::try_from(length).map_err(|_| broken())?;
    let plain = zstd::bulk::decompress(packed, capacity).map_err(|_| broken())?;
    if plain.len() != capacity {
        return Err(broken());
    }
    postcard::from_bytes(&plain).map_err(|_| broken())
}

fn checksum(length: &[u8], packed: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(length);
    hasher.update(packed);
    hasher.finalize()
}
