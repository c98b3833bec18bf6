//! Who observes which asset, since when and how fresh; what nobody observes;
//! and until when what a cluster runs on is supported.
//!
//! The engine is pure: assets, what was heard from each source of
//! observations, and the clock come in as values; a matrix of assets by
//! engines, the gaps in it as findings, and the versions with the ends of
//! their support come out. An asset's row depends on that asset and on indexes
//! of the sources, never on other rows.
//!
//! - [`Seen`]: what of the objects of a cluster coverage and versions rest on.
//! - [`coverage`]: the matrix and its gaps.
//! - [`versions()`]: what runs where, and until when that is supported.

use std::sync::Arc;

use plimsoll_model::{
    AssetFacts, AssetId, CoverageLinks, Engine, Finding, ImageLinks, Period, Rule, Timestamp,
};

mod cells;
mod gaps;
mod matrix;
mod node;
mod rules;
mod seen;
mod source;
#[cfg(test)]
mod testing;
mod unsupported;
pub mod versions;

pub use matrix::{Row, coverage};
pub use node::{NodeSeen, Said};
pub use rules::RULES;
pub use seen::{Seen, server_place};
pub use source::{Exclusion, Hidden, Scope, Source};
pub use versions::{Version, VersionPart, VersionState, Versions, versions};

/// How long a source that should speak may be silent.
pub const SILENCE: Period = Period::minutes(5);
/// How old advisories may be where nobody says: as in a goal.
pub const ADVISORIES: Period = Period::days(30);

/// What holds for the whole.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// The clock.
    pub now: Timestamp,
    /// How long a source that should speak may be silent.
    pub silence: Period,
    /// How old the scan of an image may be; none where nobody asks.
    pub image_scan: Option<Period>,
    /// How old advisories may be.
    pub advisories: Period,
    /// Engines that someone relies on: that one of them is not deployed is a
    /// gap.
    pub expected: Vec<Engine>,
}

impl Settings {
    /// The usual settings.
    pub fn new(cluster: Arc<str>, now: Timestamp) -> Self {
        Settings {
            cluster,
            now,
            silence: SILENCE,
            image_scan: None,
            advisories: ADVISORIES,
            expected: vec![Engine::KubernetesWatch],
        }
    }
}

/// What is known of the observers and of the observed.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Every asset.
    pub assets: &'a [AssetFacts],
    /// The images that assets name; none when no image was looked into.
    pub images: Option<&'a ImageLinks>,
    /// What the objects of the cluster say of themselves.
    pub seen: &'a Seen,
    /// What was heard from each source.
    pub sources: &'a [Source],
    /// What was excluded, and by whom.
    pub exclusions: &'a [Exclusion],
    /// Kinds that can't be seen.
    pub hidden: &'a [Hidden],
    /// What holds for the whole.
    pub settings: &'a Settings,
}

/// Who observes what, and what nobody does.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// A row for each asset, in the order of their ids.
    pub rows: Vec<Row>,
    /// How each engine observes the cluster as a whole.
    pub engines: plimsoll_model::AssetCoverage,
    /// What is not observed and should be, in the listing order of findings.
    pub findings: Vec<Finding>,
}

impl Coverage {
    /// What goals read.
    pub fn links(&self) -> CoverageLinks {
        self.rows
            .iter()
            .map(|row| (row.asset.id.clone(), row.cells.clone()))
            .collect()
    }

    /// Who answers for an asset of the matrix.
    pub fn owner(&self, asset: &AssetId) -> Option<&Arc<str>> {
        let at = self
            .rows
            .binary_search_by(|row| row.asset.id.cmp(asset))
            .ok()?;
        self.rows[at].owner.as_ref()
    }
}

/// The words of a rule of this engine.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.into_iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests;
