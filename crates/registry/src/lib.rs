//! Where images come from: registries, archives, folders, root file systems
//! and a node's containerd store; and the cache of analysed layers and
//! described images.
//!
//! All calls block; all types can be used from several threads at once.
//!
//! - [`mod@reference`]: what people call an image in a registry.
//! - [`auth`]: what they have signed in with.
//! - [`http`]: how registries are reached.
//! - [`client`]: what is asked of them; [`pull`]: an image of one.
//! - [`target`]: what a user names; [`local`]: files and folders of this machine.
//! - `containerd`: a node's store, over its socket.
//! - [`cache`]: layers that were analysed before, and images; [`sboms`]: images
//!   to be matched again; [`packed`]: their files.

mod attached;
pub mod auth;
pub mod cache;
pub mod client;
#[cfg(unix)]
pub mod containerd;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod local;
pub mod packed;
pub mod pull;
pub mod reference;
pub mod sboms;
pub mod target;

pub use cache::DiskCache;
pub use client::Client;
pub use error::Error;
pub use http::options::Options;
pub use pull::{PullError, Pulled};
pub use reference::{Reference, ReferenceError};
pub use target::{Form, Target, TargetError};
