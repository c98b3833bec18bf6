//! What is known of an asset: what goals and classes look at.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Asset, AssetId, Date, Digest, Exposure, Location, Timestamp};

/// When and from what something was observed. Facts are made with one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// Where it comes from: `files` for manifests.
    pub source: Arc<str>,
    /// When it was observed.
    pub at: Timestamp,
}

/// Why an asset is known to be there although its state is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownAsset {
    /// In words: `the chart template shop/templates/web.yaml is not rendered`.
    pub reason: String,
    /// What would make it known: `render the chart and check its output`.
    pub remedy: String,
}

/// An asset with all that goals and classes may ask of it.
#[derive(Clone, Debug)]
pub struct AssetFacts {
    /// The asset.
    pub asset: Arc<Asset>,
    /// When and from what it was observed.
    pub observed: Observation,
    /// The cluster it is in.
    pub cluster: Arc<str>,
    /// Its own labels; for a workload the object's, over its pods'.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// Its annotations that begin with `plimsoll.dev/`.
    pub annotations: BTreeMap<Arc<str>, Arc<str>>,
    /// The labels of its namespace.
    pub namespace_labels: Arc<BTreeMap<Arc<str>, Arc<str>>>,
    /// Who answers for it: `plimsoll.dev/owner` as label or annotation, else
    /// the label `team` or `owner`, else the same on the namespace.
    pub owner: Option<Arc<str>>,
    /// The images its containers name.
    pub images: Vec<Arc<str>>,
    /// From where it can be reached.
    pub exposure: Exposure,
    /// Where it stands.
    pub location: Option<Location>,
    /// Set when its state is not known.
    pub unknown: Option<UnknownAsset>,
}

impl AssetFacts {
    /// An asset of which nothing more is known than that it is there.
    #[must_use]
    pub fn bare(asset: Arc<Asset>, observed: Observation, cluster: Arc<str>) -> Self {
        AssetFacts {
            asset,
            observed,
            cluster,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            namespace_labels: Arc::default(),
            owner: None,
            images: Vec::new(),
            exposure: Exposure::default(),
            location: None,
            unknown: None,
        }
    }
}

/// What is known of an image that an asset names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// The image's own asset.
    pub asset: AssetId,
    /// When and from what it was looked into.
    pub observed: Observation,
    /// When it was built, as it says itself.
    pub created: Option<Timestamp>,
    /// Uncompressed bytes of its layers.
    pub bytes: u64,
    /// The user it starts its program as; empty is root.
    pub user: String,
    /// The operating system it holds; none for an image from scratch.
    pub release: Option<ReleaseFacts>,
    /// The image it was built on; none where that is not known.
    pub base: Option<BaseFacts>,
    /// Paths of shells in it.
    pub shells: Vec<String>,
    /// What shows that it comes with an SBOM; `None` when there is none,
    /// `Err` when that can't be known, and why.
    pub sbom: Result<Option<String>, String>,
    /// What of it could not be read.
    pub gaps: Vec<String>,
    /// What its packages were compared with; `Err` when they were not, and why.
    pub advisories: Result<AdvisoryFacts, String>,
}

/// What clusters and nodes run on was compared with, by asset. One that is not
/// there was compared with nothing.
pub type ComponentLinks = BTreeMap<AssetId, AdvisoryFacts>;

/// What the packages of an image were compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdvisoryFacts {
    /// As of when the oldest feed is that is about its packages.
    pub as_of: Option<Timestamp>,
    /// Which packages no feed is about, and why nothing is known of them.
    pub unknown: Vec<String>,
    /// Whether a catalogue of exploited vulnerabilities was asked (CISA KEV).
    pub knows_exploited: bool,
    /// Whether predictions of exploitation were asked (EPSS).
    pub knows_epss: bool,
}

/// The operating system of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// Its name, for a person.
    pub name: String,
    /// The last day of its general support, where that is known.
    pub until: Option<Date>,
}

/// The image that an image was built on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseFacts {
    /// Its name as it was given; empty when only its digest is known.
    pub name: String,
    /// The digest of its manifest or index, where it is known.
    pub digest: Option<Digest>,
    /// When it was built, as it says itself, where it was looked at.
    pub created: Option<Timestamp>,
    /// What shows it: an annotation of the builder, or layers.
    pub evidence: String,
}

/// What an image name of a manifest leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageLink {
    /// An image that was looked into.
    Known(Arc<ImageFacts>),
    /// An image that could not be.
    Unknown(UnknownAsset),
}

/// Images by the name manifests give them.
pub type ImageLinks = BTreeMap<Arc<str>, ImageLink>;
