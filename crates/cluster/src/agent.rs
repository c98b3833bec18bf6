//! The agent: what runs in the cluster, watches it, and writes what it finds
//! into the status of the goals.

mod election;
mod feed;
pub mod lease;
pub mod metrics;
mod observe;
mod owner;
mod run;
mod serve;
mod work;

pub use self::{
    lease::Timings,
    metrics::{Metrics, WriteLabels},
};
pub use election::{Election, Standing};
pub use feed::Watched;
pub use owner::{OwnedLine, ReadLine, owned_line};
pub use run::{Feed, Inputs, LeaseSetup, RunError, Setup, Sink, run};
pub use serve::{Health, listen, serve};
pub use work::{Input, Keep, Round, Rounds, Work};
