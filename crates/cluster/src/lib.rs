//! The Kubernetes edge.
pub mod agent;
