//! What an engine looked at, beside what it found: without it, silence could
//! be taken for health.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{AssetId, Location};

/// A baseline as it was resolved for this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedBaseline {
    /// Name and version: `pss/restricted@1.36`.
    pub pinned: Arc<str>,
    /// The ids of its controls, in order.
    pub controls: Vec<&'static str>,
    /// Whether the name was written without a version.
    pub floating: bool,
}

/// A control that could not be evaluated on an asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unevaluated {
    /// The asset.
    pub asset: AssetId,
    /// The control, or none when it holds for all controls.
    pub control: Option<&'static str>,
    /// Why, in words.
    pub reason: String,
    /// Where.
    pub location: Location,
}

/// What the posture engine looked at.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Every baseline that was asked for, by the name it was asked for by.
    pub baselines: BTreeMap<String, ResolvedBaseline>,
    /// Baselines and controls that were asked for and do not exist, with what
    /// to do about it.
    pub missing: BTreeMap<String, String>,
    /// Ids of the single controls that were asked for and evaluated.
    pub controls: Vec<&'static str>,
    /// Of all controls that were evaluated, those that look at images.
    pub image_controls: BTreeSet<&'static str>,
    /// What could not be evaluated.
    pub unevaluated: Vec<Unevaluated>,
    /// Pod templates evaluated; smaller than `templates` when some are the
    /// same.
    pub distinct_templates: u64,
    /// Pod templates seen.
    pub templates: u64,
}
