//! (filled by the part that owns it)

use crate::Analyzer;

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[];
