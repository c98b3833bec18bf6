//! From where a workload can be reached.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Location;

/// From how far away a workload can be reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ExposureLevel {
    /// Nothing leads to it.
    None,
    /// From inside the cluster, through a Service or its pods' addresses.
    Cluster,
    /// From the organisation's own network only: an internal load balancer.
    Internal,
    /// From outside: load balancer, node port, Ingress, Gateway, host port or
    /// host network.
    Internet,
}

impl ExposureLevel {
    /// The lower-case word used in every output and in selectors.
    pub fn as_str(self) -> &'static str {
        match self {
            ExposureLevel::None => "none",
            ExposureLevel::Cluster => "cluster",
            ExposureLevel::Internal => "internal",
            ExposureLevel::Internet => "internet",
        }
    }
}

impl fmt::Display for ExposureLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that leads to a workload, or that keeps others out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposureReason {
    /// In words: `Service shop/web of type LoadBalancer selects it`.
    pub text: String,
    /// The object's place.
    pub location: Option<Location>,
    /// The level this reason alone gives.
    pub level: ExposureLevel,
    /// Whether a network policy takes this way away; then it is kept as
    /// evidence but does not count.
    pub blocked_by: Option<String>,
}

/// From where a workload can be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The highest level of the reasons that are not blocked.
    pub level: ExposureLevel,
    /// The reasons, strongest first.
    pub reasons: Vec<ExposureReason>,
    /// Why there may be more ways than these, where what leads to it can't be
    /// seen.
    pub unknown: Option<Box<str>>,
}

impl Default for Exposure {
    fn default() -> Self {
        Exposure {
            level: ExposureLevel::None,
            reasons: Vec::new(),
            unknown: None,
        }
    }
}

impl Exposure {
    /// Why it is not known whether it can be reached from outside: nothing
    /// that is seen leads to it, and not everything is seen.
    pub fn may_be_outside(&self) -> Option<&str> {
        let unknown = self.unknown.as_deref();
        unknown.filter(|_| self.level != ExposureLevel::Internet)
    }
}
