//! Where images come from: registries, archives, folders, root file systems
//! and a node's containerd store; and the cache of analysed layers.
//!
//! All calls block; all types can be used from several threads at once.
//!
//! - [`reference`]: what people call an image in a registry.

pub mod reference;

pub use reference::{Reference, ReferenceError};
