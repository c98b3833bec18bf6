//! Pod templates: what every workload is made of.
//!
//! The views are copies of a cursor: nothing is parsed ahead and every field
//! keeps its place. What has the wrong type (a string where a list belongs)
//! reads as absent; [`shape problems`](crate::Inventory::shape_problems) say
//! so, so that absence is not taken for health.

mod container;
mod security;
mod volume;

use plimsoll_manifest::{Kind, Node};

pub use container::{Container, ContainerKind, ContainerPort, EnvVar, Probe, VolumeMount};
pub use security::SecurityContext;
pub use volume::Volume;

/// A mapping of `metadata` and `spec`: a Pod, or the template of a workload.
#[derive(Clone, Copy, Debug)]
pub struct PodTemplate<'a> {
    node: Node<'a>,
}

impl<'a> PodTemplate<'a> {
    /// The template at this node.
    #[must_use]
    pub fn new(node: Node<'a>) -> Self {
        PodTemplate { node }
    }

    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `metadata.labels` whose values are scalars.
    pub fn labels(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        texts(self.node, "labels")
    }

    /// `metadata.annotations` whose values are scalars.
    pub fn annotations(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        texts(self.node, "annotations")
    }

    /// One annotation.
    #[must_use]
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.node
            .get("metadata")?
            .get("annotations")?
            .get(key)?
            .scalar_text()
    }

    /// `spec`; none when it is missing or no mapping.
    #[must_use]
    pub fn spec(self) -> Option<PodSpec<'a>> {
        mapping(self.node.get("spec")).map(|node| PodSpec { node })
    }
}

fn texts<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    node.get("metadata")
        .and_then(|metadata| metadata.get(field))
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(key, value)| Some((key.text, value.scalar_text()?)))
}

/// The node when it is a mapping.
fn mapping(node: Option<Node<'_>>) -> Option<Node<'_>> {
    node.filter(|node| node.kind() == Kind::Mapping)
}

/// The operating system that `spec.os.name` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodOs {
    /// `linux`.
    Linux,
    /// `windows`.
    Windows,
}

/// `spec` of a pod.
#[derive(Clone, Copy, Debug)]
pub struct PodSpec<'a> {
    node: Node<'a>,
}

impl<'a> PodSpec<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// A field by its name, for what has no method here.
    #[must_use]
    pub fn get(self, field: &str) -> Option<Node<'a>> {
        self.node.get(field)
    }

    /// Main containers, then init containers, then ephemeral ones, each list
    /// in its order. Items that are no mappings are left out.
    pub fn containers(self) -> impl Iterator<Item = Container<'a>> {
        ContainerKind::ALL
            .into_iter()
            .flat_map(move |kind| self.containers_of(kind))
    }

    /// The containers of one list.
    pub fn containers_of(self, kind: ContainerKind) -> impl Iterator<Item = Container<'a>> {
        self.node
            .get(kind.field())
            .into_iter()
            .flat_map(Node::items)
            .enumerate()
            .filter(|(_, node)| node.kind() == Kind::Mapping)
            .map(move |(index, node)| Container::new(node, kind, index))
    }

    /// `volumes`. Items that are no mappings are left out.
    pub fn volumes(self) -> impl Iterator<Item = Volume<'a>> {
        self.node
            .get("volumes")
            .into_iter()
            .flat_map(Node::items)
            .enumerate()
            .filter(|(_, node)| node.kind() == Kind::Mapping)
            .map(|(index, node)| Volume::new(node, index))
    }

    /// The volume of this name.
    #[must_use]
    pub fn volume(self, name: &str) -> Option<Volume<'a>> {
        self.volumes().find(|volume| volume.name() == Some(name))
    }

    /// The pod's `securityContext`; of an absent one every field is absent.
    #[must_use]
    pub fn security_context(self) -> SecurityContext<'a> {
        SecurityContext::new(self.node.get("securityContext"))
    }

    /// `hostNetwork`.
    #[must_use]
    pub fn host_network(self) -> Option<bool> {
        self.bool("hostNetwork")
    }

    /// `hostPID`.
    #[must_use]
    pub fn host_pid(self) -> Option<bool> {
        self.bool("hostPID")
    }

    /// `hostIPC`.
    #[must_use]
    pub fn host_ipc(self) -> Option<bool> {
        self.bool("hostIPC")
    }

    /// `hostUsers`; `false` puts the pod into a user namespace of its own.
    #[must_use]
    pub fn host_users(self) -> Option<bool> {
        self.bool("hostUsers")
    }

    /// `automountServiceAccountToken`.
    #[must_use]
    pub fn automount_service_account_token(self) -> Option<bool> {
        self.bool("automountServiceAccountToken")
    }

    /// `serviceAccountName`, or the older `serviceAccount`; none when neither
    /// says something, which means `default`.
    #[must_use]
    pub fn service_account_name(self) -> Option<&'a str> {
        let text = |field: &str| {
            self.node
                .get(field)?
                .as_str()
                .filter(|text| !text.is_empty())
        };
        text("serviceAccountName").or_else(|| text("serviceAccount"))
    }

    /// `os.name`, when it is one there is.
    #[must_use]
    pub fn os(self) -> Option<PodOs> {
        match self.node.get("os")?.get("name")?.as_str()? {
            "linux" => Some(PodOs::Linux),
            "windows" => Some(PodOs::Windows),
            _ => None,
        }
    }

    fn bool(self, field: &str) -> Option<bool> {
        self.node.get(field)?.as_bool()
    }
}

#[cfg(test)]
mod tests;
