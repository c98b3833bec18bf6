//! The bytes of one entry: the analysis of a layer (postcard) or the summary of
//! an image (JSON), packed.

use std::io;

use plimsoll_image::{LayerAnalysis, summary::Summary};

use crate::packed;

/// What a layer begins with. The number changes with this form.
const MARK: &[u8; 8] = b"plmsLyr1";

/// What a summary begins with. The number changes with this form.
const SUMMARY: &[u8; 8] = b"plmsSum1";

/// Bytes of one, unpacked, at most.
const MOST: u64 = 4 << 30;

/// The entry of an analysis.
///
/// # Errors
/// There is no memory for it.
pub(super) fn encode(analysis: &LayerAnalysis) -> io::Result<Vec<u8>> {
    let plain = postcard::to_allocvec(analysis).map_err(io::Error::other)?;
    packed::pack(MARK, &plain)
}

/// The analysis of an entry.
///
/// # Errors
/// `InvalidData` when it is damaged, or of another form.
pub(super) fn decode(bytes: &[u8]) -> io::Result<LayerAnalysis> {
    let plain = packed::unpack(MARK, bytes, MOST)?;
    postcard::from_bytes(&plain).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The entry of a summary that was written as `plain`.
///
/// # Errors
/// There is no memory for it.
pub(super) fn encode_summary(plain: &[u8]) -> io::Result<Vec<u8>> {
    packed::pack(SUMMARY, plain)
}

/// The summary of an entry.
///
/// # Errors
/// `InvalidData` when it is damaged, or of another form.
pub(super) fn decode_summary(bytes: &[u8]) -> io::Result<Summary> {
    let plain = packed::unpack(SUMMARY, bytes, MOST)?;
    Summary::read(&plain).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
