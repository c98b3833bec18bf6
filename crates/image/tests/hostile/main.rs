//! Images made to break a reader.

mod images;
mod layers;

/// The builder of the tar reader's own tests.
#[path = "../../src/tar/build.rs"]
mod build;

const BLOCK: usize = 512;
