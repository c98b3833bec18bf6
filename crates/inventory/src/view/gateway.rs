//! Gateways and the routes that attach to them.

use plimsoll_manifest::Node;

use super::{items, labels::Selector, mapping, text, texts};

/// The API group of all of them.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// The kinds of routes.
pub const ROUTE_KINDS: &[&str] = &["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

/// A Gateway.
#[derive(Clone, Copy, Debug)]
pub struct Gateway<'a> {
    root: Node<'a>,
}

/// A route of any of [`ROUTE_KINDS`].
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    root: Node<'a>,
}

/// An item of a route's `parentRefs`.
#[derive(Clone, Copy, Debug)]
pub struct ParentRef<'a> {
    node: Node<'a>,
}

/// A Service that a route leads to.
#[derive(Clone, Copy, Debug)]
pub struct RouteBackend<'a> {
    /// Where the reference is written.
    pub node: Node<'a>,
    /// The Service's namespace; none for the route's own.
    pub namespace: Option<&'a str>,
    /// The Service's name.
    pub service: &'a str,
    /// The Service's port.
    pub port: Option<i64>,
}

/// From which namespaces a listener takes routes.
#[derive(Clone, Copy, Debug)]
pub enum AllowedNamespaces<'a> {
    /// All.
    All,
    /// The Gateway's own, which is the default.
    Same,
    /// Those whose labels match.
    Selected(Selector<'a>),
    /// None at all.
    None,
}

/// An item of a Gateway's `listeners`.
#[derive(Clone, Copy, Debug)]
pub struct Listener<'a> {
    node: Node<'a>,
}

impl<'a> Gateway<'a> {
    /// The Gateway that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Gateway { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// `spec.gatewayClassName`.
    #[must_use]
    pub fn class(self) -> Option<&'a str> {
        text(self.spec()?, "gatewayClassName")
    }

    /// `spec.listeners`.
    pub fn listeners(self) -> impl Iterator<Item = Listener<'a>> {
        self.spec()
            .into_iter()
            .flat_map(|spec| items(spec, "listeners"))
            .map(|node| Listener { node })
    }

    /// One of its annotations, or of those it gives to what implements it.
    #[must_use]
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        let own = self
            .root
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        let given = self
            .spec()
            .and_then(|spec| spec.get("infrastructure")?.get("annotations"));
        [own, given]
            .into_iter()
            .flatten()
            .find_map(|annotations| annotations.get(key)?.scalar_text())
    }
}

impl<'a> Listener<'a> {
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

    /// `allowedRoutes.namespaces`.
    #[must_use]
    pub fn allowed_namespaces(self) -> AllowedNamespaces<'a> {
        let namespaces = self
            .node
            .get("allowedRoutes")
            .and_then(|allowed| allowed.get("namespaces"));
        match namespaces.and_then(|namespaces| text(namespaces, "from")) {
            Some("All") => AllowedNamespaces::All,
            Some("None") => AllowedNamespaces::None,
            Some("Selector") => AllowedNamespaces::Selected(Selector::labels(
                namespaces.and_then(|namespaces| namespaces.get("selector")),
            )),
            _ => AllowedNamespaces::Same,
        }
    }
}

impl<'a> Route<'a> {
    /// The route that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Route { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// `spec.parentRefs`.
    pub fn parents(self) -> impl Iterator<Item = ParentRef<'a>> {
        self.spec()
            .into_iter()
            .flat_map(|spec| items(spec, "parentRefs"))
            .map(|node| ParentRef { node })
    }

    /// `spec.hostnames`.
    pub fn hostnames(self) -> impl Iterator<Item = &'a str> {
        self.spec()
            .into_iter()
            .flat_map(|spec| texts(spec, "hostnames"))
    }

    /// The Services its rules lead to. A backend of weight 0 gets no traffic and
    /// is left out.
    pub fn backends(self) -> impl Iterator<Item = RouteBackend<'a>> {
        self.spec()
            .into_iter()
            .flat_map(|spec| items(spec, "rules"))
            .flat_map(|rule| items(rule, "backendRefs"))
            .filter_map(|node| {
                let is_service = text(node, "kind").unwrap_or("Service") == "Service"
                    && text(node, "group").is_none();
                let idle = node.get("weight").and_then(Node::as_i64) == Some(0);
                (is_service && !idle).then_some(())?;
                Some(RouteBackend {
                    node,
                    namespace: text(node, "namespace"),
                    service: text(node, "name")?,
                    port: node.get("port").and_then(Node::as_i64),
                })
            })
    }
}

impl<'a> ParentRef<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Whether the parent is a Gateway, and not a Service of a mesh.
    #[must_use]
    pub fn is_gateway(self) -> bool {
        text(self.node, "kind").unwrap_or("Gateway") == "Gateway"
            && text(self.node, "group").unwrap_or(GROUP) == GROUP
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }

    /// `namespace`; none for the route's own.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        text(self.node, "namespace")
    }

    /// Whether it is for this listener: it names neither another section nor
    /// another port.
    #[must_use]
    pub fn takes(self, listener: Listener<'_>) -> bool {
        text(self.node, "sectionName").is_none_or(|name| listener.name() == Some(name))
            && self
                .node
                .get("port")
                .and_then(Node::as_i64)
                .is_none_or(|port| listener.port() == Some(port))
    }
}
