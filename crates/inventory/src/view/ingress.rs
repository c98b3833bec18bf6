//! Ingresses.

use plimsoll_manifest::Node;

use super::{items, mapping, text};

/// An Ingress, of `networking.k8s.io` or of the older `extensions`.
#[derive(Clone, Copy, Debug)]
pub struct Ingress<'a> {
    root: Node<'a>,
}

/// One way of an Ingress to a Service of its namespace.
#[derive(Clone, Copy, Debug)]
pub struct IngressBackend<'a> {
    /// Where the backend is written.
    pub node: Node<'a>,
    /// The Service's name.
    pub service: &'a str,
    /// The Service's port: its number or name; none when it can't be read.
    pub port: Option<Node<'a>>,
    /// The host that is routed.
    pub host: IngressHost<'a>,
}

/// What an Ingress routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IngressHost<'a> {
    /// A host by name, possibly with a `*` in front.
    Named(&'a str),
    /// A rule without host.
    Every,
    /// The default backend: what no rule matches.
    Default,
}

impl<'a> Ingress<'a> {
    /// The Ingress that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Ingress { root }
    }

    /// `spec`, when it is a mapping.
    #[must_use]
    pub fn spec(self) -> Option<Node<'a>> {
        mapping(self.root.get("spec"))
    }

    /// `spec.ingressClassName`, or the annotation that came before it.
    #[must_use]
    pub fn class(self) -> Option<&'a str> {
        self.spec()
            .and_then(|spec| text(spec, "ingressClassName"))
            .or_else(|| self.annotation("kubernetes.io/ingress.class"))
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

    /// Every backend that is a Service: the default one, then those of the rules.
    pub fn backends(self) -> impl Iterator<Item = IngressBackend<'a>> {
        let default = self
            .spec()
            .and_then(|spec| spec.get("defaultBackend").or_else(|| spec.get("backend")))
            .and_then(|node| backend(node, IngressHost::Default));
        let rules = self
            .spec()
            .into_iter()
            .flat_map(|spec| items(spec, "rules"));
        default.into_iter().chain(rules.flat_map(|rule| {
            let host = text(rule, "host").map_or(IngressHost::Every, IngressHost::Named);
            rule.get("http")
                .into_iter()
                .flat_map(|http| items(http, "paths"))
                .filter_map(|path| path.get("backend"))
                .filter_map(move |node| backend(node, host))
        }))
    }

    /// `spec.tls`.
    pub fn tls(self) -> impl Iterator<Item = Node<'a>> {
        self.spec().into_iter().flat_map(|spec| items(spec, "tls"))
    }
}

fn backend<'a>(node: Node<'a>, host: IngressHost<'a>) -> Option<IngressBackend<'a>> {
    if let Some(service) = mapping(node.get("service")) {
        let port = mapping(service.get("port"))
            .and_then(|port| port.get("number").or_else(|| port.get("name")));
        return Some(IngressBackend {
            node,
            service: text(service, "name")?,
            port,
            host,
        });
    }
    let service = text(node, "serviceName")?;
    Some(IngressBackend {
        node,
        service,
        port: node.get("servicePort"),
        host,
    })
}
