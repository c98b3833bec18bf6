//! Network policies.

use plimsoll_manifest::{Kind, Node};

use super::{labels::Selector, mapping, text, texts};

/// A NetworkPolicy of `networking.k8s.io`.
#[derive(Clone, Copy, Debug)]
pub struct NetworkPolicy<'a> {
    root: Node<'a>,
}

/// Which way traffic goes, seen from the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To it.
    Ingress,
    /// From it.
    Egress,
}

/// An item of `spec.ingress`, possibly null: then it admits everything.
#[derive(Clone, Copy, Debug)]
pub struct IngressRule<'a> {
    node: Node<'a>,
}

/// An item of a rule's `from`.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    node: Node<'a>,
}

/// An item of a rule's `ports`.
#[derive(Clone, Copy, Debug)]
pub struct PolicyPort<'a> {
    node: Node<'a>,
}

/// A part of a rule that is absent (and so does not narrow), or a list.
#[derive(Clone, Copy, Debug)]
pub enum Narrowing<'a> {
    /// It is missing, null or empty: everything.
    Everything,
    /// Only what one of these items says.
    Items(Node<'a>),
}

impl<'a> NetworkPolicy<'a> {
    /// The NetworkPolicy that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        NetworkPolicy { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// The pods it is for. `podSelector` may be left out: then it is for all of
    /// the namespace.
    #[must_use]
    pub fn selects(self, labels: &impl super::labels::Labelled) -> bool {
        match self.spec() {
            Some(spec) => match spec
                .get("podSelector")
                .filter(|selector| !selector.is_null())
            {
                Some(selector) => Selector::labels(Some(selector)).matches(labels),
                None => true,
            },
            None => false,
        }
    }

    /// `spec.podSelector`; absent when every pod is meant without one.
    #[must_use]
    pub fn selector(self) -> Selector<'a> {
        Selector::labels(self.spec().and_then(|spec| spec.get("podSelector")))
    }

    /// Whether it isolates the pods it selects in this direction. Without
    /// `policyTypes` it does for ingress, and for egress when it has egress
    /// rules.
    #[must_use]
    pub fn isolates(self, direction: Direction) -> bool {
        let Some(spec) = self.spec() else {
            return false;
        };
        match spec.get("policyTypes").filter(|types| !types.is_empty()) {
            Some(_) => {
                let wanted = match direction {
                    Direction::Ingress => "Ingress",
                    Direction::Egress => "Egress",
                };
                texts(spec, "policyTypes").any(|name| name == wanted)
            }
            None => {
                direction == Direction::Ingress
                    || spec.get("egress").is_some_and(|rules| !rules.is_empty())
            }
        }
    }

    /// `spec.ingress`; none when it is something else than a list.
    #[must_use]
    pub fn ingress(self) -> Option<Vec<IngressRule<'a>>> {
        match self.spec().and_then(|spec| spec.get("ingress")) {
            None => Some(Vec::new()),
            Some(rules) if rules.is_null() => Some(Vec::new()),
            Some(rules) if rules.kind() == Kind::Sequence => {
                Some(rules.items().map(|node| IngressRule { node }).collect())
            }
            Some(_) => None,
        }
    }
}

impl<'a> IngressRule<'a> {
    /// `from`.
    #[must_use]
    pub fn from(self) -> Narrowing<'a> {
        self.part("from")
    }

    /// `ports`.
    #[must_use]
    pub fn ports(self) -> Narrowing<'a> {
        self.part("ports")
    }

    fn part(self, field: &str) -> Narrowing<'a> {
        match self.node.get(field) {
            Some(list) if list.kind() == Kind::Sequence && !list.is_empty() => {
                Narrowing::Items(list)
            }
            _ => Narrowing::Everything,
        }
    }
}

impl<'a> Peer<'a> {
    /// The peer at this node.
    #[must_use]
    pub fn new(node: Node<'a>) -> Self {
        Peer { node }
    }

    /// `ipBlock`: its `cidr` and what is taken out of it.
    #[must_use]
    pub fn ip_block(self) -> Option<(&'a str, impl Iterator<Item = &'a str> + use<'a>)> {
        let block = mapping(self.node.get("ipBlock"))?;
        Some((
            text(block, "cidr").unwrap_or_default(),
            texts(block, "except"),
        ))
    }

    /// `namespaceSelector`, if it is written.
    #[must_use]
    pub fn namespace_selector(self) -> Option<Selector<'a>> {
        mapping(self.node.get("namespaceSelector")).map(|node| Selector::labels(Some(node)))
    }

    /// `podSelector`, if it is written.
    #[must_use]
    pub fn pod_selector(self) -> Option<Selector<'a>> {
        mapping(self.node.get("podSelector")).map(|node| Selector::labels(Some(node)))
    }
}

impl<'a> PolicyPort<'a> {
    /// The port at this node.
    #[must_use]
    pub fn new(node: Node<'a>) -> Self {
        PolicyPort { node }
    }

    /// `protocol`; `TCP` unless said otherwise.
    #[must_use]
    pub fn protocol(self) -> &'a str {
        text(self.node, "protocol").unwrap_or("TCP")
    }

    /// `port`: a number or a container port's name; none for every port.
    #[must_use]
    pub fn port(self) -> Option<Node<'a>> {
        self.node.get("port").filter(|port| !port.is_null())
    }

    /// `endPort`: the last port of a range that `port` begins.
    #[must_use]
    pub fn end_port(self) -> Option<i64> {
        self.node.get("endPort")?.as_i64()
    }
}
