//! The bytes of one entry: the analysis (postcard), packed.

use std::io;

use plimsoll_image::LayerAnalysis;

use crate::packed;

/// What an entry begins with. The number changes with this form.
const MARK: &[u8; 8] = b"plmsLyr1";

/// Bytes of an analysis, at most.
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
