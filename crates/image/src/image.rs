//! The layers of an image put over each other.

pub mod tree;
