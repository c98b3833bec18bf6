//! Running images are looked into: by digest, with the pull secrets that were
//! granted, by a few workers, from a queue that survives a restart.
//!
//! - [`queue`]: what is to be looked into next; pure.
//! - [`plan`]: what is known of each running image, told as changes.
//! - [`pull`]: which Secrets may be read, and reading them.
//! - [`worker`]: pulls and analyses.
//! - [`rematch`]: the advisory database, opened again when its file changes.

pub mod plan;
pub mod pull;
pub mod queue;
pub mod rematch;
pub mod worker;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use plimsoll_model::Period;
use plimsoll_registry::http::proxy::Proxies;

pub use self::{plan::Scanner, pull::Grants, rematch::DatabaseFile};

/// How running images are looked into.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the queue, the images and their layers are kept.
    pub folder: PathBuf,
    /// How many images are looked into at a time.
    pub workers: usize,
    /// How long one image may take.
    pub timeout: Duration,
    /// How long after it was looked into an image is again, beside what goals
    /// ask for.
    pub rescan_after: Option<Period>,
    /// Where a registry's content is asked for first, by registry.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Registries that are reached by plain http, or with certificates that
    /// can't be verified.
    pub insecure: BTreeSet<String>,
    /// Certificates that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Proxies.
    pub proxies: Proxies,
    /// The pull secrets that may be read.
    pub grants: Grants,
    /// What packages are compared with; none where nobody gave any.
    pub database: Option<DatabaseFile>,
}

/// How many images are looked into at a time unless the installer says so.
pub const WORKERS: usize = 2;
/// How long one image may take unless the installer says so.
pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);
