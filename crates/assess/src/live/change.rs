//! What may happen to an estate that is watched.

use std::sync::Arc;

use plimsoll_manifest::Document;
use plimsoll_model::{AssetFacts, AssetId, CoverageLinks, Diagnostic, Evaluation, Finding};

use super::Pod;
use crate::{Advisories, Components, Line, LookedInto, components::SYSTEM};

/// One thing that happened.
#[derive(Debug)]
pub enum Change {
    /// An object came or is otherwise than it was: what is kept of it, see
    /// [`trim`](super::trim). It takes the place of all that was said of it.
    Set(Document),
    /// A pod that something controls came, or is otherwise than it was: see
    /// [`trim::seen`](super::trim::seen).
    Pod(Box<Pod>),
    /// An object went.
    Gone(AssetId),
    /// The whole line as it is drawn now, with what was said when it was
    /// read: see [`Line::read`].
    Line(Line, Vec<Diagnostic>),
    /// Images that were looked into, or could not be: each takes the place of
    /// what its names led to before.
    Images(Vec<LookedInto>),
    /// Image names that no workload has any more: what they led to is
    /// forgotten, unless it has other names.
    Unnamed(Vec<Arc<str>>),
    /// What packages are compared with from now on.
    Advisories(Option<Advisories>),
    /// What the coverage engine says, all of it.
    Coverage(Observed),
    /// What the cluster runs on was compared with advisories, all of it: see
    /// [`Live::components`](super::Live::components).
    Components(Components),
    /// Something that should be seen can't be, or no longer can.
    Gap(Gap),
    /// What a [`Gap`] kept from being seen is seen again: its `kind` and
    /// `namespace`.
    Seen(Arc<str>, Option<Arc<str>>),
}

impl Change {
    /// Whether it may move what [`Live::components`](super::Live::components)
    /// says: what it is about is a node, or Kubernetes itself.
    #[must_use]
    pub fn is_of_components(&self) -> bool {
        match self {
            Change::Set(document) => {
                let metadata = document.root().get("metadata");
                let namespace = metadata.and_then(|metadata| metadata.get("namespace")?.as_str());
                document.kind() == "Node" || namespace == Some(SYSTEM)
            }
            Change::Pod(pod) => &*pod.namespace == SYSTEM,
            Change::Gone(id) => {
                let id = id.as_str();
                id.contains("/node/") || id.contains(&format!("/ns/{SYSTEM}/"))
            }
            Change::Advisories(_) => true,
            _ => false,
        }
    }
}

/// Findings and assets that an engine beside the objects adds to the whole.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Assets that are no objects of the API.
    pub assets: Vec<AssetFacts>,
    /// What is wrong, with any asset that is known.
    pub findings: Vec<Finding>,
    /// What could not be judged. Only `unevaluated` is taken.
    pub evaluation: Evaluation,
    /// Who observes which asset, for goals that ask; none when nobody looked.
    pub coverage: Option<Arc<CoverageLinks>>,
}

/// A kind of object that can't be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Which, as `group/Kind`, or `Kind` for the core group:
    /// `networking.k8s.io/NetworkPolicy`.
    pub kind: Arc<str>,
    /// The only namespace it can't be seen in; none when in all.
    pub namespace: Option<Arc<str>>,
    /// Why: `RBAC forbids to list it`.
    pub reason: String,
    /// What would make it visible.
    pub remedy: String,
}
