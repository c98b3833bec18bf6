//! The ways that lead to the pods of a template.

mod gateways;
mod services;

use plimsoll_manifest::Node;
use plimsoll_model::ExposureLevel;

use crate::{
    Object,
    index::NamespaceIndex,
    object::PodLabels,
    view::{pod::PodTemplate, text},
};

/// A pod template with what is around it.
pub(super) struct Template<'a> {
    view: PodTemplate<'a>,
    pub space: &'a NamespaceIndex,
    pub labels: &'a PodLabels,
    object: &'a Object,
}

/// One way to the pods, before policies are looked at.
pub(super) struct Way<'a> {
    /// In words.
    pub text: String,
    /// The field that makes it one.
    pub node: Node<'a>,
    pub level: ExposureLevel,
    pub origin: Origin<'a>,
    /// The pods' ports it leads to; any when there are none.
    pub ports: Vec<WayPort<'a>>,
}

/// Who it is that knocks at the pod, as a network policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// Addresses outside of the cluster.
    Outside,
    /// The pods of an Ingress controller or of a Gateway, in this namespace if
    /// it is known.
    Controller(Option<&'a str>),
    /// Other pods.
    Cluster,
}

/// A port of the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WayPort<'a> {
    pub protocol: &'a str,
    /// None when its name stands for no number that is known.
    pub number: Option<i64>,
}

impl<'a> Template<'a> {
    pub fn new(
        node: Node<'a>,
        space: &'a NamespaceIndex,
        object: &'a Object,
        labels: &'a PodLabels,
    ) -> Self {
        Template {
            view: PodTemplate::new(node),
            space,
            labels,
            object,
        }
    }

    pub fn namespace(&self) -> &'a str {
        self.object.namespace().unwrap_or_default()
    }

    /// The field that puts the pods on the network of their nodes, if it does.
    pub fn host_network(&self) -> Option<Node<'a>> {
        self.view
            .spec()?
            .get("hostNetwork")
            .filter(|node| node.as_bool() == Some(true))
    }

    /// The containers' ports of this name.
    pub fn ports_named(&self, name: &str) -> impl Iterator<Item = WayPort<'a>> {
        self.view
            .spec()
            .into_iter()
            .flat_map(|spec| spec.containers())
            .flat_map(|container| container.ports())
            .filter(move |port| port.name() == Some(name))
            .map(|port| WayPort {
                protocol: port.protocol(),
                number: port.container_port(),
            })
    }

    /// Host network and host ports.
    pub fn host_ways(&self) -> Vec<Way<'a>> {
        if let Some(node) = self.host_network() {
            return vec![Way {
                text: "its pods are on the network of their nodes (hostNetwork)".into(),
                node,
                level: ExposureLevel::Internet,
                origin: Origin::Outside,
                ports: Vec::new(),
            }];
        }
        let Some(spec) = self.view.spec() else {
            return Vec::new();
        };
        let ports = spec
            .containers()
            .flat_map(|container| container.ports().map(move |port| (container, port)));
        ports
            .filter(|(_, port)| !is_loopback(port.node()))
            .filter_map(|(container, port)| {
                let node = port.node().get("hostPort")?;
                Some(Way {
                    text: format!(
                        "container {} has hostPort {}",
                        container.name(),
                        port.host_port()?
                    ),
                    node,
                    level: ExposureLevel::Internet,
                    origin: Origin::Outside,
                    ports: vec![WayPort {
                        protocol: port.protocol(),
                        number: port.container_port(),
                    }],
                })
            })
            .collect()
    }

    /// The pods' own addresses, which every other pod reaches: one way for each
    /// container that says on which ports it listens.
    pub fn address_ways(&self) -> Vec<Way<'a>> {
        let Some(spec) = self.view.spec() else {
            return Vec::new();
        };
        spec.containers()
            .filter_map(|container| {
                let node = container.get("ports")?;
                let ports: Vec<WayPort<'a>> = container
                    .ports()
                    .filter(|port| port.container_port().is_some())
                    .map(|port| WayPort {
                        protocol: port.protocol(),
                        number: port.container_port(),
                    })
                    .collect();
                let numbers: Vec<String> = ports
                    .iter()
                    .filter_map(|port| port.number)
                    .map(|port| port.to_string())
                    .collect();
                let (name, numbers) = (container.name(), few(&numbers)?);
                Some(Way {
                    text: format!(
                        "container {name} listens on {numbers}, where other pods reach it"
                    ),
                    node,
                    level: ExposureLevel::Cluster,
                    origin: Origin::Cluster,
                    ports,
                })
            })
            .collect()
    }
}

/// Whether a host port is bound to the node's loopback address only.
fn is_loopback(port: Node<'_>) -> bool {
    text(port, "hostIP")
        .and_then(|ip| ip.parse::<std::net::IpAddr>().ok())
        .is_some_and(|ip| ip.is_loopback())
}

/// Some names in words: all of a few, of many the first and a number. None for
/// none.
fn few(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(one.clone()),
        [one, two] => Some(format!("{one} and {two}")),
        [one, two, three] => Some(format!("{one}, {two} and {three}")),
        [one, two, rest @ ..] => Some(format!("{one}, {two} and {} more", rest.len())),
    }
}
