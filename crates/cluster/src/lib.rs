//! The Kubernetes edge.
//!
//! - [`client`]: from a kubeconfig or a pod's own account to an API server.
//! - [`agent`]: leadership, health and metrics.

pub mod agent;
#[expect(dead_code, reason = "lists and watches stand on it")]
mod ask;
pub mod client;

pub use ask::AskError;
pub use client::{Access, Server};
