//! The Kubernetes edge: a cluster's objects as changes of an estate, the
//! custom resources and what the agent is made of.
//!
//! - [`client`]: from a kubeconfig or a pod's own account to an API server.
//! - [`kinds`]: what is looked at, and why; [`rbac`]: the permissions that takes.
//! - [`discover`]: what of it the server has.
//! - [`source`]: lists once, or lists and watches, and never stops over one kind
//!   that can't be seen.
//! - [`images`]: running images, looked into by digest.
//! - [`agent`]: what runs in the cluster; [`status`]: what it writes.

pub mod agent;
mod ask;
pub mod client;
pub mod discover;
#[doc(hidden)]
pub mod fuzzing;
pub mod images;
mod kept;
pub mod kinds;
mod list;
pub mod rbac;
pub mod source;
pub mod status;
mod watch;

pub use ask::AskError;
pub use client::{Access, Server};
pub use source::{News, Source, SourceOptions};
