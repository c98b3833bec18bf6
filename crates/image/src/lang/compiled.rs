//! Packages of compiled languages: what programs and archives say of
//! themselves, and the lock files of their package managers.

pub(crate) mod binary;
pub(crate) mod go;
pub(crate) mod packed;
pub(crate) mod rust;
pub(crate) mod text;

use crate::Analyzer;

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[
    go::GO_BINARY,
    go::GO_MOD,
    go::GO_SUM,
    packed::PACKED,
    rust::CARGO_LOCK,
    rust::RUST_BINARY,
];
