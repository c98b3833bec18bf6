//! Controls over the inventory: the Pod Security Standards and what users miss
//! first; baselines of them; fixes that make them pass.
//!
//! A [`Control`] is a [`Rule`](plimsoll_model::Rule) (the words) and a check
//! (the code). A check reports *paths*; the engine finds their places, gives
//! findings their identity and their baselines, and never drops one: a waiver
//! is an attribute of a finding.
//!
//! ```text
//! Request ──resolve──> Plan (control × version, with the baselines asking)
//! Inventory ─templates─> checks of pods, once per distinct template
//!           └─objects──> checks of objects
//!                          └──> violations ──locate──> findings
//! ```

mod affected;
pub mod baselines;
pub mod catalogue;
pub mod context;
pub mod control;
pub mod controls;
mod engine;
mod hidden;
pub mod image;
mod intern;
mod locate;
mod resolve;
pub mod version;
pub mod violation;
mod waiver;

pub use affected::affected_by;
pub use baselines::{BuiltinBaseline, baselines};
pub use catalogue::{catalogue, find};
pub use context::{ObjectContext, PodContext};
pub use control::{Check, Control};
pub use engine::{evaluate, evaluate_objects};
pub use hidden::{Rests, leads_to_workloads, resting_on};
pub use image::{ImageSink, evaluate_image};
pub use resolve::Request;
pub use version::Minor;
pub use violation::{At, Path, Remedy, Sink, Violation};
