//! The resources a user writes: goals, classes, baselines and exceptions,
//! under `plimsoll.dev/v1alpha1`. The same document is a file in Git, an
//! object in the API and a custom resource in a cluster.
//!
//! Parsing is strict: an unknown field is an error that names its place and
//! the nearest field there is.

mod baseline;
mod class;
mod clause;
mod exception;
mod goal;
mod metadata;
mod parse;
mod selector;

pub use baseline::{Baseline, BaselineSpec, ControlChoice, ControlRemoval};
pub use class::{AssetClass, AssetClassSpec};
pub use clause::{
    AdmissionState, Clause, ConfigurationClause, CoverageClause, DriftMode, ExposureClause,
    ImageClause, Leave, OpenAlerts, RuntimeClause, SecretsClause, SensorState, SupplyChainClause,
    VulnerabilitiesClause,
};
pub use exception::{ExceptionSpec, PostureException};
pub use goal::{AdmissionMode, Enforce, GoalScope, GoalSpec, PostureGoal, Ramp, RemediateMode};
pub use metadata::{Metadata, Served};
pub use parse::{API_GROUP, API_VERSION, Resource, ResourceError, is_resource, parse};
pub use selector::{LabelExpression, LabelOperator, Selector, glob_matches};
