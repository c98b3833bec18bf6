//! What workloads say beside their pods, and what refers to them.

use plimsoll_manifest::Node;

use super::{items, labels::Selector, mapping, text};

/// A workload of any kind.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    root: Node<'a>,
}

/// An item of `metadata.ownerReferences`.
#[derive(Clone, Copy, Debug)]
pub struct OwnerRef<'a> {
    node: Node<'a>,
}

/// A reference to an object by `apiVersion`, `kind` and `name`, such as
/// `scaleTargetRef`.
#[derive(Clone, Copy, Debug)]
pub struct TargetRef<'a> {
    node: Node<'a>,
}

impl<'a> Workload<'a> {
    /// The workload that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Workload { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// `spec.replicas`.
    #[must_use]
    pub fn replicas(self) -> Option<i64> {
        self.spec()?.get("replicas")?.as_i64()
    }

    /// `spec.selector`: labels alone in a ReplicationController, a label
    /// selector in every other kind.
    #[must_use]
    pub fn selector(self) -> Selector<'a> {
        let node = self.spec().and_then(|spec| spec.get("selector"));
        match self.root.document().kind() {
            "ReplicationController" => Selector::plain(node),
            _ => Selector::labels(node),
        }
    }

    /// `spec.strategy.type`, or `spec.updateStrategy.type`.
    #[must_use]
    pub fn strategy(self) -> Option<&'a str> {
        let spec = self.spec()?;
        let strategy = spec
            .get("strategy")
            .or_else(|| spec.get("updateStrategy"))?;
        text(strategy, "type")
    }

    /// The reference to what controls it, if something does.
    #[must_use]
    pub fn controller(self) -> Option<OwnerRef<'a>> {
        let metadata = self.root.get("metadata")?;
        items(metadata, "ownerReferences")
            .find(|node| node.get("controller").and_then(Node::as_bool) == Some(true))
            .map(|node| OwnerRef { node })
    }
}

impl<'a> OwnerRef<'a> {
    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'a str {
        group_of(text(self.node, "apiVersion").unwrap_or_default())
    }

    /// `kind`.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        text(self.node, "kind")
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }
}

impl<'a> TargetRef<'a> {
    /// The `spec.scaleTargetRef` of an autoscaler.
    #[must_use]
    pub fn of_autoscaler(root: Node<'a>) -> Option<Self> {
        mapping(root.get("spec")?.get("scaleTargetRef")).map(|node| TargetRef { node })
    }

    /// `kind`; `Deployment` where a KEDA ScaledObject leaves it out.
    #[must_use]
    pub fn kind(self) -> &'a str {
        text(self.node, "kind").unwrap_or("Deployment")
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }
}

/// The group of an `apiVersion`; empty for the core group.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
