//! Containers, and the lists they hold.

use plimsoll_manifest::{Kind, Node};

use super::{SecurityContext, mapping};

/// Which list of the pod a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerKind {
    /// `containers`.
    Main,
    /// `initContainers`, restartable sidecars among them.
    Init,
    /// `ephemeralContainers`.
    Ephemeral,
}

impl ContainerKind {
    /// The three lists, in the order they are walked.
    pub const ALL: [ContainerKind; 3] = [
        ContainerKind::Main,
        ContainerKind::Init,
        ContainerKind::Ephemeral,
    ];

    /// The list's field in `spec`.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            ContainerKind::Main => "containers",
            ContainerKind::Init => "initContainers",
            ContainerKind::Ephemeral => "ephemeralContainers",
        }
    }

    /// The list's path from the pod template on.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            ContainerKind::Main => "spec.containers",
            ContainerKind::Init => "spec.initContainers",
            ContainerKind::Ephemeral => "spec.ephemeralContainers",
        }
    }
}

/// One container.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    node: Node<'a>,
    kind: ContainerKind,
    index: u32,
}

impl<'a> Container<'a> {
    pub(super) fn new(node: Node<'a>, kind: ContainerKind, index: usize) -> Self {
        Container {
            node,
            kind,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }

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

    /// The list it stands in.
    #[must_use]
    pub fn kind(self) -> ContainerKind {
        self.kind
    }

    /// Its place in the list, from 0. With [`ContainerKind::path`] it is the
    /// base of every path below: `spec.containers[0]`.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `name`; empty when there is none.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node
            .get("name")
            .and_then(Node::scalar_text)
            .unwrap_or_default()
    }

    /// `image`; none when it is missing or empty.
    #[must_use]
    pub fn image(self) -> Option<&'a str> {
        self.node
            .get("image")?
            .as_str()
            .filter(|image| !image.is_empty())
    }

    /// Whether it is an init container that runs beside the main ones
    /// (`restartPolicy: Always`).
    #[must_use]
    pub fn is_sidecar(self) -> bool {
        self.kind == ContainerKind::Init
            && self.node.get("restartPolicy").and_then(Node::as_str) == Some("Always")
    }

    /// `ports`.
    pub fn ports(self) -> impl Iterator<Item = ContainerPort<'a>> {
        self.items("ports")
            .map(|(index, node)| ContainerPort { node, index })
    }

    /// `env`.
    pub fn env(self) -> impl Iterator<Item = EnvVar<'a>> {
        self.items("env")
            .map(|(index, node)| EnvVar { node, index })
    }

    /// The items of `envFrom`, each with its index.
    pub fn env_from(self) -> impl Iterator<Item = (u32, Node<'a>)> {
        self.items("envFrom")
    }

    /// `volumeMounts`.
    pub fn volume_mounts(self) -> impl Iterator<Item = VolumeMount<'a>> {
        self.items("volumeMounts")
            .map(|(index, node)| VolumeMount { node, index })
    }

    /// `resources.limits.NAME` or `resources.requests.NAME`, as it is written.
    #[must_use]
    pub fn resource(self, list: &str, name: &str) -> Option<Node<'a>> {
        self.node
            .get("resources")?
            .get(list)?
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// `livenessProbe`, `readinessProbe` or `startupProbe`.
    #[must_use]
    pub fn probe(self, field: &str) -> Option<Probe<'a>> {
        mapping(self.node.get(field)).map(|node| Probe { node })
    }

    /// `lifecycle.postStart` or `lifecycle.preStop`: what runs then.
    #[must_use]
    pub fn lifecycle(self, hook: &str) -> Option<Probe<'a>> {
        mapping(self.node.get("lifecycle")?.get(hook)).map(|node| Probe { node })
    }

    /// Its `securityContext`; of an absent one every field is absent.
    #[must_use]
    pub fn security_context(self) -> SecurityContext<'a> {
        SecurityContext::new(self.node.get("securityContext"))
    }

    /// The texts of `command`, then of `args`.
    pub fn command_line(self) -> impl Iterator<Item = &'a str> {
        ["command", "args"]
            .into_iter()
            .filter_map(move |field| self.node.get(field))
            .flat_map(Node::items)
            .filter_map(Node::scalar_text)
    }

    fn items(self, field: &str) -> impl Iterator<Item = (u32, Node<'a>)> + use<'a> {
        self.node
            .get(field)
            .into_iter()
            .flat_map(Node::items)
            .enumerate()
            .filter(|(_, node)| node.kind() == Kind::Mapping)
            .map(|(index, node)| (u32::try_from(index).unwrap_or(u32::MAX), node))
    }
}

/// An item of `ports`.
#[derive(Clone, Copy, Debug)]
pub struct ContainerPort<'a> {
    node: Node<'a>,
    index: u32,
}

impl<'a> ContainerPort<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `ports`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `containerPort`.
    #[must_use]
    pub fn container_port(self) -> Option<i64> {
        self.node.get("containerPort")?.as_i64()
    }

    /// `hostPort`; none when it is 0, which means no port.
    #[must_use]
    pub fn host_port(self) -> Option<i64> {
        self.node
            .get("hostPort")?
            .as_i64()
            .filter(|port| *port != 0)
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        self.node.get("name")?.as_str()
    }

    /// `protocol`; `TCP` unless said otherwise.
    #[must_use]
    pub fn protocol(self) -> &'a str {
        self.node
            .get("protocol")
            .and_then(Node::as_str)
            .unwrap_or("TCP")
    }
}

/// An item of `env`.
#[derive(Clone, Copy, Debug)]
pub struct EnvVar<'a> {
    node: Node<'a>,
    index: u32,
}

impl<'a> EnvVar<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `env`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `name`; empty when there is none.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node
            .get("name")
            .and_then(Node::scalar_text)
            .unwrap_or_default()
    }

    /// `value`, when it is written down here and not empty.
    #[must_use]
    pub fn value(self) -> Option<&'a str> {
        self.node
            .get("value")?
            .scalar_text()
            .filter(|value| !value.is_empty())
    }

    /// `valueFrom`.
    #[must_use]
    pub fn value_from(self) -> Option<Node<'a>> {
        mapping(self.node.get("valueFrom"))
    }
}

/// An item of `volumeMounts`.
#[derive(Clone, Copy, Debug)]
pub struct VolumeMount<'a> {
    node: Node<'a>,
    index: u32,
}

impl<'a> VolumeMount<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `volumeMounts`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// The volume's name.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        self.node.get("name")?.as_str()
    }

    /// `mountPath`.
    #[must_use]
    pub fn mount_path(self) -> Option<&'a str> {
        self.node.get("mountPath")?.as_str()
    }

    /// Whether `readOnly` is true.
    #[must_use]
    pub fn read_only(self) -> bool {
        self.node.get("readOnly").and_then(Node::as_bool) == Some(true)
    }
}

/// A probe or a lifecycle hook.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    node: Node<'a>,
}

impl<'a> Probe<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// The handler of this field: `httpGet`, `tcpSocket`, `exec`, `grpc`.
    #[must_use]
    pub fn handler(self, field: &str) -> Option<Node<'a>> {
        mapping(self.node.get(field))
    }

    /// `host` of `httpGet` or `tcpSocket`, when it is not empty.
    #[must_use]
    pub fn host(self, handler: &str) -> Option<&'a str> {
        self.handler(handler)?
            .get("host")?
            .scalar_text()
            .filter(|host| !host.is_empty())
    }
}
