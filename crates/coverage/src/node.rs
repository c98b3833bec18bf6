//! What a node says of itself, and when it was last heard.

use std::sync::Arc;

use plimsoll_inventory::{Object, location_of};
use plimsoll_manifest::Node as Value;
use plimsoll_model::{Asset, Evidence, FieldRef, Location, Timestamp};

use crate::unsupported;

/// The longest text of a node that is kept, in characters: versions and names
/// are far shorter.
const MOST: usize = 200;

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The text.
    pub text: Arc<str>,
    /// Its field.
    pub path: &'static str,
    /// Where that is written.
    pub location: Location,
}

impl Said {
    /// It as evidence.
    pub fn evidence(&self) -> Evidence {
        Evidence::Manifest {
            location: self.location.clone(),
            path: FieldRef::new(self.path.into(), ""),
            observed: Some((&*self.text).into()),
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSeen {
    /// The asset.
    pub asset: Arc<Asset>,
    /// Where it is written.
    pub location: Location,
    /// When it was made.
    pub since: Option<Timestamp>,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet: Option<Said>,
    /// `status.nodeInfo.containerRuntimeVersion`: `containerd://2.2.1`.
    pub runtime: Option<Said>,
    /// `status.nodeInfo.osImage`: `Debian GNU/Linux 13 (trixie)`.
    pub os_image: Option<Said>,
    /// `status.nodeInfo.kernelVersion`.
    pub kernel: Option<Said>,
    /// `status.nodeInfo.operatingSystem`: `linux`, `windows`.
    pub os: Option<Said>,
    /// When its lease was renewed, or its `Ready` condition said so.
    pub heartbeat: Option<Timestamp>,
    /// Whether the heartbeat is that of a lease, which is renewed every ten
    /// seconds; a condition only every five minutes.
    pub leased: bool,
    /// Whether it has a `Ready` condition at all. Without a time of its own the
    /// control plane's word counts, which gives up a node that it does not hear.
    pub reported: bool,
    /// Whether the control plane gave the node up: `Ready` is `Unknown`.
    pub given_up: bool,
    /// Why no sensor can observe it.
    pub unsupported: Option<Arc<str>>,
}

impl NodeSeen {
    /// Reads a Node object.
    pub(crate) fn of(object: &Object) -> Self {
        let root = object.document.root();
        let status = root.get("status");
        let info = status.and_then(|status| status.get("nodeInfo"));
        let said = |path: &'static str| {
            let field = path.rsplit('.').next()?;
            let node = info?.get(field)?;
            Some(Said {
                text: short(node.as_str()?)?,
                path,
                location: location_of(node),
            })
        };
        let ready = status
            .and_then(|status| status.get("conditions"))
            .and_then(|all| all.items().find(|c| text(*c, "type") == Some("Ready")));
        let plain = |field: &str| info.and_then(|info| text(info, field)).unwrap_or_default();
        NodeSeen {
            asset: object.asset.clone(),
            location: location_of(root),
            since: root
                .get("metadata")
                .and_then(|metadata| time(metadata, "creationTimestamp")),
            kubelet: said("status.nodeInfo.kubeletVersion"),
            runtime: said("status.nodeInfo.containerRuntimeVersion"),
            os_image: said("status.nodeInfo.osImage"),
            kernel: said("status.nodeInfo.kernelVersion"),
            os: said("status.nodeInfo.operatingSystem"),
            heartbeat: ready.and_then(|ready| time(ready, "lastHeartbeatTime")),
            leased: false,
            reported: ready.is_some(),
            given_up: ready.and_then(|ready| text(ready, "status")) == Some("Unknown"),
            unsupported: unsupported::node(
                object,
                plain("operatingSystem"),
                plain("architecture"),
                plain("kubeletVersion"),
            ),
        }
    }
}

/// The text of a field.
pub(crate) fn text<'a>(node: Value<'a>, field: &str) -> Option<&'a str> {
    node.get(field)?.as_str()
}

/// The time of a field.
pub(crate) fn time(node: Value<'_>, field: &str) -> Option<Timestamp> {
    text(node, field)?.parse().ok()
}

/// A text as long as such texts are; none for an empty one.
pub(crate) fn short(text: &str) -> Option<Arc<str>> {
    let text = text.trim();
    let end = text
        .char_indices()
        .nth(MOST)
        .map_or(text.len(), |(at, _)| at);
    (!text.is_empty()).then(|| text[..end].into())
}
