//! The agent: what runs in the cluster, watches it, and writes what it finds
//! into the status of the goals.

mod election;
pub mod lease;
pub mod metrics;
mod serve;

pub use election::{Election, Standing};
pub use serve::{Health, listen, serve};
