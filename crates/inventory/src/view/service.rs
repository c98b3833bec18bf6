//! Services.

use plimsoll_manifest::Node;

use super::{items, labels::Selector, mapping, text};

/// `spec.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceType {
    /// Reached inside of the cluster; headless ones too.
    ClusterIp,
    /// A port on every node.
    NodePort,
    /// A load balancer of the platform.
    LoadBalancer,
    /// A name for something elsewhere: it selects nothing.
    ExternalName,
}

/// A Service.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    root: Node<'a>,
}

/// An item of `spec.ports`.
#[derive(Clone, Copy, Debug)]
pub struct ServicePort<'a> {
    node: Node<'a>,
}

/// The pods' port a Service leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetPort<'a> {
    /// By number.
    Number(i64),
    /// By the name of a container's port.
    Name(&'a str),
}

impl<'a> Service<'a> {
    /// The Service that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Service { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// `spec.type`; `ClusterIP` when it is absent or no type there is.
    #[must_use]
    pub fn service_type(self) -> ServiceType {
        match self.type_node().and_then(Node::as_str) {
            Some("NodePort") => ServiceType::NodePort,
            Some("LoadBalancer") => ServiceType::LoadBalancer,
            Some("ExternalName") => ServiceType::ExternalName,
            _ => ServiceType::ClusterIp,
        }
    }

    /// Where the type is written.
    #[must_use]
    pub fn type_node(self) -> Option<Node<'a>> {
        self.spec()?.get("type")
    }

    /// The pods it leads to; nothing for one of type `ExternalName`.
    #[must_use]
    pub fn selector(self) -> Selector<'a> {
        let spec = self
            .spec()
            .filter(|_| self.service_type() != ServiceType::ExternalName);
        Selector::plain(spec.and_then(|spec| spec.get("selector")))
    }

    /// `spec.ports`.
    pub fn ports(self) -> impl Iterator<Item = ServicePort<'a>> {
        self.spec()
            .into_iter()
            .flat_map(|spec| items(spec, "ports"))
            .map(|node| ServicePort { node })
    }

    /// `spec.externalIPs`.
    pub fn external_ips(self) -> impl Iterator<Item = Node<'a>> {
        self.spec()
            .into_iter()
            .flat_map(|spec| items(spec, "externalIPs"))
    }

    /// `spec.loadBalancerSourceRanges`, or the annotations that came before it.
    /// None when every source is let in.
    #[must_use]
    pub fn source_ranges(self) -> Option<Vec<&'a str>> {
        let ranges = self
            .spec()
            .and_then(|spec| spec.get("loadBalancerSourceRanges"));
        if let Some(ranges) = ranges.filter(|ranges| !ranges.is_empty()) {
            // What is no text is kept as a range that can't be read.
            return Some(
                ranges
                    .items()
                    .map(|item| item.as_str().unwrap_or_default())
                    .collect(),
            );
        }
        let annotations = self.root.get("metadata")?.get("annotations")?;
        let written = [
            "service.beta.kubernetes.io/load-balancer-source-ranges",
            "service.kubernetes.io/load-balancer-source-ranges",
        ]
        .iter()
        .find_map(|key| text(annotations, key))?;
        Some(written.split(',').map(str::trim).collect())
    }

    /// One of its annotations.
    #[must_use]
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.root
            .get("metadata")?
            .get("annotations")?
            .get(key)?
            .scalar_text()
    }
}

impl<'a> ServicePort<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }

    /// `port`.
    #[must_use]
    pub fn port(self) -> Option<i64> {
        self.node.get("port")?.as_i64()
    }

    /// `protocol`; `TCP` unless said otherwise.
    #[must_use]
    pub fn protocol(self) -> &'a str {
        text(self.node, "protocol").unwrap_or("TCP")
    }

    /// `targetPort`, or `port` when there is none.
    #[must_use]
    pub fn target(self) -> Option<TargetPort<'a>> {
        match self
            .node
            .get("targetPort")
            .filter(|target| !target.is_null())
        {
            Some(target) => target
                .as_i64()
                .map(TargetPort::Number)
                .or_else(|| target.as_str().map(TargetPort::Name)),
            None => self.port().map(TargetPort::Number),
        }
    }
}
