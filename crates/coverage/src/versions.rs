//! What a cluster runs on, and until when that is supported: a dated table,
//! made by `./x support` from endoflife.date. What the table does not have,
//! and what it has without a date, is unknown and never supported.

mod judge;
mod name;
mod table;

use std::sync::Arc;

use plimsoll_model::{Asset, Date, Finding, Unevaluated};

pub use judge::versions;
pub use table::as_of;

/// What a version is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionPart {
    /// The API server.
    Kubernetes,
    /// The kubelet of a node.
    Kubelet,
    /// The container runtime of a node.
    Runtime,
    /// The operating system of a node.
    Os,
    /// The kernel of a node.
    Kernel,
}

impl VersionPart {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            VersionPart::Kubernetes => "kubernetes",
            VersionPart::Kubelet => "kubelet",
            VersionPart::Runtime => "runtime",
            VersionPart::Os => "os",
            VersionPart::Kernel => "kernel",
        }
    }
}

/// Whether a version is supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// Until that day, which is more than 90 days away.
    Supported(Date),
    /// Until that day, which is near.
    Ending(Date),
    /// It ended that day.
    Ended(Date),
    /// That is not known, and why.
    Unknown(Arc<str>),
}

impl VersionState {
    /// The word used in every output.
    pub fn as_str(&self) -> &'static str {
        match self {
            VersionState::Supported(_) => "supported",
            VersionState::Ending(_) => "ending",
            VersionState::Ended(_) => "ended",
            VersionState::Unknown(_) => "unknown",
        }
    }

    /// The last day of support.
    pub fn until(&self) -> Option<Date> {
        match self {
            VersionState::Supported(date)
            | VersionState::Ending(date)
            | VersionState::Ended(date) => Some(*date),
            VersionState::Unknown(_) => None,
        }
    }
}

/// One version of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The cluster or the node.
    pub asset: Arc<Asset>,
    /// What of it.
    pub part: VersionPart,
    /// As it says itself: `containerd://2.2.1`.
    pub text: Arc<str>,
    /// Whether it is supported.
    pub state: VersionState,
    /// Where the date is from.
    pub source: Option<String>,
}

/// All versions of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// The cluster's first, then those of its nodes by name.
    pub versions: Vec<Version>,
    /// What is past its end or near it, and kubelets that do not fit, in the
    /// listing order of findings.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub unevaluated: Vec<Unevaluated>,
}

#[cfg(test)]
mod tests;
