//! Asset classes, and goals over assets to verdicts and fix plans.
//!
//! The engine is pure: the line, the facts, the past and the clock come in as
//! values, verdicts and diagnostics go out. It sees findings and facts, never
//! the engines that made them. The same facts, line, past and clock give the
//! same verdicts, in whatever order the facts and the line are listed.
//!
//! - [`classes()`]: which classes each asset is in, and why.
//! - [`evaluate`]: a verdict for every goal. The fix plan is left empty; see
//!   [`plan`].
//! - [`Ledger`]: the same verdicts kept up to date asset by asset.
//! - [`record`]: what the next run must know of this one.
//! - [`holds()`]: whether a goal holds at the time of its verdict.

use std::sync::Arc;

use plimsoll_model::{
    AssetFacts, ComponentLinks, CoverageLinks, Evaluation, Finding, ImageLinks, Location,
    resource::{AssetClass, PostureException, PostureGoal},
};

mod attainment;
mod classes;
mod clause;
mod evaluate;
mod exceptions;
mod forecast;
mod history;
mod index;
mod ledger;
mod notes;
pub mod plan;
#[cfg(test)]
mod properties;
mod ramp;
mod scope;
#[cfg(test)]
mod testing;
mod window;
mod words;

pub use attainment::holds;
pub use classes::{BUILT_IN_CLASS, BUILT_IN_RANK, CLASS_KEY, Classes, classes};
pub use evaluate::{evaluate, evaluate_with};
pub use exceptions::accepted;
pub use history::{FORGET_FINDINGS_AFTER, KEEP_RUNS_FOR, MOST_RUNS, record, record_run};
pub use ledger::{Ledger, Move, Moves, Standing, agrees};
pub use window::DEFAULT_MAX_GAP;

/// The line that was drawn: the resources a user wrote, each with its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line<'a> {
    /// The goals.
    pub goals: &'a [(Arc<PostureGoal>, Location)],
    /// The asset classes they may name.
    pub classes: &'a [(Arc<AssetClass>, Location)],
    /// The accepted findings.
    pub exceptions: &'a [(Arc<PostureException>, Location)],
}

/// What is known now. Indexes in verdicts point into these lists.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Every asset that is there, unread ones too.
    pub assets: &'a [AssetFacts],
    /// Every finding; each is on one of the assets.
    pub findings: &'a [Finding],
    /// What was evaluated and what was not.
    pub evaluation: &'a Evaluation,
    /// The images that assets name; none when no image was looked into.
    pub images: Option<&'a ImageLinks>,
    /// Who observes which asset; none when nobody looked.
    pub coverage: Option<&'a CoverageLinks>,
    /// What clusters and nodes run on was compared with; none when nobody did.
    pub components: Option<&'a ComponentLinks>,
}
